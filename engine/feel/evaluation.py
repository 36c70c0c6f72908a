"""What one evaluation carries besides its variables: the moment, the zone, counted fuel and warnings."""

from dataclasses import dataclass
from typing import NamedTuple

from flowmaster.engine.errors import FlowMasterError

WARNINGS_MAX = 50


@dataclass(frozen=True, slots=True)
class Limits:
    """The fuel of one evaluation: loop and call steps, depth of calls, characters and items of one result."""

    steps: int = 1_000_000
    depth: int = 100
    characters: int = 1_000_000
    items: int = 200_000


DEFAULT = Limits()


class Place(NamedTuple):
    """Where a piece of an expression stands: offset from 0, line and column from 1."""

    offset: int
    line: int
    column: int


NOWHERE = Place(0, 1, 1)


class Warning(NamedTuple):
    """Why an expression, or a part of it, became null; with the place of that part."""

    text: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.text} (line {self.line}, column {self.column})"


class FeelLimitExceeded(FlowMasterError):
    """An evaluation used up its fuel, so it was stopped instead of hanging."""

    def __init__(self, what: str, limit: int) -> None:
        super().__init__(
            "feel.limit_exceeded",
            f"The expression was stopped: it needs more than {limit:,} {what}.",
            expected={what: limit},
            fix="Make the expression do less: smaller lists, fewer nested loops, a recursion that ends.",
            status=422,
        )


class Fault(Exception):
    """A FEEL-level fault inside a built-in function: the call becomes null and the text a warning."""


class Evaluation:
    """The mutable companion of one evaluation; never shared between threads."""

    __slots__ = ("at", "depth", "limits", "steps", "warnings", "zone")

    def __init__(self, at: int = 0, zone: str = "UTC", limits: Limits = DEFAULT) -> None:
        self.at = at
        self.zone = zone
        self.limits = limits
        self.steps = limits.steps
        self.depth = 0
        self.warnings: list[Warning] = []

    def spend(self, steps: int = 1) -> None:
        """Use up fuel, or stop the evaluation when none is left."""
        self.steps -= steps
        if self.steps < 0:
            raise FeelLimitExceeded("steps", self.limits.steps)

    def enter(self) -> None:
        """Go one call deeper; whoever enters also leaves by lowering `depth`."""
        self.steps -= 1
        if self.steps < 0:
            raise FeelLimitExceeded("steps", self.limits.steps)
        self.depth += 1
        if self.depth > self.limits.depth:
            raise FeelLimitExceeded("nested calls", self.limits.depth)

    def hold(self, items: int) -> None:
        """Check that a list of so many items may exist, and pay for building it."""
        if items > self.limits.items:
            raise FeelLimitExceeded("items in one list", self.limits.items)
        self.spend(items)

    def write(self, characters: int) -> None:
        """Check that a text of so many characters may exist, and pay for building it."""
        if characters > self.limits.characters:
            raise FeelLimitExceeded("characters in one text", self.limits.characters)
        self.spend(1 + characters // 32)

    def warn(self, text: str, place: Place) -> None:
        """Note why a part of the expression is null."""
        if len(self.warnings) < WARNINGS_MAX:
            self.warnings.append(Warning(text, place.line, place.column))


class Quiet(Evaluation):
    """An evaluation that keeps nothing, for expressions whose work is bounded by their own text."""

    __slots__ = ()

    def spend(self, steps: int = 1) -> None:
        """Spend nothing: the work is bounded."""

    def hold(self, items: int) -> None:
        """Accept every list: it is bounded by the text of the expression."""
        if items > self.limits.items:
            raise FeelLimitExceeded("items in one list", self.limits.items)

    def write(self, characters: int) -> None:
        """Check the size of a text alone."""
        if characters > self.limits.characters:
            raise FeelLimitExceeded("characters in one text", self.limits.characters)

    def warn(self, text: str, place: Place) -> None:
        """Forget the warning: nobody asked for it."""


QUIET = Quiet()
