"""Drawings to look into: what there is to say of each element of an instance, and of all instances of a process."""

from collections.abc import Mapping
from typing import Any

import pytest

from flowmaster.engine.bpmn.svg_heat import Heat
from flowmaster.tools import drawings, pages
from flowmaster.tools.naming import iso_duration
from flowmaster.tools.pictures import together
from tests.acceptance.agent import Agent, Body, played

OUTLINE = """
process: leave
name: Leave
roles: {boss: Head of department}
data: {days: number}
start: {needs: [days]}
steps:
  - approve: {ask: boss, into: approved, within: P2D}
  - book: {call: leave.book, retry: 1}
  - end: granted
"""


def of(drawing: Body, element: str) -> Mapping[str, Any]:
    """Return what a drawing says of an element."""
    found: Mapping[str, Any] = next(each for each in drawing["elements"] if each["element"] == element)
    return found


async def at_work(agent: Agent) -> str:
    """Start an instance and let it come to the boss, who takes half an hour so far."""
    await agent.published(OUTLINE)
    instance: str = (await agent.started("leave", days=3))["instance"]
    await agent.advance("PT30M")
    return instance


async def stopped(agent: Agent, instance: str) -> None:
    """Let the boss approve, and booking fail for good."""
    task = await agent.task(instance)
    await agent.ask("task_act", task=task, action="complete", variables={"approved": True})
    (job,) = (await agent.ask("work_take", types=["leave.book"], instance=instance))["items"]
    await agent.ask("work_finish", job=job["job"], failure="no answer", retries=0)


def test_an_instance_is_drawn_with_what_each_element_waits_for_and_how_long_it_took() -> None:
    async def play(agent: Agent) -> None:
        drawn = await agent.ask("instance_draw", instance=await at_work(agent))
        assert 'data-element="approve"' in drawn["svg"]
        assert (drawn["name"], drawn["status"], drawn["version"]) == ("Leave", "active", 1)
        approve = of(drawn, "approve")
        assert (approve["state"], approve["tokens"], approve["passed"]) == ("active", 1, 1)
        assert approve["took"] == "PT30M"
        (wait,) = approve["waiting"]
        assert wait["roles"] == ["boss"]
        assert wait["due"]
        assert of(drawn, "start")["state"] == "completed"
        assert "state" not in of(drawn, "book")

    played(play)


def test_an_incident_stands_at_its_element_without_calls_that_mend_it() -> None:
    async def play(agent: Agent) -> None:
        instance = await at_work(agent)
        await stopped(agent, instance)
        book = of(await agent.ask("instance_draw", instance=instance), "book")
        assert (book["state"], book["incidents_total"]) == ("incident", 1)
        (incident,) = book["incidents"]
        assert incident["message"] == "no answer"
        assert "fixes" not in incident

    played(play)


def test_an_instance_is_drawn_as_it_stood_after_an_event() -> None:
    async def play(agent: Agent) -> None:
        instance = await at_work(agent)
        await stopped(agent, instance)
        history = (await agent.ask("instance_read", instance=instance, detail=["history"]))["history"]
        entered = next(each["seq"] for each in history if each.get("element") == "approve")
        drawn = await agent.ask("instance_draw", instance=instance, at=entered)
        assert of(drawn, "approve")["state"] == "active"
        assert "took" not in of(drawn, "approve")
        assert "passed" not in of(drawn, "book")

    played(play)


@pytest.mark.parametrize(
    ("colours", "legend"), [("state", "active"), ("time", "time spent"), ("passes", "times passed")]
)
def test_colours_tell_of_the_state_of_time_or_of_passes(colours: str, legend: str) -> None:
    async def play(agent: Agent) -> None:
        instance = await at_work(agent)
        for asked in ({"instance": instance}, {"process": "leave"}):
            operation = "instance_draw" if "instance" in asked else "process_draw"
            drawn = await agent.ask(operation, colours=colours, **asked)
            assert f">{legend}</text>" in drawn["svg"]
            assert drawn["colours"] == colours

    played(play)


def test_a_process_is_drawn_with_where_its_instances_stand() -> None:
    async def play(agent: Agent) -> None:
        instance = await at_work(agent)
        await agent.started("leave", days=1)
        await stopped(agent, instance)
        drawn = await agent.ask("process_draw", process="leave")
        assert (drawn["instances"], drawn["instances_total"], drawn["draft"]) == (2, 2, 1)
        assert (of(drawn, "approve")["state"], of(drawn, "approve")["tokens"]) == ("active", 1)
        assert (of(drawn, "book")["state"], of(drawn, "book")["incidents_total"]) == ("incident", 1)
        assert ">tokens there</text>" in drawn["svg"]
        assert "waiting" not in of(drawn, "approve")

    played(play)


def test_the_time_of_a_process_is_that_of_its_newest_instances_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def play(agent: Agent) -> None:
        await at_work(agent)
        await agent.started("leave", days=1)
        await agent.advance("PT30M")
        drawn = await agent.ask("process_draw", process="leave", version=1, colours="time")
        assert (of(drawn, "approve")["passed"], of(drawn, "approve")["took"]) == (2, "PT1H30M")
        monkeypatch.setattr(drawings, "EVENTS_MAX", 1)
        drawn = await agent.ask("process_draw", process="leave", colours="time")
        assert (drawn["instances"], drawn["instances_total"]) == (1, 2)
        assert of(drawn, "approve")["took"] == "PT30M"

    played(play)


def test_a_draft_that_was_never_run_is_drawn_all_the_same() -> None:
    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=OUTLINE)
        drawn = await agent.ask("process_draw", process="leave")
        assert drawn["draft"] == 1
        assert "version" not in drawn
        assert [each["element"] for each in drawn["elements"]] == ["start", "approve", "book", "granted"]
        assert (await agent.refusal("process_draw", process="leve"))["code"] == "process.unknown"
        assert (await agent.refusal("instance_draw", instance="leave:7"))["code"] == "instance.unknown"

    played(play)


def test_a_long_picture_comes_in_pages_of_one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    async def play(agent: Agent) -> None:
        instance = await at_work(agent)
        asked = {"instance": instance, "colours": "time"}
        whole = await agent.ask("instance_draw", **asked)
        monkeypatch.setattr(pages, "PAGE_CHARACTERS", 2_000)
        part = await agent.ask("instance_draw", **asked)
        await agent.advance("PT5H")
        text, first = part["svg"], part
        while "next_cursor" in part:
            part = await agent.ask("instance_draw", **asked, cursor=part["next_cursor"])
            assert part["digest"] == first["digest"]
            assert "elements" not in part
            text += part["svg"]
        assert text == whole["svg"]
        for cursor in ("x", "5@x", "@", "-1@5"):
            assert (await agent.refusal("instance_draw", **asked, cursor=cursor))["code"] == "cursor.invalid"

    played(play)


def test_the_heat_of_several_instances_is_added_up() -> None:
    one, other = Heat({"a": 1}, {"a": 5}), Heat({"a": 2, "b": 1}, {"b": 7})
    assert together([one, other]) == Heat({"a": 3, "b": 1}, {"a": 5, "b": 7})
    assert together([]) == Heat()


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(0, ""), (5, "PT0.005S"), (60_000, "PT1M"), (90_061_500, "P1DT1H1M1.500S"), (86_400_000, "P1D")],
)
def test_spans_of_time_are_iso_durations(milliseconds: int, text: str) -> None:
    assert iso_duration(milliseconds) == text
