"""The process and embedded sub-processes: scopes with tokens of their own (BPMN 2.0.2, 13.3.4)."""

from dataclasses import replace

from flowmaster.engine.elements.plain import Plain
from flowmaster.engine.events import ElementEntered
from flowmaster.engine.execution import Execution, Fault
from flowmaster.engine.model import Element
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
            if inner.key in run.state.nodes:
                run.begin(inner, run.elements[inner.element])


def begin_at(run: Execution, root: Node, start: str) -> None:
    """Begin a process at the chosen start event alone."""
    run.begin(root, replace(run.model.process.root, starts=(start,)))
