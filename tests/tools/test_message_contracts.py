"""Publishing tells where a message brings less, or something else, than those need who begin by it or wait for it."""

from typing import Any

from tests.acceptance.agent import Agent, Body, played


def _sender(**given: Any) -> Body:
    return {
        "process": "order",
        "data": {"number": "text", "amount": "number"},
        "start": {"needs": ["number", "amount"]},
        "steps": [{"tell": {"send": "order packed", "key": "number", **given}}, {"end": "told"}],
    }


def _receiver(**data: Any) -> Body:
    return {
        "process": "delivery",
        "roles": ["driver"],
        "data": data,
        "start": {"message": "order packed", "needs": list(data)},
        "steps": [{"drive": {"ask": "driver", "form": {"fine?": "boolean"}}}, {"end": "there"}],
    }


async def _problems(agent: Agent, outline: Body) -> list[tuple[str, str]]:
    await agent.ask("process_create", outline=outline)
    told = await agent.ask("process_publish", process=outline["process"])
    return [(one["code"], one["message"]) for one in told["problems"] if one["code"].startswith("message.")]


def test_a_receiver_that_needs_more_than_is_sent_is_told_to_whoever_publishes_it() -> None:
    async def story(agent: Agent) -> None:
        assert await _problems(agent, _sender()) == []
        assert await _problems(agent, _receiver(number="text")) == []
        ((code, message),) = await _problems(agent, _receiver(number="text", address="text"))
        assert code == "message.lacks_data"
        assert "'address'" in message
        assert "'tell'" in message
        ((code, message),) = await _problems(agent, _receiver(amount="text"))
        assert (code, "a number as 'amount'" in message) == ("message.type_wrong", True)

    played(story)


def test_a_sender_that_hands_over_less_is_told_so() -> None:
    async def story(agent: Agent) -> None:
        assert await _problems(agent, _receiver(number="text")) == []
        assert await _problems(agent, _sender()) == []
        ((code, message),) = await _problems(agent, _sender(**{"with": {"total": "amount"}}))
        assert (code, "'number'" in message) == ("message.lacks_data", True)
        assert await _problems(agent, _sender(**{"with": {"number": "number"}})) == []

    played(story)


def test_other_messages_and_other_tenants_say_nothing() -> None:
    async def story(agent: Agent) -> None:
        assert await _problems(agent, _receiver(address="text")) == []
        assert await _problems(agent.of("other"), _sender()) == []
        other = _sender()
        other["steps"][0]["tell"]["send"] = "order lost"
        assert await _problems(agent, other) == []

    played(story)


def test_whoever_stops_sending_or_receiving_is_told_whom_that_leaves_alone() -> None:
    async def story(agent: Agent) -> None:
        assert await _problems(agent, _receiver(number="text")) == []
        assert await _problems(agent, _sender()) == []
        silent = {**_sender(), "steps": [{"end": "told"}]}
        ((code, message),) = await _problems(agent, silent)
        assert code == "message.unsent"
        assert "'delivery' (version 1) begins by the message 'order packed'" in message
        assert await _problems(agent, _sender()) == []
        ((code, message),) = await _problems(agent, {**_receiver(), "start": {"message": "parcel came"}})
        assert code == "message.unheard"
        assert "'order' (version 3) sends the message 'order packed' at 'tell'" in message
        assert await _problems(agent, _receiver(number="text")) == []
        assert await _problems(agent, {**_sender(), "process": "order-two"}) == []
        assert await _problems(agent, silent) == [], "another one sends it still"

    played(story)


def test_taking_a_process_out_of_use_tells_whom_that_leaves_alone_before_it_is_done() -> None:
    async def story(agent: Agent) -> None:
        await agent.published(_receiver(number="text"))
        await agent.published(_sender())
        for process, words in (
            ("delivery", "'order' (version 1) sends the message"),
            ("order", "'delivery' (version 1) begins by the message"),
        ):
            tried = await agent.ask("process_archive", process=process, dry_run=True)
            (one,) = tried["affects"]
            assert words in one
        done = await agent.ask("process_archive", process="delivery")
        assert len(done["affects"]) == 1
        back = await agent.ask("process_archive", process="delivery", action="bring_back")
        assert back.get("affects", []) == []
        assert (await agent.ask("process_archive", process="order", dry_run=True))["affects"]

    played(story)
