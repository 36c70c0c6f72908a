"""Models that no outline made are shown as outlines: in words where there are words, else as XML, and nothing is lost."""

from typing import Any

import pytest

from flowmaster.engine.bpmn.document import BpmnDocument, parse_bpmn
from flowmaster.engine.outline.compile import compile_outline
from flowmaster.engine.outline.decompile import decompile
from flowmaster.engine.outline.text import outline_text
from flowmaster.engine.values import Json
from flowmaster.tools.outline_text import read_outline_text
from tests.bpmn_reader.models import bpmn, condition, ext, flow, line, node


def shown(xml: str) -> Any:
    """Return the outline of a file; it must compile again, and its text must read back."""
    found = decompile(parse_bpmn(xml))
    assert read_outline_text(outline_text(found)).value == found
    compile_outline(found)
    return found


def steps(xml: str) -> Any:
    return shown(xml)["steps"]


def outline_of(document: BpmnDocument) -> Any:
    """Return the outline of a document, to be looked into."""
    return decompile(document)


def loop(*, ids: str, backward: str) -> str:
    """Return tasks in a row, written last to first, so that most flows lead backward in the file."""
    tasks = "".join(f'<serviceTask id="{one}"/>' for one in reversed(ids))
    flows = "".join(flow(left, right) for left, right in zip(ids, ids[1:], strict=False))
    return (
        f'<endEvent id="end"/>{tasks}<startEvent id="start"/>'
        f"{flow('start', ids[0])}{flows}{flow(ids[-1], 'end')}{backward}"
    )


def names(listed: Any) -> list[str]:
    return [next(iter(one)) if isinstance(one, dict) else str(one) for one in listed]


def test_steps_come_in_the_order_of_the_flows_where_the_file_turns_them_round() -> None:
    assert names(steps(bpmn(loop(ids="abcdef", backward="")))) == list("abcdef")
    loose = '<task id="z"/><task id="y"/>' + flow("y", "z") + flow("z", "y")
    found = shown(bpmn(loop(ids="abcdef", backward=loose)))
    assert names(found["steps"]) == list("abcdef")
    assert "z" in str(found["bpmn"])


def test_a_boundary_event_in_a_file_turned_round_belongs_to_its_host() -> None:
    beside = '<boundaryEvent id="bad" attachedToRef="c"><errorEventDefinition/></boundaryEvent>' + flow(
        "bad", "a"
    )
    found = steps(bpmn(loop(ids="abcdef", backward=beside)))
    assert found[2]["c"]["on"]["*"] == {"then": "a", "id": "bad"}


def test_merging_gateways_that_lead_in_a_circle_do_not_hold_up_the_reader() -> None:
    circle = (
        '<startEvent id="s"/><exclusiveGateway id="g"/><exclusiveGateway id="h"/><exclusiveGateway id="i"/>'
        + flow("s", "g")
        + flow("g", "h")
        + flow("h", "i")
        + flow("i", "g")
        + '<task id="t"/>'
    )
    assert outline_of(parse_bpmn(bpmn(circle)))["steps"] is not None


def test_conditions_in_juel_are_shown_as_feel() -> None:
    file = bpmn(
        '<startEvent id="s"/><exclusiveGateway id="g" default="g_b"/><task id="a"/><task id="b"/>'
        + flow("s", "g")
        + flow("g", "a", condition("${amount &gt; 3}"))
        + flow("g", "b")
    )
    assert "amount > 3" in str(steps(file))


def test_a_decision_without_default_and_one_with_open_flows_keep_their_meaning() -> None:
    file = bpmn(
        '<startEvent id="s"/><exclusiveGateway id="g"/><task id="a"/><task id="b"/>'
        + flow("s", "g")
        + flow("g", "a", condition("=x"))
        + flow("g", "b", condition("=y"))
    )
    assert "'else': 'incident'" in str(steps(file))
    single = bpmn(
        '<startEvent id="s"/><exclusiveGateway id="g"/><task id="a"/>'
        + flow("s", "g")
        + flow("g", "a", condition("=x"))
    )
    assert "'if': 'x'" in str(steps(single))


