"""Calls that go on after their request was answered: at work in this process, on record in the store.

The record is what counts: every server on the store reads it, cancels by it and brings answers to questions into it.
The process at work on a call says so again and again; where it has fallen silent, the call ends as interrupted.
"""

import secrets
from collections.abc import Awaitable, Callable
from typing import Final

from flowmaster.runtime.behalf import Behalf, own_work
from flowmaster.runtime.clock import real_now
from flowmaster.runtime.runtime import Runtime
from flowmaster.server.call_records import (
    INSTANCE_TTL_MS,
    TOPIC,
    Change,
    ended,
    interrupted,
    owner_of,
    touched,
)
from flowmaster.server.running_calls import HELD_MS, Running
from flowmaster.stores.protocol import Transaction
from flowmaster.stores.rows import LongCall
from flowmaster.tools.answer import Answer
from flowmaster.tools.asking import Replies
from flowmaster.tools.registry import Caller

HANDLE_BYTES: Final = 24
"""Random bytes of a handle: nobody guesses 192 bits."""

TTL_MS: Final = 24 * 3_600_000
"""How long after its beginning a call and its answer are kept."""

OPEN_MAX: Final = 50
"""Calls of one caller that are under way at a time; further ones are answered at once, or not begun."""

KEPT_MAX: Final = 200
"""Ended calls of one caller that are kept; the oldest go first."""


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

        return call if await self._runtime.write(put, behalf=Behalf(caller.tenant)) else None

    async def change(self, tenant: str, handle: str, change: Change) -> LongCall | None:
        """Change the record of a call that has not ended and return it, None if nothing changed."""

        def put(transaction: Transaction) -> LongCall | None:
            found = transaction.find_long_call(tenant, handle)
            changed = None if found is None or found.ended else change(found)
            if changed is None:
                return None
            transaction.put_long_call(tenant, changed)
            return changed

        changed = await self._runtime.write(put, behalf=own_work(tenant))
        if changed is not None:
            self._runtime.changed.wake({TOPIC})
        return changed

    async def looked_after(self, caller: Caller, call: LongCall) -> LongCall:
        """Return a call as it stands, ended as interrupted if nobody is at work on it any more."""
        if call.ended or call.instance or call.held_until > real_now():
            return call

        def interrupt(found: LongCall) -> LongCall | None:
            return None if found.held_until > real_now() else ended(found, answer=interrupted())

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

    def running(self, tenant: str, call: LongCall, work: Callable[[], Awaitable[Answer]]) -> Running:
        """Go on with the work of a call in the background, its outcome to be put on record."""
        running = Running(self._runtime, self.change, tenant, call.handle, work)
        self._running[call.handle] = running
        running.begin(lambda: self._running.pop(call.handle, None))
        return running

    async def close(self) -> None:
        """Stop all calls at work here; they end as interrupted."""
        for running in list(self._running.values()):
            await running.stop(interrupted())
