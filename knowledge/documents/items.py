"""Line items: the rows of a document's table of items, over all its pages, each cell with its words."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flowmaster.knowledge.documents.columns import (
    Header,
    borders_of,
    cells_of,
    column_index,
    header_at,
    is_items_header,
    number_in,
    within,
)
from flowmaster.knowledge.documents.formats import DecimalMark
from flowmaster.knowledge.documents.labels import LabelIndex, PageLayout
from flowmaster.knowledge.documents.layout import Run, lines_of, run_of, segments_of
from flowmaster.knowledge.documents.model import Box, Cell, Grid, Line, Page, Word, box_around
from flowmaster.knowledge.documents.schema import FieldSpec
from flowmaster.knowledge.documents.vocabulary import plain, vocabulary
from flowmaster.knowledge.documents.work import Work

_POSITION = re.compile(r"\d{1,4}(?:\.\d{1,3}){0,3}[.)]?")
_FIGURE = re.compile(r"[-€$£(]?\d.*\d[)€-]?|\d")
_LINE_GAP = 1.1
"""A line further below than this many type sizes does not continue a description."""
_TABLE_GAP = 6.0
_HEADER_ROWS = 4
_ROWS_MAX = 10_000
_TOTALS = frozenset({"net", "tax", "total"})


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One line item: the words of each of its columns."""

    page: int
    cells: Mapping[str, Run]


@dataclass(slots=True)
class Items:
    """All line items, and the areas of each page that they take (no labels are looked for there)."""

    rows: list[ItemRow] = field(default_factory=list)
    areas: dict[int, list[Box]] = field(default_factory=dict)
    ruled: bool = False

    def take(self, page: int, words: Sequence[Word]) -> None:
        """Add the area around words to those that the table takes."""
        around = box_around(word.box for word in words)
        area = Box(around.x0 - 1, around.top - 1, around.x1 + 1, around.bottom + 1)
        self.areas.setdefault(page, []).append(area)


def find_items(
    layouts: Sequence[PageLayout],
    columns: Sequence[FieldSpec],
    labels: LabelIndex,
    mark: DecimalMark | None,
    work: Work,
) -> Items:
    """Find the table of line items; it may go on over pages, with or without its header repeated."""
    index = column_index(columns)
    items = Items()
    table = _Table(index, labels, mark, items, work)
    for layout in layouts:
        number = table.continue_on(layout)
        while number < len(layout.lines):
            header = table.header(layout, number)
            number = number + 1 if header is None else table.take_from(layout, header)
    ruled = _ruled(layouts, index, mark, work)
    return ruled if len(ruled.rows) > len(items.rows) else items


@dataclass(slots=True)
class _Table:
    """The table that is being read: its columns, and whether it may go on overleaf."""

    index: LabelIndex
    labels: LabelIndex
    mark: DecimalMark | None
    items: Items
    work: Work
    open: tuple[Header, list[float]] | None = None
    keys: frozenset[str] | None = None
    _headers: dict[tuple[int, int], Header | None] = field(default_factory=dict)
    _sums: dict[int, int] = field(default_factory=dict)

    def header(self, layout: PageLayout, number: int) -> Header | None:
        """Return the header that begins at a line; each line is looked at once."""
        place = (layout.page.number, number)
        if place not in self._headers:
            self.work.step()
            self._headers[place] = header_at(layout, number, self.index)
        return self._headers[place]

    def continue_on(self, layout: PageLayout) -> int:
        """Take the rows at the top of a page that belong to an open table; return the line after them."""
        if self.open is None or any(self.header(layout, number) for number in range(len(layout.lines))):
            return 0
        first = _first_row(layout, *self.open, self.labels, self.mark, self.work)
        body = self._body(layout, first, self.open[0])
        number, taken = _take(layout, body, first, *self.open, self.items, self.mark, self.work)
        if not taken or self._is_closed(layout, number):
            self.open = None
        return number if taken else 0

    def take_from(self, layout: PageLayout, header: Header) -> int:
        """Take the rows below a header; return the line after them. Tables of other columns are left."""
        below = header.last_line + 1
        if self.keys is not None and header.keys != self.keys:
            return below
        body = self._body(layout, below, header)
        lines = [Line(tuple(within(header, layout.lines[n].words)), layout.lines[n].box) for n in body]
        borders = borders_of(header, lines, self.mark, self.work)
        number, taken = _take(layout, body, below, header, borders, self.items, self.mark, self.work)
        if taken:
            heading = [word for line in layout.lines[header.first_line : below] for word in line.words]
            self.items.take(layout.page.number, within(header, heading))
            self.keys = header.keys
            self.open = None if self._is_closed(layout, number) else (header, borders)
        return max(number, below) if taken else below

    def _body(self, layout: PageLayout, first: int, header: Header) -> list[int]:
        """Return the lines that may be rows: up to a sum, a wide gap, or the same header once more."""
        body: list[int] = []
        for number in range(first, len(layout.lines)):
            self.work.step()
            line = layout.lines[number]
            before = layout.lines[body[-1] if body else first - 1]
            gap = line.box.top - before.box.bottom
            again = self.header(layout, number)
            if (
                (again is not None and again.keys == header.keys)
                or _ends_table(within(header, line.words), self.labels)
                or gap > _TABLE_GAP * layout.type_size
            ):
                break
            if not _is_carried(line):
                body.append(number)
        return body

    def _is_closed(self, layout: PageLayout, first: int) -> bool:
        """Tell whether sums follow on the page: then the table does not go on overleaf."""
        page = layout.page.number
        if page not in self._sums:
            self._sums[page] = _last_sum(layout, self.labels)
        return self._sums[page] >= first


