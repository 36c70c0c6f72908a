"""One connection to the file: how it is opened, how long it waits for others, what its errors mean.

Several processes write the same file in turn. A writer decides inside `BEGIN IMMEDIATE` on what it reads there,
so that waiting for the lock is all the coordination there is.
"""

import random
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import apsw

from flowmaster.engine.errors import FlowMasterError
from flowmaster.stores.rows import NotAtOnce
from flowmaster.stores.sql.database import Values
from flowmaster.stores.sqlite.schema import APPLICATION_ID, MIGRATIONS

BUSY_MS_MAX: Final = 15_000
"""How long a write waits for other processes before it gives up (`store.busy`)."""

BUSY_PAUSE_MS_MAX: Final = 10
"""The longest single pause while waiting; short, since a held lock means a commit under way."""

JOURNAL_BYTES_MAX: Final = 64 * 1024 * 1024
"""What the write-ahead log is cut back to after a checkpoint."""

CACHE_KIB: Final = 32 * 1024
"""How much of the file a connection may keep in memory."""

ROOM_BYTES_MIN: Final = 65_536
"""With less room than this a failing disk is a full one."""

LOG_PAGES: Final = 4_000
"""How many pages the write-ahead log gathers before they are moved into the file."""

STATEMENTS_CACHED: Final = 256
"""How many prepared statements a connection keeps."""

_READ_AND_MAKE: Final = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE


