"""Published processes as tools of their own: listed after the operations, called by their start values."""

import json
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client

from flowmaster.engine.outline.compile import compile_outline
from flowmaster.engine.outline.decompile import decompile
from flowmaster.server.mcp_door import mcp_server
from flowmaster.server.wiring import open_app
from flowmaster.tools.app import App
from tests.acceptance.agent import Agent, played
from tests.doors.doors import settings_for, stdio_server, told_by

PAY: dict[str, Any] = {
    "process": "pay-invoice",
    "name": "Pay an invoice",
    "tool": "Pays an invoice that was approved",
    "roles": ["clerk"],
    "data": {"amount": "number > 0 <= 1000000.5", "due": "date", "note": "text <= 50", "ok": "boolean"},
    "start": {"needs": ["amount", "due", "note?"], "checks": {"not too much": "amount < 5000"}},
    "result": "outcome",
    "steps": [
        {"if": "amount > 100", "then": [{"approve": {"ask": "clerk", "into": "ok"}}]},
        {"end": "paid"},
    ],
}


async def publish(client: Client, outline: dict[str, Any]) -> Any:
    created = told_by(await client.call_tool("process_create", {"outline": outline}))
    assert not created.refused, created.body
    return told_by(await client.call_tool("process_publish", {"process": outline["process"]}))


async def own_tools(app: App) -> list[Any]:
    """Return the tools of processes as a client sees them that has cached no list."""
    async with Client(mcp_server(app)) as client:
        listed = (await client.list_tools()).tools
    return [tool for tool in listed if tool.name.startswith(("run_", "pay_"))]


def test_a_published_process_is_a_tool_with_typed_inputs_that_answers_its_result(tmp_path: Path) -> None:
    async def play() -> None:
        async with open_app(settings_for(tmp_path)) as app, Client(mcp_server(app)) as client:
            assert await own_tools(app) == []
            assert not (await publish(client, PAY)).refused
            (tool,) = await own_tools(app)
            assert (tool.name, tool.title) == ("run_pay_invoice", "Pay an invoice")
            assert tool.description.startswith("Starts the process 'pay-invoice'")
            assert tool.description.endswith(
                'in the words of its author: "Pays an invoice that was approved"'
            )
            inputs = tool.input_schema
            assert list(inputs["properties"]) == ["amount", "due", "note", "business_key"]
            assert inputs["required"] == ["amount", "due"]
            assert "additionalProperties" not in inputs, "`dry_run` and the like may stand beside them"
            assert all(one["description"] for one in inputs["properties"].values())
            assert inputs["properties"]["amount"]["maximum"] == 1000000.5
            done = told_by(await client.call_tool(tool.name, {"amount": 50, "due": "2030-01-01"}))
            assert done.body["status"] == "completed"
            assert done.body["variables"]["outcome"] == "paid"
            key = {"business_key": "INV-7", "idempotency_key": "k1"}
            asked = {"amount": 500, "due": "2030-01-01", **key}
            waits = told_by(await client.call_tool(tool.name, asked))
            assert [one["kind"] for one in waits.body["waiting"]] == ["user_task"]
            assert waits.body["instance"]
            again = told_by(await client.call_tool(tool.name, asked))
            assert again.body["instance"] == waits.body["instance"]

    anyio.run(play)


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({"amount": 50}, "due"),
        ({"amount": "much", "due": "2030-01-01"}, "amount"),
        ({"amount": 50, "due": "2030-01-01", "noet": "x"}, "noet"),
        ({"amount": 9000, "due": "2030-01-01"}, ""),
    ],
)
def test_wrong_inputs_are_refused_at_the_tools_own_argument(
    arguments: dict[str, Any], path: str, tmp_path: Path
) -> None:
    async def play() -> None:
        async with open_app(settings_for(tmp_path)) as app, Client(mcp_server(app)) as client:
            await publish(client, PAY)
            refused = told_by(await client.call_tool("run_pay_invoice", arguments))
            assert refused.refused
            assert refused.body["path"] == path
            found = told_by(await client.call_tool("instance_find", {}))
            assert found.body["total"] == 0

    anyio.run(play)


