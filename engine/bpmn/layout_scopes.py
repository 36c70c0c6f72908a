"""From the document to what the layered layout takes: nodes with their sizes, edges, lanes, notes and data."""

from dataclasses import dataclass, field

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.fitting import fits_inside
from flowmaster.engine.bpmn.geometry import Box
from flowmaster.engine.bpmn.layout_cells import (
    BOUNDARY_ENDS,
    BOUNDARY_STEP_MAX,
    BOUNDARY_STEP_MIN,
    Edge,
    Node,
    boundary_offset,
)
from flowmaster.engine.bpmn.lettering import broken, label_lines, text_width
from flowmaster.engine.bpmn.naming import words_of
from flowmaster.engine.bpmn.vocabulary import (
    ACTIVITY_KINDS,
    EVENT_KINDS,
    GATEWAY_KINDS,
    SCOPE_KINDS,
    SUB_PROCESS_KINDS,
)

EVENT_SIZE = 36
GATEWAY_SIZE = 50
TASK_WIDTH, TASK_HEIGHT = 100, 80
LABEL_WIDTH = 90
BOUNDARY_LABEL_WIDTH = 72
FLOW_LABEL_WIDTH = 90
INNER_PADDING = 30
_DATA_SIZES = {
    "dataObjectReference": (36, 50),
    "dataStoreReference": (50, 50),
    "dataInput": (36, 50),
    "dataOutput": (36, 50),
}
_SIDE_KINDS = (*_DATA_SIZES, "textAnnotation")
_ATTACHABLE_MAX = 2


@dataclass(slots=True)
class ScopePlan:
    """What is drawn directly inside a process or sub-process."""

    scope: Element
    lanes: list[Element]
    nodes: list[Node]
    edges: list[Edge]
    loose: list[Element] = field(default_factory=list)
    """Edges that the layers do not carry."""
    beside: dict[str, str] = field(default_factory=dict)
    """Notes and data by id, with the node they stand at."""


def scopes_inside_out(document: BpmnDocument) -> list[Element]:
    """Return all processes and sub-processes, inner ones before those around them."""
    return list(document.root.descendants(*SCOPE_KINDS))[::-1]


def plan(document: BpmnDocument, scope: Element, inner: dict[str, Box]) -> ScopePlan:
    """Return what is to be placed in `scope`; `inner` has the sizes of the sub-processes inside."""
    leaves = leaf_lanes(scope)
    home = _LaneFinder(document, scope, leaves)
    hosts = _hosts(document, scope)
    found = ScopePlan(scope, leaves, [], [])
    sides: dict[str, list[Node]] = {}
    alone: list[Node] = []
    for element in _side_elements(document, scope):
        host = _host_of(document, element, hosts)
        node = _node(document, element, 0, inner)
        if element.parent != scope and element.kind == "textAnnotation" and host is None:
            continue
        is_full = host is not None and len(sides.get(host, ())) >= _ATTACHABLE_MAX
        if host is None or is_full or home.parts(element.id, host):
            alone.append(node._replace(lane=home.lane_of(element)))
        else:
            sides.setdefault(host, []).append(node)
            found.beside[element.id] = host
    for element in document.flow_nodes(scope):
        if element.id in hosts and hosts[element.id] == element.id:
            node = _node(document, element, home.lane_of(element), inner)
            beside = sides.get(node.id, [])
            can_hang = not node.boundary and len(beside) > 1
            above, below = (beside[:1], beside[1:]) if can_hang else (beside, [])
            found.nodes.append(node._replace(above=tuple(above[::-1]), below=tuple(below)))
    found.nodes.extend(alone)
    _plan_edges(document, scope, hosts, found)
    return found


def leaf_lanes(scope: Element) -> list[Element]:
    """Return the lanes that hold no other lanes, from top to bottom."""
    found: list[Element] = []
    for lane_set in scope.children("laneSet"):
        for lane in lane_set.descendants("lane"):
            if lane.child("childLaneSet") is None or not any(lane.descendants("lane")):
                found.append(lane)
    return found


