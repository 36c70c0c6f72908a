"""The MCP door over streamable HTTP: stateless, one JSON answer for one request, numbers exact.

The protocol library reads and writes JSON with binary floats. So the arguments of a tool call are read here, beside
it, and handed to the door through the request; the text of the answer replaces a placeholder in its response.
"""

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from mcp.server.transport_security import TransportSecuritySettings
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from flowmaster.engine.errors import FlowMasterError
from flowmaster.server.http_body import BODY_LENGTH_MAX, response_of, whole_body
from flowmaster.server.mcp_door import Context, mcp_server
from flowmaster.tools.app import App
from flowmaster.tools.invoke import refused
from flowmaster.tools.json_text import read_json, write_json

PATH = "/mcp"

_PLACE: dict[str, Any] = {"$": secrets.token_hex(8)}
_PLACE_TEXT = write_json(_PLACE)


class McpHttpDoor:
    """An ASGI application that answers MCP requests."""

    def __init__(self, app: App) -> None:
        self._server = mcp_server(app, carry=_carried, exact=_exact, stateless=True)
        self._inner = self._server.streamable_http_app(
            streamable_http_path=PATH,
            json_response=True,
            stateless_http=True,
            max_request_body_size=BODY_LENGTH_MAX,
            transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        )

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Serve while the context is open."""
        async with self._server.session_manager.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["method"] != "POST":
            return await Response(status_code=405, headers={"Allow": "POST"})(scope, receive, send)
        try:
            body = await whole_body(scope, receive)
        except FlowMasterError as error:
            return await response_of(refused(error))(scope, receive, send)
        exchange = Exchange(body, receive, send)
        scope = {**scope, "path": PATH, "root_path": "", "flowmaster.exchange": exchange}
        await self._inner(scope, exchange.receive, exchange.send)


class Exchange:
    """One request and its response: the exact arguments go in, the exact answer comes out."""

    def __init__(self, body: bytes, receive: Receive, send: Send) -> None:
        self.arguments, without = _taken_out(body)
        self._body: bytes | None = without
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
            self._start = message
            return
        if self.answer is not None and "body" in message:
            message = {**message, "body": message["body"].replace(_PLACE_TEXT, self.answer)}
        if self._start is not None:
            headers = MutableHeaders(raw=self._start["headers"])
            if "content-length" in headers:
                headers["content-length"] = str(len(message.get("body", b"")))
            await self._send({**self._start, "headers": headers.raw})
            self._start = None
        await self._send(message)


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


def _taken_out(body: bytes) -> tuple[dict[str, Any] | None, bytes]:
    """Return the arguments of a tool call, and the body without them.

    Whatever else a body holds is for the library to judge, as it came.
    """
    if b'"tools/call"' not in body:
        return None, body
    try:
        message = read_json(body.decode())
        params = message["params"]
        arguments = params["arguments"]
        without = write_json({**message, "params": {**params, "arguments": {}}})
    except (ValueError, LookupError, TypeError):
        return None, body
    return (arguments, without) if isinstance(arguments, dict) else (None, body)
