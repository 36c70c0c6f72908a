"""What the server says of itself."""

import logging
from typing import Literal

from pydantic import Field

from flowmaster import __version__
from flowmaster.engine.timers import iso
from flowmaster.runtime.clock import CLOCK_SETTING
from flowmaster.runtime.observation.health import CONNECTORS, GRAPH, STORE, TIMERS, WRITER
from flowmaster.tools.app import App
from flowmaster.tools.extras import EXTRAS, command_for, is_installed
from flowmaster.tools.models import Arguments, Result, Shape
from flowmaster.tools.registry import EVERYTHING, Call, operation

logger = logging.getLogger(__name__)

PROTOCOLS = ("2025-11-25", "2026-07-28")
"""The revisions of the Model Context Protocol that are spoken."""


class ServerInfoRead(Arguments):
    """Nothing to say."""


class Part(Shape):
    """A part of the server and how it is."""

    part: str = Field(description="Its name.")
    state: Literal["ok", "absent", "failing"] = Field(description="How it is.")
    says: str = Field(default="", description="More, where there is more to say.")
    since: str = Field(default="", description="Since when it is broken.")


class ServerInfo(Result):
    """The running server."""

    version: str = Field(description="The version of FlowMaster.")
    protocols: list[str] = Field(description="Spoken revisions of the Model Context Protocol.")
    now: str = Field(description="The time that processes see.")
    clock: Literal["machine", "virtual"] = Field(description="The kind of clock.")
    data: str = Field(default="", description="The data folder, for those who hold every right.")
    stores: list[str] = Field(description="Where everything is kept.")
    operations: int = Field(description="How many operations there are.")
    parts: list[Part] = Field(description="The health of each part.")


@operation(right="server.read", read_only=True)
async def server_info(call: Call, arguments: ServerInfoRead) -> ServerInfo:
    """Tell the version, the stores, the health of each part and the time of the server."""
    app = call.app
    return ServerInfo(
        version=__version__,
        protocols=list(PROTOCOLS),
        now=iso(app.runtime.now()),
        clock="virtual" if app.runtime.clock.virtual else "machine",
        data=app.settings.data if call.caller.may(EVERYTHING) else "",
        stores=[_store_name(app), *(["arangodb"] if app.runtime.graph.mirror is not None else [])],
        operations=len(app.registry),
        parts=[
            _store(app),
            *(_part(app, each) for each in (WRITER, TIMERS, CONNECTORS)),
            *_graph(call),
            *_extras(app),
        ],
    )


def _store_name(app: App) -> str:
    return type(app.runtime.store).__name__.removesuffix("Store").lower()


def _store(app: App) -> Part:
    try:
        app.runtime.reader.setting("", CLOCK_SETTING)
    except Exception:
        logger.exception("The store cannot be read")
        says = "It cannot be read; the server's log tells why."
        app.runtime.observed.health.broken(STORE, "server.fault", says)
    else:
        app.runtime.observed.health.works(STORE)
    return _part(app, STORE)


def _part(app: App, name: str) -> Part:
    trouble = app.runtime.observed.health.troubles.get(name)
    if trouble is None:
        return Part(part=name, state="ok")
    return Part(part=name, state="failing", says=trouble.says, since=iso(trouble.since))


def _graph(call: Call) -> list[Part]:
    """Return how the copy of the links is, where there is one; its address is for those who hold every right."""
    graph = call.app.runtime.graph.health(call.caller.tenant)
    if graph is None:
        return []
    if graph.state == "failing":
        return [_part(call.app, GRAPH)]
    place = f" at {graph.shown}" if call.caller.may(EVERYTHING) else ""
    return [Part(part=GRAPH, state="ok", says=f"{graph.product or 'ArangoDB'}{place}: {_GRAPH[graph.state]}")]


_GRAPH = {
    "current": "it has all links",
    "behind": "it is being brought up to date; links are read from the tables meanwhile",
    "unknown": "not reached yet; links are read from the tables meanwhile",
}


def _extras(app: App) -> list[Part]:
    broken = app.runtime.observed.health.troubles
    return [_part(app, name) if name in broken else _extra(name) for name in EXTRAS]


def _extra(name: str) -> Part:
    if is_installed(name):
        return Part(part=name, state="ok")
    return Part(part=name, state="absent", says=f"{command_for(name)} adds it.")


OPERATIONS = (server_info,)
