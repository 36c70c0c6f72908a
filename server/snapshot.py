"""Writes the snapshot from which the opening of an MCP session is answered: `python -m flowmaster.server.snapshot`.

The snapshot is what the server itself answers in both eras of the protocol, so it can never say anything else.
"""

import json
from pathlib import Path
from typing import Any

import anyio
from mcp.server.runner import serve_dual_era_loop
from mcp.shared.message import SessionMessage
from mcp.types import JSONRPCRequest, JSONRPCResponse
from mcp.types.version import HANDSHAKE_PROTOCOL_VERSIONS, LATEST_MODERN_VERSION, MODERN_PROTOCOL_VERSIONS

from flowmaster.server.mcp_door import mcp_server
from flowmaster.server.options import ALL, MEMORY
from flowmaster.server.settings import Settings
from flowmaster.server.wiring import open_app
from flowmaster.tools.app import App

FILE = Path(__file__).with_name("opening.json")

_ENVELOPE = {
    "_meta": {
        "io.modelcontextprotocol/protocolVersion": LATEST_MODERN_VERSION,
        "io.modelcontextprotocol/clientCapabilities": {},
    }
}
_GREETING = {
    "protocolVersion": HANDSHAKE_PROTOCOL_VERSIONS[-1],
    "capabilities": {},
    "clientInfo": {"name": "snapshot", "version": "1"},
}


async def snapshot() -> dict[str, Any]:
    """Return the snapshot of this code."""
    async with open_app(Settings(data=MEMORY, tools=(ALL,))) as app:
        greeted = await _answers(app, ("initialize", _GREETING))
        modern = await _answers(app, ("server/discover", _ENVELOPE), ("tools/list", _ENVELOPE))
        core = [each.name for each in app.registry if each.core]
    tools = {tool["name"]: tool for tool in modern[1].pop("tools")}
    return {
        "versions": list(HANDSHAKE_PROTOCOL_VERSIONS),
        "modern": list(MODERN_PROTOCOL_VERSIONS),
        "initialize": greeted[0],
        "discover": modern[0],
        "list": modern[1],
        "core": core,
        "tools": tools,
    }


def text_of(content: dict[str, Any]) -> str:
    """Return the text of the snapshot file: a tool a line, so that a change can be read."""
    *fixed, (_, tools) = content.items()
    lines = [f"{json.dumps(key)}: {_compact(value)}," for key, value in fixed]
    rows = ",\n".join(f"{json.dumps(name)}: {_compact(tool)}" for name, tool in tools.items())
    return "{\n" + "\n".join(lines) + '\n"tools": {\n' + rows + "\n}}\n"


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


async def _answers(app: App, *requests: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Ask a server of its own and return the results."""
    server = mcp_server(app)
    to_server, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](len(requests))
    outgoing, from_server = anyio.create_memory_object_stream[SessionMessage](len(requests))
    results: list[dict[str, Any]] = []
    async with anyio.create_task_group() as group:
        options = server.create_initialization_options()
        group.start_soon(
            lambda: serve_dual_era_loop(server, incoming, outgoing, lifespan_state={}, init_options=options)
        )
        for number, (method, params) in enumerate(requests):
            request = JSONRPCRequest(jsonrpc="2.0", id=number, method=method, params=params)
            await to_server.send(SessionMessage(request))
            message = (await from_server.receive()).message
            assert isinstance(message, JSONRPCResponse), message
            results.append(message.result)
        await to_server.aclose()
    await from_server.aclose()
    return results


def main() -> None:
    """Write the snapshot file."""
    FILE.write_text(text_of(anyio.run(snapshot)), encoding="utf-8")


if __name__ == "__main__":
    main()
