"""An error that nothing in a called process catches goes to whichever caller catches it (BPMN 2.0.2, 10.5.6)."""

from typing import Any

import pytest

from flowmaster.engine import commands as cmd
from flowmaster.engine.decide import catches
from flowmaster.runtime.desk import Desk
from flowmaster.runtime.runtime import Runtime
from flowmaster.stores.memory.store import MemoryStore
from flowmaster.stores.protocol import Store
from tests.engine.cases import Case, E, S, flows, job, model, user
from tests.runtime.test_runtime import CALLER, REQUEST, played, published, started, state

ERROR = '<error id="bad" name="bad" errorCode="BAD"/><error id="other" name="other" errorCode="OTHER"/>'
WORKING = S + job("work") + E + flows("s work", "work e")
ENDING = (
    S
    + job("work")
    + '<endEvent id="e"><errorEventDefinition errorRef="bad"/></endEvent>'
    + flows("s work", "work e")
)


def caught(code: str, child: str = "child") -> str:
    """Write a process that catches an error on the border of what it calls."""
    border = (
        f'<boundaryEvent id="on" attachedToRef="c"><errorEventDefinition errorRef="{code}"/></boundaryEvent>'
    )
    return S + CALLER.format(child) + border + user("mend") + E + flows("s c", "c e", "on mend", "mend e")


def passed(child: str = "child") -> str:
    """Write a process that only calls."""
    return S + CALLER.format(child) + E + flows("s c", "c e")


async def thrown(runtime: Runtime, instance: str, **variables: Any) -> None:
    (wait,) = state(runtime, instance).waits.values()

    def work(desk: Desk) -> None:
        made = cmd.ThrowJobError(1, "worker", wait.id, "BAD", "It is gone.", variables)
        desk.step(REQUEST, instance, lambda found, now: made)

    await runtime.do(work)


async def done(runtime: Runtime, instance: str) -> None:
    (wait,) = state(runtime, instance).waits.values()
    await runtime.do(
        lambda desk: desk.step(REQUEST, instance, lambda found, now: cmd.CompleteJob(1, "worker", wait.id))
    )


def waiting(runtime: Runtime, instance: str) -> list[str]:
    return [wait.element for wait in state(runtime, instance).waits.values()]


@pytest.fixture
def store() -> Store:
    return MemoryStore()


def test_an_error_of_work_in_a_called_process_is_caught_on_the_border_of_the_call(store: Store) -> None:
    async def play(runtime: Runtime) -> None:
        await published(runtime, WORKING, key="child")
        await published(runtime, caught("bad"), definitions=ERROR)
        parent = await started(runtime)
        await thrown(runtime, "child:1", reason="lost")
        assert state(runtime, "child:1").status == "failed"
        assert waiting(runtime, parent) == ["mend"]
        assert state(runtime, parent).variables["reason"] == "lost"

    played(store, play)


def test_an_error_goes_through_a_process_that_does_not_catch_it(store: Store) -> None:
    async def play(runtime: Runtime) -> None:
        await published(runtime, WORKING, key="child")
        await published(runtime, ENDING, key="ending", definitions=ERROR)
        await published(runtime, passed(), key="middle")
        await published(runtime, passed("ending"), key="between")
        await published(runtime, caught("bad", "middle"), definitions=ERROR)
        await published(runtime, caught("bad", "between"), key="q", definitions=ERROR)
        first, second = await started(runtime), await started(runtime, "q")
        await thrown(runtime, "child:1", reason="lost")
        await done(runtime, "ending:1")
        for instance in ("child:1", "middle:1", "ending:1", "between:1"):
            assert state(runtime, instance).status == "failed"
        assert waiting(runtime, first) == waiting(runtime, second) == ["mend"]
        assert state(runtime, first).variables["reason"] == "lost"

    played(store, play)


def test_an_error_of_work_that_no_caller_catches_stops_where_it_can_be_tried_again(store: Store) -> None:
    async def play(runtime: Runtime) -> None:
        await published(runtime, WORKING, key="child")
        await published(runtime, caught("other"), definitions=ERROR)
        parent = await started(runtime)
        await thrown(runtime, "child:1")
        (incident,) = state(runtime, "child:1").incidents.values()
        assert (incident.element, incident.code) == ("work", "error.not_caught")
        await done(runtime, "child:1")
        assert state(runtime, parent).status == "completed"

    played(store, play)


def test_a_catcher_that_cannot_tell_its_code_stops_there_and_one_that_is_gone_catches_nothing() -> None:
    case = Case(model(caught("bad"), '<error id="bad" name="bad" errorCode="=unknown"/>'))
    (wait,) = case.state.waits
    assert catches(case.model, case.state, wait, "BAD", case.now)
    assert not catches(case.model, case.state, wait + 1, "BAD", case.now)
