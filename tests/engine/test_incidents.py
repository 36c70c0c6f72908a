"""What goes wrong inside an instance stops one token, can be mended, and is never lost or doubled."""

import pytest

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine.decide import decide
from flowmaster.engine.errors import MESSAGE_LENGTH_MAX, FlowMasterError
from flowmaster.engine.state import Incident, TimerWait
from tests.engine.cases import Case, E, S, flows, job, model, script, timer, user

CODES = '<error id="er" errorCode="=code"/><escalation id="es" escalationCode="=code"/>'
CATCH = '<boundaryEvent id="b" attachedToRef="a"><errorEventDefinition errorRef="er"/></boundaryEvent>'
CALL = '<callActivity id="a"><extensionElements><zeebe:calledElement processId="other"/></extensionElements></callActivity>'
MAPPED = '<zeebe:ioMapping><zeebe:output source="=n + 1" target="n"/></zeebe:ioMapping>'


def refusal(case: Case, kind: type, *arguments: object) -> FlowMasterError:
    """Give a command that is refused, and return the refusal."""
    before = case.state.copy()
    with pytest.raises(FlowMasterError) as refused:
        case.do(kind, *arguments)
    assert case.state == before
    return refused.value


def test_an_error_whose_catcher_has_no_code_stops_the_job_until_the_data_are_mended() -> None:
    case = Case(model(S + job("a") + CATCH + E + '<endEvent id="c"/>' + flows("s a", "a e", "b c"), CODES))
    case.do(cmd.ThrowJobError, case.wait("a").id, "BAD")
    assert case.incidents() == {"a": "expression.not_text"}
    case.do(cmd.SetVariables, {"code": "BAD"})
    case.do(cmd.Retry)
    case.do(cmd.ThrowJobError, case.wait("a").id, "BAD")
    assert case.completed()[-1] == "c"


def test_an_error_end_whose_catcher_has_no_code_keeps_its_token() -> None:
    throw = '<startEvent id="is"/><endEvent id="x"><errorEventDefinition errorRef="e2"/></endEvent>'
    inner = f'<subProcess id="a">{throw}<sequenceFlow id="i" sourceRef="is" targetRef="x"/></subProcess>'
    body = S + inner + CATCH + E + '<endEvent id="c"/>' + flows("s a", "a e", "b c")
    case = Case(model(body, CODES + '<error id="e2" errorCode="BAD"/>'))
    assert case.incidents() == {"x": "expression.not_text"}
    case.do(cmd.SetVariables, {"code": "BAD"})
    case.do(cmd.Retry)
    assert case.completed()[-1] == "c"
    assert case.state.status == "completed"


def called(boundary: str = "") -> Case:
    body = S + CALL + boundary + E + '<endEvent id="c"/>'
    return Case(model(body + flows("s a", "a e", *(["b c"] if boundary else [])), CODES))


def test_a_called_process_that_failed_is_called_again_and_its_deadline_runs_on() -> None:
    case = called(timer("b", "a", "PT1H"))
    due = case.wait("b").due
    case.now += 60_000
    case.do(cmd.ReportChildEnded, case.wait("a").id, "refused", {}, "", "There is no such process.")
    assert case.incidents() == {"a": "call.refused"}
    case.do(cmd.Retry)
    assert case.waiting == ["a", "b"]
    assert case.wait("b").due == due
    case.do(cmd.ReportChildStarted, case.wait("a").id, "other:1")
    assert case.wait("a").child == "other:1"
    case.do(cmd.ReportChildEnded, case.wait("a").id, "completed", {"x": 1})
    assert case.state.variables == {"x": 1}
    assert case.state.status == "completed"


def test_an_incident_recorded_before_its_call_had_a_stage_of_its_own_does_not_double_the_deadline() -> None:
    case = called(timer("b", "a", "PT1H"))
    case.do(cmd.ReportChildEnded, case.wait("a").id, "cancelled")
    (incident,) = case.state.incidents.values()
    case.state.incidents[incident.id] = incident._replace(stage="active")
    case.do(cmd.Retry)
    assert case.waiting == ["a", "b"]


@pytest.mark.parametrize(("code", "end"), [("BAD", "c"), ("OTHER", "")])
def test_an_error_of_a_called_process_is_caught_at_the_call_or_stops_it(code: str, end: str) -> None:
    case = called(CATCH)
    case.do(cmd.SetVariables, {"code": "BAD"})
    case.do(cmd.ReportChildEnded, case.wait("a").id, "failed", {"why": 1}, code, "bad")
    if end:
        assert case.completed()[-1] == end
        assert case.state.variables["why"] == 1
    else:
        assert case.incidents() == {"a": "error.not_caught"}


def test_an_error_of_a_called_process_whose_catcher_has_no_code_stops_the_call() -> None:
    case = called(CATCH)
    case.do(cmd.ReportChildEnded, case.wait("a").id, "failed", {}, "BAD")
    assert case.incidents() == {"a": "expression.not_text"}


