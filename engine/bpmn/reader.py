"""From a BPMN document to executable processes: what `engine/model.py` describes, and the problems on the way.

    for read in read_processes(parse_bpmn(xml), RUNNABLE):
        problems = check_process(read)

Whatever cannot run yet is in the model all the same, with `Element.unsupported` saying why.
"""

from dataclasses import dataclass, replace

from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.element import Element as XmlElement
from flowmaster.engine.bpmn.findings import Findings
from flowmaster.engine.bpmn.problem import Problem
from flowmaster.engine.bpmn.reader_camunda import report_unread
from flowmaster.engine.bpmn.reader_data import moved_data
from flowmaster.engine.bpmn.reader_events import (
    compensation_handler,
    definitions_of,
    event_details,
    event_family,
)
from flowmaster.engine.bpmn.reader_graph import Graph, Node, read_graph
from flowmaster.engine.bpmn.reader_jobs import listeners_of
from flowmaster.engine.bpmn.reader_loops import loop_of
from flowmaster.engine.bpmn.reader_own import (
    calendars_of,
    checks_of,
    data_of,
    forms_of,
    is_declared,
    laws_of,
    mutex_of,
    report_correlation,
    role_kinds_of,
    roles_of,
    scenarios_of,
    tool_of,
    version_tag_of,
)
from flowmaster.engine.bpmn.reader_tasks import mappings_of, node_details
from flowmaster.engine.bpmn.reading import Reading
from flowmaster.engine.bpmn.source import located
from flowmaster.engine.bpmn.unsupported import (
    LISTENED_RACE,
    of_boundary,
    of_event_subprocess,
    reason,
)
from flowmaster.engine.bpmn.vocabulary import (
    EVENT_KINDS,
    GATEWAY_KINDS,
    SCOPE_KINDS,
)
from flowmaster.engine.jobs import END, START
from flowmaster.engine.model import Conditional, Element, Link, Process, Script, Triggers

PATIENT_JOINS = ("inclusiveGateway", "complexGateway")
"""Gateways that decide to go on by looking at the tokens elsewhere."""


@dataclass(frozen=True, slots=True)
class ReadProcess:
    """A process of a file, and what the reading found wrong; `check_process` finds the rest.

    `declares` is true where the process declares roles or data in FlowMaster's namespace.
    """

    process: Process
    problems: tuple[Problem, ...]
    declares: bool = False


def read_processes(document: BpmnDocument, runnable: frozenset[str]) -> tuple[ReadProcess, ...]:
    """Read every process of a file; `runnable` names the families that the engine has behaviours for."""
    if not document.processes:
        raise located(
            "The file's `definitions` hold no `process`.",
            code="bpmn.process_missing",
            line=document.root.line,
            expected="at least one `process` inside `definitions`",
            fix="Add a process, or pass another file.",
        )
    return tuple(_read(document, process, runnable) for process in document.processes)


def _read(document: BpmnDocument, xml: XmlElement, runnable: frozenset[str]) -> ReadProcess:
    executable = xml.is_true("isExecutable", bool(document.flow_nodes(xml)))
    declares = is_declared(xml)
    reading = Reading(document, xml, Findings(strict=declares, documentary=not executable))
    data, roles = data_of(reading), roles_of(reading)
    forms = forms_of(reading)
    reading.values.know(data, forms, {datum.variable for datum in reading.data.moved_in(xml)})
    graph = read_graph(reading)
    builder = _Builder(reading, graph, runnable, roles)
    elements = builder.build()
    identifier = reading.id_of(xml)
    if not xml.id:
        reading.add("process.id_missing", xml, f"The process in line {xml.line} has no id.")
    process = Process(
        id=identifier,
        name=elements[identifier].name,
        elements=elements,
        version_tag=version_tag_of(xml),
        executable=executable,
        data=data,
        checks=checks_of(reading, reading.process),
        forms=forms | reading.forms,
        roles=roles,
        role_kinds=role_kinds_of(reading),
        scenarios=scenarios_of(reading),
        laws=laws_of(reading),
        calendars=calendars_of(reading),
        handlers=_handlers(elements),
        tool=tool_of(reading),
        patient_joins=frozenset(
            element.id
            for element in elements.values()
            if element.kind in PATIENT_JOINS and len(element.incoming) > 1
        ),
        conditions=frozenset(
            element.id for element in elements.values() if _waits_for_data(element, identifier)
        ),
    )
    report_unread(reading, xml)
    report_correlation(reading)
    return ReadProcess(process, reading.findings.all(), declares)


