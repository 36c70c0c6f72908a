"""Events over data happen when their condition becomes true: at once if it holds, once per change otherwise (10.5.5.4)."""

import pytest

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine.limits import STEPS_MAX
from tests.engine.cases import Case, E, S, flows, model, script, user
from tests.engine.pieces import border, caught, handler, marked, several, sub, when

END = '<endEvent id="e2"/>'


def beside(condition: str, *, interrupting: bool = True) -> str:
    """Write a task `t` with a condition on its border that leads to a task `k`."""
    event = border("b", "t", when(condition), interrupting=interrupting)
    return S + user("t") + event + user("k") + E + END + flows("s t", "t e", "b k", "k e2")


def test_a_condition_that_holds_already_happens_at_once() -> None:
    body = S + caught("w", when("x &gt; 1")) + user("t") + flows("s w", "w t")
    assert Case(model(body), {"x": 2}).waiting == ["t"]
    case = Case(model(body), {"x": 1})
    assert case.waiting == ["w"]
    case.do(cmd.SetVariables, {"x": 5})
    assert case.waiting == ["t"]


@pytest.mark.parametrize("value", [None, "yes", 1, False])
def test_only_true_is_true(value: object) -> None:
    case = Case(model(beside("x")), {"x": value})
    assert case.waiting == ["b", "t"]


def test_a_condition_on_a_border_interrupts() -> None:
    case = Case(model(beside("x")))
    case.do(cmd.SetVariables, {"x": True})
    assert case.waiting == ["k"]


def test_one_that_does_not_interrupt_happens_again_only_after_it_was_false() -> None:
    case = Case(model(beside("x &gt; 1", interrupting=False)))
    for value, tasks in ((2, 1), (3, 1), (0, 1), (1, 1), (2, 2), (2, 2)):
        case.do(cmd.SetVariables, {"x": value})
        assert case.waiting.count("k") == tasks, value
    assert case.waiting.count("b") == 1


def test_a_condition_that_flips_within_one_step_is_seen() -> None:
    fork = '<parallelGateway id="g"/>'
    work = script("on", "true", "x") + script("off", "false", "x")
    event = border("b", "t", when("x"), interrupting=False)
    body = S + fork + user("t") + event + user("k") + user("w") + work + E
    case = Case(model(body + flows("s g", "g t", "g w", "w on", "on off", "off e", "b k")))
    case.complete("w")
    assert case.waiting == ["b", "k", "t"]
    seen = [event.wait for event in case.events if isinstance(event, ev.ConditionSeen)]
    assert [bool(getattr(wait, "key", "")) for wait in seen] == [True, False]


def test_what_a_job_leaves_is_looked_at_where_the_event_stands() -> None:
    inside = sub("sub", user("t") + border("b", "t", when("y = 1")) + user("k"), "sub_s t", "b k")
    mapping = '<extensionElements><zeebe:ioMapping><zeebe:input source="=0" target="y"/></zeebe:ioMapping></extensionElements>'
    case = Case(
        model(
            S
            + inside.replace('<startEvent id="sub_s"/>', mapping + '<startEvent id="sub_s"/>')
            + flows("s sub")
        )
    )
    case.do(cmd.SetVariables, {"y": 1})
    assert case.waiting == ["b", "t"]
    case.do(cmd.SetVariables, {"y": 1}, "sub")
    assert case.waiting == ["k"]


@pytest.mark.parametrize(("interrupting", "left"), [(True, ["k"]), (False, ["es_s", "k", "t"])])
def test_a_condition_begins_an_event_sub_process(interrupting: bool, left: list[str]) -> None:
    own = handler("es", when("x"), user("k"), "es_s k", "k es_e", interrupting=interrupting)
    case = Case(model(S + user("t") + own + E + flows("s t", "t e")))
    case.do(cmd.SetVariables, {"x": True})
    assert case.waiting == left


