"""The complex gateway: it starts by its condition, waits for its reset, and loses no token on the way (13.4.5)."""

import pytest

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from tests.engine.cases import Case, E, S, flows, model, user

FIRST = "waitingForStart"


def joined(least: str, *behind: str, ways: int = 3, **variables: object) -> Case:
    """Run tasks a, b, c side by side into a complex gateway `j`, and what is `behind` it."""
    names = "abc"[:ways]
    condition = f"<activationCondition>={least}</activationCondition>" if least else ""
    body = S + '<parallelGateway id="g"/>' + "".join(map(user, names))
    body += f'<complexGateway id="j">{condition}</complexGateway>' + user("t") + user("u") + E
    pairs = [pair for name in names for pair in (f"g {name}", f"{name} j")]
    return Case(model(body + flows("s g", *pairs, *(behind or (f"j t: {FIRST}",)), "t e", "u e")), variables)


def test_it_starts_when_its_condition_holds_and_takes_the_late_tokens_at_its_reset() -> None:
    case = joined("activationCount &gt;= 2")
    case.complete("a")
    assert case.waiting == ["b", "c"]
    case.complete("b")
    assert case.waiting == ["c", "t"]
    case.complete("c")
    assert case.waiting == ["t"]
    assert [
        type(event) for event in case.events if isinstance(event, ev.GatewayStarted | ev.GatewayReset)
    ] == [
        ev.GatewayStarted,
        ev.GatewayReset,
    ]
    case.complete("t")
    assert case.state.status == "completed"


def test_a_reset_may_send_tokens_of_its_own() -> None:
    case = joined("activationCount &gt;= 1", f"j t: {FIRST}", f"j u: not({FIRST})", ways=2)
    case.complete("b")
    assert case.waiting == ["a", "t"]
    case.complete("a")
    assert case.waiting == ["t", "u"]


def test_the_reset_does_not_wait_for_what_cannot_come() -> None:
    case = joined("activationCount &gt;= 1")
    case.complete("a")
    for name in ("b", "c"):
        case.do(cmd.Move, name, "u")
    assert isinstance(
        next(e for e in reversed(case.events) if isinstance(e, ev.GatewayReset)), ev.GatewayReset
    )
    assert case.waiting == ["t", "u", "u"]


def test_after_its_reset_it_starts_anew() -> None:
    again = '<exclusiveGateway id="m"/>'
    body = S + again + '<parallelGateway id="g"/>' + user("a") + user("b") + user("t") + E
    body += '<complexGateway id="j"><activationCondition>=activationCount &gt;= 1</activationCondition></complexGateway>'
    case = Case(model(body + flows("s m", "m g", "g a", "g b", "a j", "b j", f"j t: {FIRST}", "t m")))
    for _ in range(3):
        case.complete("a")
        case.complete("b")
        assert case.waiting == ["t"]
        case.complete("t")
    assert case.waiting == ["a", "b"]


def test_a_second_token_on_a_flow_that_started_waits_for_the_next_start() -> None:
    case = joined("activationCount &gt;= 1", ways=2)
    case.complete("a")
    case.do(cmd.Move, "t", "a")
    case.complete("a")
    assert case.waiting == ["b"]
    case.complete("b")
    assert case.waiting == ["t"]


def test_without_a_condition_it_waits_for_all_that_can_come() -> None:
    case = joined("")
    case.complete("a")
    case.complete("b")
    case.do(cmd.Move, "c", "u")
    assert case.waiting == ["t", "u"]
    full = joined("", ways=2)
    full.complete("b")
    full.complete("a")
    assert full.waiting == ["t"]


def test_a_condition_that_never_holds_keeps_the_tokens() -> None:
    case = joined("activationCount &gt; 5", ways=2)
    case.complete("a")
    case.complete("b")
    assert (case.state.status, case.waiting) == ("active", [])
    case.do(cmd.Skip, "j")
    assert case.waiting == ["t"]


