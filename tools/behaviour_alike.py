"""Proves that two versions of a decision table answer alike, whatever they are asked.

A column tells values apart only by the few values that its cells name. So one value at each of these, beside and between
them, stands for all; the rows that such values match together, column by column, are all sets of rows that can match.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Final

from flowmaster.engine.dmn import model as m
from flowmaster.engine.dmn.table import CompiledTable
from flowmaster.engine.feel.numbers import DECIMAL
from flowmaster.engine.proof.limits import OTHER_TEXT, around, unlike

SETS_MAX: Final = 20_000
"""How many sets of rows that match together are looked at."""

ANY_KIND: Final = (None, True, False, 0, OTHER_TEXT)
"""Values that stand for those of kinds that no cell names."""

Rows = tuple[int, int]
"""The rows of the older and of the newer table that match, as bits."""


def alike(old: CompiledTable, new: CompiledTable) -> bool:
    """Tell whether it is proved that two tables of the same columns and outputs answer alike; False if that is not known."""
    if old.dynamic or new.dynamic:
        return False
    sets: set[Rows] = {(old.all_rows, new.all_rows)}
    for column in range(len(old.indexes)):
        classes = {
            (old.indexes[column].rules(value), new.indexes[column].rules(value))
            for value in _values(old, new, column)
        }
        sets = {(was & one, now & other) for was, now in sets for one, other in classes}
        if len(sets) > SETS_MAX:
            return False
    return all(_answer(old, was) == _answer(new, now) for was, now in sets)


def _values(old: CompiledTable, new: CompiledTable, column: int) -> Iterator[object]:
    """Give a value for each class of values that a column tells apart, of those that may stand in it."""
    allowed = old.allowed[column]
    cells = (*old.indexes[column].cells, *new.indexes[column].cells, allowed)
    named = [value for cell in cells for value in cell.named or ()]
    near = (each for value in named for each in (*around(value), *unlike(value)))
    for value in (*ANY_KIND, *near, *_between_numbers(named), *_between_texts(named)):
        if value is None or allowed.constants is None or allowed.passes(value):
            yield value


def _between_numbers(named: Iterable[object]) -> Iterator[object]:
    numbers = sorted({Decimal(value) for value in named if isinstance(value, int | Decimal)})
    for one, other in pairwise(numbers):
        yield DECIMAL.divide(DECIMAL.add(one, other), 2)


def _between_texts(named: Iterable[object]) -> Iterator[object]:
    for value in named:
        if isinstance(value, str):
            yield f"{value}\x00"
    yield from ("", "\U0010ffff")


def _answer(table: CompiledTable, rows: int) -> list[tuple[str, ...]]:
    """Return the outputs of the rows that match, as they are written; of the first row alone where that decides."""
    found = [
        tuple(cell.text for cell in rule.outputs)
        for row, rule in enumerate(table.node.rules)
        if rows >> row & 1
    ]
    return found[:1] if table.node.hit_policy is m.HitPolicy.FIRST else found
