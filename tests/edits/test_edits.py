"""Edits change what they name, heal what they cut, and leave everything else as it is."""

import json
from pathlib import Path
from typing import Any

import pytest

from flowmaster.engine.bpmn.document import BpmnDocument, parse_bpmn
from flowmaster.engine.edits.apply import apply_edits
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.outline.compile import compile_outline
from flowmaster.engine.outline.decompile import decompile
from flowmaster.engine.outline.examples import EDITS_EXAMPLE, OUTLINE_EXAMPLE
from flowmaster.tools.outline_text import read_outline_text

TEXT = """
process: buy
roles: {buyer: Buyers, boss: Boss}
data: {total: number, fine: boolean, who: person}
steps:
- rate: {rule: rating, into: rating}
- if: rating = "bad"
  then: [{end: refused}]
- approve: {ask: buyer, not: who, within: PT72H, late: {escalate: boss}, into: fine}
- sign: {when: total > 100, ask: boss, into: fine}
- pay: {call: bank, retry: 3, on: {CLOSED: approve}}
- end: paid
scenarios:
- {name: one, given: {total: 5}, expect: {end: paid}}
"""


def document() -> BpmnDocument:
    return compile_outline(read_outline_text(TEXT).value).document


def edited(*edits: dict[str, Any]) -> tuple[BpmnDocument, dict[str, Any]]:
    result = apply_edits(document(), edits)
    again = parse_bpmn(result.document.to_xml())
    return result.document, decompile(again)


def steps(*edits: dict[str, Any]) -> list[Any]:
    return list(edited(*edits)[1]["steps"])


def names(listed: list[Any]) -> list[str]:
    return [next(iter(one)) if isinstance(one, dict) else one for one in listed]


def test_a_step_goes_after_or_before_another() -> None:
    found = steps(
        {"add_after": "rate", "step": {"a": {"call": "a"}}},
        {"add_before": "pay", "step": {"b": {"call": "b"}}},
    )
    assert names(found) == ["rate", "a", "if", "approve", "sign", "b", "pay", "end"]


def test_a_whole_block_goes_into_a_flow() -> None:
    block = {"all": [[{"a": {"call": "a"}}], [{"b": {"call": "b"}}]]}
    found = steps({"insert_on_flow": "rate -> if_rating_bad", "steps": [block]})
    assert found[1] == block
    inside = steps({"insert_on_flow": ["sign", "pay"], "step": {"c": {"call": "c"}}})
    assert inside[3]["if"] == "total > 100"
    assert names(inside[3]["then"]) == ["sign", "c"]


def test_a_branch_leads_on_or_ends() -> None:
    found = steps(
        {
            "branch": "rate",
            "if": "total > 500",
            "then": [{"ask boss": {"ask": "boss", "into": "fine"}}, {"end": "big"}],
        }
    )
    assert found[1] == {
        "if": "total > 500",
        "then": [{"ask boss": {"ask": "boss", "into": "fine"}}, {"end": "big"}],
    }
    more = steps({"branch": "if_rating_bad", "if": "total > 9", "then": [{"end": "nine"}]})
    assert more[1]["choose"][1] == {"if": "total > 9", "then": [{"end": "nine"}]}


def test_words_are_set_and_taken_away() -> None:
    found = steps({"set": "approve", "ask": "boss", "within": "PT48H", "not": None, "remind": "PT4H"})
    assert found[2]["approve"] == {
        "ask": "boss",
        "within": "PT48H",
        "late": {"escalate": "boss"},
        "remind": "PT4H",
        "into": "fine",
    }


def test_the_condition_of_a_decision_a_flow_and_a_step_can_be_set() -> None:
    found = steps(
        {"set": "if_rating_bad -> refused", "if": "total > 7"},
        {"set": "sign", "when": None},
        {"set": "pay", "when": "total > 1"},
    )
    assert found[1]["if"] == "total > 7"
    assert "when" not in found[3]["sign"]
    assert found[4]["pay"]["when"] == "total > 1"


def test_handlers_are_replaced_with_what_only_they_led_to() -> None:
    found = steps(
        {
            "set": "pay",
            "on": {"GONE": [{"tell": {"call": "tell"}}, {"end": "gone"}]},
            "within": "P1D",
            "late": "approve",
        }
    )
    assert found[4]["pay"]["on"] == {"GONE": [{"tell": {"call": "tell"}}, {"end": "gone"}]}
    assert (found[4]["pay"]["within"], found[4]["pay"]["late"]) == ("P1D", "approve")


