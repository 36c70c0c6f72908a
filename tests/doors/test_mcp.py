"""The MCP door as a client sees it, in both eras."""

import json
from typing import Any, Literal

import anyio
import mcp.types as types
import pytest
from mcp import Client, MCPError

from flowmaster.server.mcp_door import mcp_server
from flowmaster.tools.app import App
from tests.doors.doors import Told, told_by
from tests.doors.sample import Gate, sample_app

Era = Literal["auto", "legacy"]


@pytest.fixture(params=["auto", "legacy"])
def era(request: pytest.FixtureRequest) -> Era:
    chosen: Era = request.param
    return chosen


def ask(app: App, era: Era, name: str, arguments: dict[str, Any]) -> Told:
    async def play() -> Told:
        async with Client(mcp_server(app), mode=era) as client:
            await client.list_tools()
            return told_by(await client.call_tool(name, arguments))

    return anyio.run(play)


def test_a_result_is_text_and_structure_alike(era: Era) -> None:
    told = ask(sample_app(), era, "sample_echo", {"text": "x", "number": 1.5})
    assert told == Told(False, {"text": "x", "number": 1.5, "value": None})


def test_a_refusal_is_an_error_result_with_a_body_to_act_on(era: Era) -> None:
    told = ask(sample_app(), era, "sample_echo", {"txet": "x"})
    assert told.refused
    assert told.body["next"][0]["arguments"] == {"text": "x"}


def test_an_unknown_tool_is_an_error_result_that_names_the_near_ones(era: Era) -> None:
    told = ask(sample_app(), era, "sample_ecko", {})
    assert told.body["code"] == "operation.unknown"
    assert "sample_echo" in told.body["message"]


def test_a_fault_shows_no_stack_trace(era: Era) -> None:
    told = ask(sample_app(), era, "sample_break", {})
    assert told.body["code"] == "server.fault"
    assert "secret" not in json.dumps(told.body)


def test_a_slow_call_holds_up_no_other(era: Era) -> None:
    app = sample_app()

    async def play() -> None:
        Gate.close()
        async with Client(mcp_server(app), mode=era) as client, anyio.create_task_group() as group:
            with anyio.fail_after(5):
                group.start_soon(client.call_tool, "sample_wait", {})
                await Gate.waiting.wait()
                told = told_by(await client.call_tool("sample_echo", {"text": "x"}))
                assert not told.refused
                Gate.opened.set()

    anyio.run(play)


def test_a_cancelled_call_ends(era: Era) -> None:
    app = sample_app()

    async def play() -> bool:
        Gate.close()
        async with Client(mcp_server(app), mode=era) as client:
            with anyio.move_on_after(0.2):
                await client.call_tool("sample_wait", {})
            return not told_by(await client.call_tool("sample_echo", {"text": "x"})).refused

    assert anyio.run(play)


class Unserved(types.Request[types.RequestParams | None, Literal["nothing/served"]]):
    """A request that no server knows."""

    method: Literal["nothing/served"] = "nothing/served"
    params: types.RequestParams | None = None


def test_a_method_that_is_not_served_is_a_protocol_error(era: Era) -> None:
    app = sample_app()

    async def play() -> int:
        async with Client(mcp_server(app), mode=era) as client:
            try:
                await client.session.send_request(Unserved(), types.EmptyResult)
            except MCPError as error:
                return error.error.code
        return 0

    assert anyio.run(play) == -32601
