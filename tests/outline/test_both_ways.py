"""What an outline says comes back from BPMN in the same words, and in the shortest ones."""

from decimal import Decimal
from typing import Any

import pytest

from flowmaster.engine.bpmn.document import BpmnDocument, parse_bpmn
from flowmaster.engine.outline.compile import compile_outline
from flowmaster.engine.outline.decompile import decompile
from flowmaster.engine.outline.text import outline_text
from flowmaster.engine.values import Json
from flowmaster.tools.outline_text import read_outline_text

BASE: dict[str, Any] = {"process": "p", "roles": ["clerk", "boss"]}
BETWEEN: Json = {"between": {"call": "x"}}
LAST: Json = {"b": {"call": "b"}}


def compiled(outline: Json) -> BpmnDocument:
    return parse_bpmn(compile_outline(outline).document.to_xml())


def again(outline: dict[str, Json]) -> Any:
    """Return what an outline comes back as; a second way must change nothing, nor may its text."""
    shown = decompile(compiled(outline))
    assert decompile(compiled(shown)) == shown
    assert read_outline_text(outline_text(shown)).value == shown
    return shown


@pytest.mark.parametrize(
    "body",
    [
        {"ask": "anyone", "form": "other"},
        {"ask": ["clerk", "boss"], "form": {"a": "text", "b?": "number"}},
        {"ask": "=requester", "form": {"schema": {"type": "object", "title": "Whole"}}},
        {"ask": {"person": "ann"}, "form": {"components": [], "type": "default"}},
        {"ask": {"roles": "clerk", "people": ["ann", "=second"]}, "form": {"properties": {"a": {}}}},
        {"ask": {"roles": "=groups"}, "form": "other"},
        {"ask": "clerk", "priority": 5, "follow_up": "P1D", "due": "2026-12-31", "form": "f"},
        {"ask": "clerk", "priority": "=level", "due": "=due_date", "form": "f"},
        {"ask": "clerk", "within": "P1D", "form": "f"},
        {"ask": "clerk", "escalate": {"P1D": "boss", "P2D": "clerk"}, "form": "f"},
        {"ask": "clerk", "not": ["b", "requester"], "form": "f"},
        {"ask": "clerk", "remind": ["P1D", "P2D"], "about": "Careful.", "lane": "boss", "form": "f"},
        {"call": "x", "retry": 3},
        {"call": "=type", "retry": {"times": 2, "wait": "PT1M"}, "headers": {"a": "1", "b": ""}},
        {"call": "x", "with": {"a": 1, "b": True, "c.d": "x + 1"}, "into": {"r": "answer.r"}},
        {"call": "x", "into": ["a", "b"]},
        {"call": "x", "each": {"item": "l", "in": "lines", "sequential": True}},
        {"call": "x", "each": {"item": "l", "in": "lines", "collect": "rs", "from": "r", "until": "done"}},
        {"call": "x", "each": {"times": "3"}},
        {"call": "x", "repeat": {"while": "not(done)", "max": 3, "test_first": True}},
        {"call": "x", "repeat": {"max": 4}},
        {"call": "x", "undo": {"back": {"call": "undo.x"}}},
        {"call": "x", "on": {"*": "b", "BAD": {"then": "b", "into": "why", "title": "gone bad"}}},
        {"call": "x", "on": [{"message": "m", "key": "id", "keep": True, "then": [{"c": {"call": "c"}}]}]},
        {"call": "x", "on": [{"escalation": "E", "then": "b"}, {"condition": "a > 1", "then": "b"}]},
        {"call": "x", "on": [{"every": "R/P1D", "keep": True, "then": [{"c": {"call": "c"}}]}]},
        {"call": "x", "on": [{"at": "2026-12-31", "then": "b"}, {"escalation": True, "then": "b"}]},
        {"call": "x", "within": "P1D", "late": {"then": "b", "title": "too slow"}},
        {"rule": "r", "into": "level", "version": "v2", "with": {"a": 5}},
        {"rule": "=which", "into": "level", "outputs": {"x": "level.x"}},
        {"set": {"a": 1, "b": "a + 1"}},
        {"set": {"a.b": 1}},
        {"agent": "Look", "tools": ["a", "b"], "model": "small", "type": "other", "retry": 2},
        {"agent": "Look", "tools": "a"},
        {"run": "q", "version": "v1", "pass_all": False, "return_all": False},
        {"run": "q", "into": "r", "return_all": True, "pass_all": True},
        {"send": "m", "key": "id", "via": "mail", "retry": 2, "with": {"a": 1}},
        {"send": "=name"},
        {"wait": {"message": "m", "key": "id"}, "into": "a"},
        {"wait": "2026-12-31"},
        {"wait": {"after": "=wait"}},
        {"wait": {"at": "=due"}},
        {"wait": {"signal": "s"}, "when": "a > 1"},
        {"throw": {"escalation": "E"}, "with": {"a": 1}},
        {"throw": {"signal": "s"}},
        {"throw": {"message": "m", "key": "id"}},
        {"throw": {"compensate": "b"}},
        {"throw": {"compensate": True}},
        {"group": [{"c": {"call": "c"}}], "transaction": True, "on": [{"cancel": True, "then": "b"}]},
        {"group": [{"c": {"call": "c"}}, {"end": "half"}], "each": "l in lines"},
        {"bpmn": "<bpmn:manualTask/>", "about": "By hand."},
        {"bpmn": "<bpmn:task><bpmn:documentation>By hand.</bpmn:documentation></bpmn:task>"},
    ],
)
def test_a_step_comes_back_in_its_own_words(body: dict[str, Json]) -> None:
    step = again({**BASE, "steps": [{"a": body}, BETWEEN, LAST]})["steps"][0]
    if "bpmn" in body:
        assert "manual" in str(step) or "By hand." in str(step)
        return
    assert step == {"a": body}