class Connection:
    """A connection that speaks in lists of rows and in FlowMaster's errors."""

    def __init__(self, path: Path, *, busy_ms_max: int = BUSY_MS_MAX, read_only: bool = False) -> None:
        self._path = path
        with self.errors():
            flags = apsw.SQLITE_OPEN_READONLY if read_only else _READ_AND_MAKE
            self._db = apsw.Connection(str(path), flags=flags, statementcachesize=STATEMENTS_CACHED)
            self._patience, self._at_once, self.log_full = _patience(busy_ms_max), False, False
            self._db.set_busy_handler(self._patience)
            if not read_only:
                self._prepare()
                self._db.pragma("journal_size_limit", JOURNAL_BYTES_MAX)
                self._db.pragma("synchronous", "FULL")
                self._db.set_wal_hook(
                    self._logged
                )  # Readers commit nothing, and must not refer to themselves.
            self._db.pragma("cache_size", -CACHE_KIB)
            self._db.pragma("query_only", read_only)
        self._db.create_scalar_function("contains", _contains, 2, deterministic=True)
        self._execute = self._db.cursor().execute

    def all(self, statement: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """Run a statement and return all its rows."""
        try:
            return self._execute(statement, values).fetchall()
        except (apsw.Error, OverflowError) as error:
            raise self._told(error) from error

    def one(self, statement: str, values: Values = ()) -> tuple[Any, ...] | None:
        """Run a statement and return its first row, or None."""
        found = self.all(statement, values)
        return found[0] if found else None

    def value(self, statement: str, values: Values = ()) -> Any:
        """Run a statement and return the first value of its first row, or None."""
        found = self.all(statement, values)
        return found[0][0] if found else None

    def run(self, statement: str, values: Values = ()) -> None:
        """Run a change."""
        try:
            self._execute(statement, values)
        except (apsw.Error, OverflowError) as error:
            raise self._told(error) from error

    def write(self, instance: int, statement: str, values: Values) -> None:
        """Run a change of rows that belong to an instance."""
        try:
            self._execute(statement, values)
        except (apsw.Error, OverflowError) as error:
            raise self._told(error) from error

    def begin(self, *, at_once: bool) -> None:
        """Begin a write; one that begins `at_once` raises `NotAtOnce` where another process is at one."""
        self._at_once = at_once
        if not at_once:
            self.run("BEGIN IMMEDIATE")
            return
        self._db.set_busy_handler(None)
        try:
            self._execute("BEGIN IMMEDIATE")
        except apsw.BusyError:
            raise NotAtOnce from None
        except apsw.Error as error:
            raise self._told(error) from error
        finally:
            self._db.set_busy_handler(self._patience)

    def _logged(self, db: apsw.Connection, name: str, pages: int) -> int:
        """Move a full log into the file after a commit, as far as readers let it; one that is `at_once` leaves that."""
        self.log_full = pages >= LOG_PAGES
        if self.log_full and not self._at_once:
            with suppress(apsw.Error):  # The next commit tries again.
                db.wal_checkpoint(name, apsw.SQLITE_CHECKPOINT_PASSIVE)
            self.log_full = False
        return apsw.SQLITE_OK

    @property
    def apart(self) -> "Connection":
        """This connection: nothing is held back."""
        return self

    def count(self, statement: str, values: Values = ()) -> int:
        """Run a change and return how many rows it met."""
        self.run(statement, values)
        return self._db.changes()

    def insert(self, statement: str, values: Values = (), *, number: str = "num") -> int:
        """Run an insertion and return the number of the new row."""
        try:
            self._execute(statement, values)
            return self._db.last_insert_rowid()
        except (apsw.Error, OverflowError) as error:
            raise self._told(error) from error

    def insert_new(self, statement: str, values: Values) -> int | None:
        """Run an insertion that does nothing where the row is there; return the number of the new row, None without one."""
        return self._db.last_insert_rowid() if self.count(statement, values) else None

    def each(self, statement: str, values: Values = ()) -> Iterator[tuple[Any, ...]]:
        """Run a statement and bring its rows one by one, for results too long for a list."""
        try:
            yield from self._db.execute(statement, values)
        except apsw.Error as error:
            raise self._told(error) from error

    @property
    def raw(self) -> apsw.Connection:
        """The connection of the library."""
        return self._db

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._db.in_transaction

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let several reads see the same moment; nothing new inside a transaction."""
        if self._db.in_transaction:
            yield
            return
        self.all("BEGIN")
        try:
            yield
        finally:
            if self._db.in_transaction:
                self.all("COMMIT")

    def close(self) -> None:
        """Let go of the file."""
        with self.errors():
            self._db.close()

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn SQLite's errors into FlowMaster's."""
        try:
            yield
        except apsw.Error as error:
            raise self._told(error) from error

    def check(self, *, older: bool = False) -> None:
        """Refuse a file that only a writing process can bring to the version that is read here, unless it may be `older`."""
        with self.errors():
            version = self._refuse_others()
        if version < (1 if older else len(MIGRATIONS)):
            raise FlowMasterError(
                "store.older",
                f"The data in {str(self._path)!r} has version {version}; this FlowMaster reads {len(MIGRATIONS)}.",
                fix="Start a server without --read-only on it once: that brings it to the newest version.",
                status=500,
            )

    def _prepare(self) -> None:
        """Make the file ours and bring it to the newest version, once, whoever comes first."""
        if self._db.pragma("user_version") != len(MIGRATIONS):
            self._refuse_others()
            self._write_ahead()
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._migrate()
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
        if self._db.pragma("journal_mode") != "wal":
            self._write_ahead()

    def _write_ahead(self) -> None:
        """Switch to the write-ahead log; SQLite does not wait for others here, so this does."""
        wait = _patience(BUSY_MS_MAX)
        tries = 0
        while True:
            try:
                self._db.pragma("journal_mode", "WAL")
                return
            except apsw.BusyError:
                if not wait(tries):
                    raise
                tries += 1

    def _migrate(self) -> None:
        version = self._refuse_others()
        for script in MIGRATIONS[version:]:
            self._db.execute(script)
        self._db.pragma("application_id", APPLICATION_ID)
        self._db.pragma("user_version", len(MIGRATIONS))

    def _refuse_others(self) -> int:
        """Refuse a file that is not ours, or newer than this program, before anything of it is changed; return its version."""
        version = int(self._db.pragma("user_version"))
        ours = int(self._db.pragma("application_id")) == APPLICATION_ID
        if not ours and self._db.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall():
            raise FlowMasterError(
                "store.foreign",
                f"The file {str(self._path)!r} is a database of another program.",
                fix="Choose another folder with `--data`.",
                status=500,
            )
        self._refuse_newer(version)
        return version

    def _refuse_newer(self, version: int) -> None:
        if version > len(MIGRATIONS):
            raise FlowMasterError(
                "store.newer",
                f"The data in {str(self._path)!r} has version {version}; this FlowMaster knows {len(MIGRATIONS)}.",
                fix="Update FlowMaster, or choose another folder with `--data`.",
                status=500,
            )

    def _told(self, error: Exception) -> FlowMasterError:
        where = str(self._path)
        if isinstance(error, apsw.IOError) and _is_full(self._path.parent):
            error = apsw.FullError(
                str(error)
            )  # Without room, SQLite fails to make its shared memory in this way.
        for kinds, code, message, fix, status in _TOLD:
            if isinstance(error, kinds):
                return FlowMasterError(code, message.format(where=where, error=error), fix=fix, status=status)
        return FlowMasterError(
            "store.failed",
            f"SQLite refused on {where!r}: {type(error).__name__}: {error}.",
            fix="Look at the disk and the folder's permissions; repeat the call.",
            status=500,
        )


_TOLD: Final[tuple[tuple[type[Exception] | tuple[type[Exception], ...], str, str, str, int], ...]] = (
    (
        (apsw.BusyError, apsw.LockedError),
        "store.busy",
        "Other processes kept {where!r} busy for too long.",
        "Repeat the call; if this goes on, look for a process that holds the file.",
        503,
    ),
    (
        apsw.FullError,
        "store.full",
        "The disk under {where!r} is full; nothing of this call was stored.",
        "Free space on that disk and repeat the call.",
        507,
    ),
    (
        (apsw.CorruptError, apsw.NotADBError),
        "store.corrupt",
        "The file {where!r} is damaged or no database ({error}); it was left as it is.",
        "Restore the data folder from a backup, or choose another with `--data`.",
        500,
    ),
    (
        (apsw.CantOpenError, apsw.ReadOnlyError, apsw.PermissionsError),
        "store.unwritable",
        "The file {where!r} cannot be written ({error}).",
        "Give this user the right to write the folder, or choose another with `--data`.",
        500,
    ),
    (
        OverflowError,
        "value.not_storable",
        "A number does not fit a column of {where!r} ({error}).",
        "Use a smaller number and repeat the call.",
        422,
    ),
)


def _patience(ms_max: int) -> Callable[[int], bool]:
    """Return a busy handler: short, jittered, growing pauses up to a total limit."""
    until = 0.0

    def wait(tries: int) -> bool:
        nonlocal until
        now = time.monotonic()
        if tries == 0:
            until = now + ms_max / 1000
        elif now >= until:
            return False
        pause_ms = min(0.2 * (tries + 1), BUSY_PAUSE_MS_MAX)
        time.sleep(random.uniform(0.5, 1.0) * pause_ms / 1000)
        return True

    return wait


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < ROOM_BYTES_MIN
    except OSError:
        return False


def _contains(*values: object) -> bool:
    """Say whether a text holds a part, ignoring case in any script; the part comes folded."""
    text, part = values
    return isinstance(text, str) and isinstance(part, str) and part in text.casefold()
