"""Reads for any thread, over a few connections that the threads share."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from flowmaster.engine.errors import FlowMasterError
from flowmaster.stores.postgres.address import Address
from flowmaster.stores.postgres.connection import Connection
from flowmaster.stores.postgres.feed import CommitOrder
from flowmaster.stores.postgres.loops import SharedLoop
from flowmaster.stores.postgres.silence import Silence
from flowmaster.stores.sql.census import CensusReader
from flowmaster.stores.sql.database import Row, Values
from flowmaster.stores.sql.definitions import DefinitionReader
from flowmaster.stores.sql.facts import FactReader
from flowmaster.stores.sql.jobs import JobReader
from flowmaster.stores.sql.links import LinkReader
from flowmaster.stores.sql.long_calls import LongCallReader
from flowmaster.stores.sql.messages import MessageReader
from flowmaster.stores.sql.sent import SentReader
from flowmaster.stores.sql.tracing import TraceReader
from flowmaster.stores.sql.waits import WaitReader
from flowmaster.stores.sql.words import Vocabulary, Words

READERS_MAX: Final = 8
"""Connections that one server reads over."""

ONLY_READ: Final = "nothing is changed over the connections for reading"

T = TypeVar("T")


class Pool:
    """Connections for reading; a thread borrows one for a statement, or for all that sees one moment."""

    def __init__(self, address: Address, loop: SharedLoop, silence: Silence) -> None:
        self._address = address
        self._loop = loop
        self._silence = silence
        self._free: list[Connection] = []
        self._room = threading.BoundedSemaphore(READERS_MAX)
        self._mine = threading.local()

    def all(self, statement: str, values: Values = ()) -> list[Row]:
        """Run a statement and return all its rows."""
        return self._read(lambda db: db.all(statement, values))

    def one(self, statement: str, values: Values = ()) -> Row | None:
        """Run a statement and return its first row, or None."""
        return self._read(lambda db: db.one(statement, values))

    def value(self, statement: str, values: Values = ()) -> Any:
        """Run a statement and return the first value of its first row, or None."""
        return self._read(lambda db: db.value(statement, values))

    def each(self, statement: str, values: Values = ()) -> Iterator[Row]:
        """Run a statement and bring its rows piece by piece."""
        with self.snapshot() as db:
            yield from db.each(statement, values)

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Let several reads see the same moment."""
        held: Connection | None = getattr(self._mine, "held", None)
        if held is not None:
            yield held
            return
        with self._borrowed() as db, db.snapshot():
            self._mine.held = db
            try:
                yield db
            finally:
                self._mine.held = None

    def run(self, statement: str, values: Values = ()) -> None:
        """Refuse: nothing is changed over these connections."""
        raise AssertionError(ONLY_READ)

    def write(self, instance: int, statement: str, values: Values) -> None:
        """Refuse: nothing is changed over these connections."""
        raise AssertionError(ONLY_READ)

    @property
    def apart(self) -> "Pool":
        """These connections: nothing is held back."""
        return self

    def count(self, statement: str, values: Values = ()) -> int:
        """Refuse: nothing is changed over these connections."""
        raise AssertionError(ONLY_READ)

    def insert(self, statement: str, values: Values = (), *, number: str = "num") -> int:
        """Refuse: nothing is changed over these connections."""
        raise AssertionError(ONLY_READ)

    def insert_new(self, statement: str, values: Values) -> int | None:
        """Refuse: nothing is changed over these connections."""
        raise AssertionError(ONLY_READ)

    def close(self) -> None:
        """Let go of all connections."""
        while self._free:
            self._free.pop().close()

    def _read(self, work: Callable[[Connection], T]) -> T:
        """Read, once more over a new connection if the one at hand was cut off while it lay idle."""
        held: Connection | None = getattr(self._mine, "held", None)
        if held is not None:
            return work(held)
        line: Connection | None = None
        try:
            with self._borrowed() as line:
                return work(line)
        except FlowMasterError:
            if line is None or line.is_open:
                raise
        with self._borrowed() as db:
            return work(db)

    @contextmanager
    def _borrowed(self) -> Iterator[Connection]:
        with self._room, self._silence.noticed():
            self._silence.check()
            while self._free and not self._free[-1].is_open:
                self._free.pop()
            db = self._free.pop() if self._free else Connection(self._address, self._loop)
            try:
                yield db
            finally:
                if db.is_open:
                    self._free.append(db)
                else:
                    self._free.clear()


class PostgresReader(
    CensusReader,
    CommitOrder,
    WaitReader,
    JobReader,
    MessageReader,
    DefinitionReader,
    FactReader,
    LongCallReader,
    LinkReader,
    SentReader,
    TraceReader,
):
    """Reads for any thread."""

    def __init__(self, pool: Pool, known: Vocabulary) -> None:
        self._db = pool
        self._words = Words(pool, known)

    def servers(self) -> list[str]:
        """Return the names under which servers are connected to the database, as far as this user may see them."""
        found = self._db.all(
            "SELECT DISTINCT application_name FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name LIKE 'flowmaster %'"
        )
        return sorted(name.removeprefix("flowmaster ") for (name,) in found)
