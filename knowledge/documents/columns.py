"""Tables of line items on a page: their header, the borders of their columns, and the words of each row.

Ruled tables bring their cells with them. In all others the header's words say which columns there are, and the
borders are the gaps between columns that the fewest words cross.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise

from flowmaster.knowledge.documents.formats import DecimalMark, whole_number
from flowmaster.knowledge.documents.labels import LabelIndex, LabelUse, PageLayout
from flowmaster.knowledge.documents.layout import run_of
from flowmaster.knowledge.documents.model import Box, Line, Word, box_around
from flowmaster.knowledge.documents.schema import FieldSpec
from flowmaster.knowledge.documents.vocabulary import plain, spellings, vocabulary
from flowmaster.knowledge.documents.work import Work

NUMERIC = frozenset({"position", "quantity", "unit_price", "amount", "tax_rate", "discount"})
_HEADER_SHARE = 0.6
_HEADER_WORDS_MAX = 80
"""A line of more words is no heading of a table."""
_LINES_FITTED = 500
"""So many lines of a table, spread evenly, decide where its borders are."""
_GAPS_TRIED = 4
_PASSES = 3
_NEIGHBOUR = 5
_LEFT, _RIGHT = 3, 6
"""How many type sizes the words of a table may stand outside its header."""
_LAST_WINS = frozenset({"description", "amount"})


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a header: what it holds (empty if unknown) and where its heading stands."""

    key: str
    box: Box


@dataclass(frozen=True, slots=True)
class Header:
    """The heading of a table: its columns from left to right, and the last line that it takes."""

    columns: tuple[Column, ...]
    first_line: int
    last_line: int

    @property
    def keys(self) -> frozenset[str]:
        """Return what the columns hold."""
        return frozenset(column.key for column in self.columns) - {""}


def column_index(columns: Iterable[FieldSpec]) -> LabelIndex:
    """Build the index of column headings: the vocabulary's and those of the wanted columns."""
    uses: dict[str, tuple[LabelUse, ...]] = {}
    for meaning in vocabulary().lines.values():
        for form in (form for label in meaning.labels for form in spellings(label)):
            uses.setdefault(form, (LabelUse(meaning.key, False),))
    for spec in columns:
        own = spec.labels if not spec.key else ()
        for form in (form for label in own for form in spellings(label)):
            uses[form] = (LabelUse(spec.name, False),)
    return LabelIndex(uses)


def is_items_header(keys: frozenset[str]) -> bool:
    """Tell whether these columns are those of line items, and not of some other small table."""
    money = keys & {"amount", "unit_price"}
    return ("description" in keys and bool(money | (keys & {"quantity"}))) or (
        "quantity" in keys and bool(money)
    )


def header_at(layout: PageLayout, number: int, index: LabelIndex) -> Header | None:
    """Return the header that begins at this line: on one line, or stacked on two."""
    if not _may_head(layout.lines[number]):
        return None
    single = _header(layout.lines[number].words, number, number, index)
    stacked = None
    if number + 1 < len(layout.lines):
        line, following = layout.lines[number], layout.lines[number + 1]
        if following.box.top - line.box.bottom < 0.8 * layout.type_size:
            stacked = _stacked(layout, number, index)
    if stacked is None or (single is not None and len(single.keys & _WANTED) > len(stacked.keys & _WANTED)):
        return single
    return stacked


def _may_head(line: Line) -> bool:
    return len(line.words) <= _HEADER_WORDS_MAX and not any(map(str.isdigit, line.text))


_WANTED = frozenset({"position", "description", "quantity", "unit_price", "amount"})


def _header(words: Sequence[Word], first: int, last: int, index: LabelIndex) -> Header | None:
    run = run_of(words)
    columns: list[Column] = []
    matched = 0
    start = 0
    while start < len(words):
        found = index.at(run, start)
        end = found[0] if found else start + 1
        box = box_around(word.box for word in words[start:end])
        if found:
            matched += end - start
            columns.append(Column(found[1][0].field, box))
        elif _is_money_note(words[start].text) and columns:
            matched += 1
            columns[-1] = Column(columns[-1].key, box_around((columns[-1].box, box)))
        elif plain(words[start].text):
            columns.append(Column("", box))
        start = end
    return _checked(columns, matched, len(words), first, last)


def _is_money_note(text: str) -> bool:
    return text.strip("()[]").upper() in {
        "EUR",
        "USD",
        "GBP",
        "CHF",
        "€",
        "$",
        "£",
        "IN",
        "%",
        "NETTO",
        "NET",
        "CHF.",
    }


def _checked(columns: list[Column], matched: int, words: int, first: int, last: int) -> Header | None:
    chosen: dict[str, int] = {}
    for number, column in enumerate(columns):
        if column.key in _LAST_WINS or column.key not in chosen:
            chosen[column.key] = number
    kept = _without_neighbours(
        [
            column if not column.key or chosen[column.key] == number else Column("", column.box)
            for number, column in enumerate(columns)
        ]
    )
    keys = frozenset(column.key for column in kept) - {""}
    if not is_items_header(keys) or matched < _HEADER_SHARE * words:
        return None
    return Header(tuple(kept), first, last)


def _without_neighbours(columns: list[Column]) -> list[Column]:
    """Leave out unknown words at either end that stand far from the table: another text on the same line."""
    first, last = 0, len(columns) - 1
    while first < last and not columns[first].key and _is_far(columns[first], columns[first + 1]):
        first += 1
    while first < last and not columns[last].key and _is_far(columns[last - 1], columns[last]):
        last -= 1
    return columns[first : last + 1]


