"""Examines who else works here: other programs on the data folder, and who has the port of `flowmaster serve`."""

import http.client
import json
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from flowmaster import __version__
from flowmaster.server.doctor.finding import Finding
from flowmaster.server.options import MEMORY
from flowmaster.server.settings import Settings
from flowmaster.server.wiring import DATABASE

ANSWER_SECONDS: Final = 2.0
ANSWER_BYTES_MAX: Final = 65_536
PROCESSES: Final = Path("/proc")
"""Where Linux tells which process holds which file."""


class Served(NamedTuple):
    """A FlowMaster that answers over HTTP; its data folder, if it tells it to this caller."""

    url: str
    version: str
    data: str


def served(host: str, port: int) -> Served | None:
    """Return the FlowMaster that answers at an address."""
    health = _asked(host, port, "GET", "/health")
    if not isinstance(health, dict) or health.get("status") != "ok" or "version" not in health:
        return None
    info = _asked(host, port, "POST", "/api/v1/server_info", "{}")
    data = str(info.get("data", "")) if isinstance(info, dict) else ""
    named = f"[{host}]" if ":" in host else host
    return Served(f"http://{named}:{port}/mcp", str(health["version"]), data)


def port(settings: Settings, found: Served | None) -> Finding:
    """Look at the port of `flowmaster serve`."""
    place = f"{settings.port} on {settings.host}"
    if found is not None:
        where = f", with the data in {found.data}" if found.data else ""
        says = f"{place}: FlowMaster {found.version} serves here{where}"
        if found.version != __version__:
            fix = "Stop it and start `flowmaster serve` of this installation."
            return Finding("port", "warning", f"{says}; this one is {__version__}", fix)
        return Finding("port", "ok", says)
    if settings.port == 0 or _is_free(settings.host, settings.port):
        return Finding("port", "ok", f"{place} is free")
    return Finding(
        "port",
        "warning",
        f"{place} cannot be had: another program has it, or this user may not",
        "Only `flowmaster serve` needs it: give it another with `--port`, such as 8322.",
    )


def others(settings: Settings, found: Served | None) -> Iterator[Finding]:
    """Look for other programs that have the store open; they are welcome, all being peers."""
    if settings.data == MEMORY:
        return
    known = [f"process {number} ({name})" for number, name in holders(Path(settings.data) / DATABASE)]
    if found is not None and found.data == settings.data and not known:
        known = [f"the server at {found.url}"]
    says = f"{', '.join(known[:5])}; all work on it as peers" if known else "none is seen"
    yield Finding("others on the folder", "ok", says)


def holders(file: Path) -> list[tuple[int, str]]:
    """Return the processes that have a file open, with their names, where the system tells it."""
    target = str(file.resolve())
    found = []
    for process in PROCESSES.glob("[0-9]*"):
        with suppress(OSError):
            if int(process.name) != os.getpid() and any(
                _leads_to(link, target) for link in (process / "fd").iterdir()
            ):
                name = (process / "comm").read_text(encoding="utf-8", errors="replace")
                found.append((int(process.name), name.strip()))
    return sorted(found)


def _leads_to(link: Path, target: str) -> bool:
    with suppress(OSError):
        return os.readlink(link) == target
    return False


def _is_free(host: str, number: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, number))
        except OSError:
            return False
    return True


def _asked(host: str, number: int, method: str, path: str, body: str | None = None) -> Any:
    """Return what an address answers as JSON, or nothing; no proxy stands between."""
    if number == 0:
        return None
    connection = http.client.HTTPConnection(host, number, timeout=ANSWER_SECONDS)
    try:
        connection.request(method, path, body, {"content-type": "application/json"} if body else {})
        return json.loads(connection.getresponse().read(ANSWER_BYTES_MAX))
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
