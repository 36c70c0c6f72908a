"""How many bytes of requests are held at once: those that are being read, and those whose answer is under way."""

from collections import Counter
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from flowmaster.engine.errors import FlowMasterError
from flowmaster.server.callers import caller_in

HELD: Final = "flowmaster.held"
"""The key of the scope of a request with what it holds."""

AGAIN_SECONDS: Final = 2
"""When a request that was refused may come again; how long others hold their bytes, nobody knows."""

TENANT_SHARE: Final = 0.5
"""The part of all bytes that the requests of one tenant may take."""


class Bodies:
    """Counts the bytes that requests hold, and lets go of them when the requests are answered."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        """Take what answers the requests, and how many bytes they may hold together."""
        self._app = app
        self._most = most
        self._held: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with what counts its bytes."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        held = scope[HELD] = Held(self, caller_in(scope, "rest").tenant)
        try:
            await self._app(scope, receive, send)
        finally:
            self._take(held.tenant, -held.bytes)

    def take(self, tenant: str, length: int) -> None:
        """Count further bytes, or refuse them."""
        most = round(self._most * TENANT_SHARE)
        if self._held[tenant] + length > most:
            raise _too_much(f"Requests of your tenant hold {most} bytes at most.", 429)
        if self._held.total() + length > self._most:
            raise _too_much(f"All requests together hold {self._most} bytes at most.", 503)
        self._take(tenant, length)

    def _take(self, tenant: str, length: int) -> None:
        self._held[tenant] += length
        if not self._held[tenant]:
            del self._held[tenant]


class Held:
    """What one request holds."""

    __slots__ = ("_bodies", "bytes", "tenant")

    def __init__(self, bodies: Bodies, tenant: str) -> None:
        """Take what counts for all, and whose request it is."""
        self._bodies = bodies
        self.tenant = tenant
        self.bytes = 0

    def take(self, length: int) -> None:
        """Count further bytes, or refuse them."""
        self._bodies.take(self.tenant, length)
        self.bytes += length


def _too_much(message: str, status: int) -> FlowMasterError:
    return FlowMasterError(
        "server.overloaded",
        f"{message} Nothing has changed.",
        expected=f"the next call in {AGAIN_SECONDS} seconds",
        fix=f"Repeat the call in {AGAIN_SECONDS} seconds, or send less at once. Whoever keeps the server may raise "
        "`--bounds bytes`.",
        retry_after=AGAIN_SECONDS,
        status=status,
    )
