"""A wait with reminders is played: they end with the wait, as does the wait when its time is over."""

from typing import Any

import pytest

from tests.acceptance.agent import Agent, played

OUTLINE: dict[str, Any] = {
    "process": "onboard",
    "data": {"company": "text", "papers": "text"},
    "start": {"needs": ["company"]},
    "result": "outcome",
    "steps": [
        {
            "papers": {
                "wait": {"message": "papers received", "key": "company"},
                "into": "papers",
                "on": [
                    {"every": "R9/P14D", "keep": True, "then": [{"remind": {"call": "mail"}}]},
                    {"after": "P30D", "then": [{"end": "incomplete"}]},
                ],
            }
        },
        {"check": {"call": "papers.check", "with": {"text": "papers"}}},
        {"end": "complete"},
    ],
}
SCENARIOS: list[dict[str, Any]] = [
    {
        "name": "they come after a reminder",
        "given": {"company": "acme"},
        "messages": [
            {"name": "papers received", "key": "acme", "variables": {"papers": "all"}, "after": "P20D"}
        ],
        "services": {"remind": {}, "check": {}},
        "clock": ["P15D", "P5D", "P60D"],
        "expect": {
            "end": "complete",
            "path": ["remind", "papers", "check"],
            "variables": {"papers": "all"},
        },
    },
    {
        "name": "they never come",
        "given": {"company": "acme"},
        "services": {"remind": {}},
        "clock": ["next", "next", "next"],
        "expect": {"end": "incomplete", "path": ["remind", "remind"], "skips": ["check"]},
    },
    {"name": "they are awaited", "given": {"company": "acme"}, "expect": {"waits_at": ["papers"]}},
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: str(one["name"]))
def test_a_wait_with_handlers_is_played(scenario: dict[str, Any]) -> None:
    async def play(agent: Agent) -> None:
        created = await agent.ask("process_create", outline={**OUTLINE, "scenarios": [scenario]})
        assert [one for one in created["problems"] if one["severity"] == "error"] == []
        tested = await agent.ask("process_test", process="onboard")
        assert tested["failed"] == 0, tested
        await agent.ask("process_publish", process="onboard")

    played(play)
