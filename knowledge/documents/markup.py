"""HTML as what a reader would see: lines of text and rows of cells. Each sign is looked at once, whatever is broken."""

import re
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple

from flowmaster.knowledge.documents.work import Work

_NAME = re.compile(r"</?([A-Za-z][^\s/>]*)")
_RAW = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in ("script", "style")}
_UP_TO_VALUE = re.compile(r"[^=>]*")
_SPACE = re.compile(r"\s*")
_NO_SIGN = re.compile(r"&#(?:\d{8,}|[xX][0-9a-fA-F]{8,});?")
"""A reference to a character that no alphabet has."""
_HIDDEN = frozenset({"script", "style", "template", "noscript", "head", "svg"})
_BLOCKS = frozenset(
    [
        "p",
        "div",
        "br",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "li",
        "ul",
        "ol",
        "section",
        "article",
        "header",
        "footer",
        "address",
        "hr",
        "pre",
        "dl",
        "dt",
        "dd",
        "form",
    ]
)


class SeenLine(NamedTuple):
    """A line of text (table 0), or the cells of a row of the table with this number."""

    table: int
    texts: list[str]


def seen_lines(markup: str, work: Work) -> list[SeenLine]:
    """Return the lines and rows of a page; scripts, styles and attributes are left out."""
    reader = _Lines()
    for part in work.each(parts_of(markup)):
        if part.opens:
            reader.open_tag(part.text)
        if part.closes:
            reader.close_tag(part.text)
        if not (part.opens or part.closes):
            reader.add_text(part.text)
    reader.end_line()
    return reader.lines


class MarkupPart(NamedTuple):
    """A text, or the name of a tag."""

    text: str
    opens: bool = False
    closes: bool = False


def parts_of(markup: str) -> Iterator[MarkupPart]:
    """Yield texts and tags; what is begun and never ended takes the rest of the markup."""
    position = 0
    while position < len(markup):
        start = markup.find("<", position)
        tag = _NAME.match(markup, start) if start >= 0 else None
        if start < 0 or (tag is None and markup[start + 1 : start + 2] not in {"!", "?", "/"}):
            end = len(markup) if start < 0 else start + 1
            yield MarkupPart(_shown(markup[position:end]))
            position = end
            continue
        if start > position:
            yield MarkupPart(_shown(markup[position:start]))
        position = _end_of_tag(markup, tag.end()) if tag is not None else _end_of_note(markup, start)
        if tag is not None:
            name = tag[1].lower()
            closing = tag[0].startswith("</")
            whole = markup[position - 2 : position] == "/>"
            yield MarkupPart(name, opens=not closing, closes=closing or whole)
            if name in _RAW and not closing and not whole:
                after = _RAW[name].search(markup, position)
                position = after.start() if after is not None else len(markup)


def _end_of_tag(markup: str, position: int) -> int:
    while True:
        position = _match_end(_UP_TO_VALUE, markup, position)
        if markup[position : position + 1] != "=":
            return position + 1
        position = _match_end(_SPACE, markup, position + 1)
        quote = markup[position : position + 1]
        if quote in {'"', "'"}:
            end = markup.find(quote, position + 1)
            position = end + 1 if end >= 0 else len(markup)


def _match_end(pattern: re.Pattern[str], markup: str, position: int) -> int:
    match = pattern.match(markup, position)
    return match.end() if match is not None else position


def _end_of_note(markup: str, start: int) -> int:
    sign = "-->" if markup.startswith("<!--", start) else ">"
    end = markup.find(sign, start + 2)
    return end + len(sign) if end >= 0 else len(markup)


def _shown(text: str) -> str:
    return unescape(_NO_SIGN.sub("\ufffd", text)) if "&" in text else text


class _Lines:
    """Gathers lines of text and rows of cells, each row with its table's number."""

    def __init__(self) -> None:
        self.lines: list[SeenLine] = []
        self._tables = 0
        self._depth = 0
        self._hidden: list[str] = []
        self._row: list[str] | None = None
        self._text: list[str] = []

    def open_tag(self, tag: str) -> None:
        """Begin a line, row or cell."""
        if tag in _HIDDEN:
            self._hidden.append(tag)
        elif tag == "table":
            self.end_line()
            self._depth += 1
            self._tables += 1
        elif tag == "tr" and self._depth:
            self.end_line()
            self._row = []
        elif tag in {"td", "th"} and self._row is not None:
            self._text = []
        elif tag in _BLOCKS:
            self._break()

    def close_tag(self, tag: str) -> None:
        """End a line, row or cell."""
        if self._hidden and tag == self._hidden[-1]:
            self._hidden.pop()
        elif tag in {"td", "th"} and self._row is not None:
            self._row.append(self._taken())
        elif tag == "tr" and self._row is not None:
            if any(self._row):
                self.lines.append(SeenLine(self._tables, self._row))
            self._row = None
        elif tag == "table":
            self._depth = max(self._depth - 1, 0)
            self._row = None
            self._text = []
        elif tag in _BLOCKS:
            self._break()

    def add_text(self, text: str) -> None:
        """Keep text that is shown."""
        if not self._hidden:
            self._text.append(text)

    def end_line(self) -> None:
        """Close the line that is being gathered."""
        if self._row is None:
            text = self._taken()
            if text:
                self.lines.append(SeenLine(0, [text]))

    def _break(self) -> None:
        if self._row is None:
            self.end_line()
        else:
            self._text.append(" ")

    def _taken(self) -> str:
        text = " ".join("".join(self._text).split())
        self._text = []
        return text
