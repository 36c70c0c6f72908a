"""A pen for SVG: text that is always escaped, lines with arrowheads, names broken to fit."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isqrt
from xml.sax.saxutils import escape, quoteattr

from flowmaster.engine.bpmn.geometry import Box, Point
from flowmaster.engine.bpmn.identifiers import xml_safe
from flowmaster.engine.bpmn.lettering import FONT_SIZE, LINE_HEIGHT, Lines, broken

INK = "#22242a"
PAPER = "#ffffff"


@dataclass(frozen=True, slots=True)
class Style:
    """Colours of one element: its lines, its inside, and how strong and how broken its lines are."""

    line: str = INK
    fill: str = PAPER
    weight: str = "2"
    text: str = INK
    dash: str = ""

    @property
    def dashes(self) -> str:
        """The attribute that breaks the line, with a blank before it; nothing for a whole line."""
        return f' stroke-dasharray="{self.dash}"' if self.dash else ""


@dataclass(slots=True)
class Pen:
    """Collects SVG fragments in drawing order."""

    parts: list[str] = field(default_factory=list)

    def put(self, fragment: str) -> None:
        """Add a fragment that is SVG already."""
        self.parts.append(fragment)

    def page(self, title: str, width: int, height: int, *, told: str = "") -> str:
        """Return all fragments as one picture with a title, and what else there is to tell, on paper of that size."""
        described = f"<desc>{safe(told)}</desc>" if told else ""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'role="img" aria-label={attribute(title)} font-family="Arial, Helvetica, sans-serif" font-size="12" '
            f'text-anchor="middle"><title>{safe(title)}</title>{described}<rect width="{width}" height="{height}" fill="{PAPER}"/>'
            + "".join(self.parts)
            + "</svg>\n"
        )

    def rect(self, box: Box, style: Style, *, radius: int = 0, extra: str = "") -> None:
        """Draw a rectangle."""
        corner = f' rx="{radius}"' if radius else ""
        self.put(
            f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}"{corner} fill="{style.fill}" '
            f'stroke="{style.line}" stroke-width="{style.weight}"{_broken(style, extra)}/>'
        )

    def circle(self, center: Point, radius: int, style: Style, *, extra: str = "") -> None:
        """Draw a circle."""
        self.put(
            f'<circle cx="{center.x}" cy="{center.y}" r="{radius}" fill="{style.fill}" stroke="{style.line}" '
            f'stroke-width="{style.weight}"{_broken(style, extra)}/>'
        )

    def path(self, data: str, style: Style, *, extra: str = "") -> None:
        """Draw a path."""
        self.put(
            f'<path d="{data}" fill="{style.fill}" stroke="{style.line}" stroke-width="{style.weight}"{_broken(style, extra)}/>'
        )

    def text(self, lines: Sequence[str], x: int, y: int, colour: str, *, anchor: str = "middle") -> None:
        """Write lines of text, the first one with its upper side at `y`."""
        for number, line in enumerate(lines):
            base = y + number * LINE_HEIGHT + FONT_SIZE - 1
            at = "" if anchor == "middle" else f' text-anchor="{anchor}"'
            self.put(f'<text x="{x}" y="{base}"{at} fill="{colour}">{safe(line)}</text>')

    def text_in(self, text: str, box: Box, colour: str, *, lines_max: int = 0) -> None:
        """Write text in the middle of a box."""
        lines = broken(text, max(20, box.width), lines_max)
        self.text(lines.lines, box.center.x, box.center.y - lines.height // 2, colour)

    def text_upwards(self, text: str, box: Box, colour: str) -> None:
        """Write text from bottom to top in the middle of a narrow box."""
        lines = broken(text, max(20, box.height - 10), max(1, box.width // LINE_HEIGHT))
        x, y = box.center
        self.put(f'<g transform="translate({x} {y}) rotate(-90)">')
        self.text(lines.lines, 0, -lines.height // 2, colour)
        self.put("</g>")

    def label(self, text: str, label: Box | None, fallback: Point, colour: str, width: int = 90) -> None:
        """Write a name outside of a shape: in the middle of its label's box, else below `fallback`."""
        if not text.strip():
            return
        if label is None:
            lines = broken(text, width, 6)
            self.text(lines.lines, fallback.x, fallback.y, colour)
            return
        lines = _fitted(text, label, width)
        y = label.y if lines.height > label.height else label.center.y - lines.height // 2
        self.text(lines.lines, label.center.x, y, colour)

    def arrow(self, points: Sequence[Point], style: Style, *, is_open: bool = False, fill: str = "") -> None:
        """Draw an arrowhead at the end of a line."""
        tip, back = points[-1], next((one for one in reversed(points[:-1]) if one != points[-1]), None)
        if back is None:
            return
        left, right = _wings(tip, back, 10, 5)
        if is_open:
            self.put(
                f'<path d="M{left}L{tip.x} {tip.y}L{right}" fill="none" stroke="{style.line}" stroke-width="1.5"/>'
            )
        else:
            inside = fill or style.line
            self.put(
                f'<path d="M{left}L{tip.x} {tip.y}L{right}z" fill="{inside}" stroke="{style.line}" '
                f'stroke-width="1.2" stroke-linejoin="round"/>'
            )

    def slash(self, points: Sequence[Point], style: Style) -> None:
        """Draw the stroke of a default flow across its beginning."""
        a, b = points[0], next((one for one in points[1:] if one != points[0]), points[0])
        if a == b:
            return
        foot, head = _wings(a, b, -8, 6), _wings(a, b, -16, 6)
        self.put(f'<path d="M{foot[0]}L{head[1]}" fill="none" stroke="{style.line}" stroke-width="1.8"/>')

    def diamond(self, points: Sequence[Point], style: Style) -> None:
        """Draw the small diamond of a conditional flow at its beginning."""
        a, b = points[0], next((one for one in points[1:] if one != points[0]), points[0])
        if a == b:
            return
        left, right = _wings(a, b, -8, 5)
        end = _wings(a, b, -16, 0)[0]
        self.put(
            f'<path d="M{a.x} {a.y}L{left}L{end}L{right}z" fill="{PAPER}" stroke="{style.line}" stroke-width="1.5"/>'
        )


