"""A transaction that is cancelled stops, undoes what is done and leaves by its border (10.3.5, 13.5.3)."""

from flowmaster.engine import commands as cmd
from tests.engine.cases import Case, E, S, flows, job, model, script, user
from tests.engine.pieces import CANCEL, DEFINITIONS, ERROR, UNDO, border, several, sub, undone

INNER = script("a", "item", "x") + undone("a", user("ua"))


def transaction(body: str, *pairs: str, marker: str = "") -> str:
    stop = f'<endEvent id="stop">{CANCEL}</endEvent>'
    return sub("tx", body + stop, *pairs, kind="transaction", marker=marker) + border("b", "tx", CANCEL)


def test_a_cancelled_transaction_stops_the_rest_undoes_what_is_done_and_leaves_by_its_border() -> None:
    fork = '<parallelGateway id="g"/>'
    body = transaction(INNER + fork + user("w"), "tx_s a", "a g", "g w", "g stop")
    case = Case(model(S + body + user("k") + user("t") + flows("s tx", "tx t", "b k")))
    assert (case.waiting, case.cancelled()) == (["ua"], ["w"])
    case.complete("ua")
    assert case.waiting == ["k"]
    assert "tx" in case.cancelled()


def test_a_transaction_without_cancel_border_stops_at_the_cancel_end() -> None:
    body = sub("tx", f'<endEvent id="stop">{CANCEL}</endEvent>', "tx_s stop", kind="transaction")
    case = Case(model(S + body + E + flows("s tx", "tx e")))
    assert case.incidents() == {"stop": "transaction.no_cancel"}


def test_a_completed_transaction_can_be_undone_later() -> None:
    body = sub("tx", INNER, "tx_s a", "a tx_e", kind="transaction")
    case = Case(model(S + body + UNDO + E + flows("s tx", "tx c", "c e")))
    assert case.waiting == ["ua"]


def test_cancelling_one_turn_of_a_transaction_leaves_all_of_them_by_the_border() -> None:
    body = transaction(user("w"), "tx_s w", "w stop", marker=several("2"))
    case = Case(model(S + body + user("k") + user("t") + E + flows("s tx", "tx t", "b k", "k e")))
    case.do(cmd.ActOnTask, next(iter(case.state.waits)), "complete", {})
    assert case.waiting == ["k"]
    case.complete("k")
    assert case.state.status == "completed"


def test_a_cancel_end_that_is_skipped_still_leaves_by_the_border() -> None:
    body = transaction(INNER, "tx_s a", "a stop")
    case = Case(model(S + body + user("k") + user("t") + flows("s tx", "tx t", "b k")))
    case.do(cmd.Skip, "stop", {"note": 1})
    assert (case.waiting, case.state.variables["note"]) == (["k"], 1)


def test_an_error_while_a_transaction_is_undone_leaves_by_its_error_border() -> None:
    body = transaction(script("a", "1", "x") + undone("a", job("ua")), "tx_s a", "a stop")
    more = border("bad", "tx", ERROR) + user("k") + user("h")
    case = Case(model(S + body + more + flows("s tx", "b k", "bad h"), DEFINITIONS))
    case.do(cmd.ThrowJobError, case.wait("ua").id, "E", "", {})
    assert case.waiting == ["h"]
