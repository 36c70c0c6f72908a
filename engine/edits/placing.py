"""Draws what edits have added: new shapes go where room is made for them, everything else keeps its place.

New nodes that hang together are laid out on a sheet of their own, which is then put behind the node they follow.
"""

from collections.abc import Iterable

from flowmaster.engine.bpmn.document import BpmnDocument, new_document
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.geometry import Box, Point, around
from flowmaster.engine.bpmn.layout import give_ids, lay_out
from flowmaster.engine.bpmn.vocabulary import DIAGRAM, FLOW_NODE_KINDS
from flowmaster.engine.edits.canvas import Canvas
from flowmaster.engine.edits.wiring import draw_flows

GAP = 50
MARGIN = 20
LANE_MIN = 120
_BESIDE_KINDS = ("textAnnotation", "dataObjectReference", "dataStoreReference")


def place(document: BpmnDocument, made: Iterable[str], *, everything: bool = False) -> None:
    """Draw new nodes and every flow whose ends have changed; all anew with `everything` or without a diagram."""
    if everything or document.root.child(DIAGRAM) is None:
        lay_out(document)
        return
    canvas = Canvas(document)
    new = [node for identifier in dict.fromkeys(made) if (node := document.find(identifier)) is not None]
    for node in new:
        give_ids(document, node)
        shape = canvas.shapes.pop(node.id, None)
        if shape is not None and node.kind != "boundaryEvent" and not _was_replaced(shape):
            shape.remove()
            _forget_inside(document, canvas, node)
        elif shape is not None:
            shape.set("id", shape.id or document.new_id(f"{node.id}_di"))
            canvas.shapes[node.id] = shape
    _draw_lanes(document, canvas)
    top = [node for node in new if node.id not in canvas.shapes and _is_top(node, new)]
    for group in _components(document, top):
        _place_group(document, canvas, group)
    for node in new:
        if node.kind == "boundaryEvent":
            _attach(document, canvas, node)
    draw_flows(document, canvas, [node.id for node in new if node.kind in FLOW_NODE_KINDS])


def _forget_inside(document: BpmnDocument, canvas: Canvas, node: Element) -> None:
    """Take away the drawing of what stands in a group that is drawn anew."""
    for below in node.descendants():
        shape = canvas.shapes.pop(below.id, None)
        if shape is not None:
            shape.remove()
        canvas.forget_edge(below.id)


def _was_replaced(shape: Element) -> bool:
    return not shape.id


def _is_top(node: Element, new: list[Element]) -> bool:
    """Return whether a new node stands in a scope that was there before; inner ones come with their group."""
    ids = {one.id for one in new}
    return node.kind in FLOW_NODE_KINDS and not any(up.id in ids for up in node.ancestors())


def _components(document: BpmnDocument, nodes: list[Element]) -> list[list[Element]]:
    """Return new nodes that hang together in one scope and lane, in their order along the flow."""
    by_id = {node.id: node for node in nodes if not _on_old_host(node, nodes)}
    home = {
        node: (by_id[node].parent, lane.id if (lane := document.lane_of(by_id[node])) else "")
        for node in by_id
    }
    groups: list[list[Element]] = []
    left = dict(by_id)
    while left:
        identifier, node = next(iter(left.items()))
        del left[identifier]
        group, waiting = [node], [node]
        while waiting:
            for near in _neighbours(document, waiting.pop()):
                if near in left and home[near] == home[identifier]:
                    waiting.append(left.pop(near))
                    group.append(waiting[-1])
        groups.append([one for one in by_id.values() if one in group])
    return groups


def _on_old_host(node: Element, nodes: list[Element]) -> bool:
    return node.kind == "boundaryEvent" and node.get("attachedToRef") not in {one.id for one in nodes}


