"""What each word of the outline becomes in BPMN."""

import json
from decimal import Decimal
from typing import Any

import pytest

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.vocabulary import fm, zeebe
from flowmaster.engine.outline.compile import compile_outline
from flowmaster.engine.outline.datatypes import schema_of, type_of
from flowmaster.engine.outline.decompile import decompile
from flowmaster.engine.outline.examples import OUTLINE_EXAMPLE
from flowmaster.engine.outline.problems import OutlineRefused, Problems
from flowmaster.engine.outline.values import cycle, duration, duration_in_words, native, split_context
from flowmaster.engine.values import Json
from flowmaster.tools.outline_text import read_outline_text


def built(body: dict[str, Json]) -> tuple[BpmnDocument, Element]:
    document = compile_outline({"process": "p", "roles": ["clerk", "boss"], "steps": [{"x": body}]}).document
    return document, document.element("x")


def said(body: dict[str, Json], extension: str) -> dict[str, str]:
    found = built(body)[1].extension(extension)
    assert found is not None
    return found.attributes()


def test_a_person_s_step_says_who_what_and_by_when() -> None:
    document, task = built(
        {
            "ask": ["clerk", "boss"],
            "not": ["ann", "=boss_of(ann)"],
            "remind": ["PT48H", "3 days"],
            "within": "PT72H",
            "late": {"escalate": "boss"},
            "into": "fine",
            "priority": 80,
        }
    )
    assert task.kind == "userTask"
    assert said({"ask": "clerk"}, zeebe("assignmentDefinition")) == {"candidateGroups": "clerk"}
    assert [one.attributes() for one in task.extensions(fm("exclude"))] == [
        {"person": "=ann"},
        {"person": "=boss_of(ann)"},
    ]
    assert [one.attributes() for one in task.extensions(fm("deadline"))] == [
        {"after": "PT48H", "action": "remind"},
        {"after": "P3D", "action": "remind"},
        {"after": "PT72H", "action": "escalate", "to": "boss"},
    ]
    form = document.processes[0].extension(zeebe("userTaskForm"))
    assert form is not None
    assert json.loads(form.text)["properties"] == {"fine": {"type": "boolean"}}


def test_within_alone_is_a_due_date() -> None:
    assert said({"ask": "clerk", "within": "PT8H"}, zeebe("taskSchedule")) == {
        "dueDate": '=now() + duration("PT8H")'
    }


def test_a_service_has_its_type_tries_and_inputs() -> None:
    body: dict[str, Json] = {
        "call": "bank.transfer",
        "with": {"amount": "total", "n": 5, "who": {"name": "ann"}},
        "retry": {"times": 4, "wait": "PT5M"},
    }
    _, task = built(body)
    assert said(body, zeebe("taskDefinition")) == {"type": "bank.transfer", "retries": "4"}
    assert said(body, fm("retry")) == {"wait": "PT5M"}
    inputs = [(one.get("target"), one.get("source")) for one in task.descendants(zeebe("input"))]
    assert inputs == [("amount", "=total"), ("n", "=5"), ("who", "={name: ann}")]


def test_several_values_are_set_by_one_script_and_spread() -> None:
    _, task = built({"set": {"a": 1, "b.c": "f(x, y)"}})
    script = task.extension(zeebe("script"))
    assert script is not None
    assert script.get("expression") == "={a: 1, b_c: f(x, y)}"
    outputs = [(one.get("target"), one.get("source")) for one in task.descendants(zeebe("output"))]
    assert outputs == [("a", "=result.a"), ("b.c", "=result.b_c")]


@pytest.mark.parametrize(
    ("body", "kind", "inside"),
    [
        ({"wait": "PT1H"}, "intermediateCatchEvent", "timeDuration"),
        ({"wait": {"until": "=due"}}, "intermediateCatchEvent", "timeDate"),
        ({"wait": {"message": "paid", "key": "id"}}, "intermediateCatchEvent", "messageEventDefinition"),
        ({"wait": {"condition": "a > 1"}}, "intermediateCatchEvent", "condition"),
        ({"throw": {"escalation": "LATE"}}, "intermediateThrowEvent", "escalationEventDefinition"),
        ({"send": {"signal": "alarm"}}, "intermediateThrowEvent", "signalEventDefinition"),
        ({"call": "a", "each": "x in xs"}, "serviceTask", "multiInstanceLoopCharacteristics"),
        ({"call": "a", "repeat": {"while": "a", "max": 3}}, "serviceTask", "standardLoopCharacteristics"),
        ({"group": [{"y": {"call": "y"}}]}, "subProcess", "startEvent"),
        ({"group": [{"y": {"call": "y"}}], "transaction": True}, "transaction", "startEvent"),
        ({"run": "other"}, "callActivity", "extensionElements"),
        ({"agent": "Look", "tools": ["a", "b"]}, "serviceTask", fm("agent")),
    ],
)
def test_each_kind_becomes_its_element(body: dict[str, Json], kind: str, inside: str) -> None:
    _, element = built(body)
    assert element.kind == kind
    assert next(element.descendants(inside), None) is not None


