"""What random models leave out: SpiffWorkflow 3.2 does not run it, or runs it otherwise than BPMN 2.0.2 tells."""

from typing import TYPE_CHECKING

import pytest

from flowmaster.engine.model import Executable
from tests.engine.cases import HEAD, Case, NoRules, flows, model
from tests.shared_material import need_peer

if TYPE_CHECKING:
    from tests.peers.ours import FlowMasterPlayer
    from tests.peers.theirs import SpiffPlayer

    Player = FlowMasterPlayer | SpiffPlayer

TOP = (
    '<message id="m" name="m"/><signal id="go" name="go"/><error id="broken" name="broken" errorCode="broken"/>'
    '<escalation id="late" name="late" escalationCode="late"/>'
)
ON_MESSAGE = '<messageEventDefinition messageRef="m"/>'
ON_SIGNAL = '<signalEventDefinition signalRef="go"/>'
ON_ERROR = '<errorEventDefinition errorRef="broken"/>'
ON_ESCALATION = '<escalationEventDefinition escalationRef="late"/>'
ON_DATA = "<conditionalEventDefinition><condition>{}seen &gt; 0</condition></conditionalEventDefinition>"
SEEN = '<dataObject id="seen" name="seen"/><dataObjectReference id="at" dataObjectRef="seen"/>'
WRITES = "<dataOutputAssociation><targetRef>at</targetRef></dataOutputAssociation>"


Wanted = tuple[str, str]
"""What comes next, and where."""


def do(element: str, word: str = "complete") -> Wanted:
    return word, element


def played(player: "Player", wanted: tuple[Wanted, ...], answers: dict[str, int]) -> None:
    for word, element in wanted:
        choice = next(one for one in player.choices() if (one.word, one.element) == (word, element))
        player.choose(choice, answers or {"x": 1})


def work(key: str, inner: str = "", **attributes: str) -> str:
    more = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f'<userTask id="{key}"{more}><extensionElements><zeebe:userTask/></extensionElements>{inner}</userTask>'


def event(kind: str, key: str, definition: str, more: str = "") -> str:
    return f'<{kind} id="{key}"{more}>{definition}</{kind}>'


def scope(key: str, *inner: str) -> str:
    return f'<subProcess id="{key}"><startEvent id="in"/>{"".join(inner)}</subProcess>'


def handler(key: str, definition: str, *, interrupting: bool = False, inner: str = "") -> str:
    said = "true" if interrupting else "false"
    return (
        f'<subProcess id="{key}" triggeredByEvent="true">'
        f'<startEvent id="on" isInterrupting="{said}">{definition}</startEvent>{work("h")}<endEvent id="end"/>'
        f"{inner}{inside('on h', 'h end')}</subProcess>"
    )


def inside(*pairs: str, letter: str = "g") -> str:
    return flows(*pairs).replace('"f', f'"{letter}')


def process(*body: str) -> str:
    return f'{HEAD}{TOP}<process id="p" isExecutable="true">{"".join(body)}</process></definitions>'


def ours(text: str, *choices: Wanted, **answers: int) -> "FlowMasterPlayer":
    need_peer("SpiffWorkflow")
    from tests.peers.ours import FlowMasterPlayer

    player = FlowMasterPlayer(text)
    played(player, choices, answers)
    return player


def theirs(text: str, *choices: Wanted, **answers: int) -> "SpiffPlayer":
    need_peer("SpiffWorkflow")
    from tests.peers.theirs import SpiffPlayer

    player = SpiffPlayer(text)
    played(player, choices, answers)
    return player


def waiting(player: "Player") -> list[str]:
    return sorted(choice.element for choice in player.choices().elements())


START = '<startEvent id="s"/>'
FORK = process(START, '<task id="a"/>', work("b"), work("c"), flows("s a", "a b", "a c"))
CONDITIONS = process(START, work("a"), work("b"), work("c"), flows("s a", "a b: x = 1", "a c: x = 2"))
COMPLEX = process(START, '<complexGateway id="g"/>', work("b"), flows("s g", "g b"))
UNDONE = process(
    START,
    work("a"),
    event("boundaryEvent", "on", "<compensateEventDefinition/>", ' attachedToRef="a"'),
    work("undo", isForCompensation="true"),
    '<association id="to" sourceRef="on" targetRef="undo" associationDirection="One"/>',
    event("endEvent", "e", "<compensateEventDefinition/>"),
    flows("s a", "a e"),
)


