"""How long a step can take, as its model declares it, and spans of time in words."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from flowmaster.engine.bpmn.checks_times import duration, literal
from flowmaster.engine.model import (
    Call,
    Conditional,
    Element,
    Message,
    MultiInstance,
    Process,
    Signal,
    Timer,
    Triggers,
    UserTask,
    Value,
)
from flowmaster.engine.views.people import roles_in

_MS: Final = 1_000


class Span(NamedTuple):
    """The shortest and the longest time of a step in milliseconds; without a longest one it is open."""

    least: int
    most: int | None
    why: str = ""
    """What in the model says so."""


NO_TIME: Final = Span(0, 0)
STOPPED: Final = "a timer stops it"


def span_of(process: Process, element: Element) -> Span:
    """Return how long an element can take by itself; the work of machines counts as no time."""
    span = _own(process, element)
    if isinstance(element.loop, MultiInstance) and element.loop.sequential and span.most:
        span = Span(0, None, "one after the other, for as many as there are")
    limit = limit_of(process, element)
    if limit is not None and (span.most is None or limit < span.most):
        span = Span(min(span.least, limit), limit, STOPPED)
    return span


def limit_of(process: Process, element: Element) -> int | None:
    """Return when a timer on the border of a step stops it."""
    limits = [timer_of(process, event) for event in element.boundaries if event.interrupting]
    return min((one for one in limits if one is not None), default=None)


def _own(process: Process, element: Element) -> Span:
    match element.details:
        case UserTask() as task:
            return _of_task(process, task)
        case Timer() as timer if not element.host:
            return _of_timer(process, element, timer)
        case Message() | Signal() | Conditional() if _waits(element):
            return Span(0, None, f"waits for {_awaited(element)}")
        case Triggers(all=several) if _waits(element):
            limits = [_length(process, one.details) for one in several]
            known = [one for one in limits if one is not None]
            return Span(0, min(known), "the first of several") if known else Span(0, None, "waits for events")
        case Call(process=called):
            return Span(0, None, f"what process {called.text} takes")
    return Span(0, None, "done by hand") if element.kind in ("manualTask", "task") else NO_TIME


def _of_task(process: Process, task: UserTask) -> Span:
    """Return the time of a person's work: until it is due, else until it escalates, else open."""
    due = _constant(process, task.due)
    if due is not None:
        return Span(0, due, "it is due")
    escalations = [
        span
        for one in task.deadlines
        if one.action == "escalate" and (span := _constant(process, one.after)) is not None
    ]
    if escalations:
        return Span(0, min(escalations), "it escalates")
    return Span(0, None, f"due at {task.due.text}" if task.due is not None else "no time is declared")


def _of_timer(process: Process, element: Element, timer: Timer) -> Span:
    if element.kind == "startEvent":
        return NO_TIME
    length = _length(process, timer)
    if length is None:
        return Span(0, None, f"until {timer.expression.text}")
    return Span(length, length, "it waits")


def _length(process: Process, details: object) -> int | None:
    if not isinstance(details, Timer) or details.kind != "duration":
        return None
    return _constant(process, details.expression)


def timer_of(process: Process, event: Element) -> int | None:
    """Return how long after the beginning of its step a timer on the border is due."""
    return _length(process, event.details)


def _constant(process: Process, value: Value | None) -> int | None:
    """Return a declared duration; what only a run will know is None."""
    text = literal(value)
    return duration(text, process.calendars) if text.startswith("P") else None


def _waits(element: Element) -> bool:
    return element.kind in ("receiveTask", "intermediateCatchEvent")


def _awaited(element: Element) -> str:
    match element.details:
        case Message(name=name):
            return f"message {name.text}"
        case Signal(name=name):
            return f"signal {name.text}"
        case Conditional(condition=condition):
            return f"{condition.text}"
    return "something"


class Mark(NamedTuple):
    """Something that happens while a step is open, so long after its beginning if that is known."""

    kind: str
    after: str
    at: int | None
    to: str = ""

    @property
    def text(self) -> str:
        """Return it in words."""
        return f"{self.after} to {self.to}" if self.to else self.after


def marks_of(process: Process, element: Element) -> Iterator[Mark]:
    """Yield the reminders, escalations and timers of a step, in the order of its model."""
    if isinstance(element.details, UserTask):
        for deadline in element.details.deadlines:
            kind = "escalation" if deadline.action == "escalate" else "reminder"
            to = ", ".join(roles_in(process, deadline.to))
            yield Mark(kind, deadline.after.text, _constant(process, deadline.after), to)
    for event in element.boundaries:
        if isinstance(event.details, Timer):
            kind = "limit" if event.interrupting else "timer"
            yield Mark(kind, event.details.expression.text, timer_of(process, event), event.label)


def span_text(milliseconds: int) -> str:
    """Return a span of time as an ISO 8601 duration."""
    seconds, rest = divmod(milliseconds, _MS)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    clock = [f"{value}{unit}" for value, unit in ((hours, "H"), (minutes, "M")) if value]
    if seconds or rest:
        clock.append(f"{seconds}.{rest:03d}S" if rest else f"{seconds}S")
    text = f"P{f'{days}D' if days else ''}{'T' + ''.join(clock) if clock else ''}"
    return text if text != "P" else "PT0S"
