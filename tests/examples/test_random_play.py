"""Whatever people, workers, senders and the clock do within the rules, an instance of an example never gets stuck."""

import pytest

from examples.load import load
from tests.acceptance.agent import Agent, played
from tests.examples.random_play import WORLDS, instances
from tests.house.tree import ROOT

SEEDS = 300


@pytest.mark.soak
@pytest.mark.parametrize("example", sorted(WORLDS))
def test_many_instances_end_whatever_happens(example: str) -> None:
    async def play(agent: Agent) -> None:
        folder = ROOT / "examples" / example
        await load(lambda operation, arguments: agent.ask(operation, **arguments), folder)
        await instances(agent, folder, range(SEEDS))

    played(play)
