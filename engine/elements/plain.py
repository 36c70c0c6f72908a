"""Elements that pass a token on at once, and the default of every stage that a family leaves out."""

from flowmaster.engine.execution import Execution, Fault
from flowmaster.engine.feel.said import named, said
from flowmaster.engine.model import Element, Flow
from flowmaster.engine.state import Node


class Plain:
    """Passes at once: undefined and manual tasks, none events, start events (BPMN 2.0.2, 13.3.2)."""

    def activate(self, run: Execution, node: Node, element: Element) -> None:
        """Finish at once."""
        run.finish(node)

    def route(self, run: Execution, node: Node, element: Element) -> tuple[Flow, ...]:
        """Leave over every flow without condition and every flow whose condition holds (13.3.2).

        The default flow is taken when no condition holds.
        """
        flows = element.outgoing
        if len(flows) == 1 and flows[0].condition is None and element.default is None:
            return flows
        if element.default is None and all(flow.condition is None for flow in flows):
            return flows
        plain = [flow for flow in flows if flow.condition is None and flow is not element.default]
        chosen = [flow for flow in flows if flow.condition is not None and holds(run, node, flow)]
        if not chosen and element.default is not None:
            chosen = [element.default]
        if not chosen and not plain:
            raise Fault("flow.none_holds", f"No condition on the flows out of {element.label!r} holds.")
        return tuple(flow for flow in flows if flow in plain or flow in chosen)

    def withdraw(self, run: Execution, node: Node, element: Element) -> None:
        """Leave nothing behind: all that waits is inside the instance."""

    def before_inner_done(self, run: Execution, node: Node, element: Element, inner: Node) -> None:
        """Take nothing: only what has turns collects."""

    def inner_done(self, run: Execution, node: Node, element: Element) -> None:
        """Complete when nothing is left inside."""
        if not node.open:
            run.resolve_incidents(node, "went on")
            run.finish(node)

    def go_on(self, run: Execution, node: Node, element: Element) -> None:
        """Do nothing: only what has turns or compensates asks for it."""


def holds(run: Execution, node: Node, flow: Flow) -> bool:
    """Return whether the condition of a flow is true; anything but true and false is a fault."""
    assert flow.condition is not None
    seen = run.see(run.state.nodes[node.scope])
    found = flow.condition.value(seen, run.at)
    if found is True or found is False:
        return found
    values = named({name: seen.get(name) for name in sorted(flow.condition.names)})
    raise Fault(
        "condition.not_boolean",
        f"The condition `{flow.condition.text}` of flow {flow.id!r} gave {said(found)} instead of true or false"
        + (f" with {values}." if values else "."),
    )
