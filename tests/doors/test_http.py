"""The HTTP doors: sound answers, exact numbers, and 4xx for whatever is not meant for them."""

import json
import socket
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import anyio
import httpx
import pytest
from mcp import Client

from flowmaster.engine.errors import FlowMasterError
from flowmaster.server.http import http_app
from flowmaster.server.http_body import BODY_LENGTH_MAX
from flowmaster.server.rest import openapi, openapi_text
from flowmaster.tools.app import App
from flowmaster.tools.catalog import catalog
from tests.doors.doors import command, posted, rest_client, told_by
from tests.doors.sample import EXACT, Gate, sample_app

JSON = {"content-type": "application/json"}
OPENAPI = Path(__file__).parents[2] / "docs" / "openapi.json"
MODERN = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}


def with_client(use: Callable[[httpx.AsyncClient], Awaitable[Any]], app: App | None = None) -> Any:
    """Run the function with a client of the whole web application."""
    app = app or sample_app()

    async def play() -> Any:
        web = http_app(app)
        async with web.router.lifespan_context(web), rest_client(web) as client:
            return await use(client)

    return anyio.run(play)


def response(method: str, path: str, **options: Any) -> httpx.Response:
    """Return the response to one request."""

    async def use(client: httpx.AsyncClient) -> httpx.Response:
        return await client.request(method, path, **options)

    answer: httpx.Response = with_client(use)
    return answer


def tool_call(name: str, arguments: str, *, modern: bool) -> httpx.Response:
    """Call a tool with raw JSON arguments, as one HTTP request of either era."""
    meta = f',"_meta":{json.dumps(MODERN)}' if modern else ""
    params = f'{{"name":"{name}","arguments":{arguments}{meta}}}'
    headers = {**JSON, "accept": "application/json, text/event-stream"}
    if modern:
        headers |= {"mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": name}
    content = f'{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{params}}}'
    return response("POST", "/mcp", content=content, headers=headers)


@pytest.mark.parametrize("modern", [True, False], ids=["2026-07-28", "2025-11-25"])
def test_numbers_stay_exact_over_mcp(modern: bool) -> None:
    answer = tool_call("sample_echo", f'{{"text":"x","number":{EXACT},"value":[1e30,0.10]}}', modern=modern)
    assert answer.status_code == 200
    assert answer.text.count(str(EXACT)) == 2
    assert f'"structuredContent":{{"text":"x","number":{EXACT},"value":[1E+30,0.10]}}' in answer.text
    assert len(answer.content) == int(answer.headers["content-length"])


def test_numbers_stay_exact_over_rest() -> None:
    content = f'{{"text":"x","number":{EXACT},"value":null}}'
    assert str(EXACT) in response("POST", "/api/v1/sample_echo", content=content, headers=JSON).text


@pytest.mark.parametrize("modern", [True, False], ids=["2026-07-28", "2025-11-25"])
@pytest.mark.parametrize(
    "arguments",
    [
        '{"text":NaN}',
        '{"text":"a","text":"b"}',
        '{"text":"\\ud800"}',
        '{"text":"\\u0000"}',
        '{"text":1e9999}',
    ],
)
def test_hostile_arguments_are_refused_as_results(modern: bool, arguments: str) -> None:
    result = tool_call("sample_echo", arguments, modern=modern).json()["result"]
    assert result["isError"]
    assert json.loads(result["content"][0]["text"])["path"] == "text"


def test_a_text_that_looks_like_the_placeholder_is_left_alone() -> None:
    result = tool_call("sample_echo", '{"text":"{\\"$\\":\\"0\\"}","value":{"$":"x"}}', modern=True).json()[
        "result"
    ]
    assert result["structuredContent"]["value"] == {"$": "x"}
    assert result["structuredContent"]["text"] == '{"$":"0"}'


