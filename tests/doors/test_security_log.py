"""The log of calls: every call from outside leaves a line, cheap, without values, and outside the store."""

import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client

from flowmaster.server.cli import run
from flowmaster.stores import call_log
from flowmaster.stores.call_log import FILE, FILES_KEPT, CallLine, CallLog
from flowmaster.tools.json_text import write_json
from tests.doors.callers import bearer, key_on, served
from tests.doors.doors import stdio_server

SECRET = "hunter2-and-a-long-tail"


def lines_in(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of a log."""
    return [json.loads(line) for line in (folder / FILE).read_text(encoding="utf-8").splitlines()]


def line(number: int = 1, outcome: str = "ok") -> CallLine:
    """Return a line."""
    return CallLine(
        1_700_000_000.25, "task_find", f"bot-{number}", "default", "rest", "d" * 32, outcome, 1.25
    )


def test_reads_writes_and_refusals_of_every_door_leave_a_line(tmp_path: Path) -> None:
    key = key_on(tmp_path, "bot", "worker", tenant="north", person="ann")

    async def play() -> None:
        async with served(tmp_path) as server:
            await server.rest("task_find", key, query=SECRET)
            await server.tool("task_find", key, query=SECRET)
            await server.tool("event_send", key, kind="signal", name="x")
            await server.rest("rule_save", key, table=SECRET)
            await server.rest("task_read", key, task=SECRET)
            await server.rest("task_find", key, **{SECRET: 1})
            await server.rest(SECRET, key)
            await server.rest("operation_query", key, operation="rule_find", arguments={})
            await server.rest("operation_query", key, operation=SECRET, arguments={})

    anyio.run(play)
    lines = lines_in(tmp_path)
    assert [(each["operation"], each.get("through"), each["door"], each["outcome"]) for each in lines] == [
        ("task_find", None, "rest", "ok"),
        ("task_find", None, "mcp-http", "ok"),
        ("event_send", None, "mcp-http", "ok"),
        ("rule_save", None, "rest", "access.denied"),
        ("task_read", None, "rest", "task.unknown"),
        ("task_find", None, "rest", "arguments.invalid"),
        ("unknown", None, "rest", "operation.unknown"),
        ("rule_find", "operation_query", "rest", "ok"),
        ("operation_query", None, "rest", "operation.unknown"),
    ]
    for each in lines:
        assert (each["caller"], each["on_behalf_of"], each["tenant"]) == ("bot", "ann", "north")
        assert each["ms"] > 0
    digest = hashlib.sha256(write_json({"query": SECRET})).hexdigest()[:32]
    assert [each["digest"] for each in lines[:2]] == [digest, digest]


def test_no_value_and_no_secret_gets_into_the_log(tmp_path: Path) -> None:
    key = key_on(tmp_path, "bot")

    async def play() -> None:
        async with served(tmp_path) as server:
            await server.rest("process_find", key, query=SECRET)
            await server.rest("instance_start", key, process=SECRET, variables={"password": SECRET})
            await server.rest(SECRET, key, x=SECRET)
            await server.rest("process_find", f"fm_000000000000_{SECRET}")
            await server.client.post(f"/api/v1/process_find?access_token={SECRET}")
            headers = {"x-request-id": f"a b {SECRET}", "content-type": "application/json", **bearer(key)}
            await server.client.post("/api/v1/process_find", headers=headers, content="{}")

    anyio.run(play)
    text = (tmp_path / FILE).read_text(encoding="utf-8")
    assert SECRET not in text
    assert key.rpartition("_")[2] not in text


def test_a_failed_sign_in_leaves_a_line_with_its_address(tmp_path: Path) -> None:
    key_on(tmp_path, "bot")

    async def play() -> None:
        async with served(tmp_path) as server:
            await server.rest("process_find", "fm_x_y")

    anyio.run(play)
    (only,) = lines_in(tmp_path)
    assert (only["operation"], only["outcome"], only["caller"]) == ("sign_in", "sign_in.refused", "127.0.0.1")


def test_the_id_of_a_request_is_returned_and_found_in_the_log(tmp_path: Path) -> None:
    async def play() -> list[str]:
        async with served(tmp_path) as server:
            given = {"x-request-id": "abc-1", "content-type": "application/json"}
            own = await server.client.post("/api/v1/process_find", headers=given, content="{}")
            made = await server.tool("process_find")
            strange = await server.client.post(
                "/api/v1/process_find", headers={**given, "x-request-id": "x" * 81}, content="{}"
            )
            return [each.headers["x-request-id"] for each in (own, made, strange)]

    told = anyio.run(play)
    assert told[0] == "abc-1"
    assert len({*told}) == 3
    assert len(told[2]) < 40
    assert [each["request"] for each in lines_in(tmp_path)] == told


def test_calls_over_stdio_and_the_command_line_are_in_the_log_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["call", "server_info", "--data", str(tmp_path)]) == 0

    async def play() -> None:
        async with Client(stdio_server(tmp_path)) as client:
            await client.call_tool("process_find", {})

    anyio.run(play)
    assert [(each["operation"], each["door"], each["caller"]) for each in lines_in(tmp_path)] == [
        ("server_info", "cli", "local"),
        ("process_find", "mcp", "local"),
    ]


def test_reads_write_nothing_to_the_store(tmp_path: Path) -> None:
    async def play() -> tuple[Any, Any]:
        async with served(tmp_path) as server:
            before = server.app.runtime.reader.last_change(), (tmp_path / "flowmaster.db").read_bytes()
            for _ in range(3):
                await server.rest("process_find")
                await server.rest("rule_evaluate", expression="1 + 1", inputs={})
            return before, (
                server.app.runtime.reader.last_change(),
                (tmp_path / "flowmaster.db").read_bytes(),
            )

    before, after = anyio.run(play)
    assert before == after


def test_in_memory_there_is_no_log() -> None:
    async def play() -> None:
        async with served(":memory:") as server:
            assert server.app.calls is None
            await server.rest("process_find")

    anyio.run(play)


def test_a_line_waits_for_no_disk_and_is_written_soon(tmp_path: Path) -> None:
    log = CallLog(tmp_path)
    log.note(line())
    assert not (tmp_path / FILE).exists()
    log.close()
    (only,) = lines_in(tmp_path)
    assert only == {
        "at": "2023-11-14T22:13:20.250Z",
        "operation": "task_find",
        "caller": "bot-1",
        "tenant": "default",
        "door": "rest",
        "digest": "d" * 32,
        "outcome": "ok",
        "ms": 1.25,
    }
    assert stat.S_IMODE(os.stat(tmp_path / FILE).st_mode) == 0o600


def test_a_full_file_is_put_aside_and_the_oldest_goes(tmp_path: Path) -> None:
    log = CallLog(tmp_path, bytes_max=300)
    for number in range(30):
        log.note(line(number))
        log.flush()
    log.close()
    files = sorted(path.name for path in tmp_path.iterdir())
    assert files == [FILE, *(f"{FILE}.{number}" for number in range(1, FILES_KEPT + 1))] or files == [
        f"{FILE}.{number}" for number in range(1, FILES_KEPT + 1)
    ]
    newest = [each["caller"] for each in log.newest(5)]
    assert newest == [f"bot-{number}" for number in (29, 28, 27, 26, 25)]


def test_two_processes_share_a_file_and_put_it_aside_once(tmp_path: Path) -> None:
    first, second = CallLog(tmp_path, bytes_max=600), CallLog(tmp_path, bytes_max=600)
    for number in range(40):
        for log in (first, second):
            log.note(line(number))
            log.flush()
    first.close()
    second.close()
    kept = [each["caller"] for each in first.newest(1_000)]
    assert kept == sorted(kept, key=lambda name: -int(str(name).removeprefix("bot-")))
    assert len(kept) > 8


def test_a_folder_that_cannot_be_written_does_not_hinder_calls(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = CallLog(tmp_path / "nowhere")
    log.note(line())
    log.close()
    assert "Calls cannot be logged" in caplog.text


def test_more_lines_than_can_wait_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_log, "WAITING_MAX", 2)
    log = CallLog(tmp_path)
    for _ in range(5):
        log.note(line())
    log.close()
    assert len(lines_in(tmp_path)) == 3
    assert lines_in(tmp_path)[-1] == {"left_out": 3}


def test_calls_are_found_again_by_whom_what_and_outcome(tmp_path: Path) -> None:
    boss, reader = key_on(tmp_path, "boss"), key_on(tmp_path, "reader", "reader", person="ann")
    north = key_on(tmp_path, "north", tenant="north")

    async def play() -> None:
        async with served(tmp_path) as server:
            await server.rest("task_find", reader)
            await server.rest("event_send", reader, kind="signal", name="x")
            await server.rest("operation_query", reader, operation="rule_find", arguments={})
            await server.rest("task_find", north)

            async def found(key: str = boss, **wanted: Any) -> list[tuple[str, str]]:
                told = (await server.rest("call_find", key, **wanted)).json()
                assert told["total"] >= len(told["items"])
                return [(item["operation"], item["outcome"]) for item in told["items"]]

            three = [("rule_find", "ok"), ("event_send", "access.denied"), ("task_find", "ok")]
            assert await found() == three
            assert await found(by="reader") == await found(by="ann") == three
            assert await found(by="nobody") == []
            assert await found(outcome="refused") == await found(outcome="access.denied") == three[1:2]
            assert await found(operation="operation_query") == await found(operation="rule_find") == three[:1]
            assert await found(by="reader", limit=1) == three[:1]
            assert await found(north) == [("task_find", "ok")]
            assert (await server.rest("call_find", reader)).json()["expected"] == "audit.read"

    anyio.run(play)


def test_a_torn_line_hides_no_other(tmp_path: Path) -> None:
    log = CallLog(tmp_path)
    log.note(line(1))
    log.flush()
    with (tmp_path / FILE).open("ab") as file:
        file.write(b'{"at": "20\n')
    log.note(line(2))
    log.flush()
    assert [each["caller"] for each in log.newest(10)] == ["bot-2", "bot-1"]
    log.close()
