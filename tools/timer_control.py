"""The operation on the schedules of published processes: pause a start timer, resume it, begin an instance by it now."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from pydantic import Field

from flowmaster.engine.errors import FlowMasterError, Hint, did_you_mean
from flowmaster.engine.feel.said import quoted
from flowmaster.engine.timers import (
    ALL,
    ONCE,
    PASSED_MAX,
    SKIP,
    Schedule,
    cycle_end,
    iso,
    passed_times,
    resumed,
)
from flowmaster.engine.values import Json
from flowmaster.runtime.desk import Desk, Request, unpublished
from flowmaster.runtime.schedules import Pause, Run, end_pause, name_of, note_run, pause_of, put_pause
from flowmaster.runtime.starts import begin, missed_of, timer_of
from flowmaster.stores.protocol import Reader
from flowmaster.stores.rows import AuditFilter, StartSubscription
from flowmaster.tools.models import NextCall, Result, WriteArguments, follow_up
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.requests import request_of, store_once
from flowmaster.tools.start_timers import Look, Timed, shown_timer

Action: TypeAlias = Literal["pause", "resume", "trigger"]

TIMES_SHOWN = 3
"""Coming times that an answer shows."""


class TimerControl(WriteArguments):
    """Which timer, and what to do to it."""

    process: str = Field(description="Published process.", examples=["month-end"])
    action: Action = Field(description="`trigger` begins one instance now; the coming times stay.")
    element: str = Field(
        default="", description="The start event, where several have timers.", examples=["start"]
    )
    number: int | None = Field(
        default=None, ge=0, description="Which trigger of the start event, where several are timers."
    )


class TimerControlled(Result):
    """A timer as it stands after."""

    timer: Timed = Field(description="The timer.")
    decided: str = Field(default="", description="For resume: what becomes of the times that passed.")
    instance: str = Field(default="", description="For trigger: the instance that began.")


class _Work(NamedTuple):
    """What an action works with."""

    desk: Desk
    request: Request
    start: StartSubscription
    pause: Pause | None


class _Done(NamedTuple):
    """What an action came to: what goes on record, and what the answer says."""

    data: dict[str, Json]
    decided: str = ""
    instance: str = ""


async def _operated_again(call: Call, arguments: TimerControl, subject: str) -> TimerControlled:
    """Tell again what was done: the timer as it stands now, and what was decided as the journal has it."""
    runtime, tenant = call.app.runtime, call.caller.tenant
    found = runtime.reader.process_starts(tenant, arguments.process)
    start = _chosen(runtime.reader, tenant, arguments, [each for each in found if each.kind == "timer"])
    look = Look(runtime.models, runtime.reader, runtime.now(), many=TIMES_SHOWN)
    told = TimerControlled(timer=shown_timer(look, start, pause_of(runtime.reader, start)))
    if arguments.action == "trigger":
        told = told.model_copy(update={"instance": subject})
    if arguments.action == "resume":
        told = told.model_copy(update={"decided": _decided_last(runtime.reader, tenant, arguments.process)})
    return told.model_copy(update={"next": _next(arguments, told)})


def _decided_last(reader: Reader, tenant: str, process: str) -> str:
    which = AuditFilter(scope=f"process:{process}", operation="timer_control.resume", limit=1)
    for entry in reader.audit(tenant, which).items:
        if isinstance(entry.data, Mapping):
            return str(entry.data.get("decided", ""))
    return ""


@operation(right="instance.control", recover=_operated_again)
async def timer_control(call: Call, arguments: TimerControl) -> TimerControlled:
    """Pause or resume a start timer of a process, or trigger it: begin one instance now as if its time had come.

    A paused timer begins nothing until it is resumed, whatever version is published meanwhile. Resumed, it goes on with
    its next time; those that passed are made up for only if its `missed` says `once` or `all`. To change the times
    themselves, edit the start and publish.
    """
    runtime, tenant = call.app.runtime, call.caller.tenant
    request = request_of(call, f"timer_control.{arguments.action}", arguments.reason)

    def work(desk: Desk) -> TimerControlled:
        transaction = desk.transaction
        start = _chosen(transaction, tenant, arguments, transaction.start_timers(tenant, arguments.process))
        done = _ACTIONS[arguments.action](_Work(desk, request, start, pause_of(transaction, start)))
        transaction.journal(
            tenant,
            f"process:{start.process}",
            at=desk.now,
            by=request.by,
            agent=request.agent,
            operation=request.operation,
            reason=request.reason,
            data={"element": start.element, "number": start.number, **done.data},
        )
        if arguments.action != "trigger":  # The first step of an instance brings its key along.
            store_once(transaction, call, subject=start.process)
        look = Look(desk.models, transaction, desk.now, many=TIMES_SHOWN)
        (after,) = (each for each in transaction.start_timers(tenant, start.process) if _same(each, start))
        timer = shown_timer(look, after, pause_of(transaction, after))
        return TimerControlled(timer=timer, decided=done.decided, instance=done.instance)

    outcome = await runtime.do(work, dry_run=arguments.dry_run)
    return outcome.result.model_copy(update={"next": _next(arguments, outcome.result)})


def _pause(work: _Work) -> _Done:
    start = work.start
    if work.pause is not None:
        raise _paused_already(start, work.pause)
    if start.due is None:
        raise _over(start)
    schedule = Schedule(start.due, start.every, start.left)
    pause = Pause(work.desk.now, work.request.by, work.request.agent, schedule)
    put_pause(work.desk.transaction, start, pause)
    return _Done({"next": iso(start.due)})


def _resume(work: _Work) -> _Done:
    start, pause, desk = work.start, work.pause, work.desk
    if pause is None:
        raise _not_paused(start)
    process = desk.models.process(desk.transaction, start.tenant, start.process, start.version)
    missed, timer = missed_of(process, start), pause.schedule
    passed = passed_times(timer, desk.now, process.calendars)
    schedule = resumed(timer, desk.now, missed, process.calendars, _end_of(desk, start))
    end_pause(desk.transaction, start, schedule)
    desk.woken.add("timers")
    decided = _decided(timer, passed, missed, schedule)
    data: dict[str, Json] = {
        "paused": iso(pause.since),
        "paused_by": pause.by,
        "passed": passed,
        "decided": decided,
        "next": None if schedule is None else iso(schedule.due),
    }
    return _Done(data, decided)


def _trigger(work: _Work) -> _Done:
    start, desk = work.start, work.desk
    instance = begin(desk, work.request, start, {})
    by = work.request.agent or work.request.by
    note_run(desk.transaction, start, Run(desk.now, desk.now, instance, by=by))
    return _Done({"instance": instance, "version": start.version}, instance=instance)


_ACTIONS = {"pause": _pause, "resume": _resume, "trigger": _trigger}


def _end_of(desk: Desk, start: StartSubscription) -> int | None:
    """Return the end that the cycle of a timer names, as it was read when its version was published."""
    version = desk.transaction.version(start.tenant, "process", start.process, start.version)
    process = desk.models.process(desk.transaction, start.tenant, start.process, start.version)
    timer = timer_of(process, start)
    if timer is None or version is None or timer.kind != "cycle":
        return None
    return cycle_end(str(timer.expression.value({}, version.at)))


def _decided(timer: Schedule, passed: int, missed: str, schedule: Schedule | None) -> str:
    """Say what becomes of the times that passed while a timer was paused."""
    if passed == 0:
        return "No time passed while it was paused."
    many = f"{passed} or more times" if passed == PASSED_MAX else f"{passed} times"
    told = "1 time passed" if passed == 1 else f"{many} passed"
    if schedule is None:
        return f"{told} while it was paused, and none is to come: the timer is over."
    if missed == ALL:
        runs = "one run each" if timer.left < 0 else f"one run each, at most {timer.left + 1}"
        return f"{told} while it was paused; `missed: all` makes up for them by {runs}."
    if missed == ONCE:
        return f"{told} while it was paused; `missed: once` makes up for them by one run."
    why = (
        "`missed: skip` leaves them out" if missed == SKIP else "nothing (`missed`) asks to make up for them"
    )
    return f"{told} while it was paused; {why}, and it goes on with the next time."


def _chosen(
    reader: Reader, tenant: str, arguments: TimerControl, timers: Sequence[StartSubscription]
) -> StartSubscription:
    """Return the timer that is meant, or refuse."""
    process = arguments.process
    if reader.version_number(tenant, "process", process) is None:
        raise unpublished(reader, tenant, process)
    if not timers:
        raise _none(process)
    elements = list(dict.fromkeys(each.element for each in timers))
    element, number = arguments.element, arguments.number
    if element and element not in elements:
        raise FlowMasterError(
            "timer.unknown",
            f"{process!r} has no timer at a start event {quoted(element)}.{did_you_mean(element, elements)}",
            path="element",
            expected=elements,
            fix="Name a start event with a timer.",
            next=[_find_hint(process)],
            status=404,
        )
    found = [each for each in timers if element in ("", each.element) and number in (None, each.number)]
    if not found:
        raise FlowMasterError(
            "timer.unknown",
            f"None of the timers of {process!r} has the number {number}.",
            path="number",
            expected=[each.number for each in timers if element in ("", each.element)],
            fix="Give the number of a timer, or none where a start event has one timer only.",
            next=[_find_hint(process)],
            status=404,
        )
    if len(found) > 1:
        field = "number" if len({each.element for each in found}) == 1 else "element"
        raise FlowMasterError(
            "timer.ambiguous",
            f"{process!r} has {len(found)} timers that may be meant.",
            path=field,
            expected=list(dict.fromkeys(getattr(each, field) for each in found)),
            fix=f"Give `{field}`.",
            next=[_find_hint(process)],
            status=422,
        )
    return found[0]


def _same(one: StartSubscription, other: StartSubscription) -> bool:
    return name_of(one) == name_of(other)


def _none(process: str) -> FlowMasterError:
    return FlowMasterError(
        "timer.none",
        f"Nothing begins {process!r} by the clock.",
        path="process",
        fix="Name a process that `timer_find` lists, or give the start of this one `every` or `at`, and publish it.",
        next=[Hint("timer_find", {}, "See what begins by the clock.")],
        status=409,
    )


def _paused_already(start: StartSubscription, pause: Pause) -> FlowMasterError:
    return FlowMasterError(
        "timer.paused",
        f"The timer {start.element!r} of {start.process!r} is paused already, by {pause.by} since {iso(pause.since)}.",
        path="action",
        expected=["resume", "trigger"],
        fix="Leave it paused, or resume it.",
        next=[_control(start, "resume", "Let it go on.")],
        status=409,
    )


def _not_paused(start: StartSubscription) -> FlowMasterError:
    return FlowMasterError(
        "timer.not_paused",
        f"The timer {start.element!r} of {start.process!r} is not paused.",
        path="action",
        expected=["pause", "trigger"],
        fix="Leave it as it is; `timer_find` shows its coming times.",
        next=[_find_hint(start.process)],
        status=409,
    )


def _over(start: StartSubscription) -> FlowMasterError:
    return FlowMasterError(
        "timer.over",
        f"The timer {start.element!r} of {start.process!r} is over; it has no times left.",
        path="action",
        expected=["trigger"],
        fix="Trigger it to begin one more instance, or publish the process with new times.",
        next=[_control(start, "trigger", "Begin one instance now.")],
        status=409,
    )


def _control(start: StartSubscription, action: Action, why: str) -> Hint:
    arguments: dict[str, Json] = {
        "process": start.process,
        "action": action,
        "element": start.element,
        "number": start.number,
    }
    return Hint("timer_control", arguments, why)


def _find_hint(process: str) -> Hint:
    return Hint("timer_find", {"process": process}, "See its timers.")


def _next(arguments: TimerControl, told: TimerControlled) -> list[NextCall]:
    """Return what makes sense after an action."""
    if told.instance:
        hint = Hint("instance_read", {"instance": told.instance}, "See how far it came.")
    elif told.timer.paused is None and not told.timer.times:
        hint = Hint("timer_control", _again(arguments, "trigger"), "Begin one instance now all the same.")
    elif told.timer.paused is None:
        hint = _find_hint(arguments.process)
    else:
        hint = Hint("timer_control", _again(arguments, "resume"), "Let it go on.")
    return [follow_up(hint)]


def _again(arguments: TimerControl, action: Action) -> dict[str, Json]:
    where = {"element": arguments.element, "number": arguments.number}
    return {
        "process": arguments.process,
        "action": action,
        **{name: each for name, each in where.items() if each not in ("", None)},
    }


OPERATIONS = (timer_control,)
