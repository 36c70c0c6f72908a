"""Many instances are operated with one call: tried first, done to just those, and each by itself."""

import asyncio
from typing import Any

import pytest

from flowmaster.engine.values import Json
from flowmaster.runtime.runtime import Runtime
from flowmaster.stores.rows import InstanceFilter
from flowmaster.tools import instance_batch
from tests.acceptance.agent import Agent, Body, outcome, played, whole_state
from tests.tools.test_forks import INNER, reader_only

ASKING: dict[str, Json] = {
    "process": "asking",
    "roles": ["clerk"],
    "data": {"fine": "boolean"},
    "steps": [{"check": {"ask": "clerk", "into": "fine"}}, {"end": "done"}],
}
OTHER: Json = {**ASKING, "process": "other"}
DIVIDING: Json = {
    "process": "dividing",
    "data": {"by": "number", "share": "number"},
    "start": {"needs": ["by"]},
    "steps": [
        {"if": "10 / by > 2", "then": [{"cheer": {"wait": "P1D"}}]},
        {"end": "done"},
    ],
}
CALLING: Json = {"process": "calling", "steps": [{"child": {"run": "inner"}}, {"end": "done"}]}


async def several(agent: Agent, count: int, outline: Json = ASKING, **variables: Any) -> list[str]:
    """Publish a process and start some instances of it."""
    process = await agent.published(outline)
    return [str((await agent.started(process, **variables))["instance"]) for _ in range(count)]


async def statuses(agent: Agent, instances: list[str]) -> list[str]:
    """Return how the instances are."""
    return [(await agent.ask("instance_read", instance=one))["status"] for one in instances]


async def tried(agent: Agent, **given: Any) -> tuple[Body, Body]:
    """Return what a dry run answers, and the arguments of the real call that it offers."""
    answer = await agent.ask("instance_batch", dry_run=True, **given)
    (hint,) = answer["next"]
    assert hint["operation"] == "instance_batch"
    return answer, hint["arguments"]


def test_what_was_tried_is_done_to_each_and_to_no_other() -> None:
    async def play(agent: Agent) -> None:
        instances = await several(agent, 3)
        others = await several(agent, 1, OTHER)
        before = whole_state(agent.app)
        answer, real = await tried(agent, action="cancel", process="asking")
        assert whole_state(agent.app) == before
        assert (answer["meant"], answer["done"], answer["refused"]) == (3, 3, 0)
        assert [item["instance"] for item in answer["items"]] == instances
        done = await agent.ask("instance_batch", **real)
        assert (outcome(done), done["batch"]) == (outcome(answer), "batch:1")
        assert await statuses(agent, instances) == ["cancelled"] * 3
        assert await statuses(agent, others) == ["active"]
        (noted,) = (await agent.ask("audit_find", scope="batch:1", detail=["data"]))["items"]
        assert (noted["operation"], noted["data"]["instances"]) == ("instance_batch.cancel", instances)

    played(play)


def test_one_that_is_refused_leaves_the_rest_done_and_the_reasons_are_told() -> None:
    async def play(agent: Agent) -> None:
        instances = await several(agent, 4)
        await agent.ask("instance_control", instance=instances[1], action="pause")
        await agent.ask("instance_control", instance=instances[2], action="cancel")
        named = [*instances, "asking:99", instances[0]]
        answer = await agent.ask("instance_batch", action="pause", instances=named)
        assert (answer["meant"], answer["done"], answer["refused"]) == (5, 2, 3)
        refused = {item["instance"]: item["code"] for item in answer["items"] if not item["done"]}
        assert refused == {
            instances[1]: "instance.paused",
            instances[2]: "instance.ended",
            "asking:99": "instance.unknown",
        }
        assert {one["code"]: one["instances"] for one in answer["refusals"]} == dict.fromkeys(
            refused.values(), 1
        )
        assert all(item["message"] for item in answer["items"] if not item["done"])
        assert await statuses(agent, instances) == ["paused", "paused", "cancelled", "paused"]

    played(play)


def test_incidents_of_a_process_are_retried_together_once_the_data_are_mended() -> None:
    async def play(agent: Agent) -> None:
        stopped = await several(agent, 3, DIVIDING, by=0)
        fine = str((await agent.started("dividing", by=1))["instance"])
        chosen = {"process": "dividing", "incidents": True}
        _, mend = await tried(agent, action="set_variables", variables={"by": 2}, **chosen)
        assert (await agent.ask("instance_batch", **mend))["done"] == 3
        answer, real = await tried(agent, action="retry", **chosen)
        assert [item["instance"] for item in answer["items"]] == stopped
        assert (await agent.ask("instance_batch", **real))["done"] == 3
        for instance in [*stopped, fine]:
            body = await agent.ask("instance_read", instance=instance)
            assert (body["incidents"], [wait["element"] for wait in body["waiting"]]) == ([], ["cheer"])
        nothing = await agent.ask("instance_batch", action="retry", dry_run=True, **chosen)
        assert (nothing["meant"], nothing["items"], nothing.get("next")) == (0, [], None)

    played(play)


