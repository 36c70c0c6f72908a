"""The index of a decision table's column: from a value straight to the rules it may match.

The rules that a value matches are the bits of one integer. A cell whose tests are constant is constant between the
few values that it names; so a column becomes a sorted list of points and, between them, ready sets of rules. One
binary search, or one look-up for texts, replaces testing every rule; the columns are joined by `&`.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from flowmaster.engine.feel import syntax as s
from flowmaster.engine.feel.compile_tests import Test
from flowmaster.engine.feel.compiler import Compiler
from flowmaster.engine.feel.evaluation import QUIET
from flowmaster.engine.feel.numbers import EXACT, is_number
from flowmaster.engine.feel.scope import NOTHING
from flowmaster.engine.feel.temporal import (
    Date,
    DateTime,
    DayTimeDuration,
    Time,
    YearMonthDuration,
    date_from_days,
)
from flowmaster.engine.feel.values import Range

Variables = Mapping[str, object]
INDEXED = (bool, str, Date)
"""The kinds of values, beside numbers, that an index is made for."""
NAMED = (*INDEXED, Time, DateTime, DayTimeDuration, YearMonthDuration)
"""The kinds of values, beside numbers, that constant cells name."""
_HALF = Decimal("0.5")
_ELSE = "\x00 any other text \x00"


def constants_of(
    compiler: Compiler, tests: s.Tests, kinds: tuple[type, ...] = INDEXED
) -> list[object] | None:
    """Return the values that the tests of a cell name; None when a test depends on variables or names others."""
    found: list[object] = []
    for test in tests.tests:
        nodes = (test.value,) if isinstance(test, s.UnaryTest) else (test,)
        for node in nodes:
            code = compiler.compile(node)
            if code not in compiler.constants:
                return None
            if not _collect(compiler.constants[code], found, kinds, 0):
                return None
    return found


def _collect(value: object, found: list[object], kinds: tuple[type, ...], depth: int) -> bool:
    if isinstance(value, Range):
        return all(end is None or _collect(end, found, kinds, depth + 1) for end in (value.low, value.high))
    if isinstance(value, (list, tuple)):
        return depth < 3 and all(_collect(item, found, kinds, depth + 1) for item in value)
    if value is None or isinstance(value, kinds) or is_number(value):
        found.append(value)
        return True
    return False


class Cell:
    """One cell of a column: its test, and the values it names when it is constant.

    `named` are the same, those included that no index is made for.
    """

    __slots__ = ("constants", "named", "test")

    def __init__(
        self, test: Test | None, constants: list[object] | None, named: list[object] | None = None
    ) -> None:
        self.test = test
        self.constants = constants
        self.named = constants if named is None else named

    @property
    def is_open(self) -> bool:
        """Whether the cell matches whatever comes."""
        return self.test is None

    def passes(self, value: object) -> bool:
        """Tell whether a constant cell matches a value."""
        return self.test is None or self.test(value, NOTHING, QUIET) is True


class ColumnIndex:
    """From a value to the rules whose cell in this column may match it; dynamic cells always may."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        self.cells = cells
        self._open = _bits(row for row, cell in enumerate(cells) if cell.is_open or cell.constants is None)
        static = [
            (row, cell)
            for row, cell in enumerate(cells)
            if cell.test is not None and cell.constants is not None
        ]
        self._static = static
        self._points, self._masks = _grid(static, is_number, _number_between, self._open)
        self._days, self._day_masks = _grid(static, _is_date, _day_between, self._open, _day_of)
        self._texts, self._other_text = self._text_table()
        self._yes, self._no, self._none = (self._mask_of(value) for value in (True, False, None))
        self.is_trivial = not static

    def _mask_of(self, value: object) -> int:
        return self._open | _bits(row for row, cell in self._static if cell.passes(value))

    def _text_table(self) -> tuple[dict[str, int], int]:
        other = self._mask_of(_ELSE)
        naming: dict[str, list[tuple[int, Cell]]] = {}
        for row, cell in self._static:
            for value in cell.constants or ():
                if isinstance(value, str):
                    naming.setdefault(value, []).append((row, cell))
        orders = any(_orders_texts(cell) for _, cell in self._static)
        table: dict[str, int] = {}
        for text, rows in naming.items():
            mask = other
            for row, cell in self._static if orders else rows:
                mask = mask | 1 << row if cell.passes(text) else mask & ~(1 << row)
            table[text] = mask
        self._only_listed = not orders
        return table, other

    def look_up_of(self, kind: str) -> Callable[[Any], int]:
        """Return `rules` for values of one kind, without a look at the kind."""
        if kind == "number":
            points, masks, size = self._points, self._masks, len(self._points)

            def numbers(value: Any) -> int:
                at = bisect_left(points, value)
                return masks[2 * at + 1 if at < size and points[at] == value else 2 * at]

            return numbers
        if kind == "string" and self._only_listed:
            texts, other = self._texts.get, self._other_text
            return lambda value: texts(value, other)
        return self.rules

    def rules(self, value: Any) -> int:
        """Return the rules that may match a value, as bits."""
        kind = value.__class__
        if kind is str:
            found = self._texts.get(value)
            if found is not None:
                return found
            return self._other_text if self._only_listed else self._mask_of(value)
        if kind is int or kind is Decimal:
            points = self._points
            at = bisect_left(points, value)
            return self._masks[2 * at + 1 if at < len(points) and points[at] == value else 2 * at]
        if value is None:
            return self._none
        if kind is bool:
            return self._yes if value else self._no
        if kind is Date:
            day = value.days
            at = bisect_left(self._days, day)
            return self._day_masks[2 * at + 1 if at < len(self._days) and self._days[at] == day else 2 * at]
        return self._mask_of(value)


