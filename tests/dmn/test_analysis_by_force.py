"""What the analysis finds in small tables is what trying all inputs finds, whatever the hit policy and the types."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowmaster.engine.dmn.analysis import FINDINGS_MAX, problems
from flowmaster.engine.dmn.compact import table_to_dmn
from flowmaster.engine.dmn.problem import Problem
from flowmaster.engine.dmn.reader import read_dmn
from flowmaster.engine.feel.evaluation import Evaluation
from flowmaster.engine.feel.expression import compile_expression, compile_unary_tests
from flowmaster.engine.values import Json

HITS = ("U", "A", "F", "P", "R", "O", "C", "C#")
ANSWERS = ['"x"', '"y"', '"z"']


@dataclass(frozen=True)
class Column:
    """A kind of column: its type, the values that stand for all there are, and what its cells may say."""

    kind: str
    domain: tuple[str, ...] = field(repr=False)
    cells: tuple[str, ...] = field(repr=False)
    allowed: tuple[str, ...] = field(repr=False)


NUMBER = Column(
    "number",
    tuple(str(step / 4) for step in range(-8, 28)),
    (
        "0",
        "1",
        "2",
        "< 2",
        ">= 2",
        "> 3",
        "<= 0",
        "[0..2]",
        "(0..2)",
        "]1..3[",
        "1, 3",
        "not(1)",
        "not([0..2])",
        "null",
    ),
    ("[0..3]", "(0..1)", "0, 1, 2", "0, null", ">= 0"),
)
TEXT = Column(
    "string",
    ('"a"', '"b"', '"c"', '"aa"', '"ba"', '"ca"', '""', '"any other text"', '"z"'),
    ('"a"', '"b"', '"a", "c"', 'not("a")', '< "b"', '>= "b"', '["a".."b"]', "null", 'not("a", "b", "c")'),
    ('"a", "b"', '"a", "b", "c"', '"a", null', '>= "b"'),
)
TRUTH = Column(
    "boolean",
    ("true", "false"),
    ("true", "false", "not(true)", "null", "true, false"),
    ("true", "null, false"),
)
DAY = Column(
    "date",
    tuple(f'@"2026-01-{day:02}"' for day in range(1, 10)),
    (
        '@"2026-01-03"',
        '< @"2026-01-05"',
        '>= @"2026-01-05"',
        '[@"2026-01-03"..@"2026-01-06"]',
        '(@"2026-01-03"..@"2026-01-04")',
        'not(@"2026-01-05")',
        "null",
    ),
    ('[@"2026-01-03"..@"2026-01-06"]', '@"2026-01-03", null'),
)
MOMENT = Column(
    "date and time",
    tuple(f'@"2026-01-01T10:00:{second:02}"' for second in range(0, 60, 3)),
    (
        '< @"2026-01-01T10:00:15"',
        '>= @"2026-01-01T10:00:15"',
        '[@"2026-01-01T10:00:15"..@"2026-01-01T10:00:30"]',
        '@"2026-01-01T10:00:30"',
    ),
    ('[@"2026-01-01T10:00:15"..@"2026-01-01T10:00:30"]',),
)
COLUMNS = (NUMBER, TEXT, TRUTH, DAY, MOMENT)


@dataclass(frozen=True)
class Table:
    """A random table: the kinds and allowed values of its columns, its rows, hit policy and default."""

    columns: tuple[Column, ...]
    allowed: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    answers: tuple[str, ...]
    hit: str
    default: str

    def form(self) -> dict[str, Json]:
        inputs: list[Json] = [
            {"name": f"i{place}", "type": column.kind, "values": allowed}
            for place, (column, allowed) in enumerate(zip(self.columns, self.allowed, strict=True))
        ]
        output: dict[str, Json] = {"name": "o", "type": "string", "default": self.default}
        if self.hit in ("P", "O"):
            output["values"] = '"z", "y", "x"'
        rules: list[Json] = [[*row, answer] for row, answer in zip(self.rows, self.answers, strict=True)]
        return {"decision": "t", "hit": self.hit, "inputs": inputs, "outputs": [output], "rules": rules}


@st.composite
def tables(draw: st.DrawFn) -> Table:
    columns = tuple(draw(st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=3)))
    allowed = tuple(draw(st.sampled_from(("", "", *column.allowed))) for column in columns)
    cells = st.tuples(*(st.sampled_from(("-", "-", *column.cells)) for column in columns))
    rows = tuple(draw(st.lists(cells, min_size=1, max_size=5)))
    answers = tuple(draw(st.sampled_from(ANSWERS)) for _ in rows)
    default = draw(st.sampled_from(["", "", '"x"']))
    return Table(columns, allowed, rows, answers, draw(st.sampled_from(HITS)), default)


def passes(cell: str, value: object) -> bool:
    return cell == "-" or compile_unary_tests(cell).run({"?": value}, Evaluation()) is True


def value_of(text: str) -> object:
    return compile_expression(text).value({})


def inputs_of(table: Table) -> list[list[object]]:
    """Return the values that may come into each column."""
    found: list[list[object]] = []
    for place, (column, allowed) in enumerate(zip(table.columns, table.allowed, strict=True)):
        values = [value_of(text) for text in column.domain]
        if allowed:
            values = [value for value in values if passes(allowed, value)]
        if "null" in allowed or any("null" in row[place] for row in table.rows):
            values.append(None)
        found.append(values)
    return found


def matches_of(table: Table) -> list[frozenset[int]]:
    """Return the rules that each possible input matches."""
    columns = [
        [
            frozenset(row for row, cells in enumerate(table.rows) if passes(cells[place], value))
            for value in values
        ]
        for place, values in enumerate(inputs_of(table))
    ]
    every = frozenset(range(len(table.rows)))
    return [every.intersection(*combined) for combined in product(*map(set, columns))]


def priority(table: Table, row: int) -> tuple[int, int]:
    return (-ANSWERS.index(table.answers[row]) if table.hit == "P" else 0, row)


def expected(table: Table, matches: Sequence[frozenset[int]]) -> dict[str, list[tuple[int, ...]]]:
    count = len(table.rows)
    inside = {row: [found for found in matches if row in found] for row in range(count)}
    decides = table.hit in ("F", "P")
    never = [row for row in range(count) if not inside[row]]
    winners = {min(found, key=lambda row: priority(table, row)) for found in matches if found}
    overlaps: list[tuple[int, ...]] = [
        (a + 1, b + 1)
        for a in range(count)
        for b in range(a + 1, count)
        if table.hit in ("U", "A")
        and any(b in found for found in inside[a])
        and (table.hit == "U" or table.answers[a] != table.answers[b])
    ]
    covers = {
        (a, b)
        for b in range(count)
        for a in range(count)
        if a != b and inside[b] and all(a in found for found in inside[b])
    }
    covered: list[tuple[int, ...]] = [
        (a + 1, b + 1)
        for b in range(count)
        for a in range(count)
        if (a, b) in covers
        and (table.hit not in ("R", "O", "C", "C#") or table.answers[a] == table.answers[b])
        and (priority(table, a) < priority(table, b) if decides else a < b or (b, a) not in covers)
    ]
    return {
        "rule.never_matches": [(row + 1,) for row in never],
        "rule.unreachable": [
            (row + 1,) for row in range(count) if decides and inside[row] and row not in winners
        ],
        "rule.overlap": overlaps[:FINDINGS_MAX],
        "rule.subsumed": covered[:FINDINGS_MAX],
    }


def example_of(table: Table, problem: Problem) -> list[object]:
    assert list(problem.example) == [f"i{place}" for place in range(len(table.columns))]
    return [value_of(text) for text in problem.example.values()]


def matched_by(table: Table, example: Sequence[object]) -> set[int]:
    for value, allowed in zip(example, table.allowed, strict=True):
        assert value is None or not allowed or passes(allowed, value)
    return {
        row + 1
        for row, cells in enumerate(table.rows)
        if all(passes(cell, value) for cell, value in zip(cells, example, strict=True))
    }


@settings(max_examples=150, deadline=None)
@given(tables())
def test_findings_are_those_of_trying_all_inputs(table: Table) -> None:
    findings_are_true(table)


@pytest.mark.soak
@settings(max_examples=1_000, deadline=None)
@given(tables())
def test_findings_are_those_of_trying_all_inputs_for_many_more_tables(table: Table) -> None:
    findings_are_true(table)


def findings_are_true(table: Table) -> None:
    """Compare what the analysis finds with what trying all inputs finds."""
    found = problems(read_dmn(table_to_dmn(table.form())))
    matches = matches_of(table)
    for code, rules in expected(table, matches).items():
        told = [problem.rules for problem in found if problem.code == code]
        assert sorted(told) == sorted(rules), code
    gaps = [problem for problem in found if problem.code == "rule.gap"]
    assert bool(gaps) == (frozenset() in matches and not table.default)
    assert len({tuple(problem.example.items()) for problem in gaps}) == len(gaps) <= 5
    for problem in found:
        assert problem.fix
        if problem.example or problem.code in (
            "rule.gap",
            "rule.overlap",
            "rule.subsumed",
            "rule.unreachable",
        ):
            rows = matched_by(table, example_of(table, problem))
            assert (rows == set()) if problem.code == "rule.gap" else rows >= set(problem.rules)


def test_a_gap_without_columns_is_none() -> None:
    form: Mapping[str, Any] = {"decision": "t", "inputs": [], "outputs": ["o"], "rules": [["1"]]}
    assert problems(read_dmn(table_to_dmn(form))) == []
