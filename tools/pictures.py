"""Pictures of processes and instances: where a case stands, which way it came, and where its time went."""

from collections.abc import Iterable, Sequence

from flowmaster.engine import events as ev
from flowmaster.engine.bpmn.document import BpmnDocument
from flowmaster.engine.bpmn.svg import Marks, draw_svg
from flowmaster.engine.bpmn.svg_heat import Heat
from flowmaster.engine.state import State
from flowmaster.stores.rows import HistoryEntry


def picture(
    document: BpmnDocument,
    state: State | None = None,
    history: Sequence[HistoryEntry] = (),
    *,
    heat_until: int | None = None,
) -> str:
    """Draw a process as SVG; with a state and a history also the tokens, incidents and the path taken.

    With `heat_until`, a time, steps are coloured by how long they took until then instead of by their state.
    """
    if state is None:
        return draw_svg(document)
    heat = None if heat_until is None else heat_of(history, heat_until)
    return draw_svg(document, marks_of(state, history, heat))


def marks_of(state: State, history: Sequence[HistoryEntry], heat: Heat | None = None) -> Marks:
    """Return what a picture shows of an instance: tokens, incidents and the path taken, coloured by heat if given."""
    events = [entry.event for entry in history]
    completed = {event.element for event in events if isinstance(event, ev.ElementCompleted)}
    active = frozenset(standing_at(state))
    return Marks(
        completed=frozenset(completed - active),
        active=active,
        incident=frozenset(incident.element for incident in state.incidents.values()),
        taken=frozenset(event.flow for event in events if isinstance(event, ev.FlowTaken)),
        heat=heat,
    )


def standing_at(state: State) -> list[str]:
    """Return the element of each token of an instance."""
    return [node.element for node in state.nodes.values() if node.element != state.process]


def heat_of(history: Sequence[HistoryEntry], until: int) -> Heat:
    """Return how often each element was passed and how long it took; what is still at work counts until now."""
    passed: dict[str, int] = {}
    lasted: dict[str, int] = {}
    open_since: dict[int, tuple[str, int]] = {}

    def close(key: int, at: int) -> None:
        element, since = open_since.pop(key, ("", at))
        if element:
            lasted[element] = lasted.get(element, 0) + max(0, at - since)

    for entry in history:
        match entry.event:
            case ev.ElementEntered(key=key, element=element):
                passed[element] = passed.get(element, 0) + 1
                open_since[key] = (element, entry.at)
            case ev.ElementCompleted(key=key) | ev.ElementCancelled(key=key):
                close(key, entry.at)
            case _:
                pass
    for key in list(open_since):
        close(key, until)
    return Heat(passed, lasted)


def together(heats: Iterable[Heat]) -> Heat:
    """Return the heat of several instances as one."""
    passed: dict[str, int] = {}
    lasted: dict[str, int] = {}
    for heat in heats:
        for total, part in ((passed, heat.passed), (lasted, heat.lasted)):
            for element, value in part.items():
                total[element] = total.get(element, 0) + value
    return Heat(passed, lasted)