def test_the_key_of_a_message_may_stand_beside_the_wait_and_nowhere_else() -> None:
    inside, _ = built({"wait": {"message": "paid", "key": '"k"'}})
    beside, _ = built({"wait": {"message": "paid"}, "key": '"k"'})
    assert beside.to_xml() == inside.to_xml()
    with pytest.raises(OutlineRefused, match="Only a message has a key"):
        built({"wait": "P1D", "key": '"k"'})


def test_errors_and_lateness_lead_to_steps_or_back_behind_the_step() -> None:
    document, step = built(
        {
            "call": "a",
            "on": {"BAD": [{"mend": {"call": "m"}}], "*": []},
            "within": "P1D",
            "late": [{"end": "too late"}],
        }
    )
    events = {event.id: event for event in document.boundary_events(step)}
    assert set(events) == {"x_late", "x_bad", "x_any"} or set(events) == {"x_late", "x_bad", "x_error"}
    mended = document.outgoing(document.element("mend"))[0].get("targetRef")
    assert document.outgoing(step)[0].get("targetRef") == mended


def test_a_late_path_beside_the_open_step_has_its_own_end() -> None:
    document, step = built(
        {"ask": "clerk", "within": "P1D", "late": {"then": [{"nudge": {"call": "n"}}], "keep": True}}
    )
    event = document.boundary_events(step)[0]
    assert event.get("cancelActivity") == "false"
    assert (
        document.element(document.outgoing(document.element("nudge"))[0].get("targetRef")).kind == "endEvent"
    )


def test_roles_become_lanes_and_every_node_stands_in_one() -> None:
    document = compile_outline(read_outline_text(OUTLINE_EXAMPLE).value).document
    process = document.processes[0]
    assert [lane.name for lane in document.lanes(process)] == ["buyer", "boss"]
    assert all(document.lane_of(node) is not None for node in document.flow_nodes(process))


@pytest.mark.parametrize(
    ("text", "schema"),
    [
        ("number > 0", {"type": "number", "exclusiveMinimum": 0}),
        ("number 0..1.5", {"type": "number", "minimum": 0, "maximum": Decimal("1.5")}),
        ("integer >= 1 <= 9", {"type": "integer", "minimum": 1, "maximum": 9}),
        ("low|high", {"enum": ["low", "high"]}),
        ("text <= 200", {"type": "string", "maxLength": 200}),
        ("[date]", None),
        (["date"], {"type": "array", "items": {"type": "string", "format": "date"}}),
        (
            "list of person",
            {"type": "array", "items": {"type": "string", "format": "person", "minLength": 1}},
        ),
        (
            {"a": "text", "b?": "number"},
            {
                "type": "object",
                "properties": {"a": {"type": "string"}, "b": {"type": "number"}},
                "required": ["a"],
            },
        ),
        ({"schema": {"type": "null"}}, {"type": "null"}),
    ],
)
def test_types_are_json_schemas(text: Json, schema: Any) -> None:
    problems = Problems()
    found = schema_of(text, "data.x", problems)
    if schema is None:
        assert problems.found
        return
    assert (found, problems.found) == (schema, [])
    assert schema_of(type_of(found), "data.x", problems) == schema


def test_durations_are_understood_as_people_write_them() -> None:
    written = ["PT48H", "48 hours", "3d", "2 weeks", "5 min", "1 month", "=x", "soon", "P", "PT"]
    assert [duration(one) for one in written] == [
        "PT48H",
        "PT48H",
        "P3D",
        "P2W",
        "PT5M",
        "P1M",
        "=x",
        None,
        None,
        None,
    ]
    assert [cycle(one) for one in ("P1D", "R3/PT1H", "0 9 * * 1-5", "daily")] == [
        "R/P1D",
        "R3/PT1H",
        "0 9 * * 1-5",
        None,
    ]
    assert duration_in_words("P1DT12H") == "1 day 12 hours"


