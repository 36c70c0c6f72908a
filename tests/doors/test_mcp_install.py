"""`flowmaster mcp install` writes what a client reads and starts, twice the same, and nothing where it cannot."""

import json
import os
import re
import stat
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flowmaster.engine.errors import FlowMasterError
from flowmaster.server.cli import run
from flowmaster.server.clients.client import CLIENTS, Client
from flowmaster.server.clients.launch import Launch, launch
from flowmaster.server.clients.machine import Machine, System
from flowmaster.server.clients.settings_file import settings_file
from tests.doors.doors import command

ANSWER_SECONDS_MAX = 60

# How each client reads its file, in its own words and not in ours.
REMARK = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
LAST_COMMA = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])')


def read_strictly(text: str) -> dict[str, Any]:
    return json.loads(text)["mcpServers"]  # type: ignore[no-any-return]  # a map of servers


def read_leniently(text: str) -> dict[str, Any]:
    for each in (REMARK, LAST_COMMA):
        text = each.sub(lambda found: found[1] or "", text)
    return json.loads(text)["servers"]  # type: ignore[no-any-return]  # the same


def read_tables(text: str) -> dict[str, Any]:
    return tomllib.loads(text)["mcp_servers"]  # type: ignore[no-any-return]  # the same


READERS: dict[str, Callable[[str], dict[str, Any]]] = {
    "claude-code": read_strictly,
    "claude-desktop": read_strictly,
    "codex": read_tables,
    "vscode": read_leniently,
    "cursor": read_strictly,
}
USER_FILES = {
    "claude-code": ".claude.json",
    "claude-desktop": ".config/Claude/claude_desktop_config.json",
    "codex": ".codex/config.toml",
    "vscode": ".config/Code/User/mcp.json",
    "cursor": ".cursor/mcp.json",
}
PROJECT_FILES = {
    "claude-code": ".mcp.json",
    "codex": ".codex/config.toml",
    "vscode": ".vscode/mcp.json",
    "cursor": ".cursor/mcp.json",
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own with a project in it, in which the command runs."""
    folder = tmp_path / "home of ann"
    (folder / "project").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(folder))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "CODEX_HOME", "CLAUDE_CONFIG_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(folder / "project")
    monkeypatch.setattr("sys.platform", "linux")
    return folder


def install(*words: str) -> int:
    return run(["mcp", "install", *words])


def file_of(home: Path, client: str, scope: str) -> Path:
    return home / USER_FILES[client] if scope == "user" else home / "project" / PROJECT_FILES[client]


EVERY_FILE = [
    *((client, "user") for client in USER_FILES),
    *((client, "project") for client in PROJECT_FILES),
]


@pytest.mark.parametrize(("client", "scope"), EVERY_FILE)
def test_what_is_written_is_what_the_client_reads_and_starts(client: str, scope: str, home: Path) -> None:
    assert install(client, "--scope", scope, "--data", "../data") == 0
    entry = READERS[client](file_of(home, client, scope).read_text(encoding="utf-8"))["flowmaster"]
    assert entry.get("type", "stdio") == "stdio"
    assert [entry["command"], *entry["args"]] == [command(), "mcp", "--data", str(home / "data")]
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": client, "version": "1"},
        },
    }
    ran = subprocess.run(
        [entry["command"], *entry["args"]],
        input=json.dumps(hello) + "\n",
        cwd="/",
        env={"HOME": str(home), "PATH": os.defpath},
        capture_output=True,
        text=True,
        timeout=ANSWER_SECONDS_MAX,
        check=False,
    )
    assert json.loads(ran.stdout.splitlines()[0])["result"]["serverInfo"]["name"] == "flowmaster"
    assert (home / "data" / "flowmaster.db").is_file()


@pytest.mark.parametrize(("client", "scope"), EVERY_FILE)
def test_a_second_time_changes_nothing_and_uninstalling_takes_it_out(
    client: str, scope: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = file_of(home, client, scope)
    assert install(client, "--scope", scope) == 0
    assert "The file is new." in capsys.readouterr().out
    first = path.read_bytes()
    assert install(client, "--scope", scope) == 0
    out = capsys.readouterr().out
    assert "says so already; nothing was changed" in out
    assert "Next: " in out
    assert path.read_bytes() == first
    assert os.listdir(path.parent).count(path.name + ".before-flowmaster") == 0
    assert install(client, "--scope", scope, "--uninstall") == 0
    assert "does not start flowmaster any more" in capsys.readouterr().out
    assert b"flowmaster" not in path.read_bytes()
    assert install(client, "--scope", scope, "--uninstall") == 0
    assert "has no server flowmaster; nothing was changed" in capsys.readouterr().out


def test_the_other_servers_and_everything_else_in_a_file_stay(home: Path) -> None:
    texts = {
        "claude-code": '{"numStartups": 7, "mcpServers": {"b": {"command": "b", "env": {"TOKEN": "s3"}}}, "x": [1]}',
        "codex": 'model = "m" # mine\n\n[mcp_servers.b]\ncommand = "b"\n\n# the end\n',
        "vscode": '{\n  // all of them\n  "inputs": [],\n  "servers": {\n    "b": {"command": "b"}, // b\n  },\n}\n',
    }
    for client, text in texts.items():
        path = file_of(home, client, "user")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        assert install(client) == 0
        after = path.read_text(encoding="utf-8")
        servers = READERS[client](after)
        assert set(servers) == {"b", "flowmaster"}
        assert servers["b"] == READERS[client](text)["b"]
        backup = path.with_name(path.name + ".before-flowmaster")
        assert backup.read_text(encoding="utf-8") == text
        assert {stat.S_IMODE(each.stat().st_mode) for each in (path, backup)} == {0o600}
        assert install(client, "--uninstall") == 0
        assert path.read_text(encoding="utf-8") == text


def test_a_dry_run_shows_the_difference_and_not_the_secrets_of_others(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = file_of(home, "cursor", "user")
    path.parent.mkdir()
    text = json.dumps({"mcpServers": {"b": {"env": {"TOKEN": "s3cret"}, "command": "b"}}}, indent=2)
    path.write_text(text, encoding="utf-8")
    assert install("cursor", "--dry-run") == 0
    out = capsys.readouterr().out
    assert "would be changed like this" in out
    assert '+    "flowmaster": {' in out
    assert "s3cret" not in out
    assert path.read_text(encoding="utf-8") == text
    assert os.listdir(path.parent) == ["mcp.json"]
    assert install("codex", "--dry-run") == 0
    assert "+[mcp_servers.flowmaster]" in capsys.readouterr().out
    assert not (home / ".codex").exists()


@pytest.mark.parametrize(
    ("client", "text", "says"),
    [
        ("claude-code", '{"mcpServers": {', "line 1 column"),
        ("claude-code", '{"mcpServers": {}} // mine', "Extra data"),
        ("claude-desktop", "[]", "not an object in braces"),
        ("vscode", '{"servers": {}', "comma or a closing brace"),
        ("vscode", '{"servers": []}', "`servers` is not an object"),
        ("cursor", '{"mcpServers": {}, "mcpServers": {}}', "stands there twice"),
        ("codex", "model = ", "Invalid value"),
        ("codex", 'mcp_servers.flowmaster = {command = "x"}\n', "not written as a table of its own"),
        ("codex", "mcp_servers = {}\n", "the result would not say what it must"),
    ],
)
def test_a_file_that_cannot_be_edited_is_left_alone_and_the_entry_shown(
    client: str, text: str, says: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = file_of(home, client, "user")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    assert install(client) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert str(path) in err
    assert "  fix " in err
    assert command() in err
    assert path.read_text(encoding="utf-8") == text
    assert os.listdir(path.parent).count(path.name + ".before-flowmaster") == 0


def test_a_file_that_is_no_text_or_no_file_is_left_alone(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = home / ".claude.json"
    path.write_bytes(b'{"a": "\xff"}')
    assert install("claude-code") == 1
    assert "is not text in UTF-8 (byte 7)" in capsys.readouterr().err
    path.unlink()
    path.mkdir()
    assert install("claude-code") == 1
    assert "cannot be read (Is a directory)" in capsys.readouterr().err
    (home / ".codex").write_text("a file", encoding="utf-8")
    assert install("codex") == 1
    assert "Not a directory" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_left_alone(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file_of(home, "cursor", "user")
    path.parent.mkdir()
    path.write_text("{}", encoding="utf-8")

    def full(opened: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert install("cursor") == 1
    assert "cannot be written (No space left on device); nothing was changed" in capsys.readouterr().err
    assert path.read_text(encoding="utf-8") == "{}"
    assert os.listdir(path.parent) == ["mcp.json"]


def test_a_file_that_another_program_changes_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_text("{}", encoding="utf-8")
    file = settings_file(path)
    path.write_text('{"mine": 1}', encoding="utf-8")
    with pytest.raises(FlowMasterError, match="changed by another program"):
        file.changed_to('{"ours": 1}')
    assert path.read_text(encoding="utf-8") == '{"mine": 1}'


def test_a_link_stays_a_link_and_a_mark_of_windows_stays(home: Path) -> None:
    kept = home / "dotfiles.json"
    kept.write_bytes(b'\xef\xbb\xbf{\r\n  "servers": {}\r\n}\r\n')
    path = file_of(home, "vscode", "user")
    path.parent.mkdir(parents=True)
    path.symlink_to(kept)
    assert install("vscode") == 0
    assert path.is_symlink()
    assert kept.read_bytes().startswith(b'\xef\xbb\xbf{\r\n  "servers": {\r\n    "flowmaster"')
    assert install("vscode", "--uninstall") == 0
    assert kept.read_bytes() == b'\xef\xbb\xbf{\r\n  "servers": {}\r\n}\r\n'


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "needs a client: claude-code, claude-desktop, codex, vscode, cursor"),
        (["cursr"], "Did you mean 'cursor'?"),
        (["emacs"], "its own manual"),
        (["cursor", "codex"], "one client at a time"),
        (["cursor", "--scope", "projct"], "user or project, not 'projct'. Did you mean 'project'?"),
        (["claude-desktop", "--scope", "project"], "no settings for a project"),
        (["cursor", "--dryrun"], "Did you mean '--dry-run'"),
        (["cursor", "--data", __file__], "--data takes a folder"),
    ],
)
def test_a_command_line_that_is_not_understood_is_told_what_to_write(
    words: list[str], says: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert install(*words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert os.listdir(home) == ["project"]


def test_the_folder_that_the_environment_moves_is_written_down(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "moved"))
    assert launch({}).arguments == ("mcp", "--data", str(home / "moved" / "flowmaster"))
    assert launch({"data": ":memory:"}).arguments == ("mcp", "--data", ":memory:")
    monkeypatch.delenv("XDG_DATA_HOME")
    assert launch({}).arguments == ("mcp",)
    told = {"data": "~/a", "read-only": "yes", "port": "1"}
    assert launch(told).arguments == ("mcp", "--data", str(home / "a"), "--read-only")


def test_no_entry_is_written_that_does_not_start(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert install("cursor", "--tools", "task_fnd") == 1
    err = capsys.readouterr().err
    assert "Did you mean 'task_find'" in err
    assert "Nothing was changed" in err
    assert os.listdir(home) == ["project"]
    assert install("cursor", "--tools", "task_find,operation_query") == 0


def test_a_command_in_a_cache_is_told_to_be_passing(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cached = Launch("/cache/uv/archive-v0/x/bin/flowmaster", ("mcp",))
    monkeypatch.setattr("flowmaster.server.clients.install.launch", lambda options: cached)
    assert install("cursor") == 0
    assert "lies in a cache and may vanish" in capsys.readouterr().out


def machine(home: Path, system: System, **environment: str) -> Machine:
    return Machine(system, home, home / "project", environment)


@pytest.mark.parametrize(
    ("system", "files"),
    [
        ("linux", USER_FILES),
        (
            "macos",
            {
                "claude-code": ".claude.json",
                "claude-desktop": "Library/Application Support/Claude/claude_desktop_config.json",
                "codex": ".codex/config.toml",
                "vscode": "Library/Application Support/Code/User/mcp.json",
                "cursor": ".cursor/mcp.json",
            },
        ),
        (
            "windows",
            {
                "claude-code": ".claude.json",
                "claude-desktop": "AppData/Roaming/Claude/claude_desktop_config.json",
                "codex": ".codex/config.toml",
                "vscode": "AppData/Roaming/Code/User/mcp.json",
                "cursor": ".cursor/mcp.json",
            },
        ),
    ],
)
def test_every_system_has_its_places(system: System, files: dict[str, str], tmp_path: Path) -> None:
    here = machine(tmp_path, system)
    assert {each.word: each.file(here, "user") for each in CLIENTS} == {
        word: tmp_path / name for word, name in files.items()
    }


def client(word: str) -> Client:
    return next(each for each in CLIENTS if each.word == word)


def test_the_environment_moves_the_places(tmp_path: Path) -> None:
    moved = str(tmp_path / "moved")
    for word, system, variable, name in (
        ("claude-code", "linux", "CLAUDE_CONFIG_DIR", ".claude.json"),
        ("codex", "macos", "CODEX_HOME", "config.toml"),
        ("vscode", "linux", "XDG_CONFIG_HOME", "Code/User/mcp.json"),
        ("claude-desktop", "windows", "APPDATA", "Claude/claude_desktop_config.json"),
    ):
        here = Machine(system, tmp_path, tmp_path, {variable: moved})  # type: ignore[arg-type]  # one of the three
        assert client(word).file(here, "user") == Path(moved) / name
    assert client("codex").file(machine(tmp_path, "linux", CODEX_HOME="not/absolute"), "user") == (
        tmp_path / ".codex" / "config.toml"
    )


def test_an_app_of_windows_shop_has_a_folder_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "AppData/Local/Packages/Claude_abc/LocalCache/Roaming/Claude"
    folder.mkdir(parents=True)
    path = client("claude-desktop").file(machine(tmp_path, "windows"), "user")
    assert path == folder / "claude_desktop_config.json"


def test_help_teaches_with_examples(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["mcp", "install", "--help"], ["mcp", "install", "codex", "-h"]):
        assert run(words) == 0
        out = capsys.readouterr().out
        assert "flowmaster mcp install codex --scope project" in out
        assert all(each.word in out for each in CLIENTS)
