"""Edits one table of a TOML file as text: comments, order and all other tables stay as they are.

What the text means is asked of the library at every step: a line is the head of a table only where the lines
before it are whole, and a value ends with the first line at which it can be read.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from flowmaster.server.clients.unusual import Unusual


def read(text: str) -> dict[str, Any]:
    """Return what a file says.

    Raises:
        ValueError: it is not TOML.
    """
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def put(text: str, servers: str, name: str, wanted: Mapping[str, Any], unwanted: Sequence[str]) -> str:
    """Return the text with a table that has the wanted keys; its other keys stay, save the unwanted ones."""
    box = read(text).get(servers, {})
    if not isinstance(box, Mapping):
        raise Unusual(f"`{servers}` is not a table")
    if name not in box:
        return _appended(text, servers, name, wanted)
    lines = _lines(text if text.endswith("\n") else text + _newline(text))
    tables = _tables(lines, servers, name)
    own = next((each for each in tables if len(each.path) == 2), None)
    if own is None or not isinstance(box[name], Mapping):
        raise Unusual(f"`{servers}.{name}` is not written as a table of its own, `[{servers}.{name}]`")
    for table in reversed(tables):
        if len(table.path) > 2 and table.path[2] in unwanted:
            del lines[table.start : table.end]
        elif table is own:
            body = _body(lines[table.start + 1 : table.end], wanted, unwanted, _newline(text))
            lines[table.start + 1 : table.end] = body
    return "".join(lines)


def take(text: str, servers: str, name: str) -> str:
    """Return the text without a table and the tables below it."""
    lines = _lines(text)
    tables = _tables(lines, servers, name)
    if not tables:
        raise Unusual(f"`{servers}.{name}` is not written as a table of its own, `[{servers}.{name}]`")
    for table in reversed(tables):
        start = table.start
        alone = table.end == len(lines) or not lines[table.end].strip()
        if start and not lines[start - 1].strip() and alone:
            start -= 1
        del lines[start : table.end]
    return "".join(lines)


def table_text(servers: str, name: str, values: Mapping[str, Any]) -> str:
    """Return a table as it is written."""
    return f"[{servers}.{name}]\n" + "".join(_pair(key, value) for key, value in values.items())


@dataclass(frozen=True, slots=True)
class _Table:
    """The lines of a table: its head, and what belongs to it up to the remarks on the next one."""

    path: tuple[str, ...]
    start: int
    end: int


def _appended(text: str, servers: str, name: str, wanted: Mapping[str, Any]) -> str:
    if text and not text.endswith("\n"):
        text += _newline(text)
    gap = _newline(text) if text.strip() and not text.endswith(("\n\n", "\n\r\n")) else ""
    return text + gap + table_text(servers, name, wanted).replace("\n", _newline(text))


def _tables(lines: list[str], servers: str, name: str) -> list[_Table]:
    heads = [(place, path) for place in range(len(lines)) if (path := _head(lines, place))]
    ends = [*(place for place, _ in heads), len(lines)]
    return [
        _Table(path, start, _end(lines, start, end))
        for (start, end), (_, path) in zip(pairwise(ends), heads, strict=True)
        if path[:2] == (servers, name)
    ]


def _head(lines: list[str], place: int) -> tuple[str, ...]:
    """Return the path of the table that begins with a line, or nothing if none does."""
    line = lines[place]
    if not line.lstrip().startswith("[") or not _is_whole(line) or not _is_whole("".join(lines[:place])):
        return ()
    path, inner = [], tomllib.loads(line)
    while inner:
        ((key, inner),) = inner.items()
        path.append(key)
        inner = inner[0] if isinstance(inner, list) else inner
    return tuple(path)


def _end(lines: list[str], start: int, end: int) -> int:
    while end > start + 1 and lines[end - 1].lstrip()[:1] in ("", "#"):
        end -= 1
    return end


def _body(lines: list[str], wanted: Mapping[str, Any], unwanted: Sequence[str], newline: str) -> list[str]:
    """Return the lines of a table with the wanted values in it."""
    body: list[str] = []
    missing = dict(wanted)
    done = 0
    for start, end, key in _statements(lines):
        body += lines[done:start]
        done = end
        if key in missing:
            body.append(_rewritten("".join(lines[start:end]), key, missing.pop(key)))
        elif key not in (*wanted, *unwanted):
            body += lines[start:end]
    body += lines[done:]
    return [*body, *(_pair(key, value).replace("\n", newline) for key, value in missing.items())]


def _statements(lines: list[str]) -> Iterator[tuple[int, int, str]]:
    """Yield the lines from and to which each value goes, with its key."""
    start = 0
    while start < len(lines):
        if lines[start].lstrip()[:1] in ("", "#"):
            start += 1
            continue
        end = start + 1
        while not _is_whole("".join(lines[start:end])):
            end += 1
            if end > len(lines):
                raise Unusual("a value has no end")
        (key,) = tomllib.loads("".join(lines[start:end]))
        yield start, end, key
        start = end


def _rewritten(text: str, key: str, value: Any) -> str:
    """Return a line with another value; a remark at its end stays."""
    if tomllib.loads(text) == {key: value}:
        return text
    margin = text[: len(text) - len(text.lstrip(" \t"))]
    ending = text[len(text.rstrip("\r\n")) :]
    last = text.rstrip("\r\n").rpartition("\n")[2]
    remarks = (last[place:] for place in range(len(last)) if last[place] == "#")
    remark = next((each for each in remarks if _is_whole(text.rstrip("\r\n").removesuffix(each))), "")
    return margin + _pair(key, value).rstrip("\n") + (f"  {remark}" if remark else "") + ending


def _pair(key: str, value: Any) -> str:
    """Return a key and its value on one line; what JSON writes of texts, numbers and lists is TOML as well."""
    return f"{key} = {json.dumps(value, ensure_ascii=False)}\n"


def _is_whole(text: str) -> bool:
    try:
        tomllib.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _lines(text: str) -> list[str]:
    """Return the lines with their ends, parted where TOML parts them and nowhere else."""
    *whole, rest = text.split("\n")
    return [f"{line}\n" for line in whole] + ([rest] if rest else [])


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
