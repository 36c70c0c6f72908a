"""Activities that repeat while a condition holds (BPMN 2.0.2, 10.3.8 and 13.3.6)."""

import pytest

from flowmaster.engine import commands as cmd
from tests.engine.cases import script, user
from tests.engine.pieces import (
    repeated,
)
from tests.engine.turns import run


def test_a_loop_repeats_while_its_condition_holds_and_at_least_once() -> None:
    assert run(script("t", "n + 1", "n"), repeated("n &lt; 3"), n=0).state.variables["n"] == 3
    assert run(script("t", "n + 1", "n"), repeated("n &lt; 3"), n=9).state.variables["n"] == 10


def test_a_loop_that_tests_first_may_run_not_at_all() -> None:
    assert run(script("t", "n + 1", "n"), repeated("n &lt; 3", first=True), n=0).state.variables["n"] == 3
    assert run(script("t", "n + 1", "n"), repeated("n &lt; 3", first=True), n=9).state.variables["n"] == 9
    assert run(script("t", "n + 1", "n"), repeated(first=True, most="0"), n=9).state.variables["n"] == 9


def test_a_loop_ends_at_its_maximum() -> None:
    assert run(script("t", "n + 1", "n"), repeated("true", most="4"), n=0).state.variables["n"] == 4
    assert run(script("t", "n + 1", "n"), repeated(most="4"), n=0).state.variables["n"] == 4


def test_a_loop_counts_its_turns() -> None:
    case = run(script("t", "loopCounter", "n"), repeated("loopCounter &lt; 4"))
    assert case.state.variables["n"] == 4


def test_a_loop_without_exit_stops_with_an_incident() -> None:
    case = run(script("t", "1", "x"), repeated("true"))
    assert case.incidents() == {"t": "loop.too_many"}
    case.do(cmd.Retry)
    assert case.incidents() == {"t": "loop.too_many"}
    case.do(cmd.Skip, "t")
    assert case.state.status == "completed"


@pytest.mark.parametrize("first", [True, False])
def test_a_loop_condition_that_is_neither_true_nor_false_stops_the_loop(first: bool) -> None:
    case = run(user("t"), repeated("flag", first=first), flag="no")
    if not first:
        case.complete("t")
    assert case.incidents() == {"t": "condition.not_boolean"}
    case.do(cmd.SetVariables, {"flag": False})
    case.do(cmd.Retry)
    assert case.state.status == "completed"
