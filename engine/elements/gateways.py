"""Exclusive, parallel, inclusive and event-based gateways (BPMN 2.0.2, 13.4.1 to 13.4.4)."""

from flowmaster.engine.elements.plain import Plain, holds
from flowmaster.engine.execution import Execution, Fault
from flowmaster.engine.lookup import tokens_in
from flowmaster.engine.model import Element, Flow, Link
from flowmaster.engine.state import Node


class ExclusiveGateway(Plain):
    """Sends each token over the first flow whose condition holds, else over the default flow."""

    def route(self, run: Execution, node: Node, element: Element) -> tuple[Flow, ...]:
        """Return the one flow to take."""
        flows = element.outgoing
        if len(flows) == 1 and flows[0].condition is None:
            return flows
        for flow in flows:
            if flow is not element.default and flow.condition is not None and holds(run, node, flow):
                return (flow,)
        if element.default is not None:
            return (element.default,)
        for flow in flows:
            if flow.condition is None:
                return (flow,)
        if not flows:
            return ()
        raise Fault(
            "gateway.no_flow",
            f"No condition at gateway {element.label!r} holds and it has no default flow: "
            + "; ".join(f"{flow.id}: `{flow.condition.text}`" for flow in flows if flow.condition)
            + ".",
        )


class ParallelGateway(Plain):
    """Waits for one token on each incoming flow, then sends one over each outgoing flow."""

    def route(self, run: Execution, node: Node, element: Element) -> tuple[Flow, ...]:
        """Return all flows."""
        return element.outgoing

    def ready(
        self, run: Execution, scope: Node, element: Element, *, resting: bool
    ) -> tuple[str, ...] | None:
        """Return all incoming flows once each has a token."""
        waiting = (scope.arrivals or {}).get(element.id, {})
        flows = tuple(flow.id for flow in element.incoming)
        return flows if all(flow in waiting for flow in flows) else None

    def take(self, run: Execution, scope: Node, element: Element, flows: tuple[str, ...]) -> None:
        """Record nothing more: the gateway is as before."""


class InclusiveGateway(Plain):
    """Sends tokens over every flow whose condition holds; joins the tokens that can still come."""

    def ready(
        self, run: Execution, scope: Node, element: Element, *, resting: bool
    ) -> tuple[str, ...] | None:
        """Return the flows with tokens once no other token of the scope can reach an empty one.

        A token that can also reach a flow with a token does not count: it would be joined there anyway.
        """
        if not resting:
            return None
        waiting = (scope.arrivals or {}).get(element.id, {})
        full = [flow for flow in element.incoming if flow.id in waiting]
        empty = [flow for flow in element.incoming if flow.id not in waiting]
        if not full or may_come(run, scope, element, empty, full):
            return None
        return tuple(flow.id for flow in full)

    def take(self, run: Execution, scope: Node, element: Element, flows: tuple[str, ...]) -> None:
        """Record nothing more: the gateway is as before."""


def may_come(run: Execution, scope: Node, join: Element, empty: list[Flow], full: list[Flow]) -> bool:
    """Return whether a token of the scope can still reach an empty flow of a join, and no full one."""
    if not empty:
        return False
    to_empty = _sources(run, empty, join.id)
    to_full = _sources(run, full, join.id)
    return any(
        token != join.id and token in to_empty and token not in to_full
        for token in tokens_in(run.state, run.elements, scope)
    )


class Quantity:
    """Holds tokens back until there are as many as an activity wants (`startQuantity`, 10.3)."""

    def ready(
        self, run: Execution, scope: Node, element: Element, *, resting: bool
    ) -> tuple[str, ...] | None:
        """Return the flows of the first tokens that are enough together."""
        waiting = (scope.arrivals or {}).get(element.id, {})
        tokens = [flow for flow, count in waiting.items() for _ in range(count)]
        return tuple(tokens[: element.start_quantity]) if len(tokens) >= element.start_quantity else None

    def take(self, run: Execution, scope: Node, element: Element, flows: tuple[str, ...]) -> None:
        """Record nothing more: the next tokens are counted anew."""


class EventGateway(Plain):
    """Waits for the first of the events behind it."""

    def activate(self, run: Execution, node: Node, element: Element) -> None:
        """Wait for every event behind the gateway at once."""
        for flow in element.outgoing:
            await_event(run, node, run.elements[flow.target])


def await_event(run: Execution, node: Node, event: Element) -> None:
    """Wait at an event-based gateway for an event behind it."""
    if event.unsupported:
        raise Fault("element.not_executable", event.unsupported)
    if event.kind not in ("intermediateCatchEvent", "receiveTask"):
        raise Fault(
            "gateway.no_event", f"{event.label!r} stands behind a gateway and is no event to wait for."
        )
    run.behaviours[event.family].activate(run, node, event)


def _sources(run: Execution, flows: list[Flow], gateway: str) -> set[str]:
    """Return the elements from which one of the flows can be reached without passing the gateway."""
    found: set[str] = set()
    pending = [flow.source for flow in flows]
    while pending:
        name = pending.pop()
        if name in found or name == gateway:
            continue
        found.add(name)
        element = run.elements[name]
        pending += [flow.source for flow in element.incoming]
        if element.host:
            pending.append(element.host)
        if element.family == "intermediateCatchEvent/link":
            pending += [
                other.id
                for other in run.elements.values()
                if isinstance(other.details, Link) and other.details.target == name
            ]
    return found
