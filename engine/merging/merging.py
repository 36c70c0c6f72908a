"""A merge of two files that come from one: the file it comes to, and the conflicts that are left."""

from dataclasses import dataclass, field

from flowmaster.engine.bpmn.document import BpmnDocument, parse_bpmn
from flowmaster.engine.merging.clashes import renamed
from flowmaster.engine.merging.conflict import EVERY, Conflict, Resolve, States
from flowmaster.engine.merging.drawing import merge_drawing
from flowmaster.engine.merging.merge import Merged, merge_parts
from flowmaster.engine.merging.parts import parts_of
from flowmaster.engine.merging.writing import sources_of, write_merged


@dataclass(frozen=True, slots=True)
class Merge:
    """What merging came to.

    `conflicts` are those that nothing resolves, `known` the keys of all and `resolved` of those
    that are resolved. With conflicts left, the document holds what our
    side has in their places. `renamed` are new ids of elements of the other side, by the old ones; `kept` was removed by one
    side and used by the other; `dropped` went with what it hung on; `drawing` says whose drawing was taken.
    """

    document: BpmnDocument
    states: States
    conflicts: tuple[Conflict, ...] = ()
    known: frozenset[str] = frozenset()
    resolved: frozenset[str] = frozenset()
    renamed: dict[str, str] = field(default_factory=dict)
    kept: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    drawing: str = ""


def merge(base: BpmnDocument, ours: BpmnDocument, theirs: BpmnDocument, resolve: Resolve) -> Merge:
    """Merge what two files made of a third one; `resolve` says by the keys of conflicts which side is taken."""
    document = ours.copy()
    others = theirs.copy()
    names = renamed(base, document, others)
    states = States(*parts_of((base, document, others)))
    merged = merge_parts(states, {})
    known = set(merged.conflicts)
    if resolve:
        merged = merge_parts(states, resolve)
        known |= set(merged.conflicts)
    open_ones = () if EVERY in resolve else _open(merged, resolve)
    is_same = merged.is_as(states.ours)
    if not is_same:
        write_merged(document, states.ours, merged, {**sources_of(states.base), **sources_of(states.theirs)})
    drawing = merge_drawing(base, ours, others, document, is_same=is_same)
    return Merge(
        parse_bpmn(document.to_xml()),
        states,
        open_ones,
        frozenset(known),
        frozenset(merged.conflicts) - {conflict.key for conflict in open_ones},
        names,
        tuple(dict.fromkeys(merged.kept)),
        tuple(dict.fromkeys(merged.dropped)),
        drawing,
    )


def _open(merged: Merged, resolve: Resolve) -> tuple[Conflict, ...]:
    return tuple(conflict for key, conflict in merged.conflicts.items() if key not in resolve)