def test_it_splits_by_conditions_and_takes_its_default_when_none_holds() -> None:
    split = '<complexGateway id="j" default="f3"/>'
    body = S + split + user("a") + user("b") + user("c") + flows("s j", "j a: x", "j b", "j c: y")
    assert Case(model(body), {"x": True, "y": True}).waiting == ["a", "c"]
    assert Case(model(body), {"x": False, "y": False}).waiting == ["b"]


def test_a_split_without_a_way_out_is_an_incident() -> None:
    body = S + '<complexGateway id="j"/>' + user("a") + flows("s j", "j a: x")
    case = Case(model(body), {"x": False})
    assert case.incidents() == {"j": "gateway.no_flow"}
    case.do(cmd.SetVariables, {"x": True})
    case.do(cmd.Retry)
    assert case.waiting == ["a"]


def test_a_gateway_at_the_end_ends_its_token() -> None:
    body = S + '<complexGateway id="j"/>' + flows("s j")
    assert Case(model(body)).state.status == "completed"


@pytest.mark.parametrize("value", [None, "x", 1])
def test_an_activation_that_is_neither_true_nor_false_stops_the_token_that_came(value: object) -> None:
    case = joined("flag", ways=2, flag=value)
    case.complete("a")
    assert case.incidents() == {"j": "condition.not_boolean"}
    case.complete("b")
    assert len(case.state.incidents) == 1
    case.do(cmd.SetVariables, {"flag": True})
    case.do(cmd.Retry)
    assert (case.incidents(), case.waiting) == ({}, ["t"])
    case.complete("t")
    assert case.state.status == "completed"


def test_an_activation_that_fails_while_all_rest_stops_one_token() -> None:
    case = joined("if ok then activationCount &gt; 5 else null", ways=2, ok=True)
    case.complete("a")
    case.do(cmd.SetVariables, {"ok": False})
    assert case.incidents() == {"j": "condition.not_boolean"}
    case.do(cmd.SetVariables, {"ok": True})
    case.do(cmd.Retry)
    assert (case.incidents(), case.waiting) == ({}, ["b"])


def test_a_start_that_is_stopped_at_its_flows_is_still_a_start_when_it_is_tried_again() -> None:
    case = joined("activationCount &gt;= 2", f"j t: {FIRST} and flag", ways=2)
    case.complete("a")
    case.complete("b")
    assert case.incidents() == {"j": "condition.not_boolean"}
    case.do(cmd.SetVariables, {"flag": True})
    case.do(cmd.Retry)
    assert case.waiting == ["t"]


def test_a_reset_that_is_stopped_is_still_a_reset_when_it_is_tried_again() -> None:
    case = joined("activationCount &gt;= 1", f"j t: {FIRST}", f"j u: if {FIRST} then false else flag", ways=2)
    case.complete("a")
    case.complete("b")
    assert case.incidents() == {"j": "condition.not_boolean"}
    case.do(cmd.SetVariables, {"flag": True})
    case.do(cmd.Retry)
    assert case.waiting == ["t", "u"]


def test_a_token_moved_to_the_gateway_is_its_start() -> None:
    case = joined("activationCount &gt;= 3")
    case.do(cmd.Move, "a", "j")
    assert case.waiting == ["b", "c", "t"]
    case.complete("b")
    case.complete("c")
    assert case.waiting == ["t"]
    case.complete("t")
    assert case.state.status == "completed"


def test_tokens_that_are_skipped_at_the_gateway_after_a_start_are_its_reset() -> None:
    case = joined("activationCount &gt;= 1")
    case.complete("a")
    case.complete("b")
    case.do(cmd.Skip, "j")
    assert case.waiting == ["c", "t"]
    case.complete("c")
    assert case.waiting == ["t", "t"]


def test_a_scope_may_end_while_the_gateway_waits_for_its_reset() -> None:
    case = joined("activationCount &gt;= 1", ways=2)
    case.complete("a")
    case.complete("t")
    assert case.waiting == ["b"]
    case.complete("b")
    assert case.state.status == "completed"
