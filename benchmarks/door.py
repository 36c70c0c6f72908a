"""What a call through the MCP door costs, beside an empty tool of the same protocol library in the same run.

    python benchmarks/door.py [--seconds 2] [--json FILE]

Both servers are real processes: over stdio each client has a server of its own, over HTTP all share one. The clients
are written by hand, so that what is measured is the server. Shown are calls a second and the median and 99th
percentile of a call in milliseconds, and how many times the empty tool's median that is. Reads of a small instance, an
open task and the list of tasks are asked of FlowMaster; the empty server echoes a text.
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

EMPTY = """
import sys
from mcp.server import MCPServer
server = MCPServer("empty", log_level="ERROR")
@server.tool()
async def echo(text: str) -> dict[str, str]:
    return {"text": text}
if sys.argv[1] == "stdio":
    server.run("stdio")
else:
    server.run("streamable-http", port=int(sys.argv[1]), json_response=True, stateless_http=True)
"""
META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "benchmark", "version": "1"},
}
OUTLINE = {
    "process": "leave",
    "roles": ["boss"],
    "data": {"days": "integer 1..30", "ok": "boolean"},
    "start": {"needs": ["days"]},
    "steps": [{"approve": {"ask": "boss", "into": "ok"}}, {"end": "done"}],
}
CLIENTS = (1, 16)
Ask = Callable[[str, Mapping[str, Any]], Awaitable[Any]]


class Figure(NamedTuple):
    """What calls of one kind cost."""

    rate: float
    median: float
    late: float


def request(number: int, name: str, arguments: Mapping[str, Any]) -> bytes:
    """Return a tool call of the 2026 era as JSON text."""
    params = {"name": name, "arguments": arguments, "_meta": META}
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}).encode()


def result_of(answer: bytes) -> Any:
    """Return the result of a call that must have succeeded."""
    body = json.loads(answer)
    assert "result" in body, body
    assert not body["result"].get("isError"), body
    return body["result"].get("structuredContent")


@asynccontextmanager
async def over_stdio(command: list[str]) -> AsyncIterator[Ask]:
    """Start a server and ask it line by line."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL, limit=2**24
    )
    assert process.stdin is not None
    assert process.stdout is not None
    source, sink, number = process.stdout, process.stdin, 0

    async def ask(name: str, arguments: Mapping[str, Any]) -> Any:
        nonlocal number
        number += 1
        sink.write(request(number, name, arguments) + b"\n")
        await sink.drain()
        return result_of(await source.readline())

    try:
        yield ask
    finally:
        sink.close()
        await process.wait()


@asynccontextmanager
async def over_http(port: int) -> AsyncIterator[Ask]:
    """Ask a server over one connection that stays open."""
    source, sink = await asyncio.open_connection("127.0.0.1", port)
    number = 0

    async def ask(name: str, arguments: Mapping[str, Any]) -> Any:
        nonlocal number
        number += 1
        body = request(number, name, arguments)
        head = (
            f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
            f"Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\n"
            f"Mcp-Method: tools/call\r\nMcp-Name: {name}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        sink.write(head.encode() + body)
        headers = (await source.readuntil(b"\r\n\r\n")).lower()
        length = int(headers.partition(b"content-length:")[2].partition(b"\r\n")[0])
        return result_of(await source.readexactly(length))

    try:
        yield ask
    finally:
        sink.close()


@asynccontextmanager
async def http_server(command: list[str], port: int) -> AsyncIterator[None]:
    """Run a server until it is no longer needed."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            await asyncio.sleep(0.1)
        yield
    finally:
        process.terminate()
        await process.wait()


async def measured(asks: list[Ask], name: str, arguments: Mapping[str, Any], seconds: float) -> Figure:
    """Let all clients call at once, each one call after the other."""
    times: list[float] = []

    async def client(ask: Ask) -> None:
        end = time.perf_counter() + seconds
        while (begun := time.perf_counter()) < end:
            await ask(name, arguments)
            times.append(time.perf_counter() - begun)

    for ask in asks:
        await ask(name, arguments)
    begun = time.perf_counter()
    await asyncio.gather(*(client(ask) for ask in asks))
    took = time.perf_counter() - begun
    times.sort()
    return Figure(
        len(times) / took, statistics.median(times) * 1000, times[int(len(times) * 0.99) - 1] * 1000
    )


async def prepared(ask: Ask) -> dict[str, dict[str, Any]]:
    """Publish a process, start an instance, and return the reads to be measured."""
    await ask("process_create", {"outline": OUTLINE})
    await ask("process_publish", {"process": "leave"})
    started = await ask("instance_start", {"process": "leave", "variables": {"days": 3}})
    task = started["waiting"][0]["task"]
    return {
        "instance_read": {"instance": started["instance"]},
        "task_read": {"task": task},
        "task_find": {},
    }


async def transport(kind: str, clients: int, seconds: float, folder: str) -> dict[str, Figure]:
    """Measure both servers over one transport with so many clients, one after the other."""
    flowmaster = str(Path(sys.executable).with_name("flowmaster"))
    empty = [sys.executable, os.path.join(folder, "empty.py")]
    found: dict[str, Figure] = {}
    if kind == "stdio":
        for server in ("empty", "flowmaster"):
            managers = [
                over_stdio(
                    [*empty, "stdio"] if server == "empty" else [flowmaster, "mcp", "--data", ":memory:"]
                )
                for _ in range(clients)
            ]
            asks = [await one.__aenter__() for one in managers]
            found |= await _figures(server, asks, seconds, alone=True)
            for one in managers:
                await one.__aexit__(None, None, None)
        return found
    for server in ("empty", "flowmaster"):
        port = _free_port()
        command = [*empty, str(port)]
        if server == "flowmaster":
            command = [flowmaster, "serve", "--data", ":memory:", "--port", str(port)]
        async with http_server(command, port):
            managers = [over_http(port) for _ in range(clients)]
            asks = [await one.__aenter__() for one in managers]
            found |= await _figures(server, asks, seconds, alone=False)
            for one in managers:
                await one.__aexit__(None, None, None)
    return found


async def _figures(server: str, asks: list[Ask], seconds: float, *, alone: bool) -> dict[str, Figure]:
    if server == "empty":
        return {"empty": await measured(asks, "echo", {"text": "hello"}, seconds)}
    reads = await prepared(asks[0])
    for ask in asks[1:] if alone else []:
        await prepared(ask)
    return {name: await measured(asks, name, arguments, seconds) for name, arguments in reads.items()}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each kind of call is made")
    parser.add_argument("--json", help="write the figures into this file, too")
    options = parser.parse_args()
    told: dict[str, Any] = {}
    print(f"{'':8}{'clients':>8}  {'call':16}{'calls/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'times':>8}")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "empty.py").write_text(EMPTY, encoding="utf-8")
        for kind in ("stdio", "http"):
            for clients in CLIENTS:
                figures = await transport(kind, clients, options.seconds, folder)
                floor = figures["empty"].median
                for name, figure in figures.items():
                    times = figure.median / floor
                    print(
                        f"{kind:8}{clients:8}  {name:16}{figure.rate:9.0f}{figure.median:9.2f}{figure.late:9.2f}{times:8.2f}"
                    )
                    told[f"{kind} {clients} {name}"] = {**figure._asdict(), "times": times}
    if options.json:
        Path(options.json).write_text(json.dumps(told, indent=1), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