def _first_row(
    layout: PageLayout,
    header: Header,
    borders: Sequence[float],
    labels: LabelIndex,
    mark: DecimalMark | None,
    work: Work,
) -> int:
    """Return the first line of a following page that is a row of the open table."""
    for number, line in enumerate(work.each(layout.lines)):
        if _is_carried(line) or _ends_table(within(header, line.words), labels):
            continue
        if _is_anchor(header, _by_key(header, cells_of(within(header, line.words), borders)), mark):
            return number
    return len(layout.lines)


def _last_sum(layout: PageLayout, labels: LabelIndex) -> int:
    """Return the last line of a page with a sum, or -1."""
    sums = (
        number
        for number in range(len(layout.lines) - 1, -1, -1)
        if any(
            use.field in _TOTALS
            for run in layout.segments[number]
            for found in (labels.at(run, 0),)
            if found is not None
            for use in found[1]
        )
        and not _is_carried(layout.lines[number])
    )
    return next(sums, -1)


def _is_carried(line: Line) -> bool:
    key = plain(
        " ".join(word.text for word in line.words if not any(letter.isdigit() for letter in word.text))
    )
    return key.startswith(tuple(vocabulary().carried))


def _ends_table(words: Sequence[Word], labels: LabelIndex) -> bool:
    """Tell whether a line is a sum or another labelled fact, and not a row of the table."""
    if not words or _is_carried(Line(tuple(words), words[0].box)):
        return False
    segments = segments_of(Line(tuple(words), words[0].box))
    found = labels.at(segments[0], 0)
    if found is None:
        return False
    end, uses = found
    if any(use.field in _TOTALS for use in uses):
        numbers = sum(1 for word in words if _FIGURE.fullmatch(word.text))
        return numbers <= 2 or len(segments) <= 2
    return segments[0].words[end - 1].text.endswith(":") and not any(use.weak for use in uses)


@dataclass(slots=True)
class _Row:
    cells: dict[str, list[Word]]
    bottom: float
    complete: bool


def _take(
    layout: PageLayout,
    body: Sequence[int],
    first: int,
    header: Header,
    borders: Sequence[float],
    items: Items,
    mark: DecimalMark | None,
    work: Work,
) -> tuple[int, int]:
    """Take rows from the lines of a body; return the line where they end (`first` if none), and how many."""
    rows: list[_Row] = []
    waiting: list[list[Word]] = []
    for place, number in enumerate(work.each(body)):
        line = layout.lines[number]
        words = within(header, line.words)
        cells = _by_key(header, cells_of(words, borders))
        anchor = _is_anchor(header, cells, mark)
        if anchor or _has_position(cells):
            if _begins(cells, rows, anchor):
                rows.append(_Row({}, line.box.bottom, False))
                for above in waiting:
                    rows[-1].cells.setdefault("description", []).extend(above)
            waiting = []
            _add(rows[-1], cells, line)
            rows[-1].complete = rows[-1].complete or anchor
        elif set(cells) <= {"description", "article", ""} and cells.get("description"):
            following = layout.lines[body[place + 1]] if place + 1 < len(body) else None
            if _belongs_below(rows, line, following, layout.type_size):
                waiting.append(cells["description"])
                continue
            if not rows or line.box.top - rows[-1].bottom > _LINE_GAP * layout.type_size:
                continue
            _add(rows[-1], {"description": cells["description"]}, line)
        else:
            continue
        items.take(layout.page.number, words)
    done = [row for row in rows if row.complete]
    items.rows.extend(
        ItemRow(layout.page.number, {key: run_of(words) for key, words in row.cells.items() if key})
        for row in done[: _ROWS_MAX - len(items.rows)]
    )
    return (body[-1] + 1 if body else first), len(done)


def _by_key(header: Header, cells: Sequence[list[Word]]) -> dict[str, list[Word]]:
    found: dict[str, list[Word]] = {}
    for column, cell in zip(header.columns, cells, strict=True):
        if cell:
            found.setdefault(column.key, []).extend(cell)
    return found


