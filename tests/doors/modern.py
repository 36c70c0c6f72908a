"""A client of 2026-07-28 that says exactly what it is told to: one HTTP request for each call, nothing on its own."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from starlette.types import Receive, Scope, Send

from flowmaster.server.callers import SIGNED_IN
from flowmaster.server.mcp_http import McpHttpDoor
from flowmaster.server.mcp_task_wire import EXTENSION
from flowmaster.tools.app import App
from flowmaster.tools.registry import Caller

VERSION = "2026-07-28"
ASKS: Mapping[str, Any] = {"elicitation": {}}
"""What a client says that can be asked."""
TASKS: Mapping[str, Any] = {"extensions": {EXTENSION: {}}}
"""What a client says that can come back for an answer."""


class Modern:
    """One client of one server, with what it says it can do."""

    def __init__(self, web: httpx.AsyncClient, capabilities: Mapping[str, Any], actor: str = "") -> None:
        self._web = web
        self._capabilities = dict(capabilities)
        self._actor = actor
        self._number = 0

    def as_one_who(self, capabilities: Mapping[str, Any], actor: str = "") -> "Modern":
        """Return another client of the same server."""
        return Modern(self._web, capabilities, actor or self._actor)

    async def frames(self, method: str, **params: Any) -> list[dict[str, Any]]:
        """Send a request and return all that comes back."""
        self._number += 1
        meta = {
            "io.modelcontextprotocol/protocolVersion": VERSION,
            "io.modelcontextprotocol/clientCapabilities": self._capabilities,
            **params.pop("meta", {}),
        }
        name = params.get("name") or params.get("taskId") or params.get("uri") or ""
        headers = {
            "accept": "application/json, text/event-stream",
            "content-type": "application/json",
            "mcp-protocol-version": VERSION,
            "mcp-method": method,
            "mcp-name": params.pop("named", name),
            "x-actor": self._actor,
        }
        body = {"jsonrpc": "2.0", "id": self._number, "method": method, "params": {**params, "_meta": meta}}
        response = await self._web.post("/mcp", json=body, headers=headers)
        if response.headers["content-type"].startswith("text/event-stream"):
            return [json.loads(line[6:]) for line in response.text.splitlines() if line.startswith("data: ")]
        return [response.json()]

    async def result(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a request that must succeed."""
        answer = (await self.frames(method, **params))[-1]
        assert "result" in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    async def error(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a request that must fail in the protocol."""
        answer = (await self.frames(method, **params))[-1]
        assert "error" in answer, answer
        error: dict[str, Any] = answer["error"]
        return error

    async def call(
        self, tool: str, arguments: Mapping[str, Any] | None = None, **params: Any
    ) -> dict[str, Any]:
        """Call a tool."""
        return await self.result("tools/call", name=tool, arguments=dict(arguments or {}), **params)


@asynccontextmanager
async def modern(app: App, capabilities: Mapping[str, Any]) -> AsyncIterator[Modern]:
    """Open the MCP door of an app over HTTP; who calls stands in a header, as after a sign-in."""
    door = McpHttpDoor(app)

    async def web(scope: Scope, receive: Receive, send: Send) -> None:
        actor = dict(scope["headers"]).get(b"x-actor", b"").decode()
        await door({**scope, SIGNED_IN: Caller(actor=actor)} if actor else scope, receive, send)

    transport = httpx.ASGITransport(web)
    async with door.open(), httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        yield Modern(client, capabilities)


def body_of(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a tool result says."""
    body: dict[str, Any] = json.loads(result["content"][0]["text"])
    return body