@pytest.mark.parametrize(
    ("body", "shortest"),
    [
        ({"ask": {"role": "clerk"}, "into": "fine"}, {"ask": "clerk", "into": "fine"}),
        ({"ask": {"roles": ["clerk", "boss"]}, "form": "f"}, {"ask": ["clerk", "boss"], "form": "f"}),
        ({"call": "x", "retry": {"times": 3}}, {"call": "x", "retry": 3}),
        ({"call": "x", "retry": {"wait": "1 min"}}, {"call": "x", "retry": {"times": 3, "wait": "PT1M"}}),
        ({"call": "x", "each": {"item": "l", "in": "ls"}}, {"call": "x", "each": "l in ls"}),
        ({"call": "x", "into": {"a": "a"}}, {"call": "x", "into": "a"}),
        ({"call": "x", "on": {"then": "b"}}, None),
        (
            {"call": "x", "on": {"signal": "s", "then": "b"}},
            {"call": "x", "on": [{"signal": "s", "then": "b"}]},
        ),
        ({"call": "x", "on": {"error": "b"}}, {"call": "x", "on": {"*": "b"}}),
        ({"wait": {"for": "2 days"}}, {"wait": "P2D"}),
        ({"wait": {"until": "2026-12-31"}}, {"wait": "2026-12-31"}),
        ({"send": {"message": "m", "key": "id"}}, {"send": "m", "key": "id"}),
        ({"rule": "my rule"}, {"rule": "my rule", "into": "my_rule"}),
        ({"rule": "="}, None),
        ({"rule": "5 rules"}, {"rule": "5 rules", "into": "result"}),
        ({"call": "x", "with": {"a": [], "b": {}}}, {"call": "x", "with": {"a": "[]", "b": "{}"}}),
        (
            {"call": "x", "with": {"a": [1, "b"], "b": {"two words": None}, "c": Decimal("1.50")}},
            {"call": "x", "with": {"a": "[1, b]", "b": '{"two words": null}', "c": "1.50"}},
        ),
        ({"ask": "clerk", "not": "= second", "form": "f"}, {"ask": "clerk", "not": "second", "form": "f"}),
    ],
)
def test_a_step_comes_back_in_the_shortest_words(body: dict[str, Json], shortest: Json) -> None:
    outline = {**BASE, "steps": [{"a": body}, BETWEEN, LAST]}
    if shortest is None:
        with pytest.raises(Exception, match=r"must stand here|is missing"):
            compile_outline(outline)
        return
    assert again(outline)["steps"][0] == {"a": shortest}


