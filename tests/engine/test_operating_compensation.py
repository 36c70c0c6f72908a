"""What operators do while something is undone: they skip, move, pause, cancel and try again."""

import pytest

from flowmaster.engine import commands as cmd
from flowmaster.engine.errors import FlowMasterError
from tests.engine.cases import Case, E, S, flows, model, script, user
from tests.engine.pieces import UNDO, marked, several, sub, throw, undone

INNER = script("a", "item", "x") + undone("a", user("ua"))
TWO = script("a", "1", "x") + script("b", "2", "y") + undone("a", script("ua", "0", "x"))


def nested() -> str:
    return sub("sub", INNER, "sub_s a", "a sub_e")


def order(case: Case, *names: str) -> list[str]:
    return [element for element in case.completed() if element in names]


def test_skipping_what_is_undone_leaves_it_and_goes_on_with_the_next() -> None:
    case = Case(model(S + TWO + undone("b", user("ub")) + UNDO + E + flows("s a", "a b", "b c", "c e")))
    case.do(cmd.Skip, "b", {"note": 1})
    assert order(case, "ua", "ub", "c") == ["ua", "c"]
    assert (case.state.status, case.state.variables["note"]) == ("completed", 1)


def test_skipping_a_sub_process_that_is_undone_sends_no_token_over_its_flows() -> None:
    case = Case(model(S + nested() + user("t") + UNDO + E + flows("s sub", "sub t", "t c", "c e")))
    case.complete("t")
    case.do(cmd.Skip, "sub")
    assert case.state.status == "completed"
    assert order(case, "t") == ["t"]


def test_skipping_the_event_leaves_the_rest_as_it_is() -> None:
    case = Case(model(S + TWO + undone("b", user("ub")) + UNDO + E + flows("s a", "a b", "b c", "c e")))
    case.do(cmd.Skip, "c")
    assert case.state.status == "completed"
    assert "ua" not in case.completed()


def test_skipping_what_is_undone_beside_sends_no_second_token_on() -> None:
    body = S + script("a", "1", "x") + undone("a", user("ua")) + throw("c", 'waitForCompletion="false"')
    case = Case(model(body + user("t") + E + flows("s a", "a c", "c t", "t e")))
    case.do(cmd.Skip, "c")
    assert case.waiting == ["t"]


@pytest.mark.parametrize("source", ["ua", "a", "c"])
def test_what_undoes_is_no_token_that_could_be_moved_into_the_flow(source: str) -> None:
    body = S + script("a", "1", "x") + undone("a", user("ua")) + throw("c", 'waitForCompletion="false"')
    case = Case(model(body + user("t") + E + flows("s a", "a c", "c t", "t e")))
    with pytest.raises(FlowMasterError) as refused:
        case.do(cmd.Move, source, "t")
    assert refused.value.code == "instance.move_impossible"


def test_moving_the_token_of_the_event_ends_the_undoing() -> None:
    case = Case(
        model(S + TWO + undone("b", user("ub")) + UNDO + user("t") + flows("s a", "a b", "b c", "c t"))
    )
    case.do(cmd.Move, "c", "t")
    assert case.waiting == ["t"]


def test_an_instance_that_compensates_is_cancelled_at_once() -> None:
    case = Case(model(S + TWO + undone("b", user("ub")) + UNDO + E + flows("s a", "a b", "b c", "c e")))
    case.do(cmd.CancelInstance)
    assert case.state.status == "cancelled"


def test_a_paused_instance_goes_on_undoing_when_it_is_resumed() -> None:
    case = Case(model(S + TWO + undone("b", user("ub")) + UNDO + E + flows("s a", "a b", "b c", "c e")))
    case.do(cmd.PauseInstance)
    with pytest.raises(FlowMasterError):
        case.complete("ub")
    case.do(cmd.ResumeInstance)
    case.complete("ub")
    assert case.state.status == "completed"


def test_many_turns_are_undone_without_recursion() -> None:
    work = marked(script("a", "1", "x"), several("1000", sequential=True))
    case = Case(model(S + work + undone("a", script("ua", "0", "x")) + UNDO + E + flows("s a", "a c", "c e")))
    assert order(case, "ua") == ["ua"] * 1000
    assert case.state.status == "completed"


def test_an_endless_undoing_stops_with_an_incident_and_goes_on_when_tried_again() -> None:
    work = marked(script("a", "1", "x"), several("4000", sequential=True))
    case = Case(model(S + work + undone("a", script("ua", "0", "x")) + UNDO + E + flows("s a", "a c", "c e")))
    assert set(case.incidents().values()) == {"engine.too_many_steps"}
    while case.state.incidents:
        case.do(cmd.Retry)
    assert order(case, "ua") == ["ua"] * 4000
    assert case.state.status == "completed"
