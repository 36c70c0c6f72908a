"""Tags are movable names of published versions: set, moved and removed, and found wherever a tag can be said."""

from typing import Any

import pytest

from flowmaster.engine.values import Json
from tests.acceptance.agent import Agent, played, whole_state
from tests.tools.test_migration import APPROVAL, OTHER, SECOND, published

CALLER: dict[str, Json] = {
    "process": "caller",
    "data": {"amount": "integer"},
    "start": {"needs": ["amount"]},
    "steps": [{"approve it": {"run": "approval", "version": "stable"}}, {"end": "done"}],
}


async def _called(agent: Agent) -> dict[str, Any]:
    instance = (await agent.started("caller", amount=5))["instance"]
    found = await agent.ask("instance_read", instance=instance)
    children = (await agent.ask("instance_find", process="approval"))["items"]
    return {"incidents": found.get("incidents", []), "version": children[0]["version"] if children else None}


def test_a_tag_is_set_moved_and_removed_and_each_says_what_it_was() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, APPROVAL, SECOND)
        first = await agent.ask("process_tag", process="approval", tag="stable", version=1)
        assert (first["version"], first["was"]) == (1, None)
        before = whole_state(agent.app)
        tried = await agent.ask("process_tag", process="approval", tag="stable", dry_run=True)
        assert (tried["version"], tried["was"]) == (2, 1)
        assert whole_state(agent.app) == before
        moved = await agent.ask("process_tag", process="approval", tag="stable", reason="fits")
        assert moved["told"] == 'The tag "stable" went from version 1 to version 2.'
        assert moved["next"][0]["arguments"] == {"process": "approval", "from": 1, "to": 2}
        second = await agent.ask("process_tag", process="approval", tag="tried", version="stable")
        assert second["version"] == 2
        views = (await agent.ask("process_read", process="approval", view="versions"))["content"]
        assert [view.get("tags") for view in views if "version" in view] == [["stable", "tried"], None]
        removed = await agent.ask("process_tag", process="approval", tag="tried", action="remove")
        assert (removed["version"], removed["was"]) == (None, 2)
        found = (await agent.ask("audit_find", scope="process:approval"))["items"]
        entries = [entry for entry in found if entry["operation"] == "process_tag"]
        assert [entry["data"] for entry in entries] == [
            {"tag": "tried", "was": 2, "version": None},
            {"tag": "tried", "was": None, "version": 2},
            {"tag": "stable", "was": 1, "version": 2},
            {"tag": "stable", "was": None, "version": 1},
        ]
        assert entries[2]["reason"] == "fits"

    played(play)


def test_saying_again_what_a_tag_names_changes_nothing() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, APPROVAL)
        await agent.ask("process_tag", process="approval", tag="stable")
        before = whole_state(agent.app)
        again = await agent.ask("process_tag", process="approval", tag="stable", version=1)
        assert again["told"] == 'The tag "stable" names version 1 as before.'
        assert whole_state(agent.app) == before

    played(play)


def test_a_tag_is_said_in_comparing_restoring_and_calling() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, APPROVAL, SECOND)
        await agent.ask("process_create", outline=CALLER)
        refusal = await agent.refusal("process_publish", process="caller")
        assert refusal["expected"][0]["code"] == "call.version_unknown"
        await agent.ask("process_tag", process="approval", tag="stable", version=2)
        await agent.ask("process_publish", process="caller")
        for version in (1, 2):
            moved = await agent.ask("process_tag", process="approval", tag="stable", version=version)
            assert moved["callers"] == ["caller"]
            assert (await _called(agent))["version"] == version
        assert moved["warning"] == 'Calls by "stable" start version 2 from now on, not 1.'
        await agent.ask("process_tag", process="approval", tag="old", version=1)
        compared = await agent.ask("process_compare", process="approval", from_="old", to="stable")
        assert compared["compared"] == "version 1 with version 2"
        assert (await agent.ask("process_restore", process="approval", version="old"))["version"] == 1
        removed = await agent.ask("process_tag", process="approval", tag="stable", action="remove")
        assert removed["callers"] == ["caller"]
        assert removed["warning"] == 'Calls by "stable" stop with an incident from now on.'
        assert (await _called(agent))["incidents"]

    played(play)


def test_a_movable_tag_goes_before_the_one_of_a_file_which_stays() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, {**APPROVAL, "version_tag": "stable"}, SECOND, CALLER)
        await agent.ask("process_tag", process="approval", tag="stable", version=2)
        assert (await _called(agent))["version"] == 2
        created = await agent.ask("process_create", outline={**OTHER, "version_tag": "stable"})
        told = await agent.ask("process_publish", process=created["process"])
        assert "tag.hidden" in [problem["code"] for problem in told["problems"]]
        removed = await agent.ask("process_tag", process="approval", tag="stable", action="remove")
        assert removed["version"] == 3
        assert removed["told"].endswith("; version 3 has it in its file still.")
        refusal = await agent.refusal("process_tag", process="approval", tag="stable", action="remove")
        assert (refusal["code"], refusal["path"]) == ("tag.unknown", "tag")
        assert "file of version 3" in refusal["message"]

    played(play)


