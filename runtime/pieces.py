"""Pieces of the writer's work: what each does in a transaction, and how its caller learns of the outcome."""

import asyncio
import contextlib
import contextvars
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, Generic, TypeVar

from flowmaster.engine.errors import FlowMasterError
from flowmaster.runtime.behalf import Behalf
from flowmaster.runtime.observation.errands import ERRAND
from flowmaster.stores.protocol import Transaction
from flowmaster.stores.rows import Contended

logger = logging.getLogger(__name__)

CONTENDED_SECONDS_MAX = 15.0
"""How long a piece is tried again while other servers are at the same thing."""

AHEAD_PIECES_MIN = 4
"""Pieces in a commit from which on it is worth to wake their callers twice."""

T = TypeVar("T")


class Undone(Exception):
    """Raised by a piece of work to take back all it did and still answer: a dry run."""

    def __init__(self, result: object) -> None:
        super().__init__("undone on purpose")
        self.result = result


class Spoilt(Exception):
    """Raised where a piece has changed something and was then refused: the whole transaction is taken back."""


class Piece(Generic[T]):
    """A piece of work with the place where its outcome is awaited, and on whose behalf it is done.

    `apart` tells that it will be undone, `lasting` that it may take longer than a step of an instance does.
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
        "lasting",
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
        apart: bool = False,
        lasting: bool = False,
        ahead: Callable[[T], object] | None = None,
    ) -> None:
        self.work = work
        self.apart = apart
        self.lasting = lasting
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


def work_on(piece: Piece[Any], transaction: Transaction, *, together: bool) -> None:
    """Do a piece if it is still wanted, `together` with others whose changes it may take with it (`Spoilt`)."""
    if not piece.is_wanted():
        piece.error = _abandoned()
    elif together and not piece.apart:
        _run_piece(piece, transaction)
    else:
        _run_apart(piece, transaction)


def _run_piece(piece: Piece[Any], transaction: Transaction) -> None:
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
            raise Spoilt from error


def _run_apart(piece: Piece[Any], transaction: Transaction) -> None:
    """Run a piece whose changes can be undone alone."""
    try:
        with transaction.savepoint():
            piece.result = piece.context.run(piece.work, transaction)
        piece.is_stored = True
    except Exception as error:
        piece.fail(error)
        if transaction.touched() < 0:
            raise


def look_ahead(batch: list[Piece[Any]]) -> None:
    """Let callers do on their loops what they do ahead of the commit that comes next, where it is worth it."""
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


def fail(batch: list[Piece[Any]], error: BaseException) -> None:
    """Have pieces refused that were not refused already."""
    for piece in batch:
        piece.again = False
        piece.error = piece.error or error


def tell(batch: list[Piece[Any]], near: asyncio.AbstractEventLoop | None = None) -> None:
    """Tell callers, on their loops, what came of their pieces; those at once whose loop runs here, which is `near`."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Piece[Any]]] = {}
    for piece in batch:
        if piece.loop is None or piece.loop is near:
            _settle(piece)
        else:
            by_loop.setdefault(piece.loop, []).append(piece)
    for loop, pieces in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle_all, pieces)
        except RuntimeError:
            logger.warning("%d callers went away before their changes were stored", len(pieces))


def _settle_all(pieces: list[Piece[Any]]) -> None:
    for piece in pieces:
        _settle(piece)


def _settle(piece: Piece[Any]) -> None:
    if piece.future.done():
        return
    if isinstance(piece.error, StopIteration):  # No future takes it.
        piece.future.set_exception(RuntimeError("A piece of work ended in StopIteration"))
    elif piece.error is not None:
        piece.future.set_exception(piece.error)
    else:
        piece.future.set_result(piece.result)
