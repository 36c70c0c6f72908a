"""Conditions and values in words, there and back: `cost > 1000` is `the cost is over 1,000`."""

import json
import re
from decimal import Decimal

from flowmaster.engine.outline.json_text import json_text
from flowmaster.engine.values import Json

_COMPARED = {
    ">=": "is at least",
    "<=": "is at most",
    "!=": "is not",
    ">": "is over",
    "<": "is under",
    "=": "is",
}
_SIGNS = {words: sign for sign, words in _COMPARED.items()}
_NAME = r"[A-Za-z_]\w*"
_PATH = rf"{_NAME}(?:\.{_NAME})*"
_VALUE = r'-?\d+(?:\.\d+)?|"[^"\\]*"'
_FEEL = re.compile(rf"({_PATH}) (>=|<=|!=|>|<|=) ({_VALUE}|{_PATH})\Z")
_THE = rf"the ({_NAME}(?:'s {_NAME})*)"
_NUMBER = re.compile(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?\Z|-?\d+(?:\.\d+)?\Z")
_SAID = re.compile(
    rf"{_THE} (is at least|is at most|is not|is over|is under|is) (-?[\d,]+(?:\.\d+)?|\"[^\"\\]*\"|{_THE})\Z"
)
_NULL = re.compile(rf"({_PATH}) (=|!=) null\Z")
_MISSING = re.compile(rf"{_THE} is (missing|given)\Z")
_HOLDS = re.compile(rf"({_NAME}(?:'s {_NAME})*) (holds|does not hold)\Z")
_JOINT = re.compile(r" (and|or) ")
_RESERVED = {"null", "true", "false", "not", "and", "or"}


def condition_words(feel: str) -> str:
    """Return a FEEL expression in words, in backquotes where there are none for it."""
    said = _all_said(feel)
    if said and read_condition(said) == feel:
        return said
    if "`" not in feel and feel.isprintable():
        return f"`{feel}`"
    return f"the formula {json.dumps(feel, ensure_ascii=False)}"


def read_condition(said: str) -> str | None:
    """Return the FEEL of a condition in words, None where it is not understood."""
    if said.startswith("`") and said.endswith("`") and said.count("`") == 2:
        return said[1:-1] or None
    if said.startswith("the formula "):
        try:
            found = json.loads(said.removeprefix("the formula "))
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, str) else None
    parts = _JOINT.split(said)
    found = [part if index % 2 else _heard(part) for index, part in enumerate(parts)]
    return None if None in found else " ".join(str(part) for part in found)


def value_words(value: Json) -> str | None:
    """Return a number, yes or no, or an expression in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | Decimal):
        return _grouped(json_text(value))
    if isinstance(value, str) and re.fullmatch(_PATH, value) and value not in _RESERVED:
        return f"the {_owned(value)}"
    return condition_words(value) if isinstance(value, str) else None


def read_value(said: str) -> Json:
    """Return the value that words say, None where they are not understood."""
    if said in ("yes", "no"):
        return said == "yes"
    if _NUMBER.match(said):
        plain = said.replace(",", "")
        return Decimal(plain) if "." in plain else int(plain) if len(plain) < 30 else None
    if match := re.fullmatch(_THE, said):
        return _path(match[1])
    return read_condition(said)


def _all_said(feel: str) -> str:
    parts = _JOINT.split(feel)
    said = [part if index % 2 else _said(part) for index, part in enumerate(parts)]
    return " ".join(said) if all(said) else ""


def _said(atom: str) -> str:
    """Return one comparison in words, empty where there are none."""
    if match := _NULL.match(atom):
        return f"the {_owned(match[1])} is {'missing' if match[2] == '=' else 'given'}"
    if match := _FEEL.match(atom):
        return f"the {_owned(match[1])} {_COMPARED[match[2]]} {_operand(match[3])}"
    inner = atom.removeprefix("not(").removesuffix(")") if atom.startswith("not(") else atom
    if not re.fullmatch(_PATH, inner):
        return ""
    return f"{_owned(inner)} {'holds' if inner == atom else 'does not hold'}"


def _operand(text: str) -> str:
    if re.fullmatch(_PATH, text):
        return f"the {_owned(text)}"
    return text if text.startswith('"') else _grouped(text)


def _heard(said: str) -> str | None:
    if match := _MISSING.match(said):
        return f"{_path(match[1])} {'=' if match[2] == 'missing' else '!='} null"
    if match := _SAID.match(said):
        value = match[3]
        if match[4]:
            value = _path(match[4])
        elif not value.startswith('"'):
            if not _NUMBER.match(value):
                return None
            value = value.replace(",", "")
        return f"{_path(match[1])} {_SIGNS[match[2]]} {value}"
    if match := _HOLDS.match(said):
        path = _path(match[1])
        if path in _RESERVED:
            return None
        return path if match[2] == "holds" else f"not({path})"
    return None


def _owned(path: str) -> str:
    return path.replace(".", "'s ")


def _path(owned: str) -> str:
    return owned.replace("'s ", ".")


def _grouped(number: str) -> str:
    whole, point, rest = number.partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    if len(digits) > 3 and digits.startswith("0"):
        return number
    return f"{sign}{re.sub(r'(?<=[0-9])(?=(?:[0-9]{3})+$)', ',', digits)}{point}{rest}"
