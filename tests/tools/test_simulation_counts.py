"""What a simulation counts is what direct execution counts: the same cases, one by one, in the runtime itself."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from examples.load import examples, rule_arguments, rule_files
from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.runtime.simulation.figures import Figures
from flowmaster.runtime.simulation.luck import Luck
from flowmaster.runtime.simulation.run import Simulation
from flowmaster.runtime.simulation.world import StoredWorld
from flowmaster.tools.scenario_stage import Kit
from flowmaster.tools.scenarios import collect
from flowmaster.tools.simulation_arguments import Around
from flowmaster.tools.simulation_plan import Planner
from tests.acceptance.agent import Agent, played
from tests.house.tree import ROOT
from tests.tools.alone import play_alone

EXAMPLES = ROOT / "examples"
CASES = 80
BEGINS = 1_893_456_000_000
"""2030-01-01, the year of the dates in the examples."""

WEIGH: dict[str, Any] = {
    "process": "weigh",
    "roles": ["porter"],
    "data": {"parcel": "text", "heavy": "boolean"},
    "start": {"needs": ["parcel"]},
    "steps": [
        {"put on the scales": {"ask": "porter", "form": {"heavy": "boolean"}, "into": "heavy"}},
        {"if": "heavy", "then": [{"end": {"error": "TOO_HEAVY", "name": "too heavy"}}]},
        {"end": "weighed"},
    ],
}

DISPATCH: dict[str, Any] = {
    "process": "dispatch",
    "roles": ["clerk", "boss"],
    "data": {"parcels": ["text"], "number": "text", "seen": "boolean"},
    "start": {"needs": ["parcels", "number"]},
    "steps": [
        {
            "all": [
                [
                    {
                        "look": {
                            "ask": "clerk",
                            "form": {"seen": "boolean"},
                            "into": "seen",
                            "remind": "PT10H",
                            "within": "PT40H",
                            "late": {"escalate": "boss"},
                        }
                    }
                ],
                [
                    {
                        "weigh it": {
                            "run": "weigh",
                            "with": {"parcel": "parcel"},
                            "into": ["heavy?"],
                            "each": {"item": "parcel", "in": "parcels"},
                            "on": {"TOO_HEAVY": "repack"},
                        }
                    },
                    {"end": "weighed all"},
                    {"repack": {"ask": "clerk"}},
                    {"end": "repacked"},
                ],
            ]
        },
        {
            "reply": {
                "wait": {"message": "reply"},
                "key": "number",
                "within": "PT90H",
                "late": [{"end": "no reply"}],
            }
        },
        {"end": "sent"},
    ],
}
"""Side by side a task with reminder and escalation, and a process that is called for each parcel and may fail."""


def durations(bpmn: str, process: str, mean: str) -> dict[str, Any]:
    """Return an exponential duration for each step that people or services do."""
    found = next(
        read.process for read in read_processes(parse_bpmn(bpmn), RUNNABLE) if read.process.id == process
    )
    return {
        element.id: {"distribution": "exponential", "mean": mean}
        for element in found.elements.values()
        if element.kind in ("userTask", "serviceTask", "receiveTask")
    }


async def compared(agent: Agent, process: str, given: dict[str, Any], mean: str = "PT30H") -> Figures:
    """Run cases in the simulation and one by one, compare all counts, and return the figures."""
    runtime = agent.app.runtime
    reader, tenant = runtime.reader, agent.caller.tenant
    draft = reader.draft(tenant, "process", process)
    assert draft is not None
    reads = {read.process.id: read.process for read in read_processes(parse_bpmn(draft.content), RUNNABLE)}
    kit = Kit(draft.content, reads, collect(reader, tenant, reads))
    called = [
        runtime.models.process(reader, tenant, each.key, each.version)
        for each in kit.definitions
        if each.kind == "process"
    ]
    around = Around.model_validate({"durations": durations(draft.content, process, mean), **given})
    plan = Planner(reader, tenant, reads[process], called, begins=BEGINS).plan(around, CASES, 5).plan
    figures = Simulation(StoredWorld(reader, runtime.models, tenant, reads[process], reads), plan).run()

    luck, at, begins = Luck(plan), float(BEGINS), []
    for number in range(1, CASES + 1):
        at += luck.gap(number)
        begins.append(int(at))
    direct = play_alone(kit, process, plan, begins)
    visits = {
        (key, element): count
        for key, tally in figures.tallies.items()
        for element, count in tally.visits.items()
    }
    flows = {
        (key, flow): count for key, tally in figures.tallies.items() for flow, count in tally.flows.items()
    }
    assert figures.ended == direct.ended
    assert figures.stuck.total() == direct.stuck
    assert figures.ended.total() + direct.stuck == CASES
    if not any("goes on" in place.why for place in figures.stuck):
        # A case without an end is left at different places.
        assert visits == direct.visits
        assert flows == direct.flows
    assert sorted(figures.cycles) == sorted(direct.cycles)
    assert len(set(figures.cycles)) > 10
    return figures


async def loaded(agent: Agent, folder: Path) -> str:
    """Save the rules of an example and create its process."""
    for file in rule_files(folder):
        await agent.ask("rule_save", **rule_arguments(file))
    created = await agent.ask("process_create", outline=(folder / "process.yaml").read_text(encoding="utf-8"))
    return str(created["process"])


GIVEN: dict[str, dict[str, Any]] = {
    "merchant-onboarding": {
        "messages": {"merchant leaves": {"after": {"distribution": "exponential", "mean": "P400D"}}}
    }
}
"""Merchants are looked at every year until they leave."""

MEANS = {"major-incident": "PT20M"}
"""Users are told of an incident every hour: with days for each step a case has thousands of updates."""


@pytest.mark.parametrize("example", examples())
def test_the_counts_of_an_example_are_those_of_direct_execution(example: str) -> None:
    async def play(agent: Agent) -> None:
        process = await loaded(agent, EXAMPLES / example)
        await compared(agent, process, GIVEN.get(example, {}), MEANS.get(example, "PT30H"))

    played(play)


def test_the_counts_of_called_processes_turns_timers_and_messages_are_those_of_direct_execution() -> None:
    given = {
        "inputs": [
            {"variables": {"parcels": ["a", "b", "c"], "number": "1"}, "weight": 2},
            {"variables": {"parcels": ["a"], "number": "2"}},
        ],
        "answers": {
            "look": [{"variables": {"seen": True}}],
            "put on the scales": [
                {"variables": {"heavy": False}, "weight": 5},
                {"variables": {"heavy": True}, "weight": 1},
            ],
        },
        "messages": {
            "reply": {"probability": Decimal("0.8"), "after": {"distribution": "exponential", "mean": "P3D"}}
        },
    }

    async def play(agent: Agent) -> None:
        await agent.published(WEIGH)
        created = await agent.ask("process_create", outline=DISPATCH)
        figures = await compared(agent, str(created["process"]), given)
        assert set(figures.ended) == {"repacked", "no_reply", "sent"}
        fired = {purpose for _, purpose in figures.tallies["dispatch"].timers}
        assert fired == {"remind:0", "escalate:1", ""}
        assert figures.tallies["weigh"].visits["too_heavy"] > 5

    played(play)
