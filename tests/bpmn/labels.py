"""What is wrong with the names of a diagram: they lie over shapes, over each other, over borders or lines."""

from itertools import combinations

from flowmaster.engine.bpmn.diagram import Diagram, Shape, read_diagrams
from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.geometry import Box
from flowmaster.engine.bpmn.vocabulary import SUB_PROCESS_KINDS

HEADER = 30
_POOLS = ("participant", "lane")


def label_faults(document: BpmnDocument) -> list[str]:
    """Return every name that is hard to read, as `kind of fault: which`."""
    return [fault for diagram in read_diagrams(document) for fault in _of_diagram(diagram)]


def _of_diagram(diagram: Diagram) -> list[str]:
    labels = [
        (shape.element.id, shape.label.grown(-1)) for shape in diagram.shapes if shape.label is not None
    ]
    labels += [(line.element.id, line.label.grown(-1)) for line in diagram.lines if line.label is not None]
    solid = [shape for shape in diagram.shapes if not _is_open(shape)]
    borders = [bar for shape in diagram.shapes if _is_open(shape) for bar in _borders(shape)]
    found = [
        f"shape: {name} on {shape.element.id}"
        for name, label in labels
        for shape in solid
        if label.overlaps(shape.box)
    ]
    found += [f"label: {a} on {b}" for (a, one), (b, other) in combinations(labels, 2) if one.overlaps(other)]
    found += [
        f"border: {name} on {of}" for name, label in labels for of, bar in borders if label.overlaps(bar)
    ]
    wires = [
        (line.element.id, Box(min(a.x, b.x), min(a.y, b.y), max(1, abs(a.x - b.x)), max(1, abs(a.y - b.y))))
        for line in diagram.lines
        for a, b in zip(line.points, line.points[1:], strict=False)
    ]
    return found + [
        f"wire: {name} on {of}" for name, label in labels for of, bar in wires if label.overlaps(bar)
    ]


def _is_open(shape: Shape) -> bool:
    kind = shape.element.kind
    return kind in (*_POOLS, "group") or (kind in SUB_PROCESS_KINDS and shape.is_expanded)


def _borders(shape: Shape) -> list[tuple[str, Box]]:
    box, name = shape.box, shape.element.id
    bars = [
        (name, Box(box.x, box.y, box.width, 1)),
        (name, Box(box.x, box.bottom, box.width, 1)),
        (name, Box(box.right, box.y, 1, box.height)),
        (name, Box(box.x, box.y, HEADER if shape.element.kind in _POOLS else 1, box.height)),
    ]
    return bars
