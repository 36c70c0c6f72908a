"""How instances begin: at a start event, a receive task or an event behind a gateway that begins instances (10.6.6, 13.3)."""

import pytest

from flowmaster.engine import commands as cmd
from flowmaster.engine.decide import decide
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.state import EventWait, TimerWait
from tests.engine.cases import Case, E, S, flows, model, script, user
from tests.engine.pieces import DEFINITIONS, MESSAGE, SIGNAL, after, border, caught, handler, when

MESSAGES = DEFINITIONS + '<message id="m2" name="stop"/><signal id="named" name="=name"/>'
OTHER = '<messageEventDefinition messageRef="m2"/>'


def receive(key: str, more: str = "") -> str:
    return f'<receiveTask id="{key}" messageRef="m" instantiate="true">{more}</receiveTask>'


def gate(kind: str) -> str:
    return f'<eventBasedGateway id="g" instantiate="true" eventGatewayType="{kind}"/>'


def test_a_receive_task_that_begins_an_instance_has_received_its_message() -> None:
    case = Case(model(receive("r") + user("t") + flows("r t"), MESSAGES), {"x": 1}, start="r")
    assert (case.waiting, case.completed(), case.state.variables["x"]) == (["t"], ["r"], 1)


def test_a_receive_task_that_began_an_instance_waits_when_it_is_reached_again() -> None:
    case = Case(model(receive("r") + user("t") + flows("r t", "t r"), MESSAGES), start="r")
    case.complete("t")
    assert case.waiting == ["r"]
    case.receive("r")
    assert case.waiting == ["t"]


def test_output_mappings_of_what_began_the_instance_are_made() -> None:
    mapping = '<extensionElements><zeebe:ioMapping><zeebe:output source="=x * 2" target="y"/></zeebe:ioMapping></extensionElements>'
    case = Case(model(receive("r", mapping) + user("t") + flows("r t"), MESSAGES), {"x": 4}, start="r")
    assert case.state.variables["y"] == 8


def test_an_output_that_fails_is_an_incident_where_the_instance_began() -> None:
    mapping = '<extensionElements><zeebe:ioMapping><zeebe:output source="=count(for i in 1..n return i)" target="y"/></zeebe:ioMapping></extensionElements>'
    case = Case(model(receive("r", mapping) + user("t") + flows("r t"), MESSAGES), {"n": 10**9}, start="r")
    assert list(case.incidents()) == ["r"]
    case.do(cmd.SetVariables, {"n": 3})
    case.do(cmd.Retry)
    assert (case.waiting, case.state.variables["y"]) == (["t"], 3)


def test_a_receive_task_with_a_flow_before_it_is_no_start() -> None:
    with pytest.raises(FlowMasterError) as refused:
        Case(model(S + user("t") + E + flows("s t", "t e")), start="t")
    assert (refused.value.code, refused.value.expected) == ("instance.start_unknown", ["s"])


@pytest.mark.parametrize(("first", "task"), [("a", "ta"), ("b", "tb")])
def test_one_event_behind_an_exclusive_gateway_begins_the_instance(first: str, task: str) -> None:
    body = gate("Exclusive") + caught("a", MESSAGE) + caught("b", OTHER) + user("ta") + user("tb")
    case = Case(model(body + flows("g a", "g b", "a ta", "b tb"), MESSAGES), start=first)
    assert case.waiting == [task]


PARALLEL = (
    gate("Parallel") + caught("a", MESSAGE) + caught("b", OTHER) + '<parallelGateway id="j"/>' + user("t")
)
WAYS = flows("g a", "g b", "a j", "b j", "j t")


@pytest.mark.parametrize(("first", "second"), [("a", "b"), ("b", "a")])
def test_all_events_behind_a_parallel_gateway_are_needed(first: str, second: str) -> None:
    case = Case(model(PARALLEL + WAYS, MESSAGES), start=first)
    assert case.waiting == [second]
    case.receive(second)
    assert case.waiting == ["t"]


def test_an_instance_that_could_not_begin_begins_once_when_it_is_tried_again() -> None:
    own = handler("es", '<signalEventDefinition signalRef="named"/>', "", "es_s es_e")
    case = Case(model(PARALLEL + own + WAYS, MESSAGES), {"name": None}, start="a")
    assert (case.incidents(), case.waiting) == ({"p": "expression.not_text"}, [])
    case.do(cmd.SetVariables, {"name": "n"})
    case.do(cmd.Retry)
    assert (case.incidents(), case.waiting) == ({}, ["b", "es_s"])
    case.receive("b")
    assert case.waiting == ["es_s", "t"]


