"""The operation that shows when processes begin by the clock, which of their timers are paused, and what they began last."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, NamedTuple

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
from flowmaster.runtime.models import Models, unknown_process
from flowmaster.runtime.schedules import TIMER, Pause, Run, name_of, pauses, runs_of
from flowmaster.runtime.starts import missed_of
from flowmaster.runtime.timers import MISSED_RUN
from flowmaster.stores.protocol import Reader
from flowmaster.stores.rows import StartSubscription
from flowmaster.tools.models import Arguments, Result, Shape
from flowmaster.tools.naming import instant_of, naming
from flowmaster.tools.registry import Call, operation

SHOWN_MAX: Final = 50
"""Timers that are shown, those that are due first."""

RUNS_SHOWN: Final = 3
"""Runs that are shown of the timers of one process, unless the caller says otherwise."""

RUNS_MAX: Final = 20
"""Runs that can be seen of a timer: those that are kept."""

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
    runs: int | None = Field(
        default=None,
        ge=0,
        le=RUNS_MAX,
        description="How many last runs of each timer; default: 3 of a named process, else none.",
    )


class Moment(Shape):
    """A time at which something begins."""

    at: str = Field(description="When, in UTC.")
    local: str = Field(default="", description="When by the clocks of the timer's zone.")
    note: str = Field(
        default="", description="What is special about it: the clocks have changed, or skip it."
    )


class PausedView(Shape):
    """That a timer is paused."""

    since: str = Field(description="Since when.")
    by: str = Field(description="By whom.")
    agent: str = Field(default="", description="Who acted for that person.")


class RunView(Shape):
    """What a timer did when its time came."""

    due: str = Field(description="When it was due.")
    at: str = Field(description="When it began.")
    instance: str = Field(default="", description="The instance that began, for `instance_read`.")
    status: str = Field(
        description="How the instance is: active, completed, ..., erased; `missed` or `refused` if none began."
    )
    problem: str = Field(default="", description="The code of what refused the start.")
    incidents: int = Field(default=0, description="How many incidents stop the instance.")
    by: str = Field(default="", description="Who triggered it by hand; nothing for the clock.")


class Timed(Shape):
    """A timer that begins a process."""

    process: str = Field(default="", description="What begins.")
    version: int | None = Field(default=None, description="The version that begins.")
    element: str = Field(default="", description="The start event.")
    number: int = Field(default=0, description="Which of the triggers of the start event, from 0.")
    every: str = Field(default="", description="What repeats it; nothing for a single time.")
    missed: str = Field(
        default="", description="What is done about times while no server ran: skip, once or all."
    )
    left: int | None = Field(default=None, description="How many times are left, where they are counted.")
    paused: PausedView | None = Field(default=None, description="That it is paused; it begins nothing then.")
    times: list[Moment] = Field(description="The next times; none if it is over or paused.")
    runs: list[RunView] = Field(default=[], description="Its last runs, the newest first.")


class Timers(Result):
    """What begins by the clock."""

    items: list[Timed] = Field(description="The timers, those that are due first.")
    total: int = Field(description="How many there are.")


@operation(right="process.read", read_only=True)
async def timer_find(call: Call, arguments: TimerFind) -> Timers:
    """Show when processes begin by the clock: the next times of their start timers, pauses, and the last runs.

    It shows where the clocks change. A time can be tried out before a process has it: cron with zones, intervals, dates.
    `timer_control` pauses, resumes and triggers a timer.
    """
    runtime, tenant = call.app.runtime, call.caller.tenant
    now = runtime.now()
    after = instant_of(arguments.after, "after")
    if arguments.timer:
        with naming(TIMER):
            return Timers(
                items=[_tried(arguments.timer, now if after is None else after, arguments.count)], total=1
            )
    look = Look(runtime.models, runtime.reader, now, after, arguments.count)
    found = _starts(runtime.reader, tenant, arguments.process)
    paused = pauses(runtime.reader, tenant, arguments.process)
    runs = arguments.runs
    if runs is None:
        runs = RUNS_SHOWN if arguments.process else 0
    shown = [shown_timer(look, start, paused.get(name_of(start)), runs) for start in found[:SHOWN_MAX]]
    return Timers(items=shown, total=len(found))


class Look(NamedTuple):
    """What timers are looked at with: as they stand `now`, so many times behind `after`."""

    models: Models
    reader: Reader
    now: int
    after: int | None = None
    many: int = 5


def _starts(reader: Reader, tenant: str, process: str) -> list[StartSubscription]:
    """Return the start timers of one process or all, those that are due first and those that are over last."""
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


def shown_timer(look: Look, start: StartSubscription, pause: Pause | None, runs: int = 0) -> Timed:
    """Show a start timer: its coming times, whether it is paused, and what it did last."""
    process = look.models.process(look.reader, start.tenant, start.process, start.version)
    missed = missed_of(process, start)
    told = Timed(
        process=start.process,
        version=start.version,
        element=start.element,
        number=start.number,
        every=start.every,
        missed=missed,
        times=[],
        runs=[_run(look.reader, start.tenant, run) for run in runs_of(look.reader, start, runs)],
    )
    if pause is not None:
        by = PausedView(since=iso(pause.since), by=pause.by, agent=pause.agent)
        return told.model_copy(update={"paused": by, "left": _left(pause.schedule)})
    if start.due is None:
        return told
    first: Schedule | None = Schedule(start.due, start.every, start.left)
    if first is not None and is_missed(first.due, look.now, missed):
        first = following_start(first, look.now, missed, process.calendars)
    while first is not None and look.after is not None and first.due <= look.after:
        first = following_start(first, look.after, "once", process.calendars)
    if first is None:
        return told
    since = look.now if look.after is None else look.after
    return _timed(told, first, _series(first, look.many, process.calendars), since)


def _run(reader: Reader, tenant: str, run: Run) -> RunView:
    told = RunView(due=iso(run.due), at=iso(run.at), status="refused", by=run.by)
    if not run.instance:
        missed = run.problem == MISSED_RUN
        return told.model_copy(update={"status": "missed"} if missed else {"problem": run.problem})
    stored = reader.load(tenant, run.instance)
    if stored is None:
        return told.model_copy(update={"instance": run.instance, "status": "erased"})
    row = stored.row
    return told.model_copy(
        update={"instance": row.instance, "status": row.status, "incidents": row.incidents}
    )


def _series(first: Schedule, count: int, calendars: Calendars) -> list[int]:
    found: list[int] = []
    timer: Schedule | None = first
    while timer is not None and len(found) < count:
        found.append(timer.due)
        timer = following(timer, timer.due, calendars)
    return found


def _timed(told: Timed, first: Schedule, times: list[int], since: int) -> Timed:
    moments = list(_moments(first.every, times, since))
    return told.model_copy(update={"left": _left(first), "times": moments})


def _left(first: Schedule) -> int | None:
    return first.left + 1 if first.every and first.left >= 0 else None


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
