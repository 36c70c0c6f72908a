"""The types of expressions, found without evaluating them, and what in them can only be null.

What is found is certain as long as variables are of the types that are known of them: two values of known kinds that
FEEL cannot compare or add are tried by samples with FEEL itself. Where nothing is known nothing is said.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flowmaster.engine.bpmn.condition_values import Schema, words_of
from flowmaster.engine.bpmn.fixes import nearest
from flowmaster.engine.errors import did_you_mean
from flowmaster.engine.feel import syntax as s
from flowmaster.engine.feel.arithmetic import calculate
from flowmaster.engine.feel.builtins.registry import BUILTINS, Builtin
from flowmaster.engine.feel.comparing import compare, equal
from flowmaster.engine.feel.evaluation import NOWHERE, QUIET
from flowmaster.engine.feel.temporal_text import read_date, read_date_time, read_duration, read_time
from flowmaster.engine.feel.values import kind_of

DEPTH_MAX = 40
"""How deep an expression or a schema is looked into."""


@dataclass(frozen=True, slots=True)
class Type:
    """A type: its kinds (none: anything), the type of a list's items, and the fields of a structure."""

    kinds: tuple[str, ...] = ()
    item: "Type | None" = None
    fields: Mapping[str, "Type"] | None = None
    closed: bool = False
    """Whether a structure has no other fields."""

    @property
    def words(self) -> str:
        """Return what messages call it."""
        return " or ".join(_WORDS.get(kind, kind) for kind in self.kinds)


@dataclass(frozen=True, slots=True)
class Wrong:
    """What can only be null: `field` is set where a structure lacks it, `meant` is the one it has instead."""

    text: str
    field: str = ""
    meant: str = ""


ANY = Type()
NUMBER, TEXT, BOOLEAN = Type(("number",)), Type(("string",)), Type(("boolean",))
_WORDS = {"string": "text", "context": "structure"}
_TEMPORAL = (
    "date",
    "time",
    "date and time",
    "days and time duration",
    "years and months duration",
)
_FORMATS = {
    "date": ("date",),
    "time": ("time",),
    "date-time": ("date and time",),
    "duration": ("days and time duration", "years and months duration"),
}
_SAMPLES: Mapping[str, object] = {
    "number": 2,
    "string": "a",
    "boolean": True,
    "date": read_date("2026-02-03"),
    "time": read_time("10:00:00"),
    "date and time": read_date_time("2026-02-03T10:00:00"),
    "days and time duration": read_duration("P1D"),
    "years and months duration": read_duration("P1M"),
    "list": [1, 2],
    "context": {},
}
_NUMBERS = frozenset(
    [
        "abs",
        "ceiling",
        "count",
        "day of year",
        "decimal",
        "exp",
        "floor",
        "log",
        "mean",
        "median",
        "modulo",
        "number",
        "product",
        "round down",
        "round half down",
        "round half up",
        "round up",
        "sqrt",
        "stddev",
        "string length",
        "sum",
        "week of year",
    ]
)
_TEXTS = frozenset(
    [
        "day of week",
        "lower case",
        "month of year",
        "replace",
        "string",
        "string join",
        "substring",
        "substring after",
        "substring before",
        "upper case",
    ]
)
_TESTS = frozenset(
    [
        "all",
        "any",
        "contains",
        "ends with",
        "even",
        "is defined",
        "list contains",
        "matches",
        "not",
        "odd",
        "starts with",
        "before",
        "after",
        "meets",
        "met by",
        "overlaps",
        "finishes",
        "includes",
        "during",
        "starts",
        "coincides",
    ]
)
_MOMENTS = {
    "date": "date",
    "time": "time",
    "date and time": "date and time",
    "today": "date",
    "now": "date and time",
}
_DURATIONS = Type(_FORMATS["duration"])


def type_of_schema(schema: Schema, depth: int = 0) -> Type:
    """Return the type of values of a JSON Schema, as FEEL reads them."""
    kind, choices = schema.get("type"), schema.get("enum")
    if depth > DEPTH_MAX:
        return ANY
    if kind in ("number", "integer"):
        return NUMBER
    if kind == "boolean":
        return BOOLEAN
    if kind == "string":
        return Type(_FORMATS.get(str(schema.get("format", "")), ("string",)))
    if kind == "array":
        items = schema.get("items")
        return Type(("list",), type_of_schema(items, depth + 1) if isinstance(items, Mapping) else None)
    properties = schema.get("properties")
    if kind == "object" and isinstance(properties, Mapping):
        fields = {
            name: type_of_schema(entry, depth + 1) if isinstance(entry, Mapping) else ANY
            for name, entry in properties.items()
        }
        return Type(("context",), fields=fields, closed=not schema.get("additionalProperties"))
    if kind is None and isinstance(choices, Sequence) and not isinstance(choices, str) and choices:
        kinds = {kind_of(value) for value in choices if value is not None}
        return Type((kinds.pop(),)) if len(kinds) == 1 else ANY
    return ANY