def test_an_instance_that_is_over_at_once_waits_for_nothing_else() -> None:
    body = gate("Parallel") + caught("a", MESSAGE) + caught("b", OTHER)
    body += '<endEvent id="x"><errorEventDefinition errorRef="E"/></endEvent>' + user("t")
    case = Case(model(body + flows("g a", "g b", "a x", "b t"), MESSAGES), start="a")
    assert case.state.status == "failed"


@pytest.mark.parametrize("definition", [MESSAGE, SIGNAL, after("R/PT1H", "timeCycle"), MESSAGE + SIGNAL])
def test_a_start_event_of_any_kind_passes_its_token_on(definition: str) -> None:
    start = f'<startEvent id="s2">{definition}</startEvent>'
    case = Case(model(S + start + user("t") + user("u") + flows("s t", "s2 u"), MESSAGES), start="s2")
    assert case.waiting == ["u"]
    assert Case(model(S + start + user("t") + user("u") + flows("s t", "s2 u"), MESSAGES)).waiting == ["t"]


def test_a_condition_that_held_begins_the_process_with_the_facts_it_held_over() -> None:
    start = f'<startEvent id="s2">{when("x")}</startEvent>'
    case = Case(model(S + start + user("t") + user("u") + flows("s t", "s2 u")), {"x": True}, start="s2")
    assert (case.waiting, case.completed(), case.state.variables["x"]) == (["u"], ["s2"], True)


def together(*definitions: str, more: str = "") -> str:
    return f'<startEvent id="s" parallelMultiple="true">{more}{"".join(definitions)}</startEvent>' + user("t")


KEYED = (
    DEFINITIONS + '<message id="m2" name="stop"><extensionElements><zeebe:subscription correlationKey="=k"/>'
    "</extensionElements></message>"
)


@pytest.mark.parametrize(("first", "second"), [(0, "stop"), (1, "go")])
def test_a_start_that_needs_two_triggers_waits_for_the_other_one(first: int, second: str) -> None:
    body = together(MESSAGE, OTHER) + flows("s t")
    case = Case(model(body, KEYED), {"k": "A", "x": 1}, start="s", trigger=first)
    wait = case.wait("s")
    assert (case.completed(), wait.name, wait.key) == ([], second, "A" if second == "stop" else "")
    case.receive("s", y=2)
    assert (case.waiting, case.completed()) == (["t"], ["s"])
    assert case.state.variables == {"k": "A", "x": 1, "y": 2}


def test_times_and_conditions_among_the_triggers_count_from_the_first_one() -> None:
    body = together(MESSAGE, after("PT1H"), when("x &gt; 1")) + flows("s t")
    case = Case(model(body, MESSAGES), {"x": 1}, start="s")
    due = next(wait.due for wait in case.state.waits.values() if isinstance(wait, TimerWait))
    assert (case.waiting, due) == (["s", "s"], case.now + 3_600_000)
    case.do(cmd.SetVariables, {"x": 2})
    assert case.waiting == ["s"]
    case.fire("s")
    assert case.waiting == ["t"]


def test_a_condition_that_holds_already_when_the_last_other_trigger_comes_is_not_waited_for() -> None:
    body = together(MESSAGE, when("x &gt; 1")) + flows("s t")
    assert Case(model(body, MESSAGES), {"x": 2}, start="s").waiting == ["t"]


def test_a_start_that_cannot_wait_for_the_others_is_tried_again_from_there() -> None:
    key = '<message id="m2" name="stop"><extensionElements><zeebe:subscription correlationKey="=k"/></extensionElements></message>'
    body = together(OTHER, SIGNAL, MESSAGE) + flows("s t")
    case = Case(model(body, DEFINITIONS + key), start="s", trigger=1)
    assert (case.incidents(), case.waiting) == ({"s": "expression.not_text"}, [])
    case.do(cmd.Retry)
    assert (case.incidents(), case.waiting) == ({"s": "expression.not_text"}, [])
    case.do(cmd.SetVariables, {"k": "A"})
    case.do(cmd.Retry)
    assert case.incidents() == {}
    waits = [wait for wait in case.state.waits.values() if isinstance(wait, EventWait)]
    assert [(wait.kind, wait.name) for wait in waits] == [("message", "stop"), ("message", "go")]


