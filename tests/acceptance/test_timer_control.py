"""Row 11 of the acceptance list: start timers paused, resumed and triggered, their schedules edited, their runs listed."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from flowmaster.runtime.schedules import RUNS_KEPT
from flowmaster.server.wiring import open_app
from flowmaster.tools.registry import Caller
from flowmaster.tools.roles import rights_of
from tests.acceptance.agent import Agent, Body, outcome, played, whole_state
from tests.acceptance.clocks import BEGIN, KINDS, Town, begun, control, hourly, journal, the_timer, timed
from tests.acceptance.town import bpmn

TWO = (
    '<startEvent id="day"><timerEventDefinition><timeCycle>0 9 * * *</timeCycle></timerEventDefinition></startEvent>'
    '<startEvent id="night"><timerEventDefinition><timeCycle>0 21 * * *</timeCycle></timerEventDefinition></startEvent>'
    '<endEvent id="end"/><sequenceFlow id="f1" sourceRef="day" targetRef="end"/>'
    '<sequenceFlow id="f2" sourceRef="night" targetRef="end"/>'
)
SEVERAL = (
    '<startEvent id="s"><timerEventDefinition><timeCycle>0 9 * * *</timeCycle></timerEventDefinition>'
    "<timerEventDefinition><timeCycle>0 21 * * *</timeCycle></timerEventDefinition></startEvent>"
    '<endEvent id="end"/><sequenceFlow id="f" sourceRef="s" targetRef="end"/>'
)


@pytest.fixture(params=KINDS)
def town(request: pytest.FixtureRequest, tmp_path: Path) -> Town:
    return Town(request.param, tmp_path)


def test_a_paused_timer_fires_no_more_and_goes_on_with_the_next_time(town: Town) -> None:
    async def first(agent: Agent) -> None:
        await hourly(agent)
        await agent.advance("PT90M")
        assert await begun(agent) == 1
        paused = await control(agent, "pause", reason="month end")
        assert paused["timer"]["paused"] == {"since": "2027-03-01T01:30:00Z", "by": "local"}
        assert paused["timer"]["times"] == []
        assert paused["next"][0]["arguments"]["action"] == "resume"
        await agent.advance("PT3H")

    async def after_a_restart(agent: Agent) -> None:
        await agent.advance("PT1H")
        assert await begun(agent) == 1
        assert (await the_timer(agent))["paused"]["since"] == "2027-03-01T01:30:00Z"
        (every,) = (await agent.ask("timer_find"))["items"]
        assert every["paused"]["by"] == "local"
        tried = await control(agent, "resume", dry_run=True)
        assert "paused" in await the_timer(agent)
        resumed = await control(agent, "resume", reason="done")
        assert outcome(tried) == outcome(resumed)
        assert "4 times passed" in resumed["decided"]
        assert resumed["timer"]["times"][0]["at"] == "2027-03-01T06:00:00Z"
        await agent.advance("PT1H")
        assert await begun(agent) == 2
        told = {entry["operation"]: entry for entry in await journal(agent)}
        pause, resume = told["timer_control.pause"], told["timer_control.resume"]
        assert (pause["by"], pause["reason"], pause["at"]) == ("local", "month end", "2027-03-01T01:30:00Z")
        assert pause["data"]["next"] == "2027-03-01T02:00:00Z"
        assert resume["reason"] == "done"
        assert (resume["data"]["passed"], resume["data"]["next"]) == (4, "2027-03-01T06:00:00Z")
        assert (await agent.ask("audit_verify", scope="process:timed"))["whole"]

    town.play(first)
    town.play(after_a_restart)


@pytest.mark.parametrize(
    ("when", "missed", "at_once", "later"),
    [
        ("R/2027-03-01T01:00:00Z/PT1H", "", 0, 2),
        ("R/2027-03-01T01:00:00Z/PT1H", "skip", 0, 2),
        ("R/2027-03-01T01:00:00Z/PT1H", "once", 1, 2),
        ("R/2027-03-01T01:00:00Z/PT1H", "all", 4, 2),
        ("0 * * * *", "", 0, 2),
        ("0 * * * *", "skip", 0, 2),
        ("0 * * * *", "once", 1, 2),
        ("0 * * * *", "all", 4, 2),
        # A count is kept: only runs use it up.
        ("R3/2027-03-01T01:00:00Z/PT1H", "", 0, 3),
        ("R3/2027-03-01T01:00:00Z/PT1H", "once", 1, 2),
        ("R3/2027-03-01T01:00:00Z/PT1H", "all", 3, 0),
        # An end holds, whatever passed.
        ("R/2027-03-01T01:00:00Z/PT1H/2027-03-01T06:00:00Z", "", 0, 2),
        ("R/2027-03-01T01:00:00Z/PT1H/2027-03-01T06:00:00Z", "once", 1, 2),
        ("R/2027-03-01T01:00:00Z/PT1H/2027-03-01T06:00:00Z", "all", 4, 2),
        ("R/2027-03-01T01:00:00Z/PT1H/2027-03-01T03:00:00Z", "", 0, 0),
        ("R/2027-03-01T01:00:00Z/PT1H/2027-03-01T03:00:00Z", "once", 1, 0),
    ],
)
def test_what_passed_in_a_pause_is_dealt_with_as_missed_says(
    when: str, missed: str, at_once: int, later: int
) -> None:
    until = "2027-03-01T09:30:00Z" if when.startswith("R3") else "2027-03-01T06:30:00Z"

    async def play(agent: Agent) -> None:
        await hourly(agent, when, missed)
        await control(agent, "pause")
        await agent.ask("clock_advance", to="2027-03-01T04:30:00Z")
        resumed = await control(agent, "resume")
        assert "passed while it was paused" in resumed["decided"]
        await agent.ask("clock_advance", to="2027-03-01T04:30:01Z")
        assert await begun(agent) == at_once
        await agent.ask("clock_advance", to=until)
        assert await begun(agent) == at_once + later
        if when.startswith("R3"):
            assert (await the_timer(agent))["times"] == []

    played(play)


def test_a_single_time_that_passed_in_a_pause_is_over_and_can_be_triggered() -> None:
    async def play(agent: Agent) -> None:
        await agent.ask("clock_advance", to=BEGIN)
        await agent.published(timed("2027-03-01T05:00:00Z", word="at"))
        await control(agent, "pause")
        await agent.ask("clock_advance", to="2027-03-02T00:00:00Z")
        resumed = await control(agent, "resume")
        assert "over" in resumed["decided"]
        (hint,) = resumed["next"]
        assert hint["arguments"]["action"] == "trigger"
        assert await begun(agent) == 0
        assert (await agent.refusal("timer_control", process="timed", action="pause"))["code"] == "timer.over"
        await agent.ask(hint["operation"], **hint["arguments"])
        assert await begun(agent) == 1

    played(play)


def test_a_pause_of_no_time_changes_nothing_of_the_times() -> None:
    async def play(agent: Agent) -> None:
        await hourly(agent, "R5/2027-03-01T01:00:00Z/PT1H")
        await agent.ask("clock_advance", to="2027-03-01T02:10:00Z")
        before = await the_timer(agent)
        assert (before["left"], before["times"][0]["at"]) == (3, "2027-03-01T03:00:00Z")
        assert (await control(agent, "pause"))["timer"]["left"] == 3
        resumed = await control(agent, "resume")
        assert "No time passed" in resumed["decided"]
        assert await the_timer(agent) == before

    played(play)


def test_every_server_keeps_to_a_pause_that_another_was_asked_for(town: Town) -> None:
    async def play(one: Agent, two: Agent) -> None:
        await hourly(one)
        await control(one, "pause")
        await two.advance("PT3H")
        assert await begun(two) == 0
        assert (await two.refusal("timer_control", process="timed", action="pause"))["code"] == "timer.paused"
        assert "3 times" in (await control(two, "resume"))["decided"]
        await one.advance("PT1H")
        assert (await begun(one), await begun(two)) == (1, 1)
        refused = await one.refusal("timer_control", process="timed", action="resume")
        assert refused["code"] == "timer.not_paused"

    town.play(play, servers=2)


@pytest.mark.parametrize("kind", KINDS)
def test_servers_at_work_begin_one_run_at_each_time_around_pauses(kind: str, tmp_path: Path) -> None:
    """Real clocks: three servers fire every second, while timers are paused and resumed at any of them."""
    town = Town(kind, tmp_path)

    async def play() -> None:
        async with AsyncExitStack() as stack:
            agents = []
            for number in range(3):
                where = replace(town.settings(number), clock="real")
                app = await stack.enter_async_context(open_app(where))
                agents.append(Agent(app, Caller(door="test")))
            await agents[0].published(timed("R/PT1S"))
            for turn in range(4):
                await asyncio.sleep(1.6)
                await control(agents[turn % 3], "pause")
                quiet = await begun(agents[0])
                await asyncio.sleep(1.2)
                assert await begun(agents[0]) == quiet
                await control(agents[(turn + 1) % 3], "resume")
            await asyncio.sleep(1.2)
            await control(agents[0], "pause")
            runs = (await the_timer(agents[1], runs=RUNS_KEPT))["runs"]
            dues = [run["due"] for run in runs]
            assert len(runs) == await begun(agents[2]) == len(set(dues))
            assert {run["status"] for run in runs} == {"completed"}
            assert len(runs) >= 3

    asyncio.run(play())


def test_publishing_while_paused_keeps_the_pause_and_tells_old_and_new_time(town: Town) -> None:
    async def play(agent: Agent) -> None:
        await hourly(agent)
        await control(agent, "pause")
        await agent.ask("process_create", outline=timed("R/PT30M", missed="skip"))
        published = await agent.ask("process_publish", process="timed")
        (change,) = published["timers"]
        assert change["paused"]
        assert change["before"]["time"] == "R/2027-03-01T01:00:00Z/PT1H"
        assert change["after"] == {"time": "R/PT30M", "missed": "skip"}
        await agent.advance("PT2H")
        assert await begun(agent) == 0
        timer = await the_timer(agent)
        assert (timer["version"], timer["every"], timer["paused"]["since"]) == (2, "PT30M", BEGIN)
        resumed = await control(agent, "resume")
        assert resumed["timer"]["times"][0]["at"] == "2027-03-01T02:30:00Z"
        await agent.advance("PT30M")
        assert await begun(agent) == 1

    town.play(play)


def test_a_pause_ends_with_its_timer_and_moves_with_the_only_one() -> None:
    async def play(agent: Agent) -> None:
        await agent.ask("clock_advance", to=BEGIN)
        await agent.published(None, bpmn=bpmn(TWO))
        await agent.ask("timer_control", process="p", action="pause", element="day")
        one = TWO.split("<startEvent id=")[1]
        only = (
            "<startEvent id=" + one + TWO[TWO.index('<endEvent id="end"/>') :].split("<sequenceFlow id=")[0]
        )
        flow = '<sequenceFlow id="f1" sourceRef="day" targetRef="end"/>'
        for text, paused in [
            (bpmn(only + flow), True),
            (bpmn((only + flow).replace('"day"', '"dawn"')), True),
            (bpmn(TWO), False),
        ]:
            await agent.ask("process_create", bpmn=text)
            await agent.ask("process_publish", process="p")
            found = (await agent.ask("timer_find", process="p"))["items"]
            assert [("paused" in each) for each in found] == [paused] * len(found)
        gone = (await journal(agent, "p"))[0]["data"]["timers"]
        assert {(each["element"], each["after"] is None) for each in gone} >= {("dawn", True)}

    played(play)


def test_triggering_begins_one_instance_now_and_leaves_the_times_alone(town: Town) -> None:
    async def play(agent: Agent) -> None:
        await hourly(agent, "R5/2027-03-01T01:00:00Z/PT1H")
        before = await the_timer(agent, runs=0)
        tried = await control(agent, "trigger", dry_run=True)
        assert await begun(agent) == 0
        assert "next" not in tried
        asked: Body = {"reason": "asked for by the auditor", "idempotency_key": "now"}
        first = await control(agent, "trigger", **asked)
        assert await control(agent, "trigger", **asked) == first
        assert (first["instance"], tried["instance"]) == ("timed:1", "timed:1")
        assert await begun(agent) == 1
        assert await the_timer(agent, runs=0) == before
        (hint,) = first["next"]
        read = await agent.ask(hint["operation"], **hint["arguments"], detail=["history"])
        assert read["history"][0]["by"] == "local"
        assert read["history"][0]["data"]["reason"] == "asked for by the auditor"
        entry = (await journal(agent))[0]
        assert (entry["operation"], entry["data"]["instance"]) == ("timer_control.trigger", "timed:1")
        conflict = await agent.refusal(
            "timer_control", process="timed", action="pause", idempotency_key="now"
        )
        assert conflict["code"] == "idempotency.conflict"
        await control(agent, "pause")
        assert (await control(agent, "trigger"))["timer"]["paused"]
        assert await begun(agent) == 2

    town.play(play)


@pytest.mark.parametrize("action", ["pause", "resume"])
def test_the_same_key_acts_once(action: str, town: Town) -> None:
    async def play(agent: Agent) -> None:
        await hourly(agent)
        if action == "resume":
            await control(agent, "pause")
        first = await control(agent, action, idempotency_key="k")
        assert await control(agent, action, idempotency_key="k") == first
        operations = [each["operation"] for each in await journal(agent)]
        assert operations.count(f"timer_control.{action}") == 1

    town.play(play)


def test_an_answer_that_was_lost_is_told_again() -> None:
    async def play(agent: Agent) -> None:
        await hourly(agent)
        for action in ("pause", "resume", "trigger"):
            first = await control(agent, action, idempotency_key=action)
            await agent.app.runtime.write(lambda tx, key=action: tx.remember("default", key, None))  # type: ignore[misc]  # a key of its own
            assert await control(agent, action, idempotency_key=action) == first
            await agent.advance("PT90M")
        assert await begun(agent) == 4

    played(play)


def test_what_is_asked_wrongly_is_refused_with_what_is_right() -> None:
    async def play(agent: Agent) -> None:
        await hourly(agent)
        await agent.published(None, bpmn=bpmn(TWO))
        await agent.published({"process": "plain", "steps": [{"end": "done"}]})
        await agent.ask("process_create", outline=timed("R/PT1H", process="drafted"))
        before = whole_state(agent.app)
        wrong: list[tuple[Body, str, str]] = [
            ({"process": "timd"}, "process.unknown", "timed"),
            ({"process": "drafted"}, "process.not_published", "drafted"),
            ({"process": "plain"}, "timer.none", "plain"),
            ({"process": "p"}, "timer.ambiguous", "day"),
            ({"process": "p", "element": "nite"}, "timer.unknown", "'night'"),
            ({"process": "p", "element": "night", "number": 1}, "timer.unknown", "0"),
            ({"process": "timed", "action": "resume"}, "timer.not_paused", "not paused"),
            ({"process": "timed", "action": "stop"}, "arguments.invalid", "trigger"),
        ]
        for asked, code, says in wrong:
            refused = await agent.refusal("timer_control", **{"action": "pause", **asked})
            assert refused["code"] == code, refused
            assert says in str(refused)
        assert whole_state(agent.app) == before

    played(play)


def test_of_several_timers_the_one_that_is_named_is_meant() -> None:
    async def play(agent: Agent) -> None:
        await agent.ask("clock_advance", to=BEGIN)
        await agent.published(None, bpmn=bpmn(TWO))
        await agent.published(None, bpmn=bpmn(SEVERAL).replace('"p"', '"q"'))
        await agent.ask("timer_control", process="p", action="pause", element="night")
        refused = await agent.refusal("timer_control", process="q", action="pause", element="s")
        assert (refused["code"], refused["path"]) == ("timer.ambiguous", "number")
        assert refused["expected"] == [0, 1]
        paused = await agent.ask("timer_control", process="q", action="pause", number=0)
        assert paused["timer"].get("number", 0) == 0
        await agent.advance("P1D")
        assert (await begun(agent, "p"), await begun(agent, "q")) == (1, 1)
        runs = (await agent.ask("timer_find", process="q"))["items"]
        assert [(one.get("number", 0), "paused" in one) for one in runs] == [(1, False), (0, True)]

    played(play)


def test_a_dry_run_changes_nothing_and_says_what_the_call_would() -> None:
    async def play(agent: Agent) -> None:
        await hourly(agent)
        for action in ("pause", "resume", "trigger"):
            before = whole_state(agent.app)
            tried = await control(agent, action, dry_run=True)
            assert whole_state(agent.app) == before
            assert outcome(await control(agent, action)) == outcome(tried)

    played(play)


def test_who_may_not_operate_may_not_and_other_tenants_see_nothing() -> None:
    async def play(agent: Agent) -> None:
        await hourly(agent)
        await control(agent, "pause")
        for role, may in [("reader", False), ("worker", False), ("designer", False), ("operator", True)]:
            other = Agent(agent.app, replace(agent.caller, actor="kim", rights=rights_of((role,))))
            if may:
                await control(other, "resume")
                told = await control(behalf_of_ann(other), "pause")
                assert told["timer"]["paused"]["by"] == "ann"
                assert told["timer"]["paused"]["agent"] == "kim"
            else:
                refused = await other.refusal("timer_control", process="timed", action="resume")
                assert refused["code"] == "access.denied"
                assert (await the_timer(other))["paused"]["by"] == "local"
        stranger = agent.of("elsewhere")
        refused = await stranger.refusal("timer_control", process="timed", action="resume")
        assert refused["code"] == "process.unknown"
        assert (await stranger.ask("timer_find"))["total"] == 0

    played(play)


def behalf_of_ann(agent: Agent) -> Agent:
    """Return the agent as it acts for ann."""
    return Agent(agent.app, replace(agent.caller, on_behalf_of="ann"))