class _Builder:
    """Makes the frozen elements of a process, inner ones before those that hold them."""

    def __init__(
        self, reading: Reading, graph: Graph, runnable: frozenset[str], roles: dict[str, str]
    ) -> None:
        self._reading = reading
        self._graph = graph
        self._runnable = runnable
        self._role_ids = {name: identifier for identifier, name in roles.items()}
        self._elements: dict[str, Element] = {}
        self._attached: dict[str, list[Element]] = {}
        self._handlers: dict[str, str] = {}
        self._inside: dict[str, list[str]] = {}
        for node in graph.nodes.values():
            self._inside.setdefault(node.scope, []).append(node.id)

    def build(self) -> dict[str, Element]:
        """Return all elements by id, the process itself under its own id."""
        nodes = list(self._graph.nodes.values())
        for node in nodes:
            if node.xml.kind == "boundaryEvent":
                self._attach(node)
        for node in nodes:
            if node.xml.kind != "boundaryEvent":
                self._elements[node.id] = self._hosting(self._element(node))
        self._link()
        for node in reversed(nodes):
            if node.xml.kind in SCOPE_KINDS:
                self._elements[node.id] = self._holding(self._elements[node.id])
        root = self._reading.process
        identifier = self._reading.id_of(root)
        process = Element(
            identifier,
            "process",
            "process",
            _process_name(self._reading),
            line=root.line,
            documentation=root.documentation,
            at_start=listeners_of(self._reading, root, START),
            at_end=listeners_of(self._reading, root, END),
        )
        stopped = reason(process, root, self._runnable)
        process = replace(process, unsupported=stopped) if stopped else process
        order = [identifier, *self._graph.nodes]
        self._elements[identifier] = self._holding(process)
        return {key: self._elements[key] for key in order}

    def _element(self, node: Node) -> Element:
        reading, xml = self._reading, node.xml
        lane = self._graph.lanes.get(node.id, "")
        is_event = xml.kind in EVENT_KINDS
        definitions = definitions_of(reading, xml) if is_event else []
        inputs, outputs = mappings_of(reading, xml)
        moved = moved_data(
            reading, xml, None if is_event or xml.kind in GATEWAY_KINDS else loop_of(reading, xml)
        )
        element = Element(
            id=node.id,
            kind=xml.kind,
            family=event_family(xml, definitions) if is_event else xml.kind,
            name=" ".join(xml.name.split()),
            scope=node.scope,
            line=xml.line,
            incoming=tuple(node.incoming),
            outgoing=tuple(node.outgoing),
            default=node.default,
            data=reading.data.held_by(xml),
            inputs=moved.inputs + inputs,
            outputs=outputs + moved.outputs,
            interrupting=_interrupts(xml),
            details=(
                event_details(reading, xml, definitions)
                if is_event
                else node_details(reading, xml, self._role_ids.get(lane, lane))
            ),
            lane=lane,
            documentation=xml.documentation,
            loop=moved.loop,
            start_quantity=self._quantity(xml, "startQuantity"),
            completion_quantity=self._quantity(xml, "completionQuantity"),
            triggered_by_event=xml.is_true("triggeredByEvent"),
            instantiate=xml.is_true("instantiate"),
            for_compensation=xml.is_true("isForCompensation"),
            mutex=mutex_of(xml),
            at_start=listeners_of(reading, xml, START),
            at_end=listeners_of(reading, xml, END),
        )
        report_unread(reading, xml, runs=isinstance(element.details, Script))
        stopped = reason(element, xml, self._runnable) or moved.stopped or self._unheard(element)
        return replace(element, unsupported=stopped) if stopped else element

    def _unheard(self, element: Element) -> str:
        before = (
            (self._graph.nodes[flow.source].xml.kind for flow in element.incoming) if element.at_start else ()
        )
        return LISTENED_RACE if "eventBasedGateway" in before else ""

    def _quantity(self, xml: XmlElement, attribute: str) -> int:
        written = xml.get(attribute, "1").strip()
        number = int(written[:9]) if written.isascii() and written.isdigit() else 0
        if not number:
            called = self._reading.called(xml)
            self._reading.add("activity.quantity_wrong", xml, f"The {attribute} of {called} is {written!r}.")
        return number or 1

    def _attach(self, node: Node) -> None:
        element = self._element(node)
        wanted = node.xml.get("attachedToRef")
        host = self._reading.document.reference(node.xml, "attachedToRef")
        host_node = self._graph.nodes.get(self._reading.id_of(host)) if host is not None else None
        if host_node is None or host_node.scope != node.scope or not _is_activity(host_node.xml.kind):
            self._reading.add(
                "boundary.host_unknown",
                node.xml,
                f"The boundary event {node.id!r} is attached to {wanted!r}, which is no activity beside it.",
            )
        else:
            element = replace(element, host=host_node.id)
            if element.family == "boundaryEvent/compensate":
                handler = compensation_handler(self._reading, node.xml)
                if handler is not None and self._reading.id_of(handler) in self._graph.nodes:
                    self._handlers[host_node.id] = self._reading.id_of(handler)
            else:
                self._attached.setdefault(host_node.id, []).append(element)
        self._elements[node.id] = element

    def _hosting(self, element: Element) -> Element:
        attached = tuple(self._attached.get(element.id, ()))
        handler = self._handlers.get(element.id, "")
        if not attached and not handler:
            return element
        stopped = element.unsupported or next((of_boundary(one) for one in attached if one.unsupported), "")
        return replace(element, boundaries=attached, compensated_by=handler, unsupported=stopped)

    def _holding(self, element: Element) -> Element:
        inner = [self._elements[one] for one in self._inside.get(element.id, ())]
        stopped = element.unsupported or next(
            (of_event_subprocess(one) for one in inner if one.triggered_by_event and one.unsupported), ""
        )
        if element.triggered_by_event and not stopped:
            stopped = next((one.unsupported for one in inner if one.kind == "startEvent"), "")
        starts = self._starts(element.id, event_subprocess=element.triggered_by_event)
        return replace(element, starts=starts, unsupported=stopped)

    def _starts(self, scope: str, *, event_subprocess: bool) -> tuple[str, ...]:
        inner = [self._elements[one] for one in self._inside.get(scope, ())]
        events = [one for one in inner if one.kind == "startEvent"]
        if event_subprocess:
            return tuple(one.id for one in events)
        if events:
            return tuple(one.id for one in events if one.family == "startEvent")
        return tuple(one.id for one in inner if not one.incoming and _may_begin(one))

    def _link(self) -> None:
        """Let each throwing link event know the catching one of its name in its scope."""
        catching = {
            (element.scope, element.details.name): element.id
            for element in self._elements.values()
            if element.kind == "intermediateCatchEvent" and isinstance(element.details, Link)
        }
        for element in list(self._elements.values()):
            if isinstance(element.details, Link) and element.kind != "intermediateCatchEvent":
                target = catching.get((element.scope, element.details.name), "")
                self._elements[element.id] = replace(element, details=Link(element.details.name, target))


