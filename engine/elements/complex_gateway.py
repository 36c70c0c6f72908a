"""The complex gateway: goes on when its condition holds, and takes the tokens that are left later (BPMN 2.0.2, 13.4.5)."""

from collections.abc import Mapping

from flowmaster.engine.elements.gateways import may_come
from flowmaster.engine.elements.plain import Plain
from flowmaster.engine.events import GatewayReset, GatewayStarted
from flowmaster.engine.execution import Execution, Fault
from flowmaster.engine.feel.said import said
from flowmaster.engine.model import Activation, Element, Flow, Value
from flowmaster.engine.scope import Scope, scope_of
from flowmaster.engine.state import Node


class ComplexGateway(Plain):
    """Two phases by turns (table 13.5): it starts when the activation condition holds, and then waits for its reset.

    The start takes a token from each flow that has one. The reset comes when each of the other flows has a token or
    none can come there any more; it takes those. Conditions behind it see `waitingForStart`: true for the tokens of
    a start, false for those of a reset. Without an activation condition it starts when no more tokens can come.
    """

    def ready(
        self, run: Execution, scope: Node, element: Element, *, resting: bool
    ) -> tuple[str, ...] | None:
        """Return the flows whose tokens a start or a reset takes; an empty reset takes none.

        A phase begins only after the token of the one before has left: it may be stopped at the gateway.
        """
        if any(node.element == element.id and node.scope == scope.key for node in run.state.nodes.values()):
            return None
        waiting = (scope.arrivals or {}).get(element.id, {})
        taken = (scope.started or {}).get(element.id)
        if taken is None:
            return self._start(run, scope, element, waiting, resting=resting)
        others = [flow for flow in element.incoming if flow.id not in taken]
        full = [flow for flow in others if flow.id in waiting]
        empty = [flow for flow in others if flow.id not in waiting]
        if empty and (not resting or may_come(run, scope, element, empty, full)):
            return None
        return tuple(flow.id for flow in full)

    def take(self, run: Execution, scope: Node, element: Element, flows: tuple[str, ...]) -> None:
        """Go over to the other phase."""
        if element.id in (scope.started or {}):
            run.emit(GatewayReset(element.id, scope.key))
        else:
            run.emit(GatewayStarted(element.id, scope.key, flows))

    def _start(
        self, run: Execution, scope: Node, element: Element, waiting: Mapping[str, int], *, resting: bool
    ) -> tuple[str, ...] | None:
        full = [flow for flow in element.incoming if flow.id in waiting]
        empty = [flow for flow in element.incoming if flow.id not in waiting]
        condition = element.details.condition if isinstance(element.details, Activation) else None
        if condition is None:
            complete = not empty or (resting and not may_come(run, scope, element, empty, full))
            starts = bool(full) and complete
        else:
            starts = bool(full) and _holds(run, scope, condition, sum(waiting.values()), waits=True)
        return tuple(flow.id for flow in full) if starts else None

    def route(self, run: Execution, node: Node, element: Element) -> tuple[Flow, ...]:
        """Return every flow whose condition holds in this phase, else the default; after a reset that may be none."""
        scope = run.state.nodes[node.scope]
        starting = len(element.incoming) < 2 or element.id in (scope.started or {})
        chosen = [
            flow
            for flow in element.outgoing
            if flow is not element.default
            and (flow.condition is None or _holds(run, node, flow.condition, 0, waits=starting))
        ]
        if chosen or not starting:
            return tuple(chosen)
        if element.default is not None:
            return (element.default,)
        if not element.outgoing:
            return ()
        raise Fault(
            "gateway.no_flow", f"No condition at gateway {element.label!r} holds and it has no default flow."
        )


def start_by_hand(run: Execution, scope: Node, element: Element) -> None:
    """Let a token that is put before a complex gateway count as its start; other elements have no phases."""
    waits = element.kind == "complexGateway" and len(element.incoming) > 1
    if waits and element.id not in (scope.started or {}):
        run.emit(GatewayStarted(element.id, scope.key, ()))


def _holds(run: Execution, node: Node, condition: Value, tokens: int, *, waits: bool) -> bool:
    seen = Scope(({"activationCount": tokens, "waitingForStart": waits}, scope_of(run.state, node.key)))
    found = condition.value(seen, run.at)
    if isinstance(found, bool):
        return found
    raise Fault(
        "condition.not_boolean",
        f"The condition `{condition.text}` gave {said(found)} instead of true or false.",
    )
