"""A call at work in this process after its request was answered: it asks, tells and ends through its record."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final
from uuid import uuid4

import anyio

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.values import Json
from flowmaster.runtime.clock import real_now
from flowmaster.runtime.runtime import Runtime
from flowmaster.server.call_records import (
    TOPIC,
    Change,
    ended,
    held_until,
    outcome_of,
    touched,
    waiting_for,
)
from flowmaster.stores.rows import LongCall
from flowmaster.tools.answer import Answer
from flowmaster.tools.asking import Question, Replies, is_sound
from flowmaster.tools.invoke import fault, refused

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0
"""How often the process at work looks for what others put on record."""

HELD_MS: Final = 15_000
"""For how long a process says that it is at work on a call."""


class Running:
    """A call at work in this process."""

    def __init__(
        self,
        runtime: Runtime,
        change: Callable[[str, str, Change], Awaitable[LongCall | None]],
        tenant: str,
        handle: str,
        work: Callable[[], Awaitable[Answer]],
    ) -> None:
        self._runtime = runtime
        self._put = change
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
            await self._change(partial(waiting_for, instance=answer.goes_on))
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
        while not self._scope.cancel_called:
            await self._runtime.changed.wait(TOPIC, LOOK_SECONDS)
            try:
                await self._look_once()
            except FlowMasterError as error:
                logger.warning("A call that goes on cannot be looked after: %s", error.message)

    async def _look_once(self) -> None:
        found = self._runtime.reader.find_long_call(self._tenant, self._handle)
        if found is None or found.ended or found.cancel:
            self._scope.cancel()
            return
        until = real_now() + HELD_MS
        if found.note != self._note:
            await self._change(partial(touched, note=self._note, held_until=until))
        elif found.held_until < until - HELD_MS // 2:
            await self._change(partial(held_until, until=until))

    async def _change(self, change: Change) -> None:
        await self._put(self._tenant, self._handle, change)
