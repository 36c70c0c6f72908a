"""Requests that are not meant for us, foreign sessions, and hostile bytes inside arguments are refused at the door."""

import json
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from flowmaster.engine.errors import FlowMasterError
from flowmaster.server.http_body import BODY_LENGTH_MAX
from flowmaster.server.listening import _listening
from tests.doors.callers import JSON, Served, bearer, key_on, served, settings_on

BOTH = {**JSON, "accept": "application/json, text/event-stream"}
MODERN = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}
LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
GREETING = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "flow.example.com"}, 200),
        ({"host": "FLOW.example.com:443", "origin": "https://flow.example.com"}, 200),
        ({"host": "flow.example.com", "origin": "http://localhost:3000"}, 200),
        ({"host": "flow.example.com.evil.com"}, 421),
        ({"host": "evil.com"}, 421),
        ({"host": "localhost.evil.com"}, 421),
        ({"host": ""}, 421),
        ({"origin": "https://flow.example.com.evil.com"}, 403),
        ({"origin": "https://evil.com"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "file://"}, 403),
    ],
    ids=str,
)
def test_only_the_names_of_this_server_are_answered_to_whoever_signs_in(
    tmp_path: Path, headers: dict[str, str], status: int
) -> None:
    key = key_on(tmp_path, "bot")

    async def play() -> set[int]:
        async with served(tmp_path, public_hosts=("flow.example.com",)) as server:
            sent = {**BOTH, **bearer(key), **headers}
            return {
                (await server.client.post("/mcp", json=LIST, headers=sent)).status_code,
                (await server.client.post("/api/v1/server_info", content="{}", headers=sent)).status_code,
            }

    assert anyio.run(play) == {status}


def test_the_address_that_tokens_are_made_for_is_a_name_of_this_server() -> None:
    async def play() -> list[int]:
        further = {"issuer": "https://login.example.com", "resource": "https://flow.example.com:8443/mcp"}
        async with served(":memory:", **further) as server:
            root = "/.well-known/oauth-protected-resource"
            return [
                (await server.client.get(root, headers={"host": host})).status_code
                for host in ("flow.example.com:8443", "flow.example.com", "login.example.com")
            ]

    assert anyio.run(play) == [200, 200, 421]


def test_other_hosts_are_listened_on_only_where_callers_sign_in(tmp_path: Path) -> None:
    settings = settings_on(tmp_path, host="0.0.0.0", port=0)
    with pytest.raises(FlowMasterError) as caught:
        _listening(settings)
    assert caught.value.code == "server.sign_in_missing"
    assert "flowmaster key add" in caught.value.fix
    key_on(tmp_path, "bot")
    with _listening(settings) as listening:
        assert isinstance(listening, socket.socket)
    trusted = settings_on(":memory:", host="0.0.0.0", port=0, issuer="https://a.example.com")
    with _listening(trusted) as listening:
        assert listening.getsockname()[1] > 0


