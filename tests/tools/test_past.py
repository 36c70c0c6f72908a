"""An instance as it stood after any of its events: waits, variables, path and picture of that moment."""

from typing import Any

from tests.acceptance.agent import Agent, played

TWO: Any = {
    "process": "two",
    "roles": ["clerk"],
    "data": {"a": "number", "b": "number"},
    "start": {"needs": ["a"]},
    "steps": [{"first": {"ask": "clerk", "into": "a"}}, {"second": {"ask": "clerk", "into": "b"}}],
}


async def answered(agent: Agent) -> str:
    await agent.ask("process_create", outline=TWO)
    await agent.ask("process_publish", process="two")
    instance = str((await agent.ask("instance_start", process="two", variables={"a": 1}))["instance"])
    for variables in ({"a": 2}, {"b": 3}):
        (task,) = (await agent.ask("task_find"))["items"]
        await agent.ask("task_act", task=task["task"], action="complete", variables=variables)
    return instance


def test_every_event_has_the_state_it_left_behind() -> None:
    async def play(agent: Agent) -> None:
        instance = await answered(agent)
        history = (await agent.ask("instance_read", instance=instance, detail=["history"]))["history"]
        seen = []
        for entry in history:
            then = await agent.ask("instance_read", instance=instance, at=entry["seq"], detail=["history"])
            assert then["history"][-1]["seq"] == entry["seq"]
            assert "next" not in then
            seen.append((then["status"], [wait["element"] for wait in then["waiting"]], then["variables"]))
        assert ("active", ["first"], {"a": 1}) in seen
        assert ("active", ["second"], {"a": 2}) in seen
        assert seen[-1] == ("completed", [], {"a": 2, "b": 3})

    played(play)


def test_why_and_the_picture_go_as_far_as_the_moment() -> None:
    async def play(agent: Agent) -> None:
        instance = await answered(agent)
        history = (await agent.ask("instance_read", instance=instance, detail=["history"]))["history"]
        halfway = next(entry["seq"] for entry in history if entry.get("element") == "second")
        then = await agent.ask("instance_read", instance=instance, at=halfway, detail=["why", "diagram"])
        assert max(each["seq"] for each in then["why"]) <= halfway
        whole = await agent.ask("instance_read", instance=instance, detail=["diagram"])
        assert then["diagram"] != whole["diagram"]

    played(play)


def test_a_number_that_no_event_has_is_refused_with_those_there_are() -> None:
    async def play(agent: Agent) -> None:
        instance = await answered(agent)
        for wrong in (0, -1, 999):
            refused = await agent.refusal("instance_read", instance=instance, at=wrong)
            assert (refused["code"], refused["path"]) == ("history.no_event", "at")
            assert refused["expected"].startswith("1 to ")

    played(play)
