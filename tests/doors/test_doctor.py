"""`flowmaster doctor` finds what is wrong, says the fix, changes nothing, and shows configurations that work."""

import http.server
import json
import os
import socket
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowmaster import __version__
from flowmaster.server.cli import run
from flowmaster.server.clients.launch import Launch
from flowmaster.server.clients.trial import Failed, measured
from flowmaster.server.doctor import neighbours
from flowmaster.server.doctor.finding import Finding
from flowmaster.server.doctor.start import start
from flowmaster.server.settings import Settings
from tests.doors.doors import command

CHECKS = [
    "python",
    "packages",
    "pins",
    "extras",
    "time zones",
    "clock",
    "environment",
    "data folder",
    "disk",
    "free space",
    "others on the folder",
    "port",
    "command",
    "start over MCP",
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, in which the command runs and finds itself."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", f"{Path(command()).parent}{os.pathsep}{os.environ['PATH']}")
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "CODEX_HOME", "CLAUDE_CONFIG_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        number: int = tried.getsockname()[1]
        return number


def examined(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    code = run(["doctor", "--json", *words])
    return code, json.loads(capsys.readouterr().out)


def states(checks: list[dict[str, str]]) -> dict[str, str]:
    return {each["check"]: each["state"] for each in checks}


def tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_sound_installation_is_told_with_what_every_client_needs(
    home: Path, free_port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = examined(capsys, "--port", str(free_port))
    assert code == 0, told["checks"]
    assert told["version"] == __version__
    assert list(dict.fromkeys(each["check"] for each in told["checks"] if each["check"] in CHECKS)) == CHECKS
    assert {each["state"] for each in told["checks"]} <= {"ok", "warning"}
    assert all(each.get("fix") for each in told["checks"] if each["state"] != "ok")
    (started,) = (each["says"] for each in told["checks"] if each["check"] == "start over MCP")
    assert "initialize answered in" in started
    assert tree(home) == []
    texts = {each["client"]: each["stdio"] for each in told["clients"]}
    assert tomllib.loads(texts.pop("codex"))["mcp_servers"]["flowmaster"]["command"] == command()
    for client, text in texts.items():
        servers = json.loads(text)["servers" if client == "vscode" else "mcpServers"]
        assert servers == {"flowmaster": {"type": "stdio", "command": command(), "args": ["mcp"]}}
    assert all("http" not in each for each in told["clients"])
    assert {each["client"]: each["files"]["user"] for each in told["clients"]}["cursor"] == str(
        home / ".cursor" / "mcp.json"
    )


def test_a_fault_is_told_to_people_with_its_fix_and_an_exit_code(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        "flowmaster.server.doctor.examination.start",
        lambda launch: Finding("start over MCP", "fault", "it ended", "Install it anew."),
    )
    assert run(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "looked at " in out
    assert "fault: start over MCP: it ended\n  fix: Install it anew.\n" in out
    assert "1 fault" in out
    assert f'"command": "{command()}"' in out
    assert "`flowmaster mcp install claude-desktop`, or in " in out
    assert "[mcp_servers.flowmaster]" in out


def test_help_teaches_and_mistakes_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--help"]) == 0
    assert "--deep" in capsys.readouterr().out
    assert run(["doctor", "--dep"]) == 2
    assert "Did you mean '--deep'" in capsys.readouterr().err
    assert run(["doctor", "now"]) == 2
    assert run(["docter"]) == 2
    assert "Did you mean 'doctor'" in capsys.readouterr().err


def test_a_server_that_runs_is_found_and_told_to_clients(
    home: Path, free_port: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "flowmaster.server.doctor.examination.start", lambda launch: Finding("start over MCP", "ok", "")
    )
    data = home / "data"
    words = [command(), "serve", "--data", str(data), "--port", str(free_port)]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        try:
            assert "listens on" in server.stderr.readline()
            code, told = examined(capsys, "--port", str(free_port), "--data", str(data))
        finally:
            server.terminate()
    url = f"http://127.0.0.1:{free_port}/mcp"
    assert code == 0, told["checks"]
    says = {each["check"]: each["says"] for each in told["checks"]}
    assert f"FlowMaster {__version__} serves here, with the data in {data}" in says["port"]
    assert f"process {server.pid} (" in says["others on the folder"]
    assert states(told["checks"])["write-ahead log"] == "ok"
    assert says["store"].startswith("schema ")
    http = {each["client"]: each.get("http") for each in told["clients"]}
    assert http["claude-desktop"] is None
    assert tomllib.loads(http["codex"])["mcp_servers"]["flowmaster"] == {"url": url}
    assert json.loads(http["claude-code"])["mcpServers"]["flowmaster"] == {"type": "http", "url": url}
    assert json.loads(http["vscode"])["servers"]["flowmaster"] == {"type": "http", "url": url}
    assert json.loads(http["cursor"])["mcpServers"]["flowmaster"] == {"url": url}


class Answers(http.server.BaseHTTPRequestHandler):
    """Another program on the port, or a FlowMaster of another version."""

    body = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.body)

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def answering() -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_a_port_of_another_program_is_a_warning(answering: int, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(data=":memory:", port=answering)
    for body in (b"<html>", b"[]", b"{}", b'{"status": "ok"}'):
        monkeypatch.setattr(Answers, "body", body)
        assert neighbours.served("127.0.0.1", answering) is None
        found = neighbours.port(settings, None)
        assert (found.state, "--port" in found.fix) == ("warning", True)


def test_a_server_of_another_version_is_a_warning(answering: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Answers, "body", b'{"status": "ok", "version": "9.9", "data": "/d"}')
    served = neighbours.served("127.0.0.1", answering)
    assert served == (f"http://127.0.0.1:{answering}/mcp", "9.9", "/d")
    found = neighbours.port(Settings(data=":memory:", port=answering), served)
    assert found.state == "warning"
    assert "9.9" in found.says


def test_any_free_port_will_do(free_port: int) -> None:
    assert neighbours.port(Settings(data="", port=0), None).state == "ok"
    assert neighbours.port(Settings(data="", port=free_port), None).state == "ok"
    assert neighbours.served("127.0.0.1", free_port) is None


def program(folder: Path, text: str) -> Launch:
    """Return how a Python program is started in a server's place."""
    file = folder / "program.py"
    file.write_text(text, encoding="utf-8")
    return Launch(sys.executable, (str(file),))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("raise SystemExit('it cannot be')", "ended with code 1: it cannot be"),
        ("print('hello', flush=True); input(); input()", "writes something that is no frame"),
        ('print(\'{"id": 1, "error": {"code": -1}}\', flush=True); input()', "answers `initialize` with"),
        ("input(); print('{}')", "ended with code 0"),
    ],
)
def test_a_server_that_does_not_answer_as_it_must_is_a_fault(text: str, says: str, tmp_path: Path) -> None:
    found = start(program(tmp_path, text))
    assert found.state == "fault"
    assert says in found.says


def test_a_server_that_is_silent_or_not_there_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flowmaster.server.clients.trial.ANSWER_SECONDS_MAX", 0.1)
    assert "does not answer `initialize` in" in start(program(tmp_path, "input(); input()")).says
    assert "cannot be started (No such file" in start(Launch(str(tmp_path / "gone"), ())).says


ANSWERING = """
import json, sys
answers = [
    {"serverInfo": {"version": "VERSION"}},
    {"tools": [{}, {}]},
    {"isError": REFUSES, "content": []},
]
for line in sys.stdin:
    message = json.loads(line)
    if "id" in message:
        print(json.dumps({"jsonrpc": "2.0", "method": "notifications/message"}))
        print(json.dumps({"id": message["id"], "result": answers.pop(0)}), flush=True)
"""


def answering_as(folder: Path, version: str, refuses: str) -> Launch:
    return program(folder, ANSWERING.replace("VERSION", version).replace("REFUSES", refuses))


def test_a_slow_server_and_one_of_another_version_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = start(answering_as(tmp_path, __version__, "False"))
    assert "tools/list with 2 tools" in found.says
    monkeypatch.setattr("flowmaster.server.doctor.start.SLOW_MS", 0)
    found = start(answering_as(tmp_path, __version__, "False"))
    assert (found.state, "startup_timeout_sec" in found.fix) == ("warning", True)
    assert start(answering_as(tmp_path, "0.0.1", "False")).state == "fault"
    assert start(answering_as(tmp_path, __version__, "True")).state == "fault"


def test_a_server_is_started_with_few_variables_and_away_from_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLOWMASTER_ALLOWED_HOSTS", "a")
    text = "import os, sys; raise SystemExit(f'{sys.argv[1:]} {sorted(os.environ)} {os.getcwd()}')"
    with pytest.raises(Failed, match=r"\['--data', ':memory:'\] \[.*'PATH'") as failed:
        measured(program(tmp_path, text))
    assert "FLOWMASTER_" not in str(failed.value)
    assert str(failed.value).rpartition(" ")[2] != str(Path.cwd())
