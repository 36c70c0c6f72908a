"""Turns the text of an outline, YAML or JSON, into plain objects with the line of every part.

YAML is read in its plain sense: only `true` and `false` are booleans (`on`, `yes` and `no` are texts), dates stay texts,
numbers are exact, and no anchor, alias, tag, merge key or second key of the same name is taken.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

import yaml

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.values import Json

LENGTH_MAX = 250_000
DEPTH_MAX = 100
NODES_MAX = 100_000

_LINE_ENDS = "\0\r\n\x85\u2028\u2029"
_BLANKS = f"{_LINE_ENDS} \t"
_BRACKETS = {"(": ")", "[": "]", "{": "}"}
_NULL = re.compile(r"(?:~|null|Null|NULL|)\Z")
_TRUE = re.compile(r"(?:true|True|TRUE)\Z")
_FALSE = re.compile(r"(?:false|False|FALSE)\Z")
_INTEGER = re.compile(r"[-+]?(?:0|[1-9]\d{0,99})\Z")
_DECIMAL = re.compile(
    r"[-+]?(?:0|[1-9]\d{0,99})\.\d{1,100}\Z|[-+]?(?:0|[1-9]\d{0,33})(?:\.\d{1,33})?[eE][-+]?\d{1,3}\Z"
)


class OutlineText(NamedTuple):
    """What a text says, and the line (from 1) of each place in it by its path (`steps[3].approve.within`)."""

    value: Json
    lines: Mapping[str, int]


def read_outline_text(text: str) -> OutlineText:
    """Read YAML or JSON; what cannot be read ends in an `outline.*` error that names the line."""
    if len(text) > LENGTH_MAX:
        raise FlowMasterError(
            "outline.too_long",
            f"The outline has {len(text):,} characters.",
            path="outline",
            expected=f"at most {LENGTH_MAX:,} characters",
            fix="Split the process into several that `run` each other.",
        )
    loader = _open(text)
    try:
        node = loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        raise _malformed(text, error) from error
    except (yaml.YAMLError, RecursionError) as error:
        message = "the text nests too deep" if isinstance(error, RecursionError) else str(error)
        raise FlowMasterError(
            "outline.malformed",
            f"The outline cannot be read: {message}.",
            path="outline",
            fix="Write it as one YAML mapping, or give it as an object.",
        ) from error
    lines: dict[str, int] = {}
    return OutlineText(_Plain(lines).value(node, "", 0), lines)


def _open(text: str) -> "_Loader":
    try:
        return _Loader(text)
    except yaml.reader.ReaderError as error:
        raise FlowMasterError(
            "outline.malformed",
            f"The character at position {error.position} cannot stand in an outline.",
            path="outline",
            fix="Leave the control character out.",
        ) from error


class _Loader(yaml.SafeLoader):
    """YAML whose unquoted texts may hold FEEL inside braces: `{if: count(a, b) > 1, note?: x in [1, 2]}`.

    YAML ends such a text at the comma, or finds it malformed; here a bracket that closes in the same line belongs to
    the text it stands in, and `?` is a letter like any other. References, tags and too much of anything are refused
    before anything is built of them.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._text = text
        self._depth = self._count = 0

    def get_event(self) -> yaml.Event:
        """Return the next event, or refuse what an outline does not take."""
        event: yaml.Event = super().get_event()  # type: ignore[no-untyped-call]  # The stubs leave it untyped.
        self._count += 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            message = "Anchors and aliases (`&`, `*`) are not taken."
            raise _at(event, self._text, message, "Write the part out, or quote the text.")
        tag = getattr(event, "tag", None)
        if tag:
            message = f"The tag {tag!r} is not taken."
            raise _at(event, self._text, message, "Leave the tag out, or quote the text.")
        if isinstance(event, yaml.CollectionStartEvent):
            self._depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            self._depth -= 1
        if self._depth > DEPTH_MAX:
            raise _at(
                event, self._text, f"The outline nests deeper than {DEPTH_MAX} levels.", "Make it flatter."
            )
        if self._count > NODES_MAX:
            message = f"The outline has more than {NODES_MAX:,} parts."
            raise _at(event, self._text, message, "Split the process.")
        return event

    def fetch_flow_collection_start(self, token: type[yaml.Token]) -> None:
        """Open a brace or bracket, unless too many are open: the scanner reads ahead of the events."""
        if self.flow_level > DEPTH_MAX:
            raise yaml.scanner.ScannerError(
                None, None, f"it nests deeper than {DEPTH_MAX} levels", self.get_mark()
            )
        super().fetch_flow_collection_start(token)

    def scan_plain(self) -> yaml.ScalarToken:
        """Scan an unquoted text, as PyYAML does apart from brackets and question marks."""
        chunks: list[str] = []
        spaces: list[str] = []
        start = end = self.get_mark()
        indent = self.indent + 1
        while True:
            length = 0 if self.peek() == "#" else self._length()
            if length == 0:
                break
            self.allow_simple_key = False
            chunks.extend(spaces)
            chunks.append(self.prefix(length))
            self.forward(length)
            end = self.get_mark()
            spaces = self.scan_plain_spaces(indent, start) or []
            if not spaces or self.peek() == "#" or (not self.flow_level and self.column < indent):
                break
        return yaml.ScalarToken("".join(chunks), True, start, end)

    def _length(self) -> int:
        length = 0
        while True:
            letter = self.peek(length)
            if letter in _BLANKS or (self.flow_level and letter in ",]}"):
                return length
            if letter == ":" and self.peek(length + 1) in (
                f"{_BLANKS},[]{{}}" if self.flow_level else _BLANKS
            ):
                return length
            inside = self._bracketed(length) if self.flow_level and letter in _BRACKETS else 0
            if not inside and self.flow_level and letter in "[{":
                return length
            length += inside or 1

    def _bracketed(self, start: int) -> int:
        """Return how long the bracket that opens at `start` is, 0 where it does not close in this line."""
        closing: list[str] = []
        position, quoted = start, False
        while True:
            letter = self.peek(position)
            if letter in _LINE_ENDS:
                return 0
            if letter == '"':
                quoted = not quoted
            elif not quoted and letter in _BRACKETS:
                closing.append(_BRACKETS[letter])
            elif not quoted and closing and letter == closing[-1]:
                closing.pop()
                if not closing:
                    return position + 1 - start
            position += 1


