"""What is told of work once it is stored: figures, whose errand changed which instance, and the spans of timers."""

from collections.abc import Mapping, Sequence

from flowmaster.engine.state import State
from flowmaster.runtime.desk import Note
from flowmaster.runtime.observation.errands import Errand
from flowmaster.runtime.observation.observed import Observed
from flowmaster.runtime.observation.traces import Told, below


def tell_stored(
    observed: Observed, errand: Errand | None, states: Mapping[str, State], notes: Sequence[Note]
) -> None:
    """Tell of stored work."""
    if errand is not None:
        for instance, state in states.items():
            errand.changed[instance] = state.seq
            _remember(observed, errand, errand.tenant, instance)
    figures = observed.figures
    for note in notes:
        match note.kind:
            case "started":
                figures.started.record(())
            case "ended":
                figures.ended.record((note.about,))
            case "incident":
                figures.incidents.record((note.about,))
            case "timer":
                figures.timers.record((), note.lag_ms / 1000)
                _tell_fired(observed, errand, note)


def _remember(observed: Observed, errand: Errand, tenant: str, instance: str) -> None:
    """Keep in mind under which place later work for an instance comes to stand."""
    origin = errand.origin or errand.place
    if observed.traces is not None and tenant and origin is not None and origin.sampled:
        observed.traces.remember(tenant, instance, origin)


def _tell_fired(observed: Observed, errand: Errand | None, note: Note) -> None:
    """Tell of one timer as a span, with a link to where the work on its instance began."""
    traces = observed.traces
    if traces is None or errand is None or errand.place is None:
        return
    told: dict[str, Told] = {
        "flowmaster.instance": note.about,
        "flowmaster.tenant": note.tenant,
        "flowmaster.timer.lag_ms": note.lag_ms,
    }
    span = below("timer", errand.place, begun=note.begun, ended=note.ended, told=told)
    span.link = traces.origin(note.tenant, note.about)
    traces.end(span)
    if errand.place.sampled:
        traces.remember(note.tenant, note.about, span.place)
