"""Tells listeners what has changed, whichever process changed it.

The journal is the one truth: every step of an instance and every change of a process, rule or document is a row of
it. While somebody listens, its newest rows are looked at whenever this process stored something, and now and then
for what other processes stored. While nobody listens nothing is done.
"""

import asyncio
import logging
from collections.abc import Callable, Set
from contextlib import suppress
from contextvars import Context
from typing import Final, Protocol

from flowmaster.runtime.signals import STORED, Signals
from flowmaster.stores.protocol import Reader

logger = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0
"""How often is looked for what another process stored."""

GAP_SECONDS: Final = 0.05
"""How long changes are gathered before they are told together; the first after a quiet time is told at once."""

ROWS_AT_ONCE: Final = 500
"""Rows of the journal that are read in one piece."""


class Listener(Protocol):
    """Somebody who wants to know what changes for one tenant."""

    @property
    def tenant(self) -> str:
        """The tenant whose changes are told."""

    def changed(self, scopes: Set[str]) -> None:
        """Hear what changed: ids of instances, and scopes such as `process:x`."""

    def ended(self) -> None:
        """Hear that nothing more will be told."""


class Feed:
    """The listeners of one process, and the look at the journal that serves them all."""

    def __init__(self, reader: Callable[[], Reader], signals: Signals) -> None:
        self._reader = reader
        self._signals = signals
        self._listeners: list[Listener] = []
        self._watch: asyncio.Task[None] | None = None
        self._closed = False

    def add(self, listener: Listener) -> None:
        """Tell a listener of every change from now on."""
        if self._closed:
            listener.ended()
            return
        self._listeners.append(listener)
        if self._watch is None:
            # It outlives the call that it begins with, and so does not go on in that call's name.
            self._watch = asyncio.create_task(
                self._look(self._reader().last_change()), name="flowmaster-feed", context=Context()
            )

    def remove(self, listener: Listener) -> None:
        """Tell a listener nothing more; the last one to go ends the look at the journal."""
        with suppress(ValueError):
            self._listeners.remove(listener)
        if not self._listeners and self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def end(self) -> None:
        """Send all listeners away, for good: the server is about to close."""
        self._closed = True
        for listener in list(self._listeners):
            listener.ended()

    async def close(self) -> None:
        """End, and wait until nothing is under way."""
        self.end()
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch

    async def _look(self, seen: int) -> None:
        while True:
            try:
                if self._reader().last_change() == seen:
                    await self._signals.wait(STORED, LOOK_SECONDS)
                    continue
                seen = await self._tell(seen)
            except Exception:
                logger.exception("Changes cannot be told for the moment")
                await asyncio.sleep(LOOK_SECONDS)
            await asyncio.sleep(GAP_SECONDS)

    async def _tell(self, seen: int) -> int:
        """Tell all listeners what changed behind a row, and return the last row there is."""
        changed: dict[str, set[str]] = {}
        while rows := self._reader().changes(seen, limit=ROWS_AT_ONCE):
            seen = rows[-1].id
            for row in rows:
                changed.setdefault(row.tenant, set()).add(row.scope)
            if len(rows) < ROWS_AT_ONCE:
                break
            await asyncio.sleep(0)
        for listener in list(self._listeners):
            if scopes := changed.get(listener.tenant):
                listener.changed(scopes)
        return seen
