"""Calls that go on after their request was answered: at work in this process, on record in the store.

The record is what counts: every server on the store reads it, cancels by it and brings answers to questions into it.
The process at work on a call says so again and again; where it has fallen silent, the call ends as interrupted.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final, TypeAlias
from uuid import uuid4

import anyio

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.values import Json
from flowmaster.runtime.clock import real_now
from flowmaster.runtime.runtime import Runtime
from flowmaster.stores.protocol import Transaction
from flowmaster.stores.rows import LongCall
from flowmaster.tools.answer import Answer
from flowmaster.tools.asking import Question, Replies, is_sound
from flowmaster.tools.invoke import fault, refused
from flowmaster.tools.registry import Caller

logger = logging.getLogger(__name__)

HANDLE_BYTES: Final = 24
"""Random bytes of a handle: nobody guesses 192 bits."""

TTL_MS: Final = 24 * 3_600_000
"""How long after its beginning a call and its answer are kept."""

INSTANCE_TTL_MS: Final = 30 * 24 * 3_600_000
"""How long the end of an instance may be waited for under one handle."""

OPEN_MAX: Final = 50
"""Calls of one caller that are under way at a time; further ones are answered at once, or not begun."""

KEPT_MAX: Final = 200
"""Ended calls of one caller that are kept; the oldest go first."""

LOOK_SECONDS: Final = 1.0
"""How often the process at work looks for what others put on record."""

HELD_MS: Final = 15_000
"""For how long a process says that it is at work on a call."""

TOPIC: Final = "long_calls"
"""What wakes whoever waits for the record of a call in this process."""

Change: TypeAlias = Callable[[LongCall], LongCall | None]
"""Returns a record changed, or None to leave it as it is."""


class LongCalls:
    """The calls that go on, and the records of all of them."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._holder = secrets.token_hex(8)
        self._running: dict[str, Running] = {}

    def find(self, caller: Caller, handle: str) -> LongCall | None:
        """Return a call of this caller; anybody else's is as unknown as one that never was."""
        found = self._runtime.reader.find_long_call(caller.tenant, handle)
        if found is None or found.owner != owner_of(caller) or found.expires <= real_now():
            return None
        return found

    async def begin(self, caller: Caller, operation: str, *, instance: str = "") -> LongCall | None:
        """Put a call on record and return it; None if the caller has too many under way."""
        now = real_now()
        call = LongCall(
            handle=secrets.token_urlsafe(HANDLE_BYTES),
            owner=owner_of(caller),
            operation=operation,
            status="working",
            at=now,
            changed=now,
            expires=now + (INSTANCE_TTL_MS if instance else TTL_MS),
            instance=instance,
            holder="" if instance else self._holder,
            held_until=0 if instance else now + HELD_MS,
        )

        def put(transaction: Transaction) -> bool:
            transaction.drop_long_calls(caller.tenant, call.owner, now=now, keep=KEPT_MAX)
            if transaction.count_long_calls(caller.tenant, call.owner, now=now) >= OPEN_MAX:
                return False
            transaction.put_long_call(caller.tenant, call)
            return True

        return call if await self._runtime.write(put) else None

    async def change(self, tenant: str, handle: str, change: Change) -> LongCall | None:
        """Change the record of a call that has not ended and return it, None if nothing changed."""

        def put(transaction: Transaction) -> LongCall | None:
            found = transaction.find_long_call(tenant, handle)
            changed = None if found is None or found.ended else change(found)
            if changed is None:
                return None
            transaction.put_long_call(tenant, changed)
            return changed

        changed = await self._runtime.write(put)
        if changed is not None:
            self._runtime.changed.wake({TOPIC})
        return changed

    async def looked_after(self, caller: Caller, call: LongCall) -> LongCall:
        """Return a call as it stands, ended as interrupted if nobody is at work on it any more."""
        if call.ended or call.instance or call.held_until > real_now():
            return call

        def interrupt(found: LongCall) -> LongCall | None:
            return None if found.held_until > real_now() else ended(found, answer=_interrupted())

        await self.change(caller.tenant, call.handle, interrupt)
        return self.find(caller, call.handle) or call

    async def cancel(self, caller: Caller, call: LongCall) -> None:
        """Ask for a call to be stopped; one that waits for an instance just waits no longer."""

        def change(found: LongCall) -> LongCall | None:
            if found.instance or found.held_until <= real_now():
                return ended(found, status="cancelled")
            return found._replace(cancel=True)

        await self.change(caller.tenant, call.handle, change)

    async def answer(self, caller: Caller, call: LongCall, replies: Replies) -> None:
        """Bring answers to open questions; others are left aside."""

        def change(found: LongCall) -> LongCall | None:
            taken = {key: dict(reply) for key, reply in replies.items() if key in found.asked}
            if not taken:
                return None
            left = {key: each for key, each in found.asked.items() if key not in taken}
            status = "input_required" if left else "working"
            return touched(found, status=status, asked=left, answered={**found.answered, **taken})

        await self.change(caller.tenant, call.handle, change)

    def running(self, tenant: str, call: LongCall, work: Callable[[], Awaitable[Answer]]) -> "Running":
        """Go on with the work of a call in the background, its outcome to be put on record."""
        running = Running(self, self._runtime, tenant, call.handle, work)
        self._running[call.handle] = running
        running.begin(lambda: self._running.pop(call.handle, None))
        return running

    async def close(self) -> None:
        """Stop all calls at work here; they end as interrupted."""
        for running in list(self._running.values()):
            await running.stop(_interrupted())


