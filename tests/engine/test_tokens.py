"""Tokens move as BPMN 2.0.2, clause 13, says: gateways, scopes, boundaries, joins, loops."""

import pytest

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.limits import STEPS_MAX
from tests.engine.cases import Case, E, S, flows, job, model, script, timer, user


def test_a_sequence_runs_to_its_end_in_one_step() -> None:
    case = Case(
        model(S + script("a", "1 + 1", "x") + script("b", "x * 2", "y") + E + flows("s a", "a b", "b e"))
    )
    assert case.state.status == "completed"
    assert case.state.variables == {"x": 2, "y": 4}
    assert case.completed() == ["s", "a", "b", "e"]


def gate(default: str = "") -> str:
    attribute = f' default="{default}"' if default else ""
    ends = '<endEvent id="e1"/><endEvent id="e2"/>'
    return S + f'<exclusiveGateway id="g"{attribute}/>' + ends + flows("s g", "g e1: n > 1", "g e2: n > 5")


@pytest.mark.parametrize(("n", "end"), [(2, "e1"), (9, "e1")])
def test_an_exclusive_gateway_takes_the_first_flow_that_holds(n: int, end: str) -> None:
    assert end in Case(model(gate()), {"n": n}).completed()


def test_a_step_without_a_flow_that_holds_is_an_incident_that_can_be_mended() -> None:
    ends = '<endEvent id="e1"/><endEvent id="e2"/>'
    case = Case(
        model(S + script("a", "1", "x") + ends + flows("s a", "a e1: n > 1", "a e2: n > 5")), {"n": 0}
    )
    assert case.incidents() == {"a": "flow.none_holds"}
    case.do(cmd.SetVariables, {"n": 9})
    case.do(cmd.Retry, element="a")
    assert case.state.status == "completed"
    assert {"e1", "e2"} <= set(case.completed())


def test_an_exclusive_gateway_without_a_way_is_an_incident_that_can_be_mended() -> None:
    case = Case(model(gate()), {"n": 0})
    assert case.incidents() == {"g": "gateway.no_flow"}
    case.do(cmd.SetVariables, {"n": 3})
    case.do(cmd.Retry, element="g")
    assert case.state.status == "completed"
    assert "e1" in case.completed()


@pytest.mark.parametrize("value", [None, "yes", 1])
def test_a_condition_that_is_not_boolean_is_an_incident(value: object) -> None:
    body = S + '<exclusiveGateway id="g"/>' + E + flows("s g", "g e: n")
    case = Case(model(body), {"n": value})
    assert case.incidents() == {"g": "condition.not_boolean"}


def test_a_failed_retry_counts_its_attempts() -> None:
    case = Case(model(gate()), {"n": 0})
    case.do(cmd.Retry)
    (incident,) = case.state.incidents.values()
    assert incident.attempts == 2


FORK = S + '<parallelGateway id="g"/>' + user("a") + user("b") + '<parallelGateway id="j"/>' + E
FORKED = flows("s g", "g a", "g b", "a j", "b j", "j e")


def test_a_parallel_join_waits_for_all_branches() -> None:
    case = Case(model(FORK + FORKED))
    assert case.waiting == ["a", "b"]
    case.complete("a")
    assert case.state.status == "active"
    case.complete("b")
    assert case.state.status == "completed"
    assert case.completed().count("j") == 1


def test_two_tokens_on_one_flow_wait_for_two_on_the_other() -> None:
    body = S + '<parallelGateway id="g"/><exclusiveGateway id="m"/>' + user("a") + user("b")
    body += '<parallelGateway id="j"/>' + script("c", "1", "x") + E
    case = Case(model(body + flows("s g", "g m", "g m", "g b", "m a", "a j", "b j", "j c", "c e")))
    for wait in [w for w in case.state.waits.values() if w.element == "a"]:
        case.do(cmd.ActOnTask, wait.id, "complete")
    assert case.completed().count("j") == 0
    case.complete("b")
    assert case.completed().count("j") == 1
    assert case.state.status == "active"


def test_an_inclusive_join_waits_only_for_tokens_that_can_come() -> None:
    body = S + '<inclusiveGateway id="g" default="f4"/>' + user("a") + user("b") + user("c")
    body += '<inclusiveGateway id="j"/>' + E
    executable = model(body + flows("s g", "g a: x", "g b: y", "g c", "a j", "b j", "c j", "j e"))
    both = Case(executable, {"x": True, "y": True})
    assert both.waiting == ["a", "b"]
    both.complete("a")
    assert both.state.status == "active"
    both.complete("b")
    assert both.state.status == "completed"
    one = Case(executable, {"x": True, "y": False})
    one.complete("a")
    assert one.state.status == "completed"
    none = Case(executable, {"x": False, "y": False})
    assert none.waiting == ["c"]


