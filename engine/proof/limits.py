"""Values at a limit and beside it: the smallest step to either side, by the kind of the value."""

from collections.abc import Iterator
from decimal import Decimal

from flowmaster.engine.feel.arithmetic import calculate
from flowmaster.engine.feel.comparing import compare
from flowmaster.engine.feel.evaluation import NOWHERE, QUIET
from flowmaster.engine.feel.numbers import is_number
from flowmaster.engine.feel.temporal import (
    DAY_NANOS,
    NANOS,
    Date,
    DateTime,
    DayTimeDuration,
    Time,
    YearMonthDuration,
)

CENT = Decimal("0.01")
OTHER_TEXT = "another"

_STEPS: dict[type, tuple[object, ...]] = {
    Date: (DayTimeDuration(DAY_NANOS),),
    DateTime: (DayTimeDuration(NANOS),),
    Time: (DayTimeDuration(NANOS),),
    DayTimeDuration: (DayTimeDuration(NANOS), DayTimeDuration(DAY_NANOS)),
    YearMonthDuration: (YearMonthDuration(1),),
}
"""How far beside a limit the next values lie, the nearest first; numbers may be amounts of money, or whole."""

_SIGNS = {"<": (-1,), "<=": (0, -1), ">": (1,), ">=": (0, 1), "=": (0,), "!=": (1, -1)}


def moved(value: object, steps: object, sign: int) -> object:
    """Return a value moved by some steps to one side, null where there is nothing."""
    return calculate("+" if sign > 0 else "-", value, steps, QUIET, NOWHERE)


def beside(limit: object, sign: int) -> Iterator[object]:
    """Give the values next to a limit on one side, the nearest first."""
    steps: tuple[object, ...] = (CENT, 1) if is_number(limit) else _STEPS.get(type(limit), ())
    found = (moved(limit, step, sign) for step in steps)
    yield from (value for value in found if value is not None)


def meeting(operator: str, limit: object) -> Iterator[object]:
    """Give values that stand in a relation to a limit, those at the limit first."""
    for sign in _SIGNS[operator]:
        if sign:
            yield from beside(limit, sign)
        else:
            yield limit
    if operator == "!=":
        yield from unlike(limit)


def unlike(value: object) -> Iterator[object]:
    """Give values of the same kind that are not equal to a value."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, str):
        yield OTHER_TEXT if value != OTHER_TEXT else f"{OTHER_TEXT} one"
    elif is_number(value):
        yield moved(value, 1, 1)


def around(limit: object) -> Iterator[object]:
    """Give the values to try at a limit: itself, and the nearest on either side."""
    yield limit
    for sign in (-1, 1):
        yield from beside(limit, sign)


def stands(operator: str, left: object, right: object) -> bool:
    """Tell whether two values of a kind with an order stand in a relation; without an order they do not."""
    order = compare(left, right)
    return order is not None and order in _ORDERS[operator]


_ORDERS = {"<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (0, 1), "=": (0,), "!=": (-1, 1)}
