"""The single writer: one thread that stores the work of all callers, many pieces to one commit.

Callers never wait for each other's disk: while one commit is on its way to the disk, the next pieces queue up
and then share the following commit (group commit). Each piece has a savepoint of its own, so that one that is
refused takes nothing with it. An answer is given only after the commit. A piece that met another server at the same
thing is done again in the next commit.

A piece is done in the context of whoever asked for it, so that logs tell for whom; what a commit took is told to the
figures, and as a span below each errand whose work it holds.
"""

import asyncio
import contextvars
import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from flowmaster.engine.errors import FlowMasterError
from flowmaster.runtime.observation.errands import ERRAND
from flowmaster.runtime.observation.health import WRITER
from flowmaster.runtime.observation.observed import Observed
from flowmaster.runtime.observation.traces import Told, below
from flowmaster.stores.protocol import Store, Transaction
from flowmaster.stores.rows import Contended

logger = logging.getLogger(__name__)

BATCH_MAX = 256
"""Pieces of work that share one commit at most."""

QUEUE_MAX = 10_000
"""Pieces of work that may wait; more are refused with `server.overloaded`."""

CONTENDED_SECONDS_MAX = 15.0
"""How long a piece is tried again while other servers are at the same thing."""

BREATH_SECONDS_MAX = 0.01
"""How long is waited at most before pieces are tried again of which none succeeded."""

T = TypeVar("T")


class Undone(Exception):
    """Raised by a piece of work to take back all it did and still answer: a dry run."""

    def __init__(self, result: object) -> None:
        super().__init__("undone on purpose")
        self.result = result


class _Piece(Generic[T]):
    """A piece of work with the place where its outcome is awaited."""

    __slots__ = (
        "again",
        "context",
        "error",
        "errand",
        "future",
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
        loop: asyncio.AbstractEventLoop | None,
        future: "asyncio.Future[T] | Future[T]",
    ) -> None:
        self.work = work
        self.loop = loop
        self.future = future
        self.context = contextvars.copy_context()
        self.errand = ERRAND.get()
        self.put = time.time_ns()
        self.undone = False
        self.result: T | None = None
        self.error: BaseException | None = None
        self.again = False
        self.until = 0.0

    def contended(self, error: Contended) -> None:
        """Have the piece done again, unless that was tried for too long."""
        now = time.monotonic()
        self.until = self.until or now + CONTENDED_SECONDS_MAX
        self.again = now < self.until
        if not self.again:
            self.error = error


class Writer:
    """Runs pieces of work in transactions, on its own thread, in the order in which they came."""

    def __init__(self, store: Store, observed: Observed | None = None) -> None:
        self._store = store
        self._observed = observed or Observed()
        self._queue: deque[_Piece[Any]] = deque()
        self._ready = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="flowmaster-writer", daemon=True)
        self._thread.start()

    @property
    def depth(self) -> int:
        """How many pieces wait."""
        return len(self._queue)

    async def do(self, work: Callable[[Transaction], T]) -> T:
        """Run a piece of work and return its result once it is stored; a caller that goes away stops nothing."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._put(_Piece(work, loop, future))
        return await future

    def do_now(self, work: Callable[[Transaction], T]) -> T:
        """Run a piece of work from a thread without an event loop, and wait for it."""
        future: Future[T] = Future()
        self._put(_Piece(work, None, future))
        return future.result()

    def close(self) -> None:
        """Store what is queued, and stop."""
        with self._ready:
            self._closing = True
            self._ready.notify()
        self._thread.join()

    def _put(self, piece: _Piece[Any]) -> None:
        with self._ready:
            if self._closing:
                raise FlowMasterError(
                    "server.closing", "The server is shutting down.", fix="Repeat the call.", status=503
                )
            if len(self._queue) >= QUEUE_MAX:
                raise FlowMasterError(
                    "server.overloaded",
                    f"More than {QUEUE_MAX} changes are waiting to be stored.",
                    fix="Wait a moment and repeat the call.",
                    status=503,
                )
            self._queue.append(piece)
            if len(self._queue) == 1:
                self._ready.notify()

    def _run(self) -> None:
        while True:
            with self._ready:
                while not self._queue and not self._closing:
                    self._ready.wait()
                if not self._queue:
                    return
                batch = [self._queue.popleft() for _ in range(min(len(self._queue), BATCH_MAX))]
            begun = time.time_ns()
            failure = self._store_batch(batch)
            self._told(batch, begun, failure)
            again = [piece for piece in batch if piece.again]
            _tell([piece for piece in batch if not piece.again])
            if again:
                self._put_back(again, alone=len(again) == len(batch))

    def _put_back(self, again: list[_Piece[Any]], *, alone: bool) -> None:
        """Put pieces in front of the queue; where nothing else was done, after a breath."""
        if alone:
            time.sleep(random.uniform(0.001, BREATH_SECONDS_MAX))
        for piece in again:
            piece.again = False
        with self._ready:
            self._queue.extendleft(reversed(again))

    def _store_batch(self, batch: list[_Piece[Any]]) -> str:
        """Store pieces together; return why none of them was stored, nothing if they were."""
        try:
            with self._store.transaction() as transaction:
                for piece in batch:
                    _run_piece(piece, transaction)
        except Contended as error:
            for piece in batch:
                piece.contended(error)
            return "contended"
        except FlowMasterError as error:
            _fail(batch, error)
            self._observed.health.broken(WRITER, error.code, error.message)
            return error.code
        except Exception as error:
            logger.exception("A commit of %d changes failed", len(batch))
            _fail(batch, error)
            self._observed.health.broken(WRITER, "server.fault", "A commit failed; the log tells why.")
            return "server.fault"
        self._observed.health.works(WRITER)
        return ""

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


def _run_piece(piece: _Piece[Any], transaction: Transaction) -> None:
    try:
        with transaction.savepoint():
            piece.result = piece.context.run(piece.work, transaction)
    except Undone as undone:
        piece.result, piece.undone = undone.result, True
    except Contended as error:
        piece.contended(error)
    except Exception as error:  # noqa: BLE001 - the caller of this piece hears of it, the batch goes on
        piece.error = error


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
