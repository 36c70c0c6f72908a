"""The running server's heart: it takes work for instances, stores it, and lets time pass."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.state import State
from flowmaster.runtime.behalf import Behalf, own_work
from flowmaster.runtime.bounds import Bounds
from flowmaster.runtime.clock import CLOCK_SETTING, Clock
from flowmaster.runtime.desk import Desk, Note
from flowmaster.runtime.effects import FOLLOW
from flowmaster.runtime.feed import Feed
from flowmaster.runtime.graph import LinkGraph
from flowmaster.runtime.messages import expire
from flowmaster.runtime.models import Models
from flowmaster.runtime.observation.census import Census
from flowmaster.runtime.observation.errands import ERRAND, Errand
from flowmaster.runtime.observation.health import TIMERS
from flowmaster.runtime.observation.observed import Observed
from flowmaster.runtime.observation.stored import tell_stored
from flowmaster.runtime.pieces import Undone
from flowmaster.runtime.reads import Reads
from flowmaster.runtime.retention import SWEEP_SECONDS, Retention
from flowmaster.runtime.signals import STORED, Signals
from flowmaster.runtime.tenant_tasks import TenantTasks
from flowmaster.runtime.timers import fire_due, fire_starts
from flowmaster.runtime.waiters import Waiters
from flowmaster.runtime.writer import Writer
from flowmaster.stores.erasure_list import ErasureList
from flowmaster.stores.protocol import Reader, Store, Transaction

logger = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""How often a server looks for timers and effects that another process left."""

LOOK_SECONDS_FIRST = 5.0
"""How long a server runs before it first looks for what is due to be erased: single calls do without."""

DUE_AT_ONCE = 100
"""Timers of one tenant that are fired in one piece of work."""

FIRINGS_MAX = 100_000
"""Timers that one advance of the virtual clock fires."""

FIRE_SECONDS = 0.05
"""How long is waited for timers to fire before is looked whose else are due."""

OUTBOX_AT_ONCE = 100
"""Left effects of one tenant that are taken up in one piece of work."""

T = TypeVar("T")
V = TypeVar("V")


class Outcome(NamedTuple, Generic[T]):
    """What came of work: its result, whether all that follows is done, and the instances it moved, if they are `whole`."""

    result: T
    settled: bool
    states: dict[str, State]
    woken: set[str]
    notes: Sequence[Note] = ()
    whole: bool = True


class Done(NamedTuple):
    """What an advance of the clock did."""

    now: int
    fired: int
    settled: bool


