"""Two versions of a decision are called alike only where trying all inputs shows no other answer."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowmaster.engine.dmn.compact import table_to_dmn
from flowmaster.engine.dmn.reader import read_dmn
from flowmaster.engine.dmn.table import CompiledTable
from flowmaster.tools.behaviour_alike import alike
from tests.acceptance.agent import Agent, played
from tests.compare.behaviours import LEVELS, published
from tests.dmn.test_analysis_by_force import ANSWERS, NUMBER, Table, inputs_of, passes, tables


def compiled(table: Table) -> CompiledTable:
    found = read_dmn(table_to_dmn(table.form())).compile().table("t")
    assert found is not None
    return found


def answers(table: Table, given: tuple[object, ...]) -> list[str]:
    """Return what a table may answer from: the outputs of all rows that match, of the first alone where that decides."""
    found = [
        answer
        for cells, answer in zip(table.rows, table.answers, strict=True)
        if all(passes(cell, value) for cell, value in zip(cells, given, strict=True))
    ]
    return found[:1] if table.hit == "F" else found


@st.composite
def versions(draw: st.DrawFn) -> tuple[Table, Table]:
    """Draw a table, and the same with one cell or output changed, or one row gone."""
    old = draw(tables())
    row = draw(st.integers(0, len(old.rows) - 1))
    place = draw(st.integers(-1, len(old.columns)))
    if place < 0 and len(old.rows) > 1:
        rows, outputs = list(old.rows), list(old.answers)
        del rows[row], outputs[row]
        return old, replace(old, rows=tuple(rows), answers=tuple(outputs))
    if place in (-1, len(old.columns)):
        outputs = [*old.answers]
        outputs[row] = draw(st.sampled_from(ANSWERS))
        return old, replace(old, answers=tuple(outputs))
    cells = list(old.rows[row])
    cells[place] = draw(st.sampled_from(("-", *old.columns[place].cells)))
    return old, replace(old, rows=(*old.rows[:row], tuple(cells), *old.rows[row + 1 :]))


def is_proved_rightly(pair: tuple[Table, Table]) -> None:
    old, new = pair
    if alike(compiled(old), compiled(new)):
        for asked in product(*inputs_of(old)):
            assert answers(old, asked) == answers(new, asked)


@settings(max_examples=150, deadline=None)
@given(versions())
def test_what_is_alike_answers_alike_whatever_is_asked(pair: tuple[Table, Table]) -> None:
    is_proved_rightly(pair)


@pytest.mark.soak
@settings(max_examples=2_000, deadline=None)
@given(versions())
def test_what_is_alike_answers_alike_for_many_more_tables(pair: tuple[Table, Table]) -> None:
    is_proved_rightly(pair)


@pytest.mark.parametrize(
    ("first", "was", "now", "hit", "proved"),
    [
        ("<= 1", "(1..2]", "[1..2]", "F", True),
        ("<= 1", "(1..2]", "[0..2]", "F", True),
        ("<= 1", "(1..2]", "(1..2)", "F", False),
        ("<= 1", "(1..2]", "[1..2]", "U", False),
        ("-", "1", "2", "F", True),
        ("< 1", "not(0)", "not(-1)", "F", True),
        ("< 1", "1.0050", "1.005", "C", True),
        ("< 1", "(1.0049..1.0051)", "1.005", "C", False),
    ],
)
def test_a_row_that_the_rows_before_leave_nothing_changes_no_answer(
    first: str, was: str, now: str, hit: str, *, proved: bool
) -> None:
    old = Table((NUMBER,), ("",), ((first,), (was,)), ('"x"', '"y"'), hit, "")
    new = replace(old, rows=((first,), (now,)))
    assert alike(compiled(old), compiled(new)) is proved


def test_a_comparison_tells_that_a_changed_decision_answers_alike() -> None:
    async def play(agent: Agent) -> None:
        await published(agent)
        await agent.ask(
            "rule_save",
            decision="trip_level",
            table={**LEVELS, "rules": [["<= 200.00", '"low"'], ["> 200", '"high"']]},
            valid_from="2099-01-01",
        )
        body = await agent.ask(
            "process_compare",
            process="trip",
            what="behaviour",
            from_=1,
            to=1,
            rules={"trip_level": {"from": 1, "to": 2}},
        )
        assert body["same_behaviour"] is True
        assert body["behaviour"]["notes"] == [
            "The decision 'trip_level' answers alike in both versions, whatever it is asked."
        ]
        assert "unseen" not in body["behaviour"]

    played(play)
