"""What a batch deletes leaves its names and ids to what the batch brings in, whatever stands first."""

from itertools import permutations
from typing import Any

import pytest

from flowmaster.engine.bpmn.vocabulary import FLOW_NODE_KINDS
from flowmaster.engine.outline.compile import compile_outline
from flowmaster.engine.outline.decompile import decompile
from flowmaster.tools.outline_text import read_outline_text
from tests.edits.models import edited, refusal

TEXT = """
process: hire
roles: [clerk, boss]
steps:
- offer: {ask: clerk, into: offered}
- Acceptance: {ask: clerk, into: accepted}
- inside: {group: [{pack: {ask: boss, into: packed}}, {load: {call: load}}]}
- pay: {call: bank, within: P1D, late: [{nudge: {call: mail}}, {end: late}]}
- if: accepted
  then: [{sign: {ask: boss, into: signed}}]
- end: done
"""
DOCUMENT = compile_outline(read_outline_text(TEXT).value).document
ACCEPTANCE: dict[str, Any] = {"Acceptance": {"wait": {"message": "accepted", "key": "offered"}}}


def names(*edits: dict[str, Any]) -> list[Any]:
    """Return the steps of the edited process."""
    now = edited(*edits, of=DOCUMENT)
    shown = decompile(now)
    assert decompile(compile_outline(shown).document) == shown
    assert not any(one.id.endswith("_old") for one in now.root.descendants(*FLOW_NODE_KINDS))
    listed = shown["steps"]
    assert isinstance(listed, list)
    return listed


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_deleted_name_is_free_in_the_same_batch_in_every_order(order: tuple[int, ...]) -> None:
    edits: list[dict[str, Any]] = [
        {"delete": "Acceptance"},
        {"add_after": "offer", "step": ACCEPTANCE},
        {"add_after": "acceptance", "step": {"thank": {"call": "mail"}}},
    ]
    steps = names(*(edits[number] for number in order))
    assert [next(iter(one)) for one in steps][:4] == ["offer", "Acceptance", "thank", "inside"]
    assert steps[1]["Acceptance"]["wait"] == {"message": "accepted", "key": "offered"}
    assert "id" not in steps[1]["Acceptance"]
    now = edited(*edits, of=DOCUMENT)
    assert now.element("acceptance").kind == "intermediateCatchEvent"
    assert now.shape_of("acceptance") is not None


def test_the_new_step_may_stand_where_the_old_one_stood() -> None:
    (_, second, *_) = names({"delete": ["Acceptance"]}, {"add_before": "Acceptance", "step": ACCEPTANCE})
    assert list(second) == ["Acceptance"]


@pytest.mark.parametrize("group", [{"delete": "inside"}, {"delete": ["offer", "inside"]}])
def test_names_inside_a_deleted_group_are_free(group: dict[str, Any]) -> None:
    steps = names(
        {
            "add_after": "Acceptance",
            "steps": [{"pack": {"call": "pack"}}, {"load": {"ask": "boss", "into": "loaded"}}],
        },
        group,
    )
    assert {"pack": {"call": "pack"}} in steps
    assert not any("inside" in one for one in steps)


def test_names_of_what_falls_with_a_step_are_free() -> None:
    steps = names({"delete": "pay"}, {"add_after": "offer", "step": {"nudge": {"call": "other"}}})
    assert {"nudge": {"call": "other"}} in steps


def test_names_of_handlers_that_are_set_anew_are_free() -> None:
    steps = names({"set": "pay", "late": [{"nudge": {"call": "other"}}, {"end": "late"}]})
    assert {
        "pay": {"call": "bank", "within": "P1D", "late": [{"nudge": {"call": "other"}}, {"end": "late"}]}
    } in steps


def test_an_own_form_goes_with_the_step_it_belongs_to() -> None:
    now = edited({"delete": "Acceptance"}, {"add_after": "offer", "step": ACCEPTANCE}, of=DOCUMENT)
    assert "accepted_form" not in now.to_xml()
    assert "acceptance_form" not in now.to_xml()


def test_a_name_that_stays_is_still_refused() -> None:
    assert refusal({"add_after": "offer", "step": ACCEPTANCE}, of=DOCUMENT).code == "outline.name_twice"
    twice = refusal(
        {"delete": "Acceptance"},
        {"add_after": "offer", "step": ACCEPTANCE},
        {"add_after": "pay", "step": ACCEPTANCE},
        of=DOCUMENT,
    )
    assert twice.code == "outline.name_twice"


def test_a_step_that_stays_after_all_does_not_give_its_name_away() -> None:
    held = edited(
        {"set": "pay", "late": [{"ring": {"call": "ring"}}, {"nudge": {"call": "mail"}}]}, of=DOCUMENT
    )
    twice = refusal(
        {"delete": "pay"},
        {"connect": "sign", "to": "ring"},
        {"add_after": "offer", "step": {"nudge": {"call": "other"}}},
        of=held,
    )
    assert twice.code == "outline.name_twice"
    assert "leads to it" in twice.message


def test_a_deletion_that_is_not_clear_is_refused_as_ever() -> None:
    unknown = refusal({"delete": ["nobody", 5]}, {"add_after": "offer", "step": ACCEPTANCE}, of=DOCUMENT)
    assert unknown.code in ("edit.element_unknown", "outline.name_twice")
