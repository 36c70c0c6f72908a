"""An HTTP protocol whose answers leave in one piece, whose requests begin soon and shortly, on so many connections.

The web server writes the head and the body of an answer one after the other; each write is a call of the system and
often a packet, for the server and for its client. Here what one turn of the event loop writes goes out together.
It also waits without end for the head of a request, of any length; here it does not.
"""

import asyncio
from http import HTTPStatus
from typing import Any, Final, cast

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from flowmaster.engine.errors import FlowMasterError
from flowmaster.server.callers import GONE
from flowmaster.tools.json_text import write_json

AT_ONCE: Final = 65_536
"""Bytes that are written without waiting for more."""


HEAD_BYTES_MAX: Final = 65_536
"""Bytes of the head of a request: its address and headers."""

HEAD_SECONDS_MAX: Final = 30.0
"""How long a client may take to send a head, and to begin with its first one."""


_ABOUT_HEALTH: Final = (b"GET /health", b"HEAD /health")
"""What is answered beyond the bound too: whoever watches the server must not take a busy one for dead."""

FULL_SECONDS: Final = 1.0
"""How long a connection beyond the bound may wait to be told so: what is said before a request comes may not be read."""

TOLD_MAX: Final = 50
"""Connections beyond the bound that are told so at once; further ones are only closed, since each takes a file."""

AGAIN_SECONDS: Final = 5
"""When a refused client may try again."""


class GatheredHTTPProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]  # chosen when it is imported
    """The protocol that the web server would choose by itself, on a transport that gathers, with bounds for heads.

    Both parsers that it may choose make a `cycle` for a request when its head is there. One of them bounds heads
    itself, the other (httptools) tells where they begin and end.
    """

    connections_max: int | None = None
    """Connections that are open at most; without a number any."""

    _full = False
    _in_head = False
    _head_bytes = 0
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take up a connection."""
        super().connection_made(cast("asyncio.Transport", _Gathering(cast("asyncio.Transport", transport))))
        most = self.connections_max
        self._full = most is not None and len(self.connections) > most
        if most is not None and len(self.connections) > most + TOLD_MAX:
            self.transport.abort()
        elif self._full:
            self._patience = self.loop.call_later(FULL_SECONDS, self._refuse_further)
        else:
            self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of a connection."""
        self._have_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take in what came, as long as a head is neither too long nor too slow."""
        if self._full and not data.startswith(_ABOUT_HEALTH):
            self._refuse_further()
            return
        self._full = False
        before = self.cycle
        if before is not None and before.response_complete:
            self._wait_for_head()
        super().data_received(data)
        if self.cycle is not before:
            self._have_head()
            cycle = self.cycle
            cycle.scope[GONE] = lambda: cycle.disconnected
        elif self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX:
                self._refuse_long()

    def on_message_begin(self) -> None:
        """Hear that a head begins."""
        self._in_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Hear that a head is there."""
        self._in_head = False
        if sum(len(name) + len(value) for name, value in self.headers) + len(self.url) > HEAD_BYTES_MAX:
            self._refuse_long()
            raise ValueError("the head is too long")
        super().on_headers_complete()

    def _wait_for_head(self) -> None:
        if self._patience is None:
            self._patience = self.loop.call_later(HEAD_SECONDS_MAX, self._give_up)

    def _have_head(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _refuse_long(self) -> None:
        self._refuse(
            FlowMasterError(
                "request.head_too_large",
                "The head of the request is too long.",
                expected=f"at most {HEAD_BYTES_MAX} bytes of address and headers",
                fix="Send it again, shorter.",
                status=431,
            )
        )

    def _give_up(self) -> None:
        self._refuse(
            FlowMasterError(
                "request.incomplete",
                "The request did not arrive in time.",
                expected=f"the whole head within {HEAD_SECONDS_MAX:.0f} seconds",
                fix="Send it again, faster.",
                status=408,
            )
        )

    def _refuse_further(self) -> None:
        self._refuse(
            FlowMasterError(
                "server.overloaded",
                f"{self.connections_max} connections are open, which is all that this server takes.",
                expected=f"the next call in {AGAIN_SECONDS} seconds",
                fix=f"Try again in {AGAIN_SECONDS} seconds, over a connection that is kept for many calls. Whoever keeps "
                "the server may raise `--bounds connections`, and the files that the system lets it open.",
                retry_after=AGAIN_SECONDS,
                status=503,
            )
        )

    def _refuse(self, error: FlowMasterError) -> None:
        """Say what is wrong, and hang up."""
        self._have_head()
        if self.transport.is_closing():
            return
        body = write_json(error.body())
        again = f"retry-after: {error.retry_after}\r\n" if error.retry_after else ""
        head = (
            f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}\r\ncontent-type: application/problem+json\r\n"
            f"content-length: {len(body)}\r\n{again}connection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()


def bounded(connections: int) -> type[GatheredHTTPProtocol]:
    """Return the protocol with a bound for open connections."""
    return type("BoundedHTTPProtocol", (GatheredHTTPProtocol,), {"connections_max": connections})


class _Gathering:
    """A transport that writes together what comes within one turn of the loop."""

    __slots__ = ("_length", "_parts", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._parts: list[bytes] = []
        self._length = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if not self._parts:
            asyncio.get_running_loop().call_soon(self._flush)
        self._parts.append(data)
        self._length += len(data)
        if self._length > AT_ONCE:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._parts and not self._transport.is_closing():
            self._transport.write(b"".join(self._parts))
        self._parts.clear()
        self._length = 0
