"""The one path that every call takes, whichever door it came through.

Find, examine, allow, act once, answer: a refusal at any step leaves the state as it was.
"""

import hashlib
import logging
from collections.abc import Awaitable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any
from uuid import uuid4

import anyio
from pydantic import ValidationError

from flowmaster.engine.errors import FlowMasterError, Hint
from flowmaster.engine.values import Json
from flowmaster.runtime.behalf import BEHALF, Behalf, Urgency
from flowmaster.tools.answer import Answer
from flowmaster.tools.app import KEY_TAKEN, Once, StoredAnswer
from flowmaster.tools.asking import NOBODY, InputNeeded
from flowmaster.tools.confirming import confirm
from flowmaster.tools.extras import extra_missing, is_installed
from flowmaster.tools.json_text import write_json
from flowmaster.tools.limits import LISTING, LOOKING, urgency_of
from flowmaster.tools.models import Arguments, NextCall, Result, WriteArguments
from flowmaster.tools.refusals import invalid_arguments
from flowmaster.tools.registry import AnyOperation, Call, Caller, Registry
from flowmaster.tools.strict import examined, with_integers

logger = logging.getLogger(__name__)

MANY = 100
"""Entries of a list of which more are another kind of read."""

AWAY = "store.unreachable"
"""The refusal of a store that cannot be reached; it says that nothing was stored."""

LEADS_ON = "operation_call"
"""The operation that stores what the one behind it stores, and is let in with that."""


async def invoke(registry: Registry, call: Call, name: str, raw_arguments: object) -> Answer:
    """Call an operation by name with raw arguments and return its answer or its refusal; never raises.

    Raises:
        InputNeeded: the caller has to be asked first; only where the door can ask so.
    """
    try:
        operation = registry.get(name)
        behalf = _admitted(operation, call)
        before, begun = BEHALF.set(behalf), behalf.begun
        try:
            arguments = parsed(operation, raw_arguments)
            allow(operation, call)
            return await _act(operation, call, arguments)
        except FlowMasterError as error:
            if behalf.begun and not begun and error.code == AWAY:
                raise _answer_lost(operation) from error
            raise
        finally:
            BEHALF.reset(before)
    except InputNeeded:
        raise
    except FlowMasterError as error:
        possible = [each for each in error.next if _is_possible(each.operation, call)]
        error.next = tuple(
            [each for each in possible if error.code not in _CORRECTED or await _works(call, each)]
        )
        return refused(error)
    except Exception:
        reference = uuid4().hex[:12]
        logger.exception("The operation %s failed; reference %s", name, reference)
        return refused(fault(reference))


def _answer_lost(operation: AnyOperation) -> FlowMasterError:
    """Return what is told of a call that was stored before the database went away, so that its answer cannot be read."""
    return FlowMasterError(
        "store.answer_lost",
        f"The database went away after something of `{operation.name}` was stored, and before its answer could be read.",
        fix="Read the state when the database is back, before you repeat the call; with an `idempotency_key` just repeat it.",
        status=503,
    )


def _admitted(operation: AnyOperation, call: Call) -> Behalf:
    """Return on whose behalf the call stores something; refuse at once what a loaded server sheds.

    An operation that leads to another is as urgent as that one; what has begun is brought to its end.
    """
    behalf, writer, tenant = BEHALF.get(), call.app.runtime.writer, call.caller.tenant
    urgency = urgency_of(operation.name)
    if behalf is not None and behalf.tenant == tenant:
        behalf.urgency = urgency
    else:
        behalf = Behalf(tenant, urgency, gone=call.gone)
    if not behalf.begun and operation.name in LISTING:
        writer.admit(tenant, Urgency.STARTING, what="list")
    elif not behalf.begun and not operation.read_only and operation.name != LEADS_ON:
        writer.admit(tenant, urgency)
    return behalf


def refused(error: FlowMasterError) -> Answer:
    """Return the answer that a refusal gives at every door."""
    return Answer(write_json(error.body()), error.status)


def fault(reference: str) -> FlowMasterError:
    """Return what a caller learns of a fault of FlowMaster itself: where to look, and nothing of its insides."""
    return FlowMasterError(
        "server.fault",
        f"FlowMaster itself failed; the server's log tells more under the reference {reference}.",
        fix="Read the state before you repeat the call; report the reference if it happens again.",
        status=500,
    )


