"""What outlines seldom say: it is read, written and shown like all else."""

from typing import Any

import pytest

from flowmaster.engine.bpmn.document import BpmnDocument, parse_bpmn
from flowmaster.engine.outline.compile import compile_outline
from flowmaster.engine.outline.datatypes import schema_of, type_of
from flowmaster.engine.outline.decompile import decompile
from flowmaster.engine.outline.problems import OutlineRefused, Problems
from flowmaster.engine.outline.values import split_context
from flowmaster.engine.values import Json
from tests.engine.cases import HEAD, E, S, flows

BASE: dict[str, Any] = {"process": "p", "roles": ["clerk"]}


def compiled(*steps: Json, **head: Json) -> BpmnDocument:
    return compile_outline({**BASE, "steps": list(steps), **head}).document


def shown(*steps: Json, **head: Json) -> Any:
    found = decompile(compiled(*steps, **head))
    assert decompile(compile_outline(found).document) == found
    return found


def test_xml_of_a_step_takes_the_id_name_and_lane_of_its_place() -> None:
    xml = '<bpmn:manualTask id="own" name="Own"><bpmn:incoming>gone</bpmn:incoming></bpmn:manualTask>'
    document = compiled(
        {"a": {"ask": "clerk", "form": "f"}}, {"by hand": {"bpmn": xml}}, {"c": {"call": "c"}}
    )
    element = document.element("by_hand")
    assert (element.name, element.texts_of("incoming")) == ("Own", ["a_to_by_hand"])
    lane = document.lane_of(element)
    assert lane is not None
    assert lane.name == "clerk"
    inside = compiled({"g": {"group": [{"by hand": {"bpmn": '<bpmn:manualTask id="by_hand"/>'}}]}})
    assert inside.element("by_hand").parent == inside.element("g")


def test_events_of_a_group_run_inside_of_it() -> None:
    group: Json = {
        "g": {
            "group": [{"a": {"call": "a"}}],
            "events": {"signal": "s", "then": [{"b": {"call": "b"}}, {"end": "bad"}], "title": "Alarm"},
        }
    }
    found = shown(group, {"c": {"throw": {"compensate": "b"}}})
    assert found["steps"][0] == {
        "g": {
            "group": [{"a": {"call": "a"}}],
            "events": [{"signal": "s", "title": "Alarm", "then": [{"b": {"call": "b"}}, {"end": "bad"}]}],
        }
    }


def test_branches_that_end_in_several_ways_meet_in_one_before_they_join() -> None:
    decision: Json = {"if": "x", "then": [{"a": {"call": "a"}}]}
    found = shown({"all": [[decision], [{"b": {"call": "b"}}]]}, {"c": {"call": "c"}})
    assert [list(one)[0] for one in found["steps"]] == ["all", "c"]


def test_a_single_step_stands_for_a_list_and_a_name_for_a_jump() -> None:
    found = shown(
        {"a": {"call": "a", "on": {"BAD": {"b": {"call": "b"}}}}},
        {"if": "x", "then": "a", "else": {"c": {"call": "c"}}},
        {"if": "y", "then": "end"},
        {"d": {"call": "d"}},
    )
    assert found["steps"][0]["a"]["on"] == {"BAD": [{"b": {"call": "b"}}]}
    assert found["steps"][1] == {"if": "x", "then": [{"goto": "a"}]}
    assert found["steps"][3]["then"] == ["end"]


def test_steps_without_a_name_are_called_by_what_they_do() -> None:
    found = shown(
        {"wait": "P1D"}, {"wait": "P1D"}, {"wait": "P1D"}, {"wait": {"message": "m"}}, {"send": "m"}
    )
    assert [list(one)[0] for one in found["steps"]] == [
        "wait 1 day",
        "wait 1 day 2",
        "wait 1 day 3",
        "wait for m",
        "send m",
    ]
    assert [list(one)[0] for one in shown({"wait": {"after": "=x"}}, {"wait": {"until": "=y"}})["steps"]] == [
        "wait x",
        "wait until y",
    ]