def test_a_step_with_conditions_on_its_ways_is_an_inclusive_choice() -> None:
    file = bpmn(
        '<startEvent id="s"/><task id="t" default="t_b"/><task id="a"/><task id="b"/><task id="c"/>'
        + flow("s", "t")
        + flow("t", "a", condition("=x"))
        + flow("t", "b")
        + flow("t", "c")
    )
    found = steps(file)
    assert names(found) == ["t", "any"]
    assert [case["if"] for case in found[1]["any"]] == ["x", "true", "not(x)"]


@pytest.mark.parametrize(
    ("kind", "inside"),
    [
        ("serviceTask", ""),
        ("serviceTask", ext('<zeebe:taskDefinition type="x"/><fm:agent instruction=""/>')),
        ("businessRuleTask", ""),
        ("businessRuleTask", ext('<zeebe:taskDefinition type="x"/><zeebe:calledDecision decisionId="d"/>')),
        ("scriptTask", ext('<zeebe:script expression="=1"/>')),
        ("callActivity", ""),
        ("sendTask", ""),
        ("intermediateThrowEvent", ""),
        ("intermediateThrowEvent", '<linkEventDefinition name="l"/>'),
        (
            "intermediateThrowEvent",
            ext('<zeebe:taskDefinition type="x"/>') + '<signalEventDefinition signalRef="sig"/>',
        ),
        ("intermediateCatchEvent", '<linkEventDefinition name="l"/>'),
        ("intermediateCatchEvent", "<timerEventDefinition/>"),
        ("intermediateCatchEvent", "<conditionalEventDefinition/>"),
        ("intermediateCatchEvent", "<messageEventDefinition/>"),
        ("intermediateCatchEvent", "<signalEventDefinition/>"),
        ("intermediateCatchEvent", '<signalEventDefinition signalRef="sig"/><messageEventDefinition/>'),
        ("intermediateCatchEvent", "<eventDefinitionRef>d</eventDefinitionRef>"),
        ("subProcess", ""),
        ("subProcess", '<startEvent id="i"/>'),
        ("subProcess", '<startEvent id="i"/><startEvent id="j"/>'),
        ("adHocSubProcess", '<task id="i"/>'),
        ("manualTask", ""),
        ("receiveTask", ""),
        ("complexGateway", ""),
        ("userTask", "<multiInstanceLoopCharacteristics/>"),
    ],
)
def test_what_has_no_word_comes_as_xml(kind: str, inside: str) -> None:
    root = '<signal id="sig" name="s"/><signalEventDefinition id="d" signalRef="sig"/>'
    found = outline_of(parse_bpmn(bpmn(line(f'<{kind} id="a">{inside}</{kind}>'), root)))["steps"]
    assert f"<bpmn:{kind}" in found[0]["a"]["bpmn"]


@pytest.mark.parametrize(
    ("element", "step"),
    [
        ('<userTask id="a"/>', {"ask": "anyone"}),
        (
            node("userTask", "<zeebe:assignmentDefinition candidateGroups='x, y' candidateUsers='=who'/>"),
            {"ask": {"roles": ["x", "y"], "people": "=who"}},
        ),
        (
            node("userTask", "<zeebe:formDefinition formKey='k'/>"),
            {"ask": "anyone", "extra": '<zeebe:formDefinition formKey="k"/>'},
        ),
        (
            node("serviceTask", "<zeebe:taskDefinition type='t'/><fm:retry wait='PT1M'/>"),
            {"call": "t", "retry": {"times": 3, "wait": "PT1M"}},
        ),
        (
            node("serviceTask", "<zeebe:taskDefinition type='t' retries='=n'/>"),
            None,
        ),
        (
            node("businessRuleTask", "<zeebe:calledDecision decisionId='d' resultVariable='r'/>"),
            {"rule": "d", "into": "r"},
        ),
        (
            node("scriptTask", "<zeebe:script expression='={x: 1}' resultVariable='result'/>"),
            {"set": {"result": "{x: 1}"}},
        ),
        (
            node("callActivity", "<zeebe:calledElement processId='q' propagateAllChildVariables='false'/>"),
            {"run": "q", "return_all": False},
        ),
        (
            '<serviceTask id="a">'
            + ext("<zeebe:taskDefinition type='t'/>")
            + '<standardLoopCharacteristics loopMaximum="0"/></serviceTask>',
            {"call": "t", "repeat": {}},
        ),
        (
            '<serviceTask id="a">'
            + ext("<zeebe:taskDefinition type='t'/>")
            + "<multiInstanceLoopCharacteristics><loopCardinality>3</loopCardinality>"
            + "</multiInstanceLoopCharacteristics></serviceTask>",
            {"call": "t", "each": {"times": "3"}},
        ),
        (
            '<intermediateThrowEvent id="a"><compensateEventDefinition/></intermediateThrowEvent>',
            {"throw": {"compensate": True}},
        ),
        (
            '<intermediateThrowEvent id="a"><escalationEventDefinition escalationRef="no"/></intermediateThrowEvent>',
            {
                "bpmn": '<bpmn:intermediateThrowEvent><bpmn:escalationEventDefinition escalationRef="no"/></bpmn:intermediateThrowEvent>'
            },
        ),
    ],
)
def test_a_step_of_the_zeebe_vocabulary_is_told_in_words(element: str, step: dict[str, Json] | None) -> None:
    found = outline_of(parse_bpmn(bpmn(line(element))))["steps"]
    if step is None:
        assert found[0]["a"]["call"] == "t"
    else:
        assert found[0] == {"a": step}


