"""The drawing of a merge: that of the side which alone has drawn anew, else our own, with what is new put in its place."""

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.layout import lay_out
from flowmaster.engine.bpmn.vocabulary import BOUNDS, DIAGRAM, EDGE, FLOW_NODE_KINDS, PLANE, SHAPE, WAYPOINT
from flowmaster.engine.edits.placing import place
from flowmaster.engine.merging.parts import Struct, struct

OURS = "ours"
THEIRS = "theirs"
BOTH = "both"
ANEW = "anew"

_DRAWN = (*FLOW_NODE_KINDS, "lane", "participant")


def merge_drawing(
    base: BpmnDocument, ours: BpmnDocument, theirs: BpmnDocument, merged: BpmnDocument, *, is_same: bool
) -> str:
    """Draw a merged file, and say whose drawing it has: ours, theirs, ours though both have drawn, or one made anew.

    A file that `is_same` as ours but for the drawing keeps ours unless the other side alone has drawn.
    """
    was, one, other = (_drawn(document) for document in (base, ours, theirs))
    if not one and not other:
        return ""
    taken = OURS if other in (was, one) else THEIRS if one == was else BOTH
    if is_same and taken != THEIRS:
        return taken
    is_whole = _is_complete(ours) and _is_complete(theirs)
    if taken == THEIRS:
        _take(merged, theirs)
    _forget_gone(merged)
    side = theirs if taken == THEIRS else ours
    elsewhere = [node for node in merged.root.descendants(*FLOW_NODE_KINDS) if _stands_elsewhere(node, side)]
    for node in elsewhere:
        _forget(merged, node)
    new = [node.id for node in merged.root.descendants(*FLOW_NODE_KINDS) if merged.shape_of(node.id) is None]
    place(merged, new)
    if is_whole and not _is_complete(merged):
        lay_out(merged)
        return ANEW
    return taken


def _drawn(document: BpmnDocument) -> tuple[Struct, ...]:
    return tuple(struct(diagram) for diagram in document.root.children(DIAGRAM))


def _take(merged: BpmnDocument, theirs: BpmnDocument) -> None:
    merged.remove_diagrams()
    for diagram in theirs.root.children(DIAGRAM):
        merged.root.add_xml(diagram.to_xml())


def _forget_gone(merged: BpmnDocument) -> None:
    """Take away what is drawn of elements that are not there."""
    for drawn in list(merged.root.descendants(SHAPE, EDGE)):
        if drawn.get("bpmnElement") and merged.find(drawn.get("bpmnElement")) is None:
            drawn.remove()
    for plane in list(merged.root.descendants(PLANE)):
        diagram = plane.parent
        if plane.get("bpmnElement") and merged.find(plane.get("bpmnElement")) is None:
            process = next(iter([*merged.collaborations, *merged.processes]), None)
            if process is not None and diagram is not None and not _others(merged, process.id):
                plane.set("bpmnElement", process.id)
            elif diagram is not None:
                diagram.remove()


def _others(merged: BpmnDocument, identifier: str) -> bool:
    return any(plane.get("bpmnElement") == identifier for plane in merged.root.descendants(PLANE))


def _stands_elsewhere(node: Element, side: BpmnDocument) -> bool:
    """Return whether a step stands in another scope or on another host than in the drawing that was taken."""
    drawn = side.find(node.id)
    if drawn is None or drawn.parent is None or node.parent is None:
        return False
    return drawn.parent.id != node.parent.id or drawn.get("attachedToRef") != node.get("attachedToRef")


def _forget(merged: BpmnDocument, node: Element) -> None:
    ends = [*merged.incoming(node), *merged.outgoing(node), *merged.associations(node)]
    for identifier in (node.id, *(each.id for each in (*ends, *node.descendants()) if each.id)):
        for drawn in (merged.shape_of(identifier), merged.edge_of(identifier)):
            if drawn is not None:
                drawn.remove()


def _is_complete(document: BpmnDocument) -> bool:
    """Return whether everything that flows is drawn once, and nothing else."""
    shapes = [one.get("bpmnElement") for one in document.root.descendants(SHAPE)]
    edges = [one.get("bpmnElement") for one in document.root.descendants(EDGE)]
    steps = {one.id for one in document.root.descendants(*_DRAWN)}
    flows = {one.id for one in document.root.descendants("sequenceFlow")}
    return (
        len(shapes) == len(set(shapes))
        and len(edges) == len(set(edges))
        and steps <= set(shapes)
        and flows <= set(edges)
        and all(one.child(BOUNDS) is not None for one in document.root.descendants(SHAPE))
        and all(len(one.children(WAYPOINT)) > 1 for one in document.root.descendants(EDGE))
    )
