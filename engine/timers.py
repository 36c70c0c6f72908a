"""When timers are due: ISO 8601 instants, durations and repetitions, and cron (BPMN 2.0.2, 10.5.5.5).

An instant is an `int` of milliseconds since 1970-01-01T00:00Z. Calendar units (years, months) count in UTC. A duration
with the name of a calendar behind it, `P2D@office`, is working time.
"""

import re
from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from flowmaster.engine.calendars import Calendar, working_time_later
from flowmaster.engine.cron import never_due, next_tick, read_cron
from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.engine.feel.zones import zone
from flowmaster.engine.limits import CYCLES_MAX

_DURATION = re.compile(
    r"(?P<sign>-?)P(?:(?P<years>\d{1,15})Y)?(?:(?P<months>\d{1,15})M)?(?:(?P<weeks>\d{1,15})W)?"
    r"(?:(?P<days>\d{1,15})D)?(?:T(?:(?P<hours>\d{1,15})H)?(?:(?P<minutes>\d{1,15})M)?"
    r"(?:(?P<seconds>\d{1,15})(?:\.(?P<fraction>\d{1,9}))?S)?)?"
)
_CYCLE = re.compile(r"R(?P<times>\d{0,15})/(?:(?P<start>[^/P]+)/)?(?P<every>P[^/]*)(?:/(?P<end>[^/]+))?")
_ZONE = re.compile(r"(?P<local>[^@\[]+)(?:@(?P<at>[^@\]]+)|\[(?P<bracket>[^\]]+)\])")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - faster to write out
_MILLISECOND = timedelta(milliseconds=1)
_FIRST = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MILLISECOND
_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MILLISECOND

Calendars: TypeAlias = Mapping[str, Calendar]
NO_CALENDARS: Calendars = {}


SKIP, ONCE, ALL = MISSED = ("skip", "once", "all")
"""What can be done about times that passed while no server ran: nothing, one run for all of them, or a run for each."""

START_EVERY_MS_MIN = 1_000
"""The shortest time between two beginnings of a process by the clock."""

INSTANTS_KEPT_MAX = 4_096
"""Instants whose text stays in memory, since the same are shown again and again."""

LATE_MS_MAX = 60_000
"""A time that passed longer ago was missed; a server that is busy is late by less."""

PASSED_MAX = 1_000
"""Times that passed are counted so far."""


class Schedule(NamedTuple):
    """The next due instant; `every` is what repeats it (ISO duration or cron), `left` counts later firings."""

    due: int
    every: str = ""
    left: int = 0


def schedule(kind: str, text: str, at: int, calendars: Calendars = NO_CALENDARS) -> Schedule:
    """Return when a timer of the given kind (date, duration, cycle) and text is due first."""
    if kind == "date":
        return Schedule(instant(text))
    if kind == "duration":
        return Schedule(later(at, text, calendars))
    return _cycle(text, at, calendars)


def following(timer: Schedule, at: int, calendars: Calendars = NO_CALENDARS) -> Schedule | None:
    """Return the firing after one that was due, or None if it was the last.

    An interval makes up for each time that passed meanwhile, cron only goes on; see `following_start` for a choice.
    """
    return _next(timer, timer.due if timer.every.startswith("P") else max(timer.due, at), calendars)


def following_start(
    timer: Schedule, at: int, missed: str, calendars: Calendars = NO_CALENDARS
) -> Schedule | None:
    """Return the firing after one that was due, by what is to be done about those that passed meanwhile."""
    if not missed:
        return following(timer, at, calendars)
    found = _next(timer, timer.due, calendars)
    if missed == ALL or found is None or found.due > at:
        return found
    if not timer.every.startswith("P"):
        return _next(timer, at, calendars)
    return _first_later(found, at, calendars)


def resumed(
    timer: Schedule, at: int, missed: str, calendars: Calendars = NO_CALENDARS, end: int | None = None
) -> Schedule | None:
    """Return what a timer goes on with after a pause, None if it is over.

    Times that passed are made up for where `missed` says so: `all` by a run each, `once` by one run. Those that are not
    made up for use up no repetition; an `end` of the cycle holds all the same.
    """
    if timer.due > at or missed == ALL:
        return timer
    if missed == ONCE:
        due: int | None = _latest(timer, at if end is None else min(at, end), calendars)
    else:
        due = _ahead(timer, at, calendars)
    if due is None or (end is not None and due > end):
        return None
    left = timer.left if end is None else _left_until(due, timer.every, end, timer.left, calendars)
    return Schedule(due, timer.every, left)


def passed_times(timer: Schedule, at: int, calendars: Calendars = NO_CALENDARS) -> int:
    """Return how many times of a timer passed by an instant, however many repetitions it has; at most `PASSED_MAX`."""
    found: Schedule | None = timer._replace(left=-1)
    count = 0
    while found is not None and found.due <= at and count < PASSED_MAX:
        count, found = count + 1, _next(found, found.due, calendars)
    return count


