"""How many tokens an activity waits for, and how many it makes (startQuantity and completionQuantity, 10.3)."""

from flowmaster.engine import commands as cmd
from flowmaster.engine.limits import NODES_MAX
from tests.engine.cases import Case, E, S, flows, model, script, user
from tests.engine.pieces import marked, several


def wanting(number: int, activity: str = "", *, makes: int = 1) -> str:
    held = activity or user("t")
    return held.replace(" id=", f' startQuantity="{number}" completionQuantity="{makes}" id=', 1)


FORK = '<parallelGateway id="g"/>'
THREE = user("a") + user("b") + user("c")
WAYS = ("s g", "g a", "g b", "g c", "a t", "b t", "c t", "t e")


def test_an_activity_begins_with_as_many_tokens_as_it_wants() -> None:
    case = Case(model(S + FORK + THREE + wanting(2) + E + flows(*WAYS)))
    case.complete("a")
    assert case.waiting == ["b", "c"]
    case.complete("b")
    assert case.waiting == ["c", "t"]
    case.complete("c")
    case.complete("t")
    assert (case.state.status, case.waiting) == ("active", [])
    case.do(cmd.Skip, "t")
    assert case.state.status == "completed"


def test_tokens_over_one_flow_count_as_well() -> None:
    case = Case(
        model(
            S
            + script("a", "1", "x").replace(" id=", ' completionQuantity="4" id=', 1)
            + wanting(2)
            + E
            + flows("s a", "a t", "t e")
        )
    )
    assert case.waiting == ["t", "t"]


def test_an_activity_makes_as_many_tokens_on_each_flow() -> None:
    case = Case(
        model(
            S
            + wanting(1, script("a", "1", "x"), makes=3)
            + user("t")
            + user("u")
            + flows("s a", "a t", "a u")
        )
    )
    assert case.waiting == ["t"] * 3 + ["u"] * 3


def test_several_tokens_for_a_parallel_join_make_it_pass_as_often() -> None:
    body = S + FORK + wanting(1, script("a", "1", "x"), makes=2) + wanting(1, script("b", "1", "x"), makes=2)
    case = Case(
        model(
            body + '<parallelGateway id="j"/>' + user("t") + flows("s g", "g a", "g b", "a j", "b j", "j t")
        )
    )
    assert case.waiting == ["t", "t"]


def test_turns_do_not_multiply_the_tokens() -> None:
    body = S + FORK + user("a") + user("b") + wanting(2, marked(script("t", "1", "x"), several("3")), makes=2)
    case = Case(model(body + user("u") + flows("s g", "g a", "g b", "a t", "b t", "t u")))
    case.complete("a")
    case.complete("b")
    assert case.waiting == ["u", "u"]


def test_more_tokens_than_an_instance_may_have_are_an_incident() -> None:
    case = Case(model(S + wanting(1, script("a", "1", "x"), makes=NODES_MAX + 1) + E + flows("s a", "a e")))
    assert case.incidents() == {"a": "engine.too_many_nodes"}


def test_a_token_that_is_stopped_before_the_activity_takes_none_of_those_that_wait_there() -> None:
    body = S + '<exclusiveGateway id="m"/>' + script("a", "1", "y") + FORK + wanting(10_000) + E
    case = Case(model(body + flows("s m", "m a", "a g", "g m", "g t", "t e")))
    stopped = [incident.element for incident in case.state.incidents.values()].count("t")
    before = case.state.nodes[1].arrivals
    assert before is not None
    waiting = before["t"]["f5"]
    assert stopped == 1
    case.do(cmd.Retry, "t")
    after = case.state.nodes[1].arrivals
    assert after is not None
    assert after["t"]["f5"] == waiting + 1


def test_waiting_tokens_are_moved_or_dropped_with_their_scope() -> None:
    case = Case(model(S + FORK + THREE + wanting(3) + user("u") + E + flows(*WAYS)))
    case.complete("a")
    case.do(cmd.Move, "t", "u")
    assert case.waiting == ["b", "c", "u"]
    case.do(cmd.CancelInstance)
    assert case.state.status == "cancelled"


def test_the_first_activity_of_a_scope_begins_with_the_one_token_there_is() -> None:
    case = Case(model(wanting(2) + E + flows("t e")))
    assert case.waiting == ["t"]
