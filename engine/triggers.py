"""How events happen to an instance: what is triggered, what it interrupts, who catches what is thrown.

The nearest catcher wins: an event sub-process of the innermost scope, then the boundary of that scope, then the
scope around it (BPMN 2.0.2, 10.5.6 and 13.5). What nothing here catches goes to the caller of the process.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from flowmaster.engine import events as ev
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.execution import Execution, Fault, fresh_data
from flowmaster.engine.model import Element, Error, Escalation, Timer, Triggers
from flowmaster.engine.state import ROOT, EventWait, JobWait, Node, TimerWait
from flowmaster.engine.stops import ARMING
from flowmaster.engine.values import Json
from flowmaster.engine.watching import remember_conditions

_NOTHING: Mapping[str, Json] = {}


class Catcher(NamedTuple):
    """An event that catches, and the node that it belongs to: the host of a boundary event, or a scope."""

    event: Element
    node: Node


def happen(run: Execution, node: Node, event: Element, variables: Mapping[str, Json] = _NOTHING) -> None:
    """Let an event happen that a node waited for: in the flow, on its boundary, inside it, or behind it."""
    if event.id == node.element:
        run.resolve_incidents(node, "went on")
        run.finish(node, variables)
    elif event.host or event.kind == "startEvent":
        trigger(run, Catcher(event, node), variables)
    else:
        _choose(run, node, event, variables)


def receive(run: Execution, wait: EventWait, variables: Mapping[str, Json]) -> None:
    """Let a message or signal reach a waiting place; one that does not interrupt keeps waiting for more."""
    node, event = run.state.nodes[wait.node], run.elements[wait.element]
    together = needs_all(event)
    keeps = _stays(node, event) and not together
    if not keeps:
        run.emit(ev.WaitClosed(wait.id, wait.element, "received", {"name": wait.name}))
    if needs_more(run, wait):
        run.write(node, variables)
        return
    happen(run, node, event, variables)
    if together:
        arm_again(run, node, event)


def arm_again(run: Execution, node: Node, event: Element) -> None:
    """Let an event that needs all of its triggers wait for them once more, where it goes on waiting.

    A time that has come does not come again, unless it is a cycle; a condition counts again once it was false.
    """
    details = event.details
    assert isinstance(details, Triggers)
    times = [one.details.kind for one in details.all if isinstance(one.details, Timer)]
    if not _stays(node, event) or node.key not in run.state.nodes or set(times) - {"cycle"}:
        return
    try:
        run.behaviours[event.family.replace("startEvent", "boundaryEvent")].activate(run, node, event)
        remember_conditions(run, node, event.id)
    except (Fault, FlowMasterError) as fault:
        for key in node.waits:
            if run.state.waits[key].element == event.id:
                run.emit(ev.WaitClosed(key, event.id, "withdrawn", _NOTHING))
        run.raise_beside(node, ARMING + event.id, fault.code, fault.message)


def needs_all(event: Element) -> bool:
    """Return whether an event needs all of several triggers."""
    return event.family.endswith("/parallelMultiple")


def needs_more(run: Execution, wait: EventWait | TimerWait) -> bool:
    """Return whether the event of a wait needs all of several triggers, and others have not come yet."""
    if not needs_all(run.elements[wait.element]):
        return False
    waits = (run.state.waits[key] for key in run.state.nodes[wait.node].waits)
    return any(other.element == wait.element and other.id != wait.id for other in waits)


def _stays(node: Node, event: Element) -> bool:
    """Return whether an event goes on waiting after it has happened."""
    beside = event.id != node.element and event.kind in ("boundaryEvent", "startEvent")
    return beside and not event.interrupting


def broadcast(run: Execution, name: str, variables: Mapping[str, Json]) -> None:
    """Let a signal reach every place of this instance that waits for it now."""
    for wait in list(run.state.waits.values()):
        if (
            isinstance(wait, EventWait)
            and wait.kind == "signal"
            and wait.name == name
            and wait.id in run.state.waits
        ):
            receive(run, wait, variables)


def arm_handlers(run: Execution, scope: Node) -> None:
    """Begin to wait for what triggers the event sub-processes of a scope."""
    for name in run.model.process.handlers.get(scope.element, ()):
        start = run.elements[name]
        definition = start.family.partition("/")[2]
        run.behaviours[f"boundaryEvent/{definition}"].activate(run, scope, start)


def trigger(run: Execution, catcher: Catcher, variables: Mapping[str, Json]) -> None:
    """Let a boundary event or the start of an event sub-process happen, interrupting what it interrupts."""
    event, node = catcher
    if event.kind == "startEvent":
        begin_handler(run, node, event, variables)
        return
    # The event stands in the scope before its host leaves, so that the scope does not end in between.
    key = run.key()
    run.emit(ev.ElementEntered(key, event.id, node.scope, ()))
    if event.interrupting:
        run.withdraw(node)
    run.finish(run.state.nodes[key], variables)


def throw_error(
    run: Execution, start: Node, thrower: str, code: str, message: str, variables: Mapping[str, Json]
) -> bool:
    """Throw a BPMN error from a node outwards; return whether something in this instance caught it."""
    catcher = catcher_of(run, start, "error", code)
    run.emit(ev.ErrorThrown(thrower, code, message, catcher.event.id if catcher else ""))
    if catcher is None:
        return False
    trigger(run, catcher, variables)
    return True


def throw_escalation(
    run: Execution, start: Node, thrower: str, code: str, variables: Mapping[str, Json]
) -> None:
    """Throw an escalation outwards; what nobody catches is no fault, but the caller of the process may."""
    catcher = catcher_of(run, start, "escalation", code)
    run.emit(ev.EscalationThrown(thrower, code, catcher.event.id if catcher else "", variables))
    if catcher is not None:
        trigger(run, catcher, variables)


def catcher_of(run: Execution, start: Node, definition: str, code: str) -> Catcher | None:
    """Return who catches what is thrown from a node; a catcher whose own code gives no text is a fault."""
    for node, events in _outwards(run, start, definition):
        caught = _matching(run, node, events, definition, code)
        if caught is not None:
            return Catcher(caught, node)
    return None


def _outwards(run: Execution, start: Node, definition: str) -> Iterator[tuple[Node, list[Element]]]:
    """Return, from a node outwards, who may catch: event sub-processes inside a scope, then its boundary.

    An event sub-process does not catch what is thrown inside itself; once one has interrupted its scope, the
    others of that scope do not catch either. What is compensated is over: nothing of it catches.
    """
    inside, at = "", start
    while True:
        over = at.undo is not None
        holder = "" if over or run.is_body(at) else at.element
        handlers = [run.elements[name] for name in run.model.process.handlers.get(holder, ())]
        if not any(event.scope == inside and event.interrupting for event in handlers):
            yield at, [event for event in handlers if event.scope != inside and _caught(event, definition)]
        if at.key == ROOT:
            return
        boundaries = () if over or run.is_turn(at) else run.elements[at.element].boundaries
        yield at, [event for event in boundaries if _caught(event, definition)]
        inside, at = at.element, run.state.nodes[at.scope]


def _caught(event: Element, definition: str) -> list[Error | Escalation]:
    """Return what an event catches of errors or escalations; one with several definitions may catch several."""
    details = event.details
    all_of_it = details.all if isinstance(details, Triggers) else ()
    if event.family.partition("/")[2] == definition:
        return [details if isinstance(details, Error | Escalation) else Error()]
    return [
        one.details
        for one in all_of_it
        if one.definition == definition and isinstance(one.details, Error | Escalation)
    ]


def _matching(
    run: Execution, node: Node, events: list[Element], definition: str, code: str
) -> Element | None:
    """Return the event that catches this code, else one that catches all."""
    catch_all: Element | None = None
    for event in events:
        for caught in _caught(event, definition):
            if caught.code is None:
                catch_all = catch_all or event
            elif run.text(node, caught.code, "The code") == code:
                return event
    return catch_all


def begin_handler(run: Execution, scope: Node, start: Element, variables: Mapping[str, Json]) -> None:
    """Begin an event sub-process in the scope that holds it."""
    key = run.key()
    run.emit(ev.ElementEntered(key, start.scope, scope.key, ()))
    if start.interrupting:
        if scope.turns is not None:
            run.emit(ev.LoopStopped(scope.key, scope.element))
        run.empty(scope, spare=key)
        for key_of_wait in scope.waits:
            wait = run.state.waits[key_of_wait]
            # The job of a scope is that of an ad-hoc sub-process, whose next activity nobody chooses any more.
            if run.elements[wait.element].kind == "startEvent" or isinstance(wait, JobWait):
                run.emit(ev.WaitClosed(wait.id, wait.element, "withdrawn", {}))
    handler = run.state.nodes[key]
    if data := fresh_data(handler, run.element(handler)):
        run.emit(ev.VariablesSet(key, start.scope, data))
    try:
        arm_handlers(run, handler)
    except (Fault, FlowMasterError) as fault:
        run.close_waits(handler)
        run.write(handler, variables)
        run.raise_incident(handler, "active", fault.code, fault.message)
        return
    inner = run.key()
    run.emit(ev.ElementEntered(inner, start.id, key, ()))
    run.finish(run.state.nodes[inner], variables)


def _choose(run: Execution, gateway: Node, event: Element, variables: Mapping[str, Json]) -> None:
    """Go on from the event that came first behind an event-based gateway (BPMN 2.0.2, 13.4.4)."""
    flow = next(flow for flow in run.element(gateway).outgoing if flow.target == event.id)
    run.close_waits(gateway)
    run.resolve_incidents(gateway, "went on")
    run.emit(ev.ElementCompleted(gateway.key, gateway.element))
    run.emit(ev.FlowTaken(flow.id, gateway.scope))
    key = run.key()
    run.emit(ev.ElementEntered(key, event.id, gateway.scope, (flow.id,)))
    run.finish(run.state.nodes[key], variables)
