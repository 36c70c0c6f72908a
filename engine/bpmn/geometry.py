"""Points and boxes of a diagram, in whole pixels."""

from collections.abc import Iterable
from typing import NamedTuple


class Point(NamedTuple):
    """A place in a diagram; y grows downwards."""

    x: int
    y: int

    def moved(self, dx: int, dy: int) -> "Point":
        """Return the point shifted."""
        return Point(self.x + dx, self.y + dy)


class Box(NamedTuple):
    """A rectangle in a diagram, by its upper left corner and size."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The x of the right side."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """The y of the lower side."""
        return self.y + self.height

    @property
    def center(self) -> Point:
        """The point in the middle."""
        return Point(self.x + self.width // 2, self.y + self.height // 2)

    def moved(self, dx: int, dy: int) -> "Box":
        """Return the box shifted."""
        return Box(self.x + dx, self.y + dy, self.width, self.height)

    def grown(self, by: int) -> "Box":
        """Return the box with a margin on all sides."""
        return Box(self.x - by, self.y - by, self.width + 2 * by, self.height + 2 * by)

    def overlaps(self, other: "Box") -> bool:
        """Return whether the two boxes share some area."""
        return (
            self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom
        )

    def holds(self, other: "Box") -> bool:
        """Return whether the other box lies inside."""
        return (
            self.x <= other.x
            and self.y <= other.y
            and other.right <= self.right
            and other.bottom <= self.bottom
        )


def around(boxes: Iterable[Box]) -> Box:
    """Return the smallest box around all of them, an empty one around none."""
    every = list(boxes)
    if not every:
        return Box(0, 0, 0, 0)
    left, top = min(box.x for box in every), min(box.y for box in every)
    return Box(left, top, max(box.right for box in every) - left, max(box.bottom for box in every) - top)


def straightened(points: Iterable[Point]) -> list[Point]:
    """Return an orthogonal line without repeated points and without points in the middle of a straight part."""
    kept: list[Point] = []
    for point in points:
        if kept and kept[-1] == point:
            continue
        if len(kept) > 1 and _in_line(kept[-2], kept[-1], point):
            kept.pop()
        kept.append(point)
    return kept


def _in_line(a: Point, b: Point, c: Point) -> bool:
    upright = a.x == b.x == c.x and (b.y - a.y) * (c.y - b.y) >= 0
    level = a.y == b.y == c.y and (b.x - a.x) * (c.x - b.x) >= 0
    return upright or level
