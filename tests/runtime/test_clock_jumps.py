"""A machine whose clock is set days ahead or back fires every timer once, and time goes on from where the clock stands."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from flowmaster.runtime.clock import SET_BACK_MS, MachineClock, real_now
from flowmaster.server.settings import Settings
from flowmaster.server.wiring import open_app
from flowmaster.tools.registry import Caller
from tests.acceptance.agent import Agent
from tests.acceptance.town import bpmn
from tests.engine.cases import E, S, flows, timer, user

DAY_MS = 86_400_000
BODY = (
    S
    + user("u")
    + timer("t", "u", "PT1S", interrupting=False)
    + E
    + '<endEvent id="f"/>'
    + flows("s u", "u e", "t f")
)


def test_the_clock_follows_one_that_was_set_and_smooths_one_that_is_kept(jump: Any) -> None:
    machine, reader = MachineClock(), Any
    begun = machine.now(reader)  # type: ignore[arg-type]  # the machine's clock asks nobody
    jump(3 * DAY_MS)
    ahead = machine.now(reader)  # type: ignore[arg-type]
    assert ahead - begun >= 3 * DAY_MS
    jump(-SET_BACK_MS // 2)
    assert machine.now(reader) >= ahead  # type: ignore[arg-type]
    jump(-3 * DAY_MS)
    assert abs(machine.now(reader) - real_now()) < 1_000  # type: ignore[arg-type]


@pytest.mark.parametrize("days", [3, -3])
def test_every_timer_fires_once_however_the_clock_is_set(days: int, jump: Any, tmp_path: Path) -> None:
    async def play() -> Counter[int]:
        async with open_app(Settings(data=str(tmp_path))) as app:
            agent = Agent(app, Caller())
            await agent.published(None, bpmn=bpmn(BODY))
            for _ in range(3):
                await agent.started("p")
            jump(days * DAY_MS)
            later = [(await agent.started("p"))["instance"] for _ in range(3)]
            for _ in range(100):
                await asyncio.sleep(0.1)
                fired = Counter([await _fired(agent, instance) for instance in later])
                if fired == {1: 3}:
                    break
            jump(-days * DAY_MS)
            found = [f"p:{number}" for number in range(1, 7)]
            for _ in range(100):
                await asyncio.sleep(0.1)
                fired = Counter([await _fired(agent, instance) for instance in found])
                if fired == {1: 6}:
                    break
            await asyncio.sleep(1.5)
            return Counter([await _fired(agent, instance) for instance in found])

    assert asyncio.run(play()) == {1: 6}


async def _fired(agent: Agent, instance: str) -> int:
    read = await agent.ask("instance_read", instance=instance, detail=["history"])
    return sum(entry["event"] == "completed" and entry.get("element") == "t" for entry in read["history"])
