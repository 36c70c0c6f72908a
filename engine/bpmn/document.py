"""A BPMN file as a document: read without loss, asked and patched element by element, written back.

    document = parse_bpmn(xml)
    approve = document.element("approve")
    approve.set("name", "Approve invoice")
    document.to_xml()

What nobody touched leaves as it came: comments, prefixes, order of attributes, foreign extensions, diagram data.
"""

from typing import NamedTuple

from lxml import etree

from flowmaster.engine.bpmn.element import Element, Index
from flowmaster.engine.bpmn.identifiers import id_from_name
from flowmaster.engine.bpmn.references import reference_children, referring_attributes
from flowmaster.engine.bpmn.source import read_tree
from flowmaster.engine.bpmn.vocabulary import (
    BPMNDI,
    DATA_ASSOCIATION_KINDS,
    DC,
    DI,
    DIAGRAM,
    EDGE,
    FLOW_NODE_KINDS,
    FM,
    MODEL,
    PLANE,
    SCOPE_KINDS,
    SHAPE,
    XSI,
    XSI_TYPE,
    ZEEBE,
)
from flowmaster.engine.errors import FlowMasterError, did_you_mean

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_TARGET_NAMESPACE = "https://flowmaster.dev/processes"


def parse_bpmn(source: bytes | str) -> "BpmnDocument":
    """Read a BPMN 2.0 file; what cannot be read ends in a `bpmn.*` error that names line and element."""
    return BpmnDocument(read_tree(source))


def new_document(process_id: str, name: str = "") -> "BpmnDocument":
    """Return a document with one empty executable process."""
    root = etree.Element(
        f"{{{MODEL}}}definitions",
        nsmap={"bpmn": MODEL, "bpmndi": BPMNDI, "dc": DC, "di": DI, "xsi": XSI, "zeebe": ZEEBE, "fm": FM},
    )
    root.set("id", f"definitions_{process_id}")
    root.set("targetNamespace", _TARGET_NAMESPACE)
    document = BpmnDocument(root)
    document.root.add("process", {"id": process_id, "name": name or None, "isExecutable": "true"})
    return document


class _Flows(NamedTuple):
    """The sequence flows of a document by the ids they join, true while the document has `changes`."""

    changes: int
    incoming: dict[str, list[Element]]
    outgoing: dict[str, list[Element]]
    lanes: dict[str, Element]
    boundary: dict[str, list[Element]]
    associations: dict[str, list[Element]]


