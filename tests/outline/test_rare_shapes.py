"""Shapes that few processes have come back from an outline all the same, one at a time."""

from typing import Any

import pytest

from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.outline.compile import compile_outline
from flowmaster.engine.outline.decompile import decompile
from flowmaster.engine.outline.problems import OutlineRefused
from tests.bpmn_reader.models import bpmn, condition, flow
from tests.engine.cases import HEAD, S, flows
from tests.outline.test_lossless import ROOT, rewritten
from tests.outline.traces import difference, executable

UNDONE = (
    '<boundaryEvent id="x" attachedToRef="a"><compensateEventDefinition/></boundaryEvent>'
    '<task id="undo" isForCompensation="true"/><association id="n" sourceRef="x" targetRef="undo"/>'
)


def test_a_compensation_that_is_not_waited_for_comes_back() -> None:
    undoing = '<compensateEventDefinition waitForCompletion="false"/>'
    after = rewritten(
        bpmn(
            f'<startEvent id="s"/><task id="a"/><intermediateThrowEvent id="t">{undoing}</intermediateThrowEvent>'
            f'<endEvent id="e">{undoing}</endEvent>'
            + UNDONE
            + flow("s", "a")
            + flow("a", "t")
            + flow("t", "e")
        )
    )
    for event in ("t", "e"):
        (said,) = after.element(event).children("compensateEventDefinition")
        assert said.get("waitForCompletion") == "false"


def test_an_event_process_without_a_word_or_a_name_has_the_same_outline_again() -> None:
    several = '<signalEventDefinition signalRef="sig"/><messageEventDefinition messageRef="odd"/>'
    rewritten(
        bpmn(
            '<startEvent id="s"/><endEvent id="e"/>'
            + flow("s", "e")
            + '<subProcess id="q" triggeredByEvent="true">'
            f'<startEvent id="qs">{several}</startEvent><endEvent id="qe"/>{flow("qs", "qe")}</subProcess>',
            ROOT,
        )
    )


def test_what_undoes_a_step_keeps_its_own_events() -> None:
    after = rewritten(
        bpmn(
            '<startEvent id="s"/><task id="a"/><endEvent id="e"><compensateEventDefinition/></endEvent>'
            + UNDONE
            + '<boundaryEvent id="late" attachedToRef="undo"><errorEventDefinition/></boundaryEvent>'
            '<task id="b"/><endEvent id="over" name="over"/>'
            + flow("s", "a")
            + flow("a", "e")
            + flow("late", "b")
            + flow("b", "over")
        )
    )
    assert after.element("late").get("attachedToRef") == "undo"
    assert [one.get("targetRef") for one in after.outgoing(after.element("late"))] == ["b"]


def test_handlers_of_what_undoes_a_step_end_on_their_own_and_write_no_result() -> None:
    late: Any = [{"report": {"call": "report"}}]
    undo: Any = {"free": {"call": "free", "within": "PT1H", "late": late}}
    outline: Any = {
        "process": "p",
        "result": "outcome",
        "steps": [{"book": {"call": "book", "undo": undo}}, {"end": {"compensate": True, "name": "back"}}],
    }
    document = compile_outline(outline).document
    (flow_on,) = document.outgoing(document.element("report"))
    assert document.element(flow_on.get("targetRef")).kind == "endEvent"
    shown: Any = decompile(document)
    assert decompile(compile_outline(shown).document) == shown
    assert shown["steps"][0]["book"]["undo"]["free"]["late"][0] == late[0]
    wrong: Any = {**undo["free"], "late": [{"goto": "nowhere"}]}
    with pytest.raises(OutlineRefused, match="nowhere"):
        compile_outline({**outline, "steps": [{"book": {"call": "book", "undo": {"free": wrong}}}]})


