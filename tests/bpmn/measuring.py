"""What is wrong with a diagram: the invariants of a layout, checked on its diagram data alone."""

from itertools import combinations

from flowmaster.engine.bpmn.diagram import Line, Shape, read_diagrams
from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.geometry import Box, Point
from flowmaster.engine.bpmn.vocabulary import FLOW_NODE_KINDS, SUB_PROCESS_KINDS

_CONTAINERS = {"participant", "lane", "group"}


def faults(document: BpmnDocument) -> list[str]:
    """Return every breach of the invariants in words."""
    diagrams = read_diagrams(document)
    shapes = {shape.element.id: shape for diagram in diagrams for shape in diagram.shapes}
    lines = {line.element.id: line for diagram in diagrams for line in diagram.lines}
    return [
        *_missing(document, shapes, lines),
        *_overlaps(shapes),
        *_through(document, shapes, lines),
        *_slanted(lines),
        *_loose_ends(document, shapes, lines),
        *_out_of_lane(document, shapes),
        *_out_of_scope(document, shapes),
        *_doubled(document, lines),
    ]


def crossings(document: BpmnDocument) -> int:
    """Return how often two sequence flows cross."""
    parts = [_parts(line) for line in _flows(document)]
    return sum(
        _cross(*first, *second) for one, other in combinations(parts, 2) for first in one for second in other
    )


def bends(document: BpmnDocument) -> int:
    """Return how often sequence flows turn."""
    return sum(len(line.points) - 2 for line in _flows(document))


def _flows(document: BpmnDocument) -> list[Line]:
    lines = [line for diagram in read_diagrams(document) for line in diagram.lines]
    return [line for line in lines if line.element.kind == "sequenceFlow"]


def _missing(document: BpmnDocument, shapes: dict[str, Shape], lines: dict[str, Line]) -> list[str]:
    wanted = [node for scope in _scopes(document) for node in document.flow_nodes(scope)]
    wanted += list(document.root.descendants("lane", "dataObjectReference", "dataStoreReference"))
    wanted += list(document.root.descendants("participant", "textAnnotation", "group"))
    found = [f"no shape for {one!r}" for one in wanted if one.id not in shapes]
    for edge in document.root.descendants("sequenceFlow", "messageFlow", "association"):
        ends = document.start_of(edge), document.end_of(edge)
        if all(end is not None and (end.id in shapes or end.id in lines) for end in ends):
            found += [f"no edge for {edge!r}"] if edge.id not in lines else []
    return found


def _scopes(document: BpmnDocument) -> list[Element]:
    return list(document.root.descendants("process", *SUB_PROCESS_KINDS))


def _around(element: Element) -> set[str]:
    return {up.id for up in element.ancestors() if up.kind in SUB_PROCESS_KINDS}


def _overlaps(shapes: dict[str, Shape]) -> list[str]:
    solid = [shape for shape in shapes.values() if shape.element.kind not in _CONTAINERS]
    solid.sort(key=lambda shape: shape.box.x)
    found: list[str] = []
    for place, a in enumerate(solid):
        for b in solid[place + 1 :]:
            if b.box.x >= a.box.right:
                break
            if a.box.overlaps(b.box) and not _may_touch(a.element, b.element):
                found.append(f"{a.element!r} {a.box} overlaps {b.element!r} {b.box}")
    return found


def _may_touch(a: Element, b: Element) -> bool:
    if a.id in _around(b) or b.id in _around(a):
        return True
    hosts = {a.get("attachedToRef"), b.get("attachedToRef")} - {""}
    return bool(hosts & ({a.id, b.id} | _around(a) | _around(b)))


