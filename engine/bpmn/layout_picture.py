"""A finished picture of a document, and writing it as BPMN diagram data."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.geometry import Box, Point
from flowmaster.engine.bpmn.vocabulary import (
    BOUNDS,
    DIAGRAM,
    EDGE,
    LABEL,
    PLANE,
    SHAPE,
    SUB_PROCESS_KINDS,
    WAYPOINT,
)


@dataclass(slots=True)
class Page:
    """One diagram: a collaboration with its pools, or a single process."""

    owner: Element
    participants: Sequence[Element]
    ids: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Picture:
    """Where everything is drawn, by the ids of the elements."""

    boxes: dict[str, Box] = field(default_factory=dict)
    ways: dict[str, list[Point]] = field(default_factory=dict)
    labels: dict[str, Box] = field(default_factory=dict)
    pages: list[Page] = field(default_factory=list)
    expanded: set[str] = field(default_factory=set)
    horizontal: set[str] = field(default_factory=set)
    """Pools and lanes."""
    above: set[str] = field(default_factory=set)
    """Data that stands above the node it belongs to, with its name on top."""
    groups: set[str] = field(default_factory=set)
    rooms: dict[str, Box] = field(default_factory=dict)
    """The room inside a pool that the lanes of its process share."""


def write(document: BpmnDocument, picture: Picture) -> None:
    """Replace all diagram data of a document by a picture."""
    document.remove_diagrams()
    for number, page in enumerate(picture.pages, 1):
        suffix = "" if number == 1 else f"_{number}"
        diagram = document.root.add(DIAGRAM, {"id": f"diagram{suffix}"})
        plane = diagram.add(PLANE, {"id": f"plane{suffix}", "bpmnElement": page.owner.id})
        for identifier in _in_document_order(document, page, picture):
            _write_shape(document, plane, identifier, picture)
        for identifier, way in picture.ways.items():
            if _page_of(document, identifier, picture) is page:
                _write_edge(plane, identifier, way, picture.labels.get(identifier))


def _in_document_order(document: BpmnDocument, page: Page, picture: Picture) -> list[str]:
    """Containers come before what they hold, so that whoever draws in this order hides nothing."""
    order = {
        element.id: place
        for place, element in enumerate(document.root.descendants())
        if element.id and element.id in page.ids
    }
    pools = {participant.id for participant in page.participants}

    def rank(identifier: str) -> tuple[int, int]:
        if identifier in pools:
            return 0, order[identifier]
        return (1 if identifier in picture.horizontal else 2), order[identifier]

    return sorted(order, key=rank)


def _page_of(document: BpmnDocument, identifier: str, picture: Picture) -> Page:
    """Return the page on which an edge ends; where it joins two edges, the page of one of these."""
    edge = document.element(identifier)
    ends = [end.id for end in (document.start_of(edge), document.end_of(edge)) if end is not None]
    for page in picture.pages:
        if any(end in page.ids for end in ends):
            return page
    return _page_of(document, next(end for end in ends if end in picture.ways), picture)


def _write_shape(document: BpmnDocument, plane: Element, identifier: str, picture: Picture) -> None:
    element = document.element(identifier)
    attributes: dict[str, str | None] = {"id": f"{identifier}_di", "bpmnElement": identifier}
    if identifier in picture.horizontal:
        attributes["isHorizontal"] = "true"
    if element.kind in SUB_PROCESS_KINDS:
        attributes["isExpanded"] = "true" if identifier in picture.expanded else "false"
    if element.kind == "exclusiveGateway":
        attributes["isMarkerVisible"] = "true"
    shape = plane.add(SHAPE, attributes)
    shape.add(BOUNDS, _bounds(picture.boxes[identifier]))
    label = picture.labels.get(identifier)
    if label is not None:
        shape.add(LABEL).add(BOUNDS, _bounds(label))


def _write_edge(plane: Element, identifier: str, way: list[Point], label: Box | None) -> None:
    edge = plane.add(EDGE, {"id": f"{identifier}_di", "bpmnElement": identifier})
    for point in way:
        edge.add(WAYPOINT, {"x": str(point.x), "y": str(point.y)})
    if label is not None:
        edge.add(LABEL).add(BOUNDS, _bounds(label))


def _bounds(box: Box) -> dict[str, str | None]:
    return {"x": str(box.x), "y": str(box.y), "width": str(box.width), "height": str(box.height)}
