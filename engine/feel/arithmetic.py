"""The operators + - * / ** and unary minus on every pair of kinds that has a meaning (DMN 1.5, table 55 and on)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from flowmaster.engine.feel.evaluation import Evaluation, Place
from flowmaster.engine.feel.numbers import DECIMAL, divide, finite, fit, power
from flowmaster.engine.feel.temporal import (
    DAY_NANOS,
    NANOS,
    Date,
    DateTime,
    DayTimeDuration,
    Time,
    YearMonthDuration,
    add_months,
    date_from_days,
    date_time_from,
    moment_at,
    time_from,
)
from flowmaster.engine.feel.values import kind_of

Operation = Callable[[Any, Any], object]
"""An operation on one pair of classes; None is its answer where there is no result."""

MONTHS_MAX = 12 * 10**12
NANOS_MAX = 10**30

_VERBS = {
    "+": "add {1} to {0}",
    "-": "subtract {1} from {0}",
    "*": "multiply {0} by {1}",
    "/": "divide {0} by {1}",
}


def _day_time(nanos: int) -> DayTimeDuration | None:
    return DayTimeDuration(nanos) if -NANOS_MAX < nanos < NANOS_MAX else None


def _year_month(months: int) -> YearMonthDuration | None:
    return YearMonthDuration(months) if -MONTHS_MAX < months < MONTHS_MAX else None


def _add_numbers(left: Any, right: Any) -> object:
    if left.__class__ is int and right.__class__ is int:
        return fit(left + right)
    return finite(DECIMAL.add(left, right))


def _subtract_numbers(left: Any, right: Any) -> object:
    if left.__class__ is int and right.__class__ is int:
        return fit(left - right)
    return finite(DECIMAL.subtract(left, right))


def _multiply_numbers(left: Any, right: Any) -> object:
    if left.__class__ is int and right.__class__ is int:
        return fit(left * right)
    return finite(DECIMAL.multiply(left, right))


def _moment_plus_days(moment: DateTime, span: DayTimeDuration) -> object:
    """Add to the moment itself, so that a day across the change of a zone's clock has 24 hours all the same."""
    instant = moment.instant()
    if moment.time.zone is not None and instant is not None:
        return moment_at(instant + span.nanos, moment.time.zone)
    return date_time_from(moment.local_nanos + span.nanos, moment.time.offset, moment.time.zone)


def _moment_plus_months(moment: DateTime, span: YearMonthDuration) -> object:
    date = add_months(moment.date, span.months)
    return None if date is None else DateTime(date, moment.time)


