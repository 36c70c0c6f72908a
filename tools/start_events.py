"""What starts a published version, and the call that begins a first instance of it."""

from dataclasses import replace

from flowmaster.engine.elements.scopes import may_start
from flowmaster.engine.errors import Hint
from flowmaster.engine.model import Conditional, Element, Message, Process, Signal, Timer, Triggers
from flowmaster.engine.timers import start_schedule
from flowmaster.engine.values import Json
from flowmaster.engine.watching import CONDITION
from flowmaster.stores.rows import StartSubscription
from flowmaster.tools.inputs import missing_inputs
from flowmaster.tools.process_tools import TOOL


def starts_of(process: Process, tenant: str, version: int, at: int) -> list[StartSubscription]:
    """Return what starts a published version: its start events by message, signal, condition and time, and its tool."""
    found: list[StartSubscription] = []
    if process.tool is not None:
        found.append(StartSubscription(tenant, process.id, version, process.id, TOOL, process.tool.name))
    for element in process.elements.values():
        if not may_start(process, element):
            continue
        details = element.details
        each = [one.details for one in details.all] if isinstance(details, Triggers) else [details]
        for number, one in enumerate(each):
            start = _start_of(process, replace(element, details=one), tenant, version, at)
            if start is not None:
                found.append(start._replace(number=number))
    return found


def first_calls(process: Process) -> list[Hint]:
    """Return the call that begins a first instance of a published process, with a null for each input it needs."""
    starts = starts_of(process, "", 1, 0) if not process.root.starts else []
    for start in starts:
        if start.kind in ("message", "signal"):
            begin = Hint("event_send", {"kind": start.kind, "name": start.name}, "Start an instance.")
            return [] if process.data else [begin]
        if start.kind == CONDITION:
            told: dict[str, Json] = {"kind": start.kind, "name": process.id, "variables": {}}
            why = f"Report facts; where `{start.name}` holds, an instance starts."
            return [] if process.data else [Hint("event_send", told, why)]
    needed: dict[str, Json] = dict.fromkeys(missing_inputs(process, {}))
    why = "Start an instance, with a value for each null." if needed else "Start an instance."
    return [Hint("instance_start", {"process": process.id, "variables": needed}, why)]


def _start_of(
    process: Process, element: Element, tenant: str, version: int, at: int
) -> StartSubscription | None:
    details = element.details
    if isinstance(details, Message | Signal):
        kind = "message" if isinstance(details, Message) else "signal"
        return StartSubscription(
            tenant, process.id, version, element.id, kind, str(details.name.value({}, at))
        )
    if isinstance(details, Conditional):
        text = details.condition.text
        return StartSubscription(tenant, process.id, version, element.id, CONDITION, text)
    if isinstance(details, Timer):
        first = start_schedule(details.kind, str(details.expression.value({}, at)), at, process.calendars)
        return StartSubscription(
            tenant,
            process.id,
            version,
            element.id,
            "timer",
            due=first.due,
            every=first.every,
            left=first.left,
        )
    return None
