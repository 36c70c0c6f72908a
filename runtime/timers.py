"""Time passes: timers of instances and start timers of processes fire when they are due."""

import logging
from time import time_ns

from flowmaster.engine import commands as cmd
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.timers import is_missed, iso
from flowmaster.runtime.desk import Desk, Note, Request
from flowmaster.runtime.schedules import Run, note_run
from flowmaster.runtime.starts import begin, missed_of, pass_time
from flowmaster.stores.rows import DueTimer, StartSubscription

logger = logging.getLogger(__name__)

SYSTEM = "system"

MISSED_RUN = "missed"
"""What is noted of a time that was left out because no server ran."""


def fire_due(desk: Desk, limit: int, tenant: str | None = None) -> int:
    """Fire the due timers of instances, earliest first, and return how many; of all tenants, or of one."""
    due = desk.transaction.due_timers(desk.now, limit=limit, tenant=tenant)
    for timer in due:
        _fire(desk, timer)
    return len(due)


def fire_starts(desk: Desk, limit: int, tenant: str | None = None) -> int:
    """Start what start timers ask for, earliest first, and return how many; for all tenants, or for one."""
    due = desk.transaction.due_starts(desk.now, limit=limit, tenant=tenant)
    for start in due:
        _start(desk, start)
    return len(due)


def _fire(desk: Desk, timer: DueTimer) -> None:
    request, begun, noted = Request(timer.tenant, SYSTEM, "timer"), time_ns(), len(desk.notes)
    command = cmd.FireTimer(desk.now, SYSTEM, timer.wait)
    try:
        with desk.transaction.savepoint():
            desk.step(request, timer.instance, lambda state, now: command)
        _note(desk, timer.tenant, timer.instance, timer.due, begun)
    except FlowMasterError as error:
        del desk.notes[noted:]
        # Another timer fired just before may have closed this one; it is gone from the store then.
        logger.info("The timer %s of %s did not fire: %s", timer.wait, timer.instance, error.message)


def _start(desk: Desk, start: StartSubscription) -> None:
    process = desk.models.process(desk.transaction, start.tenant, start.process, start.version)
    pass_time(desk, process, start)
    assert start.due is not None
    if is_missed(start.due, desk.now, missed_of(process, start)):
        logger.warning("The time %s of %s was missed and is left out", iso(start.due), start.process)
        note_run(desk.transaction, start, Run(start.due, desk.now, problem=MISSED_RUN))
        return
    request, begun, noted = Request(start.tenant, SYSTEM, "timer"), time_ns(), len(desk.notes)
    try:
        with desk.transaction.savepoint():
            instance = begin(desk, request, start, {})
            note_run(desk.transaction, start, Run(start.due, desk.now, instance))
        _note(desk, start.tenant, instance, start.due, begun)
    except FlowMasterError as error:
        del desk.notes[noted:]
        logger.warning("The start timer of %s did not start: %s", start.process, error.message)
        note_run(desk.transaction, start, Run(start.due, desk.now, problem=error.code))


def _note(desk: Desk, tenant: str, instance: str, due: int, begun: int) -> None:
    """Note that a timer fired."""
    desk.notes.append(Note("timer", instance, desk.now - due, tenant, begun, time_ns()))