def _is_far(left: Column, right: Column) -> bool:
    return right.box.x0 - left.box.x1 > _NEIGHBOUR * left.box.height


def _stacked(layout: PageLayout, number: int, index: LabelIndex) -> Header | None:
    lines = (layout.lines[number], layout.lines[number + 1])
    if not _may_head(lines[1]) or sum(index.may_begin(word) for line in lines for word in line.words) < 2:
        return None
    heaps: list[_Heap] = []
    for line in lines:
        for word in line.words:
            home = next((heap for heap in heaps if heap.touches(word)), None)
            if home is None:
                heaps.append(_Heap([word], word.box))
            else:
                home.words.append(word)
                home.box = box_around((home.box, word.box))
    cells = [heap.words for heap in heaps]
    columns: list[Column] = []
    matched = 0
    for cell in sorted(cells, key=lambda cell: min(word.box.x0 for word in cell)):
        run = run_of(cell)
        found = index.at(run, 0)
        whole = found is not None and all(
            _is_money_note(word.text) or not plain(word.text) for word in cell[found[0] :]
        )
        key = found[1][0].field if found is not None and whole else ""
        matched += len(cell) if key else 0
        columns.append(Column(key, box_around(word.box for word in cell)))
    words = sum(len(cell) for cell in cells)
    return _checked(columns, matched, words, number, number + 1)


@dataclass(slots=True)
class _Heap:
    """Words of a heading that stand above or close beside each other."""

    words: list[Word]
    box: Box

    def touches(self, word: Word) -> bool:
        """Tell whether a word belongs to the same column."""
        shared = self.box.overlap_x(word.box)
        if shared > 0 or shared <= -0.6 * word.size:
            return shared > 0
        return any(abs(other.box.middle - word.box.middle) < 0.4 * word.size for other in self.words)


def within(header: Header, words: Iterable[Word]) -> list[Word]:
    """Return the words of a line that can belong to the table: not those of a text that stands beside it."""
    size = header.columns[0].box.height
    left, right = header.columns[0].box.x0 - _LEFT * size, header.columns[-1].box.x1 + _RIGHT * size
    return [word for word in words if left <= (word.box.x0 + word.box.x1) / 2 <= right]


def cells_of(words: Iterable[Word], borders: Sequence[float]) -> list[list[Word]]:
    """Sort the words of a line into the columns between the borders, by their middles."""
    cells: list[list[Word]] = [[] for _ in range(len(borders) + 1)]
    ordered = sorted(borders)
    for word in words:
        cells[bisect_right(ordered, (word.box.x0 + word.box.x1) / 2)].append(word)
    return cells


def borders_of(header: Header, lines: Sequence[Line], mark: DecimalMark | None, work: Work) -> list[float]:
    """Return the borders between the columns: gaps that the fewest words cross, such that numbers stay numbers."""
    choices = [_gaps(left.box, right.box, lines) for left, right in pairwise(header.columns)]
    borders = [gaps[0] for gaps in choices]
    fitted = lines[:: 1 + len(lines) // _LINES_FITTED]
    is_number = cache(partial(_is_number, mark=mark))
    best = _fit(header, fitted, borders, is_number)
    for _ in range(_PASSES):
        before = best
        for place, gaps in enumerate(choices):
            for gap in gaps[1:]:
                trial = [*borders[:place], gap, *borders[place + 1 :]]
                work.step()
                fit = _fit(header, fitted, trial, is_number)
                if fit > best:
                    borders, best = trial, fit
        if best == before:
            break
    return borders


def _gaps(left: Box, right: Box, lines: Sequence[Line]) -> list[float]:
    low, high = left.x1, right.x0
    if high <= low:
        return [(low + high) / 2]
    words = [word.box for line in lines for word in line.words if word.box.x1 > low and word.box.x0 < high]
    starts, ends = sorted(box.x0 for box in words), sorted(box.x1 for box in words)
    edges = sorted({low, high, *(e for e in (*starts, *ends) if low < e < high)})
    gaps = [
        (bisect_left(starts, (a + b) / 2) - bisect_right(ends, (a + b) / 2), -(b - a), (a + b) / 2)
        for a, b in pairwise(edges)
    ]
    fewest = min(gap[0] for gap in gaps)
    return [gap[2] for gap in sorted(gaps) if gap[0] == fewest][:_GAPS_TRIED]


def _fit(
    header: Header,
    lines: Sequence[Line],
    borders: Sequence[float],
    is_number: Callable[[str, int, str], bool],
) -> int:
    fit = 0
    for line in lines:
        cells = cells_of(line.words, borders)
        for column, cell in zip(header.columns, cells, strict=True):
            if column.key in NUMERIC and cell:
                fit += 1 if is_number(_text(cell), len(cell), column.key) else -2
    return fit


def number_in(cell: Sequence[Word], key: str, mark: DecimalMark | None) -> bool:
    """Tell whether the words of a cell are one number, with a unit at most where the column allows it."""
    return _is_number(_text(cell), len(cell), key, mark)


def _text(cell: Sequence[Word]) -> str:
    return " ".join(word.text for word in cell)


def _is_number(text: str, words: int, key: str, mark: DecimalMark | None) -> bool:
    if whole_number(text.replace("%", ""), mark) is None:
        return False
    if key == "position":
        return words == 1
    return key != "quantity" or words <= 3
