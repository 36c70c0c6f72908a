"""Branches in simulations: alone, and as a variant beside the process or a version of it."""

from typing import Any

from tests.acceptance.agent import Agent, played
from tests.acceptance.town import LEAVE, settled


def test_a_branch_is_simulated_and_compared_with_its_process() -> None:
    async def play(agent: Agent) -> None:
        await settled(agent)
        await agent.ask("process_branch", process="leave", branch="quick")
        outline = {**LEAVE, "steps": [step for step in LEAVE["steps"] if "sign" not in step]}
        await agent.ask("process_create", process="leave@quick", outline=outline)
        given: dict[str, Any] = {"cases": 50, "arrivals": {"per_hour": 1}}
        lasts = {"durations": {"check": "PT30M", "sign": "PT1H"}}
        branch = await agent.ask("process_simulate", process="leave@quick", **given)
        assert (branch["process"], branch["draft"]) == ("leave@quick", 2)
        assert "sign" not in {step["step"] for step in branch["steps"]}
        for process, other in (("leave", {"branch": "quick"}), ("leave@quick", {"version": 1})):
            both = await agent.ask("process_simulate", process=process, **given, **lasts, **{"with": other})
            assert ("sign" in {step["step"] for step in both["steps"]}) is (process == "leave")
            cycle = next(row for row in both["compared"] if row["figure"] == "cycle median")
            assert sorted((cycle["base"], cycle["variant"])) == ["PT1H30M", "PT30M"]
        for wrong, code, path in (
            ({"process": "leave@slow"}, "branch.unknown", "process"),
            ({"process": "leave", "branch": "slow"}, "branch.unknown", "branch"),
            ({"process": "leave", "with": {"branch": "slow"}}, "branch.unknown", "with.branch"),
            ({"process": "leave", "branch": "quick", "version": 1}, "arguments.invalid", "version"),
            ({"process": "leave@quick", **lasts}, "simulation.step_unknown", "durations.sign"),
        ):
            refused = await agent.refusal("process_simulate", **wrong)
            assert (refused["code"], refused["path"]) == (code, path)

    played(play)
