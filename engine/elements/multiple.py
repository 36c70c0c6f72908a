"""Events with several definitions, and events over data (BPMN 2.0.2, 10.5.5.4 and 10.5.5.8)."""

from collections.abc import Mapping
from dataclasses import replace

from flowmaster.engine.behaviour import Behaviour
from flowmaster.engine.elements.compensation import compensate
from flowmaster.engine.elements.plain import Plain
from flowmaster.engine.elements.throwing import throw
from flowmaster.engine.execution import Execution, Fault
from flowmaster.engine.model import Compensation, Conditional, Element, Triggers
from flowmaster.engine.state import EventWait, Node
from flowmaster.engine.watching import CONDITION


class ConditionalCatch(Plain):
    """Waits until data make a condition true; one that holds already happens at once."""

    def activate(self, run: Execution, node: Node, element: Element) -> None:
        """Begin to look at the condition after every change of data."""
        details = element.details
        if not isinstance(details, Conditional):
            raise Fault("condition.missing", f"{element.label!r} has no condition to wait for.")
        run.wait(EventWait(run.key(), node.key, element.id, run.at, CONDITION, details.condition.text, ""))
        run.watch()


class MultipleCatch(Plain):
    """Waits for any, or for all, of several triggers."""

    def __init__(self, catches: Mapping[str, Behaviour]) -> None:
        self._catches = catches

    def activate(self, run: Execution, node: Node, element: Element) -> None:
        """Wait for each trigger as an event of its own would."""
        details = element.details
        assert isinstance(details, Triggers)
        for one in details.all:
            catch = self._catches.get(one.definition)
            if catch is None:
                raise Fault("event.not_catchable", f"{element.label!r} cannot wait for {one.definition!r}.")
            catch.activate(run, node, replace(element, details=one.details))


class StartOfAll(MultipleCatch):
    """The start event of a process that needs several triggers: it waits for those that have not come."""

    def activate(self, run: Execution, node: Node, element: Element) -> None:
        """Wait for the triggers that are left in `element`; a token that somebody puts here goes on at once."""
        if element is run.element(node):
            run.finish(node)
        else:
            super().activate(run, node, element)


class MultipleThrow(Plain):
    """Throws all of several things, in their order in the file, and goes on."""

    def activate(self, run: Execution, node: Node, element: Element) -> None:
        """Throw each; what interrupts this event ends the list."""
        details = element.details
        assert isinstance(details, Triggers)
        undoing = None
        for one in details.all:
            if node.key not in run.state.nodes:
                return
            if isinstance(one.details, Compensation):
                undoing = one.details
            elif one.definition == "terminate":
                run.empty(run.state.nodes[node.scope], spare=node.key)
            else:
                throw(run, node, run.state.nodes[node.scope], element, one.details)
        if undoing is not None and node.key in run.state.nodes:
            compensate(run, node, Compensation(undoing.activity))
        elif node.key in run.state.nodes:
            run.finish(node)
