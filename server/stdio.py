"""The MCP door over standard streams: takes the session over from its opening and serves it to the end."""

import asyncio
import os
import select
import signal
import sys
from math import inf
from types import TracebackType
from typing import Final, Self

import anyio
from anyio import to_thread
from mcp.shared.message import SessionMessage
from mcp.types import JSONRPCError, JSONRPCNotification, JSONRPCRequest, JSONRPCResponse

from flowmaster.engine.errors import FlowMasterError
from flowmaster.server.collector import settle_collector
from flowmaster.server.frames import as_it_is, read_frame, write_frame
from flowmaster.server.logs import log_to_errors, say
from flowmaster.server.mcp_door import mcp_server
from flowmaster.server.opening import Opening
from flowmaster.server.settings import Settings
from flowmaster.server.wiring import open_app

FINISH_SECONDS: Final = 5.0
"""How long calls under way may still be answered after the client has closed the input."""

_LISTEN: Final = "subscriptions/listen"
"""The request that is answered when the session ends, and so keeps none open."""
_SWITCH_SECONDS: Final = 0.005
"""What Python switches threads by when the opening has not made it quicker."""
_AT_ONCE: Final = select.PIPE_BUF
"""Bytes that a pipe with room takes without blocking."""


def serve_stdio(settings: Settings, opening: Opening) -> int:
    """Serve one MCP session over the streams of the opening; return the exit code."""
    log_to_errors(settings.log_format)
    try:
        anyio.run(_serve, settings, opening)
    except FlowMasterError as error:
        complaint = f"FlowMaster could not start: {error.message} {error.fix}".strip()
        opening.refuse_all(complaint)
        say(settings.log_format, complaint)
        return 1
    return 0


async def _serve(settings: Settings, opening: Opening) -> None:
    async with open_app(settings, door="stdio") as app:
        settle_collector()
        server = mcp_server(app, carry=lambda body, _: as_it_is(body))
        session = _Session(opening.sink)
        session.begin(opening)
        sys.setswitchinterval(_SWITCH_SECONDS)
        for each in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(each, session.end)
        await server.run(session.incoming, session, server.create_initialization_options())


class _Session:
    """The two directions of one session: frames that arrive, and (itself) the stream that writes frames."""

    def __init__(self, sink: int) -> None:
        self._sink = sink
        self._room = select.poll()
        self._room.register(sink, select.POLLOUT)
        self._turn = anyio.Lock(fast_acquire=True)
        self._arrived, self.incoming = anyio.create_memory_object_stream[SessionMessage | Exception](inf)
        self._open: set[int | str] = set()
        self._answered: set[int | str] = set()
        self._ended = False
        self._closed = False
        self._loop = asyncio.get_running_loop()

    def begin(self, opening: Opening) -> None:
        """Take the session over; the frames of the opening come first."""

        def deliver(lines: list[bytes], ended: bool) -> None:
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self._arrive, lines, ended)

        self._answered.update(opening.hand_over(deliver))

    def end(self) -> None:
        """Let no more frames in; the server closes everything in order when it has read the last one."""
        self._closed = True
        self._arrived.close()

    def _arrive(self, lines: list[bytes], ended: bool) -> None:
        for line in lines:
            if self._closed:
                return
            read = read_frame(line)
            if isinstance(read, bytes):
                self._loop.create_task(self._write(read))
                continue
            message = read.message
            if isinstance(message, JSONRPCRequest):
                if message.method != _LISTEN:
                    self._open.add(message.id)
            elif isinstance(message, JSONRPCNotification) and message.method == "notifications/cancelled":
                self._open.discard((message.params or {}).get("requestId", ""))
            self._arrived.send_nowait(read)
        if ended:
            self._ended = True
            self._close_when_done()
            self._loop.call_later(FINISH_SECONDS, self.end)

    def _close_when_done(self) -> None:
        if self._ended and not self._open:
            self.end()

    async def send(self, item: SessionMessage, /) -> None:
        """Write a message, unless the opening has answered it already."""
        message = item.message
        answers = message.id if isinstance(message, JSONRPCResponse | JSONRPCError) else None
        if answers is not None and answers in self._answered:
            self._answered.discard(answers)
        else:
            await self._write(write_frame(item))
        if answers is not None:
            self._open.discard(answers)
            self._close_when_done()

    async def _write(self, frame: bytes) -> None:
        async with self._turn:
            try:
                if len(frame) <= _AT_ONCE and self._room.poll(0):
                    frame = frame[os.write(self._sink, frame) :]
                if frame:
                    await to_thread.run_sync(_write_all, self._sink, frame)
            except BrokenPipeError:
                self.end()

    async def aclose(self) -> None:
        """Nothing is buffered, so there is nothing to end."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        await self.aclose()
        return None


def _write_all(sink: int, frame: bytes) -> None:
    rest = memoryview(frame)
    while rest:
        rest = rest[os.write(sink, rest) :]