def cycle_end(text: str) -> int | None:
    """Return the end that a repetition names, None without one."""
    found = _CYCLE.fullmatch(text.strip())
    return instant(found["end"]) if found and found["end"] else None


def is_missed(due: int, at: int, missed: str) -> bool:
    """Whether a time passed so long ago that nothing begins by it any more."""
    return missed == SKIP and at - due > LATE_MS_MAX


def checked_schedule(kind: str, text: str, at: int, calendars: Calendars = NO_CALENDARS) -> Schedule:
    """Return when a timer is due first, and refuse one that makes no sense although it would run."""
    found = schedule(kind, text, at, calendars)
    cycle = _CYCLE.fullmatch(text.strip()) if kind == "cycle" else None
    if cycle and cycle["start"] and cycle["end"] and instant(cycle["end"]) < instant(cycle["start"]):
        raise _ends_first(text, cycle)
    return found


def start_schedule(kind: str, text: str, at: int, calendars: Calendars = NO_CALENDARS) -> Schedule:
    """Return when a process begins first by the clock; refuse one that would begin all the time."""
    found = checked_schedule(kind, text, at, calendars)
    second = _repeated(0, found.every, calendars) if found.every.startswith("P") else None
    if second is not None and second < START_EVERY_MS_MIN:
        raise FlowMasterError(
            "timer.too_often",
            f"{text!r} begins a process more often than every second.",
            expected="a second or more between two times",
            fix=f"Write {text.replace(found.every, 'PT1S')!r}, or a longer time between.",
        )
    return found


def _next(timer: Schedule, after: int, calendars: Calendars) -> Schedule | None:
    if not timer.every or timer.left == 0:
        return None
    left = timer.left - 1 if timer.left > 0 else -1
    if timer.every.startswith("P"):
        due = _repeated(after, timer.every, calendars)
    else:
        due = next_tick(timer.every, after)
    return None if due is None else Schedule(due, timer.every, left)


def _first_later(timer: Schedule, at: int, calendars: Calendars) -> Schedule | None:
    """Return the first firing of an interval that lies behind an instant; those before it count as done."""
    found: Schedule | None = timer
    every = _fixed(timer.every)
    if every:
        passed = (at - timer.due) // every
        if 0 <= timer.left < passed:
            return None
        left = timer.left - passed if timer.left >= 0 else -1
        found = Schedule(timer.due + passed * every, timer.every, left)
    while found is not None and found.due <= at:
        found = _next(found, found.due, calendars)
    return found


def _ahead(timer: Schedule, at: int, calendars: Calendars) -> int | None:
    """Return the first time of a timer behind an instant, however many repetitions it has."""
    endless = timer._replace(left=-1)
    found = (
        _first_later(endless, at, calendars) if timer.every.startswith("P") else _next(endless, at, calendars)
    )
    return None if found is None else found.due


