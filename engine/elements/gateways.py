"""Exclusive and parallel gateways (BPMN 2.0.2, 13.4.1 and 13.4.2)."""

from flowmaster.engine.elements.plain import Plain, holds
from flowmaster.engine.execution import Execution, Fault
from flowmaster.engine.model import Element, Flow
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

    joins = True

    def route(self, run: Execution, node: Node, element: Element) -> tuple[Flow, ...]:
        """Return all flows."""
        return element.outgoing

    def ready(self, run: Execution, scope: Node, element: Element) -> tuple[str, ...]:
        """Return all incoming flows once each has a token."""
        waiting = (scope.arrivals or {}).get(element.id, {})
        flows = tuple(flow.id for flow in element.incoming)
        return flows if all(flow in waiting for flow in flows) else ()
