"""Work that the server does for its tenants by itself, for each beside the others: none waits for another's to end."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from flowmaster.engine.errors import FlowMasterError

logger = logging.getLogger(__name__)

PAUSE_SECONDS: Final = 1.0
"""How long is waited before work that failed is taken up again."""


class TenantTasks:
    """One kind of work, for each tenant at most once at a time."""

    def __init__(self, name: str, work: Callable[[str], Awaitable[None]]) -> None:
        """Take what the work is called in logs, and what does it for a tenant until nothing is left of it."""
        self._name = name
        self._work = work
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()

    def begin(self, tenants: Iterable[str]) -> None:
        """Begin with the work for tenants; for whom it is under way, it is done once more afterwards."""
        for tenant in tenants:
            if tenant in self._tasks:
                self._again.add(tenant)
                continue
            task = asyncio.create_task(self._run(tenant), name=f"flowmaster-{self._name}")
            self._tasks[tenant] = task

    async def wait(self, seconds: float | None = None) -> None:
        """Wait until everything is done, or for so long at most."""
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=seconds)

    async def close(self) -> None:
        """Stop all of it."""
        for task in list(self._tasks.values()):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _run(self, tenant: str) -> None:
        try:
            while True:
                self._again.discard(tenant)
                try:
                    await self._work(tenant)
                except FlowMasterError as error:
                    logger.warning("The %s of a tenant wait: %s", self._name, error.message)
                    await asyncio.sleep(PAUSE_SECONDS)
                except Exception:
                    logger.exception("The %s of a tenant stumbled", self._name)
                    await asyncio.sleep(PAUSE_SECONDS)
                if tenant not in self._again:
                    return
        finally:
            self._tasks.pop(tenant, None)
            self._again.discard(tenant)
