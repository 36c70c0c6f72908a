"""Tells servers on one database what the others changed (LISTEN and NOTIFY)."""

import asyncio
import time
from collections.abc import Callable, Set
from contextlib import suppress
from secrets import token_hex
from typing import Final

import asyncpg

from flowmaster.stores.postgres.address import Address
from flowmaster.stores.postgres.connection import CONNECT_SECONDS
from flowmaster.stores.postgres.loops import SharedLoop

GAP_SECONDS: Final = 0.01
"""How long news is gathered before it is told: the database orders those who tell, one after the other."""

AGAIN_SECONDS: Final = 1.0
"""How long is waited before the database is tried again; until then everybody looks for changes by themselves."""

CLOCK_SECONDS: Final = 10.0
"""How often the clock of the database is looked at."""

Told = Callable[[Set[str]], None]


async def ahead_of(line: asyncpg.Connection) -> int:
    """Return how many milliseconds the clock of a database is ahead of this machine's, half a round trip uncertain."""
    before = time.time()
    theirs: float = await line.fetchval("SELECT extract(epoch FROM clock_timestamp())::FLOAT8")
    return round((theirs - (before + time.time()) / 2) * 1000)


class News:
    """A connection that hears what other servers tell, and tells what this one changed."""

    def __init__(self, address: Address, loop: SharedLoop) -> None:
        self._address = address
        self._channel = f"flowmaster_{address.schema}"
        self._loop = loop
        self._name = token_hex(4)
        self._topics: set[str] = set()
        self.ahead = 0
        self._told: Told | None = None
        self._task: asyncio.Task[None] | None = None
        self._wake: asyncio.Event | None = None
        self._closing = False

    def hear(self, told: Told) -> None:
        """Call `told` with what others tell from now on."""
        self._told = told
        self._loop.run(self._open())

    def tell(self, topics: Set[str]) -> None:
        """Tell the others soon."""
        if self._wake is not None:
            self._loop.loop.call_soon_threadsafe(self._add, frozenset(topics))

    def close(self) -> None:
        """Stop."""
        if self._task is not None:
            self._loop.run(self._close())

    def _add(self, topics: Set[str]) -> None:
        assert self._wake is not None
        self._topics |= topics
        self._wake.set()

    async def _open(self) -> None:
        self._wake = asyncio.Event()
        self._task = asyncio.create_task(self._go())

    async def _close(self) -> None:
        assert self._task is not None
        assert self._wake is not None
        # A cancellation that comes with the end of a wait can be lost (CPython, bpo-37658).
        self._closing = True
        self._wake.set()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _go(self) -> None:
        while not self._closing:
            try:
                await self._listen()
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
                await asyncio.sleep(AGAIN_SECONDS)

    async def _listen(self) -> None:
        assert self._wake is not None
        line = await asyncpg.connect(
            self._address.dsn, timeout=CONNECT_SECONDS, command_timeout=CONNECT_SECONDS
        )
        try:
            await line.add_listener(self._channel, self._heard)
            line.add_termination_listener(lambda _: self._add(frozenset()))
            looked = 0.0
            while not line.is_closed() and not self._closing:
                if time.monotonic() - looked > CLOCK_SECONDS:
                    self.ahead, looked = await ahead_of(line), time.monotonic()
                with suppress(TimeoutError):
                    async with asyncio.timeout(CLOCK_SECONDS):
                        await self._wake.wait()
                self._wake.clear()
                topics, self._topics = self._topics, set()
                if topics:
                    await line.execute(
                        "SELECT pg_notify($1, $2)", self._channel, " ".join((self._name, *topics))
                    )
                await asyncio.sleep(GAP_SECONDS)
        finally:
            line.terminate()

    def _heard(self, _line: object, _process: int, _channel: str, text: object) -> None:
        name, *topics = str(text).split(" ")
        if name != self._name and self._told is not None:
            self._told(frozenset(topics))