def _date_plus_days(date: Date, span: DayTimeDuration) -> object:
    return date_from_days((date.days * DAY_NANOS + span.nanos) // DAY_NANOS)


def _date_plus_months(date: Date, span: YearMonthDuration) -> object:
    return add_months(date, span.months)


def _time_plus_days(time: Time, span: DayTimeDuration) -> object:
    return time_from((time.nanos + span.nanos) % DAY_NANOS, time.offset, time.zone)


def _swap(operation: Operation) -> Operation:
    return lambda left, right: operation(right, left)


def _minus(operation: Operation) -> Operation:
    return lambda left, right: operation(left, negate(right))


def _midnight(date: Date) -> DateTime:
    """A date beside a date and time is its midnight in UTC (DMN 1.5, 10.3.2.3.5)."""
    return DateTime(date, Time(0, 0, 0, 0, 0))


def _between_moments(left: DateTime, right: DateTime) -> object:
    a, b = left.instant(), right.instant()
    if a is None or b is None:
        return _day_time(left.local_nanos - right.local_nanos) if a is b else None
    return _day_time(a - b)


def _between_times(left: Time, right: Time) -> object:
    a, b = left.shift(), right.shift()
    if a is None or b is None:
        return DayTimeDuration(left.nanos - right.nanos) if a is b else None
    return DayTimeDuration(left.nanos - a * NANOS - right.nanos + b * NANOS)


def _scaled(amount: int, factor: Decimal) -> int | None:
    """Multiply exactly and drop what is less than one unit."""
    result = DECIMAL.multiply(Decimal(amount), factor)
    return int(result) if result.is_finite() and abs(result) < NANOS_MAX else None


def _days_times(span: DayTimeDuration, factor: Any) -> object:
    nanos = span.nanos * factor if factor.__class__ is int else _scaled(span.nanos, factor)
    return None if nanos is None else _day_time(nanos)


def _months_times(span: YearMonthDuration, factor: Any) -> object:
    months = span.months * factor if factor.__class__ is int else _scaled(span.months, factor)
    return None if months is None else _year_month(months)


def _days_by(span: DayTimeDuration, divisor: Any) -> object:
    result = divide(span.nanos, divisor)
    return None if result is None else _day_time(int(result))


def _months_by(span: YearMonthDuration, divisor: Any) -> object:
    result = divide(span.months, divisor)
    return None if result is None else _year_month(int(result))


def _numbers(operation: Operation) -> dict[tuple[type, type], Operation]:
    return {(a, b): operation for a in (int, Decimal) for b in (int, Decimal)}


_ADD: dict[tuple[type, type], Operation] = {
    **_numbers(_add_numbers),
    (DateTime, DayTimeDuration): _moment_plus_days,
    (DayTimeDuration, DateTime): _swap(_moment_plus_days),
    (DateTime, YearMonthDuration): _moment_plus_months,
    (YearMonthDuration, DateTime): _swap(_moment_plus_months),
    (Date, DayTimeDuration): _date_plus_days,
    (DayTimeDuration, Date): _swap(_date_plus_days),
    (Date, YearMonthDuration): _date_plus_months,
    (YearMonthDuration, Date): _swap(_date_plus_months),
    (Time, DayTimeDuration): _time_plus_days,
    (DayTimeDuration, Time): _swap(_time_plus_days),
    (DayTimeDuration, DayTimeDuration): lambda a, b: _day_time(a.nanos + b.nanos),
    (YearMonthDuration, YearMonthDuration): lambda a, b: _year_month(a.months + b.months),
}
_SUBTRACT: dict[tuple[type, type], Operation] = {
    **_numbers(_subtract_numbers),
    (DateTime, DayTimeDuration): _minus(_moment_plus_days),
    (DateTime, YearMonthDuration): _minus(_moment_plus_months),
    (Date, DayTimeDuration): _minus(_date_plus_days),
    (Date, YearMonthDuration): _minus(_date_plus_months),
    (Time, DayTimeDuration): _minus(_time_plus_days),
    (DayTimeDuration, DayTimeDuration): lambda a, b: _day_time(a.nanos - b.nanos),
    (YearMonthDuration, YearMonthDuration): lambda a, b: _year_month(a.months - b.months),
    (DateTime, DateTime): _between_moments,
    (DateTime, Date): lambda a, b: _between_moments(a, _midnight(b)),
    (Date, DateTime): lambda a, b: _between_moments(_midnight(a), b),
    (Date, Date): lambda a, b: _day_time((a.days - b.days) * DAY_NANOS),
    (Time, Time): _between_times,
}
_MULTIPLY: dict[tuple[type, type], Operation] = _numbers(_multiply_numbers)
_DIVIDE: dict[tuple[type, type], Operation] = {
    **_numbers(divide),
    (DayTimeDuration, DayTimeDuration): lambda a, b: divide(a.nanos, b.nanos),
    (YearMonthDuration, YearMonthDuration): lambda a, b: divide(a.months, b.months),
}
for _number in (int, Decimal):
    _MULTIPLY[DayTimeDuration, _number] = _days_times
    _MULTIPLY[_number, DayTimeDuration] = _swap(_days_times)
    _MULTIPLY[YearMonthDuration, _number] = _months_times
    _MULTIPLY[_number, YearMonthDuration] = _swap(_months_times)
    _DIVIDE[DayTimeDuration, _number] = _days_by
    _DIVIDE[YearMonthDuration, _number] = _months_by
OPERATIONS: dict[str, dict[tuple[type, type], Operation]] = {
    "+": _ADD,
    "-": _SUBTRACT,
    "*": _MULTIPLY,
    "/": _DIVIDE,
    "**": _numbers(power),
}


def calculate(operator: str, left: object, right: object, run: Evaluation, place: Place) -> object:
    """Apply an operator to any two values; null with a warning where it has no meaning."""
    if operator == "+" and left.__class__ is str and right.__class__ is str:
        run.write(len(left) + len(right))
        return left + right
    operation = OPERATIONS[operator].get((left.__class__, right.__class__))
    if operation is None:
        verb = _VERBS.get(operator, "raise {0} to the power of {1}").format(kind_of(left), kind_of(right))
        run.warn(f"Cannot {verb}", place)
        return None
    result = operation(left, right)
    if result is None:
        zero = operator == "/" and right in (0, DayTimeDuration(0), YearMonthDuration(0))
        run.warn("Division by zero" if zero else f"`{operator}` has no result for these values", place)
    return result


def negate(value: object) -> object:
    """Return the negative of a number or a duration, None for anything else."""
    if value.__class__ is int:
        return -value
    if isinstance(value, Decimal):
        return value.copy_negate()
    if isinstance(value, DayTimeDuration):
        return DayTimeDuration(-value.nanos)
    if isinstance(value, YearMonthDuration):
        return YearMonthDuration(-value.months)
    return None
