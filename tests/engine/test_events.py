"""Events reach who waits for them: messages, signals, errors, escalations, links, and what lacks its definition."""

import pytest

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine.state import EventWait
from tests.engine.cases import Case, E, S, flows, model, timer, user

MESSAGE = '<message id="m" name="=topic"><extensionElements><zeebe:subscription correlationKey="=key"/></extensionElements></message>'
SIGNAL = '<signal id="sg" name="go"/>'
ESCALATION = '<escalation id="ec" escalationCode="LATE"/>'


def event(kind: str, key: str, inner: str, attributes: str = "", extensions: str = "") -> str:
    held = f"<extensionElements>{extensions}</extensionElements>" if extensions else ""
    return f'<{kind} id="{key}" {attributes}>{held}{inner}</{kind}>'


@pytest.mark.parametrize(
    ("kind", "definition", "code"),
    [
        ("intermediateCatchEvent", "<timerEventDefinition/>", "timer.missing"),
        ("intermediateCatchEvent", "<messageEventDefinition/>", "message.missing"),
        ("intermediateThrowEvent", "<messageEventDefinition/>", "message.missing"),
        ("intermediateCatchEvent", "<signalEventDefinition/>", "signal.missing"),
        ("intermediateThrowEvent", "<signalEventDefinition/>", "signal.missing"),
        ("intermediateThrowEvent", '<linkEventDefinition name="nowhere"/>', "link.missing"),
        ("intermediateThrowEvent", "<escalationEventDefinition/>", "escalation.no_code"),
        ("endEvent", "<errorEventDefinition/>", "error.no_code"),
        ("subProcess", "", "process.no_start"),
    ],
)
def test_an_event_that_lacks_its_definition_is_an_incident(kind: str, definition: str, code: str) -> None:
    case = Case(model(S + event(kind, "x", definition) + flows("s x")))
    assert case.incidents() == {"x": code}


def test_a_message_is_waited_for_by_name_and_key_and_sent_with_what_is_in_sight() -> None:
    catch = event("intermediateCatchEvent", "k", '<messageEventDefinition messageRef="m"/>')
    throw = event("intermediateThrowEvent", "t", '<messageEventDefinition messageRef="m"/>')
    case = Case(
        model(S + catch + throw + E + flows("s k", "k t", "t e"), MESSAGE), {"topic": "paid", "key": 7}
    )
    assert (case.wait("k").name, case.wait("k").key) == ("paid", "7")
    case.receive("k", amount=5)
    (sent,) = [event for event in case.events if isinstance(event, ev.MessageSent)]
    assert sent == ev.MessageSent("t", "paid", "7", {"topic": "paid", "key": 7, "amount": 5})


def test_a_message_with_input_mappings_carries_those_alone() -> None:
    mapping = '<zeebe:ioMapping><zeebe:input source="=n * 2" target="twice"/></zeebe:ioMapping>'
    throw = event("sendTask", "t", "", 'messageRef="m"', mapping)
    case = Case(model(S + throw + E + flows("s t", "t e"), '<message id="m" name="paid"/>'), {"n": 4})
    (sent,) = [event for event in case.events if isinstance(event, ev.MessageSent)]
    assert sent.variables == {"twice": 8}


def test_a_throwing_event_with_a_job_type_hands_out_a_job() -> None:
    inner = '<messageEventDefinition messageRef="m"><extensionElements><zeebe:taskDefinition type="mail"/></extensionElements>'
    throw = event("intermediateThrowEvent", "t", inner + "</messageEventDefinition>")
    case = Case(model(S + throw + E + flows("s t", "t e"), MESSAGE))
    assert case.wait("t").type == "mail"
    case.job("t")
    assert case.state.status == "completed"


@pytest.mark.parametrize("value", [None, "", True, [1]])
def test_a_name_that_is_no_text_is_an_incident(value: object) -> None:
    catch = event("receiveTask", "k", "", 'messageRef="m"')
    case = Case(
        model(S + catch + E + flows("s k", "k e"), '<message id="m" name="=topic"/>'), {"topic": value}
    )
    assert case.incidents() == {"k": "expression.not_text"}


def test_a_message_that_does_not_interrupt_is_received_as_often_as_it_comes() -> None:
    border = event(
        "boundaryEvent",
        "b",
        '<messageEventDefinition messageRef="m"/>',
        'attachedToRef="a" cancelActivity="false"',
    )
    body = S + user("a") + border + E + '<endEvent id="c"/>' + flows("s a", "a e", "b c")
    case = Case(model(body, '<message id="m" name="note"/>'))
    case.receive("b", n=1)
    case.receive("b", n=2)
    assert case.waiting == ["a", "b"]
    assert case.completed().count("c") == 2
    assert case.state.variables == {"n": 2}


