"""What starts a process beside its plain start event: several triggers, receive tasks, gateways of events."""

from typing import Any

from tests.acceptance.agent import Agent, played
from tests.bpmn_reader.models import bpmn, flow

ROOT = '<message id="m1" name="order"/><message id="m2" name="wish"/><signal id="s1" name="all hands"/>'
END = '<userTask id="a"/><endEvent id="e"/>' + flow("a", "e")
MESSAGE = '<messageEventDefinition messageRef="{}"/>'
SIGNAL = '<signalEventDefinition signalRef="s1"/>'


def catch(identifier: str, definition: str) -> str:
    return f'<intermediateCatchEvent id="{identifier}">{definition}</intermediateCatchEvent>'


async def published(agent: Agent, body: str) -> None:
    made = await agent.ask("process_create", bpmn=bpmn(body, ROOT))
    assert [one for one in made["problems"] if one["severity"] == "error"] == []
    await agent.ask("process_publish", process=made["process"])


async def sent(agent: Agent, kind: str, name: str, **more: Any) -> None:
    await agent.ask("event_send", kind=kind, name=name, **more)


async def waiting(agent: Agent) -> list[list[str]]:
    found = await agent.ask("instance_find", process="p")
    read = [await agent.ask("instance_read", instance=one["instance"]) for one in found["items"]]
    return sorted(sorted(wait["element"] for wait in one["waiting"]) for one in read)


def test_each_of_several_triggers_starts_an_instance() -> None:
    both = MESSAGE.format("m1") + SIGNAL

    async def play(agent: Agent) -> None:
        await published(agent, f'<startEvent id="s">{both}</startEvent>' + flow("s", "a") + END)
        await sent(agent, "message", "order")
        await sent(agent, "signal", "all hands")
        assert await waiting(agent) == [["a"], ["a"]]

    played(play)


def test_a_receive_task_starts_an_instance_with_what_the_message_brings() -> None:
    async def play(agent: Agent) -> None:
        task = '<receiveTask id="r" instantiate="true" messageRef="m1"/>'
        await published(agent, task + flow("r", "a") + END)
        await sent(agent, "message", "order", variables={"sum": 5})
        (found,) = (await agent.ask("instance_find", process="p"))["items"]
        read = await agent.ask("instance_read", instance=found["instance"], detail=["variables", "history"])
        assert read["variables"]["sum"] == 5
        done = [entry["element"] for entry in read["history"] if entry["event"] == "completed"]
        assert done == ["r"]

    played(play)


def test_the_first_event_behind_a_gateway_starts_an_instance() -> None:
    async def play(agent: Agent) -> None:
        gateway = '<eventBasedGateway id="g" instantiate="true"/>'
        events = catch("x", MESSAGE.format("m1")) + catch("y", MESSAGE.format("m2"))
        flows = flow("g", "x") + flow("g", "y") + flow("x", "a") + flow("y", "a")
        await published(agent, gateway + events + flows + END)
        await sent(agent, "message", "wish")
        await sent(agent, "message", "order")
        assert await waiting(agent) == [["a"], ["a"]]

    played(play)


def test_a_parallel_gateway_waits_for_its_other_events_in_the_same_instance() -> None:
    async def play(agent: Agent) -> None:
        gateway = '<eventBasedGateway id="g" instantiate="true" eventGatewayType="Parallel"/>'
        events = catch("x", MESSAGE.format("m1")) + catch("y", MESSAGE.format("m2"))
        join = '<parallelGateway id="j"/>' + flow("x", "j") + flow("y", "j") + flow("j", "a")
        await published(agent, gateway + events + flow("g", "x") + flow("g", "y") + join + END)
        await sent(agent, "message", "wish")
        assert await waiting(agent) == [["j", "x"]]
        await sent(agent, "message", "order")
        assert await waiting(agent) == [["a"]]

    played(play)


def test_a_start_that_needs_two_triggers_shows_what_it_still_waits_for() -> None:
    both = MESSAGE.format("m1") + SIGNAL

    async def play(agent: Agent) -> None:
        start = f'<startEvent id="s" parallelMultiple="true">{both}</startEvent>'
        await published(agent, start + flow("s", "a") + END)
        await sent(agent, "signal", "all hands", variables={"n": 1})
        assert await waiting(agent) == [["s"]]
        await sent(agent, "message", "order", variables={"sum": 5})
        assert await waiting(agent) == [["a"]]
        read = await agent.ask("instance_read", instance="p:1")
        assert read["variables"] == {"n": 1, "sum": 5}

    played(play)
