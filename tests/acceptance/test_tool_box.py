"""An agent works through an ad-hoc sub-process as its tool box: over the same operations as every other job."""

from typing import Any

from tests.acceptance.agent import Agent, Body, played
from tests.acceptance.town import bpmn
from tests.engine.cases import E, S, flows, job, user

BOX = (
    S + '<adHocSubProcess id="box" name="Clear it up"><extensionElements><zeebe:adHoc/>'
    '<zeebe:taskDefinition type="agent.next" retries="2"/><zeebe:taskHeaders><zeebe:header key="tone" value="kind"/>'
    "</zeebe:taskHeaders></extensionElements>"
    + job("search")
    + user("ask")
    + "</adHocSubProcess>"
    + E
    + flows("s box", "box e")
)
SCENARIOS: list[Body] = [
    {
        "name": "two looks",
        "given": {"topic": "bolts"},
        "services": {
            "Clear it up": [{"activate": ["search"]}, {"activate": ["ask"]}, {"done": True}],
            "search": {"hit": "M8"},
        },
        "answers": {"ask": {}},
        "expect": {"end": "e", "path": ["search", "ask"]},
    }
]


async def taken(agent: Agent, **which: Any) -> Body:
    found = await agent.ask("work_take", **which)
    assert len(found["items"]) == 1
    return found


def test_an_agent_chooses_tools_over_work_take_and_work_finish_until_it_is_done() -> None:
    async def play(agent: Agent) -> None:
        process = (await agent.ask("process_create", bpmn=bpmn(BOX)))["process"]
        tried = await agent.ask("process_test", process=process, scenarios=SCENARIOS)
        assert tried["passed"] == 1, tried
        await agent.ask("process_publish", process=process)
        instance = (await agent.started(process, topic="bolts"))["instance"]
        found = await taken(agent, types=["agent.next"])
        first = found["items"][0]
        assert first["headers"] == {"tone": "kind"}
        assert [one["elementId"] for one in first["variables"]["adHocSubProcessElements"]] == [
            "search",
            "ask",
        ]
        (hint,) = found["next"]
        assert (hint["operation"], hint["arguments"]["variables"]) == (
            "work_finish",
            {"activate": ["search"]},
        )
        for result, path in (
            ({}, "variables.activate"),
            ({"activate": ["serch"]}, "variables.activate[0]"),
            ({"done": 1}, "variables.done"),
        ):
            refusal = await agent.refusal("work_finish", job=first["job"], variables=result)
            assert (refusal["code"], refusal["path"]) == ("job.choice_wrong", path)
        await agent.ask(
            "work_finish",
            job=first["job"],
            variables={"activate": [{"element": "search", "variables": {"query": "M8"}}]},
        )
        search = (await taken(agent, instance=instance))["items"][0]
        assert (search["element"], search["variables"]["query"]) == ("search", "M8")
        await agent.ask("work_finish", job=search["job"], variables={"hit": "M8"})
        failed = (await taken(agent, types=["agent.next"]))["items"][0]
        assert failed["variables"]["hit"] == "M8"
        await agent.ask("work_finish", job=failed["job"], failure="No model answers.")
        again = (await taken(agent, types=["agent.next"]))["items"][0]
        ended = await agent.ask("work_finish", job=again["job"], variables={"done": True})
        assert ended["status"] == "completed"

    played(play)


def test_the_hint_for_a_box_without_tools_is_to_say_done_and_that_ends_it() -> None:
    empty = BOX.replace(job("search"), "").replace(user("ask"), "")

    async def play(agent: Agent) -> None:
        process = await agent.published(None, bpmn=bpmn(empty))
        await agent.started(process)
        found = await taken(agent, types=["agent.next"])
        assert found["items"][0]["variables"]["adHocSubProcessElements"] == []
        (hint,) = found["next"]
        assert hint["why"] == "Nothing inside can be chosen: say that it is done."
        ended = await agent.ask(hint["operation"], **hint["arguments"])
        assert ended["status"] == "completed"

    played(play)


def test_generated_cases_play_every_tool_of_a_box() -> None:
    async def play(agent: Agent) -> None:
        ends = '<exclusiveGateway id="g" default="f3"/>' + '<endEvent id="found"/>'
        more = BOX.replace(
            flows("s box", "box e"), ends + flows("s box", "box g", "g e", 'g found: hit = "M8"')
        )
        process = (await agent.ask("process_create", bpmn=bpmn(more)))["process"]
        made = await agent.ask("process_test", process=process, generate=True)
        assert [one["covers"] for one in made["suggested"]] == ["g -> e", "g -> found"]

    played(play)


def test_a_worker_is_told_what_an_agent_is_to_do_and_with_what() -> None:
    step: Body = {"agent": "Say in one word what it is about.", "tools": ["search", "read"], "model": "small"}
    outline: Any = {
        "process": "sort",
        "steps": [{"sort": {**step, "headers": {"tone": "kind"}}}, {"end": "done"}],
    }

    async def play(agent: Agent) -> None:
        await agent.started(await agent.published(outline))
        found = (await taken(agent, types=["agent"]))["items"][0]
        assert found["headers"] == {
            "instruction": "Say in one word what it is about.",
            "tools": "search, read",
            "model": "small",
            "tone": "kind",
        }

    played(play)


def test_the_agent_sees_what_its_tools_have_found_so_far() -> None:
    collects = BOX.replace("<zeebe:adHoc/>", '<zeebe:adHoc outputCollection="found" outputElement="=hit"/>')

    async def play(agent: Agent) -> None:
        process = await agent.published(None, bpmn=bpmn(collects))
        instance = (await agent.started(process))["instance"]
        expected: list[str] = []
        for hit in ("M8", "M10"):
            job_ = (await taken(agent, types=["agent.next"]))["items"][0]
            assert job_["variables"]["found"] == expected
            await agent.ask("work_finish", job=job_["job"], variables={"activate": ["search"]})
            search = (await taken(agent, instance=instance))["items"][0]
            await agent.ask("work_finish", job=search["job"], variables={"hit": hit})
            expected.append(hit)
        last = (await taken(agent, types=["agent.next"]))["items"][0]
        assert last["variables"]["found"] == ["M8", "M10"]
        await agent.ask("work_finish", job=last["job"], variables={"done": True})
        ended = await agent.ask("instance_read", instance=instance)
        assert ended["variables"]["found"] == ["M8", "M10"]

    played(play)
