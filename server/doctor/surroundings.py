"""Examines what lies around the installation: time, time zones, the environment, and the PATH."""

import os
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from flowmaster.engine.errors import did_you_mean
from flowmaster.engine.feel.zones import offset_of_instant
from flowmaster.engine.timers import iso
from flowmaster.server.clients.launch import Launch
from flowmaster.server.doctor.finding import Finding
from flowmaster.server.settings import DOCUMENT_FOLDERS, GRAPH
from flowmaster.server.top.command import KEY
from flowmaster.server.wiring import ALLOWED_HOSTS
from flowmaster.stores.arango.address import PASSWORD

OLDEST_YEAR: Final = 2026
"""No clock that is right can be before this FlowMaster was made."""

VARIABLES: Final[Mapping[str, str]] = {
    "XDG_DATA_HOME": "the folder with the default data folder",
    GRAPH: "the ArangoDB with a copy of the links",
    PASSWORD: "the password of that ArangoDB",
    DOCUMENT_FOLDERS: "the folders whose documents may be read by path",
    ALLOWED_HOSTS: "private hosts that connectors may call",
    KEY: "the key that `flowmaster top` shows to a server",
}
"""Every environment variable that FlowMaster reads, and what it is for."""

_JULY: Final = 1_782_864_000


def clock(now: int) -> Finding:
    """Look at the machine's clock."""
    if datetime.fromtimestamp(now / 1000, UTC).year < OLDEST_YEAR:
        fix = "Set the machine's clock, and keep it set by NTP."
        return Finding("clock", "fault", f"it says {iso(now)}", fix)
    return Finding("clock", "ok", iso(now))


def zones() -> Finding:
    """Look at the time zones that processes reckon with."""
    if offset_of_instant("Europe/Berlin", _JULY) != 7_200:
        fix = "Run: pip install --force-reinstall tzdata"
        return Finding("time zones", "fault", "the package tzdata does not tell them", fix)
    return Finding("time zones", "ok", f"tzdata {version('tzdata')}, the same on every machine")


def environment(given: Mapping[str, str]) -> Iterator[Finding]:
    """Look at the environment variables that FlowMaster reads; clients hand few of them on."""
    found = [name for name in VARIABLES if given.get(name)]
    says = ", ".join(f"{name} ({VARIABLES[name]})" for name in found) or "no variable that is read is set"
    ours = [name for name in found if name.startswith("FLOWMASTER_")]
    yield Finding(
        "environment",
        "ok",
        says,
        f"Clients hand few variables on: where the agent needs them, name {' and '.join(ours)} as `env` of the"
        " entry in the client's file."
        if ours
        else "",
    )
    home = given.get("XDG_DATA_HOME", "")
    if home and not home.startswith("/"):
        says = f"XDG_DATA_HOME is {home!r}, which is not an absolute path and so is not followed"
        yield Finding("environment", "warning", says, "Set it to an absolute path, or unset it.")
    for folder in filter(None, given.get(DOCUMENT_FOLDERS, "").split(os.pathsep)):
        if not Path(folder).expanduser().is_dir():
            says = f"{DOCUMENT_FOLDERS} names {folder!r}, which is not a folder"
            yield Finding("environment", "warning", says, "Make the folder, or take it out.")
    for name in given:
        if name.startswith("FLOWMASTER_") and name not in VARIABLES:
            says = f"{name} is not read by FlowMaster.{did_you_mean(name, list(VARIABLES))}"
            yield Finding("environment", "warning", says, f"It reads {', '.join(VARIABLES)}.")


def path(launch: Launch) -> Finding:
    """Look at which `flowmaster` the PATH leads to, beside the one that is examined."""
    found = shutil.which("flowmaster")
    if found is None:
        return Finding(
            "command",
            "warning",
            f"`flowmaster` is not on the PATH; this one is {launch.program}",
            "Use that path in a client's file (`flowmaster mcp install` does), or put its folder on the PATH.",
        )
    if launch.is_passing():
        return Finding(
            "command",
            "warning",
            f"{launch.program} lies in a cache and may vanish",
            "Install FlowMaster for good: `uv tool install flowmaster` or `pipx install flowmaster`.",
        )
    if Path(found).resolve() != Path(launch.program).resolve():
        return Finding(
            "command",
            "warning",
            f"the PATH leads to {found}, another installation than {launch.program}",
            "Take one of the two away, or put the right folder first on the PATH.",
        )
    return Finding("command", "ok", found)
