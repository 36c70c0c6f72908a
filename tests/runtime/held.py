"""A store whose commits are counted and can be held back, and an app on it."""

import asyncio
import threading
from bisect import bisect_left
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from flowmaster.server import wiring
from flowmaster.server.settings import Settings
from flowmaster.server.wiring import open_app
from flowmaster.stores.rows import NotAtOnce
from flowmaster.stores.sqlite.store import SqliteStore, SqliteTransaction
from flowmaster.tools.app import App
from flowmaster.tools.registry import Caller
from tests.acceptance.agent import Agent

ORDER: dict[str, Any] = {
    "process": "order",
    "roles": ["clerk"],
    "data": {"amount": "integer 1..1000", "ok": "boolean"},
    "start": {"needs": ["amount"]},
    "steps": [{"check": {"ask": "clerk", "into": "ok"}}, {"end": "done"}],
}


class HeldStore(SqliteStore):
    """SQLite, one commit after the other as the test lets them."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.free = threading.Event()
        self.free.set()
        self.ends: list[int] = []

    @contextmanager
    def transaction(self, *, at_once: bool = False) -> Iterator[SqliteTransaction]:
        """Wait until commits are let go, and count this one."""
        if at_once and not self.free.is_set():
            raise NotAtOnce
        assert self.free.wait(30), "the commit was held back for too long"
        with super().transaction(at_once=at_once) as transaction:
            yield transaction
            self.ends.append(transaction.last_change())


@asynccontextmanager
async def held_app(monkeypatch: pytest.MonkeyPatch, folder: Path, bounds: str = "") -> AsyncIterator[App]:
    """Open an app whose commits can be held back, with a process for the tenants `a` and `b`."""
    monkeypatch.setattr(wiring, "open_store", lambda settings: HeldStore(Path(settings.data) / "f.db"))
    async with open_app(Settings(data=str(folder), clock="virtual", tools=("all",), bounds=bounds)) as app:
        try:
            for tenant in "ab":
                await agent_of(app, tenant).published(ORDER)
            yield app
        finally:
            store_of(app).free.set()


def commit_of(app: App, tenant: str, scope: str) -> int:
    """Return in which commit, counted from 0, the newest change of an instance was stored."""
    rows = app.runtime.reader.changes(0, limit=1_000_000)
    newest = max(row.id for row in rows if (row.tenant, row.scope) == (tenant, scope))
    return bisect_left(store_of(app).ends, newest)


def store_of(app: App) -> HeldStore:
    """Return the store of an app."""
    store = app.runtime.store
    assert isinstance(store, HeldStore)
    return store


def agent_of(app: App, tenant: str) -> Agent:
    """Return who calls for a tenant."""
    return Agent(app, Caller(actor="bot", tenant=tenant, door="test"))


async def queued(app: App, *calls: Coroutine[Any, Any, Any]) -> list["asyncio.Task[Any]"]:
    """Let calls begin, and wait until each has come as far as the queue of the writer, or was answered."""
    queue, before = app.runtime.writer._queue, len(app.runtime.writer._queue)
    tasks = [asyncio.ensure_future(call) for call in calls]
    while len(queue) + sum(task.done() for task in tasks) < before + len(tasks):
        await asyncio.sleep(0.001)
    return tasks


def start(app: App, tenant: str, **more: Any) -> Coroutine[Any, Any, Any]:
    """Return the call that starts an instance."""
    arguments = {"process": "order", "variables": {"amount": 7}, **more}
    return agent_of(app, tenant).answer("instance_start", arguments)


def count(app: App, tenant: str) -> int:
    """Return how many instances a tenant has."""
    return sum(row.instances for row in app.runtime.reader.count_instances(tenant))


def run(play: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Play a test, for a minute at most."""

    async def whole() -> None:
        async with asyncio.timeout(60):
            await play()

    asyncio.run(whole())
