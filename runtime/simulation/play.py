"""One instance under way in a simulation: a case, or a process that it called."""

from dataclasses import dataclass, field

from flowmaster.engine.model import Executable
from flowmaster.engine.state import ChildWait, EventWait, JobWait, State, TaskWait, TimerWait, Wait
from flowmaster.runtime.simulation.figures import Stuck, Tally
from flowmaster.runtime.simulation.plan import Case
from flowmaster.runtime.simulation.pools import Offer, Pools

NOBODY = "Nobody answers: neither `answers` nor a scenario says what is given there."


@dataclass(slots=True, eq=False)
class Whole:
    """What belongs to a case as a whole, with all that it called."""

    number: int
    case: Case
    begun: int
    plays: "dict[str, Play]" = field(default_factory=dict)
    calls: int = 0
    visits: dict[str, int] = field(default_factory=dict)
    acts: int = 0
    idle: int = 0
    """Timers that fired since somebody acted."""
    end: str = ""
    spoilt: Stuck | None = None

    def visit(self, place: str) -> int:
        """Count a visit, and return its number from 0."""
        number = self.visits.get(place, 0)
        self.visits[place] = number + 1
        return number


@dataclass(slots=True, eq=False)
class Play:
    """An instance; `open` holds what it waits for, and whether that stands in the flow."""

    whole: Whole
    model: Executable
    state: State
    tally: Tally
    ends: frozenset[str]
    open: dict[int, tuple[Wait, bool]] = field(default_factory=dict)
    offers: dict[int, Offer] = field(default_factory=dict)
    jobs: dict[int, float] = field(default_factory=dict)
    """Since when a worker does a job, by the wait."""
    silent: dict[int, str] = field(default_factory=dict)
    """Why nobody acts, by the wait."""

    @property
    def process(self) -> str:
        """Return the id of the process."""
        return self.model.process.id

    def is_over(self) -> bool:
        """Return whether nothing happens to it any more."""
        return self.whole.spoilt is not None or self.state.status not in ("active", "paused")

    def hindrance(self, pools: Pools) -> Stuck | None:
        """Return where it stands and why, None if that is up to what it called."""
        for incident in self.state.incidents.values():
            return Stuck(self.process, incident.element, f"It stopped: {incident.message}")
        found: Stuck | None = None
        for wait in self.state.waits.values():
            match wait:
                case TaskWait() | JobWait():
                    why = self.silent.get(wait.id) or (
                        pools.hinders(wait, self.offers[wait.id].roles)
                        if isinstance(wait, TaskWait) and wait.id in self.offers
                        else ""
                    )
                    return Stuck(self.process, wait.element, why or NOBODY)
                case ChildWait():
                    return None
                case EventWait() if self.open.get(wait.id, (wait, True))[1] or found is None:
                    found = Stuck(self.process, wait.element, f"The {wait.kind} {wait.name!r} does not come.")
                case TimerWait() if found is None:
                    found = Stuck(
                        self.process, wait.element, "Its timers fire again and again, and nobody acts."
                    )
                case _:
                    pass
        return found or Stuck(
            self.process, self._standing(), "Tokens wait there for others that do not come."
        )

    def _standing(self) -> str:
        joins = (join for node in self.state.nodes.values() for join in node.arrivals or ())
        nodes = (node.element for node in self.state.nodes.values() if node.element != self.process)
        return next(joins, "") or next(nodes, self.process)