def _neighbours(document: BpmnDocument, node: Element) -> list[str]:
    found = [flow.get("sourceRef") for flow in document.incoming(node)]
    found += [flow.get("targetRef") for flow in document.outgoing(node)]
    found += [event.id for event in document.boundary_events(node)]
    return [*found, node.get("attachedToRef")]


def _place_group(document: BpmnDocument, canvas: Canvas, group: list[Element]) -> None:
    sheet = _sheet(document, group)
    drawn = Canvas(sheet)
    ids = [node.id for node in group if drawn.box(node.id) is not None]
    size = around([box for one in ids if (box := drawn.box(one)) is not None])
    first = next((box for node in group if (box := drawn.box(node.id)) is not None), size)
    anchor, boundary = _anchor(document, canvas, group)
    width = size.width
    if anchor is None:
        corner = _below_all(canvas)
    else:
        x = anchor.right + GAP
        y = anchor.center.y - (first.center.y - size.y)
        if boundary:
            x, y = anchor.x + MARGIN, anchor.bottom + GAP
        corner = Point(x, y)
        container = _container(document, canvas, group[0])
        if container is not None and corner.y < container.y + MARGIN:
            corner = Point(corner.x, container.y + MARGIN)
        _make_room(document, canvas, group, Box(corner.x, corner.y, width, size.height), boundary=boundary)
        corner = _free_place(document, canvas, group[0], Box(corner.x, corner.y, width, size.height))
    by = Point(corner.x - size.x, corner.y - size.y)
    for identifier, shape in drawn.shapes.items():
        canvas.copy_shape(identifier, shape, by)
    for identifier, edge in drawn.edges.items():
        canvas.copy_edge(identifier, edge, by)


def _sheet(document: BpmnDocument, group: list[Element]) -> BpmnDocument:
    """Return a document with the new nodes and the flows between them alone, laid out."""
    sheet = new_document("sheet")
    process = sheet.processes[0]
    ids = {node.id for node in group}
    for node in group:
        copy = process.add_xml(node.to_xml())
        for listing in copy.children("incoming", "outgoing"):
            listing.remove()
    for node in group:
        for flow in document.outgoing(node):
            if flow.get("targetRef") in ids and flow.get("targetRef") != node.id:
                sheet.connect(
                    sheet.element(node.id),
                    sheet.element(flow.get("targetRef")),
                    identifier=flow.id,
                    name=flow.name,
                )
    lay_out(sheet)
    return sheet


def _anchor(document: BpmnDocument, canvas: Canvas, group: list[Element]) -> tuple[Box | None, bool]:
    """Return the box that new nodes are put behind, and whether it is a boundary event, which leads down."""
    for node in group:
        for flow in document.incoming(node):
            box = canvas.box(flow.get("sourceRef"))
            if box is not None:
                source = document.element(flow.get("sourceRef"))
                return box, source.kind == "boundaryEvent"
            host = document.find(document.element(flow.get("sourceRef")).get("attachedToRef"))
            if host is not None and (box := canvas.box(host.id)) is not None:
                return box, True
    for node in group:
        for flow in document.outgoing(node):
            box = canvas.box(flow.get("targetRef"))
            if box is not None:
                return Box(box.x - GAP, box.y, 0, box.height), False
    return None, False


def _below_all(canvas: Canvas) -> Point:
    boxes = [box for one in canvas.shapes if (box := canvas.box(one)) is not None]
    found = around(boxes) if boxes else Box(100, 100, 0, 0)
    return Point(found.x + GAP, found.bottom + GAP)


def _container(document: BpmnDocument, canvas: Canvas, node: Element) -> Box | None:
    lane = document.lane_of(node)
    if lane is not None:
        return canvas.box(lane.id)
    parent = node.parent
    if parent is not None and parent.kind != "process":
        return canvas.box(parent.id)
    pool = next(
        (
            one
            for one in document.root.descendants("participant")
            if parent and one.get("processRef") == parent.id
        ),
        None,
    )
    return canvas.box(pool.id) if pool is not None else None


