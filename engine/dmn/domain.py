"""What can come into a column of a decision table: one value for each set of its rules that some value matches.

The values that the cells and the allowed values of a column name, and one before, between and behind them, stand for
all there are. Null belongs to them where a cell or the allowed values name it.
"""

from collections.abc import Callable, Iterator, Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import Any, NamedTuple

from flowmaster.engine.dmn.table_index import NAMED, Cell, ColumnIndex, constants_of
from flowmaster.engine.feel.compile_tests import tests_of
from flowmaster.engine.feel.compiler import Compiler
from flowmaster.engine.feel.expression import BUILTIN_NAMES, compile_expression
from flowmaster.engine.feel.lexer import FeelSyntaxError
from flowmaster.engine.feel.numbers import DECIMAL, is_number
from flowmaster.engine.feel.parser import parse_unary_tests
from flowmaster.engine.feel.temporal import Date, DateTime, DayTimeDuration, Time, YearMonthDuration
from flowmaster.engine.feel.types import simple_type

OTHER_TEXT = "any other text"
_SHIFTS: dict[type, str] = {
    Date: "P1D",
    DateTime: "PT1S",
    Time: "PT1S",
    DayTimeDuration: "PT1S",
    YearMonthDuration: "P1M",
}
"""How far behind a value the next one to look at lies, for kinds whose values have no middle."""
_KINDS = {
    "number": "number",
    "string": "string",
    "boolean": "boolean",
    "date": "date",
    "time": "time",
    "date and time": "date and time",
    "dateTime": "date and time",
    "days and time duration": "days and time duration",
    "dayTimeDuration": "days and time duration",
    "years and months duration": "years and months duration",
    "yearMonthDuration": "years and months duration",
}
_CLASSES: dict[str, type] = {
    "date": Date,
    "time": Time,
    "date and time": DateTime,
    "days and time duration": DayTimeDuration,
    "years and months duration": YearMonthDuration,
}
_FIRSTS = {
    "date": "1970-01-01",
    "time": "00:00:00",
    "date and time": "1970-01-01T00:00:00",
    "days and time duration": "PT0S",
    "years and months duration": "P0M",
}


class Piece(NamedTuple):
    """A set of rules, as bits, and a value that matches just them."""

    rules: int
    value: object


def allowed_cell(tests: str) -> Cell:
    """Return the allowed values of a type, written as unary tests, as a cell."""
    try:
        node = parse_unary_tests(tests, BUILTIN_NAMES)
    except FeelSyntaxError:
        return Cell(None, [])
    compiler = Compiler(BUILTIN_NAMES.given, simple_type)
    return Cell(tests_of(compiler, node), None, constants_of(compiler, node, NAMED))


def kind_of_type(type_ref: str) -> str:
    """Return the kind of values of a declared type, empty for one that is not simple."""
    return _KINDS.get(type_ref, "")


def pieces_of(index: ColumnIndex, kind: str, allowed: Sequence[Cell]) -> list[Piece]:
    """Return the pieces of a column whose values are of a kind (empty: of those that cells name) and allowed.

    A cell that depends on other variables counts as one that matches whatever comes.
    """
    temporal = [(row, cell) for row, cell in enumerate(index.cells) if cell.constants is None and cell.named]
    named = [value for cell in (*index.cells, *allowed) for value in cell.named or ()]
    found: dict[int, object] = {}
    for value in _values(named, kind):
        if all(cell.passes(value) for cell in allowed) or value is None:
            rules = index.rules(value)
            for row, cell in temporal:
                if not cell.passes(value):
                    rules &= ~(1 << row)
            found.setdefault(rules, value)
    return [Piece(rules, value) for rules, value in found.items()]


def _values(named: Sequence[object], kind: str) -> Iterator[object]:
    """Give values to look at: those named, and some between them."""
    numbers = sorted({value for value in named if is_number(value)})  # type: ignore[type-var]  # numbers have an order
    texts = sorted({value for value in named if isinstance(value, str)})
    yield from (value for value in named if isinstance(value, str))
    if kind == "number" or (not kind and numbers):
        yield from _around(numbers, _number_between)
    if kind == "string" or (not kind and texts):
        yield OTHER_TEXT
        yield from _around(texts, _text_between)
    if kind == "boolean" or (not kind and any(isinstance(value, bool) for value in named)):
        yield from (True, False)
    for name, cls in _CLASSES.items():
        moments = [value for value in named if isinstance(value, cls)]
        if kind == name or (not kind and moments):
            yield from _moments(moments, name)
    if any(value is None for value in named) or (not kind and not named):
        yield None


def _around(points: Sequence[Any], between: Callable[[Any, Any], object]) -> Iterator[object]:
    for index in range(len(points) + 1):
        low = points[index - 1] if index else None
        high = points[index] if index < len(points) else None
        yield between(low, high)
        if high is not None:
            yield high


def _number_between(low: Any, high: Any) -> object:
    if low is None and high is None:
        return 0
    if low is None:
        return DECIMAL.subtract(high, 1)
    whole = DECIMAL.add(Decimal(low).to_integral_value(ROUND_FLOOR, DECIMAL), 1)
    if high is None or whole < high:
        return whole
    return DECIMAL.divide(DECIMAL.add(low, high), 2)


def _text_between(low: Any, high: Any) -> object:
    if low is None:
        return ""
    for letter in ("a", " ", "\t"):
        if high is None or low + letter < high:
            return low + letter
    return low + "\x01"


def _moments(named: Sequence[object], kind: str) -> Iterator[object]:
    cls = _CLASSES[kind]
    if not named:
        yield compile_expression(f'@"{_FIRSTS[kind]}"').value({})
    for value in named:
        for sign in ("-", "", "+"):
            moved = compile_expression(f'value {sign} @"{_SHIFTS[cls]}"') if sign else None
            found = moved.value({"value": value}) if moved is not None else value
            if isinstance(found, cls):
                yield found
