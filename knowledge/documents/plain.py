"""Text, HTML and rows of cells as pages: words on a grid whose unit is one character."""

import re
from collections.abc import Sequence
from itertools import accumulate, groupby
from typing import NamedTuple

from flowmaster.knowledge.documents.docx import Part
from flowmaster.knowledge.documents.layout import lines_of
from flowmaster.knowledge.documents.limits import Limits, too_large
from flowmaster.knowledge.documents.markup import seen_lines
from flowmaster.knowledge.documents.model import Box, Cell, Grid, Page, Unit, Word, box_around
from flowmaster.knowledge.documents.work import Work

_COLUMN_GAP = 4
_COLUMN_WIDTH_MAX = 200
_CELL_HEIGHT = 0.9
_WORD = re.compile(r"\S+")


def page_of_text(text: str, number: int, filename: str, work: Work) -> Page:
    """Lay plain text out: column and line are the coordinates (tabs stand every 8 columns)."""
    words = _Words(number, filename, _of_page(work.limits))
    for row, line in enumerate(work.each(text.splitlines())):
        words.add(line.expandtabs(8), 0, row, f"line {row + 1}")
    return _page(words.words, number, "char", "", ())


def page_of_html(markup: str, number: int, filename: str, work: Work) -> Page:
    """Lay HTML out as text lines and table rows; scripts, styles and attributes are left out."""
    words = _Words(number, filename, _of_page(work.limits))
    tables: list[Grid] = []
    row = 0
    for table, lines in groupby(seen_lines(markup, work), lambda line: line.table):
        rows = [line.texts for line in lines]
        if table:
            tables.extend(_add_rows(words, rows, row, None, work))
            row += len(rows) + 1
            continue
        for (text,) in work.each(rows):
            words.add(text, 0, row, "")
            row += 1
    return _page(words.words, number, "char", "", tuple(tables))


def pages_of_docx(parts: Sequence[Part], filename: str, work: Work) -> tuple[Page, ...]:
    """Lay a Word document out page by page: paragraphs as lines, list entries indented, tables as rows of cells."""
    pages: list[Page] = []
    last = parts[-1].page if parts else 1
    if last > work.limits.pages_max:
        raise too_large(
            filename, limit="pages_max", allowed=work.limits.pages_max, found=f"it has {last:,} pages"
        )
    held_by = {number: list(held) for number, held in groupby(parts, lambda part: part.page)}
    for number in range(1, last + 1):
        words = _Words(number, filename, _of_page(work.limits))
        tables: list[Grid] = []
        row = 0
        for part in work.each(held_by.get(number, [])):
            if part.rows:
                tables.extend(_add_rows(words, part.rows, row, None, work))
                row += len(part.rows) + 1
                continue
            shown = f"{part.mark} {part.text}" if part.mark else part.text
            words.add(shown, 2 * max(part.depth, 0), row, f"paragraph {part.number}")
            row += 1
        pages.append(_page(words.words, number, "char", "", tuple(tables)))
    return tuple(pages)


def page_of_rows(
    rows: Sequence[Sequence[str]], number: int, filename: str, work: Work, *, name: str = ""
) -> Page:
    """Lay rows of cells out: each column as wide as its longest text, each cell with its reference (`B4`)."""
    words = _Words(number, filename, _of_sheet(work.limits))
    tables = _add_rows(words, rows, 0, name, work)
    return _page(words.words, number, "cell", name, tables)


class _Allowed(NamedTuple):
    """How much one page may hold, each limit with its name."""

    words: tuple[str, int]
    characters: tuple[str, int]


def _of_page(limits: Limits) -> _Allowed:
    return _Allowed(
        ("words_per_page_max", limits.words_per_page_max),
        ("characters_per_page_max", limits.characters_per_page_max),
    )


def _of_sheet(limits: Limits) -> _Allowed:
    return _Allowed(
        ("words_per_sheet_max", limits.words_per_sheet_max),
        ("characters_per_sheet_max", limits.characters_per_sheet_max),
    )


class _Words:
    """The words of a page, up to as many as are allowed."""

    def __init__(self, number: int, filename: str, allowed: _Allowed) -> None:
        self.words: list[Word] = []
        self._characters = 0
        self._number, self._filename, self._allowed = number, filename, allowed

    def add(self, text: str, column: int, row: int, ref: str) -> Box | None:
        """Place the words of a text on a row from a column on, and return the box around them."""
        first = len(self.words)
        for match in _WORD.finditer(text):
            start, end = match.span()
            self._characters += end - start
            box = Box(column + start, row, column + end, row + _CELL_HEIGHT)
            self.words.append(Word(match[0], box, 1.0, ref))
        self._examine(self._allowed.words, len(self.words), "words")
        self._examine(self._allowed.characters, self._characters, "characters")
        if len(self.words) == first:
            return None
        return Box(self.words[first].box.x0, row, self.words[-1].box.x1, row + _CELL_HEIGHT)

    def _examine(self, limit: tuple[str, int], held: int, what: str) -> None:
        name, allowed = limit
        if held > allowed:
            raise too_large(
                self._filename, limit=name, allowed=allowed, found=f"page {self._number} has more {what}"
            )


def _add_rows(
    words: _Words, rows: Sequence[Sequence[str]], down: int, name: str | None, work: Work
) -> tuple[Grid, ...]:
    """Place rows of cells and return them as a table; cells have references where the table has a name."""
    widths: list[int] = []
    for row in work.each(rows):
        widths.extend([0] * (len(row) - len(widths)))
        for column, text in enumerate(row):
            widths[column] = max(widths[column], min(len(text), _COLUMN_WIDTH_MAX))
    lefts = list(accumulate((width + _COLUMN_GAP for width in widths), initial=0))
    letters = [column_letters(column) for column in range(len(widths))] if name is not None else []
    before = f"{name}!" if name else ""
    cells: list[tuple[Cell, ...]] = []
    for index, row in enumerate(work.each(rows)):
        refs = [f"{before}{letter}{index + 1}" for letter in letters[: len(row)]] or [""] * len(row)
        cells.append(
            tuple(
                Cell(text, words.add(text, left, down + index, ref))
                for text, left, ref in zip(row, lefts, refs, strict=False)
            )
        )
    boxes = [cell.box for row in cells for cell in row if cell.box is not None]
    return (Grid(box_around(boxes), tuple(cells)),) if boxes else ()


def column_letters(column: int) -> str:
    """Return the letters of a column counted from 0: A, B, ..., Z, AA."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _page(words: list[Word], number: int, unit: Unit, name: str, tables: tuple[Grid, ...]) -> Page:
    around = box_around(word.box for word in words) if words else Box(0, 0, 0, 0)
    return Page(
        number=number,
        width=around.x1,
        height=around.bottom,
        unit=unit,
        words=tuple(words),
        lines=lines_of(words),
        tables=tables,
        name=name,
    )
