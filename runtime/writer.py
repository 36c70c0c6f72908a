"""The single writer: one thread that stores the work of all callers, many pieces to one commit.

Callers never wait for each other's disk: while one commit is on its way to the disk, the next pieces queue up
and then share the following commit (group commit). Tenants take turns by what their pieces cost, and what would wait
too long is refused. A piece that is refused takes nothing of the others with it: mostly it has changed nothing yet;
where it has, the commit is done again with a savepoint for each piece, which is too dear to have always. An answer is
given only after the commit. A piece that met another server at the same thing is done again in the next commit; one
whose caller has gone before it was begun is dropped: nobody was told that it is stored.

While a commit is on its way to the disk nobody answers, so that the time is there for what is going to be told: what a
piece is to do `ahead` is done then, on its caller's loop, and told to nobody before the commit.

A piece is done in the context of whoever asked for it, so that logs tell for whom; what a commit took is told to the
figures, and as a span below each errand whose work it holds.
"""

import asyncio
import contextlib
import contextvars
import logging
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, Generic, TypeVar

from flowmaster.engine.errors import FlowMasterError
from flowmaster.runtime.admission import SHARES, Drain, Waiting, refuse_beyond
from flowmaster.runtime.behalf import BEHALF, Behalf, Urgency, own_work
from flowmaster.runtime.bounds import Bounds
from flowmaster.runtime.fair_queue import FINISHING_IN_A_ROW, FairQueue
from flowmaster.runtime.observation.errands import ERRAND
from flowmaster.runtime.observation.health import WRITER
from flowmaster.runtime.observation.observed import Observed
from flowmaster.runtime.observation.traces import Told, below
from flowmaster.stores.protocol import Store, Transaction
from flowmaster.stores.rows import Contended

logger = logging.getLogger(__name__)

BATCH_MAX = 256
"""Pieces of work that share one commit at most."""

CONTENDED_SECONDS_MAX = 15.0
"""How long a piece is tried again while other servers are at the same thing."""

APART_COMMITS = 50
"""Commits with a savepoint for each piece after one that a refused piece has spoilt."""

AHEAD_PIECES_MIN = 4
"""Pieces in a commit from which on it is worth to wake their callers twice."""

BREATH_SECONDS_MAX = 0.01
"""How long is waited at most before pieces are tried again of which none succeeded."""

T = TypeVar("T")


class Undone(Exception):
    """Raised by a piece of work to take back all it did and still answer: a dry run."""

    def __init__(self, result: object) -> None:
        super().__init__("undone on purpose")
        self.result = result


class _Spoilt(Exception):
    """Raised where a piece has changed something and was then refused: the whole transaction is taken back."""


class _Piece(Generic[T]):
    """A piece of work with the place where its outcome is awaited, and on whose behalf it is done.

    `apart` tells that it will be undone.
    """

    __slots__ = (
        "again",
        "ahead",
        "apart",
        "behalf",
        "context",
        "error",
        "errand",
        "future",
        "is_stored",
        "loop",
        "put",
        "result",
        "undone",
        "until",
        "work",
    )

    def __init__(
        self,
        work: Callable[[Transaction], T],
        behalf: Behalf,
        loop: asyncio.AbstractEventLoop | None,
        future: "asyncio.Future[T] | Future[T]",
        *,
        apart: bool,
        ahead: Callable[[T], object] | None = None,
    ) -> None:
        self.work = work
        self.apart = apart
        self.ahead = ahead
        self.behalf = behalf
        self.loop = loop
        self.future = future
        self.context = contextvars.copy_context()
        self.errand = ERRAND.get()
        self.put = time.time_ns()
        self.undone = False
        self.result: T | None = None
        self.error: BaseException | None = None
        self.again = False
        self.is_stored = False
        self.until = 0.0

    def begin_again(self) -> None:
        """Forget what came of the work, since that was taken back."""
        self.again, self.is_stored, self.result, self.error = False, False, None, None

    def fail(self, error: Exception) -> None:
        """Note how the work was broken off: on purpose, by another server, or by a refusal."""
        match error:
            case Undone():
                self.undone = True
                self.result = error.result  # type: ignore[assignment]  # a piece is undone with its own result
            case Contended():
                self.contended(error)
            case _:
                self.error = error

    def contended(self, error: Contended) -> None:
        """Have the piece done again, unless that was tried for too long."""
        now = time.monotonic()
        self.until = self.until or now + CONTENDED_SECONDS_MAX
        self.again = now < self.until
        if not self.again:
            self.error = error

    def is_wanted(self) -> bool:
        """Whether somebody still waits for the piece, or it belongs to something that was begun."""
        behalf = self.behalf
        if behalf.begun:
            return True
        return not self.future.cancelled() and (behalf.gone is None or not behalf.gone())


