"""The course of an instance: what is done, what is open with since and due, and what may come next."""

from typing import Any

import pytest

from tests.acceptance.agent import Agent, Body, played

VISIT: dict[str, Any] = {
    "process": "visit",
    "roles": {"host": "Hosts", "guard": "Guards"},
    "data": {"guest": "text", "ok": "boolean", "badge": "text"},
    "start": {"needs": ["guest"]},
    "steps": [
        {"invite": {"ask": "host", "form": {"ok": "boolean"}, "into": "ok"}},
        {"let in": {"ask": "guard", "form": {"badge": "text"}, "into": "badge", "due": "PT2H", "remind": "PT1H"}},
        {"if": "ok", "then": [{"show around": {"ask": "host", "form": {}}}]},
        {"say goodbye": {"ask": "guard", "form": {}}},
        {"end": "gone"},
    ],
}  # fmt: skip


async def under_way(agent: Agent) -> str:
    """Return a visit of which one step is done, and whose next one is open for three hours."""
    await agent.published(VISIT)
    instance = (await agent.started("visit", guest="Ann"))["instance"]
    await agent.advance("PT30M")
    task = await agent.task(instance)
    await agent.ask("task_act", task=task, action="claim")
    await agent.ask("task_act", task=task, action="complete", variables={"ok": True})
    await agent.advance("PT3H")
    return str(instance)


def test_what_is_done_open_and_possible_is_told_with_its_times() -> None:
    async def play(agent: Agent) -> None:
        course = await agent.ask("instance_timeline", instance=await under_way(agent))
        (done,) = course["done"]
        assert (done["element"], done["took"]) == ("invite", "PT30M")
        assert done["by"]
        assert course["done_total"] == 1
        (step,) = course["active"]
        assert (step["element"], step["kind"], step["open_for"]) == ("let_in", "user_task", "PT3H")
        assert step["since"] == done["ended"]
        assert step["overdue"] is True
        assert step["who"] == "guard"
        assert step["task"]
        possible = [(one["element"], one["after"], one["who"]) for one in course["possible"]]
        assert possible == [("show_around", "let_in", "Hosts"), ("say_goodbye", "let_in", "Guards")]
        assert "chart" not in course

    played(play)


def test_the_chart_has_a_bar_for_each_and_marks_what_is_late() -> None:
    async def play(agent: Agent) -> None:
        instance = await under_way(agent)
        lines = (await agent.ask("instance_timeline", instance=instance, view="mermaid"))[
            "chart"
        ].splitlines()
        assert lines[0] == "gantt"
        sections = [line.removeprefix("  section ") for line in lines if line.startswith("  section ")]
        assert sections == ["Done", "Open", "Possible next"]
        assert any(line.startswith("  invite :done, d0, ") for line in lines)
        assert any(line.startswith("  let in :crit, active, a0, ") for line in lines)
        assert any(line.startswith("  let in due :milestone, u0, ") for line in lines)
        assert any(line.startswith("  say goodbye :milestone, p1, ") for line in lines)

    played(play)


def test_a_cancelled_step_says_so_and_what_has_ended_has_nothing_possible() -> None:
    async def play(agent: Agent) -> None:
        instance = await under_way(agent)
        await agent.ask("instance_control", instance=instance, action="cancel", reason="Ann is ill")
        course = await agent.ask("instance_timeline", instance=instance, view="mermaid")
        assert course["status"] == "cancelled"
        assert [(one["element"], one.get("state", "")) for one in course["done"]] == [
            ("invite", ""),
            ("let_in", "cancelled"),
        ]
        assert (course["active"], course["possible"]) == ([], [])
        assert ":done, crit, d1" in course["chart"]

    played(play)


def test_many_done_steps_come_page_by_page() -> None:
    async def play(agent: Agent) -> None:
        steps: list[Any] = [{f"step {number}": {"set": {"n": str(number)}}} for number in range(25)]
        steps.append({"stop": {"ask": "host", "form": {}}})
        outline: dict[str, Any] = {
            "process": "many",
            "roles": ["host"],
            "data": {"n": "number"},
            "steps": steps,
        }
        await agent.published(outline)
        instance = (await agent.started("many"))["instance"]
        seen: list[Body] = []
        cursor: str | None = None
        for _ in range(3):
            given = {} if cursor is None else {"cursor": cursor}
            course = await agent.ask("instance_timeline", instance=instance, **given)
            seen += course["done"]
            cursor = course.get("next_cursor")
            assert course["done_total"] == 25
        assert [one["name"] for one in seen] == [f"step {number}" for number in range(25)]
        assert cursor is None

    played(play)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"instance": "visit:9"}, "instance.unknown"),
        ({"instance": "visit:1", "cursor": "x"}, "cursor.invalid"),
        ({"instance": "visit:1", "view": "gannt"}, "arguments.invalid"),
        ({"instance": "visit:1", "limit": 0}, "arguments.invalid"),
    ],
)
def test_what_there_is_not_is_refused(given: dict[str, Any], code: str) -> None:
    async def play(agent: Agent) -> None:
        instance = await under_way(agent)
        assert instance == "visit:1"
        assert (await agent.refusal("instance_timeline", **given))["code"] == code
        other = agent.of("elsewhere")
        assert (await other.refusal("instance_timeline", instance=instance))["code"] == "instance.unknown"

    played(play)
