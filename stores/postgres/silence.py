"""Remembers that the database is silent, so that one call waits for it and not all of them, one after the other.

A database that is down refuses at once. One behind a cut line says nothing, and whoever asks finds out by waiting. From
then on calls are refused at once, while it is tried in the background whether it can be reached again.
"""

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Final

import asyncpg

from flowmaster.engine.errors import FlowMasterError
from flowmaster.stores.postgres.address import Address
from flowmaster.stores.postgres.connection import CONNECT_SECONDS
from flowmaster.stores.postgres.errors import unreachable
from flowmaster.stores.postgres.loops import SharedLoop

SILENT_SECONDS: Final = 2.0
"""A database that could not be reached after so long was silent; one that is down says so sooner."""

AGAIN_SECONDS: Final = 0.5
"""How long is waited before it is tried again whether a silent database can be reached."""

_AWAY: Final = ("store.unreachable", "store.in_doubt")


class Silence:
    """Whether the database is silent."""

    def __init__(self, address: Address, loop: SharedLoop) -> None:
        self._address = address
        self._loop = loop
        self._lock = threading.Lock()
        self._is_silent = False
        self._trying: Future[None] | None = None

    def check(self) -> None:
        """Refuse to ask a database that is silent.

        Raises:
            FlowMasterError: it is (`store.unreachable`).
        """
        if self._is_silent:
            raise unreachable(TimeoutError("it does not answer"), self._address.shown)

    @contextmanager
    def noticed(self) -> Iterator[None]:
        """Ask the database, and notice when it is silent."""
        began = time.monotonic()
        try:
            yield
        except FlowMasterError as error:
            if error.code in _AWAY and time.monotonic() - began >= SILENT_SECONDS:
                self._begin()
            raise

    def close(self) -> None:
        """Stop trying."""
        if self._trying is not None:
            self._trying.cancel()

    def _begin(self) -> None:
        with self._lock:
            if not self._is_silent:
                self._is_silent = True
                self._trying = asyncio.run_coroutine_threadsafe(self._try(), self._loop.loop)

    async def _try(self) -> None:
        while True:
            try:
                line = await asyncpg.connect(self._address.dsn, timeout=CONNECT_SECONDS)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                await asyncio.sleep(AGAIN_SECONDS)
            except OSError:  # It is refused now, so whoever asks is told at once.
                break
            else:
                line.terminate()
                break
        self._is_silent = False
