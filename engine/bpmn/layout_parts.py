"""Placing the nodes of one scope: connected parts by themselves, single nodes on shelves, lanes together."""

from flowmaster.engine.bpmn import layout_order
from flowmaster.engine.bpmn.geometry import Box, Point
from flowmaster.engine.bpmn.layout_cells import Edge, Node, Placement
from flowmaster.engine.bpmn.layout_graph import TURNINGS, sheet_of
from flowmaster.engine.bpmn.layout_routes import route
from flowmaster.engine.bpmn.layout_rows import set_rows
from flowmaster.engine.bpmn.layout_scopes import ScopePlan

TRIED_NODES_MAX = 80
"""Up to so many nodes every way of changing lanes is tried."""

_CROSSING_PRICE = 4
_GAP_COMPONENTS = 40
_SHELF_WIDTH_MIN = 700


def place(found: ScopePlan) -> Placement:
    """Place the nodes of one scope: each connected part by itself, single nodes on shelves below."""
    if found.lanes:
        return _best(found.nodes, found.edges, len(found.lanes), has_lanes=True)
    parts, single = _parts(found.nodes, found.edges)
    boxes: dict[str, Box] = {}
    ways: dict[str, list[Point]] = {}
    width = height = 0
    for nodes, edges in parts:
        placed = _best(nodes, edges, 1, has_lanes=False)
        top = height + _GAP_COMPONENTS * (height > 0)
        boxes.update((name, box.moved(0, top)) for name, box in placed.boxes.items())
        ways.update((name, [point.moved(0, top) for point in way]) for name, way in placed.ways.items())
        width, height = max(width, placed.width), top + placed.height
    return _shelve(single, boxes, ways, width, height)


def _best(nodes: list[Node], edges: list[Edge], lanes: int, *, has_lanes: bool) -> Placement:
    """Place nodes and edges; a small sheet is tried with every choice that can be made, and the best is kept."""
    turnings = TURNINGS if lanes > 1 else TURNINGS[:: len(TURNINGS) // 2]
    best: Placement | None = None
    least = 0
    for turning in turnings if len(nodes) <= TRIED_NODES_MAX else TURNINGS[:1]:
        sheet = sheet_of(nodes, edges, turning)
        layout_order.order(sheet)
        placed = route(sheet, set_rows(sheet, lanes, has_lanes=has_lanes))
        price = _price(placed)
        if best is None or price < least:
            best, least = placed, price
        if least == 0:
            break
    assert best is not None, "there is at least one choice"
    return best


def _price(placed: Placement) -> int:
    """Return how hard the wires are to follow: what they cross, and how often they turn."""
    level: list[tuple[int, int, int]] = []
    upright: list[tuple[int, int, int]] = []
    bends = 0
    for way in placed.ways.values():
        bends += len(way) - 2
        for a, b in zip(way, way[1:], strict=False):
            if a.y == b.y:
                level.append((a.y, min(a.x, b.x), max(a.x, b.x)))
            else:
                upright.append((a.x, min(a.y, b.y), max(a.y, b.y)))
    crossed = sum(left < x < right and low < y < high for y, left, right in level for x, low, high in upright)
    return _CROSSING_PRICE * crossed + bends


def _parts(nodes: list[Node], edges: list[Edge]) -> tuple[list[tuple[list[Node], list[Edge]]], list[Node]]:
    """Split into connected parts, in document order, and single nodes."""
    leader = {node.id: node.id for node in nodes}

    def lead(name: str) -> str:
        while leader[name] != name:
            leader[name] = name = leader[leader[name]]
        return name

    for edge in edges:
        leader[lead(edge.target)] = lead(edge.source)
    parts: dict[str, tuple[list[Node], list[Edge]]] = {}
    for node in nodes:
        parts.setdefault(lead(node.id), ([], []))[0].append(node)
    for edge in edges:
        parts[lead(edge.source)][1].append(edge)
    several = [part for part in parts.values() if part[1]]
    return several, [part[0][0] for part in parts.values() if not part[1]]


def _shelve(
    single: list[Node], boxes: dict[str, Box], ways: dict[str, list[Point]], width: int, height: int
) -> Placement:
    limit = max(width, _SHELF_WIDTH_MIN)
    x, top, bottom = 0, height + _GAP_COMPONENTS * (height > 0), height
    for node in single:
        sheet = sheet_of([node], [])
        placed = route(sheet, set_rows(sheet, 1, has_lanes=False))
        if x > 0 and x + placed.width > limit:
            x, top = 0, bottom + _GAP_COMPONENTS
        boxes.update((name, box.moved(x, top)) for name, box in placed.boxes.items())
        x += placed.width + _GAP_COMPONENTS
        width, bottom = max(width, x - _GAP_COMPONENTS), max(bottom, top + placed.height)
    return Placement(boxes, ways, (), width, max(height, bottom))
