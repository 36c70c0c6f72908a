"""What a process calls and does not hold itself: decisions, which the runtime links to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


class Decision(Protocol):
    """A compiled DMN decision, as `engine.dmn` gives it."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Return the names of the input data that it reads."""
        ...

    def evaluate(self, inputs: Mapping[str, object], at: int = 0) -> "DecisionAnswer":
        """Evaluate over `inputs`."""
        ...


class MatchedRule(Protocol):
    """A rule of a table that matched."""

    def _asdict(self) -> dict[str, object]:
        """Return where it stands, what it was asked and what it answered."""
        ...


class DecisionFault(Protocol):
    """Why a decision is null where it should not be."""

    @property
    def kind(self) -> str:
        """Return what is wrong, `no_match` where no rule of a table matches."""
        ...

    @property
    def text(self) -> str:
        """Return it in words."""
        ...


class DecisionAnswer(Protocol):
    """What a decision gave and which rules matched."""

    @property
    def value(self) -> object:
        """Return the FEEL value."""
        ...

    @property
    def matched(self) -> tuple["MatchedRule", ...]:
        """Return the matched rules."""
        ...

    @property
    def warnings(self) -> tuple[object, ...]:
        """Return what went wrong inside without stopping it."""
        ...

    @property
    def faults(self) -> tuple["DecisionFault", ...]:
        """Return why it is null where it should not be."""
        ...


@dataclass(frozen=True, slots=True)
class LinkedDecision:
    """A decision with the version that a model is linked to."""

    id: str
    version: int
    decision: Decision


class Library(Protocol):
    """Finds the decisions that a process calls; the runtime links one per step."""

    def decision(self, decision: str, version: str) -> LinkedDecision | None:
        """Return the decision of that id, the one in force if `version` is empty, or None."""
        ...
