"""Events that wait, send or jump: timers, messages, signals, links (BPMN 2.0.2, 13.5)."""

from flowmaster.engine.elements.plain import Plain
from flowmaster.engine.execution import Execution, Fault
from flowmaster.engine.model import Element, Flow, Link, Message, Signal, Timer
from flowmaster.engine.state import EventWait, Node, TimerWait
from flowmaster.engine.timers import schedule


class TimerEvent(Plain):
    """Waits for an instant; as a boundary event it waits as long as its host does."""

    def activate(self, run: Execution, node: Node, element: Element) -> None:
        """Work out when the timer is due, and wait for it."""
        details = element.details
        if not isinstance(details, Timer):
            raise Fault("timer.missing", f"The timer event {element.label!r} has no time.")
        text = run.text(node, details.expression, "The time")
        if details.kind == "cycle" and text.startswith("P"):  # A duration that was computed: again and again.
            text = f"R/{text}"
        first = schedule(details.kind, text, run.at, run.model.process.calendars)
        run.wait(TimerWait(run.key(), node.key, element.id, run.at, first.due, first.every, first.left, ""))


class MessageCatch(Plain):
    """Waits for a message; receive tasks and message boundary events do the same."""

    def activate(self, run: Execution, node: Node, element: Element) -> None:
        """Subscribe by name and, where the model has one, by correlation key."""
        details = element.details
        if not isinstance(details, Message):
            raise Fault("message.missing", f"{element.label!r} names no message to wait for.")
        name = run.text(node, details.name, "The message name")
        key = "" if details.key is None else run.text(node, details.key, "The correlation key")
        run.wait(EventWait(run.key(), node.key, element.id, run.at, "message", name, key))


class SignalCatch(Plain):
    """Waits for a signal."""

    def activate(self, run: Execution, node: Node, element: Element) -> None:
        """Subscribe by name."""
        name = _signal(run, node, element)
        run.wait(EventWait(run.key(), node.key, element.id, run.at, "signal", name, ""))


def _signal(run: Execution, node: Node, element: Element) -> str:
    if not isinstance(element.details, Signal):
        raise Fault("signal.missing", f"{element.label!r} names no signal.")
    return run.text(node, element.details.name, "The signal name")


class LinkThrow(Plain):
    """Jumps to the catching link of the same name; the jump is a flow without a line."""

    def route(self, run: Execution, node: Node, element: Element) -> tuple[Flow, ...]:
        """Return the jump."""
        if not isinstance(element.details, Link) or not element.details.target:
            raise Fault("link.missing", f"The link {element.label!r} leads nowhere.")
        return (Flow(element.id, element.name, element.id, element.details.target),)


class Catch(Plain):
    """Catches errors and escalations; there is nothing to wait for."""

    def activate(self, run: Execution, node: Node, element: Element) -> None:
        """Arm nothing: what is thrown looks for its catcher itself."""
