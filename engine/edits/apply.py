"""Applies a batch of edits to a process: all of them, or none.

An edit is a mapping with one verb and what the verb needs; elements go by id or by name:

    {set: approve, ask: cfo, remind: PT24H}            # the words of the outline; null takes a word away
    {rename: approve, to: approve invoice}
    {condition: {from: large?, to: second approval}, is: invoice.total > 10000}
    {add_after: approve, step: {second check: {ask: cfo, into: checked}}}
    {add_before: pay, steps: [{notify: {call: mail.send}}, {wait: PT1H}]}
    {delete: second check}                             # its flows are healed
    {connect: approve, to: archive, if: approved}      # and {disconnect: approve, from_to: archive}
    {set_data: {note: text}}   {set_scenarios: [...]}   {add_scenario: {...}}   {remove_scenario: name}

Edits are made on a copy in an order in which what they name exists: additions first, removals last, so that the
order in the batch does not matter.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.layout import lay_out
from flowmaster.engine.edits.data import add_scenario, remove_scenario, set_data, set_scenarios
from flowmaster.engine.edits.difference import differences
from flowmaster.engine.edits.flows import connect, delete, disconnect, set_condition, set_default
from flowmaster.engine.edits.place import Place
from flowmaster.engine.edits.steps import add_after, add_before
from flowmaster.engine.edits.words import rename, set_attributes, set_words
from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.engine.values import Json

Edit = Mapping[str, Json]

EDITS_MAX = 500
"""Edits in one batch."""

EDITS_EXAMPLE = (
    '[{"set":"approve","ask":"cfo","remind":"PT24H"},'
    '{"condition":{"from":"large?","to":"second approval"},"is":"total > 10000"},'
    '{"add_after":"approve","step":{"check":{"ask":"clerk","into":"ok"}}},'
    '{"rename":"pay","to":"pay invoice"},{"delete":"archive"}]'
)
"""The edit language by example."""


class EditResult(NamedTuple):
    """The edited document, and what changed."""

    document: BpmnDocument
    diff: tuple[Mapping[str, Json], ...]


class Verb(NamedTuple):
    """A kind of edit: what it does, its words, its turn in a batch, and whether the picture must follow."""

    make: Callable[[Place, Edit], None]
    words: tuple[str, ...]
    turn: int
    moves: bool
    open_words: bool = False


VERBS: Mapping[str, Verb] = {
    "set_data": Verb(set_data, (), 0, False),
    "add_after": Verb(add_after, ("step", "steps"), 1, True),
    "add_before": Verb(add_before, ("step", "steps"), 1, True),
    "connect": Verb(connect, ("to", "if", "name"), 2, True),
    "set": Verb(set_words, (), 3, False, open_words=True),
    "set_attributes": Verb(set_attributes, ("attributes",), 3, False),
    "condition": Verb(set_condition, ("is",), 3, False),
    "default": Verb(set_default, ("to",), 3, False),
    "disconnect": Verb(disconnect, ("from_to",), 4, True),
    "delete": Verb(delete, (), 5, True),
    "rename": Verb(rename, ("to",), 6, False),
    "set_scenarios": Verb(set_scenarios, (), 7, False),
    "add_scenario": Verb(add_scenario, (), 8, False),
    "remove_scenario": Verb(remove_scenario, (), 8, False),
}
"""The kinds of edits, by their verb."""


def apply_edits(document: BpmnDocument, edits: Sequence[Edit], *, process: str) -> EditResult:
    """Return a copy of the document with all edits made; refuse the whole batch if one cannot be made."""
    if len(edits) > EDITS_MAX:
        raise FlowMasterError(
            "edit.too_many",
            f"One batch holds at most {EDITS_MAX} edits.",
            path="edits",
            fix="Split the batch.",
        )
    edited = document.copy()
    ordered = sorted(enumerate(edits), key=lambda pair: _verb(pair[1], pair[0])[1].turn)
    moved = False
    for number, edit in ordered:
        name, verb = _verb(edit, number)
        _check_words(edit, name, verb, number)
        try:
            verb.make(Place(edited, process), edit)
        except FlowMasterError as error:
            raise _at(error, number, name) from error
        moved = moved or verb.moves
    if moved:
        lay_out(edited)
    return EditResult(edited, differences(document, edited))


def _verb(edit: Edit, number: int) -> tuple[str, Verb]:
    found = [name for name in edit if name in VERBS]
    if len(found) == 1:
        return found[0], VERBS[found[0]]
    first = next(iter(edit), "")
    message = (
        f"An edit has one verb, this one has {' and '.join(found)}."
        if found
        else f"The edit has no verb that is known.{did_you_mean(first, list(VERBS))}"
    )
    raise FlowMasterError(
        "edit.verb_unknown",
        message,
        path=f"edits[{number}]",
        expected=list(VERBS),
        fix=f"Write an edit such as {EDITS_EXAMPLE[1:50]}...",
    )


def _check_words(edit: Edit, name: str, verb: Verb, number: int) -> None:
    if verb.open_words:
        return
    for word in edit:
        if word != name and word not in verb.words:
            raise FlowMasterError(
                "edit.word_unknown",
                f"`{name}` knows no word {word!r}.{did_you_mean(word, verb.words)}",
                path=f"edits[{number}].{word}",
                expected=[name, *verb.words],
                fix="Use the listed words.",
            )


def _at(error: FlowMasterError, number: int, name: str) -> FlowMasterError:
    return FlowMasterError(
        error.code,
        f"Edit {number} (`{name}`): {error.message}",
        path=f"edits[{number}]" + (f".{error.path}" if error.path else ""),
        expected=error.expected,
        fix=error.fix,
        next=error.next,
        status=error.status,
    )