def test_constants_of_feel_are_shown_as_what_they_are() -> None:
    assert [native(one) for one in ("true", "5", "1.5", "1.50", "007", "a")] == [
        True,
        5,
        Decimal("1.5"),
        "1.50",
        "007",
        "a",
    ]
    assert split_context('{a: f(1, "x, y"), b: {c: 2}}') == [("a", 'f(1, "x, y")'), ("b", "{c: 2}")]
    assert split_context("a + b") is None


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ({"end": "expired", "terminate": True}, {"end": "expired", "terminate": True}),
        ({"end": {"terminate": True, "name": "expired"}}, {"end": "expired", "terminate": True}),
        ({"end": {"name": "expired"}, "terminate": True}, {"end": "expired", "terminate": True}),
        (
            {"end": {"name": "expired", "set": {"done": True}, "about": "Too late."}},
            {"end": "expired", "set": {"done": True}, "about": "Too late."},
        ),
        (
            {"end": {"error": "BAD", "set": {"done": True}, "about": "Too late."}},
            {"end": {"error": "BAD"}, "set": {"done": True}, "about": "Too late."},
        ),
        ({"end": True, "terminate": True}, {"end": {"terminate": True}}),
        ({"end": {"terminate": True}}, {"end": {"terminate": True}}),
        ({"end": "expired", "terminate": False}, {"end": "expired"}),
        (
            {"end": "expired", "terminate": True, "set": {"done": True}, "title": "Too late"},
            {"end": "Too late", "terminate": True, "set": {"done": True}, "id": "expired"},
        ),
    ],
)
def test_an_end_may_have_a_name_and_stop_all_else(said: Json, shown: Json) -> None:
    outline: Json = {"process": "p", "steps": [{"x": {"call": "x"}}, said]}
    document = compile_outline(outline).document
    assert decompile(document)["steps"] == [{"x": {"call": "x"}}, shown]
    again: Json = {"process": "p", "steps": [{"x": {"call": "x"}}, shown]}
    assert decompile(compile_outline(again).document)["steps"] == [{"x": {"call": "x"}}, shown]
    (end,) = document.processes[0].children("endEvent")
    assert (end.child("terminateEventDefinition") is not None) == ("terminate" in str(shown))


@pytest.mark.parametrize(
    ("body", "kind"), [({"call": "x"}, "serviceTask"), ({"set": {"done": True}}, "scriptTask")]
)
def test_a_step_may_be_called_end_like_a_word_of_the_outline(body: Json, kind: str) -> None:
    steps: list[Json] = [{"end": body}, {"y": {"call": "y"}}]
    document = compile_outline({"process": "p", "steps": steps}).document
    assert (document.element("end").kind, document.element("end").name) == (kind, "end")


def test_an_end_that_stops_all_else_writes_the_result() -> None:
    said: dict[str, Json] = {"end": "expired", "terminate": True}
    outline: Json = {"process": "p", "result": "outcome", "steps": [{"x": {"call": "x"}}, said]}
    document = compile_outline(outline).document
    (output,) = document.element("expired").descendants(zeebe("output"))
    assert (output.get("source"), output.get("target")) == ('="expired"', "outcome")
    assert decompile(document)["steps"] == [{"x": {"call": "x"}}, said]


def test_an_end_does_one_thing() -> None:
    with pytest.raises(OutlineRefused, match="An end does one thing"):
        compile_outline({"process": "p", "steps": [{"end": {"error": "BAD"}, "terminate": True}]})


def test_ends_in_branches_write_the_result_and_jumps_do_not() -> None:
    steps: list[Json] = [
        {
            "all": [
                [{"a": {"call": "a"}}],
                [{"if": "x", "then": [{"end": "early"}], "else": [{"b": {"call": "b"}}]}],
            ]
        },
        {"c": {"call": "c"}},
        {"if": "x", "then": [{"goto": "c"}]},
        {"end": "paid"},
    ]
    outline: dict[str, Json] = {"process": "p", "result": "outcome", "steps": steps}
    document = compile_outline(outline).document
    written = {one.get("source") for one in document.root.descendants(zeebe("output"))}
    assert written == {'="early"', '="paid"'}
    assert decompile(document) == {**outline, "steps": steps}


def test_ends_beside_a_step_write_the_result_and_one_may_write_another() -> None:
    failed: Json = {"x": {"call": "x", "on": {"E": [{"end": "failed"}]}}}
    other: Json = {"if": "y", "then": [{"end": "odd", "set": {"outcome": '"other"'}}]}
    outline: dict[str, Json] = {
        "process": "p",
        "result": "outcome",
        "steps": [failed, other, {"end": "good"}],
    }
    document = compile_outline(outline).document
    written = {one.get("source") for one in document.root.descendants(zeebe("output"))}
    assert written == {'="failed"', '="other"', '="good"'}
    assert decompile(document) == outline


def test_an_end_that_hands_on_an_error_and_sets_its_own_name_keeps_what_it_sets() -> None:
    fails: Json = {"end": {"error": "BAD", "name": "bad"}, "set": {"outcome": '"bad"'}}
    steps: list[Json] = [{"x": {"call": "x"}}, {"if": "y", "then": [fails]}, {"end": "good"}]
    document = compile_outline({"process": "p", "result": "outcome", "steps": steps}).document
    shown: Any = decompile(document)
    assert shown["result"] == "outcome"
    assert shown["steps"][1]["then"][0]["set"] == {"outcome": '"bad"'}
    assert decompile(compile_outline(shown).document) == shown


def test_a_jump_behind_an_end_is_told() -> None:
    with pytest.raises(OutlineRefused, match="Nothing leads here"):
        compile_outline({"process": "p", "steps": [{"a": {"call": "x"}}, "end", {"goto": "a"}]})
