"""The properties that dates, times, durations and ranges have (DMN 1.5, 10.3.2.3.4, tables 53 and 54)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from flowmaster.engine.feel.numbers import DECIMAL
from flowmaster.engine.feel.temporal import (
    NANOS,
    Date,
    DateTime,
    DayTimeDuration,
    Time,
    YearMonthDuration,
)
from flowmaster.engine.feel.values import Range
from flowmaster.engine.values import Number


def _offset(time: Time) -> object:
    shift = time.shift()
    return None if shift is None else DayTimeDuration(shift * NANOS)


def _moment_offset(moment: DateTime) -> object:
    shift = moment.shift()
    return None if shift is None else DayTimeDuration(shift * NANOS)


def _part(unit: int, of: int) -> Callable[[Any], object]:
    """A part of a duration, with the duration's sign."""

    def part(span: DayTimeDuration) -> object:
        amount = abs(span.nanos) // unit % of if of else abs(span.nanos) // unit
        return -amount if span.nanos < 0 else amount

    return part


def _seconds(span: DayTimeDuration) -> object:
    """The seconds of a duration with their fraction."""
    nanos = abs(span.nanos) % (60 * NANOS)
    return _with_fraction(-nanos if span.nanos < 0 else nanos)


def _second(time: Time) -> object:
    return _with_fraction(time.second * NANOS + time.nano)


def _with_fraction(nanos: int) -> Number:
    """Return nanoseconds as seconds."""
    return nanos // NANOS if nanos % NANOS == 0 else DECIMAL.scaleb(Decimal(nanos), -9).normalize(DECIMAL)


def _months(span: YearMonthDuration) -> object:
    return abs(span.months) % 12 * (-1 if span.months < 0 else 1)


def _years(span: YearMonthDuration) -> object:
    return abs(span.months) // 12 * (-1 if span.months < 0 else 1)


def _of_date(get: Callable[[Any], object]) -> Callable[[Any], object]:
    return lambda moment: get(moment.date)


def _of_time(get: Callable[[Any], object]) -> Callable[[Any], object]:
    return lambda moment: get(moment.time)


_TIME: dict[str, Callable[[Any], object]] = {
    "hour": lambda time: time.hour,
    "minute": lambda time: time.minute,
    "second": _second,
    "time offset": _offset,
    "timezone": lambda time: time.zone,
}
_DATE: dict[str, Callable[[Any], object]] = {
    "year": lambda date: date.year,
    "month": lambda date: date.month,
    "day": lambda date: date.day,
    "weekday": lambda date: date.weekday,
}
_PROPERTIES: dict[type, dict[str, Callable[[Any], object]]] = {
    Date: _DATE,
    Time: _TIME,
    DateTime: {
        **{name: _of_date(get) for name, get in _DATE.items()},
        **{name: _of_time(get) for name, get in _TIME.items()},
        "time offset": _moment_offset,
    },
    DayTimeDuration: {
        "days": _part(86_400 * NANOS, 0),
        "hours": _part(3600 * NANOS, 24),
        "minutes": _part(60 * NANOS, 60),
        "seconds": _seconds,
    },
    YearMonthDuration: {"years": _years, "months": _months},
    Range: {
        "start": lambda within: within.low,
        "end": lambda within: within.high,
        "start included": lambda within: within.low_closed,
        "end included": lambda within: within.high_closed,
    },
}


def property_of(value: object, name: str) -> tuple[bool, object]:
    """Return whether a value has a property, and the property."""
    get = _PROPERTIES.get(value.__class__, {}).get(name)
    return (False, None) if get is None else (True, get(value))
