"""Looks at a store's file without bringing it to a new version or changing anything in it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import apsw

from flowmaster.engine.errors import FlowMasterError
from flowmaster.stores.sql.words import Vocabulary
from flowmaster.stores.sqlite.connection import Connection
from flowmaster.stores.sqlite.schema import APPLICATION_ID, MIGRATIONS
from flowmaster.stores.sqlite.store import SqliteReader

NEWEST: Final = len(MIGRATIONS)
"""The version that this program brings a file to."""

DAMAGES_MAX: Final = 20
"""Damages that are named; more of them say nothing more."""

_BUSY_MS_MAX: Final = 2_000


class Health(NamedTuple):
    """What a file says of itself; `last_at` is the instant of the newest entry, in epoch milliseconds."""

    is_ours: bool
    version: int
    instances: int = 0
    last_at: int | None = None
    keeps_clock: bool = False


def look(path: Path) -> Health:
    """Return what a file says of itself.

    Raises:
        FlowMasterError: it cannot be read as a database.
    """
    with _opened(path) as db:
        version = int(db.value("PRAGMA user_version"))
        if db.value("PRAGMA application_id") != APPLICATION_ID:
            return Health(db.value("SELECT count(*) FROM sqlite_schema") == 0, version)
        if not 0 < version <= NEWEST:
            return Health(True, version)
        return Health(
            True,
            version,
            int(db.value("SELECT count(*) FROM instance")),
            db.value("SELECT at FROM journal ORDER BY id DESC LIMIT 1"),
            db.value("SELECT 1 FROM setting WHERE name = 'clock.now'") is not None,
        )


def damages(path: Path) -> list[str]:
    """Return what is damaged in a file of the newest version: its pages and indexes, and broken histories.

    Raises:
        FlowMasterError: it is damaged so that it cannot be read at all.
    """
    with _opened(path) as db:
        reader = SqliteReader(path, Vocabulary(), busy_ms_max=_BUSY_MS_MAX)
        try:
            found = [text for (text,) in db.all(f"PRAGMA integrity_check({DAMAGES_MAX})") if text != "ok"]
            return found or list(islice(_broken_histories(db, reader), DAMAGES_MAX))
        finally:
            reader.close()


@contextmanager
def _opened(path: Path) -> Iterator[Connection]:
    """Open a file for reading; behind it a connection that may write tidies the write-ahead log up again."""
    db = Connection(path, busy_ms_max=_BUSY_MS_MAX, read_only=True)
    try:
        yield db
    finally:
        db.close()
        with suppress(apsw.Error):
            last = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
            last.pragma("user_version")
            last.close()


def _broken_histories(db: Connection, reader: SqliteReader) -> Iterator[str]:
    for tenant, scope in db.all(
        "SELECT word.text, instance.id FROM instance JOIN word ON word.id = instance.tenant"
        " UNION ALL SELECT word.text, scope.name FROM scope JOIN word ON word.id = scope.tenant"
    ):
        found = reader.verify(tenant, scope)
        if found.broken is not None:
            yield f"The history of {scope!r} does not fit together: {found.problem}"


def try_write_ahead(folder: Path) -> None:
    """Write with one connection and read with another, in a file of its own that is removed again.

    Raises:
        FlowMasterError: the folder does not carry a store.
    """
    try:
        with TemporaryDirectory(prefix=".doctor-", dir=folder) as place:
            _write_and_read(Path(place) / "try.db")
    except OSError as error:
        raise FlowMasterError(
            "store.unwritable",
            f"The folder {str(folder)!r} cannot be written ({error.strerror}).",
            fix="Give this user the right to write the folder, or choose another with `--data`.",
            status=500,
        ) from error


def _write_and_read(path: Path) -> None:
    writer = Connection(path, busy_ms_max=_BUSY_MS_MAX)
    reader = Connection(path, busy_ms_max=_BUSY_MS_MAX, read_only=True)
    try:
        writer.run("INSERT INTO setting (tenant, name, value) VALUES (0, 'try', 'written')")
        read = reader.value("SELECT value FROM setting WHERE name = 'try'")
        mode = reader.value("PRAGMA journal_mode")
    finally:
        reader.close()
        writer.close()
    if (read, mode) != ("written", "wal"):
        raise FlowMasterError(
            "store.no_write_ahead",
            f"In {str(path.parent.parent)!r} several programs cannot share a file: SQLite's write-ahead log does"
            f" not work there (journal mode {mode!r}).",
            fix="Choose a folder on a local disk with `--data`.",
            status=500,
        )