def test_a_task_without_performer_is_done_by_the_role_of_its_lane() -> None:
    lanes = '<laneSet id="ls"><lane id="l" name="Clerks"><flowNodeRef>a</flowNodeRef></lane></laneSet>'
    found = shown(bpmn(lanes + line('<userTask id="a"/>')))
    assert found["roles"] == {"clerks": "Clerks"}
    assert found["steps"][0]["a"]["ask"] == "clerks"


def test_lanes_are_found_by_the_name_of_their_role() -> None:
    roles = ext("<fm:role id='c' name='Clerks'/><fm:role name='Boss'/><fm:role/>")
    lanes = (
        '<laneSet id="ls"><lane id="l" name="clerks"><flowNodeRef>a</flowNodeRef></lane>'
        '<lane id="m" name="Boss"><flowNodeRef>b</flowNodeRef></lane></laneSet>'
    )
    found = shown(bpmn(roles + lanes + line('<userTask id="a"/>', '<userTask id="b"/>')))
    assert found["roles"] == {"c": "Clerks", "Boss": "Boss"}


def test_declarations_that_cannot_be_read_are_left_out() -> None:
    own = ext(
        "<fm:data name='a'>none</fm:data><fm:data>{}</fm:data><fm:check/><fm:scenarios>5</fm:scenarios>"
        "<zeebe:userTaskForm id='f'>none</zeebe:userTaskForm><zeebe:versionTag value='v1'/><fm:data name='b'/>"
    )
    found = shown(bpmn(own + line('<task id="a"/>')))
    assert found.keys() == {"process", "version_tag", "data", "start", "steps"}
    assert found["data"] == {"b": "any"}


def test_a_group_without_start_begins_where_nothing_leads_to_and_may_begin_twice() -> None:
    inside = '<serviceTask id="i"/><serviceTask id="j"/>' + flow("i", "j") + '<serviceTask id="k"/>'
    found = outline_of(parse_bpmn(bpmn(line(f'<subProcess id="a">{inside}</subProcess>'))))
    assert [names(branch) for branch in found["steps"][0]["a"]["group"][0]["all"]] == [
        ["i", "j", "end"],
        ["k", "end"],
    ]
    bare = outline_of(parse_bpmn(bpmn('<serviceTask id="i"/><serviceTask id="j"/>' + flow("i", "j"))))
    assert names(bare["steps"]) == ["i", "j"]
    assert compile_outline(found).document.element("k").kind == "serviceTask"