def size_of(document: BpmnDocument, element: Element, inner: dict[str, Box]) -> tuple[int, int]:
    """Return width and height of an element's shape."""
    kind = element.kind
    if kind in EVENT_KINDS:
        return EVENT_SIZE, EVENT_SIZE
    if kind in GATEWAY_KINDS:
        return GATEWAY_SIZE, GATEWAY_SIZE
    if kind in _DATA_SIZES:
        return _DATA_SIZES[kind]
    if kind == "textAnnotation":
        lines = broken(element.text_of("text"), 140)
        return max(60, lines.width + 14) // 2 * 2, max(30, lines.height + 12) // 2 * 2
    if kind in SUB_PROCESS_KINDS and element.id in inner:
        content = inner[element.id]
        title = min(text_width(element.title) + 40, 400)
        border = _border_width(document, element)
        return max(TASK_WIDTH, content.width, title, border) // 2 * 2, max(
            TASK_HEIGHT, content.height
        ) // 2 * 2
    return _task_size(document, element)


def _task_size(document: BpmnDocument, element: Element) -> tuple[int, int]:
    """Return the smallest usual size into which the name of a task fits beside its icon, markers and events."""
    border = _border_width(document, element)
    has_events = border > 0
    for width, height in ((100, 80), (120, 80), (140, 80), (140, 100), (160, 120), (200, 140)):
        wide = max(width, border) // 2 * 2
        if fits_inside(element, Box(0, 0, wide, height), has_events=has_events):
            return wide, height
    return wide, height


def _border_width(document: BpmnDocument, element: Element) -> int:
    """Return how wide a border must be for its events to stand beside each other with their names."""
    events = document.boundary_events(element)
    if not events:
        return 0
    names = sorted(label_size(document, event)[0] for event in events)
    step = max(BOUNDARY_STEP_MIN, min(BOUNDARY_STEP_MAX, names[-1] + 12))
    return BOUNDARY_ENDS + (len(events) - 1) * step


def label_size(document: BpmnDocument, element: Element) -> tuple[int, int]:
    """Return the room that the name of an event, gateway or data shape takes outside of it."""
    width = BOUNDARY_LABEL_WIDTH if element.kind == "boundaryEvent" else LABEL_WIDTH
    outside = element.kind in EVENT_KINDS or element.kind in GATEWAY_KINDS or element.kind in _DATA_SIZES
    words = words_of(document, element) if outside else ""
    if not words:
        return 0, 0
    lines = label_lines(words, width, 8 if element.kind == "boundaryEvent" else 5)
    return lines.width, lines.height


class _LaneFinder:
    """Says which leaf lane an element stands in; one that no lane names goes where its neighbours are."""

    def __init__(self, document: BpmnDocument, scope: Element, leaves: list[Element]) -> None:
        self._document = document
        self._number = {lane: number for number, lane in enumerate(leaves)}
        self._of: dict[str, int] = {}
        for lane_set in scope.children("laneSet"):
            for lane in lane_set.descendants("lane"):
                inside = [one for one in (lane, *lane.descendants("lane")) if one in self._number]
                for identifier in lane.texts_of("flowNodeRef"):
                    self._of[identifier] = self._number[inside[0]]
        if self._number:
            self._spread(scope)

    def lane_of(self, element: Element) -> int:
        """Return the number of the lane, 0 where there are none."""
        return self._of.get(element.id, 0)

    def parts(self, one: str, other: str) -> bool:
        """Return whether the model puts the two into different lanes."""
        return one in self._of and self._of[one] != self._of.get(other)

    def _spread(self, scope: Element) -> None:
        nodes = self._document.flow_nodes(scope)
        for node in nodes:
            named = [self._of[one.id] for one in node.descendants() if one.id in self._of]
            if node.id not in self._of and named:
                self._of[node.id] = named[0]
        flows = self._document.sequence_flows(scope)
        for flow in (*flows, *reversed(flows)):
            source, target = flow.get("sourceRef"), flow.get("targetRef")
            if source in self._of:
                self._of.setdefault(target, self._of[source])
            elif target in self._of:
                self._of.setdefault(source, self._of[target])