def _process_name(reading: Reading) -> str:
    """Return the name of a process, else that of the pool that shows it."""
    name = reading.process.name or next(
        (
            participant.name
            for collaboration in reading.document.collaborations
            for participant in collaboration.children("participant")
            if reading.document.reference(participant, "processRef") == reading.process
        ),
        "",
    )
    return " ".join(name.split())


def _may_begin(element: Element) -> bool:
    return not (
        element.kind == "boundaryEvent"
        or element.triggered_by_event
        or element.for_compensation
        or element.instantiate
        or isinstance(element.details, Link)
    )


def _waits_for_data(element: Element, process: str) -> bool:
    """Return whether instances wait for a condition there; one that begins the process was asked before there was any."""
    if element.scope == process and element.family in ("startEvent/conditional", "startEvent/multiple"):
        return False
    details = element.details
    several = details.all if isinstance(details, Triggers) else ()
    return isinstance(details, Conditional) or any(isinstance(one.details, Conditional) for one in several)


def _handlers(elements: dict[str, Element]) -> dict[str, tuple[str, ...]]:
    """Return, by scope, the start events of the event sub-processes in it."""
    found: dict[str, tuple[str, ...]] = {}
    for element in elements.values():
        if element.triggered_by_event and not element.unsupported:
            found[element.scope] = (*found.get(element.scope, ()), *element.starts)
    return found


def _interrupts(xml: XmlElement) -> bool:
    return xml.is_true("isInterrupting" if xml.kind == "startEvent" else "cancelActivity", True)


def _is_activity(kind: str) -> bool:
    return kind not in EVENT_KINDS and kind not in GATEWAY_KINDS