def test_associations_between_nodes_that_nothing_reaches_keep_their_place() -> None:
    first = '<startEvent id="s"/><association id="first" sourceRef="y" targetRef="other"/>'
    other = (
        '<task id="b"/><boundaryEvent id="y" attachedToRef="b"><compensateEventDefinition/></boundaryEvent>'
    )
    rewritten(bpmn(first + other + '<task id="other" isForCompensation="true"/>'))


def test_an_id_that_follows_from_those_before_is_not_shown() -> None:
    steps: Any = [
        {"if": "n < 2", "then": [{"a": {"call": "a"}}], "id": "first"},
        {"if": "n < 2", "then": [{"b": {"call": "b"}}]},
    ]
    assert decompile(compile_outline({"process": "p", "steps": steps}).document)["steps"] == steps


def test_an_event_beside_a_step_that_splits_may_lead_where_one_of_its_ways_leads() -> None:
    rewritten(
        bpmn(
            '<startEvent id="s"/><task id="a"/><boundaryEvent id="x" attachedToRef="a"><errorEventDefinition/>'
            '</boundaryEvent><task id="b"/><task id="c"/><endEvent id="e"/><endEvent id="f"/>'
            + flow("s", "a")
            + flow("x", "c")
            + flow("a", "b")
            + flow("a", "c")
            + flow("b", "e")
            + flow("c", "f")
        )
    )


def test_nothing_is_put_into_an_ad_hoc_process() -> None:
    after = rewritten(
        bpmn(
            '<startEvent id="s"/><adHocSubProcess id="h"><task id="a"/><task id="b"/></adHocSubProcess>'
            '<endEvent id="e"/>' + flow("s", "h") + flow("h", "e")
        )
    )
    assert [one.id for one in after.flow_nodes(after.element("h"))] == ["a", "b"]


def test_a_gateway_that_joins_two_blocks_at_once_is_the_join_of_neither() -> None:
    after = rewritten(
        bpmn(
            '<startEvent id="s"/><inclusiveGateway id="g" default="g_a"/><task id="a"/><task id="b"/>'
            '<inclusiveGateway id="h" default="h_c"/><task id="c"/><task id="d"/><exclusiveGateway id="m"/>'
            '<inclusiveGateway id="j"/><endEvent id="e"/>'
            + flow("s", "g")
            + flow("g", "a")
            + flow("g", "h", condition("=x"))
            + flow("h", "c")
            + flow("h", "d", condition("=y"))
            + flow("a", "m")
            + flow("c", "m")
            + flow("m", "j")
            + flow("d", "j")
            + flow("j", "e")
        )
    )
    assert len(after.incoming(after.element("j"))) == 2


@pytest.mark.parametrize("kind", ["inclusiveGateway", "task"])
def test_a_default_beside_a_way_without_condition_says_when_it_is_taken(kind: str) -> None:
    body = (
        f'<{kind} id="a" default="f3"/><task id="x"/><task id="y"/><task id="z"/>'
        + S
        + flows("s a", "a x: n &lt; 2", "a z", "a y")
    )
    document = parse_bpmn(f'{HEAD}<process id="p" isExecutable="true">{body}</process></definitions>')
    again = compile_outline(decompile(document, "p"), picture=False).document
    assert decompile(again, "p") == decompile(document, "p")
    assert difference(executable(document, "p"), executable(again, "p"), range(8)) == ""


def test_a_flow_out_of_what_nothing_reaches_leads_behind_a_gateway_that_the_outline_leaves_out() -> None:
    after = rewritten(
        bpmn(
            '<startEvent id="s"/><exclusiveGateway id="g"/><task id="a"/><endEvent id="e"/><task id="dead"/>'
            + flow("s", "g")
            + flow("dead", "g")
            + flow("g", "a")
            + flow("a", "e")
        )
    )
    flows_there = after.root.descendants("sequenceFlow")
    assert {one.get("targetRef") for one in flows_there} <= {
        node.id for node in after.flow_nodes(after.processes[0])
    }
