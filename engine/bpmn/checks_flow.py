"""Where a process begins, what leads where, and what nothing leads to (BPMN 2.0.2, 10.3.5, 10.5.2 to 10.5.4)."""

from collections.abc import Iterator, Mapping

from flowmaster.engine.bpmn import fixes
from flowmaster.engine.bpmn.findings import Findings, named
from flowmaster.engine.bpmn.vocabulary import SCOPE_KINDS
from flowmaster.engine.model import Compensation, Element, Flow, Link, Process

Inside = Mapping[str, list[Element]]
"""The elements directly inside each scope, by its id."""


def check_flow(process: Process, findings: Findings) -> None:
    """Check the flows of every node, the starts of every scope, and what can be reached."""
    scopes = inside(process)
    for element in process.elements.values():
        _check_ends(element, findings)
        if element.kind in SCOPE_KINDS:
            _check_scope(element, scopes.get(element.id, []), findings)
    for element in _unreachable(process, scopes):
        findings.add(
            "element.unreachable",
            element.id,
            f"Nothing leads to {named(element)}.",
            line=element.line,
        )


def inside(process: Process) -> Inside:
    """Return the elements directly inside each scope."""
    found: dict[str, list[Element]] = {}
    for element in process.elements.values():
        found.setdefault(element.scope, []).append(element)
    return found


def _check_ends(element: Element, findings: Findings) -> None:
    if element.kind == "startEvent":
        _refuse(findings, "start.has_incoming", element, element.incoming, "ends at the start event")
    elif element.kind == "endEvent":
        _refuse(findings, "end.has_outgoing", element, element.outgoing, "begins at the end event")
    elif element.kind == "boundaryEvent":
        _refuse(findings, "boundary.has_incoming", element, element.incoming, "ends at the boundary event")
        if not element.outgoing and not isinstance(element.details, Compensation):
            findings.add(
                "boundary.has_no_outgoing",
                element.id,
                f"The boundary event {named(element)} leads nowhere.",
                line=element.line,
            )
    elif element.triggered_by_event:
        flows = element.incoming + element.outgoing
        _refuse(findings, "event_subprocess.has_flow", element, flows, "is tied to the event sub-process")
        for boundary in element.boundaries:
            findings.add(
                "event_subprocess.has_boundary",
                boundary.id,
                f"The boundary event {named(boundary)} is attached to the event sub-process {named(element)}.",
                line=boundary.line,
                fix_edit=fixes.remove(boundary.id),
            )
    elif element.for_compensation:
        flows = element.incoming + element.outgoing
        _refuse(
            findings, "compensation.handler_has_flow", element, flows, "is tied to the compensation handler"
        )


def _refuse(findings: Findings, code: str, element: Element, flows: tuple[Flow, ...], how: str) -> None:
    for flow in flows:
        findings.add(
            code,
            element.id,
            f"The flow {flow.id!r} {how} {named(element)}.",
            line=flow.line or element.line,
            fix_edit=fixes.remove(flow.id),
        )


def _check_scope(scope: Element, nodes: list[Element], findings: Findings) -> None:
    if scope.triggered_by_event:
        _check_event_subprocess(scope, nodes, findings)
    elif not nodes:
        code = "process.empty" if scope.kind == "process" else "subprocess.empty"
        findings.add(code, scope.id, f"{named(scope)} holds no step.", line=scope.line)
    else:
        _check_starts(scope, nodes, findings)
    if scope.kind == "adHocSubProcess" or not any(one.kind == "endEvent" for one in nodes):
        return
    ends = [one.id for one in nodes if one.kind == "endEvent"]
    for element in nodes:
        if not element.outgoing and not _may_end(element):
            findings.add(
                "element.dead_end",
                element.id,
                f"{named(element)} leads nowhere, although {named(scope)} has end events.",
                line=element.line,
                fix_edit=fixes.connect(element.id, ends[0]) if len(ends) == 1 else None,
            )


def _check_starts(scope: Element, nodes: list[Element], findings: Findings) -> None:
    events = [one for one in nodes if one.kind == "startEvent"]
    plain = [one for one in events if one.family == "startEvent"]
    if not scope.starts and not events and not any(one.instantiate for one in nodes):
        findings.add(
            "process.start_missing", scope.id, f"Nothing can begin in {named(scope)}.", line=scope.line
        )
    for extra in plain[1:]:
        findings.add(
            "process.start_ambiguous",
            extra.id,
            f"{named(scope)} has {len(plain)} start events without trigger; {named(extra)} is one too many.",
            line=extra.line,
            fix_edit=fixes.remove(extra.id),
        )
    if scope.kind == "process":
        return
    for event in events:
        if event.family != "startEvent":
            findings.add(
                "subprocess.start_has_trigger",
                event.id,
                f"The sub-process {named(scope)} begins with {named(event)}, a start event that has a trigger.",
                line=event.line,
            )


def _check_event_subprocess(scope: Element, nodes: list[Element], findings: Findings) -> None:
    events = [one for one in nodes if one.kind == "startEvent"]
    if len(events) != 1:
        findings.add(
            "event_subprocess.start_count",
            scope.id,
            f"The event sub-process {named(scope)} has {len(events)} start events; it needs exactly one.",
            line=scope.line,
        )
    for event in events:
        if event.family == "startEvent":
            findings.add(
                "event_subprocess.start_has_no_trigger",
                event.id,
                f"The start event {named(event)} of the event sub-process {named(scope)} has no trigger.",
                line=event.line,
            )


def _may_end(element: Element) -> bool:
    return (
        element.kind in ("endEvent", "boundaryEvent")
        or element.triggered_by_event
        or element.for_compensation
        or (isinstance(element.details, Link) and element.kind == "intermediateThrowEvent")
    )


def _unreachable(process: Process, scopes: Inside) -> Iterator[Element]:
    """Yield the nodes that no path leads to, only the first of each path that hangs in the air."""
    reached: set[str] = set()
    _follow(process, scopes, process.id, reached)
    open_nodes = [
        one for one in process.elements.values() if one.id not in reached and not _is_reached_otherwise(one)
    ]
    beginnings = [one for one in open_nodes if not one.incoming]
    for element in [*beginnings, *open_nodes]:
        if element.id not in reached and element.scope in reached:
            yield element
            _follow(process, scopes, element.id, reached)


def _follow(process: Process, scopes: Inside, start: str, reached: set[str]) -> None:
    waiting = [start]
    while waiting:
        element = process.elements[waiting.pop()]
        if element.id not in reached:
            reached.add(element.id)
            waiting.extend(_next(scopes, element))


def _is_reached_otherwise(element: Element) -> bool:
    """Return whether no flow needs to lead to the element: handlers, boundary events, catching links."""
    return (
        element.for_compensation
        or element.kind == "boundaryEvent"
        or (isinstance(element.details, Link) and element.kind == "intermediateCatchEvent")
    )


def _next(scopes: Inside, element: Element) -> Iterator[str]:
    for flow in element.outgoing:
        yield flow.target
    for boundary in element.boundaries:
        yield boundary.id
    if element.compensated_by:
        yield element.compensated_by
    if isinstance(element.details, Link) and element.details.target:
        yield element.details.target
    if element.kind in SCOPE_KINDS:
        yield from element.starts
        for one in scopes.get(element.id, ()):
            if one.kind == "startEvent" or one.triggered_by_event or one.instantiate or one.for_compensation:
                yield one.id