def _through(document: BpmnDocument, shapes: dict[str, Shape], lines: dict[str, Line]) -> list[str]:
    found: list[str] = []
    solid = [shape for shape in shapes.values() if shape.element.kind not in _CONTAINERS]
    for line in lines.values():
        ends = [
            end for end in (document.start_of(line.element), document.end_of(line.element)) if end is not None
        ]
        passable = {end.id for end in ends} | {end.get("attachedToRef") for end in ends}
        passable |= {identifier for end in ends for identifier in _around(end)}
        if any(end.kind not in FLOW_NODE_KINDS and end.id not in shapes for end in ends):
            continue
        for a, b in _parts(line):
            inner = Box(min(a.x, b.x), min(a.y, b.y), max(1, abs(a.x - b.x)), max(1, abs(a.y - b.y)))
            found += [
                f"{line.element!r} runs through {shape.element!r}"
                for shape in solid
                if shape.element.id not in passable and shape.box.grown(-2).overlaps(inner)
            ]
    return found


def _slanted(lines: dict[str, Line]) -> list[str]:
    return [
        f"{line.element!r} is slanted"
        for line in lines.values()
        if any(a.x != b.x and a.y != b.y for a, b in _parts(line))
    ]


def _loose_ends(document: BpmnDocument, shapes: dict[str, Shape], lines: dict[str, Line]) -> list[str]:
    found: list[str] = []
    for line in lines.values():
        ends = (
            (document.start_of(line.element), line.points[0]),
            (document.end_of(line.element), line.points[-1]),
        )
        for end, point in ends:
            shape = shapes.get(end.id) if end is not None else None
            if shape is not None and not _on_border(shape.box, point):
                found.append(f"{line.element!r} does not reach {shape.element!r}")
    return found


def _on_border(box: Box, point: Point) -> bool:
    within = box.x <= point.x <= box.right and box.y <= point.y <= box.bottom
    return within and (point.x in (box.x, box.right) or point.y in (box.y, box.bottom))


def _out_of_lane(document: BpmnDocument, shapes: dict[str, Shape]) -> list[str]:
    found: list[str] = []
    for lane in document.root.descendants("lane"):
        for identifier in lane.texts_of("flowNodeRef"):
            node, home = shapes.get(identifier), shapes.get(lane.id)
            is_last = document.lane_of(document.element(identifier)) == lane if node is not None else False
            if node is not None and home is not None and is_last and not home.box.grown(1).holds(node.box):
                found.append(f"{node.element!r} is outside of {lane!r}")
    return found


def _out_of_scope(document: BpmnDocument, shapes: dict[str, Shape]) -> list[str]:
    found: list[str] = []
    for shape in shapes.values():
        parent = shape.element.parent
        around = shapes.get(parent.id) if parent is not None and parent.kind in SUB_PROCESS_KINDS else None
        if around is not None and shape.element.kind in FLOW_NODE_KINDS and not around.box.holds(shape.box):
            found.append(f"{shape.element!r} is outside of {parent!r}")
    return found


def _doubled(document: BpmnDocument, lines: dict[str, Line]) -> list[str]:
    """Sequence flows that run along each other must begin or end at the same node."""
    flows = [line for line in lines.values() if line.element.kind == "sequenceFlow"]
    along: dict[tuple[str, int], list[tuple[int, int, Line]]] = {}
    for line in flows:
        for a, b in _parts(line):
            if a.x == b.x:
                along.setdefault(("x", a.x), []).append((min(a.y, b.y), max(a.y, b.y), line))
            else:
                along.setdefault(("y", a.y), []).append((min(a.x, b.x), max(a.x, b.x), line))
    found: list[str] = []
    for parts in along.values():
        for (low, high, one), (begin, end, other) in combinations(parts, 2):
            if (
                low < end - 1
                and begin < high - 1
                and one is not other
                and not _share_end(document, one, other)
            ):
                found.append(f"{one.element!r} runs along {other.element!r}")
    return found


def _share_end(document: BpmnDocument, one: Line, other: Line) -> bool:
    a, b = one.element, other.element
    return document.source(a) == document.source(b) or document.target(a) == document.target(b)


def _parts(line: Line) -> list[tuple[Point, Point]]:
    return list(zip(line.points, line.points[1:], strict=False))


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    if a.y == b.y and c.x == d.x:
        return min(a.x, b.x) < c.x < max(a.x, b.x) and min(c.y, d.y) < a.y < max(c.y, d.y)
    if a.x == b.x and c.y == d.y:
        return _cross(c, d, a, b)
    return False
