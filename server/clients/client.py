"""The clients that FlowMaster is written into: the files that they read, and how an entry looks in each."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from flowmaster.server.clients import json_edit, toml_edit
from flowmaster.server.clients.launch import Launch
from flowmaster.server.clients.machine import Machine

NAME: Final = "flowmaster"
"""The name of FlowMaster's entry among a client's servers."""

SCOPES: Final = ("user", "project")

Syntax = Literal["json", "json with comments", "toml"]


@dataclass(frozen=True, slots=True)
class Client:
    """A client: its word on the command line, its name, and its files."""

    word: str
    name: str
    syntax: Syntax
    servers: str
    user_file: Callable[[Machine], Path]
    project_file: str
    http: Mapping[str, str] | None
    after: str
    after_project: str = ""

    def file(self, machine: Machine, scope: str) -> Path | None:
        """Return the file of a scope; a client without projects has none for them."""
        if scope == "user":
            return self.user_file(machine)
        return machine.project / self.project_file if self.project_file else None

    def entry(self, launch: Launch) -> dict[str, Any]:
        """Return the fields with which the client starts the server."""
        started = {"command": launch.program, "args": list(launch.arguments)}
        return started if self.syntax == "toml" else {"type": "stdio", **started}

    def http_entry(self, url: str) -> dict[str, Any] | None:
        """Return the fields with which the client connects to a server that runs, if it can."""
        return None if self.http is None else {**self.http, "url": url}

    def snippet(self, entry: Mapping[str, Any]) -> str:
        """Return what a file with nothing but an entry says."""
        return self.put("", entry, ())

    def read(self, text: str) -> dict[str, Any]:
        """Return what the client reads in a text.

        Raises:
            ValueError: it cannot be read.
        """
        if self.syntax == "toml":
            return toml_edit.read(text)
        return json_edit.read(text, comments=self.syntax != "json")

    def put(self, text: str, wanted: Mapping[str, Any], unwanted: tuple[str, ...]) -> str:
        """Return the text with an entry of FlowMaster, or with other fields in the one that is there.

        Raises:
            Unusual: the text is written in a form that is not edited by a machine.
        """
        edit = toml_edit.put if self.syntax == "toml" else json_edit.put
        return edit(text, self.servers, NAME, wanted, unwanted)

    def take(self, text: str) -> str:
        """Return the text without FlowMaster's entry.

        Raises:
            Unusual: the text is written in a form that is not edited by a machine.
        """
        return (toml_edit.take if self.syntax == "toml" else json_edit.take)(text, self.servers, NAME)

    def found_in(self, value: Mapping[str, Any]) -> Any:
        """Return FlowMaster's entry in what a file says, or nothing."""
        servers = value.get(self.servers)
        return servers.get(NAME) if isinstance(servers, Mapping) else None


def _claude_code(machine: Machine) -> Path:
    return machine.folder_of("CLAUDE_CONFIG_DIR", machine.home) / ".claude.json"


def _claude_desktop(machine: Machine) -> Path:
    """Return the file in the program's folder; an app from Windows' shop keeps it in a folder of its own."""
    folder = machine.settings_folder() / "Claude"
    if machine.system == "windows":
        packages = machine.folder_of("LOCALAPPDATA", machine.home / "AppData" / "Local") / "Packages"
        shop = sorted(packages.glob("Claude_*/LocalCache/Roaming/Claude"))
        folder = shop[0] if shop else folder
    return folder / "claude_desktop_config.json"


CLIENTS: Final = (
    Client(
        "claude-code",
        "Claude Code",
        "json",
        "mcpServers",
        _claude_code,
        ".mcp.json",
        {"type": "http"},
        "Start Claude Code again; `/mcp` shows the server and its tools.",
        "Claude Code asks once whether it may start the servers of a project.",
    ),
    Client(
        "claude-desktop",
        "Claude Desktop",
        "json",
        "mcpServers",
        _claude_desktop,
        "",
        None,
        "Quit Claude Desktop altogether, also where it waits beside the clock, and start it again.",
    ),
    Client(
        "codex",
        "Codex",
        "toml",
        "mcp_servers",
        lambda machine: machine.folder_of("CODEX_HOME", machine.home / ".codex") / "config.toml",
        ".codex/config.toml",
        {},
        "Start Codex again; `/mcp` shows the server and its tools.",
        "Codex reads this file in a project that you trust, and nowhere else.",
    ),
    Client(
        "vscode",
        "VS Code",
        "json with comments",
        "servers",
        lambda machine: machine.settings_folder() / "Code" / "User" / "mcp.json",
        ".vscode/mcp.json",
        {"type": "http"},
        "Run the command `MCP: List Servers` in VS Code, choose flowmaster and start it.",
    ),
    Client(
        "cursor",
        "Cursor",
        "json with comments",
        "mcpServers",
        lambda machine: machine.home / ".cursor" / "mcp.json",
        ".cursor/mcp.json",
        {},
        "Open the MCP page of Cursor's settings and switch flowmaster on; start Cursor again if it is not there.",
    ),
)
"""Every client, by its word on the command line."""

UNWANTED: Final = ("url", "headers", "http_headers", "env_http_headers", "bearer_token_env_var")
"""Fields of an entry that connects over HTTP; they would contradict a command."""


def paste(client: Client, entry: Mapping[str, Any]) -> str:
    """Return FlowMaster's entry alone, to be put among other servers by hand."""
    if client.syntax == "toml":
        return client.snippet(entry).rstrip("\n")
    return f'"{NAME}": {json.dumps(entry, indent=2, ensure_ascii=False)}'
