"""An HTTP protocol whose answers leave in one piece.

The web server writes the head and the body of an answer one after the other; each write is a call of the system and
often a packet, for the server and for its client. Here what one turn of the event loop writes goes out together.
"""

import asyncio
from typing import Any, Final, cast

from uvicorn.protocols.http.auto import AutoHTTPProtocol

AT_ONCE: Final = 65_536
"""Bytes that are written without waiting for more."""


class GatheredHTTPProtocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]  # chosen when it is imported
    """The protocol that the web server would choose by itself, on a transport that gathers."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take up a connection."""
        super().connection_made(cast("asyncio.Transport", _Gathering(cast("asyncio.Transport", transport))))


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
