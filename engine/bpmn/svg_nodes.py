"""Drawing the shapes of BPMN: pools, lanes, activities, events, gateways, data, notes."""

from collections.abc import Callable
from dataclasses import replace

from flowmaster.engine.bpmn.diagram import Shape
from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.fitting import fitted
from flowmaster.engine.bpmn.geometry import Box, Point
from flowmaster.engine.bpmn.lettering import broken
from flowmaster.engine.bpmn.naming import words_of
from flowmaster.engine.bpmn.svg_icons import envelope, event_icon, gateway_icon, marker, task_icon
from flowmaster.engine.bpmn.svg_pen import PAPER, Pen, Style
from flowmaster.engine.bpmn.vocabulary import (
    ACTIVITY_KINDS,
    EVENT_DEFINITION_KINDS,
    EVENT_KINDS,
    GATEWAY_KINDS,
    SUB_PROCESS_KINDS,
    THROW_EVENT_KINDS,
)

_HEADER = 30
_Painter = Callable[[Pen, BpmnDocument, Shape, Style], None]


def draw_shape(pen: Pen, document: BpmnDocument, shape: Shape, style: Style) -> None:
    """Draw one shape with its name."""
    kind = shape.element.kind
    if kind in EVENT_KINDS:
        _event(pen, document, shape, style)
    elif kind in GATEWAY_KINDS:
        _gateway(pen, document, shape, style)
    elif kind in ACTIVITY_KINDS:
        _activity(pen, document, shape, style)
    else:
        _PAINTERS.get(kind, _anything)(pen, document, shape, style)


def _anything(pen: Pen, _document: BpmnDocument, shape: Shape, style: Style) -> None:
    pen.rect(shape.box, style, radius=10)
    pen.text_in(shape.element.name, shape.box.grown(-6), style.text)


def _pool(pen: Pen, _document: BpmnDocument, shape: Shape, style: Style) -> None:
    box, name = shape.box, shape.element.name
    pen.rect(box, style)
    multiple = shape.element.child("participantMultiplicity") is not None
    if multiple:
        _markers(pen, ["parallel"], box, style)
    if shape.element.get("processRef") == "" or min(box.width, box.height) <= 2 * _HEADER:
        pen.text_in(name, box.grown(-6), style.text)
    else:
        _header(pen, shape, name, style)


def _lane(pen: Pen, _document: BpmnDocument, shape: Shape, style: Style) -> None:
    pen.rect(shape.box, Style(style.line, style.fill, "1.5", style.text))
    box = shape.box
    strip = (
        Box(box.x, box.y, _HEADER, box.height)
        if shape.is_horizontal
        else Box(box.x, box.y, box.width, _HEADER)
    )
    if shape.is_horizontal:
        pen.text_upwards(shape.element.name, strip, style.text)
    else:
        pen.text_in(shape.element.name, strip, style.text, lines_max=2)


def _header(pen: Pen, shape: Shape, name: str, style: Style) -> None:
    box = shape.box
    if shape.is_horizontal:
        pen.path(f"M{box.x + _HEADER} {box.y}V{box.bottom}", Style(style.line, "none", "1.5"))
        pen.text_upwards(name, Box(box.x, box.y, _HEADER, box.height), style.text)
    else:
        pen.path(f"M{box.x} {box.y + _HEADER}H{box.right}", Style(style.line, "none", "1.5"))
        pen.text_in(name, Box(box.x, box.y, box.width, _HEADER), style.text, lines_max=2)


def _activity(pen: Pen, document: BpmnDocument, shape: Shape, style: Style) -> None:
    element, box, kind = shape.element, shape.box, shape.element.kind
    is_event_scope = element.is_true("triggeredByEvent")
    weight = "4" if kind == "callActivity" and style.weight == "2" else style.weight
    dashes = ' stroke-dasharray="2 4" stroke-linecap="round"' if is_event_scope else ""
    pen.rect(box, replace(style, weight=weight), radius=10, extra=dashes)
    if kind == "transaction":
        pen.rect(box.grown(-4), Style(style.line, "none", "1.5"), radius=7)
    marks = _activity_marks(shape)
    is_open = kind in SUB_PROCESS_KINDS and shape.is_expanded
    if is_open:
        lines = broken(element.name, max(40, box.width - 40), 3)
        pen.text(lines.lines, box.center.x, box.y + 8, style.text)
        _start_mark(pen, document, shape, style)
    else:
        icon = task_icon(kind, style.line, style.fill)
        if icon:
            pen.put(f'<g transform="translate({box.x + 5} {box.y + 5}) scale(.9)">{icon}</g>')
        name = fitted(element, box, has_events=bool(document.boundary_events(element)))
        pen.text(name.lines.lines, box.center.x, name.y, style.text)
    _markers(pen, marks, box, style)


