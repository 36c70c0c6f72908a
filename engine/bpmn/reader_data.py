"""Data associations that say how their data come about, as input and output mappings (BPMN 2.0.2, 10.4.2).

    <dataInputAssociation> <sourceRef>order</sourceRef> <targetRef>request</targetRef>
      <assignment> <from>=order.total * 2</from> <to>=request.amount</to> </assignment> </dataInputAssociation>

An association with neither an assignment nor a transformation only shows what is read and written, since all variables
are in sight anyway. Where another one of the same side of the same activity moves its data, though, it copies.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from flowmaster.engine.bpmn.data_elements import Datum, local, moves_data
from flowmaster.engine.bpmn.element import Element as XmlElement
from flowmaster.engine.bpmn.juel import feel_of_juel, is_juel
from flowmaster.engine.bpmn.reader_values import NULL, short
from flowmaster.engine.bpmn.reading import Reading
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.feel.lexer import tokenize
from flowmaster.engine.model import IoMapping, Loop, MultiInstance, Value

Mappings = tuple[IoMapping, ...]
_PLACEHOLDER = "__targetRef_placeholder"
"""The property that modellers name as the target where the schema wants one and there is none."""
_NAME = re.compile(r"[^\W\d]\w*")
_PATH = re.compile(r"(?:\.[^\W\d]\w*)*")


class MovedData(NamedTuple):
    """How data get into an activity or event and out of it; `stopped` says why that cannot run.

    `loop` is the marker of the activity, which an association may give its collection.
    """

    inputs: Mappings
    outputs: Mappings
    loop: Loop | None
    stopped: str = ""


class _CannotRun(Exception):
    """An association says something that cannot run; the text says what."""


def moved_data(reading: Reading, xml: XmlElement, loop: Loop | None) -> MovedData:
    """Read the data associations of an activity or event."""
    try:
        inputs = _side(reading, xml, "dataInputAssociation")
        outputs = _side(reading, xml, "dataOutputAssociation")
        if isinstance(loop, MultiInstance):
            inputs, loop = _before_turns(reading, xml, inputs, loop)
            _check_turns(outputs, loop)
    except _CannotRun as why:
        return MovedData((), (), loop, str(why))
    return MovedData(inputs, outputs, loop)


def _side(reading: Reading, xml: XmlElement, kind: str) -> Mappings:
    associations = xml.children(kind)
    if not any(map(moves_data, associations)):
        return ()
    found: list[IoMapping] = []
    for association in associations:
        try:
            found += _Association(reading, xml, association).mappings()
        except _CannotRun as why:
            called = repr(association.id) if association.id else f"in line {association.line}"
            raise _CannotRun(f"Its data association {called} cannot run: {why}") from None
    return tuple(found)


class _Association:
    """One data association while it is read."""

    def __init__(self, reading: Reading, owner: XmlElement, xml: XmlElement) -> None:
        self._reading = reading
        self._owner = owner
        self._xml = xml
        self._identifier = reading.id_of(owner)
        self._into = xml.kind == "dataInputAssociation"

    def mappings(self) -> list[IoMapping]:
        """Return the mappings in the order in which they are done: the transformation, then the assignments."""
        if not moves_data(self._xml):
            return self._copied()
        sources = [self._datum(reference) for reference in self._xml.texts_of("sourceRef")]
        target = next(map(self._datum, self._targets()), None)
        seen = [*sources, *([target] if target is not None and not self._into else [])]
        found: list[IoMapping] = []
        transformation = self._xml.child("transformation")
        if transformation is not None:
            if target is None:
                raise _CannotRun("it names no target for what its transformation gives.")
            value = self._value(transformation, seen, "transformation of a data association")
            found.append(IoMapping(value, (target.variable,)))
        for assignment in self._xml.children("assignment"):
            value = self._value(assignment.child("from"), seen, "`from` of an assignment")
            found.append(IoMapping(value, self._place(assignment.text_of("to"), target)))
        return found

    def _copied(self) -> list[IoMapping]:
        """Return the copy of one source to the target; what is in sight under its name need not come in."""
        try:
            source, target = (
                [self._datum(one) for one in ends]
                for ends in (self._xml.texts_of("sourceRef"), self._targets())
            )
        except _CannotRun:
            return []
        if len(source) != 1 or len(target) != 1:
            return []
        read, written = source[0].variable, target[0].variable
        if self._into and read == written:
            return []
        return [IoMapping(self._reading.values.feel(read, self._xml, self._identifier, "Data"), (written,))]

    def _targets(self) -> list[str]:
        named = [(one, self._reading.document.find(one)) for one in self._xml.texts_of("targetRef")]
        return [one for one, found in named if found is None or found.name != _PLACEHOLDER]

    def _datum(self, reference: str) -> Datum:
        """Return the data that a reference names; what names nothing in the file is a variable, as in Flowable."""
        found = self._reading.data.by_id.get(local(reference))
        if found is not None:
            return found
        other = self._reading.document.find(reference)
        if other is not None:
            raise _CannotRun(f"it names {reference!r}, a `{other.kind}`, which holds no data.")
        if not _NAME.fullmatch(reference):
            raise _CannotRun(f"it names {reference!r}, which the file does not have.")
        return Datum(reference, (reference,), ())

    def _value(self, holder: XmlElement | None, seen: list[Datum], what: str) -> Value:
        text, language = (holder.text, holder.get("language")) if holder is not None else ("", "")
        if holder is None or not text:
            raise _CannotRun(f"the {what} is empty.")
        if is_juel(text):
            translated = feel_of_juel(text)
            text, language = (translated, "") if translated else (text, language)
        elif text.startswith("="):
            language = ""
        spoken = _spoken(text, seen)
        value = self._reading.values.feel(spoken, holder, self._identifier, f"The {what}", language)
        if value is NULL:
            raise _CannotRun(f"the {what} is no FEEL: {short(text)!r}.")
        return value

    def _place(self, written: str, target: Datum | None) -> tuple[str, ...]:
        """Return the variable, or the path into one, that an assignment writes to; an empty `to` is the target."""
        text = " ".join(written.split())
        text = (feel_of_juel(text) or text if is_juel(text) else text).removeprefix("=").strip()
        if not text and target is not None:
            return (target.variable,)
        variable, path = self._head(text, target)
        if not variable or not _PATH.fullmatch(path):
            raise _CannotRun(
                f"the `to` of an assignment names no variable and no path into one: {short(text)!r}."
            )
        if target is not None and variable != target.variable:
            called = self._reading.called(self._owner)
            self._reading.add(
                "data.target_elsewhere",
                self._owner,
                f"An assignment of {called} writes to {text!r}; the target of its data association is {target.variable!r}.",
                fix=f"Write `{target.variable}.{text}` if that is meant, or let the association name the other target.",
            )
        return (variable, *path.split(".")[1:])

    def _head(self, text: str, target: Datum | None) -> tuple[str, str]:
        """Return the variable at the head of a place, and the path behind it."""
        parts = text.split(".")
        for length in range(len(parts), 0, -1):
            head = ".".join(parts[:length])
            if target is not None and head in target.names:
                return target.variable, text[len(head) :]
            if head in self._reading.data.variables:
                return head, text[len(head) :]
        return (parts[0] if _NAME.fullmatch(parts[0]) else ""), text[len(parts[0]) :]


def _before_turns(
    reading: Reading, xml: XmlElement, inputs: Mappings, loop: MultiInstance
) -> tuple[Mappings, MultiInstance]:
    """Let the marker take its collection right from the association that fills it, which is done once for all turns."""
    if not inputs:
        return inputs, loop
    marker = xml.child("multiInstanceLoopCharacteristics")
    reference = marker.text_of("loopDataInputRef") if marker is not None else ""
    datum = reading.data.by_id.get(local(reference))
    filling = [one for one in inputs if datum is not None and one.target[0] == datum.variable]
    if not filling:
        return inputs, loop
    if len(filling) > 1 or len(filling[0].target) > 1:
        raise _CannotRun("Its data associations fill the collection of its loop piece by piece.")
    return tuple(one for one in inputs if one not in filling), replace(loop, collection=filling[0].source)


def _check_turns(outputs: Mappings, loop: MultiInstance) -> None:
    """Refuse to read in each turn what the turns collect, as that is whole behind the last one alone."""
    if any(loop.output_collection in one.source.names for one in outputs):
        raise _CannotRun(
            f"Its data associations read {loop.output_collection!r}, which is whole behind the last turn of its loop."
        )


def _spoken(text: str, data: list[Datum]) -> str:
    """Return an expression in which data go by the names of their variables."""
    variables = {name: datum.variable for datum in data for name in reversed(datum.names)}
    variables |= {datum.variable: datum.variable for datum in data}
    return _renamed(text, {name: variable for name, variable in variables.items() if name != variable})


def _renamed(text: str, names: Mapping[str, str]) -> str:
    """Return an expression with other names: not those of fields, nor of the keys of contexts."""
    source = text.removeprefix("=")
    if not any(name in source for name in names):
        return text
    try:
        tokens = tokenize(source)
    except FlowMasterError:
        return text
    parts, place = [text[: len(text) - len(source)]], 0
    for before, token, after in zip([None, *tokens], tokens, tokens[1:], strict=False):
        is_field = (before is not None and before.text == ".") or after.text == ":"
        if token.kind == "name" and token.text in names and not is_field:
            parts += [source[place : token.start], names[token.text]]
            place = token.end
    return "".join([*parts, source[place:]])