def test_instances_that_came_or_went_since_it_was_tried_stop_the_batch() -> None:
    async def play(agent: Agent) -> None:
        instances = await several(agent, 2)
        _, real = await tried(agent, action="cancel", process="asking")
        other_action = await agent.refusal("instance_batch", **{**real, "action": "pause"})
        assert other_action["code"] == "batch.changed"
        late = str((await agent.started("asking"))["instance"])
        before = whole_state(agent.app)
        changed = await agent.refusal("instance_batch", **real)
        assert (changed["code"], changed["path"]) == ("batch.changed", "selection")
        assert "3 instances are meant now; when it was tried there were 2" in changed["message"]
        assert changed["next"][0]["arguments"] == {"action": "cancel", "process": "asking", "dry_run": True}
        assert await agent.refusal("instance_batch", **real, dry_run=True) == changed
        assert whole_state(agent.app) == before
        await agent.ask("instance_control", instance=instances[0], action="cancel")
        swapped = await agent.refusal("instance_batch", **real)
        assert (swapped["code"], "Other instances" in swapped["message"]) == ("batch.changed", True)
        assert await statuses(agent, [instances[1], late]) == ["active", "active"]
        named = {"action": "pause", "instances": [late], "selection": real["selection"]}
        assert (await agent.refusal("instance_batch", **named))["code"] == "batch.changed"

    played(play)


def test_more_instances_than_a_batch_may_have_are_refused_unless_taken_in_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(instance_batch, "INSTANCES_MAX", 2)

    async def play(agent: Agent) -> None:
        instances = await several(agent, 3)
        for more in ({}, {"dry_run": True}):
            refused = await agent.refusal("instance_batch", action="cancel", process="asking", **more)
            assert (refused["code"], refused["path"]) == ("batch.too_large", "limit")
            assert "3 instances are meant" in refused["message"]
        hint = refused["next"][0]
        part = await agent.ask(hint["operation"], **hint["arguments"])
        assert [item["instance"] for item in part["items"]] == instances[1:]
        await agent.ask("instance_batch", **part["next"][0]["arguments"])
        assert await statuses(agent, instances) == ["active", "cancelled", "cancelled"]

    played(play)


def test_a_list_that_is_too_long_is_refused_at_the_door() -> None:
    async def play(agent: Agent) -> None:
        named = [f"asking:{number}" for number in range(1001)]
        refused = await agent.refusal("instance_batch", action="cancel", instances=named)
        assert (refused["code"], refused["path"]) == ("arguments.invalid", "instances")

    played(play)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({}, "instances"),
        ({"limit": 5}, "instances"),
        ({"instances": ["asking:1"], "process": "asking"}, "process"),
        ({"process": "asking", "action": "skip"}, "element"),
        ({"process": "asking", "action": "move", "from": "a"}, "to"),
        ({"process": "asking", "action": "set_variables"}, "variables"),
        ({"process": "asking", "action": "fork"}, "action"),
        ({"process": "asking", "status": "completed"}, "status"),
        ({"proces": "asking"}, "proces"),
    ],
)
def test_a_call_that_does_not_say_what_it_means_is_refused(given: Body, path: str) -> None:
    async def play(agent: Agent) -> None:
        before = whole_state(agent.app)
        refused = await agent.refusal("instance_batch", **{"action": "cancel", **given})
        assert (refused["code"], refused["path"]) == ("arguments.invalid", path)
        assert whole_state(agent.app) == before

    played(play)


def test_others_cannot_reach_the_instances_and_those_without_the_right_none() -> None:
    async def play(agent: Agent) -> None:
        instances = await several(agent, 2)
        denied = await reader_only(agent).refusal("instance_batch", action="cancel", instances=instances)
        assert denied["code"] == "access.denied"
        other = agent.of("other")
        assert (await other.ask("instance_batch", action="cancel", process="asking", dry_run=True))[
            "meant"
        ] == 0
        answer = await other.ask("instance_batch", action="cancel", instances=instances)
        assert (answer["done"], answer["refusals"][0]["code"]) == (0, "instance.unknown")
        assert await statuses(agent, instances) == ["active", "active"]

    played(play)


def test_what_is_cancelled_with_its_caller_counts_as_done() -> None:
    async def play(agent: Agent) -> None:
        await agent.published(INNER)
        await several(agent, 2, CALLING)
        answer, real = await tried(agent, action="cancel", status="active")
        assert (answer["meant"], answer["done"]) == (4, 4)
        done = await agent.ask("instance_batch", **real)
        assert (done["done"], done["refused"]) == (4, 0)
        assert {item["status"] for item in done["items"]} == {"cancelled"}

    played(play)