def test_events_without_a_word_are_kept_as_xml() -> None:
    bad = '<boundaryEvent id="z" attachedToRef="a"/><boundaryEvent id="y" attachedToRef="a"><errorEventDefinition/></boundaryEvent>'
    found = outline_of(parse_bpmn(bpmn(line('<task id="a"/>') + bad)))
    assert found["steps"][0]["a"]["on"] == [
        {"bpmn": "<bpmn:boundaryEvent/>", "id": "z", "then": ["end"]},
        {"error": True, "id": "y", "then": ["end"]},
    ]
    plain = '<subProcess id="es" triggeredByEvent="true"><startEvent id="x"/><task id="t"/></subProcess>'
    assert 'id="es"' in str(outline_of(parse_bpmn(bpmn(line('<task id="a"/>') + plain)))["bpmn"])
    start = '<startEvent id="{}"><signalEventDefinition signalRef="sig"/></startEvent>'
    inner = f'<subProcess id="in" triggeredByEvent="true">{start.format("u")}<task id="v"/>{flow("u", "v")}</subProcess>'
    nested = f'<subProcess id="es" triggeredByEvent="true">{start.format("x")}<task id="t"/>{flow("x", "t")}{inner}</subProcess>'
    found = outline_of(parse_bpmn(bpmn(line('<task id="a"/>') + nested, '<signal id="sig" name="s"/>')))
    assert 'id="es"' in str(found["bpmn"])


def test_a_compensation_is_told_as_undo_and_by_the_name_of_its_step() -> None:
    undone = (
        line(
            '<task id="a" name="Book it"/>',
            '<intermediateThrowEvent id="b"><compensateEventDefinition activityRef="a"/>'
            "</intermediateThrowEvent>",
        )
        + '<boundaryEvent id="z" attachedToRef="a"><compensateEventDefinition/></boundaryEvent>'
        + '<task id="h" name="Cancel it" isForCompensation="true"/>'
        + '<association id="other" sourceRef="a" targetRef="h"/><association id="u" sourceRef="z" targetRef="h"/>'
    )
    found = steps(bpmn(undone))
    assert "Cancel it" in found[0]["Book it"]["undo"]
    assert found[1]["b"]["throw"] == {"compensate": "Book it"}


def test_a_group_that_undoes_is_kept_as_xml() -> None:
    group = (
        '<subProcess id="h" isForCompensation="true"><startEvent id="i"/><task id="j"/>'
        + flow("i", "j")
        + "</subProcess>"
    )
    undone = (
        line('<task id="a"/>')
        + '<boundaryEvent id="z" attachedToRef="a"><compensateEventDefinition/></boundaryEvent>'
        + group
        + '<association id="u" sourceRef="z" targetRef="h"/>'
    )
    found = outline_of(parse_bpmn(bpmn(undone)))["steps"]
    assert "isForCompensation" in str(found)


def test_names_that_are_taken_or_words_of_the_outline_get_a_number() -> None:
    file = bpmn(line('<task id="a" name="if"/>', '<task id="if" name="Same"/>', '<task id="c" name="same"/>'))
    assert names(steps(file))[:3] == ["a", "Same", "c"]


@pytest.mark.parametrize("prefix", ["bpmn", "", "b", "semantic"])
def test_xml_of_any_prefix_is_shown_with_the_usual_one(prefix: str) -> None:
    p = f"{prefix}:" if prefix else ""
    declared = f"xmlns:{prefix}" if prefix else "xmlns"
    file = (
        f'<{p}definitions {declared}="http://www.omg.org/spec/BPMN/20100524/MODEL" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" targetNamespace="x">'
        f'<{p}process id="p" isExecutable="true"><{p}startEvent id="s"/>'
        f'<{p}sequenceFlow id="f" sourceRef="s" targetRef="a"/>'
        f'<{p}adHocSubProcess id="a"><{p}task id="t"/>'
        f'<{p}completionCondition xsi:type="{p}tFormalExpression">=x</{p}completionCondition>'
        f"</{p}adHocSubProcess></{p}process></{p}definitions>"
    )
    found = steps(file)
    xml = found[0]["a"]["bpmn"]
    assert xml.startswith("<bpmn:adHocSubProcess")
    assert 'xsi:type="bpmn:tFormalExpression"' in xml


def test_an_end_without_a_word_is_an_end() -> None:
    file = bpmn(
        '<startEvent id="s"/><endEvent id="e"><linkEventDefinition name="l"/></endEvent>' + flow("s", "e")
    )
    told = '<bpmn:endEvent><bpmn:linkEventDefinition name="l"/></bpmn:endEvent>'
    assert outline_of(parse_bpmn(file))["steps"] == [{"end": {"bpmn": told}, "id": "e"}]


def test_a_file_without_process_is_refused() -> None:
    empty: BpmnDocument = parse_bpmn('<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"/>')
    with pytest.raises(Exception, match="holds no process"):
        outline_of(empty)