def stored(kept: Type) -> Type:
    """Return the type that a value has once a variable of no declared type keeps it: dates become texts."""
    if any(kind in _TEMPORAL for kind in kept.kinds):
        return TEXT
    fields = None if kept.fields is None else {name: stored(entry) for name, entry in kept.fields.items()}
    return Type(kept.kinds, None if kept.item is None else stored(kept.item), fields, kept.closed)


def joined(types: Iterable[Type]) -> Type:
    """Return the type of a value that is of one of these types."""
    found: Type | None = None
    for one in types:
        if one.kinds == ("null",):
            continue
        if found is not None and found != one:
            return Type(one.kinds) if one.kinds == found.kinds else ANY
        found = one
    return found or ANY


class Typing:
    """Finds the type of one expression over variables of known types, and what in it is wrong."""

    def __init__(self, types: Mapping[str, Type]) -> None:
        self.types = types
        self._bound: list[tuple[str, Type]] = []
        self._depth = 0
        self.wrong: list[Wrong] = []

    def of(self, node: s.Node) -> Type:
        """Return the type of a node."""
        self._depth += 1
        found = _RULES.get(node.__class__, _anything)(self, node) if self._depth < DEPTH_MAX else ANY
        self._depth -= 1
        return found

    def boolean(self, node: s.Node, what: str) -> None:
        """Note a node that is no boolean where one is wanted."""
        found = self.of(node)
        if found.kinds and "boolean" not in found.kinds and found.kinds != ("null",):
            self.note(f"{what} `{words_of(node)}` is a {found.words}, neither true nor false")

    def note(self, text: str, field: str = "", meant: str = "") -> None:
        """Note what can only be null."""
        self.wrong.append(Wrong(text, field, meant))

    def name(self, node: s.Name) -> Type:
        """Return the type of a variable."""
        for name, known in reversed(self._bound):
            if name == node.name:
                return known
        return ANY if node.bound else self.types.get(node.name, ANY)

    def within(self, iterators: Sequence[tuple[str, s.Node]], body: Callable[[], Type]) -> Type:
        """Return what a body gives in which items of lists have names."""
        before = len(self._bound)
        for name, source in iterators:
            found = self.of(source)
            self._bound.append((name, found.item or ANY if found.kinds == ("list",) else ANY))
        result = body()
        del self._bound[before:]
        return result


def _anything(typing: Typing, node: s.Node) -> Type:
    return ANY


def _literal(typing: Typing, node: s.Literal) -> Type:
    kind = kind_of(node.value)
    return Type((kind,)) if kind in _SAMPLES or kind == "null" else ANY


def _path(typing: Typing, node: s.Path) -> Type:
    source = typing.of(node.source)
    of = source.item if source.kinds == ("list",) and source.item is not None else source
    if of.kinds and set(of.kinds) <= {"number", "string", "boolean"}:
        typing.note(f"`{words_of(node.source)}` is a {of.words} and has no field {node.name!r}")
        return ANY
    if of.fields is None:
        return ANY
    if node.name not in of.fields:
        if of.closed:
            near = did_you_mean(node.name, list(of.fields))
            typing.note(
                f"`{words_of(node.source)}` has no field {node.name!r}.{near}",
                node.name,
                nearest(node.name, list(of.fields)),
            )
        return ANY
    found = of.fields[node.name]
    return Type(("list",), found) if of is not source else found


def _filter(typing: Typing, node: s.Filter) -> Type:
    source = typing.of(node.source)
    number = isinstance(node.condition, s.Literal | s.Negation)
    if source.kinds != ("list",):
        return ANY
    return source.item or ANY if number else ANY if not _tests(node.condition) else source


def _tests(node: s.Node) -> bool:
    return isinstance(node, s.Comparison | s.Logic | s.Between | s.In | s.Quantified)


def _negation(typing: Typing, node: s.Negation) -> Type:
    found = typing.of(node.value)
    if found.kinds and not any("duration" in kind or kind == "number" for kind in found.kinds):
        typing.note(f"`{words_of(node.value)}` is a {found.words}, which has no negative")
        return ANY
    return found


def _arithmetic(typing: Typing, node: s.Arithmetic) -> Type:
    left, right = typing.of(node.left), typing.of(node.right)
    if not _known(left, right):
        return ANY
    found = {
        kind_of(calculate(node.operator, _SAMPLES[a], _SAMPLES[b], QUIET, NOWHERE))
        for a in left.kinds
        for b in right.kinds
    } - {"null"}
    if found:
        return Type((found.pop(),)) if len(found) == 1 else ANY
    typing.note(
        f"`{words_of(node)}` takes a {left.words} `{node.operator}` a {right.words}, which has no result"
        + _reading(left, right)
    )
    return ANY


def _comparison(typing: Typing, node: s.Comparison) -> Type:
    left, right = typing.of(node.left), typing.of(node.right)
    if not _known(left, right):
        return BOOLEAN
    ordered = node.operator not in ("=", "!=")
    for a in left.kinds:
        for b in right.kinds:
            one, other = _SAMPLES[a], _SAMPLES[b]
            found = compare(one, other) if ordered else equal(one, other, QUIET)
            if found is not None:
                return BOOLEAN
    typing.note(
        f"`{words_of(node)}` compares a {left.words} with a {right.words}, which is neither true nor false"
        + _reading(left, right)
    )
    return BOOLEAN


