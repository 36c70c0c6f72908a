"""Answers and refusals for people: indented text, with a table where a list holds objects of one shape."""

import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from flowmaster.tools.json_text import write_json

CELL_LENGTH_MAX = 60
"""Characters of one cell; more is cut with an ellipsis."""
COLUMNS_MAX = 8
"""Columns of a table; objects with more fields are printed one under the other."""


def answer_text(value: Any) -> str:
    """Return the text of an answer."""
    if isinstance(value, Mapping):
        follow_ups = value.get("next", [])
        lines = _object({key: each for key, each in value.items() if key != "next"}, 0)
        if follow_ups:
            lines += [
                "",
                "next:",
                *(f"  {_command(each)}    {each.get('why', '')}".rstrip() for each in follow_ups),
            ]
        return "\n".join(lines)
    return _plain(value)


def error_text(body: Any) -> str:
    """Return the text of a refusal: what is wrong, where, what is expected, and how to repair it."""
    lines = [f"{body['message']}  [{body['code']}]"]
    lines += [f"  at        {body['path']}"] if body.get("path") else []
    lines += [f"  expected  {_inline(body['expected'])}"] if body.get("expected") is not None else []
    lines += [f"  fix       {body['fix']}"] if body.get("fix") else []
    lines += [f"  next      {_command(each)}" for each in body.get("next", [])]
    return "\n".join(lines)


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the rows as a table, as wide as the terminal at most."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    cells = [
        [*(_cell(row.get(column)) for column in columns[:-1]), _words(row.get(columns[-1]))] for row in rows
    ]
    widths = [
        max(len(text) for text in (column, *(row[place] for row in cells)))
        for place, column in enumerate(columns)
    ]
    wide = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    lines = [columns, ["-" * width for width in widths], *cells]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()[:wide]
        for line in lines
    )


def _object(value: Mapping[str, Any], depth: int) -> list[str]:
    """Return the lines of an object, its names in one column."""
    margin = "  " * depth
    short = {key: _short(each) for key, each in value.items()}
    width = max((len(key) for key, text in short.items() if text is not None), default=0)
    lines: list[str] = []
    for key, text in short.items():
        lines += (
            [f"{margin}{key:<{width}}  {text}"]
            if text is not None
            else [f"{margin}{key}:", *_block(value[key], depth + 1)]
        )
    return lines


def _block(value: Any, depth: int) -> list[str]:
    margin = "  " * depth
    if isinstance(value, Mapping):
        return _object(value, depth)
    if isinstance(value, str):
        return [f"{margin}{line}" for line in value.splitlines()]
    if _is_table(value):
        return [f"{margin}{line}" for line in table(value).splitlines()]
    lines: list[str] = []
    for each in value:
        text = _short(each)
        inner = [f"{margin}  {text}"] if text is not None else _block(each, depth + 1)
        lines += [f"{margin}- {inner[0].strip()}", *inner[1:]] if inner else []
    return lines


def _is_table(value: Any) -> bool:
    if not isinstance(value, Sequence) or not all(isinstance(each, Mapping) for each in value):
        return False
    columns = {key for each in value for key in each}
    return 0 < len(columns) <= COLUMNS_MAX and all(_is_flat(cell) for each in value for cell in each.values())


def _is_flat(value: Any) -> bool:
    if isinstance(value, Mapping):
        return not value
    if _is_list(value):
        return len(_inline(value)) <= CELL_LENGTH_MAX
    return "\n" not in _plain(value)


def _short(value: Any) -> str | None:
    """Return the value on one line, or nothing if it needs more."""
    if isinstance(value, str):
        return value if "\n" not in value else None
    if isinstance(value, Mapping | Sequence) and value:
        text = _inline(value)
        inner = value.values() if isinstance(value, Mapping) else value
        nested = any(isinstance(each, Mapping) or _is_list(each) for each in inner)
        return None if nested or "\n" in text or len(text) > CELL_LENGTH_MAX else text
    return _plain(value)


def _inline(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_inline(each)}" for key, each in value.items()) if value else "none"
    if _is_list(value):
        return ", ".join(_inline(each) for each in value) if value else "none"
    return _plain(value)


def _plain(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value in ({}, []) else str(value)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _words(value: Any) -> str:
    return _inline(value) if value is not None else ""


def _cell(value: Any) -> str:
    text = _words(value)
    return text if len(text) <= CELL_LENGTH_MAX else text[: CELL_LENGTH_MAX - 1] + "…"


def _command(follow_up: Mapping[str, Any]) -> str:

    arguments = follow_up.get("arguments") or {}
    words = f"'{write_json(arguments).decode()}'" if arguments else ""
    return f"flowmaster call {follow_up['operation']} {words}".rstrip()
