"""`flowmaster top`: figures of a live server and of a store, once, line by line, and in a terminal."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from flowmaster.server.cli import run
from flowmaster.server.top.frame import lines_of
from tests.doors.callers import key_on
from tests.doors.collector import Server, served
from tests.doors.doors import command

PROCESS = {
    "process": "mixed",
    "roles": ["boss"],
    "data": {"amount": "number"},
    "start": {"needs": ["amount"]},
    "steps": [
        {
            "all": [
                [{"approve": {"ask": "boss"}}],
                [{"nap": {"wait": "P3D"}}],
                [{"pay": {"call": "bank.pay"}}],
                [
                    {"check": {"set": {"half": "1 / amount"}}},
                    {"if": "half > 0", "then": [{"note": {"ask": "boss"}}]},
                ],
            ]
        },
        {"end": "done"},
    ],
}


def top(*words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run the command to its end."""
    return subprocess.run(
        [command(), "top", *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **variables},
    )


def busy(server: Server) -> None:
    """Start instances that wait for all there is, of which one is stuck."""
    assert server.call("process_create", outline=PROCESS).status_code == 200
    published = server.call("process_publish", process="mixed")
    assert published.status_code == 200, published.text
    for amount in (1, 2, 0):
        assert server.call("instance_start", process="mixed", variables={"amount": amount}).status_code == 200
    server.call("task_read", task="no/such.1")


def checked(load: Mapping[str, Any]) -> None:
    """Compare what was counted with what was begun."""
    assert load["instances"] == [{"status": "active", "instances": 3}]
    waiting = load["waiting"]
    assert (waiting["jobs"], waiting["timers"], waiting["timers_overdue"], waiting["tasks_claimed"]) == (
        3,
        3,
        0,
        0,
    )
    assert waiting["tasks"] == 5
    assert waiting["next_timer"]
    assert load["incidents"] == 1
    (incident,) = load["newest_incidents"]
    assert incident["instance"] == "mixed:3"
    assert [each["process"] for each in load["processes"]] == ["mixed"]
    assert load["processes"][0]["active"] == 3
    assert load["processes"][0]["steps_per_second"] > 0


