"""Strategies for the values of FEEL."""

from decimal import Decimal

from hypothesis import strategies as st

from flowmaster.engine.feel.numbers import DECIMAL, tidy
from flowmaster.engine.feel.temporal import (
    DAY_NANOS,
    NANOS,
    Date,
    DateTime,
    DayTimeDuration,
    YearMonthDuration,
    month_days,
    time_from,
)
from flowmaster.engine.feel.values import Range

ZONES = (
    "Europe/Paris",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Etc/UTC",
    "Africa/Casablanca",
)


def number(digits: int, exponent: int) -> object:
    """Return digits times ten to the power of an exponent, as the engine holds it."""
    return tidy(DECIMAL.create_decimal(Decimal(digits).scaleb(exponent, DECIMAL)))


def date(year: int, month: int, day: int) -> Date:
    """Return a date whose day is moved into its month."""
    return Date(year, month, min(day, month_days(year, month)))


YEARS = st.integers(-3000, 12_000) | st.integers(1890, 2060) | st.integers(-999_999_999, 999_999_999)
DATES = st.builds(date, YEARS, st.integers(1, 12), st.integers(1, 31))
NEAR_DATES = st.builds(date, st.integers(1890, 2060), st.integers(1, 12), st.integers(1, 31))
_NANOS = st.integers(0, DAY_NANOS // NANOS - 1).map(lambda second: second * NANOS) | st.integers(
    0, DAY_NANOS - 1
)
_OFFSETS = (
    st.none()
    | st.integers(-14 * 60, 14 * 60).map(lambda minutes: minutes * 60)
    | st.integers(-50_000, 50_000)
)
TIMES = st.builds(lambda nanos, offset: time_from(nanos, offset, None), _NANOS, _OFFSETS) | st.builds(
    lambda nanos, zone: time_from(nanos, None, zone), _NANOS, st.sampled_from(ZONES)
)
MOMENTS = st.builds(DateTime, DATES, TIMES)
ZONED = st.builds(
    lambda day, nanos, zone: DateTime(day, time_from(nanos, None, zone)),
    NEAR_DATES,
    _NANOS,
    st.sampled_from(ZONES),
)
"""Moments of a zone in years in which its clock changes."""
DAYS = st.integers(-(10**12), 10**12).map(DayTimeDuration) | st.integers(-(10**21), 10**21).map(
    DayTimeDuration
)
MONTHS = st.integers(-30_000, 30_000).map(YearMonthDuration)
NUMBERS = st.builds(number, st.integers(-(10**34) + 1, 10**34 - 1), st.integers(-60, 60)) | st.integers(
    -1000, 1000
)
HUGE = st.builds(number, st.integers(-(10**34) + 1, 10**34 - 1), st.integers(-6176, 6110))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
TEMPORALS = DATES | TIMES | MOMENTS | DAYS | MONTHS
SIMPLE = st.none() | st.booleans() | NUMBERS | HUGE | TEXTS | TEMPORALS


def _range(ends: list[object], low_closed: bool, high_closed: bool) -> Range:
    low, high = sorted(ends, key=lambda end: end.days if isinstance(end, Date) else end)  # type: ignore[arg-type, return-value]
    return Range(low, high, low_closed, high_closed)


_PAIRS = (
    st.lists(NUMBERS, min_size=2, max_size=2)
    | st.lists(DATES, min_size=2, max_size=2)
    | st.lists(TEXTS, min_size=2, max_size=2)
)
RANGES = st.builds(_range, _PAIRS, st.booleans(), st.booleans()) | st.builds(
    lambda sign, end: (
        Range(None, end, False, sign == "<=", sign)
        if sign[0] == "<"
        else Range(end, None, sign == ">=", False, sign)
        if sign[0] == ">"
        else Range(end, end, True, True, sign)
    ),
    st.sampled_from(["<", "<=", ">", ">=", "=", "!="]),
    NUMBERS | TEXTS | TEMPORALS,
)  # fmt: skip
VALUES = st.recursive(
    SIMPLE | RANGES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
