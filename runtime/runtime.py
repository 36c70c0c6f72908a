"""The running server's heart: it takes work for instances, stores it, and lets time pass."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.state import State
from flowmaster.runtime.clock import CLOCK_SETTING, Clock
from flowmaster.runtime.desk import Desk, Note
from flowmaster.runtime.effects import FOLLOW
from flowmaster.runtime.feed import Feed
from flowmaster.runtime.messages import expire
from flowmaster.runtime.models import Models
from flowmaster.runtime.observation.census import Census
from flowmaster.runtime.observation.errands import ERRAND, Errand
from flowmaster.runtime.observation.health import TIMERS
from flowmaster.runtime.observation.observed import Observed
from flowmaster.runtime.observation.stored import tell_stored
from flowmaster.runtime.signals import STORED, Signals
from flowmaster.runtime.timers import fire_due, fire_starts
from flowmaster.runtime.writer import Undone, Writer
from flowmaster.stores.protocol import Reader, Store, Transaction

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""How often a server looks for timers and effects that another process left."""

DUE_AT_ONCE = 200
"""Timers that are fired in one piece of work."""

FIRINGS_MAX = 100_000
"""Timers that one advance of the virtual clock fires."""

OUTBOX_AT_ONCE = 500
"""Left effects that are taken up in one piece of work."""

T = TypeVar("T")
V = TypeVar("V")


class Outcome(NamedTuple, Generic[T]):
    """What came of work: its result, whether all that follows is done, and the instances it moved."""

    result: T
    settled: bool
    states: dict[str, State]
    woken: set[str]
    notes: Sequence[Note] = ()


class Done(NamedTuple):
    """What an advance of the clock did."""

    now: int
    fired: int
    settled: bool


