"""A caller who hangs up while its change still waits to be stored has not changed anything."""

import asyncio
import json
import socket
from pathlib import Path

import pytest
import uvicorn

from flowmaster.server.gathered import GatheredHTTPProtocol
from flowmaster.server.http import http_app
from flowmaster.tools.app import App
from tests.runtime.held import ORDER, agent_of, count, held_app, run, store_of

BODY = json.dumps({"process": "order", "variables": {"amount": 7}}).encode()
REQUEST = (
    b"POST /api/v1/instance_start HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
)


async def waiting(app: App, pieces: int) -> None:
    """Wait until so many changes wait to be stored."""
    while len(app.runtime.writer._queue) < pieces:
        await asyncio.sleep(0.005)


def test_what_a_caller_left_behind_over_http_is_dropped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def play() -> None:
        async with held_app(monkeypatch, tmp_path) as app:
            await agent_of(app, "default").published(ORDER)
            with socket.socket() as listening:
                listening.bind(("127.0.0.1", 0))
                server = uvicorn.Server(
                    uvicorn.Config(http_app(app), http=GatheredHTTPProtocol, log_level="critical", ws="none")
                )
                serving = asyncio.create_task(server.serve(sockets=[listening]))
                while not server.started:
                    await asyncio.sleep(0.01)
                store_of(app).free.clear()
                lines = [await asyncio.open_connection(*listening.getsockname()) for _ in range(4)]
                for number, (_, sink) in enumerate(lines, 1):
                    sink.write(REQUEST)
                    await waiting(app, number)
                for _, sink in lines[:3]:
                    sink.close()
                    await sink.wait_closed()
                await asyncio.sleep(0.1)
                store_of(app).free.set()
                answer = await lines[3][0].readuntil(b"\r\n")
                assert answer.startswith(b"HTTP/1.1 200")
                assert count(app, "default") == 1
                lines[3][1].close()
                server.should_exit = True
                await serving

    run(play)
