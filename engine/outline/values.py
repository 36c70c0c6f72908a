"""Small texts of the outline: durations, dates, FEEL expressions, and FEEL values written as YAML."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from flowmaster.engine.values import Json

_ISO_DURATION = re.compile(
    r"-?P(?=\d|T\d)(?:\d+Y)?(?:\d+M)?(?:\d+W)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?(?P<calendar>@\w+)?\Z"
)
_PLAIN_DURATION = re.compile(
    r"(\d+)\s*(s|sec|seconds?|m|min|minutes?|h|hours?|d|days?|w|weeks?|months?|y|years?)\Z", re.IGNORECASE
)
_ISO_DATE = re.compile(
    r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d|@[\w+/-]+|\[[\w+/-]+\])?)?\Z"
)
_CYCLE = re.compile(r"R\d*/(?:[^/]+/)?P\S+\Z")
_CRON = re.compile(r"(?:@\w+|\S+(?: +\S+){4,5})(?: \S+/\S+)?\Z")
_UNITS = {"s": "PT{}S", "h": "PT{}H", "d": "P{}D", "w": "P{}W", "y": "P{}Y"}
_NUMBER = re.compile(r"(?:0|-?[1-9]\d{0,30})(?:\.\d{0,20}[1-9])?\Z")
_NAME = re.compile(r"[^\W\d]\w*\Z")


def duration(text: str) -> str | None:
    """Return an ISO 8601 duration for `PT48H` or `48 hours`, an expression as `=...`, else None."""
    text = text.strip()
    if text.startswith("="):
        return text
    if _ISO_DURATION.match(text):
        return text
    plain = _PLAIN_DURATION.match(text)
    if plain is None:
        return None
    unit = plain[2].lower()
    if unit.startswith("mo"):
        return f"P{plain[1]}M"
    return ("PT{}M" if unit.startswith("m") else _UNITS[unit[0]]).format(plain[1])


def date(text: str) -> str | None:
    """Return an ISO 8601 date or date and time, an expression as `=...`, else None."""
    text = text.strip()
    return text if text.startswith("=") or _ISO_DATE.match(text) else None


def cycle(text: str) -> str | None:
    """Return a repeating interval (`R/P1D`, also for a bare `P1D`), a cron text or `=...`, else None."""
    text = text.strip()
    if text.startswith("=") or _CYCLE.match(text) or _CRON.match(text):
        return text
    interval = duration(text)
    return None if interval is None else f"R/{interval}"


def is_name(text: str) -> bool:
    """Return whether `text` can be the name of a variable."""
    return _NAME.match(text) is not None


def feel_of(value: Json) -> str:
    """Return the FEEL text for a value of the outline: texts are FEEL already, the rest is written as FEEL."""
    if isinstance(value, str):
        return value.strip().removeprefix("=").strip()
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(key)}: {feel_of(entry)}" for key, entry in value.items())
        return f"{{{inside}}}"
    assert isinstance(value, Sequence)
    return f"[{', '.join(feel_of(entry) for entry in value)}]"


def native(expression: str) -> Json:
    """Return the number or boolean that an expression is, else the expression."""
    if expression in ("true", "false"):
        return expression == "true"
    if _NUMBER.match(expression):
        return Decimal(expression) if "." in expression else int(expression)
    return expression


def literal(text: str) -> str:
    """Return the FEEL string literal of a text."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _key(key: str) -> str:
    return key if is_name(key) else literal(key)


_WORDS = {"Y": "year", "M": "month", "W": "week", "D": "day", "TH": "hour", "TM": "minute", "TS": "second"}


def duration_in_words(text: str) -> str:
    """Return `72 hours` for `PT72H`, `2 days (office)` for `P2D@office`; anything else stays as it is."""
    if not _ISO_DURATION.match(text):
        return text.removeprefix("=")
    text, _, calendar = text.partition("@")
    days, _, clock = text.removeprefix("P").partition("T")
    parts = [(number, unit) for number, unit in re.findall(r"([\d.]+)([A-Z])", days)]
    parts += [(number, f"T{unit}") for number, unit in re.findall(r"([\d.]+)([A-Z])", clock)]
    words = " ".join(f"{number} {_WORDS[unit]}{'' if number == '1' else 's'}" for number, unit in parts)
    return f"{words} ({calendar})" if calendar else words


def split_context(text: str) -> list[tuple[str, str]] | None:
    """Return the entries of a FEEL context literal `{a: 1, b: f(x, y)}`, or None where it is none."""
    text = text.strip()
    if not (text.startswith("{") and text.endswith("}")):
        return None
    entries: list[tuple[str, str]] = []
    for part in split_at_commas(text[1:-1]):
        key, colon, value = part.partition(":")
        if not colon or not is_name(key.strip()):
            return None
        entries.append((key.strip(), value.strip()))
    return entries


def split_at_commas(text: str) -> list[str]:
    """Return the parts of a FEEL text between its outermost commas; strings and brackets hold theirs."""
    parts, depth, start, position = [], 0, 0, 0
    while position < len(text):
        character = text[position]
        if character == '"':
            position += 1
            while position < len(text) and text[position] != '"':
                position += 2 if text[position] == "\\" else 1
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == "," and depth == 0:
            parts.append(text[start:position])
            start = position + 1
        position += 1
    parts.append(text[start:])
    return [part.strip() for part in parts if part.strip()]
