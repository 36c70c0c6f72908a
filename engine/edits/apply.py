"""Applies a batch of edits to a BPMN document: all or none, in an order that suits the references between them.

Each edit is a mapping whose one operation word says what is done, on elements by id or name:

    {add_after: approve, step: {second check: {ask: cfo}}}     add_before, insert_on_flow: "a -> b"
    {branch: approve, if: amount > 100, then: [...]}           another way behind a step or at a decision
    {set: approve, within: PT48H, late: {escalate: cfo}}       any word of the step; null takes it away
    {set: "if_big -> approve", if: amount > 500}               the condition of a flow
    {rename: approve, to: Approve invoice}    {move: notify, after: pay}    {wrap: [a, b], in: group}
    {delete: notify}    {delete: if_big, keep: pay}    {replace: check, step: {rule: limits}}
    {extract: [a, b], to: credit-check}                the steps become a process of their own, which is run there
    {connect: a, to: b, if: ...}    {disconnect: "a -> b"}    {set_attributes: x, attributes: {...}}
    {set_data: {...}}  {set_start: {needs: [...]}}  {set_roles: {...}}  {set_calendars: {...}}  {set_forms: {...}}  {set_process: {...}}
    {set_always: {name: condition}}  {set_never: {name: condition}}
    {set_scenarios: [...]}  {remove_scenarios: [...]}  {relayout: true}
"""

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.edits import extracting, groups, head, laws, settings, steps
from flowmaster.engine.edits.context import Batch
from flowmaster.engine.edits.diff import Change, Snapshot, add_scenarios, difference, snapshot
from flowmaster.engine.edits.forms import FORMS
from flowmaster.engine.edits.freeing import check_freed, free_names
from flowmaster.engine.edits.healing import unmet_races
from flowmaster.engine.edits.placing import place
from flowmaster.engine.edits.targets import EditRefused, known_words, refused
from flowmaster.engine.errors import WRONG_LENGTH_MAX, FlowMasterError, did_you_mean
from flowmaster.engine.outline.problems import OutlineRefused
from flowmaster.engine.outline.scopes import name_key
from flowmaster.engine.values import Json

EDITS_MAX = 500
Operation = Callable[[Batch, Mapping[str, Json], str], None]


def _relayout(batch: Batch, edit: Mapping[str, Json], path: str) -> None:
    known_words(edit, ("relayout",), path)
    batch.relayout = batch.reading.flag(edit["relayout"], f"{path}.relayout") or batch.relayout


OPERATIONS: dict[str, Operation] = {
    "set_process": head.set_process,
    "set_roles": head.set_roles,
    "set_calendars": head.set_calendars,
    "set_data": head.set_data,
    "set_start": head.set_start,
    "set_forms": head.set_forms,
    "replace": steps.replace_step,
    "add_after": steps.add_after,
    "add_before": steps.add_before,
    "insert_on_flow": steps.insert_on_flow,
    "branch": steps.branch,
    "connect": steps.connect,
    "rename": settings.rename,
    "set": settings.set_words,
    "set_attributes": settings.set_attributes,
    "move": steps.move,
    "disconnect": steps.disconnect,
    "delete": steps.delete,
    "wrap": groups.wrap,
    "extract": extracting.extract,
    "set_always": laws.set_always,
    "set_never": laws.set_never,
    "set_scenarios": head.set_scenarios,
    "remove_scenarios": head.remove_scenarios,
    "relayout": _relayout,
}
"""The operations, in the order in which a batch is applied: what others may refer to comes first, what takes away last."""

_RANK = {name: number for number, name in enumerate(OPERATIONS)}
_SAME_RANK = {
    "add_before": "add_after",
    "insert_on_flow": "add_after",
    "branch": "add_after",
    "replace": "add_after",
}
_WORDS_FOR = {
    "remove": "delete",
    "add": "add_after",
    "insert": "add_after",
    "append": "add_after",
    "update": "set",
    "edit": "set",
    "change": "set",
    "group": "wrap",
    "subprocess": "wrap",
    "insert_before": "add_before",
    "insert_after": "add_after",
    "if": "branch",
    "split": "branch",
    "rewire": "connect",
    "link": "connect",
    "revert": "undo",
}


class EditResult(NamedTuple):
    """The changed document, and what changed in it."""

    document: BpmnDocument
    diff: tuple[Change, ...]


def apply_edits(document: BpmnDocument, edits: Sequence[Mapping[str, Json]], process: str = "") -> EditResult:
    """Apply edits to a copy of the document; an edit that cannot be made refuses the whole batch."""
    if len(edits) > EDITS_MAX:
        raise refused(
            "edits",
            "edit.too_many",
            f"A batch has at most {EDITS_MAX} edits, not {len(edits)}.",
            fix="Send several batches.",
        )
    copy = document.copy()
    batch = Batch(copy, _process(copy, process))
    before = _state(batch)
    edits = free_names(batch, edits, {name for edit in edits for name in _makes(edit)})
    for number, (operation, edit) in _ordered(batch, edits):
        path = f"edits[{number}]"
        _apply(batch, operation, edit, path)
    batch.land_jumps()
    check_freed(batch)
    batch.reading.check_names()
    batch.problems.raise_if_any()
    place(copy, batch.made, everything=batch.relayout)
    return EditResult(copy, tuple(difference(before, _state(batch))))


def compare(before: BpmnDocument, after: BpmnDocument, process: str = "") -> tuple[Change, ...]:
    """Return what is different in another state of a document."""
    states = [_state(Batch(one, _process(one, process))) for one in (before, after)]
    return tuple(difference(states[0], states[1]))


def _state(batch: Batch) -> Snapshot:
    found = snapshot(batch.document, batch.process)
    add_scenarios(found, head.scenarios(batch.process))
    return found


