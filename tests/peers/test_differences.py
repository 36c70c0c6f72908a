"""What random models leave out: SpiffWorkflow 3.2 does not run it, or runs it otherwise than BPMN 2.0.2 tells."""

from typing import TYPE_CHECKING

import pytest

from tests.engine.cases import HEAD, flows
from tests.shared_material import need_peer

if TYPE_CHECKING:
    from tests.peers.playing import Choice, FlowMasterPlayer, SpiffPlayer

TOP = '<message id="m" name="m"/><error id="broken" name="broken" errorCode="broken"/>'


def work(key: str, inner: str = "", **attributes: str) -> str:
    more = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f'<userTask id="{key}"{more}><extensionElements><zeebe:userTask/></extensionElements>{inner}</userTask>'


def event(kind: str, key: str, definition: str, more: str = "") -> str:
    return f'<{kind} id="{key}"{more}>{definition}</{kind}>'


def scope(key: str, *inner: str) -> str:
    return f'<subProcess id="{key}"><startEvent id="in"/>{"".join(inner)}</subProcess>'


def process(*body: str) -> str:
    return f'{HEAD}{TOP}<process id="p" isExecutable="true">{"".join(body)}</process></definitions>'


def ours(text: str, *choices: "Choice") -> "FlowMasterPlayer":
    need_peer("SpiffWorkflow")
    from tests.peers.playing import FlowMasterPlayer, read

    player = FlowMasterPlayer(read(text))
    for choice in choices:
        player.choose(choice, {"x": 1})
    return player


def theirs(text: str, *choices: "Choice") -> "SpiffPlayer":
    need_peer("SpiffWorkflow")
    from tests.peers.playing import SpiffPlayer

    player = SpiffPlayer(text)
    for choice in choices:
        player.choose(choice, {"x": 1})
    return player


FORK = process('<startEvent id="s"/><task id="a"/>', work("b"), work("c"), flows("s a", "a b", "a c"))
CONDITIONS = process(
    '<startEvent id="s"/>', work("a"), work("b"), work("c"), flows("s a", "a b: x = 1", "a c: x = 2")
)
COMPLEX = process('<startEvent id="s"/><complexGateway id="g"/>', work("b"), flows("s g", "g b"))
UNDONE = process(
    '<startEvent id="s"/>',
    work("a"),
    event("boundaryEvent", "on", "<compensateEventDefinition/>", ' attachedToRef="a"'),
    work("undo", isForCompensation="true"),
    '<association id="to" sourceRef="on" targetRef="undo" associationDirection="One"/>',
    event("endEvent", "e", "<compensateEventDefinition/>"),
    flows("s a", "a e"),
)


@pytest.mark.parametrize(
    ("text", "choices", "waiting"),
    [
        pytest.param(FORK, [], ["b", "c"], id="several flows out of an activity: 13.3.1"),
        pytest.param(
            CONDITIONS, [("complete", "a")], ["b"], id="conditional flows out of an activity: 8.4.13"
        ),
        pytest.param(COMPLEX, [], ["b"], id="the complex gateway: 13.4.5"),
        pytest.param(UNDONE, [("complete", "a")], ["undo"], id="compensation: 13.5.5"),
    ],
)
def test_what_spiffworkflow_refuses_runs_here(text: str, choices: "list[Choice]", waiting: list[str]) -> None:
    assert sorted(element for _, element in ours(text, *choices).choices()) == waiting
    with pytest.raises(Exception, match=r"not supported|no support|Unsupported"):
        theirs(text)


def test_a_link_goes_on_at_its_target_and_stops_in_spiffworkflow() -> None:
    # BPMN 2.0.2, 10.5.5: paired link events are one sequence flow.
    link = '<linkEventDefinition name="l"/>'
    text = process(
        '<startEvent id="s"/>',
        event("intermediateThrowEvent", "from", link),
        event("intermediateCatchEvent", "to", link),
        work("b"),
        flows("s from", "to b"),
    )
    assert list(ours(text).choices()) == [("complete", "b")]
    assert list(theirs(text).choices()) == []


def test_an_error_that_nothing_catches_ends_the_instance_and_passes_in_spiffworkflow() -> None:
    # BPMN 2.0.2, table 10.88, leaves it to the engine.
    thrown = event("endEvent", "t", '<errorEventDefinition errorRef="broken"/>')
    inner = scope("q", thrown, '<sequenceFlow id="to" sourceRef="in" targetRef="t"/>')
    text = process('<startEvent id="s"/>', inner, work("b"), flows("s q", "q b"))
    assert ours(text).is_over()
    assert list(theirs(text).choices()) == [("complete", "b")]


ON = '<messageEventDefinition messageRef="m"/>'


def test_an_event_beside_an_activity_happens_again_and_once_in_spiffworkflow() -> None:
    # BPMN 2.0.2, 10.5.4: it may be triggered as often as it comes while the activity is open.
    beside = event("boundaryEvent", "on", ON, ' attachedToRef="a" cancelActivity="false"')
    text = process('<startEvent id="s"/>', work("a"), beside, work("b"), flows("s a", "on b"))
    case = ours(text, ("receive", "on")).case
    case.receive("on")
    assert case.waiting == ["a", "b", "b", "on"]
    assert sorted(theirs(text, ("receive", "on")).choices()) == [("complete", "a"), ("complete", "b")]


def test_an_event_ends_all_turns_of_a_sub_process_and_breaks_spiffworkflow() -> None:
    # BPMN 2.0.2, 13.3.7 and 13.5.3: the event stands on the border of all turns.
    turns = (
        '<multiInstanceLoopCharacteristics isSequential="true"><loopCardinality>=2</loopCardinality>'
        "</multiInstanceLoopCharacteristics>"
    )
    inside = flows("in a", "a out").replace('"f', '"g')
    inner = scope("q", turns, work("a"), '<endEvent id="out"/>', inside)
    border = event("boundaryEvent", "on", ON, ' attachedToRef="q"')
    text = process('<startEvent id="s"/>', inner, border, work("b"), flows("s q", "on b"))
    assert list(ours(text, ("receive", "on")).choices()) == [("complete", "b")]
    with pytest.raises(Exception, match="was not found"):
        theirs(text.replace(">=2<", ">2<"), ("receive", "on"))
