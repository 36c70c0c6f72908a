"""Limits per caller: calls, bytes, calls at once, size; what finishes work goes before lists."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from flowmaster.engine.errors import FlowMasterError
from flowmaster.server.http import http_app
from flowmaster.tools import limits as module
from flowmaster.tools.limits import BURST_SECONDS, NO_LIMITS, Gate, Limits, limit_headers, limits_from
from flowmaster.tools.registry import Caller
from tests.doors.callers import Served, bearer, key_on, served
from tests.doors.doors import rest_client, stdio_server, told_by
from tests.doors.sample import Gate as Barrier
from tests.doors.sample import sample_app

BOT = Caller(actor="bot", door="rest")


def gate_at(limits: Limits, **more: bool) -> tuple[Gate, list[float]]:
    """Return a gate and its clock."""
    now = [0.0]
    return Gate(limits, now=lambda: now[0], **more), now


def let_in(gate: Gate, caller: Caller = BOT, operation: str = "task_find", size: int = 0) -> int:
    """Return how many calls one after the other are let in."""
    for count in range(1_000):
        try:
            gate.enter(caller, operation, size)
        except FlowMasterError:
            return count
        gate.leave(caller)
    return 1_000


def refused_by(act: Callable[[], object]) -> FlowMasterError:
    """Return the refusal of an act."""
    with pytest.raises(FlowMasterError) as caught:
        act()
    return caught.value


def test_a_full_bucket_allows_a_burst_and_then_what_flows_in() -> None:
    gate, now = gate_at(Limits(calls=10))
    assert let_in(gate) == 16
    now[0] += 0.1
    assert let_in(gate) == 1
    now[0] += 60
    assert let_in(gate) == 16


def test_what_finishes_work_may_use_what_is_kept_back_from_lists() -> None:
    gate, _ = gate_at(Limits(calls=10))
    assert let_in(gate) == 16
    assert let_in(gate, operation="work_finish") == 4
    assert let_in(gate, operation="task_act") == 0


def test_bytes_are_counted_and_a_long_call_is_paid_off() -> None:
    gate, now = gate_at(Limits(calls=0, bytes=100, size=0))
    assert let_in(gate, size=50) == 3
    now[0] += 60
    gate.enter(BOT, "document_add", 5_000)
    gate.leave(BOT)
    error = refused_by(lambda: gate.enter(BOT, "document_add", 1))
    assert (error.code, error.status) == ("limit.bytes", 429)
    assert error.expected == "the next call in 48.4 seconds"
    now[0] += 48.41
    assert let_in(gate, size=1) == 1


def test_calls_at_once_are_bounded_and_some_are_kept_for_finishing() -> None:
    gate, _ = gate_at(Limits(calls=0, at_once=5))
    for _each in range(4):
        gate.enter(BOT, "task_find", 0)
    assert refused_by(lambda: gate.enter(BOT, "task_find", 0)).code == "limit.at_once"
    gate.enter(BOT, "task_act", 0)
    assert refused_by(lambda: gate.enter(BOT, "task_act", 0)).code == "limit.at_once"
    gate.leave(BOT)
    gate.enter(BOT, "task_act", 0)


def test_one_call_at_once_is_possible() -> None:
    gate, _ = gate_at(Limits(at_once=1))
    assert let_in(gate) > 1


def test_arguments_have_a_length() -> None:
    error = refused_by(lambda: gate_at(Limits(size=10))[0].enter(BOT, "task_find", 11))
    assert (error.code, error.status, error.expected) == ("limit.size", 413, "at most 10 bytes")


def test_callers_do_not_use_up_the_limits_of_others() -> None:
    gate, _ = gate_at(Limits(calls=1))
    others = [Caller(actor="bot", tenant="north"), Caller(actor="bot", on_behalf_of="ann"), Caller(actor="b")]
    assert let_in(gate) == 1
    assert [let_in(gate, caller) for caller in others] == [1, 1, 1]
    assert let_in(gate, Caller(actor="bot", door="mcp-http")) == 0


def test_callers_who_are_gone_are_forgotten_and_those_at_work_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "CALLERS_MAX", 3)
    gate, _ = gate_at(Limits(calls=1, at_once=2))
    gate.enter(BOT, "task_find", 0)
    for number in range(10):
        let_in(gate, Caller(actor=f"bot-{number}"))
    assert len(gate._accounts) == 3
    assert gate._accounts["default", "bot", None].running == 1


def test_no_limits_are_none() -> None:
    gate, _ = gate_at(NO_LIMITS)
    assert let_in(gate, size=10**9) == 1_000
    assert gate.standing(BOT) == []
    assert limit_headers([]) == {}


def test_headers_tell_how_a_caller_stands() -> None:
    gate, _ = gate_at(Limits(calls=10))
    let_in(gate)
    assert limit_headers(gate.standing(BOT)) == {
        "RateLimit-Policy": '"calls";q=10;w=1',
        "RateLimit": '"calls";r=4;t=2',
    }
    assert BURST_SECONDS == 2


def test_callers_of_a_tenant_share_its_limit_and_headers_tell_of_both() -> None:
    gate, now = gate_at(Limits(calls=10, tenant_calls=15))
    assert [let_in(gate, Caller(actor=actor, tenant="north")) for actor in "abc"] == [16, 8, 0]
    assert let_in(gate, Caller(actor="a", tenant="south")) == 16
    third = Caller(actor="c", tenant="north")
    error = refused_by(lambda: gate.enter(third, "task_find", 0))
    assert (error.code, error.status, error.retry_after) == ("limit.tenant_calls", 429, 1)
    assert let_in(gate, third, "task_act") == 6
    assert limit_headers(gate.standing(third)) == {
        "RateLimit-Policy": '"calls";q=10;w=1, "tenant";q=15;w=1',
        "RateLimit": '"calls";r=14;t=1, "tenant";r=0;t=2',
    }
    now[0] += 1
    assert let_in(gate, third) == 9


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("", Limits()),
        ("none", NO_LIMITS),
        ("calls=5", Limits(calls=5)),
        ("calls=5, size=0,at_once=2,bytes=9,tenant_calls=7", Limits(5, 9, 2, 0, 7)),
    ],
)
def test_limits_are_read_from_a_setting(text: str, limits: Limits) -> None:
    assert limits_from(text) == limits


@pytest.mark.parametrize("text", ["call=5", "calls", "calls=-1", "calls=many", "nothing"])
def test_a_setting_that_says_no_limits_is_refused(text: str) -> None:
    error = refused_by(lambda: limits_from(text))
    assert error.code == "limit.unreadable"
    assert error.expected == [f"{each}=<number>" for each in Limits._fields]


async def _until_refused(call: Callable[[], Any]) -> Any:
    for _ in range(100):
        response = await call()
        if response.status_code == 429 or "limit." in response.text:
            return response
    raise AssertionError("nothing was refused")


def test_over_rest_a_refusal_is_429_with_the_time_to_wait(tmp_path: Path) -> None:
    key = key_on(tmp_path, "bot")

    async def play() -> Any:
        async with served(tmp_path, limits="calls=1") as server:
            first = await server.rest("server_info", key)
            assert first.headers["ratelimit-policy"] == '"calls";q=1;w=1'
            return await _until_refused(lambda: server.rest("server_info", key))

    refusal = anyio.run(play)
    assert (refusal.status_code, refusal.json()["code"]) == (429, "limit.calls")
    assert refusal.headers["retry-after"] == "1"
    assert refusal.headers["ratelimit"].startswith('"calls";r=')
    assert refusal.json()["expected"].startswith("the next call in ")
    assert refusal.json()["retry_after"] == 1


def test_over_mcp_a_refusal_is_a_result_that_says_when(tmp_path: Path) -> None:
    key = key_on(tmp_path, "bot")

    async def play() -> Any:
        async with served(tmp_path, limits="calls=1") as server:
            return await _until_refused(lambda: server.tool("server_info", key))

    refusal = anyio.run(play)
    assert refusal.status_code == 200
    assert refusal.json()["result"]["isError"]
    assert "the next call in " in refusal.text


def test_lists_and_other_requests_over_mcp_count_as_well(tmp_path: Path) -> None:
    key = key_on(tmp_path, "bot")

    async def play() -> Any:
        async with served(tmp_path, limits="calls=1") as server:
            return await _until_refused(lambda: server.mcp("tools/list", key))

    refusal = anyio.run(play)
    assert (refusal.status_code, refusal.json()["code"]) == (429, "limit.calls")
    assert refusal.headers["retry-after"] == "1"


def test_finishing_behind_another_operation_goes_first_as_well(tmp_path: Path) -> None:
    key = key_on(tmp_path, "bot")

    async def play() -> list[str]:
        async with served(tmp_path, limits="calls=1") as server:
            await _until_refused(lambda: server.rest("server_info", key))
            inner = {"operation": "work_finish", "arguments": {"job": "x", "variables": {}}}
            return [
                (await server.rest("operation_query", key, operation="server_info", arguments={})).json()[
                    "code"
                ],
                (await server.rest("operation_call", key, **inner)).json()["code"],
            ]

    assert anyio.run(play) == ["limit.calls", "job.unknown"]


def test_requests_hold_only_so_many_bytes_and_let_go_of_them(tmp_path: Path) -> None:
    keys = {tenant: key_on(tmp_path, f"bot-{tenant}", tenant=tenant) for tenant in "ab"}

    async def play() -> None:
        async with served(tmp_path, bounds="bytes=1000") as server:
            for _ in range(3):
                assert (await server.rest("process_find", keys["a"], query="x" * 150)).status_code == 200
            many = [
                server.rest("process_find", keys["a"], query="x" * 600),
                server.mcp("ping", keys["a"], x="y" * 600),
            ]
            for refusal in [await each for each in many]:
                assert (refusal.status_code, refusal.json()["code"]) == (429, "server.overloaded")
                assert refusal.headers["retry-after"] == "2"
                assert "--bounds bytes" in refusal.json()["fix"]
            assert (await server.rest("process_find", keys["b"], query="x" * 150)).status_code == 200

    anyio.run(play)


def test_long_arguments_are_refused_before_they_are_looked_at(tmp_path: Path) -> None:
    key = key_on(tmp_path, "bot")

    async def play() -> Any:
        async with served(tmp_path, limits="size=100") as server:
            return await server.rest("process_find", key, query="x" * 200)

    assert anyio.run(play).json()["code"] == "limit.size"


def test_calls_that_hang_do_not_let_others_of_their_caller_in() -> None:
    app = sample_app()
    object.__setattr__(app, "gate", Gate(Limits(calls=0, at_once=1), also_local=True))

    async def play() -> None:
        Barrier.close()
        async with rest_client(http_app(app)) as client, anyio.create_task_group() as group:
            server = Served(app, client)
            group.start_soon(server.rest, "sample_wait")
            await Barrier.waiting.wait()
            assert (await server.rest("sample_echo", text="x")).json()["code"] == "limit.at_once"
            Barrier.opened.set()
        assert app.gate is not None
        assert next(iter(app.gate._accounts.values())).running == 0

    anyio.run(play)


def test_the_local_user_has_no_limits_unless_they_are_asked_for(tmp_path: Path) -> None:
    async def play(**settings: Any) -> set[int]:
        async with served(tmp_path, **settings) as server:
            return {(await server.rest("server_info")).status_code for _ in range(250)}

    assert anyio.run(play) == {200}
    assert anyio.run(lambda: play(limits="calls=1")) == {200, 429}


def test_over_stdio_there_are_no_limits(tmp_path: Path) -> None:
    from mcp import Client

    async def play() -> set[bool]:
        async with Client(stdio_server(tmp_path, "--limits", "calls=1")) as client:
            return {told_by(await client.call_tool("server_info", {})).refused for _ in range(20)}

    assert anyio.run(play) == {False}


def test_unreadable_limits_stop_the_start(tmp_path: Path) -> None:
    async def play() -> None:
        with pytest.raises(FlowMasterError, match="is no limit"):
            async with served(tmp_path, limits="calls=x"):
                raise AssertionError("it started")

    anyio.run(play)


def test_a_refused_call_leaves_no_trace_in_the_headers_of_others(tmp_path: Path) -> None:
    key = key_on(tmp_path, "bot")

    async def play() -> Any:
        async with served(tmp_path) as server:
            return await server.client.get("/health", headers=bearer(key))

    assert "ratelimit" not in anyio.run(play).headers
