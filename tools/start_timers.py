"""The operation that shows when processes begin by the clock."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from pydantic import Field

from flowmaster.engine.cron import read_cron
from flowmaster.engine.timers import (
    NO_CALENDARS,
    Calendars,
    Schedule,
    following,
    following_start,
    is_missed,
    iso,
    start_schedule,
)
from flowmaster.runtime.models import unknown_process
from flowmaster.runtime.starts import missed_of
from flowmaster.stores.rows import StartSubscription
from flowmaster.tools.models import Arguments, Result, Shape
from flowmaster.tools.naming import instant_of, naming
from flowmaster.tools.registry import Call, operation

TIMER: Final = "timer"
SHOWN_MAX: Final = 50
"""Timers that are shown, those that are due first."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class TimerFind(Arguments):
    """Which timers, and how many times of each."""

    process: str = Field(default="", description="Only this process.", examples=["month-end"])
    timer: str = Field(
        default="",
        description="A time to try out instead, as `every` or `at` have it.",
        examples=["TZ=Europe/Berlin 0 9 * * MON-FRI"],
    )
    after: str = Field(
        default="",
        description="Times behind this instant; default: now, and what is due.",
        examples=["2026-12-01T00:00:00Z"],
    )
    count: int = Field(default=5, ge=1, le=100, description="How many times of each timer.")


class Moment(Shape):
    """A time at which something begins."""

    at: str = Field(description="When, in UTC.")
    local: str = Field(default="", description="When by the clocks of the timer's zone.")
    note: str = Field(
        default="", description="What is special about it: the clocks have changed, or skip it."
    )


class Timed(Shape):
    """A timer that begins a process."""

    process: str = Field(default="", description="What begins.")
    version: int | None = Field(default=None, description="The version that begins.")
    element: str = Field(default="", description="The start event.")
    every: str = Field(default="", description="What repeats it; nothing for a single time.")
    missed: str = Field(
        default="", description="What is done about times while no server ran: skip, once or all."
    )
    left: int | None = Field(default=None, description="How many times are left, where they are counted.")
    times: list[Moment] = Field(description="The next times; none if it is over.")


class Timers(Result):
    """What begins by the clock."""

    items: list[Timed] = Field(description="The timers, those that are due first.")
    total: int = Field(description="How many there are.")


@operation(right="process.read", read_only=True)
async def timer_find(call: Call, arguments: TimerFind) -> Timers:
    """Show when processes begin by the clock: the next times of their start timers, cron with zones, intervals, dates.

    It shows where the clocks change. A time can be tried out before a process has it.
    """
    now = call.app.runtime.now()
    after = instant_of(arguments.after, "after")
    if arguments.timer:
        with naming(TIMER):
            return Timers(
                items=[_tried(arguments.timer, now if after is None else after, arguments.count)], total=1
            )
    found = _starts(call, arguments.process)
    shown = [_shown(call, start, after, arguments.count) for start in found[:SHOWN_MAX]]
    return Timers(items=shown, total=len(found))


def _starts(call: Call, process: str) -> list[StartSubscription]:
    """Return the start timers of one process or all, those that are due first and those that are over last."""
    reader, tenant = call.app.runtime.reader, call.caller.tenant
    if process and reader.find_definition(tenant, "process", process) is None:
        raise unknown_process(reader, tenant, process)
    found = (
        reader.process_starts(tenant, process) if process else reader.start_subscriptions(tenant, kind=TIMER)
    )
    timers = [start for start in found if start.kind == TIMER]
    return sorted(timers, key=lambda start: (start.due is None, start.due or 0, start.process, start.element))


def _tried(text: str, after: int, count: int) -> Timed:
    kind = "duration" if text.startswith("P") else "cycle" if _repeats(text) else "date"
    first = start_schedule(kind, text, after)
    timers = _series(first, count, NO_CALENDARS)
    return _timed(Timed(every=first.every, times=[]), first, timers, after)


def _repeats(text: str) -> bool:
    return text.startswith(("R", "@", "TZ=", "CRON_TZ=")) or len(text.split()) in (5, 6)


def _shown(call: Call, start: StartSubscription, after: int | None, count: int) -> Timed:
    runtime, now = call.app.runtime, call.app.runtime.now()
    process = runtime.models.process(runtime.reader, start.tenant, start.process, start.version)
    missed = missed_of(process, start)
    told = Timed(
        process=start.process,
        version=start.version,
        element=start.element,
        every=start.every,
        missed=missed,
        times=[],
    )
    if start.due is None:
        return told
    first: Schedule | None = Schedule(start.due, start.every, start.left)
    if first is not None and is_missed(first.due, now, missed):
        first = following_start(first, now, missed, process.calendars)
    while first is not None and after is not None and first.due <= after:
        first = following_start(first, after, "once", process.calendars)
    if first is None:
        return told
    since = now if after is None else after
    return _timed(told, first, _series(first, count, process.calendars), since)


def _series(first: Schedule, count: int, calendars: Calendars) -> list[int]:
    found: list[int] = []
    timer: Schedule | None = first
    while timer is not None and len(found) < count:
        found.append(timer.due)
        timer = following(timer, timer.due, calendars)
    return found


def _timed(told: Timed, first: Schedule, times: list[int], since: int) -> Timed:
    left = first.left + 1 if first.every and first.left >= 0 else None
    return told.model_copy(update={"left": left, "times": list(_moments(first.every, times, since))})


def _moments(every: str, times: list[int], since: int) -> Iterator[Moment]:
    """Yield the times as they are shown, with what the clocks of a zone do between them."""
    cron = None if not every or every.startswith("P") else read_cron(every)
    if cron is None or cron.zone is UTC:
        yield from (Moment(at=iso(at)) for at in times)
        return
    before = _local(since, cron.zone)
    for at in times:
        local = _local(at, cron.zone)
        notes: list[str] = []
        if local.utcoffset() != before.utcoffset():
            notes.append(f"The clocks have changed from UTC{_offset(before)} to UTC{_offset(local)}.")
        if (local.hour not in cron.hours) or (local.minute not in cron.minutes):
            notes.append("The clocks skip its time that day; it is the first moment behind.")
        yield Moment(at=iso(at), local=local.isoformat(), note=" ".join(notes))
        before = local


def _offset(local: datetime) -> str:
    return local.isoformat()[-6:]


def _local(at: int, zone: tzinfo) -> datetime:
    return (_EPOCH + timedelta(milliseconds=at)).astimezone(zone)


OPERATIONS = (timer_find,)