def test_flows_out_of_an_activity_split_and_their_default_is_taken_when_none_holds() -> None:
    body = (
        S
        + '<task id="t" default="f3"/><endEvent id="x"/><endEvent id="y"/>'
        + flows("s t", "t x: n > 1", "t y")
    )
    assert "x" in Case(model(body), {"n": 2}).completed()
    assert "y" in Case(model(body), {"n": 0}).completed()


def test_a_loop_without_a_wait_stops_with_an_incident() -> None:
    body = S + '<exclusiveGateway id="m"/>' + script("t", "1", "x") + flows("s m", "m t", "t m")
    case = Case(model(body))
    assert list(case.incidents().values()) == ["engine.too_many_steps"]
    assert len(case.completed()) <= STEPS_MAX + 2


def test_an_event_based_gateway_takes_the_first_event_and_forgets_the_others() -> None:
    definitions = '<message id="m" name="paid"/>'
    body = S + '<eventBasedGateway id="g"/>'
    body += '<intermediateCatchEvent id="k"><messageEventDefinition messageRef="m"/></intermediateCatchEvent>'
    body += '<intermediateCatchEvent id="w"><timerEventDefinition><timeDuration>P1D</timeDuration>'
    body += '</timerEventDefinition></intermediateCatchEvent><endEvent id="e1"/><endEvent id="e2"/>'
    executable = model(body + flows("s g", "g k", "g w", "k e1", "w e2"), definitions)
    case = Case(executable)
    assert case.waiting == ["k", "w"]
    case.receive("k", amount=5)
    assert case.completed() == ["s", "g", "k", "e1"]
    assert case.state.variables == {"amount": 5}
    late = Case(executable)
    late.fire("w")
    assert late.completed()[-1] == "e2"


def sub(inner: str, key: str = "sub") -> str:
    return f'<subProcess id="{key}">{inner}</subProcess>'


def test_an_interrupting_timer_leaves_everything_inside_its_host() -> None:
    inner = '<startEvent id="is"/>' + user("a") + '<sequenceFlow id="i1" sourceRef="is" targetRef="a"/>'
    body = S + sub(inner) + timer("late", "sub", "PT1H") + E + '<endEvent id="e2"/>'
    case = Case(model(body + flows("s sub", "sub e", "late e2")))
    case.fire("late")
    assert case.cancelled() == ["a", "sub"]
    assert case.completed()[-1] == "e2"
    assert case.state.status == "completed"


def test_a_timer_that_does_not_interrupt_runs_beside_its_host_as_often_as_it_says() -> None:
    body = S + user("a") + timer("tick", "a", "R3/PT1H", interrupting=False, kind="timeCycle") + E
    case = Case(
        model(body + script("n", "1", "x") + '<endEvent id="e2"/>' + flows("s a", "a e", "tick n", "n e2"))
    )
    for _ in range(3):
        case.fire("tick")
    assert case.waiting == ["a"]
    assert case.completed().count("n") == 3
    case.complete("a")
    assert case.state.status == "completed"


def test_terminate_ends_only_its_own_scope() -> None:
    inner = '<startEvent id="is"/><parallelGateway id="ig"/>' + user("x") + user("y")
    inner += '<endEvent id="stop"><terminateEventDefinition/></endEvent>'
    inner += '<sequenceFlow id="i1" sourceRef="is" targetRef="ig"/><sequenceFlow id="i2" sourceRef="ig" targetRef="x"/>'
    inner += '<sequenceFlow id="i3" sourceRef="ig" targetRef="y"/><sequenceFlow id="i4" sourceRef="y" targetRef="stop"/>'
    case = Case(model(S + sub(inner) + user("after") + E + flows("s sub", "sub after", "after e")))
    case.complete("y")
    assert case.cancelled() == ["x"]
    assert case.waiting == ["after"]


ERROR = '<error id="er" name="bad" errorCode="BAD"/>'
CATCH = '<boundaryEvent id="b" attachedToRef="{host}"><errorEventDefinition{ref}/></boundaryEvent>'