class _Plain:
    """Turns nodes into plain values and notes their lines."""

    def __init__(self, lines: dict[str, int]) -> None:
        self._lines = lines

    def value(self, node: yaml.Node | None, path: str, line: int) -> Json:
        """Return the value of a node."""
        if node is None:
            return None
        self._lines.setdefault(path, line or node.start_mark.line + 1)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(entry, f"{path}[{number}]", 0) for number, entry in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        assert isinstance(node, yaml.ScalarNode)
        return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: str) -> Json:
        found: dict[str, Json] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise _at(
                    key_node,
                    "",
                    "A key is a text, not a mapping or list.",
                    "Quote braces and brackets in texts.",
                )
            key = str(key_node.value)
            line = key_node.start_mark.line + 1
            place = f"{path}.{key}" if path else key
            if key in found:
                raise FlowMasterError(
                    "outline.key_twice",
                    f"Line {line}: the key {key!r} stands twice in one mapping (first in line {self._lines[place]}).",
                    path=place,
                    expected="each key once",
                    fix="Make the second a list entry of its own with `- `, or give it another name.",
                )
            found[key] = self.value(value_node, place, line)
        return found


def _scalar(node: yaml.ScalarNode) -> Json:
    text = str(node.value)
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise _at(
            node, "", "The text holds half a character (a lone surrogate).", "Write the whole character."
        )
    if node.style is not None:
        return text
    if _NULL.match(text):
        return None
    if _TRUE.match(text):
        return True
    if _FALSE.match(text):
        return False
    if _INTEGER.match(text):
        return int(text)
    return Decimal(text) if _DECIMAL.match(text) else text


def _at(place: yaml.Event | yaml.Node, text: str, message: str, fix: str) -> FlowMasterError:
    line = place.start_mark.line + 1 if place.start_mark else 1
    near = text.split("\n")[line - 1].strip()[:80] if text else ""
    return FlowMasterError(
        "outline.malformed",
        f"Line {line}: {message}{f' Near {near!r}.' if near else ''}",
        path=f"outline:line {line}",
        fix=fix,
    )


def _malformed(text: str, error: yaml.MarkedYAMLError) -> FlowMasterError:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 1
    lines = text.split("\n")
    near = lines[line - 1].strip()[:80] if line <= len(lines) else ""
    return FlowMasterError(
        "outline.malformed",
        f"Line {line}: the YAML is malformed: {error.problem or error.context}.{f' Near {near!r}.' if near else ''}",
        path=f"outline:line {line}",
        expected="YAML or JSON",
        fix="Quote texts and expressions that hold `: `, `{`, `[`, `#`, or commas inside braces.",
    )