def parsed(operation: AnyOperation, raw_arguments: object) -> Arguments:
    """Return the arguments as the operation's model, or refuse them with the field that is wrong."""
    sound = with_integers(examined(raw_arguments), operation.input_schema)
    try:
        arguments: Arguments = operation.asked.model_validate(sound)
    except ValidationError as error:
        raise invalid_arguments(operation, sound, error) from None
    return arguments


def is_offered(operation: AnyOperation, call: Call) -> bool:
    """Whether the caller may use the operation on this server at all."""
    return call.caller.may(operation.right) and (operation.read_only or not call.app.settings.read_only)


_CORRECTED = ("arguments.invalid", "operation.writes")
"""Refusals that propose the caller's own call, put right: whether it then succeeds is found by trying."""


async def _works(call: Call, hint: Hint) -> bool:
    """Whether a proposed call succeeds, as a dry run; nobody is asked anything."""
    operation, arguments = call.app.registry.get(hint.operation), dict(hint.arguments)
    if "dry_run" in operation.input_schema["properties"]:
        arguments["dry_run"] = True
    elif not operation.read_only:
        inner = arguments.get("arguments", {})
        arguments["arguments"] = {**inner, "dry_run": True} if isinstance(inner, Mapping) else inner
    tried = await invoke(
        call.app.registry, replace(call, once=None, client=NOBODY), operation.name, arguments
    )
    return not tried.refused


def _is_possible(name: str, call: Call) -> bool:
    """Whether the caller may make a call that is proposed."""
    operation = call.app.registry.find(name)
    return operation is not None and is_offered(operation, call)


def allow(operation: AnyOperation, call: Call) -> None:
    """Refuse what a server that only reads does not do, a caller without the right, and what is not installed."""
    if call.app.settings.read_only and not operation.read_only:
        raise FlowMasterError(
            "server.read_only",
            f"`{operation.name}` changes something, and this server was started with --read-only.",
            path="operation",
            fix="Read what you need here; changes go to a server that was started without --read-only.",
            status=403,
        )
    if not call.caller.may(operation.right):
        raise may_not(call.caller, operation.name, operation.right)
    if operation.extra is not None and not is_installed(operation.extra):
        raise extra_missing(operation.name, operation.extra)


def may_not(caller: Caller, name: str, right: str) -> FlowMasterError:
    """Return the refusal of a caller who lacks a right."""
    return FlowMasterError(
        "access.denied",
        f"{caller.actor!r} may not call `{name}`: it needs the right `{right}`.",
        expected=right,
        fix="Ask an administrator for the right, or let someone who holds it make the call.",
        status=403,
    )


async def _act(operation: AnyOperation, call: Call, arguments: Arguments) -> Answer:
    key = arguments.idempotency_key if isinstance(arguments, WriteArguments) else None
    if key is None:
        return await _run(operation, call, arguments)
    once = Once(key, operation.name, request_hash(operation.name, arguments))
    if isinstance(arguments, WriteArguments) and arguments.dry_run:
        stored = await call.app.answers.find(call.caller.tenant, key)
        told = None if stored is None else await _told_again(operation, call, arguments, once, stored)
        return told or await _run(operation, call, arguments)
    async with _one_at_a_time(call.caller.tenant, key):
        return await _act_once(operation, replace(call, once=once), arguments, once)


async def _act_once(operation: AnyOperation, call: Call, arguments: Arguments, once: Once) -> Answer:
    """Act if the key was never used; else tell the answer of the first time."""
    book, tenant = call.app.answers, call.caller.tenant
    stored = await book.find(tenant, once.key)
    if stored is None:
        try:
            answer = await _run(operation, call, arguments)
        except FlowMasterError as error:
            stored = await book.find(tenant, once.key) if error.code == KEY_TAKEN else None
            if stored is None:
                raise
            answer = await _told_again(operation, call, arguments, once, stored)
    else:
        answer = await _told_again(operation, call, arguments, once, stored)
    try:
        await book.remember(tenant, once, answer.body)
    except FlowMasterError as error:
        # The effect is stored, and its key with it: saying that the call failed would be wrong.
        logger.warning("The answer of %s with a key is told and not kept: %s", operation.name, error.message)
    return answer


async def _run(operation: AnyOperation, call: Call, arguments: Arguments) -> Answer:
    """Run an operation, what destroys something only once that is confirmed."""
    if operation.destroys is not None:
        await confirm(operation, call, arguments)
    if operation.name in LOOKING:
        kind = (operation.name, frozenset(arguments.model_fields_set), getattr(arguments, "limit", 0) > MANY)
        reads = call.app.runtime.reads
        result = await reads.run(call.caller.tenant, kind, lambda: _read(operation.run(call, arguments)))
    else:
        result = await operation.run(call, arguments)
    return _told(operation, call, arguments, result)