def test_an_mcp_client_of_either_era_works_over_http() -> None:
    process = subprocess.Popen(
        [command(), "serve", "--data", ":memory:", "--port", "0"], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    address = process.stderr.readline().split("MCP at ")[1].rstrip(")\n")

    async def ask(mode: Any) -> Any:
        async with Client(address, mode=mode) as client:
            await client.list_tools()
            return told_by(await client.call_tool("operation_query", {"operation": "server_info"}))

    try:
        assert anyio.run(ask, "auto").body["version"]
        assert anyio.run(ask, "legacy").body["version"]
    finally:
        process.terminate()
        assert process.wait(10) == 0
        process.stderr.close()


@pytest.mark.parametrize(
    ("content", "headers", "status", "code"),
    [
        (b"{}", {}, 415, "request.not_json"),
        (b"{}", {"content-type": "text/plain"}, 415, "request.not_json"),
        (b"{}", {"content-type": "application/json; charset=latin-1"}, 415, "request.not_json"),
        (b"<a/>", {"content-type": "application/xml"}, 415, "request.not_json"),
        (b"{", JSON, 400, "request.not_json"),
        (b'{"text":"\xff"}', JSON, 400, "request.not_json"),
        (b"[" * 100_000, JSON, 400, "request.not_json"),
        (b"[]", JSON, 422, "arguments.invalid"),
        (b'{"text":NaN}', JSON, 422, "arguments.invalid"),
        (b'{"text":"a","text":"b"}', JSON, 422, "arguments.invalid"),
        (b"x" * (BODY_LENGTH_MAX + 1), JSON, 413, "request.too_large"),
        (b"{}", {**JSON, "content-length": "-5"}, 413, "request.too_large"),
        (b"{}", {**JSON, "host": "evil.example"}, 421, "request.host_unknown"),
        (b"{}", {**JSON, "host": "localhost.evil.example"}, 421, "request.host_unknown"),
        (b"{}", {**JSON, "origin": "https://evil.example"}, 403, "request.origin_foreign"),
        (b"{}", {**JSON, "origin": "null"}, 403, "request.origin_foreign"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_request_that_is_not_meant_for_us_is_refused(
    content: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    answer = response("POST", "/api/v1/sample_echo", content=content, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == code


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8321", "http://localhost"])
def test_a_page_of_our_own_may_call(origin: str) -> None:
    answer = response("POST", "/api/v1/sample_echo", json={"text": "x"}, headers={"origin": origin})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/api/v1/sample_echo", 405),
        ("POST", "/api/v1/sample_ecko", 404),
        ("POST", "/api/v1/../../etc/passwd", 404),
        ("POST", "/api/v1/%2e%2e%2fetc", 404),
        ("POST", "/health", 405),
    ],
)
def test_a_path_that_leads_nowhere_is_refused_as_a_problem(method: str, path: str, status: int) -> None:
    answer = response(method, path, headers=JSON)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["fix"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"), [("GET", "/api/v1/x", "POST"), ("TRACE", "/health", "GET")]
)
def test_a_wrong_method_is_told_which_one_is_right(method: str, path: str, allowed: str) -> None:
    assert allowed in response(method, path).headers["allow"].split(", ")


def test_the_status_is_that_of_the_refusal() -> None:
    app = sample_app()

    async def statuses(client: httpx.AsyncClient) -> list[int]:
        calls = [
            ("sample_add", {"amount": 5_000}),
            ("sample_add", {"amount": "5"}),
            ("sample_break", {}),
            ("sample_echo", {"text": "x"}),
        ]
        return [
            (await client.post(f"/api/v1/{name}", json=arguments)).status_code for name, arguments in calls
        ]

    assert with_client(statuses, app) == [409, 422, 500, 200]


def test_health_is_told() -> None:
    assert response("GET", "/health").json()["status"] == "ok"


def test_a_server_whose_store_is_away_lives_and_is_not_ready() -> None:
    class Away:
        def reader(self) -> Any:
            return self

        def setting(self, tenant: str, name: str) -> Any:
            raise FlowMasterError("store.unreachable", "The database is away.", fix="Wait.", status=503)

    async def use(client: httpx.AsyncClient) -> list[tuple[int, Any]]:
        found = []
        for path in ("/health/live", "/health/ready"):
            told = await client.get(path)
            found.append((told.status_code, told.json()))
        return found

    app = sample_app()
    assert [status for status, _ in with_client(use, app)] == [200, 200]
    app.runtime.store = cast("Any", Away())
    (live, _), (ready, told) = with_client(use, app)
    assert (live, ready) == (200, 503)
    assert (told["code"], told["message"]) == ("server.not_ready", "The database is away.")


def test_only_posts_reach_mcp() -> None:
    answer = response("GET", "/mcp", headers={"accept": "text/event-stream"})
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


def test_slow_calls_do_not_hold_up_others() -> None:
    async def use(client: httpx.AsyncClient) -> None:
        Gate.close()
        with anyio.fail_after(5):
            async with anyio.create_task_group() as group:
                group.start_soon(posted, client, "sample_wait", "{}")
                await Gate.waiting.wait()
                assert not (await posted(client, "sample_echo", '{"text":"x"}')).refused
                Gate.opened.set()

    with_client(use)


def test_the_openapi_document_is_up_to_date() -> None:
    assert OPENAPI.read_text(encoding="utf-8") == openapi_text(catalog()), "stale: run `make docs`"


def test_the_openapi_document_says_where_null_means_left_out() -> None:
    paths = openapi(catalog())["paths"]
    body = paths["/api/v1/process_read"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["properties"]["draft"]["type"] == ["integer", "null"]
    assert body["properties"]["process"]["type"] == "string"
    listed = paths["/api/v1/process_find"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert listed["properties"]["state"]["anyOf"][1] == {"type": "null"}


def test_the_openapi_document_tells_every_operation_and_every_reference_leads_somewhere() -> None:
    registry = catalog()
    document = openapi(registry)
    assert [path.removeprefix("/api/v1/") for path in document["paths"] if "api" in path] == list(
        registry.names
    )
    text = json.dumps(document)
    for part in text.split('"$ref": "#/components/schemas/')[1:]:
        assert part.split('"')[0] in document["components"]["schemas"]
    assert "#/$defs/" not in text
    assert response("GET", "/api/v1/openapi.json").json()["openapi"] == "3.1.0"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com"])
def test_no_other_address_is_served_without_sign_in(host: str) -> None:
    process = subprocess.run(
        [command(), "serve", "--data", ":memory:", "--host", host], capture_output=True, text=True, timeout=30
    )
    assert process.returncode == 1
    assert "sign-in" in process.stderr
    assert "Traceback" not in process.stderr


def test_a_taken_port_is_told_with_the_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        process = subprocess.run(
            [command(), "serve", "--data", ":memory:", "--port", port],
            capture_output=True,
            text=True,
            timeout=30,
        )
    assert process.returncode == 1
    assert "--port" in process.stderr


def test_a_client_that_greets_gets_a_session_that_only_it_can_use() -> None:
    async def use(client: httpx.AsyncClient) -> list[int]:
        headers = {**JSON, "accept": "application/json, text/event-stream"}
        greeting = {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        }
        content = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": greeting}
        greeted = await client.post("/mcp", json=content, headers=headers)
        session = {"mcp-session-id": greeted.headers["mcp-session-id"]}
        call = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
        return [
            (await client.post("/mcp", json=call, headers={**headers, **session})).status_code,
            (
                await client.post("/mcp", json=call, headers={**headers, "mcp-session-id": "guess"})
            ).status_code,
            (await client.delete("/mcp", headers=session)).status_code,
            (await client.post("/mcp", json=call, headers={**headers, **session})).status_code,
        ]

    assert with_client(use) == [200, 404, 200, 404]


@pytest.mark.parametrize("version", ["2025-13-99", "1999-01-01", "2031-01-01", "x"])
def test_a_version_that_nobody_speaks_is_refused_with_those_that_are_spoken(version: str) -> None:
    async def use(client: httpx.AsyncClient) -> tuple[int, Any]:
        headers = {**JSON, "accept": "application/json, text/event-stream", "mcp-protocol-version": version}
        call = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}
        told = await client.post("/mcp", json=call, headers=headers)
        return told.status_code, told.json()

    status, told = with_client(use)
    assert (status, told["id"], told["error"]["code"]) == (400, 2, -32022)
    assert version in told["error"]["message"]
    assert {"2025-11-25", "2026-07-28"} <= set(told["error"]["data"]["supported"])
