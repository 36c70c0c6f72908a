"""Parts gateways that join and split at once, and splits without a gateway, so that every split has a block of its own."""

import re
from collections.abc import Collection

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.vocabulary import FLOW_NODE_KINDS
from flowmaster.engine.outline.links import link_of

_WITHOUT_IDS = re.compile(r"""\sid=["'][^"']*["']""")
_JOINING = ("parallelGateway", "inclusiveGateway")
_BEGINNING = ("startEvent", "boundaryEvent")


def with_plain_splits(document: BpmnDocument, process: str) -> BpmnDocument:
    """Return a document that does the same, in which joins only join and events have one way out."""
    nodes = document.element(process).descendants(*FLOW_NODE_KINDS)
    if not any(_is_mixed(document, node) or _just_stops(document, node) for node in nodes):
        return document
    copy = document.copy()
    for node in list(copy.element(process).descendants(*FLOW_NODE_KINDS)):
        if _is_mixed(copy, node):
            (_part_join if node.kind in _JOINING else _part_event)(copy, node)
        elif _just_stops(copy, node):
            _end(copy, node)
    return copy


def with_own_ends(document: BpmnDocument, ends: Collection[str]) -> BpmnDocument:
    """Return a document that does the same, in which each way to one of some ends has an end of its own."""
    copy = document.copy()
    for identifier in ends:
        end = copy.element(identifier)
        scope = end.parent
        assert scope is not None, "a flow node stands in a scope"
        for flow in _arriving(copy, end)[1:]:
            other = scope.add_xml(_WITHOUT_IDS.sub("", end.to_xml()))
            other.set("id", copy.new_id(end.name or "end"))
            lane = copy.lane_of(end)
            if lane is not None:
                lane.add("flowNodeRef", text=other.id)
            copy.reconnect(flow, target=other)
    return copy


def _arriving(document: BpmnDocument, node: Element) -> list[Element]:
    """Return the flows that lead to a node, through gateways that only bring ways together, too."""
    found: list[Element] = []
    waiting = [node]
    while waiting:
        for flow in document.incoming(waiting.pop(0)):
            source = document.element(flow.get("sourceRef"))
            merges = source.kind == "exclusiveGateway" and len(document.outgoing(source)) == 1
            if not merges or not document.incoming(source):
                found.append(flow)
            else:  # It has one way out, so that nothing else leads back to it.
                waiting.append(source)
    return found


def _just_stops(document: BpmnDocument, node: Element) -> bool:
    """Return whether the way ends at a node that is no end (BPMN 2.0.2, 13.3.1)."""
    if node.kind in ("endEvent", *_BEGINNING) or document.outgoing(node):
        return False
    if node.is_true("triggeredByEvent") or node.is_true("isForCompensation") or _is_chosen(node):
        return False
    return not (node.kind == "intermediateThrowEvent" and link_of(node))


def _is_chosen(node: Element) -> bool:
    """Return whether a node stands in an ad-hoc sub-process, where no way leads to an end."""
    return node.parent is not None and node.parent.kind == "adHocSubProcess"


def _end(document: BpmnDocument, node: Element) -> None:
    """Put an end behind a node where the way just stops."""
    parent = node.parent
    assert parent is not None, "a flow node stands in a scope"
    end = parent.add(
        "endEvent", {"id": document.new_id("end" if parent.kind == "process" else f"{parent.id} end")}
    )
    end.move_behind(node)
    document.connect(node, end, identifier=document.new_id(f"{node.id} to {end.id}"))


def _is_mixed(document: BpmnDocument, node: Element) -> bool:
    outgoing = document.outgoing(node)
    if node.kind in _JOINING:
        return len(outgoing) > 1 and len(document.incoming(node)) > 1
    return (node.kind in _BEGINNING or _is_raced(document, node)) and (
        len(outgoing) > 1 or any(flow.child("conditionExpression") is not None for flow in outgoing)
    )


def _is_raced(document: BpmnDocument, node: Element) -> bool:
    """Return whether a node is one of the events that an event-based gateway waits for."""
    sources = (document.source(flow) for flow in document.incoming(node))
    return any(one is not None and one.kind == "eventBasedGateway" for one in sources)


def _part_join(document: BpmnDocument, node: Element) -> None:
    """Put a gateway before one that also splits, and let it do the joining."""
    join = _gateway(document, node, node.kind, f"{node.id}_join")
    node.move_behind(join)
    for flow in document.incoming(node):
        document.reconnect(flow, target=join)
    document.connect(join, node, identifier=document.new_id(f"{join.id}_to_{node.id}"))


def _part_event(document: BpmnDocument, node: Element) -> None:
    """Put the gateway behind an event that its ways stand for (BPMN 2.0.2, 13.3.1)."""
    outgoing = document.outgoing(node)
    chooses = any(flow.child("conditionExpression") is not None for flow in outgoing)
    split = _gateway(document, node, "inclusiveGateway" if chooses else "parallelGateway", f"{node.id}_split")
    for flow in outgoing:
        document.reconnect(flow, source=split)
    document.connect(node, split, identifier=document.new_id(f"{node.id}_to_{split.id}"))


def _gateway(document: BpmnDocument, node: Element, kind: str, wish: str) -> Element:
    parent = node.parent
    assert parent is not None, "a flow node stands in a scope"
    made = parent.add(kind, {"id": document.new_id(wish)})
    made.move_behind(node)
    lane = document.lane_of(node)
    if lane is not None:
        lane.add("flowNodeRef", text=made.id)
    return made
