"""Values to try where all cannot be tried: those that tests name, and one before, between and behind them.

Tests against constants cannot tell apart what lies between two values that they name.
"""

from collections.abc import Callable, Iterator, Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from flowmaster.engine.feel.expression import compile_expression
from flowmaster.engine.feel.numbers import DECIMAL, is_number
from flowmaster.engine.feel.temporal import Date, DateTime, DayTimeDuration, Time, YearMonthDuration

OTHER_TEXT = "any other text"
_SHIFTS: dict[type, str] = {
    Date: "P1D",
    DateTime: "PT1S",
    Time: "PT1S",
    DayTimeDuration: "PT1S",
    YearMonthDuration: "P1M",
}
"""How far behind a value the next one to look at lies, for kinds whose values have no middle."""
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


def values_between(named: Sequence[object], kind: str) -> Iterator[object]:
    """Give values of a kind, of every kind that is named where it is empty: those named, and some between them."""
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
