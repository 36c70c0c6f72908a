"""Pictures of processes and instances: where a case stands and which way it came."""

from collections.abc import Sequence

from flowmaster.engine import events as ev
from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.svg import Marks, draw_svg
from flowmaster.engine.state import State


def picture(document: BpmnDocument, state: State | None = None, history: Sequence[ev.Event] = ()) -> str:
    """Draw a process as SVG; with a state and a history also the tokens, incidents and the path taken."""
    if state is None:
        return draw_svg(document)
    completed = {event.element for event in history if isinstance(event, ev.ElementCompleted)}
    active = {node.element for node in state.nodes.values() if node.element != state.process}
    return draw_svg(
        document,
        Marks(
            completed=frozenset(completed - active),
            active=frozenset(active),
            incident=frozenset(incident.element for incident in state.incidents.values()),
            taken=frozenset(event.flow for event in history if isinstance(event, ev.FlowTaken)),
        ),
    )