def test_a_condition_behind_a_gateway_of_events_wins_when_it_holds() -> None:
    gate = '<eventBasedGateway id="g"/>'
    timed = caught("late", "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>")
    body = (
        S
        + gate
        + caught("w", when("x"))
        + timed
        + user("t")
        + user("u")
        + flows("s g", "g w", "g late", "w t", "late u")
    )
    assert Case(model(body), {"x": True}).waiting == ["t"]
    case = Case(model(body))
    case.do(cmd.SetVariables, {"x": True})
    assert case.waiting == ["t"]


def test_of_two_conditions_that_interrupt_the_first_in_the_file_wins() -> None:
    events = border("b1", "t", when("x")) + border("b2", "t", when("x"))
    body = S + user("t") + events + user("k1") + user("k2") + flows("s t", "b1 k1", "b2 k2")
    case = Case(model(body))
    case.do(cmd.SetVariables, {"x": True})
    assert case.waiting == ["k1"]


def test_a_condition_on_the_border_of_many_turns_sees_how_many_are_done() -> None:
    work = marked(user("t"), several("3"))
    event = border("b", "t", when("numberOfCompletedInstances &gt;= 2"))
    case = Case(model(S + work + event + user("k") + E + flows("s t", "t e", "b k")))
    for _ in range(2):
        task = next(wait for wait in case.state.waits.values() if wait.element == "t")
        case.do(cmd.ActOnTask, task.id, "complete", {})
    assert case.waiting == ["k"]


LARGE = "count(for i in 1..n return i) &gt; 0"


def test_a_condition_that_cannot_be_evaluated_is_one_incident_beside_until_the_data_are_mended() -> None:
    case = Case(model(beside(LARGE)), {"n": 10**9})
    assert list(case.incidents()) == ["t"]
    case.do(cmd.SetVariables, {"y": 1})
    assert len(case.state.incidents) == 1
    case.do(cmd.Retry)
    assert len(case.state.incidents) == 1
    case.do(cmd.SetVariables, {"n": 1})
    assert (case.waiting, case.incidents()) == (["k"], {})


def test_nothing_happens_while_the_instance_is_paused() -> None:
    case = Case(model(beside("x")))
    case.do(cmd.PauseInstance)
    case.do(cmd.SetVariables, {"x": True})
    assert case.waiting == ["b", "t"]
    case.do(cmd.ResumeInstance)
    assert case.waiting == ["k"]


def test_conditions_that_set_each_other_off_for_ever_stop_with_an_incident() -> None:
    def turning(key: str, old: int, new: int) -> str:
        mapping = f'<zeebe:ioMapping><zeebe:output source="={new}" target="n"/></zeebe:ioMapping>'
        event = border(key, "t", when(f"n = {old}"), interrupting=False)
        return event.replace(
            "<conditional", f"<extensionElements>{mapping}</extensionElements><conditional", 1
        )

    events = turning("b2", 2, 0) + turning("b1", 1, 2) + turning("b0", 0, 1)
    ends = "".join(f'<endEvent id="e{number}"/>' for number in range(3))
    case = Case(
        model(S + user("t") + events + E + ends + flows("s t", "t e", "b0 e0", "b1 e1", "b2 e2")), {"n": 0}
    )
    assert "engine.too_many_steps" in case.incidents().values()
    assert len([event for event in case.events if isinstance(event, ev.ConditionSeen)]) <= 3 * STEPS_MAX
    case.do(cmd.Skip, "t")
    assert "t" not in case.waiting


def test_an_event_without_condition_is_an_incident() -> None:
    case = Case(model(S + caught("w", "<conditionalEventDefinition/>") + E + flows("s w", "w e")))
    assert case.incidents() == {"w": "condition.missing"}


def test_a_waiting_condition_can_be_skipped_and_is_not_looked_at_any_more() -> None:
    case = Case(model(S + caught("w", when("x")) + user("t") + flows("s w", "w t")))
    case.do(cmd.Skip, "w")
    case.do(cmd.SetVariables, {"x": True})
    assert case.waiting == ["t"]
