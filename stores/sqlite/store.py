"""The SQLite store: transactions with savepoints on one connection, reads on one connection per thread."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakSet

from flowmaster.engine.errors import FlowMasterError
from flowmaster.stores import codec, rows
from flowmaster.stores.projection import wait_changes
from flowmaster.stores.sqlite.connection import BUSY_MS_MAX, Connection
from flowmaster.stores.sqlite.definitions import DefinitionReader, DefinitionWriter
from flowmaster.stores.sqlite.facts import FactReader, FactWriter
from flowmaster.stores.sqlite.instances import InstanceReader
from flowmaster.stores.sqlite.jobs import JobReader, JobWriter
from flowmaster.stores.sqlite.journal import JournalReader, JournalWriter
from flowmaster.stores.sqlite.messages import MessageReader, MessageWriter
from flowmaster.stores.sqlite.waits import WaitReader, WaitWriter
from flowmaster.stores.sqlite.words import Vocabulary, Words

_INSERT = (
    "INSERT INTO instance (tenant, id, process, version, status, revision, waits, incidents, sandbox, started,"
    " updated, business_key, parent, parent_wait, parent_depth, body)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING num"
)
_UPDATE = (
    "UPDATE instance SET process = ?, version = ?, status = ?, revision = ?, waits = ?, incidents = ?,"
    " updated = ?, business_key = ?, body = ? WHERE num = ?"
)


class SqliteReader(
    InstanceReader, JournalReader, WaitReader, JobReader, MessageReader, DefinitionReader, FactReader
):
    """Reads for any thread, each on a connection of its own."""

    def __init__(self, path: Path, known: Vocabulary, *, busy_ms_max: int) -> None:
        self._path = path
        self._known = known
        self._busy_ms_max = busy_ms_max
        self._local = threading.local()
        self._open: WeakSet[Connection] = WeakSet()

    @property
    def _db(self) -> Connection:
        try:
            db: Connection = self._local.db
        except AttributeError:
            db = Connection(self._path, busy_ms_max=self._busy_ms_max, read_only=True)
            self._local.db, self._local.words = db, Words(db, self._known)
            self._open.add(db)
        return db

    @property
    def _words(self) -> Words:
        assert self._db
        words: Words = self._local.words
        return words

    def close(self) -> None:
        """Let go of the file in all threads."""
        for db in list(self._open):
            db.close()


class SqliteTransaction(
    InstanceReader, JournalWriter, WaitWriter, JobWriter, MessageWriter, DefinitionWriter, FactWriter
):
    """A write under way on the one writing connection of this process."""

    def __init__(self, db: Connection, words: Words) -> None:
        self._connection = db
        self._vocabulary = words

    @property
    def _db(self) -> Connection:
        return self._connection

    @property
    def _words(self) -> Words:
        return self._vocabulary

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Open a part of the transaction that is undone alone if it raises."""
        mark = self._words.mark
        self._db.run("SAVEPOINT part")
        try:
            yield
        except BaseException:
            if self._db.in_transaction:
                self._db.run("ROLLBACK TO part")
                self._db.run("RELEASE part")
            self._words.forget(mark)
            raise
        self._db.run("RELEASE part")

    def append(self, step: rows.Step) -> None:
        """Store one step: state, history, waits, outbox and idempotency; raise `Conflict` if another came first."""
        state = step.state
        assert step.events, "a step without events changes nothing"
        assert state.seq == step.expected + len(step.events), "the state does not stand behind the events"
        changes = wait_changes(step.events, state)
        if step.expected == 0:
            number, before, sandbox = self._insert_instance(step), 0, step.sandbox
        else:
            number, before, sandbox = self._update_instance(step)
        if (
            changes.put
            or changes.gone
            or changes.cleared
            or changes.held is not None
            or before != len(state.waits)
        ):
            self._write_waits(number, step, changes, sandbox=sandbox, before=before)
        self._seal(
            step.tenant,
            state.instance,
            number=number,
            first=step.expected + 1,
            last=state.seq,
            at=step.at,
            by=step.by,
            operation=step.operation,
            reason=step.reason,
            text=codec.encode_events(step.events),
        )
        if step.outbox:
            self.put_outbox(step.tenant, state.instance, step.at, step.outbox)
        if step.once is not None:
            self.put_once(step.tenant, step.once._replace(subject=state.instance), at=step.at)

    def _insert_instance(self, step: rows.Step) -> int:
        state, word = step.state, self._words.number
        found: int | None = self._db.value(
            _INSERT,
            (
                word(step.tenant),
                state.instance,
                word(state.process),
                state.version,
                word(state.status),
                state.seq,
                len(state.waits),
                len(state.incidents),
                int(step.sandbox),
                state.started,
                step.at,
                state.business_key or None,
                *(state.parent or (None, None, None)),
                codec.encode_body(state).decode(),
            ),
        )
        if found is None:
            revision = self._db.value(
                "SELECT revision FROM instance WHERE tenant = ? AND id = ?",
                (word(step.tenant), state.instance),
            )
            raise rows.Conflict(state.instance, expected=0, found=revision)
        return found

    def _update_instance(self, step: rows.Step) -> tuple[int, int, bool]:
        """Update the row and return its number, how many waits it had, and whether it is a sandbox."""
        state, word = step.state, self._words.number
        found = self._db.one(
            "SELECT num, revision, waits, sandbox FROM instance WHERE tenant = ? AND id = ?",
            (self._words.find(step.tenant), state.instance),
        )
        number, revision, before, sandbox = found or (0, 0, 0, 0)
        if revision != step.expected:
            raise rows.Conflict(state.instance, expected=step.expected, found=revision)
        self._db.run(
            _UPDATE,
            (
                word(state.process),
                state.version,
                word(state.status),
                state.seq,
                len(state.waits),
                len(state.incidents),
                step.at,
                state.business_key or None,
                codec.encode_body(state).decode(),
                number,
            ),
        )
        return number, before, bool(sandbox)


class SqliteStore:
    """A store in one file, shared with other processes on the same machine."""

    def __init__(self, path: Path, *, busy_ms_max: int = BUSY_MS_MAX) -> None:
        """Open the file, making it and its folder if need be."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FlowMasterError(
                "store.unwritable",
                f"The folder {str(path.parent)!r} cannot be made ({error.strerror}).",
                fix="Choose a folder that this user may write with `--data`.",
                status=500,
            ) from error
        self._known = Vocabulary()
        self._db = Connection(path, busy_ms_max=busy_ms_max)
        self._words = Words(self._db, self._known)
        self._transaction = SqliteTransaction(self._db, self._words)
        self._reader = SqliteReader(path, self._known, busy_ms_max=busy_ms_max)
        self._writing = threading.Lock()
        self._seen = self._db.data_version()

    @contextmanager
    def transaction(self) -> Iterator[SqliteTransaction]:
        """Begin the one write of this process; waits for other processes, at most `BUSY_MS_MAX` (`store.busy`)."""
        with self._writing:
            self._db.run("BEGIN IMMEDIATE")
            try:
                yield self._transaction
                self._db.run("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.run("ROLLBACK")
                self._words.forget(0)
                raise
            self._words.settle()

    def reader(self) -> SqliteReader:
        """Return what any thread may read with."""
        return self._reader

    def changed(self) -> bool:
        """Say whether another process wrote since the last call; only for the writing thread."""
        version = self._db.data_version()
        changed = version != self._seen
        self._seen = version
        return changed

    def close(self) -> None:
        """Let go of the store; it is not used afterwards."""
        self._reader.close()
        self._db.close()