@pytest.mark.parametrize(
    ("content", "headers", "statuses"),
    [
        (json.dumps(LIST), {"content-type": "text/plain"}, {400, 415}),
        (json.dumps(LIST), {"content-type": "application/x-www-form-urlencoded"}, {400, 415}),
        (json.dumps(LIST), {"accept": "text/html"}, {406}),
        ("x" * (BODY_LENGTH_MAX + 1), {}, {413}),
        ("[" * 100_000, {}, {400}),
        (json.dumps([LIST, LIST]), {}, {400}),
        ("", {}, {400}),
        ("{}", {}, {400}),
        (b'{"jsonrpc":"2.0","id":1,"method":"\xff"}', {}, {400}),
        (
            json.dumps({**LIST, "params": {"_meta": MODERN}}),
            {"mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call"},
            {400},
        ),
        (json.dumps(LIST), {"mcp-protocol-version": "1999-01-01"}, {400}),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_no_request_of_the_protocol_is_refused_at_once(
    tmp_path: Path, content: str | bytes, headers: Mapping[str, str], statuses: set[int]
) -> None:
    async def play() -> tuple[int, float]:
        async with served(tmp_path) as server:
            begun = time.perf_counter()
            response = await server.client.post("/mcp", content=content, headers={**BOTH, **headers})
            assert "Traceback" not in response.text
            return response.status_code, time.perf_counter() - begun

    status, seconds = anyio.run(play)
    assert status in statuses
    assert seconds < 5


def test_a_version_that_is_not_spoken_is_named_with_those_that_are(tmp_path: Path) -> None:
    async def play() -> Any:
        async with served(tmp_path) as server:
            meta = {**MODERN, "io.modelcontextprotocol/protocolVersion": "2031-01-01"}
            headers = {**BOTH, "mcp-protocol-version": "2031-01-01", "mcp-method": "tools/list"}
            content = {**LIST, "params": {"_meta": meta}}
            return (await server.client.post("/mcp", json=content, headers=headers)).json()

    assert anyio.run(play)["error"]["code"] == -32022


def test_a_session_belongs_to_whoever_began_it(tmp_path: Path) -> None:
    one, other = key_on(tmp_path, "one"), key_on(tmp_path, "other")
    north = key_on(tmp_path, "north", tenant="north")

    async def play() -> None:
        async with served(tmp_path) as server:
            headers = {**BOTH, **bearer(one)}
            greeted = await server.client.post("/mcp", json=GREETING, headers=headers)
            session = {"mcp-session-id": greeted.headers["mcp-session-id"]}

            async def status(credential: str, method: str = "POST", **more: str) -> int:
                sent = {**BOTH, **bearer(credential), **session, **more}
                content = json.dumps(LIST) if method == "POST" else None
                response = await server.client.request(method, "/mcp", content=content, headers=sent)
                return response.status_code

            assert await status(one) == 200
            for stranger in (other, north):
                told = [await status(stranger), await status(stranger, "DELETE")]
                assert told == [404, 404]
            guess = {"mcp-session-id": "0" * 32}
            assert await status(one, **guess) == await status(other)
            assert await status("") == 401
            assert await status(one) == 200

    anyio.run(play)


def test_a_session_asks_for_the_key_on_every_request(tmp_path: Path) -> None:
    from tests.doors.callers import revoked_on

    key = key_on(tmp_path, "bot")

    async def play() -> list[int]:
        async with served(tmp_path) as server:
            headers = {**BOTH, **bearer(key)}
            greeted = await server.client.post("/mcp", json=GREETING, headers=headers)
            headers["mcp-session-id"] = greeted.headers["mcp-session-id"]
            first = await server.client.post("/mcp", json=LIST, headers=headers)
            revoked_on(tmp_path, "bot")
            second = await server.client.post("/mcp", json=LIST, headers=headers)
            return [first.status_code, second.status_code]

    assert anyio.run(play) == [200, 401]


def test_the_handle_of_a_job_is_no_guess_and_belongs_to_its_tenant(tmp_path: Path) -> None:
    south, north = (
        key_on(tmp_path, "south-bot", tenant="south"),
        key_on(tmp_path, "north-bot", tenant="north"),
    )
    outline = {"process": "letter", "steps": [{"file": {"call": "archive"}}, {"end": "filed"}]}

    async def play() -> None:
        async with served(tmp_path) as server:
            await server.rest("process_create", south, outline=outline)
            await server.rest("process_publish", south, process="letter")
            await server.rest("instance_start", south, process="letter")
            (job,) = (await server.rest("work_take", south)).json()["items"]
            handle = job["job"]
            nonce = handle.partition("~")[2]
            assert len(bytes.fromhex(nonce)) * 8 >= 128
            guess = handle.removesuffix(nonce) + "0" * len(nonce)
            told = [
                await server.rest("work_finish", north, job=handle, variables={}),
                await server.rest("work_finish", north, job=guess, variables={}),
            ]
            assert told[0].status_code == told[1].status_code
            assert told[0].json()["code"] == told[1].json()["code"] == "job.unknown"
            assert (await server.rest("work_finish", south, job=handle, variables={})).status_code == 200

    anyio.run(play)


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://0x7f000001/",
        "http://2130706433/",
        "http://127.1/",
        "http://localhost/",
        "http://10.0.0.1/",
        "http://192.168.0.1/",
        "http://user:pass@example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
    ],
)
def test_addresses_that_lead_inside_are_not_fetched(address: str) -> None:
    async def play() -> Any:
        async with served(":memory:") as server:
            return (await server.rest("document_add", url=address)).json()

    assert anyio.run(play)["code"] == "http.address_forbidden"


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "../../etc/passwd", "%2e%2e/secret", "~/.ssh/id_rsa", "a\\..\\b", "/proc/self/environ"],
)
def test_paths_of_the_server_are_closed_to_callers_over_http(tmp_path: Path, path: str) -> None:
    key = key_on(tmp_path, "bot")

    async def play() -> list[Any]:
        async with served(tmp_path, folders=("/",)) as server:
            rest = (await server.rest("document_add", key, path=path)).json()
            tool = (await server.tool("document_add", key, path=path)).json()["result"]
            return [rest["code"], json.loads(tool["content"][0]["text"])["code"]]

    assert anyio.run(play) == ["document.path_refused"] * 2


BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">'
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]>"
)
ENTITIES = {
    "bomb": (BOMB, "&i;"),
    "file": ('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>', "&e;"),
    "network": ('<!DOCTYPE x [<!ENTITY e SYSTEM "http://169.254.169.254/">]>', "&e;"),
    "parameter": ('<!DOCTYPE x [<!ENTITY % e SYSTEM "http://169.254.169.254/x.dtd"> %e;]>', ""),
    "external": ('<!DOCTYPE x SYSTEM "file:///etc/passwd">', ""),
}


@pytest.mark.parametrize("kind", ENTITIES)
def test_xml_brings_no_entities_no_files_and_no_network(kind: str) -> None:
    head, text = ENTITIES[kind]
    bpmn = (
        f'<?xml version="1.0"?>{head}<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL">'
        f'<process id="p" name="{text}" isExecutable="true"><documentation>{text}</documentation></process></definitions>'
    )
    dmn = (
        f'<?xml version="1.0"?>{head}<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d"'
        f' name="d" namespace="n"><description>{text}</description></definitions>'
    )

    async def play() -> list[httpx.Response]:
        async with served(":memory:") as server:
            return [
                await server.rest("process_create", bpmn=bpmn),
                await server.rest("rule_save", dmn=dmn),
            ]

    begun = time.perf_counter()
    for response in anyio.run(play):
        assert response.status_code in (400, 422), response.text
        assert "root:" not in response.text
        assert len(response.text) < 4_000
    assert time.perf_counter() - begun < 5


@pytest.mark.parametrize(
    "expression",
    [
        '__import__("os").system("id")',
        '"".__class__.__mro__',
        "x.__init__.__globals__",
        "eval(1)",
        "for i in 1..100000000 return for j in 1..100000000 return i * j",
        "(" * 5_000 + "1" + ")" * 5_000,
        "1" + " + 1" * 200_000,
        "2 ** 999999999",
        'replace("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "(a+)+$", "x")',
    ],
    ids=lambda text: text[:30],
)
def test_expressions_reach_nothing_and_end(expression: str) -> None:
    async def play() -> httpx.Response:
        async with served(":memory:") as server:
            return await server.rest("rule_evaluate", expression=expression, inputs={"x": {"a": 1}})

    begun = time.perf_counter()
    response = anyio.run(play)
    assert time.perf_counter() - begun < 10
    assert "uid=" not in response.text
    assert "Traceback" not in response.text
    assert response.status_code != 500
    if response.status_code == 200:
        assert len(response.text) < 2_000


def test_a_crash_tells_a_caller_where_to_look_and_nothing_of_the_insides() -> None:
    from flowmaster.server.http import http_app
    from tests.doors.doors import rest_client
    from tests.doors.sample import sample_app

    app = sample_app()

    async def play() -> list[str]:
        web = http_app(app)
        async with web.router.lifespan_context(web), rest_client(web) as client:
            server = Served(app, client)
            return [(await server.rest("sample_break")).text, (await server.tool("sample_break")).text]

    for text in anyio.run(play):
        assert "server.fault" in text
        assert "secret insides" not in text
        assert "RuntimeError" not in text
