"""An ad-hoc sub-process as a tool box: a worker or agent chooses what is done next, until it says that it is done."""

from typing import Any

import pytest

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine.elements.adhoc import TOOLS
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.limits import NODES_MAX
from flowmaster.engine.state import EventWait, JobWait
from tests.engine.cases import Case, E, S, flows, job, model, script, user

COLLECTS = (
    '<zeebe:adHoc outputCollection="found" outputElement="=answer"/><zeebe:taskDefinition type="agent.next"/>'
)


def box(attributes: str = "", extensions: str = COLLECTS, inside: str = "", after: str = "") -> Case:
    tools = inside or user("ask") + job("search") + user("read") + user("note")
    flow = '<sequenceFlow id="i1" sourceRef="read" targetRef="note"/>' if not inside else ""
    body = (
        f'<adHocSubProcess id="box" {attributes}><extensionElements>{extensions}</extensionElements>'
        f"{tools}{flow}{after}</adHocSubProcess>"
    )
    return Case(model(S + body + E + flows("s box", "box e")))


def chosen(case: Case, **result: Any) -> None:
    case.do(cmd.CompleteJob, next_job(case).id, result)


def next_job(case: Case) -> JobWait:
    (found,) = [
        one for one in case.state.waits.values() if isinstance(one, JobWait) and one.type == "agent.next"
    ]
    return found


def asked(case: Case) -> int:
    return sum(isinstance(one, JobWait) and one.type == "agent.next" for one in case.state.waits.values())


def open_tools(case: Case) -> list[str]:
    return sorted(node.element for node in case.state.nodes.values() if node.element not in ("p", "box"))


def test_a_worker_chooses_until_it_is_done_and_is_asked_when_a_way_inside_has_ended() -> None:
    case = box()
    (node,) = [one for one in case.state.nodes.values() if one.element == "box"]
    tools: Any = (node.variables or {})[TOOLS]
    assert [tool["elementId"] for tool in tools] == ["ask", "search", "read", "note"]
    assert open_tools(case) == []
    chosen(case, activate=["ask", {"element": "search", "variables": {"query": "bolts"}}], plan="two things")
    assert open_tools(case) == ["ask", "search"]
    assert asked(case) == 0
    search = case.wait("search")
    (inner,) = [one for one in case.state.nodes.values() if one.element == "search"]
    assert inner.variables == {"query": "bolts"}
    case.do(cmd.CompleteJob, search.id, {"answer": "M8"})
    first = next_job(case)
    case.do(cmd.ActOnTask, case.wait("ask").id, "complete", {"answer": "yes"})
    assert next_job(case).id != first.id, "a choice made without the newest answer is not taken"
    chosen(case, activate="read")
    case.do(cmd.ActOnTask, case.wait("read").id, "complete", {})
    assert (open_tools(case), asked(case)) == (["note"], 0)
    case.do(cmd.ActOnTask, case.wait("note").id, "complete", {"answer": "ok"})
    chosen(case, done=True)
    assert case.state.status == "completed"
    assert case.state.variables["found"] == ["M8", "yes", "yes", "ok"]


def test_done_ends_what_still_runs_or_waits_for_it_as_the_model_says() -> None:
    case = box()
    chosen(case, activate=["ask", "search"])
    case.do(cmd.CompleteJob, case.wait("search").id, {})
    chosen(case, done=True)
    assert case.state.status == "completed"
    case = box('cancelRemainingInstances="false"')
    chosen(case, activate=["ask", "search"])
    case.do(cmd.CompleteJob, case.wait("search").id, {})
    chosen(case, done=True)
    assert (open_tools(case), asked(case), case.state.status) == (["ask"], 0, "active")
    case.do(cmd.ActOnTask, case.wait("ask").id, "complete", {})
    assert case.state.status == "completed"


def test_a_completion_condition_ends_it_without_another_question() -> None:
    case = box(after="<completionCondition>=enough</completionCondition>", inside=user("ask"))
    chosen(case, activate=["ask", "ask"])
    first = next(one for one in case.state.waits.values() if one.element == "ask")
    case.do(cmd.ActOnTask, first.id, "complete", {"enough": False})
    assert asked(case) == 1
    case.do(cmd.ActOnTask, case.wait("ask").id, "complete", {"enough": True})
    assert case.state.status == "completed"


def test_a_failed_question_is_an_incident_and_a_retry_asks_again() -> None:
    case = box()
    case.do(cmd.FailJob, next_job(case).id, "No model answers.", 0, None)
    assert case.incidents() == {"box": "job.failed"}
    case.do(cmd.Retry)
    chosen(case, done=True)
    assert case.state.status == "completed"


