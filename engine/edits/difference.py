"""What changed between two documents: elements added, removed and changed, without the diagram."""

from collections.abc import Iterator, Mapping

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.vocabulary import DIAGRAM
from flowmaster.engine.values import Json

TEXT_CHARACTERS = 200
"""How much of a long value a difference shows."""

_BOOKKEEPING = frozenset({"incoming", "outgoing", "flowNodeRef"})


def differences(before: BpmnDocument, after: BpmnDocument) -> tuple[Mapping[str, Json], ...]:
    """Return the changes of a document, each with the element that it is about."""
    old, new = _facts(before), _facts(after)
    found: list[Mapping[str, Json]] = []
    for identifier, facts in new.items():
        if identifier not in old:
            found.append(_told("added", identifier, facts))
    for identifier, facts in old.items():
        if identifier not in new:
            found.append(_told("removed", identifier, facts))
    for identifier, facts in new.items():
        earlier = old.get(identifier)
        if earlier is None or earlier == facts:
            continue
        for what in sorted(earlier.keys() | facts.keys()):
            was, now = earlier.get(what), facts.get(what)
            if was != now:
                changed: dict[str, Json] = {"change": "changed", "element": identifier, "what": what}
                changed |= {"before": _short(was), "after": _short(now)}
                found.append(changed)
    return tuple(found)


def _told(change: str, identifier: str, facts: Mapping[str, str]) -> dict[str, Json]:
    told: dict[str, Json] = {"change": change, "element": identifier, "kind": facts[""]}
    if facts.get("name"):
        told["name"] = facts["name"]
    for end in ("sourceRef", "targetRef"):
        if end in facts:
            told[end.removesuffix("Ref")] = facts[end]
    return told


def _facts(document: BpmnDocument) -> dict[str, dict[str, str]]:
    """Return, by id, everything an element says itself; parts with an id of their own speak for themselves."""
    found: dict[str, dict[str, str]] = {}
    for element in document.root.children():
        if element.kind != DIAGRAM:
            _collect(element, found)
    return found


def _collect(element: Element, found: dict[str, dict[str, str]]) -> None:
    if element.id:
        found[element.id] = {"": element.kind, **dict(_own(element, ""))}
    for child in element.children():
        _collect(child, found)


def _own(element: Element, path: str) -> Iterator[tuple[str, str]]:
    for name, value in element.attributes().items():
        if name != "id":
            yield f"{path}{name}", value
    if element.text:
        yield path.rstrip(".") or "text", element.text
    seen: dict[str, int] = {}
    for child in element.children():
        if child.id or child.kind in _BOOKKEEPING:
            continue
        name = child.local_name
        seen[name] = seen.get(name, 0) + 1
        part = "" if name == "extensionElements" else f"{name}{'' if seen[name] == 1 else seen[name]}."
        yield from _own(child, f"{path}{part}")


def _short(value: str | None) -> Json:
    if value is None or len(value) <= TEXT_CHARACTERS:
        return value
    return value[:TEXT_CHARACTERS] + "..."
