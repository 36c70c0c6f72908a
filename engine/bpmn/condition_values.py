"""Which values the subjects of conditions may have, and how subjects and values read in a message."""

import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

from flowmaster.engine.feel import syntax as s
from flowmaster.engine.feel.convert import literal
from flowmaster.engine.feel.numbers import is_number
from flowmaster.engine.feel.samples import OTHER_TEXT, values_between
from flowmaster.engine.feel.temporal import Date, DateTime, DayTimeDuration, Time, YearMonthDuration
from flowmaster.engine.feel.values import kind_of
from flowmaster.engine.values import Json

Schema: TypeAlias = Mapping[str, Json]

SIMPLE = (bool, str, Date, Time, DateTime, DayTimeDuration, YearMonthDuration)
"""The kinds of values, beside numbers, that tests name and this module reasons about."""
FORMATS: Mapping[str, tuple[str, ...]] = {
    "date": ("date",),
    "time": ("time",),
    "date-time": ("date and time",),
    "duration": ("days and time duration", "years and months duration"),
}
"""What FEEL reads texts as whose schema has a format."""
NOTHING_ELSE: tuple[object, ...] = (None, {})
"""What may always come instead: no value, and one of a kind that no test asks for."""
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_FUNCTIONS = {
    "date": "date",
    "time": "time",
    "date and time": "date and time",
    "today": "date",
    "now": "date and time",
}
"""Functions whose answers are any value of a kind, and which kind."""
_COUNTS = frozenset({"count", "string length"})
_WORDS_MAX = 60


class Pieces(NamedTuple):
    """Values that stand for all: usual ones, and unusual ones such as null; `known` where the usual ones are sure."""

    usual: Sequence[object]
    unusual: Sequence[object]
    known: bool


def schema_at(schemas: Mapping[str, Schema], path: Sequence[str]) -> Schema | None:
    """Return the schema of a variable or of a field in it, None where nothing is known of it."""
    schema: Json = schemas.get(path[0])
    for name in path[1:]:
        properties = schema.get("properties") if isinstance(schema, Mapping) else None
        schema = properties.get(name) if isinstance(properties, Mapping) else None
    return schema if isinstance(schema, Mapping) else None


def domain_of(schema: Schema | None, named: Sequence[object], function: str) -> Pieces:
    """Return the values of a subject: those that its schema allows, in pieces that the named values cut."""
    if function:
        return _answers_of(function, named)
    kind = schema.get("type") if schema is not None else None
    choices = _choices(schema) if schema is not None else None
    if choices is not None:
        return Pieces(choices, NOTHING_ELSE, known=True)
    if schema is not None and kind in ("number", "integer"):
        return Pieces(list(_numbers(schema, named, whole=kind == "integer")), NOTHING_ELSE, known=True)
    if kind == "boolean":
        return Pieces((True, False), NOTHING_ELSE, known=True)
    if schema is not None and kind == "string" and schema.get("format") in FORMATS:
        moments = [value for value in _of_kind(named) if kind_of(value) in FORMATS[str(schema["format"])]]
        return Pieces(list(_moments(moments, str(schema["format"]))), NOTHING_ELSE, known=True)
    if kind == "string":
        texts = [value for value in named if isinstance(value, str)]
        return Pieces(list(values_between(texts, "string")), NOTHING_ELSE, known=True)
    return _any_kind(named)


def _moments(named: Sequence[object], format_: str) -> Iterator[object]:
    """Yield dates, times or durations; a duration is of the kind that it is compared with."""
    kinds = [kind for kind in FORMATS[format_] if any(kind_of(value) == kind for value in named)]
    for kind in kinds or FORMATS[format_][:1]:
        yield from values_between([value for value in named if kind_of(value) == kind], kind)


def _any_kind(named: Sequence[object]) -> Pieces:
    values = [value for value in values_between(named, "") if value is not None]
    return Pieces(values or [OTHER_TEXT], NOTHING_ELSE, known=True)


def _answers_of(function: str, named: Sequence[object]) -> Pieces:
    if function in _COUNTS:
        return Pieces(list(_numbers({"minimum": 0}, named, whole=True)), NOTHING_ELSE, known=True)
    if function in _FUNCTIONS:
        return Pieces(list(values_between(_of_kind(named), _FUNCTIONS[function])), NOTHING_ELSE, known=True)
    return _any_kind(named)._replace(known=False)


def _of_kind(named: Sequence[object]) -> list[object]:
    return [value for value in named if not is_number(value) and not isinstance(value, bool | str | None)]


def _choices(schema: Schema) -> list[object] | None:
    if "const" in schema:
        return [schema["const"]]
    listed = schema.get("enum")
    simple = isinstance(listed, list | tuple) and all(
        is_number(value) or isinstance(value, str | bool) for value in listed
    )
    return list(listed) if simple and isinstance(listed, list | tuple) and listed else None


def _numbers(schema: Schema, named: Sequence[object], *, whole: bool) -> Iterator[object]:
    """Yield numbers that the schema allows."""
    bounds = {key: schema[key] for key in _BOUNDS if is_number(schema.get(key))}
    points: list[Any] = [value for value in (*named, *bounds.values()) if is_number(value)]
    samples: list[Any] = list(values_between(points, "number"))
    if whole and points:
        samples += [math.floor(min(points)) - 1, math.ceil(max(points)) + 1]
    for value in samples:
        if (not whole or value == math.floor(value)) and _allows(bounds, value):
            yield value


def _allows(bounds: Mapping[str, Any], value: int | Decimal) -> bool:
    return not (
        ("minimum" in bounds and value < bounds["minimum"])
        or ("maximum" in bounds and value > bounds["maximum"])
        or ("exclusiveMinimum" in bounds and value <= bounds["exclusiveMinimum"])
        or ("exclusiveMaximum" in bounds and value >= bounds["exclusiveMaximum"])
    )


def stand_freely(one: Schema | None, other: Schema | None) -> bool:
    """Return whether values of two schemas may be less than, equal to and greater than each other."""
    if one is None or other is None:
        return True
    if (
        one.get("type") != other.get("type")
        or one.get("type") == "boolean"
        or "enum" in one
        or "enum" in other
    ):
        return False
    both = [schema.get(key) for schema in (one, other) for key in ("minimum", "exclusiveMinimum")]
    tops = [schema.get(key) for schema in (one, other) for key in ("maximum", "exclusiveMaximum")]
    low: list[Any] = [value for value in both if is_number(value)]
    high: list[Any] = [value for value in tops if is_number(value)]
    return not low or not high or max(low) + 2 < min(high)


def value_in_words(value: object) -> str:
    """Return a value as it stands in a message."""
    return OTHER_TEXT if value == OTHER_TEXT else literal(value)


def words_of(node: s.Node) -> str:
    """Return a part of an expression as it reads, in short."""
    match node:
        case s.Name(name):
            text = name
        case s.Path(source, name):
            text = f"{words_of(source)}.{name}"
        case s.Literal(value):
            text = literal(value)
        case s.Negation(value):
            text = f"-{words_of(value)}"
        case s.Arithmetic(operator, left, right) | s.Comparison(operator, left, right):
            text = f"{words_of(left)} {operator} {words_of(right)}"
        case s.Call(function, arguments):
            text = f"{words_of(function)}({', '.join(map(words_of, arguments))})"
        case _:
            text = "..."
    return text if len(text) <= _WORDS_MAX else f"{text[: _WORDS_MAX - 3]}..."
