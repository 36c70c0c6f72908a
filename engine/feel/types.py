"""FEEL types at run time: `instance of`, and the coercion of values to declared types."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import assert_never

from flowmaster.engine.feel import syntax as s
from flowmaster.engine.feel.evaluation import QUIET, Evaluation
from flowmaster.engine.feel.temporal import Date, DateTime, DayTimeDuration, Time, YearMonthDuration
from flowmaster.engine.feel.values import Function, Range, kind_of

SIMPLE = frozenset(
    (
        "number",
        "string",
        "boolean",
        "date",
        "time",
        "date and time",
        "days and time duration",
        "years and months duration",
    )
)
_ALIASES = {
    "day and time duration": "days and time duration",
    "dayTimeDuration": "days and time duration",
    "daytimeduration": "days and time duration",
    "year and month duration": "years and months duration",
    "yearMonthDuration": "years and months duration",
    "dateTime": "date and time",
    "any": "Any",
    "null": "Null",
    "context": "context",
    "list": "list",
}


@dataclass(frozen=True, slots=True)
class FeelType:
    """A type: `kind` is a simple kind, Any, Null, list, range, context or function."""

    kind: str
    item: "FeelType | None" = None
    entries: tuple[tuple[str, "FeelType"], ...] = ()
    parameters: tuple["FeelType", ...] | None = None
    allows: Callable[[object], bool] | None = field(default=None, compare=False)
    name: str = ""

    def __str__(self) -> str:
        if self.name:
            return self.name
        if self.kind == "context" and self.entries:
            return f"context<{', '.join(f'{name}: {kind}' for name, kind in self.entries)}>"
        if self.kind == "function" and self.parameters is not None:
            return f"function<{', '.join(map(str, self.parameters))}> -> {self.item or ANY}"
        return f"{self.kind}<{self.item}>" if self.item is not None else self.kind


ANY = FeelType("Any")
Resolver = Callable[[str], FeelType | None]


def simple_type(name: str) -> FeelType | None:
    """Return the built-in type of a name, or None."""
    name = _ALIASES.get(name, name)
    if name in SIMPLE or name in ("Any", "Null", "list", "context", "function", "range"):
        return FeelType(name)
    return None


def resolve(expression: s.TypeExpression, types: Resolver = simple_type) -> FeelType | None:
    """Turn a type of the text into a type; None when a name in it is unknown."""
    match expression:
        case s.NamedType(name):
            return simple_type(name) or types(name)
        case s.ListType(item) | s.RangeType(item):
            inner = resolve(item, types)
            kind = "list" if isinstance(expression, s.ListType) else "range"
            return None if inner is None else FeelType(kind, inner)
        case s.ContextType(entries):
            resolved = [(name, resolve(kind, types)) for name, kind in entries]
            known = tuple((name, kind) for name, kind in resolved if kind is not None)
            return FeelType("context", entries=known) if len(known) == len(resolved) else None
        case s.FunctionType(parameters, result):
            inner = resolve(result, types)
            kinds = tuple(kind for kind in (resolve(item, types) for item in parameters) if kind is not None)
            if inner is None or len(kinds) != len(parameters):
                return None
            return FeelType("function", inner, parameters=kinds)
        case _:
            assert_never(expression)


def is_instance(value: object, wanted: FeelType, run: Evaluation) -> bool:
    """Tell whether a value that is not null conforms to a type."""
    if value is None:
        return wanted.kind == "Null"
    return conforms(value, wanted, run, allowed=False)


def conforms(value: object, wanted: FeelType, run: Evaluation, *, allowed: bool = True) -> bool:
    """Tell whether a value may stand where a type is wanted; null always may.

    `allowed` asks for the allowed values of the type too, which `instance of` does not.
    """
    if value is None:
        return True
    if allowed and wanted.allows is not None and not wanted.allows(value):
        return False
    if wanted.kind == "Any":
        return True
    kind = kind_of(value)
    if kind != wanted.kind:
        return False
    if kind == "list" and wanted.item is not None:
        assert isinstance(value, (list, tuple))
        run.spend(1 + (len(value) >> 2))
        if classes_of(wanted.item).issuperset(map(type, value)):
            return True
        return all(conforms(item, wanted.item, run, allowed=allowed) for item in value)
    if kind == "context" and wanted.entries:
        assert isinstance(value, dict)
        run.spend(1)
        return all(
            name in value and conforms(value[name], entry, run, allowed=allowed)
            for name, entry in wanted.entries
        )
    if kind == "range" and wanted.item is not None:
        assert isinstance(value, Range)
        return all(conforms(end, wanted.item, run) for end in (value.low, value.high))
    if kind == "function" and wanted.parameters is not None:
        assert isinstance(value, Function)
        return _function_conforms(value, wanted)
    return True


def _function_conforms(value: Function, wanted: FeelType) -> bool:
    assert wanted.parameters is not None
    if len(value.parameters) != len(wanted.parameters):
        return False
    own = value.types or (ANY,) * len(value.parameters)
    if not all(is_subtype(given, needed) for given, needed in zip(wanted.parameters, own, strict=True)):
        return False
    return wanted.item is None or value.result is None or is_subtype(value.result, wanted.item)


def is_subtype(given: FeelType, needed: FeelType) -> bool:
    """Tell whether every value of one type is one of another."""
    if needed.kind == "Any" or given.kind == "Null":
        return True
    if given.kind != needed.kind:
        return False
    if needed.kind in ("list", "range"):
        return needed.item is None or (given.item is not None and is_subtype(given.item, needed.item))
    if needed.kind == "context":
        entries: Mapping[str, FeelType] = dict(given.entries)
        return all(name in entries and is_subtype(entries[name], kind) for name, kind in needed.entries)
    return True


_CLASSES: dict[str, frozenset[type]] = {
    "number": frozenset((int, Decimal)),
    "string": frozenset((str,)),
    "boolean": frozenset((bool,)),
    "date": frozenset((Date,)),
    "time": frozenset((Time,)),
    "date and time": frozenset((DateTime,)),
    "days and time duration": frozenset((DayTimeDuration,)),
    "years and months duration": frozenset((YearMonthDuration,)),
}


def classes_of(wanted: FeelType | None) -> frozenset[type]:
    """Return the Python classes all of whose values conform to a type, so that no further look is needed."""
    if wanted is None or wanted.allows is not None:
        return frozenset()
    return _CLASSES.get(wanted.kind, frozenset())


def coerce(value: object, wanted: FeelType, run: Evaluation = QUIET) -> tuple[object, bool]:
    """Fit a value to a type: as it is, `[x]` as `x`, `x` as `[x]`; and whether it fitted (DMN 1.5, 10.3.2.9.4)."""
    if conforms(value, wanted, run):
        return value, True
    if isinstance(value, (list, tuple)) and len(value) == 1 and wanted.kind != "list":
        inner, fits = coerce(value[0], wanted, run)
        return (inner, True) if fits else (None, False)
    if (
        wanted.kind == "list"
        and value is not None
        and not isinstance(value, (list, tuple))
        and conforms([value], wanted, run)
    ):
        return [value], True
    if wanted.kind == "date and time" and kind_of(value) == "date":
        assert isinstance(value, Date)
        return DateTime(value, Time(0, 0, 0, 0, 0)), True
    return None, False
