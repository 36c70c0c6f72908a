"""The single writer: one thread that stores the work of all callers, many pieces to one commit.

Callers never wait for each other's disk: while one commit is on its way to the disk, the next pieces queue up
and then share the following commit (group commit). A piece that is refused takes nothing of the others with it:
mostly it has changed nothing yet; where it has, the commit is done again with a savepoint for each piece, which is
too dear to have always. An answer is given only after the commit. A piece that met another server at the same thing
is done again in the next commit.
"""

import asyncio
import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Generic, TypeVar

from flowmaster.engine.errors import FlowMasterError
from flowmaster.stores.protocol import Store, Transaction
from flowmaster.stores.rows import Contended

logger = logging.getLogger(__name__)

BATCH_MAX = 256
"""Pieces of work that share one commit at most."""

QUEUE_MAX = 10_000
"""Pieces of work that may wait; more are refused with `server.overloaded`."""

CONTENDED_SECONDS_MAX = 15.0
"""How long a piece is tried again while other servers are at the same thing."""

APART_COMMITS = 50
"""Commits with a savepoint for each piece after one that a refused piece has spoilt."""

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
    """A piece of work with the place where its outcome is awaited; `apart` tells that it will be undone."""

    __slots__ = ("again", "apart", "error", "future", "loop", "result", "until", "work")

    def __init__(
        self,
        work: Callable[[Transaction], T],
        loop: asyncio.AbstractEventLoop | None,
        future: "asyncio.Future[T] | Future[T]",
        *,
        apart: bool,
    ) -> None:
        self.work = work
        self.apart = apart
        self.loop = loop
        self.future = future
        self.result: T | None = None
        self.error: BaseException | None = None
        self.again = False
        self.until = 0.0

    def fail(self, error: Exception) -> None:
        """Note how the work was broken off: on purpose, by another server, or by a refusal."""
        match error:
            case Undone():
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


class Writer:
    """Runs pieces of work in transactions, on its own thread, in the order in which they came."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._queue: deque[_Piece[Any]] = deque()
        self._ready = threading.Condition()
        self._closing = False
        self._apart_commits = 0
        self._thread = threading.Thread(target=self._run, name="flowmaster-writer", daemon=True)
        self._thread.start()

    async def do(self, work: Callable[[Transaction], T], *, apart: bool = False) -> T:
        """Run a piece of work and return its result once it is stored; a caller that goes away stops nothing.

        `apart` says that the piece is going to raise after it has changed something, as dry runs do.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._put(_Piece(work, loop, future, apart=apart))
        return await future

    def do_now(self, work: Callable[[Transaction], T]) -> T:
        """Run a piece of work from a thread without an event loop, and wait for it."""
        future: Future[T] = Future()
        self._put(_Piece(work, None, future, apart=False))
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
            self._store_batch(batch)
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

    def _store_batch(self, batch: list[_Piece[Any]]) -> None:
        try:
            self._commit(batch)
        except Contended as error:
            for piece in batch:
                piece.contended(error)
        except FlowMasterError as error:
            _fail(batch, error)
        except Exception as error:
            logger.exception("A commit of %d changes failed", len(batch))
            _fail(batch, error)

    def _commit(self, batch: list[_Piece[Any]]) -> None:
        """Store what pieces do in one transaction, or in a second one if it was spoilt."""
        together = self._apart_commits == 0
        if not together:
            self._apart_commits -= 1
        try:
            with self._store.transaction() as transaction:
                for piece in batch:
                    if together and not piece.apart:
                        _run_piece(piece, transaction)
                    else:
                        _run_apart(piece, transaction)
        except _Spoilt:
            if len(batch) == 1:
                return
            self._apart_commits = APART_COMMITS
            for piece in batch:
                piece.again, piece.result, piece.error = False, None, None
            self._commit(batch)


def _run_piece(piece: _Piece[Any], transaction: Transaction) -> None:
    """Run a piece that is not expected to be refused; if it is after it has changed something, all is spoilt."""
    before = transaction.touched()
    try:
        piece.result = piece.work(transaction)
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
            piece.result = piece.work(transaction)
    except Exception as error:
        piece.fail(error)
        if transaction.touched() < 0:
            raise


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
