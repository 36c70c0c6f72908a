"""Connectors reach public addresses only, and what a service answers becomes data, an error or a failure."""

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from flowmaster.connectors.connector import BusinessError, Work
from flowmaster.connectors.guard import is_public, resolve
from flowmaster.connectors.http import HttpConnector, fetch
from flowmaster.engine.errors import FlowMasterError


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "172.16.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "::1",
        "fe80::1",
        "fc00::1",
    ]
    + ["::ffff:127.0.0.1", "64:ff9b::7f00:1", "100.64.0.1", "224.0.0.1", "2002:7f00:1::"],
)
def test_private_and_reserved_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x",
        "http://localhost:8000/",
        "http://[::1]/",
        "http://0x7f000001/",
        "http://2130706433/",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "http://[::1",
        "ftp://example.com/",
        "http://user:secret@127.0.0.1/",
        "http://127.0.0.1:99999/",
        "http:///nothing",
        "http://exa mple.com/",
    ],
)
def test_an_address_that_must_not_be_reached_is_refused(url: str) -> None:
    with pytest.raises(FlowMasterError) as refused:
        resolve(url)
    assert refused.value.code == "http.address_forbidden"


class _Service(BaseHTTPRequestHandler):
    seen: list[dict[str, str]] = []

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _drip(self) -> None:
        """Answer a letter at a time, without an end, so that no single read waits long."""
        with contextlib.suppress(OSError):
            self.wfile.write(b"HTTP/1.1 200 OK\r\n" + (b"\r\n" if self.path == "/body" else b"X: "))
            while True:
                self.wfile.write(b"x")
                time.sleep(0.02)

    def _answer(self) -> None:
        if self.path in ("/head", "/body"):
            return self._drip()
        length = int(self.headers.get("Content-Length") or 0)
        sent = self.rfile.read(length).decode()
        self.seen.append({"path": self.path, "sent": sent, "key": self.headers.get("Idempotency-Key", "")})
        status = {"/missing": 404, "/broken": 503, "/away": 302}.get(self.path, 200)
        body = json.dumps({"sum": 1}).replace("1", "1.10").encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if status == 302:
            self.send_header("Location", "http://169.254.169.254/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def service() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Service)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    _Service.seen.clear()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def run(url: str, **variables: object) -> object:
    work = Work("p:1/call.4", "http.request", {"url": url, **variables}, {})  # type: ignore[dict-item]  # test data is JSON
    return asyncio.run(HttpConnector(["127.0.0.1"]).run(work))


def test_an_answer_comes_back_with_exact_numbers_and_the_key_of_the_job(service: str) -> None:
    answer = run(f"{service}/sum", method="post", body={"a": [1, True, None]})
    assert isinstance(answer, dict)
    assert answer["response"]["status"] == 200
    assert str(answer["response"]["body"]["sum"]) == "1.10"
    assert _Service.seen == [{"path": "/sum", "sent": '{"a": [1, true, null]}', "key": "p:1/call.4"}]


def test_an_answer_of_400_and_more_is_a_business_error(service: str) -> None:
    with pytest.raises(BusinessError) as error:
        run(f"{service}/missing")
    assert error.value.code == "HTTP_404"


def test_an_answer_of_500_and_more_is_a_failure(service: str) -> None:
    with pytest.raises(FlowMasterError) as failure:
        run(f"{service}/broken")
    assert failure.value.code == "http.failed"


@pytest.mark.parametrize("path", ["head", "body"])
def test_a_service_that_keeps_answering_is_cut_off_in_time(service: str, path: str) -> None:
    with pytest.raises(FlowMasterError, match="did not answer in time") as failure:
        fetch(f"{service}/{path}", allowed_hosts=["127.0.0.1"], seconds=0.3)
    assert failure.value.code == "http.unreachable"


def test_a_redirect_to_a_private_address_is_not_followed(service: str) -> None:
    with pytest.raises(FlowMasterError) as refused:
        fetch(f"{service}/away", allowed_hosts=["127.0.0.1"])
    assert refused.value.code == "http.address_forbidden"


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"url": ""}, "http.url_missing"),
        ({"url": "http://127.0.0.1/", "method": "EAT"}, "http.method_unknown"),
        ({"url": "http://127.0.0.1/", "headers": {"a": "b\r\nc: d"}}, "http.header_invalid"),
        ({"url": "http://127.0.0.1:1/"}, "http.unreachable"),
    ],
)
def test_a_job_that_cannot_be_done_says_why(variables: dict[str, object], code: str) -> None:
    with pytest.raises(FlowMasterError) as refused:
        run(str(variables.pop("url")), **variables)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("url", "connection"),
    [
        ("https://Bank.example/pay?x=1", "https://bank.example:"),
        ("https://ann:secret@bank.example:8443/", "https://bank.example:8443"),
        ("http://[::1", ""),
        ("http://bank.example:port/", ""),
        (None, "://None:"),
    ],
)
def test_a_connection_is_scheme_host_and_port_and_tells_no_secret(url: str | None, connection: str) -> None:
    assert HttpConnector().connection(Work("k", "http.request", {"url": url}, {})) == connection
