"""The first answers of an MCP session: from the snapshot, the same as the server's own, none lost or doubled."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from flowmaster.server.opening import Opening, Snapshot
from flowmaster.server.snapshot import FILE, snapshot, text_of
from tests.doors.doors import command

MODERN = {
    "_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    }
}
GREETING = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "test", "version": "1"},
}
COLD_MILLISECONDS_MAX = 100
ALLOWANCE = 3
"""Machines that run tests are shared; the mark itself is measured by `benchmarks/`."""


def frame(identity: Any, method: str, params: Any = None) -> bytes:
    message = {"jsonrpc": "2.0", "id": identity, "method": method}
    return json.dumps(message if params is None else {**message, "params": params}).encode() + b"\n"


class Pipes:
    """An opening between a pipe and a file, without a process; a file holds answers of any length."""

    def __init__(self, answers: Path, tools: str = "core") -> None:
        self.source, self._to_source = os.pipe()
        self._answers = answers.open("w+b", buffering=0)
        self._heard = 0
        snapshot = Snapshot(FILE.read_text(encoding="utf-8"))
        self.opening = Opening(self.source, self._answers.fileno(), snapshot, tools)

    def say(self, *frames: bytes) -> None:
        os.write(self._to_source, b"".join(frames))
        self.opening._read()

    def heard(self) -> list[Any]:
        """Return what the opening has answered since it was last asked."""
        self._answers.seek(self._heard)
        lines = self._answers.read().splitlines()
        self._heard = self._answers.tell()
        return [json.loads(line) for line in lines]

    def close(self) -> None:
        os.close(self.source)
        os.close(self._to_source)
        self._answers.close()


@pytest.fixture
def pipes(tmp_path: Path) -> Iterator[Pipes]:
    made = Pipes(tmp_path / "answers")
    yield made
    made.close()


def test_the_snapshot_is_what_the_server_answers() -> None:
    fresh = text_of(anyio.run(snapshot))
    assert FILE.read_text(encoding="utf-8") == fresh, "stale: run `make docs`"


def test_the_snapshot_file_reads_the_same_by_line_and_as_json() -> None:
    text = FILE.read_text(encoding="utf-8")
    whole = json.loads(text)
    by_line = Snapshot(text)
    assert by_line.versions == whole["versions"]
    assert json.loads(by_line.discovery) == whole["discover"]
    listed = json.loads(by_line.tool_list("all", "", modern=True) or "")
    assert listed == {**whole["list"], "tools": list(whole["tools"].values())}
    named = json.loads(by_line.tool_list("server_info, operation_find", "", modern=False) or "")
    assert [tool["name"] for tool in named["tools"]] == ["operation_find", "server_info"]
    assert by_line.tool_list("server_info,nonsense", "", modern=False) is None


def test_a_greeting_is_answered_and_kept_for_the_server(pipes: Pipes) -> None:
    pipes.say(frame(1, "initialize", GREETING), frame(2, "tools/list"))
    greeted, listed = pipes.heard()
    assert greeted["id"] == 1
    assert greeted["result"]["protocolVersion"] == "2025-11-25"
    assert listed["result"]["tools"]
    delivered: list[bytes] = []
    assert pipes.opening.hand_over(lambda lines, ended: delivered.extend(lines)) == [1]
    assert [json.loads(line)["method"] for line in delivered] == ["initialize"]


def test_an_older_client_is_answered_in_its_version_and_an_unknown_one_in_the_newest(
    pipes: Pipes, tmp_path: Path
) -> None:
    pipes.say(frame(1, "initialize", {**GREETING, "protocolVersion": "2024-11-05"}))
    assert pipes.heard()[0]["result"]["protocolVersion"] == "2024-11-05"
    other = Pipes(tmp_path / "other")
    other.say(frame(1, "initialize", {**GREETING, "protocolVersion": "2031-01-01"}))
    assert other.heard()[0]["result"]["protocolVersion"] == "2025-11-25"
    other.close()


def test_the_modern_era_needs_no_greeting(pipes: Pipes) -> None:
    pipes.say(frame("a", "server/discover", MODERN), frame("b", "tools/list", MODERN))
    discovered, listed = pipes.heard()
    assert discovered["id"] == "a"
    assert "2026-07-28" in discovered["result"]["supportedVersions"]
    assert listed["result"]["ttlMs"] > 0
    assert pipes.opening.hand_over(lambda lines, ended: None) == []


@pytest.mark.parametrize(
    "unusual",
    [
        frame(1, "tools/list"),
        frame(1, "initialize", {}),
        frame(1, "initialize", {**GREETING, "clientInfo": "me"}),
        frame(True, "initialize", GREETING),
        frame(None, "initialize", GREETING),
        frame(1, "tools/list", {**MODERN, "cursor": "x"}),
        frame(1, "tools/call", {**MODERN, "name": "server_info"}),
        frame(1, "server/discover", {"_meta": {"io.modelcontextprotocol/protocolVersion": "1999-01-01"}}),
        b'{"jsonrpc":"1.0","id":1,"method":"initialize"}\n',
        b"[]\n",
        b"nonsense\n",
        b"\xff\xfe\n",
        b"[" * 100_000 + b"\n",
    ],
)
def test_what_is_unusual_is_kept_for_the_server_to_judge(pipes: Pipes, unusual: bytes) -> None:
    writer = os.fdopen(os.dup(pipes._to_source), "wb", buffering=0)
    os.set_blocking(writer.fileno(), True)
    kept: list[bytes] = []
    for start in range(0, len(unusual), 50_000):
        writer.write(unusual[start : start + 50_000])
        pipes.opening._read()
    writer.close()
    assert pipes.heard() == []
    pipes.opening.hand_over(lambda lines, ended: kept.extend(lines))
    assert kept == [unusual.rstrip(b"\n")]


def test_frames_come_whole_however_the_pipe_cuts_them(pipes: Pipes) -> None:
    text = frame(1, "initialize", GREETING) + frame(2, "tools/call", {"name": "x"}) + frame(3, "ping")
    for place in range(0, len(text), 7):
        pipes.say(text[place : place + 7])
    kept: list[bytes] = []
    pipes.opening.hand_over(lambda lines, ended: kept.extend(lines))
    assert [json.loads(line)["id"] for line in kept] == [1, 2, 3]
    assert [answer["id"] for answer in pipes.heard()] == [1]


def started(*options: str, errors: int = subprocess.DEVNULL) -> "subprocess.Popen[bytes]":
    arguments = [command(), "mcp", "--data", ":memory:", *options]
    return subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)


def answers(text: bytes, *options: str) -> list[Any]:
    """Give a whole session at once and return all answers."""
    process = started(*options)
    out, _ = process.communicate(text, timeout=30)
    assert process.returncode == 0
    return [json.loads(line) for line in out.splitlines()]


def test_every_request_around_the_takeover_is_answered_once() -> None:
    calls = [
        frame(number, "tools/call", {"name": "operation_find", "arguments": {"query": "x"}})
        for number in range(2, 200)
    ]
    process = started()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(frame(0, "initialize", GREETING) + frame(1, "tools/list"))
    process.stdin.flush()
    for call in calls:
        process.stdin.write(call)
        process.stdin.flush()
        time.sleep(0.01)  # spread over the time in which the server takes over
    process.stdin.close()
    heard = sorted(json.loads(line)["id"] for line in process.stdout)
    process.wait(10)
    process.stdout.close()
    assert heard == list(range(200))


def test_a_session_given_at_once_is_answered_to_its_end() -> None:
    heard = answers(
        frame(1, "initialize", GREETING)
        + b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n'
        + frame(2, "tools/call", {"name": "server_info", "arguments": {}})
    )
    assert [each["id"] for each in heard] == [1, 2]
    assert heard[1]["result"]["structuredContent"]["version"]


def test_the_snapshot_and_the_server_list_the_same_tools() -> None:
    opening = answers(frame(1, "initialize", GREETING) + frame(2, "tools/list"))[1]["result"]
    process = started()
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(frame(1, "initialize", GREETING) + frame(2, "tools/call", {"name": "server_info"}))
    process.stdin.flush()
    assert [json.loads(process.stdout.readline())["id"] for _ in range(2)] == [1, 2]
    process.stdin.write(frame(3, "tools/list"))
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["result"] == opening
    process.stdin.close()
    process.wait(10)
    process.stdout.close()


def test_frames_that_are_no_requests_are_answered_with_their_id_where_they_have_one() -> None:
    heard = answers(
        frame(0, "initialize", GREETING)
        + b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","arguments":{"a":\n'
        + b'{"jsonrpc":"2.0","id":2,"method":"ping","x":"\xff"}\n'
        + b'{"jsonrpc":"2.0","id":3,"method":"tools/call","params":' + b'{"a":' * 3_000 + b"1" + b"}" * 3_000 + b"}\n"
        + b'[{"jsonrpc":"2.0","id":4,"method":"ping"}]\n'
        + b"hello\n"
        + b'{"id":5}\n'
    )  # fmt: skip
    codes = {each["id"]: each["error"]["code"] for each in heard if "error" in each}
    assert codes[1] == codes[2] == codes[3] == -32700
    assert codes[5] == -32600
    assert [each["id"] for each in heard].count(None) == 2


@pytest.mark.parametrize(
    "bad", [b"{", b"{bad", b'{"a" 1}', b'{"a":"b', b'{"jsonrpc":"2.0","id":1', b'{"id":1,}', b"[1,]", b"nul"]
)
def test_what_is_no_json_is_told_at_any_moment_of_the_start(bad: bytes) -> None:
    for before in (b"", frame(1, "initialize", GREETING)):
        heard = answers(
            before + bad + b"\n" + frame(2, "ping") + (b"" if before else frame(1, "initialize", GREETING))
        )
        assert -32700 in [each["error"]["code"] for each in heard if "error" in each]
        assert {1, 2} <= {each["id"] for each in heard}


def test_hostile_arguments_are_refused_as_results_with_their_place() -> None:
    def call(identity: int, arguments: str) -> bytes:
        params = f'{{"name":"operation_find","arguments":{arguments}}}'
        return f'{{"jsonrpc":"2.0","id":{identity},"method":"tools/call","params":{params}}}\n'.encode()

    heard = answers(
        frame(0, "initialize", GREETING)
        + call(1, '{"query":NaN}')
        + call(2, '{"query":"a","query":"b"}')
        + call(3, '{"query":"\\ud800"}')
        + call(4, '{"query":"\\u0000"}')
        + call(5, '{"query":' + "[" * 200 + "]" * 200 + "}")
        + call(6, '{"query":"' + "x" * 10_000_000 + '"}')
        + call(7, '{"query":1e99999999999}')
    )
    results = {each["id"]: each["result"] for each in heard if each["id"]}
    assert sorted(results) == [1, 2, 3, 4, 5, 6, 7]
    for result in results.values():
        assert result["isError"]
        body = json.loads(result["content"][0]["text"])
        assert body["code"] == "arguments.invalid"
        assert body["path"].startswith("query")


def test_what_a_program_prints_never_reaches_the_client() -> None:
    script = (
        "import sys; from flowmaster.server import cli, stdio\n"
        "original = stdio.open_app\n"
        "def noisy(settings, **further):\n"
        "    print('noise'); sys.stdout.flush(); import os; os.write(1, b'more noise'); os.system('echo loud')\n"
        "    return original(settings, **further)\n"
        "stdio.open_app = noisy\n"
        "sys.exit(cli.run(['mcp', '--data', ':memory:']))\n"
    )
    process = subprocess.run(
        [sys.executable, "-c", script],
        input=frame(1, "initialize", GREETING) + frame(2, "tools/call", {"name": "server_info"}),
        capture_output=True,
        timeout=30,
        check=True,
    )
    assert [json.loads(line)["id"] for line in process.stdout.splitlines()] == [1, 2]
    assert b"noise" in process.stderr


def test_a_server_that_cannot_start_says_so_to_every_request(tmp_path: Path) -> None:
    process = started("--tools", "server_info,nonsense")
    out, _ = process.communicate(frame(1, "initialize", GREETING) + frame(2, "tools/list"), timeout=30)
    assert process.returncode == 1
    heard = [json.loads(line) for line in out.splitlines()]
    assert heard[-1]["id"] == 2
    assert "nonsense" in heard[-1]["error"]["message"]


def test_a_cold_start_answers_before_a_client_loses_patience() -> None:
    def milliseconds(*requests: bytes) -> float:
        begun = time.perf_counter()
        process = started()
        assert process.stdin is not None
        assert process.stdout is not None
        for request in requests:
            process.stdin.write(request)
            process.stdin.flush()
            assert b'"result"' in process.stdout.readline()
        taken = time.perf_counter() - begun
        process.kill()
        process.communicate()
        return taken * 1_000

    legacy = [milliseconds(frame(1, "initialize", GREETING), frame(2, "tools/list")) for _ in range(5)]
    modern = [
        milliseconds(frame(1, "server/discover", MODERN), frame(2, "tools/list", MODERN)) for _ in range(5)
    ]
    assert statistics.median(legacy) < COLD_MILLISECONDS_MAX * ALLOWANCE
    assert statistics.median(modern) < COLD_MILLISECONDS_MAX * ALLOWANCE


def test_the_first_answers_load_nothing_heavy() -> None:
    script = "import sys, flowmaster.server.cli, flowmaster.server.opening; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {
        "mcp",
        "pydantic",
        "asyncio",
        "anyio",
        "json",
        "re",
        "pathlib",
        "typing",
        "argparse",
        "threading",
    }
    assert heavy.isdisjoint(loaded)