def _activity_marks(shape: Shape) -> list[str]:
    element = shape.element
    marks: list[str] = []
    if element.is_true("isForCompensation"):
        marks.append("compensation")
    if element.child("standardLoopCharacteristics") is not None:
        marks.append("loop")
    several = element.child("multiInstanceLoopCharacteristics")
    if several is not None:
        marks.append("sequential" if several.is_true("isSequential") else "parallel")
    if element.kind == "adHocSubProcess":
        marks.append("adHoc")
    if element.kind in SUB_PROCESS_KINDS and not shape.is_expanded:
        marks.append("collapsed")
    return marks


def _start_mark(pen: Pen, document: BpmnDocument, shape: Shape, style: Style) -> None:
    """A collapsed look-alike shows its start; an expanded event sub-process needs only its dashed border."""
    if not shape.element.is_true("triggeredByEvent") or document.flow_nodes(shape.element):
        return
    pen.circle(Point(shape.box.x + 18, shape.box.y + 18), 10, Style(style.line, style.fill, "1.5"))


def _markers(pen: Pen, names: list[str], box: Box, style: Style) -> None:
    x = box.center.x - (len(names) * 18 - 4) // 2
    for number, name in enumerate(names):
        picture = marker(name, style.line, style.fill)
        pen.put(f'<g transform="translate({x + number * 18} {box.bottom - 17})">{picture}</g>')


