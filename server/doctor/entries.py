"""Examines the files of the clients: who starts FlowMaster, and whether what it starts is this installation."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flowmaster.engine.errors import FlowMasterError
from flowmaster.server.clients.client import CLIENTS, SCOPES, Client
from flowmaster.server.clients.launch import Launch
from flowmaster.server.clients.machine import Machine
from flowmaster.server.clients.settings_file import settings_file
from flowmaster.server.doctor.finding import Finding


def entries(machine: Machine, launch: Launch) -> Iterator[Finding]:
    """Look at every file that a client would read from here."""
    found = [
        finding
        for client in CLIENTS
        for scope in SCOPES
        if (path := client.file(machine, scope)) is not None
        and (finding := _file(client, scope, path, machine, launch)) is not None
    ]
    yield from found
    if not found:
        words = ", ".join(client.word for client in CLIENTS)
        says = "none starts FlowMaster yet"
        yield Finding("clients", "ok", says, f"`flowmaster mcp install CLIENT` connects one: {words}.")


def _file(client: Client, scope: str, path: Path, machine: Machine, launch: Launch) -> Finding | None:
    check = f"{client.name} ({scope})"
    again = f"flowmaster mcp install {client.word}{' --scope project' if scope == 'project' else ''}"
    try:
        file = settings_file(path)
        entry = client.found_in(client.read(file.text))
    except FlowMasterError as error:
        return Finding(check, "warning", error.message, error.fix)
    except ValueError as error:
        says = f"{path} is not what {client.name} can read: {error}"
        return Finding(check, "warning", says, "Mend the file at that place.")
    if entry is None:
        return None
    if not isinstance(entry, Mapping):
        return Finding(check, "fault", f"the entry in {path} is not an object", f"Run: {again}")
    if entry.get("enabled") is False or entry.get("disabled") is True:
        says = f"{path} has FlowMaster switched off"
        return Finding(
            check, "warning", says, "Take `enabled` or `disabled` out of the entry to switch it on."
        )
    if "url" in entry:
        return Finding(check, "ok", f"connects to {entry['url']}")
    return _command(check, entry, path, machine, launch, again)


def _command(
    check: str, entry: Mapping[str, Any], path: Path, machine: Machine, launch: Launch, again: str
) -> Finding:
    given = str(entry.get("command", ""))
    program = _program(given.replace("${workspaceFolder}", str(machine.project)), machine)
    if program is None:
        says = f"{path} starts {given!r}, which is not there"
        return Finding(check, "fault", says, f"Run: {again}")
    arguments = entry.get("args")
    words = " ".join(map(str, arguments)) if isinstance(arguments, list) else ""
    if program.stem == "flowmaster" and program.resolve() != Path(launch.program).resolve():
        says = f"starts {program}, another installation than this one"
        return Finding(check, "warning", says, f"If that is not meant, run: {again}")
    return Finding(check, "ok", f"starts {program} {words}".rstrip())


def _program(given: str, machine: Machine) -> Path | None:
    """Return the program that a client finds by what its file says."""
    found = Path(given).expanduser()
    if len(found.parts) > 1:
        found = machine.project / found
        return found if found.is_file() else None
    by_path = shutil.which(given) if given else None
    return Path(by_path) if by_path else None