def _latest(timer: Schedule, at: int, calendars: Calendars) -> int:
    """Return the last time of a timer up to an instant, the first one at least; of cron the first one does."""
    if not timer.every.startswith("P"):
        return timer.due
    every = _fixed(timer.every)
    if every:
        return timer.due + max(0, (at - timer.due) // every) * every
    due, after = timer.due, _repeated(timer.due, timer.every, calendars)
    while after is not None and after <= at:
        due, after = after, _repeated(after, timer.every, calendars)
    return due


def _fixed(every: str) -> int:
    """Return the milliseconds of an interval, 0 for one whose length depends on the calendar."""
    date, _, _ = every.partition("T")
    return 0 if "@" in every or "Y" in date or "M" in date else later(0, every)


def instant(text: str) -> int:
    """Read an ISO 8601 date and time (with offset, `Z`, `@Zone/Id` or `[Zone/Id]`; without one it is UTC)."""
    zoned = _ZONE.fullmatch(text.strip())
    try:
        moment = datetime.fromisoformat(zoned["local"] if zoned else text.strip())
    except ValueError:
        raise _unreadable(text, "an ISO 8601 date and time such as 2026-01-31T09:00:00Z") from None
    if zoned:
        place = zone(zoned["at"] or zoned["bracket"])
        if place is None:
            raise _unreadable(text, "a time zone of the IANA database such as Europe/Berlin")
        moment = moment.replace(tzinfo=place)
    elif moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    found = _milliseconds(moment)
    if not _FIRST <= found <= _LAST:
        raise _unreadable(text, "a time of the years 1 to 9999 in UTC")
    return found


def later(at: int, duration: str, calendars: Calendars = NO_CALENDARS) -> int:
    """Return the instant that lies an ISO 8601 duration after `at`; a negative duration gives `at` itself."""
    text, at_sign, name = duration.strip().partition("@")
    found = _DURATION.fullmatch(text)
    if found is None or not any(found[unit] for unit in _UNITS):
        raise _unreadable(duration, "an ISO 8601 duration such as PT48H, P3D or P1M")
    if found["sign"]:
        return at
    count = {unit: int(found[unit] or 0) for unit in _UNITS}
    if at_sign:
        spare = _thousandths(found["fraction"])
        return _working_time_later(at, duration, count, spare, _calendar(name, duration, calendars))
    try:
        moment = _EPOCH + timedelta(milliseconds=at)
        moment = _add_months(moment, count["years"] * 12 + count["months"])
        moment += timedelta(
            days=count["weeks"] * 7 + count["days"],
            hours=count["hours"],
            minutes=count["minutes"],
            seconds=count["seconds"],
            milliseconds=_thousandths(found["fraction"]),
        )
    except (OverflowError, ValueError):
        raise _unreadable(duration, "a duration that ends before the year 10000") from None
    return _milliseconds(moment)


@lru_cache(maxsize=INSTANTS_KEPT_MAX)
def iso(at: int) -> str:
    """Write an instant as ISO 8601 in UTC, with milliseconds only where there are some."""
    moment = _NAIVE_EPOCH + timedelta(milliseconds=at)
    return f"{moment.isoformat(timespec='milliseconds' if at % 1000 else 'seconds')}Z"


def _thousandths(fraction: str | None) -> int:
    return int((fraction or "0")[:3].ljust(3, "0"))


_UNITS = ("years", "months", "weeks", "days", "hours", "minutes", "seconds")


def _cycle(text: str, at: int, calendars: Calendars) -> Schedule:
    found = _CYCLE.fullmatch(text.strip())
    if found is None:
        read_cron(text)
        tick = next_tick(text, at)
        if tick is None:
            raise never_due(text)
        return Schedule(tick, text, -1)
    times = int(found["times"]) if found["times"] else -1
    if times == 0 or times > CYCLES_MAX:
        raise _unreadable(text, f"1 to {CYCLES_MAX} repetitions, or R/ for no end")
    first = instant(found["start"]) if found["start"] else later(at, found["every"], calendars)
    left = times - 1 if times > 0 else -1
    if later(0, found["every"], calendars) == 0:
        raise _unreadable(text, "a repetition that takes time")
    if found["end"]:
        left = _left_until(first, found["every"], instant(found["end"]), left, calendars)
    return Schedule(first, found["every"], left)


def _repeated(due: int, every: str, calendars: Calendars) -> int | None:
    """Return the instant a duration after another, or None where the calendar ends before it."""
    try:
        return later(due, every, calendars)
    except FlowMasterError:
        return None


def _left_until(first: int, every: str, end: int, left: int, calendars: Calendars) -> int:
    """Return how many of the firings after the first come before an end; `left` is the most, -1 for any number."""
    most = CYCLES_MAX if left < 0 else left
    if _fixed(every):
        return max(0, min(most, (end - first) // _fixed(every)))
    count, due = 0, _repeated(first, every, calendars)
    while due is not None and due <= end and count < most:
        count, due = count + 1, _repeated(due, every, calendars)
    return count


def _calendar(name: str, duration: str, calendars: Calendars) -> Calendar:
    found = calendars.get(name)
    if found is None:
        raise FlowMasterError(
            "calendar.unknown",
            f"{duration!r} counts in a calendar {name!r}, which there is not.{did_you_mean(name, list(calendars))}",
            expected=list(calendars),
            fix="Name a calendar that the process declares under `calendars`.",
        )
    return found


def _working_time_later(at: int, duration: str, count: dict[str, int], spare: int, calendar: Calendar) -> int:
    if count["years"] or count["months"] or count["weeks"]:
        raise _unreadable(duration, "days and hours of working time, such as P2D@office or PT8H@office")
    seconds = (count["hours"] * 60 + count["minutes"]) * 60 + count["seconds"]
    return working_time_later(calendar, at, count["days"], seconds * 1000 + spare)


def _add_months(moment: datetime, months: int) -> datetime:
    if not months:
        return moment
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def _milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MILLISECOND


def _ends_first(text: str, found: re.Match[str]) -> FlowMasterError:
    swapped = f"R{found['times']}/{found['end']}/{found['every']}/{found['start']}"
    return FlowMasterError(
        "timer.ends_first",
        f"The repetition {text!r} ends before it begins.",
        expected="an end behind the beginning",
        fix=f"Write {swapped!r} if the two were mixed up, or a later end.",
    )


def _unreadable(text: str, expected: str) -> FlowMasterError:
    return FlowMasterError(
        "timer.unreadable", f"The time {text!r} cannot be read.", expected=expected, fix=f"Write {expected}."
    )
