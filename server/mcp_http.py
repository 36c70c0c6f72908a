"""The MCP door over streamable HTTP, numbers exact.

A client of 2026-07-28 sends every request by itself and gets one JSON answer, or a stream where something is told
while the call is under way. A client of 2025-11-25 that greets gets a session, so that it can be asked and told
something; without a greeting each of its requests is answered by itself, in plain JSON.

The protocol library reads and writes JSON with binary floats. So the arguments of a tool call are read here, beside
it, and handed to the door through the request; the text of the answer replaces a placeholder in its response.
"""

import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

import anyio
from mcp.server import Server
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.streamable_http import MCP_SESSION_ID_HEADER, check_accept_headers
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.inbound import MCP_PROTOCOL_VERSION_HEADER
from mcp.types import PROTOCOL_VERSION_META_KEY, UNSUPPORTED_PROTOCOL_VERSION
from mcp.types.version import (
    HANDSHAKE_PROTOCOL_VERSIONS,
    KNOWN_PROTOCOL_VERSIONS,
    LATEST_HANDSHAKE_VERSION,
)
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from flowmaster.engine.errors import FlowMasterError
from flowmaster.server.callers import SIGNED_IN, caller_in
from flowmaster.server.frames import identity_in
from flowmaster.server.http_body import BODY_LENGTH_MAX, response_of, whole_body
from flowmaster.server.mcp_door import Context, mcp_server
from flowmaster.server.mcp_refused import PATH
from flowmaster.server.mcp_task_wire import lasting_of
from flowmaster.tools.app import App
from flowmaster.tools.invoke import refused
from flowmaster.tools.json_text import read_json, write_json
from flowmaster.tools.limits import limit_headers

SESSIONS_MAX: Final = 1_000
"""Sessions of clients of 2025-11-25 that are open at once; those of 2026-07-28 need none."""

Mirrored = Callable[[str], Mapping[str, Any] | None]
"""Returns the input schema of a tool whose arguments headers repeat."""

_PLACE: dict[str, Any] = {"$": secrets.token_hex(8)}
_PLACE_TEXT = write_json(_PLACE)


Extend = Callable[[Server[Any], App], None]
"""Lets a server answer more than FlowMaster itself does, as the fixtures of a conformance test."""


def as_it_is(server: Server[Any], app: App) -> None:
    """Add nothing."""