def _bits(rows: Any) -> int:
    mask = 0
    for row in rows:
        mask |= 1 << row
    return mask


def _orders_texts(cell: Cell) -> bool:
    """Tell whether a cell orders texts, such as `< "m"`, so that listing its texts is not enough."""
    texts = sorted({value for value in cell.constants or () if isinstance(value, str)})
    if not texts:
        return False
    probes = ["", *(text + "\x00" for text in texts), texts[-1] + "\U0010ffff"]
    outcomes = {cell.passes(probe) for probe in probes if probe not in texts}
    return len(outcomes) > 1 or outcomes != {cell.passes(_ELSE)}


def _is_date(value: object) -> bool:
    return isinstance(value, Date)


def _day_of(value: Any) -> Any:
    return value.days


def _same(value: Any) -> Any:
    return value


def _number_between(low: Any, high: Any) -> object:
    """Return a number that lies strictly between, however many digits it takes."""
    if low is None and high is None:
        return 0
    if low is None:
        return EXACT.subtract(high, 1)
    if high is None:
        return EXACT.add(low, 1)
    return EXACT.multiply(EXACT.add(low, high), _HALF)


def _day_between(low: Any, high: Any) -> object:
    if low is None and high is None:
        return date_from_days(0)
    if low is None:
        return date_from_days(high - 1)
    return date_from_days(low + 1)


def _grid(
    cells: Sequence[tuple[int, Cell]],
    belongs: Callable[[object], bool],
    between: Callable[[Any, Any], object],
    always: int,
    key: Callable[[Any], Any] = _same,
) -> tuple[list[Any], list[int]]:
    """Return the points that cells name and the rules at and between them: slot 2i+1 is point i, 2i lies before."""
    own = {
        id(cell): (cell, sorted({key(v) for v in cell.constants or () if belongs(v)})) for _, cell in cells
    }
    points = sorted({point for _, mine in own.values() for point in mine})
    place = {point: index for index, point in enumerate(points)}
    begins = [0] * (2 * len(points) + 2)
    turns = {
        known: _turns(cell, mine, [2 * place[point] + 1 for point in mine], 2 * len(points) + 1, between, key)
        for known, (cell, mine) in own.items()
    }
    for row, cell in cells:
        bit = 1 << row
        for slot in turns[id(cell)]:
            begins[slot] ^= bit
    masks: list[int] = []
    active = 0
    for change in begins[: 2 * len(points) + 1]:
        active ^= change
        masks.append(active | always)
    return points, masks


def _turns(
    cell: Cell,
    mine: Sequence[Any],
    slots: Sequence[int],
    end: int,
    between: Callable[[Any, Any], object],
    key: Callable[[Any], Any],
) -> list[int]:
    """Return the slots at which a cell begins to match or ends, given the points it names and their slots."""
    found: list[int] = []
    for index in range(len(mine) + 1):
        low = mine[index - 1] if index else None
        high = mine[index] if index < len(mine) else None
        first = slots[index - 1] + 1 if index else 0
        last = slots[index] if index < len(mine) else end
        probe = between(low, high)
        if first < last and probe is not None and cell.passes(probe):
            found += (first, last)
        if high is not None and cell.passes(_value_at(high, key)):
            found += (last, last + 1)
    return found


def _value_at(point: Any, key: Callable[[Any], Any]) -> object:
    return point if key is _same else date_from_days(point)
