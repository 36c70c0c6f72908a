"""The diagram data of a document as plain shapes and lines, rounded to whole pixels."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.geometry import Box, Point, around
from flowmaster.engine.bpmn.vocabulary import BOUNDS, DIAGRAM, EDGE, LABEL, PLANE, SHAPE, WAYPOINT

COORDINATE_MAX = 1_000_000
"""Coordinates beyond this are taken as this; no screen is that large."""


@dataclass(frozen=True, slots=True)
class Shape:
    """An element drawn as a box."""

    element: Element
    drawn: Element
    """The `BPMNShape`, for colours and flags."""
    box: Box
    label: Box | None

    @property
    def is_expanded(self) -> bool:
        """Whether a sub-process shows what is inside; `BPMNShape` says so, else its size does."""
        return self.drawn.is_true("isExpanded", default=self.box.width > 160)

    @property
    def is_horizontal(self) -> bool:
        """Whether a pool or lane runs from left to right."""
        return self.drawn.is_true("isHorizontal", default=self.box.width >= self.box.height)


@dataclass(frozen=True, slots=True)
class Line:
    """An element drawn as a line."""

    element: Element
    drawn: Element
    points: tuple[Point, ...]
    label: Box | None


@dataclass(frozen=True, slots=True)
class Diagram:
    """One plane with what is drawn on it, in the order of the file."""

    name: str
    owner: Element | None
    shapes: tuple[Shape, ...]
    lines: tuple[Line, ...]

    @property
    def bounds(self) -> Box:
        """The smallest box around everything, labels included."""
        boxes = [shape.box for shape in self.shapes]
        labels = [shape.label for shape in self.shapes] + [line.label for line in self.lines]
        boxes += [label for label in labels if label is not None]
        boxes += [Box(point.x, point.y, 0, 0) for line in self.lines for point in line.points]
        return around(boxes)


def read_diagrams(document: BpmnDocument) -> list[Diagram]:
    """Return the diagrams of a document that show something."""
    found: list[Diagram] = []
    for diagram in document.root.children(DIAGRAM):
        for plane in diagram.children(PLANE):
            shapes = tuple(shape for one in plane.children(SHAPE) if (shape := _shape(document, one)))
            lines = tuple(line for one in plane.children(EDGE) if (line := _line(document, one)))
            if shapes or lines:
                owner = document.reference(plane, "bpmnElement")
                found.append(Diagram(diagram.name, owner, shapes, lines))
    return found


def _shape(document: BpmnDocument, drawn: Element) -> Shape | None:
    element = document.reference(drawn, "bpmnElement")
    box = _box(drawn)
    return None if element is None or box is None else Shape(element, drawn, box, _label(drawn))


def _line(document: BpmnDocument, drawn: Element) -> Line | None:
    element = document.reference(drawn, "bpmnElement")
    points = tuple(Point(_number(one.get("x")), _number(one.get("y"))) for one in drawn.children(WAYPOINT))
    return None if element is None or len(points) < 2 else Line(element, drawn, points, _label(drawn))


def _label(drawn: Element) -> Box | None:
    label = drawn.child(LABEL)
    return None if label is None else _box(label)


def _box(holder: Element) -> Box | None:
    bounds = holder.child(BOUNDS)
    if bounds is None:
        return None
    x, y, width, height = (_number(bounds.get(name)) for name in ("x", "y", "width", "height"))
    return Box(x, y, max(0, width), max(0, height))


def _number(text: str) -> int:
    """Return a coordinate as a whole number; what is no number counts as 0."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return 0
    if not value.is_finite():
        return 0
    return round(max(Decimal(-COORDINATE_MAX), min(Decimal(COORDINATE_MAX), value)))
