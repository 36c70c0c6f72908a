"""What every part of the SQLite store stands on, and how conditions are put together."""

from collections.abc import Mapping, Sequence
from typing import Any

from flowmaster.stores.sql.database import Database
from flowmaster.stores.sql.words import Words

_NO_WORDS: Mapping[str, Sequence[int]] = {}


class Part:
    """Some of the store's reads or writes over a connection of the calling thread and the words as that sees them."""

    _db: Database
    _words: Words

    def _locked(self, how: str = "") -> str:
        """Return what keeps other writers off the rows that a statement finds; nothing where there are none."""
        return ""

    def _processes_named(self, tenant: str, text: str) -> list[int]:
        """Return the words of the processes whose name holds a text."""
        where = Where(
            "d.tenant = ? AND d.kind = ?", values=[self._words.find(tenant), self._words.find("process")]
        )
        where.add_text(text, "d.name")
        found = self._db.all(
            f"SELECT w.id FROM definition d JOIN word w ON w.text = d.key WHERE {where}", where.values
        )
        return [number for (number,) in found]


def among(values: Sequence[Any]) -> str:
    """Return the condition that a column has one of the values; none of them fits no row."""
    return f"IN ({', '.join('?' * len(values)) or 'NULL'})"


class Where:
    """Conditions joined by `and`, each with its values."""

    def __init__(self, *conditions: str, values: Sequence[Any] = ()) -> None:
        self._conditions = list(conditions)
        self.values = list(values)

    def add(self, condition: str, *values: Any) -> None:
        """Add a condition."""
        self._conditions.append(condition)
        self.values += values

    def add_in(self, column: str, values: Sequence[Any]) -> None:
        """Add that a column has one of the values; none of them fits no row."""
        self.add(f"{column} {among(values)}", *values)

    def add_text(self, text: str, *columns: str, words: Mapping[str, Sequence[int]] = _NO_WORDS) -> None:
        """Add that one of the columns holds the text, ignoring case; `words` maps columns of words to more that fit."""
        if text.isascii():
            part = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
            fits = "{} LIKE ? ESCAPE '\\'"
        else:
            part = text.casefold()
            fits = "contains({}, ?)"
        conditions = [fits.format(column) for column in columns]
        values: list[Any] = [part] * len(columns)
        for column, numbers in words.items():
            conditions.append(f"{column} IN (SELECT id FROM word WHERE {fits.format('text')})")
            values.append(part)
            if numbers:
                conditions.append(f"{column} {among(numbers)}")
                values += numbers
        self.add(f"({' OR '.join(conditions)})", *values)

    def __str__(self) -> str:
        return " AND ".join(self._conditions) or "TRUE"
