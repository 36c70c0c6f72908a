"""Variables that are declared as dates, times or durations: kept as ISO 8601 texts, read by FEEL as what they are."""

from collections.abc import Callable, Mapping

from flowmaster.engine.feel.convert import from_json
from flowmaster.engine.values import Json

Read = Callable[[object], object]
"""Returns what a kept value stands for; what is not of the declared form stays as it is."""

_FORMATS = {"date": "date", "time": "time", "date-time": "date and time", "duration": "duration"}
_DEPTH_MAX = 20


def reader_of(schema: Mapping[str, Json], depth: int = 0) -> Read | None:
    """Return how a value of this JSON Schema is read, or None where it holds nothing but JSON values."""
    if depth > _DEPTH_MAX:
        return None
    kind = _FORMATS.get(str(schema.get("format", "")))
    if kind is not None:
        return lambda value: from_json(value, kind) if isinstance(value, str) else value
    items = schema.get("items")
    if isinstance(items, Mapping):
        return _reader_of_items(reader_of(items, depth + 1))
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return None
    fields = {
        name: read
        for name, entry in properties.items()
        if isinstance(entry, Mapping) and (read := reader_of(entry, depth + 1)) is not None
    }
    return _reader_of_fields(fields) if fields else None


def _reader_of_items(read: Read | None) -> Read | None:
    if read is None:
        return None
    return lambda value: [read(item) for item in value] if isinstance(value, list | tuple) else value


def _reader_of_fields(fields: Mapping[str, Read]) -> Read:
    def run(value: object) -> object:
        if not isinstance(value, Mapping):
            return value
        return {name: fields[name](entry) if name in fields else entry for name, entry in value.items()}

    return run
