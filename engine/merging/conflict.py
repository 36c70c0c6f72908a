"""What a merge is made of: the two sides, their conflicts, and what was decided without asking."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from flowmaster.engine.merging.parts import Key, Parts, Struct
from flowmaster.engine.values import Json

Side: TypeAlias = Literal["base", "ours", "theirs"]
SIDES: Final[tuple[Side, ...]] = ("base", "ours", "theirs")
OTHER: Final[Mapping[Side, Side]] = {"ours": "theirs", "theirs": "ours", "base": "base"}
EVERY: Final = "*"
"""Stands in what resolves for all conflicts that are not named."""

Value: TypeAlias = "Json | Struct"


@dataclass(frozen=True, slots=True)
class Difference:
    """One part that both sides have changed differently: of which part, which field of it, and the three values."""

    part: Key
    field: str
    base: Value
    ours: Value
    theirs: Value


@dataclass(slots=True)
class Conflict:
    """What both sides have done to one element, or to one named part of the process, that does not go together.

    `kind` is changed, removed (by `by`, while the other side changed it or uses it in `used_by`) or added (by both).
    """

    key: str
    element: str
    kind: Literal["changed", "removed", "added"]
    by: Side = "base"
    differences: dict[tuple[Key, str], Difference] = field(default_factory=dict)
    used_by: dict[str, None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class States:
    """The parts of the state that both sides come from, and of the two sides."""

    base: Parts
    ours: Parts
    theirs: Parts

    def of(self, side: Side) -> Parts:
        """Return the parts of one of them."""
        return {"base": self.base, "ours": self.ours, "theirs": self.theirs}[side]


Resolve: TypeAlias = Mapping[str, Side]
