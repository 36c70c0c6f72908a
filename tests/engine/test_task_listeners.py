"""Task listeners: jobs that decide on what happens to a person's task before it happens."""

from typing import Any

import pytest

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.evolve import blank, fold
from flowmaster.engine.state import JobWait, TaskWait, TimerWait
from flowmaster.stores.codec import decode_events, decode_wait, encode_events, encode_wait
from tests.engine.cases import Case, E, S, flows, model

ASSIGNED = '<zeebe:assignmentDefinition assignee="ann" candidateGroups="clerk"/>'
OFFERED = '<zeebe:assignmentDefinition candidateGroups="clerk"/>'
LATE = '<fm:deadline after="PT1H" action="escalate" to="boss"/>'


def process(*listeners: str, assignment: str = OFFERED, more: str = "") -> Case:
    """Start a task with listeners: `completing check`, `assigning =kind 5` (event, job type, retries)."""
    written = []
    for each in listeners:
        event, kind, *retries = each.split()
        tries = f' retries="{retries[0]}"' if retries else ""
        written.append(f'<zeebe:taskListener eventType="{event}" type="{kind}"{tries}/>')
    held = f"<zeebe:taskListeners>{''.join(written)}</zeebe:taskListeners>"
    task = f'<userTask id="a"><extensionElements><zeebe:userTask/>{assignment}{more}{held}</extensionElements></userTask>'
    return Case(model(S + task + E + flows("s a", "a e")), {"n": 1})


def task_of(case: Case) -> TaskWait:
    (wait,) = [one for one in case.state.waits.values() if isinstance(one, TaskWait)]
    return wait


def offered(case: Case) -> str:
    return " ".join(one.type for one in case.state.waits.values() if isinstance(one, JobWait))


def answer(case: Case, **result: Any) -> None:
    (wait,) = [one for one in case.state.waits.values() if isinstance(one, JobWait)]
    case.do(cmd.CompleteJob, wait.id, result)


def act(case: Case, action: str, by: str = "ann", to: str = "", **variables: Any) -> None:
    case.do(cmd.ActOnTask, task_of(case).id, action, variables, to, by=by)


def overdue(case: Case) -> None:
    (timer,) = [one for one in case.state.waits.values() if isinstance(one, TimerWait)]
    case.now = timer.due
    case.do(cmd.FireTimer, timer.id)


def changes(case: Case) -> list[str]:
    return [one.action for one in case.events if isinstance(one, ev.TaskChanged)]


def test_a_task_is_completed_when_all_listeners_agreed_with_the_answer_that_was_given() -> None:
    case = process("completing check", "completing audit 7")
    act(case, "complete", approved=True)
    task = task_of(case)
    assert (task.state, offered(case)) == ("completing", "check")
    assert task.asked is not None
    assert task.asked.variables == {"approved": True}
    assert "approved" not in case.state.variables
    answer(case)
    (job,) = [one for one in case.state.waits.values() if isinstance(one, JobWait)]
    assert (job.type, job.retries) == ("audit", 7)
    answer(case)
    assert case.state.status == "completed"
    performed = [one.performer for one in case.events if isinstance(one, ev.TaskPerformed)]
    assert performed == ["ann"], "who completed it, not who listened"
    assert {"approved": True} in [one.values for one in case.events if isinstance(one, ev.VariablesSet)]


def test_a_denied_answer_leaves_the_task_as_it_was_and_tells_why() -> None:
    case = process("completing check", "completing audit")
    act(case, "claim")
    act(case, "complete", approved=True)
    answer(case, denied=True, deniedReason="the budget is spent")
    task = task_of(case)
    assert (task.state, task.assignee, task.asked, offered(case)) == ("reserved", "ann", None, "")
    (told,) = [one.data for one in case.events if isinstance(one, ev.TaskChanged) and one.action == "denied"]
    assert told == {"action": "complete", "by": "ann", "reason": "the budget is spent"}
    act(case, "complete", approved=False)
    answer(case)
    answer(case)
    assert case.state.status == "completed"


