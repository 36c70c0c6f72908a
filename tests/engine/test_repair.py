"""Operators skip, move and go on without what never comes; what makes no sense is refused with what does."""

from typing import Any

import pytest

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine.errors import EXPECTED_MAX, FlowMasterError
from tests.engine.cases import Case, E, S, flows, job, model, user
from tests.engine.test_incidents import CALL, refusal

VAIN = S + '<exclusiveGateway id="g"/>' + user("a") + user("b") + '<parallelGateway id="j"/>' + E
VAIN_FLOWS = flows("s g", "g a: true", "g b: true", "a j", "b j", "j e")


def in_vain() -> Case:
    """Return an instance whose join waits for a token that cannot come (BPMN 2.0.2, 13.4.1)."""
    case = Case(model(VAIN + VAIN_FLOWS))
    case.complete("a")
    return case


def test_a_join_in_vain_is_skipped_to_go_on_without() -> None:
    case = in_vain()
    assert (case.state.status, case.waiting, case.incidents()) == ("active", [], {})
    case.do(cmd.Skip, "j")
    assert case.state.status == "completed"
    assert case.completed()[-2:] == ["j", "e"]


def test_a_token_at_a_join_is_moved_elsewhere() -> None:
    case = in_vain()
    case.do(cmd.Move, "j", "b")
    assert case.waiting == ["b"]


def test_a_join_that_is_skipped_waits_for_both_again_when_another_token_comes() -> None:
    body = S + '<parallelGateway id="g"/>' + user("a") + user("b") + '<parallelGateway id="j"/>' + E
    case = Case(model(body + flows("s g", "g a", "g b", "a j", "b j", "j e")))
    case.complete("a")
    case.do(cmd.Skip, "j")
    assert case.completed()[-2:] == ["j", "e"]
    case.complete("b")
    assert case.completed().count("j") == 1
    assert case.state.status == "active"


def test_a_scope_that_is_skipped_leaves_everything_inside_it() -> None:
    inner = '<startEvent id="is"/>' + user("a") + '<sequenceFlow id="i1" sourceRef="is" targetRef="a"/>'
    body = S + f'<subProcess id="x">{inner}</subProcess>' + E
    case = Case(model(body + flows("s x", "x e")))
    case.do(cmd.Skip, "x", {"given": 1})
    assert case.cancelled() == ["a"]
    assert case.state.variables == {"given": 1}
    assert case.state.status == "completed"


def test_a_called_process_is_cancelled_when_its_call_is_skipped() -> None:
    case = Case(model(S + CALL + E + flows("s a", "a e")))
    case.do(cmd.ReportChildStarted, case.wait("a").id, "other:1")
    case.do(cmd.Skip, "a")
    cancelled = [event for event in case.events if isinstance(event, ev.ChildCancelRequested)]
    assert [event.child for event in cancelled] == ["other:1"]


def test_a_skip_that_finds_no_way_leaves_the_work_open_and_the_work_may_still_be_done() -> None:
    body = S + job("a") + E + '<endEvent id="c"/>' + flows("s a", "a e: ok", "a c: not(ok)")
    case = Case(model(body))
    case.do(cmd.Skip, "a")
    assert case.incidents() == {"a": "condition.not_boolean"}
    case.job("a", ok=True)
    assert case.completed()[-1] == "e"
    assert case.state.status == "completed"


def choice() -> Case:
    catch = '<intermediateCatchEvent id="{0}"><messageEventDefinition messageRef="{0}m"/></intermediateCatchEvent>'
    body = (
        S + '<eventBasedGateway id="g"/>' + catch.format("k") + catch.format("l") + E + '<endEvent id="c"/>'
    )
    definitions = '<message id="km" name="yes"/><message id="lm" name="no"/>'
    return Case(model(body + flows("s g", "g k", "g l", "k e", "l c"), definitions))


def test_skipping_a_choice_of_events_is_refused_and_moving_to_one_chooses() -> None:
    case = choice()
    refused = refusal(case, cmd.Skip, "g")
    assert (refused.code, refused.expected) == ("instance.skip_impossible", ["k", "l"])
    arguments = refused.next[0].arguments
    case.do(cmd.Move, arguments["from"], arguments["to"])
    case.do(cmd.Skip, "k")
    assert case.completed()[-1] == "e"


def test_a_move_into_another_scope_or_onto_a_handler_is_refused_with_where_one_may_move() -> None:
    handler = '<startEvent id="es"><messageEventDefinition messageRef="m"/></startEvent>'
    body = S + user("a") + f'<subProcess id="h" triggeredByEvent="true">{handler}</subProcess>'
    body += '<subProcess id="x"><startEvent id="is"/></subProcess>' + E
    case = Case(model(body + flows("s a", "a x", "x e"), '<message id="m" name="stop"/>'))
    for target in ("is", "h"):
        refused = refusal(case, cmd.Move, "a", target)
        assert (refused.code, refused.expected) == ("instance.move_impossible", ["s", "a", "x", "e"])
    for wrong, meant in (("p", ""), ("end", " Did you mean 'e'?"), ("zzz", "")):
        refused = refusal(case, cmd.Move, "a", wrong)
        assert refused.message == f"'p' has no element {wrong!r}.{meant}"
        assert refused.code == "element.unknown"


