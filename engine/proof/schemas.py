"""Values that a JSON Schema allows: an example, all values worth a try, and those at its limits."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from flowmaster.engine.proof.changes import Place
from flowmaster.engine.proof.limits import CENT
from flowmaster.engine.values import Json

Schema = Mapping[str, Json]
DEPTH_MAX = 12

_FORMATS: dict[str, str] = {
    "date": "2026-01-15",
    "time": "09:00:00",
    "date-time": "2026-01-15T09:00:00Z",
    "duration": "P1D",
    "email": "someone@example.org",
    "person": "kim",
}
_TEXT = "x"


def example(schema: Schema, name: str = "", depth: int = 0) -> Json:
    """Return one value that a schema allows; texts are called after what they stand for."""
    return next(iter(choices(schema, name, depth)), None)


def choices(schema: Schema, name: str = "", depth: int = 0) -> Iterator[Json]:
    """Give values that a schema allows, the plainest first; without a type a text is as good as any."""
    listed = schema.get("enum")
    if isinstance(listed, Sequence) and not isinstance(listed, str):
        yield from listed
        return
    if "const" in schema:
        yield schema["const"]
        return
    kind = schema.get("type")
    kinds: Iterable[Json] = kind if isinstance(kind, list | tuple) else (kind,)
    for each in kinds:
        yield from _of_kind(str(each or ""), schema, name, depth)


def _of_kind(kind: str, schema: Schema, name: str, depth: int) -> Iterator[Json]:
    match kind:
        case "boolean":
            yield from (True, False)
        case "number" | "integer":
            yield from numbers(schema)
        case "array":
            yield from _lists(schema, name, depth)
        case "object":
            yield _object(schema, depth)
        case "null":
            yield None
        case _:
            yield _text(schema, name)


def _text(schema: Schema, name: str) -> str:
    found = _FORMATS.get(str(schema.get("format") or ""), name or _TEXT)
    least, most = schema.get("minLength"), schema.get("maxLength")
    if isinstance(least, int):
        found = found.ljust(least, _TEXT)
    return found[:most] if isinstance(most, int) else found


def _lists(schema: Schema, name: str, depth: int) -> Iterator[Json]:
    items, least = schema.get("items"), schema.get("minItems")
    inner = items if isinstance(items, Mapping) else {}
    count = max(1, least if isinstance(least, int) else 0)
    if depth < DEPTH_MAX:
        yield [example(inner, name, depth + 1) for _ in range(count)]
    if not least:
        yield []


def _object(schema: Schema, depth: int) -> Json:
    properties = schema.get("properties")
    if not isinstance(properties, Mapping) or depth >= DEPTH_MAX:
        return {}
    return {
        name: example(inner if isinstance(inner, Mapping) else {}, name, depth + 1)
        for name, inner in properties.items()
    }


def numbers(schema: Schema) -> list[Json]:
    """Return numbers that a schema allows: plain ones first, then those at its limits."""
    plain: tuple[Json, ...] = (100, 1, 0, 10, 1000)
    found = [value for value in plain if allows(schema, value)]
    return found + [value for value in limits(schema) if value not in found]


def limits(schema: Schema) -> list[Json]:
    """Return the least and the greatest number that a schema allows, as far as it limits them."""
    bounds = (schema.get("minimum"), schema.get("maximum"))
    found: list[Json] = [bound for bound in bounds if bound is not None]
    step = Decimal(1) if schema.get("type") == "integer" else CENT
    for word, sign in (("exclusiveMinimum", 1), ("exclusiveMaximum", -1)):
        bound = schema.get(word)
        if isinstance(bound, int | Decimal) and not isinstance(bound, bool):
            found.append(_tidy(bound + sign * step))
    return [value for value in found if allows(schema, value)]


def _tidy(value: int | Decimal) -> Json:
    return int(value) if value == int(value) else value


def allows(schema: Schema, value: Json) -> bool:
    """Tell whether a value is of the kind, among the values and within the limits that a schema names."""
    listed = schema.get("enum")
    if isinstance(listed, Sequence) and not isinstance(listed, str):
        return value in listed
    kind = schema.get("type")
    if isinstance(kind, str) and kind in _KINDS and not _is_kind(kind, value):
        return False
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return all(_within(word, schema.get(word), value) for word in _BOUNDS)
    if isinstance(value, str):
        least, most = schema.get("minLength"), schema.get("maxLength")
        return (not isinstance(least, int) or len(value) >= least) and (
            not isinstance(most, int) or len(value) <= most
        )
    if isinstance(value, Mapping):
        return _allows_object(schema, value)
    if isinstance(value, Sequence):
        items, least = schema.get("items"), schema.get("minItems")
        inner = items if isinstance(items, Mapping) else {}
        return all(allows(inner, item) for item in value) and (
            not isinstance(least, int) or len(value) >= least
        )
    return True


def _allows_object(schema: Schema, value: Mapping[str, Json]) -> bool:
    required, properties = schema.get("required"), schema.get("properties")
    if isinstance(required, Sequence) and any(value.get(str(name)) is None for name in required):
        return False
    known = properties if isinstance(properties, Mapping) else {}
    return all(
        value[name] is None or allows(inner, value[name])
        for name, inner in known.items()
        if name in value and isinstance(inner, Mapping)
    )


_KINDS: dict[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "number": (int, Decimal),
    "integer": (int,),
    "string": (str,),
    "array": (list, tuple),
    "object": (Mapping,),
}
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")


def _is_kind(kind: str, value: Json) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _KINDS[kind])


def _within(word: str, bound: Json, value: int | Decimal) -> bool:
    if not isinstance(bound, int | Decimal):
        return True
    match word:
        case "minimum":
            return value >= bound
        case "maximum":
            return value <= bound
        case "exclusiveMinimum":
            return value > bound
        case _:
            return value < bound


def inside(schema: Schema, path: Sequence[str | int]) -> Schema:
    """Return the schema of a part of a value; an empty one allows anything."""
    for step in path:
        word = "items" if isinstance(step, int) else "properties"
        inner = schema.get(word)
        if word == "properties":
            inner = inner.get(str(step)) if isinstance(inner, Mapping) else None
        schema = inner if isinstance(inner, Mapping) else {}
    return schema


class Field(NamedTuple):
    """A part of a value that a schema describes: where it stands, its schema, and whether it may be left out."""

    place: Place
    schema: Schema
    optional: bool


def fields(schema: Schema, place: Place = (), optional: bool = False, depth: int = 0) -> Iterator[Field]:
    """Give every part of a value, the whole first; items of lists count as the first of them."""
    yield Field(place, schema, optional)
    if depth >= DEPTH_MAX:
        return
    properties, required = schema.get("properties"), schema.get("required")
    needed = required if isinstance(required, Sequence) else ()
    for name, inner in properties.items() if isinstance(properties, Mapping) else ():
        if isinstance(inner, Mapping):
            yield from fields(inner, (*place, name), name not in needed, depth + 1)
    items = schema.get("items")
    if isinstance(items, Mapping):
        yield from fields(items, (*place, 0), False, depth + 1)