def test_nothing_else_is_done_to_a_task_while_listeners_decide() -> None:
    case = process("completing check")
    act(case, "complete")
    for action in ("claim", "complete", "save_draft", "suspend", "escalate"):
        with pytest.raises(FlowMasterError) as refused:
            act(case, action)
        assert refused.value.code == "task.state_forbids"
        assert "completing" in refused.value.message
    assert offered(case) == "check"


@pytest.mark.parametrize("action", ["claim", "assign"])
def test_who_gets_a_task_is_decided_by_its_listeners(action: str) -> None:
    case = process("assigning quota")
    act(case, action, to="bob" if action == "assign" else "", by="bob")
    assert (task_of(case).state, task_of(case).assignee) == ("assigning", "")
    answer(case, denied=True)
    assert (task_of(case).state, task_of(case).assignee) == ("ready", "")
    act(case, action, to="bob" if action == "assign" else "", by="bob")
    answer(case, corrections={"assignee": "cy", "priority": 80})
    assert (task_of(case).state, task_of(case).assignee, task_of(case).priority) == ("reserved", "cy", 80)
    act(case, "release", by="cy")
    answer(case)
    assert (task_of(case).state, task_of(case).assignee) == ("ready", "")


def test_a_task_is_created_then_assigned_and_each_time_corrected() -> None:
    case = process("creating enrich", "assigning quota", assignment=ASSIGNED)
    assert (task_of(case).state, task_of(case).assignee) == ("creating", "")
    answer(
        case,
        corrections={
            "candidateGroups": ["head"], "candidateUsers": ["zoe"], "dueDate": "2030-01-01T00:00:00Z",
            "followUpDate": "2029-12-01T00:00:00Z",
        },
    )  # fmt: skip
    task = task_of(case)
    assert (task.state, task.roles, task.users, offered(case)) == ("assigning", ("head",), ("zoe",), "quota")
    assert task.due == 1_893_456_000_000
    answer(case)
    assert (task_of(case).state, task_of(case).assignee) == ("reserved", "ann")
    assert changes(case) == ["creating", "create", "assigning", "assign"]


def test_a_listener_of_the_creation_may_name_who_does_it_or_that_there_is_no_date() -> None:
    schedule = '<zeebe:taskSchedule dueDate="2030-01-01T00:00:00Z"/>'
    case = process("creating enrich", more=schedule)
    answer(case, corrections={"assignee": "bob", "dueDate": ""})
    assert (task_of(case).state, task_of(case).assignee, task_of(case).due) == ("reserved", "bob", None)


def test_an_assignee_of_the_model_is_decided_on_where_only_assigning_is_listened_to() -> None:
    case = process("assigning quota", assignment=ASSIGNED)
    assert (task_of(case).state, task_of(case).assignee) == ("assigning", "")
    answer(case, denied=True)
    assert (task_of(case).state, task_of(case).assignee) == ("ready", "")
    assert process("assigning quota").state.waits.keys() == {task_of(process("assigning quota")).id}


def test_escalations_of_people_and_deadlines_are_updates() -> None:
    case = process("updating sla", more=LATE)
    act(case, "escalate", to="head")
    assert task_of(case).state == "updating"
    answer(case, denied=True)
    assert (task_of(case).roles, task_of(case).priority) == (("clerk",), 50)
    overdue(case)
    assert task_of(case).state == "updating"
    answer(case, corrections={"priority": 99})
    assert (task_of(case).state, task_of(case).roles, task_of(case).priority) == ("ready", ("boss",), 99)


def test_a_deadline_while_listeners_decide_changes_the_task_beneath() -> None:
    case = process("completing check", more=LATE)
    act(case, "claim")
    act(case, "complete")
    overdue(case)
    task = task_of(case)
    assert (task.state, task.roles) == ("completing", ("boss",))
    answer(case, denied=True)
    assert (task_of(case).state, task_of(case).roles) == ("ready", ("boss",))


