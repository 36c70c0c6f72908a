"""Every call from outside is watched: limits let it through, and the log of calls notes what came of it."""

import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from flowmaster.engine.errors import FlowMasterError
from flowmaster.stores.call_log import CallLine
from flowmaster.tools.answer import Answer
from flowmaster.tools.invoke import refused
from flowmaster.tools.json_text import write_json
from flowmaster.tools.registry import Call, Registry

_DOORS: Final = ("operation_query", "operation_call")
_DIGEST_LENGTH: Final = 32
_BEFORE: Final = ("operation.unknown", "limit.")
"""What begins the codes of refusals that come before a name is known to be one of ours."""


async def watched(
    call: Call,
    name: str,
    raw_arguments: object,
    answered: Callable[[], Awaitable[Answer]],
    *,
    request: str = "",
) -> Answer:
    """Let a call through and return its answer, within the limits of the caller and noted in the log.

    Args:
        call: the services, and who asks.
        name: what is called: an operation, one of those that lead to others, or a process.
        raw_arguments: the arguments as they came.
        answered: does the call.
        request: the id of the request, under which it is found in logs.
    """
    gate, log = call.app.gate, call.app.calls
    if gate is not None and not gate.watches(call.caller):
        gate = None
    if gate is None and log is None:
        return await answered()
    begun = time.perf_counter()
    text = _text(raw_arguments)
    operation = _meant(call.app.registry, name, raw_arguments)
    outcome = "unfinished"
    try:
        if gate is not None:
            gate.enter(call.caller, operation, len(text))
        try:
            answer = await answered()
        finally:
            if gate is not None:
                gate.leave(call.caller)
        outcome = _outcome(answer)
    except FlowMasterError as error:
        answer, outcome = refused(error), error.code
    finally:
        if log is not None:
            log.note(_line(call, name, operation, text, outcome, begun, request))
    return answer


def _line(
    call: Call, name: str, operation: str, text: bytes, outcome: str, begun: float, request: str
) -> CallLine:
    caller = call.caller
    return CallLine(
        at=time.time(),
        operation=operation or ("unknown" if outcome.startswith(_BEFORE) else name),
        caller=caller.actor,
        tenant=caller.tenant,
        door=caller.door,
        digest=hashlib.sha256(text).hexdigest()[:_DIGEST_LENGTH],
        outcome=outcome,
        ms=(time.perf_counter() - begun) * 1000,
        request=request,
        through=name if name in _DOORS and name != operation else "",
        on_behalf_of=caller.on_behalf_of or "",
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
