"""Times that make no sense: at once, in the past, without end; and messages that any waiting instance may get."""

from flowmaster.engine.bpmn.findings import Findings, named
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.model import Constant, Element, Message, Process, Timer, Triggers, UserTask, Value
from flowmaster.engine.timers import NO_CALENDARS, Calendars, instant, iso, later, schedule

_WAITS = frozenset({"receiveTask", "intermediateCatchEvent", "boundaryEvent"})


def check_times(process: Process, findings: Findings, at: int | None) -> None:
    """Check the constant times of every element; `at` is the moment that dates are compared with, None for none."""
    for element in process.elements.values():
        for timer in _timers(element):
            _check_timer(element, timer, findings, at, process.calendars)
        if isinstance(element.details, UserTask):
            _check_task(element, element.details, findings, at, process.calendars)
        _check_message(process, element, findings)


def _timers(element: Element) -> list[Timer]:
    if isinstance(element.details, Timer):
        return [element.details]
    if isinstance(element.details, Triggers):
        return [trigger.details for trigger in element.details.all if isinstance(trigger.details, Timer)]
    return []


def _check_timer(
    element: Element, timer: Timer, findings: Findings, at: int | None, calendars: Calendars
) -> None:
    text = literal(timer.expression)
    if not text:
        return
    try:
        found = schedule(timer.kind, text, 0, calendars)
    except FlowMasterError:
        return  # Reported where events are checked.
    if timer.kind == "duration" and found.due <= 0:
        _at_once(element, f"The timer {named(element)}", text, findings)
    if timer.kind == "date" and at is not None and found.due < at:
        _past(element, f"The timer {named(element)}", text, at, findings)
    repeats = timer.kind == "cycle" and found.left < 0
    if repeats and (element.kind == "intermediateCatchEvent" or (element.host and element.interrupting)):
        findings.add(
            "timer.repeat_unused",
            element.id,
            f"The timer {named(element)} repeats (`{text}`) where it can occur only once.",
            line=element.line,
        )


def _check_task(
    element: Element, task: UserTask, findings: Findings, at: int | None, calendars: Calendars
) -> None:
    for deadline in task.deadlines:
        text = literal(deadline.after)
        if text and duration(text, calendars) == 0:
            _at_once(element, f"A deadline of {named(element)}", text, findings)
    due = literal(task.due)
    if not due:
        return
    if due.startswith("P"):
        left = duration(due, calendars)
        late = [
            one
            for one in task.deadlines
            if one.action == "remind" and _is_later(literal(one.after), left, calendars)
        ]
        if late and left is not None:
            findings.add(
                "deadline.order_odd",
                element.id,
                f"{named(element)} is due after {due}, before anybody is reminded of it ({literal(late[0].after)}).",
                line=element.line,
            )
        return
    try:
        moment = instant(due)
    except FlowMasterError:
        return  # Reported where people are checked.
    if at is not None and moment < at:
        _past(element, f"The due date of {named(element)}", due, at, findings)


def _is_later(text: str, limit: int | None, calendars: Calendars) -> bool:
    found = duration(text, calendars) if text else None
    return found is not None and limit is not None and found >= limit


def _at_once(element: Element, what: str, text: str, findings: Findings) -> None:
    findings.add(
        "timer.at_once", element.id, f"{what} is due at once: {text!r} is no time at all.", line=element.line
    )


def _past(element: Element, what: str, text: str, at: int, findings: Findings) -> None:
    findings.add("timer.past", element.id, f"{what}, {text}, is over: it is {iso(at)}.", line=element.line)


def _check_message(process: Process, element: Element, findings: Findings) -> None:
    """Name places where several instances may wait for one message and nothing tells them apart."""
    message = element.details
    scope = process.elements.get(element.scope)
    waits = element.kind in _WAITS or (
        element.kind == "startEvent" and scope is not None and scope.triggered_by_event
    )
    if waits and isinstance(message, Message) and message.key is None and not element.instantiate:
        findings.add(
            "message.key_missing",
            element.id,
            f"{named(element)} waits for the message {message.name.text!r} without a key, so that one which is sent without "
            "a business key reaches any of the instances that wait.",
            line=element.line,
        )


def literal(value: Value | None) -> str:
    """Return the text of a constant, empty for anything else."""
    return value.content if isinstance(value, Constant) and isinstance(value.content, str) else ""


def duration(text: str, calendars: Calendars = NO_CALENDARS) -> int | None:
    """Return how many milliseconds a duration takes from the epoch on, None for what is none."""
    try:
        return later(0, text, calendars)
    except FlowMasterError:
        return None
