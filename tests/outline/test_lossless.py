"""What no word of the outline says comes back from it all the same: splits, links, raw events, foreign extensions."""

from typing import Any

import pytest

from flowmaster.engine.bpmn.document import BpmnDocument, parse_bpmn
from flowmaster.engine.bpmn.vocabulary import FLOW_NODE_KINDS
from flowmaster.engine.outline.compile import compile_outline
from flowmaster.engine.outline.decompile import decompile
from flowmaster.engine.outline.problems import OutlineRefused
from tests.bpmn_reader.models import bpmn, condition, ext, flow
from tests.outline.traces import difference, executable

NOTE = '<x:note xmlns:x="urn:x" deep="1"/>'
ROOT = '<signal id="sig" name="go"/><message id="odd"/><error id="own" errorCode="E1"/>'


def rewritten(xml: str) -> BpmnDocument:
    """Return the document of the outline of a file, which does the same and has the same outline."""
    before = parse_bpmn(xml)
    shown = decompile(before)
    after = compile_outline(shown).document
    assert decompile(after) == shown
    process = before.processes[0].id
    assert difference(executable(before, process), executable(after, process), range(6)) == ""
    return after


def notes(document: BpmnDocument) -> set[str]:
    """Return the ids of the nodes with a foreign extension."""
    return {
        node.id
        for node in document.root.descendants(*FLOW_NODE_KINDS)
        if any(one.local_name == "note" for one in node.extensions())
    }


def test_events_with_several_ways_and_gateways_that_join_and_split_at_once() -> None:
    xml = bpmn(
        '<laneSet id="ls"><lane id="l" name="Clerks"><flowNodeRef>s</flowNodeRef><flowNodeRef>g</flowNodeRef>'
        "<flowNodeRef>e</flowNodeRef></lane></laneSet>"
        '<startEvent id="s"/><task id="a"/><task id="b"/><parallelGateway id="g"/><task id="c"/><task id="d"/>'
        '<boundaryEvent id="x" attachedToRef="a"><errorEventDefinition/></boundaryEvent><endEvent id="e" name="over"/>'
        + flow("s", "a")
        + flow("s", "b")
        + flow("a", "g")
        + flow("b", "g")
        + flow("g", "c")
        + flow("g", "d")
        + flow("c", "e")
        + flow("d", "e")
        + flow("x", "c", condition("=n = 1"))
        + flow("x", "d")
    )
    assert rewritten(xml).element("g").kind == "parallelGateway"


def test_links_lead_on_without_a_flow() -> None:
    link = '<linkEventDefinition name="on"/>'
    after = rewritten(
        bpmn(
            f'<startEvent id="s"/><exclusiveGateway id="g" default="g_u"/>'
            f'<intermediateThrowEvent id="t">{link}</intermediateThrowEvent>'
            f'<intermediateThrowEvent id="u">{link}</intermediateThrowEvent>'
            f'<intermediateCatchEvent id="c">{link}</intermediateCatchEvent><task id="a"/><endEvent id="e"/>'
            + flow("s", "g")
            + flow("g", "t", condition("=x"))
            + flow("g", "u")
            + flow("c", "a")
            + flow("a", "e")
        )
    )
    assert after.incoming(after.element("c")) == []
    assert [one.get("targetRef") for one in after.outgoing(after.element("c"))] == ["a"]


