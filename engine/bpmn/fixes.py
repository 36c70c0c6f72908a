"""Edits that mend a problem, in the form that `process_edit` takes."""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from flowmaster.engine.values import Json

Edit = Mapping[str, Json]

_NAME_MAX = 120
_NEAR = 0.75
_AMOUNT = re.compile(r"(?P<number>\d{1,6}) ?(?P<unit>(?:second|minute|hour|day|week|month|year)s?)")
_DURATIONS = {
    "second": "PT{}S",
    "minute": "PT{}M",
    "hour": "PT{}H",
    "day": "P{}D",
    "week": "P{}W",
    "month": "P{}M",
    "year": "P{}Y",
}


def remove(element: str) -> Edit:
    """Remove an element or a flow with everything that cannot stand without it."""
    return {"delete": element}


def set_attribute(element: str, attribute: str, value: str | None) -> Edit:
    """Set an attribute of an element, or take it away."""
    return {"set_attributes": element, "attributes": {attribute: value}}


def set_word(step: str, word: str, value: Json) -> Edit:
    """Set a word of a step, such as its role or its form."""
    return {"set": step, word: value}


def declare(name: str, type_: str) -> Edit:
    """Declare a variable with a type of the outline."""
    return {"set_data": {name: type_}}


def connect(source: str, target: str) -> Edit:
    """Lead from one element to another."""
    return {"connect": source, "to": target}


def set_condition(flow: str, condition: str | None) -> Edit:
    """Set the condition of a flow, or take it away."""
    return {"set": flow, "if": condition}


def with_name(text: str, wrong: str, right: str) -> str:
    """Return an expression in which one name stands for another."""
    return re.sub(rf"(?<![\w.]){re.escape(wrong)}\b", right, text.strip().removeprefix("=").strip())


def with_field(text: str, wrong: str, right: str) -> str:
    """Return an expression in which one field stands for another."""
    return re.sub(rf"\.\s*{re.escape(wrong)}\b", f".{right}", text.strip().removeprefix("=").strip())


def nearest(wrong: str, known: Sequence[str]) -> str:
    """Return the only name that is near enough to be meant, empty if there is none or several are."""
    near = get_close_matches(wrong[:_NAME_MAX], known, 2, _NEAR)
    return near[0] if len(near) == 1 else ""


def duration_of_words(text: str) -> str:
    """Return the ISO 8601 duration that `10 minutes` or `2 days` stands for, empty for anything else."""
    found = _AMOUNT.fullmatch(text.strip().lower())
    if found is None:
        return ""
    return _DURATIONS[found["unit"].removesuffix("s")].format(found["number"])


def make_default(flow: str) -> Edit:
    """Let a flow be the default of where it begins: its condition goes."""
    return {"set": flow, "default": True}
