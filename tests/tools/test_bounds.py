"""What grows has a bound, and reaching it is a refusal that names it and leaves everything as it was."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from flowmaster.engine.errors import FlowMasterError
from flowmaster.server.options import MEMORY
from flowmaster.server.settings import Settings
from flowmaster.stores import refusals
from tests.acceptance.agent import Agent, played, whole_state
from tests.acceptance.town import LETTER

SMALL = Settings(data=MEMORY, clock="virtual", tools=("all",), bounds="messages=5,name_messages=3,waiters=1")


def test_only_so_many_messages_are_kept_of_a_name_and_of_a_tenant() -> None:
    async def play(agent: Agent) -> None:
        async def kept(name: str, **more: Any) -> bool:
            return bool(
                (await agent.ask("event_send", kind="message", name=name, ttl="PT1H", **more))["buffered"]
            )

        assert [await kept("one") for _ in range(3)] == [True] * 3
        before = whole_state(agent.app)
        sent = {"kind": "message", "name": "one", "ttl": "PT1H"}
        refusal = await agent.refusal("event_send", **sent, idempotency_key="k")
        assert (refusal["code"], refusal["path"]) == ("message.too_many_kept", "ttl")
        assert "name_messages" in refusal["fix"]
        assert whole_state(agent.app) == before
        assert [await kept("two") for _ in range(2)] == [True] * 2
        refusal = await agent.refusal("event_send", kind="message", name="three", ttl="PT1H")
        assert "--bounds messages" in refusal["fix"]
        await agent.of("other").ask("event_send", kind="message", name="one", ttl="PT1H")
        await agent.advance("PT2H")
        assert await kept("one")

    played(play, where=SMALL)


@pytest.mark.parametrize("folder", [False, True], ids=["memory", "sqlite"])
def test_an_instance_has_a_size(folder: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(refusals, "INSTANCE_BYTES_MAX", 2_000)

    async def play(agent: Agent) -> None:
        await agent.published(LETTER)
        refusal = await agent.refusal("instance_start", process="letter", variables={"number": "x" * 3_000})
        assert (refusal["code"], refusal["path"]) == ("instance.too_large", "variables")
        assert (await agent.ask("instance_find"))["total"] == 0
        begun = await agent.started("letter", number="A1")
        grown = {
            "kind": "message",
            "name": "answer",
            "correlation_key": "A1",
            "variables": {"more": "y" * 3_000},
        }
        assert (await agent.refusal("event_send", **grown))["code"] == "instance.too_large"
        now = await agent.ask("instance_read", instance=begun["instance"])
        assert now["waiting"] == begun["waiting"]
        assert "more" not in now["variables"]
        await agent.ask("event_send", **{**grown, "variables": {"more": "y"}})

    played(play, tmp_path if folder else None)


def test_who_may_not_wait_is_answered_at_once() -> None:
    async def play(agent: Agent) -> None:
        first = asyncio.ensure_future(agent.ask("work_take", wait_seconds=9))
        await asyncio.sleep(0.05)
        assert (await agent.ask("work_take", wait_seconds=9))["items"] == []
        assert not first.done()
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        with agent.app.runtime.waiters.place("default") as may_wait:
            assert may_wait
        with agent.app.runtime.waiters.place("other") as may_wait:
            assert may_wait

    played(play, where=SMALL)


def test_a_server_whose_bounds_are_unreadable_does_not_start() -> None:
    async def play(agent: Agent) -> None:
        raise AssertionError("it started")

    with pytest.raises(FlowMasterError, match="is no bound"):
        played(play, where=Settings(data=MEMORY, bounds="wait=5"))
