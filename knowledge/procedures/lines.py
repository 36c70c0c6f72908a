"""Lines of plain text, Markdown or PDF pages, put together to headings, entries of lists, paragraphs and tables."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from flowmaster.knowledge.procedures.blocks import Block, Cell, Spot
from flowmaster.knowledge.procedures.marks import Marked, marked

_HASH = re.compile(r"(#{1,6})\s+(.*?)\s*#*$")
_UNDERLINE = re.compile(r"(=+|-{3,})\s*$")
_RULE = re.compile(r"(?:[-*_]\s?){3,}$")
_TABLE_LINE = re.compile(r"\|.*\|\s*$")
_LINK = re.compile(r"!?\[([^\]\n]{0,200})\]\([^()\s]{0,500}\)")
_STRONG = re.compile(r"(\*\*|__|`)(?=\S)([^*`\n]{1,500}?)(?<=\S)\1")
LABEL = re.compile(r"[^\W\d_][\w /()-]{1,40}:(?:\s|$)")
_HEADING_WORDS_MAX = 9
_HEADING_LENGTH_MAX = 90
_LABEL_LENGTH_MAX = 60
"""How long a label with what stands behind it may be that is taken as a line of its own."""
_PIECE_LENGTH_MAX = 4_000
"""How long a text may be in which signs of Markdown are looked for."""
_CELL = re.compile(r"(?<!\\)\|")


class Written(NamedTuple):
    """A line as it is written: its text, place, indent, whether it is set large, and whether space is above it."""

    text: str
    where: str
    indent: int = 0
    large: bool = False
    apart: bool = False


def blocks_of_lines(lines: Iterable[Written], headings: frozenset[str]) -> list[Block]:
    """Put lines together; `headings` are titles that are headings wherever they stand alone in a line."""
    maker = _Maker(headings)
    held = list(lines)
    for number, line in enumerate(held):
        maker.add(line, held[number + 1] if number + 1 < len(held) else None)
    maker.close()
    return maker.blocks


class _Maker:
    """Gathers the lines of one block after the other."""

    def __init__(self, headings: frozenset[str]) -> None:
        self.blocks: list[Block] = []
        self._headings = headings
        self._open: list[Written] = []
        self._mark = Marked("none", "", "")
        self._indents: list[tuple[int, str]] = []
        self._table: list[tuple[Cell, ...]] = []
        self._skip = False

    def add(self, line: Written, following: Written | None) -> None:
        """Take one line, knowing the next one."""
        if self._skip:
            self._skip = False
            return
        text = line.text.strip().lstrip(">").strip()
        if len(text) > _PIECE_LENGTH_MAX:
            self._close_table()
            self._add_text(line, text)
            return
        if _TABLE_LINE.match(text):
            self._close_text()
            self._row(text, line.where)
            return
        self._close_table()
        if not text or _RULE.match(text):
            self._close_text()
            return
        if self._is_heading(line, text, following):
            return
        self._add_text(line, text)

    def close(self) -> None:
        """Finish what is open."""
        self._close_text()
        self._close_table()

    def _is_heading(self, line: Written, text: str, following: Written | None) -> bool:
        hashes = _HASH.match(text)
        if hashes is not None:
            self._heading(hashes[2], line.where, len(hashes[1]))
            return True
        below = following.text.strip() if following is not None else ""
        if (
            _UNDERLINE.match(below)
            and len(text) <= _HEADING_LENGTH_MAX
            and not line.large
            and len(below) >= 3
        ):
            self._heading(text, line.where, 1 if below.startswith("=") else 2)
            self._skip = True
            return True
        sign = marked(text)
        title = sign.rest.rstrip(":").strip()
        if not _may_head(title):
            return False
        known = title.casefold() in self._headings
        alone = (
            line.apart
            and not self._open
            and (following is None or not following.text.strip() or following.apart)
        )
        shouted = title.isupper() and len(title) > 3 and sign.kind in ("none", "bare", "number")
        if known or line.large or shouted or sign.kind in ("step", "bare") or (alone and sign.kind == "none"):
            if sign.kind in ("bullet", "letter") or (
                LABEL.match(text) and not known and not text.endswith(":")
            ):
                return False
            if text.endswith(":") and not (known or line.large):
                return False
            self._heading(text, line.where, 1 + (sign.mark.count(".") + 1 if sign.mark else 1))
            return True
        return False

    def _heading(self, text: str, where: str, level: int) -> None:
        self._close_text()
        self._indents = []
        sign = marked(plain(text))
        mark = sign.mark if sign.kind in ("number", "step", "bare") else ""
        title = sign.rest if mark else plain(text)
        if title:
            kept = f"step {mark}" if sign.kind == "step" else mark
            self.blocks.append(
                Block(kind="heading", text=title, level=level, mark=kept, spots=(Spot(0, where),))
            )

    def _add_text(self, line: Written, text: str) -> None:
        sign = marked(text)
        if sign.kind in ("number", "bullet", "letter", "step"):
            self._close_text()
            self._open, self._mark = [line._replace(text=sign.rest)], sign
            return
        if self._open and (line.apart and self._mark.kind == "none"):
            self._close_text()
        if not self._open:
            self._mark = Marked("none", "", "")
        self._open.append(line._replace(text=text))

    def _close_text(self) -> None:
        if not self._open:
            return
        text, spots = _joined(self._open)
        sign, first = self._mark, self._open[0]
        self._open, self._mark = [], Marked("none", "", "")
        if not text:
            return
        if sign.kind == "none":
            self.blocks.append(Block(kind="text", text=text, spots=spots))
            return
        depth = self._depth(first.indent, sign)
        self.blocks.append(Block(kind="item", text=text, level=depth, mark=sign.mark, spots=spots))

    def _depth(self, indent: int, sign: Marked) -> int:
        """Return how deep an entry stands: by its indent, by its number, or by another kind of sign in a list."""
        kind = "number" if sign.kind == "step" else sign.kind
        while self._indents and self._indents[-1][0] > indent + 1:
            self._indents.pop()
        same = [
            at for at, (left, held) in enumerate(self._indents) if held == kind and abs(left - indent) <= 1
        ]
        if same:
            del self._indents[same[-1] + 1 :]
        else:
            self._indents.append((indent, kind))
        return max(len(self._indents) - 1, sign.mark.count(".") if kind == "number" else 0)

    def _row(self, text: str, where: str) -> None:
        if not text.strip("|:+- \t"):
            return
        cells = _CELL.split(text.strip().removeprefix("|").removesuffix("|"))
        self._table.append(
            tuple(
                Cell(plain(cell.replace("\\|", "|").strip()), f"{where}, cell {number}")
                for number, cell in enumerate(cells, 1)
            )
        )

    def _close_table(self) -> None:
        if self._table:
            where = self._table[0][0].where.partition(",")[0]
            self.blocks.append(Block(kind="table", rows=tuple(self._table), spots=(Spot(0, where),)))
            self._table = []


def _may_head(title: str) -> bool:
    return (
        0 < len(title) <= _HEADING_LENGTH_MAX
        and len(title.split()) <= _HEADING_WORDS_MAX
        and not title.endswith((".", "!", "?", ";", ","))
        and title[0].isupper()
    )


def _joined(lines: Sequence[Written]) -> tuple[str, tuple[Spot, ...]]:
    """Return the lines as one text; lines that begin with a label stay lines of their own."""
    text = before = ""
    labelled = False
    spots: list[Spot] = []
    for line in lines:
        part = plain(line.text)
        if not part:
            continue
        if text:
            parted = LABEL.match(part) or text.endswith((".", "!", "?", ":"))
            short = labelled and len(before) <= _LABEL_LENGTH_MAX and part[0].isupper()
            text += "\n" if parted or short else " "
        spots.append(Spot(len(text), line.where))
        text += part
        labelled, before = LABEL.match(part) is not None, part
    return text, tuple(spots)


def plain(text: str) -> str:
    """Return a text without the signs of Markdown and without signs that cannot be seen."""
    seen = "".join(letter if letter.isprintable() else " " for letter in text)
    if len(seen) <= _PIECE_LENGTH_MAX:
        seen = _STRONG.sub(r"\2", _LINK.sub(r"\1", seen))
    return " ".join(seen.replace("**", "").split())
