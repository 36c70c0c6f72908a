"""Ways for edges that the layers do not carry: message flows, associations, flows across scopes.

A search over the lines beside the boxes (A*, cheapest way by length, bends, crossings and closeness to other wires)
finds a way round every obstacle.
"""

from collections.abc import Iterable, Mapping, Sequence
from heapq import heappop, heappush

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.geometry import Box, Point, straightened
from flowmaster.engine.bpmn.layout_grid import Grid, Wires

STATES_MAX = 250_000
"""Most states that one search looks at before it settles for a plain elbow."""

_MARGIN = 10
_LINES_APART = 9
_STUB = 20
"""How much dearer it is to run along another wire right at a box."""
_RAILS = (14, 26, 38, 50)
"""How far below a pool the lines are on which messages run between it and the next one."""
_BEND = 60
_SIDEWAYS = 40
_Port = tuple[Point, Point, int, int]
_STEPS = ((1, 0), (0, 1), (-1, 0), (0, -1))


def doubled(document: BpmnDocument, ways: Mapping[str, Sequence[Point]]) -> list[str]:
    """Return the edges that run along one before them with which they share no end."""
    lines: dict[tuple[bool, int], list[tuple[int, int, str]]] = {}
    for identifier, way in ways.items():
        for a, b in zip(way, way[1:], strict=False):
            if a.x == b.x:
                lines.setdefault((True, a.x), []).append((min(a.y, b.y), max(a.y, b.y), identifier))
            else:
                lines.setdefault((False, a.y), []).append((min(a.x, b.x), max(a.x, b.x), identifier))
    found: dict[str, None] = {}
    for parts in lines.values():
        parts.sort()
        for place, (_, end, one) in enumerate(parts):
            for begin, _, other in parts[place + 1 :]:
                if begin >= end - 1:
                    break
                if one not in found and not _share_end(document, one, other):
                    found[other] = None
    return list(found)


def _share_end(document: BpmnDocument, one: str, other: str) -> bool:
    first, second = document.element(one), document.element(other)
    return document.start_of(first) == document.start_of(second) or document.end_of(first) == document.end_of(
        second
    )


class Search:
    """A field of obstacles in which ways are searched; every way found becomes part of the field."""

    def __init__(
        self, obstacles: Iterable[Box], wires: Wires, *, names: Iterable[Box] = (), pools: Iterable[Box] = ()
    ) -> None:
        """`names` are where labels will probably stand; in `pools` it is dearer to run sideways than between."""
        self._obstacles = list(obstacles)
        self._wires = wires
        self._names = list(names)
        self._pools = list(pools)
        self._rails = [pool.bottom + step for pool in self._pools for step in _RAILS]

    def way(
        self,
        source: Box,
        target: Box,
        *,
        passable: Iterable[Box] = (),
        source_sides: str = "rbtl",
        target_sides: str = "ltbr",
    ) -> list[Point]:
        """Return a way from one box to another and enter it; `passable` boxes may be crossed.

        Sides are letters, each once, best first: `l`eft, `r`ight, `t`op, `b`ottom.
        """
        passing = {*passable}
        blocks = [box.grown(_MARGIN // 2) for box in self._obstacles if box not in passing]
        starts = _ports(source, target, source_sides)
        goals = _ports(target, source, target_sides)
        found: list[Point] = []
        for apart in (_LINES_APART, 1):
            if not found:
                ports = [outside for _, outside, _, _ in starts + goals]
                xs = _lines((point.x for point in ports), ((b.x, b.right) for b in blocks), apart)
                ys = _lines(
                    [*self._rails, *(point.y for point in ports)], ((b.y, b.bottom) for b in blocks), apart
                )
                grid = Grid(xs, ys, blocks, self._wires, self._names, self._pools)
                found = _cheapest(_with_stubs(starts, grid), _with_stubs(goals, grid), grid)
        points = straightened(found or _elbow(starts[0][0], goals[0][0]))
        self._wires.add(points)
        return points


def _with_stubs(ports: "list[_Port]", grid: Grid) -> "list[_Port]":
    """Return ports with the price of the short piece that joins each with its box."""
    return [(port, out, way, price + _STUB * grid.stub_price(port, out)) for port, out, way, price in ports]


def _cheapest(starts: "list[_Port]", goals: "list[_Port]", grid: Grid) -> list[Point]:
    """Return the cheapest way through the grid; a state is a point of it and the direction one came from."""
    arrive = {grid.at(outside): (port, (way + 2) % 4, price) for port, outside, way, price in goals}
    middle = goals[0][1]
    queue: list[tuple[int, int, int]] = []
    cost: dict[int, int] = {}
    came: dict[int, int] = {}
    best: tuple[int, int, Point] | None = None
    begins: dict[int, Point] = {}
    for port, outside, way, price in starts:
        state = grid.at(outside) * 4 + way
        cost[state], begins[state] = price, port
        heappush(queue, (price, price, state))
    seen = 0
    while queue and seen < STATES_MAX:
        hoped, spent, state = heappop(queue)
        if best is not None and hoped >= best[0]:
            break
        if spent > cost[state]:
            continue
        seen += 1
        at, way = divmod(state, 4)
        if at in arrive:
            port, wanted, extra = arrive[at]
            price = spent + extra + _BEND * (way != wanted) + 3 * _BEND * (way == (wanted + 2) % 4)
            if best is None or price < best[0]:
                best = price, state, port
        for turn in (way, (way + 1) % 4, (way + 3) % 4):
            following, step = grid.step(at, turn)
            if following < 0:
                continue
            price = spent + step + _BEND * (turn != way)
            new = following * 4 + turn
            if price < cost.get(new, price + 1):
                cost[new], came[new] = price, state
                heappush(queue, (price + grid.distance(following, middle) * 3 // 2, price, new))
    return [] if best is None else _traced(came, best[1], best[2], begins, grid)


def _lines(needed: Iterable[int], sides: Iterable[tuple[int, int]], apart: int) -> list[int]:
    """Return the lines beside boxes, without those that lie closer than `apart` to the one before."""
    kept = set(needed)
    half = _MARGIN // 2
    last = None
    for line in sorted({place for low, high in sides for place in (low - half, high + half)}):
        if last is None or line - last >= apart:
            kept.add(line)
            last = line
    return sorted(kept)


def _ports(box: Box, other: Box, sides: str) -> "list[_Port]":
    """Return the places where a way may begin at a box: on its border, just outside, direction, price."""
    x, y = box.center
    if box.width > 4 * 100:
        x = max(box.x + 20, min(box.right - 20, other.center.x))
    if box.height > 4 * 80:
        y = max(box.y + 20, min(box.bottom - 20, other.center.y))
    places = {
        "r": (Point(box.right, y), 0),
        "b": (Point(x, box.bottom), 1),
        "l": (Point(box.x, y), 2),
        "t": (Point(x, box.y), 3),
    }
    ports: list[_Port] = []
    for rank, side in enumerate(sides):
        port, way = places[side]
        dx, dy = _STEPS[way]
        ports.append((port, port.moved(dx * _MARGIN, dy * _MARGIN), way, (rank + 1) // 2 * _SIDEWAYS))
    return ports


def _traced(
    came: dict[int, int], state: int, end: Point, begins: dict[int, Point], grid: Grid
) -> list[Point]:
    points = [end, grid.point(state // 4)]
    while state in came:
        state = came[state]
        points.append(grid.point(state // 4))
    return [begins[state], *points[::-1]]


def _elbow(start: Point, end: Point) -> list[Point]:
    return [start, Point(end.x, start.y), end]
