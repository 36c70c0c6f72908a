"""Two versions of a process are compared through the operation that agents call."""

from typing import Any

from tests.acceptance.agent import Agent, played
from tests.compare.test_changes import LEAVE, leave


async def published(agent: Agent, outline: dict[str, Any]) -> None:
    await agent.ask("process_create", outline=outline)
    await agent.ask("process_publish", process="leave")


def test_a_draft_is_compared_with_the_version_in_force_and_versions_with_each_other() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, LEAVE)
        same = await agent.ask("process_compare", process="leave")
        assert (same["summary"], same["same_behaviour"], same["changes"]) == (
            "Both are the same file.",
            True,
            [],
        )
        await agent.ask("process_create", outline=leave("condition"))
        told = await agent.ask("process_compare", process="leave")
        assert told["compared"] == "version 1 with draft 2"
        assert told["same_behaviour"] is False
        (condition,) = [one for one in told["changes"] if one["what"].startswith("condition")]
        assert (condition["was"], condition["now"]) == ("days > 10", "days > 20")
        await agent.ask("process_publish", process="leave")
        back = await agent.ask("process_compare", process="leave", **{"from": 2, "to": 1})
        assert back["compared"] == "version 2 with version 1"
        named = await agent.ask("process_compare", process="leave", **{"from": 1, "to": "draft"})
        assert [one["text"] for one in named["changes"]] == [one["text"] for one in told["changes"]]

    played(play)


def test_what_is_not_there_is_refused_with_what_is() -> None:
    async def play(agent: Agent) -> None:
        assert (await agent.refusal("process_compare", process="leave"))["code"] == "process.unknown"
        tagged = await agent.refusal("process_compare", process="leave", **{"from": "check"})
        assert tagged["code"] == "process.unknown"
        await published(agent, LEAVE)
        number = await agent.refusal("process_compare", process="leave", to=7)
        assert (number["code"], number["expected"]) == ("process.version_unknown", [1])
        tag = await agent.refusal("process_compare", process="leave", **{"from": "drafd"})
        assert (tag["code"], tag["path"]) == ("process.version_unknown", "from")
        assert "Did you mean 'draft'" in tag["message"]

    played(play)
