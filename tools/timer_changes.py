"""What publishing changes of when a process begins by the clock, as its journal and the answer tell it."""

from pydantic import Field

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.model import Process
from flowmaster.engine.timers import iso
from flowmaster.engine.values import Json
from flowmaster.runtime.models import Models
from flowmaster.runtime.schedules import TIMER, carry_over, name_of, pauses
from flowmaster.runtime.starts import missed_of, timer_of
from flowmaster.stores.protocol import Transaction
from flowmaster.stores.rows import StartSubscription
from flowmaster.tools.models import Shape


class TimerTime(Shape):
    """The time of a timer in one version."""

    time: str = Field(description="As `every`, `at` or the BPMN has it.")
    missed: str = Field(default="", description="What is done about missed times.")
    next: str = Field(default="", description="When it is due.")


class TimerChange(Shape):
    """A timer that begins a process, before and after."""

    element: str = Field(description="The start event.")
    before: TimerTime | None = Field(description="In the version before; null: new.")
    after: TimerTime | None = Field(description="In this version; null: gone.")
    paused: bool = Field(default=False, description="It is paused, and stays so.")


def put_starts(
    transaction: Transaction, models: Models, process: Process, starts: list[StartSubscription], tenant: str
) -> list[TimerChange]:
    """Replace what starts a process by what starts its new version, pauses kept, and return which timers changed."""
    before = [start for start in transaction.process_starts(tenant, process.id) if start.kind == TIMER]
    transaction.put_starts(tenant, process.id, starts)
    pairs = carry_over(transaction, before, [start for start in starts if start.kind == TIMER])
    paused = pauses(transaction, tenant, process.id)
    changes: list[TimerChange] = []
    for old, new in pairs:
        named = new or old
        assert named is not None
        was = None if old is None else _time_before(transaction, models, old)
        held = name_of(named) in paused
        now = None if new is None else _time(process, new._replace(due=None) if held else new)
        if was != now or held:
            changes.append(TimerChange(element=named.element, before=was, after=now, paused=held))
    return changes


def _time_before(transaction: Transaction, models: Models, start: StartSubscription) -> TimerTime:
    """Return the time of a timer of the version before, as the store has it if that version cannot be read any more."""
    try:
        process = models.process(transaction, start.tenant, start.process, start.version)
    except FlowMasterError:
        return TimerTime(time=start.every, next="" if start.due is None else iso(start.due))
    return _time(process, start)


def _time(process: Process, start: StartSubscription) -> TimerTime:
    timer = timer_of(process, start)
    text = "" if timer is None else timer.expression.text
    return TimerTime(
        time=text, missed=missed_of(process, start), next="" if start.due is None else iso(start.due)
    )


def journal_data(changes: list[TimerChange]) -> dict[str, Json]:
    """Return what the journal keeps of changed timers, nothing without any."""
    told: list[Json] = [each.model_dump(exclude_defaults=True) for each in changes]
    return {"timers": told} if told else {}