@pytest.mark.parametrize(("ref", "caught"), [(' errorRef="er"', True), ("", True)])
def test_an_error_of_a_job_is_caught_by_its_code_or_by_a_catch_all(ref: str, caught: bool) -> None:
    body = (
        S
        + job("a")
        + CATCH.format(host="a", ref=ref)
        + E
        + '<endEvent id="e2"/>'
        + flows("s a", "a e", "b e2")
    )
    case = Case(model(body, ERROR))
    case.do(cmd.ThrowJobError, case.wait("a").id, "BAD", "it is bad", {"reason": 7})
    assert case.completed()[-1] == "e2"
    assert case.state.variables == {"reason": 7}


def test_an_error_that_nothing_catches_stops_its_job_until_it_is_retried() -> None:
    case = Case(model(S + job("a") + E + flows("s a", "a e")))
    case.do(cmd.ThrowJobError, case.wait("a").id, "OTHER")
    assert case.incidents() == {"a": "error.not_caught"}
    case.do(cmd.Retry)
    case.job("a")
    assert case.state.status == "completed"


def test_an_uncaught_error_end_does_not_end_as_completed() -> None:
    case = Case(
        model(S + '<endEvent id="x"><errorEventDefinition errorRef="er"/></endEvent>' + flows("s x"), ERROR)
    )
    assert case.state.status == "failed"
    assert case.events[-1] == ev.InstanceEnded(
        "failed", "BAD", "The error 'BAD' thrown by 'x' was not caught."
    )


def test_an_event_sub_process_that_interrupts_takes_over_its_scope() -> None:
    inner = '<startEvent id="es"><messageEventDefinition messageRef="m"/></startEvent>' + user("h")
    inner += '<sequenceFlow id="i1" sourceRef="es" targetRef="h"/>'
    body = S + user("a") + f'<subProcess id="x" triggeredByEvent="true">{inner}</subProcess>' + E
    case = Case(model(body + flows("s a", "a e"), '<message id="m" name="stop"/>'))
    assert case.waiting == ["a", "es"]
    case.receive("es")
    assert case.waiting == ["h"]
    case.complete("h")
    assert case.state.status == "completed"
    assert case.cancelled() == ["a"]


def test_a_signal_reaches_its_own_instance_at_once() -> None:
    throw = '<intermediateThrowEvent id="t"><signalEventDefinition signalRef="sg"/></intermediateThrowEvent>'
    catch = '<intermediateCatchEvent id="k"><signalEventDefinition signalRef="sg"/></intermediateCatchEvent>'
    body = S + '<parallelGateway id="g"/>' + user("a") + throw + catch + E + '<endEvent id="e2"/>'
    case = Case(model(body + flows("s g", "g k", "g a", "a t", "t e", "k e2"), '<signal id="sg" name="go"/>'))
    case.complete("a")
    assert case.state.status == "completed"
    assert any(isinstance(event, ev.SignalSent) for event in case.events)


def test_what_cannot_run_stops_with_an_incident_and_can_be_skipped_or_cancelled() -> None:
    listeners = '<extensionElements><zeebe:taskListeners><zeebe:taskListener eventType="canceling" type="x"/>'
    listeners += "</zeebe:taskListeners></extensionElements>"
    body = S + f'<task id="c">{listeners}</task>' + E + flows("s c", "c e")
    case = Case(model(body))
    assert case.incidents() == {"c": "element.not_executable"}
    case.do(cmd.Skip, "c")
    assert case.state.status == "completed"
    other = Case(model(body))
    other.do(cmd.CancelInstance, "no longer wanted")
    assert other.state.status == "cancelled"


def test_a_move_takes_a_token_from_one_element_to_another_of_its_scope() -> None:
    case = Case(model(S + user("a") + user("b") + E + flows("s a", "a b", "b e")))
    case.do(cmd.Move, "a", "b")
    assert case.waiting == ["b"]
    with pytest.raises(FlowMasterError) as refused:
        case.do(cmd.Move, "a", "b")
    assert refused.value.code == "instance.not_there"
    with pytest.raises(FlowMasterError) as unknown:
        case.do(cmd.Move, "b", "bb")
    assert unknown.value.code == "element.unknown"


def test_a_paused_instance_refuses_to_move_and_goes_on_when_resumed() -> None:
    case = Case(model(S + user("a") + E + flows("s a", "a e")))
    case.do(cmd.PauseInstance)
    with pytest.raises(FlowMasterError) as refused:
        case.complete("a")
    assert refused.value.code == "instance.paused"
    case.do(cmd.ResumeInstance)
    case.complete("a")
    with pytest.raises(FlowMasterError) as ended:
        case.do(cmd.PauseInstance)
    assert ended.value.code == "instance.ended"
