"""Draws the flows that edits have made or whose ends have moved, round what stands between."""

from collections.abc import Iterable, Sequence

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.geometry import Box, Point
from flowmaster.engine.bpmn.layout_grid import Wires
from flowmaster.engine.bpmn.layout_search import Search
from flowmaster.engine.bpmn.vocabulary import SUB_PROCESS_KINDS
from flowmaster.engine.edits.canvas import Canvas

_GAP = 50
_MARGIN = 20
_CONTAINERS = ("participant", "lane", "group")


def draw_flows(document: BpmnDocument, canvas: Canvas, new: Sequence[str]) -> None:
    """Draw the flows that have no line yet, whose line meets its ends no more, or runs through a `new` node."""
    waiting: list[tuple[Element, Box, Box]] = []
    for flow in document.root.descendants("sequenceFlow", "association", "messageFlow"):
        ends = document.start_of(flow), document.end_of(flow)
        if any(end is not None and end.kind == "sequenceFlow" for end in ends):
            continue
        source, target = canvas.box(flow.get("sourceRef")), canvas.box(flow.get("targetRef"))
        if source is None or target is None:
            canvas.forget_edge(flow.id)
            continue
        points = canvas.points(flow.id)
        if flow.kind == "messageFlow" and not points:
            continue
        is_sound = len(points) > 1 and _meets(points[0], source) and _meets(points[-1], target)
        if not is_sound or _is_built_over(document, canvas, flow, new):
            canvas.forget_edge(flow.id)
            waiting.append((flow, source, target))
    _forget_dead(document, canvas)
    for flow, source, target in waiting:
        canvas.draw_edge(flow.id, _way(document, canvas, flow, source, target))


def _is_built_over(document: BpmnDocument, canvas: Canvas, flow: Element, new: Sequence[str]) -> bool:
    """Return whether a line runs through a new node that has nothing to do with it."""
    ends = [end for end in (document.start_of(flow), document.end_of(flow)) if end is not None]
    near = {up.id for end in ends for up in (end, *end.ancestors())} | {
        end.get("attachedToRef") for end in ends
    }
    way = canvas.points(flow.id)
    return any(_touches(way, box) for one in new if one not in near and (box := canvas.box(one)) is not None)


def _forget_dead(document: BpmnDocument, canvas: Canvas) -> None:
    """Take away the lines of what the document holds no more."""
    for identifier in list(canvas.edges):
        if document.find(identifier) is None:
            canvas.forget_edge(identifier)


def _way(document: BpmnDocument, canvas: Canvas, flow: Element, source: Box, target: Box) -> list[Point]:
    """Return the plain way where nothing stands in it and no other line runs, else one found by a search."""
    start = document.start_of(flow)
    plain = route(source, target, down=start is not None and start.kind == "boundaryEvent")
    passable = _passable(document, canvas, flow)
    solid = list(_solid(document, canvas, passable))
    wires = Wires()
    for identifier in canvas.edges:
        wires.add(canvas.points(identifier))
    ends = {source, target}
    if not any(_touches(plain, box) for box in solid if box not in ends) and not _runs_along(plain, wires):
        return plain
    return Search([*solid, source, target], wires).way(
        source, target, passable=[canvas.box(one) or source for one in passable]
    )


def _passable(document: BpmnDocument, canvas: Canvas, flow: Element) -> list[str]:
    """Return what the line may run through: the groups round its ends, and the host of an event it begins at."""
    found: list[str] = []
    for end in (document.start_of(flow), document.end_of(flow)):
        if end is not None:
            found += [up.id for up in end.ancestors() if up.id in canvas.shapes]
    return found


def _solid(document: BpmnDocument, canvas: Canvas, passable: Sequence[str]) -> Iterable[Box]:
    """Return the boxes that a line must keep out of."""
    for identifier in canvas.shapes:
        element, box = document.find(identifier), canvas.box(identifier)
        if element is None or box is None or element.kind in _CONTAINERS or identifier in passable:
            continue
        parent = element.parent
        if parent is None or parent.kind not in SUB_PROCESS_KINDS or parent.id in passable:
            yield box


def _touches(way: Sequence[Point], box: Box) -> bool:
    return any(box.grown(-2).overlaps(part) for part in _parts(way))


def _parts(way: Sequence[Point]) -> list[Box]:
    return [
        Box(min(a.x, b.x), min(a.y, b.y), max(1, abs(a.x - b.x)), max(1, abs(a.y - b.y)))
        for a, b in zip(way, way[1:], strict=False)
    ]


def _runs_along(way: Sequence[Point], wires: Wires) -> bool:
    """Return whether a way shares a piece with another line in its middle, where no end can be shared."""
    for a, b in list(zip(way, way[1:], strict=False))[1:-1]:
        level = a.y == b.y
        line, low, high = (a.y, *sorted((a.x, b.x))) if level else (a.x, *sorted((a.y, b.y)))
        for at, begin, end in wires.level if level else wires.upright:
            if at == line and begin < high - 1 and low < end - 1:
                return True
    return False


def _meets(point: Point, box: Box) -> bool:
    grown = box.grown(2)
    return grown.x <= point.x <= grown.right and grown.y <= point.y <= grown.bottom


def route(source: Box, target: Box, *, down: bool = False) -> list[Point]:
    """Return a way of straight pieces from one box to another."""
    start, end = Point(source.right, source.center.y), Point(target.x, target.center.y)
    if down:
        start = Point(source.center.x, source.bottom)
        if target.y > source.bottom:
            return [start, Point(start.x, end.y), end] if end.x > start.x else _around(source, target)
        return [
            start,
            Point(start.x, start.y + _MARGIN),
            Point(target.center.x, start.y + _MARGIN),
            Point(target.center.x, target.bottom),
        ]
    if end.x > start.x:
        if start.y == end.y:
            return [start, end]
        middle = end.x - min(_GAP // 2, (end.x - start.x) // 2)
        return [start, Point(middle, start.y), Point(middle, end.y), end]
    return _around(source, target)


def _around(source: Box, target: Box) -> list[Point]:
    """Return a way back: down from the one box, along below both, and up into the other."""
    low = max(source.bottom, target.bottom) + _MARGIN
    return [
        Point(source.center.x, source.bottom),
        Point(source.center.x, low),
        Point(target.center.x, low),
        Point(target.center.x, target.bottom),
    ]
