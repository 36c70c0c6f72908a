"""The single writer: it stores the work of all callers, many pieces to one commit.

Callers never wait for each other's disk: while one commit is on its way to the disk, the next pieces queue up
and then share the following commit (group commit). Tenants take turns by what their pieces cost, and what would wait
too long is refused. A piece that is refused takes nothing of the others with it: mostly it has changed nothing yet;
where it has, the commit is done again with a savepoint for each piece, which is too dear to have always. An answer is
given only after the commit. A piece that met another server at the same thing is done again in the next commit; one
whose caller has gone before it was begun is dropped: nobody was told that it is stored.

The writer has a thread of its own. Where nothing that waits may last, the store is near and its disk is quick, the callers'
loop does a commit itself: then what a step touches stays in the memory of one core, and nobody has to be woken. What
took long there keeps all work on the thread for ten times as long.

While a commit of the thread is on its way to the disk nobody answers, so that the time is there for what is going to be
told: what a piece is to do `ahead` is done then, on its caller's loop, and told to nobody before the commit.

A piece is done in the context of whoever asked for it, so that logs tell for whom; what a commit took is told to the
figures, and as a span below each errand whose work it holds.
"""

import asyncio
import contextvars
import logging
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from enum import Enum
from functools import partial
from typing import Any, Final, TypeVar

from flowmaster.engine.errors import FlowMasterError
from flowmaster.runtime.admission import SHARES, Drain, Waiting, refuse_beyond
from flowmaster.runtime.behalf import BEHALF, Behalf, Urgency, own_work
from flowmaster.runtime.bounds import Bounds
from flowmaster.runtime.fair_queue import FINISHING_IN_A_ROW, FairQueue
from flowmaster.runtime.observation.health import WRITER
from flowmaster.runtime.observation.observed import Observed
from flowmaster.runtime.observation.traces import Told, below
from flowmaster.runtime.pieces import Piece, Spoilt, fail, look_ahead, tell, work_on
from flowmaster.stores.protocol import Store, Transaction
from flowmaster.stores.rows import Contended, NotAtOnce

logger = logging.getLogger(__name__)

BATCH_MAX: Final = 256
"""Pieces of work that share one commit at most."""

APART_COMMITS: Final = 50
"""Commits with a savepoint for each piece after one that a refused piece has spoilt."""

BREATH_SECONDS_MAX: Final = 0.01
"""How long is waited at most before pieces are tried again of which none succeeded."""

LOOP_SECONDS: Final = 0.01
"""How long a loop works for one commit before it turns to what else it has to do."""

FLUSH_SECONDS: Final = 0.002
"""A loop that waits longer for the disk, as a rule, leaves that to the thread."""

NEWEST: Final = 0.2
"""How much the newest commit counts in that rule."""

LONG_SECONDS: Final = 0.02
"""A loop that works or waits longer for one commit leaves that to the thread."""

LONG_SHARE: Final = 10
"""How many times as long as that took all work is left to the thread."""

APART_SECONDS: Final = 1.0
"""How long all work is left to the thread where somebody else was at the store."""

T = TypeVar("T")


class _Turn(Enum):
    """Who is at the queue: nobody, a loop that was asked and has not begun, a loop, or the thread."""

    NOBODY = 0
    ASKED = 1
    LOOP = 2
    THREAD = 3


