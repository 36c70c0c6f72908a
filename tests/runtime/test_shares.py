"""Timers, effects and connectors of one tenant, however many, keep those of another waiting for no longer than a turn."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flowmaster.connectors.connector import Work
from flowmaster.engine.values import Json
from flowmaster.runtime import runtime as runtime_module
from flowmaster.runtime.bounds import Bounds
from flowmaster.runtime.slots import PUT_OFF_MS_MAX, WAITING, Slots
from flowmaster.server import wiring
from flowmaster.server.settings import Settings
from flowmaster.server.wiring import open_app
from flowmaster.tools.app import App
from tests.acceptance.town import bpmn
from tests.engine.cases import E, S, flows, timer, user
from tests.runtime.held import agent_of, run

DAY_MS = 86_400_000
TIMED = S + user("u") + timer("t", "u", "P1D") + E + '<endEvent id="f"/>' + flows("s u", "u e", "t f")
CALLING: dict[str, Any] = {
    "process": "calling",
    "data": {"host": "text"},
    "start": {"needs": ["host"]},
    "steps": [{"call": {"call": "net", "with": {"host": "host"}, "retry": 1}}, {"end": "called"}],
}


@pytest.fixture
def jump(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Return what sets the clock of this machine ahead by so many milliseconds."""
    import time

    ahead, real = [0], time.time_ns
    monkeypatch.setattr("flowmaster.runtime.clock.time.time_ns", lambda: real() + ahead[0] * 1_000_000)

    def by(milliseconds: int) -> None:
        ahead[0] += milliseconds

    return by


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    while not holds():
        await asyncio.sleep(0.01)


def ended(app: App, tenant: str) -> int:
    """Return how many instances of a tenant are over."""
    counts = app.runtime.reader.count_instances(tenant)
    return sum(row.instances for row in counts if row.status == "completed")


def test_one_timer_fires_beside_hundreds_of_another_tenant(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, jump: Callable[[int], None]
) -> None:
    monkeypatch.setattr(runtime_module, "DUE_AT_ONCE", 20)

    async def play() -> None:
        async with open_app(Settings(data=str(tmp_path))) as app:
            for tenant in "ab":
                await agent_of(app, tenant).published(None, bpmn=bpmn(TIMED))
            crowd = agent_of(app, "a")
            await asyncio.gather(*(crowd.answer("instance_start", {"process": "p"}) for _ in range(400)))
            await agent_of(app, "b").started("p")
            before = app.runtime.reader.last_change()
            jump(2 * DAY_MS)
            await until(lambda: ended(app, "a") == 400 and ended(app, "b") == 1)
            fired = [row.tenant for row in app.runtime.reader.changes(before, limit=1_000)]
            assert len(fired) == 401
            assert fired.index("b") <= 3 * 20

    run(play)


class Net:
    """A connector to hosts of which one never answers."""

    type = "net"
    about = "Talks to hosts."

    def __init__(self) -> None:
        self.hanging = self.most_hanging = 0

    def connection(self, work: Work) -> str:
        """Talk to the host that the job names."""
        return str(work.variables["host"])

    async def run(self, work: Work) -> dict[str, Json]:
        """Answer, or hang."""
        if work.variables["host"] == "hangs":
            self.hanging += 1
            self.most_hanging = max(self.most_hanging, self.hanging)
            try:
                await asyncio.sleep(3600)
            finally:
                self.hanging -= 1
        return {}


def test_a_host_that_hangs_keeps_neither_other_hosts_nor_other_tenants_waiting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    net = Net()
    monkeypatch.setattr(wiring, "connectors", lambda: {net.type: net})
    bounds = "jobs=6,tenant_jobs=5,connection_jobs=2"

    async def play() -> None:
        async with open_app(Settings(data=str(tmp_path), bounds=bounds)) as app:
            for tenant in "ab":
                await agent_of(app, tenant).published(CALLING)
            for _ in range(30):
                await agent_of(app, "a").started("calling", host="hangs")
            await until(lambda: net.hanging == 2)
            for _ in range(10):
                await agent_of(app, "a").started("calling", host="well")
                await agent_of(app, "b").started("calling", host="well")
            await until(lambda: ended(app, "a") == 10 and ended(app, "b") == 10)
            assert (net.hanging, net.most_hanging) == (2, 2)

    run(play)


def test_slots_are_shared_between_tenants_that_want_them() -> None:
    slots: Slots[str] = Slots(Bounds(jobs=8, tenant_jobs=6, connection_jobs=4))
    assert slots.rooms(["a"]) == {"a": 6}
    assert all(slots.begin(("a", "http", host)) for host in "xxxxyy")
    assert not slots.begin(("a", "http", "x"))
    assert slots.rooms(["a", "b"]) == {"b": 2, "a": 0}
    assert slots.end(("a", "http", "y")) is None
    assert slots.rooms(["a", "b"]) == {"b": 3, "a": 0}
    assert slots.rooms(["a", "b", "c"]) == {"b": 2, "c": 1, "a": 0}


def test_jobs_wait_for_their_connection_and_more_of_them_are_put_off_ever_longer() -> None:
    slots: Slots[str] = Slots(Bounds(jobs=8, connection_jobs=1))
    place = ("a", "http", "x")
    assert slots.begin(place)
    assert [slots.wait(place, name) for name in "123"[: WAITING + 1]] == [True, True, False]
    put_off = [slots.put_off_until(place, 0) for _ in range(50)]
    assert put_off == sorted(put_off)
    assert put_off[-1] == PUT_OFF_MS_MAX
    assert [slots.end(place) for _ in range(3)] == ["1", "2", None]
    assert slots.put_off_until(place, 0) == put_off[0]
    assert slots.rooms(["a"]) == {"a": 8}


def test_effects_of_one_tenant_are_done_beside_those_of_another(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("flowmaster.runtime.desk.FOLLOW_UPS_MAX", 5)
    monkeypatch.setattr(runtime_module, "OUTBOX_AT_ONCE", 5)
    many: dict[str, Any] = {
        "process": "many",
        "data": {"list": [{"n": "integer"}]},
        "start": {"needs": ["list"]},
        "steps": [{"one": {"run": "child", "each": "item in list"}}, {"end": "done"}],
    }
    child: dict[str, Any] = {"process": "child", "steps": [{"end": "done"}]}

    async def play() -> None:
        async with open_app(Settings(data=str(tmp_path))) as app:
            for tenant in "ab":
                await agent_of(app, tenant).published(child)
                await agent_of(app, tenant).published(many)
            before = app.runtime.reader.last_change()
            await agent_of(app, "a").started("many", list=[{"n": n} for n in range(200)])
            await agent_of(app, "b").started("many", list=[{"n": n} for n in range(8)])
            await until(lambda: ended(app, "a") == 201 and ended(app, "b") == 9)
            order = [row.tenant for row in app.runtime.reader.changes(before, limit=10_000)]
            last = max(place for place, tenant in enumerate(order) if tenant == "b")
            assert last < len(order) // 2

    run(play)
