"""How a server was started: the options of the command line with their defaults."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flowmaster.server.options import CORE, data_folder

GRAPH = "FLOWMASTER_GRAPH"
"""The environment variable with the address of the ArangoDB that `--graph` names otherwise."""

DOCUMENT_FOLDERS = "FLOWMASTER_DOCUMENT_FOLDERS"
"""The environment variable with the folders that `document_add` may read by path, parted as in PATH."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one server."""

    data: str
    store: str = ""
    graph: str = ""
    clock: str = "real"
    tools: tuple[str, ...] = (CORE,)
    host: str = "127.0.0.1"
    port: int = 8321
    folders: tuple[str, ...] = ()
    read_only: bool = False
    public_hosts: tuple[str, ...] = ()
    issuer: str = ""
    resource: str = ""
    limits: str = ""
    bounds: str = ""
    telemetry: str = ""
    log_format: str = "text"


def settings_from(options: Mapping[str, str]) -> Settings:
    """Return the settings for options that `server/options.py` has read."""
    tools = tuple(name.strip() for name in options.get("tools", CORE).split(",") if name.strip())
    return Settings(
        data=data_folder(options.get("data", "")),
        store=options.get("store", ""),
        graph=options.get("graph", os.environ.get(GRAPH, "")),
        clock=options.get("clock", "real"),
        tools=tools,
        host=options.get("host", "127.0.0.1"),
        port=int(options.get("port", "8321")),
        folders=document_folders(os.environ.get(DOCUMENT_FOLDERS, ""), Path.cwd(), Path.home()),
        read_only="read-only" in options,
        public_hosts=tuple(
            name.strip() for name in options.get("public-host", "").split(",") if name.strip()
        ),
        issuer=options.get("auth-issuer", ""),
        resource=options.get("auth-resource", "").rstrip("/"),
        limits=options.get("limits", ""),
        bounds=options.get("bounds", ""),
        telemetry=options.get("telemetry", ""),
        log_format=options.get("log-format", "text"),
    )


def document_folders(given: str, here: Path, home: Path) -> tuple[str, ...]:
    """Return the folders below which documents may be read by path: those given, else where the server started.

    A server that a desktop starts in `/` or in somebody's home has none until it is told.
    """
    if given:
        return tuple(str(Path(part).expanduser().absolute()) for part in given.split(os.pathsep) if part)
    return () if here in (home, *home.parents) else (str(here),)
