"""What stands in the gaps of sentences: names, texts, times, conditions; each written and read by one pair of functions."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from flowmaster.engine.outline.json_text import json_text
from flowmaster.engine.values import Json
from flowmaster.engine.words.conditions import condition_words, read_condition, read_value, value_words

_BARE = re.compile(r"[A-Za-z_][\w.-]*\Z")
_ISO = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?(?:@([\w-]+))?\Z")
_TIME = re.compile(
    r"(?:(\d+) days?)?(?: ?(\d+) hours?)?(?: ?(\d+) minutes?)?(?: of working time \(([\w-]+)\))?\Z"
)
_JOINT = re.compile(r", | and ")
_RESERVED = {"and", "or"}


class Slot(NamedTuple):
    """How a gap is filled and read; both answer None where it cannot be."""

    write: Callable[[Json], str | None]
    read: Callable[[str], Json]
    example: str


def quoted(value: Json) -> str | None:
    """Return a text in double quotes."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) and value.isprintable() else None


def read_quoted(said: str) -> Json:
    """Return the text between double quotes."""
    found = read_json(said)
    return found if isinstance(found, str) else None


def read_json(said: str) -> Json:
    """Return the value of JSON with exact numbers."""
    try:
        found: Json = json.loads(said, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None
    return found


def _visible_json(value: Json) -> str | None:
    text = json_text(value)
    return text if text.isprintable() else json.dumps(json.loads(text)) if _no_decimals(value) else None


def _no_decimals(value: Json) -> bool:
    if isinstance(value, Mapping):
        return all(map(_no_decimals, value.values()))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return all(map(_no_decimals, value))
    return not isinstance(value, Decimal)


def _word(value: Json) -> str | None:
    if not isinstance(value, str):
        return None
    return value if _BARE.match(value) and value not in _RESERVED else quoted(value)


def _read_word(said: str) -> Json:
    return read_quoted(said) if said.startswith('"') else said if _BARE.match(said) else None


def _words(value: Json) -> str | None:
    if isinstance(value, str):
        return _word(value)
    if not isinstance(value, Sequence) or len(value) < 2:
        return None
    said = [_word(entry) or "" for entry in value]
    return f"{', '.join(said[:-1])} and {said[-1]}" if all(said) else None


def _read_words(said: str) -> Json:
    found = [_read_word(part) for part in _JOINT.split(said)]
    if None in found:
        return None
    return found[0] if len(found) == 1 else found


def _list(value: Json) -> str | None:
    """Return the words of a list, which may be one alone."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return None
    return _word(value[0]) if len(value) == 1 else _words(value)


def _read_list(said: str) -> Json:
    found = _read_words(said)
    return [found] if isinstance(found, str) else found


def _time(value: Json) -> str | None:
    if not isinstance(value, str):
        return None
    return duration_words(value) or condition_words(value)


def duration_words(value: str) -> str:
    """Return a length of time as people say it, `P2DT3H` as `2 days 3 hours`; empty for seconds, and what is none."""
    match = _ISO.match(value)
    if match is None or not any(match.groups()[:3]):
        return ""
    units = zip(("day", "hour", "minute"), match.groups(), strict=False)
    said = " ".join(f"{number} {unit}{'' if number == '1' else 's'}" for unit, number in units if number)
    return f"{said} of working time ({match[4]})" if match[4] else said


def _read_time(said: str) -> Json:
    match = _TIME.match(said)
    if match is None or not any(match.groups()[:3]):
        return read_condition(said) if said.startswith(("`", "the formula ")) else None
    days, hours, minutes, calendar = match.groups()
    clock = f"{f'{hours}H' if hours else ''}{f'{minutes}M' if minutes else ''}"
    day = f"{days}D" if days else ""
    return f"P{day}{f'T{clock}' if clock else ''}{f'@{calendar}' if calendar else ''}"


def _condition(value: Json) -> str | None:
    return condition_words(value) if isinstance(value, str) else None


def _number(value: Json) -> str | None:
    return value_words(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _read_number(said: str) -> Json:
    found = read_value(said)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


_KINDS: dict[str, Json] = {
    "yes or no": "boolean",
    "a number": "number",
    "a whole number": "integer",
    "a text": "text",
    "a date": "date",
    "a time": "time",
    "a date and time": "datetime",
    "a duration": "duration",
    "a person": "person",
    "an email address": "email",
    "a document": "document",
    "anything": "any",
}
_KIND_WORDS = {str(word): said for said, word in _KINDS.items()}


_LIMITED = re.compile(r"(number|integer|text) (?:(-?\d+)\.\.(-?\d+)|(>=|<=|>|<) (-?\d+))\Z")
_FROM = re.compile(
    r"(a number|a whole number|a text) (?:from (-?\d+) to (-?\d+)|(of at least|of at most|over|under) (-?\d+))\Z"
)
_LIMITS = {">=": "of at least", "<=": "of at most", ">": "over", "<": "under"}
_LIMIT_SIGNS = {said: sign for sign, said in _LIMITS.items()}


def _kind(value: Json) -> str | None:
    if isinstance(value, str) and value in _KIND_WORDS:
        return _KIND_WORDS[value]
    if isinstance(value, str) and (limited := _LIMITED.match(value)):
        word, least, most, sign, limit = limited.groups()
        return f"{_KIND_WORDS[word]} " + (f"from {least} to {most}" if least else f"{_LIMITS[sign]} {limit}")
    if isinstance(value, str) and value.isprintable() and "`" not in value:
        return f"`{value}`"
    return _visible_json(value)


def _read_kind(said: str) -> Json:
    if said.startswith("`") and said.endswith("`"):
        return said[1:-1]
    if limited := _FROM.match(said):
        kind, least, most, sign, limit = limited.groups()
        return f"{_KINDS[kind]} " + (f"{least}..{most}" if least else f"{_LIMIT_SIGNS[sign]} {limit}")
    return _KINDS[said] if said in _KINDS else read_json(said)


SLOTS: Mapping[str, Slot] = {
    "text": Slot(quoted, read_quoted, '"a name"'),
    "word": Slot(_word, _read_word, "word"),
    "words": Slot(_words, _read_words, "one, two and three"),
    "list": Slot(_list, _read_list, "one, two and three"),
    "time": Slot(_time, _read_time, "2 days"),
    "if": Slot(_condition, read_condition, "the cost is over 1,000"),
    "value": Slot(value_words, read_value, "the cost"),
    "number": Slot(_number, _read_number, "3"),
    "kind": Slot(_kind, _read_kind, "a number"),
    "json": Slot(_visible_json, read_json, "JSON"),
}
"""The kinds of gaps by the names that sentences give them."""
