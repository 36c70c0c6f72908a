"""What came of simulated cases, as figures; times are in milliseconds."""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(slots=True)
class StepFigures:
    """What happened at one step: visits, and time that was waited and worked there."""

    waited: float = 0
    waits: int = 0
    worked: float = 0
    works: int = 0

    @property
    def lasted(self) -> float:
        """Return all time that went there."""
        return self.waited + self.worked


@dataclass(slots=True)
class Tally:
    """What happened in one process: the one under test, or one that it calls."""

    visits: dict[str, int] = field(default_factory=dict)
    flows: dict[str, int] = field(default_factory=dict)
    steps: dict[str, StepFigures] = field(default_factory=dict)
    timers: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Timers that fired, by element and purpose (`remind:0`, nothing for one of the model's own)."""

    def step(self, element: str) -> StepFigures:
        """Return the figures of a step."""
        found = self.steps.get(element)
        if found is None:
            found = self.steps[element] = StepFigures()
        return found


@dataclass(slots=True)
class RoleFigures:
    """How busy the people of a role were: tasks that they began, and those that stood in their line and left it."""

    tasks: int = 0
    lined: int = 0
    waited: float = 0
    worked: float = 0
    most: int = 0
    cost: float = 0


class Stuck(NamedTuple):
    """Where cases stand in the end, and why."""

    process: str
    element: str
    why: str


@dataclass(slots=True)
class Figures:
    """What came of the cases. `until` is when the last one ended, or came if none did."""

    ended: Counter[str] = field(default_factory=Counter)
    cycles: list[int] = field(default_factory=list)
    tallies: dict[str, Tally] = field(default_factory=dict)
    roles: dict[str, RoleFigures] = field(default_factory=dict)
    stuck: Counter[Stuck] = field(default_factory=Counter)
    cost: float = 0
    begins: int = 0
    arrived: int = 0
    until: int = 0
    acts: int = 0

    def role(self, name: str) -> RoleFigures:
        """Return the figures of a role."""
        found = self.roles.get(name)
        if found is None:
            found = self.roles[name] = RoleFigures()
        return found
