"""The command `flowmaster mcp install`: writes FlowMaster into the file of a client, or takes it out again."""

import difflib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.server.clients.client import CLIENTS, NAME, SCOPES, UNWANTED, Client, paste
from flowmaster.server.clients.launch import WRITTEN_OPTIONS, Launch, launch
from flowmaster.server.clients.machine import Machine, this_machine
from flowmaster.server.clients.settings_file import SettingsFile, settings_file
from flowmaster.server.clients.trial import Failed, measured
from flowmaster.server.clients.unusual import Unusual
from flowmaster.server.options import MEMORY, UsageError
from flowmaster.server.readable import error_text

CONTEXT_LINES: Final = 1
"""Lines around a change that are shown; few, since the settings of other servers hold secrets."""


def install(words: Sequence[str], options: Mapping[str, str]) -> int:
    """Write or take out the entry of a client and say what to do next; return the exit code."""
    client = client_named(words)
    scope = _scope(client, options.get("scope", "user"))
    _check_data(options.get("data", ""))
    machine = this_machine()
    path = client.file(machine, scope)
    assert path is not None
    started = launch(options)
    try:
        _try_out(started, options)
        lines = _told(client, path, started, options)
    except FlowMasterError as error:
        sys.stderr.write(error_text(error.body()) + "\n")
        if "uninstall" not in options:
            by_hand = paste(client, client.entry(started))
            place = "at the end" if client.syntax == "toml" else f"below `{client.servers}`"
            sys.stderr.write(f"\nThe entry, to be pasted {place}:\n\n{by_hand}\n")
        return 1
    if "dry-run" not in options:
        lines += _next(client, scope, machine, started, options)
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def client_named(words: Sequence[str]) -> Client:
    """Return the client that the words of the command line name.

    Raises:
        UsageError: they name none, or more than one.
    """
    known = [client.word for client in CLIENTS]
    if not words:
        raise UsageError(f"mcp install needs a client: {', '.join(known)}.")
    if len(words) > 1:
        raise UsageError(f"{words[1]!r} is not expected here: install names one client at a time.")
    found = next((client for client in CLIENTS if client.word == words[0]), None)
    if found is None:
        guess = did_you_mean(words[0], known)
        raise UsageError(
            f"there is no client {words[0]!r}.{guess} Known are {', '.join(known)};"
            " any other client is told to start `flowmaster mcp` by its own manual."
        )
    return found


def changed(client: Client, file: SettingsFile, entry: Mapping[str, Any] | None) -> str:
    """Return what a file says with an entry, or without one; everything else in it stays.

    Raises:
        FlowMasterError: the file cannot be read, or is written in a form that a machine does not edit.
    """
    try:
        before = client.read(file.text)
    except ValueError as error:
        raise FlowMasterError(
            "client.file_broken",
            f"{str(file.path)!r} is not what {client.name} can read: {error}. It was left as it is.",
            expected=client.syntax,
            fix="Mend the file at that place, then run the command again.",
        ) from None
    present = client.found_in(before)
    if present is None and entry is None:
        return file.text
    try:
        after = client.take(file.text) if entry is None else client.put(file.text, entry, UNWANTED)
        after.encode()
        if not _says(client, after, _expected(client, before, present, entry)):
            raise Unusual("the result would not say what it must")
    except (Unusual, UnicodeEncodeError) as error:
        raise FlowMasterError(
            "client.file_unusual",
            f"{str(file.path)!r} is written in a form that is not edited by a machine: {error}."
            " It was left as it is.",
            fix=f"Edit the entry `{NAME}` below `{client.servers}` by hand.",
        ) from None
    return after


def _expected(
    client: Client, before: Mapping[str, Any], present: Any, entry: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return what the file must say afterwards: what it said before, save for the one entry."""
    servers = dict(before.get(client.servers, {}))
    servers.pop(NAME, None)
    if entry is not None:
        own = present if isinstance(present, Mapping) else {}
        servers[NAME] = {key: value for key, value in own.items() if key not in UNWANTED} | dict(entry)
    return {**before, client.servers: servers}


def _says(client: Client, text: str, expected: dict[str, Any]) -> bool:
    """Return whether the client reads in a text what it shall; a table of no servers need not stand there."""
    try:
        return {client.servers: {}, **client.read(text)} == expected
    except ValueError:
        return False


def _scope(client: Client, scope: str) -> str:
    if scope not in SCOPES:
        raise UsageError(f"--scope is user or project, not {scope!r}.{did_you_mean(scope, SCOPES)}")
    if scope == "project" and not client.project_file:
        raise UsageError(f"{client.name} has no settings for a project; leave --scope out.")
    return scope


def _check_data(data: str) -> None:
    path = Path(data).expanduser()
    if data and data != MEMORY and path.exists() and not path.is_dir():
        raise UsageError(f"--data takes a folder, and {data!r} is a file.")


def _try_out(started: Launch, options: Mapping[str, str]) -> None:
    """Start the server once with what it is to be told, so that no entry is written that cannot work."""
    if "uninstall" in options or not any(options.get(name) for name in WRITTEN_OPTIONS if name != "data"):
        return
    try:
        measured(started)
    except Failed as error:
        raise FlowMasterError(
            "client.start_failing",
            f"{error}. Nothing was changed.",
            fix="Mend the options; they are those of `flowmaster mcp`.",
        ) from None


def _told(client: Client, path: Path, started: Launch, options: Mapping[str, str]) -> list[str]:
    """Do what the options say and return the lines that tell it."""
    takes_out = "uninstall" in options
    file = settings_file(path)
    after = changed(client, file, None if takes_out else client.entry(started))
    if after == file.text:
        says = "has no server flowmaster" if takes_out else "says so already"
        return [f"{client.name}: {path} {says}; nothing was changed."]
    if "dry-run" in options:
        return [f"{client.name}: {path} would be changed like this:", "", *_difference(file, after)]
    backup = file.changed_to(after)
    was = f"It was copied to {backup} before." if backup is not None else "The file is new."
    done = "does not start flowmaster any more" if takes_out else f"starts `{' '.join(started.words())}`"
    return [f"{client.name} {done}: {path} was written. {was}"]


def _difference(file: SettingsFile, after: str) -> list[str]:
    before, name = file.text.splitlines(), str(file.path)
    return list(difflib.unified_diff(before, after.splitlines(), name, name, n=CONTEXT_LINES, lineterm=""))


def _next(
    client: Client, scope: str, machine: Machine, started: Launch, options: Mapping[str, str]
) -> list[str]:
    lines = [f"Next: {client.after}"]
    if scope == "project" and client.after_project:
        lines.append(client.after_project)
    if "uninstall" in options:
        return lines
    if started.is_passing():
        lines.append(
            f"Beware: {started.program} lies in a cache and may vanish. Install FlowMaster for good, with"
            " `uv tool install flowmaster` or `pipx install flowmaster`, and run this again from there."
        )
    return [*lines, "`flowmaster doctor` shows whether the server starts, and how quickly."]
