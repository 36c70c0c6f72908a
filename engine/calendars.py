"""Working time: durations that count on the open days and hours of a calendar alone.

`P2D@office` is the same time of day two open days later, `PT8H@office` eight open hours later. What begins outside the
open hours begins when they next open; where a day closes earlier than the time of day, it is the end of that day.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import NamedTuple

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.feel.said import said
from flowmaster.engine.feel.zones import zone
from flowmaster.engine.values import Json

DAYS_MAX = 36_600
"""How many days of a calendar are looked through: a hundred years."""

_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAYS = re.compile(rf"(?P<first>{'|'.join(_WEEK)})(?:-(?P<last>{'|'.join(_WEEK)}))?")
_SPAN = re.compile(r"(?P<open>\d\d:\d\d)-(?P<close>\d\d:\d\d)")
_CLOSED = re.compile(r"(?:\d{4}-)?\d\d-\d\d")
_FORM: Json = {"zone": "Europe/Berlin", "hours": {"mon-fri": "09:00-12:00 13:00-17:00"}, "closed": ["12-25"]}


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Span(NamedTuple):
    """Open hours of a day, in minutes after midnight."""

    opens: int
    closes: int


class Calendar(NamedTuple):
    """When work is done: the open hours by weekday (Monday first), and days that are closed (2027-05-01, or 05-01)."""

    zone: str
    week: tuple[tuple[Span, ...], ...]
    closed: frozenset[str]


def read_calendar(name: str, given: Json) -> Calendar:
    """Read `{zone, hours: {mon-fri: "09:00-17:00"}, closed: [days]}`; raise `calendar.malformed` with what is wrong."""
    if not isinstance(given, Mapping):
        raise _malformed(name, "it is no mapping")
    for word in given:
        if word not in ("zone", "hours", "closed"):
            raise _malformed(name, f"it has no word {word!r}")
    place = given.get("zone", "UTC")
    if not isinstance(place, str) or zone(place) is None:
        raise _malformed(name, f"{said(place)} is no time zone of the IANA database")
    week = _week(name, given.get("hours"))
    closed = given.get("closed", [])
    for day in closed if isinstance(closed, Sequence) and not isinstance(closed, str) else [closed]:
        if not isinstance(day, str) or not _CLOSED.fullmatch(day):
            raise _malformed(name, f"{said(day)} is no day such as 2027-05-01, or 05-01 for every year")
    days = closed if isinstance(closed, Sequence) else ()
    return Calendar(place, week, frozenset(str(day) for day in days))


def working_time_later(calendar: Calendar, at: int, days: int, milliseconds: int) -> int:
    """Return the instant so many open days, and then so much open time, after another (epoch milliseconds)."""
    if not days and not milliseconds:
        return at
    moment = next(max(at, opens) for opens, closes in spans_from(calendar, at) if closes > at)
    if days:
        moment = _days_later(calendar, moment, days)
    for opens, closes in spans_from(calendar, moment) if milliseconds else ():
        begin = max(moment, opens)
        if milliseconds <= closes - begin:
            return begin + milliseconds
        milliseconds -= max(0, closes - begin)
    return moment


def _days_later(calendar: Calendar, moment: int, days: int) -> int:
    """Return the same time of day so many open days later, or the nearest open time of that day."""
    local = _local(calendar, moment)
    day, spans = next(islice(_open_days(calendar, local.date() + timedelta(days=1)), days - 1, None))
    wanted = _milliseconds(local.replace(year=day.year, month=day.month, day=day.day))
    return next((max(opens, wanted) for opens, closes in spans if wanted <= closes), spans[-1][1])


def spans_from(calendar: Calendar, at: int) -> Iterator[tuple[int, int]]:
    """Yield the open spans of the day of an instant and of all later days, as instants."""
    for _, spans in _open_days(calendar, _local(calendar, at).date()):
        yield from spans


def _spans_of(calendar: Calendar, day: date) -> Iterator[tuple[int, int]]:
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone(calendar.zone))
    for span in calendar.week[day.weekday()]:
        opens, closes = (_milliseconds(midnight + timedelta(minutes=minutes)) for minutes in span)
        if opens < closes:  # An hour that the clocks leave out is no open hour.
            yield opens, closes


def _open_days(calendar: Calendar, first: date) -> Iterator[tuple[date, list[tuple[int, int]]]]:
    """Yield the days that are open from one on, each with its open spans as instants; at their end it is an error."""
    try:
        for number in range(DAYS_MAX):
            day = first + timedelta(days=number)
            text = day.isoformat()
            spans = [] if {text, text[5:]} & calendar.closed else list(_spans_of(calendar, day))
            if spans:
                yield day, spans
    except OverflowError:
        pass
    raise FlowMasterError(
        "calendar.never_open",
        "The calendar has not enough open days within a hundred years, and before the year 10000.",
        fix="Correct the closed days of the calendar, or write a shorter time.",
    )


def _local(calendar: Calendar, at: int) -> datetime:
    return (_EPOCH + timedelta(milliseconds=at)).astimezone(zone(calendar.zone))


def _milliseconds(moment: datetime) -> int:
    return (moment.astimezone(UTC) - _EPOCH) // timedelta(milliseconds=1)


def _week(name: str, hours: Json) -> tuple[tuple[Span, ...], ...]:
    if not isinstance(hours, Mapping) or not hours:
        raise _malformed(name, "it says no `hours`")
    week: list[tuple[Span, ...]] = [()] * len(_WEEK)
    for days, told in hours.items():
        found = _DAYS.fullmatch(str(days))
        if found is None:
            raise _malformed(name, f"{days!r} are no days such as mon, or mon-fri")
        first = _WEEK.index(found["first"])
        last = _WEEK.index(found["last"] or found["first"])
        for day in range(first, last + 1 if last >= first else last + 8):
            week[day % 7] = _hours(name, told)
    return tuple(week)


def _hours(name: str, told: Json) -> tuple[Span, ...]:
    texts = told.split() if isinstance(told, str) else told
    spans: list[Span] = []
    for text in texts if isinstance(texts, Sequence) else ():
        found = _SPAN.fullmatch(text) if isinstance(text, str) else None
        span = Span(_minutes(found["open"]), _minutes(found["close"])) if found else Span(0, 0)
        if not 0 <= span.opens < span.closes <= 24 * 60 or (spans and span.opens < spans[-1].closes):
            raise _malformed(name, f"{said(text)} are no hours such as 09:00-17:00, one after the other")
        spans.append(span)
    if not spans:
        raise _malformed(name, f"{said(told)} are no hours such as 09:00-12:00 13:00-17:00")
    return tuple(spans)


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes) if int(minutes) < 60 else -1


def _malformed(name: str, what: str) -> FlowMasterError:
    return FlowMasterError(
        "calendar.malformed",
        f"The calendar {name!r} cannot be used: {what}.",
        path=f"calendars.{name}",
        expected=_FORM,
        fix="Write it as `expected` shows.",
    )
