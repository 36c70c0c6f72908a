"""API keys: shown once, kept as a hash, needed by everybody over HTTP once there is one, and dead at once when revoked."""

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from mcp import Client
from starlette.types import Message, Receive, Scope, Send

from flowmaster.server.attempts import FREE, WAITING_MAX, Attempts
from flowmaster.server.cli import run
from flowmaster.server.grounds import Grounds
from flowmaster.server.sign_in import SignIn
from flowmaster.server.wiring import open_store
from tests.doors.callers import bearer, key_on, revoked_on, served, settings_on
from tests.doors.doors import command, stdio_server, told_by

WRONG = ("fm_0123456789ab_wrong", "fm_", "fm__", "fm_" + "x" * 5_000, "no key at all", "fm_ä_ß")


def refusal(response: httpx.Response) -> tuple[int, Any, str | None]:
    """Return what a caller sees of a refusal."""
    return response.status_code, response.json(), response.headers.get("www-authenticate")


def test_without_keys_the_single_user_of_this_machine_needs_none(tmp_path: Path) -> None:
    async def play() -> None:
        async with served(tmp_path) as server:
            assert (await server.rest("server_info")).status_code == 200
            assert "process_create" in await server.tools()
            assert (await server.rest("server_info", "whatever")).status_code == 200

    anyio.run(play)


def test_as_soon_as_there_is_a_key_every_caller_over_http_needs_one(tmp_path: Path) -> None:
    async def play() -> None:
        async with served(tmp_path) as server:
            key = key_on(tmp_path, "bot")
            for response in (
                await server.rest("server_info"),
                await server.mcp("tools/list"),
                await server.tool("server_info"),
                await server.client.get("/mcp", headers={"accept": "text/event-stream"}),
                await server.client.get("/api/v1/openapi.json"),
                await server.client.get("/nowhere"),
            ):
                assert response.status_code == 401
                assert response.json()["code"] == "sign_in.needed"
                assert response.headers["www-authenticate"] == "Bearer"
            assert (await server.client.get("/health")).status_code == 200
            assert (await server.rest("server_info", key)).status_code == 200
            assert "process_create" in await server.tools(key)

    anyio.run(play)


def test_unknown_wrong_late_and_revoked_keys_are_refused_in_one_form(tmp_path: Path) -> None:
    late = key_on(tmp_path, "late", until=int(time.time() * 1000) - 1)
    good = key_on(tmp_path, "good")
    revoked = key_on(tmp_path, "revoked")
    revoked_on(tmp_path, "revoked")

    async def play() -> None:
        async with served(tmp_path) as server:
            told = [refusal(await server.rest("server_info", each)) for each in (*WRONG[:2], late, revoked)]
            told.append(refusal(await server.rest("server_info", good[:-1] + "_")))
            assert told[0][0] == 401
            assert told[0][1]["code"] == "sign_in.refused"
            assert all(each == told[0] for each in told)

    anyio.run(play)


@pytest.mark.parametrize("credential", WRONG)
def test_a_wrong_key_opens_no_door(tmp_path: Path, credential: str) -> None:
    key_on(tmp_path, "bot")

    async def play() -> None:
        async with served(tmp_path) as server:
            headers = {b"authorization": f"Bearer {credential}".encode()}
            for path in ("/mcp", "/api/v1/server_info", "/api/v1/openapi.json"):
                assert (await server.client.post(path, headers=headers)).status_code == 401

    anyio.run(play)


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic Ym90Om5v", "{key}", "Bearer {key} {key}", "Bearer\t{key}x"]
)
def test_a_header_of_another_kind_signs_nobody_in(tmp_path: Path, header: str) -> None:
    key = key_on(tmp_path, "bot")

    async def play() -> None:
        async with served(tmp_path) as server:
            headers = {"authorization": header.format(key=key)}
            assert (await server.client.post("/api/v1/server_info", headers=headers)).status_code == 401

    anyio.run(play)


def test_two_headers_sign_nobody_in(tmp_path: Path) -> None:
    key = key_on(tmp_path, "bot")

    async def play() -> None:
        async with served(tmp_path) as server:
            headers = [("authorization", f"Bearer {key}"), ("authorization", f"Bearer {key}")]
            assert (await server.client.post("/api/v1/server_info", headers=headers)).status_code == 401

    anyio.run(play)