@pytest.mark.parametrize(
    "steps",
    [
        [{"if": "a", "then": [], "else": "incident"}, LAST, {"end": "x"}],
        [{"if": "a", "then": [LAST, {"end": "x"}], "name": "Which?"}, {"end": "no"}],
        [{"choose": [{"if": "a", "then": [LAST, "end"]}, {"else": [], "title": "rest"}]}, {"end": "x"}],
        [
            {
                "choose": [{"if": "a", "title": "so", "then": [LAST]}, {"if": "c", "then": []}],
                "else": "incident",
            }
        ],
        [{"any": [{"if": "a", "then": [LAST]}, {"if": "c", "then": [{"c": {"call": "c"}}]}]}],
        [{"all": [[LAST], [{"c": {"call": "c"}}]], "name": "both", "join": "meet"}, {"d": {"call": "d"}}],
        [{"all": [[LAST, {"end": "one"}], [{"c": {"call": "c"}}, "end"]]}],
        [{"first": [[{"wait": "P1D"}, LAST, "end"], [{"wait": {"signal": "s"}}]], "name": "race"}],
        [LAST, {"end": "x", "extra": '<x:note xmlns:x="urn:x"/>'}],
        [LAST, {"end": {"error": "E"}}],
        [LAST, {"end": {"error": "E", "name": "broken"}, "about": "It broke."}],
        [LAST, {"end": {"terminate": True}}],
        [LAST, {"end": {"message": "m", "key": "id"}}],
        [LAST, {"end": {"escalation": "E"}, "with": {"a": 1}}],
        [LAST, {"if": "a", "then": [{"goto": "b"}]}, {"end": "x"}],
    ],
)
def test_blocks_and_ends_come_back(steps: list[Json]) -> None:
    shown = again({**BASE, "steps": steps})["steps"]
    assert isinstance(shown, list)
    assert without_ids(shown) == without_ids(steps)


def without_ids(value: Any) -> Any:
    """Return steps without the ids, and without names that the words give anyway."""
    if isinstance(value, dict):
        if len(value) == 1 and isinstance(entry := next(iter(value.values())), dict) and "wait" in entry:
            return without_ids(entry)
        return {key: without_ids(entry) for key, entry in value.items() if key != "id"}
    return [without_ids(entry) for entry in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    "head",
    [
        {"name": "Buy", "about": "How we buy.", "version_tag": "v1"},
        {"roles": {"clerk": "Clerks", "boss": "The boss"}},
        {"roles": ["clerk", "boss"], "lanes": False},
        {"data": {"a": "text <= 5", "b": ["number"], "c": {"x": "low|high", "y?": "date"}}},
        {"data": {"a": "any", "b": {"schema": {"type": "null"}}, "c": "integer 1..5", "d": "text 1..9"}},
        {"start": {"message": "m", "key": "id", "into": "a", "name": "Go", "id": "begin"}},
        {"start": {"every": "R/P1D"}},
        {"start": {"at": "2026-12-31T00:00:00Z"}},
        {"start": {"condition": "a > 1"}},
        {"start": {"form": "f"}},
        {"start": [{"signal": "s"}, {"message": "m", "goto": "b"}]},
        {"data": {"a": "number"}, "start": {"needs": ["a"], "checks": {"some": "a > 0"}}},
        {
            "data": {"a": "number"},
            "start": {"needs": ["a?"], "checks": [{"that": "a > 0", "message": "some", "path": "a"}]},
        },
        {"forms": {"f": {"a": "text"}, "g": {"components": []}}},
        {"events": [{"signal": "s", "keep": True, "title": "Alarm", "then": [{"c": {"call": "c"}}]}]},
        {"events": [{"message": "m", "key": "id", "into": "a", "then": [{"c": {"call": "c"}}]}]},
        {"scenarios": [{"name": "s", "given": {"a": 1}, "expect": {"end": "x"}}]},
        {"bpmn": ['<bpmn:textAnnotation id="note"><bpmn:text>Look.</bpmn:text></bpmn:textAnnotation>']},
    ],
)
def test_the_head_comes_back(head: dict[str, Json]) -> None:
    shown = again({**BASE, "steps": [{"a": {"ask": "clerk", "form": "f"}}, LAST, {"end": "x"}], **head})
    for key, value in head.items():
        if key == "bpmn":
            assert "bpmn" not in shown or "Look." in str(shown["bpmn"])
        elif key == "start" and isinstance(value, dict) and "data" not in head:
            assert value.items() <= shown["start"].items()
        else:
            assert shown[key] == value


