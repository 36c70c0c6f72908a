"""The HTTP connector: calls a REST service as a step of a process."""

import contextlib
import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from anyio import CapacityLimiter, to_thread

from flowmaster.connectors.connector import UNREACHABLE, BusinessError, Work
from flowmaster.connectors.guard import Place, resolve
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.values import Json

SECONDS_MAX = 30
"""How long one request may take."""

BODY_BYTES_MAX = 5_000_000
"""How much of an answer is read; a longer one is a failure."""

REDIRECTS_MAX = 3

THREADS_MAX = 128
"""Requests under way at once, those included that nobody waits for any more."""

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")


class Response(NamedTuple):
    """What a service answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpConnector:
    """Does jobs of type `http.request`.

    Variables: `url`, `method` (GET), `body` (JSON), `headers`, each also as a fixed header of the model. Gives
    `response` = `{status, headers, body}`. An answer of 400 to 499 is the business error `HTTP_<status>`, one of
    500 and more a failure that is tried again.
    """

    type = "http.request"
    about = "Calls a REST service: url, method, body, headers; gives response {status, headers, body}."

    def __init__(self, allowed_hosts: Collection[str] = ()) -> None:
        self._allowed = frozenset(allowed_hosts)
        self._threads = CapacityLimiter(THREADS_MAX)

    def connection(self, work: Work) -> str:
        """Return the scheme, host and port of the job's URL, without who logs in; empty where it is none."""
        try:
            parts = urlsplit(str({**work.headers, **work.variables}.get("url") or ""))
            return f"{parts.scheme}://{parts.hostname}:{parts.port or ''}"
        except ValueError:
            return ""  # To run it says what is wrong.

    async def run(self, work: Work) -> Mapping[str, Json]:
        """Send the request and return the response."""
        given = {**work.headers, **work.variables}
        url, method = given.get("url"), str(given.get("method") or "GET").upper()
        if not isinstance(url, str) or not url:
            raise FlowMasterError(
                "http.url_missing", "The job has no `url`.", path="url", fix="Map an input `url`."
            )
        if method not in METHODS:
            raise FlowMasterError(
                "http.method_unknown",
                f"There is no method {method!r}.",
                path="method",
                expected=list(METHODS),
            )
        headers = _headers(given.get("headers"), work)
        _tell_target(work, url, method)
        body = given.get("body")
        payload = None if body is None else to_text(body).encode()
        if payload is not None:
            headers.setdefault("Content-Type", "application/json")
        # Threads of its own, left behind when they hang: those that everybody shares are few.
        response = await to_thread.run_sync(
            fetch, url, method, headers, payload, self._allowed, limiter=self._threads, abandon_on_cancel=True
        )
        work.tell("http.response.status_code", response.status)
        answer: dict[str, Json] = {
            "status": response.status,
            "headers": dict(response.headers),
            "body": _content(response),
        }
        if 400 <= response.status < 500:
            raise BusinessError(
                f"HTTP_{response.status}", f"{method} {url} answered {response.status}.", {"response": answer}
            )
        if response.status >= 500:
            raise FlowMasterError(
                "http.failed", f"{method} {url} answered {response.status}.", status=UNREACHABLE
            )
        return {"response": answer}


def fetch(
    url: str,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    allowed_hosts: Collection[str] = (),
    *,
    seconds: float = SECONDS_MAX,
) -> Response:
    """Send one request to a checked address, following few redirects, each checked; blocks the thread so long at most."""
    until = time.monotonic() + seconds
    for _ in range(REDIRECTS_MAX + 1):
        place = resolve(url, allowed_hosts=allowed_hosts)
        response = _send(place, method, headers or {}, body, until)
        target = response.headers.get("location")
        if response.status not in (301, 302, 303, 307, 308) or not target:
            return response
        url = urljoin(url, target)
        if response.status == 303:
            method, body = "GET", None
        headers = {name: value for name, value in (headers or {}).items() if name.lower() != "authorization"}
    raise FlowMasterError(
        "http.redirects", f"More than {REDIRECTS_MAX} redirects.", path="url", status=UNREACHABLE
    )


def _send(
    place: Place, method: str, headers: Mapping[str, str], body: bytes | None, until: float
) -> Response:
    connection = _Pinned(place, until)
    watch = threading.Timer(connection.left, connection.cut)
    watch.daemon = True
    watch.start()
    try:
        connection.request(
            method, place.path, body=body, headers={"Accept": "application/json, */*", **headers}
        )
        with connection.getresponse() as found:
            content = found.read(BODY_BYTES_MAX + 1)
            if time.monotonic() >= until:
                raise TimeoutError
            if len(content) > BODY_BYTES_MAX:
                raise FlowMasterError(
                    "http.answer_too_long",
                    f"The answer is longer than {BODY_BYTES_MAX} bytes.",
                    status=UNREACHABLE,
                )
            return Response(
                found.status, {name.lower(): value for name, value in found.getheaders()}, content
            )
    except (OSError, http.client.HTTPException) as error:
        why = "it did not answer in time" if time.monotonic() >= until else str(error)
        raise FlowMasterError(
            "http.unreachable", f"{place.host!r} cannot be reached: {why}.", path="url", status=UNREACHABLE
        ) from error
    finally:
        watch.cancel()
        connection.close()


class _Pinned(http.client.HTTPConnection):
    """A connection to the address that was checked, speaking for the host that was asked for."""

    def __init__(self, place: Place, until: float) -> None:
        super().__init__(place.host, place.port)
        self._place = place
        self._until = until
        self._line: socket.socket | None = (
            None  # The library forgets its own once it knows how an answer ends.
        )

    @property
    def left(self) -> float:
        """The seconds that are left, however the other side goes about it; not less than a moment."""
        return max(0.001, self._until - time.monotonic())

    def cut(self) -> None:
        """Break the connection off, so that whoever reads from it goes on."""
        if self._line is not None:
            with contextlib.suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)

    def connect(self) -> None:
        plain = socket.create_connection((self._place.address, self._place.port), self.left)
        if self._place.scheme == "https":
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(plain, server_hostname=self._place.host)
        else:
            self.sock = plain
        self._line = self.sock


def _tell_target(work: Work, url: str, method: str) -> None:
    """Tell where a request goes; its path and query may hold what is nobody's business."""
    work.tell("http.request.method", method)
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443}.get(parts.scheme, 80)
    except ValueError:
        return  # To send it says what is wrong.
    work.tell("url.scheme", parts.scheme)
    work.tell("server.address", parts.hostname or "")
    work.tell("server.port", port)


def _headers(given: Json, work: Work) -> dict[str, str]:
    found = given if isinstance(given, Mapping) else {}
    headers = {str(name): str(value) for name, value in found.items()}
    if any("\n" in text or "\r" in text for pair in headers.items() for text in pair):
        raise FlowMasterError("http.header_invalid", "A header holds a line break.", path="headers")
    headers.setdefault("Idempotency-Key", work.key)
    told = {name.lower() for name in headers}
    return headers | {name: value for name, value in work.carried.items() if name not in told}


def _content(response: Response) -> Json:
    text = response.body.decode("utf-8", errors="replace")
    if "json" not in response.headers.get("content-type", ""):
        return text
    try:
        value: Json = json.loads(text, parse_float=Decimal)
    except ValueError:
        return text
    return value


def to_text(value: Json) -> str:
    """Write a value as JSON text with exact numbers."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(name)}: {to_text(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(to_text, value)) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)
