"""Edits one entry of a JSON file as text: order, indentation, comments and all other entries stay as they are.

Comments and commas before a closing brace are read as VS Code reads them; `read` refuses them where a client does.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from flowmaster.server.clients.unusual import Unusual

DEPTH_MAX: Final = 100
"""How deeply objects with comments in them may be nested."""

_DECODER = json.JSONDecoder()
_BLANK = re.compile(r"(?:[ \t\r\n]+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_REST_OF_LINE = re.compile(r"(?:[ \t]+|/\*(?:(?!\*/)[^\r\n])*\*/)*(?://[^\r\n]*)?")
_FIRST_NAME = re.compile(r"^([ \t]+)\"", re.MULTILINE)
_SPACES = re.compile(r"[ \t]*")
_END_OF_LINE = re.compile(r"[ \t]*(?:\r?\n|\Z)")


def read(text: str, *, comments: bool) -> dict[str, Any]:
    """Return what a file says; an empty one says nothing.

    Raises:
        ValueError: it is not JSON, or has comments where its client takes none.
    """
    if not text.strip():
        return {}
    try:
        value = _whole(text)[0] if comments else json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not isinstance(value, dict):
        raise ValueError("it is not an object in braces")
    return value


def put(text: str, servers: str, name: str, wanted: Mapping[str, Any], unwanted: Sequence[str]) -> str:
    """Return the text with an entry that has the wanted fields; its other fields stay, save the unwanted ones."""
    text = text if text.strip() else "{}\n"
    box = _member(_whole(text)[1], servers)
    if box is None:
        return _insert(text, _whole(text)[1], servers, {name: wanted})
    if not isinstance(box.value, dict):
        raise Unusual(f"`{servers}` is not an object")
    entry = _member(_object(text, box.value_start), name)
    if entry is None:
        return _insert(text, _object(text, box.value_start), name, wanted)
    if not isinstance(entry.value, dict):
        return _replace(text, entry, wanted, _margin(text, entry.start))
    for key in unwanted:
        text = _remove(text, _at(text, servers, name), key)
    for key, value in wanted.items():
        text = _set(text, _at(text, servers, name), key, value)
    return text


def take(text: str, servers: str, name: str) -> str:
    """Return the text without an entry."""
    return _remove(text, _at(text, servers), name)


@dataclass(frozen=True, slots=True)
class _Member:
    """A name and its value, and where they stand; `comma` is the place of the comma behind, or -1."""

    name: str
    start: int
    value_start: int
    end: int
    value: Any
    comma: int


@dataclass(frozen=True, slots=True)
class _Object:
    """An object from its opening to behind its closing brace."""

    start: int
    end: int
    members: tuple[_Member, ...]


def _whole(text: str) -> tuple[Any, _Object]:
    """Return the value of a text and the object that it is."""
    start = _skip(text, 0)
    if text[start : start + 1] != "{":
        raise _wrong("an object in braces is expected", text, start)
    found = _object(text, start)
    rest = _skip(text, found.end)
    if rest != len(text):
        raise _wrong("something follows the closing brace", text, rest)
    return {each.name: each.value for each in found.members}, found


def _at(text: str, *path: str) -> _Object:
    found = _whole(text)[1]
    for name in path:
        member = _member(found, name)
        assert member is not None
        found = _object(text, member.value_start)
    return found


def _member(box: _Object, name: str) -> _Member | None:
    found = [each for each in box.members if each.name == name]
    if len(found) > 1:
        raise Unusual(f"`{name}` stands there twice")
    return found[0] if found else None


def _object(text: str, start: int, depth: int = 0) -> _Object:
    members: list[_Member] = []
    at = _skip(text, start + 1)
    while text[at : at + 1] != "}":
        if members and members[-1].comma < 0:
            raise _wrong("a comma or a closing brace is expected", text, at)
        if text[at : at + 1] != '"':
            raise _wrong("a name in double quotes is expected", text, at)
        name, end = _DECODER.raw_decode(text, at)
        colon = _skip(text, end)
        if text[colon : colon + 1] != ":":
            raise _wrong("a colon is expected", text, colon)
        value_start = _skip(text, colon + 1)
        value, end = _value(text, value_start, depth)
        after = _skip(text, end)
        comma = after if text[after : after + 1] == "," else -1
        members.append(_Member(name, at, value_start, end, value, comma))
        at = after if comma < 0 else _skip(text, comma + 1)
    return _Object(start, at + 1, tuple(members))


def _value(text: str, at: int, depth: int) -> tuple[Any, int]:
    """Return the value that stands at a place and where it ends; without comments the library reads it."""
    try:
        return _DECODER.raw_decode(text, at)
    except json.JSONDecodeError:
        opening = text[at : at + 1]
        if opening not in ("{", "["):
            raise
    if depth > DEPTH_MAX:
        raise _wrong("it is nested too deeply", text, at)
    if opening == "{":
        found = _object(text, at, depth + 1)
        return {each.name: each.value for each in found.members}, found.end
    return _list(text, at, depth + 1)


def _list(text: str, at: int, depth: int) -> tuple[list[Any], int]:
    values: list[Any] = []
    at, parted = _skip(text, at + 1), True
    while text[at : at + 1] != "]":
        if not parted:
            raise _wrong("a comma or a closing bracket is expected", text, at)
        value, at = _value(text, at, depth)
        values.append(value)
        at = _skip(text, at)
        parted = text[at : at + 1] == ","
        at = _skip(text, at + 1) if parted else at
    return values, at + 1


def _skip(text: str, at: int) -> int:
    """Return the next place that is neither blank nor a comment."""
    return _match_end(_BLANK, text, at)


def _wrong(says: str, text: str, at: int) -> json.JSONDecodeError:
    return json.JSONDecodeError(says, text, at)


def _set(text: str, box: _Object, key: str, value: Any) -> str:
    member = _member(box, key)
    if member is None:
        return _insert(text, box, key, value)
    return text if member.value == value else _replace(text, member, value, _margin(text, member.start))


def _replace(text: str, member: _Member, value: Any, margin: str) -> str:
    return text[: member.value_start] + _written(value, text, margin) + text[member.end :]


def _insert(text: str, box: _Object, key: str, value: Any) -> str:
    """Return the text with one more member at the end of an object, in the object's own manner."""
    newline, outer = _newline(text), _margin(text, box.start)
    if not box.members:
        inner = outer + _unit(text)
        kept = text[box.start + 1 : box.end - 1].rstrip()
        line = f"{newline}{inner}{json.dumps(key)}: {_written(value, text, inner)}{newline}{outer}"
        return text[: box.start + 1] + kept + line + text[box.end - 1 :]
    first, last = box.members[0], box.members[-1]
    if "\n" not in text[box.start : first.start]:
        plain = json.dumps(value, ensure_ascii=False)
        return f"{text[: last.end]}, {json.dumps(key)}: {plain}{text[last.end :]}"
    inner = _margin(text, first.start)
    has_comma = last.comma >= 0
    kept_to = _match_end(_REST_OF_LINE, text, last.comma + 1 if has_comma else last.end)
    line = f"{newline}{inner}{json.dumps(key)}: {_written(value, text, inner)}{',' if has_comma else ''}"
    return text[: last.end] + ("" if has_comma else ",") + text[last.end : kept_to] + line + text[kept_to:]


