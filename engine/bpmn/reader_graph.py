"""The nodes and sequence flows of a process: what stands in which scope, and what leads where."""

from dataclasses import dataclass, field, replace

from flowmaster.engine.bpmn import fixes
from flowmaster.engine.bpmn.element import Element as XmlElement
from flowmaster.engine.bpmn.kinds import KINDS
from flowmaster.engine.bpmn.reading import Reading
from flowmaster.engine.bpmn.vocabulary import FLOW_NODE_KINDS, SCOPE_KINDS
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.model import Flow

NODES_MAX = 10_000
"""How many events, activities and gateways one process may have."""


@dataclass(slots=True)
class Node:
    """A flow node of the file with its id, its scope and its flows."""

    xml: XmlElement
    id: str
    scope: str
    incoming: list[Flow] = field(default_factory=list)
    outgoing: list[Flow] = field(default_factory=list)
    default: Flow | None = None


@dataclass(slots=True)
class Graph:
    """The nodes of a process by id, in document order, and the lanes that they stand in."""

    nodes: dict[str, Node]
    lanes: dict[str, str]


def read_graph(reading: Reading) -> Graph:
    """Collect the nodes of a process and connect them."""
    graph = Graph({}, {})
    _collect(reading, graph, reading.process, reading.id_of(reading.process))
    _refuse_unknown_kinds(reading)
    for flow in reading.process.descendants("sequenceFlow"):
        _connect(reading, graph, flow)
    for node in graph.nodes.values():
        _mark_default(reading, node)
    return graph


def _collect(reading: Reading, graph: Graph, scope: XmlElement, scope_id: str) -> None:
    for lane in reading.document.lanes(scope):
        for identifier in lane.texts_of("flowNodeRef"):
            graph.lanes[identifier.rpartition(":")[2]] = lane.title
    for xml in reading.document.flow_nodes(scope):
        identifier = reading.id_of(xml)
        if not xml.id:
            reading.add(
                "element.id_missing", xml, f"A `{xml.kind}` has no id; it is called {identifier!r} here."
            )
        graph.nodes[identifier] = Node(xml, identifier, scope_id)
        if len(graph.nodes) > NODES_MAX:
            raise FlowMasterError(
                "bpmn.too_many_nodes",
                f"The process {reading.called(reading.process)} has more than {NODES_MAX:,} events, activities and gateways.",
                path=f"element:{reading.id_of(reading.process)}",
                expected=f"at most {NODES_MAX} nodes in one process",
                fix="Split it into processes that call each other.",
            )
        if xml.kind in SCOPE_KINDS:
            _collect(reading, graph, xml, identifier)


def _refuse_unknown_kinds(reading: Reading) -> None:
    for xml in reading.process.descendants():
        kind = xml.kind
        if (
            kind.startswith("{")
            or kind in KINDS
            or any(up.kind == "extensionElements" for up in xml.ancestors())
        ):
            continue
        known = sorted(FLOW_NODE_KINDS) if xml.parent and xml.parent.kind in SCOPE_KINDS else sorted(KINDS)
        reading.add(
            "element.kind_unknown",
            xml,
            f"BPMN has no element `{kind}` ({xml.id or 'without id'!r}).{reading.findings.near(kind, known)}",
        )


def _connect(reading: Reading, graph: Graph, xml: XmlElement) -> None:
    identifier = reading.id_of(xml)
    ends: list[Node] = []
    for attribute, code in (("sourceRef", "flow.source_unknown"), ("targetRef", "flow.target_unknown")):
        found = reading.document.reference(xml, attribute)
        node = graph.nodes.get(reading.id_of(found)) if found is not None else None
        if node is not None:
            ends.append(node)
        elif found is not None and found.kind in FLOW_NODE_KINDS:
            _add_crossing(reading, xml, f"The flow {identifier!r} leads to or from another process.")
        else:
            wanted = xml.get(attribute)
            near = reading.findings.near(wanted, list(graph.nodes))
            reading.add(
                code,
                xml,
                f"The flow {identifier!r} names {wanted!r} in `{attribute}`, which is no element here.{near}",
                fix_edit=fixes.remove(identifier),
            )
    if len(ends) < 2:
        return
    source, target = ends
    if source.scope != target.scope:
        _add_crossing(
            reading,
            xml,
            f"The flow {identifier!r} leads from {source.id!r} in {source.scope!r} to {target.id!r} in "
            f"{target.scope!r}: it crosses the border of a scope.",
        )
        return
    flow = Flow(identifier, " ".join(xml.name.split()), source.id, target.id, None, xml.line)
    condition = xml.child("conditionExpression")
    if condition is not None and condition.text:
        flow = _conditioned(reading, flow, condition, source)
    source.outgoing.append(flow)
    target.incoming.append(flow)


def _conditioned(reading: Reading, flow: Flow, condition: XmlElement, source: Node) -> Flow:
    if source.xml.get("default") == flow.id:
        reading.findings.add(
            "flow.default_has_condition",
            flow.id,
            f"The default flow {flow.id!r} of {source.id!r} has a condition, which is ignored.",
            line=condition.line,
            fix_edit=fixes.make_default(flow.id),
        )
        return flow
    value = reading.values.expression(condition, flow.id, "The condition")
    return replace(flow, condition=value)


def _add_crossing(reading: Reading, xml: XmlElement, message: str) -> None:
    reading.add("flow.crosses_scope", xml, message, fix_edit=fixes.remove(reading.id_of(xml)))


def _mark_default(reading: Reading, node: Node) -> None:
    wanted = node.xml.get("default")
    if not wanted:
        return
    node.default = next((flow for flow in node.outgoing if flow.id == wanted.rpartition(":")[2]), None)
    if node.default is None:
        own = ", ".join(repr(flow.id) for flow in node.outgoing) or "none"
        reading.add(
            "flow.default_unknown",
            node.xml,
            f"The default flow {wanted!r} of {node.id!r} is not one of its outgoing flows ({own}).",
            fix_edit=_other_default(node),
        )


def _other_default(node: Node) -> fixes.Edit | None:
    """Return the edit that names the only flow without a condition, or none where nothing is chosen."""
    open_flows = [flow for flow in node.outgoing if flow.condition is None]
    if len(node.outgoing) < 2 or len(open_flows) == len(node.outgoing):
        return fixes.set_attribute(node.id, "default", None)
    return fixes.set_attribute(node.id, "default", open_flows[0].id) if len(open_flows) == 1 else None