class Runtime:
    """Runs instances on a store; every change of them goes through `do`."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock
        self.models = Models()
        self.observed = Observed()
        self.census = Census(lambda: self.reader)
        self.writer = Writer(store, self.observed)
        self.changed = Signals(store.tell)
        self.feed = Feed(store.reader, self.changed)
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def reader(self) -> Reader:
        """Return what the calling thread may read with."""
        return self.store.reader()

    def now(self) -> int:
        """Return engine time."""
        return self.clock.now(self.reader)

    async def open(self) -> None:
        """Take up what was left, and begin to let time pass and to hear of other servers."""
        self.store.hear(self.changed.heard)
        await self._take_up_outbox()
        self._tasks.append(asyncio.create_task(self._watch(), name="flowmaster-timers"))

    async def close(self) -> None:
        """Stop, with everything that was asked for stored."""
        await self.feed.close()
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await asyncio.to_thread(self.writer.close)

    async def do(self, work: Callable[[Desk], T], *, dry_run: bool = False) -> Outcome[T]:
        """Run work on instances with all that follows from it, and return what came of it.

        A dry run does everything and takes it back.
        """
        outcome = await self.writer.do(lambda tx: self._piece(tx, work, dry_run=dry_run))
        if not dry_run:
            tell_stored(self.observed, ERRAND.get(), outcome.states, outcome.notes)
        self._told(outcome.settled, outcome.woken)
        return outcome

    def do_now(self, work: Callable[[Desk], T]) -> T:
        """Run work on instances from a thread without an event loop."""
        outcome = self.writer.do_now(lambda tx: self._piece(tx, work, dry_run=False))
        tell_stored(self.observed, ERRAND.get(), outcome.states, outcome.notes)
        self.changed.wake(outcome.woken | {STORED})
        return outcome.result

    async def write(self, work: Callable[[Transaction], T], *, dry_run: bool = False) -> T:
        """Run work that touches no instance."""

        def piece(transaction: Transaction) -> T:
            result = work(transaction)
            if dry_run:
                raise Undone(result)
            return result

        result = await self.writer.do(piece)
        self.changed.wake({STORED})
        return result

    async def advance(self, to: int) -> Done:
        """Move the virtual clock to an instant, firing everything that falls due on the way, in order."""
        fired = 0
        while True:
            outcome = await self.do(lambda desk: self._advance_once(desk, to))
            done = outcome.result
            fired += done.fired
            if done.settled or fired >= FIRINGS_MAX:
                return Done(done.now, fired, outcome.settled and done.settled)

    def desk(self, transaction: Transaction) -> Desk:
        """Return a desk for one transaction."""
        return Desk(transaction, self.models, self.clock, FOLLOW)

    def _piece(self, transaction: Transaction, work: Callable[[Desk], T], *, dry_run: bool) -> Outcome[T]:
        desk = self.desk(transaction)
        result = work(desk)
        settled = desk.follow_up()
        if dry_run:
            raise Undone(Outcome(result, settled, desk.states, set()))
        return Outcome(result, settled, desk.states, desk.woken, desk.notes)

    def _told(self, settled: bool, woken: set[str]) -> None:
        self.changed.wake(woken | {STORED})
        if not settled or "outbox" in woken:
            self._tasks.append(asyncio.create_task(self._take_up_outbox()))
            self._tasks = [task for task in self._tasks if not task.done()]

    async def _take_up_outbox(self) -> None:
        after, last = 0, -1
        while after != last:
            last = after

            def take(desk: Desk, after: int = after) -> int:
                return desk.take_outbox(OUTBOX_AT_ONCE, after)

            outcome = await self._take_once(take)
            after = outcome.result
            self.changed.wake(outcome.woken | {STORED})

    async def _take_once(self, take: Callable[[Desk], int]) -> Outcome[int]:
        outcome = await self.writer.do(lambda tx: self._piece(tx, take, dry_run=False))
        tell_stored(self.observed, ERRAND.get(), outcome.states, outcome.notes)
        return outcome

    def _advance_once(self, desk: Desk, to: int) -> Done:
        moments = [
            due for due in (desk.transaction.next_due(), desk.transaction.next_job()) if due is not None
        ]
        step = min([to, *moments])
        desk.now = max(desk.now, step)
        desk.transaction.put_setting("", CLOCK_SETTING, desk.now)
        fired = self._fire(desk)
        if fired == 0:
            desk.now = to
            desk.transaction.put_setting("", CLOCK_SETTING, to)
        expire(desk)
        return Done(desk.now, fired, fired == 0)

    def _fire(self, desk: Desk) -> int:
        return fire_due(desk, DUE_AT_ONCE) + fire_starts(desk, DUE_AT_ONCE)

    async def _watch(self) -> None:
        """Fire timers when they are due, and take up effects that another process left."""
        while True:
            try:
                await self._wait_for_due()
                if not self.clock.virtual:
                    while await self._fire_now() >= DUE_AT_ONCE:
                        pass
                    await self._expire_now()
                if self.reader.outbox_depth():
                    await self._take_up_outbox()
                self.observed.health.works(TIMERS)
            except FlowMasterError as error:
                logger.warning("Timers wait: %s", error.message)
                self.observed.health.broken(TIMERS, error.code, error.message)
                await asyncio.sleep(LOOK_SECONDS)
            except Exception:
                logger.exception("The timer watch stumbled")
                self.observed.health.broken(TIMERS, "server.fault", "The watch stumbled; the log tells why.")
                await asyncio.sleep(LOOK_SECONDS)

    async def _fire_now(self) -> int:
        due = self.reader.next_due()
        if due is None or due > self.now():
            return 0
        with self.observed.errand(Errand("timers", caller="system"), "timers"):
            return (await self.do(self._fire)).result

    async def _expire_now(self) -> None:
        due = self.reader.next_expiry()
        if due is not None and due <= self.now():
            await self.do(expire)

    async def _wait_for_due(self) -> None:
        due = None if self.clock.virtual else self.reader.next_due()
        seconds = LOOK_SECONDS if due is None else min(LOOK_SECONDS, max(0.0, (due - self.now()) / 1000))
        await self.changed.wait("timers", seconds)