@pytest.mark.parametrize(
    ("text", "choices", "left"),
    [
        pytest.param(FORK, [], ["b", "c"], id="several flows out of an activity: 13.3.1"),
        pytest.param(CONDITIONS, [do("a")], ["b"], id="conditional flows out of an activity: 8.4.13"),
        pytest.param(COMPLEX, [], ["b"], id="the complex gateway: 13.4.5"),
        pytest.param(UNDONE, [do("a")], ["undo"], id="compensation: 13.5.5"),
    ],
)
def test_what_spiffworkflow_refuses_runs_here(text: str, choices: list[Wanted], left: list[str]) -> None:
    assert waiting(ours(text, *choices)) == left
    with pytest.raises(Exception, match=r"not supported|no support|Unsupported"):
        theirs(text)


def test_a_link_goes_on_at_its_target_and_stops_in_spiffworkflow() -> None:
    # BPMN 2.0.2, 10.5.5: paired link events are one sequence flow.
    link = '<linkEventDefinition name="l"/>'
    text = process(
        START,
        event("intermediateThrowEvent", "from", link),
        event("intermediateCatchEvent", "to", link),
        work("b"),
        flows("s from", "to b"),
    )
    assert waiting(ours(text)) == ["b"]
    assert waiting(theirs(text)) == []


def test_an_end_broadcasts_its_signal_and_is_a_plain_end_in_spiffworkflow() -> None:
    # BPMN 2.0.2, table 10.88: a signal end event broadcasts a signal.
    text = process(
        START,
        '<parallelGateway id="g"/>',
        work("a"),
        event("endEvent", "e", ON_SIGNAL),
        event("intermediateCatchEvent", "k", ON_SIGNAL),
        work("b"),
        flows("s g", "g a", "a e", "g k", "k b"),
    )
    assert waiting(ours(text, do("a"))) == ["b"]
    assert waiting(theirs(text, do("a"))) == ["go"]


def test_an_error_that_nothing_catches_ends_the_instance_and_passes_in_spiffworkflow() -> None:
    # BPMN 2.0.2, table 10.88, leaves it to the engine.
    thrown = event("endEvent", "t", ON_ERROR)
    inner = scope("q", thrown, '<sequenceFlow id="to" sourceRef="in" targetRef="t"/>')
    text = process(START, inner, work("b"), flows("s q", "q b"))
    assert ours(text).is_over()
    assert waiting(theirs(text)) == ["b"]


def test_of_two_borders_that_catch_an_error_one_does_and_both_do_in_spiffworkflow() -> None:
    # BPMN 2.0.2, 10.5.6: an error has one handler; here that of its code.
    inner = scope("q", event("endEvent", "t", ON_ERROR), inside("in t"))
    borders = event("boundaryEvent", "one", ON_ERROR, ' attachedToRef="q"')
    borders += event("boundaryEvent", "all", "<errorEventDefinition/>", ' attachedToRef="q"')
    text = process(START, inner, borders, work("b"), work("c"), flows("s q", "one b", "all c"))
    assert waiting(ours(text)) == ["b"]
    assert waiting(theirs(text)) == ["b", "c"]


def test_an_event_beside_an_activity_happens_again_and_once_in_spiffworkflow() -> None:
    # BPMN 2.0.2, 10.5.4: it may be triggered as often as it comes while the activity is open.
    beside = event("boundaryEvent", "on", ON_MESSAGE, ' attachedToRef="a" cancelActivity="false"')
    body = START + work("a") + beside + work("b") + flows("s a", "on b")
    case = Case(Executable(model(body, TOP).process, 1, NoRules()))
    case.receive("on")
    case.receive("on")
    assert case.waiting == ["a", "b", "b", "on"]
    assert waiting(theirs(process(body), do("on", "receive"))) == ["a", "b"]


