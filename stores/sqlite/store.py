"""The SQLite store: transactions with savepoints on one connection, reads on one connection per thread."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from weakref import WeakSet

from flowmaster.engine.errors import FlowMasterError
from flowmaster.stores import refusals
from flowmaster.stores.rows import NotAtOnce
from flowmaster.stores.sql.census import CensusReader
from flowmaster.stores.sql.definitions import DefinitionReader
from flowmaster.stores.sql.erasing import TraceEraser
from flowmaster.stores.sql.facts import FactReader
from flowmaster.stores.sql.jobs import JobReader, JobWriter
from flowmaster.stores.sql.journal import JournalReader
from flowmaster.stores.sql.links import LinkReader, LinkWriter
from flowmaster.stores.sql.long_calls import LongCallReader, LongCallWriter
from flowmaster.stores.sql.messages import MessageReader
from flowmaster.stores.sql.seen import Seen
from flowmaster.stores.sql.sent import SentReader, SentWriter
from flowmaster.stores.sql.tracing import TraceReader
from flowmaster.stores.sql.waits import WaitReader
from flowmaster.stores.sql.words import Vocabulary, Words
from flowmaster.stores.sqlite.connection import BUSY_MS_MAX, Connection
from flowmaster.stores.sqlite.scrub import scrub, size
from flowmaster.stores.traces import Scrubbed

LOOK_SECONDS: Final = 0.5
"""How often is looked whether the file is still there."""


class SqliteReader(
    CensusReader,
    JournalReader,
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
    """Reads for any thread, each on a connection of its own."""

    def __init__(self, path: Path, known: Vocabulary, *, busy_ms_max: int) -> None:
        self._path = path
        self._known = known
        self._busy_ms_max = busy_ms_max
        self._local = threading.local()
        self._open: WeakSet[Connection] = WeakSet()

    @property
    def _db(self) -> Connection:  # type: ignore[override]  # made when a thread first reads, never assigned
        try:
            db: Connection = self._local.db
        except AttributeError:
            db = Connection(self._path, busy_ms_max=self._busy_ms_max, read_only=True)
            self._local.db, self._local.words = db, Words(db, self._known)
            self._open.add(db)
        return db

    @property
    def _words(self) -> Words:  # type: ignore[override]  # goes with the thread's connection
        assert self._db
        words: Words = self._local.words
        return words

    def close(self) -> None:
        """Let go of the file in all threads."""
        for db in list(self._open):
            db.close()


class SqliteTransaction(TraceEraser, JobWriter, LongCallWriter, LinkWriter, SentWriter):
    """A write under way on the one writing connection of this process."""

    def __init__(self, db: Connection, words: Words) -> None:
        self._db = self._connection = db
        self._words = words
        self._seen = Seen(lasting=True)
        self._version = 0
        self._numbers: dict[tuple[str, str], int] = {}
        self._numbered = 0

    def savepoint(self) -> "_Savepoint":
        """Open a part of the transaction that is undone alone if it raises."""
        return _Savepoint(self)

    def touched(self) -> int:
        """Return how many rows this connection has changed since it was opened, -1 without a transaction."""
        if not self._connection.in_transaction:
            return -1
        return self._connection.raw.total_changes() + self._numbered

    def next_number(self, tenant: str, name: str) -> int:
        """Return the next number of a counter, from 1; the counter itself is written once a transaction."""
        last = self._numbers.get((tenant, name))
        if last is None:
            last = self._db.value(
                "SELECT value FROM counter WHERE tenant = ? AND name = ?", (self._words.find(tenant), name)
            )
        number = self._numbers[tenant, name] = (last or 0) + 1
        self._numbered += 1
        return number

    def counter(self, tenant: str, name: str) -> int:
        """Return the last number of a counter, 0 if it was never used."""
        return self._numbers.get((tenant, name)) or super().counter(tenant, name)

    def flush(self) -> None:
        """Write the counters that have moved."""
        for (tenant, name), number in self._numbers.items():
            self._db.run(
                "INSERT INTO counter (tenant, name, value) VALUES (?, ?, ?)"
                " ON CONFLICT (tenant, name) DO UPDATE SET value = excluded.value",
                (self._words.number(tenant), name, number),
            )
        self._numbers.clear()

    def begin(self) -> None:
        """Forget the states at rest if somebody else has written since."""
        version = self._db.value("PRAGMA data_version")
        if version != self._version:
            self._version = version
            self._seen.forget_resting()

    def end(self, *, committed: bool) -> None:
        """Keep or drop what was remembered for the time of the transaction."""
        if committed:
            self._seen.settle()
            self._words.settle()
        else:
            self.forget(0)

    def forget(self, words: int) -> None:
        """Drop what was remembered, and the words that were added since there were so many, since it is undone."""
        self._numbers.clear()
        self._seen.forget()
        self._words.forget(words)


class _Savepoint:
    """A part of a transaction; written out as a class, since many steps pass through one."""

    __slots__ = ("_mark", "_transaction")

    def __init__(self, transaction: SqliteTransaction) -> None:
        self._transaction = transaction

    def __enter__(self) -> None:
        transaction = self._transaction
        transaction.flush()
        self._mark = transaction._words.mark
        transaction._connection.run("SAVEPOINT part")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        transaction, db = self._transaction, self._transaction._connection
        if kind is None:
            db.run("RELEASE part")
            return
        if db.in_transaction:
            db.run("ROLLBACK TO part")
            db.run("RELEASE part")
        transaction.forget(self._mark)


class SqliteStore:
    """A store in one file, shared with other processes on the same machine."""

    def __init__(self, path: Path, *, busy_ms_max: int = BUSY_MS_MAX, read_only: bool = False) -> None:
        """Open the file; one that is only read must be there, else it is made with its folder, for this user alone."""
        self._read_only = read_only
        if read_only and not path.is_file():
            raise FlowMasterError(
                "store.absent",
                f"There is no data in {str(path.parent)!r} that could be read.",
                fix="Name the data folder of a server that has run, with `--data`.",
                status=404,
            )
        try:
            if not read_only:
                _make(path)
        except OSError as error:
            raise FlowMasterError(
                "store.unwritable",
                f"The folder {str(path.parent)!r} cannot be made or written ({error.strerror}).",
                fix="Choose a folder that this user may write with `--data`.",
                status=500,
            ) from error
        self._known = Vocabulary()
        self._db = Connection(path, busy_ms_max=busy_ms_max, read_only=read_only)
        if read_only:
            self._db.check()
        self._transaction = SqliteTransaction(self._db, Words(self._db, self._known))
        self._reader = SqliteReader(path, self._known, busy_ms_max=busy_ms_max)
        self._writing = threading.Lock()
        found = path.stat()
        self._path, self._file, self._looked = path, (found.st_dev, found.st_ino), 0.0

    @contextmanager
    def transaction(self, *, at_once: bool = False) -> Iterator[SqliteTransaction]:
        """Begin the one write of this process; waits for other processes, at most `BUSY_MS_MAX` (`store.busy`).

        One that is to begin `at_once` raises `NotAtOnce` instead of waiting, and leaves a full log to the next one.
        """
        if self._read_only:
            raise refusals.read_only()
        if not self._writing.acquire(blocking=not at_once):
            raise NotAtOnce
        try:
            self._look_after_file()
            self._db.begin(at_once=at_once)
            try:
                self._transaction.begin()
                yield self._transaction
                self._transaction.flush()
                self._db.run("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.run("ROLLBACK")
                self._transaction.end(committed=False)
                raise
            self._transaction.end(committed=True)
        finally:
            self._writing.release()

    def is_near(self) -> bool:
        """Whether a transaction takes no longer now than its work and a flush: not where the log is full."""
        return not self._db.log_full

    def _look_after_file(self) -> None:
        """Refuse to write into a file that is no longer there: SQLite would go on, and all of it would be lost."""
        now = time.monotonic()
        if now < self._looked + LOOK_SECONDS:
            return
        try:
            found = self._path.stat()
        except OSError:
            found = None
        if found is None or (found.st_dev, found.st_ino) != self._file:
            raise FlowMasterError(
                "store.gone",
                f"The file {str(self._path)!r} was removed or replaced while this server runs; nothing of this call was"
                " stored.",
                fix="Stop this server; bring the file back, or restore a backup, and start it again.",
                status=500,
            )
        self._looked = now

    def reader(self) -> SqliteReader:
        """Return what any thread may read with."""
        return self._reader

    def servers(self) -> list[str]:
        """Return nothing: a file does not know who has it open."""
        return []

    def ahead(self) -> int:
        """Return 0: all processes are on this machine."""
        return 0

    def tell(self, topics: Set[str]) -> None:
        """Tell nobody: other processes on the file look by themselves."""

    def hear(self, told: Callable[[Set[str]], None]) -> None:
        """Hear nothing."""

    def scrub(self, *, only_look: bool = False) -> Scrubbed:
        """Write the file anew without what is gone, and empty the write-ahead log; other writers wait meanwhile."""
        if only_look:
            return size(self._reader._db)
        if self._read_only:
            raise refusals.read_only()
        with self._writing:
            return scrub(self._db)

    def close(self) -> None:
        """Let go of the store; it is not used afterwards."""
        self._reader.close()
        self._db.close()


def _make(path: Path) -> None:
    """Make the file and its folder where they are not there, for this user alone, so that a power failure keeps them.

    SQLite flushes the folder that holds the file, but not the folders that hold that one.
    """
    for folder in [path.parent, *path.parent.parents]:
        if folder.exists():
            break
    missing = path.parent.relative_to(folder).parts
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    for part in missing:
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
        folder /= part