def _is_anchor(header: Header, cells: Mapping[str, Sequence[Word]], mark: DecimalMark | None) -> bool:
    for key in ("amount", "unit_price", "quantity"):
        if key in header.keys:
            return key in cells and number_in(cells[key], key, mark)
    return False


def _has_position(cells: Mapping[str, Sequence[Word]]) -> bool:
    words = cells.get("position", ())
    return (
        len(words) == 1 and _POSITION.fullmatch(words[0].text) is not None and bool(cells.get("description"))
    )


def _begins(cells: Mapping[str, Sequence[Word]], rows: Sequence[_Row], anchor: bool) -> bool:
    return not rows or _has_position(cells) or (anchor and rows[-1].complete)


def _add(row: _Row, cells: Mapping[str, Sequence[Word]], line: Line) -> None:
    for key, words in cells.items():
        if key == "description" or key not in row.cells:
            row.cells.setdefault(key, []).extend(words)
    row.bottom = line.box.bottom


def _belongs_below(rows: Sequence[_Row], line: Line, following: Line | None, size: float) -> bool:
    if following is None:
        return False
    below = following.box.top - line.box.bottom
    if not rows:
        return below < _LINE_GAP * size
    above = line.box.top - rows[-1].bottom
    return below < 0.6 * above


def _ruled(layouts: Sequence[PageLayout], index: LabelIndex, mark: DecimalMark | None, work: Work) -> Items:
    items = Items(ruled=True)
    keys: list[str] | None = None
    for layout in layouts:
        words = _Words(layout.page)
        for grid in work.each(layout.page.tables):
            found = _grid_header(grid, index)
            if found is None:
                body = grid.rows if keys is not None and len(grid.rows[0]) == len(keys) else ()
            elif keys is None or found[1] == keys:
                keys, body = found[1], grid.rows[found[0] + 1 :]
            else:
                continue
            taken = [row for cells in work.each(body) if (row := _grid_row(words, keys or [], cells, mark))]
            items.rows.extend(taken[: _ROWS_MAX - len(items.rows)])
            if taken:
                items.areas.setdefault(layout.page.number, []).append(grid.box)
    return items


def _grid_header(grid: Grid, index: LabelIndex) -> tuple[int, list[str]] | None:
    for number, row in enumerate(grid.rows[:_HEADER_ROWS]):
        keys = [_cell_key(cell.text, index) for cell in row]
        first = {key: place for place, key in reversed(list(enumerate(keys)))}
        keys = [key if first[key] == place or key == "description" else "" for place, key in enumerate(keys)]
        if keys.count("description") > 1:
            last = len(keys) - 1 - keys[::-1].index("description")
            keys = [key if key != "description" or place == last else "" for place, key in enumerate(keys)]
        if is_items_header(frozenset(keys) - {""}):
            return number, keys
    return None


def _cell_key(text: str, index: LabelIndex) -> str:
    words = [Word(part, Box(0, 0, 1, 1), 1.0) for part in text.split()]
    if not words:
        return ""
    found = index.at(run_of(words), 0)
    if found is None or any(len(plain(word.text)) > 3 for word in words[found[0] :]):
        return ""
    return found[1][0].field


class _Words:
    """The words of a page by the cell in whose box their middles stand."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._words = sorted(page.words, key=lambda word: word.box.middle)
        self._middles = [word.box.middle for word in self._words]
        self._rows: dict[tuple[float, float], tuple[list[float], list[Word]]] = {}

    def inside(self, cell: Box) -> list[Word]:
        """Return the words of a cell."""
        places, words = self._row(cell.top - 0.5, cell.bottom + 0.5)
        return words[bisect_left(places, cell.x0 - 0.5) : bisect_right(places, cell.x1 + 0.5)]

    def _row(self, top: float, bottom: float) -> tuple[list[float], list[Word]]:
        """Return the words between two heights from left to right; the cells of a row ask for the same."""
        if (top, bottom) not in self._rows:
            words = self._words[bisect_left(self._middles, top) : bisect_right(self._middles, bottom)]
            words.sort(key=_across)
            self._rows = {(top, bottom): ([_across(word) for word in words], words)}
        return self._rows[top, bottom]


def _across(word: Word) -> float:
    return (word.box.x0 + word.box.x1) / 2


def _grid_row(
    page: _Words, keys: Sequence[str], cells: Sequence[Cell], mark: DecimalMark | None
) -> ItemRow | None:
    found: dict[str, Run] = {}
    for key, cell in zip(keys, cells, strict=False):
        box = cell.box
        if not key or box is None:
            continue
        words = page.inside(box)
        if words:
            found[key] = run_of(
                words if len(words) == 1 else [word for line in lines_of(words) for word in line.words]
            )
    for key in ("amount", "unit_price", "quantity"):
        if key in keys:
            return (
                ItemRow(page.page.number, found)
                if key in found and number_in(found[key].words, key, mark)
                else None
            )
    return None
