"""The lines on which ways are searched, with what each step between two neighbouring crossings of them costs.

What lies along a line is looked up once, when the search first comes to it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from flowmaster.engine.bpmn.geometry import Box, Point

_CLOSE = 7
_CROSSING = 25
_ALONG = 12
"""Price of each pixel along another wire."""
_OVER_NAME = 3
"""Price of each pixel over a place where a name will probably stand."""
_Span = tuple[int, int, int]
"""(line, from, to): a straight piece, or the side of a box."""


@dataclass(slots=True)
class Wires:
    """The straight parts of the edges that already have their way."""

    level: list[_Span] = field(default_factory=list)
    """(y, from x, to x)"""
    upright: list[_Span] = field(default_factory=list)
    """(x, from y, to y)"""

    def add(self, points: Sequence[Point]) -> None:
        """Enter a way."""
        for a, b in zip(points, points[1:], strict=False):
            if a.y == b.y:
                self.level.append((a.y, min(a.x, b.x), max(a.x, b.x)))
            elif a.x == b.x:
                self.upright.append((a.x, min(a.y, b.y), max(a.y, b.y)))


@dataclass(slots=True)
class _Track:
    """What lies on one line: wires and names along it, by price; wires across it."""

    along: list[tuple[int, int, int]]
    """(from, to, price of each pixel)"""
    across: list[int]

    def price(self, low: int, high: int) -> int:
        shared = 0
        for begin, end, weight in self.along:
            if begin < high and low < end:
                shared += weight * (min(high, end) - max(low, begin))
        crossed = bisect_right(self.across, high) - bisect_right(self.across, low)
        return shared + _CROSSING * crossed


class Grid:
    """Crossings of level and upright lines, numbered row by row."""

    def __init__(
        self,
        xs: list[int],
        ys: list[int],
        blocks: list[Box],
        wires: Wires,
        names: Sequence[Box] = (),
        pools: Sequence[Box] = (),
    ) -> None:
        """`pools` are where level pieces cost half as much again."""
        self._xs, self._ys = xs, ys
        self._blocks, self._names, self._pools = blocks, names, pools
        self._wires = wires
        self._steps: dict[tuple[bool, int], list[int]] = {}

    def at(self, point: Point) -> int:
        """Return the number of a crossing."""
        return bisect_left(self._ys, point.y) * len(self._xs) + bisect_left(self._xs, point.x)

    def point(self, at: int) -> Point:
        """Return where a crossing is."""
        row, column = divmod(at, len(self._xs))
        return Point(self._xs[column], self._ys[row])

    def distance(self, at: int, other: Point) -> int:
        """Return how far a crossing is from a point, along lines."""
        row, column = divmod(at, len(self._xs))
        return abs(self._xs[column] - other.x) + abs(self._ys[row] - other.y)

    def step(self, at: int, way: int) -> tuple[int, int]:
        """Return the next crossing in a direction (0 right, 1 down, 2 left, 3 up) and its price; -1 if blocked."""
        wide = len(self._xs)
        row, column = divmod(at, wide)
        if way % 2 == 0:
            place, following = column - (way == 2), at + 1 - way
            if not 0 <= place < wide - 1:
                return -1, 0
            steps = self._steps.get((True, row)) or self._level(row)
        else:
            place, following = row - (way == 3), at + (2 - way) * wide
            if not 0 <= place < len(self._ys) - 1:
                return -1, 0
            steps = self._steps.get((False, column)) or self._upright(column)
        price = steps[place]
        return (following, price) if price >= 0 else (-1, 0)

    def stub_price(self, a: Point, b: Point) -> int:
        """Return what it costs to be near other wires on a piece that is on no line of the grid."""
        is_level = a.y == b.y
        line, low, high = (a.y, *sorted((a.x, b.x))) if is_level else (a.x, *sorted((a.y, b.y)))
        return self._track(is_level, line, with_names=False).price(low, high)

    def _level(self, row: int) -> list[int]:
        y = self._ys[row]
        blocked = [(box.x, box.right) for box in self._blocks if box.y < y < box.bottom]
        is_dear = any(box.y < y < box.bottom for box in self._pools)
        steps = _steps(self._xs, blocked, self._track(True, y), is_dear=is_dear)
        self._steps[True, row] = steps
        return steps

    def _upright(self, column: int) -> list[int]:
        x = self._xs[column]
        blocked = [(box.y, box.bottom) for box in self._blocks if box.x < x < box.right]
        steps = _steps(self._ys, blocked, self._track(False, x), is_dear=False)
        self._steps[False, column] = steps
        return steps

    def _track(self, is_level: bool, line: int, *, with_names: bool = True) -> _Track:
        wires = self._wires
        along, across = (wires.level, wires.upright) if is_level else (wires.upright, wires.level)
        near = [(begin, end, _ALONG) for at, begin, end in along if abs(at - line) < _CLOSE]
        if with_names and is_level:
            near += [(box.x, box.right, _OVER_NAME) for box in self._names if box.y < line < box.bottom]
        elif with_names:
            near += [(box.y, box.bottom, _OVER_NAME) for box in self._names if box.x < line < box.right]
        return _Track(near, sorted(at for at, begin, end in across if begin < line < end))


def _steps(places: list[int], blocked: list[tuple[int, int]], track: _Track, *, is_dear: bool) -> list[int]:
    """Return the price of each step along a line, -1 where it is blocked."""
    prices: list[int] = []
    for low, high in zip(places, places[1:], strict=False):
        if blocked and any(begin < high and low < end for begin, end in blocked):
            prices.append(-1)
        else:
            length = high - low
            prices.append(length + (length // 2 if is_dear else 0) + track.price(low, high))
    return prices