def test_deleting_heals_the_flow_and_takes_the_idle_decision_along() -> None:
    found = steps({"delete": "sign"})
    assert names(found) == ["rate", "if", "approve", "pay", "end"]
    kept = steps({"delete": "if_rating_bad", "keep": "approve"})
    assert names(kept) == ["rate", "approve", "sign", "pay", "end"]


def test_a_step_is_renamed_replaced_moved_and_wrapped() -> None:
    changed, shown = edited({"rename": "rate", "to": "Rate supplier"}, {"move": "pay", "before": "approve"})
    assert names(shown["steps"]) == ["Rate supplier", "if", "pay", "approve", "sign", "end"]
    assert changed.element("rate").name == "Rate supplier"
    assert steps({"replace": "rate", "step": {"rate": {"call": "rating.api", "into": "rating"}}})[0] == {
        "rate": {"call": "rating.api", "into": "rating"}
    }
    wrapped = steps({"wrap": ["approve", "sign"], "in": "decide"})
    assert names(wrapped[2]["decide"]["group"]) == ["approve", "sign"]


def test_edits_of_one_batch_may_name_each_other_s_steps_in_any_order() -> None:
    batch: list[dict[str, Any]] = [
        {"add_after": "second", "step": {"third": {"call": "c"}}},
        {"set": "third", "retry": 9},
        {"delete": "rate"},
        {"add_after": "one", "step": {"second": {"call": "b"}}},
        {"add_after": "rate", "step": {"one": {"call": "a", "on": {"X": "third"}}}},
        {"set": "if_rating_bad", "if": "extra > 1"},
        {"set_data": {"extra": "number"}},
    ]
    forward, backward = steps(*batch), steps(*reversed(batch))
    assert forward == backward
    assert names(forward)[:3] == ["one", "second", "third"]


def test_the_head_of_a_process_is_edited() -> None:
    _, shown = edited(
        {"set_data": {"note": "text", "who": None}},
        {"set_roles": {"ceo": "Chief"}},
        {"set_start": {"needs": ["total", "note?"], "checks": {"positive": "total > 0"}}},
        {"set_forms": {"extra": {"a": "text"}}},
        {"set_process": {"name": "Buying"}},
        {"set_scenarios": [{"name": "two", "like": "one", "given": {"total": 6}}]},
        {"set": "approve", "not": None},
    )
    assert shown["name"] == "Buying"
    assert shown["data"] == {"total": "number", "fine": "boolean", "note": "text"}
    assert shown["start"] == {"needs": ["total", "note?"], "checks": {"positive": "total > 0"}}
    assert [one["name"] for one in shown["scenarios"]] == ["one", "two"]
    assert edited({"remove_scenarios": "one"})[1].get("scenarios") is None


def test_the_answer_is_a_small_difference() -> None:
    result = apply_edits(document(), [{"set": "approve", "within": "PT48H"}])
    assert [dict(change) for change in result.diff] == [
        {
            "change": "changed",
            "element": "approve",
            "what": {"escalate": [[["PT72H", "boss"]], [["PT48H", "boss"]]]},
        }
    ]