def test_a_start_may_hold_a_form_of_its_own_and_foreign_extensions() -> None:
    note = '<x:note xmlns:x="urn:x"/>'
    document = compiled({**BASE, "start": {"form": {"a": "text"}, "extra": note}, "steps": [LAST]})
    start = document.element("start")
    assert start.extension("{urn:x}note") is not None
    start_words: dict[str, Json] = {"form": {"a": "text"}, "extra": note}
    assert again({**BASE, "start": start_words, "steps": [LAST]})["start"] == start_words


def test_foreign_extensions_of_a_step_come_back_as_they_are() -> None:
    note = '<x:note xmlns:x="urn:x" deep="1"/>'
    shown = again({**BASE, "steps": [{"a": {"call": "x", "extra": note}}]})
    assert shown["steps"] == [{"a": {"call": "x", "extra": note}}]


def test_a_name_may_stand_before_the_words_of_a_step_or_among_them() -> None:
    text = (
        "process: p\nsteps:\n- a:\n  call: x\n- {name: b, call: y}\n- {step: c, call: z}\n- call: {run: q}\n"
    )
    assert decompile(compile_outline(read_outline_text(text).value).document)["steps"] == [
        {"a": {"call": "x"}},
        {"b": {"call": "y"}},
        {"c": {"call": "z"}},
        {"call 2": {"run": "q", "title": "call", "id": "call"}},
    ]


def test_checks_may_be_a_list_whose_entries_are_their_own_words() -> None:
    task: dict[str, Json] = {"ask": "clerk", "form": {"net": "number"}}
    listed = compile_outline(
        {"process": "p", "roles": ["clerk"], "steps": [{"weigh": {**task, "checks": ["net > 0"]}}]}
    )
    shown: Any = decompile(listed.document)
    assert shown["steps"][0]["weigh"]["checks"] == {"net > 0": "net > 0"}


def test_a_role_without_a_name_is_called_by_its_id() -> None:
    outline: Json = {
        "process": "p",
        "roles": {"clerk": None, "boss": "The boss"},
        "steps": [{"a": {"ask": "clerk", "form": "f"}}, {"b": {"ask": "boss", "form": "g"}}],
    }
    assert decompile(compile_outline(outline).document)["roles"] == {"clerk": "clerk", "boss": "The boss"}


@pytest.mark.parametrize("name", ["properties", "components"])
def test_a_form_with_a_field_that_is_named_like_a_part_of_a_schema_is_shown_as_its_schema(name: str) -> None:
    inner: Json = {"type": "object", "properties": {"x": {"type": "string"}}}
    field: Json = inner if name == "properties" else {"type": "array", "items": {"type": "string"}}
    form: Json = {"type": "object", "properties": {name: field}, "required": [name]}
    steps: list[Json] = [{"a": {"ask": "clerk", "form": form}}]
    shown: Any = decompile(compile_outline({"process": "p", "roles": ["clerk"], "steps": steps}).document)
    assert shown["steps"][0]["a"]["form"] == form


def test_an_event_as_xml_gives_its_event_all_but_its_id() -> None:
    xml = '<bpmn:endEvent id="mine" xmlns:v="urn:v" v:colour="red"><bpmn:signalEventDefinition/></bpmn:endEvent>'
    document = compile_outline(
        {"process": "p", "steps": [{"a": {"call": "a"}}, {"end": {"bpmn": xml, "name": "over"}}]}
    ).document
    (end,) = document.processes[0].children("endEvent")
    assert (end.id, end.get("{urn:v}colour")) == ("over", "red")
    assert end.child("signalEventDefinition") is not None
