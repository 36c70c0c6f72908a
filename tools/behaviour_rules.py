"""Cases where two versions of a decision part: in rows that have changed, at the values where their cells differ."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from flowmaster.engine.dmn.table import CompiledTable
from flowmaster.engine.proof.changes import Change, together
from flowmaster.engine.proof.limits import around, unlike
from flowmaster.engine.proof.solving import Solver
from flowmaster.tools.cases_origins import Decided
from flowmaster.tools.cases_rules import RuleModel, RuleView
from flowmaster.tools.cases_search import Case, Search, case_with

TRIES: Final = 3
"""How many ways are tried into one row, and to one value there, from one case."""

CASES_MAX: Final = 120
"""How many cases are sought where rows part."""

PER_PLACE: Final = 4
"""From how many cases one place is tried."""


def row_cases(search: Search, other: Search) -> Iterator[Case]:
    """Give cases at the rows that differ between the decisions that two versions ask."""
    asked = {origin.decision: origin.version for tried in other.tried for origin in tried.trace.decided}
    tried_from: dict[object, int] = {}
    count = 0
    for tried in list(search.tried):
        for origin in tried.trace.decided:
            model = search.rules.models.get((origin.decision, origin.version))
            theirs = other.rules.models.get((origin.decision, asked.get(origin.decision, 0)))
            if model is None or theirs is None:
                continue
            for place, change in _parting(model, theirs, origin):
                tried_from[place] = tried_from.get(place, 0) + 1
                if tried_from[place] <= PER_PLACE * TRIES and count < CASES_MAX:
                    count += 1
                    yield case_with(tried.case, change)


def _parting(model: RuleModel, theirs: RuleModel, origin: Decided) -> Iterator[tuple[object, Change]]:
    """Give changes after which a row decides that the other version has otherwise, each with its place."""
    for decision in model.reached(origin.decision):
        table, other = model.table(decision), theirs.table(decision)
        if table is None or other is None:
            continue
        view = RuleView(model, origin.view)
        for row, columns in _differing(table, other):
            ways = [*islice(view.row(table, row), TRIES)] or [{}]
            for way in ways:
                yield (decision, row), way
            for column in columns:
                yield from _at_values(model, origin, table, other, row, column, ways)


def _at_values(
    model: RuleModel,
    origin: Decided,
    table: CompiledTable,
    other: CompiledTable,
    row: int,
    column: int,
    ways: Sequence[Change],
) -> Iterator[tuple[object, Change]]:
    """Give changes after which a row all but decides, and one of its columns has a value at which its cells part."""
    node = model.parsed(table.node.inputs[column].expression.text)
    if node is None or row >= len(other.node.rules) or column >= len(other.indexes):
        return
    cells = (table.indexes[column].cells[row], other.indexes[column].cells[row])
    named = [value for cell in cells for value in cell.named or ()]
    near = [each for value in named for each in (*around(value), *unlike(value))]
    for value in near:
        if any(cell.constants is None for cell in cells) or cells[0].passes(value) == cells[1].passes(value):
            continue
        for way in ({}, *ways):
            view = RuleView(model, origin.view.under(way))
            for change in islice(Solver(view).becomes(node, value), TRIES):
                both = together(way, change)
                if both:
                    yield (id(table), row, column, str(value)), both


def _differing(table: CompiledTable, other: CompiledTable) -> Iterator[tuple[int, list[int]]]:
    """Give the rows that differ from the same row of the other version, each with the columns in which it does."""
    theirs = other.node.rules
    for row, rule in enumerate(table.node.rules):
        if row >= len(theirs):
            yield row, []
            continue
        one, two = [each.text for each in rule.inputs], [each.text for each in theirs[row].inputs]
        columns = [place for place, (a, b) in enumerate(zip(one, two, strict=False)) if a != b]
        outputs = [each.text for each in rule.outputs] != [each.text for each in theirs[row].outputs]
        if columns or outputs or len(one) != len(two):
            yield row, columns
