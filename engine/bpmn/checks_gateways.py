"""Conditions and defaults of outgoing flows, and what may stand behind event-based gateways (10.6)."""

from collections.abc import Mapping

from flowmaster.engine.bpmn import fixes
from flowmaster.engine.bpmn.checks_conditions import Ways
from flowmaster.engine.bpmn.findings import Findings, named
from flowmaster.engine.model import Element, Process

_CHOOSING = frozenset({"exclusiveGateway", "inclusiveGateway"})
_BLIND = frozenset(
    {"parallelGateway", "eventBasedGateway", "startEvent", "intermediateCatchEvent", "boundaryEvent"}
)
_EVENTS_TO_WAIT_FOR = frozenset({"message", "timer", "signal", "conditional"})


def check_gateways(process: Process, findings: Findings, ways: Mapping[str, Ways]) -> None:
    """Check the outgoing flows of every node; `ways` are their conditions, read together."""
    for element in process.elements.values():
        if element.kind in _BLIND:
            _check_blind(element, findings)
        else:
            _check_choice(element, findings, ways.get(element.id))
        if element.kind == "eventBasedGateway":
            _check_event_gateway(process, element, findings)


def _check_blind(element: Element, findings: Findings) -> None:
    for flow in element.outgoing:
        if flow.condition is not None:
            findings.add(
                "flow.condition_ignored",
                flow.id,
                f"The flow {flow.id!r} out of {named(element)} has the condition `{flow.condition.text}`; a flow out "
                f"of a `{element.kind}` must not have one.",
                line=flow.line,
                fix_edit=fixes.set_condition(flow.id, None),
            )


def _check_choice(element: Element, findings: Findings, ways: Ways | None) -> None:
    conditioned = [flow for flow in element.outgoing if flow.condition is not None]
    open_flows = [flow for flow in element.outgoing if flow.condition is None and flow is not element.default]
    if conditioned and not open_flows and element.default is None:
        gap = "" if ways is None else ways.gap()
        if element.kind != "complexGateway" and gap is not None:
            when = f"none holds when {gap}, and then" if gap else "if none holds,"
            findings.add(
                "gateway.default_missing",
                element.id,
                f"{named(element)} has conditions on all flows and no default: {when} the instance stops.",
                line=element.line,
                fix_edit=fixes.make_default(conditioned[-1].id),
            )
        return
    if element.kind not in _CHOOSING or len(element.outgoing) < 2:
        return
    if len(open_flows) == 1:
        flow = open_flows[0]
        findings.add(
            "flow.condition_missing",
            flow.id,
            f"The flow {flow.id!r} out of {named(element)} has no condition and is not the default.",
            line=flow.line,
            fix_edit=fixes.set_attribute(element.id, "default", flow.id) if element.default is None else None,
        )
    elif open_flows:
        listed = ", ".join(repr(flow.id) for flow in open_flows)
        findings.add(
            "flow.condition_missing",
            element.id,
            f"The flows {listed} out of {named(element)} have no condition.",
            line=element.line,
        )


def _check_event_gateway(process: Process, gateway: Element, findings: Findings) -> None:
    if len(gateway.outgoing) < 2:
        findings.add(
            "gateway.event_single",
            gateway.id,
            f"The event-based gateway {named(gateway)} leads to {len(gateway.outgoing)} events.",
            line=gateway.line,
            fix_edit=fixes.remove(gateway.id) if len(gateway.outgoing) == 1 and gateway.incoming else None,
        )
    for flow in gateway.outgoing:
        target = process.elements[flow.target]
        if not _waits(target):
            findings.add(
                "gateway.event_target_wrong",
                gateway.id,
                f"The event-based gateway {named(gateway)} leads to {named(target)}, a `{target.kind}`, which waits for no "
                "event.",
                line=flow.line,
            )
            continue
        for boundary in target.boundaries:
            findings.add(
                "gateway.event_target_has_boundary",
                target.id,
                f"{named(target)} stands behind the event-based gateway {named(gateway)} and has the boundary event "
                f"{named(boundary)}.",
                line=boundary.line,
                fix_edit=fixes.remove(boundary.id),
            )
        for other in target.incoming:
            if other.source != gateway.id:
                findings.add(
                    "gateway.event_target_shared",
                    target.id,
                    f"{named(target)} stands behind the event-based gateway {named(gateway)} and is also the target of "
                    f"{other.id!r}.",
                    line=other.line,
                    fix_edit=fixes.remove(other.id),
                )


def _waits(element: Element) -> bool:
    if element.kind == "receiveTask":
        return True
    return (
        element.kind == "intermediateCatchEvent" and element.family.partition("/")[2] in _EVENTS_TO_WAIT_FOR
    )