def test_a_key_in_the_address_is_refused_even_where_nobody_has_to_sign_in(tmp_path: Path) -> None:
    async def play() -> None:
        async with served(tmp_path) as server:
            for query in (
                "access_token=x",
                "a=1&ACCESS_TOKEN=x",
                "api_key=fm_x",
                "token=",
                "%61ccess_token=x",
            ):
                response = await server.client.post(f"/api/v1/server_info?{query}")
                assert (response.status_code, response.json()["code"]) == (400, "sign_in.in_address")

    anyio.run(play)


def test_a_revoked_key_is_dead_at_once_in_every_server_on_the_folder(tmp_path: Path) -> None:
    key = key_on(tmp_path, "bot")

    async def play() -> None:
        async with served(tmp_path) as first, served(tmp_path) as second:
            assert [(await each.rest("server_info", key)).status_code for each in (first, second)] == [
                200,
                200,
            ]
            revoked_on(tmp_path, "bot")
            assert [(await each.rest("server_info", key)).status_code for each in (first, second)] == [
                401,
                401,
            ]
            assert [(await each.rest("server_info")).status_code for each in (first, second)] == [401, 401]

    anyio.run(play)


def test_only_a_hash_of_a_key_is_kept(tmp_path: Path) -> None:
    key = key_on(tmp_path, "bot")

    async def play() -> None:
        async with served(tmp_path) as server:
            await server.rest("server_info", key)
            await server.rest("server_info", key + "x")

    anyio.run(play)
    secret = key[-20:]
    for file in tmp_path.iterdir():
        assert secret.encode() not in file.read_bytes(), file.name


def test_the_command_makes_lists_and_revokes_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def said(*words: str) -> tuple[int, str, str]:
        code = run(["key", *words, "--data", str(tmp_path)])
        told = capsys.readouterr()
        return code, told.out, told.err

    code, out, err = said("add", "bot", "--rights", "reader,task.act", "--tenant", "north", "--until", "P1D")
    assert code == 0
    assert out.startswith("fm_")
    assert out.strip() not in err
    assert said("add", "bot")[::2] == (1, said("add", "bot")[2])
    assert "[key.name_taken]" in said("add", "bot")[2]
    assert "[key.name_taken]" in said("add", "local")[2]
    assert "Did you mean 'reader'" in said("add", "other", "--rights", "readr")[2]
    (row,) = json.loads(said("list", "--json")[1])["items"]
    assert (row["name"], row["rights"], row["tenant"], row["state"]) == (
        "bot",
        "reader,task.act",
        "north",
        "good",
    )
    assert "Did you mean 'bot'" in said("revoke", "bott")[2]
    assert "Did you mean" not in said("revoke", "both day")[2]
    assert said("add", "op")[0] == 0
    assert "Did you mean" not in said("revoke", "nope")[2]
    assert said("revoke", "op")[0] == 0
    assert said("revoke", "bot")[0] == 0
    assert "[key.unknown]" in said("revoke", "bot")[2]
    assert json.loads(said("list", "--json")[1])["items"][0]["state"] == "revoked"
    assert said("add", "bot")[0] == 0


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "add, list or revoke"),
        (["ad"], "Did you mean 'add'"),
        (["add"], "takes one name"),
        (["list", "x"], "takes no name"),
        (["add", "a b"], "is no name"),
        (["add", "x", "--tenant", ""], "--tenant needs a value"),
        (["add", "x", "--tenant", "a b"], "is no tenant"),
        (["add", "x", "--rights", ","], "names no right"),
        (["add", "x", "--until", "2001-01-01"], "a date to come"),
        (["add", "x", "--port", "1"], "no option --port"),
    ],
)
def test_a_wrong_key_command_says_what_is_right(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], complaint: str
) -> None:
    assert run(["key", *words, "--data", str(tmp_path)]) == 2
    assert complaint in capsys.readouterr().err


def test_making_and_revoking_a_key_stands_in_the_journal(tmp_path: Path) -> None:
    key = key_on(tmp_path, "boss")
    key_on(tmp_path, "bot", "reader")
    revoked_on(tmp_path, "bot")

    async def play() -> Any:
        async with served(tmp_path) as server:
            return (await server.rest("audit_find", key, scope="key:bot", detail=["data"])).json()["items"]

    newest, oldest = anyio.run(play)
    assert (newest["operation"], oldest["operation"]) == ("key_revoke", "key_add")
    assert oldest["data"]["rights"] == ["reader"]
    assert "hash" not in oldest["data"]


