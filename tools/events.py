"""What comes from outside: messages, signals, facts that somebody reports, and time on a virtual clock."""

from typing import Literal

from pydantic import Field

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.timers import iso, later
from flowmaster.runtime.desk import Desk, Request
from flowmaster.runtime.facts import Report, report
from flowmaster.runtime.messages import broadcast, deliver
from flowmaster.stores.protocol import Transaction
from flowmaster.tools.bounds import leading, left_out
from flowmaster.tools.models import Result, Shape, Variables, WriteArguments
from flowmaster.tools.naming import duration_of, instant_of
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.requests import request_of, store_once

MISSING_SHOWN = 3
"""Conditions that an answer names of those that are null."""


class EventSend(WriteArguments):
    """What to send, and to whom."""

    kind: Literal["message", "signal", "condition"] = Field(
        description="A message reaches one, a signal all; `condition` reports facts."
    )
    name: str = Field(default="", max_length=200, description="Its name; for `condition` a process, or none.")
    correlation_key: str = Field(default="", max_length=500, description="Which instance a message is for.")
    variables: Variables = Field(default={}, description="What it carries.")
    ttl: str = Field(default="", description="Keep a message so long if nobody waits.", examples=["PT1H"])


class StartFailed(Shape):
    """A conditional start that could not be asked."""

    process: str = Field(description="The process that would begin.")
    element: str = Field(description="Its start event.")
    reason: str = Field(description="Why not.")


class EventSent(Result):
    """Where it went."""

    delivered: list[str] = Field(description="Instances that took it, or began by it.")
    buffered: bool = Field(description="Whether it is kept for later.")
    failed: list[StartFailed] = Field(default=[], description="Starts that could not be asked.")
    note: str = Field(default="", description="Why reported facts began nothing.")
    settling: bool = Field(default=False, description="True while consequences are still under way.")


@operation(right="event.send", core=True)
async def event_send(call: Call, arguments: EventSend) -> EventSent:
    """Send a message or signal to waiting instances, or report facts; all may start processes."""
    request = request_of(call, "event_send", arguments.reason)
    ttl = duration_of(arguments.ttl, "ttl")
    _check_event(arguments)

    def work(desk: Desk) -> EventSent:
        bare = request._replace(once=None)
        if arguments.kind == "condition":
            told = _reported(desk, bare, arguments)
            store_once(desk.transaction, call, subject="")
            return told
        if arguments.kind == "signal":
            delivery = broadcast(desk, bare, arguments.name, arguments.variables)
        else:
            key = arguments.correlation_key
            delivery = deliver(desk, bare, arguments.name, key, arguments.variables, ttl=ttl)
        store_once(desk.transaction, call, subject="")
        return EventSent(delivered=delivery.delivered, buffered=delivery.buffered)

    lasting = arguments.kind != "message"  # Thousands may wait for it.
    outcome = await call.app.runtime.do(work, dry_run=arguments.dry_run, lasting=lasting)
    return outcome.result.model_copy(update={"settling": not outcome.settled})


def _check_event(arguments: EventSend) -> None:
    """Refuse a message or signal without a name, and for others what only a message has, rather than drop it."""
    if arguments.kind != "condition" and not arguments.name:
        raise FlowMasterError(
            "arguments.invalid",
            f"`name` is missing: a {arguments.kind} is known by it.",
            path="name",
            expected="string, length at least 1, length at most 200",
            fix="Give `name` as it stands in the process.",
        )
    given = {"correlation_key": arguments.correlation_key, "ttl": arguments.ttl}
    for name in (name for name, value in given.items() if value and arguments.kind != "message"):
        raise FlowMasterError(
            "arguments.invalid",
            f"A {arguments.kind} has no `{name}`: it reaches whoever waits for it now.",
            path=name,
            fix=f"Leave `{name}` out, or send a message.",
        )


def _reported(desk: Desk, request: Request, arguments: EventSend) -> EventSent:
    """Report facts: to one process where it is named, else to all."""
    if arguments.name:
        _check_published(desk, request.tenant, arguments.name)
    told = report(desk, request, arguments.variables, arguments.name)
    failed = leading([StartFailed(**one._asdict()) for one in told.failed])
    return EventSent(
        delivered=told.delivered,
        buffered=False,
        failed=failed,
        note="" if told.delivered else _note_of(told, arguments.name),
        left_out=left_out({"failed": (len(told.failed), len(failed))}),
    )


def _check_published(desk: Desk, tenant: str, process: str) -> None:
    try:
        desk.newest(tenant, process)
    except FlowMasterError as error:
        error.path = "name"
        raise


def _note_of(told: Report, process: str) -> str:
    """Say why reported facts began nothing, and which facts the conditions miss."""
    if not told.asked:
        return f"{process!r} has no conditional start." if process else "No process has a conditional start."
    lacking = [
        f"`{one.condition}` of {one.process!r}"
        + (f" reads {', '.join(one.facts)}" if one.facts else " is null")
        for one in told.missing[:MISSING_SHOWN]
    ]
    more = len(told.missing) - len(lacking)
    said = "".join(f" {one}." for one in lacking) + (f" {more} more are null." if more else "")
    return f"Conditions asked: {told.asked}; none holds over these facts.{said}"


class ClockAdvance(WriteArguments):
    """How far."""

    by: str = Field(default="", description="ISO 8601 duration.", examples=["PT48H"])
    to: str = Field(default="", description="ISO 8601 instant.", examples=["2026-12-01T09:00:00Z"])


class ClockAdvanced(Result):
    """What time it is."""

    now: str = Field(description="The virtual time.")
    fired: int = Field(description="How many timers fired on the way.")
    settling: bool = Field(default=False, description="True while consequences are still under way.")


@operation(right="clock.advance")
async def clock_advance(call: Call, arguments: ClockAdvance) -> ClockAdvanced:
    """Move the virtual clock; everything that falls due on the way happens, in order."""
    runtime = call.app.runtime
    if not runtime.clock.virtual:
        raise FlowMasterError(
            "clock.real",
            "This server runs on the machine's clock, which nobody can move.",
            fix="Start a server with `--clock virtual` to let time pass on demand.",
            status=409,
        )
    if bool(arguments.by) == bool(arguments.to):
        raise FlowMasterError(
            "arguments.invalid", "Give either `by` or `to`.", path="by", fix="Give one of them."
        )
    now = runtime.now()
    to = instant_of(arguments.to, "to") if arguments.to else _then(now, arguments.by)
    if to is None or to < now:
        raise FlowMasterError(
            "clock.backwards",
            f"The clock stands at {iso(now)} and does not go back.",
            path="to",
            expected=f"an instant after {iso(now)}",
            fix="Give a later instant.",
        )
    if arguments.dry_run:
        return ClockAdvanced(now=iso(to), fired=0)
    await runtime.write(lambda transaction: _note_advance(transaction, call, arguments, now, to))
    done = await runtime.advance(to)
    return ClockAdvanced(now=iso(done.now), fired=done.fired, settling=not done.settled)


def _then(now: int, by: str) -> int:
    """Return the instant that a duration leads to; months and years count from now."""
    duration_of(by, "by")
    return later(now, by)


def _note_advance(transaction: Transaction, call: Call, arguments: ClockAdvance, now: int, to: int) -> None:
    transaction.journal(
        call.caller.tenant,
        "clock",
        at=now,
        by=call.caller.person,
        agent=call.caller.agent,
        operation="clock_advance",
        reason=arguments.reason or "",
        data={"from": iso(now), "to": iso(to)},
    )
    store_once(transaction, call, subject="the clock")


OPERATIONS = (event_send, clock_advance)
