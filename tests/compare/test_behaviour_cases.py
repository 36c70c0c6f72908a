"""Cases of a comparison: real instances beside scenarios and generated ones, within bounds of time and length."""

import threading
import time
from dataclasses import replace
from typing import Any

import anyio
import pytest
from mcp import Client

from flowmaster.server.mcp_door import mcp_server
from flowmaster.server.wiring import open_app
from flowmaster.tools import behaviour_play
from flowmaster.tools.invoke import invoke
from flowmaster.tools.registry import Call, Caller
from flowmaster.tools.scenario_stage import Stage
from tests.acceptance.agent import Agent, Body, body_of, played, settings
from tests.compare.behaviours import TRIP, compared, published, trip
from tests.token_count import token_count

BARE = trip((("scenarios",), None))
AT_LEAST = (("steps", 3, "if"), "cost >= 500")


async def real(agent: Agent, cost: int, *, ok: bool = True) -> str:
    """Let an instance go to its end: the approval comes late, and the booking succeeds at its second try."""
    started = await agent.started("trip", cost=cost, traveller="ann")
    instance = str(started["instance"])
    await agent.advance("P2DT1H")
    task = await agent.task(instance, "approve")
    await agent.ask("task_act", task=task, action="complete", as_user="bob", variables={"ok": ok})
    if ok and cost > 500:
        note = await agent.task(instance, "check")
        await agent.ask("task_act", task=note, action="complete", as_user="cy", variables={"note": "fine"})
    for failure in ("away", "") if ok else ():
        (job,) = (await agent.ask("work_take", instance=instance))["items"]
        result: Body = {"failure": failure} if failure else {"variables": {"booking": f"B-{cost}"}}
        await agent.ask("work_finish", job=job["job"], **result)
        await agent.advance("PT6M")
    return instance


def test_real_instances_of_the_older_version_are_played_again() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, BARE)
        for cost, ok in ((500, True), (700, True), (10, False)):
            await real(agent, cost, ok=ok)
        body = await compared(agent, trip((("scenarios",), None), AT_LEAST))
        assert body["behaviour"]["sources"]["recorded"] == 3, body
        (difference,) = body["behaviour"]["differences"]
        assert difference["sources"]["recorded"] == 1
        assert "notes" not in body["behaviour"]
        late = await compared(
            agent, trip((("scenarios",), None), (("steps", 4, "book", "retry"), {"times": 3, "wait": "PT9M"}))
        )
        (difference,) = late["behaviour"]["differences"]
        assert difference["sources"]["recorded"] == 2
        turned = await compared(agent, trip((("scenarios",), None), (("steps", 2, "if"), "ok")))
        assert sum(each["sources"].get("recorded", 0) for each in turned["behaviour"]["differences"]) == 3

    played(play)


def test_instances_that_cannot_be_played_again_are_left_out_and_told() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, BARE)
        gone = await real(agent, 500)
        await real(agent, 400)
        moved = await agent.started("trip", cost=100, traveller="ann")
        await agent.ask(
            "instance_control", instance=moved["instance"], action="move", from_="approve", to="book"
        )
        await agent.ask("data_erase", instances=[gone])
        body = await compared(agent, trip((("scenarios",), None), AT_LEAST))
        assert body["behaviour"]["sources"]["recorded"] == 1
        assert body["behaviour"]["notes"] == [
            "Real instances left out since values of them are erased: 1.",
            "Real instances left out since they do not go again as they did: 1.",
        ]
        reader = Agent(agent.app, replace(agent.caller, rights=frozenset({"process.read"})))
        body = await reader.ask("process_compare", process="trip", what="behaviour")
        assert "recorded" not in body["behaviour"]["sources"]
        assert body["behaviour"]["notes"] == ["Real instances were left out: you may not read them."]

    played(play)


def test_an_instance_under_way_is_played_to_where_it_stands_and_one_that_was_moved_over_is_not() -> None:
    later = trip((("scenarios",), None), (("steps", 1, "approve", "remind"), "P5D"))

    async def play(agent: Agent) -> None:
        await published(agent, BARE)
        waiting = await agent.started("trip", cost=500, traveller="ann")
        old = await agent.started("trip", cost=600, traveller="ann")
        await published(agent, later)
        asked = {"process": "trip", "what": "behaviour", "from": 1, "to": 2}
        body = await agent.ask("process_compare", **asked)
        (difference,) = body["behaviour"]["differences"]
        assert difference["sources"]["recorded"] == 2
        await agent.ask("instance_control", instance=old["instance"], action="migrate", version=2)
        body = await agent.ask("process_compare", **asked)
        assert body["behaviour"]["sources"]["recorded"] == 1
        back = await agent.ask("process_compare", **{**asked, "from": 2, "to": 1})
        assert back["behaviour"]["notes"] == [
            "Real instances left out since they began by another version or as a copy: 1."
        ]
        assert waiting["status"] == "active"

    played(play)


def test_without_scenarios_and_instances_cases_are_generated() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, BARE)
        body = await compared(agent, trip((("scenarios",), None), AT_LEAST))
        (difference,) = body["behaviour"]["differences"]
        assert set(body["behaviour"]["sources"]) == {"generated"}
        assert difference["cause"]["values"] == {"cost": 500}
        case = difference["example"]["case"]
        assert case["given"]["cost"] == 500
        assert set(case["answers"]) == {"approve"}
        again = await agent.ask("process_test", process="trip", scenarios=[{"name": "again", **case}])
        assert again["passed"] == 1, again

    played(play)


