"""What every HTTP door asks of a request before it looks inside: who it is meant for, what it holds, how much."""

from collections.abc import Iterable
from typing import Final

import anyio
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from flowmaster.engine.errors import FlowMasterError
from flowmaster.server.bodies import HELD
from flowmaster.tools.answer import Answer
from flowmaster.tools.invoke import refused

BODY_LENGTH_MAX: Final = 16_000_000
"""Bytes of one request; more goes in by `document_add` in parts."""
BODY_SECONDS_MAX: Final = 30.0
"""How long a client may take to send its request."""

LOCAL_HOSTS: Final = ("127.0.0.1", "localhost", "[::1]")
"""The names that only programs of this machine ask for."""


class Guard:
    """Refuses requests that a web page sent here behind its reader's back (DNS rebinding, foreign origins)."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = LOCAL_HOSTS) -> None:
        self._app = app
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] in ("http", "websocket"):
            headers = Headers(scope=scope)
            host, origin = headers.get("host", ""), headers.get("origin")
            if host_name(host) not in self._hosts:
                return await _refuse(
                    scope, receive, send, "request.host_unknown", f"There is no host {host[:80]!r} here.", 421
                )
            if origin is not None and host_name(origin.partition("://")[2]) not in self._hosts:
                return await _refuse(
                    scope,
                    receive,
                    send,
                    "request.origin_foreign",
                    "The request comes from another site.",
                    403,
                )
        await self._app(scope, receive, send)


def response_of(answer: Answer) -> Response:
    """Return the HTTP response for an answer or a refusal."""
    kind = "application/problem+json" if answer.refused else "application/json"
    response = Response(answer.body, answer.status, media_type=kind)
    if answer.status in (429, 503):
        body = answer.data()
        if isinstance(body, dict) and "retry_after" in body:
            response.headers["Retry-After"] = str(body["retry_after"])
    return response


async def json_body(scope: Scope, receive: Receive) -> str:
    """Return the text of a JSON request.

    Raises:
        FlowMasterError: it is too long, too slow, of another kind, or not UTF-8.
    """
    kind, _, parameters = Headers(scope=scope).get("content-type", "").partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if kind.strip().lower() != "application/json" or charset not in ("", "utf-8"):
        raise FlowMasterError(
            "request.not_json",
            "The arguments must come as application/json in UTF-8.",
            path="content-type",
            expected="application/json",
            fix="Set the header Content-Type: application/json.",
            status=415,
        )
    body = await whole_body(scope, receive)
    try:
        return body.decode() if body else "{}"
    except UnicodeDecodeError as error:
        raise FlowMasterError(
            "request.not_json",
            f"The request is not UTF-8 at byte {error.start}.",
            expected="JSON in UTF-8",
            fix="Encode the text as UTF-8.",
        ) from None


async def whole_body(scope: Scope, receive: Receive) -> bytes:
    """Return the body of a request, as long as it is neither too long nor too slow."""
    declared = Headers(scope=scope).get("content-length", "0")
    if not declared.isdecimal() or int(declared) > BODY_LENGTH_MAX:
        raise _too_large()
    held = scope.get(HELD)
    parts: list[bytes] = []
    length = 0
    with anyio.move_on_after(BODY_SECONDS_MAX):
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                break
            parts.append(message.get("body", b""))
            length += len(parts[-1])
            if length > BODY_LENGTH_MAX:
                raise _too_large()
            if held is not None:
                held.take(len(parts[-1]))
            if not message.get("more_body", False):
                return b"".join(parts)
    raise FlowMasterError(
        "request.incomplete",
        "The request did not arrive in time.",
        expected=f"the whole body within {BODY_SECONDS_MAX:.0f} seconds",
        fix="Send it again.",
        status=408,
    )


def _too_large() -> FlowMasterError:
    return FlowMasterError(
        "request.too_large",
        "The request is too long.",
        expected=f"at most {BODY_LENGTH_MAX} bytes",
        fix="Send less at once.",
        status=413,
    )


def host_name(host: str) -> str:
    """Return the host without its port."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdecimal() else host).lower()


async def _refuse(scope: Scope, receive: Receive, send: Send, code: str, message: str, status: int) -> None:
    error = FlowMasterError(code, message, fix="Call FlowMaster by the address it listens on.", status=status)
    await response_of(refused(error))(scope, receive, send)
