"""Resources, prompts and subscriptions over the real transports: a process of its own, both eras."""

import base64
import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx
import mcp.types as types
import pytest
from mcp import Client
from mcp.client.subscriptions import ResourceUpdated

from flowmaster.server import stdio
from tests.doors.agents_door import LEAVE, Heard
from tests.doors.doors import command, stdio_server, told_by

pytestmark = pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning")

LISTEN = {
    "jsonrpc": "2.0",
    "id": "ear",
    "method": "subscriptions/listen",
    "params": {
        "notifications": {"resourcesListChanged": True},
        "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        },
    },
}


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Start a server of its own over HTTP, and see that it closes in order."""
    process = subprocess.Popen(
        [command(), "serve", "--data", str(folder), "--clock", "virtual", "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        yield process.stderr.readline().split("MCP at ")[1].rstrip(")\n"), process
    finally:
        process.terminate()
        assert process.wait(15) == 0
        process.stderr.close()


async def prepared(client: Client) -> str:
    """Publish a process, start an instance, and return the id of its task."""
    for name, arguments in (
        ("process_create", {"outline": LEAVE}),
        ("process_publish", {"process": "leave"}),
        ("instance_start", {"process": "leave", "variables": {"days": 9}}),
    ):
        told = told_by(await client.call_tool(name, arguments))
        assert not told.refused, told.body
    task: str = told.body["waiting"][0]["task"]
    return task


async def comment(client: Client, task: str) -> None:
    asked = {"task": task, "action": "comment", "comment": "Hm."}
    assert not told_by(await client.call_tool("task_act", asked)).refused


async def reads(client: Client) -> None:
    """Read a text, a picture, the list and a prompt."""
    assert client.server_capabilities.resources is not None
    assert client.server_capabilities.resources.subscribe
    assert client.server_capabilities.prompts is not None
    assert client.server_capabilities.completions is not None
    (text,) = (await client.read_resource("process://leave")).contents
    assert isinstance(text, types.TextResourceContents)
    assert text.text.startswith("process: leave")
    (picture,) = (await client.read_resource("instance://leave:1/diagram.png")).contents
    assert isinstance(picture, types.BlobResourceContents)
    assert base64.b64decode(picture.blob).startswith(b"\x89PNG")
    assert "instance://leave:1" in [each.uri for each in (await client.list_resources()).resources]
    told = await client.get_prompt("review_process", {"process": "leave"})
    assert [each.content.type for each in told.messages] == ["text", "resource", "resource"]


async def hears_of_2026(server: Any) -> None:
    async with Client(server) as client:
        task = await prepared(client)
        await reads(client)
        async with client.listen(resource_subscriptions=["instance://leave:1"]) as stream:
            await comment(client, task)
            with anyio.fail_after(5):
                assert await anext(aiter(stream)) == ResourceUpdated("instance://leave:1")


async def hears_of_2025(server: Any) -> None:
    heard = Heard()
    async with Client(server, mode="legacy", message_handler=heard) as client:
        task = await prepared(client)
        await reads(client)
        await client.subscribe_resource("instance://leave:1")
        await comment(client, task)
        assert await heard.next() == "instance://leave:1"


def test_both_eras_over_http(tmp_path: Path) -> None:
    with served(tmp_path / "new") as (address, _):
        anyio.run(hears_of_2026, address)
    with served(tmp_path / "old") as (address, _):
        anyio.run(hears_of_2025, address)


def test_both_eras_over_standard_streams(tmp_path: Path) -> None:
    anyio.run(hears_of_2026, stdio_server(tmp_path / "new"))
    anyio.run(hears_of_2025, stdio_server(tmp_path / "old"))


def test_a_stream_over_http_is_told_that_the_server_closes(tmp_path: Path) -> None:
    async def listen(address: str, process: subprocess.Popen[str]) -> list[Any]:
        headers = {
            "accept": "application/json, text/event-stream",
            "mcp-protocol-version": "2026-07-28",
            "mcp-method": "subscriptions/listen",
        }
        frames = []
        async with (
            httpx.AsyncClient() as client,
            client.stream("POST", address, json=LISTEN, headers=headers) as response,
        ):
            async for line in response.aiter_lines():
                if line.startswith("data: "):
                    frames.append(json.loads(line.removeprefix("data: ")))
                    process.terminate()
        return frames

    with served(tmp_path) as (address, process):
        acknowledged, ended = anyio.run(listen, address, process)
    assert acknowledged["method"] == "notifications/subscriptions/acknowledged"
    assert acknowledged["params"]["notifications"] == {"resourcesListChanged": True}
    assert ended["id"] == "ear"
    assert ended["result"]["_meta"]["io.modelcontextprotocol/subscriptionId"] == "ear"


def test_a_listening_session_of_2025_holds_up_no_end_of_the_server(tmp_path: Path) -> None:
    async def listen(address: str, process: subprocess.Popen[str]) -> list[bytes]:
        headers = {"accept": "application/json, text/event-stream"}
        greeting = {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "t", "version": "1"},
        }
        hello = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": greeting}
        async with httpx.AsyncClient() as client:
            greeted = await client.post(address, json=hello, headers=headers)
            headers["mcp-session-id"] = greeted.headers["mcp-session-id"]
            async with client.stream("GET", address, headers=headers) as response:
                assert response.status_code == 200
                process.terminate()
                with anyio.fail_after(3):
                    return [part async for part in response.aiter_bytes()]

    with served(tmp_path) as (address, process):
        anyio.run(listen, address, process)
        assert process.wait(3) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


def test_head_and_body_of_an_answer_arrive_together(tmp_path: Path) -> None:
    with served(tmp_path) as (address, _):
        place = urlsplit(address)
        assert place.hostname is not None
        with socket.create_connection((place.hostname, place.port or 80)) as line:
            line.sendall(f"GET /health HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode())
            assert line.recv(65_536).endswith(b"}")


def test_an_open_stream_holds_up_no_end_of_a_session() -> None:
    async def play() -> None:
        reading, writing = os.pipe()
        session = stdio._Session(writing)
        session._arrive([json.dumps(LISTEN).encode()], False)
        assert not session._closed
        session._arrive([], True)
        assert session._closed
        session.incoming.close()
        for end in (reading, writing):
            os.close(end)

    anyio.run(play)
