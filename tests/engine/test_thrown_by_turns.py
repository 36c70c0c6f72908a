"""What multi-instance activities throw after their turns (BPMN 2.0.2, table 10.29)."""

import pytest

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from tests.engine.cases import Case, E, S, flows, model, script, user
from tests.engine.pieces import (
    DEFINITIONS,
    ESCALATION,
    border,
    marked,
    several,
)
from tests.engine.turns import turn

COMPLEX = f"<complexBehaviorDefinition><condition>=flag</condition><event id='ce'>{ESCALATION}</event></complexBehaviorDefinition>"


def escalated(behavior: str, inner: str = "", **variables: object) -> Case:
    thrown = {"None": "noneBehaviorEventRef", "One": "oneBehaviorEventRef"}.get(behavior)
    reference = f' {thrown}="tc"' if thrown else ""
    marker = several("3", behavior=f' behavior="{behavior}"{reference}', inner=inner)
    definition = '<escalationEventDefinition id="tc" escalationRef="C"/>' if thrown else ""
    body = S + marked(user("t"), marker) + border("b", "t", ESCALATION, interrupting=False) + user("k") + E
    return Case(model(body + flows("s t", "t e", "b k"), DEFINITIONS + definition), variables)


@pytest.mark.parametrize(
    ("behavior", "inner", "tasks"), [("None", "", 3), ("One", "", 1), ("Complex", COMPLEX, 3), ("All", "", 0)]
)
def test_turns_throw_what_their_behavior_says(behavior: str, inner: str, tasks: int) -> None:
    case = escalated(behavior, inner, flag=True)
    for number in (1, 2, 3):
        turn(case, number)
    assert case.waiting.count("k") == tasks


def test_a_behavior_that_cannot_be_evaluated_is_one_incident_and_is_over_with_the_activity() -> None:
    case = escalated("Complex", COMPLEX, flag="x")
    turn(case, 1)
    turn(case, 2)
    assert (case.incidents(), len(case.state.incidents)) == ({"t": "condition.not_boolean"}, 1)
    case.do(cmd.SetVariables, {"flag": False})
    turn(case, 3)
    raised = {event.id for event in case.events if isinstance(event, ev.IncidentRaised)}
    assert raised == {event.id for event in case.events if isinstance(event, ev.IncidentResolved)}
    assert case.state.status == "completed"


def test_what_a_turn_throws_may_end_the_activity() -> None:
    marker = several("3", behavior=' behavior="One" oneBehaviorEventRef="tc"')
    body = S + marked(user("t"), marker) + border("b", "t", ESCALATION) + user("k") + E
    definition = '<escalationEventDefinition id="tc" escalationRef="C"/>'
    case = Case(model(body + flows("s t", "t e", "b k"), DEFINITIONS + definition))
    turn(case, 2)
    assert case.waiting == ["k"]


def test_a_sequence_that_goes_on_after_too_many_steps_throws_once_for_each_turn() -> None:
    marker = several("6000", sequential=True, behavior=' behavior="None" noneBehaviorEventRef="tc"')
    body = S + marked(script("t", "1", "x"), marker) + border("b", "t", ESCALATION, interrupting=False) + E
    definition = '<escalationEventDefinition id="tc" escalationRef="C"/>'
    case = Case(model(body + '<endEvent id="e2"/>' + flows("s t", "t e", "b e2"), DEFINITIONS + definition))
    assert case.state.incidents
    while case.state.incidents:
        case.do(cmd.Retry)
    assert case.state.status == "completed"
    assert len([event for event in case.events if isinstance(event, ev.EscalationThrown)]) == 6000
