"""A double of an ArangoDB server on a port of this machine, for a driver that speaks to it over real sockets.

It is a protocol double, never a server: what passes here was not shown to pass on ArangoDB. It speaks of the HTTP API what
`stores/arango` needs, and answers queries only whose text somebody has put into its registry with a function for it; any
other text is answered with 501 and noted in `unknown`, which a test must find empty.
"""

import base64
import contextlib
import json
import secrets
import socket
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlsplit

import jwt

from tests.arango import documents, graphs, schema
from tests.arango.cursors import Query, cursor
from tests.arango.request import Request, Told, told
from tests.arango.world import Refused, World

Fault = Callable[[str, str], str]
"""Told a method and a path, says what goes wrong: `drop` before it is done, `lose` the answer, `503`, `junk` for an answer, `SECONDS`, or nothing."""

PASSWORD = "correct horse 7#"


class Double:
    """The server, running from its making until `close`."""

    def __init__(self, queries: Mapping[str, Query], *, password: str = PASSWORD) -> None:
        self.password = password
        self.world = World(password)
        self.queries = dict(queries)
        self.unknown: list[str] = []
        self.asked: list[str] = []
        self.fault: Fault | None = None
        self.secret = secrets.token_hex(16)
        self.lines: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._port = 0
        self.start()

    @property
    def port(self) -> int:
        """The port that it listens on, the same after a restart."""
        return self._port

    @property
    def url(self) -> str:
        """The address of a database on it."""
        return f"http://root@127.0.0.1:{self._port}/flowmaster"

    def start(self) -> None:
        """Listen."""
        double = self

        class Handler(_Handler):
            server_double = double

        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Listen no more and cut everybody off; what it holds stays."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        for line in list(self.lines):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def empty(self) -> None:
        """Lose everything, as a server does that is started on an empty disk."""
        with self._lock:
            self.world = World(self.password)

    def close(self) -> None:
        """End."""
        self.stop()

    def answer(self, method: str, target: str, headers: dict[str, str], text: str) -> Told:
        """Answer a request."""
        parts = urlsplit(target)
        steps = [unquote(step) for step in parts.path.strip("/").split("/")]
        body = _body(text)
        with self._lock:
            self.asked.append(f"{method} {parts.path}")
            try:
                if steps == ["_open", "auth"]:
                    return self._signed_in(body)
                user = self._who(headers)
                name = "_system"
                if steps[0] == "_db":
                    name, steps = steps[1], steps[2:]
                request = Request(
                    self.world,
                    self.world.database(name),
                    user,
                    method,
                    dict(parse_qsl(parts.query)),
                    headers,
                    body,
                    text,
                )
                return self._routed(request, steps)
            except Refused as refused:
                return told(refused.status, refused.body)

    def _routed(self, request: Request, steps: list[str]) -> Told:
        if steps[0] != "_api" or len(steps) < 2:
            raise Refused(404, 404, f"unknown path {'/'.join(steps)}")
        if steps[1] == "cursor":
            return cursor(request, steps[2:], self.queries, self.unknown)
        handler = _HANDLERS.get(steps[1])
        if handler is None:
            raise Refused(501, 501, f"the double has no {steps[1]}")
        return handler(request, steps[2:])

    def _signed_in(self, body: Any) -> Told:
        name, password = body.get("username"), body.get("password")
        if self.world.users.get(name) != password:
            raise Refused(401, 401, "Wrong credentials")
        now = int(time.time())
        claims = {"preferred_username": name, "iss": "arangodb", "iat": now, "exp": now + 3_600}
        return told(200, {"jwt": jwt.encode(claims, self.secret, algorithm="HS256")})

    def _who(self, headers: dict[str, str]) -> str:
        kind, _, given = headers.get("authorization", "").partition(" ")
        try:
            if kind.lower() == "bearer":
                claims = jwt.decode(given, self.secret, algorithms=["HS256"], issuer="arangodb")
                return str(claims.get("preferred_username", claims.get("server_id", "")))
            name, _, password = base64.b64decode(given).decode().partition(":")
        except (jwt.PyJWTError, ValueError):
            raise Refused(401, 11, "not authorized to execute this request") from None
        if kind.lower() != "basic" or self.world.users.get(name) != password:
            raise Refused(401, 11, "not authorized to execute this request")
        return name


_HANDLERS: dict[str, Callable[[Request, list[str]], Told]] = {
    "version": schema.version,
    "database": schema.database,
    "collection": schema.collection,
    "index": schema.index,
    "transaction": schema.transaction,
    "user": schema.user,
    "tasks": schema.tasks,
    "edges": schema.edges,
    "document": documents.document,
    "import": documents.bulk,
    "gharial": graphs.gharial,
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    disable_nagle_algorithm = True
    server_double: ClassVar[Double]

    def _serve(self) -> None:
        double = self.server_double
        length = int(self.headers.get("content-length") or 0)
        text = self.rfile.read(length).decode() if length else ""
        fault = double.fault(self.command, self.path) if double.fault is not None else ""
        if fault == "drop":
            self.close_connection = True
            return
        if fault == "503":
            refused = Refused(503, 503, "service unavailable")
            self._say(told(503, refused.body))
            return
        if fault == "junk":
            self._say(told(200, ["nothing that the driver looks for"]))
            return
        if fault and fault != "lose":
            time.sleep(float(fault))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = double.answer(self.command, self.path, headers, text)
        if fault == "lose":
            self.close_connection = True
            return
        self._say(answer)

    def _say(self, answer: Told) -> None:
        data = b"" if answer.status == 304 else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def handle(self) -> None:
        """Serve a connection; one that is cut off is no news."""
        self.server_double.lines.add(self.connection)
        try:
            super().handle()
        except (ConnectionError, ValueError):
            self.close_connection = True
        finally:
            self.server_double.lines.discard(self.connection)


def _body(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None