def test_an_escalation_of_a_called_process_whose_catcher_has_no_code_is_told_and_the_call_goes_on() -> None:
    catch = '<boundaryEvent id="b" attachedToRef="a" cancelActivity="false"><escalationEventDefinition escalationRef="es"/>'
    case = called(catch + "</boundaryEvent>")
    case.do(cmd.ReportEscalation, case.wait("a").id, "LATE")
    assert case.incidents() == {"a": "expression.not_text"}
    case.do(cmd.SetVariables, {"code": "LATE"})
    case.do(cmd.Retry)
    assert case.waiting == ["a"]
    case.do(cmd.ReportEscalation, case.wait("a").id, "LATE", {"days": 3})
    assert case.completed()[-1] == "c"
    case.do(cmd.ReportChildEnded, case.wait("a").id, "completed")
    assert case.state.status == "completed"


def test_a_called_process_that_ends_takes_an_incident_beside_it_away() -> None:
    catch = '<boundaryEvent id="b" attachedToRef="a"><escalationEventDefinition escalationRef="es"/></boundaryEvent>'
    case = called(catch)
    case.do(cmd.ReportEscalation, case.wait("a").id, "LATE")
    case.do(cmd.ReportChildEnded, case.wait("a").id, "completed")
    assert isinstance(case.events[-1], ev.InstanceEnded)
    assert any(isinstance(event, ev.IncidentResolved) for event in case.events)


def test_an_escalation_to_nobody_leaves_the_task_open_and_is_made_by_a_retry() -> None:
    inner = '<fm:deadline after="PT1H" action="escalate" to="=chief"/>'
    case = Case(model(S + user("a", inner) + E + flows("s a", "a e")))
    (deadline,) = [wait for wait in case.state.waits.values() if isinstance(wait, TimerWait)]
    case.now = deadline.due
    case.do(cmd.FireTimer, deadline.id)
    assert case.incidents() == {"a": "task.candidates_no_names"}
    case.do(cmd.SetVariables, {"chief": "cfo"})
    case.do(cmd.Retry)
    assert case.wait("a").roles == ("cfo",)
    case.complete("a")
    assert case.state.status == "completed"


def test_a_second_failure_takes_the_place_of_the_first() -> None:
    case = Case(model(S + job("a") + E + flows("s a", "a e")))
    case.do(cmd.FailJob, case.wait("a").id, "timeout", 0)
    case.do(cmd.FailJob, case.wait("a").id, "refused", 0)
    case.do(cmd.ThrowJobError, case.wait("a").id, "BAD", "it is bad")
    (incident,) = case.state.incidents.values()
    assert incident.message == "The error 'BAD' is not caught: it is bad"
    case.job("a")
    assert case.state.status == "completed"


def test_a_retry_after_a_missing_way_does_not_map_outputs_twice() -> None:
    body = S + job("a", inner=MAPPED) + E + '<endEvent id="c"/>' + flows("s a", "a e: ok", "a c: not(ok)")
    case = Case(model(body), {"n": 0})
    case.job("a")
    assert case.incidents() == {"a": "condition.not_boolean"}
    case.do(cmd.SetVariables, {"ok": True})
    case.do(cmd.Retry)
    assert case.state.variables["n"] == 1
    assert case.completed()[-1] == "e"


def test_outputs_that_fail_are_mapped_again_by_a_retry() -> None:
    inner = '<zeebe:ioMapping><zeebe:output source="=for i in 1..m return i" target="n"/></zeebe:ioMapping>'
    case = Case(model(S + job("a", inner=inner) + E + flows("s a", "a e")), {"m": 9_000_000})
    case.job("a")
    assert case.incidents() == {"a": "feel.limit_exceeded"}
    case.do(cmd.SetVariables, {"m": 2})
    case.do(cmd.Retry, "a")
    assert case.state.variables["n"] == [1, 2]


def test_a_scope_that_closes_again_takes_its_incident_with_it() -> None:
    start = '<startEvent id="es" isInterrupting="false"><messageEventDefinition messageRef="m"/></startEvent>'
    handler = f'<subProcess id="h" triggeredByEvent="true">{start}</subProcess>'
    inner = '<startEvent id="is"/>' + handler
    body = S + f'<subProcess id="a" default="f3">{inner}</subProcess>' + E + '<endEvent id="c"/>'
    case = Case(model(body + flows("s a", "a e: ok", "a c"), '<message id="m" name="again"/>'), {"ok": 7})
    assert case.incidents() == {"a": "condition.not_boolean"}
    case.receive("es", ok=True)
    assert case.incidents() == {}
    assert case.state.status == "completed"


