"""Writes an outline as compact YAML: what fits stands in one line, the rest in lines of its own."""

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from flowmaster.engine.values import Json

WIDTH = 120
_STEP = "  "
_SAFE = re.compile(
    r"[^\W\d_](?:[\w .()/+*<>=!\"'$~^;-]|:(?=[^\s,\[\]{}]))*\Z|P[\dA-Z]+\Z|=[\w .()/+*<>=!\"'$~^;-]+\Z"
)
_OTHER_THAN_TEXT = re.compile(r"(?:null|true|false|yes|no|off|y|n|~)\Z|[-+.]?[\d.]", re.IGNORECASE)


def outline_text(value: Json) -> str:
    """Return YAML that reads back as the same value."""
    lines: list[str] = []
    if isinstance(value, Mapping) and value:
        _mapping(value, "", lines)
    else:
        lines.append(_flow(value))
    return "\n".join(lines) + "\n"


def _mapping(value: Mapping[str, Json], indent: str, lines: list[str]) -> None:
    for key, entry in value.items():
        _entry(f"{indent}{_text(key)}:", entry, indent, lines)


def _entry(head: str, value: Json, indent: str, lines: list[str]) -> None:
    """Write what stands behind `head`: in its line where it fits and is no list of steps, else below."""
    line = f"{head} {_flow(value)}"
    if len(line) <= WIDTH and not _is_steps(value):
        lines.append(line)
    elif isinstance(value, Mapping) and value:
        lines.append(head)
        _mapping(value, indent + _STEP, lines)
    elif isinstance(value, Sequence) and not isinstance(value, str) and value:
        lines.append(head)
        _list(value, indent + _STEP, lines)
    else:
        lines.append(line)


def _list(value: Sequence[Json], indent: str, lines: list[str]) -> None:
    for entry in value:
        line = f"{indent}- {_item(entry)}"
        if len(line) <= WIDTH and not _holds_steps(entry):
            lines.append(line)
        elif isinstance(entry, Mapping) and entry:
            start = len(lines)
            _mapping(entry, indent + _STEP, lines)
            lines[start] = f"{indent}- {lines[start][len(indent) + 2 :]}"
        elif isinstance(entry, Sequence) and not isinstance(entry, str) and entry:
            start = len(lines)
            _list(entry, indent + _STEP, lines)
            lines[start] = f"{indent}- {lines[start][len(indent) + 2 :]}"
        else:
            lines.append(line)


def _item(entry: Json) -> str:
    """Return an entry of a list in one line; a mapping of one needs no braces."""
    if isinstance(entry, Mapping) and len(entry) == 1:
        ((key, value),) = entry.items()
        return f"{_text(key)}: {_flow(value)}"
    return _flow(entry)


def _is_steps(value: Json) -> bool:
    """Return whether this is a list of more than one mapping, which reads better one below the other."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return False
    return sum(isinstance(entry, Mapping) for entry in value) > 1


def _holds_steps(value: Json) -> bool:
    if isinstance(value, Mapping):
        return any(_is_steps(entry) or _holds_steps(entry) for entry in value.values())
    return _is_steps(value)


def _flow(value: Json) -> str:
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_text(key)}: {_flow(entry)}' for key, entry in value.items())}}}"
    if isinstance(value, str):
        return _text(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text if "." in text else f"{text}.0"
    if isinstance(value, int):
        return str(value)
    return f"[{', '.join(_flow(entry) for entry in value)}]"


def _text(text: str) -> str:
    if _SAFE.match(text) and not _OTHER_THAN_TEXT.match(text) and not text.endswith(" "):
        return text
    if "\n" in text or not text.isprintable() or "\\" in text:
        return "".join(map(_visible, json.dumps(text, ensure_ascii=False)))
    escaped = text.replace("'", "''")
    return f"'{escaped}'"


def _visible(letter: str) -> str:
    """Return a letter, one that cannot be seen by its number; JSON's pairs of halves are not YAML."""
    if letter.isprintable():
        return letter
    return f"\\u{ord(letter):04x}" if letter < "\U00010000" else f"\\U{ord(letter):08x}"