def test_one_picture_of_a_live_server_for_programs(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        busy(server)
        ran = top("--url", server.address, "--once", "--json")
        text = top("--url", f"{server.address}/mcp", "--once")
    assert (ran.returncode, ran.stderr) == (0, "")
    load = json.loads(ran.stdout)
    checked(load)
    paces = {each["operation"]: each for each in load["operations"]}
    assert paces["instance_start"]["per_second"] > 0
    assert paces["instance_start"]["p99_ms"] >= paces["instance_start"]["p50_ms"] > 0
    assert paces["task_read"]["refused_per_second"] == paces["task_read"]["per_second"] > 0
    assert load["calls"]["per_second"] >= paces["instance_start"]["per_second"]
    assert load["commits"]["per_second"] > 0
    assert load["commits"]["pieces"] >= 1
    (this,) = load["servers"]
    assert (this["server"], this["door"]) == (str(server.process.pid), server.address)
    lines = text.stdout.splitlines()
    assert lines[0].startswith(f"FlowMaster {load['version']}   {server.address}/mcp   up 00:00:")
    assert any(line.startswith("INCIDENT") for line in lines)
    assert "\x1b" not in text.stdout


def test_one_picture_of_a_data_folder_while_servers_work_on_it(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        busy(server)
        time.sleep(1.5)  # The log of calls is written a second later.
        ran = top("--data", str(tmp_path), "--once", "--json")
        assert (ran.returncode, ran.stderr) == (0, "")
        load = json.loads(ran.stdout)
        paces = {each["operation"]: each for each in load["operations"]}
        assert paces["instance_start"]["per_second"] == pytest.approx(0.3, abs=0.01)
        assert paces["task_read"]["refused_per_second"] == pytest.approx(0.1, abs=0.01)
        assert [each["server"] for each in load["servers"]] == [str(server.process.pid)]
    checked(load)
    left = json.loads(top("--data", str(tmp_path), "--once", "--json").stdout)
    assert "servers" not in left
    assert list((tmp_path / "servers").iterdir()) == []


def test_a_server_that_was_killed_is_no_neighbour(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        words = [command(), "serve", "--data", str(tmp_path), "--port", "0"]
        other = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
        assert other.stderr is not None
        assert "listens" in other.stderr.readline()
        told = server.call("server_load").json()["servers"]
        assert {each["server"] for each in told} == {str(server.process.pid), str(other.pid)}
        other.kill()
        other.communicate()
        assert [each["server"] for each in server.call("server_load").json()["servers"]] == [
            str(server.process.pid)
        ]


def test_figures_of_a_server_go_to_those_who_may_watch_it(tmp_path: Path) -> None:
    worker, watcher = key_on(tmp_path, "bot", "worker"), key_on(tmp_path, "watcher", "server.watch")
    key_file = tmp_path / "watcher.key"
    key_file.write_text(f"{watcher}\n", encoding="utf-8")
    with served(tmp_path) as server:
        nobody = top("--url", server.address, "--once", FLOWMASTER_KEY="")
        refused = top("--url", server.address, "--once", FLOWMASTER_KEY=worker)
        told = top("--url", server.address, "--once", "--json", "--key-file", str(key_file))
        scraped = httpx.get(f"{server.address}/metrics", headers={"authorization": f"Bearer {watcher}"})
        denied = httpx.get(f"{server.address}/metrics", headers={"authorization": f"Bearer {worker}"})
        unknown = httpx.get(f"{server.address}/metrics")
    assert (nobody.returncode, "[sign_in.needed]" in nobody.stderr) == (1, True)
    assert (refused.returncode, "[access.denied]" in refused.stderr) == (1, True)
    assert json.loads(told.stdout)["up_seconds"] >= 0
    assert (scraped.status_code, denied.status_code, unknown.status_code) == (200, 403, 401)
    assert scraped.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


def test_figures_of_another_tenant_stay_with_it(tmp_path: Path) -> None:
    theirs = key_on(tmp_path, "north", "operator", tenant="north")
    ours = key_on(tmp_path, "home", "admin")
    with served(tmp_path) as server:
        home = Server(server.process, server.address, server.log)
        bearer = {"authorization": f"Bearer {ours}"}
        assert home.call("process_create", bearer, outline=PROCESS).status_code == 200
        assert home.call("process_publish", bearer, process="mixed").status_code == 200
        assert (
            home.call("instance_start", bearer, process="mixed", variables={"amount": 0}).status_code == 200
        )
        seen = server.call("server_load", {"authorization": f"Bearer {theirs}"}).json()
    assert (seen["instances"], seen["processes"], seen["newest_incidents"], seen["incidents"]) == (
        [],
        [],
        [],
        0,
    )
    assert "mixed" not in json.dumps(seen)


def test_an_address_where_nobody_answers_is_refused_and_odd_words_are_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(["top", "--url", "http://127.0.0.1:9", "--once"]) == 1
    assert "[server.unreachable]" in capsys.readouterr().err
    for words, said in [
        (["--url", "ftp://x"], "address of a server"),
        (["--interval", "fast"], "number of seconds"),
        (["--key-file", "x"], "goes with --url"),
        (["--url", "http://127.0.0.1:9", "--key-file", str(tmp_path / "none")], "cannot be read"),
        (["--data", ":memory:"], "nothing to look at"),
        (["now"], "not expected"),
    ]:
        assert run(["top", "--once", *words]) == 2
        assert said in capsys.readouterr().err
    assert run(["top", "--once", "--data", str(tmp_path / "empty")]) == 1
    assert not (tmp_path / "empty" / "flowmaster.db").exists()


def test_where_there_is_no_terminal_pictures_come_as_lines_until_the_reader_leaves(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        words = [command(), "top", "--url", server.address, "--json", "--interval", "0.5"]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stderr is not None
        ups = [json.loads(process.stdout.readline())["at"] for _ in range(3)]
        process.stdout.close()
        assert process.wait(20) == 0
        assert (len(set(ups)), process.stderr.read()) == (3, "")
        process.stderr.close()


def test_a_terminal_shows_picture_after_picture_follows_its_size_and_is_given_back(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        busy(server)
        child, line = pty.fork()
        if child == 0:  # The program that sits in the terminal.
            os.environ["TERM"] = "xterm"
            os.execv(command(), [command(), "top", "--url", server.address, "--interval", "0.5"])
        _resize(line, 24, 100)
        before = termios.tcgetattr(line)[3]
        first = _until(line, b"mixed:3")
        assert first.startswith(b"\x1b[?1049h\x1b[?25l\x1b[H")
        _resize(line, 8, 40)
        os.kill(child, signal.SIGWINCH)
        rows = _picture(line, rows=8)
        assert [row for row in map(_plain, rows) if len(row) > 40] == []
        os.write(line, b"\x03")
        last = _until(line, b"\x1b[?1049l")
        assert last.endswith(b"\x1b[?25h\x1b[?1049l")
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert termios.tcgetattr(line)[3] & (termios.ECHO | termios.ICANON) == before & (
            termios.ECHO | termios.ICANON
        )
        os.close(line)


def test_texts_of_the_store_cannot_act_on_the_terminal() -> None:
    hostile = "\x1b]0;owned\x07\x1b[2Jx\ny"
    load = {
        "at": "t",
        "version": "0",
        "up_seconds": 90_061,
        "seconds": 10,
        "calls": {"per_second": 1.5},
        "operations": [],
        "commits": {"per_second": 0, "waiting": 2_000, "effects": 0},
        "instances": [{"status": hostile, "instances": 100_000}],
        "waiting": dict.fromkeys(
            ("tasks", "tasks_claimed", "jobs", "jobs_taken", "jobs_spent", "timers", "timers_overdue"), 0
        ),
        "processes": [{"process": hostile, "steps_per_second": 1}],
        "incidents": 1,
        "newest_incidents": [
            {"instance": hostile, "element": hostile, "code": hostile, "message": hostile, "since": "t"}
        ],
        "broken": [{"part": "store", "since": "t", "says": hostile}],
        "servers": [{"server": hostile}],
        "connectors": [{"connector": hostile, "connection": hostile, "failures": 1}],
        "counted_at": "t",
    }
    for width in (40, 200):
        lines = lines_of(load, place=hostile, width=width, height=None, colours=False, trouble=hostile)
        assert all(line.isprintable() and len(line) <= width for line in lines)
        assert "100,000" in "".join(lines)
        assert "up 1d 01:01:01" in "".join(lines) or width == 40


def _resize(line: int, rows: int, columns: int) -> None:
    fcntl.ioctl(line, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def _until(line: int, wanted: bytes) -> bytes:
    """Return what the program writes, up to what is waited for."""
    found, until = b"", time.monotonic() + 20
    while wanted not in found:
        ready, _, _ = select.select([line], [], [], max(0.0, until - time.monotonic()))
        assert ready, found
        found += os.read(line, 4_096)
    return found


def _picture(line: int, *, rows: int) -> list[str]:
    """Return the lines of the first whole picture that has so many."""
    found, until = b"", time.monotonic() + 20
    while time.monotonic() < until:
        found += _until(line, b"\x1b[J")
        for part in found.split(b"\x1b[H")[1:]:
            picture, whole, _ = part.partition(b"\x1b[J")
            if whole and picture.count(b"\r\n") == rows - 1:
                return picture.decode().split("\r\n")
    raise AssertionError(found)


def _plain(row: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", row)
