"""Cancelling an instance and undoing what it has done: handlers run in reverse, may wait, and then it is over."""

from flowmaster.engine import commands as cmd
from tests.engine.cases import Case, E, S, flows, job, model, script, user
from tests.engine.pieces import undone

BODY = (
    S
    + script("a", "1", "x")
    + script("b", "1", "y")
    + user("t")
    + E
    + undone("a", script("ua", "0", "x"))
    + undone("b", job("ub"))
    + flows("s a", "a b", "b t", "t e")
)


def test_handlers_run_in_reverse_and_the_instance_ends_after_them() -> None:
    case = Case(model(BODY))
    case.do(cmd.CancelInstance, "no longer wanted", compensate=True)
    assert (case.state.status, case.waiting) == ("active", ["ub"])
    assert "t" in case.cancelled()
    case.job("ub")
    assert case.state.status == "cancelled"
    assert case.completed()[-2:] == ["ub", "ua"]
    assert case.state.variables["x"] == 0


def test_without_being_asked_nothing_is_undone() -> None:
    case = Case(model(BODY))
    case.do(cmd.CancelInstance, "no longer wanted")
    assert case.state.status == "cancelled"
    assert "ua" not in case.completed()


def test_where_nothing_is_done_the_instance_ends_at_once() -> None:
    case = Case(model(S + user("t") + E + flows("s t", "t e")))
    case.do(cmd.CancelInstance, compensate=True)
    assert case.state.status == "cancelled"


def test_it_can_be_cancelled_at_once_while_it_undoes() -> None:
    case = Case(model(BODY))
    case.do(cmd.CancelInstance, compensate=True)
    case.do(cmd.CancelInstance)
    assert case.state.status == "cancelled"
    assert "ua" not in case.completed()


def test_asking_twice_goes_on_with_what_is_left() -> None:
    case = Case(model(BODY))
    case.do(cmd.CancelInstance, compensate=True)
    case.do(cmd.CancelInstance, compensate=True)
    assert case.state.status == "cancelled"
    assert case.completed()[-1] == "ua"


def test_an_error_in_a_handler_ends_the_instance_as_failed_or_stops_it() -> None:
    case = Case(model(BODY))
    case.do(cmd.CancelInstance, compensate=True)
    case.do(cmd.ThrowJobError, case.wait("ub").id, "LOST", "cannot be undone", {})
    assert case.incidents() == {"ub": "error.not_caught"}
    case.do(cmd.Skip, "ub")
    assert case.state.status == "cancelled"