def test_an_input_that_no_data_declare_is_of_any_type() -> None:
    made = compile_outline({**BASE, "start": {"needs": ["a", "b?"]}, "steps": [{"c": {"call": "c"}}]})
    assert decompile(made.document)["data"] == {"a": "any", "b": "any"}
    assert any("'a' is of any type" in one for one in made.defaults)


def test_a_form_asks_only_for_what_the_answer_names() -> None:
    document = compiled({"a": {"ask": "clerk", "into": {"total": "amount + 1", "ok": "fine"}}})
    assert "fine" in str(decompile(document)["steps"])


def test_a_variable_that_an_expression_reads_twice_is_told_once() -> None:
    outline: Json = {
        **BASE,
        "data": {"x": "number"},
        "steps": [{"a": {"ask": "clerk", "not": "y", "form": "f"}}],
    }
    with pytest.raises(Exception, match="'y'") as caught:
        compile_outline(outline)
    assert str(caught.value).count("Nothing declares") == 1


def test_messages_and_errors_of_one_name_are_one() -> None:
    document = compiled(
        {"a": {"send": "m", "key": "k"}},
        {"b": {"wait": {"message": "m", "key": "k"}}},
        {"c": {"send": "m"}},
        {"d": {"call": "d", "on": {"E": "a"}}},
        {"e": {"call": "e", "on": {"E": "a"}}},
    )
    assert [one.name for one in document.definitions("message")] == ["m", "m"]
    assert len(document.definitions("error")) == 1


def test_a_late_time_may_be_an_expression() -> None:
    body: dict[str, Json] = {"call": "x", "within": "=limit", "late": [{"end": "late"}]}
    assert shown({"a": body}, {"b": {"call": "b"}})["steps"][0] == {"a": body}


def test_what_is_not_executable_as_xml_at_the_top_is_refused_with_its_place() -> None:
    with pytest.raises(Exception, match=r"bpmn.*malformed"):
        compiled({"a": {"call": "a"}}, bpmn="<bpmn:task>")


@pytest.mark.parametrize(
    ("xml", "says"),
    [
        ("<bpmn:task/><bpmn:task/>", "One XML element is expected here, not 2"),
        ("by hand", "One XML element is expected here, not 0"),
        ("<manualTask/>", "`<manualTask>` in 'by hand' is no step of BPMN"),
        ("<bpmn:lane/>", "`<lane>` in 'by hand' is no step of BPMN"),
    ],
)
def test_xml_that_is_not_one_step_of_bpmn_is_refused(xml: str, says: str) -> None:
    with pytest.raises(OutlineRefused, match=says) as refused:
        compiled({"by hand": {"bpmn": xml}})
    assert refused.value.code == "bpmn.fragment_wrong"


def test_a_name_that_nothing_declares_is_told_once_for_each_place() -> None:
    with pytest.raises(OutlineRefused) as refused:
        compiled({"tell": {"send": "refused", "key": "whho"}}, data={"who": "text"})
    assert [one.path for one in refused.value.problems] == ["steps[0].tell.key"]
    assert "Did you mean 'who'?" in refused.value.message


def test_a_quorum_counts_what_is_collected() -> None:
    each: dict[str, Json] = {"item": "member", "in": "board", "quorum": 2}
    vote: dict[str, Json] = {"ask": "clerk", "form": {"ok": "boolean"}}
    compiled({"vote": {**vote, "each": {**each, "collect": "votes", "from": "ok"}}})
    for wrong in (each, {**each, "collect": "votes", "from": "ok", "until": "false"}):
        with pytest.raises(OutlineRefused, match="A `quorum` counts the answers that `collect` gathers"):
            compiled({"vote": {**vote, "each": wrong}})


def test_xml_without_a_namespace_is_an_extension() -> None:
    element = compiled({"a": {"call": "a", "extra": ["<note>Mind this</note>"]}}).element("a")
    holder = element.child("extensionElements")
    assert holder is not None
    assert "note" in [one.local_name for one in holder.children()]
    assert not element.children("note")


