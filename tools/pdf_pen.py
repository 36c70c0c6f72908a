"""Draws our own SVG pictures on a page of a PDF, as lines and text: what is written can be searched and copied.

Our pens write few of the many forms of SVG; these are all drawn, and any other is a fault of ours.
"""

import cmath
import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from lxml import etree

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas
    from reportlab.pdfgen.pathobject import PDFPathObject

_SVG: Final = "{http://www.w3.org/2000/svg}"
_MOVE: Final = re.compile(r"(translate|rotate|scale)\(([^)]*)\)")
_STEP: Final = re.compile(r"([A-DF-Za-df-z])([^A-DF-Za-df-z]*)")
_NUMBER: Final = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?")
_TAKEN: Final = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "T": 2, "A": 7, "Z": 0}
"""How many numbers each command of a path takes at a time."""

_CAPS: Final = {"butt": 0, "round": 1, "square": 2}
_JOINS: Final = {"miter": 0, "round": 1, "bevel": 2}
_FONT_SIZE: Final = 12
_BOLD: Final = 0.35
"""How strongly the outline of bold letters is drawn, since there is one face of the font."""


Point = tuple[float, float]


class Size(NamedTuple):
    """How large a picture is, in its own units."""

    width: float
    height: float


def parsed(svg: str) -> "etree._Element":
    """Return one of our pictures as a tree."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    return etree.fromstring(svg.encode(), parser)


def size_of(picture: "etree._Element") -> Size:
    """Return how large a picture is."""
    return Size(float(picture.get("width", "0")), float(picture.get("height", "0")))


def draw(canvas: "Canvas", picture: "etree._Element", font: str, scale: float) -> None:
    """Draw a picture with its lower left corner at the origin of a canvas."""
    canvas.saveState()
    canvas.translate(0, size_of(picture).height * scale)
    canvas.scale(scale, -scale)
    _draw_all(canvas, picture, font)
    canvas.restoreState()


def _draw_all(canvas: "Canvas", parent: "etree._Element", font: str) -> None:
    for element in parent:
        match str(element.tag).removeprefix(_SVG):
            case "g":
                canvas.saveState()
                _move(canvas, element.get("transform", ""))
                _draw_all(canvas, element, font)
                canvas.restoreState()
            case "rect" | "circle" | "path" as shape:
                _shape(canvas, element, shape)
            case "text":
                _text(canvas, element, font)
            case "title" | "desc":
                pass
            case other:
                raise AssertionError(f"our pictures hold no {other!r}")


def _move(canvas: "Canvas", transform: str) -> None:
    for kind, given in _MOVE.findall(transform):
        numbers = _numbers(given)
        if kind == "translate":
            canvas.translate(numbers[0], numbers[1] if len(numbers) > 1 else 0)
        elif kind == "rotate":
            canvas.rotate(numbers[0])
        else:
            canvas.scale(numbers[0], numbers[-1])


def _shape(canvas: "Canvas", element: "etree._Element", shape: str) -> None:
    canvas.saveState()
    fill, stroke = element.get("fill", "#000000"), element.get("stroke", "none")
    if fill != "none":
        canvas.setFillColor(fill)
    if stroke != "none":
        _line(canvas, element, stroke)
    how = {"fill": int(fill != "none"), "stroke": int(stroke != "none")}
    if shape == "rect":
        box = (_of(element, "x"), _of(element, "y"), _of(element, "width"), _of(element, "height"))
        canvas.roundRect(*box, _of(element, "rx"), **how) if element.get("rx") else canvas.rect(*box, **how)
    elif shape == "circle":
        canvas.circle(_of(element, "cx"), _of(element, "cy"), _of(element, "r"), **how)
    else:
        path = canvas.beginPath()
        _Trace(path).follow(element.get("d", ""))
        canvas.drawPath(path, **how)
    canvas.restoreState()


def _line(canvas: "Canvas", element: "etree._Element", colour: str) -> None:
    canvas.setStrokeColor(colour)
    canvas.setLineWidth(_of(element, "stroke-width", "1"))
    canvas.setLineCap(_CAPS[element.get("stroke-linecap", "butt")])
    canvas.setLineJoin(_JOINS[element.get("stroke-linejoin", "miter")])
    if dashes := _numbers(element.get("stroke-dasharray", "")):
        canvas.setDash(dashes)


def _text(canvas: "Canvas", element: "etree._Element", font: str) -> None:
    size, written = _of(element, "font-size", str(_FONT_SIZE)), "".join(map(str, element.itertext()))
    width = canvas.stringWidth(written, font, size)
    before = {"start": 0.0, "middle": width / 2, "end": width}[element.get("text-anchor", "middle")]
    canvas.saveState()
    canvas.translate(_of(element, "x") - before, _of(element, "y"))
    canvas.scale(1, -1)
    canvas.setFillColor(element.get("fill", "#000000"))
    line = canvas.beginText(0, 0)
    line.setFont(font, size)
    if element.get("font-weight") == "bold":
        canvas.setStrokeColor(element.get("fill", "#000000"))
        canvas.setLineWidth(_BOLD)
        line.setTextRenderMode(2)
    line.textOut(written)
    canvas.drawText(line)
    canvas.restoreState()


def _of(element: "etree._Element", name: str, default: str = "0") -> float:
    return float(element.get(name, default))


def _numbers(text: str) -> list[float]:
    return [float(each) for each in _NUMBER.findall(text)]


class _Trace:
    """Follows the commands of an SVG path (SVG 2, 9.3) on a path of a PDF, which knows lines and cubic curves."""

    def __init__(self, path: "PDFPathObject") -> None:
        self._path = path
        self._x = self._y = 0.0
        self._start = (0.0, 0.0)
        self._control = (0.0, 0.0)
        self._last = ""

    def follow(self, data: str) -> None:
        """Draw all commands of a path."""
        for letter, given in _STEP.findall(data):
            kind, numbers = letter.upper(), _numbers(given)
            for part in _parts(numbers, _TAKEN[kind]):
                self._step(kind, part, is_relative=letter.islower())
                self._last = kind
                kind = "L" if kind == "M" else kind

    def _step(self, kind: str, given: list[float], *, is_relative: bool) -> None:
        x, y = (self._x, self._y) if is_relative else (0.0, 0.0)
        match kind, given:
            case "M", [to_x, to_y]:
                self._start = (x + to_x, y + to_y)
                self._to(*self._start, self._path.moveTo)
            case "L", [to_x, to_y]:
                self._to(x + to_x, y + to_y, self._path.lineTo)
            case "H", [to_x]:
                self._to(x + to_x, self._y, self._path.lineTo)
            case "V", [to_y]:
                self._to(self._x, y + to_y, self._path.lineTo)
            case "C", [a, b, c, d, to_x, to_y]:
                self._curve((x + a, y + b), (x + c, y + d), (x + to_x, y + to_y))
            case "S", [c, d, to_x, to_y]:
                self._curve(self._mirrored("CS"), (x + c, y + d), (x + to_x, y + to_y))
            case "Q", [a, b, to_x, to_y]:
                self._bend((x + a, y + b), (x + to_x, y + to_y))
            case "T", [to_x, to_y]:
                self._bend(self._mirrored("QT"), (x + to_x, y + to_y))
            case "A", [a, b, turned, is_large, is_clockwise, to_x, to_y]:
                ends = (x + to_x, y + to_y)
                for curve in arc_curves(
                    (self._x, self._y), ends, (a, b), turned, is_large > 0, is_clockwise > 0
                ):
                    self._curve(*curve)
            case _:
                self._path.close()
                self._x, self._y = self._start

    def _to(self, x: float, y: float, go: object) -> None:
        assert callable(go)
        go(x, y)
        self._x, self._y = x, y

    def _curve(self, one: Point, two: Point, end: Point) -> None:
        self._path.curveTo(*one, *two, *end)
        self._control = two
        self._x, self._y = end

    def _bend(self, control: Point, end: Point) -> None:
        """Draw a quadratic curve as the cubic one that it is."""
        (a, b), (x, y) = control, (self._x, self._y)
        one = (x + (a - x) * 2 / 3, y + (b - y) * 2 / 3)
        two = (end[0] + (a - end[0]) * 2 / 3, end[1] + (b - end[1]) * 2 / 3)
        self._curve(one, two, end)
        self._control = control

    def _mirrored(self, kinds: str) -> Point:
        if self._last not in kinds:
            return (self._x, self._y)
        return (2 * self._x - self._control[0], 2 * self._y - self._control[1])


def arc_curves(
    start: Point, end: Point, radii: Point, turned: float, is_large: bool, is_clockwise: bool
) -> Iterator[tuple[Point, Point, Point]]:
    """Give an arc of an ellipse as cubic curves of a quarter at most: two controls and an end each (SVG 2, B.2).

    `turned` is the angle of its first axis, in degrees.
    """
    if start == end or not all(radii):
        if start != end:
            yield start, end, end
        return
    turn = cmath.exp(1j * math.radians(turned))
    a, b = abs(radii[0]), abs(radii[1])
    # On the unit circle: the ellipse turned back and its axes made 1.
    one, other = (_scaled(complex(*point) / turn, 1 / a, 1 / b) for point in (start, end))
    half = (other - one) / 2
    if abs(half) > 1:
        a, b, one, other, half = (
            a * abs(half),
            b * abs(half),
            one / abs(half),
            other / abs(half),
            half / abs(half),
        )
    across = 1j * half / abs(half) * math.sqrt(max(0.0, 1 - abs(half) ** 2))
    center = one + half + (across if is_large != is_clockwise else -across)
    first, last = cmath.phase(one - center), cmath.phase(other - center)
    sweep = (last - first) % math.tau - (0 if is_clockwise else math.tau)
    parts = max(1, math.ceil(abs(sweep) / (math.pi / 2) - 1e-9))
    reach = 4 / 3 * math.tan(sweep / parts / 4)
    for number in range(parts):
        angles = (first + sweep * number / parts, first + sweep * (number + 1) / parts)
        here, there = (cmath.exp(1j * angle) for angle in angles)
        points = (here * (1 + 1j * reach), there * (1 - 1j * reach), there)
        first_control, second_control, to = (_scaled(center + point, a, b) * turn for point in points)
        yield (
            (first_control.real, first_control.imag),
            (second_control.real, second_control.imag),
            (to.real, to.imag),
        )


def _scaled(point: complex, x: float, y: float) -> complex:
    return complex(point.real * x, point.imag * y)


def _parts(numbers: list[float], size: int) -> Iterator[list[float]]:
    if not size:
        yield []
    else:
        yield from (numbers[start : start + size] for start in range(0, len(numbers), size))