def test_the_time_is_bounded_and_what_was_not_played_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(behaviour_play, "SECONDS_MAX", 0.0)

    async def play(agent: Agent) -> None:
        await published(agent)
        body = await compared(agent, trip(AT_LEAST))
        assert body["behaviour"]["cases"] == 0
        assert body["same_behaviour"] is False
        assert body["summary"] == "No case could be played, so nothing is known of the behaviour."
        assert any("the time was over" in note for note in body["behaviour"]["notes"])
        assert body["behaviour"]["not_reached"]

    played(play)


def test_an_answer_stays_short_and_tells_how_much_is_left_out() -> None:
    steps: list[Any] = []
    data: Body = {"text": "text", "ok": "boolean"}
    for number in range(24):
        steps.append({f"decide on matter number {number}": {"ask": "boss", "remind": "P2D", "into": "ok"}})
        steps.append({"name": f"refused {number}?", "if": "not(ok)", "then": [{"end": f"refused {number}"}]})
    outline = {
        "process": "trip",
        "roles": ["boss", "clerk"],
        "data": data,
        "start": {"needs": ["text"]},
        "steps": [*steps, {"end": "done"}],
    }
    changed = [
        {name: {**body, "ask": "clerk", "remind": "P1D"} for name, body in step.items()}
        if len(step) == 1
        else step
        for step in steps
    ]

    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=outline)
        await agent.ask("process_publish", process="trip")
        await agent.ask("process_create", outline={**outline, "steps": [*changed, {"end": "done"}]})
        asked = {"process": "trip", "what": "behaviour"}
        answer = await agent.answer("process_compare", asked)
        body = body_of(answer)
        assert token_count(answer.text) < 2_000
        behaviour = body["behaviour"]
        assert behaviour["differences"]
        assert behaviour["not_reached"]
        assert body["left_out"]["not_reached"] > 0

    played(play)


def test_the_play_tells_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[float, float | None, str | None]] = []
    monkeypatch.setattr(behaviour_play, "TOLD_PER_SECOND", 1_000)

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    async def play() -> None:
        async with open_app(settings()) as app:
            agent = Agent(app, Caller(door="test"))
            await published(agent)
            await agent.ask("process_create", outline=trip(AT_LEAST))
            async with Client(mcp_server(app)) as client:
                asked = {
                    "operation": "process_compare",
                    "arguments": {"process": "trip", "what": "behaviour"},
                }
                await client.call_tool("operation_call", asked, progress_callback=hear)

    anyio.run(play)
    done = [progress for progress, _, _ in told]
    assert done == sorted(set(done))
    assert len(done) > 3
    assert {total for _, total, _ in told} == {8_000}
    assert any(message and message.endswith("cases played on both") for _, _, message in told)


def test_a_call_that_is_cancelled_stops_the_play(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, plays = threading.Event(), list[float]()
    whole = Stage.play

    def slow(self: Stage, *arguments: Any, **more: Any) -> Any:
        plays.append(time.monotonic())
        begun.set()
        time.sleep(0.01)
        return whole(self, *arguments, **more)

    async def play() -> None:
        async with open_app(settings()) as app:
            agent = Agent(app, Caller(door="test"))
            await published(agent)
            await agent.ask("process_create", outline=trip(AT_LEAST))
            monkeypatch.setattr(Stage, "play", slow)
            call = Call(app=app, caller=agent.caller)
            asked = {"process": "trip", "what": "behaviour"}
            async with anyio.create_task_group() as group:
                group.start_soon(invoke, app.registry, call, "process_compare", asked)
                await anyio.to_thread.run_sync(begun.wait)
                group.cancel_scope.cancel()

    anyio.run(play)
    assert len(plays) < 10


def test_scenarios_of_both_sides_are_played_once() -> None:
    more = [
        *TRIP["scenarios"],
        {"name": "dear", "like": "cheap", "given": {"cost": 900}, "expect": {"waits_at": ["check cost"]}},
    ]

    async def play(agent: Agent) -> None:
        await published(agent)
        body = await compared(agent, trip((("scenarios",), more), AT_LEAST))
        assert body["behaviour"]["sources"]["scenarios"] == 2

    played(play)


def parcels(limit: int) -> Body:
    return {
        "process": "parcels",
        "data": {"lines": [{"name": "text", "weight": "number"}], "total": "number"},
        "start": {
            "needs": ["lines", "total"],
            "checks": {"The total is the sum.": "total = sum(for line in lines return line.weight * 2)"},
        },
        "steps": [
            {
                "pack": {
                    "group": [
                        {
                            "name": "heavy?",
                            "if": f"line.weight > {limit}",
                            "then": [{"lift": {"call": "lift"}}],
                        },
                        {"wrap": {"call": "wrap"}},
                    ],
                    "each": {"item": "line", "in": "lines"},
                }
            },
            {"end": "packed"},
        ],
    }


def test_an_item_of_a_list_is_changed_where_a_turn_decides_by_it_and_the_start_still_takes_it() -> None:
    async def play(agent: Agent) -> None:
        await agent.published(parcels(30))
        await agent.ask("process_create", outline=parcels(31))
        body = await agent.ask("process_compare", process="parcels", what="behaviour")
        (difference,) = body["behaviour"]["differences"]
        assert difference["cause"]["kind"] == "condition"
        given = difference["example"]["case"]["given"]
        assert any(30 < line["weight"] <= 31 for line in given["lines"])
        assert given["total"] == sum(line["weight"] * 2 for line in given["lines"])

    played(play)
