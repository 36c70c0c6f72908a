"""`flowmaster doctor` looks at what lies around: the clients' files, the PATH, the clock, the environment."""

import re
from pathlib import Path

import pytest

from flowmaster.server.clients.launch import Launch
from flowmaster.server.clients.machine import Machine
from flowmaster.server.doctor import surroundings
from flowmaster.server.doctor.entries import entries
from flowmaster.server.doctor.finding import Finding
from tests.doors.doors import command
from tests.house.tree import product

OURS = Launch(command(), ("mcp",))


def machine(folder: Path) -> Machine:
    return Machine("linux", folder, folder / "project", {})


def found_in(folder: Path, name: str, text: str) -> Finding:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    (found,) = entries(machine(folder), OURS)
    return found


def test_without_any_client_the_command_that_connects_one_is_told(tmp_path: Path) -> None:
    (found,) = entries(machine(tmp_path), OURS)
    assert (found.check, found.state) == ("clients", "ok")
    assert "flowmaster mcp install CLIENT" in found.fix


@pytest.mark.parametrize(
    ("name", "text", "state", "says"),
    [
        (
            ".claude.json",
            '{"mcpServers": {"flowmaster": {"command": "COMMAND", "args": ["mcp"]}}}',
            "ok",
            "starts",
        ),
        (
            "project/.mcp.json",
            '{"mcpServers": {"flowmaster": {"command": "bin/fm"}}}',
            "fault",
            "is not there",
        ),
        (
            ".cursor/mcp.json",
            '{"mcpServers": {"flowmaster": {"command": "no-such-command"}}}',
            "fault",
            "not there",
        ),
        (".cursor/mcp.json", '{"mcpServers": {"flowmaster": {}}}', "fault", "starts ''"),
        (".cursor/mcp.json", '{"mcpServers": {"flowmaster": 7}}', "fault", "not an object"),
        (
            ".cursor/mcp.json",
            '{"mcpServers": {"flowmaster": {"url": "http://x/mcp"}}}',
            "ok",
            "connects to http://x",
        ),
        (
            ".cursor/mcp.json",
            '{"mcpServers": {"flowmaster": {"command": "OTHER"}}}',
            "warning",
            "another installation",
        ),
        (".cursor/mcp.json", "{", "warning", "is not what Cursor can read"),
        (".codex/config.toml", "[mcp_servers.flowmaster]\nenabled = false", "warning", "switched off"),
        (".codex/config.toml", "model =", "warning", "is not what Codex can read"),
    ],
)
def test_what_a_client_starts_is_looked_at(
    name: str, text: str, state: str, says: str, tmp_path: Path
) -> None:
    other = tmp_path / "flowmaster"
    other.touch()
    found = found_in(tmp_path, name, text.replace("COMMAND", command()).replace("OTHER", str(other)))
    assert (found.state, says in found.says) == (state, True), found
    assert found.state == "ok" or found.fix


def test_a_command_of_a_project_is_found_in_the_project(tmp_path: Path) -> None:
    program = tmp_path / "project" / ".venv" / "bin" / "uvx"
    program.parent.mkdir(parents=True)
    program.touch()
    text = (
        '{"servers": {"flowmaster": {"command": "${workspaceFolder}/.venv/bin/uvx", "args": ["flowmaster"]}}}'
    )
    found = found_in(tmp_path, "project/.vscode/mcp.json", text)
    assert (found.state, found.says) == ("ok", f"starts {program} flowmaster")
    (tmp_path / "project/.vscode/mcp.json").unlink()
    text = '{"mcpServers": {"flowmaster": {"command": ".venv/bin/uvx"}}}'
    assert found_in(tmp_path, "project/.mcp.json", text).says == f"starts {program}"


def test_a_file_that_cannot_be_read_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / ".cursor" / "mcp.json").mkdir(parents=True)
    (found,) = entries(machine(tmp_path), OURS)
    assert (found.state, "cannot be read" in found.says) == ("warning", True)


def test_the_path_leads_to_this_installation_or_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(Path(command()).parent))
    assert surroundings.path(OURS) == Finding("command", "ok", command())
    assert "another installation" in surroundings.path(Launch(str(tmp_path / "flowmaster"), ())).says
    cached = Launch("/cache/uv/archive-v0/x/bin/flowmaster", ())
    assert "uv tool install" in surroundings.path(cached).fix
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "not on the PATH" in surroundings.path(OURS).says


def test_the_clock_is_looked_at() -> None:
    assert surroundings.clock(1_800_000_000_000).state == "ok"
    assert surroundings.clock(0).state == "fault"


def test_the_time_zones_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    assert surroundings.zones().state == "ok"
    monkeypatch.setattr(surroundings, "offset_of_instant", lambda name, seconds: None)
    assert surroundings.zones().state == "fault"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"XDG_DATA_HOME": "data"}, "not an absolute path"),
        ({"FLOWMASTER_DOCUMENT_FOLDERS": "/no/such/folder"}, "not a folder"),
        ({"FLOWMASTER_ALLOWED_HOST": "a"}, "Did you mean 'FLOWMASTER_ALLOWED_HOSTS'"),
    ],
)
def test_a_variable_that_does_nothing_is_a_warning(given: dict[str, str], says: str) -> None:
    found = list(surroundings.environment(given))[1:]
    assert [(each.state, says in each.says, bool(each.fix)) for each in found] == [("warning", True, True)]


def test_variables_that_are_set_are_told_with_what_a_client_needs(tmp_path: Path) -> None:
    given = {"FLOWMASTER_ALLOWED_HOSTS": "a", "XDG_DATA_HOME": str(tmp_path), "OTHER": "b"}
    (found,) = surroundings.environment(given)
    assert found.state == "ok"
    assert "FLOWMASTER_ALLOWED_HOSTS (private hosts" in found.says
    assert "as `env` of the entry" in found.fix


def test_the_doctor_knows_every_variable_that_is_read() -> None:
    name = re.compile(r'"((?:FLOWMASTER|XDG)_[A-Z_]+)"')
    read = {
        found
        for path, text in product().items()
        if not path.startswith(("server/doctor/", "server/clients/"))
        for found in name.findall(text)
    }
    assert read == set(surroundings.VARIABLES)
