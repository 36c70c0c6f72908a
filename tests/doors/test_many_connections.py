"""Only so many connections are open at once; who comes beyond is told so, and the others go on."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable

import pytest
import uvicorn
from starlette.responses import PlainTextResponse

from flowmaster.server import gathered
from flowmaster.server.files import FILES_BESIDE, connections_within
from flowmaster.server.gathered import bounded

MOST = 4
ASKS = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Open = Callable[[], Awaitable[Line]]


def played(play: Callable[[Open], Awaitable[None]]) -> None:
    """Let clients talk to a server that takes `MOST` connections."""

    async def whole() -> None:
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            config = uvicorn.Config(
                PlainTextResponse("well"), http=bounded(MOST), log_level="critical", lifespan="off"
            )
            server = uvicorn.Server(config)
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            while not server.started:
                await asyncio.sleep(0.01)
            lines: list[Line] = []

            async def opened() -> Line:
                lines.append(await asyncio.open_connection(*listening.getsockname()))
                return lines[-1]

            try:
                async with asyncio.timeout(20):
                    await play(opened)
            finally:
                for _, sink in lines:
                    sink.close()
                server.should_exit = True
                await serving

    asyncio.run(whole())


async def asked(line: Line, request: bytes = ASKS) -> str:
    """Ask over a connection, and return the first line of the answer."""
    source, sink = line
    sink.write(request)
    await sink.drain()
    head = await source.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    await source.readexactly(length)
    return head.split(b"\r\n")[0].decode()


def test_who_comes_beyond_the_bound_is_told_when_to_come_again() -> None:
    async def play(opened: Open) -> None:
        lines = [await opened() for _ in range(MOST)]
        assert [await asked(line) for line in lines] == ["HTTP/1.1 200 OK"] * MOST
        source, sink = await opened()
        sink.write(ASKS)
        head, _, body = (await source.read()).partition(b"\r\n\r\n")
        told = json.loads(body)
        assert head.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 5" in head
        assert (told["code"], told["retry_after"]) == ("server.overloaded", 5)
        assert [await asked(line) for line in lines] == ["HTTP/1.1 200 OK"] * MOST, "the others go on"
        lines[0][1].close()
        await asyncio.sleep(0.1)
        assert await asked(await opened()) == "HTTP/1.1 200 OK", "there is room again"

    played(play)


def test_whoever_watches_the_server_is_answered_all_the_same() -> None:
    async def play(opened: Open) -> None:
        lines = [await opened() for _ in range(MOST)]
        assert [await asked(line) for line in lines] == ["HTTP/1.1 200 OK"] * MOST
        assert await asked(await opened(), ASKS.replace(b"/ ", b"/health/live ")) == "HTTP/1.1 200 OK"

    played(play)


def test_a_silent_connection_beyond_the_bound_is_let_go_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathered, "FULL_SECONDS", 0.1)

    async def play(opened: Open) -> None:
        lines = [await opened() for _ in range(MOST)]
        assert [await asked(line) for line in lines] == ["HTTP/1.1 200 OK"] * MOST
        source, _ = await opened()
        assert (await source.read()).startswith(b"HTTP/1.1 503 ")

    played(play)


@pytest.mark.parametrize(
    ("soft", "hard", "wanted", "asked_for", "got"),
    [
        (1_024, 20_000, 4_000, 4_000 + FILES_BESIDE, 4_000),
        (1_024, 2_000, 4_000, 2_000, 2_000 - FILES_BESIDE),
        (100_000, 100_000, 4_000, None, 4_000),
    ],
)
def test_the_system_is_asked_for_as_many_files(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, wanted: int, asked_for: int | None, got: int
) -> None:
    resource = pytest.importorskip("resource")
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda kind, limits: told.append(limits))
    assert connections_within(wanted) == got
    assert told == ([] if asked_for is None else [(asked_for, hard)])
