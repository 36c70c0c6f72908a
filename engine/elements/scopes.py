"""The process and embedded sub-processes: scopes with tokens of their own (BPMN 2.0.2, 13.3.4)."""

from dataclasses import replace

from flowmaster.engine.elements.plain import Plain
from flowmaster.engine.events import ElementEntered, InstanceEnded
from flowmaster.engine.execution import Execution, Fault
from flowmaster.engine.jobs import END, open_job
from flowmaster.engine.model import Element, EventGateway, Process, Triggers
from flowmaster.engine.state import ROOT, Node
from flowmaster.engine.stops import STARTING, TRIGGERED
from flowmaster.engine.triggers import arm_handlers, needs_all


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
            first = run.elements[inner.element]
            if inner is begun[0] and began_instance(first):
                run.finish(inner)
            elif isinstance(element.details, Triggers):
                run.begin(inner, replace(first, details=element.details))
            else:
                run.begin(inner, first)


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
            if element.at_end:
                open_job(run, node, element, element.at_end[0], f"{END}:0")
                return
            run.emit(InstanceEnded("completed", "", ""))


def begin_at(run: Execution, node: Node, start: str, trigger: int, *, heard: bool = False) -> None:
    """Begin a process at the chosen start event alone; what else it needs is waited for (BPMN 2.0.2, 10.5.2, 13.5.1).

    That is every other event behind a parallel gateway, and every trigger but the one that came of a start event that
    needs all: the token stands there until the last of them. Correlation keys are read over what the first one brought.
    A time that is waited for counts from the first trigger; where a time itself begins the instance, it has counted
    from publishing. The node is the process, or the start event where only waiting for the others did not work out.
    """
    element, root = run.elements[start], run.model.process.root
    run.starting = STARTING + start
    if not needs_all(element):
        others = (one for one in gathered(run.model.process, element) if one != start)
        run.begin(node, replace(root, starts=(start, *others)), armed=heard)
        return
    run.starting = f"{TRIGGERED}{trigger}/{start}"
    assert isinstance(element.details, Triggers)
    rest = Triggers(tuple(one for number, one in enumerate(element.details.all) if number != trigger))
    if node.key == ROOT:
        run.begin(node, replace(root, starts=(start,), details=rest), armed=heard)
    else:
        run.begin(node, replace(element, details=rest))


def begin_as(run: Execution, node: Node, stage: str, *, heard: bool = False) -> None:
    """Begin a process as a stage says that it was to begin; its listeners may have been `heard` already."""
    if stage.startswith(STARTING):
        begin_at(run, node, stage.removeprefix(STARTING), 0, heard=heard)
    else:
        trigger, _, start = stage.removeprefix(TRIGGERED).partition("/")
        begin_at(run, node, start, int(trigger), heard=heard)


def gathered(process: Process, event: Element) -> tuple[str, ...]:
    """Return the events whose triggers are all needed where an instance begins at this one; none where it is enough."""
    if event.kind == "startEvent":
        return (event.id,) if needs_all(event) else ()
    for gateway in instantiating_gateways(process, event):
        if isinstance(gateway.details, EventGateway) and gateway.details.parallel:
            return tuple(flow.target for flow in gateway.outgoing)
    return ()


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
