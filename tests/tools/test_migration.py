"""Instances that go on by another version: planned on copies, tried, done one by one or in a batch, and taken back."""

from typing import Any

import pytest

from flowmaster.engine.values import Json
from tests.acceptance.agent import Agent, Body, played, whole_state

APPROVAL: dict[str, Json] = {
    "process": "approval",
    "roles": ["clerk", "boss"],
    "data": {"amount": "integer 1..1000", "fine": "boolean", "seen": "boolean"},
    "start": {"needs": ["amount"]},
    "steps": [
        {"check it": {"ask": "clerk", "into": "fine", "within": "P2D"}},
        {"end": "done"},
    ],
}
SECOND: dict[str, Json] = {
    **APPROVAL,
    "steps": [
        {"check it": {"ask": "boss", "into": "fine", "within": "P5D"}},
        {"look again": {"ask": "clerk", "into": "seen"}},
        {"end": "done"},
    ],
}
OTHER: dict[str, Json] = {
    **APPROVAL,
    "steps": [{"look again": {"ask": "clerk", "into": "seen"}}, {"end": "done"}],
}


async def published(agent: Agent, *outlines: Json) -> None:
    for outline in outlines:
        await agent.published(outline)


async def started(agent: Agent, count: int) -> list[str]:
    return [(await agent.started("approval", amount=7))["instance"] for _ in range(count)]


async def refusal(agent: Agent, operation: str, **given: Any) -> Body:
    answer = await agent.answer(operation, given)
    assert answer.refused, answer.text
    body = answer.data()
    assert isinstance(body, dict)
    return body


def test_an_instance_goes_on_by_the_new_version_and_tells_of_it() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, APPROVAL)
        (instance,) = await started(agent, 1)
        task = (await agent.ask("instance_read", instance=instance))["waiting"][0]["task"]
        await agent.ask("task_act", task=task, action="claim", as_user="ann")
        await published(agent, SECOND)
        before = whole_state(agent.app)
        tried = await agent.ask(
            "instance_control", instance=instance, action="migrate", version=2, dry_run=True
        )
        assert tried["version"] == 2
        assert whole_state(agent.app) == before
        moved = await agent.ask("instance_control", instance=instance, action="migrate", version=2)
        assert (moved["version"], moved["waiting"][0]["name"]) == (2, "check it")
        (open_task,) = (await agent.ask("task_find", role="boss"))["items"]
        assert open_task["assignee"] == "ann"
        assert (await agent.ask("task_find", role="clerk"))["items"] == []
        await agent.ask(
            "task_act", task=open_task["task"], action="complete", variables={"fine": True}, as_user="ann"
        )
        waiting = (await agent.ask("instance_read", instance=instance))["waiting"]
        assert [one["name"] for one in waiting] == ["look again"]
        await agent.ask("task_act", task=waiting[0]["task"], action="complete", variables={"seen": True})
        read = await agent.ask("instance_read", instance=instance, detail=["history", "why", "diagram"])
        assert read["status"] == "completed"
        (entry,) = [one for one in read["history"] if one["event"] == "migrated"]
        assert entry["data"]["version"] == 2
        assert any("version 2" in one["sentence"] for one in read["why"])

    played(play)


def test_the_plan_tells_who_can_move_over_and_why_others_cannot() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, APPROVAL)
        await started(agent, 3)
        await published(agent, SECOND, OTHER)
        before = whole_state(agent.app)
        ask = {"process": "approval", "from": 1, "what": "migration"}
        good = await agent.ask("process_compare", **ask, to=2)
        view = good["migration"]
        assert (view["open"], view["examined"], view["migratable"], view["blocked"]) == (3, 3, 3, [])
        (step,) = [one for one in view["mapping"] if one["name"] == "check it"]
        assert (step["tokens"], step["reason"]) == (3, "same id")
        (hint,) = good["next"]
        assert hint["operation"] == "instance_batch"
        bad = (await agent.ask("process_compare", **ask, to=3))["migration"]
        assert bad["migratable"] == 0
        (cause,) = bad["blocked"]
        assert (cause["cause"], cause["instances"]) == ("gone", 3)
        assert cause["examples"]
        assert "look_again" in cause["options"][0], "it is named as what may be meant"
        element = cause["element"]
        given = await agent.ask("process_compare", **ask, to=3, mapping={element: "look_again"})
        assert given["migration"]["migratable"] == 3
        draft = await agent.ask("process_compare", **ask, to="draft")
        assert draft["migration"]["migratable"] == 0
        assert whole_state(agent.app) == before

    played(play)