@pytest.mark.parametrize(
    ("given", "code", "path", "expected"),
    [
        ({"version": 9}, "process.version_unknown", "version", [2, 1]),
        ({"version": "gold"}, "process.version_unknown", "version", ["old", 2, 1]),
        ({"process": "aproval"}, "process.unknown", "process", None),
        ({"tag": "12"}, "tag.name_unusable", "tag", ...),
        ({"tag": "draft"}, "tag.name_unusable", "tag", ...),
        ({"tag": " gold"}, "tag.name_unusable", "tag", ...),
        ({"tag": "a\nb"}, "tag.name_unusable", "tag", ...),
        ({"tag": ""}, "arguments.invalid", "tag", ...),
        ({"action": "remove"}, "tag.unknown", "tag", ["old"]),
        ({"action": "remove", "version": 1}, "arguments.invalid", "version", None),
        ({"action": "move"}, "arguments.invalid", "action", ...),
        ({"version": 0}, "arguments.invalid", ..., ...),
    ],
)
def test_what_cannot_be_tagged_is_refused(given: dict[str, Any], code: str, path: Any, expected: Any) -> None:
    async def play(agent: Agent) -> None:
        await published(agent, APPROVAL, SECOND)
        await agent.ask("process_tag", process="approval", tag="old", version=1)
        before = whole_state(agent.app)
        refusal = await agent.refusal("process_tag", **{"process": "approval", "tag": "new", **given})
        assert refusal["code"] == code
        assert path is ... or refusal["path"] == path
        assert expected is ... or refusal.get("expected") == expected
        assert whole_state(agent.app) == before

    played(play)


def test_a_process_that_is_not_published_has_nothing_to_tag() -> None:
    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=APPROVAL)
        refusal = await agent.refusal("process_tag", process="approval", tag="stable")
        assert refusal["code"] == "process.version_unknown"

    played(play)


def test_tags_are_bounded() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, APPROVAL)
        for number in range(100):
            await agent.ask("process_tag", process="approval", tag=f"t{number}")
        assert (await agent.refusal("process_tag", process="approval", tag="more"))["code"] == "tag.too_many"
        await agent.ask("process_tag", process="approval", tag="t5", action="remove")
        await agent.ask("process_tag", process="approval", tag="more")

    played(play)


def test_a_tag_is_said_wherever_a_version_is_named() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, APPROVAL, SECOND, OTHER)
        await agent.ask("process_tag", process="approval", tag="old", version=1)
        await agent.ask("process_tag", process="approval", tag="good", version=2)
        for said in ("old", 1, "1"):
            read = await agent.ask("process_read", process="approval", version=said)
            assert (read["version"], "look again" in read["content"]) == (1, False)
        assert (await agent.ask("process_draw", process="approval", version="good"))["version"] == 2
        simulated = await agent.ask(
            "process_simulate",
            process="approval",
            version="old",
            cases=1,
            inputs=[{"variables": {"amount": 7}}],
        )
        assert simulated["version"] == 1
        scenario: dict[str, Json] = {
            "name": "a", "given": {"amount": 7}, "answers": {"check it": {"fine": True}}, "expect": {"end": "done"},
        }  # fmt: skip
        tested = await agent.ask("process_test", process="approval", version="old", scenarios=[scenario])
        assert tested["passed"] == 1
        first = await agent.ask("instance_start", process="approval", version="old", variables={"amount": 7})
        second = await agent.ask("instance_start", process="approval", version="old", variables={"amount": 8})
        assert (first["version"], second["version"]) == (1, 1)
        moved = await agent.ask(
            "instance_control", instance=first["instance"], action="migrate", version="good"
        )
        assert moved["version"] == 2
        batch = {"action": "migrate", "process": "approval", "version": "old", "to_version": "good"}
        tried = await agent.ask("instance_batch", **batch, dry_run=True)
        assert (tried["meant"], tried["done"]) == (1, 1)
        (real,) = tried["next"]
        await agent.ask("process_tag", process="approval", tag="good", version=3)
        refusal = await agent.refusal(real["operation"], **real["arguments"])
        assert refusal["code"] == "batch.changed", "the tag names another version than was tried"
        await agent.ask("process_tag", process="approval", tag="good", version=2)
        assert (await agent.ask(real["operation"], **real["arguments"]))["done"] == 1
        read = await agent.ask("instance_read", instance=second["instance"])
        assert read["version"] == 2

    played(play)


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("process_read", {"process": "approval", "version": "stabel"}),
        ("process_draw", {"process": "approval", "version": "stabel"}),
        ("process_simulate", {"process": "approval", "version": "stabel"}),
        ("process_simulate", {"process": "approval", "with": {"version": "stabel"}}),
        ("process_test", {"process": "approval", "version": "stabel"}),
        ("process_delete", {"process": "approval", "version": "stabel"}),
        ("instance_start", {"process": "approval", "version": "stabel", "variables": {"amount": 1}}),
        ("instance_control", {"instance": "approval:1", "action": "migrate", "version": "stabel"}),
        ("instance_batch", {"process": "approval", "action": "migrate", "to_version": "stabel"}),
        ("instance_batch", {"process": "approval", "action": "cancel", "version": "stabel"}),
    ],
)
def test_a_tag_that_names_nothing_is_refused_with_those_there_are(
    operation: str, given: dict[str, Any]
) -> None:
    async def play(agent: Agent) -> None:
        await published(agent, APPROVAL, SECOND)
        await agent.ask("process_tag", process="approval", tag="stable", version=1)
        await agent.started("approval", amount=7)
        before = whole_state(agent.app)
        refusal = await agent.refusal(operation, **given)
        assert refusal["code"] == "process.version_unknown", refusal
        assert refusal["path"].endswith("version")
        assert "Did you mean 'stable'?" in refusal["message"]
        assert set(map(str, refusal["expected"])) == {"stable", "1", "2"}
        assert whole_state(agent.app) == before

    played(play)


def test_a_tag_for_many_instances_needs_its_process() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, APPROVAL, SECOND)
        instance = (await agent.started("approval", amount=7))["instance"]
        refusal = await agent.refusal(
            "instance_batch", action="migrate", instances=[instance], to_version="stable"
        )
        assert (refusal["code"], refusal["path"]) == ("arguments.invalid", "to_version")

    played(play)