def test_long_answers_show_refused_ones_first_and_all_on_request() -> None:
    async def play(agent: Agent) -> None:
        instances = await several(agent, 120)
        await agent.ask("instance_control", instance=instances[-1], action="pause")
        answer, real = await tried(agent, action="pause", process="asking")
        assert answer["items"][0]["instance"] == instances[-1]
        assert answer["left_out"]["items"] == 120 - len(answer["items"])
        done = await agent.ask("instance_batch", **real, detail=["items"])
        assert (len(done["items"]), done["done"]) == (120, 119)

    played(play)


def test_sandboxes_are_meant_only_by_their_names() -> None:
    async def play(agent: Agent) -> None:
        (instance,) = await several(agent, 1)
        fork = str((await agent.ask("instance_control", instance=instance, action="fork"))["instance"])
        answer = await agent.ask("instance_batch", action="cancel", process="asking", dry_run=True)
        assert [item["instance"] for item in answer["items"]] == [instance]
        await agent.ask("instance_batch", action="cancel", instances=[fork])
        assert await statuses(agent, [instance, fork]) == ["active", "cancelled"]

    played(play)


def test_the_same_key_does_a_batch_once() -> None:
    async def play(agent: Agent) -> None:
        instances = await several(agent, 2)
        _, real = await tried(agent, action="pause", process="asking")
        first = await agent.ask("instance_batch", **real, idempotency_key="k")
        assert await agent.ask("instance_batch", **real, idempotency_key="k") == first
        for instance in instances:
            assert (await agent.ask("audit_find", scope=instance))["total"] == 2

    played(play)


def test_a_batch_that_broke_off_is_finished_by_repeating_it_and_does_nothing_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(instance_batch, "AT_ONCE", 2)

    async def play(agent: Agent) -> None:
        instances = await several(agent, 5)
        _, real = await tried(agent, action="set_variables", variables={"fine": True}, process="asking")
        steps = 0
        do = Runtime.do

        async def broken(self: Runtime, *work: Any, **more: Any) -> Any:
            nonlocal steps
            steps += 1
            if steps > 3:
                raise asyncio.CancelledError
            return await do(self, *work, **more)

        with monkeypatch.context() as patched:
            patched.setattr(Runtime, "do", broken)
            with pytest.raises(asyncio.CancelledError):
                await agent.ask("instance_batch", **real, idempotency_key="k")
        await agent.started("asking")
        done = await agent.ask("instance_batch", **real, idempotency_key="k")
        assert (done["batch"], done["meant"], done["done"]) == ("batch:1", 5, 5)
        for instance in instances:
            history = (await agent.ask("instance_read", instance=instance, detail=["history"]))["history"]
            assert [entry["data"] for entry in history if entry["event"] == "variables"] == [{"fine": True}]

    played(play)


def test_a_batch_that_broke_off_goes_on_with_the_version_that_its_tag_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(instance_batch, "AT_ONCE", 1)

    async def play(agent: Agent) -> None:
        instances = await several(agent, 3)
        for title in ("second", "third"):
            await agent.published({**ASKING, "name": title})
        await agent.ask("process_tag", process="asking", tag="good", version=2)
        moves = {"action": "migrate", "process": "asking", "version": 1, "to_version": "good"}
        steps, do = 0, Runtime.do

        async def broken(self: Runtime, *work: Any, **more: Any) -> Any:
            nonlocal steps
            steps += 1
            if steps > 1:
                raise asyncio.CancelledError
            return await do(self, *work, **more)

        with monkeypatch.context() as patched:
            patched.setattr(Runtime, "do", broken)
            with pytest.raises(asyncio.CancelledError):
                await agent.ask("instance_batch", **moves, idempotency_key="k")
        await agent.ask("process_tag", process="asking", tag="good", version=3)
        assert (await agent.ask("instance_batch", **moves, idempotency_key="k"))["done"] == 3
        reads = [await agent.ask("instance_read", instance=instance) for instance in instances]
        assert [read["version"] for read in reads] == [2, 2, 2]

    played(play)


def test_others_are_served_while_a_batch_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(instance_batch, "AT_ONCE", 4)

    async def play(agent: Agent) -> None:
        instances = await several(agent, 60)
        batch = asyncio.ensure_future(agent.ask("instance_batch", action="pause", instances=instances))
        served = 0
        while not batch.done():
            await agent.ask("instance_start", process="asking")
            served += 1
        assert (await batch)["done"] == 60
        assert served > 3
        assert agent.app.runtime.reader.find_instances("default", InstanceFilter()).total == 60 + served

    played(play)
