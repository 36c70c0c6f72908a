"""What differs between two versions is found, each change once, and nothing else."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.compare.changes import Compared, compare
from flowmaster.engine.compare.pairs import steps
from flowmaster.engine.compare.words import summary, worded
from flowmaster.engine.edits.apply import apply_edits
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.model import Process
from flowmaster.engine.outline.compile import compile_outline
from tests.edits.batches import Numbers, batches
from tests.edits.models import document

LEAVE: dict[str, Any] = {
    "process": "leave",
    "roles": ["boss", "clerk"],
    "data": {"days": "integer 1..60", "ok": "boolean", "booked": "integer", "x": "integer"},
    "start": {"needs": ["days"]},
    "steps": [
        {"ask boss": {"ask": "boss", "into": "ok", "within": "P3D", "late": {"escalate": "clerk"}}},
        {"if": "days > 10", "then": [{"check": {"ask": "clerk"}}]},
        {"book": {"set": {"booked": "days"}}},
        {"end": "done"},
    ],
}


def read(bpmn: str) -> Process:
    found, *_ = read_processes(parse_bpmn(bpmn), runnable=RUNNABLE)
    return found.process


def made(outline: dict[str, Any]) -> Process:
    return read(compile_outline(outline).document.to_xml())


def told(old: Process, new: Process) -> list[str]:
    return [worded(one, old, new) for one in compare(old, new).changes]


def leave(change: str) -> dict[str, Any]:
    """Return the process with one thing changed."""
    outline = deepcopy(LEAVE)
    steps = outline["steps"]
    match change:
        case "condition":
            steps[1]["if"] = "days > 20"
        case "swapped":
            steps[0], steps[2] = steps[2], steps[0]
        case "removed":
            del steps[2]
        case "added":
            steps.insert(1, {"log": {"set": {"x": "1"}}})
        case "timer":
            steps[0]["ask boss"]["within"] = "P5D"
        case "role":
            steps[1]["then"][0]["check"]["ask"] = "boss"
        case "data":
            outline["data"]["days"] = "integer 1..30"
        case "title":
            steps[0]["ask boss"]["title"] = "Ask the boss"
        case "grouped":
            steps[2] = {"together": {"group": [steps[2]]}}
        case "to call":
            steps[2] = {"book": {"call": "calendar"}}
    return outline


@pytest.mark.parametrize(
    ("change", "sentences"),
    [
        ("nothing", []),
        ("removed", ['The script task "book" is gone.']),
        ("added", ['The script task "log" is new, after "ask boss".']),
        ("data", ["The process: data days schema maximum is 30 (before: 60)."]),
        (
            "title",
            ['The user task "ask boss" has the name "Ask the boss" now (before: "ask boss").'],
        ),
    ],
)
def test_one_change_is_one_sentence(change: str, sentences: list[str]) -> None:
    found = told(made(LEAVE), made(leave(change)))
    assert [one for one in found if "merge" not in one] == sentences


def test_a_condition_is_told_at_its_gateway_by_where_it_leads() -> None:
    found = told(made(LEAVE), made(leave("condition")))
    assert '"days > 20?": condition to "check" is "days > 20" (before: "days > 10").' in found
    assert not any("is gone" in one or "is new" in one for one in found), (
        "the gateway is the same under a new id"
    )


def test_steps_that_change_places_are_moved_and_not_made_anew() -> None:
    old, new = made(LEAVE), made(leave("swapped"))
    kinds = [(one.kind, one.what) for one in compare(old, new).changes if one.what != "id"]
    assert kinds == [("moved", "place")] * 2
    assert '"book" comes after "start" now (before: after "merge_book").' in told(old, new)


def test_times_people_and_kinds_are_told() -> None:
    old = made(LEAVE)
    assert any("P5D" in one and "P3D" in one for one in told(old, made(leave("timer"))))
    assert any("boss" in one and "clerk" in one for one in told(old, made(leave("role"))))
    assert any('"book": kind is "serviceTask"' in one for one in told(old, made(leave("to call"))))
    assert any('"book" stands in "together" now' in one for one in told(old, made(leave("grouped"))))


def test_names_alone_change_nothing_of_what_instances_do() -> None:
    old, new = made(LEAVE), made(leave("title"))
    compared = compare(old, new)
    assert not any(one.behaves for one in compared.changes)
    assert summary(compared).endswith("instances do the same.")


def _counts(compared: Compared) -> tuple[int, int]:
    kinds = [one.kind for one in compared.changes if one.what == ""]
    return kinds.count("added"), kinds.count("removed")


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_random_edits_are_found_and_nothing_is_told_of_what_is_alike(data: st.DataObject) -> None:
    edited, numbers = document(), Numbers()
    before = edited.to_xml()
    for _ in range(3):
        try:
            edited = apply_edits(edited, data.draw(batches(edited, numbers))).document
        except FlowMasterError:
            continue
    old, new = read(before), read(edited.to_xml())
    compared, back = compare(old, new), compare(new, old)
    assert _counts(compared) == _counts(back)[::-1], "what came one way goes the other way"
    for one in (*compared.changes, *back.changes):
        assert one.was != one.now or one.kind in ("added", "removed"), one
    told = [worded(one, old, new) for one in compared.changes]
    assert all(sentence.endswith(".") and len(sentence) < 1_000 for sentence in told)
    assert len(set(compared.pairs.values())) == len(compared.pairs)
    kept = {key for key in steps(old) if key in steps(new)}
    assert all(
        compared.pairs.get(key) == key for key in kept if old.elements[key].family == new.elements[key].family
    )
    assert compare(old, read(before)).changes == () == compare(new, new).changes
