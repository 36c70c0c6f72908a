"""What can come into a column of a decision table: one value for each set of its rules that some value matches.

The values that the cells and the allowed values of a column name, and one before, between and behind them, stand for
all there are. Null belongs to them where a cell or the allowed values name it.
"""

from collections.abc import Sequence
from typing import NamedTuple

from flowmaster.engine.dmn.table_index import NAMED, Cell, ColumnIndex, constants_of
from flowmaster.engine.feel.compile_tests import tests_of
from flowmaster.engine.feel.compiler import Compiler
from flowmaster.engine.feel.expression import BUILTIN_NAMES
from flowmaster.engine.feel.lexer import FeelSyntaxError
from flowmaster.engine.feel.parser import parse_unary_tests
from flowmaster.engine.feel.samples import values_between
from flowmaster.engine.feel.types import simple_type

_KINDS = {
    "number": "number",
    "string": "string",
    "boolean": "boolean",
    "date": "date",
    "time": "time",
    "date and time": "date and time",
    "dateTime": "date and time",
    "days and time duration": "days and time duration",
    "dayTimeDuration": "days and time duration",
    "years and months duration": "years and months duration",
    "yearMonthDuration": "years and months duration",
}


class Piece(NamedTuple):
    """A set of rules, as bits, and a value that matches just them."""

    rules: int
    value: object


def allowed_cell(tests: str) -> Cell:
    """Return the allowed values of a type, written as unary tests, as a cell."""
    try:
        node = parse_unary_tests(tests, BUILTIN_NAMES)
    except FeelSyntaxError:
        return Cell(None, [])
    compiler = Compiler(BUILTIN_NAMES.given, simple_type)
    return Cell(tests_of(compiler, node), None, constants_of(compiler, node, NAMED))


def kind_of_type(type_ref: str) -> str:
    """Return the kind of values of a declared type, empty for one that is not simple."""
    return _KINDS.get(type_ref, "")


def pieces_of(index: ColumnIndex, kind: str, allowed: Sequence[Cell]) -> list[Piece]:
    """Return the pieces of a column whose values are of a kind (empty: of those that cells name) and allowed.

    A cell that depends on other variables counts as one that matches whatever comes.
    """
    temporal = [(row, cell) for row, cell in enumerate(index.cells) if cell.constants is None and cell.named]
    named = [value for cell in (*index.cells, *allowed) for value in cell.named or ()]
    found: dict[int, object] = {}
    for value in values_between(named, kind):
        if all(cell.passes(value) for cell in allowed) or value is None:
            rules = index.rules(value)
            for row, cell in temporal:
                if not cell.passes(value):
                    rules &= ~(1 << row)
            found.setdefault(rules, value)
    return [Piece(rules, value) for rules, value in found.items()]
