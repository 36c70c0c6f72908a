"""Heat in pictures: how often each step was passed and how long it took, as colours with a scale that explains them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isqrt

from flowmaster.engine.bpmn.geometry import Box
from flowmaster.engine.bpmn.lettering import text_width
from flowmaster.engine.bpmn.svg_pen import INK, Pen, Style

_RAMP = ((0xFF, 0xF9, 0xE0), (0xFD, 0xDE, 0x8A), (0xFB, 0xB1, 0x5C), (0xF0, 0x7A, 0x50))
"""From cold to hot; ink stays readable on all of them."""
_LINE = "#8a3b12"
_LEVEL_MAX = 1_000
_SCALE_STEPS = 12
_STEP_WIDTH = 12
_UNITS = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s"), (1, "ms"))


@dataclass(frozen=True, slots=True)
class Heat:
    """How often each element was passed, and for how many milliseconds it was at work or waited, by its id."""

    passed: Mapping[str, int] = field(default_factory=dict)
    lasted: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_of_time(self) -> bool:
        """Whether colours tell of time: they do where any was spent, else of how often."""
        return any(self.lasted.values())

    def style_of(self, identifier: str) -> Style | None:
        """Return the colours of an element that was passed."""
        if identifier not in self.passed:
            return None
        values = self.lasted if self.is_of_time else self.passed
        return Style(_LINE, _colour(_level(values.get(identifier, 0), self.most)))

    def text_of(self, identifier: str) -> str:
        """Return what the badge of an element says, nothing for one that was passed once in no time."""
        count, time = self.passed.get(identifier, 0), self.lasted.get(identifier, 0)
        parts = [f"{count}×"] * (count > 1) + [duration_text(time)] * (time > 0)
        return " ".join(parts)

    @property
    def most(self) -> int:
        """The value that is shown hottest."""
        return max((self.lasted if self.is_of_time else self.passed).values(), default=0)


def duration_text(milliseconds: int) -> str:
    """Return a span of time in its largest fitting unit, with one more digit where it is short."""
    for size, unit in _UNITS:
        if milliseconds >= size:
            whole, tenth = milliseconds // size, milliseconds % size * 10 // size
            return f"{whole}.{tenth} {unit}" if whole < 10 and tenth and unit != "ms" else f"{whole} {unit}"
    return "0 s"


def draw_scale(pen: Pen, heat: Heat, x: int, y: int) -> int:
    """Draw the scale of colours with its ends named, and return where it ends."""
    title = "time spent" if heat.is_of_time else "times passed"
    pen.text([title], x, y + 2, INK, anchor="start")
    x += text_width(title) + 10
    low, high = ("0", duration_text(heat.most)) if heat.is_of_time else ("1", f"{heat.most}")
    pen.text([low], x, y + 2, INK, anchor="start")
    x += text_width(low) + 6
    for step in range(_SCALE_STEPS):
        colour = _colour(step * _LEVEL_MAX // (_SCALE_STEPS - 1))
        pen.rect(Box(x + step * _STEP_WIDTH, y, _STEP_WIDTH, 16), Style(colour, colour, "1"))
    x += _SCALE_STEPS * _STEP_WIDTH
    pen.rect(
        Box(x - _SCALE_STEPS * _STEP_WIDTH, y, _SCALE_STEPS * _STEP_WIDTH, 16), Style(_LINE, "none", "1")
    )
    pen.text([high], x + 6, y + 2, INK, anchor="start")
    return x + 6 + text_width(high) + 22


def _level(value: int, most: int) -> int:
    """Return how hot a value is, by its root, so that small ones can be told apart beside a large one."""
    return isqrt(value * _LEVEL_MAX * _LEVEL_MAX // most) if most else 0


def _colour(level: int) -> str:
    place = min(level * (len(_RAMP) - 1) // _LEVEL_MAX, len(_RAMP) - 2)
    rest = level * (len(_RAMP) - 1) - place * _LEVEL_MAX
    pairs = zip(_RAMP[place], _RAMP[place + 1], strict=True)
    return "#" + "".join(f"{low + (high - low) * rest // _LEVEL_MAX:02x}" for low, high in pairs)