def test_a_signal_that_interrupts_its_own_thrower_ends_it() -> None:
    border = event("boundaryEvent", "b", '<signalEventDefinition signalRef="sg"/>', 'attachedToRef="x"')
    inner = '<startEvent id="is"/>' + event(
        "intermediateThrowEvent", "t", '<signalEventDefinition signalRef="sg"/>'
    )
    inner += user("never") + '<sequenceFlow id="i1" sourceRef="is" targetRef="t"/>'
    inner += '<sequenceFlow id="i2" sourceRef="t" targetRef="never"/>'
    body = S + f'<subProcess id="x">{inner}</subProcess>' + border + E + '<endEvent id="c"/>'
    case = Case(model(body + flows("s x", "x e", "b c"), SIGNAL))
    assert case.cancelled() == ["t", "x"]
    assert case.completed()[-1] == "c"


def test_a_signal_reaches_each_waiting_place_once_even_where_the_first_takes_the_second_away() -> None:
    border = event("boundaryEvent", "b", '<signalEventDefinition signalRef="sg"/>', 'attachedToRef="k"')
    catch = '<startEvent id="is"/>' + event(
        "intermediateCatchEvent", "ik", '<signalEventDefinition signalRef="sg"/>'
    )
    catch += user("never") + '<sequenceFlow id="i1" sourceRef="is" targetRef="ik"/>'
    catch += '<sequenceFlow id="i2" sourceRef="ik" targetRef="never"/>'
    throw = event("endEvent", "t", '<signalEventDefinition signalRef="sg"/>')
    body = (
        S
        + '<parallelGateway id="g"/>'
        + f'<subProcess id="k">{catch}</subProcess>'
        + border
        + user("a")
        + throw
    )
    case = Case(
        model(body + E + '<endEvent id="c"/>' + flows("s g", "g k", "g a", "a t", "k e", "b c"), SIGNAL)
    )
    assert case.waiting == ["a", "b", "ik"]
    case.complete("a")
    assert case.cancelled() == ["ik", "k"]
    assert case.state.status == "completed"


def escalating(attributes: str) -> Case:
    throw = event("intermediateThrowEvent", "t", '<escalationEventDefinition escalationRef="ec"/>')
    inner = (
        '<startEvent id="is"/>' + throw + user("a") + '<sequenceFlow id="i1" sourceRef="is" targetRef="t"/>'
    )
    inner += '<sequenceFlow id="i2" sourceRef="t" targetRef="a"/>'
    border = event(
        "boundaryEvent",
        "b",
        '<escalationEventDefinition escalationRef="ec"/>',
        f'attachedToRef="x" {attributes}',
    )
    body = S + f'<subProcess id="x">{inner}</subProcess>' + border + E + '<endEvent id="c"/>'
    return Case(model(body + flows("s x", "x e", "b c"), ESCALATION))


def test_an_escalation_that_does_not_interrupt_lets_its_scope_go_on() -> None:
    case = escalating('cancelActivity="false"')
    assert case.waiting == ["a"]
    assert case.completed()[-1] == "c"


def test_an_escalation_that_interrupts_leaves_its_scope() -> None:
    case = escalating("")
    assert case.cancelled() == ["t", "x"]
    assert case.state.status == "completed"


def test_an_escalation_that_nobody_catches_is_told_and_goes_on() -> None:
    mapping = '<zeebe:ioMapping><zeebe:input source="=3" target="days"/></zeebe:ioMapping>'
    throw = event("endEvent", "t", '<escalationEventDefinition escalationRef="ec"/>', "", mapping)
    case = Case(model(S + throw + flows("s t"), ESCALATION))
    assert ev.EscalationThrown("t", "LATE", "", {"days": 3}) in case.events
    assert case.state.status == "completed"


def test_a_link_goes_on_at_its_other_end() -> None:
    throw = event("intermediateThrowEvent", "t", '<linkEventDefinition name="on"/>')
    catch = event("intermediateCatchEvent", "k", '<linkEventDefinition name="on"/>')
    case = Case(model(S + throw + catch + E + flows("s t", "k e")))
    assert case.completed() == ["s", "t", "k", "e"]


def test_an_inclusive_join_waits_for_a_token_that_comes_over_a_link_or_a_border() -> None:
    body = S + '<inclusiveGateway id="g"/>' + user("a") + user("b") + timer("late", "b", "PT1H")
    body += event("intermediateThrowEvent", "t", '<linkEventDefinition name="on"/>')
    body += event("intermediateCatchEvent", "k", '<linkEventDefinition name="on"/>')
    body += '<inclusiveGateway id="j"/>' + user("c") + E + '<endEvent id="c2"/>'
    ways = flows("s g", "g a: true", "g b: true", "a j", "b c2", "late t", "k j", "j c", "c e")
    case = Case(model(body + ways))
    case.complete("a")
    assert "c" not in case.waiting
    case.fire("late")
    assert case.waiting == ["c"]
    assert case.completed().count("j") == 1


