"""Row 11 of the acceptance list, as far as start timers reach: cron with zones, intervals, dates, working time."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flowmaster.engine.timers import Schedule, following, following_start, instant, later
from flowmaster.server.settings import Settings
from flowmaster.server.wiring import open_app
from flowmaster.tools.registry import Caller
from tests.acceptance.agent import Agent, Body, played
from tests.acceptance.clocks import timed
from tests.postgres import cluster

HOUR_MS = 3_600_000


async def shown(agent: Agent, **asked: Any) -> list[str]:
    """Return the coming times of the first timer."""
    read = await agent.ask("timer_find", **asked)
    return [one.get("local", one["at"]) for one in read["items"][0]["times"]]


FRIDAY = "2027-03-26T10:00:00Z"
"""Two days before the clocks of Europe go to summer time; 11:00 in Berlin."""


@pytest.mark.parametrize(
    ("when", "word", "times"),
    [
        (
            "TZ=Europe/Berlin 0 9 * * *",
            "every",
            ["2027-03-27T09:00:00+01:00", "2027-03-28T09:00:00+02:00", "2027-03-29T09:00:00+02:00"],
        ),
        (
            "TZ=Europe/Berlin 30 2 * * *",
            "every",
            ["2027-03-27T02:30:00+01:00", "2027-03-28T03:00:00+02:00", "2027-03-29T02:30:00+02:00"],
        ),
        ("R2/PT36H", "every", ["2027-03-27T22:00:00Z", "2027-03-29T10:00:00Z"]),
        ("R/P1D@office", "every", ["2027-03-29T09:00:00Z", "2027-03-30T09:00:00Z", "2027-03-31T09:00:00Z"]),
        ("2027-03-28T09:00:00@Europe/Berlin", "at", ["2027-03-28T07:00:00Z"]),
    ],
)
def test_the_coming_times_of_a_process_are_shown_and_kept(when: str, word: str, times: list[str]) -> None:
    async def play(agent: Agent) -> None:
        await agent.ask("clock_advance", to=FRIDAY)
        await agent.published(timed(when, word=word))
        assert await shown(agent, process="timed", count=3) == times
        await agent.ask("clock_advance", to="2027-03-31T12:00:00Z")
        begun = (await agent.ask("instance_find", process="timed", limit=100))["items"]
        histories = [
            await agent.ask("instance_read", instance=one["instance"], detail=["history"])
            for one in reversed(begun[-len(times) :])
        ]
        assert [instant(one["history"][0]["at"]) for one in histories] == list(map(instant, times))

    played(play)


def test_what_the_clocks_do_is_told_beside_the_times() -> None:
    async def play(agent: Agent) -> None:
        await agent.ask("clock_advance", to=FRIDAY)
        read = await agent.ask("timer_find", timer="TZ=Europe/Berlin 30 2 * * *", count=3)
        notes = [one.get("note", "") for one in read["items"][0]["times"]]
        assert notes[0] == notes[2] == ""
        assert "from UTC+01:00 to UTC+02:00" in notes[1]
        assert "skip" in notes[1]
        autumn = await agent.ask(
            "timer_find", timer="TZ=Europe/Berlin 30 2 * * *", after="2027-10-30T12:00:00Z", count=2
        )
        assert [one["at"] for one in autumn["items"][0]["times"]] == [
            "2027-10-31T00:30:00Z",
            "2027-11-01T01:30:00Z",
        ]

    played(play)


def test_a_timer_that_is_over_and_all_timers_of_all_processes_are_shown() -> None:
    async def play(agent: Agent) -> None:
        await agent.published(timed("R1/PT1H", process="once-only"))
        await agent.published(timed("R/PT2H", process="again", missed="once"))
        await agent.advance("PT90M")
        read = await agent.ask("timer_find")
        assert [(one["process"], len(one["times"])) for one in read["items"]] == [
            ("again", 5),
            ("once-only", 0),
        ]
        assert read["items"][0]["missed"] == "once"
        assert (await agent.refusal("timer_find", process="agian"))["code"] == "process.unknown"

    played(play)


@pytest.mark.parametrize(
    ("when", "says", "suggests"),
    [
        ("0 0 31 2 *", "never comes true", "0 0 28 2 *"),
        ("TZ=Europe/Berlin 0 9 31 4,6 *", "never comes true", "TZ=Europe/Berlin 0 9 30 4,6 *"),
        ("TZ=Europe/Berln 0 9 * * *", "'Europe/Berln'", "Europe/Berlin"),
        (
            "R/2027-02-01T00:00:00Z/P1D/2027-01-01T00:00:00Z",
            "ends before it begins",
            "R/2027-01-01T00:00:00Z/P1D/2027-02-01T00:00:00Z",
        ),
        ("R/PT0.5S", "more often than every second", "R/PT1S"),
        ("R/PT0S", "cannot be read", "takes time"),
        ("0 25 * * *", "outside 0 to 23", "0 9 * * MON-FRI"),
        ("R3/P1D@ofice", "ofice", "office"),
    ],
)
def test_a_time_that_makes_no_sense_is_refused_with_one_that_does(
    when: str, says: str, suggests: str
) -> None:
    async def play(agent: Agent) -> None:
        created = await agent.ask("process_create", outline=timed(when))
        (problem,) = created["problems"]
        assert problem["severity"] == "error"
        assert says in problem["message"]
        assert suggests in problem["message"] + problem["fix"]
        refused = await agent.refusal("process_publish", process="timed")
        assert refused["code"] == "process.has_errors"
        if "@" not in when:
            tried = await agent.refusal("timer_find", timer=when)
            assert suggests in tried["message"] + tried.get("fix", "")

    played(play)


def test_what_is_done_about_missed_times_is_one_of_three_words() -> None:
    async def play(agent: Agent) -> None:
        refused = await agent.refusal("process_create", outline=timed("R/PT1H", missed="never"))
        assert "skip" in str(refused)
        await agent.ask("process_create", outline=timed("R/PT1H", missed="skip"))
        read = await agent.ask("process_read", process="timed")
        assert "missed: skip" in read["content"]
        bpmn = (await agent.ask("process_read", process="timed", view="bpmn"))["content"]
        wrong = bpmn.replace('run="skip"', 'run="perhaps"')
        (problem,) = (await agent.ask("process_create", bpmn=wrong))["problems"]
        assert problem["code"] == "timer.missed_unknown"

    played(play)


@pytest.mark.parametrize(
    ("when", "missed", "runs"),
    [
        ("0 * * * *", "", 1),
        ("0 * * * *", "skip", 0),
        ("0 * * * *", "once", 1),
        ("0 * * * *", "all", 5),
        ("R/PT1H", "", 5),
        ("R/PT1H", "skip", 0),
        ("R/PT1H", "once", 1),
        ("R/PT1H", "all", 5),
        ("R3/PT1H", "all", 3),
        ("R3/PT1H", "once", 1),
    ],
)
def test_times_that_pass_while_no_server_runs_are_left_out_or_made_up_for(
    when: str, missed: str, runs: int, jump: Callable[[int], None], tmp_path: Path
) -> None:
    settings = Settings(data=str(tmp_path), tools=("all",))

    async def publish() -> None:
        async with open_app(settings) as app:
            await Agent(app, Caller(door="test")).published(timed(when, missed=missed))

    async def begun() -> int:
        async with open_app(settings) as app:
            agent = Agent(app, Caller(door="test"))
            for _ in range(100):
                (timer,) = (await agent.ask("timer_find", count=1))["items"]
                now = app.runtime.now()
                if not timer["times"] or instant(timer["times"][0]["at"]) > now:
                    break
                await asyncio.sleep(0.05)
            await asyncio.sleep(0.2)
            return int((await agent.ask("instance_find", process="timed", limit=100))["total"])

    jump(HOUR_MS - time.time_ns() // 1_000_000 % HOUR_MS + 60_000)  # A minute past the hour.
    asyncio.run(publish())
    jump(5 * HOUR_MS + HOUR_MS // 2)
    assert asyncio.run(begun()) == runs


@pytest.mark.parametrize("every", ["PT1S", "PT7M", "P1D", "P1M", "P1Y"])
def test_going_on_behind_missed_times_is_what_counting_them_one_by_one_gives(every: str) -> None:
    for left in (-1, 0, 3, 400):
        for passed in (0, 999, 1_000, 90_000, 400 * 24 * HOUR_MS // 7):
            timer = Schedule(1_000_000, every, left)
            at = timer.due + passed
            slow = following(timer, at)
            while slow is not None and slow.due <= at:
                slow = following(slow, at)
            assert following_start(timer, at, "once") == slow
    assert later(0, every) > 0


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_servers_that_share_a_store_begin_one_run_at_each_time(kind: str, tmp_path: Path) -> None:
    store = cluster().fresh() if kind == "postgres" else ""

    async def play() -> None:
        folders = [tmp_path / str(number if store else 0) for number in range(3)]
        where = [Settings(data=str(folder), store=store, tools=("all",)) for folder in folders]
        async with open_app(where[0]) as one, open_app(where[1]) as two, open_app(where[2]) as three:
            agents = [Agent(app, Caller(door="test")) for app in (one, two, three)]
            await agents[0].published(timed("* * * * * *"))
            found: list[Body] = []
            for _ in range(100):
                await asyncio.sleep(0.1)
                found = (await agents[1].ask("instance_find", process="timed", limit=100))["items"]
                if len(found) >= 4:
                    break
            reads = [
                await agents[2].ask("instance_read", instance=item["instance"], detail=["history"])
                for item in found
            ]
            seconds = Counter(instant(read["history"][0]["at"]) // 1000 for read in reads)
            assert len(found) >= 4
            assert set(seconds.values()) == {1}
            assert max(seconds) - min(seconds) == len(found) - 1

    asyncio.run(play())
