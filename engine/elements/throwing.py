"""What events throw: messages, signals, errors and escalations (BPMN 2.0.2, 10.5.1 and 13.5)."""

from flowmaster.engine.elements.plain import Plain
from flowmaster.engine.events import MessageSent, SignalSent
from flowmaster.engine.execution import Execution, Fault
from flowmaster.engine.jobs import open_job
from flowmaster.engine.model import Details, Element, Error, Escalation, Job, Message, Signal
from flowmaster.engine.scope import visible
from flowmaster.engine.state import Node
from flowmaster.engine.triggers import broadcast, throw_error, throw_escalation


class Throw(Plain):
    """Throws a message, signal or escalation and goes on; a message with a job type is work of an outside worker."""

    def activate(self, run: Execution, node: Node, element: Element) -> None:
        """Throw, and finish if still there; or open the job and wait."""
        if isinstance(element.details, Job):
            open_job(run, node, element, element.details)
            return
        throw(run, node, run.state.nodes[node.scope], element, element.details)
        if node.key in run.state.nodes:
            run.finish(node)


def throw(run: Execution, node: Node, origin: Node, element: Element, thrown: Details) -> None:
    """Throw one thing from a node; errors and escalations look for their catcher from `origin` outwards.

    Whoever throws is perhaps no longer there afterwards: a catcher may have interrupted it.
    """
    sent = dict(node.variables or {}) if element.inputs else visible(run.state, node.key)
    match thrown:
        case Message(name=name, key=key):
            text = run.text(node, name, "The message name")
            found = "" if key is None else run.text(node, key, "The correlation key")
            run.emit(MessageSent(element.id, text, found, sent))
        case Signal(name=name):
            text = run.text(node, name, "The signal name")
            run.emit(SignalSent(element.id, text, sent))
            broadcast(run, text, sent)
        case Escalation(code=code) if code is not None:
            throw_escalation(run, origin, element.id, run.text(node, code, "The escalation code"), sent)
        case Error(code=code) if code is not None:
            text = run.text(node, code, "The error code")
            if not throw_error(run, origin, element.id, text, "", {}):
                run.end("failed", text, f"The error {text!r} thrown by {element.label!r} was not caught.")
        case _:
            kind = element.family.partition("/")[2] or "message"
            problem, what = _MISSING.get(kind, ("event.nothing_thrown", f"no {kind} to throw"))
            raise Fault(problem, f"{element.label!r} names {what}.")


_MISSING = {
    "message": ("message.missing", "no message to send"),
    "signal": ("signal.missing", "no signal"),
    "escalation": ("escalation.no_code", "no code"),
    "error": ("error.no_code", "no error code"),
}
