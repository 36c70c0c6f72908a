"""Places for the names that stand outside their shapes: events, gateways, data, flows."""

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.geometry import Box, Point
from flowmaster.engine.bpmn.layout_picture import Picture
from flowmaster.engine.bpmn.layout_scopes import FLOW_LABEL_WIDTH, label_size
from flowmaster.engine.bpmn.lettering import broken
from flowmaster.engine.bpmn.vocabulary import GATEWAY_KINDS

_AWAY = 4


def set_labels(document: BpmnDocument, picture: Picture) -> None:
    """Set the box of every label of a picture."""
    for identifier, box in picture.boxes.items():
        element = document.find(identifier)
        if element is not None and element.name:
            width, height = label_size(element)
            if width:
                picture.labels[identifier] = _beside(document, element, box, width, height, picture)
    for identifier, way in picture.ways.items():
        flow = document.find(identifier)
        if flow is not None and flow.name.strip() and len(way) > 1:
            picture.labels[identifier] = _along(flow, way)


def _beside(
    document: BpmnDocument, element: Element, box: Box, width: int, height: int, picture: Picture
) -> Box:
    """Below an event, above a gateway; aside where a line leaves there."""
    x = box.center.x - width // 2
    if element.kind == "boundaryEvent":
        return Box(box.center.x + _AWAY, box.bottom + 2, width, height)
    ends = _ends(document, element, picture)
    top_used = any(point.y == box.y and point.x == box.center.x for point in ends)
    bottom_used = any(point.y == box.bottom and point.x == box.center.x for point in ends)
    if element.kind in GATEWAY_KINDS:
        if not top_used:
            return Box(x, box.y - height - 2, width, height)
        return Box(box.center.x - width - _AWAY, box.y - height - 2, width, height)
    if bottom_used:
        return Box(box.center.x + _AWAY, box.bottom + 2, width, height)
    return Box(x, box.bottom + 2, width, height)


def _ends(document: BpmnDocument, element: Element, picture: Picture) -> list[Point]:
    ends: list[Point] = []
    for flow in document.outgoing(element):
        ends.extend(picture.ways.get(flow.id, ())[:1])
    for flow in document.incoming(element):
        ends.extend(picture.ways.get(flow.id, ())[-1:])
    return ends


def _along(flow: Element, way: list[Point]) -> Box:
    """Above the first level part that is long enough, else beside the longest part."""
    lines = broken(flow.name, FLOW_LABEL_WIDTH, 4)
    for a, b in zip(way, way[1:], strict=False):
        if a.y == b.y and abs(a.x - b.x) >= lines.width + 10:
            x = a.x + 6 if b.x > a.x else a.x - 6 - lines.width
            return Box(x, a.y - lines.height - 2, lines.width, lines.height)
    a, b = max(
        zip(way, way[1:], strict=False),
        key=lambda pair: abs(pair[0].x - pair[1].x) + abs(pair[0].y - pair[1].y),
    )
    x, y = (a.x + b.x) // 2, (a.y + b.y) // 2
    if a.x == b.x:
        return Box(x + _AWAY, y - lines.height // 2, lines.width, lines.height)
    return Box(x - lines.width // 2, y - lines.height - 2, lines.width, lines.height)
