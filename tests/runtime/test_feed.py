"""Whoever listens hears what changes, whichever process changed it; while nobody listens nothing is looked at."""

import asyncio
from collections.abc import Callable, Coroutine, Set
from pathlib import Path
from typing import Any

import pytest

from flowmaster.runtime import feed
from flowmaster.runtime.clock import VirtualClock
from flowmaster.runtime.desk import Desk, Request, Start
from flowmaster.runtime.runtime import Runtime
from flowmaster.stores.memory.store import MemoryStore
from flowmaster.stores.protocol import Store
from flowmaster.stores.sqlite.store import SqliteStore
from flowmaster.tools.catalog import catalog
from flowmaster.tools.drafts import read_file
from flowmaster.tools.publishing import publish
from tests.engine.cases import HEAD, E, S, flows, user

TENANT = "default"
REQUEST = Request(TENANT, "tester", "test")
BODY = S + user("a") + E + flows("s a", "a e")


class Ear:
    """A listener that keeps what it hears."""

    def __init__(self, tenant: str = TENANT) -> None:
        self.tenant = tenant
        self.heard: set[str] = set()
        self.over = False
        self._news = asyncio.Event()

    def changed(self, scopes: Set[str]) -> None:
        self.heard |= scopes
        self._news.set()

    def ended(self) -> None:
        self.over = True

    async def hears(self, *scopes: str) -> None:
        async with asyncio.timeout(5):
            while not self.heard.issuperset(scopes):
                await self._news.wait()
                self._news.clear()


async def published(runtime: Runtime) -> None:
    text = f'{HEAD}<process id="p" isExecutable="true">{BODY}</process></definitions>'
    file = read_file(text, catalog(), runtime.reader, TENANT)
    await runtime.write(lambda tx: publish(tx, TENANT, file, runtime.models, by="tester", at=1, note=""))


def start(desk: Desk) -> str:
    return desk.start(REQUEST, Start("p"))


def played(*stores: Store, play: Callable[..., Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        runtimes = [Runtime(store, VirtualClock(1_000_000)) for store in stores]
        for runtime in runtimes:
            await runtime.open()
        try:
            await play(*runtimes)
        finally:
            for runtime in runtimes:
                await runtime.close()
                runtime.store.close()

    asyncio.run(whole())


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "f.db")


def test_a_step_of_an_instance_is_heard_by_its_tenant_alone(store: Store) -> None:
    async def play(runtime: Runtime) -> None:
        await published(runtime)
        ear, other = Ear(), Ear("other")
        runtime.feed.add(ear)
        runtime.feed.add(other)
        await runtime.do(start)
        await ear.hears("p:1")
        assert other.heard == set()

    played(store, play=play)


def test_many_steps_are_told_together_and_none_is_lost(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "ROWS_AT_ONCE", 3)

    async def play(runtime: Runtime) -> None:
        await published(runtime)
        ear = Ear()
        runtime.feed.add(ear)
        made = [(await runtime.do(start)).result for _ in range(20)]
        await ear.hears(*made)

    played(store, play=play)


def test_a_dry_run_is_not_told(store: Store) -> None:
    async def play(runtime: Runtime) -> None:
        await published(runtime)
        ear = Ear()
        runtime.feed.add(ear)
        dry = (await runtime.do(start, dry_run=True)).result
        await runtime.do(start)
        real = (await runtime.do(start)).result
        await ear.hears(real)
        assert ear.heard == {"p:1", "p:2"}
        assert dry == "p:1"

    played(store, play=play)


def test_what_another_process_stores_is_heard_too(tmp_path: Path) -> None:
    async def play(here: Runtime, there: Runtime) -> None:
        await published(there)
        ear = Ear()
        here.feed.add(ear)
        made = (await there.do(start)).result
        await ear.hears(made)

    played(SqliteStore(tmp_path / "f.db"), SqliteStore(tmp_path / "f.db"), play=play)


def test_while_nobody_listens_nothing_is_looked_at(store: Store) -> None:
    async def play(runtime: Runtime) -> None:
        def watching() -> bool:
            return any(task.get_name() == "flowmaster-feed" for task in asyncio.all_tasks())

        assert not watching()
        first, second = Ear(), Ear()
        runtime.feed.add(first)
        runtime.feed.add(second)
        assert watching()
        runtime.feed.remove(first)
        runtime.feed.remove(first)
        assert watching()
        runtime.feed.remove(second)
        await asyncio.sleep(0)
        assert not watching()

    played(store, play=play)


def test_a_store_that_cannot_be_read_for_a_moment_silences_nobody(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "LOOK_SECONDS", 0.01)

    async def play(runtime: Runtime) -> None:
        await published(runtime)
        ear, reader, failures = Ear(), runtime.store.reader, iter([True])
        runtime.feed.add(ear)

        def failing() -> Any:
            if next(failures, False):
                raise OSError("the disk is away")
            return reader()

        monkeypatch.setattr(runtime.feed, "_reader", failing)
        await asyncio.sleep(0)
        made = (await runtime.do(start)).result
        await ear.hears(made)

    played(store, play=play)


def test_the_end_of_the_server_sends_listeners_away(store: Store) -> None:
    async def play(runtime: Runtime) -> None:
        early, late = Ear(), Ear()
        runtime.feed.add(early)
        runtime.feed.end()
        runtime.feed.add(late)
        assert early.over
        assert late.over

    played(store, play=play)
