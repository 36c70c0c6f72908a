"""One connection to PostgreSQL, in the words that the shared statements are written in."""

import asyncio
import os
import re
import socket
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final, TypeVar

import asyncpg

from flowmaster.stores.postgres.address import Address
from flowmaster.stores.postgres.errors import told, unreachable
from flowmaster.stores.postgres.held import Held
from flowmaster.stores.postgres.loops import Loop
from flowmaster.stores.sql.database import Row, Values

CONNECT_SECONDS: Final = 5.0
"""How long is tried to reach the database."""

STATEMENT_SECONDS: Final = 8.0
"""How long one statement may take, whatever it waits for; no call blocks for 10 seconds."""

LOCK_SECONDS: Final = 5
"""How long a statement waits for a row that another server is changing."""

IDLE_SECONDS: Final = 15
"""How long the database keeps a transaction open whose server says nothing, and what it has locked from others."""

ROWS_AT_ONCE: Final = 500
"""Rows of a long result that are brought in one piece."""

T = TypeVar("T")

_SETTINGS: Final = {
    "application_name": f"flowmaster {socket.gethostname()[:40]}:{os.getpid()}",
    "lock_timeout": f"{LOCK_SECONDS}s",
    "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
    "jit": "off",
}
_PLACE: Final = re.compile(r"\?")
_FAILURES: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, asyncio.TimeoutError)


