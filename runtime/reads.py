"""Reads that take long run beside the event loop, only so many at once, and tenants take turns at them.

A quick read is quickest where it is asked for: handing it to a thread costs more than it takes. So each kind of read of
a tenant runs on the loop until it turns out slow, and then for a while in a thread.
"""

import asyncio
import math
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from anyio import CapacityLimiter, to_thread

from flowmaster.engine.errors import FlowMasterError
from flowmaster.runtime.bounds import Bounds

SLOW_SECONDS: Final = 0.002
"""What a read may take on the event loop, where everybody waits for it."""

SLOW_KEPT_SECONDS: Final = 10.0
"""For how long after a slow read others of its kind run in threads."""

KINDS_MAX: Final = 10_000
"""Kinds of slow reads that are kept in mind; the oldest is forgotten."""

T = TypeVar("T")


class Reads:
    """The reads of one server that may take long."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._slow: dict[tuple[str, Hashable], float] = {}
        self._running: Counter[str] = Counter()
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        self._took = SLOW_SECONDS
        self._threads = CapacityLimiter(bounds.reads)

    async def run(self, tenant: str, kind: Hashable, read: Callable[[], T]) -> T:
        """Return what is read, or refuse if too many reads of the tenant wait already."""
        place = (tenant, kind)
        if self._slow.get(place, 0.0) < time.monotonic():
            begun = time.monotonic()
            try:
                return read()
            finally:
                self._note(place, begun)
        async with self._turn(tenant):
            begun = time.monotonic()
            try:
                return await to_thread.run_sync(read, limiter=self._threads)
            finally:
                self._note(place, begun)
                self._took += 0.2 * (time.monotonic() - begun - self._took)

    def _note(self, place: tuple[str, Hashable], begun: float) -> None:
        now = time.monotonic()
        if now - begun > SLOW_SECONDS:
            self._slow.pop(place, None)
            self._slow[place] = now + SLOW_KEPT_SECONDS
            if len(self._slow) > KINDS_MAX:
                del self._slow[next(iter(self._slow))]

    @asynccontextmanager
    async def _turn(self, tenant: str) -> AsyncIterator[None]:
        """Wait for a turn, and let whoever comes next have one afterwards."""
        if self._running.total() < self._bounds.reads and self._may(tenant) and tenant not in self._waiting:
            self._running[tenant] += 1
        else:
            await self._wait(tenant)
        try:
            yield
        finally:
            self._ended(tenant)

    async def _wait(self, tenant: str) -> None:
        waiting = self._waiting.get(tenant, deque())
        if len(waiting) >= self._bounds.reads_waiting:
            seconds = max(1, math.ceil(len(waiting) * self._took / self._bounds.tenant_reads))
            raise FlowMasterError(
                "server.overloaded",
                f"{len(waiting)} long reads of yours wait for their turn.",
                expected=f"the next call in {seconds} seconds",
                fix=f"Repeat the call in {seconds} seconds, or ask for less: a smaller `limit`, narrower filters. "
                "Whoever keeps the server may raise `--bounds reads_waiting`.",
                retry_after=seconds,
                status=429,
            )
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting.append(turn)
        self._waiting[tenant] = waiting
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._ended(tenant)
            else:
                self._forget(tenant, turn)
            raise

    def _may(self, tenant: str) -> bool:
        return self._running[tenant] < self._bounds.tenant_reads

    def _ended(self, tenant: str) -> None:
        """Give a turn back; the tenant that has waited longest for one gets it."""
        self._running[tenant] -= 1
        if not self._running[tenant]:
            del self._running[tenant]
        for other in list(self._waiting):
            if self._may(other):
                turn = self._waiting[other][0]
                self._forget(other, turn)
                if rest := self._waiting.pop(other, None):
                    self._waiting[other] = rest  # Behind the others: tenants take turns.
                self._running[other] += 1
                turn.set_result(None)
                return

    def _forget(self, tenant: str, turn: asyncio.Future[None]) -> None:
        waiting = self._waiting[tenant]
        waiting.remove(turn)
        if not waiting:
            del self._waiting[tenant]
