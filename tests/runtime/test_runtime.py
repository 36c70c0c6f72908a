"""The shell round the engine: group commits, messages, timers, children, dry runs, on both stores."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from flowmaster.engine import commands as cmd
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.state import State
from flowmaster.engine.timers import later
from flowmaster.runtime.clock import VirtualClock
from flowmaster.runtime.desk import Desk, Request, Start
from flowmaster.runtime.messages import deliver
from flowmaster.runtime.runtime import Runtime
from flowmaster.stores.memory.store import MemoryStore
from flowmaster.stores.protocol import Store
from flowmaster.stores.sqlite.store import SqliteStore
from flowmaster.tools.catalog import catalog
from flowmaster.tools.drafts import read_file
from flowmaster.tools.publishing import publish
from tests.engine.cases import HEAD, E, S, flows, job, user

TENANT = "default"
REQUEST = Request(TENANT, "tester", "test")
Play = Callable[[Runtime], Coroutine[Any, Any, None]]


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "f.db")


def played(store: Store, play: Play) -> None:
    async def whole() -> None:
        runtime = Runtime(store, VirtualClock(1_000_000))
        await runtime.open()
        try:
            await play(runtime)
        finally:
            await runtime.close()
            store.close()

    asyncio.run(whole())


async def published(runtime: Runtime, body: str, key: str = "p", definitions: str = "") -> None:
    text = f'{HEAD}{definitions}<process id="{key}" isExecutable="true">{body}</process></definitions>'
    file = read_file(text, catalog(), runtime.reader, TENANT)
    await runtime.write(lambda tx: publish(tx, TENANT, file, runtime.models, by="tester", at=1, note=""))


async def started(runtime: Runtime, key: str = "p", **variables: Any) -> str:
    return (await runtime.do(lambda desk: desk.start(REQUEST, Start(key, variables=variables)))).result


def state(runtime: Runtime, instance: str) -> State:
    stored = runtime.reader.load(TENANT, instance)
    assert stored is not None
    return stored.state


async def completed(runtime: Runtime, instance: str, element: str, **variables: Any) -> None:
    wait = next(w for w in state(runtime, instance).waits.values() if w.element == element)

    def work(desk: Desk) -> None:
        desk.step(
            REQUEST, instance, lambda found, now: cmd.ActOnTask(now, "ann", wait.id, "complete", variables)
        )

    await runtime.do(work)


ONE_TASK = S + user("a") + E + flows("s a", "a e")


def test_a_refused_piece_takes_nothing_with_it(store: Store) -> None:
    async def play(runtime: Runtime) -> None:
        await published(runtime, ONE_TASK)

        def wrong(desk: Desk) -> None:
            desk.start(REQUEST, Start("p"))
            raise FlowMasterError("test.refused", "no")

        results = await asyncio.gather(
            *(started(runtime) for _ in range(10)), runtime.do(wrong), return_exceptions=True
        )
        assert isinstance(results[-1], FlowMasterError)
        assert runtime.reader.count_instances(TENANT)[0].instances == 10

    played(store, play)


def test_a_dry_run_shows_what_the_real_run_does_and_changes_nothing(store: Store) -> None:
    async def play(runtime: Runtime) -> None:
        await published(runtime, ONE_TASK)
        dry = await runtime.do(lambda desk: desk.start(REQUEST, Start("p")), dry_run=True)
        assert runtime.reader.count_instances(TENANT) == []
        real = await runtime.do(lambda desk: desk.start(REQUEST, Start("p")))
        assert dry.states == real.states

    played(store, play)


MESSAGE = '<message id="m" name="paid">{}</message>'
KEYED = MESSAGE.format('<extensionElements><zeebe:subscription correlationKey="=order"/></extensionElements>')
CATCH = (
    S + '<intermediateCatchEvent id="k"><messageEventDefinition messageRef="m"/></intermediateCatchEvent>' + E
)


async def sent(runtime: Runtime, key: str = "", ttl: int = 0) -> list[str]:
    outcome = await runtime.do(lambda desk: deliver(desk, REQUEST, "paid", key, {"x": 1}, ttl=ttl))
    return outcome.result.delivered


def test_a_message_reaches_one_place_with_its_key(store: Store) -> None:
    async def play(runtime: Runtime) -> None:
        await published(runtime, CATCH + flows("s k", "k e"), definitions=KEYED)
        first, second = await started(runtime, order="A"), await started(runtime, order="B")
        assert await sent(runtime, "B") == [second]
        assert await sent(runtime, "B") == []
        assert await sent(runtime) == []
        assert state(runtime, first).status == "active"
        assert state(runtime, second).variables["x"] == 1

    played(store, play)


def test_a_buffered_message_waits_for_its_place_until_it_expires(store: Store) -> None:
    async def play(runtime: Runtime) -> None:
        await published(runtime, CATCH + flows("s k", "k e"), definitions=KEYED)
        assert await sent(runtime, "A", ttl=60_000) == []
        assert state(runtime, await started(runtime, order="A")).status == "completed"
        assert state(runtime, await started(runtime, order="A")).status == "active"
        await sent(runtime, "C", ttl=1_000)
        await runtime.advance(runtime.now() + 2_000)
        assert state(runtime, await started(runtime, order="C")).status == "active"

    played(store, play)


def test_a_keyless_place_takes_messages_by_business_key_or_id(store: Store) -> None:
    async def play(runtime: Runtime) -> None:
        await published(runtime, CATCH + flows("s k", "k e"), definitions=MESSAGE.format(""))
        instance = (await runtime.do(lambda desk: desk.start(REQUEST, Start("p", business_key="K1")))).result
        assert await sent(runtime, "other") == []
        assert await sent(runtime, "K1") == [instance]
        another = await started(runtime)
        assert await sent(runtime, another) == [another]

    played(store, play)


def test_a_message_start_event_begins_an_instance_when_nobody_waits(store: Store) -> None:
    async def play(runtime: Runtime) -> None:
        start = '<startEvent id="s"><messageEventDefinition messageRef="m"/></startEvent>'
        await published(runtime, start + user("a") + E + flows("s a", "a e"), definitions=MESSAGE.format(""))
        (instance,) = await sent(runtime)
        assert state(runtime, instance).variables == {"x": 1}

    played(store, play)


def test_timers_fire_in_order_as_the_clock_moves_and_not_while_paused(store: Store) -> None:
    async def play(runtime: Runtime) -> None:
        rest = '<intermediateCatchEvent id="w"><timerEventDefinition><timeDuration>=d</timeDuration></timerEventDefinition></intermediateCatchEvent>'
        await published(runtime, S + rest + E + flows("s w", "w e"))
        slow, fast = await started(runtime, d="PT2H"), await started(runtime, d="PT1H")
        held = await started(runtime, d="PT1H")
        await runtime.do(
            lambda desk: desk.step(REQUEST, held, lambda found, now: cmd.PauseInstance(now, "x"))
        )
        done = await runtime.advance(later(runtime.now(), "PT3H"))
        assert done.fired == 2
        entries = [runtime.reader.history(TENANT, each)[-1].at for each in (fast, slow)]
        assert entries == sorted(entries)
        assert state(runtime, held).status == "paused"
        await runtime.do(
            lambda desk: desk.step(REQUEST, held, lambda found, now: cmd.ResumeInstance(now, "x"))
        )
        await runtime.advance(runtime.now() + 1)
        assert state(runtime, held).status == "completed"

    played(store, play)


CALLER = '<callActivity id="c"><extensionElements><zeebe:calledElement processId="{}" propagateAllChildVariables="true"/></extensionElements></callActivity>'


def test_a_child_returns_its_variables_and_is_cancelled_with_its_caller(store: Store) -> None:
    async def play(runtime: Runtime) -> None:
        await published(runtime, S + user("a") + E + flows("s a", "a e"), key="child")
        await published(runtime, S + CALLER.format("child") + E + flows("s c", "c e"))
        parent, other = await started(runtime), await started(runtime)
        await completed(runtime, "child:1", "a", answer=42)
        assert state(runtime, parent).status == "completed"
        assert state(runtime, parent).variables["answer"] == 42
        await runtime.do(
            lambda desk: desk.step(REQUEST, other, lambda found, now: cmd.CancelInstance(now, "x"))
        )
        assert state(runtime, "child:2").status == "cancelled"

    played(store, play)


def test_a_process_that_calls_itself_without_end_stops_with_an_incident(store: Store) -> None:
    async def play(runtime: Runtime) -> None:
        await published(runtime, S + CALLER.format("p") + E + flows("s c", "c e"))
        await started(runtime)
        deepest = state(runtime, "p:51")
        assert [incident.code for incident in deepest.incidents.values()] == ["call.refused"]

    played(store, play)


def test_a_job_lost_with_its_lease_is_taken_again_and_the_late_worker_is_refused(store: Store) -> None:
    async def play(runtime: Runtime) -> None:
        await published(runtime, S + job("a") + E + flows("s a", "a e"))
        await started(runtime)

        def take(now: int) -> Callable[[Desk], list[str]]:
            def work(desk: Desk) -> list[str]:
                rows = desk.transaction.take_jobs(
                    TENANT, types=["work"], limit=5, now=now, engine_now=desk.now, lease_until=now + 10,
                    worker="w", nonce=lambda: f"n{now}",
                )  # fmt: skip
                return [row.job for row in rows]

            return work

        (first,) = (await runtime.do(take(100))).result
        assert (await runtime.do(take(105))).result == []
        (second,) = (await runtime.do(take(120))).result
        assert second != first
        with pytest.raises(FlowMasterError) as refused:
            runtime.reader.find_job(TENANT, first)
        assert refused.value.code == "job.lease_lost"

    played(store, play)


def test_timers_and_waits_survive_a_restart(tmp_path: Path) -> None:
    async def first(runtime: Runtime) -> None:
        await published(runtime, ONE_TASK)
        await started(runtime)

    async def second(runtime: Runtime) -> None:
        await completed(runtime, "p:1", "a")
        assert state(runtime, "p:1").status == "completed"

    played(SqliteStore(tmp_path / "f.db"), first)
    played(SqliteStore(tmp_path / "f.db"), second)