class Connection:
    """A connection that speaks in lists of rows and in FlowMaster's errors."""

    def __init__(self, address: Address, loop: Loop) -> None:
        """Connect.

        Raises:
            FlowMasterError: the database cannot be reached (`store.unreachable`).
        """
        self._address = address
        self._loop = loop
        settings = {**_SETTINGS, "search_path": quoted(address.schema)}
        try:
            self._raw: asyncpg.Connection = loop.run(
                asyncpg.connect(
                    address.dsn,
                    timeout=CONNECT_SECONDS,
                    command_timeout=STATEMENT_SECONDS,
                    statement_cache_size=1_000,
                    server_settings=settings,
                )
            )
        except (*_FAILURES, ValueError) as error:
            raise unreachable(error, address.shown) from error
        self._waiting: list[str] = []
        self._held = Held()
        self._apart = Apart(self)
        self.changes = 0
        """How many statements were run that change something, or failed."""

    @property
    def address(self) -> Address:
        """Where the database is."""
        return self._address

    @property
    def raw(self) -> asyncpg.Connection:
        """The connection of the driver."""
        return self._raw

    @property
    def is_open(self) -> bool:
        """Whether the database was there when it was asked last."""
        return not self._raw.is_closed()

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self.is_open and self._raw.is_in_transaction()

    @property
    def apart(self) -> "Apart":
        """This connection for what no change that is held back can touch."""
        return self._apart

    def all(self, statement: str, values: Values = ()) -> list[Row]:
        """Run a statement and return all its rows."""
        self.flush()
        return self._apart.all(statement, values)

    def one(self, statement: str, values: Values = ()) -> Row | None:
        """Run a statement and return its first row, or None."""
        self.flush()
        return self._apart.one(statement, values)

    def value(self, statement: str, values: Values = ()) -> Any:
        """Run a statement and return the first value of its first row, or None."""
        self.flush()
        return self._apart.value(statement, values)

    def run(self, statement: str, values: Values = ()) -> None:
        """Run a change."""
        self.all(statement, values)

    def write(self, instance: int, statement: str, values: Values) -> None:
        """Run a change of rows that belong to an instance, held back until something else is asked for."""
        self.changes += 1
        self._held.add(instance, statement, values)
        if self._held.full:
            self.flush()

    def flush(self) -> None:
        """Run what is held back."""
        if self._held:
            for group in self._held.take():
                self._do(self._raw.executemany(_own(group.statement), group.values))

    def drop_held(self) -> None:
        """Forget what is held back."""
        self._held.take()

    def count(self, statement: str, values: Values = ()) -> int:
        """Run a change and return how many rows it met."""
        self.flush()
        self._count(statement)
        status: str = self._do(self._raw.execute(_own(statement), *values))
        return int(status.rpartition(" ")[2])

    def insert(self, statement: str, values: Values = (), *, number: str = "num") -> int:
        """Run an insertion and return the number of the new row, which stands in the column `number`."""
        return int(self.value(f"{statement} RETURNING {number}", values))

    def insert_new(self, statement: str, values: Values) -> int | None:
        """Run an insertion that does nothing where the row is there; return the number of the new row, None without one."""
        number: int | None = self._apart.value(f"{statement} RETURNING num", values)
        return number

    def each(self, statement: str, values: Values = ()) -> Iterator[Row]:
        """Run a statement and bring its rows piece by piece, for results too long for a list."""
        self.flush()
        with self.snapshot():
            cursor = self._do(self._cursor(statement, values))
            while found := self._do(cursor.fetch(ROWS_AT_ONCE)):
                yield from map(tuple, found)

    def copy(self, table: str, columns: Sequence[str], records: Sequence[Row]) -> None:
        """Write rows with the numbers that they have."""
        self._do(
            self._raw.copy_records_to_table(
                table, schema_name=self._address.schema, columns=[*columns], records=records
            )
        )

    def script(self, text: str) -> None:
        """Run statements without values."""
        self._do(self._raw.execute(text))

    def later(self, text: str) -> None:
        """Run a statement without values before the next one, so that both cost one round trip less."""
        self._waiting.append(text)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let several reads see the same moment; nothing new inside a transaction."""
        if self.in_transaction:
            yield
            return
        self.script("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            yield
        finally:
            if self.in_transaction:
                self.script("COMMIT")

    def close(self) -> None:
        """Let go of the connection."""
        if self.is_open:
            try:
                self._loop.run(self._raw.close(timeout=2))
            except _FAILURES:
                self._raw.terminate()

    def _count(self, statement: str) -> None:
        if not statement.startswith("SELECT"):
            self.changes += 1

    async def _cursor(self, statement: str, values: Values) -> Any:
        return await self._raw.cursor(_own(statement), *values)

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            return self._loop.run(self._after_waiting(work) if self._waiting else work)
        except _FAILURES as error:
            self.changes += 1
            if isinstance(error, asyncio.TimeoutError):  # Nobody knows what the other side still does.
                self._raw.terminate()
            raise told(error, self._address.shown) from error

    async def _after_waiting(self, work: Coroutine[Any, Any, T]) -> T:
        script, self._waiting = "; ".join(self._waiting), []
        try:
            await self._raw.execute(script)
        except BaseException:
            work.close()
            raise
        return await work


class Apart:
    """A connection for reads and changes that nothing which is held back can touch."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self, statement: str, values: Values = ()) -> list[Row]:
        """Run a statement and return all its rows."""
        line = self._connection
        line._count(statement)
        return [tuple(row) for row in line._do(line._raw.fetch(_own(statement), *values))]

    def one(self, statement: str, values: Values = ()) -> Row | None:
        """Run a statement and return its first row, or None."""
        line = self._connection
        line._count(statement)
        row = line._do(line._raw.fetchrow(_own(statement), *values))
        return None if row is None else tuple(row)

    def value(self, statement: str, values: Values = ()) -> Any:
        """Run a statement and return the first value of its first row, or None."""
        line = self._connection
        line._count(statement)
        return line._do(line._raw.fetchval(_own(statement), *values))


@lru_cache(maxsize=1_000)
def _own(statement: str) -> str:
    """Return a shared statement as PostgreSQL takes it: places by number, without hints to SQLite's planner."""
    number = 0

    def place(_: re.Match[str]) -> str:
        nonlocal number
        number += 1
        return f"${number}"

    text = statement.replace("CROSS JOIN", "JOIN").replace("NOT INDEXED", "").replace(" LIKE ", " ILIKE ")
    return _PLACE.sub(place, text)


def quoted(name: str) -> str:
    """Return a name as SQL takes it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'
