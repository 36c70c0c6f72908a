"""The data of a file and the variables that they are: objects, stores, properties, inputs and outputs (BPMN 2.0.2, 10.4.1).

All references to one data object are one variable. It goes by the name of the object, else by that of its first
reference, else by the reference's id. A name that FEEL could not read, such as `Order (draft)`, is passed over.
"""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.vocabulary import DATA_ASSOCIATION_KINDS, SUB_PROCESS_KINDS

_SHARED = {"dataObjectReference": "dataObjectRef", "dataStoreReference": "dataStoreRef"}
"""The kinds that point at data which several of them may share."""
_KINDS = (*_SHARED, "dataObject", "dataStore", "property", "dataInput", "dataOutput")
_PARTS = (
    "ioSpecification",
    "property",
    "dataInput",
    "dataOutput",
    *DATA_ASSOCIATION_KINDS,
    "inputSet",
    "outputSet",
)
"""What an activity or event says of its data."""
_IN_SCOPES = (*_SHARED, "dataObject", "property", "ioSpecification")
"""What a process or sub-process says of its data."""
_VARIABLE = re.compile(r"[^\W\d]\w*(?: \w+)*")
_NOT_IN_NAMES = re.compile(r"\W")


class Datum(NamedTuple):
    """Data that several elements of a file may stand for: their variable, and all names and ids that they go by."""

    variable: str
    names: tuple[str, ...]
    ids: tuple[str, ...]


class FileData:
    """The data of one file, looked for when they are first asked for."""

    def __init__(self, document: BpmnDocument) -> None:
        self._document = document

    @cached_property
    def by_id(self) -> dict[str, Datum]:
        """The data by the ids of their elements."""
        document = self._document
        groups: dict[str, list[Element]] = {}
        for one in document.root.descendants(*_KINDS):
            shared = document.reference(one, _SHARED[one.kind]) if one.kind in _SHARED else None
            if one.id:
                groups.setdefault(shared.id if shared is not None else one.id, []).append(one)
        return {
            identifier: datum
            for group in groups.values()
            for datum in [_datum(group)]
            for identifier in datum.ids
        }

    @cached_property
    def variables(self) -> frozenset[str]:
        """The variables that the data are."""
        return frozenset(datum.variable for datum in self.by_id.values())

    def moved_in(self, around: Element) -> Iterator[Datum]:
        """Yield what the data associations below an element read or write, where their activity says how."""
        for association in around.descendants(*DATA_ASSOCIATION_KINDS):
            owner = association.parent
            if owner is not None and says_how_data_move(owner):
                for reference in (*association.texts_of("sourceRef"), *association.texts_of("targetRef")):
                    datum = self.by_id.get(local(reference))
                    if datum is not None:
                        yield datum

    def held_by(self, xml: Element) -> tuple[str, ...]:
        """Return the variables that each visit of a sub-process has for itself: its data objects and properties (10.4.1)."""
        if xml.kind not in SUB_PROCESS_KINDS:
            return ()
        data = [one for one in xml.children("dataObject", "property") if not self._is_drawn(one)]
        held = (self.by_id.get(one.id) for one in data)
        return tuple(dict.fromkeys(datum.variable for datum in held if datum is not None))

    def _is_drawn(self, one: Element) -> bool:
        """Return whether a data object is but a picture of variables: only its references have a name, and nothing moves it."""
        datum = self.by_id.get(one.id)
        is_named = datum is not None and len(datum.names) > len(datum.ids)
        return is_named and not one.name and datum not in self._moved

    @cached_property
    def _moved(self) -> frozenset[Datum]:
        return frozenset(self.moved_in(self._document.root))


def local(reference: str) -> str:
    """Return a reference without the prefix of its namespace."""
    return reference.rpartition(":")[2]


def says_how_data_move(element: Element) -> bool:
    """Return whether an association of an activity or event does more than show that data are read or written."""
    return any(map(moves_data, element.children(*DATA_ASSOCIATION_KINDS)))


def moves_data(association: Element) -> bool:
    """Return whether a data association says how its data come about."""
    return association.child("assignment", "transformation") is not None


def data_parts(element: Element) -> list[Element]:
    """Return what an activity or event says of its data, where its associations move them."""
    return element.children(*_PARTS) if says_how_data_move(element) else []


def data_of_scope(document: BpmnDocument, scope: Element) -> list[Element]:
    """Return the data in a scope that its process moves, save what `data_parts` tells of the scope as an activity.

    For a process also those that stand in another one.
    """
    process, told = document.process_of(scope), data_parts(scope)
    held = [one for one in scope.children(*_IN_SCOPES) if one not in told]
    if process is None or not (held or scope == process):
        return []
    moved = {identifier: None for datum in FileData(document).moved_in(process) for identifier in datum.ids}
    found = [one for one in held if one.id in moved or any(below.id in moved for below in one.descendants())]
    if scope == process:
        others = (document.element(identifier) for identifier in moved)
        found += [one for one in others if one.kind in _IN_SCOPES and document.process_of(one) != process]
    return found


def _datum(group: list[Element]) -> Datum:
    shared_first = sorted(group, key=lambda one: one.kind in _SHARED)
    names = [name for one in shared_first if (name := " ".join(one.name.split()))]
    ids = [one.id for one in sorted(group, key=lambda one: one.kind not in _SHARED)]
    variable = next((name for name in names if _VARIABLE.fullmatch(name)), _NOT_IN_NAMES.sub("_", ids[0]))
    return Datum(variable, tuple(dict.fromkeys([*names, *ids])), tuple(ids))