def _process(document: BpmnDocument, wanted: str) -> Element:
    found = next((one for one in document.processes if one.id == wanted), None) if wanted else None
    if found is None and not wanted:
        executable = [one for one in document.processes if one.is_true("isExecutable")]
        found = next(iter([*executable, *document.processes]), None)
    if found is None:
        known = [one.id for one in document.processes]
        message = f"The file holds no process {wanted!r}.{did_you_mean(wanted, known)}"
        raise refused("process", "process.unknown", message, expected=[*known], status=404)
    return found


def _apply(batch: Batch, operation: Operation, edit: Mapping[str, Json], path: str) -> None:
    before, unmet = len(batch.problems.found), unmet_races(batch)
    try:
        operation(batch, edit, path)
        if len(batch.problems.found) > before:
            batch.problems.raise_if_any()
        if unmet_races(batch) - unmet:
            raise refused(
                path,
                "edit.place_wrong",
                "Each way of `first` begins with a wait, which this edit would take away.",
                fix="Put steps behind the wait, or edit the wait itself.",
            )
    except OutlineRefused:
        raise
    except EditRefused as error:
        if error.fix:
            raise
        raise _with_form(error, edit) from error
    except FlowMasterError as error:
        raise refused(path, error.code, error.message, expected=error.expected, fix=error.fix) from error


def _with_form(error: EditRefused, edit: Mapping[str, Json]) -> EditRefused:
    """Return a refusal that shows the right form of the edit."""
    form = next(FORMS[word] for word in edit if word in FORMS)
    return EditRefused(
        error.code,
        error.message,
        path=error.path,
        expected=error.expected,
        fix=f"Write it like {form}.",
        status=error.status,
    )


def _ordered(
    batch: Batch, edits: Sequence[Mapping[str, Json]]
) -> list[tuple[int, tuple[Operation, Mapping[str, Json]]]]:
    """Return the edits by rank, and those that name new steps behind those that make them."""
    named = [(number, _operation(edit, f"edits[{number}]"), edit) for number, edit in enumerate(edits)]
    makes = {number: _makes(edit) for number, _, edit in named}
    new = {name for names in makes.values() for name in names}
    waiting = sorted(named, key=lambda one: (_RANK[_SAME_RANK.get(one[1], one[1])], one[0]))
    done: set[str] = set()
    ordered: list[tuple[int, tuple[Operation, Mapping[str, Json]]]] = []
    while waiting:
        ready = next(
            (one for one in waiting if not (_needs(batch, one[2]) & new) - done - makes[one[0]]), waiting[0]
        )
        waiting.remove(ready)
        done |= makes[ready[0]]
        ordered.append((ready[0], (OPERATIONS[ready[1]], ready[2])))
    return ordered


def _operation(edit: Mapping[str, Json], path: str) -> str:
    if not isinstance(edit, Mapping):
        raise refused(path, "edit.value_wrong", "An edit is a mapping.", expected="{set: approve, ask: cfo}")
    found = [word for word in edit if word in OPERATIONS]
    if "set" in found and len(found) > 1:
        found = [word for word in found if word != "set"] if "set" not in list(edit)[:1] else ["set"]
    if len(found) == 1 or (found and found[0] == next(iter(edit))):
        return found[0]
    wrong = next(iter(edit), "")
    meant = _WORDS_FOR.get(wrong) or next(iter(get_close_matches(wrong[:WRONG_LENGTH_MAX], FORMS, 1)), "")
    hint = f" Did you mean `{meant}`?" if meant else ""
    message = (
        f"An edit does one thing, not {' and '.join(found)}."
        if found
        else f"It is not said what is done.{hint}"
    )
    raise refused(
        path,
        "edit.operation_unknown",
        message,
        expected=list(FORMS),
        fix=f"Begin with the operation: {FORMS[meant or 'add_after']}.",
    )


def _makes(edit: Mapping[str, Json]) -> set[str]:
    """Return the names that an edit brings in: of new steps, of a new group, of a renamed element."""
    if not isinstance(edit, Mapping):
        return set()
    words = ("step", "steps", "then", "on", "late")
    found = {name for word in words for name in _step_names(edit.get(word))}
    for word in ("in", "to"):
        name = edit.get(word)
        if isinstance(name, str) and {"wrap", "extract", "rename"} & edit.keys():
            found.add(name_key(name))
    return found


def _step_names(value: Json) -> list[str]:
    if isinstance(value, Mapping):
        inside = [name for entry in value.values() for name in _step_names(entry)]
        own = [entry for key, entry in value.items() if key == "id" and isinstance(entry, str)]
        named = [key for key, entry in value.items() if isinstance(entry, Mapping)]
        return [name_key(name) for name in (*named, *own)] + inside
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [name for entry in value for name in _step_names(entry)]
    return []


def _needs(batch: Batch, edit: Mapping[str, Json]) -> set[str]:
    """Return the names that an edit refers to and that nothing in the document has yet."""
    words = (
        "add_after",
        "add_before",
        "branch",
        "set",
        "rename",
        "move",
        "after",
        "before",
        "delete",
        "connect",
        "to",
        "keep",
    )
    found: list[str] = []
    for word in (*words, "insert_on_flow", "disconnect", "wrap", "extract", "replace"):
        value = edit.get(word)
        if word == "to" and "connect" not in edit:
            continue
        for entry in value if isinstance(value, list) else [value]:
            if isinstance(entry, str):
                found += [part.strip() for part in entry.split("->")]
    freed = {name for called in batch.freed.values() for name in called}
    return {name_key(name) for name in found if name_key(name) in freed or not batch.targets.knows(name)}
