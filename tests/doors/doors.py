"""The doors, each as a function that plays the same calls on a folder of its own and tells what it answered."""

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import httpx
import pytest
from mcp import Client, StdioServerParameters
from mcp.types import CallToolResult, TextContent

from flowmaster.server.command import call as command_call
from flowmaster.server.http import http_app
from flowmaster.server.mcp_door import mcp_server
from flowmaster.server.settings import Settings
from flowmaster.server.wiring import open_app
from flowmaster.tools.registry import AnyOperation


class Told(NamedTuple):
    """What a door answered: whether it refused, and the JSON body."""

    refused: bool
    body: Any


Script = Sequence[tuple[str, Any]]
Door = Callable[[Path, Script], list[Told]]


def settings_for(folder: Path) -> Settings:
    """Return settings with which two runs answer the same."""
    return Settings(data=str(folder), clock="virtual", tools=("all",))


def over_mcp(folder: Path, script: Script) -> list[Told]:
    """Play the calls through the MCP library's own client, in memory."""

    async def play() -> list[Told]:
        async with open_app(settings_for(folder)) as app, Client(mcp_server(app)) as client:
            return [told_by(await client.call_tool(name, arguments)) for name, arguments in script]

    return anyio.run(play)


def over_stdio(folder: Path, script: Script) -> list[Told]:
    """Play the calls through a server that is a process of its own."""

    async def play() -> list[Told]:
        async with Client(stdio_server(folder)) as client:
            return [told_by(await client.call_tool(name, arguments)) for name, arguments in script]

    return anyio.run(play)


def over_rest(folder: Path, script: Script) -> list[Told]:
    """Play the calls as HTTP requests."""

    async def play() -> list[Told]:
        async with open_app(settings_for(folder)) as app, rest_client(http_app(app)) as client:
            return [await posted(client, name, json.dumps(arguments)) for name, arguments in script]

    return anyio.run(play)


def over_command_line(capsys: pytest.CaptureFixture[str]) -> Door:
    """Play the calls as command lines."""

    def play(folder: Path, script: Script) -> list[Told]:
        told: list[Told] = []
        options = {"data": str(folder), "clock": "virtual", "json": "yes"}
        for name, arguments in script:
            code = command_call(name, [json.dumps(arguments)], options)
            out, err = capsys.readouterr()
            assert (out == "") == (code == 1), (code, out, err)
            told.append(Told(code == 1, json.loads(err if code else out)))
        return told

    return play


def stdio_server(folder: Path | str, *options: str) -> StdioServerParameters:
    """Return how the installed command is started over stdio."""
    arguments = ["mcp", "--data", str(folder), "--clock", "virtual", "--tools", "all", *options]
    return StdioServerParameters(command=command(), args=arguments, env=dict(os.environ))


def command() -> str:
    """Return the installed command."""
    return str(Path(sys.executable).with_name("flowmaster"))


def told_by(result: CallToolResult) -> Told:
    """Return what a tool result says; its text and its structured content must say the same."""
    (content,) = result.content
    assert isinstance(content, TextContent)
    body = json.loads(content.text)
    if result.is_error:
        assert result.structured_content is None
    else:
        assert result.structured_content == body
    return Told(result.is_error, body)


def rest_client(app: Any) -> httpx.AsyncClient:
    """Return an HTTP client that talks to the application in this process."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1")


async def posted(client: httpx.AsyncClient, name: str, text: str | bytes) -> Told:
    """Post arguments to an operation."""
    headers = {"content-type": "application/json"}
    response = await client.post(f"/api/v1/{name}", content=text, headers=headers)
    refused = response.status_code >= 400
    kind = "application/problem+json" if refused else "application/json"
    assert response.headers["content-type"] == kind
    return Told(refused, response.json())


def example_arguments(operation: AnyOperation) -> dict[str, Any]:
    """Return the required arguments of an operation, made of the examples in its schema."""
    schema = operation.input_schema
    return {name: _example(schema, schema["properties"][name]) for name in schema.get("required", [])}


def _example(root: dict[str, Any], node: dict[str, Any]) -> Any:
    if "$ref" in node:
        node = root["$defs"][node["$ref"].rsplit("/", 1)[1]]
    if node.get("examples"):
        return node["examples"][0]
    if "enum" in node or "const" in node:
        return node.get("const") or node["enum"][0]
    for choice in ("anyOf", "oneOf"):
        if choice in node:
            return _example(root, node[choice][0])
    match node.get("type", "string"):
        case "object":
            return {name: _example(root, node["properties"][name]) for name in node.get("required", [])}
        case "array":
            return [_example(root, node["items"])] if node.get("minItems") else []
        case "integer" | "number":
            return node.get("minimum", 1)
        case "boolean":
            return True
        case _:
            return "x" * node.get("minLength", 1)


_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_OPAQUE = re.compile(r"[0-9a-f]{12,}(-[0-9a-f]+)*|[0-9A-Za-z_-]{22,}(?=$)")


def alike(told: Iterable[Told], folder: Path) -> list[Told]:
    """Return the answers without what no two runs share: folders, instants and random ids."""

    def scrub(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: scrub(each) for key, each in value.items()}
        if isinstance(value, list):
            return [scrub(each) for each in value]
        if isinstance(value, str):
            plain = _INSTANT.sub("<instant>", value.replace(str(folder), "<folder>"))
            return _OPAQUE.sub("<id>", plain)
        return value

    return [Told(each.refused, scrub(each.body)) for each in told]