@pytest.mark.parametrize(
    ("result", "path", "says"),
    [
        ({}, "variables.activate", "would stand still"),
        ({"activate": []}, "variables.activate", "would stand still"),
        ({"activate": ["serch"]}, "variables.activate[0]", "Did you mean 'search'"),
        ({"activate": ["ask", 5]}, "variables.activate[1]", "5 is no activity"),
        ({"activate": [""]}, "variables.activate[0]", "'' is no activity inside"),
        ({"activate": ["box"]}, "variables.activate[0]", "'box' is no activity inside"),
        (
            {"activate": [{"element": "ask", "variables": 5}]},
            "variables.activate[0].variables",
            "no variables",
        ),
        ({"activate": ["ask"], "done": True}, "variables.activate", "is done and is to go on"),
        ({"done": "yes"}, "variables.done", '`done` is "yes"'),
        ({"activate": ["ask"] * NODES_MAX}, "variables.activate", "Too many"),
    ],
)
def test_a_choice_that_cannot_be_done_is_refused_and_changes_nothing(
    result: dict[str, Any], path: str, says: str
) -> None:
    case = box()
    before = case.state.copy()
    with pytest.raises(FlowMasterError) as refused:
        chosen(case, **result)
    assert (refused.value.code, refused.value.path) == ("job.choice_wrong", path)
    assert says in refused.value.message
    assert case.state == before


def test_nothing_need_be_chosen_while_something_runs() -> None:
    case = box()
    chosen(case, activate=["ask", "search"])
    case.do(cmd.CompleteJob, case.wait("search").id, {})
    chosen(case)
    assert (open_tools(case), asked(case)) == (["ask"], 0)
    case.do(cmd.ActOnTask, case.wait("ask").id, "complete", {})
    assert asked(case) == 1


def test_what_was_chosen_first_may_be_enough_so_that_nothing_else_begins() -> None:
    done = script("sum", "true", "enough")
    case = box(after="<completionCondition>=enough</completionCondition>", inside=done + user("ask"))
    chosen(case, activate=["sum", "ask"])
    assert case.state.status == "completed"
    assert "ask" not in [one.wait.element for one in case.events if isinstance(one, ev.WaitOpened)]


def test_the_worker_is_asked_again_when_what_was_undone_beside_it_is_through() -> None:
    undo = (
        '<boundaryEvent id="b" attachedToRef="pay"><compensateEventDefinition/></boundaryEvent>'
        '<serviceTask id="refund" isForCompensation="true"><extensionElements><zeebe:taskDefinition type="refund"/>'
        '</extensionElements></serviceTask><association id="l" sourceRef="b" targetRef="refund"/>'
        '<intermediateThrowEvent id="back"><compensateEventDefinition waitForCompletion="false"/>'
        "</intermediateThrowEvent>"
    )
    case = box(inside=job("pay") + undo)
    (node,) = [one for one in case.state.nodes.values() if one.element == "box"]
    tools: Any = (node.variables or {})[TOOLS]
    assert [tool["elementId"] for tool in tools] == ["pay", "back"], "a handler is no tool"
    chosen(case, activate="pay")
    case.do(cmd.CompleteJob, case.wait("pay").id, {})
    chosen(case, activate="back")
    chosen(case)
    assert asked(case) == 0
    case.do(cmd.CompleteJob, case.wait("refund").id, {})
    assert asked(case) == 1
    chosen(case, done=True)
    assert case.state.status == "completed"


def test_a_jump_inside_is_no_end_of_a_way() -> None:
    jump = '<intermediate{}Event id="{}"><linkEventDefinition name="on"/></intermediate{}Event>'
    events = jump.format("Throw", "away", "Throw") + jump.format("Catch", "back", "Catch")
    ways = '<sequenceFlow id="i1" sourceRef="search" targetRef="away"/><sequenceFlow id="i2" sourceRef="back" targetRef="read"/>'
    case = box(inside=job("search") + events + user("read"), after=ways)
    chosen(case, activate="search")
    case.do(cmd.CompleteJob, case.wait("search").id, {})
    assert (open_tools(case), asked(case)) == (["read"], 0)
    case.do(cmd.ActOnTask, case.wait("read").id, "complete", {})
    assert asked(case) == 1


def test_an_event_that_interrupts_the_box_takes_the_question_away() -> None:
    handler = (
        '<subProcess id="stop" triggeredByEvent="true"><startEvent id="heard"><signalEventDefinition signalRef="sig"/>'
        '</startEvent><userTask id="fix"/><sequenceFlow id="i2" sourceRef="heard" targetRef="fix"/></subProcess>'
    )
    inside = (
        f'<adHocSubProcess id="box"><extensionElements>{COLLECTS}</extensionElements>{user("ask")}{handler}'
        "</adHocSubProcess>"
    )
    case = Case(model(S + inside + E + flows("s box", "box e"), '<signal id="sig" name="stop"/>'))
    assert asked(case) == 1
    (signal,) = [one for one in case.state.waits.values() if isinstance(one, EventWait)]
    case.do(cmd.ReceiveEvent, signal.id, {})
    assert (open_tools(case), asked(case)) == (["fix", "stop"], 0)
    case.do(cmd.ActOnTask, case.wait("fix").id, "complete", {})
    assert case.state.status == "completed"
