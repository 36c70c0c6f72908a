"""Who may do a task, by when, and what happens to one that stays open."""

import pytest

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine.elements.people import due_text
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.state import TimerWait
from flowmaster.engine.timers import instant
from tests.engine.cases import Case, E, S, flows, model, timer, user
from tests.engine.test_data_and_people import act, refusal

ASSIGN = "<zeebe:assignmentDefinition {}/>"


def task(inner: str = "", **variables: object) -> Case:
    """Return an instance that waits at one user task."""
    return Case(model(S + user("a", inner) + E + flows("s a", "a e")), variables)


def test_a_task_is_reserved_for_its_assignee_who_alone_may_complete_it() -> None:
    case = task(ASSIGN.format('assignee="=boss"'), boss="ann")
    assert (case.wait("a").state, case.wait("a").assignee) == ("reserved", "ann")
    assert refusal(case, "complete", "bob", roles=frozenset()) == "task.held_by_other"
    act(case, "complete", "ann", roles=frozenset())
    assert case.state.status == "completed"


def test_a_person_whom_the_caller_names_does_not_do_what_another_holds() -> None:
    case = task(ASSIGN.format('assignee="ann"'))
    with pytest.raises(Exception, match="held by 'ann'"):
        case.do(cmd.ActOnTask, case.wait("a").id, "complete", named=True, by="bob")
    case.do(cmd.ActOnTask, case.wait("a").id, "complete", by="bob")
    assert case.state.status == "completed"


def test_an_excluded_assignee_does_not_get_the_task() -> None:
    case = task(ASSIGN.format('assignee="=boss"') + '<fm:exclude person="=boss"/>', boss="ann")
    assert (case.wait("a").state, case.wait("a").assignee) == ("ready", "")


@pytest.mark.parametrize(
    ("found", "code"),
    [(None, "task.assignee_empty"), ("", "task.assignee_empty"), (7, "task.assignee_no_name")],
)
def test_an_assignee_that_is_no_name_is_an_incident(found: object, code: str) -> None:
    assert task(ASSIGN.format('assignee="=boss"'), boss=found).incidents() == {"a": code}


@pytest.mark.parametrize(("found", "names"), [("ann, bob,", ("ann", "bob")), (["cid"], ("cid",)), ([], ())])
def test_candidates_are_names_in_a_text_or_a_list(found: object, names: tuple[str, ...]) -> None:
    assert task(ASSIGN.format('candidateUsers="=them"'), them=found).wait("a").users == names


@pytest.mark.parametrize("found", [None, 7, ["ann", 7]])
def test_candidates_that_are_no_names_are_an_incident(found: object) -> None:
    case = task(ASSIGN.format('candidateGroups="=them"'), them=found)
    assert case.incidents() == {"a": "task.candidates_no_names"}


def test_a_named_user_and_a_member_of_a_role_may_claim_and_others_may_not() -> None:
    case = task(ASSIGN.format('candidateGroups="clerk" candidateUsers="ann"'))
    assert refusal(case, "claim", "bob", roles=frozenset({"chief"})) == "task.not_candidate"
    act(case, "claim", "ann", roles=frozenset())
    act(case, "reject", "ann", roles=frozenset(), comment="not mine")
    assert case.wait("a").state == "ready"
    act(case, "claim", "cid", roles=frozenset({"clerk"}))
    assert case.wait("a").assignee == "cid"


def test_a_task_without_candidates_is_anybodys() -> None:
    case = task()
    act(case, "claim", "bob", roles=frozenset())
    assert case.wait("a").assignee == "bob"


@pytest.mark.parametrize(("found", "excluded"), [("ann", ("ann",)), (["ann", "bob", "ann"], ("ann", "bob"))])
def test_exclusions_name_one_person_or_several(found: object, excluded: tuple[str, ...]) -> None:
    assert task('<fm:exclude person="=them"/>', them=found).wait("a").excluded == excluded


@pytest.mark.parametrize("found", [7, ["ann", 7]])
def test_an_exclusion_that_is_no_name_is_an_incident(found: object) -> None:
    assert task('<fm:exclude person="=them"/>', them=found).incidents() == {"a": "task.exclusion_no_name"}


def test_an_exclusion_of_who_did_a_step_that_nobody_did_excludes_nobody() -> None:
    assert task('<fm:exclude step="b"/>').wait("a").excluded == ()


@pytest.mark.parametrize(
    ("due", "at"),
    [("=when", None), ("PT1H", "1970-01-01T01:16:40Z"), ("2030-01-01T00:00:00Z", "2030-01-01T00:00:00Z")],
)
def test_a_task_is_due_after_a_duration_at_an_instant_or_never(due: str, at: str | None) -> None:
    case = task(f'<zeebe:taskSchedule dueDate="{due}" followUpDate="=when"/>')
    assert due_text(case.wait("a").due) == at
    assert case.wait("a").follow_up is None


