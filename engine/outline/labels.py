"""What stands at gateways, starts and event sub-processes where the outline gives them no name of their own."""

from flowmaster.engine.outline.nodes import Decision, Start, Trigger
from flowmaster.engine.outline.writing_events import title_of


def decision_label(node: Decision) -> str:
    """Return what stands at the gateway of a decision."""
    if node.name:
        return node.name
    titles = [case.title for case in node.cases]
    return f"{node.cases[0].condition}?" if titles in (["yes", "no"], ["yes"]) else ""


def event_process_label(trigger: Trigger) -> str:
    """Return what stands at an event sub-process."""
    return f"on {title_of(trigger)}".rstrip()


def start_label(start: Start) -> str:
    """Return what stands at a start."""
    return start.name or (title_of(start.trigger) if start.trigger != Trigger() else "")