def test_whoever_guesses_waits_ever_longer_and_a_good_key_never_does(tmp_path: Path) -> None:
    key = key_on(tmp_path, "bot")
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    attempts = Attempts(now=lambda: 0.0, pause=pause)

    async def play() -> None:
        async with served(tmp_path) as server:
            web = server.client._transport.app  # type: ignore[attr-defined]  # the grounds are the server's own
            web.state.grounds.attempts = attempts
            for _ in range(FREE + 8):
                assert (await server.rest("server_info", "fm_x_y")).status_code == 401
                assert (await server.rest("server_info", key)).status_code == 200

    anyio.run(play)
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_a_flood_of_guesses_is_told_to_come_again_without_waiting() -> None:
    held = anyio.Event()
    told: list[bool] = []

    async def pause(seconds: float) -> None:
        await held.wait()

    async def play() -> None:
        attempts = Attempts(now=lambda: 0.0, pause=pause)
        for _ in range(FREE):
            assert await attempts.failed("1.2.3.4")

        async def fail() -> None:
            told.append(await attempts.failed("1.2.3.4"))

        async with anyio.create_task_group() as group:
            for _ in range(WAITING_MAX):
                group.start_soon(fail)
            await anyio.wait_all_tasks_blocked()
            assert not await attempts.failed("1.2.3.4")
            held.set()

    anyio.run(play)
    assert told == [True] * WAITING_MAX


def test_failures_are_forgotten_after_a_minute() -> None:
    now = [0.0]
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    async def play() -> None:
        attempts = Attempts(now=lambda: now[0], pause=pause)
        for _ in range(FREE + 1):
            await attempts.failed("1.2.3.4")
        now[0] = 61.0
        await attempts.failed("1.2.3.4")

    anyio.run(play)
    assert pauses == [0.1]


def test_a_stream_ends_when_its_key_is_revoked(tmp_path: Path) -> None:
    key = key_on(tmp_path, "bot")
    store = open_store(settings_on(tmp_path))
    sent: list[dict[str, Any]] = []

    async def stream(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for number in range(10):
            await send({"type": "http.response.body", "body": b"%d" % number, "more_body": True})
            if number == 2:
                revoked_on(tmp_path, "bot")
        raise AssertionError("the stream went on")

    async def send(message: Message) -> None:
        sent.append(dict(message))

    scope: Scope = {
        "type": "http",
        "path": "/mcp",
        "query_string": b"",
        "headers": [(b"authorization", bearer(key)["authorization"].encode())],
    }
    try:
        anyio.run(SignIn(stream, Grounds(store.reader)), scope, _nothing_more, send)
    finally:
        store.close()
    assert [each.get("body") for each in sent] == [None, b"0", b"1", b"2", b""]
    assert sent[-1]["more_body"] is False


def test_a_server_process_asks_for_keys_as_soon_as_one_is_made_and_its_stdio_peer_does_not(
    tmp_path: Path,
) -> None:
    process = subprocess.Popen(
        [command(), "serve", "--data", str(tmp_path), "--port", "0"], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    address = process.stderr.readline().split(" ")[3]

    def status(credential: str = "") -> int:
        headers = {"content-type": "application/json", **bearer(credential)}
        return httpx.post(f"{address}/api/v1/server_info", content="{}", headers=headers).status_code

    async def over_stdio() -> bool:
        async with Client(stdio_server(tmp_path)) as client:
            return told_by(await client.call_tool("server_info", {})).refused

    try:
        assert status() == 200
        key = key_on(tmp_path, "bot", "reader")
        soon = time.monotonic() + 5
        while status() == 200 and time.monotonic() < soon:
            pass
        assert (status(), status(key)) == (401, 200)
        assert anyio.run(over_stdio) is False
        revoked_on(tmp_path, "bot")
        assert status(key) == 401
    finally:
        process.terminate()
        assert process.wait(10) == 0
        process.stderr.close()


async def _nothing_more() -> Message:
    return {"type": "http.disconnect"}
