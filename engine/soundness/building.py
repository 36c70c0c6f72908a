"""Builds the token game of a scope from the elements of a process, as the engine would run them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from flowmaster.engine.model import Element, EventGateway, Flow, Job, Link, Process
from flowmaster.engine.soundness.net import Act, Acts, Edge, Join, Net, Node, Split, empty_net, reach

SCOPES = frozenset({"process", "subProcess", "transaction"})
"""The elements whose inside is played; an ad-hoc sub-process is a step whose inside has no order to judge."""
_THROWN_OUT = frozenset({"endEvent/error", "endEvent/cancel"})
_PASSING = frozenset({"startEvent", "boundaryEvent", "endEvent"})


class Inner(NamedTuple):
    """What a scope needs to know of a sub-process in it.

    Whether it can end, whether it takes time, which events on it may happen that are thrown inside, and whether what is
    thrown there may also end the scope.
    """

    ends: bool
    rests: bool
    happens: frozenset[str]
    leaves: bool


class Throw(NamedTuple):
    """What throwing an escalation may do to its own scope: the token goes on, or the scope is interrupted."""

    goes_on: bool
    interrupts: bool


def net_of(
    process: Process,
    scope: Element,
    inside: Sequence[Element],
    inner: Mapping[str, Inner],
    throws: Mapping[str, Throw],
) -> Net:
    """Return the token game of a scope, with every node of those `inside` that something leads to."""
    return _Builder(process, scope, inside, inner, throws).net()


def has_tokens(element: Element) -> bool:
    """Return whether tokens come to an element over flows, links and boundary events."""
    return not (
        element.triggered_by_event
        or element.for_compensation
        or element.family in ("process", "boundaryEvent/compensate")
    )


def undecidable(scope: Element, inside: Sequence[Element]) -> bool:
    """Return whether something in a scope is beyond a token game that ignores data."""
    return scope.kind not in SCOPES or any(
        (one.kind == "complexGateway" and len(one.incoming) > 1)
        or one.instantiate
        or one.start_quantity != 1
        or one.completion_quantity != 1
        or (isinstance(one.details, EventGateway) and (one.details.parallel or one.details.instantiate))
        for one in inside
    )


class _Builder:
    """Makes the nodes of one scope and connects them."""

    def __init__(
        self,
        process: Process,
        scope: Element,
        inside: Sequence[Element],
        inner: Mapping[str, Inner],
        throws: Mapping[str, Throw],
    ) -> None:
        self._process = process
        self._scope = scope
        self._inner = inner
        self._throws = throws
        self._elements = {one.id: one for one in inside if has_tokens(one)}
        self._net = empty_net()
        self._nodes = {one.id: self._node(one) for one in self._elements.values()}

    def net(self) -> Net:
        """Connect all nodes, and keep those that can be come to."""
        for element in self._elements.values():
            self._leave(self._nodes[element.id], element)
        self._begin()
        self._prune()
        return self._net

    def _node(self, element: Element) -> Node:
        node = Node(element.id, frozenset({element.id}))
        match element.kind:
            case "parallelGateway":
                node.join, node.split = Join.ALL, Split.ALL
            case "inclusiveGateway":
                node.join = Join.PATIENT
            case "exclusiveGateway" | "complexGateway":
                pass
            case _:
                node.stands = self._stands(element)
        return node

    def _stands(self, element: Element) -> bool:
        """Return whether a token stays at an element; what only passes it on there is no step."""
        if isinstance(element.details, Job):
            return True
        if element.kind in _PASSING or isinstance(element.details, Link):
            return False
        if element.id in self._inner:
            return self._inner[element.id].rests
        return element.family != "intermediateThrowEvent/escalation" and not self._is_awaited(element)

    def _is_awaited(self, element: Element) -> bool:
        """Return whether an event-based gateway waits in its place for the event."""
        flows = element.incoming
        return len(flows) == 1 and self._process.elements[flows[0].source].kind == "eventBasedGateway"

    def _begin(self) -> None:
        net, nodes = self._net, self._nodes
        alternatives = [[one for one in self._scope.starts if one in nodes]]
        if self._scope.kind == "process":
            started = [one for one in self._elements.values() if one.kind == "startEvent"]
            alternatives += [[one.id] for one in started if one.id not in self._scope.starts]
        alternatives = [one for one in alternatives if one]
        for ids in alternatives:
            acts = (Act("start", ids[0]),) if len(alternatives) > 1 else ()
            if len(ids) == 1:
                net.connect(Edge(net.start, nodes[ids[0]], acts, hops=0))
                continue
            both = Node("", frozenset(), split=Split.ALL)
            net.connect(Edge(net.start, both, acts, hops=0))
            for one in ids:
                net.connect(Edge(both, nodes[one], hops=0))

    def _leave(self, node: Node, element: Element) -> None:
        if element.kind == "eventBasedGateway":
            for flow in self._flows(element):
                event = Act("event", flow.target, (flow.id,))
                self._net.connect(Edge(node, self._nodes[flow.target], (event,), hops=0, into=flow.id))
        elif element.kind == "exclusiveGateway":
            self._choose(node, element)
        elif isinstance(element.details, Link) and element.details.target in self._nodes:
            self._net.connect(Edge(node, self._nodes[element.details.target]))
        elif node.stands or element.id in self._inner:
            self._leave_step(node, element)
        else:
            self._split(node, element)

    def _choose(self, node: Node, element: Element) -> None:
        for flow in self._flows(element):
            acts: Acts = (Act("choice", element.id, (flow.id,)),) if len(element.outgoing) > 1 else ()
            self._net.connect(Edge(node, self._nodes[flow.target], acts, into=flow.id))
        if not node.outs:
            self._net.connect(Edge(node, self._net.ended))

    def _leave_step(self, node: Node, element: Element) -> None:
        """Let a step end by itself, or by an event on it; events that do not interrupt happen beside it."""
        net, inner = self._net, self._inner.get(element.id)
        done = (Act("done", element.id),)
        if inner is None or inner.ends:
            out = Node(element.id, frozenset())
            self._split(out, element)
            net.connect(Edge(node, out, done, hops=0))
        if inner is not None and inner.leaves:
            net.connect(Edge(node, net.left, (Act("thrown", element.id),), hops=0))
        for boundary in element.boundaries:
            if boundary.id not in self._nodes or (inner and not _may_happen(boundary, inner)):
                continue
            edge = Edge(node, self._nodes[boundary.id], (Act("event", boundary.id),), hops=0)
            if boundary.interrupting:
                net.connect(edge)
            else:
                node.beside.append(edge)
                edge.target.ins.append(edge)

    def _split(self, node: Node, element: Element) -> None:
        """Leave over every flow without condition, and some of those with one (BPMN 2.0.2, 13.3.2)."""
        net = self._net
        throw = self._throws.get(element.id)
        if element.family == "endEvent/terminate":
            net.connect(Edge(node, net.killed, hops=0))
            return
        if element.family in _THROWN_OUT:
            net.connect(Edge(node, net.left, hops=0))
            return
        if throw is not None and throw.interrupts:
            if throw.goes_on:
                after = Node(element.id, frozenset())
                net.connect(Edge(node, after, hops=0))
                net.connect(Edge(node, net.left, hops=0))
                node = after
            else:
                net.connect(Edge(node, net.left, hops=0))
                return
        chosen = element.default is not None or any(flow.condition for flow in element.outgoing)
        chooses = chosen and len(element.outgoing) > 1 and element.kind != "parallelGateway"
        node.split = Split.SOME if chooses else Split.ALL
        flows = self._flows(element)
        for flow in flows:
            net.connect(
                Edge(
                    node,
                    self._nodes[flow.target],
                    flow=flow.id,
                    into=flow.id,
                    always=flow.condition is None and flow is not element.default,
                    default=flow is element.default,
                )
            )
        if not flows:
            net.connect(Edge(node, net.ended, hops=0))

    def _flows(self, element: Element) -> list[Flow]:
        """Return the flows out of an element, but not those to where no token may come."""
        return [flow for flow in element.outgoing if flow.target in self._nodes]

    def _prune(self) -> None:
        net = self._net
        reached = reach([net.start])
        for node in reached:
            kept = [edge for edge in node.ins if edge.source in reached]
            flows = self._elements[node.element].incoming if node.join is not Join.NONE else ()
            node.starved = len(kept) < len(flows)
            node.ins = kept
        net.nodes = list(reached)
        for sink in (net.ended, net.killed, net.left):
            sink.ins = [edge for edge in sink.ins if edge.source in reached]


def _may_happen(boundary: Element, inner: Inner) -> bool:
    thrown = boundary.family in ("boundaryEvent/error", "boundaryEvent/escalation")
    return boundary.id in inner.happens if thrown else inner.rests
