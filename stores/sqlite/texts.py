"""All the texts in a store's file, one after the other."""

from collections.abc import Iterator
from pathlib import Path

from flowmaster.engine.values import Json
from flowmaster.stores.codec import load
from flowmaster.stores.sql.tables import TABLES
from flowmaster.stores.sqlite.connection import BUSY_MS_MAX, Connection


def texts_of(path: Path) -> Iterator[str]:
    """Yield every text that a file holds: columns as they stand, and the names and values inside JSON."""
    db = Connection(path, busy_ms_max=BUSY_MS_MAX, read_only=True)
    try:
        for table in TABLES.values():
            for row in db.each(f"SELECT {', '.join(table.texts)} FROM {table.source}"):
                for text in row:
                    if text:
                        yield from _inside(text)
        for (data,) in db.each("SELECT data FROM blob"):
            yield bytes(data).decode(errors="replace")
    finally:
        db.close()


def _inside(text: str) -> Iterator[str]:
    yield text
    if text[0] in '[{"':
        try:
            value: Json = load(text)
        except Exception:  # noqa: BLE001 - what only begins like JSON is text
            return
        yield from _strings(value)


def _strings(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        if value:
            yield from _inside(value) if value[0] in '[{"' else (value,)
    elif isinstance(value, dict):
        for name, each in value.items():
            yield name
            yield from _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)
