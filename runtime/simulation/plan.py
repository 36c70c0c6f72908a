"""What happens around a process while it is simulated: who comes, what people and services answer, how long it takes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple, Protocol

from flowmaster.engine.model import Element, Executable, Process
from flowmaster.engine.values import Json
from flowmaster.runtime.simulation.chance import Draw, fixed
from flowmaster.runtime.simulation.hours import Hours


class Outcome(NamedTuple):
    """What a person, worker or message gives, or the error or failure of a worker, and how often against the others."""

    variables: Mapping[str, Json] = {}
    weight: float = 1
    error: str = ""
    fail: str = ""


class Notice(NamedTuple):
    """A message from outside: how long after it is waited for it comes, how likely, and what it brings."""

    outcomes: Sequence[Outcome] = (Outcome(),)
    after: Draw | None = None
    probability: float = 1


class Case(NamedTuple):
    """How a case begins, and what happens in it: answers by visit, None where nobody gives one.

    `vary` gives other values to variables, each by its path, at random. `notices` are messages by name; None means that
    the usual ones come.
    """

    variables: Mapping[str, Json] = {}
    weight: float = 1
    business_key: str = ""
    start: str = ""
    trigger: int = 0
    answers: Mapping[str, Sequence[Outcome | None]] = {}
    notices: Mapping[str, Sequence[Outcome]] | None = None
    vary: Sequence[tuple[tuple[str, ...], Callable[[Random], Json]]] = ()


class Staff(NamedTuple):
    """The people of a role: how many (None: enough), what an hour of their work costs, and when they work."""

    number: int | None = None
    cost: float = 0
    hours: Hours | None = None


class Forms(Protocol):
    """What is known of the answers that elements take."""

    def refuses(self, process: Process, element: Element, answer: Mapping[str, Json]) -> str:
        """Return why a task does not take an answer, empty if it does."""
        ...

    def asks(self, process: Process, element: Element) -> str:
        """Return what a task must be told, empty if it takes an empty answer."""
        ...

    def start_refused(self, process: Process, case: Case, at: int) -> str:
        """Return why a process does not begin with what a case brings, empty if it does."""
        ...


class NoForms:
    """Takes every answer."""

    def refuses(self, process: Process, element: Element, answer: Mapping[str, Json]) -> str:
        """Take it."""
        return ""

    def asks(self, process: Process, element: Element) -> str:
        """Ask nothing."""
        return ""

    def start_refused(self, process: Process, case: Case, at: int) -> str:
        """Begin."""
        return ""


class World(Protocol):
    """The models that are played."""

    now: int
    """The instant at which decisions are looked up."""

    @property
    def main(self) -> Executable:
        """Return the process under test."""
        ...

    def called(self, process: str, version: str) -> Executable:
        """Return a process that is called, or refuse one that is not there."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What happens around the process; a step without a duration takes no time, a role without staff has enough.

    Steps go by id or name, jobs also by type. `answers` go before those of a case, `pooled` come after them; `errors`
    come before both, each with its probability.
    """

    cases: int
    begins: int
    between: Draw
    seed: int = 1
    hours: Hours | None = None
    inputs: Sequence[Case] = (Case(),)
    answers: Mapping[str, Sequence[Outcome]] = field(default_factory=dict)
    pooled: Mapping[str, Sequence[Outcome]] = field(default_factory=dict)
    errors: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    durations: Mapping[str, Draw] = field(default_factory=dict)
    staff: Mapping[str, Staff] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Other names of the roles that have staff."""
    costs: Mapping[str, float] = field(default_factory=dict)
    notices: Mapping[str, Notice] = field(default_factory=dict)
    usual: Mapping[str, Notice] = field(default_factory=dict)
    """Messages that come in a case that does not say itself which ones do."""
    forms: Forms = field(default_factory=NoForms)


NO_TIME = fixed(0)
