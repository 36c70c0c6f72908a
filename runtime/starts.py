"""Published processes begin by what their start events wait for: messages, signals, times, facts."""

from collections.abc import Mapping

from flowmaster.engine.elements.scopes import gathered
from flowmaster.engine.model import Process, Timer, Triggers
from flowmaster.engine.timers import Schedule, following_start
from flowmaster.engine.values import Json
from flowmaster.runtime.desk import Desk, Request, Start
from flowmaster.runtime.routes import begins_alike
from flowmaster.runtime.schedules import TIMER, end_pause, pause_of, put_pause
from flowmaster.stores.rows import StartSubscription


def begin(
    desk: Desk, request: Request, start: StartSubscription, variables: Mapping[str, Json], key: str = ""
) -> str:
    """Begin an instance by a trigger that came, and return its id.

    Where the instance waits for a time among other triggers, it takes the next time of that start with it: each
    time begins or completes one beginning, not two.
    """
    wish = Start(start.process, start.version, variables, key, element=start.element, trigger=start.number)
    if start.routed:
        wish = _routed(desk, start, wish)
    instance = desk.start(request, wish)
    process = desk.models.process(desk.transaction, start.tenant, start.process, start.version)
    begun = desk.models.process(desk.transaction, start.tenant, start.process, wish.version)
    needed = gathered(begun, begun.elements[start.element])
    for other in desk.transaction.process_starts(start.tenant, start.process) if needed else ():
        another = (other.element, other.number) != (start.element, start.number)
        if not another or other.element not in needed:
            continue
        if other.due is not None:
            pass_time(desk, process, other)
        elif other.kind == TIMER:
            _pass_paused(desk, process, other)
    return instance


def _routed(desk: Desk, start: StartSubscription, wish: Start) -> Start:
    """Return a wish with the version that the route of its process leads to, if that can begin at the same start."""
    led = desk.routed(start.tenant, wish, base=True)
    process = desk.models.process(desk.transaction, start.tenant, start.process, led.version)
    return led if begins_alike(process, start) else led._replace(version=start.version)


def pass_time(desk: Desk, process: Process, start: StartSubscription) -> None:
    """Let the due time of a start timer be over; a cycle goes on to its next one."""
    assert start.due is not None
    timer = Schedule(start.due, start.every, start.left)
    after = following_start(timer, desk.now, missed_of(process, start), process.calendars)
    again = (
        start._replace(due=None, left=0) if after is None else start._replace(due=after.due, left=after.left)
    )
    desk.transaction.set_start_due(again)


def _pass_paused(desk: Desk, process: Process, start: StartSubscription) -> None:
    """Let the time that a paused start timer would go on with be over, and the pause with the last one."""
    pause = pause_of(desk.transaction, start)
    if pause is None:
        return
    after = following_start(pause.schedule, desk.now, missed_of(process, start), process.calendars)
    if after is None:
        end_pause(desk.transaction, start, None)
    else:
        put_pause(desk.transaction, start, pause._replace(schedule=after))


def missed_of(process: Process, start: StartSubscription) -> str:
    """Return what a start timer does about times that passed while no server ran."""
    timer = timer_of(process, start)
    return "" if timer is None else timer.missed


def timer_of(process: Process, start: StartSubscription) -> Timer | None:
    """Return a start timer as its process has it."""
    details = process.elements[start.element].details
    if isinstance(details, Triggers):
        details = details.all[start.number].details
    return details if isinstance(details, Timer) else None
