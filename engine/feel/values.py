"""The values of FEEL that Python has no counterpart of, and the kind of any value."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from flowmaster.engine.feel.temporal import Date, DateTime, DayTimeDuration, Time, YearMonthDuration

if TYPE_CHECKING:
    from flowmaster.engine.feel.evaluation import Evaluation
    from flowmaster.engine.feel.types import FeelType


@dataclass(frozen=True, slots=True)
class Range:
    """A range; an end that is None is open to infinity, and `test` keeps the `<` of `(< 10)`."""

    low: object
    high: object
    low_closed: bool
    high_closed: bool
    test: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function value: `call` takes the evaluation and the arguments in the order of `parameters`."""

    name: str
    parameters: tuple[str, ...]
    call: "Callable[[Evaluation, Sequence[object]], object]"
    types: "tuple[FeelType, ...]" = ()
    result: "FeelType | None" = None
    flexible: bool = False
    """Whether the function checks the number and names of its arguments itself, as built-ins do."""


KINDS: dict[type, str] = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    Decimal: "number",
    str: "string",
    list: "list",
    tuple: "list",
    dict: "context",
    Date: "date",
    Time: "time",
    DateTime: "date and time",
    DayTimeDuration: "days and time duration",
    YearMonthDuration: "years and months duration",
    Range: "range",
    Function: "function",
}


def kind_of(value: object) -> str:
    """Return the FEEL name of a value's type."""
    kind = KINDS.get(value.__class__)
    if kind is not None:
        return kind
    for known, name in KINDS.items():
        if isinstance(value, known):
            return name
    return "unknown"