def test_an_event_ends_all_turns_of_a_sub_process_and_breaks_spiffworkflow() -> None:
    # BPMN 2.0.2, 13.3.7 and 13.5.3: the event stands on the border of all turns.
    turns = (
        '<multiInstanceLoopCharacteristics isSequential="true"><loopCardinality>=2</loopCardinality>'
        "</multiInstanceLoopCharacteristics>"
    )
    inner = scope("q", turns, work("a"), '<endEvent id="out"/>', inside("in a", "a out"))
    border = event("boundaryEvent", "on", ON_MESSAGE, ' attachedToRef="q"')
    text = process(START, inner, border, work("b"), flows("s q", "on b"))
    assert waiting(ours(text, do("on", "receive"))) == ["b"]
    with pytest.raises(Exception, match="was not found"):
        theirs(text.replace(">=2<", ">2<"), do("on", "receive"))


def test_an_event_sub_process_interrupts_and_does_not_in_spiffworkflow() -> None:
    # BPMN 2.0.2, 13.5.4: an interrupting one cancels all else in its scope.
    text = process(START, work("a"), handler("q", ON_SIGNAL, interrupting=True), flows("s a"))
    assert waiting(ours(text, do("go", "signal"))) == ["h"]
    assert waiting(theirs(text, do("go", "signal"))) == ["a", "go", "h"]


def test_an_event_sub_process_waits_in_any_scope_and_in_spiffworkflow_in_the_process_alone() -> None:
    # BPMN 2.0.2, 13.5.4: it is there as long as the scope that it stands in.
    inner = scope(
        "w", work("a"), '<endEvent id="out"/>', handler("q", ON_MESSAGE), inside("in a", "a out", letter="k")
    )
    text = process(START, inner, flows("s w"))
    assert waiting(ours(text)) == ["a", "on"]
    assert waiting(theirs(text)) == ["a"]


@pytest.mark.parametrize("definition", [ON_ERROR, ON_ESCALATION])
def test_an_event_sub_process_waits_for_what_is_thrown_and_begins_at_once_in_spiffworkflow(
    definition: str,
) -> None:
    # BPMN 2.0.2, 10.5.2: error and escalation start events begin event sub-processes when they are thrown.
    text = process(START, work("a"), handler("q", definition), flows("s a"))
    assert waiting(ours(text)) == ["a"]
    assert waiting(theirs(text)) == ["a", "h"]


def test_a_process_ends_without_its_event_sub_process_and_waits_for_its_timer_in_spiffworkflow() -> None:
    # BPMN 2.0.2, 13.5.6: it ends when no token is left; an event sub-process that nothing began has none.
    timer = "<timerEventDefinition><timeDuration>{}</timeDuration></timerEventDefinition>"
    text = process(START, work("a"), handler("q", timer), flows("s a"))
    assert ours(text.format("PT1H"), do("a")).is_over()
    assert not theirs(text.format('"PT1H"'), do("a")).is_over()


def data(*inner: str, pairs: tuple[str, ...]) -> str:
    """Write a process with a data object that `a` sets, and what waits for it; `b` comes then."""
    return process(SEEN, START, *inner, work("b"), flows(*pairs))


def test_a_condition_sees_what_is_written_further_in_and_not_in_spiffworkflow() -> None:
    # BPMN 2.0.2, 10.5.5: it is triggered when the condition becomes true.
    inner = scope("w", work("a", WRITES), work("c"), '<endEvent id="out"/>', inside("in a", "a c", "c out"))
    zero = '<scriptTask id="zero">{}</scriptTask>'
    border = event("boundaryEvent", "k", ON_DATA, ' attachedToRef="w"')
    text = data(zero, inner, border, pairs=("s zero", "zero w", "k b"))
    script = '<extensionElements><zeebe:script expression="=0" resultVariable="seen"/></extensionElements>'
    assert waiting(ours(text.format(script, "="), do("a"), seen=1)) == ["b"]
    python = f"{WRITES}<script>seen = 0</script>"
    assert waiting(theirs(text.format(python, ""), do("a"), seen=1)) == ["c"]