class BpmnDocument:
    """One BPMN file: the `definitions` and everything inside."""

    def __init__(self, root: etree._Element) -> None:
        self._index = Index(root)
        self._flows: _Flows | None = None
        self.root = Element(root, self._index)

    # Writing

    def to_xml(self) -> str:
        """Return the whole file as text; writing what was just read gives the same text again."""
        root = self._index.root
        parts = [*reversed(list(root.itersiblings(preceding=True))), root, *root.itersiblings()]
        lines = [etree.tostring(part, encoding="unicode", with_tail=False) for part in parts]
        return _DECLARATION + "\n".join(lines) + "\n"

    def copy(self) -> "BpmnDocument":
        """Return a document of its own with the same content."""
        return parse_bpmn(self.to_xml())

    # Finding

    @property
    def processes(self) -> list[Element]:
        """The processes in document order."""
        return self.root.children("process")

    @property
    def collaborations(self) -> list[Element]:
        """The collaborations in document order; most files have none or one."""
        return self.root.children("collaboration")

    def definitions(self, kind: str) -> list[Element]:
        """Return the root elements of a kind: `message`, `signal`, `error`, `escalation`, `itemDefinition`."""
        return self.root.children(kind)

    def find(self, reference: str) -> Element | None:
        """Return the element of an id, also where it is written as `prefix:id`; `None` if there is none."""
        node = self._index.by_id.get(reference)
        if node is None and ":" in reference:
            node = self._index.by_id.get(reference.rpartition(":")[2])
        return None if node is None else Element(node, self._index)

    def element(self, identifier: str) -> Element:
        """Return the element of an id; refuse an unknown one with the nearest ids."""
        found = self.find(identifier)
        if found is None:
            raise FlowMasterError(
                "bpmn.element_unknown",
                f"There is no element {identifier!r}.{did_you_mean(identifier, list(self._index.by_id))}",
                path=f"element:{identifier}",
                expected="the id of an element of this process",
                status=404,
            )
        return found

    def by_name(self, name: str, *kinds: str) -> list[Element]:
        """Return the elements whose name, white space evened and case ignored, is `name`."""
        wanted = " ".join(name.split()).casefold()
        return [
            found
            for found in self.root.descendants(*kinds)
            if found.name and " ".join(found.name.split()).casefold() == wanted
        ]

    def reference(self, element: Element, attribute: str) -> Element | None:
        """Return what an attribute such as `messageRef` or `attachedToRef` points at, if it is here."""
        value = element.get(attribute)
        return self.find(value) if value else None

    def flow_nodes(self, scope: Element) -> list[Element]:
        """Return the events, activities and gateways directly inside a process or sub-process."""
        return scope.children(*FLOW_NODE_KINDS)

    def sequence_flows(self, scope: Element) -> list[Element]:
        """Return the sequence flows directly inside a process or sub-process."""
        return scope.children("sequenceFlow")

    def source(self, flow: Element) -> Element | None:
        """Return where a sequence flow, message flow or association begins."""
        return self.reference(flow, "sourceRef")

    def target(self, flow: Element) -> Element | None:
        """Return where a sequence flow, message flow or association ends."""
        return self.reference(flow, "targetRef")

    def incoming(self, node: Element) -> list[Element]:
        """Return the sequence flows that end at a node, in document order."""
        return list(self._connections().incoming.get(node.id, ()))

    def outgoing(self, node: Element) -> list[Element]:
        """Return the sequence flows that begin at a node, in document order."""
        return list(self._connections().outgoing.get(node.id, ()))

    def start_of(self, edge: Element) -> Element | None:
        """Return where an edge of any kind is drawn from; a data association's other end is its activity."""
        if edge.kind == "dataOutputAssociation":
            return edge.parent
        return self.find(edge.get("sourceRef") or edge.text_of("sourceRef") or "?")

    def end_of(self, edge: Element) -> Element | None:
        """Return where an edge of any kind is drawn to."""
        if edge.kind == "dataInputAssociation":
            return edge.parent
        return self.find(edge.get("targetRef") or edge.text_of("targetRef") or "?")

    def associations(self, element: Element) -> list[Element]:
        """Return the associations and data associations that begin or end at an element."""
        return list(self._connections().associations.get(element.id, ()))

    def boundary_events(self, host: Element) -> list[Element]:
        """Return the boundary events attached to an activity."""
        return list(self._connections().boundary.get(host.id, ()))

    def lane_of(self, node: Element) -> Element | None:
        """Return the innermost lane that names a node."""
        return self._connections().lanes.get(node.id)

    def lanes(self, scope: Element) -> list[Element]:
        """Return all lanes of a process or sub-process, outer ones before the ones inside."""
        return [lane for lane_set in scope.children("laneSet") for lane in lane_set.descendants("lane")]

    def scope_of(self, element: Element) -> Element | None:
        """Return the process or sub-process right around an element."""
        return next((up for up in element.ancestors() if up.kind in SCOPE_KINDS), None)

    def process_of(self, element: Element) -> Element | None:
        """Return the process around an element, or itself."""
        if element.kind == "process":
            return element
        return next((up for up in element.ancestors() if up.kind == "process"), None)

    def shape_of(self, identifier: str) -> Element | None:
        """Return the first diagram shape of an element."""
        return self._drawn(SHAPE, identifier)

    def edge_of(self, identifier: str) -> Element | None:
        """Return the first diagram edge of an element."""
        return self._drawn(EDGE, identifier)

    # Changing

    def new_id(self, name: str, fallback: str = "element") -> str:
        """Return a readable id for a name that no element has yet."""
        return id_from_name(name, self._index.by_id, fallback)

    def define(self, kind: str, name: str, attributes: dict[str, str | None] | None = None) -> Element:
        """Return the message, signal, error or escalation of a name, made where it is missing."""
        for found in self.definitions(kind):
            if found.name == name:
                return found
        identifier = self.new_id(f"{kind} {name}", kind)
        return self.root.add(kind, {"id": identifier, "name": name, **(attributes or {})})

    def connect(
        self,
        source: Element,
        target: Element,
        *,
        identifier: str | None = None,
        name: str = "",
        condition: str = "",
    ) -> Element:
        """Add a sequence flow between two nodes of one scope; `condition` is FEEL with its leading `=`."""
        scope = self.scope_of(source)
        assert scope is not None, "a flow node stands in a process"
        identifier = identifier or self.new_id(f"{source.id} to {target.id}", "flow")
        flow = scope.add(
            "sequenceFlow",
            {"id": identifier, "name": name or None, "sourceRef": source.id, "targetRef": target.id},
        )
        if condition:
            prefix = next((p for p, uri in self._index.root.nsmap.items() if uri == MODEL), None)
            expression = f"{prefix}:tFormalExpression" if prefix else "tFormalExpression"
            flow.add("conditionExpression", {XSI_TYPE: expression}, text=condition)
        source.add("outgoing", text=identifier)
        target.add("incoming", text=identifier)
        return flow

    def reconnect(
        self, flow: Element, *, source: Element | None = None, target: Element | None = None
    ) -> None:
        """Let a sequence flow begin or end at another node."""
        for end, attribute, listing in ((source, "sourceRef", "outgoing"), (target, "targetRef", "incoming")):
            if end is None or end.id == flow.get(attribute):
                continue
            before = self.reference(flow, attribute)
            for entry in before.children(listing) if before is not None else ():
                if entry.text == flow.id:
                    entry.remove()
            if before is not None and attribute == "sourceRef" and before.get("default") == flow.id:
                before.set("default", None)
            flow.set(attribute, end.id)
            end.add(listing, text=flow.id)

    def rename_id(self, element: Element, identifier: str) -> None:
        """Give an element another id and turn every reference, in the diagram too, to it."""
        old = element.id
        element.set("id", identifier)
        if not old:
            return
        for found, attribute in referring_attributes(self.root, {old}):
            found.set(attribute, identifier)
        for entry in reference_children(self.root, {old}):
            entry.set_text(identifier)

    def remove(self, *elements: Element) -> list[str]:
        """Remove elements with all that cannot stand without them, and return the ids that are gone.

        With a node go its boundary events, flows, associations and message flows, the references in lanes,
        `incoming`, `outgoing` and `default`, and the shapes and edges of all of them.
        """
        gone: list[str] = []
        waiting = list(elements)
        while waiting:
            ids: set[str] = set()
            for element in waiting:
                if element.parent is None:
                    continue
                below = [element.id, *(found.id for found in element.descendants())]
                ids.update(identifier for identifier in below if self.find(identifier) is not None)
                element.remove()
            gone.extend(sorted(ids))
            waiting = self._release(ids) if ids else []
        return gone

    def remove_diagrams(self) -> None:
        """Remove all diagram data."""
        for diagram in self.root.children(DIAGRAM):
            diagram.remove()

    # Inside

    def _release(self, ids: set[str]) -> list[Element]:
        """Drop what refers to removed ids; return the elements that must go with them."""
        doomed: list[Element] = []
        for entry in reference_children(self.root, ids):
            parent = entry.parent
            if parent is not None and parent.kind in DATA_ASSOCIATION_KINDS:
                doomed.append(parent)
            else:
                entry.remove()
        for found, attribute in referring_attributes(self.root, ids):
            if found.kind in (SHAPE, EDGE):
                found.remove()
            elif found.kind == PLANE:
                doomed.extend(up for up in [found.parent] if up is not None)
            elif attribute in ("sourceRef", "targetRef", "attachedToRef"):
                doomed.append(found)
            elif attribute != "calledElement":
                found.set(attribute, None)
        return doomed

    def _drawn(self, kind: str, identifier: str) -> Element | None:
        drawn = (found for found in self.root.descendants(kind) if found.get("bpmnElement"))
        return next((found for found in drawn if _is_reference(found.get("bpmnElement"), identifier)), None)

    def _connections(self) -> _Flows:
        if self._flows is None or self._flows.changes != self._index.changes:
            self._flows = self._connect_all()
        return self._flows

    def _connect_all(self) -> _Flows:
        flows = _Flows(self._index.changes, {}, {}, {}, {}, {})
        for flow in self.root.descendants("sequenceFlow"):
            flows.outgoing.setdefault(flow.get("sourceRef"), []).append(flow)
            flows.incoming.setdefault(flow.get("targetRef"), []).append(flow)
        for lane in self.root.descendants("lane"):
            for identifier in lane.texts_of("flowNodeRef"):
                flows.lanes[identifier] = lane
        for event in self.root.descendants("boundaryEvent"):
            flows.boundary.setdefault(event.get("attachedToRef"), []).append(event)
        for association in self.root.descendants("association", *DATA_ASSOCIATION_KINDS):
            for end in (self.start_of(association), self.end_of(association)):
                if end is not None:
                    flows.associations.setdefault(end.id, []).append(association)
        return flows


def _is_reference(written: str, identifier: str) -> bool:
    return written == identifier or written.rpartition(":")[2] == identifier
