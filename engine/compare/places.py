"""Where what is gone is drawn: at its old place in a drawing that people made, else between its old neighbours."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from flowmaster.engine.bpmn.diagram import Shape, read_diagrams
from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.geometry import Box, Point
from flowmaster.engine.bpmn.layout import lay_out
from flowmaster.engine.bpmn.layout_grid import Wires
from flowmaster.engine.bpmn.layout_search import Search
from flowmaster.engine.bpmn.vocabulary import BOUNDS, EDGE, LABEL, SHAPE, SUB_PROCESS_KINDS, WAYPOINT
from flowmaster.engine.compare.both import Both
from flowmaster.engine.model import Process

_STEPS: Final = (0, 20, -20, 40, -40, 60, -60, 90, -90, 120, -120, 150, -150)
"""How far below or above its old place something is drawn that finds it taken."""

_APART: Final = 8
_CONTAINERS: Final = ("participant", "lane", "group")


def draw_both(was: BpmnDocument, old: Process, now: BpmnDocument, merged: Both) -> None:
    """Give a document with two versions in it a drawing.

    A drawing that people made stays as it is, as long as what is gone finds room there; all else is laid out anew.
    """
    if not merged.ghosts and not merged.flows and read_diagrams(now):
        return
    if not _is_by_hand(now) or not _Keeper(was, old, merged).keep():
        lay_out(merged.document)


def _is_by_hand(document: BpmnDocument) -> bool:
    """Return whether a document has a drawing other than the one that the layout would give it."""
    drawn = _boxes(document)
    if not drawn:
        return False
    copy = document.copy()
    lay_out(copy)
    return {key: shape.box for key, shape in drawn.items()} != {
        key: shape.box for key, shape in _boxes(copy).items()
    }


def _boxes(document: BpmnDocument) -> dict[str, Shape]:
    """Return the shape of each element, the first where several show it."""
    found: dict[str, Shape] = {}
    for diagram in read_diagrams(document):
        for shape in diagram.shapes:
            found.setdefault(shape.element.id, shape)
    return found


class _Keeper:
    """Finds room in a drawing for what is gone."""

    def __init__(self, was: BpmnDocument, old: Process, merged: Both) -> None:
        self._document = merged.document
        self._old = old
        self._merged = merged
        self._was = _boxes(was)
        self._now = {key: shape.box for key, shape in _boxes(merged.document).items()}
        self._open = {key for key, shape in _boxes(merged.document).items() if _is_container(shape)}
        self._planes = _planes(merged.document)
        self._shifts: dict[str, Point] = {}

    def keep(self) -> bool:
        """Draw what is gone, and return whether there was room for all of it."""
        return all(self._place(key) for key in self._merged.ghosts) and all(
            self._route(identifier) for identifier in self._merged.flows.values()
        )

    def _place(self, key: str) -> bool:
        shape, anchor = self._was.get(key), self._anchor(key)
        if shape is None or anchor is None:
            return False
        shift = self._shift(anchor)
        element = self._old.elements[key]
        fixed = element.host in self._merged.ghosts or element.scope in self._merged.ghosts or element.host
        for step in (0,) if fixed else _STEPS:
            box = shape.box.moved(shift.x, shift.y + step)
            if fixed or self._is_free(key, box):
                self._put(key, shape, box, self._planes[self._merged.names[anchor]])
                return True
        return False

    def _anchor(self, key: str) -> str | None:
        """Return the nearest element that both drawings show: what it stands on or in if that came back, else the nearest one."""
        element = self._old.elements[key]
        seen = {key}
        waiting = [one for one in (element.host, element.scope) if one in self._shifts]
        waiting += [element.host] if element.host else []
        waiting += self._beside(key)
        while waiting:
            one = waiting.pop(0)
            if one in seen:
                continue
            seen.add(one)
            if one in self._was and self._merged.names[one] in self._planes:
                return one
            waiting += self._beside(one)
        return None

    def _beside(self, key: str) -> Iterator[str]:
        element = self._old.elements[key]
        yield from (flow.source for flow in element.incoming)
        yield from (flow.target for flow in element.outgoing)
        yield from (event.id for event in element.boundaries)
        if element.host:
            yield element.host
        if element.scope in self._old.elements and element.scope != self._old.id:
            yield element.scope

    def _shift(self, anchor: str) -> Point:
        before, after = self._was[anchor].box, self._now[self._merged.names[anchor]]
        return Point(after.center.x - before.center.x, after.center.y - before.center.y)

    def _is_free(self, key: str, box: Box) -> bool:
        room = self._room(key)
        taken = [
            other for name, other in self._now.items() if name not in self._open or not _near(other, box)
        ]
        return (room is None or room.holds(box)) and not any(
            box.grown(_APART).overlaps(other) for other in [*taken, *_pieces(self._document)]
        )

    def _room(self, key: str) -> Box | None:
        """Return where something must stay: its lane or pool, or the sub-process around it."""
        identifier = self._merged.names[key]
        node = self._document.element(identifier)
        lane, scope = self._document.lane_of(node), self._document.scope_of(node)
        pools = [
            pool.id
            for page in self._document.collaborations
            for pool in page.children("participant")
            if scope is not None and pool.get("processRef") == scope.id
        ]
        names = [lane.id if lane is not None else "", scope.id if scope is not None else "", *pools]
        return next((self._now[name] for name in names if name in self._now), None)

    def _put(self, key: str, shape: Shape, box: Box, plane: Element) -> None:
        identifier = self._merged.names[key]
        kind = self._old.elements[key].kind
        drawn = plane.add(
            SHAPE,
            {
                "id": f"{identifier}_di",
                "bpmnElement": identifier,
                "isExpanded": str(shape.is_expanded).lower() if kind in SUB_PROCESS_KINDS else None,
            },
        )
        drawn.add(BOUNDS, _bounds(box))
        if shape.label is not None:
            dx, dy = box.x - shape.box.x, box.y - shape.box.y
            drawn.add(LABEL).add(BOUNDS, _bounds(shape.label.moved(dx, dy)))
        self._now[identifier] = box
        self._planes[identifier] = plane
        self._shifts[key] = Point(box.x - shape.box.x, box.y - shape.box.y)
        if _is_container(shape):
            self._open.add(identifier)

    def _route(self, identifier: str) -> bool:
        flow = self._document.element(identifier)
        ends = [self._document.source(flow), self._document.target(flow)]
        names = [end.id for end in ends if end is not None and end.id in self._planes]
        if len(names) < 2 or names[0] == names[1]:
            return False
        plane = self._planes[names[0]]
        wires = Wires()
        for diagram in read_diagrams(self._document):
            for line in diagram.lines:
                wires.add(line.points)
        solid = [box for name, box in self._now.items() if name not in self._open]
        way = Search(solid, wires).way(self._now[names[0]], self._now[names[1]])
        edge = plane.add(EDGE, {"id": f"{identifier}_di", "bpmnElement": identifier})
        for point in way:
            edge.add(WAYPOINT, {"x": str(point.x), "y": str(point.y)})
        return True


def _near(container: Box, box: Box) -> bool:
    """Return whether a container holds a box, or has nothing to do with it."""
    return container.holds(box) or not container.overlaps(box)


def _is_container(shape: Shape) -> bool:
    kind = shape.element.kind
    return kind in _CONTAINERS or (kind in SUB_PROCESS_KINDS and shape.is_expanded)


def _planes(document: BpmnDocument) -> dict[str, Element]:
    """Return the plane on which each element is drawn."""
    found: dict[str, Element] = {}
    for shape in document.root.descendants(SHAPE):
        element, plane = document.reference(shape, "bpmnElement"), shape.parent
        if element is not None and plane is not None:
            found.setdefault(element.id, plane)
    return found


def _pieces(document: BpmnDocument) -> Iterable[Box]:
    """Yield the straight pieces of all lines, as boxes without a width."""
    for diagram in read_diagrams(document):
        for line in diagram.lines:
            for a, b in zip(line.points, line.points[1:], strict=False):
                left, top = min(a.x, b.x), min(a.y, b.y)
                yield Box(left, top, max(1, abs(a.x - b.x)), max(1, abs(a.y - b.y)))


def _bounds(box: Box) -> Mapping[str, str | None]:
    return {"x": str(box.x), "y": str(box.y), "width": str(box.width), "height": str(box.height)}