def test_a_condition_behind_an_event_based_gateway_counts_and_not_in_spiffworkflow() -> None:
    # BPMN 2.0.2, 13.4.4: the first of the events that follow is taken, whatever it waits for.
    zero = '<scriptTask id="zero">{}</scriptTask><parallelGateway id="g"/><eventBasedGateway id="eg"/>'
    events = event("intermediateCatchEvent", "k", ON_DATA) + event("intermediateCatchEvent", "n", ON_MESSAGE)
    ways = ("s zero", "zero g", "g a", "g eg", "eg k", "eg n", "k b")
    text = data(zero, events, work("a", WRITES), pairs=ways)
    script = '<extensionElements><zeebe:script expression="=0" resultVariable="seen"/></extensionElements>'
    assert waiting(ours(text.format(script, "="), do("a"), seen=1)) == ["b"]
    python = f"{WRITES}<script>seen = 0</script>"
    assert "b" not in waiting(theirs(text.format(python, ""), do("a"), seen=1))


BOX = process(
    START,
    '<scriptTask id="zero">{0}</scriptTask>',
    '<adHocSubProcess id="q">{1}',
    work("a"),
    work("b"),
    "<completionCondition>{2}seen &gt; 0</completionCondition></adHocSubProcess>",
    work("c"),
    flows("s zero", "zero q", "q c"),
)


def test_an_ad_hoc_sub_process_runs_and_breaks_spiffworkflow_without_a_data_object() -> None:
    # BPMN 2.0.2, 13.3.5.
    script = '<extensionElements><zeebe:script expression="=0" resultVariable="seen"/></extensionElements>'
    assert waiting(ours(BOX.format(script, "", "="), do("a"), seen=1)) == ["c"]
    python = "<script>seen = 0</script>"
    with pytest.raises(KeyError, match="data_objects"):
        theirs(BOX.format(python, "", ""))
    held = '<dataObject id="o"/>'
    assert waiting(theirs(BOX.format(python, held, ""), do("a"), seen=1)) == ["c"]


def test_an_ad_hoc_sub_process_looks_after_each_activity_and_in_spiffworkflow_at_the_ends_of_its_ways() -> (
    None
):
    # BPMN 2.0.2, 13.3.5: the completion condition is looked at when an activity completes.
    after = '<incoming>g1</incoming><dataObject id="o"/>'
    box = BOX.replace(work("b"), work("b", "{3}") + inside("a b"))
    script = '<extensionElements><zeebe:script expression="=0" resultVariable="seen"/></extensionElements>'
    assert waiting(ours(box.format(script, "", "=", ""), do("a"), seen=1)) == ["c"]
    python, held = "<script>seen = 0</script>", '<dataObject id="o"/>'
    after = after.removesuffix(held)
    assert waiting(theirs(box.format(python, held, "", after), do("a"), seen=1)) == ["b"]


def test_a_list_is_given_anew_by_all_turns_and_breaks_spiffworkflow_where_it_is_not_empty() -> None:
    # BPMN 2.0.2, table 10.29: the turns give the items of the output.
    text = process(
        START,
        '<exclusiveGateway id="g"/>',
        '<scriptTask id="all">{0}<multiInstanceLoopCharacteristics isSequential="true">{1}'
        "</multiInstanceLoopCharacteristics></scriptTask>",
        work("a"),
        flows("s g", "g all", "all a", "a g"),
    )
    script = (
        '<extensionElements><zeebe:script expression="=item + 1" resultVariable="next"/></extensionElements>'
    )
    marker = (
        '<extensionElements><zeebe:loopCharacteristics inputCollection="=[1, 2]" inputElement="item"'
        ' outputCollection="found" outputElement="=next"/></extensionElements>'
    )
    player = ours(text.format(script, marker), do("a"))
    assert player.variables()["found"] == [2, 3]
    python = (
        "<loopDataInputRef>items</loopDataInputRef><loopDataOutputRef>found</loopDataOutputRef>"
        '<inputDataItem id="item"/><outputDataItem id="next"/>'
    )
    items = text.format("<script>next = item + 1</script>", python).replace(
        flows("s g"), '<scriptTask id="items"><script>items = [1, 2]</script></scriptTask>' + flows("s items")
    )
    items = items.replace("</process>", inside("items g") + "</process>")
    with pytest.raises(Exception, match="must be empty"):
        theirs(items, do("a"))
