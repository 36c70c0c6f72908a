"""End events that do more than end: terminate, error, escalation (BPMN 2.0.2, 13.5.3)."""

from flowmaster.engine.elements.plain import Plain
from flowmaster.engine.events import ElementCompleted, ErrorThrown
from flowmaster.engine.execution import Execution, Fault
from flowmaster.engine.model import Element, Error
from flowmaster.engine.state import Node
from flowmaster.engine.triggers import catcher_of, trigger


class TerminateEnd(Plain):
    """Ends everything else in its scope; the scope itself completes."""

    def activate(self, run: Execution, node: Node, element: Element) -> None:
        """Withdraw all other tokens of the scope, then finish as the last one."""
        run.empty(run.state.nodes[node.scope], spare=node.key)
        run.finish(node)


class ErrorEnd(Plain):
    """Throws a BPMN error to the scopes around it.

    Its output mappings are made first, so that whoever catches finds what they say. What no scope of a called
    process catches goes to its caller; what a top-level process does not catch ends it as failed.
    """

    def activate(self, run: Execution, node: Node, element: Element) -> None:
        """Throw, and end the instance if nothing catches."""
        details = element.details
        if not isinstance(details, Error) or details.code is None:
            raise Fault("error.no_code", f"The error end event {element.label!r} names no error code.")
        code = run.text(node, details.code, "The error code")
        scope = run.state.nodes[node.scope]
        catcher = catcher_of(run, scope, "error", code)
        if element.outputs:
            run.map_outputs(node, element, None)
        run.emit(ElementCompleted(node.key, node.element))
        run.emit(ErrorThrown(element.id, code, "", catcher.event.id if catcher else ""))
        if catcher is not None:
            trigger(run, catcher, {})
        else:
            run.end("failed", code, f"The error {code!r} thrown by {element.label!r} was not caught.")
