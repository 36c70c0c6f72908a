"""A database as the statements of this room see it.

The statements are written so that SQLite and PostgreSQL take them alike; values are bound to `?`. What one of them
needs beyond that (hints to SQLite's planner, locks of rows in PostgreSQL) is the business of its own room.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

Values = Sequence[Any]
"""What is bound to a statement; what comes out of one is typed where it is read."""

Row = tuple[Any, ...]


class Reads(Protocol):
    """A connection as far as statements return rows."""

    def all(self, statement: str, values: Values = ()) -> list[Row]:
        """Run a statement and return all its rows."""
        ...

    def one(self, statement: str, values: Values = ()) -> Row | None:
        """Run a statement and return its first row, or None."""
        ...

    def value(self, statement: str, values: Values = ()) -> Any:
        """Run a statement and return the first value of its first row, or None."""
        ...


class Database(Reads, Protocol):
    """A connection that speaks in lists of rows and in FlowMaster's errors."""

    def run(self, statement: str, values: Values = ()) -> None:
        """Run a change."""
        ...

    def write(self, instance: int, statement: str, values: Values) -> None:
        """Run a change of rows that belong to an instance; it may be held back until something else is asked for."""
        ...

    @property
    def apart(self) -> "Reads":
        """This database for what no change that is held back can touch."""
        ...

    def count(self, statement: str, values: Values = ()) -> int:
        """Run a change and return how many rows it met."""
        ...

    def insert(self, statement: str, values: Values = (), *, number: str = "num") -> int:
        """Run an insertion and return the number of the new row, which stands in the column `number`."""
        ...

    def insert_new(self, statement: str, values: Values) -> int | None:
        """Run an insertion that does nothing where the row is there; return the number of the new row, None without one.

        No change that is held back may touch it.
        """
        ...

    def each(self, statement: str, values: Values = ()) -> Iterator[Row]:
        """Run a statement and bring its rows one by one, for results too long for a list."""
        ...

    def snapshot(self) -> AbstractContextManager[object]:
        """Let several reads see the same moment; nothing new inside a transaction."""
        ...