def _event(pen: Pen, document: BpmnDocument, shape: Shape, style: Style) -> None:
    element, box, kind = shape.element, shape.box, shape.element.kind
    radius = max(4, min(box.width, box.height) // 2)
    center = box.center
    is_gentle = kind == "boundaryEvent" and not element.is_true("cancelActivity", default=True)
    is_gentle = is_gentle or (kind == "startEvent" and not element.is_true("isInterrupting", default=True))
    dashes = ' stroke-dasharray="5 3"' if is_gentle else ""
    thin = replace(style, weight="1.5" if style.weight == "2" else style.weight)
    if kind == "endEvent":
        pen.circle(center, radius - 1, replace(style, weight="4"))
    else:
        pen.circle(center, radius, thin, extra=dashes)
    if kind in ("intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"):
        pen.circle(center, radius - 3, Style(thin.line, "none", "1.5"), extra=dashes)
    name = _event_name(document, element)
    icon = event_icon(name, style.line, style.fill, is_solid=kind in THROW_EVENT_KINDS) if name else ""
    if icon:
        percent = max(20, radius * 100 // 18)
        scale = "" if percent == 100 else f" scale({percent // 100}.{percent % 100:02d})"
        pen.put(f'<g transform="translate({center.x} {center.y}){scale}">{icon}</g>')
    pen.label(element.name, shape.label, Point(center.x, box.bottom + 4), style.text)


def _event_name(document: BpmnDocument, element: Element) -> str:
    kinds = [one.kind for one in element.children(*sorted(EVENT_DEFINITION_KINDS))]
    for reference in element.texts_of("eventDefinitionRef"):
        found = document.find(reference)
        kinds.append(found.kind if found is not None else "multiple")
    if len(kinds) > 1:
        return "parallelMultiple" if element.is_true("parallelMultiple") else "multiple"
    return kinds[0] if kinds else ""


def _gateway(pen: Pen, _document: BpmnDocument, shape: Shape, style: Style) -> None:
    element, box = shape.element, shape.box
    x, y = box.center
    pen.path(
        f"M{x} {box.y}L{box.right} {y}L{x} {box.bottom}L{box.x} {y}z", style, extra=' stroke-linejoin="round"'
    )
    icon = gateway_icon(
        element.kind,
        style.line,
        style.fill,
        starts_process=element.is_true("instantiate"),
        is_parallel=element.get("eventGatewayType") == "Parallel",
    )
    percent = max(20, min(box.width, box.height) * 2)
    scale = "" if percent == 100 else f" scale({percent // 100}.{percent % 100:02d})"
    pen.put(f'<g transform="translate({x} {y}){scale}">{icon}</g>')
    pen.label(element.name, shape.label, Point(x, box.bottom + 4), style.text)


def _data(pen: Pen, document: BpmnDocument, shape: Shape, style: Style) -> None:
    box, element = shape.box, shape.element
    fold = min(12, box.width // 2, box.height // 2)
    thin = Style(style.line, style.fill, "1.5")
    pen.path(
        f"M{box.x} {box.y}H{box.right - fold}L{box.right} {box.y + fold}V{box.bottom}H{box.x}z"
        f"M{box.right - fold} {box.y}V{box.y + fold}H{box.right}",
        thin,
        extra=' stroke-linejoin="round"',
    )
    if element.kind in ("dataInput", "dataOutput"):
        arrow = "M0 3.500h6V0l6 5.500L6 11V7.500H0z".replace("500", "5")
        inside = style.line if element.kind == "dataOutput" else PAPER
        pen.put(
            f'<path transform="translate({box.x + 4} {box.y + 4})" d="{arrow}" fill="{inside}" '
            f'stroke="{style.line}" stroke-width="1.2"/>'
        )
    stored = document.reference(element, "dataObjectRef")
    if element.is_true("isCollection") or (stored is not None and stored.is_true("isCollection")):
        _markers(pen, ["collection"], box, style)
    pen.label(words_of(document, element), shape.label, Point(box.center.x, box.bottom + 4), style.text)


def _store(pen: Pen, document: BpmnDocument, shape: Shape, style: Style) -> None:
    box = shape.box
    rise = max(4, min(10, box.height // 5))
    x, right, half = box.x, box.right, box.width // 2
    top, bottom = box.y + rise, box.bottom - rise
    arcs = "".join(f"M{x} {top + step}a{half} {rise} 0 0 0 {box.width} 0" for step in (0, 6, 12))
    thin = Style(style.line, style.fill, "1.5")
    pen.path(
        f"M{x} {top}a{half} {rise} 0 0 1 {box.width} 0V{bottom}a{half} {rise} 0 0 1 {-box.width} 0z", thin
    )
    pen.path(arcs, Style(style.line, "none", "1.5"))
    assert right == x + box.width
    pen.label(words_of(document, shape.element), shape.label, Point(box.center.x, box.bottom + 4), style.text)


def _annotation(pen: Pen, _document: BpmnDocument, shape: Shape, style: Style) -> None:
    box = shape.box
    pen.path(f"M{box.x + 12} {box.y}H{box.x}V{box.bottom}H{box.x + 12}", Style(style.line, "none", "1.5"))
    lines = broken(shape.element.text_of("text"), max(30, box.width - 8))
    pen.text(lines.lines, box.x + 7, box.center.y - lines.height // 2, style.text, anchor="start")


def _group(pen: Pen, document: BpmnDocument, shape: Shape, style: Style) -> None:
    pen.rect(
        shape.box,
        Style(style.line, "none", "1.5"),
        radius=10,
        extra=' stroke-dasharray="10 4 2 4" stroke-linecap="round"',
    )
    pen.label(
        words_of(document, shape.element),
        shape.label,
        Point(shape.box.center.x, shape.box.y + 4),
        style.text,
        200,
    )


def _message(pen: Pen, _document: BpmnDocument, shape: Shape, style: Style) -> None:
    x, y = shape.box.center
    picture = envelope(style.line, style.fill, is_solid=False)
    pen.put(f'<g transform="translate({x} {y})">{picture}</g>')
    pen.label(shape.element.name, shape.label, Point(x, shape.box.bottom + 4), style.text)


def _conversation(pen: Pen, _document: BpmnDocument, shape: Shape, style: Style) -> None:
    box = shape.box
    x, y, quarter = box.center.x, box.center.y, box.width // 4
    pen.path(
        f"M{box.x} {y}L{box.x + quarter} {box.y}H{box.right - quarter}L{box.right} {y}"
        f"L{box.right - quarter} {box.bottom}H{box.x + quarter}z",
        style,
    )
    pen.label(shape.element.name, shape.label, Point(x, box.bottom + 4), style.text)


_PAINTERS: dict[str, _Painter] = {
    "participant": _pool,
    "lane": _lane,
    "dataObjectReference": _data,
    "dataObject": _data,
    "dataInput": _data,
    "dataOutput": _data,
    "dataStoreReference": _store,
    "dataStore": _store,
    "textAnnotation": _annotation,
    "group": _group,
    "message": _message,
    "conversation": _conversation,
    "callConversation": _conversation,
    "subConversation": _conversation,
}
