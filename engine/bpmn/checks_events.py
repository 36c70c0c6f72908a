"""Which events may stand where, and what they need: links, cancels, compensation, times (BPMN 2.0.2, 10.5, 10.7)."""

from collections import Counter

from flowmaster.engine.bpmn import fixes
from flowmaster.engine.bpmn.findings import Findings, named
from flowmaster.engine.bpmn.vocabulary import EVENT_KINDS
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.model import Compensation, Constant, Element, Link, Process, Timer, Triggers
from flowmaster.engine.timers import checked_schedule, start_schedule

_COMMON = frozenset({"message", "timer", "signal", "conditional"})
_FALLIBLE = frozenset({"error", "escalation", "compensate"})
ALLOWED: dict[str, frozenset[str]] = {
    "startEvent": _COMMON,
    "event sub-process": _COMMON | _FALLIBLE,
    "intermediateCatchEvent": _COMMON | {"link"},
    "boundaryEvent": _COMMON | _FALLIBLE | {"cancel"},
    "intermediateThrowEvent": frozenset({"message", "escalation", "link", "compensate", "signal"}),
    "endEvent": frozenset({"message", "signal", "cancel", "terminate"}) | _FALLIBLE,
}
"""Which definitions each kind of event may have (BPMN 2.0.2, table 10.93)."""


def check_events(process: Process, findings: Findings) -> None:
    """Check every event of a process."""
    for element in process.elements.values():
        if element.kind not in EVENT_KINDS:
            continue
        definitions = definitions_of(element)
        _check_place(process, element, definitions, findings)
        _check_cancel(process, element, definitions, findings)
        _check_interrupting(process, element, definitions, findings)
        _check_compensation(process, element, findings)
        for timer in _timers(element):
            _check_time(element, timer, findings, process)
    _check_links(process, findings)


def definitions_of(element: Element) -> tuple[str, ...]:
    """Return the names of the event definitions of an event."""
    if isinstance(element.details, Triggers):
        return tuple(trigger.definition for trigger in element.details.all)
    definition = element.family.partition("/")[2]
    return (definition,) if definition else ()


def _timers(element: Element) -> list[Timer]:
    if isinstance(element.details, Timer):
        return [element.details]
    if isinstance(element.details, Triggers):
        return [trigger.details for trigger in element.details.all if isinstance(trigger.details, Timer)]
    return []


def _check_place(process: Process, event: Element, definitions: tuple[str, ...], findings: Findings) -> None:
    if not definitions and event.kind in ("boundaryEvent", "intermediateCatchEvent"):
        code = "boundary.trigger_missing" if event.kind == "boundaryEvent" else "catch.trigger_missing"
        findings.add(code, event.id, f"{named(event)} has no trigger.", line=event.line)
    scope = process.elements[event.scope]
    if event.kind == "startEvent" and not scope.triggered_by_event and scope.kind != "process":
        return
    place = "event sub-process" if event.kind == "startEvent" and scope.triggered_by_event else event.kind
    for definition in definitions:
        if definition not in ALLOWED[place]:
            findings.add(
                "event.definition_wrong",
                event.id,
                f"{named(event)} is a {definition} event, which BPMN does not have as `{event.kind}` here.",
                line=event.line,
            )


def _check_cancel(process: Process, event: Element, definitions: tuple[str, ...], findings: Findings) -> None:
    if "cancel" not in definitions or event.kind not in ("endEvent", "boundaryEvent"):
        return
    if event.kind == "boundaryEvent":
        host = process.elements.get(event.host)
        inside = host is None or host.kind == "transaction"
    else:
        inside = any(scope.kind == "transaction" for scope in _around(process, event))
    if not inside:
        findings.add(
            "cancel.outside_transaction",
            event.id,
            f"The cancel event {named(event)} has no transaction to cancel.",
            line=event.line,
        )