def test_what_stands_nowhere_is_refused_with_where_tokens_stand() -> None:
    case = in_vain()
    refused = refusal(case, cmd.Skip, "b")
    assert (refused.code, refused.expected) == ("instance.not_there", ["j"])
    assert refusal(case, cmd.Skip, "p").code == "instance.not_there"


def test_an_instance_that_is_not_paused_cannot_be_resumed() -> None:
    case = Case(model(S + user("a") + E + flows("s a", "a e")))
    assert refusal(case, cmd.ResumeInstance).code == "instance.not_paused"


def test_variables_of_a_paused_instance_can_be_mended_and_its_called_processes_end() -> None:
    case = Case(model(S + CALL + E + flows("s a", "a e")))
    case.do(cmd.PauseInstance, "for a while")
    case.do(cmd.SetVariables, {"x": 1})
    with pytest.raises(FlowMasterError):
        case.do(cmd.Skip, "a")
    case.do(cmd.ReportChildEnded, case.wait("a").id, "completed", {})
    assert case.state.status == "completed"


def test_a_retry_that_takes_another_incident_away_does_not_try_that_one() -> None:
    throw = '<endEvent id="x"><errorEventDefinition errorRef="er"/></endEvent>'
    inner = '<startEvent id="is"/><parallelGateway id="g"/>' + throw + job("a", retries="=r")
    inner += "".join(
        f'<sequenceFlow id="i{source}{target}" sourceRef="{source}" targetRef="{target}"/>'
        for source, target in (("is", "g"), ("g", "x"), ("g", "a"))
    )
    border = '<boundaryEvent id="b" attachedToRef="sub"><errorEventDefinition/></boundaryEvent>'
    body = S + f'<subProcess id="sub">{inner}</subProcess>' + border + E + flows("s sub", "sub e", "b e")
    case = Case(model(body, '<error id="er" errorCode="=code"/>'))
    assert set(case.incidents()) == {"x", "a"}
    case.do(cmd.SetVariables, {"code": "BAD", "r": 1})
    case.do(cmd.Retry)
    assert case.cancelled() == ["a", "sub"]
    assert case.state.status == "completed"


def test_an_inclusive_join_that_leads_nowhere_ends_its_scope() -> None:
    body = S + '<inclusiveGateway id="g"/>' + user("a") + user("b") + '<inclusiveGateway id="j"/>'
    case = Case(model(body + flows("s g", "g a: true", "g b: true", "a j", "b j")))
    case.complete("a")
    case.complete("b")
    assert case.completed()[-1] == "j"
    assert case.state.status == "completed"


@pytest.mark.parametrize("definition", ["signal", "escalation"])
def test_a_token_that_moves_while_its_instance_is_paused_still_leaves_what_it_throws(definition: str) -> None:
    throw = f'<endEvent id="t"><{definition}EventDefinition {definition}Ref="x"/></endEvent>'
    definitions = (
        '<signal id="x" name="go"/>' if definition == "signal" else '<escalation id="x" escalationCode="C"/>'
    )
    case = Case(model(S + CALL + throw + flows("s a", "a t"), definitions))
    case.do(cmd.PauseInstance)
    case.do(cmd.ReportChildEnded, case.wait("a").id, "completed")
    assert case.state.status == "completed"


def test_a_token_that_a_limit_stopped_before_a_join_waits_there_for_the_other_when_retried() -> None:
    gateways = '<exclusiveGateway id="m"/><parallelGateway id="g"/><parallelGateway id="j"/>'
    loop = flows("s t", "t m", "m g", "g j", "g j", "j m")
    case = Case(model(S + '<task id="t"/>' + gateways + loop))
    assert case.incidents() == {"j": "engine.too_many_steps"}
    case.do(cmd.Retry)
    assert case.incidents() == {"j": "engine.too_many_steps"}
    assert len(case.state.nodes) == 2
    assert case.completed().count("g") - case.completed().count("j") == 1


def test_of_a_long_list_of_what_is_possible_the_beginning_is_told() -> None:
    names = [f"t{number}" for number in range(60)]
    ways = flows("s t0", *(" ".join(pair) for pair in zip(names, [*names[1:], "e"], strict=True)))
    inside = f'<subProcess id="g">{user("x")}</subProcess>'
    case = Case(model(S + "".join(map(user, names)) + inside + E + ways))
    with pytest.raises(FlowMasterError) as refused:
        case.do(cmd.Move, "t0", "x")
    expected: Any = refused.value.expected
    assert expected[:3] == ["s", "t0", "t1"]
    assert (len(expected), expected[-1]) == (EXPECTED_MAX + 1, "... and 23 more")
