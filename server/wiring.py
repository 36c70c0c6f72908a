"""The one place that builds a running FlowMaster out of its parts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from flowmaster.server.settings import Settings
from flowmaster.tools.app import App, Once, StoredAnswer
from flowmaster.tools.catalog import catalog


class _Answers:
    """The answers of writes with an idempotency key, kept while the process lives."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], StoredAnswer] = {}

    async def find(self, tenant: str, key: str) -> StoredAnswer | None:
        return self._kept.get((tenant, key))

    async def remember(self, tenant: str, once: Once, answer: bytes) -> None:
        self._kept[tenant, once.key] = StoredAnswer(once, answer)


@asynccontextmanager
async def open_app(settings: Settings) -> AsyncIterator[App]:
    """Open everything that operations work with, and close it again at the end."""
    yield App(settings=settings, registry=catalog(), answers=_Answers())
