"""Ways for edges that the layers do not carry: message flows, associations, flows across scopes.

A search over the lines beside the boxes (A*, cheapest way by length, bends, crossings and closeness to other wires)
finds a way round every obstacle.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

from flowmaster.engine.bpmn.geometry import Box, Point, straightened

STATES_MAX = 60_000
"""Most states that one search looks at before it settles for a plain elbow."""

_MARGIN = 10
_CLOSE = 7
_BEND = 60
_SIDEWAYS = 40
_CROSSING = 25
_ALONG = 12
_STEPS = ((1, 0), (0, 1), (-1, 0), (0, -1))


@dataclass(slots=True)
class Wires:
    """The straight parts of the edges that already have their way."""

    level: list[tuple[int, int, int]] = field(default_factory=list)
    """(y, from x, to x)"""
    upright: list[tuple[int, int, int]] = field(default_factory=list)
    """(x, from y, to y)"""

    def add(self, points: Sequence[Point]) -> None:
        """Enter a way."""
        for a, b in zip(points, points[1:], strict=False):
            if a.y == b.y:
                self.level.append((a.y, min(a.x, b.x), max(a.x, b.x)))
            elif a.x == b.x:
                self.upright.append((a.x, min(a.y, b.y), max(a.y, b.y)))

    def price(self, a: Point, b: Point) -> int:
        """Return what a straight step costs for running along or across other wires."""
        if a.y == b.y:
            return _step_price(a.y, min(a.x, b.x), max(a.x, b.x), self.level, self.upright)
        return _step_price(a.x, min(a.y, b.y), max(a.y, b.y), self.upright, self.level)


def _step_price(
    at: int, low: int, high: int, along: list[tuple[int, int, int]], across: list[tuple[int, int, int]]
) -> int:
    price = sum(
        _ALONG * (min(high, end) - max(low, begin))
        for line, begin, end in along
        if abs(line - at) < _CLOSE and begin < high and low < end
    )
    return price + sum(_CROSSING for line, begin, end in across if low < line <= high and begin < at < end)


class Search:
    """A field of obstacles in which ways are searched; every way found becomes part of the field."""

    def __init__(self, obstacles: Iterable[Box], wires: Wires) -> None:
        self._obstacles = list(obstacles)
        self._wires = wires

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

        Sides are letters, best first: `l`eft, `r`ight, `t`op, `b`ottom.
        """
        passing = {source, target, *passable}
        blocks = [box.grown(_MARGIN // 2 - 1) for box in self._obstacles if box not in passing]
        ends = {source, target}
        blocks += [box for box in self._obstacles if box in ends]
        starts = _ports(source, target, source_sides)
        goals = _ports(target, source, target_sides)
        xs = _lines((box.x, box.right) for box in (*blocks, source, target))
        ys = _lines((box.y, box.bottom) for box in (*blocks, source, target))
        xs = sorted({*xs, *(point.x for point, _, _ in starts + goals)})
        ys = sorted({*ys, *(point.y for point, _, _ in starts + goals)})
        found = self._cheapest(starts, goals, xs, ys, blocks)
        points = straightened(found or _elbow(starts[0][0], goals[0][0]))
        self._wires.add(points)
        return points

    def _cheapest(
        self,
        starts: list[tuple[Point, int, int]],
        goals: list[tuple[Point, int, int]],
        xs: list[int],
        ys: list[int],
        blocks: list[Box],
    ) -> list[Point]:
        arrive = {point: ((way + 2) % 4, price) for point, way, price in goals}
        middle = goals[0][0]
        free = _Free(blocks)
        queue: list[tuple[int, int, int, Point, int]] = []
        cost: dict[tuple[Point, int], int] = {}
        came: dict[tuple[Point, int], tuple[Point, int]] = {}
        for point, way, price in starts:
            cost[point, way] = price
            heappush(queue, (price, price, way, point, way))
        seen = 0
        while queue and seen < STATES_MAX:
            _, spent, _, point, way = heappop(queue)
            if spent > cost[point, way]:
                continue
            seen += 1
            if point in arrive and arrive[point][0] == way and (point, way) in came:
                return _traced(came, (point, way))
            for turn in (way, (way + 1) % 4, (way + 3) % 4):
                following = _next(point, turn, xs, ys)
                if following is None or ((point, way) not in came and turn != way):
                    continue
                if not free.is_open(point, following):
                    continue
                length = abs(following.x - point.x) + abs(following.y - point.y)
                price = spent + length + _BEND * (turn != way) + self._wires.price(point, following)
                if following in arrive and arrive[following][0] == turn:
                    price += arrive[following][1]
                state = (following, turn)
                if price < cost.get(state, price + 1):
                    cost[state] = price
                    came[state] = (point, way)
                    ahead = abs(following.x - middle.x) + abs(following.y - middle.y)
                    heappush(queue, (price + ahead * 9 // 10, price, turn, following, turn))
        return []


class _Free:
    """Tells whether a straight step stays out of all blocks."""

    def __init__(self, blocks: list[Box]) -> None:
        self._blocks = blocks
        self._level: dict[int, list[tuple[int, int]]] = {}
        self._upright: dict[int, list[tuple[int, int]]] = {}

    def is_open(self, a: Point, b: Point) -> bool:
        if a.y == b.y:
            if a.y not in self._level:
                self._level[a.y] = [(box.x, box.right) for box in self._blocks if box.y < a.y < box.bottom]
            low, high = min(a.x, b.x), max(a.x, b.x)
            return not any(begin < high and low < end for begin, end in self._level[a.y])
        if a.x not in self._upright:
            self._upright[a.x] = [(box.y, box.bottom) for box in self._blocks if box.x < a.x < box.right]
        low, high = min(a.y, b.y), max(a.y, b.y)
        return not any(begin < high and low < end for begin, end in self._upright[a.x])


def _lines(sides: Iterable[tuple[int, int]]) -> list[int]:
    lines: set[int] = set()
    for low, high in sides:
        lines.update((low - _MARGIN, high + _MARGIN))
    return sorted(lines)


def _ports(box: Box, other: Box, sides: str) -> list[tuple[Point, int, int]]:
    """Return the places where a way may begin at a box, as (place, direction away from it, price)."""
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
    return [(*places[side], rank // 2 * _SIDEWAYS) for rank, side in enumerate(sides)]


def _next(point: Point, way: int, xs: list[int], ys: list[int]) -> Point | None:
    dx, dy = _STEPS[way]
    if dx:
        place = bisect_left(xs, point.x) + dx
        return Point(xs[place], point.y) if 0 <= place < len(xs) else None
    place = bisect_left(ys, point.y) + dy
    return Point(point.x, ys[place]) if 0 <= place < len(ys) else None


def _traced(came: dict[tuple[Point, int], tuple[Point, int]], state: tuple[Point, int]) -> list[Point]:
    points = [state[0]]
    while state in came:
        state = came[state]
        points.append(state[0])
    return points[::-1]


def _elbow(start: Point, end: Point) -> list[Point]:
    return [start, Point(end.x, start.y), end]
