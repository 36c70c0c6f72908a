"""Variables live in scopes; people's tasks follow their life cycle, deadlines and exclusions."""

import pytest

from flowmaster.engine import commands as cmd
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.state import TimerWait
from flowmaster.engine.timers import later
from tests.engine.cases import Case, E, S, flows, job, model, script, user

IO = "<zeebe:ioMapping>{}</zeebe:ioMapping>"


def mapped(*mappings: str) -> str:
    """Write io mappings: `in source -> target` or `out source -> target`."""
    written = []
    for mapping in mappings:
        way, rest = mapping.split(" ", 1)
        source, target = rest.split(" to ")
        written.append(f'<zeebe:{way}put source="={source}" target="{target}"/>')
    return IO.format("".join(written))


def test_an_input_mapping_is_local_and_outputs_choose_what_comes_back() -> None:
    inner = mapped("in n + 1 to local", "out local * 10 to result")
    case = Case(model(S + job("a", inner=inner) + E + flows("s a", "a e")), {"n": 4})
    case.job("a", junk=1)
    assert case.state.variables == {"n": 4, "result": 50}


def test_a_nested_target_keeps_the_rest_of_its_context() -> None:
    inner = mapped("out 5 to order.total")
    case = Case(model(S + job("a", inner=inner) + E + flows("s a", "a e")), {"order": {"id": "x"}})
    case.job("a")
    assert case.state.variables["order"] == {"id": "x", "total": 5}


def test_without_outputs_a_result_goes_to_the_nearest_scope_that_has_the_name() -> None:
    inner = mapped("in 1 to n")
    case = Case(model(S + job("a", inner=inner) + E + flows("s a", "a e")), {"n": 7})
    case.job("a", n=2, other=3)
    assert case.state.variables == {"n": 7, "other": 3}


def test_a_failing_job_is_offered_again_until_its_tries_are_used_up() -> None:
    case = Case(model(S + job("a") + E + flows("s a", "a e")))
    case.do(cmd.FailJob, case.wait("a").id, "timeout", 1, case.now + 5)
    assert case.wait("a").retries == 1
    assert case.incidents() == {}
    case.do(cmd.FailJob, case.wait("a").id, "timeout", 0)
    assert case.incidents() == {"a": "job.failed"}
    case.do(cmd.Retry)
    assert case.wait("a").retries == 1
    case.job("a")
    assert case.state.status == "completed"


def test_a_script_that_fails_is_an_incident_at_its_element() -> None:
    case = Case(model(S + script("a", "for i in 1..10000000 return i", "x") + E + flows("s a", "a e")))
    assert case.incidents() == {"a": "feel.limit_exceeded"}


def task(inner: str = "") -> Case:
    return Case(
        model(S + user("a", inner) + user("b", '<fm:exclude step="a"/>') + E + flows("s a", "a b", "b e")),
        {"boss": "ann"},
    )


def act(case: Case, action: str, by: str, *, roles: frozenset[str] | None = None, **more: str) -> None:
    (wait,) = case.state.waits.values()
    case.do(cmd.ActOnTask, wait.id, action, {}, more.get("to", ""), more.get("comment", ""), roles, by=by)


def refusal(case: Case, action: str, by: str, *, roles: frozenset[str] | None = None, **more: str) -> str:
    before = case.state.copy()
    with pytest.raises(FlowMasterError) as refused:
        act(case, action, by, roles=roles, **more)
    assert case.state == before
    return refused.value.code


def test_a_task_is_claimed_released_delegated_and_completed() -> None:
    case = task('<zeebe:assignmentDefinition candidateGroups="clerk"/>')
    clerk = frozenset({"clerk"})
    assert refusal(case, "claim", "eve", roles=frozenset()) == "task.not_candidate"
    act(case, "claim", "bob", roles=clerk)
    assert refusal(case, "claim", "cid", roles=clerk) == "task.state_forbids"
    assert refusal(case, "complete", "cid", roles=clerk) == "task.held_by_other"
    act(case, "delegate", "bob", roles=clerk, to="cid")
    act(case, "release", "cid", roles=clerk)
    act(case, "suspend", "cid")
    assert refusal(case, "complete", "cid", roles=clerk) == "task.state_forbids"
    act(case, "resume", "cid")
    act(case, "complete", "cid", roles=clerk)
    assert case.waiting == ["b"]


