"""FEEL values to the JSON values that processes store, and back by a declared type."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.feel.numbers import write_number
from flowmaster.engine.feel.temporal import Date, DateTime, DayTimeDuration, Time, YearMonthDuration
from flowmaster.engine.feel.temporal_text import read_date, read_date_time, read_duration, read_time
from flowmaster.engine.feel.values import Function, Range, kind_of
from flowmaster.engine.values import Json

DEPTH_MAX = 100
VALUES_MAX = 1_000_000
SHOWN_MAX = 100_000
"""How many values one text may show."""
_INTEGER_MAX = 2**63
_TEMPORAL = (Date, Time, DateTime, DayTimeDuration, YearMonthDuration)


def to_json(value: object) -> Json:
    """Return a FEEL value as the JSON value that a variable keeps; functions have none."""
    return _Writer().write(value, 0)


class _Writer:
    """Counts what it writes, since a small value may hold one list many times over."""

    def __init__(self) -> None:
        self.left = VALUES_MAX

    def write(self, value: object, depth: int) -> Json:
        self.left -= 1
        if self.left < 0 or depth > DEPTH_MAX:
            raise FlowMasterError(
                "feel.limit_exceeded",
                f"The value holds more than {VALUES_MAX:,} values or is nested deeper than {DEPTH_MAX}.",
                fix="Return less.",
                status=422,
            )
        if value is None or isinstance(value, (bool, str, Decimal)):
            return value
        if isinstance(value, int):
            return value if -_INTEGER_MAX <= value < _INTEGER_MAX else Decimal(value)
        if isinstance(value, (list, tuple)):
            return [self.write(item, depth + 1) for item in value]
        if isinstance(value, Mapping):
            return {str(key): self.write(item, depth + 1) for key, item in value.items()}
        if isinstance(value, _TEMPORAL):
            return str(value)
        if isinstance(value, Range):
            return show(value)
        raise FlowMasterError(
            "feel.not_a_value",
            f"A {kind_of(value)} cannot be kept in a variable.",
            fix="Call the function, and keep its result.",
            status=422,
        )


def from_json(value: Json, type_name: str | None = None) -> object:
    """Return a JSON value as a FEEL value, reading ISO strings as temporals where a type is declared.

    `type_name` is a FEEL type (`date`, `days and time duration`, `list<date>`); a text that is none of it stays a
    text, so that the type check behind can name it.
    """
    if type_name is None or value is None:
        return value
    if type_name.startswith("list<") and type_name.endswith(">") and isinstance(value, (list, tuple)):
        return [from_json(item, type_name[5:-1]) for item in value]
    if isinstance(value, str):
        read = _READERS.get(type_name)
        if read is not None:
            found = read(value)
            return value if found is None else found
    return value


def _read_days(text: str) -> object:
    span = read_duration(text)
    return span if isinstance(span, DayTimeDuration) else None


def _read_months(text: str) -> object:
    span = read_duration(text)
    return span if isinstance(span, YearMonthDuration) else None


_READERS = {
    "date": read_date,
    "time": read_time,
    "date and time": read_date_time,
    "dateTime": read_date_time,
    "days and time duration": _read_days,
    "dayTimeDuration": _read_days,
    "years and months duration": _read_months,
    "yearMonthDuration": _read_months,
    "duration": read_duration,
}


def show(value: object, inside: bool = True) -> str:
    """Write a value as FEEL text; a text at the top of `string()` stands without quotes (`inside=False`).

    What holds too much ends in `...`.
    """
    if isinstance(value, str):
        return _quoted(value) if inside else value
    return _Text().write(value, 0)


class _Text:
    """Counts the values it writes, since a small value may hold one list many times over."""

    def __init__(self) -> None:
        self.left = SHOWN_MAX

    def write(self, value: object, depth: int) -> str:
        self.left -= 1
        if depth > DEPTH_MAX or self.left < 0:
            return "..."
        if value is None:
            return "null"
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, (int, Decimal)):
            return write_number(value)
        if isinstance(value, str):
            return _quoted(value)
        if isinstance(value, (list, tuple)):
            return f"[{self._joined(self.write(item, depth + 1) for item in value)}]"
        if isinstance(value, Mapping):
            pairs = (f"{_key(str(key))}: {self.write(item, depth + 1)}" for key, item in value.items())
            return f"{{{self._joined(pairs)}}}"
        if isinstance(value, Range):
            return self._range(value, depth)
        if isinstance(value, Function):
            return f"function({', '.join(value.parameters)})"
        return str(value)

    def _joined(self, parts: Iterable[str]) -> str:
        written: list[str] = []
        for part in parts:
            written.append(part)
            if self.left < 0:
                break
        return ", ".join(written)

    def _range(self, value: Range, depth: int) -> str:
        if value.test:
            end = value.high if value.test in ("<", "<=") else value.low
            return f"({value.test} {self.write(end, depth + 1)})"
        low = "" if value.low is None else self.write(value.low, depth + 1)
        high = "" if value.high is None else self.write(value.high, depth + 1)
        return f"{'[' if value.low_closed else '('}{low}..{high}{']' if value.high_closed else ')'}"


def literal(value: object) -> str:
    """Write a value as a FEEL literal that reads back as the same value: temporals as `@"..."`."""
    if isinstance(value, _TEMPORAL):
        return f'@"{value}"'
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_quoted(str(key))}: {literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Range):
        if value.test:
            return f"({value.test} {literal(value.high if value.low is None else value.low)})"
        return f"{'[' if value.low_closed else '('}{literal(value.low)}..{literal(value.high)}{']' if value.high_closed else ')'}"
    return show(value)


def _quoted(text: str) -> str:
    for char, escape in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        text = text.replace(char, escape)
    return f'"{text}"'


def _key(name: str) -> str:
    words = name.split(" ")
    plain = all(word and all(char.isalnum() or char in "_-+*/'." for char in word) for word in words)
    return name if plain and not name[0].isdigit() else _quoted(name)
