"""Every call from outside is watched: limits let it through, and figures, traces and the log of calls tell of it."""

import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from itertools import islice
from typing import Final, NamedTuple

from flowmaster.engine.errors import FlowMasterError
from flowmaster.runtime.observation.errands import Errand, Place, on_errand
from flowmaster.runtime.observation.traces import Kind, Span, Told
from flowmaster.stores.call_log import NOTHING_CHANGED, CallLine
from flowmaster.tools.answer import Answer
from flowmaster.tools.invoke import refused
from flowmaster.tools.json_text import write_json
from flowmaster.tools.registry import Call, Registry

UNKNOWN: Final = "unknown"
"""What calls of names that are no operation count as."""
PROCESS_TOOL: Final = "process_tool"
"""What calls of published processes that are tools count as."""
UNFINISHED: Final = "unfinished"
"""The outcome of a call that was given up, or whose caller was asked something first."""

CHANGED_MAX: Final = 20
"""Instances whose change is noted with a call that changed them."""

_DOORS: Final = ("operation_query", "operation_call")
_DIGEST_LENGTH: Final = 32
_BEFORE: Final = ("operation.unknown", "limit.")
"""What begins the codes of refusals that come before a name is known to be one of ours."""


class Arrival(NamedTuple):
    """How a call came: the id of its request, its place in the caller's trace, and what its door tells of it.

    `span` is the name of its span, with `{}` for the operation; `link` is a further place that it belongs to.
    """

    request: str = ""
    parent: Place | None = None
    link: Place | None = None
    span: str = "{}"
    told: Mapping[str, Told] = {}


_UNTOLD: Final = Arrival()
_ARRIVAL: Final[ContextVar[Arrival | None]] = ContextVar("flowmaster_arrival", default=None)


class arrived:
    """Lets the calls that are made meanwhile have come that way; a class, since every call passes through it."""

    __slots__ = ("_arrival", "_token")

    def __init__(self, arrival: Arrival) -> None:
        self._arrival = arrival

    def __enter__(self) -> None:
        self._token = _ARRIVAL.set(self._arrival)

    def __exit__(self, *_: object) -> None:
        _ARRIVAL.reset(self._token)


async def watched(
    call: Call, name: str, raw_arguments: object, answered: Callable[[], Awaitable[Answer]]
) -> Answer:
    """Let a call through and return its answer, within the limits of the caller and noted wherever calls are.

    Args:
        call: the services, and who asks.
        name: what is called: an operation, one of those that lead to others, or a process.
        raw_arguments: the arguments as they came.
        answered: does the call.
    """
    gate, log, observed = call.app.gate, call.app.calls, call.app.runtime.observed
    if gate is not None and not gate.watches(call.caller):
        gate = None
    begun, arrival, caller = time.perf_counter(), _ARRIVAL.get() or _UNTOLD, call.caller
    text = b"" if gate is None and log is None else _text(raw_arguments)
    operation = _meant(call.app.registry, name, raw_arguments)
    errand = Errand(
        operation or UNKNOWN,
        caller=caller.actor,
        tenant=caller.tenant,
        door=caller.door,
        request=arrival.request,
        place=arrival.parent,
    )
    span = None if observed.traces is None else _begun(call, errand, arrival)
    outcome, status = UNFINISHED, 0
    try:
        with on_errand(errand):
            if gate is not None:
                gate.enter(caller, operation, len(text))
            try:
                answer = await answered()
            finally:
                if gate is not None:
                    gate.leave(caller)
        outcome, status = _outcome(answer), answer.status
    except FlowMasterError as error:
        answer, outcome, status = refused(error), error.code, error.status
    finally:
        seconds = time.perf_counter() - begun
        errand.operation = operation or (UNKNOWN if outcome.startswith(_BEFORE) else PROCESS_TOOL)
        observed.figures.operations.record((errand.operation, caller.door, outcome), seconds)
        if observed.traces is not None and span is not None:
            span.name = arrival.span.format(errand.operation)
            _tell(span, errand, outcome, status)
            observed.traces.end(span, failed="error.type" in span.told)
        if log is not None:
            log.note(_line(call, name, operation, text, outcome, seconds, errand))
    return answer


def _begun(call: Call, errand: Errand, arrival: Arrival) -> Span | None:
    """Begin the span of a call, and let what follows stand below it."""
    traces, caller = call.app.runtime.observed.traces, call.caller
    if traces is None:
        return None
    kind: Kind = "server" if arrival.told else "internal"
    name = arrival.span.format(errand.operation)
    span = traces.begin(name, arrival.parent, kind=kind, told=arrival.told, link=arrival.link)
    span.told |= {"flowmaster.tenant": caller.tenant, "flowmaster.caller": caller.actor}
    span.told |= {"flowmaster.door": caller.door}
    if caller.on_behalf_of:
        span.tell("flowmaster.on_behalf_of", caller.on_behalf_of)
    if arrival.request:
        span.tell("flowmaster.request.id", arrival.request)
    errand.place = span.place
    return span


def _tell(span: Span, errand: Errand, outcome: str, status: int) -> None:
    """Tell how a call went; over HTTP a caller's own error is none of the server (HTTP conventions)."""
    span.tell("flowmaster.operation", errand.operation)
    span.tell("flowmaster.outcome", outcome)
    if len(errand.changed) == 1:
        span.tell("flowmaster.instance", *errand.changed)
    if "http.request.method" in span.told:
        if status:
            span.tell("http.response.status_code", status)
        if status >= 500:
            span.tell("error.type", outcome)
    elif outcome not in ("ok", UNFINISHED):
        span.tell("error.type", "tool_error" if "mcp.method.name" in span.told else outcome)


def _line(
    call: Call, name: str, operation: str, text: bytes, outcome: str, seconds: float, errand: Errand
) -> CallLine:
    caller = call.caller
    return CallLine(
        at=time.time(),
        operation=operation or (UNKNOWN if outcome.startswith(_BEFORE) else name),
        caller=caller.actor,
        tenant=caller.tenant,
        door=caller.door,
        digest=hashlib.sha256(text).hexdigest()[:_DIGEST_LENGTH],
        outcome=outcome,
        ms=seconds * 1000,
        request=errand.request,
        through=name if name in _DOORS and name != operation else "",
        on_behalf_of=caller.on_behalf_of or "",
        trace="" if errand.place is None else errand.place.trace_id,
        changed=dict(islice(errand.changed.items(), CHANGED_MAX)) if errand.changed else NOTHING_CHANGED,
    )


def _meant(registry: Registry, name: str, raw_arguments: object) -> str:
    """Return the operation that is meant, also behind one that leads to others; nothing for one that is none."""
    if name in _DOORS and isinstance(raw_arguments, Mapping):
        inner = raw_arguments.get("operation")
        if isinstance(inner, str) and registry.find(inner) is not None:
            return inner
    return name if registry.find(name) is not None else ""


def _text(raw_arguments: object) -> bytes:
    try:
        return write_json(raw_arguments)
    except (TypeError, ValueError, RecursionError):
        return b""


def _outcome(answer: Answer) -> str:
    if not answer.refused:
        return "ok"
    body = answer.data()
    return str(body.get("code")) if isinstance(body, dict) else "refused"
