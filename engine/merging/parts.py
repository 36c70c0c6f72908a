"""The parts of a BPMN file that are merged each by itself: elements by their ids, what stands in them by its name.

A part without an id goes by the element around it, its kind and its name. Of several that have no names the whole list
is one part. Which lane a step stands in belongs to the step; which flows a step lists follows from the flows, and the
drawing is merged apart, so neither is a part.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.references import REFERENCE_ATTRIBUTES, REFERENCE_CHILDREN
from flowmaster.engine.bpmn.vocabulary import DIAGRAM, XSI_TYPE, fm
from flowmaster.engine.outline.json_text import json_text, json_value
from flowmaster.engine.values import Json

ROOT: Final = ""
"""The key of the `definitions`."""

SCENARIOS: Final = fm("scenarios")
SCENARIO: Final = "scenario"

Key: TypeAlias = str
"""Where a part is: `#approve` for an element, `#approve/extensionElements/...` for what stands in it."""

Struct: TypeAlias = tuple["str | Struct", ...]
"""The content of an element as plain values: name, attributes, text, and those inside."""

_DERIVED: Final = frozenset({"incoming", "outgoing", "flowNodeRef", DIAGRAM})
_NAMING: Final = ("id", "name", "target", "key")
"""The attributes that tell parts of one kind apart."""

_REFERRING: Final = frozenset(REFERENCE_ATTRIBUTES) - {"calledElement"}
_REFERRING_CHILDREN: Final = frozenset(REFERENCE_CHILDREN)


@dataclass(frozen=True, slots=True)
class Part:
    """One part; `name` tells it apart from others of its kind, `owner` is the element around it or itself.

    `atom` is the content of a part that is taken as a whole, `sources` are the elements it was read from.
    """

    key: Key
    kind: str
    parent: Key
    owner: str
    name: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    lanes: tuple[str, ...] = ()
    atom: Struct = ()
    sources: tuple[Element, ...] = field(default=(), compare=False)

    @property
    def is_element(self) -> bool:
        """Whether it is a BPMN element with an id of its own."""
        return self.key.startswith("#") and "/" not in self.key

    @property
    def holds_scenarios(self) -> bool:
        """Whether it holds scenarios that are parts of their own; such as cannot be read stay one text."""
        return self.kind == SCENARIOS and self.key.endswith(SCENARIOS)

    def fields(self) -> dict[str, "Json | Struct"]:
        """Return what can be changed of it by itself, each by its name."""
        found: dict[str, Json | Struct] = {"kind": self.kind, "parent": self.parent}
        found.update({f"@{name}": value for name, value in self.attributes.items()})
        found.update({"text": self.text, "lanes": self.lanes, "atom": self.atom})
        return {
            name: value for name, value in found.items() if value or name not in ("text", "lanes", "atom")
        }


Parts: TypeAlias = dict[Key, Part]


def element_key(identifier: str) -> Key:
    """Return the key of an element."""
    return f"#{identifier}"


def parts_of(documents: Iterable[BpmnDocument]) -> list[Parts]:
    """Return the parts of several states of one file, told apart by the same rules in all of them."""
    reading = _Reading(list(documents))
    reading.read()
    return reading.found


def refers_to(part: Part) -> Iterator[str]:
    """Yield the ids that a part refers to."""
    for name, value in part.attributes.items():
        if name in _REFERRING:
            yield _plain(value)
    if part.kind in _REFERRING_CHILDREN and part.text:
        yield _plain(part.text)
    yield from part.lanes
    yield from _in_struct(part.atom)


def refers_by(attribute: str) -> bool:
    """Return whether an attribute refers to other elements."""
    return attribute in _REFERRING


class _Reading:
    """Walks through all states side by side, since what tells parts apart must do so in each."""

    def __init__(self, documents: list[BpmnDocument]) -> None:
        self.documents = documents
        self.found: list[Parts] = [{} for _ in documents]
        self._lanes = [_lanes(one) for one in documents]
        self._ids: list[dict[str, Element]] = [
            {one.id: one for one in _model(document.root)} for document in documents
        ]

    def read(self) -> None:
        roots = {side: one.root for side, one in enumerate(self.documents)}
        for side, root in roots.items():
            self.found[side][ROOT] = _part(root, ROOT, ROOT, "")
        self._inside(ROOT, roots, "")
        for identifier in dict.fromkeys(each for ids in self._ids for each in ids):
            places = {side: ids[identifier] for side, ids in enumerate(self._ids) if identifier in ids}
            self._inside(element_key(identifier), places, identifier)

    def _inside(self, key: Key, places: Mapping[int, Element], owner: str) -> None:
        """Take up what stands right inside an element, in each state that has it."""
        loose: dict[str, dict[int, list[Element]]] = {}
        for side, place in places.items():
            for child in place.children():
                if child.kind in _DERIVED:
                    continue
                if child.is_bpmn and child.id:
                    lanes = self._lanes[side].get(child.id, ())
                    self.found[side][element_key(child.id)] = _part(
                        child, element_key(child.id), key, child.id, lanes
                    )
                else:
                    loose.setdefault(child.kind, {}).setdefault(side, []).append(child)
        for kind, each in loose.items():
            self._loose(key, kind, each, owner)

    def _loose(self, key: Key, kind: str, each: Mapping[int, list[Element]], owner: str) -> None:
        if kind == SCENARIOS and self._scenarios(key, each, owner):
            return
        named = _told_apart(each)
        if named is None:
            whole = f"{key}/{kind}*"
            for side, children in each.items():
                atom = tuple(struct(child) for child in children)
                self.found[side][whole] = Part(whole, kind, key, owner, atom=atom, sources=tuple(children))
            return
        for name, places in named.items():
            here = f"{key}/{kind}[{name}]"
            for side, child in places.items():
                self.found[side][here] = replace(_part(child, here, key, owner), name=name)
            self._inside(here, places, owner)

    def _scenarios(self, key: Key, each: Mapping[int, list[Element]], owner: str) -> bool:
        """Take up scenarios by their names; say whether they could be read in all states."""
        read = {side: scenarios_by_name(holders) for side, holders in each.items()}
        if any(one is None for one in read.values()):
            return False
        here = f"{key}/{SCENARIOS}"
        for side, named in read.items():
            self.found[side][here] = Part(here, SCENARIOS, key, owner, sources=tuple(each[side]))
            for name, text in (named or {}).items():
                one = f"{here}/{SCENARIO}[{name}]"
                self.found[side][one] = Part(one, SCENARIO, here, owner, name, atom=(text,))
        return True


def scenarios_by_name(holders: list[Element]) -> dict[str, str] | None:
    """Return scenarios as texts by their names, None where they have none or cannot be read."""
    named: dict[str, str] = {}
    for holder in holders:
        listed = json_value(holder.text or "[]")
        for one in listed if isinstance(listed, list) else [None]:
            name = one.get("name") if isinstance(one, dict) else None
            if not isinstance(name, str) or name in named:
                return None
            named[name] = json_text(one)
    return named


def struct(element: Element) -> Struct:
    """Return the content of an element as plain values; white space between elements does not count."""
    inside = element.children()
    attributes = tuple(f"{name}={value}" for name, value in sorted(_attributes(element).items()))
    return (element.kind, attributes, element.text, tuple(struct(child) for child in inside))


def _part(element: Element, key: Key, parent: Key, owner: str, lanes: tuple[str, ...] = ()) -> Part:
    attributes = _attributes(element)
    if key and element.is_bpmn:
        attributes.pop("id", None)
    text = "" if element.children() else element.text
    return Part(key, element.kind, parent, owner, "", attributes, text, lanes, sources=(element,))


def _attributes(element: Element) -> dict[str, str]:
    """Return the attributes; a type by its plain name, whatever the prefix of BPMN in the file."""
    found = element.attributes()
    if XSI_TYPE in found:
        found[XSI_TYPE] = _plain(found[XSI_TYPE])
    return found


def _told_apart(each: Mapping[int, list[Element]]) -> dict[str, dict[int, Element]] | None:
    """Return the elements of a kind by their names, or by their places; None where they are taken as a whole.

    A name counts if it tells the elements apart in every state. Places count for an element that is alone in every state
    and for such as hold others with ids.
    """
    every = [child for children in each.values() for child in children]
    found: dict[str, dict[int, Element]] = {}
    for naming in _NAMING:
        if all(_names(children, naming) for children in each.values()):
            for side, children in each.items():
                for child in children:
                    found.setdefault(child.get(naming), {})[side] = child
            return found
    is_held = any(True for child in every for _ in _model(child))
    alone = all(len(children) == 1 for children in each.values())
    if not is_held and (not alone or any(child.children() and child.text for child in every)):
        return None
    for side, children in each.items():
        for number, child in enumerate(children, start=1):
            found.setdefault("" if alone else str(number), {})[side] = child
    return found


def _names(children: list[Element], naming: str) -> bool:
    values = [child.get(naming) for child in children]
    return all(values) and len(set(values)) == len(values)


def _model(root: Element) -> Iterator[Element]:
    """Yield the BPMN elements with an id of their own, the drawing left out."""
    for child in root.children():
        if child.kind == DIAGRAM:
            continue
        if child.is_bpmn and child.id:
            yield child
        yield from _model(child)


def _lanes(document: BpmnDocument) -> dict[str, tuple[str, ...]]:
    """Return for each step the lanes that name it, outer ones first."""
    found: dict[str, tuple[str, ...]] = {}
    for lane in document.root.descendants("lane"):
        for step in dict.fromkeys(lane.texts_of("flowNodeRef")):
            if lane.id and document.find(step) is not None:
                found[_plain(step)] = (*found.get(_plain(step), ()), lane.id)
    return found


def _in_struct(content: Struct) -> Iterator[str]:
    for one in content:
        if isinstance(one, tuple) and len(one) == 4 and isinstance(one[0], str):
            kind, _, text, inside = one
            if kind in _REFERRING_CHILDREN and isinstance(text, str) and text:
                yield _plain(text)
            assert isinstance(inside, tuple)
            yield from _in_struct(inside)


def _plain(reference: str) -> str:
    return reference.rpartition(":")[2]