def _hosts(document: BpmnDocument, scope: Element) -> dict[str, str]:
    """Return every flow node of a scope with the node it is placed with: itself, or the host of its border."""
    nodes = document.flow_nodes(scope)
    hosts = {node.id: node.id for node in nodes if node.kind != "boundaryEvent"}
    for node in nodes:
        if node.kind == "boundaryEvent":
            host = document.reference(node, "attachedToRef")
            fits = host is not None and hosts.get(host.id) == host.id and host.kind in ACTIVITY_KINDS
            hosts[node.id] = host.id if host is not None and fits else node.id
    return hosts


def _side_elements(document: BpmnDocument, scope: Element) -> list[Element]:
    found = scope.children(*_SIDE_KINDS)
    if scope.kind == "process":
        for specification in scope.children("ioSpecification"):
            found.extend(specification.children("dataInput", "dataOutput"))
    for collaboration in document.collaborations:
        found.extend(collaboration.children("textAnnotation"))
    return found


def _host_of(document: BpmnDocument, element: Element, hosts: dict[str, str]) -> str | None:
    """Return the node at which a note or a piece of data is drawn: the first one joined with it."""
    for association in document.associations(element):
        for end in (document.start_of(association), document.end_of(association)):
            if end is None or end == element:
                continue
            if end.kind == "sequenceFlow":
                end = document.source(end) or end
            if end.id in hosts:
                return hosts[end.id]
    return None


def _node(document: BpmnDocument, element: Element, lane: int, inner: dict[str, Box]) -> Node:
    width, height = size_of(document, element, inner)
    label_width, label_height = label_size(document, element)
    events = sorted(document.boundary_events(element), key=lambda event: len(document.outgoing(event)) == 0)
    if events:
        label_height = EVENT_SIZE // 2 + max(label_size(document, event)[1] for event in events)
        leftmost = boundary_offset(width, len(events) - 1, len(events))
        beyond = label_size(document, events[-1])[0] + 6 - leftmost
        label_width = width + 2 * max(0, beyond)
    return Node(
        element.id,
        width,
        height,
        lane,
        label_width,
        label_height,
        tuple(event.id for event in events) if element.kind in ACTIVITY_KINDS else (),
        is_gateway=element.kind in GATEWAY_KINDS,
    )


def _plan_edges(document: BpmnDocument, scope: Element, hosts: dict[str, str], found: ScopePlan) -> None:
    for flow in _flows_from(document, scope, hosts):
        source, target = document.source(flow), document.target(flow)
        if source is None or target is None:
            continue
        if target.id not in hosts:
            found.loose.append(flow)
            continue
        begin, end = hosts[source.id], hosts[target.id]
        label = label_lines(flow.name, FLOW_LABEL_WIDTH, 4).width
        boundary = source.id if begin != source.id else ""
        if end != target.id:
            found.loose.append(flow)
        else:
            found.edges.append(Edge(flow.id, begin, end, boundary, label))


def _flows_from(document: BpmnDocument, scope: Element, hosts: dict[str, str]) -> list[Element]:
    """Return the flows that begin in a scope, in document order, wherever in the file they stand."""
    flows = [flow for flow in document.sequence_flows(scope) if flow.get("sourceRef") in hosts]
    known = {flow.id for flow in flows}
    for node in document.flow_nodes(scope):
        flows += [flow for flow in document.outgoing(node) if flow.id not in known]
        if node.kind == "boundaryEvent":
            flows += [one for one in document.associations(node) if _is_compensation(document, one)]
    return flows


def _is_compensation(document: BpmnDocument, association: Element) -> bool:
    source, target = document.source(association), document.target(association)
    return (
        source is not None
        and target is not None
        and source.kind == "boundaryEvent"
        and target.kind in ACTIVITY_KINDS
        and document.scope_of(source) == document.scope_of(target)
    )
