"""Events with several definitions: any of them, or all of them; what throws throws all (10.5.5.8)."""

import pytest

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine.state import EventWait, TimerWait, Wait
from tests.engine.cases import Case, E, S, flows, model, script, user
from tests.engine.pieces import (
    DEFINITIONS,
    ERROR,
    ESCALATION,
    MESSAGE,
    SIGNAL,
    TERMINATE,
    after,
    border,
    caught,
    handler,
    sub,
    undone,
    when,
)

NAMED = '<signal id="named" name="=name"/>'


def kinds(case: Case, element: str) -> list[str]:
    """Return what an element waits for."""
    waits = [wait for wait in case.state.waits.values() if wait.element == element]
    return [wait.kind if isinstance(wait, EventWait) else "timer" for wait in waits]


def happen(case: Case, element: str, kind: str, **variables: object) -> None:
    """Let one of the triggers of an element come."""
    found: list[Wait] = [
        wait
        for wait in case.state.waits.values()
        if wait.element == element and kind == (wait.kind if isinstance(wait, EventWait) else "timer")
    ]
    if isinstance(found[0], TimerWait):
        case.now = max(case.now, found[0].due)
        case.do(cmd.FireTimer, found[0].id)
    else:
        case.do(cmd.ReceiveEvent, found[0].id, variables)


def beside(*definitions: str, interrupting: bool = False, all_of: bool = True, **variables: object) -> Case:
    """Run a task `t` with an event `b` on its border that leads to a task `k`."""
    event = border("b", "t", *definitions, interrupting=interrupting, all_of=all_of)
    body = S + user("t") + event + user("k") + E + flows("s t", "t e", "b k")
    return Case(model(body, DEFINITIONS + NAMED), variables)


@pytest.mark.parametrize("kind", ["message", "signal", "timer"])
def test_any_of_several_triggers_is_enough(kind: str) -> None:
    event = caught("w", MESSAGE, SIGNAL, after("PT1H"))
    case = Case(model(S + event + user("t") + flows("s w", "w t"), DEFINITIONS))
    happen(case, "w", kind)
    assert case.waiting == ["t"]


def test_all_of_several_triggers_are_needed_in_any_order_and_their_data_are_kept() -> None:
    event = caught("w", MESSAGE, SIGNAL, after("PT1H"), when("x"), all_of=True)
    case = Case(model(S + event + user("t") + flows("s w", "w t"), DEFINITIONS))
    happen(case, "w", "timer")
    happen(case, "w", "signal", y=2)
    case.do(cmd.SetVariables, {"x": True})
    assert kinds(case, "w") == ["message"]
    happen(case, "w", "message", z=3)
    assert (case.waiting, dict(case.state.variables)) == (["t"], {"x": True, "y": 2, "z": 3})


def test_the_same_message_twice_is_not_two_triggers() -> None:
    event = caught("w", MESSAGE, SIGNAL, all_of=True)
    case = Case(model(S + event + E + flows("s w", "w e"), DEFINITIONS))
    happen(case, "w", "message")
    assert kinds(case, "w") == ["signal"]
    assert case.state.status == "active"


def test_a_signal_thrown_inside_is_one_of_the_triggers() -> None:
    fork = '<parallelGateway id="g"/>'
    throw = f'<intermediateThrowEvent id="n">{SIGNAL}</intermediateThrowEvent>'
    body = S + fork + caught("w", MESSAGE, SIGNAL, all_of=True) + user("u") + throw + user("t") + E
    case = Case(model(body + flows("s g", "g w", "g u", "u n", "n e", "w t"), DEFINITIONS))
    case.complete("u")
    assert kinds(case, "w") == ["message"]
    happen(case, "w", "message")
    assert case.waiting == ["t"]


def test_a_border_that_needs_all_interrupts_once_it_has_them() -> None:
    case = beside(MESSAGE, SIGNAL, interrupting=True)
    happen(case, "b", "message")
    assert case.waiting == ["b", "t"]
    happen(case, "b", "signal")
    assert case.waiting == ["k"]


def test_a_border_that_does_not_interrupt_waits_for_all_again() -> None:
    case = beside(MESSAGE, SIGNAL)
    for number in (1, 2):
        happen(case, "b", "signal")
        happen(case, "b", "message")
        assert case.waiting.count("k") == number
        assert kinds(case, "b") == ["message", "signal"]


@pytest.mark.parametrize("order", [("message", "timer"), ("timer", "message")])
def test_a_time_that_has_come_does_not_come_again_whatever_came_last(order: tuple[str, str]) -> None:
    case = beside(MESSAGE, after("PT1H"))
    for kind in order:
        happen(case, "b", kind)
    assert case.waiting == ["k", "t"]


@pytest.mark.parametrize("order", [("message", "timer"), ("timer", "message")])
def test_a_cycle_begins_anew_with_the_others(order: tuple[str, str]) -> None:
    case = beside(MESSAGE, after("R/PT1H", "timeCycle"))
    for kind in order:
        happen(case, "b", kind)
    assert sorted(kinds(case, "b")) == ["message", "timer"]


def test_conditions_that_go_on_holding_happen_once() -> None:
    case = beside(when("x"), when("y"), x=True, y=True)
    assert case.waiting.count("k") == 1
    case.do(cmd.SetVariables, {"x": False, "y": False})
    assert case.waiting.count("k") == 1
    case.do(cmd.SetVariables, {"x": True})
    case.do(cmd.SetVariables, {"y": True})
    assert case.waiting.count("k") == 2


def test_any_condition_of_several_happens_each_time_it_becomes_true() -> None:
    case = beside(when("x"), when("y"), all_of=False)
    case.do(cmd.SetVariables, {"x": True})
    case.do(cmd.SetVariables, {"y": True})
    assert case.waiting.count("k") == 2


