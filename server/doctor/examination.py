"""The command `flowmaster doctor`: looks at everything, says what is wrong with the fix, and prints configurations."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from flowmaster import __version__
from flowmaster.runtime.clock import real_now
from flowmaster.server.clients.client import CLIENTS, SCOPES
from flowmaster.server.clients.launch import Launch, launch
from flowmaster.server.clients.machine import Machine, this_machine
from flowmaster.server.doctor import installation, neighbours, surroundings
from flowmaster.server.doctor.data_folder import data_folder
from flowmaster.server.doctor.database import database
from flowmaster.server.doctor.entries import entries
from flowmaster.server.doctor.finding import Finding
from flowmaster.server.doctor.graph import graph
from flowmaster.server.doctor.neighbours import Served, served
from flowmaster.server.doctor.start import start
from flowmaster.server.readable import table
from flowmaster.server.settings import settings_from


def examine(options: Mapping[str, str]) -> int:
    """Examine this installation and print what was found; return 1 if anything is faulty, else 0."""
    settings = settings_from(options)
    machine, started = this_machine(), launch(options)
    found = served(settings.host, settings.port)
    now = real_now()
    findings = [
        installation.python(),
        *installation.packages(),
        *installation.extras(),
        surroundings.zones(),
        surroundings.clock(now),
        *surroundings.environment(os.environ),
        *data_folder(settings.data, now=now, deep="deep" in options),
        *database(settings.store),
        *graph(settings),
        *neighbours.others(settings, found),
        neighbours.port(settings, found),
        surroundings.path(started),
        start(started),
        *entries(machine, started),
    ]
    clients = list(configurations(machine, started, found))
    state = worst(findings)
    if "json" in options:
        body = {
            "version": __version__,
            "state": state,
            "checks": [finding.body() for finding in findings],
            "clients": clients,
        }
        sys.stdout.write(json.dumps(body, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("\n".join([*_report(findings), "", *_shown(clients)]) + "\n")
    return 1 if state == "fault" else 0


def worst(findings: list[Finding]) -> str:
    """Return the worst state that was found."""
    states = {finding.state for finding in findings}
    return next(state for state in ("fault", "warning", "ok") if state in states)


def configurations(machine: Machine, started: Launch, found: Served | None) -> Iterator[dict[str, Any]]:
    """Yield what stands in the file of each client: to start FlowMaster, and to connect to one that serves."""
    for client in CLIENTS:
        files = {scope: str(path) for scope in SCOPES if (path := client.file(machine, scope)) is not None}
        http = client.http_entry(found.url) if found is not None else None
        yield {
            "client": client.word,
            "name": client.name,
            "files": files,
            "stdio": client.snippet(client.entry(started)).rstrip(),
            "install": f"flowmaster mcp install {client.word}",
        } | ({"http": client.snippet(http).rstrip()} if http is not None else {})


def _report(findings: list[Finding]) -> Iterator[str]:
    yield table([{"looked at": one.check, "is": one.state, "says": one.says} for one in findings])
    yield ""
    for one in findings:
        if one.state != "ok":
            yield f"{one.state}: {one.check}: {one.says}"
            yield f"  fix: {one.fix}"
        elif one.fix:
            yield f"{one.check}: {one.fix}"
    faults = sum(one.state == "fault" for one in findings)
    warnings = sum(one.state == "warning" for one in findings)
    yield f"FlowMaster {__version__}: {_counted(faults, 'fault')}, {_counted(warnings, 'warning')}."


def _counted(count: int, noun: str) -> str:
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"


def _shown(clients: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the configurations for people, one text once with all the clients that take it."""
    yield "To connect an agent, run the command of its client, or put the text into its file by hand:"
    for each in clients:
        places = ", or for one project ".join(each["files"].values())
        yield from ("", f"{each['name']}: `{each['install']}`, or in {places}", "", *_indented(each["stdio"]))
        if "http" in each:
            yield from ("", "  or, while the server runs, over HTTP:", "", *_indented(each["http"]))


def _indented(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield f"    {line}"