def _reading(left: Type, right: Type) -> str:
    """Return how a text is read that stands beside a date, a duration or a number."""
    for one, other in ((left, right), (right, left)):
        if one.kinds == ("string",) and other.kinds and other.kinds[0] in (*_TEMPORAL, "number"):
            function = "duration" if "duration" in other.kinds[0] else other.kinds[0]
            return f"; read the text by `{function}(...)`, or declare its type"
    return ""


def _known(*types: Type) -> bool:
    return all(one.kinds and all(kind in _SAMPLES for kind in one.kinds) for one in types)


def _logic(typing: Typing, node: s.Logic) -> Type:
    for part in node.parts:
        typing.boolean(part, f"beside `{node.operator}`,")
    return BOOLEAN


def _between(typing: Typing, node: s.Between) -> Type:
    for sign, end in ((">=", node.low), ("<=", node.high)):
        _comparison(typing, s.Comparison(sign, node.value, end, node.place))
    return BOOLEAN


def _in(typing: Typing, node: s.In) -> Type:
    value = typing.of(node.value)
    ends = [end for test in node.tests for end in _ends(test)]
    found = [typing.of(end) for end in ends]
    if _known(value, *found) and found and "list" not in value.kinds:
        fits = any(
            equal(_SAMPLES[a], _SAMPLES[b], QUIET) is not None
            for one in found
            for a in value.kinds
            for b in one.kinds
        )
        if not fits:
            typing.note(
                f"`{words_of(node.value)}` is a {value.words} and is looked for among values of type {found[0].words}"
                + _reading(value, found[0])
            )
    return BOOLEAN


def _ends(test: s.Node) -> list[s.Node]:
    match test:
        case s.UnaryTest(_, value):
            return [value]
        case s.RangeOf(low, high):
            return [low, high]
        case s.ListOf(items):
            return list(items)
        case _:
            return [test]


def _if(typing: Typing, node: s.If) -> Type:
    typing.boolean(node.condition, "behind `if`,")
    return joined([typing.of(node.yes), typing.of(node.no)])


def _for(typing: Typing, node: s.For) -> Type:
    return typing.within(node.iterators, lambda: Type(("list",), typing.of(node.body)))


def _quantified(typing: Typing, node: s.Quantified) -> Type:
    def body() -> Type:
        typing.boolean(node.condition, "behind `satisfies`,")
        return BOOLEAN

    return typing.within(node.iterators, body)


def _list(typing: Typing, node: s.ListOf) -> Type:
    return Type(("list",), joined(typing.of(item) for item in node.items))


def _context(typing: Typing, node: s.ContextOf) -> Type:
    return Type(("context",), fields={name: typing.of(value) for name, value in node.entries}, closed=True)


def _instance_of(typing: Typing, node: s.InstanceOf) -> Type:
    typing.of(node.value)
    return BOOLEAN


def _call(typing: Typing, node: s.Call) -> Type:
    arguments = [typing.of(argument) for argument in node.arguments]
    if not isinstance(node.function, s.Name) or node.function.bound:
        return ANY
    name = node.function.name
    builtin = BUILTINS.get(name)
    if builtin is None or name in typing.types:
        return ANY
    if node.names is None and arguments and _known(*arguments):
        _fit(typing, node, builtin, arguments)
    if name in _NUMBERS:
        return NUMBER
    if name in _TEXTS:
        return TEXT
    if name in _TESTS:
        return BOOLEAN
    if name == "duration":
        given = node.arguments[0] if len(node.arguments) == 1 else None
        text = given.value if isinstance(given, s.Literal) else None
        span = read_duration(text) if isinstance(text, str) else None
        return _DURATIONS if span is None else Type((kind_of(span),))
    return Type((_MOMENTS[name],)) if name in _MOMENTS else ANY


def _fit(typing: Typing, node: s.Call, builtin: Builtin, arguments: Sequence[Type]) -> None:
    """Note arguments that no signature of a function takes."""
    fitting = builtin.taking(len(arguments))
    if not fitting or any(len(one.kinds) > 1 for one in arguments):
        return
    samples = [_SAMPLES[one.kinds[0]] for one in arguments]
    if all(one.fit(samples) is None for one in fitting):
        given = ", ".join(one.words for one in arguments)
        typing.note(f"`{words_of(node)}` gives {builtin.name!r} a {given}, for which it has no answer")


_RULES: dict[type, Callable[[Typing, Any], Type]] = {
    s.Literal: _literal,
    s.Name: Typing.name,
    s.Path: _path,
    s.Filter: _filter,
    s.Negation: _negation,
    s.Arithmetic: _arithmetic,
    s.Comparison: _comparison,
    s.Logic: _logic,
    s.Between: _between,
    s.In: _in,
    s.InstanceOf: _instance_of,
    s.If: _if,
    s.For: _for,
    s.Quantified: _quantified,
    s.ListOf: _list,
    s.ContextOf: _context,
    s.Call: _call,
}
