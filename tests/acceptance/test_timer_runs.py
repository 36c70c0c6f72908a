"""Row 11 of the acceptance list: the last runs of start timers, and schedules that were edited, in the journal."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.timers import instant
from flowmaster.runtime import timers
from flowmaster.runtime.schedules import RUNS_KEPT
from flowmaster.server.settings import Settings
from flowmaster.server.wiring import open_app
from flowmaster.tools.registry import Caller
from tests.acceptance.agent import Agent, Body, played
from tests.acceptance.clocks import BEGIN, KINDS, Town, control, hourly, journal, the_timer, timed


@pytest.fixture(params=KINDS)
def town(request: pytest.FixtureRequest, tmp_path: Path) -> Town:
    return Town(request.param, tmp_path)


def test_the_journal_has_the_old_and_the_new_time_of_an_edited_schedule() -> None:
    async def play(agent: Agent) -> None:
        await hourly(agent, "0 9 * * *")
        await agent.ask("process_create", outline=timed("TZ=Europe/Berlin 0 7 * * *"))
        published = await agent.ask("process_publish", process="timed", reason="earlier")
        newest, first = [each for each in await journal(agent) if each["operation"] == "process_publish"]
        assert newest["reason"] == "earlier"
        (change,) = newest["data"]["timers"]
        assert change["before"] == {"time": "0 9 * * *", "next": "2027-03-01T09:00:00Z"}
        assert change["after"] == {"time": "TZ=Europe/Berlin 0 7 * * *", "next": "2027-03-01T06:00:00Z"}
        assert published["timers"][0]["after"] == change["after"]
        assert first["data"]["timers"][0]["before"] is None
        await agent.ask("process_create", outline={"process": "timed", "steps": [{"end": "done"}]})
        await agent.ask("process_publish", process="timed")
        assert (await journal(agent))[0]["data"]["timers"][0]["after"] is None

    played(play)


def test_the_last_runs_of_a_timer_are_told_with_what_became_of_them(town: Town) -> None:
    async def play(agent: Agent) -> None:
        await agent.ask("clock_advance", to=BEGIN)
        outline = timed("R/2027-03-01T01:00:00Z/PT1H")
        await agent.published({**outline, "roles": ["clerk"], "steps": [{"look": {"ask": "clerk"}}]})
        await agent.ask("clock_advance", to="2027-03-01T03:00:00Z")
        await agent.ask("instance_control", instance="timed:1", action="cancel")
        await control(agent, "trigger")
        runs = (await the_timer(agent, runs=10))["runs"]
        assert [(run["instance"], run["status"], run.get("by")) for run in runs] == [
            ("timed:4", "active", "local"),
            ("timed:3", "active", None),
            ("timed:2", "active", None),
            ("timed:1", "cancelled", None),
        ]
        assert [run["due"] for run in runs[1:]] == [f"2027-03-01T0{hour}:00:00Z" for hour in (3, 2, 1)]
        assert len((await the_timer(agent))["runs"]) == 3
        assert "runs" not in (await agent.ask("timer_find"))["items"][0]
        assert "runs" not in await the_timer(agent, runs=0)
        await agent.ask("clock_advance", to="2027-03-02T12:00:00Z")
        kept = (await the_timer(agent, runs=20))["runs"]
        assert (len(kept), kept[0]["due"]) == (RUNS_KEPT, "2027-03-02T12:00:00Z")
        assert (await agent.refusal("timer_find", process="timed", runs=21))["path"] == "runs"

    town.play(play)


def test_a_run_that_was_refused_is_told_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(*_: object) -> str:
        raise FlowMasterError("instance.too_large", "It is too large.", fix="Make it smaller.")

    async def play(agent: Agent) -> None:
        await hourly(agent)
        monkeypatch.setattr(timers, "begin", refusing)
        await agent.advance("PT1H")
        monkeypatch.undo()
        await agent.advance("PT1H")
        done, refused = (await the_timer(agent))["runs"]
        assert (done["status"], done["instance"]) == ("completed", "timed:1")
        assert (refused["status"], refused["problem"]) == ("refused", "instance.too_large")
        assert "instance" not in refused

    played(play)


def test_a_run_that_was_missed_is_told_as_such(jump: Callable[[int], None], tmp_path: Path) -> None:
    where = Settings(data=str(tmp_path), tools=("all",))

    async def play() -> None:
        async with open_app(where) as app:
            await Agent(app, Caller(door="test")).published(timed("R/PT1H", missed="skip"))
        jump(90 * 60_000)
        async with open_app(where) as app:
            agent = Agent(app, Caller(door="test"))
            runs: list[Body] = []
            for _ in range(100):
                runs = (await the_timer(agent)).get("runs", [])
                if runs:
                    break
                await asyncio.sleep(0.05)
            assert [run["status"] for run in runs] == ["missed"]
            assert instant(runs[0]["at"]) - instant(runs[0]["due"]) > 20 * 60_000

    asyncio.run(play())


def test_runs_and_pauses_hold_nothing_of_people_who_were_erased() -> None:
    async def play(agent: Agent) -> None:
        await hourly(agent)
        ann = Agent(agent.app, replace(agent.caller, actor="ann.example"))
        await control(ann, "trigger")
        await control(ann, "pause")
        await agent.ask("data_erase", instances=["timed:1"], what="everything")
        timer = await the_timer(agent)
        assert [run["status"] for run in timer["runs"]] == ["erased"]
        await agent.ask("data_erase", values=["ann.example"])
        timer = await the_timer(agent)
        assert "ann.example" not in str(timer)
        assert timer["paused"]["since"] == BEGIN
        assert (await control(agent, "resume"))["timer"]["times"]

    played(play)