def test_a_batch_moves_all_that_can_and_is_taken_back() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, APPROVAL)
        instances = await started(agent, 4)
        other = await started(agent, 1)
        await published(agent, SECOND)
        new = (await agent.started("approval", amount=9))["instance"]
        (hint,) = (
            await agent.ask("process_compare", process="approval", what="migration", **{"from": 1, "to": 2})
        )["next"]
        tried = await agent.ask(hint["operation"], **hint["arguments"])
        assert (tried["meant"], tried["done"]) == (5, 5)
        (real,) = tried["next"]
        done = await agent.ask(real["operation"], **real["arguments"])
        assert done["done"] == 5
        versions = [
            (await agent.ask("instance_read", instance=one))["version"] for one in [*instances, *other, new]
        ]
        assert versions == [2] * 6
        back = [one for one in done["next"] if one["arguments"].get("of_batch")]
        assert back, done["next"]
        taken = await agent.ask(back[0]["operation"], **back[0]["arguments"])
        assert taken["done"] == 5
        (real,) = taken["next"]
        await agent.ask(real["operation"], **real["arguments"])
        versions = [
            (await agent.ask("instance_read", instance=one))["version"] for one in [*instances, *other, new]
        ]
        assert versions == [1] * 5 + [2]
        waiting = (await agent.ask("instance_read", instance=instances[0]))["waiting"]
        assert waiting[0]["roles"] == ["clerk"]

    played(play)


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({}, "arguments.invalid", "version"),
        ({"version": 9}, "process.version_unknown", "version"),
        ({"version": 1}, "instance.same_version", "version"),
        ({"version": 3}, "instance.not_migratable", "element:"),
        ({"version": 2, "mapping": {"chek_it": "check_it"}}, "migration.element_unknown", "mapping"),
        ({"version": 2, "mapping": {"check_it": "nobody"}}, "migration.element_unknown", "mapping"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(given: Body, code: str, path: str) -> None:
    async def play(agent: Agent) -> None:
        await published(agent, APPROVAL)
        (instance,) = await started(agent, 1)
        await published(agent, SECOND, OTHER)
        before = whole_state(agent.app)
        error = await refusal(agent, "instance_control", instance=instance, action="migrate", **given)
        assert (error["code"], error["path"].startswith(path)) == (code, True)
        assert error["fix"]
        assert whole_state(agent.app) == before

    played(play)


def test_the_words_of_a_migration_are_for_it_alone() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, APPROVAL)
        (instance,) = await started(agent, 1)
        for more in ({"version": 1}, {"mapping": {"a": "b"}}):
            error = await refusal(agent, "instance_control", instance=instance, action="pause", **more)
            assert (error["code"], error["path"]) == ("arguments.invalid", next(iter(more)))
        error = await refusal(agent, "process_compare", process="approval", mapping={"a": "b"})
        assert error["path"] == "mapping"
        error = await refusal(agent, "instance_batch", action="migrate", process="approval")
        assert error["path"] == "to_version"
        error = await refusal(agent, "instance_batch", action="pause", of_batch="batch:99")
        assert error["code"] == "batch.unknown"

    played(play)


def test_paused_instances_and_sandboxes_move_over_too() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, APPROVAL)
        (instance,) = await started(agent, 1)
        fork = await agent.ask("instance_control", instance=instance, action="fork")
        await agent.ask("instance_control", instance=instance, action="pause")
        await published(agent, SECOND)
        for one, status in ((instance, "paused"), (fork["instance"], "active")):
            moved = await agent.ask("instance_control", instance=one, action="migrate", version=2)
            assert (moved["version"], moved["status"]) == (2, status)
        resumed = await agent.ask("instance_control", instance=instance, action="resume")
        assert resumed["waiting"][0]["roles"] == ["boss"]
        past = await agent.ask("instance_read", instance=instance, at=1)
        assert past["version"] == 1

    played(play)
