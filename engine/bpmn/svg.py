"""Pictures of BPMN: one SVG of all diagrams of a document, with the state of an instance where it is given.

The SVG holds no scripts, no styles and no addresses; every shape carries `data-element` with its id.
"""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from flowmaster.engine.bpmn.diagram import Diagram, Line, Shape, read_diagrams
from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.geometry import Box, Point
from flowmaster.engine.bpmn.layout import lay_out
from flowmaster.engine.bpmn.lettering import text_width
from flowmaster.engine.bpmn.svg_heat import Heat, draw_scale
from flowmaster.engine.bpmn.svg_icons import envelope
from flowmaster.engine.bpmn.svg_nodes import draw_shape
from flowmaster.engine.bpmn.svg_notes import Notes, badge, draw_notes
from flowmaster.engine.bpmn.svg_pen import INK, PAPER, Pen, Style, attribute, safe
from flowmaster.engine.bpmn.vocabulary import ACTIVITY_KINDS, BIOC, COLOR, GATEWAY_KINDS

_MARGIN = 24
_GAP = 60
_LEGEND_HEIGHT = 34
_COLOUR = re.compile(r"#[0-9a-fA-F]{3}(?:[0-9a-fA-F]{3})?\Z|[a-zA-Z]{3,20}\Z")
_BEHIND = ("participant", "lane")

COMPLETED = Style("#1e7d3c", "#e7f5ea")
ACTIVE = Style("#1a5fd0", "#e5eefd", "3")
INCIDENT = Style("#c5221f", "#fde8e6", "3")
_TAKEN_WEIGHT = "3"


@dataclass(frozen=True, slots=True)
class Marks:
    """The state of an instance, or of many, to be shown in the picture; all by element id."""

    completed: AbstractSet[str] = frozenset()
    active: AbstractSet[str] = frozenset()
    incident: AbstractSet[str] = frozenset()
    taken: AbstractSet[str] = frozenset()
    """Sequence flows that were taken."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """A number for a badge: how often an element was entered, or how many tokens wait there."""
    heat: Heat | None = None
    """Colours elements by what they cost instead of by their state; tokens and incidents keep their badges."""
    counted: str = "how often"
    """What the numbers count, as the legend says."""
    notes: Notes | None = None
    """What there is to say of single elements; a picture has notes or a state."""

    def style_of(self, identifier: str) -> Style | None:
        """Return the colours of an element's state; an incident outshines a token, a token what is done."""
        if self.notes is not None:
            noted = self.notes.of.get(identifier)
            return noted.style if noted is not None else None
        if self.heat is not None:
            return self.heat.style_of(identifier)
        if identifier in self.incident:
            return INCIDENT
        if identifier in self.active:
            return ACTIVE
        return COMPLETED if identifier in self.completed else None


def draw_svg(document: BpmnDocument, marks: Marks | None = None) -> str:
    """Return a picture of a document as SVG; one without diagram data is laid out on a copy."""
    diagrams = read_diagrams(document)
    if not diagrams:
        document = document.copy()
        lay_out(document)
        diagrams = read_diagrams(document)
    shown = marks or Marks()
    pen = Pen()
    width, height = 200, _MARGIN
    for diagram in diagrams:
        bounds = diagram.bounds
        pen.put(f'<g transform="translate({_MARGIN - bounds.x} {height - bounds.y})">')
        _draw(pen, document, diagram, shown)
        pen.put("</g>")
        width = max(width, bounds.width + 2 * _MARGIN)
        height += bounds.height + _GAP
    height += _MARGIN - _GAP if diagrams else 60
    told = ""
    if shown.notes is not None:
        room, told = draw_notes(pen, shown.notes, height), shown.notes.told
        width, height = max(width, room.width), height + room.height
    elif marks is not None:
        width = max(width, _legend(pen, shown, height))
        height += _LEGEND_HEIGHT
    return pen.page(_title(document), width, height, told=told)


def _title(document: BpmnDocument) -> str:
    names = [process.title for process in document.processes if process.title]
    return ", ".join(names) or "BPMN diagram"