def _read(looking: Awaitable[Result]) -> Result:
    """Return what an operation that waits for nothing answers."""
    assert isinstance(looking, Coroutine), "operations are async functions"
    try:
        looking.send(None)
    except StopIteration as answered:
        result: Result = answered.value
        return result
    raise AssertionError("an operation that is among those that wait for nothing waited")


async def _told_again(
    operation: AnyOperation, call: Call, arguments: Arguments, once: Once, stored: StoredAnswer
) -> Answer:
    if stored.once != once:
        raise _conflict(once, stored.once)
    if stored.answer is not None:
        return Answer(stored.answer)
    if operation.recover is not None:
        return _told(operation, call, arguments, await operation.recover(call, arguments, stored.subject))
    raise FlowMasterError(
        "idempotency.answer_lost",
        f"The call with the key {once.key!r} took effect, but its answer was lost.",
        path="idempotency_key",
        fix=f"Read the state of {stored.subject or 'what the call was about'}; do not repeat it with another key.",
        status=409,
    )


def request_hash(name: str, arguments: Arguments) -> str:
    """Return the digest of what was asked for, without the key itself and whether it is tried only."""
    asked = arguments.model_dump(mode="python", exclude={"idempotency_key", "dry_run"}, exclude_defaults=True)
    return hashlib.sha256(write_json([name, _sorted(asked)])).hexdigest()


def _sorted(value: object) -> Json:
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [_sorted(each) for each in value]
    plain: Json = value  # type: ignore[assignment]  # dumped arguments hold nothing but JSON
    return plain


def _told(operation: AnyOperation, call: Call, arguments: Arguments, result: Result | Answer) -> Answer:
    """Return what is answered, of proposed calls those that the caller may make.

    A dry run says that it is one, and proposes nothing that rests on what it did not do.
    """
    if isinstance(result, Answer):
        return result
    assert type(result) is operation.told, f"`{operation.name}` answered a {type(result).__name__}"
    goes_on = "" if operation.goes_on is None else operation.goes_on(arguments, result)
    dry = isinstance(arguments, WriteArguments) and arguments.dry_run
    if result.next:
        kept = [each for each in result.next if _is_possible(each.operation, call)]
        if dry:
            kept = [each for each in kept if each.operation == operation.name and _repeats(each, arguments)]
        if len(kept) < len(result.next):
            result = result.model_copy(update={"next": kept})
    body: dict[str, Any] = result.model_dump(exclude_defaults=True, by_alias=True)
    return Answer(write_json({"dry_run": True, **body} if dry else body), goes_on=goes_on)


def _repeats(hint: NextCall, arguments: Arguments) -> bool:
    """Whether a call is the one that was tried, perhaps with more arguments."""
    asked = arguments.model_dump(exclude={"dry_run"}, exclude_defaults=True, by_alias=True)
    return all(hint.arguments.get(name) == value for name, value in asked.items())


def _conflict(once: Once, used: Once) -> FlowMasterError:
    other = "other arguments" if used.operation == once.operation else f"the operation `{used.operation}`"
    return FlowMasterError(
        "idempotency.conflict",
        f"The key {once.key!r} was used with {other} before.",
        path="idempotency_key",
        fix="Take a new key for a new call, or repeat the first call unchanged.",
        status=409,
    )


_locks: dict[tuple[str, str], tuple[anyio.Lock, int]] = {}


class _Turn(AbstractAsyncContextManager[None]):
    """Lets calls with one key pass one after the other, so that the second finds the answer of the first."""

    def __init__(self, place: tuple[str, str]) -> None:
        self._place = place

    async def __aenter__(self) -> None:
        lock, holders = _locks.get(self._place, (anyio.Lock(), 0))
        _locks[self._place] = (lock, holders + 1)
        try:
            await lock.acquire()
        except BaseException:
            self._leave()
            raise

    async def __aexit__(self, *_: object) -> None:
        _locks[self._place][0].release()
        self._leave()

    def _leave(self) -> None:
        lock, holders = _locks[self._place]
        if holders == 1:
            del _locks[self._place]
        else:
            _locks[self._place] = (lock, holders - 1)


def _one_at_a_time(tenant: str, key: str) -> AbstractAsyncContextManager[None]:
    return _Turn((tenant, key))