def test_foreign_extensions_of_gateways_and_events_come_back() -> None:
    note, job = ext(NOTE), ext('<zeebe:taskDefinition type="t"/>')
    signal = '<signalEventDefinition signalRef="sig"/>'
    xml = bpmn(
        f'<startEvent id="s">{note}</startEvent><exclusiveGateway id="g" default="g_b">{note}</exclusiveGateway>'
        f'<serviceTask id="a">{job}</serviceTask>'
        f'<boundaryEvent id="x" attachedToRef="a">{note}{signal}</boundaryEvent>'
        f'<task id="b"/><exclusiveGateway id="m">{note}</exclusiveGateway>'
        f'<parallelGateway id="f">{note}</parallelGateway><task id="c"/><task id="d"/>'
        f'<parallelGateway id="j">{note}</parallelGateway>'
        f'<eventBasedGateway id="r">{note}</eventBasedGateway>'
        f'<intermediateCatchEvent id="w">{note}{signal}</intermediateCatchEvent>'
        '<intermediateCatchEvent id="v"><timerEventDefinition><timeDuration>PT1H</timeDuration>'
        "</timerEventDefinition></intermediateCatchEvent>"
        f'<subProcess id="q"><startEvent id="qs" name="Opened">{note}</startEvent><task id="qt"/>{flow("qs", "qt")}</subProcess>'
        f'<endEvent id="e">{note}</endEvent>'
        + flow("s", "g")
        + flow("g", "a", condition("=x"))
        + flow("g", "b")
        + flow("a", "m")
        + flow("b", "m")
        + flow("x", "m")
        + flow("m", "f")
        + flow("f", "c")
        + flow("f", "d")
        + flow("c", "j")
        + flow("d", "j")
        + flow("j", "r")
        + flow("r", "w")
        + flow("r", "v")
        + flow("w", "q")
        + flow("v", "q")
        + flow("q", "e"),
        ROOT,
    )
    before, after = parse_bpmn(xml), rewritten(xml)
    assert notes(before) - {"qs"} <= notes(after)
    (start,) = after.element("q").children("startEvent")
    assert (start.name, start.id in notes(after)) == ("Opened", True)


def test_events_that_no_word_says_come_back_with_what_they_name() -> None:
    several = '<signalEventDefinition signalRef="sig"/><messageEventDefinition messageRef="odd"/>'
    after = rewritten(
        bpmn(
            f'<startEvent id="s" parallelMultiple="true">{several}</startEvent>'
            f'<receiveTask id="t" messageRef="odd"/>'
            f'<boundaryEvent id="x" attachedToRef="t" parallelMultiple="true">{several}</boundaryEvent>'
            f'<endEvent id="e">{several}</endEvent><task id="lost"/>'
            + flow("s", "t")
            + flow("t", "e")
            + flow("x", "e")
            + flow("lost", "e"),
            ROOT,
        )
    )
    for event in ("s", "x"):
        assert [one.kind for one in after.element(event).children()][-2:] == [
            "signalEventDefinition",
            "messageEventDefinition",
        ]
        assert after.element(event).is_true("parallelMultiple")
    assert after.element("odd").kind == "message"
    assert after.element("lost").parent == after.processes[0]
    assert "lost" in {one.get("sourceRef") for one in after.incoming(after.element("e"))}


def test_the_first_of_several_ways_without_a_condition_is_taken() -> None:
    rewritten(
        bpmn(
            '<startEvent id="s"/><exclusiveGateway id="g"/><task id="a"/><task id="b"/><task id="c"/>'
            + flow("s", "g")
            + flow("g", "a", condition("=x"))
            + flow("g", "b")
            + flow("g", "c")
        )
    )


def test_words_of_a_start_in_a_group_and_tries_by_expression_are_read() -> None:
    group: Any = {
        "group": [{"a": {"call": "a", "retry": "=n"}}],
        "start": {"name": "Go", "about": "Now.", "into": "x"},
    }
    outline: Any = {"process": "p", "steps": [{"g": group}]}
    document = compile_outline(outline).document
    assert decompile(document)["steps"] == [{"g": group}]
    for wrong in ("Go", {"title": "Go"}):
        bad: Any = {"process": "p", "steps": [{"g": {**group, "start": wrong}}]}
        with pytest.raises(OutlineRefused) as refused:
            compile_outline(bad)
        assert refused.value.problems[0].path.startswith("steps[0].g.start")


def test_an_event_that_is_waited_for_in_a_race_may_split() -> None:
    rewritten(
        bpmn(
            '<startEvent id="s"/><eventBasedGateway id="g"/>'
            '<intermediateCatchEvent id="m"><messageEventDefinition messageRef="odd"/></intermediateCatchEvent>'
            '<intermediateCatchEvent id="n"><signalEventDefinition signalRef="sig"/></intermediateCatchEvent>'
            '<task id="a"/><task id="b"/><task id="c"/>'
            + flow("s", "g")
            + flow("g", "m")
            + flow("g", "n")
            + flow("m", "a")
            + flow("m", "b", condition("=x"))
            + flow("n", "b")
            + flow("b", "c"),
            ROOT,
        )
    )


