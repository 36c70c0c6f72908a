"""How steady a diagram stays under an edit: what moved, how far, and whether anything changed its order."""

from dataclasses import dataclass
from math import hypot

from flowmaster.engine.bpmn.diagram import read_diagrams
from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.geometry import Box, around
from flowmaster.engine.bpmn.vocabulary import FLOW_NODE_KINDS


@dataclass(frozen=True)
class Steadiness:
    """What became of the nodes that both diagrams show."""

    kept: float
    """The share that did not move at all."""
    order: float
    """The share of pairs that stood side by side, or one above the other, and do not stand the other way round."""
    moved: float
    """Mean way that a node moved, as a share of the diagonal of the diagram before."""


def steadiness(before: BpmnDocument, after: BpmnDocument) -> Steadiness:
    """Compare two diagrams of what is nearly the same model."""
    old, new = _nodes(before), _nodes(after)
    both = [name for name in old if name in new]
    pairs = [(a, b) for place, a in enumerate(both) for b in both[place + 1 :]]
    whole = around(old.values())
    diagonal = max(1.0, hypot(whole.width, whole.height))
    ways = [hypot(new[one].x - old[one].x, new[one].y - old[one].y) for one in both]
    turned = sum(_is_turned(old[a], old[b], new[a], new[b]) for a, b in pairs)
    return Steadiness(
        kept=sum(way == 0 for way in ways) / max(1, len(both)),
        order=1 - turned / max(1, len(pairs)),
        moved=sum(ways) / max(1, len(both)) / diagonal,
    )


def _nodes(document: BpmnDocument) -> dict[str, Box]:
    return {
        shape.element.id: shape.box
        for diagram in read_diagrams(document)
        for shape in diagram.shapes
        if shape.element.kind in FLOW_NODE_KINDS
    }


def _is_turned(a: Box, b: Box, new_a: Box, new_b: Box) -> bool:
    """Return whether one stood clearly before or above the other, and now stands behind or below it."""
    level = (a.right <= b.x and new_b.right <= new_a.x) or (b.right <= a.x and new_a.right <= new_b.x)
    upright = (a.bottom <= b.y and new_b.bottom <= new_a.y) or (b.bottom <= a.y and new_a.bottom <= new_b.y)
    return level or upright
