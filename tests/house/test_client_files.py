"""The files that clients read start the server: each is parsed as its client does, and its command is run."""

import json
import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from flowmaster import __version__
from tests.house.tree import ROOT, pyproject, texts

ANSWER_SECONDS_MAX = 30


def command(client: str) -> list[str]:
    """Return the command that a client starts, as it reads it from its file."""
    text = texts()[client]
    settings: dict[str, Any] = tomllib.loads(text) if client.endswith(".toml") else json.loads(text)
    servers = next(settings[key] for key in ("mcpServers", "mcp_servers", "servers") if key in settings)
    server = servers["flowmaster"]
    assert server.get("type", "stdio") == "stdio"
    return [server["command"].replace("${workspaceFolder}", str(ROOT)), *server["args"]]


CLIENTS = [".mcp.json", ".codex/config.toml", ".vscode/mcp.json"]


@pytest.mark.parametrize("client", CLIENTS)
def test_the_command_of_each_client_file_starts_a_server_that_answers(client: str, tmp_path: Path) -> None:
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
    ran = subprocess.run(
        command(client),
        input=json.dumps(hello) + "\n",
        cwd=ROOT,
        env={**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=ANSWER_SECONDS_MAX,
        check=False,
    )
    answer = json.loads(ran.stdout.splitlines()[0])
    assert answer["id"] == 1
    assert answer["result"]["serverInfo"]["name"] == "flowmaster"
    assert answer["result"]["protocolVersion"] == "2025-11-25"


def test_the_two_files_at_the_top_say_the_same() -> None:
    assert texts()["mcp.json"] == texts()[".mcp.json"]


def test_the_registry_entry_tells_the_package_its_version_and_the_mark_in_the_readme() -> None:
    entry = json.loads(texts()["server.json"])
    package = entry["packages"][0]
    assert (package["registryType"], package["identifier"]) == ("pypi", pyproject()["project"]["name"])
    assert {entry["version"], package["version"], pyproject()["project"]["version"]} == {__version__}
    assert [argument["value"] for argument in package["packageArguments"]] == ["mcp"]
    assert len(entry["description"]) <= 100
    assert re.search(r"mcp-name: (\S+)", texts()["README.md"])[1] == entry["name"]  # type: ignore[index]  # else: no mark
