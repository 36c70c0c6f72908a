"""The sign-in of HTTP callers: with an API key or an access token, as soon as either is set up.

Everything that comes over HTTP passes here, whatever door it is for. Who is let in stands in the scope of the
request (`server/callers.py`). Refusals have one form, whatever is wrong with a key or token, and come ever later to
somebody who guesses. A request that lasts (a stream) ends when its key is revoked or its token expires.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import time
from typing import Final
from urllib.parse import parse_qsl

import anyio
from anyio import lowlevel
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flowmaster.engine.errors import FlowMasterError
from flowmaster.server.callers import NEEDED, REQUEST, SIGNED_IN
from flowmaster.server.grounds import Grounds, SignedIn
from flowmaster.server.http_body import response_of
from flowmaster.server.mcp_refused import told_in_mcp
from flowmaster.server.request_ids import request_id
from flowmaster.server.resource import WELL_KNOWN, Resource
from flowmaster.stores.call_log import CallLine
from flowmaster.tools.invoke import refused

CHECK_SECONDS: Final = 1.0
"""How often a request that lasts is asked again whether its key or token still holds."""

_IN_QUERY: Final = frozenset({"access_token", "api_key", "apikey", "authorization", "token"})


class SignIn:
    """Lets requests of callers through who are known, or of everybody while nobody has to sign in."""

    def __init__(self, app: ASGIApp, grounds: Grounds) -> None:
        self._app = app
        self._grounds = grounds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        given: list[bytes] = []
        identity = b""
        for name, value in scope["headers"]:
            if name == b"authorization":
                given.append(value)
            elif name == b"x-request-id":
                identity = value
        scope = {**scope, REQUEST: request_id(identity), NEEDED: []}
        answer = _Answer(scope, send, self._grounds.resource)
        if _is_open(scope["path"]):
            return await self._app(scope, receive, answer.send)
        try:
            answer.who = await self._admitted(scope, given)
        except FlowMasterError as error:
            return await self._refuse(scope, receive, answer, error)
        if answer.who is None:
            return await self._app(scope, receive, answer.send)
        scope[SIGNED_IN] = answer.who.caller
        with answer.lasting():
            await self._app(scope, receive, answer.send)
        await answer.end()

    async def _admitted(self, scope: Scope, given: list[bytes]) -> SignedIn | None:
        """Return who signed in, nothing where nobody has to, or refuse."""
        if scope["query_string"] and _IN_QUERY & {
            name.lower() for name, _ in parse_qsl(scope["query_string"].decode("latin-1"), True)
        }:
            raise FlowMasterError(
                "sign_in.in_address",
                "Keys and tokens are not taken from the address, where logs and other sites see them.",
                path="authorization",
                fix="Send the header `Authorization: Bearer <key or token>`, and take what was sent for stolen.",
            )
        if not self._grounds.needed():
            return None
        if not given:
            raise FlowMasterError(
                "sign_in.needed",
                "This server answers only callers who sign in.",
                path="authorization",
                fix="Send the header `Authorization: Bearer <key or token>`; `flowmaster key add NAME` makes a key.",
                status=401,
            )
        kind, _, credential = given[0].decode("latin-1").partition(" ")
        is_bearer = len(given) == 1 and kind.lower() == "bearer"
        who = await self._grounds.signed_in(credential.strip()) if is_bearer else None
        if who is None:
            raise FlowMasterError(
                "sign_in.refused",
                "The key or token is not accepted.",
                path="authorization",
                fix="Ask whoever keeps the server for a key, or sign in again for a new token.",
                status=401,
            )
        return who

    async def _refuse(
        self, scope: Scope, receive: Receive, answer: "_Answer", error: FlowMasterError
    ) -> None:
        if error.code == "sign_in.refused":
            client = (scope.get("client") or ("",))[0]
            if self._grounds.calls is not None:
                self._grounds.calls.note(_noted(scope, client, error.code))
            if not await self._grounds.attempts.failed(client):
                error = FlowMasterError(
                    "sign_in.too_often",
                    "Too many keys and tokens were not accepted.",
                    path="authorization",
                    fix="Wait a minute before the next one.",
                    retry_after=60,
                    status=429,
                )
        if scope["type"] == "websocket":
            return await answer.send({"type": "websocket.close", "code": 1008, "reason": error.code})
        if (told := await told_in_mcp(scope, receive, error)) is not None:
            return await told(scope, receive, answer.send)
        response = response_of(refused(error))
        if error.status == 401 and self._grounds.resource is not None:
            response.headers["WWW-Authenticate"] = self._grounds.resource.challenge(
                error="invalid_token" if error.code == "sign_in.refused" else ""
            )
        elif error.status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        if error.status in (429, 503):
            response.headers.setdefault("Retry-After", "60")
        await response(scope, receive, answer.send)


class _Answer:
    """The way back of one request: adds what every answer carries, and ends a stream whose sign-in is over."""

    def __init__(self, scope: Scope, send: Send, resource: Resource | None) -> None:
        self._scope = scope
        self._send = send
        self._resource = resource
        self._lives: anyio.CancelScope | None = None
        self._watch: asyncio.Task[None] | None = None
        self._over = self._ended = False
        self._held: Message | None = None
        self.who: SignedIn | None = None

    @contextmanager
    def lasting(self) -> Iterator[None]:
        """Run a request that may last, at most as long as its sign-in holds."""
        try:
            with anyio.CancelScope() as self._lives:
                yield
        finally:
            if self._watch is not None:
                self._watch.cancel()

    async def end(self) -> None:
        """End the response of a request that was ended before its time."""
        if self._over and not self._ended:
            await self._begin()
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def send(self, message: Message) -> None:
        """Pass a message on."""
        if message["type"] == "http.response.start":
            if self._waits_for_more():
                self._held = message
                return
            message = self._started(message)
        elif message.get("more_body") and self.who is not None and not self.who.holds():
            self._stop()
            return await lowlevel.checkpoint()
        await self._begin()
        self._ended = message["type"] == "http.response.body" and not message.get("more_body")
        await self._send(message)

    async def _begin(self) -> None:
        """Send the head of the answer, if it was held back."""
        if self._held is not None:
            held, self._held = self._held, None
            await self._send(self._started(held))

    def _waits_for_more(self) -> bool:
        """Whether the head of an answer waits for its beginning, which may say that the token is to have more scopes."""
        of_token = self.who is not None and self.who.scopes is not None
        return of_token and self._scope.get("method") == "POST"

    def _started(self, message: Message) -> Message:
        identity = (b"x-request-id", self._scope[REQUEST].encode())
        message = {**message, "headers": [*message["headers"], identity]}
        if self.who is None:
            return message
        headers = MutableHeaders(raw=message["headers"])
        scopes = self.who.scopes
        if self._scope[NEEDED] and self._resource is not None and scopes is not None:
            message["status"] = 403
            headers["WWW-Authenticate"] = self._resource.insufficient(self._scope[NEEDED][0], scopes)
        if headers.get("content-type", "").startswith("text/event-stream"):
            self._watch = asyncio.get_running_loop().create_task(self._watched(self.who.holds))
        return message

    async def _watched(self, holds: Callable[[], bool]) -> None:
        while holds():
            await asyncio.sleep(CHECK_SECONDS)
        self._stop()

    def _stop(self) -> None:
        self._over = True
        if self._lives is not None:
            self._lives.cancel()


def _noted(scope: Scope, client: str, code: str) -> CallLine:
    """Return the line about a failed sign-in: from where, and nothing of what was sent."""
    return CallLine(time(), "sign_in", client, "", "http", "", code, 0, scope[REQUEST])


def _is_open(path: str) -> bool:
    """Whether everybody is let in there: it says how the server is, or how to sign in."""
    return path in ("/health", "/health/live", "/health/ready") or path.startswith(WELL_KNOWN)