def _draw(pen: Pen, document: BpmnDocument, diagram: Diagram, marks: Marks) -> None:
    """Draw pools and lanes first, then open sub-processes with their own lanes, then lines, then everything else."""
    behind = [
        shape for shape in diagram.shapes if shape.element.kind in _BEHIND and not _is_inner(document, shape)
    ]
    rest = [shape for shape in diagram.shapes if shape.element.kind not in _BEHIND]
    scopes = [shape for shape in rest if _is_scope(shape)]
    scopes += [shape for shape in diagram.shapes if _is_inner(document, shape)]
    scopes.sort(key=lambda shape: shape.box.width * shape.box.height, reverse=True)
    front = [shape for shape in rest if not _is_scope(shape)]
    front.sort(key=lambda shape: shape.element.kind == "boundaryEvent")
    for shape in (*behind, *scopes):
        _put_shape(pen, document, shape, marks)
    for line in diagram.lines:
        _put_line(pen, document, line, marks)
    for shape in front:
        _put_shape(pen, document, shape, marks)
    for shape in diagram.shapes:
        _badge(pen, shape, marks)
    for line in diagram.lines:
        _line_sign(pen, line, marks)


def _is_inner(document: BpmnDocument, shape: Shape) -> bool:
    """Return whether a shape is a lane of a sub-process."""
    scope = document.scope_of(shape.element) if shape.element.kind == "lane" else None
    return scope is not None and scope.kind != "process"


def _is_scope(shape: Shape) -> bool:
    kind = shape.element.kind
    return kind == "group" or (
        kind in ACTIVITY_KINDS and kind.endswith(("rocess", "action")) and shape.is_expanded
    )


def _put_shape(pen: Pen, document: BpmnDocument, shape: Shape, marks: Marks) -> None:
    style = marks.style_of(shape.element.id) or _own_style(shape.drawn)
    pen.put(f"<g data-element={attribute(shape.element.id)}>")
    _put_title(pen, shape.element, marks)
    draw_shape(pen, document, shape, style)
    pen.put("</g>")


def _put_title(pen: Pen, element: Element, marks: Marks) -> None:
    """Say what an element is called, and what is noted of it."""
    note = marks.notes.of.get(element.id) if marks.notes is not None else None
    words = [element.title if element.name else "", note.text if note is not None else ""]
    if any(words):
        pen.put(f"<title>{safe(': '.join(word for word in words if word))}</title>")


def _own_style(drawn: Element) -> Style:
    """Return the colours that a modeller gave the shape, if they are plain colours."""
    line = drawn.get(f"{{{COLOR}}}border-color") or drawn.get(f"{{{BIOC}}}stroke")
    fill = drawn.get(f"{{{COLOR}}}background-color") or drawn.get(f"{{{BIOC}}}fill")
    return Style(
        line if _COLOUR.match(line) else INK,
        fill if _COLOUR.match(fill) else PAPER,
    )


def _put_line(pen: Pen, document: BpmnDocument, line: Line, marks: Marks) -> None:
    element, kind, points = line.element, line.element.kind, line.points
    style = Style(_own_style(line.drawn).line, "none", "1.5")
    if element.id in marks.taken:
        style = Style(COMPLETED.line, "none", _TAKEN_WEIGHT)
    noted = marks.style_of(element.id) if marks.notes is not None else None
    if noted is not None:
        style = replace(noted, fill="none")
    pen.put(f"<g data-element={attribute(element.id)}>")
    if noted is not None:
        _put_title(pen, element, marks)
    if kind == "sequenceFlow":
        _rounded(pen, points, style, "")
        _flow_marks(pen, document, element, points, style)
    elif kind == "messageFlow":
        _rounded(pen, points, style, ' stroke-dasharray="8 5"')
        pen.circle(points[0], 4, Style(style.line, PAPER, "1.5"))
        pen.arrow(points, style, fill=PAPER)
        visible = line.drawn.get("messageVisibleKind")
        if visible:
            x, y = _middle(points)
            picture = envelope(style.line, PAPER, is_solid=visible == "non_initiating")
            pen.put(f'<g transform="translate({x} {y})">{picture}</g>')
    else:
        _rounded(pen, points, style, ' stroke-dasharray="1 4" stroke-linecap="round"')
        direction = element.get("associationDirection")
        if kind.startswith("data") or direction in ("One", "Both"):
            pen.arrow(points, style, is_open=True)
        if direction == "Both":
            pen.arrow(points[::-1], style, is_open=True)
    middle = _middle(points)
    pen.label(element.name, line.label, Point(middle.x, middle.y + 4), INK)
    pen.put("</g>")


def _flow_marks(
    pen: Pen, document: BpmnDocument, flow: Element, points: tuple[Point, ...], style: Style
) -> None:
    pen.arrow(points, style)
    source = document.source(flow)
    if source is None:
        return
    if source.get("default") == flow.id:
        pen.slash(points, style)
    elif source.kind in ACTIVITY_KINDS and flow.child("conditionExpression") is not None:
        pen.diamond(points, style)