def test_what_may_be_missing_is_asked_for_with_a_question_mark_and_a_form_may_be_empty() -> None:
    asked: Any = {"ask": "clerk", "into": ["ok", "reason?"]}
    steps: Any = [
        {"a": asked},
        {"b": {"ask": "clerk", "form": {}}},
        {"c": {"call": "c", "into": {"x": "x", "y?": "z"}}},
    ]
    outline: Any = {"process": "p", "data": {"ok": "boolean", "reason": "text"}, "steps": steps}
    shown = decompile(compile_outline(outline).document)
    assert shown["steps"] == [
        {"a": {"ask": "clerk", "form": {"ok": "boolean", "reason?": "text"}, "into": ["ok", "reason"]}},
        {"b": {"ask": "clerk", "form": {}}},
        {"c": {"call": "c", "into": {"x": "x", "y?": "z"}}},
    ]


def test_a_person_s_step_with_an_attribute_of_another_vocabulary_keeps_it() -> None:
    task = '<userTask id="a" xmlns:v="urn:v" v:owner="me"/>'
    body = f'<startEvent id="s"/>{task}<endEvent id="e"/>' + flow("s", "a") + flow("a", "e")
    assert rewritten(bpmn(body)).element("a").get("{urn:v}owner") == "me"


@pytest.mark.parametrize("said", ['isForCompensation="true"', ""])
def test_a_group_that_undoes_a_step_comes_back_beside_the_notes_of_that_step(said: str) -> None:
    undo = f'<subProcess id="undo" {said}><task id="give_back"/></subProcess>'
    note = '<textAnnotation id="note"><text>Mind</text></textAnnotation><association id="l" sourceRef="a" targetRef="note"/>'
    after = rewritten(
        bpmn(
            '<startEvent id="s"/><task id="a"/><boundaryEvent id="x" attachedToRef="a"><compensateEventDefinition/>'
            f'</boundaryEvent>{note}{undo}<association id="n" sourceRef="x" targetRef="undo"/>'
            '<endEvent id="e"><compensateEventDefinition/></endEvent>' + flow("s", "a") + flow("a", "e")
        )
    )
    assert after.element("give_back").parent == after.element("undo")


def test_a_flow_that_leads_nowhere_is_left_out_and_an_event_without_id_gets_one() -> None:
    shown = decompile(
        parse_bpmn(
            bpmn(
                '<startEvent id="s"/><serviceTask id="a"/><boundaryEvent attachedToRef="a"><errorEventDefinition/>'
                '</boundaryEvent><endEvent id="e"/>' + flow("s", "a") + flow("a", "e") + flow("a", "ghost")
            )
        )
    )
    assert list(shown) == ["process", "start", "steps"]
    after = compile_outline(shown).document
    assert [one.get("targetRef") for one in after.outgoing(after.element("a"))] == ["e"]
    (event,) = after.boundary_events(after.element("a"))
    assert event.id
    assert decompile(after) == shown


@pytest.mark.parametrize("said", ['id="over" name="over"', 'id="end"', 'id="e" name="over"'])
def test_an_end_without_a_word_comes_back_by_its_xml(said: str) -> None:
    several = '<signalEventDefinition signalRef="sig"/><errorEventDefinition errorRef="own"/>'
    end = f"<endEvent {said}>{several}</endEvent>"
    identifier = said.split('"')[1]
    body = f'<startEvent id="s"/><task id="a"/>{end}' + flow("s", "a") + flow("a", identifier)
    after = rewritten(bpmn(body, ROOT)).element(identifier)
    assert (after.kind, after.name) == ("endEvent", "over" if "over" in said else "")
    assert [one.kind for one in after.children("signalEventDefinition", "errorEventDefinition")] == [
        "signalEventDefinition",
        "errorEventDefinition",
    ]


def test_an_event_that_nothing_undoes_is_left_out() -> None:
    events = '<boundaryEvent id="{}" attachedToRef="a"><compensateEventDefinition/></boundaryEvent>'
    undo = '<task id="undo" isForCompensation="true"/><association id="n" sourceRef="y" targetRef="undo"/>'
    body = '<startEvent id="s"/><task id="a"/>' + events.format("x") + events.format("y") + undo
    end = '<endEvent id="e"><compensateEventDefinition/></endEvent>'
    after = rewritten(bpmn(body + end + flow("s", "a") + flow("a", "e")))
    (event,) = after.boundary_events(after.element("a"))
    (association,) = after.processes[0].children("association")
    assert (association.get("sourceRef"), association.get("targetRef")) == (event.id, "undo")