def test_delegating_without_a_person_and_unknown_actions_are_refused() -> None:
    case = task()
    assert refusal(case, "delegate", "bob") == "task.to_missing"
    assert refusal(case, "eat", "bob") == "task.action_unknown"


def test_who_did_one_step_may_not_do_the_other() -> None:
    case = task()
    case.complete("a", by="bob")
    assert refusal(case, "claim", "bob") == "task.person_excluded"
    assert refusal(case, "assign", "ann", to="bob") == "task.person_excluded"
    case.complete("b", by="ann")
    assert case.state.status == "completed"


def test_a_person_of_the_data_is_excluded_and_an_empty_exclusion_is_an_incident() -> None:
    case = task('<fm:exclude person="=boss"/>')
    assert refusal(case, "complete", "ann") == "task.person_excluded"
    empty = Case(model(S + user("a", '<fm:exclude person="=nobody"/>') + E + flows("s a", "a e")))
    assert empty.incidents() == {"a": "task.exclusion_empty"}


def test_a_draft_is_kept_and_completes_with_the_answer() -> None:
    case = task()
    (wait,) = case.state.waits.values()
    case.do(cmd.ActOnTask, wait.id, "save_draft", {"x": 1, "y": 1})
    case.complete("a", y=2)
    assert case.state.variables["x"] == 1
    assert case.state.variables["y"] == 2


def test_deadlines_remind_and_then_escalate() -> None:
    inner = '<zeebe:assignmentDefinition candidateGroups="clerk"/>'
    inner += (
        '<fm:deadline after="PT48H" action="remind"/><fm:deadline after="PT72H" action="escalate" to="cfo"/>'
    )
    case = Case(model(S + user("a", inner) + E + flows("s a", "a e")))
    reminder, escalation = sorted(
        (w for w in case.state.waits.values() if isinstance(w, TimerWait)), key=lambda w: w.due
    )
    assert reminder.due == later(1_000_000, "PT48H")
    case.now = reminder.due
    case.do(cmd.FireTimer, reminder.id)
    case.now = escalation.due
    case.do(cmd.FireTimer, escalation.id)
    (open_task,) = case.state.waits.values()
    assert open_task.roles == ("cfo",)  # type: ignore[union-attr]  # the task is what is left
    case.complete("a")
    assert case.state.status == "completed"


def test_a_task_that_is_over_cannot_be_done_again() -> None:
    case = task()
    first = case.wait("a").id
    case.complete("a")
    with pytest.raises(FlowMasterError) as refused:
        case.do(cmd.ActOnTask, first, "complete")
    assert refused.value.code == "wait.over"


def test_variables_can_be_set_in_the_scope_of_an_active_element_only() -> None:
    case = task()
    case.do(cmd.SetVariables, {"x": 1}, "a")
    assert "x" not in case.state.variables
    with pytest.raises(FlowMasterError) as refused:
        case.do(cmd.SetVariables, {"x": 1}, "zzz")
    assert refused.value.code == "instance.scope_unknown"


def test_a_condition_on_a_flow_out_of_an_activity_sees_what_the_flow_belongs_to_not_what_was_local() -> None:
    body = S + user("a", mapped("in 7 to n")) + user("low") + user("high")
    case = Case(model(body + flows("s a", "a low: n &lt; 5", "a high: n &gt;= 5")), {"n": 1})
    case.complete("a")
    assert case.waiting == ["low"]


def test_all_who_did_a_step_in_any_round_are_known() -> None:
    body = S + '<exclusiveGateway id="again"/>' + user("a") + '<exclusiveGateway id="g"/>' + E
    case = Case(model(body + flows("s again", "again a", "a g", "g again: more", "g e: not(more)")))
    for by in ("ann", "bob", "ann"):
        case.complete("a", by=by, more=True)
    assert case.state.performers == {"a": ("ann", "bob")}
