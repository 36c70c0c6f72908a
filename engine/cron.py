"""Cron expressions: five fields, or six with seconds first, and an optional IANA time zone in front.

`0 9 * * MON-FRI`, `0 0 9 * * *`, `TZ=Europe/Berlin 0 9 1 * *`. Days of month and of week are joined by *or*
when both are restricted, as in crontab(5); `?` stands for `*`. A wall clock time that a change of summer time
skips is taken at the first instant after the gap, one that comes twice is taken once.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple

from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.engine.feel.zones import zone, zone_names

_MONTHS = {
    name: number
    for number, name in enumerate(
        ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"], 1
    )
}
_DAYS = {name: number for number, name in enumerate(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"])}
_MACROS = {
    "@yearly": "0 0 0 1 1 *",
    "@annually": "0 0 0 1 1 *",
    "@monthly": "0 0 0 1 * *",
    "@weekly": "0 0 0 * * 0",
    "@daily": "0 0 0 * * *",
    "@midnight": "0 0 0 * * *",
    "@hourly": "0 0 * * * *",
}
_MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""The days that each month has in every year."""
_SPANS = {
    "second": (0, 59),
    "minute": (0, 59),
    "hour": (0, 23),
    "day": (1, 31),
    "month": (1, 12),
    "weekday": (0, 7),
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SEARCH_YEARS_MAX = 30
"""How far ahead a next tick is looked for: 29 February on a given weekday comes within 28 years."""


class Cron(NamedTuple):
    """The fields of a cron expression as sets, and its zone."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    any_weekday: bool
    zone: tzinfo


@lru_cache(maxsize=256)
def read_cron(text: str) -> Cron:
    """Read a cron expression, or refuse it with the field that is wrong."""
    words = text.split()
    place: tzinfo = UTC
    if words and words[0].startswith(("TZ=", "CRON_TZ=")):
        name = words.pop(0).partition("=")[2]
        found = zone(name)
        if found is None:
            raise _zone_unknown(text, name)
        place = found
    if len(words) == 1 and words[0].lower() in _MACROS:
        words = _MACROS[words[0].lower()].split()
    if len(words) == 5:
        words.insert(0, "0")
    if len(words) != 6:
        raise _refused(text, f"it has {len(words)} fields instead of five or six")
    second, minute, hour, day, month, weekday = (
        _field(text, name, word) for name, word in zip(_SPANS, words, strict=True)
    )
    return Cron(
        tuple(sorted(second)),
        tuple(sorted(minute)),
        tuple(sorted(hour)),
        frozenset(day),
        frozenset(month),
        frozenset(number % 7 for number in weekday),
        words[3] in ("*", "?"),
        words[5] in ("*", "?"),
        place,
    )


def next_tick(text: str, after: int) -> int | None:
    """Return the first tick later than `after` (epoch milliseconds), or None if there is none in sight."""
    cron = read_cron(text)
    try:
        start = (_EPOCH + timedelta(milliseconds=after)).astimezone(cron.zone).replace(tzinfo=None)
    except OverflowError:
        return None
    day = start.replace(hour=0, minute=0, second=0, microsecond=0)
    last_year = day.year + SEARCH_YEARS_MAX
    while day.year <= last_year and day.year < 9999:
        if day.month not in cron.months:
            day = _next_month(day)
            continue
        if _is_day(cron, day):
            tick = _tick_of_day(cron, day, after)
            if tick is not None:
                return tick
        day += timedelta(days=1)
    return None


def _tick_of_day(cron: Cron, day: datetime, after: int) -> int | None:
    for hour in cron.hours:
        for minute in cron.minutes:
            last = _instant(cron, day.replace(hour=hour, minute=minute, second=cron.seconds[-1]))
            if last <= after:
                continue
            ticks = (
                _instant(cron, day.replace(hour=hour, minute=minute, second=second))
                for second in cron.seconds
            )
            return next(tick for tick in ticks if tick > after)
    return None


def _instant(cron: Cron, wall: datetime) -> int:
    moment = wall.replace(tzinfo=cron.zone).astimezone(UTC)
    if moment.astimezone(cron.zone).replace(tzinfo=None) != wall:
        moment = _end_of_gap(wall, cron.zone)
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _end_of_gap(wall: datetime, place: tzinfo) -> datetime:
    """Return the first instant at which the clocks of a zone show more than a time that they skip."""
    late, early = (wall.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1))
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(place).replace(tzinfo=None) > wall:
            late = middle
        else:
            early = middle
    return late


def _is_day(cron: Cron, day: datetime) -> bool:
    of_month, of_week = day.day in cron.days, (day.isoweekday() % 7) in cron.weekdays
    if cron.any_day or cron.any_weekday:
        return of_month and of_week
    return of_month or of_week


def _next_month(day: datetime) -> datetime:
    return day.replace(year=day.year + day.month // 12, month=day.month % 12 + 1, day=1)


def _field(text: str, name: str, word: str) -> set[int]:
    low, high = _SPANS[name]
    numbers: set[int] = set()
    for part in word.split(","):
        span, slash, step_text = part.partition("/")
        if slash and not (step_text.isdecimal() and len(step_text) <= 9 and int(step_text) > 0):
            raise _refused(text, f"{step_text!r} is no step in the field {name}")
        first, dash, last = span.partition("-")
        if span in ("*", "?"):
            start, end = low, high
        else:
            start = _number(text, name, first)
            end = _number(text, name, last) if dash else (high if slash else start)
        if not (low <= start <= high and low <= end <= high and start <= end):
            raise _refused(text, f"{part!r} is outside {low} to {high} in the field {name}")
        numbers.update(range(start, end + 1, int(step_text) if slash else 1))
    return numbers


def _number(text: str, name: str, word: str) -> int:
    named = {"month": _MONTHS, "weekday": _DAYS}.get(name, {})
    if word.upper() in named:
        return named[word.upper()]
    if not word.isdecimal() or len(word) > 4:
        raise _refused(text, f"{word!r} is no value of the field {name}")
    return int(word)


def never_due(text: str) -> FlowMasterError:
    """Return the refusal of a cron expression that no day fits, with the nearest one that some fit."""
    cron, words = read_cron(text), text.split()
    longest = max(_MONTH_DAYS[month - 1] for month in cron.months)
    words[-3] = str(min(longest, min(cron.days)))
    days = ", ".join(map(str, sorted(cron.days)))
    return FlowMasterError(
        "timer.never_due",
        f"The cron expression {text!r} never comes true: none of its months has a day {days}.",
        expected=f"a day of month up to {longest}",
        fix=f"Write `{' '.join(words)}`, or name another month.",
    )


def _zone_unknown(text: str, name: str) -> FlowMasterError:
    near = did_you_mean(name, zone_names())
    return FlowMasterError(
        "timer.zone_unknown",
        f"The time zone {name!r} of {text!r} is unknown.{near}",
        expected="a time zone of the IANA database such as Europe/Berlin",
        fix="Write the name of a zone, as in `TZ=Europe/Berlin 0 9 * * *`.",
    )


def _refused(text: str, why: str) -> FlowMasterError:
    return FlowMasterError(
        "timer.cron_unreadable",
        f"The cron expression {text!r} cannot be read: {why}.",
        expected="five fields (minute hour day month weekday) or six (second first)",
        fix="Write five or six fields, such as `0 9 * * MON-FRI`.",
    )