def _remove(text: str, box: _Object, key: str) -> str:
    """Return the text without a member, its comma and, if nothing else stands there, its lines."""
    member = _member(box, key)
    if member is None:
        return text
    place = box.members.index(member)
    before = box.members[place - 1] if place else None
    if member.comma >= 0 and text[member.end : member.comma].strip():  # A comment parts it from its comma.
        if before is None:
            text = text[: member.comma] + text[member.comma + 1 :]
        member = replace(member, comma=-1)
    start, end = member.start, member.end if member.comma < 0 else member.comma + 1
    line = text.rfind("\n", 0, start) + 1
    tail = _END_OF_LINE.match(text, end)
    if text[line:start].strip() == "" and tail is not None:
        start, end = line, tail.end()
    elif before is not None:
        start = len(text[:start].rstrip(" \t"))
    else:
        end = _match_end(_SPACES, text, end)
    if before is not None and member.comma < 0:
        head = text[: before.comma] + text[before.comma + 1 : start]
    else:
        head = text[:start]
    text = head + text[end:]
    if len(box.members) == 1:
        closing = text.index("}", len(head))
        if text[box.start + 1 : closing].strip() == "":
            text = text[: box.start + 1] + text[closing:]
    return text


def _written(value: Any, text: str, margin: str) -> str:
    """Return a value as this text would hold it: objects over several lines, all else on one."""
    if not isinstance(value, Mapping) or not value:
        return json.dumps(value, ensure_ascii=False)
    return "".join(_lines(value, text, margin))


def _lines(value: Mapping[str, Any], text: str, margin: str) -> Iterator[str]:
    newline, inner = _newline(text), margin + _unit(text)
    parting = "{"
    for key, each in value.items():
        yield f"{parting}{newline}{inner}{json.dumps(key)}: {_written(each, text, inner)}"
        parting = ","
    yield f"{newline}{margin}}}"


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _margin(text: str, at: int) -> str:
    """Return the blanks that begin the line of a place."""
    line = text[text.rfind("\n", 0, at) + 1 :]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _unit(text: str) -> str:
    """Return the indentation of this text: that of the first line that begins with a name."""
    found = _FIRST_NAME.search(text)
    return found[1] if found else "  "


def _match_end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    assert found is not None
    return found.end()
