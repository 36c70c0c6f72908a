"""Undoing what is done: compensation, and transactions that are cancelled (BPMN 2.0.2, 10.7 and 13.5.5).

What completed in a scope and can be compensated stands in its node, in order. An event that throws compensation
takes those entries over, the last one first. Each activity is entered anew inside the event, as a node that
compensates: its handler runs there, a sub-process with the variables it had; the boundary events and handlers that
it had while it ran are no longer there to catch anything.
"""

from collections.abc import Mapping

from flowmaster.engine.elements.plain import Plain
from flowmaster.engine.events import CompensationBegan, ElementCompensated, ElementCompleted, ElementEntered
from flowmaster.engine.execution import Execution, Fault
from flowmaster.engine.lookup import carries_token
from flowmaster.engine.model import Compensation, Element
from flowmaster.engine.state import ROOT, Done, Node
from flowmaster.engine.triggers import Catcher, begin_handler, trigger
from flowmaster.engine.values import Json


class Compensating(Plain):
    """What every node does while it compensates: one handler after the other, until nothing is left to undo."""

    def inner_done(self, run: Execution, node: Node, element: Element) -> None:
        """Go on with the next handler once one is through."""
        if not node.open:
            run.later(node)

    def go_on(self, run: Execution, node: Node, element: Element) -> None:
        """Begin the next handler, or leave when none is left."""
        if node.undo:
            _undo(run, node, node.undo[-1])
        elif node.key == ROOT:
            run.end("cancelled", "", "What was done is undone.")
        else:
            leave(run, node, element, {})


def leave(run: Execution, node: Node, element: Element, variables: Mapping[str, Json]) -> None:
    """Leave a node when what it compensates is undone, or is to be left as it is."""
    if element.family == "endEvent/cancel":
        run.write(node, variables)
        _leave_transaction(run, node)
    elif carries_token(node, element):
        run.finish(node, variables)
    else:
        holder = run.state.nodes[node.scope]
        run.write(node, variables)
        run.emit(ElementCompensated(node.key, node.element))
        run.look_inside(holder)


class CompensationThrow(Plain):
    """Compensates one activity or all that is done in its scope, and then goes on."""

    def activate(self, run: Execution, node: Node, element: Element) -> None:
        """Take over what is to be undone; where the event does not wait, the undoing goes on beside it."""
        details = element.details if isinstance(element.details, Compensation) else Compensation()
        compensate(run, node, details)


def compensate(run: Execution, node: Node, details: Compensation) -> None:
    """Let a node that throws compensation undo what is done around it."""
    scope, holder = _compensated_scope(run, node, details.activity), node
    if not details.wait:
        key = run.key()
        run.emit(ElementEntered(key, node.element, node.scope, ()))
        holder = run.state.nodes[key]
    run.emit(CompensationBegan(holder.key, node.element, scope.key, details.activity))
    run.later(holder)
    if not details.wait:
        run.finish(node)


def compensate_all(run: Execution) -> None:
    """Stop everything in the instance, undo what is done, the last one first, and end it as cancelled.

    Scopes that have not completed are left, with what is done inside them: only what completed is compensated.
    """
    root = run.state.nodes[ROOT]
    run.empty(root)
    run.close_waits(root)
    run.resolve_incidents(root, "withdrawn")
    run.emit(CompensationBegan(ROOT, root.element, ROOT, ""))
    run.later(root)


class CancelEnd(Plain):
    """Ends a transaction without success: all else in it stops, what is done is undone (13.5.3, 10.7.2)."""

    def activate(self, run: Execution, node: Node, element: Element) -> None:
        """Withdraw all other tokens, then compensate."""
        scope = run.state.nodes[node.scope]
        if _cancel_boundary(run, scope) is None:
            raise Fault(
                "transaction.no_cancel",
                f"The cancel end event {element.label!r} stands in no transaction with a cancel boundary event.",
            )
        run.empty(scope, spare=node.key)
        run.emit(CompensationBegan(node.key, element.id, scope.key, ""))
        run.later(node)


def _compensated_scope(run: Execution, node: Node, activity: str) -> Node:
    """Return the scope to compensate: around the event, for an event sub-process the scope that it handles."""
    scope = run.state.nodes[node.scope]
    while scope.key != ROOT:
        inside = run.elements[scope.element].triggered_by_event
        found = any(one.element == activity for one in scope.done)
        if not inside and (not activity or found):
            return scope
        scope = run.state.nodes[scope.scope]
    return scope


def _undo(run: Execution, node: Node, last: Done) -> None:
    element = run.elements[last.element]
    start = _compensation_start(run, element)
    key = run.key()
    run.emit(ElementEntered(key, element.id, node.key, ()))
    inner = run.state.nodes[key]
    turns = last.inside and last.inside[0].element == element.id  # The body of a loop is undone turn by turn.
    if element.compensated_by and not turns:
        run.enter(run.elements[element.compensated_by], inner)
    elif start is not None and not turns:
        begin_handler(run, inner, start, {})
    else:
        run.emit(CompensationBegan(key, element.id, key, ""))
        run.later(inner)


def _compensation_start(run: Execution, element: Element) -> Element | None:
    """Return the start of the compensation event sub-process of a scope."""
    starts = run.model.process.handlers.get(element.id, ())
    return next(
        (run.elements[one] for one in starts if run.elements[one].family == "startEvent/compensate"), None
    )


def _cancel_boundary(run: Execution, scope: Node) -> Catcher | None:
    """Return the cancel event on the border of a transaction; where it runs several times, it leaves all of them."""
    host = run.state.nodes[scope.scope] if run.is_turn(scope) else scope
    events = run.elements[scope.element].boundaries
    found = [event for event in events if event.family == "boundaryEvent/cancel"]
    return Catcher(found[0], host) if found else None


def _leave_transaction(run: Execution, node: Node) -> None:
    boundary = _cancel_boundary(run, run.state.nodes[node.scope])
    assert boundary is not None, "a cancel end event begins to compensate only where there is one"
    run.emit(ElementCompleted(node.key, node.element))
    trigger(run, boundary, {})