def test_an_inclusive_join_with_a_token_on_every_flow_goes_on() -> None:
    body = S + '<parallelGateway id="g"/><inclusiveGateway id="j"/>'
    case = Case(model(body + flows("s g", "g j", "g j")))
    assert case.completed() == ["s", "g", "j"]
    assert case.state.status == "completed"


def test_a_choice_with_an_event_that_cannot_run_is_an_incident() -> None:
    strange = event(
        "intermediateCatchEvent",
        "k",
        "<errorEventDefinition/>",
    )
    body = S + '<eventBasedGateway id="g"/>' + strange + E
    assert Case(model(body + flows("s g", "g k", "k e"))).incidents() == {"g": "element.not_executable"}


def test_a_handler_that_interrupts_leaves_the_events_on_the_border_of_its_scope() -> None:
    start = event("startEvent", "es", '<messageEventDefinition messageRef="m"/>')
    handler = f'<subProcess id="h" triggeredByEvent="true">{start}{user("b")}<sequenceFlow id="i2" sourceRef="es" targetRef="b"/></subProcess>'
    inner = (
        '<startEvent id="is"/>' + user("a") + '<sequenceFlow id="i1" sourceRef="is" targetRef="a"/>' + handler
    )
    body = S + f'<subProcess id="x">{inner}</subProcess>' + timer("late", "x", "PT1H") + E
    case = Case(model(body + flows("s x", "x e", "late e"), '<message id="m" name="stop"/>'))
    assert case.waiting == ["a", "es", "late"]
    case.receive("es")
    assert case.waiting == ["b", "late"]


def test_the_catcher_of_a_code_comes_before_one_that_catches_all() -> None:
    everything = event("boundaryEvent", "all", "<errorEventDefinition/>", 'attachedToRef="a"')
    again = event("boundaryEvent", "again", "<errorEventDefinition/>", 'attachedToRef="a"')
    exact = event("boundaryEvent", "one", '<errorEventDefinition errorRef="er"/>', 'attachedToRef="a"')
    work = '<serviceTask id="a"><extensionElements><zeebe:taskDefinition type="w"/></extensionElements></serviceTask>'
    body = (
        S
        + work
        + everything
        + again
        + exact
        + E
        + '<endEvent id="c"/>'
        + flows("s a", "all e", "again e", "one c")
    )
    executable = model(body, '<error id="er" errorCode="BAD"/>')
    for code, end in (("BAD", "c"), ("OTHER", "e")):
        case = Case(executable)
        case.do(cmd.ThrowJobError, case.wait("a").id, code)
        assert case.completed()[-1] == end


def test_a_timer_of_a_handler_that_does_not_interrupt_repeats() -> None:
    start = event(
        "startEvent",
        "es",
        "<timerEventDefinition><timeCycle>R2/PT1H</timeCycle></timerEventDefinition>",
        'isInterrupting="false"',
    )
    case = Case(
        model(
            S + user("a") + f'<subProcess id="h" triggeredByEvent="true">{start}</subProcess>' + flows("s a")
        )
    )
    case.fire("es")
    case.fire("es")
    assert case.waiting == ["a"]
    assert case.completed().count("h") == 2


def test_a_signal_is_waited_for_without_a_key() -> None:
    catch = event("intermediateCatchEvent", "k", '<signalEventDefinition signalRef="sg"/>')
    wait = Case(model(S + catch + flows("s k"), SIGNAL)).wait("k")
    assert isinstance(wait, EventWait)
    assert (wait.kind, wait.name, wait.key) == ("signal", "go", "")


def test_what_is_thrown_after_an_event_sub_process_has_interrupted_its_scope_is_not_caught_beside_it() -> (
    None
):
    def handler(key: str, trigger: str, rest: str) -> str:
        start = event("startEvent", f"{key}s", trigger, 'isInterrupting="true"')
        flow = f'<sequenceFlow id="{key}f" sourceRef="{key}s" targetRef="{key}e"/>'
        return f'<subProcess id="{key}" triggeredByEvent="true">{start}{rest}{flow}</subProcess>'

    throws = event("endEvent", "he", '<errorEventDefinition errorRef="er"/>')
    first = handler("h", '<messageEventDefinition messageRef="m"/>', throws)
    second = handler("k", '<errorEventDefinition errorRef="er"/>', '<endEvent id="ke"/>')
    body = S + user("a") + E + first + second + flows("s a", "a e")
    case = Case(model(body, MESSAGE + '<error id="er" errorCode="BAD"/>'), {"topic": "x", "key": "1"})
    case.receive("hs")
    assert case.state.status == "failed"
    assert "k" not in case.completed()