def _make_room(
    document: BpmnDocument, canvas: Canvas, group: list[Element], box: Box, *, boundary: bool
) -> None:
    """Shift what stands to the right, as far as the new nodes need it, and let the lane reach down to them."""
    targets = [
        found
        for node in group
        for flow in document.outgoing(node)
        if (found := canvas.box(flow.get("targetRef"))) is not None and found.x >= box.x - GAP
    ]
    ahead = min((found.x for found in targets), default=None)
    if ahead is not None and not boundary:
        missing = box.right + GAP - ahead
        if missing > 0:
            canvas.open_right(ahead, missing)
    container = _container(document, canvas, group[0])
    if container is None:
        return
    if box.right + MARGIN > container.right:
        canvas.open_right(container.right - 1, box.right + MARGIN - container.right)
    container = _container(document, canvas, group[0]) or container
    if box.bottom + MARGIN > container.bottom:
        canvas.open_down(container.bottom, 0)
        canvas.open_down(container.bottom - 1, box.bottom + MARGIN - container.bottom)


def _free_place(document: BpmnDocument, canvas: Canvas, node: Element, box: Box) -> Point:
    """Return the nearest place at or below `box` where nothing stands, the lane made higher where it must be."""
    around_it = {up.id for up in node.ancestors()}
    others = []
    for identifier in canvas.shapes:
        element = document.find(identifier)
        found = canvas.box(identifier)
        if (
            element is None
            or found is None
            or identifier in around_it
            or element.kind in ("lane", "participant")
        ):
            continue
        if element.kind in FLOW_NODE_KINDS or element.kind in _BESIDE_KINDS:
            others.append(found)
    y = box.y
    grown = Box(box.x - MARGIN, y - MARGIN // 2, box.width + 2 * MARGIN, box.height + MARGIN)
    while hit := [other for other in others if other.overlaps(grown)]:
        below = max(other.bottom for other in hit) + GAP // 2 + MARGIN
        grown, y = grown.moved(0, below - y), below
    container = _container(document, canvas, node)
    if container is not None and y + box.height + MARGIN > container.bottom:
        canvas.open_down(container.bottom - 1, y + box.height + MARGIN - container.bottom)
    return Point(box.x, y)


def _draw_lanes(document: BpmnDocument, canvas: Canvas) -> None:
    """Draw lanes that are new, below the others."""
    for process in document.processes:
        drawn = [box for lane in document.lanes(process) if (box := canvas.box(lane.id)) is not None]
        for lane in document.lanes(process):
            if lane.id in canvas.shapes or not drawn:
                continue
            last = max(drawn, key=lambda box: box.bottom)
            canvas.open_down(last.bottom - 1, LANE_MIN)
            for one in document.lanes(process):
                box = canvas.box(one.id)
                if box is not None and box.y == last.y and box.bottom == last.bottom + LANE_MIN:
                    canvas.add(one.id, last)
            canvas.add(lane.id, Box(last.x, last.bottom, last.width, LANE_MIN))
            canvas.shapes[lane.id].set("isHorizontal", "true")
            drawn = [box for one in document.lanes(process) if (box := canvas.box(one.id)) is not None]


def _attach(document: BpmnDocument, canvas: Canvas, event: Element) -> None:
    """Put a boundary event on the lower side of its host, beside those that are there."""
    host = canvas.box(event.get("attachedToRef"))
    if host is None:
        return
    box = canvas.box(event.id)
    if box is not None and box.grown(1).overlaps(host):
        return
    parent = document.element(event.get("attachedToRef"))
    others = [
        found for one in document.boundary_events(parent) if one != event and (found := canvas.box(one.id))
    ]
    x = host.right - 18 - MARGIN
    while any(abs(other.x - x) < 40 for other in others if other.center.y == host.bottom) and x > host.x - 18:
        x -= 42
    canvas.add(event.id, Box(x, host.bottom - 18, 36, 36))
