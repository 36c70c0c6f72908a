"""The process and embedded sub-processes: scopes with tokens of their own (BPMN 2.0.2, 13.3.4)."""

from flowmaster.engine.elements.plain import Plain
from flowmaster.engine.execution import Execution, Fault
from flowmaster.engine.model import Element
from flowmaster.engine.state import Node
from flowmaster.engine.triggers import arm_handlers


class SubProcess(Plain):
    """Runs what is inside; completes when no token is left there."""

    def activate(self, run: Execution, node: Node, element: Element) -> None:
        """Put a token on each start."""
        if not element.starts:
            raise Fault(
                "process.no_start", f"{element.label!r} has no start event and nothing to begin with."
            )
        arm_handlers(run, node)
        for start in element.starts:
            run.enter(run.elements[start], node)
            if node.key not in run.state.nodes:
                return
