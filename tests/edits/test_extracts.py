"""Steps become groups and processes of their own; refused edits are answered with their right form."""

import json

import pytest

from flowmaster.engine.bpmn.checks import check_process
from flowmaster.engine.bpmn.document import BpmnDocument, parse_bpmn
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.edits.apply import OPERATIONS, apply_edits
from flowmaster.engine.edits.forms import FORMS
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.outline.compile import compile_outline
from flowmaster.engine.outline.decompile import decompile
from flowmaster.engine.values import Json
from tests.edits.models import edited, refusal, step
from tests.edits.test_random_batches import check_drawn


def errors(document: BpmnDocument) -> list[str]:
    """Return the errors of all processes of a document."""
    reads = read_processes(parse_bpmn(document.to_xml()), RUNNABLE)
    return [one.message for read in reads for one in check_process(read) if one.severity == "error"]


def test_steps_become_a_process_that_is_run_in_their_place() -> None:
    found = edited({"extract": ["run it", "think"], "to": "thinking", "name": "Think it over"})
    assert [one.id for one in found.processes] == ["buy", "thinking"]
    assert step(found, "Think it over") == {"run": "thinking", "lane": "buyer"}
    inside = decompile(found, "thinking")
    assert inside["name"] == "Think it over"
    assert isinstance(inside["steps"], list)
    assert [next(iter(one)) for one in inside["steps"][:2] if isinstance(one, dict)] == ["run it", "think"]
    assert errors(found) == []
    check_drawn(found)


def test_forms_and_roles_go_with_the_steps_that_use_them() -> None:
    outline: Json = {
        "process": "p",
        "roles": ["clerk", "boss"],
        "steps": [
            {"look": {"ask": "clerk", "form": {"fine": "boolean"}}},
            {"sign": {"ask": "boss", "form": "shared"}},
            {"again": {"ask": "boss", "form": "shared"}},
        ],
        "forms": {"shared": {"note": "text"}},
    }
    found = edited({"extract": "look", "to": "looking"}, of=compile_outline(outline).document)
    inside, rest = decompile(found, "looking"), decompile(found, "p")
    assert (inside["roles"], rest["roles"]) == (["clerk"], ["clerk", "boss"])
    assert ("fine" in str(inside), "fine" in str(rest)) == (True, False)
    found = edited({"extract": "sign", "to": "signing"}, of=compile_outline(outline).document)
    assert (
        decompile(found, "signing")["forms"] == decompile(found, "p")["forms"] == {"shared": {"note": "text"}}
    )
    assert errors(found) == []


def test_a_step_inside_of_a_group_becomes_a_process_too() -> None:
    found = edited({"extract": "pack", "to": "packing"})
    assert step(found, "packing") == {"run": "packing"}
    assert errors(found) == []


def test_what_cannot_stand_apart_or_has_no_id_is_refused() -> None:
    assert refusal({"extract": "count", "to": "not an id"}).path == "edits[0].to"
    assert refusal({"extract": "count", "to": "pay"}).path == "edits[0].to"
    outline: Json = {
        "process": "p",
        "roles": ["clerk", "boss"],
        "steps": [
            {"look": {"ask": "clerk", "form": "f"}},
            {"sign": {"ask": "boss", "not": "look", "form": "f"}},
        ],
    }
    refused = refusal({"extract": "look", "to": "looking"}, of=compile_outline(outline).document)
    assert "'sign' refers to 'look'" in refused.message
    assert "wrap" in refused.fix
    assert "pay -> run it" in refusal({"wrap": "pay", "in": "paying"}).message


def test_a_group_takes_what_happens_beside_its_steps_and_may_be_repeated() -> None:
    found = edited({"wrap": "count", "in": "many", "each": "line in lines"})
    assert step(found, "many")["each"] == "line in lines"
    assert step(edited({"wrap": "left", "in": "side", "repeat": {"while": "fine", "max": 2}}), "side")[
        "repeat"
    ]
    outline: Json = {
        "process": "p",
        "steps": [
            {"a": {"call": "a", "on": {"BAD": [{"mend": {"call": "mend"}}, {"tell": {"call": "tell"}}]}}},
            {"b": {"call": "b"}},
        ],
    }
    found = edited({"wrap": "a", "in": "both"}, of=compile_outline(outline).document)
    assert {"a", "mend", "tell"} <= {one.id for one in found.flow_nodes(found.element("both"))}
    assert errors(found) == []


def test_another_kind_keeps_the_name_unless_one_is_given() -> None:
    found = edited({"replace": "rate", "step": {"ask": "boss", "form": "other"}})
    assert found.element("rate").kind == "userTask"
    assert step(found, "rate")["ask"] == "boss"


@pytest.mark.parametrize("word", [*FORMS])
def test_every_form_is_an_edit(word: str) -> None:
    form, _, _ = FORMS[word].partition(", of a decision")
    assert list(json.loads(form))[0] == word
    assert FORMS.keys() - {"undo"} == OPERATIONS.keys()


def test_a_word_that_is_meant_is_answered_with_its_form() -> None:
    for wrong, meant in (
        ("remove", "delete"),
        ("ad_after", "add_after"),
        ("group", "wrap"),
        ("revert", "undo"),
    ):
        refused = refusal({wrong: "pay"})
        assert f"`{meant}`" in refused.message
        assert FORMS[meant] in refused.fix
    assert FORMS["connect"] in refusal({"connect": "pay"}).fix


def test_the_difference_of_extracting_names_what_went() -> None:
    result = apply_edits(edited(), [{"extract": "count", "to": "counting"}])
    told = {str(one.get("element")): one["change"] for one in result.diff}
    assert told["count"] == "removed"
    assert told["run_counting"] == "added"


def test_one_value_that_is_set_where_several_were_leaves_no_mapping_behind() -> None:
    several = edited({"set": "count", "assign": {"total": "total + 1", "fine": "true"}})
    assert step(several, "count")["set"] == {"total": "total + 1", "fine": True}
    one = edited({"set": "count", "assign": {"total": "total + 2"}}, of=several)
    assert step(one, "count")["set"] == {"total": "total + 2"}
    assert "output" not in one.element("count").to_xml()