def test_a_process_started_by_a_message_begins_there_again_after_a_retry() -> None:
    start = '<startEvent id="ms"><messageEventDefinition messageRef="m"/></startEvent>'
    inner = '<startEvent id="ks"><messageEventDefinition messageRef="k"/></startEvent>'
    body = (
        S + start + user("a") + user("b") + f'<subProcess id="h" triggeredByEvent="true">{inner}</subProcess>'
    )
    definitions = '<message id="m" name="order"/><message id="k" name="=topic"/>'
    case = Case(model(body + flows("s a", "ms b"), definitions), {}, start="ms")
    assert case.incidents() == {"p": "expression.not_text"}
    case.do(cmd.SetVariables, {"topic": "stop"})
    case.do(cmd.Retry)
    assert case.waiting == ["b", "ks"]


@pytest.mark.parametrize("start", ["a", "nothing", "is"])
def test_an_instance_starts_at_a_start_event_of_its_process_only(start: str) -> None:
    executable = model(
        S + '<subProcess id="x"><startEvent id="is"/></subProcess>' + user("a") + flows("s a", "a x")
    )
    with pytest.raises(FlowMasterError) as refused:
        decide(executable, None, cmd.StartInstance(0, "ann", "p:1", start=start))
    assert refused.value.code == "instance.start_unknown"
    assert refused.value.expected == ["s"]


@pytest.mark.parametrize("found", [{}, {"found": 1}])
def test_a_handler_that_cannot_wait_for_its_own_handlers_is_an_incident_and_can_be_retried(
    found: dict[str, int],
) -> None:
    nested = '<startEvent id="ns"><messageEventDefinition messageRef="k"/></startEvent>'
    inner = '<startEvent id="es"><messageEventDefinition messageRef="m"/></startEvent>' + user("b")
    inner += f'<subProcess id="n" triggeredByEvent="true">{nested}</subProcess>'
    inner += '<sequenceFlow id="i1" sourceRef="es" targetRef="b"/>'
    body = S + user("a") + f'<subProcess id="h" triggeredByEvent="true">{inner}</subProcess>'
    case = Case(model(body + flows("s a"), '<message id="m" name="go"/><message id="k" name="=topic"/>'))
    case.receive("es", **found)
    assert case.incidents() == {"h": "expression.not_text"}
    assert case.state.variables == found
    case.do(cmd.SetVariables, {"topic": "stop"})
    case.do(cmd.Retry)
    assert case.waiting == ["b", "ns"]


def test_every_start_of_a_scope_begins_even_where_the_first_is_over_at_once() -> None:
    case = Case(model(script("a", "1", "x") + user("b") + script("c", "2", "y")))
    assert case.waiting == ["b"]
    assert case.state.variables == {"x": 1, "y": 2}
    case.complete("b")
    assert case.state.status == "completed"


def test_a_start_that_ends_the_instance_leaves_nothing_to_begin() -> None:
    fatal = '<endEvent id="x"><errorEventDefinition errorRef="er"/></endEvent>'
    case = Case(model(fatal + user("b"), '<error id="er" errorCode="BAD"/>'))
    assert case.state.status == "failed"
    assert case.cancelled() == ["b"]


def test_an_incident_without_a_node_is_resolved_by_a_retry() -> None:
    case = Case(model(S + user("a") + E + flows("s a", "a e")))
    case.state.incidents[50] = Incident(50, 49, "gone", "active", "x.y", "lost", 0, 1)
    case.do(cmd.Retry, "", 50)
    assert case.incidents() == {}
    assert case.waiting == ["a"]


def test_a_message_of_an_incident_is_bounded() -> None:
    case = Case(model(S + '<exclusiveGateway id="g"/>' + E + flows("s g", "g e: n")), {"n": "x" * 100_000})
    (incident,) = case.state.incidents.values()
    assert len(incident.message) <= MESSAGE_LENGTH_MAX + 3


def test_a_retry_of_nothing_is_refused_with_what_there_is() -> None:
    case = Case(model(S + script("a", "for i in 1..9000000 return i", "x") + E + flows("s a", "a e")))
    assert refusal(case, cmd.Retry, "b").path == "element"
    refused = refusal(case, cmd.Retry, "", 99)
    assert (refused.code, refused.path, refused.expected) == ("incident.unknown", "incident", ["a"])


def test_retrying_all_tries_each_incident_once() -> None:
    body = S + '<parallelGateway id="g"/>' + job("a", retries="=r") + job("b", retries="=r")
    case = Case(model(body + flows("s g", "g a", "g b")))
    assert case.incidents() == {"a": "job.retries_wrong", "b": "job.retries_wrong"}
    case.do(cmd.SetVariables, {"r": "5"})
    case.do(cmd.Retry)
    assert [case.wait(key).retries for key in ("a", "b")] == [5, 5]


def test_a_job_that_is_offered_again_leaves_its_deadline_as_it_is() -> None:
    case = Case(model(S + job("a") + timer("late", "a", "PT1H") + E + flows("s a", "a e", "late e")))
    due = case.wait("late").due
    case.do(cmd.FailJob, case.wait("a").id, "down", 0, None)
    case.now += 60_000
    case.do(cmd.Retry)
    assert (case.wait("a").retries, case.wait("late").due) == (1, due)
