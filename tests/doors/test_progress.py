"""Long work tells how far it is to a client that wants to know, and stops when its call is cancelled."""

import threading
import time
from typing import Any

import anyio
import pytest
from mcp import Client

from flowmaster.server.mcp_door import mcp_server
from flowmaster.tools.asking import NOBODY
from flowmaster.tools.registry import Call, Caller
from flowmaster.tools.steps import Steps, Stopped, in_steps
from tests.doors.agents_door import Era, stage
from tests.doors.modern import modern


@pytest.fixture(params=["auto", "legacy"])
def era(request: pytest.FixtureRequest) -> Era:
    chosen: Era = request.param
    return chosen


def test_a_test_of_many_scenarios_tells_how_far_it_is(era: Era) -> None:
    told: list[tuple[float, float | None, str | None]] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    async def play() -> None:
        async with stage() as opened, Client(mcp_server(opened.app), mode=era) as client:
            await client.call_tool("process_test", {"process": "leave"}, progress_callback=hear)

    anyio.run(play)
    assert told == [(0, 2, "scenarios played"), (1, 2, "scenarios played")]


def test_a_batch_tells_how_far_it_is(era: Era) -> None:
    told: list[float] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        told.append(progress)

    async def play() -> None:
        async with stage() as opened, Client(mcp_server(opened.app), mode=era) as client:
            batch = {"action": "pause", "process": "leave"}
            asked = {"operation": "instance_batch", "arguments": batch}
            await client.call_tool("operation_call", asked, progress_callback=hear)

    anyio.run(play)
    assert told == [1]


def test_progress_comes_over_http_before_the_answer() -> None:
    async def play() -> list[dict[str, Any]]:
        async with stage() as opened, modern(opened.app, {}) as client:
            call = {"name": "process_test", "arguments": {"process": "leave"}, "meta": {"progressToken": "p"}}
            return await client.frames("tools/call", **call)

    *told, answer = anyio.run(play)
    assert [frame["params"]["progress"] for frame in told] == [0, 1]
    assert {frame["params"]["progressToken"] for frame in told} == {"p"}
    assert answer["result"]["structuredContent"]["passed"] == 2


def test_who_does_not_ask_how_far_it_is_gets_one_answer() -> None:
    async def play() -> list[dict[str, Any]]:
        async with stage() as opened, modern(opened.app, {}) as client:
            return await client.frames("tools/call", name="process_test", arguments={"process": "leave"})

    assert len(anyio.run(play)) == 1


def test_work_in_a_thread_stops_at_its_next_step_when_its_call_is_cancelled() -> None:
    begun, stopped = threading.Event(), threading.Event()

    def work(steps: Steps) -> None:
        begun.set()
        until = time.monotonic() + 5
        try:
            while time.monotonic() < until:
                steps.check()
                time.sleep(0.001)
        except Stopped:
            stopped.set()
            raise

    async def play() -> None:
        async with stage() as opened:
            call = Call(app=opened.app, caller=Caller(door="test"), client=NOBODY)
            with anyio.CancelScope() as scope:
                async with anyio.create_task_group() as group:
                    group.start_soon(in_steps, call, work)
                    await anyio.to_thread.run_sync(begun.wait)
                    scope.cancel()

    anyio.run(play)
    assert stopped.wait(5)
