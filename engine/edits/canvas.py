"""The diagram of a document while new shapes find their place: boxes that can be shifted apart."""

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.geometry import Box, Point
from flowmaster.engine.bpmn.vocabulary import BOUNDS, DIAGRAM, EDGE, LABEL, PLANE, SHAPE, WAYPOINT


class Canvas:
    """The first plane of a document, with its shapes and edges by the ids of what they show."""

    def __init__(self, document: BpmnDocument) -> None:
        self.document = document
        diagram = document.root.child(DIAGRAM)
        plane = diagram.child(PLANE) if diagram is not None else None
        assert plane is not None, "there is a diagram"
        self.plane = plane
        self.shapes = {_shown(one): one for one in plane.children(SHAPE)}
        self.edges = {_shown(one): one for one in plane.children(EDGE)}

    def box(self, identifier: str) -> Box | None:
        """Return where an element is drawn."""
        shape = self.shapes.get(identifier)
        bounds = shape.child(BOUNDS) if shape is not None else None
        return None if bounds is None else _box(bounds)

    def add(self, identifier: str, box: Box) -> None:
        """Draw an element, or draw it elsewhere."""
        shape = self.shapes.get(identifier)
        if shape is None:
            shape = self.plane.add(
                SHAPE, {"id": self.document.new_id(f"{identifier}_di"), "bpmnElement": identifier}
            )
            self.shapes[identifier] = shape
        bounds = shape.child(BOUNDS) or shape.add(BOUNDS)
        _put(bounds, box)

    def copy_shape(self, identifier: str, source: Element, by: Point) -> None:
        """Draw an element as it stands in another diagram, shifted."""
        shape = self.plane.add_xml(source.to_xml())
        self.shapes[identifier] = shape
        for bounds in shape.descendants(BOUNDS):
            _put(bounds, _box(bounds).moved(by.x, by.y))

    def copy_edge(self, identifier: str, source: Element, by: Point) -> None:
        """Draw a flow as it stands in another diagram, shifted."""
        self.forget_edge(identifier)
        edge = self.plane.add_xml(source.to_xml())
        self.edges[identifier] = edge
        for bounds in edge.descendants(BOUNDS):
            _put(bounds, _box(bounds).moved(by.x, by.y))
        for point in edge.children(WAYPOINT):
            _move(point, by.x, by.y)

    def draw_edge(self, identifier: str, points: list[Point]) -> None:
        """Draw a flow along points."""
        self.forget_edge(identifier)
        edge = self.plane.add(
            EDGE, {"id": self.document.new_id(f"{identifier}_di"), "bpmnElement": identifier}
        )
        self.edges[identifier] = edge
        for point in points:
            edge.add(WAYPOINT, {"x": str(point.x), "y": str(point.y)})

    def forget_edge(self, identifier: str) -> None:
        """Remove the line of a flow."""
        edge = self.edges.pop(identifier, None)
        if edge is not None:
            edge.remove()

    def points(self, identifier: str) -> list[Point]:
        """Return the way of a line."""
        edge = self.edges.get(identifier)
        return [_point(one) for one in edge.children(WAYPOINT)] if edge is not None else []

    def open_right(self, x: int, by: int) -> None:
        """Make room: everything from `x` on moves right, what spans `x` grows."""
        self._open(x, by, along_x=True)

    def open_down(self, y: int, by: int) -> None:
        """Make room: everything from `y` on moves down, what spans `y` grows."""
        self._open(y, by, along_x=False)

    def _open(self, place: int, by: int, *, along_x: bool) -> None:
        dx, dy = (by, 0) if along_x else (0, by)
        for shape in self.shapes.values():
            bounds = shape.child(BOUNDS)
            if bounds is None:
                continue
            box = _box(bounds)
            low, high = (box.x, box.right) if along_x else (box.y, box.bottom)
            if low >= place:
                _put(bounds, box.moved(dx, dy))
                moved = True
            else:
                moved = False
                if high > place:
                    _put(bounds, Box(box.x, box.y, box.width + dx, box.height + dy))
            self._shift_label(shape, place, dx, dy, moved, along_x)
        for edge in self.edges.values():
            for point in edge.children(WAYPOINT):
                found = _point(point)
                if (found.x if along_x else found.y) >= place:
                    _move(point, dx, dy)
            self._shift_label(edge, place, dx, dy, False, along_x)

    def _shift_label(self, drawn: Element, place: int, dx: int, dy: int, moved: bool, along_x: bool) -> None:
        label = drawn.child(LABEL)
        bounds = label.child(BOUNDS) if label is not None else None
        if bounds is not None:
            box = _box(bounds)
            if moved or (drawn.kind == EDGE and (box.x if along_x else box.y) >= place):
                _put(bounds, box.moved(dx, dy))


def _shown(drawn: Element) -> str:
    return drawn.get("bpmnElement").rpartition(":")[2]


def _number(text: str) -> int:
    try:
        return round(float(text))
    except (ValueError, OverflowError):
        return 0


def _box(bounds: Element) -> Box:
    return Box(*(_number(bounds.get(name)) for name in ("x", "y", "width", "height")))


def _point(waypoint: Element) -> Point:
    return Point(_number(waypoint.get("x")), _number(waypoint.get("y")))


def _put(bounds: Element, box: Box) -> None:
    for name, value in zip(("x", "y", "width", "height"), box, strict=True):
        bounds.set(name, str(value))


def _move(waypoint: Element, dx: int, dy: int) -> None:
    point = _point(waypoint)
    waypoint.set("x", str(point.x + dx))
    waypoint.set("y", str(point.y + dy))
