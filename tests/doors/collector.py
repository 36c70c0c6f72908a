"""A collector of telemetry on this machine, a service that processes call, and servers that are processes of their own."""

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.doors.doors import command

WAIT_SECONDS = 20.0
"""How long something is waited for that a loaded machine takes its time for."""


class Seen(NamedTuple):
    """A span as it came."""

    name: str
    trace: str
    span: str
    parent: str
    kind: int
    status: int
    told: Mapping[str, Any]
    links: tuple[str, ...]


class Collector:
    """What a collector was sent, and what a service beside it was asked."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.bodies: list[bytes] = []
        self.spans: list[Seen] = []
        self.services: list[str] = []
        self.metrics: dict[str, list[tuple[Mapping[str, Any], int, float]]] = {}
        self.asked: list[Mapping[str, str]] = []
        self.hangs = threading.Event()
        """While it is set, nothing is answered that comes for the collector."""
        self.let_go = threading.Event()

    def take(self, path: str, body: bytes) -> None:
        """Take what was sent."""
        self.bodies.append(body)
        if path == "/v1/traces":
            self._take_spans(_read(ExportTraceServiceRequest(), body))
        elif path == "/v1/metrics":
            self._take_metrics(_read(ExportMetricsServiceRequest(), body))

    def wait_for(self, found: Callable[[], Any]) -> Any:
        """Return what is found once it is there."""
        until = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < until:
            if there := found():
                return there
            time.sleep(0.02)
        raise AssertionError((self.spans, self.metrics))

    def span(self, **told: Any) -> Seen:
        """Return the one span with a name, or of which something is told; names with dots are given with `__`."""

        def found() -> list[Seen]:
            return [each for each in list(self.spans) if _fits(each, told)]

        (one,) = self.wait_for(found)
        assert isinstance(one, Seen)
        return one

    def below(self, parent: Seen, name: str) -> Seen:
        """Return the span of that name below another one."""
        return self.span(name=name, parent=parent.span, trace=parent.trace)

    def _take_spans(self, message: Any) -> None:
        for resource in message.resource_spans:
            self.services.append(_told(resource.resource.attributes).get("service.name", ""))
            for scope in resource.scope_spans:
                self.spans += [_seen(span) for span in scope.spans]

    def _take_metrics(self, message: Any) -> None:
        for resource in message.resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    data = getattr(metric, metric.WhichOneof("data"))
                    self.metrics[metric.name] = [_point(point) for point in data.data_points]


def _fits(seen: Seen, wanted: Mapping[str, Any]) -> bool:
    return all(
        getattr(seen, name) == value
        if name in Seen._fields
        else seen.told.get(name.replace("__", ".")) == value
        for name, value in wanted.items()
    )


def _read(message: Any, body: bytes) -> Any:
    message.ParseFromString(body)
    return message


def _seen(span: Any) -> Seen:
    ids = span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex()
    links = tuple(link.trace_id.hex() for link in span.links)
    return Seen(span.name, *ids, span.kind, span.status.code, _told(span.attributes), links)


def _told(attributes: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}


def _point(point: Any) -> tuple[Mapping[str, Any], int, float]:
    if hasattr(point, "bucket_counts"):
        assert sum(point.bucket_counts) == point.count
        assert len(point.bucket_counts) == len(point.explicit_bounds) + 1
        return _told(point.attributes), point.count, point.sum
    return _told(point.attributes), point.as_int, float(point.as_int)


@contextmanager
def collector() -> Iterator[Collector]:
    """Run a collector on a free port; `/service` beside it answers with JSON, `/broken` with a fault."""
    holder: list[Collector] = []

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            found = holder[0]
            if self.path.startswith("/v1/"):
                if found.hangs.is_set():
                    found.let_go.wait(60)
                    return
                found.take(self.path, body)
                return self._answer(200, "application/x-protobuf", b"")
            found.asked.append({name.lower(): value for name, value in self.headers.items()})
            self._answer(500 if "broken" in self.path else 200, "application/json", b'{"fine": true}')

        do_GET = do_POST

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    holder.append(Collector(f"http://127.0.0.1:{server.server_port}"))
    thread.start()
    try:
        yield holder[0]
    finally:
        holder[0].let_go.set()
        server.shutdown()
        thread.join()
        server.server_close()


class Server(NamedTuple):
    """A server that is a process of its own."""

    process: "subprocess.Popen[str]"
    address: str
    log: list[str]

    def call(
        self, operation: str, headers: Mapping[str, str] | None = None, /, **arguments: Any
    ) -> httpx.Response:
        """Call an operation over REST."""
        return httpx.post(
            f"{self.address}/api/v1/{operation}", json=arguments, headers=dict(headers or {}), timeout=30
        )


@contextmanager
def served(data: Path | str, *options: str, **variables: str) -> Iterator[Server]:
    """Run a server on a free port."""
    given = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    process = subprocess.Popen(
        [command(), "serve", "--data", str(data), "--port", "0", *options],
        stderr=subprocess.PIPE,
        text=True,
        env={**given, "FLOWMASTER_ALLOWED_HOSTS": "127.0.0.1", **variables},
    )
    assert process.stderr is not None
    errors, log = process.stderr, list[str]()
    try:
        for line in errors:
            log.append(line)
            if "listens on" in line:
                break
        address = log[-1].partition("listens on ")[2].split()[0]
        thread = threading.Thread(target=lambda: log.extend(errors), daemon=True)
        thread.start()
        yield Server(process, address, log)
        process.terminate()
        assert process.wait(WAIT_SECONDS) == 0, log
        thread.join(WAIT_SECONDS)
    finally:
        process.kill()
        process.wait()
        errors.close()
