"""What starts a process beside its plain start event: several triggers, receive tasks, gateways of events."""

from typing import Any

import pytest

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


def together(*definitions: str) -> str:
    start = f'<startEvent id="s" parallelMultiple="true">{"".join(definitions)}</startEvent>'
    return start + flow("s", "a") + END


def time(text: str, kind: str = "timeDuration") -> str:
    return f"<timerEventDefinition><{kind}>{text}</{kind}></timerEventDefinition>"


def test_a_signal_that_completes_a_start_begins_no_further_one() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, together(MESSAGE.format("m1"), SIGNAL))
        for _ in range(2):
            await sent(agent, "message", "order")
        await sent(agent, "signal", "all hands")
        assert await waiting(agent) == [["a"], ["a"]]
        await sent(agent, "signal", "all hands")
        assert await waiting(agent) == [["a"], ["a"], ["s"]]

    played(play)


def test_later_messages_find_the_start_that_waits_by_their_key() -> None:
    key = '<message id="m3" name="paid"><extensionElements><zeebe:subscription correlationKey="=order"/></extensionElements></message>'

    async def play(agent: Agent) -> None:
        body = together(MESSAGE.format("m1"), MESSAGE.format("m3"))
        await agent.published(None, bpmn=bpmn(body, ROOT + key))
        for order in ("A", "B"):
            await sent(agent, "message", "order", variables={"order": order})
        answer = await agent.ask("event_send", kind="message", name="paid", correlation_key="B")
        assert answer["delivered"] == ["p:2"]
        assert await waiting(agent) == [["a"], ["s"]]

    played(play)


def test_a_start_that_waits_without_a_key_is_found_by_its_business_key() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, together(MESSAGE.format("m1"), MESSAGE.format("m2")))
        for key in ("A", "B"):
            await sent(agent, "message", "order", correlation_key=key)
        answer = await agent.ask("event_send", kind="message", name="wish", correlation_key="B")
        assert answer["delivered"] == ["p:2"]

    played(play)


def test_a_time_that_begins_an_instance_has_counted_from_publishing() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, together(MESSAGE.format("m1"), time("PT1H")))
        await agent.advance("PT1H")
        assert await waiting(agent) == [["s"]]
        await sent(agent, "message", "order")
        assert await waiting(agent) == [["a"]]
        await sent(agent, "message", "order")
        await agent.advance("PT59M")
        assert await waiting(agent) == [["a"], ["s"]]
        await agent.advance("PT1M")
        assert await waiting(agent) == [["a"], ["a"]]

    played(play)


def test_a_time_that_a_begun_instance_waits_for_begins_no_further_one() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, together(MESSAGE.format("m1"), time("R/PT1H", "timeCycle")))
        await agent.advance("PT30M")
        await sent(agent, "message", "order")
        await agent.advance("PT30M")
        assert await waiting(agent) == [["s"]]
        await agent.advance("PT30M")
        assert await waiting(agent) == [["a"]]
        await agent.advance("PT30M")
        assert await waiting(agent) == [["a"], ["s"]]

    played(play)


@pytest.mark.parametrize(("when", "kind"), [("R/PT1H", "timeCycle"), ("PT1H", "timeDuration")])
def test_a_time_that_a_begun_instance_waits_for_begins_none_after_a_pause(when: str, kind: str) -> None:
    async def play(agent: Agent) -> None:
        await published(agent, together(MESSAGE.format("m1"), time(when, kind)))
        await agent.ask("timer_control", process="p", action="pause")
        await agent.advance("PT30M")
        await sent(agent, "message", "order")
        assert await waiting(agent) == [["s"]]
        if kind == "timeCycle":
            await agent.ask("timer_control", process="p", action="resume")
        (timer,) = (await agent.ask("timer_find", process="p"))["items"]
        assert "paused" not in timer
        await agent.advance("PT1H")
        assert await waiting(agent) == [["a"]]
        await agent.advance("PT30M")
        assert await waiting(agent) == ([["a"], ["s"]] if kind == "timeCycle" else [["a"]])

    played(play)


def test_a_date_completes_what_a_message_began_and_is_over_for_those_that_come_later() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, together(MESSAGE.format("m1"), time("2100-01-01T00:00:00Z", "timeDate")))
        await sent(agent, "message", "order")
        await agent.ask("clock_advance", to="2100-01-01T00:00:00Z")
        assert await waiting(agent) == [["a"]]
        await sent(agent, "message", "order")
        await agent.advance("PT1S")
        assert await waiting(agent) == [["a"], ["a"]]

    played(play)


def test_a_start_that_waits_is_read_as_it_stood_forked_and_cancelled() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, together(MESSAGE.format("m1"), MESSAGE.format("m2")))
        await sent(agent, "message", "order", variables={"n": 1})
        fork = await agent.ask("instance_control", instance="p:1", action="fork")
        assert [wait["element"] for wait in fork["waiting"]] == ["s"]
        await sent(agent, "message", "wish", correlation_key=fork["instance"])
        fork = await agent.ask("instance_read", instance=fork["instance"])
        assert [wait["element"] for wait in fork["waiting"]] == ["a"]
        await sent(agent, "message", "wish")
        past = await agent.ask("instance_read", instance="p:1", at=3)
        assert [(wait["element"], wait["message"]) for wait in past["waiting"]] == [("s", "wish")]
        await sent(agent, "message", "order")
        over = await agent.ask("instance_control", instance="p:2", action="cancel")
        assert (over["status"], over["waiting"]) == ("cancelled", [])
        await sent(agent, "message", "wish")
        assert await waiting(agent) == [[], ["a"], ["s"]]

    played(play)


def test_a_signal_or_time_that_completes_what_a_gateway_began_begins_nothing_further() -> None:
    async def play(agent: Agent) -> None:
        gateway = '<eventBasedGateway id="g" instantiate="true" eventGatewayType="Parallel"/>'
        events = catch("x", MESSAGE.format("m1")) + catch("y", SIGNAL) + catch("z", time("PT1H"))
        join = '<parallelGateway id="j"/>' + "".join(flow("g", one) + flow(one, "j") for one in "xyz")
        await published(agent, gateway + events + join + flow("j", "a") + END)
        await sent(agent, "message", "order")
        await sent(agent, "signal", "all hands")
        assert await waiting(agent) == [["j", "z"]]
        await agent.advance("PT1H")
        assert await waiting(agent) == [["a"]]
        await agent.advance("PT9H")
        assert await waiting(agent) == [["a"]]

    played(play)
