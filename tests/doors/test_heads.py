"""The head of a request is bounded in length and time, before anybody signs in."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable

import pytest
import uvicorn
from starlette.responses import PlainTextResponse

from flowmaster.server import gathered
from flowmaster.server.gathered import HEAD_BYTES_MAX, GatheredHTTPProtocol

Play = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
HEAD = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"


def played(play: Play) -> None:
    """Let a client talk to a server of its own that answers every request."""

    async def whole() -> None:
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            config = uvicorn.Config(
                PlainTextResponse("well"), http=GatheredHTTPProtocol, log_level="critical", lifespan="off"
            )
            server = uvicorn.Server(config)
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            while not server.started:
                await asyncio.sleep(0.01)
            source, sink = await asyncio.open_connection(*listening.getsockname())
            try:
                async with asyncio.timeout(10):
                    await play(source, sink)
            finally:
                sink.close()
                server.should_exit = True
                await serving

    asyncio.run(whole())


async def refused(source: asyncio.StreamReader, status: int) -> None:
    """Check that the client is told what is wrong, and that the server has hung up."""
    head, _, body = (await source.read()).partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert json.loads(body)["expected"]


@pytest.mark.parametrize("pieces", [1, 40], ids=["at once", "in pieces"])
def test_a_long_head_is_refused(pieces: int) -> None:
    async def play(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        long = HEAD + b"X: " + b"a" * (HEAD_BYTES_MAX + 1_000) + (b"\r\n\r\n" if pieces == 1 else b"")
        step = -(-len(long) // pieces)
        for start in range(0, len(long), step):
            sink.write(long[start : start + step])
            await sink.drain()
            await asyncio.sleep(0.001)
        await refused(source, 431)

    played(play)


@pytest.mark.parametrize("begun", [b"", HEAD], ids=["nothing", "a part"])
def test_a_slow_head_is_refused(begun: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathered, "HEAD_SECONDS_MAX", 0.3)

    async def play(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        sink.write(begun)
        await refused(source, 408)

    played(play)


def test_a_connection_is_used_again_and_a_slow_second_head_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gathered, "HEAD_SECONDS_MAX", 0.5)

    async def play(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        for _ in range(3):
            sink.write(HEAD + b"\r\n")
            assert (await source.readuntil(b"well")).startswith(b"HTTP/1.1 200 ")
            await asyncio.sleep(0.3)
        sink.write(HEAD)
        await refused(source, 408)

    played(play)
