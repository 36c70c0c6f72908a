"""The PostgreSQL store: one writing connection, one beside it, a few for reading, one for news."""

import threading
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager

from flowmaster.engine.errors import FlowMasterError
from flowmaster.stores import refusals
from flowmaster.stores.postgres.address import address_of
from flowmaster.stores.postgres.connection import Connection
from flowmaster.stores.postgres.loops import OwnLoop, SharedLoop
from flowmaster.stores.postgres.marks import Marks
from flowmaster.stores.postgres.migrate import migrate
from flowmaster.stores.postgres.news import News, ahead_of
from flowmaster.stores.postgres.readers import Pool, PostgresReader
from flowmaster.stores.postgres.scrub import scrub, size
from flowmaster.stores.postgres.silence import Silence
from flowmaster.stores.postgres.transaction import PostgresTransaction
from flowmaster.stores.rows import NotAtOnce
from flowmaster.stores.sql.words import Vocabulary
from flowmaster.stores.traces import Scrubbed


class PostgresStore:
    """A store in one schema of a database, shared with other servers on any machine."""

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        """Reach the database and bring its tables to the newest version, once, whoever comes first."""
        self._address = address_of(url)
        self._read_only = read_only
        self._known = Vocabulary()
        self._own = OwnLoop()
        self._shared = SharedLoop()
        self._silence = Silence(self._address, self._shared)
        self._pool = Pool(self._address, self._shared, self._silence)
        self._reader = PostgresReader(self._pool, self._known)
        self._news = News(self._address, self._shared)
        self._marks = Marks(self._address, self._own)
        self._writing = threading.Lock()
        self._lines: tuple[Connection, Connection] | None = None
        self._transaction: PostgresTransaction | None = None
        try:
            self._open(read_only=read_only)
        except BaseException:
            self.close()
            raise

    def _open(self, *, read_only: bool) -> None:
        line = Connection(self._address, self._own)
        try:
            migrate(line, self._address, only_look=read_only)
            self._news.ahead = self._own.run(ahead_of(line.raw))
        finally:
            line.close()

    @contextmanager
    def transaction(self, *, at_once: bool = False) -> Iterator[PostgresTransaction]:
        """Begin the one write of this process."""
        if at_once:
            raise NotAtOnce
        if self._read_only:
            raise refusals.read_only()
        with self._writing, self._silence.noticed():
            self._silence.check()
            transaction, line = self._begun()
            before = line.changes
            try:
                yield transaction
                line.flush()
                self._commit(line, changed=line.changes > before)
            except BaseException:
                if line.in_transaction:
                    line.script("ROLLBACK")
                transaction.end(committed=False)
                raise
            transaction.end(committed=True)

    def is_near(self) -> bool:
        """Return False: each statement waits for the database."""
        return False

    def reader(self) -> PostgresReader:
        """Return what any thread may read with."""
        return self._reader

    def servers(self) -> list[str]:
        """Return the names of the servers that are connected to the database."""
        return self._reader.servers()

    def ahead(self) -> int:
        """Return how many milliseconds the database's clock is ahead of this machine's."""
        return self._news.ahead

    def tell(self, topics: Set[str]) -> None:
        """Let other servers know that something of these kinds has changed."""
        self._news.tell(topics)

    def hear(self, told: Callable[[Set[str]], None]) -> None:
        """Have `told` called, from any thread, with what other servers tell."""
        self._news.hear(told)

    def scrub(self, *, only_look: bool = False) -> Scrubbed:
        """Have the database clear away the versions of rows that are gone; nobody waits for it."""
        if self._read_only and not only_look:
            raise refusals.read_only()
        loop = OwnLoop()
        try:
            line = Connection(self._address, loop)
            try:
                return size(line) if only_look else scrub(line, loop)
            finally:
                line.close()
        finally:
            loop.close()

    def close(self) -> None:
        """Let go of the store; it is not used afterwards."""
        self._news.close()
        self._silence.close()
        self._pool.close()
        for line in self._lines or ():
            line.close()
        self._shared.close()
        self._own.close()

    def _begun(self) -> tuple[PostgresTransaction, Connection]:
        """Begin a transaction, over new connections if the old ones are cut off."""
        lines = self._lines
        if lines is None or not all(line.is_open for line in lines):
            for line in lines or ():
                line.close()
            self._lines = lines = Connection(self._address, self._own), Connection(self._address, self._own)
            self._marks.begin(lines[1])
            self._transaction = PostgresTransaction(lines[0], self._known, lines[1])
        assert self._transaction is not None
        lines[0].script("BEGIN ISOLATION LEVEL READ COMMITTED")
        return self._transaction, lines[0]

    def _commit(self, line: Connection, *, changed: bool) -> None:
        """Commit; where the answer is cut off, ask the database whether its mark is there."""
        if changed:
            self._marks.leave(line)
        try:
            line.script("COMMIT")
        except FlowMasterError:
            if line.is_open or not changed or not self._marks.is_there():
                raise
