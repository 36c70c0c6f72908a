"""A published version is brought back as a draft, and is in force again once that is published."""

from typing import Any

import pytest

from tests.acceptance.agent import Agent, played, whole_state
from tests.tools.test_migration import APPROVAL, OTHER, SECOND, published


def test_a_version_is_brought_back_as_a_draft() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, APPROVAL, SECOND)
        before = whole_state(agent.app)
        tried = await agent.ask("process_restore", process="approval", version=1, dry_run=True)
        assert tried["draft"] == 3
        assert whole_state(agent.app) == before
        restored = await agent.ask("process_restore", process="approval", version=1)
        assert (restored["draft"], restored["version"]) == (3, 1)
        assert "removed" in restored["summary"]
        (hint,) = restored["next"]
        assert (await agent.ask(hint["operation"], **hint["arguments"]))["version"] == 3
        again = await agent.ask("process_restore", process="approval", version=1)
        assert (again["draft"], again["summary"]) == (3, "Draft 3 is as version 1 was already.")
        same = await agent.ask("process_compare", process="approval", **{"from": 1, "to": 3})
        assert same["summary"] == "Both are the same file."
        entries = (await agent.ask("audit_find", scope="process:approval"))["items"]
        assert "process_restore" in [entry["operation"] for entry in entries]

    played(play)


def test_a_version_is_brought_back_onto_a_branch_and_the_process_stays_as_it_is() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, APPROVAL, SECOND)
        await agent.ask("process_tag", process="approval", tag="old", version=1)
        await agent.ask("process_branch", process="approval", branch="back")
        before = whole_state(agent.app)
        tried = await agent.ask("process_restore", process="approval@back", version="old", dry_run=True)
        assert (tried["process"], tried["draft"]) == ("approval@back", 2)
        assert whole_state(agent.app) == before
        await agent.ask("process_restore", process="approval@back", version="old")
        same = await agent.ask("process_compare", process="approval", **{"from": 1, "to": "@back"})
        assert same["summary"] == "Both are the same file."
        assert (await agent.ask("process_read", process="approval"))["draft"] == 2
        undone = await agent.ask("process_edit", process="approval@back", edits=[{"undo": 1}])
        assert undone["process"] == "approval@back"
        refused = await agent.refusal("process_restore", process="approval@bakc", version=1)
        assert (refused["code"], "approval@back" in refused["message"]) == ("branch.unknown", True)
        refused = await agent.refusal("process_restore", process="approval", version="@back")
        assert (refused["code"], "process_merge" in refused["fix"]) == ("process.version_unknown", True)

    played(play)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"process": "approval", "version": 9}, "process.version_unknown"),
        ({"process": "approval", "version": "gold"}, "process.version_unknown"),
        ({"process": "aproval", "version": 1}, "process.unknown"),
        ({"process": "approval"}, "arguments.invalid"),
        ({"process": "approval", "version": 0}, "arguments.invalid"),
    ],
)
def test_what_cannot_be_brought_back_is_refused(given: dict[str, Any], code: str) -> None:
    async def play(agent: Agent) -> None:
        await published(agent, APPROVAL, SECOND, OTHER)
        before = whole_state(agent.app)
        answer = await agent.answer("process_restore", given)
        body: Any = answer.data()
        assert (answer.refused, body["code"]) == (True, code)
        assert body["fix"]
        assert whole_state(agent.app) == before

    played(play)