def test_what_cannot_be_waited_for_again_is_an_incident_that_is_tried_again() -> None:
    named = '<signalEventDefinition signalRef="named"/>'
    case = beside(MESSAGE, named, name="n")
    happen(case, "b", "message")
    case.do(cmd.SetVariables, {"name": None})
    happen(case, "b", "signal")
    assert (case.waiting, case.incidents()) == (["k", "t"], {"t": "expression.not_text"})
    case.do(cmd.Retry)
    assert case.incidents() == {"t": "expression.not_text"}
    case.do(cmd.SetVariables, {"name": "n"})
    case.do(cmd.Retry)
    assert (kinds(case, "b"), case.incidents()) == (["message", "signal"], {})


def test_a_thrower_does_not_suffer_from_a_catcher_that_cannot_wait_again() -> None:
    fork = '<parallelGateway id="g"/>'
    throw = f'<intermediateThrowEvent id="n">{SIGNAL}</intermediateThrowEvent>'
    event = border(
        "b", "t", '<signalEventDefinition signalRef="named"/>', SIGNAL, interrupting=False, all_of=True
    )
    body = S + fork + user("t") + event + user("k") + user("u") + throw + E
    case = Case(
        model(body + flows("s g", "g t", "g u", "u n", "n e", "b k"), DEFINITIONS + NAMED), {"name": "x"}
    )
    first = next(
        wait for wait in case.state.waits.values() if isinstance(wait, EventWait) and wait.name == "x"
    )
    case.do(cmd.ReceiveEvent, first.id, {"name": None})
    case.complete("u")
    assert (case.incidents(), case.waiting) == ({"t": "expression.not_text"}, ["k", "t"])
    assert "n" in case.completed()


@pytest.mark.parametrize(("interrupting", "left"), [(True, ["k"]), (False, ["es_s", "es_s", "k", "t"])])
def test_an_event_sub_process_begins_by_all_of_its_triggers(interrupting: bool, left: list[str]) -> None:
    own = handler("es", MESSAGE + SIGNAL, user("k"), "es_s k", "k es_e", interrupting=interrupting)
    own = own.replace('<startEvent id="es_s"', '<startEvent id="es_s" parallelMultiple="true"')
    case = Case(model(S + user("t") + own + E + flows("s t", "t e"), DEFINITIONS))
    happen(case, "es_s", "signal")
    happen(case, "es_s", "message")
    assert case.waiting == left


def test_one_border_catches_errors_and_escalations_of_several_kinds() -> None:
    for thrown in (ERROR, ESCALATION):
        inside = sub("t", f'<endEvent id="x">{thrown}</endEvent>', "t_s x")
        body = S + inside + border("b", "t", ERROR, ESCALATION) + user("k") + E
        case = Case(model(body + flows("s t", "t e", "b k"), DEFINITIONS))
        assert case.waiting == ["k"]


def throwing(*definitions: str, kind: str = "intermediateThrowEvent") -> str:
    return f'<{kind} id="x">{"".join(definitions)}</{kind}>'


def test_all_of_several_things_are_thrown_in_their_order() -> None:
    case = Case(model(S + throwing(MESSAGE, SIGNAL, ESCALATION) + E + flows("s x", "x e"), DEFINITIONS))
    sent = [
        type(event)
        for event in case.events
        if isinstance(event, ev.MessageSent | ev.SignalSent | ev.EscalationThrown)
    ]
    assert sent == [ev.MessageSent, ev.SignalSent, ev.EscalationThrown]
    assert case.state.status == "completed"


def test_what_interrupts_the_thrower_ends_the_list() -> None:
    inside = sub("t", throwing(ESCALATION, MESSAGE), "t_s x", "x t_e")
    body = S + inside + border("b", "t", ESCALATION) + user("k") + E
    case = Case(model(body + flows("s t", "t e", "b k"), DEFINITIONS))
    assert case.waiting == ["k"]
    assert not [event for event in case.events if isinstance(event, ev.MessageSent)]


def test_an_error_that_nobody_catches_ends_the_instance_in_the_middle() -> None:
    case = Case(model(S + throwing(MESSAGE, ERROR, SIGNAL, kind="endEvent") + flows("s x"), DEFINITIONS))
    assert case.state.status == "failed"
    assert not [event for event in case.events if isinstance(event, ev.SignalSent)]


def test_an_end_may_send_undo_and_terminate() -> None:
    fork = '<parallelGateway id="g"/>'
    end = throwing(MESSAGE, "<compensateEventDefinition/>", TERMINATE, kind="endEvent")
    body = S + script("a", "1", "y") + undone("a", user("ua")) + fork + user("w") + end
    case = Case(model(body + flows("s a", "a g", "g w", "g x"), DEFINITIONS))
    assert (case.waiting, case.cancelled()) == (["ua"], ["w"])
    case.complete("ua")
    assert case.state.status == "completed"


def test_a_trigger_that_nothing_can_wait_for_is_an_incident() -> None:
    event = caught("w", MESSAGE, '<linkEventDefinition name="x"/>')
    case = Case(model(S + event + E + flows("s w", "w e"), DEFINITIONS))
    assert case.incidents() == {"w": "event.not_catchable"}


def test_what_interrupts_at_the_end_of_the_list_leaves_nothing_to_finish() -> None:
    for thrown in (ESCALATION, ERROR):
        inside = sub("t", throwing(MESSAGE, thrown, kind="endEvent"), "t_s x")
        body = S + inside + border("b", "t", ESCALATION, ERROR) + user("k") + E
        case = Case(model(body + flows("s t", "t e", "b k"), DEFINITIONS))
        assert case.waiting == ["k"]