class Writer:
    """Runs pieces of work in transactions, on its own thread, as their tenants take turns."""

    def __init__(self, store: Store, bounds: Bounds | None = None, observed: Observed | None = None) -> None:
        self._store = store
        self._observed = observed or Observed()
        self._bounds = bounds or Bounds()
        self._queue: FairQueue[_Piece[Any]] = FairQueue()
        self._drain = Drain(BATCH_MAX)
        least = min(self._bounds.waiting, self._bounds.tenant_waiting) * min(SHARES.values())
        self._freely = min(BATCH_MAX, int(least))
        self._lock = threading.Lock()
        self._ready = threading.Condition(self._lock)
        self._idle = False
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
        ahead: Callable[[T], object] | None = None,
    ) -> T:
        """Run a piece of work and return its result once it is stored.

        It counts for whom the call is made (`BEHALF`) if nobody else is named. Whoever stops waiting before it is begun
        stops it; later that stops nothing. `apart` says that the piece is going to raise after it has changed something,
        as dry runs do. What is to be done `ahead` with the result may be done with one that is never stored, or not at all.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        whose = behalf or BEHALF.get() or own_work("")
        piece = _Piece(work, whose, loop, future, apart=apart, ahead=ahead)
        self._put(piece)
        result = await future
        whose.begun = whose.begun or piece.is_stored
        return result

    def do_now(self, work: Callable[[Transaction], T]) -> T:
        """Run a piece of work from a thread without an event loop, and wait for it."""
        future: Future[T] = Future()
        self._put(_Piece(work, own_work(""), None, future, apart=False))
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

    def _put(self, piece: _Piece[Any]) -> None:
        behalf = piece.behalf
        with self._lock:
            if self._closing:
                raise FlowMasterError(
                    "server.closing", "The server is shutting down.", fix="Repeat the call.", status=503
                )
            if not behalf.begun:
                self._refuse_beyond(behalf.tenant, behalf.urgency)
            self._queue.put(behalf.tenant, piece, finishing=behalf.urgency is Urgency.FINISHING)
            if self._idle:
                self._idle = False
                self._ready.notify()

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

    def _run(self) -> None:
        while True:
            with self._lock:
                while not len(self._queue) and not self._closing:
                    self._idle = True
                    self._ready.wait()
                self._idle = False
                if not len(self._queue):
                    return
            begun = time.time_ns()
            batch, failure = self._store_batch()
            self._told(batch, begun, failure)
            again = [piece for piece in batch if piece.again]
            _tell([piece for piece in batch if not piece.again])
            if again:
                self._put_back(again, alone=len(again) == len(batch))

    def _put_back(self, again: list[_Piece[Any]], *, alone: bool) -> None:
        """Put pieces in front of what waits for their tenants; where nothing else was done, after a breath."""
        if alone:
            time.sleep(random.uniform(0.001, BREATH_SECONDS_MAX))
        by_tenant: dict[str, list[_Piece[Any]]] = {}
        for piece in again:
            piece.again = False
            by_tenant.setdefault(piece.behalf.tenant, []).append(piece)
        with self._lock:
            for tenant, pieces in by_tenant.items():
                self._queue.put_back(tenant, pieces)

    def _store_batch(self) -> tuple[list[_Piece[Any]], str]:
        """Store what waits, as much as one commit takes; return it, and why none of it was stored, if so."""
        failure = ""
        batch: list[_Piece[Any]] = []
        begun = time.monotonic()
        self._drain.begin(begun)
        self._worked = 0.0
        try:
            self._commit(batch)
        except Contended as error:
            for piece in self._met(batch):
                piece.contended(error)
            failure = "contended"
        except FlowMasterError as error:
            _fail(self._met(batch), error)
            failure = error.code
            self._observed.health.broken(WRITER, error.code, error.message)
        except Exception as error:
            logger.exception("A commit of %d changes failed", len(batch))
            _fail(self._met(batch), error)
            failure = "server.fault"
            self._observed.health.broken(WRITER, failure, "A commit failed; the log tells why.")
        else:
            self._observed.health.works(WRITER)
        self._drain.end(len(batch), work=self._worked, whole=time.monotonic() - begun)
        return batch, failure

    def _met(self, batch: list[_Piece[Any]]) -> list[_Piece[Any]]:
        """Return the pieces that a failure meets: those of the commit, and where it could not begin those it was for."""
        if not batch:
            with self._lock:
                batch += [self._queue.take()[1] for _ in range(min(len(self._queue), BATCH_MAX))]
        return batch

    def _commit(self, batch: list[_Piece[Any]]) -> None:
        """Store what pieces do in one transaction, or in a second one if it was spoilt; `batch` gets the pieces."""
        together = self._apart_commits == 0
        if not together:
            self._apart_commits -= 1
        try:
            with self._store.transaction() as transaction:
                self._work_through(batch, transaction, together=together)
                _look_ahead(batch)
        except _Spoilt:
            if len(batch) == 1:
                return
            self._apart_commits = APART_COMMITS - 1
            with self._store.transaction() as transaction:
                for piece in batch:
                    piece.begin_again()
                    _work_on(piece, transaction, together=False)

    def _work_through(self, batch: list[_Piece[Any]], transaction: Transaction, *, together: bool) -> None:
        """Run what waits by now, one piece after the other as their tenants take turns, each charged to its tenant."""
        patience = self._drain.work_seconds
        most = min(BATCH_MAX, len(self._queue))
        took, tenant, last = 0.0, "", time.perf_counter()
        while len(batch) < most and self._worked < patience:
            with self._lock:
                self._queue.charge(tenant, took)
                if not len(self._queue):
                    break
                tenant, piece = self._queue.take()
            batch.append(piece)
            _work_on(piece, transaction, together=together)
            now = time.perf_counter()
            took, last = now - last, now
            self._worked += took

    def _told(self, batch: list[_Piece[Any]], begun: int, failure: str) -> None:
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


def _work_on(piece: _Piece[Any], transaction: Transaction, *, together: bool) -> None:
    if not piece.is_wanted():
        piece.error = _abandoned()
    elif together and not piece.apart:
        _run_piece(piece, transaction)
    else:
        _run_apart(piece, transaction)


def _run_piece(piece: _Piece[Any], transaction: Transaction) -> None:
    """Run a piece that is not expected to be refused; if it is after it has changed something, all is spoilt."""
    before = transaction.touched()
    try:
        piece.result = piece.context.run(piece.work, transaction)
        piece.is_stored = True
    except Exception as error:
        piece.fail(error)
        now = transaction.touched()
        if now < 0:
            raise
        if now != before:
            raise _Spoilt from error


def _run_apart(piece: _Piece[Any], transaction: Transaction) -> None:
    """Run a piece whose changes can be undone alone."""
    try:
        with transaction.savepoint():
            piece.result = piece.context.run(piece.work, transaction)
        piece.is_stored = True
    except Exception as error:
        piece.fail(error)
        if transaction.touched() < 0:
            raise


def _look_ahead(batch: list[_Piece[Any]]) -> None:
    """Let callers do what they do ahead of the commit that comes next."""
    if len(batch) < AHEAD_PIECES_MIN:
        return
    by_loop: dict[asyncio.AbstractEventLoop, list[Callable[[], object]]] = {}
    for piece in batch:
        if piece.ahead is not None and piece.loop is not None and piece.is_stored:
            do = partial(piece.context.copy().run, piece.ahead, piece.result)
            by_loop.setdefault(piece.loop, []).append(do)
    for loop, things in by_loop.items():
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_do_ahead, things)


def _do_ahead(things: list[Callable[[], object]]) -> None:
    for do in things:
        try:
            do()
        except Exception:  # Who waits for the commit does it again, and is told.
            logger.debug("Nothing was made ready ahead of a commit", exc_info=True)


def _abandoned() -> FlowMasterError:
    return FlowMasterError(
        "request.abandoned",
        "The caller hung up before the change was begun; it was dropped.",
        fix="Repeat the call if it is still wanted: nothing has changed.",
        status=408,
    )


def _fail(batch: list[_Piece[Any]], error: BaseException) -> None:
    for piece in batch:
        piece.again = False
        piece.error = piece.error or error


def _tell(batch: list[_Piece[Any]]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[_Piece[Any]]] = {}
    for piece in batch:
        if piece.loop is None:
            _settle(piece)
        else:
            by_loop.setdefault(piece.loop, []).append(piece)
    for loop, pieces in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle_all, pieces)
        except RuntimeError:
            logger.warning("%d callers went away before their changes were stored", len(pieces))


def _settle_all(pieces: list[_Piece[Any]]) -> None:
    for piece in pieces:
        _settle(piece)


def _settle(piece: _Piece[Any]) -> None:
    if piece.future.done():
        return
    if piece.error is not None:
        piece.future.set_exception(piece.error)
    else:
        piece.future.set_result(piece.result)