class Running:
    """A call at work in this process."""

    def __init__(
        self,
        calls: LongCalls,
        runtime: Runtime,
        tenant: str,
        handle: str,
        work: Callable[[], Awaitable[Answer]],
    ) -> None:
        self._calls = calls
        self._runtime = runtime
        self._tenant = tenant
        self._handle = handle
        self._work = work
        self._scope = anyio.CancelScope()
        self._asked = 0
        self._note = ""
        self._stopped: Json = None

    def begin(self, done: Callable[[], Any]) -> None:
        """Begin to work and to look after the record."""
        self._task = asyncio.create_task(self._go_on(), name=f"flowmaster-call-{self._handle[:6]}")
        self._task.add_done_callback(lambda _: done())

    async def stop(self, answer: Json) -> None:
        """Stop the work and put this on record as what came of it."""
        self._stopped = answer
        self._scope.cancel()
        await asyncio.wait([self._task])

    async def answers(self, questions: Sequence[Question]) -> Replies:
        """Put questions on record and wait until somebody has brought sound answers to all of them."""
        replies: dict[str, Mapping[str, Json]] = {}
        while missing := [each for each in questions if each.name not in replies]:
            self._asked += 1
            keys = {f"{each.name}.{self._asked}": each for each in missing}
            asked: dict[str, Json] = {
                key: {"method": each.kind, "params": dict(each.content)} for key, each in keys.items()
            }
            await self._change(partial(touched, status="input_required", asked=asked))
            for key, reply in (await self._brought(set(keys))).items():
                if isinstance(reply, Mapping) and is_sound(keys[key], reply):
                    replies[keys[key].name] = reply
            await self._change(partial(touched, status="working", asked={}, answered={}))
        return replies

    async def tell_progress(self, done: float, total: float, message: str) -> None:
        """Keep in mind how far the work is; it goes on record with the next look."""
        self._note = f"{message} ({done:g} of {total:g})" if message else f"{done:g} of {total:g}"

    async def _brought(self, keys: set[str]) -> Mapping[str, Json]:
        while True:
            found = self._runtime.reader.find_long_call(self._tenant, self._handle)
            if found is not None and keys <= set(found.answered):
                return {key: found.answered[key] for key in keys}
            await self._runtime.changed.wait(TOPIC, LOOK_SECONDS)

    async def _go_on(self) -> None:
        looking = asyncio.create_task(self._look())
        answer: Answer | None = None
        with self._scope:
            answer = await self._worked()
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
        if answer is not None and answer.goes_on and not answer.refused:
            await self._change(partial(_waiting, instance=answer.goes_on))
        elif answer is not None or self._stopped is not None:
            outcome = self._stopped if answer is None else outcome_of(answer)
            await self._change(partial(ended, answer=outcome))
        else:
            await self._change(partial(ended, status="cancelled"))

    async def _worked(self) -> Answer:
        try:
            return await self._work()
        except Exception:
            reference = uuid4().hex[:12]
            logger.exception("A call that goes on failed; reference %s", reference)
            return refused(fault(reference))

    async def _look(self) -> None:
        """Say again and again that somebody is at work, and stop when that is asked for."""
        while True:
            await self._runtime.changed.wait(TOPIC, LOOK_SECONDS)
            found = self._runtime.reader.find_long_call(self._tenant, self._handle)
            if found is None or found.ended or found.cancel:
                self._scope.cancel()
                return
            held = real_now() + HELD_MS
            if found.note != self._note:
                await self._change(partial(touched, note=self._note, held_until=held))
            elif found.held_until < held - HELD_MS // 2:
                await self._change(partial(_held, until=held))

    async def _change(self, change: Change) -> None:
        await self._calls.change(self._tenant, self._handle, change)


def owner_of(caller: Caller) -> str:
    """Return what stands for a caller in the record of a call."""
    return f"{caller.actor}\n{caller.on_behalf_of or ''}"


def _held(call: LongCall, *, until: int) -> LongCall:
    return call._replace(held_until=until)


def _waiting(call: LongCall, *, instance: str) -> LongCall:
    """Return a record of a call that is through but for the end of an instance."""
    until = call.at + INSTANCE_TTL_MS
    return touched(call, instance=instance, holder="", held_until=0, expires=until, note="")


def touched(call: LongCall, **fields: Any) -> LongCall:
    """Return a record with other fields, changed now."""
    return call._replace(changed=max(real_now(), call.changed + 1), **fields)


def ended(call: LongCall, *, status: str = "", answer: Json = None) -> LongCall:
    """Return a record that has ended: as the status says, else as the outcome does."""
    failed = isinstance(answer, Mapping) and answer.get("status") == 500
    status = status or ("failed" if failed else "completed")
    return touched(call, status=status, answer=answer, asked={}, answered={}, note="")


def outcome_of(answer: Answer) -> Json:
    """Return an answer as it goes on record: its text, since the numbers in it are exact."""
    return {"status": answer.status, "body": answer.text, "shown": [dict(each) for each in answer.shown]}


def answer_of(outcome: Json) -> Answer:
    """Return the answer that is on record."""
    assert isinstance(outcome, Mapping)
    status, body, shown = outcome["status"], outcome["body"], outcome["shown"]
    assert isinstance(status, int) and isinstance(body, str) and isinstance(shown, list)  # noqa: PT018
    return Answer(body.encode(), status, tuple(each for each in shown if isinstance(each, Mapping)))


def _interrupted() -> Json:
    return outcome_of(
        refused(
            FlowMasterError(
                "call.interrupted",
                "The server stopped before the call was through.",
                fix="Call again; if the call changes something, read first how far it came.",
                status=503,
            )
        )
    )
