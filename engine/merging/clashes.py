"""Ids that both sides gave to new elements that are not the same: those of the second side are renamed."""

from typing import Final

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element

_EDGES: Final = frozenset({"sequenceFlow", "messageFlow", "association"})


def renamed(base: BpmnDocument, ours: BpmnDocument, theirs: BpmnDocument) -> dict[str, str]:
    """Rename in `theirs` what both sides made and cannot be one element; return the new ids by the old ones."""
    found: dict[str, str] = {}
    for element in list(theirs.root.descendants()):
        other = ours.find(element.id) if element.is_bpmn and element.id else None
        if other is None or base.find(element.id) is not None or _may_be_one(element, other):
            continue
        new = _free(element.id, base, ours, theirs)
        found[element.id] = new
        theirs.rename_id(element, new)
    return found


def _may_be_one(element: Element, other: Element) -> bool:
    if element.kind != other.kind:
        return False
    if element.kind not in _EDGES:
        return True
    return all(element.get(end) == other.get(end) for end in ("sourceRef", "targetRef"))


def _free(identifier: str, *documents: BpmnDocument) -> str:
    number = 2
    while any(one.find(f"{identifier}_{number}") is not None for one in documents):
        number += 1
    return f"{identifier}_{number}"
