"""Text, HTML and rows of cells as pages: words on a grid whose unit is one character."""

import re
from collections.abc import Sequence
from functools import partial
from html.parser import HTMLParser
from itertools import accumulate, takewhile

from flowmaster.knowledge.documents.layout import lines_of
from flowmaster.knowledge.documents.model import Box, Cell, Grid, Page, Unit, Word, box_around

_COLUMN_GAP = 4
_CELL_HEIGHT = 0.9
_LINES_PER_PAGE = 100_000


def page_of_text(text: str, number: int) -> Page:
    """Lay plain text out: column and line are the coordinates (tabs stand every 8 columns)."""
    words = [
        _word(match.group(), match.start(), row, f"line {row + 1}")
        for row, line in enumerate(text.splitlines()[:_LINES_PER_PAGE])
        for match in re.finditer(r"\S+", line.expandtabs(8))
    ]
    return _page(words, number, "char", "", ())


def page_of_rows(rows: Sequence[Sequence[str]], number: int, *, name: str = "") -> Page:
    """Lay rows of cells out: each column as wide as its longest text, each cell with its reference (`B4`)."""
    columns = max((len(row) for row in rows), default=0)
    widths = [
        max((min(len(row[column]), 200) for row in rows if column < len(row)), default=0)
        for column in range(columns)
    ]
    lefts = list(accumulate((width + _COLUMN_GAP for width in widths), initial=0))
    words: list[Word] = []
    cells: list[tuple[Cell, ...]] = []
    for index, row in enumerate(rows):
        line: list[Cell] = []
        for column, text in enumerate(row):
            ref = f"{name}{'!' if name else ''}{column_letters(column)}{index + 1}"
            placed = [
                _word(match.group(), lefts[column] + match.start(), index, ref)
                for match in re.finditer(r"\S+", text)
            ]
            words.extend(placed)
            line.append(Cell(text, box_around(word.box for word in placed) if placed else None))
        cells.append(tuple(line))
    tables = (Grid(box_around(word.box for word in words), tuple(cells)),) if words else ()
    return _page(words, number, "cell", name, tables)


def column_letters(column: int) -> str:
    """Return the letters of a column counted from 0: A, B, ..., Z, AA."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def page_of_html(markup: str, number: int) -> Page:
    """Lay HTML out as text lines and table rows; scripts, styles and attributes are left out."""
    reader = _HtmlLines()
    reader.feed(markup)
    reader.close()
    reader.end_line()
    return _page_of_mixed(reader.lines, number)


def _page_of_mixed(lines: list[tuple[int, list[str]]], number: int) -> Page:
    words: list[Word] = []
    tables: list[Grid] = []
    row = 0
    index = 0
    while index < len(lines):
        table, cells = lines[index]
        if not table:
            words.extend(_word(m.group(), m.start(), row, "") for m in re.finditer(r"\S+", " ".join(cells)))
            row, index = row + 1, index + 1
            continue
        group = [row for _, row in takewhile(partial(_is_row_of, table), lines[index:])]
        placed = page_of_rows(group, number)
        words.extend(Word(word.text, _moved(word.box, row), word.size) for word in placed.words)
        tables.extend(_moved_grid(grid, row) for grid in placed.tables)
        row, index = row + len(group) + 1, index + len(group)
    return _page(words, number, "char", "", tuple(tables))


def _is_row_of(table: int, line: tuple[int, list[str]]) -> bool:
    return line[0] == table


def _moved_grid(grid: Grid, down: int) -> Grid:
    rows = (
        tuple(Cell(cell.text, _moved(cell.box, down) if cell.box else None) for cell in row)
        for row in grid.rows
    )
    return Grid(_moved(grid.box, down), tuple(rows))


def _moved(box: Box, down: int) -> Box:
    return Box(box.x0, box.top + down, box.x1, box.bottom + down)


def _word(text: str, column: int, row: int, ref: str) -> Word:
    return Word(text, Box(column, row, column + len(text), row + _CELL_HEIGHT), 1.0, ref)


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


_BLOCK_TAGS = "p div br h1 h2 h3 h4 h5 h6 li ul ol section article header footer address hr pre dl dt dd form"


class _HtmlLines(HTMLParser):
    """Collects what a reader would see: lines of text and rows of cells, each row with its table's number."""

    _HIDDEN = frozenset({"script", "style", "template", "noscript", "head", "svg"})
    _BLOCKS = frozenset(_BLOCK_TAGS.split())

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[tuple[int, list[str]]] = []
        self._tables = 0
        self._depth = 0
        self._hidden: list[str] = []
        self._row: list[str] | None = None
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line, row or cell."""
        if tag in self._HIDDEN:
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
        elif tag in self._BLOCKS:
            self._break()

    def handle_endtag(self, tag: str) -> None:
        """End a line, row or cell."""
        if self._hidden and tag == self._hidden[-1]:
            self._hidden.pop()
        elif tag in {"td", "th"} and self._row is not None:
            self._row.append(self._taken())
        elif tag == "tr" and self._row is not None:
            if any(self._row):
                self.lines.append((self._tables, self._row))
            self._row = None
        elif tag == "table":
            self._depth = max(self._depth - 1, 0)
            self._row = None
            self._text = []
        elif tag in self._BLOCKS:
            self._break()

    def handle_data(self, data: str) -> None:
        """Keep text that is shown."""
        if not self._hidden:
            self._text.append(data)

    def end_line(self) -> None:
        """Close the line that is being gathered."""
        if self._row is None:
            text = self._taken()
            if text:
                self.lines.append((0, [text]))

    def _break(self) -> None:
        if self._row is None:
            self.end_line()
        else:
            self._text.append(" ")

    def _taken(self) -> str:
        text = " ".join("".join(self._text).split())
        self._text = []
        return text
