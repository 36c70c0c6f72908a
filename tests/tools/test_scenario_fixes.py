"""A failing scenario says what sent it its way, and carries the edit that would make it pass."""

from typing import Any

from flowmaster.engine.values import Json
from tests.acceptance.agent import Agent, Body, played

ORDER: dict[str, Any] = {
    "process": "order",
    "roles": ["boss"],
    "data": {"amount": "number > 0", "buyer": "person"},
    "start": {"needs": ["amount", "buyer"]},
    "steps": [
        {"if": "amount > 1000", "then": [{"sign": {"ask": "boss", "not": "buyer", "into": "signed"}}]},
        {"first": [[{"wait": {"message": "paid"}, "key": "buyer"}], [{"wait": "P14D"}, {"end": "unpaid"}]]},
        {"ship": {"call": "parcel.send", "on": {"LOST": [{"end": "lost"}]}}},
        {"end": "shipped"},
    ],
}


async def outcome(agent: Agent, **scenario: Json) -> Body:
    """Create the order with one scenario beside one that passes, and return how the first went."""
    small: Json = {
        "name": "small",
        "given": {"amount": 10, "buyer": "ann"},
        "messages": [{"name": "paid", "key": "ann"}],
        "expect": {"end": "shipped"},
    }
    given: Json = {"name": "it", "like": "small", **scenario}
    await agent.ask("process_create", outline={**ORDER, "scenarios": [small, given]})
    body = await agent.ask("process_test", process="order")
    assert (body["passed"], body["failed"]) == (1, 1)
    found: Body = body["scenarios"][0]
    return found


async def mended(agent: Agent, edit: Json) -> None:
    """Make an edit, after which all scenarios pass."""
    await agent.ask("process_edit", process="order", edits=[edit])
    assert (await agent.ask("process_test", process="order"))["failed"] == 0


def test_a_value_at_a_limit_brings_the_limit_that_lets_the_scenario_pass() -> None:
    async def play(agent: Agent) -> None:
        at_limit: Json = {"amount": 1000}
        told = await outcome(agent, given=at_limit, expect={"waits_at": ["sign"]})
        assert told["fix_edit"]["if"] == "amount >= 1000"
        assert "set_scenarios" in told["or_edit"]
        assert any("amount > 1000" in sentence for sentence in told["because"])
        await mended(agent, told["fix_edit"])

    played(play)


def test_an_expectation_is_offered_as_what_happened() -> None:
    async def play(agent: Agent) -> None:
        told = await outcome(agent, services={"ship": {"error": "LOST"}}, expect={"end": "shipped"})
        assert "or_edit" not in told
        assert told["fix_edit"]["set_scenarios"][0]["expect"]["end"] == "lost"
        assert any("threw the error 'LOST'" in sentence for sentence in told["because"])
        await mended(agent, told["fix_edit"])

    played(play)


def test_times_and_messages_that_came_are_among_what_sent_it_there() -> None:
    async def play(agent: Agent) -> None:
        late = await outcome(agent, messages=[], clock=["next"], expect={"end": "shipped"})
        assert any(sentence.startswith("The time of") for sentence in late["because"])
        paid = await outcome(agent, expect={"end": "unpaid"})
        assert any("received its message" in sentence for sentence in paid["because"])

    played(play)


def test_a_refused_answer_is_told_with_its_reason() -> None:
    async def play(agent: Agent) -> None:
        answers: Json = {"sign": {"signed": True, "by": "ann"}}
        told = await outcome(agent, given={"amount": 5000}, answers=answers, expect={"end": "shipped"})
        assert "ann" in told["refused"]["sign"]

    played(play)


def test_a_condition_that_is_no_truth_value_is_told_as_the_incident_that_it_is() -> None:
    async def play(agent: Agent) -> None:
        broken = {**ORDER, "steps": [{"if": "amount + 1", "then": [{"end": "a"}]}, {"end": "b"}]}
        scenario: Json = {"name": "it", "given": {"amount": 1, "buyer": "ann"}, "expect": {"end": "b"}}
        await agent.ask("process_create", outline={**broken, "scenarios": [scenario]})
        told = (await agent.ask("process_test", process="order"))["scenarios"][0]
        assert "instead of true or false" in told["incidents"][0]
        assert any("stopped" in sentence for sentence in told["because"])

    played(play)
