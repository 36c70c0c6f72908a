"""Ways for edges that the layers do not carry: message flows, associations, flows across scopes.

A search over the lines beside the boxes (A*, cheapest way by length, bends, crossings and closeness to other wires)
finds a way round every obstacle.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.geometry import Box, Point, straightened

STATES_MAX = 60_000
"""Most states that one search looks at before it settles for a plain elbow."""

_MARGIN = 10
_LINES_APART = 9
_STUB = 20
"""How much dearer it is to run along another wire right at a box."""
_CLOSE = 7
_BEND = 60
_SIDEWAYS = 40
_CROSSING = 25
_ALONG = 12
_ARRIVED = 4
_Port = tuple[Point, Point, int, int]
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
        passing = {*passable}
        blocks = [box.grown(_MARGIN // 2) for box in self._obstacles if box not in passing]
        starts = _ports(source, target, source_sides)
        goals = _ports(target, source, target_sides)
        field_ = _Field(blocks, self._wires)
        starts = [
            (port, out, way, price + _STUB * field_.price(port, out)) for port, out, way, price in starts
        ]
        goals = [(port, out, way, price + _STUB * field_.price(port, out)) for port, out, way, price in goals]
        found: list[Point] = []
        for apart in (_LINES_APART, 1):
            xs = _lines(
                (point.x for _, point, _, _ in starts + goals), ((b.x, b.right) for b in blocks), apart
            )
            ys = _lines(
                (point.y for _, point, _, _ in starts + goals), ((b.y, b.bottom) for b in blocks), apart
            )
            found = found or self._cheapest(starts, goals, xs, ys, field_)
        points = straightened(found or _elbow(starts[0][0], goals[0][0]))
        self._wires.add(points)
        return points

    def _cheapest(
        self, starts: "list[_Port]", goals: "list[_Port]", xs: list[int], ys: list[int], field_: "_Field"
    ) -> list[Point]:
        arrive = {outside: (port, (way + 2) % 4, price) for port, outside, way, price in goals}
        middle = goals[0][1]
        queue: list[tuple[int, int, int, Point]] = []
        cost: dict[tuple[Point, int], int] = {}
        came: dict[tuple[Point, int], tuple[Point, int]] = {}
        for _, outside, way, price in starts:
            if outside in arrive or price < cost.get((outside, way), price + 1):
                cost[outside, way] = price
                heappush(queue, (price, price, way, outside))
        seen = 0
        while queue and seen < STATES_MAX:
            _, spent, way, point = heappop(queue)
            if way == _ARRIVED:
                return _traced(came, (point, way), starts)
            if spent > cost[point, way]:
                continue
            seen += 1
            steps = [(_next(point, turn, xs, ys), turn) for turn in (way, (way + 1) % 4, (way + 3) % 4)]
            for following, turn in steps:
                if following is None or not field_.is_open(point, following):
                    continue
                length = abs(following.x - point.x) + abs(following.y - point.y)
                price = spent + length + _BEND * (turn != way) + field_.price(point, following)
                if price < cost.get((following, turn), price + 1):
                    cost[following, turn] = price
                    came[following, turn] = (point, way)
                    ahead = abs(following.x - middle.x) + abs(following.y - middle.y)
                    heappush(queue, (price + ahead * 3 // 2, price, turn, following))
            if point in arrive:
                port, wanted, extra = arrive[point]
                price = spent + extra + _BEND * (way != wanted) + 3 * _BEND * (way == (wanted + 2) % 4)
                if price < cost.get((port, _ARRIVED), price + 1):
                    cost[port, _ARRIVED] = price
                    came[port, _ARRIVED] = (point, way)
                    heappush(queue, (price, price, _ARRIVED, port))
        return []


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


class _Field:
    """Tells of a straight step whether it stays out of all blocks, and what it costs to be near other wires."""

    def __init__(self, blocks: list[Box], wires: Wires) -> None:
        self._blocks = blocks
        self._wires = wires
        self._level: dict[int, _Track] = {}
        self._upright: dict[int, _Track] = {}

    def is_open(self, a: Point, b: Point) -> bool:
        track, low, high = self._step(a, b)
        return not any(begin < high and low < end for begin, end in track.blocked)

    def price(self, a: Point, b: Point) -> int:
        track, low, high = self._step(a, b)
        shared = sum(
            min(high, end) - max(low, begin) for begin, end in track.along if begin < high and low < end
        )
        crossed = bisect_right(track.across, high) - bisect_right(track.across, low)
        return _ALONG * shared + _CROSSING * crossed

    def _step(self, a: Point, b: Point) -> "tuple[_Track, int, int]":
        if a.y == b.y:
            track = self._level.get(a.y)
            if track is None:
                blocked = [(box.x, box.right) for box in self._blocks if box.y < a.y < box.bottom]
                track = self._level[a.y] = _track(a.y, blocked, self._wires.level, self._wires.upright)
            return track, min(a.x, b.x), max(a.x, b.x)
        track = self._upright.get(a.x)
        if track is None:
            blocked = [(box.y, box.bottom) for box in self._blocks if box.x < a.x < box.right]
            track = self._upright[a.x] = _track(a.x, blocked, self._wires.upright, self._wires.level)
        return track, min(a.y, b.y), max(a.y, b.y)


@dataclass(slots=True)
class _Track:
    """What lies on one line of the field: blocks, wires along it, wires across it."""

    blocked: list[tuple[int, int]]
    along: list[tuple[int, int]]
    across: list[int]


def _track(
    at: int,
    blocked: list[tuple[int, int]],
    along: list[tuple[int, int, int]],
    across: list[tuple[int, int, int]],
) -> _Track:
    return _Track(
        blocked,
        [(begin, end) for line, begin, end in along if abs(line - at) < _CLOSE],
        sorted(line for line, begin, end in across if begin < at < end),
    )


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


def _next(point: Point, way: int, xs: list[int], ys: list[int]) -> Point | None:
    dx, dy = _STEPS[way]
    if dx:
        place = bisect_left(xs, point.x) + dx
        return Point(xs[place], point.y) if 0 <= place < len(xs) else None
    place = bisect_left(ys, point.y) + dy
    return Point(point.x, ys[place]) if 0 <= place < len(ys) else None


def _traced(
    came: dict[tuple[Point, int], tuple[Point, int]], state: tuple[Point, int], starts: "list[_Port]"
) -> list[Point]:
    points = [state[0]]
    while state in came:
        state = came[state]
        points.append(state[0])
    begin = next((port for port, outside, way, _ in starts if (outside, way) == state), points[-1])
    return [begin, *points[::-1]]


def _elbow(start: Point, end: Point) -> list[Point]:
    return [start, Point(end.x, start.y), end]