@pytest.mark.parametrize(
    ("result", "path"),
    [
        ({"approved": True}, "variables.approved"),
        ({"denied": "yes"}, "variables.denied"),
        ({"deniedReason": 3}, "variables.deniedReason"),
        ({"corrections": ["bob"]}, "variables.corrections"),
        ({"denied": True, "corrections": {"priority": 1}}, "variables.corrections"),
        ({"corrections": {"asignee": "bob"}}, "variables.corrections.asignee"),
        ({"corrections": {"priority": 101}}, "variables.corrections.priority"),
        ({"corrections": {"priority": True}}, "variables.corrections.priority"),
        ({"corrections": {"candidateGroups": "clerk"}}, "variables.corrections.candidateGroups"),
        ({"corrections": {"candidateUsers": [1]}}, "variables.corrections.candidateUsers"),
        ({"corrections": {"assignee": "eve"}}, "variables.corrections.assignee"),
        ({"corrections": {"dueDate": "soon"}}, "variables.corrections.dueDate"),
        ({"corrections": {"followUpDate": 5}}, "variables.corrections.followUpDate"),
    ],
)
def test_an_answer_that_says_nothing_of_the_task_is_refused_with_its_place(result: Any, path: str) -> None:
    case = process("completing check", more='<fm:exclude person="eve"/>')
    act(case, "complete", approved=True)
    with pytest.raises(FlowMasterError) as refused:
        answer(case, **result)
    assert (refused.value.code, refused.value.path) == ("job.verdict_wrong", path)
    answer(case)
    assert case.state.status == "completed"


def test_a_created_task_that_nobody_is_named_for_is_open_to_all_of_its_role() -> None:
    case = process("creating enrich")
    answer(case)
    assert (task_of(case).state, task_of(case).assignee) == ("ready", "")
    assert changes(case) == ["creating", "create"]


def test_that_a_task_is_created_cannot_be_denied() -> None:
    case = process("creating enrich")
    with pytest.raises(FlowMasterError) as refused:
        answer(case, denied=True)
    assert refused.value.path == "variables.denied"


def test_a_listener_that_cannot_be_asked_stops_the_task_until_it_is_retried() -> None:
    case = process("completing =kind", "completing audit")
    act(case, "complete", approved=True)
    (incident,) = case.state.incidents.values()
    assert (incident.element, incident.code) == ("a", "expression.not_text")
    case.do(cmd.SetVariables, {"kind": "check"})
    case.do(cmd.Retry)
    assert offered(case) == "check"
    answer(case)
    answer(case)
    assert case.state.status == "completed"


def test_a_listener_without_tries_left_is_offered_again() -> None:
    case = process("completing check 1")
    act(case, "complete", approved=True)
    (wait,) = [one for one in case.state.waits.values() if isinstance(one, JobWait)]
    case.do(cmd.FailJob, wait.id, "down", 0)
    assert [one.code for one in case.state.incidents.values()] == ["job.failed"]
    with pytest.raises(FlowMasterError):
        case.do(cmd.ThrowJobError, wait.id, "E1")
    case.do(cmd.Retry)
    assert not case.state.incidents
    answer(case)
    assert case.state.status == "completed"


def test_a_task_that_listeners_decide_on_can_be_skipped_and_cancelled() -> None:
    case = process("completing check")
    act(case, "complete", approved=True)
    case.do(cmd.Skip, "a", {"approved": False})
    assert case.state.status == "completed"
    case = process("completing check")
    act(case, "complete", approved=True)
    case.do(cmd.CancelInstance)
    assert (case.state.status, case.state.waits) == ("cancelled", {})


def test_what_is_asked_for_survives_being_stored() -> None:
    case = process("completing check", "completing audit")
    act(case, "complete", approved=True, lines=[{"price": 3}])
    answer(case, corrections={"candidateGroups": ["head"], "priority": 7})
    task = task_of(case)
    assert decode_wait(encode_wait(task)) == task
    told = decode_events(encode_events(case.events))
    assert fold(blank("", "", 0), told) == case.state
