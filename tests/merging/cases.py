"""Merges of a small process: what each side edits, and what comes of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from flowmaster.engine.bpmn.document import BpmnDocument, parse_bpmn
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.edits.apply import apply_edits
from flowmaster.engine.edits.diff import Snapshot, add_scenarios, snapshot
from flowmaster.engine.edits.head import scenarios
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.merging.conflict import Side
from flowmaster.engine.merging.merging import Merge, merge
from flowmaster.engine.merging.words import Names, Told, told
from flowmaster.engine.outline.compile import compile_outline

Edit = dict[str, Any]

CLAIM: dict[str, Any] = {
    "process": "claim",
    "roles": ["clerk", "boss"],
    "data": {"amount": "number", "ok": "boolean"},
    "start": {"needs": ["amount"]},
    "steps": [
        {"check": {"ask": "clerk", "form": {"ok": "boolean"}, "into": "ok"}},
        {"if": "amount > 100", "then": [{"sign": {"ask": "boss"}}]},
        {"settle": {"group": [{"book": {"call": "ledger"}}, {"pay": {"call": "bank"}}]}},
        {"tell": {"call": "mail"}},
        {"end": "done"},
    ],
    "scenarios": [
        {
            "name": "small",
            "given": {"amount": 1},
            "answers": {"check": {"ok": True}},
            "expect": {"end": "done"},
        },
        {"name": "large", "given": {"amount": 200}, "expect": {"waits_at": "check"}},
    ],
}


def claim() -> BpmnDocument:
    """Return the process that both sides begin from."""
    return compile_outline(CLAIM).document


def edited(document: BpmnDocument, edits: Sequence[Edit]) -> BpmnDocument:
    """Return a document with edits made one after the other."""
    for edit in edits:
        document = apply_edits(document, [edit], "claim").document
    return document


def merged(ours: Sequence[Edit], theirs: Sequence[Edit], resolve: Mapping[str, Side] | None = None) -> Merge:
    """Return the merge of what two sides edited, which can be read again."""
    base = claim()
    found = merge(base, edited(base, ours), edited(base, theirs), resolve or {})
    read_processes(found.document, RUNNABLE)
    return found


def words(found: Merge) -> dict[str, Told]:
    """Return the conflicts of a merge in words."""
    each = (told(conflict, found.states, Names("main", "branch")) for conflict in found.conflicts)
    return {one.key: one for one in each}


def says(document: BpmnDocument) -> Snapshot:
    """Return what everything in a document says; lanes by their ids, since their names are said of themselves."""
    found: Snapshot = {}
    for number, process in enumerate(document.processes):
        part = snapshot(document, process)
        add_scenarios(part, scenarios(process))
        for (sort, name), said in part.items():
            is_own = sort in ("element", "flow", "process") or not number
            found[sort, name if is_own else f"{process.id}/{name}"] = said
    for (sort, name), said in found.items():
        lane = document.lane_of(document.element(name)) if sort == "element" and name else None
        if lane is not None:
            said["lane"] = lane.id
    return found


def again(found: Merge) -> BpmnDocument:
    """Return the merged file, read from its text."""
    return parse_bpmn(found.document.to_xml())
