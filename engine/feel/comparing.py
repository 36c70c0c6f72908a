"""Equality and order of FEEL values: None where the standard has no answer (DMN 1.5, 10.3.2.13, tables 50-54)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from flowmaster.engine.feel.evaluation import Evaluation
from flowmaster.engine.feel.temporal import NANOS, Date, DateTime, DayTimeDuration, Time, YearMonthDuration
from flowmaster.engine.feel.values import Function, Range, kind_of

NESTING_MAX = 200
TEXT_FREE = 4096
"""Texts up to this length are compared without pay."""


def equal(left: object, right: object, run: Evaluation, depth: int = 0) -> bool | None:
    """Tell whether two values are equal; None when they are of different kinds."""
    if left is None or right is None:
        return left is right
    kind = left.__class__
    if kind is right.__class__:
        if kind is str:
            if len(left) == len(right) > TEXT_FREE:  # type: ignore[arg-type]  # Texts, as just tested.
                pay_for(left, run)
            return left == right
        test = _EQUAL.get(kind)
        if test is not None:
            return test(left, right)
    elif _NUMBERS.get(kind) and _NUMBERS.get(right.__class__):
        return left == right
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return _equal_lists(left, right, run, depth)
    if isinstance(left, dict) and isinstance(right, dict):
        return _equal_contexts(left, right, run, depth)
    if kind is Range and right.__class__ is Range:
        return _equal_ranges(left, right, run)
    return None


def _equal_lists(
    left: list[object] | tuple[object, ...],
    right: list[object] | tuple[object, ...],
    run: Evaluation,
    depth: int,
) -> bool:
    if left is right:
        return True
    if len(left) != len(right) or depth > NESTING_MAX:
        return False
    run.spend(len(left))
    return all(equal(a, b, run, depth + 1) is True for a, b in zip(left, right, strict=True))


def _equal_contexts(left: dict[str, object], right: dict[str, object], run: Evaluation, depth: int) -> bool:
    if left is right:
        return True
    if left.keys() != right.keys() or depth > NESTING_MAX:
        return False
    run.spend(len(left))
    return all(equal(value, right[key], run, depth + 1) is True for key, value in left.items())


def _equal_ranges(left: object, right: object, run: Evaluation) -> bool:
    assert isinstance(left, Range)
    assert isinstance(right, Range)
    return (
        left.low_closed == right.low_closed
        and left.high_closed == right.high_closed
        and left.test == right.test
        and equal(left.low, right.low, run) is True
        and equal(left.high, right.high, run) is True
    )


def pay_for(text: object, run: Evaluation) -> None:
    """Pay for comparing a value if it is a long text."""
    if text.__class__ is str:
        run.spend(len(text) >> 12)


def _same(left: object, right: object) -> bool:
    return left == right


def _equal_times(left: object, right: object) -> bool | None:
    assert isinstance(left, Time)
    assert isinstance(right, Time)
    keys = _time_keys(left, right)
    return None if keys is None else keys[0] == keys[1]


def _equal_moments(left: object, right: object) -> bool | None:
    assert isinstance(left, DateTime)
    assert isinstance(right, DateTime)
    keys = _moment_keys(left, right)
    return None if keys is None else keys[0] == keys[1]


def _time_keys(left: Time, right: Time) -> tuple[int, int] | None:
    """Return whole seconds to compare by, in UTC where both know their offset; None for a mixture."""
    a, b = left.shift(), right.shift()
    if a is None or b is None:
        return (left.seconds, right.seconds) if a is b else None
    return left.seconds - a, right.seconds - b


def _moment_keys(left: DateTime, right: DateTime) -> tuple[int, int] | None:
    a, b = left.instant(), right.instant()
    if a is None or b is None:
        return (left.local_nanos // NANOS, right.local_nanos // NANOS) if a is b else None
    return a // NANOS, b // NANOS


def _is_function(left: object, right: object) -> bool:
    return left is right


_NUMBERS: dict[type, bool] = {int: True, Decimal: True}
_EQUAL: dict[type, Callable[[object, object], bool | None]] = {
    bool: _same,
    int: _same,
    Decimal: _same,
    Date: _same,
    DayTimeDuration: _same,
    YearMonthDuration: _same,
    Time: _equal_times,
    DateTime: _equal_moments,
    Function: _is_function,
}


def compare(left: object, right: object) -> int | None:
    """Return -1, 0 or 1 for two values that have an order; None for all others."""
    keys = order_keys(left, right)
    if keys is None:
        return None
    a, b = keys
    return -1 if a < b else 1 if a > b else 0


def order_keys(left: object, right: object) -> "tuple[Any, Any] | None":
    """Return two keys of the same Python kind that stand in the same order as the values.

    Where one of two times or moments has no offset, it is taken to have that of the other one (DMN 1.5, table 54).
    """
    if isinstance(left, (int, Decimal)) and isinstance(right, (int, Decimal)):
        if left.__class__ is bool or right.__class__ is bool:
            return None
        return left, right
    if isinstance(left, str) and isinstance(right, str):
        return left, right
    if isinstance(left, Date) and isinstance(right, Date):
        return left.days, right.days
    if isinstance(left, Time) and isinstance(right, Time):
        return _time_keys(left, right) or (left.seconds, right.seconds)
    if isinstance(left, DateTime) and isinstance(right, DateTime):
        return _moment_keys(left, right) or (left.local_nanos // NANOS, right.local_nanos // NANOS)
    if isinstance(left, DayTimeDuration) and isinstance(right, DayTimeDuration):
        return left.nanos, right.nanos
    if isinstance(left, YearMonthDuration) and isinstance(right, YearMonthDuration):
        return left.months, right.months
    return None


def in_range(value: object, within: Range) -> bool | None:
    """Tell whether a value lies in a range; None when it cannot be compared with the ends."""
    if within.low is None and within.high is None:  # `= null` or `!= null`: no other range has no ends.
        return (value is None) is (within.test == "=")
    if within.test == "!=":
        order = compare(value, within.low)
        return None if order is None else order != 0
    if within.low is not None:
        order = compare(value, within.low)
        if order is None:
            return None
        if order < 0 or (order == 0 and not within.low_closed):
            return False
    if within.high is not None:
        order = compare(value, within.high)
        if order is None:
            return None
        if order > 0 or (order == 0 and not within.high_closed):
            return False
    return True


def same(left: object, right: object, run: Evaluation) -> bool | None:
    """Tell whether two values are the same element of the semantic domain, as `is()` asks."""
    if kind_of(left) != kind_of(right):
        return False
    if isinstance(left, (Time, DateTime)):
        return left == right
    return equal(left, right, run)
