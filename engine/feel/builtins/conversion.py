"""Built-in functions that make values of one type from those of another."""

from decimal import Decimal

from flowmaster.engine.feel.builtins.registry import builtin
from flowmaster.engine.feel.convert import SHOWN_MAX, show
from flowmaster.engine.feel.evaluation import Evaluation, Fault
from flowmaster.engine.feel.numbers import read_number
from flowmaster.engine.values import Number


@builtin("string(from: any?)")
def string(run: Evaluation, value: object) -> object:
    r"""Writes a value as text.

    Example: string(1.1) = "1.1"
    Example: string([1, "a"]) = "[1, \"a\"]"
    """
    if value is None:
        return None
    run.spend(weight(value))
    text = show(value, inside=False)
    run.write(len(text))
    return text


def weight(value: object, depth: int = 0) -> int:
    """Return how many values a value holds, shared ones as often as they stand there, up to a bound."""
    if depth > 100:
        return SHOWN_MAX
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, (list, tuple)):
        return 1
    total = 1
    for item in value:
        total += weight(item, depth + 1) if isinstance(item, (list, tuple, dict)) else 1
        if total > SHOWN_MAX:
            raise Fault(f"the value holds more than {SHOWN_MAX:,} values")
    return total


@builtin("number(from: string)")
def number(run: Evaluation, text: str) -> object:
    """Reads a number from a text.

    Example: number("1500.5") = 1500.5
    """
    return _read(text)


@builtin("number(from: number)")
def number_of_number(run: Evaluation, value: Number) -> object:
    """Returns the number itself."""
    return value


@builtin("number(from: string, grouping separator: string?, [decimal separator: string?])")
def number_separated(run: Evaluation, text: str, grouping: str | None, point: str | None = None) -> object:
    """Reads a number whose digits are grouped by a blank, comma or dot, and whose point may be a comma.

    Example: number("1.000,5", ".", ",") = 1000.5
    """
    if grouping not in (None, " ", ",", "."):
        raise Fault("the grouping separator must be a blank, a comma or a dot")
    if point not in (None, ",", "."):
        raise Fault("the decimal separator must be a comma or a dot")
    if grouping is not None and grouping == point:
        raise Fault("the two separators must differ")
    if grouping is not None:
        text = text.replace(grouping, "")
    if point is not None:
        text = text.replace(point, "\x00").replace(".", "\x01").replace("\x00", ".")
    return _read(text)


def _read(text: str) -> Number:
    stripped = text.strip()
    digits = stripped.lstrip("+-").replace(".", "", 1).lower()
    head, mark, exponent = digits.partition("e")
    plain = head.isdecimal() and head.isascii() and (not mark or exponent.lstrip("+-").isdecimal())
    value = read_number(stripped) if plain and stripped.isascii() else None
    if value is None:
        raise Fault(f"{text[:60]!r} is no number")
    return int(value) if isinstance(value, Decimal) and stripped.lstrip("+-").isdecimal() else value


@builtin("context(entries: list)")
def context(run: Evaluation, entries: list[object]) -> object:
    """Makes a context of entries with `key` and `value`.

    Example: context([{key: "a", value: 1}]) = {a: 1}
    """
    result: dict[str, object] = {}
    for entry in entries:
        if not isinstance(entry, dict) or not {"key", "value"} <= entry.keys():
            raise Fault("each entry needs `key` and `value`")
        key = entry["key"]
        if not isinstance(key, str) or key in result:
            raise Fault("each key must be a text that stands there once")
        result[key] = entry["value"]
    return result