@pytest.mark.parametrize(
    ("text", "schema"),
    [
        (["a", 1], {"enum": ["a", 1]}),
        ({"a": "text?", "b": "T"}, None),
        ("string", {"type": "string"}),
        ("date and time", {"type": "string", "format": "date-time"}),
        ("text[]", {"type": "array", "items": {"type": "string"}}),
        ("number > 1, < 5", {"type": "number", "exclusiveMinimum": 1, "exclusiveMaximum": 5}),
    ],
)
def test_types_may_be_written_in_several_ways(text: Json, schema: Any) -> None:
    problems = Problems()
    found = schema_of(text, "data.x", problems, {"T": "number"})
    assert problems.found == []
    if schema is None:
        assert found["required"] == ["b"]
    else:
        assert found == schema


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {}}, "title": "T"},
        {"type": "object", "properties": {}},
        {"type": "object", "properties": {"a": {}}, "required": ["b"]},
        {"type": "object", "properties": {"a?": {}}},
        {"type": "object", "properties": {"schema": {"type": "string"}}, "required": ["schema"]},
        {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["b", "a"]},
        {"enum": ["only"]},
        {"enum": ["a", 5]},
        {"enum": [" a", "b"]},
        {"type": "array", "items": {"type": "string"}, "minItems": 1},
        {"type": "number", "minimum": True},
        {"type": "number", "multipleOf": 2},
        {"type": "boolean", "title": "T"},
    ],
)
def test_a_schema_that_words_do_not_reach_is_kept_whole(schema: dict[str, Json]) -> None:
    assert type_of(schema) == {"schema": schema}
    assert schema_of(type_of(schema), "data.x", Problems()) == schema


def test_a_context_of_feel_is_split_only_where_it_is_one() -> None:
    assert split_context("{a}") is None
    assert split_context('{"a": 1}') is None
    assert split_context('{a: "x, \\"y\\"", b: [1, 2]}') == [("a", '"x, \\"y\\""'), ("b", "[1, 2]")]


def test_a_group_of_candidates_may_have_empty_places() -> None:
    document = compiled({"a": {"ask": "clerk", "form": "f"}})
    xml = document.to_xml().replace('candidateGroups="clerk"', 'candidateGroups="clerk, , boss"')
    assert decompile(parse_bpmn(xml))["roles"] == ["clerk", "boss"]


def test_a_vote_is_over_with_its_quorum_or_when_it_cannot_be_reached_or_by_a_veto() -> None:
    vote: dict[str, Json] = {"item": "m", "in": "board", "collect": "votes", "from": "ok", "quorum": 2}
    plain = "count(votes[item = true]) >= 2 or count(votes[item = false]) > count(board) - 2"

    def until(**more: Json) -> Any:
        step: Json = {"vote": {"ask": "=m", "form": {"ok": "boolean"}, "each": {**vote, **more}}}
        found: Any = shown(step, data={"board": ["person"]}, start={"needs": ["board"]})
        return found["steps"][0]["vote"]["each"]["until"]

    assert until() == plain
    assert until(veto=True) == f"{plain} or list contains(votes, false)"
    assert until(quorum="count(board) / 2") == plain.replace("2", "count(board) / 2")


def test_what_a_process_says_beyond_the_outline_stays_under_bpmn() -> None:
    listeners = '<zeebe:executionListeners><zeebe:executionListener eventType="end" type="bill"/></zeebe:executionListeners>'
    note = '<o:message xmlns:o="urn:o">hello</o:message>'
    held = f"<extensionElements>{listeners}{note}</extensionElements>"
    document = parse_bpmn(
        f'{HEAD}<process id="p" isExecutable="true">{held}{S}{E}{flows("s e")}</process></definitions>'
    )
    told = decompile(document)
    assert told["bpmn"] == [listeners, note]
    again = compile_outline(told).document
    assert [one.kind for one in again.processes[0].extensions()] == [
        one.kind for one in document.processes[0].extensions()
    ]
    assert decompile(again) == told
