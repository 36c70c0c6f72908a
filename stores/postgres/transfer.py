"""Brings what lies in a database into a file as SQLite keeps it, and back: the tables are the same."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

import apsw

from flowmaster.engine.errors import FlowMasterError
from flowmaster.stores.postgres.address import Address, address_of
from flowmaster.stores.postgres.connection import ROWS_AT_ONCE, Connection, quoted
from flowmaster.stores.postgres.loops import OwnLoop
from flowmaster.stores.postgres.migrate import migrate
from flowmaster.stores.sql.database import Row
from flowmaster.stores.sqlite import connection as sqlite
from flowmaster.stores.sqlite.backup import Progress

NUMBERED: Final = {
    "word": "id",
    "instance": "num",
    "scope": "num",
    "journal": "id",
    "evaluation": "id",
    "message": "id",
    "outbox": "id",
    "definition": "num",
    "document": "num",
}
"""The tables whose rows are numbered by the database, and where the number stands."""


def export(url: str, part: Path, progress: Progress) -> None:
    """Write what a database holds at one moment into a file."""
    loop = OwnLoop()
    try:
        source = Connection(address_of(url), loop)
        try:
            migrate(source, source.address, only_look=True)
            sqlite.Connection(part).close()  # It makes the tables.
            with source.snapshot():
                _into_file(source, part, progress)
        finally:
            source.close()
    finally:
        loop.close()


def load(part: Path, url: str, progress: Progress) -> None:
    """Write what a file holds into a schema that holds nothing."""
    loop = OwnLoop()
    try:
        target = Connection(address_of(url), loop)
        try:
            migrate(target, target.address, only_look=False)
            target.script("BEGIN")
            _refuse_used(target, target.address)
            _from_file(part, target, progress)
            target.script("COMMIT")
        finally:
            target.close()
    finally:
        loop.close()


def _into_file(source: Connection, part: Path, progress: Progress) -> None:
    file = apsw.Connection(str(part))
    try:
        tables = _tables(file)
        total = sum(int(source.value(f"SELECT count(*) FROM {quoted(table)}")) for table in tables)
        done = 0
        with file:
            for table, columns in tables.items():
                names, places = ", ".join(map(quoted, columns)), ", ".join("?" * len(columns))
                for row in source.each(f"SELECT {names} FROM {quoted(table)}"):
                    file.execute(f"INSERT INTO {quoted(table)} ({names}) VALUES ({places})", row)
                    done += 1
                    if done % ROWS_AT_ONCE == 0:
                        progress(done, total)
        progress(total, total)
        file.pragma("journal_mode", "DELETE")
    finally:
        file.close()


def _from_file(part: Path, target: Connection, progress: Progress) -> None:
    file = apsw.Connection(str(part), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        tables = _tables(file)
        total = sum(_count(file, table) for table in tables)
        done = 0
        for table, columns in tables.items():
            names = ", ".join(map(quoted, columns))
            rows = file.execute(f"SELECT {names} FROM {quoted(table)}")
            for piece in _pieces(rows):
                target.copy(table, columns, piece)
                done += len(piece)
                progress(done, total)
        for table, column in NUMBERED.items():
            target.value(
                f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), max({column})) FROM {table}"
            )
    finally:
        file.close()


def _tables(file: apsw.Connection) -> dict[str, list[str]]:
    """Return the tables of a file with their columns."""
    found = file.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
    return {
        str(table): [str(column[1]) for column in file.execute(f"PRAGMA table_info({quoted(str(table))})")]
        for (table,) in found.fetchall()
    }


def _pieces(rows: apsw.Cursor) -> Iterator[list[Row]]:
    while piece := [tuple(row) for row in islice(rows, ROWS_AT_ONCE)]:
        yield piece


def _refuse_used(target: Connection, address: Address) -> None:
    if target.value("SELECT 1 FROM word LIMIT 1") is not None:
        raise FlowMasterError(
            "store.used",
            f"There is data in the schema {address.schema!r} at {address.shown!r} already.",
            path="--store",
            fix="Name an empty schema with `?schema=NAME`, or drop the one that is there.",
            status=409,
        )


def _count(file: apsw.Connection, table: str) -> int:
    ((count,),) = file.execute(f"SELECT count(*) FROM {quoted(table)}").fetchall()
    assert isinstance(count, int)
    return count