class McpHttpDoor:
    """An ASGI application that answers MCP requests."""

    def __init__(self, app: App, extend: Extend = as_it_is) -> None:
        self._app = app
        server = mcp_server(app, carry=_carried, exact=_exact, stateless=True)
        extend(server, app)
        mirrored = server.get_tool_input_schema
        assert mirrored is not None
        self._mirrored = mirrored
        shared: dict[str, Any] = {
            "app": server,
            "max_request_body_size": BODY_LENGTH_MAX,
            "security_settings": TransportSecuritySettings(enable_dns_rebinding_protection=False),
        }
        self._plain = StreamableHTTPSessionManager(**shared, json_response=True, stateless=True)
        self._live = StreamableHTTPSessionManager(**shared, max_sessions=SESSIONS_MAX)
        self._listening: set[anyio.CancelScope] = set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Serve while the context is open."""
        async with self._plain.run(), self._live.run():
            yield

    def end(self) -> None:
        """Send those away who only listen, since the server is about to close; calls may go on to their answers."""
        for each in self._listening:
            each.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope)
        in_session = MCP_SESSION_ID_HEADER in request.headers
        if scope["method"] != "POST" and not (in_session and scope["method"] in ("GET", "DELETE")):
            return await Response(status_code=405, headers={"Allow": "POST"})(scope, receive, send)
        try:
            body = await whole_body(scope, receive)
        except FlowMasterError as error:
            return await response_of(refused(error))(scope, receive, send)
        if (refusal := _of_unknown_version(request, body)) is not None:
            return await refusal(scope, receive, send)
        asked = _taken_out(body, self._mirrored)
        exchange = Exchange(asked, receive, send)
        if asked.arguments is None and (refusal := self._over_limit(scope, len(body))) is not None:
            return await refusal(scope, receive, send)
        scope = {**scope, **_owner(scope), "path": PATH, "root_path": "", "flowmaster.exchange": exchange}
        scope["headers"] = [(name, value.strip(b" \t")) for name, value in scope["headers"]]
        streams = asked.greets or (_is_modern(request) and not self._is_short(asked))
        lives = in_session or (streams and _takes_streams(request))
        manager = self._live if lives else self._plain
        if scope["method"] != "GET":
            return await manager.handle_request(scope, exchange.receive, exchange.send)
        with anyio.CancelScope() as listening:
            self._listening.add(listening)
            try:
                await manager.handle_request(scope, exchange.receive, exchange.send)
            finally:
                self._listening.discard(listening)
        if listening.cancelled_caught:
            await exchange.send({"type": "http.response.body", "body": b"", "more_body": False})

    def _is_short(self, asked: "_Asked") -> bool:
        """Whether a request is a call that has nothing to tell before its answer, and need not be broken off."""
        if asked.arguments is None or asked.told_of:
            return False
        return lasting_of(self._app, asked.tool, asked.arguments) == "no"

    def _over_limit(self, scope: Scope, length: int) -> Response | None:
        """Count a request that is no call of a tool, or refuse it; calls are counted where they are made."""
        gate, caller = self._app.gate, caller_in(scope, "mcp-http")
        if gate is None or not gate.watches(caller):
            return None
        try:
            gate.enter(caller, "other", length)
        except FlowMasterError as error:
            response = response_of(refused(error))
            response.headers.update(limit_headers(gate.standing(caller)))
            return response
        gate.leave(caller)
        return None


class Exchange:
    """One request and its response: the exact arguments go in, the exact answer comes out."""

    def __init__(self, asked: "_Asked", receive: Receive, send: Send) -> None:
        self.arguments = asked.arguments
        self._body: bytes | None = asked.body
        self._receive = receive
        self._send = send
        self._start: Message | None = None
        self.answer: bytes | None = None

    async def receive(self) -> Message:
        """Give the body again, then whatever else the client does."""
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Message) -> None:
        """Pass the response on, the answer in its place."""
        if message["type"] == "http.response.start":
            if "content-length" in MutableHeaders(raw=message["headers"]):
                self._start = message
                return
        elif self.answer is not None and "body" in message:
            message = {**message, "body": message["body"].replace(_PLACE_TEXT, self.answer)}
        if self._start is not None:
            headers = MutableHeaders(raw=self._start["headers"])
            headers["content-length"] = str(len(message.get("body", b"")))
            await self._send({**self._start, "headers": headers.raw})
            self._start = None
        await self._send(message)


def _owner(scope: Scope) -> dict[str, Any]:
    """Return whom the library binds a session to: the caller who signed in, if somebody had to."""
    caller = caller_in(scope, "mcp-http")
    if SIGNED_IN not in scope:
        return {}
    name = write_json([caller.tenant, caller.actor, caller.on_behalf_of]).decode()
    return {"user": AuthenticatedUser(AccessToken(token="", client_id=name, scopes=[]))}


def _takes_streams(request: Request) -> bool:
    return all(check_accept_headers(request))


def _is_modern(request: Request) -> bool:
    version = request.headers.get(MCP_PROTOCOL_VERSION_HEADER)
    return version is not None and version not in HANDSHAKE_PROTOCOL_VERSIONS


def _of_unknown_version(request: Request, body: bytes) -> Response | None:
    """Return the refusal of a request whose header alone names a version that nobody speaks.

    Where its body names one too, the library compares the two.
    """
    version = request.headers.get(MCP_PROTOCOL_VERSION_HEADER, LATEST_HANDSHAKE_VERSION).strip()
    if version in KNOWN_PROTOCOL_VERSIONS or PROTOCOL_VERSION_META_KEY.encode() in body:
        return None
    told = {"supported": list(KNOWN_PROTOCOL_VERSIONS), "requested": version[:80]}
    message = f"The header MCP-Protocol-Version names {version[:80]!r}, a version that is not known here."
    error = {"code": UNSUPPORTED_PROTOCOL_VERSION, "message": message, "data": told}
    content = write_json({"jsonrpc": "2.0", "id": identity_in(body), "error": error})
    return Response(content, 400, media_type="application/json")


def _carried(body: bytes, ctx: Context) -> dict[str, Any]:
    _exchange(ctx).answer = body
    return _PLACE


def _exact(ctx: Context, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    exact = _exchange(ctx).arguments
    return arguments if exact is None else exact


def _exchange(ctx: Context) -> Exchange:
    assert ctx.request is not None
    exchange: Exchange = ctx.request.scope["flowmaster.exchange"]
    return exchange


class _Asked(NamedTuple):
    """What is known of a request before the library reads it: the body it will read, and the call that it makes."""

    body: bytes
    greets: bool = False
    tool: str = ""
    arguments: dict[str, Any] | None = None
    told_of: bool = False


def _taken_out(body: bytes, mirrored: Mirrored) -> _Asked:
    """Return what a request asks, its body without the arguments of a tool call.

    Whatever else a body holds is for the library to judge, as it came; so are arguments that headers repeat.
    """
    if b'"tools/call"' not in body and b'"initialize"' not in body:
        return _Asked(body)
    try:
        message = read_json(body.decode())
        if message["method"] == "initialize":
            return _Asked(body, greets=True)
        params = message["params"]
        name, arguments = params["name"], params["arguments"]
        if not isinstance(name, str) or not isinstance(arguments, dict):
            return _Asked(body)
        without = write_json({**message, "params": {**params, "arguments": {}}})
        told_of = "progressToken" in params.get("_meta", {})
        return _Asked(body if mirrored(name) is not None else without, False, name, arguments, told_of)
    except (ValueError, LookupError, TypeError, AttributeError):
        return _Asked(body)