def test_a_due_date_that_is_no_time_is_an_incident() -> None:
    assert task('<zeebe:taskSchedule dueDate="soon"/>').incidents() == {"a": "timer.unreadable"}


@pytest.mark.parametrize(("found", "priority"), [(7, 7), ("80", 80), (-5, 0), (500, 100)])
def test_a_priority_lies_between_0_and_100(found: object, priority: int) -> None:
    case = task('<zeebe:priorityDefinition priority="=p"/>', p=found)
    assert case.wait("a").priority == priority


def test_a_task_that_names_no_priority_has_the_middle_one() -> None:
    assert task().wait("a").priority == 50


@pytest.mark.parametrize("found", [None, "much", [1]])
def test_a_priority_that_is_no_number_is_an_incident(found: object) -> None:
    case = task('<zeebe:priorityDefinition priority="=p"/>', p=found)
    assert case.incidents() == {"a": "task.priority_no_number"}


def test_a_task_is_escalated_by_hand_to_a_role_or_only_made_more_urgent() -> None:
    case = task(ASSIGN.format('assignee="ann" candidateUsers="ann"'))
    act(case, "escalate", "bob")
    assert (case.wait("a").priority, case.wait("a").assignee) == (75, "ann")
    act(case, "escalate", "bob", to="cfo")
    wait = case.wait("a")
    assert (wait.priority, wait.assignee, wait.roles, wait.users) == (100, "", ("cfo",), ())


def test_a_suspended_task_comes_back_to_whoever_held_it() -> None:
    case = task()
    act(case, "claim", "ann")
    act(case, "suspend", "ann")
    act(case, "comment", "bob", comment="waits for the bank")
    act(case, "resume", "ann")
    assert (case.wait("a").state, case.wait("a").assignee) == ("reserved", "ann")


def deadline(case: Case) -> None:
    """Let the first deadline of the open task fire."""
    first = min((w for w in case.state.waits.values() if isinstance(w, TimerWait)), key=lambda w: w.due)
    case.now = max(case.now, first.due)
    case.do(cmd.FireTimer, first.id)


@pytest.mark.parametrize(
    ("inner", "reminded"),
    [('assignee="ann"', "ann"), ('candidateGroups="clerk" candidateUsers="bob"', "clerk, bob")],
)
def test_a_reminder_goes_to_who_holds_the_task_else_to_its_candidates(inner: str, reminded: str) -> None:
    case = task(ASSIGN.format(inner) + '<fm:deadline after="PT1H" action="remind"/>')
    deadline(case)
    (change,) = [event for event in case.events if isinstance(event, ev.TaskChanged)]
    assert change.data == {"to": reminded}


def test_an_escalation_without_a_role_makes_the_task_more_urgent() -> None:
    case = task('<fm:deadline after="PT1H" action="escalate"/>')
    deadline(case)
    assert case.wait("a").priority == 75


def test_a_deadline_of_a_task_that_is_done_changes_nothing() -> None:
    body = S + user("a", '<fm:deadline after="PT1H" action="remind"/>') + E + flows("s a", "a e: ok")
    case = Case(model(body))
    (open_task,) = [wait for wait in case.state.waits.values() if not isinstance(wait, TimerWait)]
    case.do(cmd.ActOnTask, open_task.id, "complete")
    assert case.incidents() == {"a": "condition.not_boolean"}
    deadline(case)
    assert not [event for event in case.events if isinstance(event, ev.TaskChanged)]
    case.do(cmd.Retry)
    assert case.incidents() == {"a": "condition.not_boolean"}


def test_an_instant_is_shown_in_utc() -> None:
    assert due_text(instant("2030-01-01T01:00:00+01:00")) == "2030-01-01T00:00:00Z"


def test_an_answer_that_a_check_forbids_is_refused() -> None:
    check = '<fm:check message="Too much." path="amount">=amount &lt; limit</fm:check>'
    case = task(check, limit=10)
    with pytest.raises(FlowMasterError) as refused:
        case.complete("a", amount=50)
    assert (refused.value.code, refused.value.path) == ("task.answer_forbidden", "variables.amount")
    case.complete("a", amount=5)
    assert case.state.status == "completed"


def test_a_task_with_a_time_limit_is_still_found_by_its_deadline() -> None:
    inner = '<fm:deadline after="PT1H" action="remind"/>'
    case = Case(model(S + user("a", inner) + timer("late", "a", "PT5H") + E + flows("s a", "a e", "late e")))
    deadline(case)
    assert [event.action for event in case.events if isinstance(event, ev.TaskChanged)] == ["remind"]