class Runtime:
    """Runs instances on a store; every change of them goes through `do`."""

    def __init__(self, store: Store, clock: Clock, bounds: Bounds | None = None) -> None:
        self.store = store
        self.clock = clock
        self.bounds = bounds or Bounds()
        self.models = Models()
        self.observed = Observed()
        self.census = Census(lambda: self.reader)
        self.writer = Writer(store, self.bounds, self.observed)
        self.waiters = Waiters(self.bounds.waiters)
        self.reads = Reads(self.bounds)
        self.changed = Signals(store.tell)
        self.feed = Feed(store.reader, self.changed)
        self.graph = LinkGraph(store.reader, self.reads, self.changed, self.observed.health)
        self._watching: list[asyncio.Task[None]] = []
        self._timers = TenantTasks("timers", self._fire_for)
        self._outbox = TenantTasks("effects", self._take_up)
        self.retention = Retention(store, clock, self.write)
        self.erasures: ErasureList | None = None
        self._listing: asyncio.Task[None] | None = None

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
        self._outbox.begin(self.reader.outbox_tenants())
        await self._outbox.wait()
        self._watching = [
            asyncio.create_task(self._watch(), name="flowmaster-timers"),
            asyncio.create_task(self._keep_retention(), name="flowmaster-retention"),
        ]
        self.graph.open(self.write)

    async def close(self) -> None:
        """Stop, with everything that was asked for stored."""
        await self.feed.close()
        await self.graph.close()
        for task in self._watching:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self._timers.close()
        await self._outbox.close()
        if self._listing is not None:  # Its thread reads on, whoever waits for it.
            await asyncio.wait([self._listing])
        await asyncio.to_thread(self.writer.close)

    async def do(
        self,
        work: Callable[[Desk], T],
        *,
        dry_run: bool = False,
        behalf: Behalf | None = None,
        ahead: Callable[[Outcome[T]], object] | None = None,
        few: bool = False,
        lasting: bool = False,
    ) -> Outcome[T]:
        """Run work on instances with all that follows from it, and return what came of it.

        A dry run does everything and takes it back. It counts for whom the call is made, unless somebody else is named.
        What is to be done `ahead` of the commit and what is `lasting` see `Writer.do`; with `few` of wide instances few
        waits are shown.
        """
        outcome = await self.writer.do(
            lambda tx: self._piece(tx, work, dry_run=dry_run, few=few),
            behalf,
            apart=dry_run,
            lasting=lasting,
            ahead=ahead,
        )
        if not dry_run:
            tell_stored(self.observed, ERRAND.get(), outcome.states, outcome.notes)
        self._told(outcome.settled, outcome.woken)
        return outcome

    async def answer(
        self,
        work: Callable[[Desk], T],
        show: Callable[[Outcome[T]], V],
        *,
        dry_run: bool = False,
        few: bool = False,
    ) -> V:
        """Run work as `do` does, and return what `show` makes of its outcome.

        It may be made while the work is on its way to the disk, if the outcome has all instances that were moved, so that
        none of them is read; it is thrown away if the work is not stored.
        """
        made: list[tuple[Outcome[T], V]] = []

        def ahead(outcome: Outcome[T]) -> None:
            if outcome.whole:
                made.append((outcome, show(outcome)))

        outcome = await self.do(work, dry_run=dry_run, ahead=ahead, few=few)
        if made and made[-1][0] is outcome:
            return made[-1][1]
        return show(outcome)

    def do_now(self, work: Callable[[Desk], T]) -> T:
        """Run work on instances from a thread without an event loop."""
        outcome = self.writer.do_now(lambda tx: self._piece(tx, work, dry_run=False))
        tell_stored(self.observed, ERRAND.get(), outcome.states, outcome.notes)
        self.changed.wake(outcome.woken | {STORED})
        return outcome.result

    async def write(
        self,
        work: Callable[[Transaction], T],
        *,
        dry_run: bool = False,
        behalf: Behalf | None = None,
        lasting: bool = True,
    ) -> T:
        """Run work that touches no instance."""

        def piece(transaction: Transaction) -> T:
            result = work(transaction)
            if dry_run:
                raise Undone(result)
            return result

        result = await self.writer.do(piece, behalf, apart=dry_run, lasting=lasting)
        self.changed.wake({STORED})
        return result

    async def advance(self, to: int) -> Done:
        """Move the virtual clock to an instant, firing everything that falls due on the way, in order."""
        fired = 0
        while True:
            outcome = await self.do(lambda desk: self._advance_once(desk, to), lasting=True)
            done = outcome.result
            fired += done.fired
            if done.settled or fired >= FIRINGS_MAX:
                await self.sweep()
                return Done(done.now, fired, outcome.settled and done.settled)

    async def sweep(self) -> int:
        """Erase what the rules of retention say is due, and return how many instances that were."""
        erased = await self.retention.sweep()
        if erased:
            await self.list_erasures()
        return erased

    async def list_erasures(self) -> None:
        """Bring the list of erasures that lies beside the store up to date."""
        if self.erasures is not None:
            self._listing = asyncio.create_task(asyncio.to_thread(self.erasures.follow, self.reader))
            await asyncio.shield(self._listing)

    def desk(self, transaction: Transaction) -> Desk:
        """Return a desk for one transaction."""
        return Desk(transaction, self.models, self.clock, FOLLOW, self.bounds)

    def _piece(
        self, transaction: Transaction, work: Callable[[Desk], T], *, dry_run: bool, few: bool = False
    ) -> Outcome[T]:
        desk = self.desk(transaction)
        desk.few = few
        result = work(desk)
        settled = desk.follow_up()
        states = desk.shown()
        if dry_run:
            raise Undone(Outcome(result, settled, states, set()))
        return Outcome(result, settled, states, desk.woken, desk.notes, desk.whole)

    def _told(self, settled: bool, woken: set[str]) -> None:
        self.changed.wake(woken | {STORED})
        if not settled or "outbox" in woken:
            with contextlib.suppress(FlowMasterError):  # What is stored is stored; the next look takes it up.
                self._outbox.begin(self.reader.outbox_tenants())

    async def _take_up(self, tenant: str) -> None:
        """Do the effects that a tenant's steps left, in their order."""
        after, last = 0, -1
        while after != last:
            last = after

            def take(desk: Desk, after: int = after) -> int:
                return desk.take_outbox(OUTBOX_AT_ONCE, after, tenant)

            outcome = await self._taken(take, own_work(tenant))
            after = outcome.result
            self.changed.wake(outcome.woken | {STORED})

    async def _taken(self, take: Callable[[Desk], int], behalf: Behalf) -> Outcome[int]:
        outcome = await self.writer.do(lambda tx: self._piece(tx, take, dry_run=False), behalf, lasting=True)
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

    def _fire(self, desk: Desk, tenant: str | None = None) -> int:
        return fire_due(desk, DUE_AT_ONCE, tenant) + fire_starts(desk, DUE_AT_ONCE, tenant)

    async def _watch(self) -> None:
        """Fire timers when they are due, and take up effects that another process left."""
        while True:
            try:
                await self._wait_for_due()
                if not self.clock.virtual:
                    await self._fire_now()
                    await self._expire_now()
                if self.reader.outbox_depth():
                    self._outbox.begin(self.reader.outbox_tenants())
                self.observed.health.works(TIMERS)
            except FlowMasterError as error:
                logger.warning("Timers wait: %s", error.message)
                self.observed.health.broken(TIMERS, error.code, error.message)
                await asyncio.sleep(LOOK_SECONDS)
            except Exception:
                logger.exception("The timer watch stumbled")
                self.observed.health.broken(TIMERS, "server.fault", "The watch stumbled; the log tells why.")
                await asyncio.sleep(LOOK_SECONDS)

    async def _keep_retention(self) -> None:
        """Look from time to time for what is due to be erased; with a virtual clock, whenever it moves."""
        await asyncio.sleep(LOOK_SECONDS_FIRST)
        while True:
            try:
                await self.list_erasures()
                if not self.clock.virtual:
                    await self.sweep()
            except FlowMasterError as error:
                logger.warning("Retention waits: %s", error.message)
            except Exception:
                logger.exception("Retention stumbled")
            await asyncio.sleep(SWEEP_SECONDS)

    async def _fire_now(self) -> None:
        """Fire what is due, that of each tenant beside that of the others, so that many timers of one delay none."""
        due = self.reader.next_due()
        if due is not None and due <= self.now():
            self._timers.begin(self.reader.due_tenants(self.now()))
            await self._timers.wait(FIRE_SECONDS)

    async def _fire_for(self, tenant: str) -> None:
        errand = Errand("timers", caller="system")
        for _ in range(FIRINGS_MAX // DUE_AT_ONCE):
            with self.observed.errand(errand, "timers"):
                fired = await self.do(
                    lambda desk: self._fire(desk, tenant), behalf=own_work(tenant), lasting=True
                )
            if fired.result < DUE_AT_ONCE:
                return

    async def _expire_now(self) -> None:
        due = self.reader.next_expiry()
        if due is not None and due <= self.now():
            await self.do(expire, lasting=True)

    async def _wait_for_due(self) -> None:
        due = None if self.clock.virtual else self.reader.next_due()
        seconds = LOOK_SECONDS if due is None else min(LOOK_SECONDS, max(0.0, (due - self.now()) / 1000))
        await self.changed.wait("timers", seconds)
