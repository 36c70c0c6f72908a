"""The process and embedded sub-processes: scopes with tokens of their own (BPMN 2.0.2, 13.3.4)."""

from dataclasses import replace

from flowmaster.engine.elements.plain import Plain
from flowmaster.engine.events import ElementEntered, InstanceEnded
from flowmaster.engine.execution import Execution, Fault
from flowmaster.engine.model import Element, EventGateway, Process
from flowmaster.engine.state import Node
from flowmaster.engine.triggers import arm_handlers


class SubProcess(Plain):
    """Runs what is inside; completes when no token is left there."""

    def activate(self, run: Execution, node: Node, element: Element) -> None:
        """Put a token on each start, and then let each begin: the first may already be over by then."""
        if not element.starts:
            raise Fault(
                "process.no_start", f"{element.label!r} has no start event and nothing to begin with."
            )
        arm_handlers(run, node)
        begun = []
        for start in element.starts:
            key = run.key()
            run.emit(ElementEntered(key, start, node.key, ()))
            begun.append(run.state.nodes[key])
        for inner in begun:
            if inner.key not in run.state.nodes:
                continue
            if inner is begun[0] and began_instance(run.elements[inner.element]):
                run.finish(inner)
            else:
                run.begin(inner, run.elements[inner.element])


def began_instance(start: Element) -> bool:
    """Return whether a start is no start event but what has just happened: a receive task, or a gateway's event."""
    return start.kind != "startEvent" and (start.instantiate or bool(start.incoming))


class WholeProcess(SubProcess):
    """The process itself: the instance is over when no token is left."""

    def inner_done(self, run: Execution, node: Node, element: Element) -> None:
        """End the instance when nothing is left inside."""
        if not node.open:
            run.resolve_incidents(node, "went on")
            run.close_waits(node)
            run.emit(InstanceEnded("completed", "", ""))


def begin_at(run: Execution, root: Node, start: str) -> None:
    """Begin a process at the chosen start event alone; the other events of a parallel gateway are waited for."""
    element = run.elements[start]
    others: tuple[str, ...] = ()
    for gateway in instantiating_gateways(run.model.process, element):
        if isinstance(gateway.details, EventGateway) and gateway.details.parallel:
            others = tuple(flow.target for flow in gateway.outgoing if flow.target != start)
    run.begin(root, replace(run.model.process.root, starts=(start, *others)))


def instantiating_gateways(process: Process, event: Element) -> list[Element]:
    """Return the event-based gateways in front of an event that begin an instance (10.6.6)."""
    before = [process.elements[flow.source] for flow in event.incoming]
    return [one for one in before if one.instantiate and one.kind == "eventBasedGateway"]


def may_start(process: Process, element: Element) -> bool:
    """Return whether an instance may begin at an element."""
    if element.scope != process.id or element.unsupported:
        return False
    if element.kind == "startEvent" or (element.kind == "receiveTask" and element.instantiate):
        return True
    return bool(instantiating_gateways(process, element))