def test_a_new_version_takes_its_tool_away_and_a_taken_name_is_refused(tmp_path: Path) -> None:
    named = PAY | {"tool": {"name": "pay_it", "about": "Pays it"}}

    async def play() -> None:
        async with open_app(settings_for(tmp_path)) as app, Client(mcp_server(app)) as client:
            await publish(client, named)
            for process, name, taken in (
                ("other", "pay_it", "'pay-invoice'"),
                ("third", "task_act", "an operation"),
            ):
                outline = PAY | {"process": process, "tool": {"name": name, "about": "Pays"}}
                drafted = told_by(await client.call_tool("process_create", {"outline": outline}))
                (problem,) = [each for each in drafted.body["problems"] if each["severity"] == "error"]
                assert (problem["code"], taken in problem["message"]) == ("tool.name_taken", True)
                refused = told_by(await client.call_tool("process_publish", {"process": process}))
                assert refused.body["code"] == "process.has_errors"
                assert taken in refused.body["message"]
            assert [tool.name for tool in await own_tools(app)] == ["pay_it"]
            untooled = {key: value for key, value in PAY.items() if key != "tool"}
            await publish(client, untooled)
            assert await own_tools(app) == []
            unknown = await client.call_tool("pay_it", {})
            assert told_by(unknown).body["code"] == "operation.unknown"

    anyio.run(play)


def test_the_first_list_of_a_fresh_server_is_the_same_as_its_later_ones(tmp_path: Path) -> None:
    """The opening answers before the store is open; it finds the tools in a file of the data folder."""

    async def play() -> None:
        async with open_app(settings_for(tmp_path)) as app, Client(mcp_server(app)) as client:
            await publish(client, PAY)
        async with open_app(settings_for(tmp_path)) as app, Client(mcp_server(app)) as client:
            later = (await client.list_tools()).model_dump_json(by_alias=True, exclude_none=True)
        async with Client(stdio_server(tmp_path)) as client:
            first = (await client.list_tools()).model_dump_json(by_alias=True, exclude_none=True)
        assert json.loads(first)["tools"] == json.loads(later)["tools"]

    anyio.run(play)

    async def take_away() -> None:
        async with open_app(settings_for(tmp_path)) as app, Client(mcp_server(app)) as client:
            await publish(client, {key: value for key, value in PAY.items() if key != "tool"})

    anyio.run(take_away)
    assert not (tmp_path / "tools.json").exists()


@pytest.mark.parametrize(
    "tool", ["Pays it", True, {"name": "pay_it", "about": "Pays it"}, {"name": "pay_it"}]
)
def test_the_outline_says_how_a_process_is_a_tool_and_says_it_back(tool: Any) -> None:
    told = decompile(compile_outline(PAY | {"tool": tool}).document)
    assert told["tool"] == tool
    assert decompile(compile_outline(told).document) == told


def test_edits_make_a_process_a_tool_and_no_tool_again() -> None:
    async def play(agent: Agent) -> None:
        untooled = {key: value for key, value in PAY.items() if key != "tool"}
        await agent.ask("process_create", outline=untooled)
        for tool in ("Pays it", {"name": "pay_it", "about": "Pays it"}, None):
            await agent.ask("process_edit", process="pay-invoice", edits=[{"set_process": {"tool": tool}}])
            told = await agent.ask("process_read", process="pay-invoice", view="outline")
            assert ("tool: " in told["content"]) is (tool is not None)
        refusal = await agent.refusal(
            "process_edit", process="pay-invoice", edits=[{"set_process": {"tool": {"nmae": "x"}}}]
        )
        assert "Did you mean 'name'" in refusal["message"]

    played(play)
