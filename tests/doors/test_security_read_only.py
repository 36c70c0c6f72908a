"""A server that only reads: every form of it refuses changes by name, and writes nothing to the store."""

import asyncio
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
import apsw
import pytest
from mcp import Client

from flowmaster.engine.errors import FlowMasterError
from flowmaster.server.cli import HELP, run
from flowmaster.server.mcp_door import INSTRUCTIONS
from flowmaster.server.wiring import DATABASE, open_store
from flowmaster.tools.catalog import catalog
from tests.doors.callers import Served, key_on, served, settings_on
from tests.doors.doors import command, example_arguments, stdio_server, told_by

READING = [each.name for each in catalog() if each.read_only]
WRITING = [each for each in catalog() if not each.read_only]

OUTLINE = {
    "process": "wait-a-day",
    "roles": ["boss"],
    "steps": [{"pause": {"wait": "PT24H"}}, {"look": {"ask": "boss"}}, {"end": "done"}],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with an instance that waits for a timer."""

    async def play() -> None:
        async with served(tmp_path) as server:
            await server.rest("process_create", outline=OUTLINE)
            await server.rest("process_publish", process="wait-a-day")
            assert (await server.rest("instance_start", process="wait-a-day")).status_code == 200

    anyio.run(play)
    return tmp_path


def contents(folder: Path) -> dict[str, list[Any]]:
    """Return every row of every table."""
    store = apsw.Connection(str(folder / DATABASE), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        tables = [name for (name,) in store.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {name: store.execute(f"SELECT * FROM {name}").fetchall() for name in tables}
    finally:
        store.close()


def test_only_reading_operations_are_offered_over_http(folder: Path) -> None:
    async def play() -> None:
        async with served(folder, read_only=True) as server:
            assert await server.tools() == READING
            paths = (await server.client.get("/api/v1/openapi.json")).json()["paths"]
            assert {*paths} == {
                *(f"/api/v1/{name}" for name in READING),
                "/health",
                "/health/ready",
                "/metrics",
            }
            found = (await server.rest("operation_find", query="start a process")).json()["items"]
            assert found
            assert {item["operation"] for item in found} <= {*READING}

    anyio.run(play)


def test_every_change_is_refused_by_the_name_of_the_mode(folder: Path) -> None:
    before = contents(folder)

    async def play() -> None:
        async with served(folder, read_only=True) as server:
            for each in WRITING:
                arguments = example_arguments(each)
                for told in (
                    (await server.rest(each.name, **arguments)).json(),
                    json.loads(
                        (await server.tool(each.name, **arguments)).json()["result"]["content"][0]["text"]
                    ),
                ):
                    assert told["code"] == "server.read_only", each.name
                    assert "--read-only" in told["message"]

    anyio.run(play)
    assert contents(folder) == before


def test_every_read_is_answered_and_changes_nothing(folder: Path) -> None:
    before = contents(folder)

    async def play() -> None:
        async with served(folder, read_only=True) as server:
            instance = (
                await server.rest("instance_read", instance="wait-a-day:1", detail=["history"])
            ).json()
            assert instance["status"] == "active"
            for name in READING:
                response = await server.rest(name, **example_arguments(catalog().get(name)))
                assert response.status_code in (200, 400, 404, 409), (name, response.text)

    anyio.run(play)
    assert contents(folder) == before


def test_nobody_fires_timers_in_a_server_that_only_reads(folder: Path) -> None:
    async def play() -> None:
        async with served(folder) as live, served(folder, read_only=True) as reading:
            tasks = (await reading.rest("task_find")).json()
            assert tasks["total"] == 0
            names = {task.get_name() for task in asyncio.all_tasks()}
            assert "flowmaster-timers" in names
            await live.rest("clock_advance", by="P2D")
            assert (await reading.rest("task_find")).json()["total"] == 1

    anyio.run(play)


def test_timers_that_are_due_wait_for_a_server_that_writes(folder: Path) -> None:
    async def alone() -> None:
        async with served(folder, read_only=True, clock="real"):
            names = {task.get_name() for task in asyncio.all_tasks()}
            assert not {"flowmaster-timers", "flowmaster-workers"} & names

    anyio.run(alone)


def test_the_command_line_refuses_with_the_name_of_the_mode(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--data", str(folder), "--clock", "virtual", "--read-only"]
    assert run(["call", "clock_advance", "by=P1D", *options]) == 1
    assert "server.read_only" in capsys.readouterr().err
    assert run(["call", "instance_find", *options]) == 0
    assert "wait-a-day:1" in capsys.readouterr().out


def test_over_stdio_the_same_tools_are_listed_at_once_and_later(folder: Path) -> None:
    async def play(mode: Any) -> tuple[list[str], str, Any]:
        async with Client(stdio_server(folder, "--read-only"), mode=mode) as client:
            names = [tool.name for tool in (await client.list_tools()).tools]
            refused = told_by(await client.call_tool("event_send", {"kind": "signal", "name": "x"}))
            again = [tool.name for tool in (await client.list_tools()).tools]
            assert names == again
            return names, client.instructions or "", refused.body

    for mode in ("legacy", "auto"):
        names, instructions, refused = anyio.run(play, mode)
        assert names == READING
        assert refused["code"] == "server.read_only"
        assert instructions.startswith("This server only reads")
        assert instructions.endswith(INSTRUCTIONS)
        assert len(instructions) <= 2_048


def test_a_folder_without_data_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(FlowMasterError, match="no data") as caught:
        open_store(settings_on(tmp_path / "new", read_only=True))
    assert caught.value.code == "store.absent"
    assert not (tmp_path / "new").exists()
    ran = subprocess.run(
        [command(), "call", "server_info", "--data", str(tmp_path / "new"), "--read-only"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 1
    assert "store.absent" in ran.stderr


def test_data_of_another_version_is_not_changed(folder: Path) -> None:
    peer = apsw.Connection(str(folder / DATABASE))
    newest = peer.pragma("user_version")
    codes = {}
    for version in (1, newest + 1):
        peer.pragma("user_version", version)
        with pytest.raises(FlowMasterError) as caught:
            open_store(settings_on(folder, read_only=True))
        codes[version] = caught.value.code
        assert peer.pragma("user_version") == version
    peer.close()
    assert codes == {1: "store.older", newest + 1: "store.newer"}


def test_the_store_itself_takes_no_write(folder: Path) -> None:
    store = open_store(settings_on(folder, read_only=True))
    with pytest.raises(FlowMasterError) as caught, store.transaction():
        raise AssertionError("a transaction was begun")
    assert caught.value.code == "store.read_only"
    store.close()


def test_who_signs_in_stays_the_same(folder: Path) -> None:
    key = key_on(folder, "bot", "admin")

    async def play() -> None:
        async with served(folder, read_only=True) as server:
            assert (await server.rest("server_info")).status_code == 401
            assert await server.tools(key) == READING
            assert await _code(server, key) == "server.read_only"

    anyio.run(play)


async def _code(server: Served, key: str) -> Any:
    told: Mapping[str, Any] = (await server.rest("clock_advance", key, by="P1D")).json()
    return told["code"]


def test_the_help_says_what_a_server_that_only_reads_needs() -> None:
    assert "fires no\n" in HELP
    assert "one without --read-only has to work on the folder" in HELP