def _broken(style: Style, extra: str) -> str:
    """Return the further attributes of a line, which say themselves how it is broken or leave it to the style."""
    return extra if "stroke-dasharray" in extra else f"{style.dashes}{extra}"


def safe(text: str) -> str:
    """Return text as it may stand in SVG."""
    return escape(xml_safe(text))


def attribute(value: str) -> str:
    """Return a text as a quoted attribute value."""
    return quoteattr(xml_safe(value))


def _fitted(text: str, label: Box, width: int) -> Lines:
    """Break text as its label's box suggests, wider where it would become too high."""
    for wide in (max(label.width + 8, 40), max(label.width + 8, width)):
        lines = broken(text, wide)
        if lines.height <= label.height + LINE_HEIGHT:
            break
    return lines


def _wings(tip: Point, back: Point, length: int, half: int) -> tuple[str, str]:
    """Return the two points `length` behind `tip` (seen from `back`) and `half` to either side."""
    dx, dy = tip.x - back.x, tip.y - back.y
    reach = max(1, isqrt((dx * dx + dy * dy) * 100))
    along_x, along_y = dx * 100 * length // reach, dy * 100 * length // reach
    side_x, side_y = -dy * 100 * half // reach, dx * 100 * half // reach
    left = (tip.x * 10 - along_x + side_x, tip.y * 10 - along_y + side_y)
    right = (tip.x * 10 - along_x - side_x, tip.y * 10 - along_y - side_y)
    return _tenths(*left), _tenths(*right)


def _tenths(x: int, y: int) -> str:
    return f"{_tenth(x)} {_tenth(y)}"


def _tenth(value: int) -> str:
    sign, value = ("-", -value) if value < 0 else ("", value)
    return f"{sign}{value // 10}.{value % 10}" if value % 10 else f"{sign}{value // 10}"