def _around(process: Process, element: Element) -> list[Element]:
    found = []
    while element.scope:
        element = process.elements[element.scope]
        found.append(element)
    return found


def _check_interrupting(
    process: Process, event: Element, definitions: tuple[str, ...], findings: Findings
) -> None:
    if event.interrupting or not {"error", "cancel"} & set(definitions):
        return
    attribute = "isInterrupting" if event.kind == "startEvent" else "cancelActivity"
    findings.add(
        "event.must_interrupt",
        event.id,
        f"{named(event)} is an {definitions[0]} event that does not interrupt.",
        line=event.line,
        fix_edit=fixes.set_attribute(event.id, attribute, "true"),
    )


def _check_compensation(process: Process, event: Element, findings: Findings) -> None:
    if event.kind != "boundaryEvent" or not isinstance(event.details, Compensation):
        return
    handler = process.elements.get(event.details.activity)
    if handler is None:
        findings.add(
            "compensation.handler_missing",
            event.id,
            f"The compensation event {named(event)} has no handler.",
            line=event.line,
        )
    elif not handler.for_compensation:
        findings.add(
            "compensation.handler_missing",
            event.id,
            f"The compensation event {named(event)} leads to {named(handler)}, which is not marked as a handler.",
            line=event.line,
            fix_edit=fixes.set_attribute(handler.id, "isForCompensation", "true"),
        )
    for flow in event.outgoing:
        findings.add(
            "compensation.boundary_has_flow",
            event.id,
            f"The flow {flow.id!r} begins at the compensation event {named(event)}.",
            line=flow.line,
            fix_edit=fixes.remove(flow.id),
        )


def _check_time(event: Element, timer: Timer, findings: Findings, process: Process) -> None:
    if not isinstance(timer.expression, Constant) or timer.expression.content is None:
        return
    try:
        begins = event.kind == "startEvent" and event.scope == process.id
        read = start_schedule if begins else checked_schedule
        read(timer.kind, timer.expression.text, 0, process.calendars)
    except FlowMasterError as error:
        findings.add(
            "timer.malformed",
            event.id,
            f"The timer {named(event)} cannot be read: {error.message}",
            line=event.line,
            fix=error.fix,
            fix_edit=_in_iso(event, timer),
        )


def _in_iso(event: Element, timer: Timer) -> fixes.Edit | None:
    """Return the edit that writes a duration in ISO 8601 which stands there in words."""
    found = fixes.duration_of_words(timer.expression.text) if timer.kind == "duration" else ""
    alone = isinstance(event.details, Timer) and event.kind in ("intermediateCatchEvent", "boundaryEvent")
    return fixes.set_word(event.id, "after", found) if found and alone else None


def _check_links(process: Process, findings: Findings) -> None:
    links = [
        (element, element.details)
        for element in process.elements.values()
        if isinstance(element.details, Link) and element.kind.startswith("intermediate")
    ]
    catching = Counter(
        (element.scope, link.name) for element, link in links if element.kind == "intermediateCatchEvent"
    )
    for element, link in links:
        catches = element.kind == "intermediateCatchEvent"
        for flow in element.incoming if catches else element.outgoing:
            findings.add(
                "link.flow_wrong",
                element.id,
                f"The flow {flow.id!r} is on the wrong side of the link event {named(element)}.",
                line=flow.line,
                fix_edit=fixes.remove(flow.id),
            )
        if not link.name:
            findings.add(
                "link.name_missing", element.id, f"The link {named(element)} has no name.", line=element.line
            )
        elif catches and catching[element.scope, link.name] > 1:
            findings.add(
                "link.target_ambiguous",
                element.id,
                f"The link {link.name!r} of {named(element)} is caught twice in its scope.",
                line=element.line,
            )
        elif not catches and not link.target:
            findings.add(
                "link.target_missing",
                element.id,
                f"The link {link.name!r} of {named(element)} is caught nowhere in its scope.",
                line=element.line,
            )