class Writer:
    """Runs pieces of work in transactions, on its own thread, as their tenants take turns."""

    def __init__(self, store: Store, bounds: Bounds | None = None, observed: Observed | None = None) -> None:
        self._store = store
        self._observed = observed or Observed()
        self._bounds = bounds or Bounds()
        self._queue: FairQueue[Piece[Any]] = FairQueue()
        self._drain = Drain(BATCH_MAX)
        least = min(self._bounds.waiting, self._bounds.tenant_waiting) * min(SHARES.values())
        self._freely = min(BATCH_MAX, int(least))
        self._lock = threading.Lock()
        self._ready = threading.Condition(self._lock)
        self._turn = _Turn.NOBODY
        self._loop: asyncio.AbstractEventLoop | None = None
        self._asked: asyncio.AbstractEventLoop | None = None
        self._lasting = 0
        self._thread_until = 0.0
        self._context = contextvars.Context()
        self._flush = 0.0
        self._closing = False
        self._apart_commits = 0
        self._worked = 0.0
        self._thread = threading.Thread(target=self._run, name="flowmaster-writer", daemon=True)
        self._thread.start()

    @property
    def depth(self) -> int:
        """How many pieces wait."""
        return len(self._queue)

    async def do(
        self,
        work: Callable[[Transaction], T],
        behalf: Behalf | None = None,
        *,
        apart: bool = False,
        lasting: bool = False,
        ahead: Callable[[T], object] | None = None,
    ) -> T:
        """Run a piece of work and return its result once it is stored.

        It counts for whom the call is made (`BEHALF`) if nobody else is named. Whoever stops waiting before it is begun
        stops it; later that stops nothing. `apart` says that the piece is going to raise after it has changed something,
        as dry runs do, `lasting` that it may take long, so that no loop does it. What is to be done `ahead` with the result may
        be done with one that is never stored, or not at all.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        whose = behalf or BEHALF.get() or own_work("")
        piece = Piece(work, whose, loop, future, apart=apart, lasting=lasting, ahead=ahead)
        self._put(piece)
        result = await future
        whose.begun = whose.begun or piece.is_stored
        return result

    def do_now(self, work: Callable[[Transaction], T]) -> T:
        """Run a piece of work from a thread without an event loop, and wait for it."""
        future: Future[T] = Future()
        self._put(Piece(work, own_work(""), None, future, lasting=True))
        return future.result()

    def admit(self, tenant: str, urgency: Urgency, *, what: str = "change") -> None:
        """Refuse what a further change of a tenant would be refused for, before anything is done for it."""
        self._refuse_beyond(tenant, urgency, what)

    def close(self) -> None:
        """Store what is queued, and stop."""
        with self._lock:
            self._closing = True
            self._ready.notify()
        self._thread.join()

    def _put(self, piece: Piece[Any]) -> None:
        behalf = piece.behalf
        with self._lock:
            if self._closing:
                raise FlowMasterError(
                    "server.closing", "The server is shutting down.", fix="Repeat the call.", status=503
                )
            if not behalf.begun:
                self._refuse_beyond(behalf.tenant, behalf.urgency)
            self._queue.put(behalf.tenant, piece, finishing=behalf.urgency is Urgency.FINISHING)
            self._lasting += piece.lasting
            self._loop = piece.loop
            if self._turn is _Turn.NOBODY:
                self._pass_on(near=piece.loop)
            elif self._turn is _Turn.ASKED and (piece.lasting or not self._is_running()):
                self._leave_to_thread()

    def _refuse_beyond(self, tenant: str, urgency: Urgency, what: str = "change") -> None:
        queue = self._queue
        if len(queue) < self._freely:
            return
        own = ahead = queue.waiting(tenant)
        if urgency is Urgency.FINISHING:
            finishing = queue.waiting(tenant, finishing=True)
            ahead = min(own, finishing + finishing // FINISHING_IN_A_ROW)
        now = time.monotonic()
        waiting = Waiting(len(queue), own, ahead, queue.tenants + (not own))
        refuse_beyond(self._bounds, self._drain, waiting, urgency, now, what=what)

    def _pass_on(self, near: asyncio.AbstractEventLoop | None = None) -> None:
        """Have somebody turn to what waits, if anything does; whoever calls this holds the lock, on the loop `near`."""
        self._turn = _Turn.NOBODY
        if not len(self._queue):
            if self._closing:
                self._ready.notify()
            return
        loop = self._loop
        if loop is None or not self._is_for_loop():
            self._leave_to_thread()
            return
        self._turn, self._asked = _Turn.ASKED, loop
        # It comes behind those whom this commit has woken, so that what they bring shares the next one.
        ask = partial(loop.call_soon, self._work_on_loop, context=self._context)
        if loop is near:
            ask()
            return
        try:
            loop.call_soon_threadsafe(ask)
        except RuntimeError:  # The loop is closed.
            self._leave_to_thread()

    def _is_for_loop(self) -> bool:
        return (
            not self._lasting
            and not self._closing
            and self._store.is_near()
            and time.monotonic() >= self._thread_until
        )

    def _is_running(self) -> bool:
        return self._asked is not None and self._asked.is_running()

    def _leave_to_thread(self) -> None:
        """Wake the thread; whoever calls this holds the lock."""
        self._turn = _Turn.THREAD
        self._ready.notify()

    def _work_on_loop(self) -> None:
        """Do one commit on the loop that was asked."""
        with self._lock:
            if self._turn is not _Turn.ASKED:
                return
            if not self._is_for_loop():
                self._leave_to_thread()
                return
            self._turn = _Turn.LOOP
        begun, batch = time.monotonic(), list[Piece[Any]]()
        try:
            self._serve(batch, near=asyncio.get_running_loop())
        except NotAtOnce:
            self._keep_from_loop(APART_SECONDS)
            self._put_back(batch)
        finally:
            self._learn(time.monotonic() - begun)
            with self._lock:
                self._pass_on(asyncio.get_running_loop())

    def _learn(self, took: float) -> None:
        """Take notice of how long a loop was held up."""
        flush = took - self._worked
        self._flush += NEWEST * (flush - self._flush)
        if max(self._worked, flush) > LONG_SECONDS or self._flush > FLUSH_SECONDS:
            self._keep_from_loop(took * LONG_SHARE)

    def _keep_from_loop(self, seconds: float) -> None:
        self._thread_until = max(self._thread_until, time.monotonic() + seconds)

    def _run(self) -> None:
        """Store what is left to the thread until all is stored and the writer is closed."""
        while self._is_asked():
            self._serve([])
            with self._lock:
                self._pass_on()

    def _serve(self, batch: list[Piece[Any]], near: asyncio.AbstractEventLoop | None = None) -> None:
        """Do one commit, on the loop `near` or on the thread, and tell what came of it; `batch` gets its pieces."""
        begun, failure = time.time_ns(), None
        try:
            failure = self._store_batch(batch, at_once=near is not None)
            self._told(batch, begun, failure)
        except NotAtOnce:
            raise
        except BaseException as error:  # Nobody is left without an answer, whatever it is.
            if failure is None:
                fail(batch, RuntimeError("The writer was stopped at a commit"))
            tell(batch, near)
            if not isinstance(error, Exception):
                raise
            logger.exception("What came of a commit could not be told")
            return
        again = [piece for piece in batch if piece.again]
        tell([piece for piece in batch if not piece.again] if again else batch, near)
        if again and len(again) == len(batch):
            time.sleep(random.uniform(0.001, BREATH_SECONDS_MAX))
        self._put_back(again)

    def _is_asked(self) -> bool:
        """Wait until something is left to the thread; whether anything is."""
        with self._lock:
            while self._turn is not _Turn.THREAD:
                if self._closing and self._turn is not _Turn.LOOP:
                    self._turn = _Turn.THREAD
                    return len(self._queue) > 0
                self._ready.wait()
            return True

    def _put_back(self, again: list[Piece[Any]]) -> None:
        """Put pieces in front of what waits for their tenants."""
        by_tenant: dict[str, list[Piece[Any]]] = {}
        for piece in again:
            piece.begin_again()
            by_tenant.setdefault(piece.behalf.tenant, []).append(piece)
        with self._lock:
            for tenant, pieces in by_tenant.items():
                self._queue.put_back(tenant, pieces)
                self._lasting += sum(piece.lasting for piece in pieces)

    def _store_batch(self, batch: list[Piece[Any]], *, at_once: bool) -> str:
        """Store what waits, as much as one commit takes; return why none of it was stored, if so."""
        failure, begun = "", time.monotonic()
        self._drain.begin(begun)
        self._worked = 0.0
        try:
            self._commit(batch, at_once=at_once)
        except NotAtOnce:
            raise
        except Contended as error:
            for piece in self._met(batch):
                piece.contended(error)
            failure = "contended"
        except FlowMasterError as error:
            fail(self._met(batch), error)
            failure = error.code
            self._observed.health.broken(WRITER, error.code, error.message)
        except Exception as error:
            logger.exception("A commit of %d changes failed", len(batch))
            fail(self._met(batch), error)
            failure = "server.fault"
            self._observed.health.broken(WRITER, failure, "A commit failed; the log tells why.")
        else:
            self._observed.health.works(WRITER)
        self._drain.end(len(batch), work=self._worked, whole=time.monotonic() - begun)
        return failure

    def _met(self, batch: list[Piece[Any]]) -> list[Piece[Any]]:
        """Return the pieces that a failure meets: those of the commit, and where it could not begin those it was for."""
        if not batch:
            with self._lock:
                batch += [self._take()[1] for _ in range(min(len(self._queue), BATCH_MAX))]
        return batch

    def _take(self) -> tuple[str, Piece[Any]]:
        """Take the next piece, with its tenant; whoever calls this holds the lock."""
        tenant, piece = self._queue.take()
        self._lasting -= piece.lasting
        return tenant, piece

    def _commit(self, batch: list[Piece[Any]], *, at_once: bool) -> None:
        """Store what pieces do in one transaction, or in a second one if it was spoilt; `batch` gets the pieces."""
        together = self._apart_commits == 0
        if not together:
            self._apart_commits -= 1
        try:
            with self._store.transaction(at_once=at_once) as transaction:
                self._work_through(batch, transaction, at_once=at_once, together=together)
                if not at_once:
                    look_ahead(batch)
        except Spoilt:
            if len(batch) == 1:
                return
            self._apart_commits = APART_COMMITS - 1
            with self._store.transaction(at_once=at_once) as transaction:
                for piece in batch:
                    piece.begin_again()
                    work_on(piece, transaction, together=False)

    def _work_through(
        self, batch: list[Piece[Any]], transaction: Transaction, *, at_once: bool, together: bool
    ) -> None:
        """Run what waits by now, one piece after the other as their tenants take turns, each charged to its tenant."""
        patience = LOOP_SECONDS if at_once else self._drain.work_seconds
        most = min(BATCH_MAX, len(self._queue))
        took, tenant, last = 0.0, "", time.perf_counter()
        while len(batch) < most and self._worked < patience:
            with self._lock:
                self._queue.charge(tenant, took)
                if not len(self._queue) or (at_once and self._lasting):
                    break
                tenant, piece = self._take()
            batch.append(piece)
            work_on(piece, transaction, together=together)
            now = time.perf_counter()
            took, last = now - last, now
            self._worked += took

    def _told(self, batch: list[Piece[Any]], begun: int, failure: str) -> None:
        """Tell what a commit took."""
        figures, traces, ended = self._observed.figures, self._observed.traces, time.time_ns()
        figures.commits.record((failure or "ok",), (ended - begun) / 1e9)
        figures.pieces.record((), len(batch))
        if traces is None or failure == "contended":
            return
        for piece in batch:
            errand = piece.errand
            if errand is None or errand.place is None or not errand.place.sampled:
                continue
            if piece.again or piece.undone or (piece.error is not None and not failure):
                continue
            told: dict[str, Told] = {
                "flowmaster.commit.pieces": len(batch),
                "flowmaster.commit.waited_ms": round((begun - piece.put) / 1e6, 3),
            }
            if failure:
                told["error.type"] = failure
            traces.end(
                below("commit", errand.place, begun=begun, ended=ended, told=told), failed=bool(failure)
            )
