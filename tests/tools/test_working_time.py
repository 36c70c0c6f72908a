"""Durations with the name of a calendar are working time, wherever a process has one."""

from typing import Any

import pytest

from tests.acceptance.agent import Agent, played

OFFICE: dict[str, Any] = {
    "zone": "Europe/Berlin",
    "hours": {"mon-fri": "09:00-12:00 13:00-17:00"},
    "closed": ["2027-01-06"],
}
CLAIM: dict[str, Any] = {
    "process": "claim",
    "data": {"ok": "boolean", "span": "text"},
    "start": {"needs": ["span?"]},
    "calendars": {"office": OFFICE},
    "steps": [
        {"check": {"ask": "clerk", "into": "ok", "remind": "PT4H@office", "within": "P2D@office"}},
        {"rest": {"wait": '=if span = null then "PT2H@office" else span'}},
        {"end": "done"},
    ],
}
TUESDAY = "2027-01-05T14:00:00Z"
"""15:00 in Berlin; the day after is closed."""


async def at_tuesday(agent: Agent, **variables: Any) -> str:
    """Start a claim on a Tuesday afternoon."""
    process = await agent.published(CLAIM)
    await agent.ask("clock_advance", to=TUESDAY)
    return str((await agent.started(process, **variables))["instance"])


async def reminded(agent: Agent, instance: str) -> int:
    """Return how often a history tells of reminders."""
    history = (await agent.ask("instance_read", instance=instance, detail=["history"]))["history"]
    return sum("remind" in str(entry) for entry in history)


def test_reminders_due_dates_and_waits_count_open_hours() -> None:
    async def play(agent: Agent) -> None:
        instance = await at_tuesday(agent)
        (task,) = (await agent.ask("task_find", instance=instance))["items"]
        assert "2027-01-08T14:00:00Z" in str(task), task
        await agent.ask("clock_advance", to="2027-01-07T09:59:00Z")
        before = await reminded(agent, instance)
        await agent.ask("clock_advance", by="PT1M")  # two hours on Tuesday, two on Thursday
        assert await reminded(agent, instance) > before
        await agent.ask("clock_advance", to="2027-01-08T15:30:00Z")
        await agent.ask(
            "task_act", task=task["task"], action="complete", as_user="bob", variables={"ok": True}
        )
        (wait,) = (await agent.ask("instance_read", instance=instance))["waiting"]
        assert "2027-01-11T09:30:00Z" in str(wait)
        await agent.ask("clock_advance", to="2027-01-11T09:30:00Z")
        assert (await agent.ask("instance_read", instance=instance))["status"] == "completed"

    played(play)


def test_a_calendar_that_is_unknown_while_it_runs_is_an_incident_that_names_those_there_are() -> None:
    async def play(agent: Agent) -> None:
        instance = await at_tuesday(agent, span="P1D@offce")
        task = await agent.task(instance)
        await agent.ask("task_act", task=task, action="complete", as_user="bob", variables={"ok": True})
        (incident,) = (await agent.ask("instance_read", instance=instance))["incidents"]
        assert incident["code"] == "calendar.unknown"
        assert "Did you mean 'office'?" in incident["message"]

    played(play)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"calendars": {}}, "deadline.after_malformed"),
        ({"calendars": {"office": OFFICE, "other place": OFFICE}}, "outline.value_wrong"),
        ({"calendars": {"office": {"hours": {"mon": "9 to 5"}}}}, "outline.value_wrong"),
        ({"calendars": ["office"]}, "outline.value_wrong"),
    ],
)
def test_what_is_wrong_with_calendars_is_told_before_publishing(change: dict[str, Any], code: str) -> None:
    async def play(agent: Agent) -> None:
        answer = await agent.answer("process_create", {"outline": {**CLAIM, **change}})
        assert code in answer.text

    played(play)


def test_calendars_are_shown_and_edited() -> None:
    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=CLAIM)
        edit = {"set_calendars": {"office": {"hours": {"sat": "10:00-12:00"}}, "shop": OFFICE}}
        await agent.ask("process_edit", process="claim", edits=[edit])
        shown = (await agent.ask("process_read", process="claim"))["content"]
        assert "office: {hours: {sat: '10:00-12:00'}}" in shown
        assert "P2D@office" in shown
        await agent.ask("process_edit", process="claim", edits=[{"set_calendars": {"shop": None}}])
        refusal = await agent.refusal(
            "process_edit", process="claim", edits=[{"set_calendars": {"shop": None}}]
        )
        assert refusal["code"] == "edit.calendar_unknown"

    played(play)