@pytest.mark.parametrize(
    ("edit", "code", "says"),
    [
        (
            {"add_after": "aprove", "step": {"x": {"call": "y"}}},
            "edit.element_unknown",
            "Did you mean 'approve'",
        ),
        (
            {"add_after": "approve", "step": {"x": {"cal": "y"}}},
            "outline.kind_unclear",
            "Did you mean 'call'",
        ),
        ({"add_after": "approve"}, "outline.value_wrong", "Steps are a list"),
        ({"add_after": "paid", "step": {"x": {"call": "y"}}}, "edit.place_wrong", "after an end"),
        ({"add_after": "if_rating_bad", "step": {"x": {"call": "y"}}}, "edit.ways_several", "several ways"),
        ({"add_after": "approve", "step": {"pay": {"call": "y"}}}, "outline.name_twice", "already that of"),
        (
            {"add_after": "approve", "steps": [{"x": {"call": "y"}}, {"goto": "z"}]},
            "edit.element_unknown",
            "'z'",
        ),
        ({"set": "approve", "wihtin": "PT1H"}, "edit.word_unknown", "Did you mean 'within'"),
        ({"set": "approve", "call": "x"}, "edit.kind_wrong", "kind `ask`"),
        ({"set": "approve", "within": "soon"}, "outline.value_wrong", "no|not a duration"),
        ({"set": "sign -> rate", "if": "a"}, "edit.flow_unknown", "No flow leads"),
        ({"set": "if_rating_bad", "if": "unknown > 1"}, "outline.variable_unknown", "'unknown'"),
        ({"delete": "if_rating_bad"}, "edit.ways_several", "which one stays"),
        ({"move": "pay", "after": "pay"}, "edit.place_wrong", "moves behind"),
        ({"wrap": ["rate", "pay"], "in": "g"}, "edit.place_wrong", "more than one way"),
        (
            {"replace": "rate", "step": [{"a": {"call": "a"}}, {"b": {"call": "b"}}]},
            "edit.value_wrong",
            "One step",
        ),
        ({"remove": "rate"}, "edit.operation_unknown", "Did you mean `delete`"),
        ({}, "edit.operation_unknown", "not said"),
        ({"set_data": {"x": "nmber"}}, "outline.type_unknown", "Did you mean 'number'"),
        ({"remove_scenarios": "none"}, "edit.scenario_unknown", "no scenario"),
        ({"rename": "rate", "id": "approve"}, "bpmn.id_duplicate", "already"),
    ],
)
def test_what_cannot_be_done_names_the_edit_and_the_fix(edit: dict[str, Any], code: str, says: str) -> None:
    with pytest.raises(FlowMasterError, match=says) as caught:
        apply_edits(document(), [{"set": "rate", "title": "Rate"}, edit])
    assert caught.value.code == code
    assert "edits[1]" in f"{caught.value.path} {caught.value.message}"


def test_a_refused_batch_changes_nothing() -> None:
    before = document()
    xml = before.to_xml()
    with pytest.raises(FlowMasterError):
        apply_edits(before, [{"delete": "sign"}, {"delete": "nothing"}])
    assert before.to_xml() == xml


def test_what_is_not_named_keeps_its_place_and_foreign_extensions() -> None:
    before = document()
    foreign = '<x:note xmlns:x="urn:x" deep="1"><x:inner>kept</x:inner></x:note>'
    for node in before.root.descendants("userTask", "serviceTask"):
        holder = node.child("extensionElements")
        assert holder is not None
        holder.add_xml(foreign)
    result = apply_edits(
        before,
        [{"add_after": "sign", "step": {"log": {"call": "log"}}}, {"set": "approve", "within": "PT9H"}],
    )
    for node in before.root.descendants("userTask", "serviceTask"):
        kept = result.document.element(node.id).extension("{urn:x}note")
        assert kept is not None
        assert "kept" in kept.to_xml()
    for identifier in ("start", "rate", "approve", "if_rating_bad"):
        old, new = before.shape_of(identifier), result.document.shape_of(identifier)
        assert old is not None
        assert new is not None
        assert old.to_xml() == new.to_xml()
    assert result.document.shape_of("log") is not None


def test_the_example_of_the_tool_description_works() -> None:
    made = compile_outline(read_outline_text(OUTLINE_EXAMPLE).value).document
    result = apply_edits(made, json.loads(EDITS_EXAMPLE))
    assert result.document.element("check").kind == "serviceTask"
    assert {one["name"] for one in decompile(result.document)["scenarios"]} == {"small", "poor"}  # type: ignore[index,call-overload,union-attr]


def test_the_example_process_can_be_edited_at_every_step() -> None:
    example = Path(__file__).parents[2] / "examples" / "invoice-to-pay" / "process.yaml"
    made = compile_outline(read_outline_text(example.read_text(encoding="utf-8")).value).document
    for node in list(made.flow_nodes(made.processes[0])):
        if node.kind.endswith("Task"):
            result = apply_edits(
                made, [{"add_before": node.id, "step": {"new": {"call": "new"}}}, {"delete": node.id}]
            )
            assert result.document.find(node.id) is None
            assert result.document.shape_of("new") is not None
