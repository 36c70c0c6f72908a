"""Reading dates, times and durations from their ISO 8601 and FEEL texts; None when the text is none."""

import re

from flowmaster.engine.feel import zones
from flowmaster.engine.feel.temporal import (
    DAY_NANOS,
    NANOS,
    Date,
    DateTime,
    DayTimeDuration,
    Time,
    YearMonthDuration,
    date_from_days,
    make_date,
)

_DATE = re.compile(r"(-?(?:[1-9][0-9]{4,8}|[0-9]{4}))-([0-9]{2})-([0-9]{2})", re.ASCII)
_TIME = re.compile(
    r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,30}))?"
    r"(?:([Zz])|([+-])([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?|@([A-Za-z][A-Za-z0-9_+\-/]{0,60}))?",
    re.ASCII,
)
_DAYS = re.compile(
    r"(-)?P(?:([0-9]{1,20})D)?"
    r"(?:T(?=[0-9.])(?:([0-9]{1,20})H)?(?:([0-9]{1,20})M)?(?:([0-9]{0,20})(?:\.([0-9]{0,30}))?S)?)?",
    re.ASCII,
)
_MONTHS = re.compile(r"(-)?P(?=[0-9])(?:([0-9]{1,20})Y)?(?:([0-9]{1,20})M)?", re.ASCII)
_OFFSET_MAX = 18 * 3600


def read_date(text: str) -> Date | None:
    """Read `2017-12-31`; years may be negative and have up to nine digits."""
    match = _DATE.fullmatch(text)
    return make_date(int(match[1]), int(match[2]), int(match[3])) if match else None


def read_time(text: str) -> Time | None:
    """Read `23:59:01.5`, with `Z` or `z`, an offset or `@` and a zone behind; 24:00:00 is midnight."""
    match = _TIME.fullmatch(text)
    if not match:
        return None
    hour, minute, second = int(match[1]), int(match[2]), int(match[3])
    nano = int((match[4] or "")[:9].ljust(9, "0"))
    if hour == 24 and not (minute or second or nano):
        hour = 0
    if hour > 23 or minute > 59 or second > 59:
        return None
    if match[10] is not None:
        return Time(hour, minute, second, nano, None, match[10]) if zones.zone(match[10]) else None
    if match[5]:
        return Time(hour, minute, second, nano, 0)
    if match[6] is None:
        return Time(hour, minute, second, nano)
    offset_minutes, offset_seconds = int(match[8]), int(match[9] or 0)
    offset = int(match[7]) * 3600 + offset_minutes * 60 + offset_seconds
    if offset_minutes > 59 or offset_seconds > 59 or offset > _OFFSET_MAX:
        return None
    return Time(hour, minute, second, nano, -offset if match[6] == "-" else offset)


def read_date_time(text: str) -> DateTime | None:
    """Read a date, `T` and a time; a bare date is its midnight, and 24:00:00 the next day's."""
    date_text, mark, time_text = text.partition("T")
    date = read_date(date_text)
    if date is None:
        return None
    if not mark:
        return DateTime(date, Time(0, 0, 0))
    time = read_time(time_text)
    if time is None:
        return None
    if time_text.startswith("24"):
        date = date_from_days(date.days + 1)
    return None if date is None else DateTime(date, time)


def read_duration(text: str) -> DayTimeDuration | YearMonthDuration | None:
    """Read `P1DT2H3M4.5S` or `P1Y2M`, with a minus sign in front or not."""
    match = _MONTHS.fullmatch(text)
    if match:
        months = int(match[2] or 0) * 12 + int(match[3] or 0)
        return YearMonthDuration(-months if match[1] else months)
    match = _DAYS.fullmatch(text)
    if not match or (match[2] is None and "T" not in text) or text.endswith(("T", "T.S")):
        return None
    if match[5] == "" and not match[6]:
        return None
    nanos = int(match[2] or 0) * DAY_NANOS
    nanos += (int(match[3] or 0) * 3600 + int(match[4] or 0) * 60 + int(match[5] or 0)) * NANOS
    nanos += int((match[6] or "")[:9].ljust(9, "0"))
    return DayTimeDuration(-nanos if match[1] else nanos)


def read_temporal(text: str) -> Date | Time | DateTime | DayTimeDuration | YearMonthDuration | None:
    """Read whatever an `@"..."` literal may hold."""
    if "P" in text[:2]:
        return read_duration(text)
    if "T" in text[4:] and text[:1] in "-0123456789" and "-" in text[1:]:
        return (
            read_date_time(text)
            if text.find("T") < (text.find("@") if "@" in text else len(text))
            else read_time(text)
        )
    return read_date(text) or read_time(text)
