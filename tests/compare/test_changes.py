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
from tests.bpmn_reader.models import bpmn, ext, line
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


def asking(form: dict[str, Any], within: str = "P2D", **data: str) -> Process:
    step = {"ask": "boss", "form": form, "within": within, "late": {"escalate": "clerk"}}
    fields = {name.rstrip("?"): word for name, word in form.items()}
    outline = {"process": "l", "roles": ["boss", "clerk"], "data": {**fields, **data}}
    return made({**outline, "steps": [{"fill in": step}, {"end": "done"}]})


def test_what_a_form_asks_otherwise_and_by_when_is_told_at_its_step_and_without_json() -> None:
    old = asking({"a": "text", "c": "number", "d": "boolean", "f?": "date"})
    new = asking({"a": "number", "b": "number > 0", "e?": "x|y", "d?": "boolean", "f": "date"}, "P5D")
    found = told(old, new)
    form = next(one for one in found if one.startswith("The form"))
    assert form.startswith('The form of "fill in" takes "a" as number (before: text); ')
    for words in (
        'asks for "c" no more',
        'does without "d" now',
        'asks for "b" too: number > 0',
        'asks for "e" too: x|y, if there is one',
        'needs "f" now',
    ):
        assert words in form
    assert any("escalate after P5D to clerk is new" in one for one in found)


def test_a_form_that_differs_in_more_than_its_fields_or_that_no_step_uses_is_told_all_the_same() -> None:
    def kept(form: str) -> Process:
        held = ext(f'<zeebe:userTaskForm id="f">{form}</zeebe:userTaskForm>')
        return read(bpmn(held + line('<task id="a"/>')))

    plain = '{"type": "object", "properties": {"a": {"type": "string"}}}'
    more = '{"type": "object", "title": "T", "properties": {"a": {"type": "string"}}}'
    (sentence,) = told(kept(plain), kept(more))
    assert sentence.startswith("The process: forms: f title is")
    (sentence,) = told(kept(plain), kept(plain.replace('"a"', '"b"')))
    assert sentence == 'The form "f" asks for "a" no more; asks for "b" too: text, if there is one.'
    (sentence,) = told(kept(plain), kept('{"type": "object"}'))
    assert sentence == 'The form "f" asks for "a" no more.'
    nested = plain.replace(
        '{"type": "string"}', '{"type": "object", "properties": {"x": {"type": "number"}}}'
    )
    (sentence,) = told(kept(plain), kept(nested))
    assert sentence.startswith('The form "f" takes "a" as {"x')