def _rounded(pen: Pen, points: tuple[Point, ...], style: Style, extra: str) -> None:
    """Draw a line whose corners are a little round."""
    data = [f"M{points[0].x} {points[0].y}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        a, b = _towards(corner, before), _towards(corner, after)
        data.append(f"L{a.x} {a.y}Q{corner.x} {corner.y} {b.x} {b.y}")
    data.append(f"L{points[-1].x} {points[-1].y}")
    pen.path("".join(data), style, extra=f' stroke-linejoin="round"{extra}')


def _towards(corner: Point, other: Point, reach: int = 5) -> Point:
    dx, dy = other.x - corner.x, other.y - corner.y
    length = max(abs(dx), abs(dy))
    step = min(reach, length // 2)
    return Point(corner.x + dx * step // max(1, length), corner.y + dy * step // max(1, length))


def _middle(points: tuple[Point, ...]) -> Point:
    """Return the point halfway along a line."""
    lengths = [abs(a.x - b.x) + abs(a.y - b.y) for a, b in zip(points, points[1:], strict=False)]
    left, part = sum(lengths) // 2, 0
    while left > lengths[part]:
        left, part = left - lengths[part], part + 1
    a, b, length = points[part], points[part + 1], max(1, lengths[part])
    return Point(a.x + (b.x - a.x) * left // length, a.y + (b.y - a.y) * left // length)


def _badge(pen: Pen, shape: Shape, marks: Marks) -> None:
    """Put a token, a warning or a number on the upper right corner, at gateways, whose name is there, the lower."""
    identifier = shape.element.id
    text = _badge_text(identifier, marks)
    if not text and identifier not in marks.active:
        return
    style = INCIDENT if identifier in marks.incident else marks.style_of(identifier)
    colour = style.line if style is not None else "#5f6368"
    half = _half(text)
    corner = Point(shape.box.right + 5 - half, shape.box.y + 2)
    if shape.element.kind in GATEWAY_KINDS:
        corner = Point(shape.box.right + half - 14, shape.box.bottom - 4)
    _put_badge(pen, corner, text, colour)


def _line_sign(pen: Pen, line: Line, marks: Marks) -> None:
    """Put the sign of a note on the middle of a line."""
    note = marks.notes.of.get(line.element.id) if marks.notes is not None else None
    if note is not None and note.sign:
        _put_badge(pen, _middle(line.points), note.sign, badge(note).line)


def _half(text: str) -> int:
    """Return half the width of a badge."""
    return max(9, (text_width(text) + 9) // 2)


def _put_badge(pen: Pen, center: Point, text: str, colour: str) -> None:
    half = _half(text)
    box = Box(center.x - half, center.y - 9, 2 * half, 18)
    pen.rect(box, Style(PAPER, colour, "1.5"), radius=9)
    if text:
        pen.put(
            f'<text x="{center.x}" y="{center.y + 4}" fill="{PAPER}" font-weight="bold">{safe(text)}</text>'
        )


def _badge_text(identifier: str, marks: Marks) -> str:
    if marks.notes is not None:
        return marks.notes.of[identifier].sign if identifier in marks.notes.of else ""
    warning = "!" if identifier in marks.incident else ""
    if marks.heat is not None:
        return f"{warning} {marks.heat.text_of(identifier)}".strip()
    count = marks.counts.get(identifier)
    return warning if count is None else str(count)


def _legend(pen: Pen, marks: Marks, top: int) -> int:
    """Explain the colours that are used, and return how wide that is."""
    entries = [
        ("completed", COMPLETED, bool(marks.completed)),
        ("active", ACTIVE, bool(marks.active)),
        ("incident", INCIDENT, bool(marks.incident)),
    ]
    x, y = _MARGIN, top + 4
    if marks.heat is not None:
        x, entries = draw_scale(pen, marks.heat, x, y), []
    for name, style, is_used in entries:
        if is_used:
            pen.rect(Box(x, y, 22, 16), style, radius=4)
            pen.text([name], x + 30, y + 2, INK, anchor="start")
            x += 30 + text_width(name) + 22
    if marks.taken:
        pen.path(f"M{x} {y + 8}h22", Style(COMPLETED.line, "none", _TAKEN_WEIGHT))
        pen.text(["path taken"], x + 30, y + 2, INK, anchor="start")
        x += 30 + text_width("path taken") + 22
    if marks.counts:
        pen.rect(Box(x, y, 22, 16), Style(PAPER, "#5f6368", "1.5"), radius=8)
        pen.text([marks.counted], x + 30, y + 2, INK, anchor="start")
        x += 30 + text_width(marks.counted) + 22
    return x + _MARGIN