def test_a_process_that_could_not_begin_knows_later_which_trigger_came() -> None:
    own = handler("es", '<signalEventDefinition signalRef="named"/>', "", "es_s es_e")
    case = Case(
        model(together(MESSAGE, OTHER) + own + flows("s t"), MESSAGES), {"name": None}, start="s", trigger=1
    )
    assert (case.incidents(), case.waiting) == ({"p": "expression.not_text"}, [])
    case.do(cmd.SetVariables, {"name": "n"})
    case.do(cmd.Retry)
    assert case.waiting == ["es_s", "s"]
    assert case.wait("s").name == "go"


def test_listeners_before_a_process_do_not_forget_which_trigger_came() -> None:
    heard = '<extensionElements><zeebe:executionListeners><zeebe:executionListener eventType="start" type="hear"/></zeebe:executionListeners></extensionElements>'
    case = Case(model(heard + together(MESSAGE, OTHER) + flows("s t"), MESSAGES), start="s", trigger=1)
    assert case.waiting == ["p"]
    case.job("p")
    assert (case.waiting, case.wait("s").name) == (["s"], "go")


def test_a_start_that_waits_is_skipped_moved_and_cancelled_like_any_element() -> None:
    executable = model(together(MESSAGE, OTHER) + user("u") + flows("s t", "t u"), MESSAGES)
    skipped, moved, over = (Case(executable, start="s") for _ in range(3))
    skipped.do(cmd.Skip, "s")
    moved.do(cmd.Move, "s", "u")
    over.do(cmd.CancelInstance)
    assert (skipped.waiting, moved.waiting, over.state.status) == (["t"], ["u"], "cancelled")
    assert over.cancelled() == ["s"]
    moved.do(cmd.Move, "u", "s")
    assert moved.waiting == ["t"]


def test_a_start_that_waits_is_forked_with_what_it_has_taken() -> None:
    executable = model(together(MESSAGE, OTHER) + flows("s t"), MESSAGES)
    case = Case(executable, {"x": 1}, start="s")
    fork = decide(executable, None, cmd.ForkInstance(case.now + 5, "ann", "p:2", case.state, 5)).state
    (wait,) = fork.waits.values()
    assert (wait.element, wait.since, fork.variables) == ("s", case.now + 5, {"x": 1})
    after_it = decide(executable, fork, cmd.ReceiveEvent(case.now + 9, "ann", wait.id)).state
    assert [one.element for one in after_it.waits.values()] == ["t"]


def test_output_mappings_of_a_start_that_needs_several_see_what_the_last_one_brought() -> None:
    mapping = '<extensionElements><zeebe:ioMapping><zeebe:output source="=x + y" target="z"/></zeebe:ioMapping></extensionElements>'
    case = Case(model(together(MESSAGE, OTHER, more=mapping) + flows("s t"), MESSAGES), {"x": 1}, start="s")
    case.receive("s", y=2)
    assert (case.waiting, case.state.variables["z"]) == (["t"], 3)


def test_an_event_subprocess_may_end_an_instance_that_still_waits_at_its_start() -> None:
    own = handler("es", SIGNAL, "", "es_s es_e")
    case = Case(model(together(MESSAGE, OTHER) + own + flows("s t"), MESSAGES), start="s")
    case.receive("es_s")
    assert (case.cancelled(), case.state.status) == (["s"], "completed")


def test_a_process_without_start_events_begins_wherever_nothing_leads() -> None:
    body = user("a") + user("b") + user("c") + border("k", "a", after("PT1H")) + flows("a c", "k c")
    assert Case(model(body)).waiting == ["a", "b", "k"]


def test_the_first_of_several_starts_may_end_the_instance() -> None:
    stop = '<startEvent id="s1"/><endEvent id="x"><terminateEventDefinition/></endEvent>'
    case = Case(model(S + stop + script("a", "1", "x") + flows("s1 x", "s a")))
    assert case.state.status == "completed"


def test_a_process_with_nothing_to_begin_with_is_an_incident() -> None:
    start = f'<startEvent id="s1">{MESSAGE}</startEvent>'
    case = Case(model(start + user("t") + flows("s1 t"), MESSAGES))
    assert case.incidents() == {"p": "process.no_start"}
    case.do(cmd.CancelInstance)
    assert case.state.status == "cancelled"


def test_the_other_events_are_waited_for_even_if_the_first_leads_nowhere() -> None:
    body = gate("Parallel") + caught("a", MESSAGE) + caught("b", OTHER) + user("t")
    case = Case(model(body + flows("g a", "g b", "b t"), MESSAGES), start="a")
    assert case.waiting == ["b"]
    case.receive("b")
    assert case.waiting == ["t"]
