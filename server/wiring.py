"""The one place that builds a running FlowMaster out of its parts."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from flowmaster.connectors.connector import Connector
from flowmaster.connectors.http import HttpConnector
from flowmaster.engine.errors import FlowMasterError
from flowmaster.runtime.bounds import bounds_from
from flowmaster.runtime.clock import Clock, MachineClock, VirtualClock, follow
from flowmaster.runtime.gauges import gauges
from flowmaster.runtime.observation.health import TELEMETRY
from flowmaster.runtime.runtime import Runtime
from flowmaster.runtime.workers import Workers
from flowmaster.server.answers import StoredAnswers
from flowmaster.server.options import MEMORY
from flowmaster.server.presence import Presence, neighbours
from flowmaster.server.settings import Settings
from flowmaster.server.telemetry.plan import ENDPOINTS, OFF, planned
from flowmaster.server.tool_file import write_tool_file
from flowmaster.stores.call_log import CallLog
from flowmaster.stores.erasure_list import ErasureList
from flowmaster.stores.memory.store import MemoryStore
from flowmaster.stores.protocol import Store
from flowmaster.stores.sqlite.store import SqliteStore
from flowmaster.tools.app import App, Neighbour
from flowmaster.tools.catalog import catalog
from flowmaster.tools.extras import command_for, is_installed
from flowmaster.tools.limits import NO_LIMITS, Gate, limits_from

if TYPE_CHECKING:
    from flowmaster.server.telemetry.exporter import Exporter
    from flowmaster.stores.arango.mirror import ArangoMirror
    from flowmaster.stores.graph import GraphMirror

logger = logging.getLogger(__name__)

ARANGO = "arango"
"""The part of the installation with the driver of ArangoDB."""

ALLOWED_HOSTS = "FLOWMASTER_ALLOWED_HOSTS"
"""The environment variable with private hosts that connectors may call, separated by commas."""

DATABASE = "flowmaster.db"
"""The file of the SQLite store inside the data folder."""


@asynccontextmanager
async def open_app(settings: Settings, *, door: str = "") -> AsyncIterator[App]:
    """Open everything that operations work with, and close it again at the end.

    A server names the `door` by which it is reached, so that others on the same data know of it.
    """
    bounds = bounds_from(settings.bounds)
    mirror: GraphMirror | None = mirror_of(settings.graph)
    store = open_store(settings)
    follow(store.ahead)
    clock: Clock = VirtualClock() if settings.clock == "virtual" else MachineClock()
    runtime = Runtime(store, clock, bounds)
    runtime.graph.mirror = mirror
    workers = Workers(runtime, connectors())
    if settings.store and settings.data != MEMORY:
        Path(settings.data).mkdir(mode=0o700, parents=True, exist_ok=True)
    calls = None if settings.data == MEMORY else CallLog(Path(settings.data))
    presence = Presence(Path(settings.data), door) if door and settings.data != MEMORY else None
    exporter = exporting(settings, runtime)
    try:
        app = App(
            settings=settings,
            registry=catalog(),
            answers=StoredAnswers(runtime),
            runtime=runtime,
            published=lambda: write_tool_file(app),
            gate=gate(settings),
            calls=calls,
            neighbours=lambda: neighbours_of(settings, store),
        )
        if settings.data != MEMORY and not settings.read_only:
            runtime.erasures = ErasureList(Path(settings.data))
        if exporter is not None:
            exporter.open()
        if presence is not None:
            presence.announce()
        if not settings.read_only:
            await runtime.open()
            workers.open()
            write_tool_file(app)
        yield app
    finally:
        if presence is not None:
            presence.leave()
        await workers.close()
        await runtime.close()
        if exporter is not None:
            await asyncio.to_thread(exporter.close)
        if calls is not None:
            calls.close()
        store.close()


def neighbours_of(settings: Settings, store: Store) -> Sequence[Neighbour]:
    """Return the servers that work on the same data: as their database knows them, else as their folder does."""
    if settings.store:
        return [Neighbour(name) for name in store.servers()]
    return () if settings.data == MEMORY else neighbours(Path(settings.data))


def mirror_of(graph: str) -> "ArangoMirror | None":
    """Return the copy of the links in ArangoDB, where one is named; it is reached when it is first used.

    Raises:
        FlowMasterError: the address or its password is none, or the driver is missing.
    """
    if not graph:
        return None
    from flowmaster.stores.arango.address import address_of, password_of

    address = address_of(graph)
    if not is_installed(ARANGO):
        raise FlowMasterError(
            "graph.extra_missing",
            f"A graph is asked for, and the part `{ARANGO}` of the installation is missing.",
            path="--graph",
            fix=f"Run: {command_for(ARANGO)}; or leave `--graph` out: links are then read from the tables.",
            status=501,
        )
    from flowmaster.stores.arango.mirror import ArangoMirror

    return ArangoMirror(address, password_of(address, os.environ))


def exporting(settings: Settings, runtime: Runtime) -> "Exporter | None":
    """Return what exports traces and figures, where somebody asks for it.

    Raises:
        FlowMasterError: `--telemetry` asks for what is not possible here. A mere variable of the environment, which
            may be meant for other programs, does not keep a server from starting.
    """
    if settings.telemetry == OFF or not (settings.telemetry or any(name in os.environ for name in ENDPOINTS)):
        return None
    try:
        plan = planned(settings.telemetry, os.environ)
    except FlowMasterError as error:
        if settings.telemetry:
            raise
        logger.warning("Telemetry is not exported: %s %s", error.message, error.fix)
        runtime.observed.health.broken(TELEMETRY, error.code, error.message)
        return None
    if plan is None:
        return None
    from flowmaster.server.telemetry.exporter import Exporter

    return Exporter(plan, runtime.observed, lambda: gauges(runtime))


def gate(settings: Settings) -> Gate | None:
    """Return what keeps callers within limits: those who sign in, and the local one if limits were asked for."""
    limits = limits_from(settings.limits)
    return None if limits == NO_LIMITS else Gate(limits, also_local=bool(settings.limits))


def allowed_hosts() -> tuple[str, ...]:
    """Return the private hosts that this server may call."""
    return tuple(host for host in os.environ.get(ALLOWED_HOSTS, "").split(",") if host)


def connectors() -> dict[str, Connector]:
    """Return the built-in connectors by the job type that they do."""
    built_in: list[Connector] = [HttpConnector(allowed_hosts())]
    return {connector.type: connector for connector in built_in}


def open_store(settings: Settings, *, read_only: bool = False) -> Store:
    """Open the store that the settings name: PostgreSQL at its address, SQLite in the data folder, or memory."""
    read_only = read_only or settings.read_only
    if settings.store:
        # The driver takes its time to load, and most servers never need it.
        from flowmaster.stores.postgres.store import PostgresStore

        return PostgresStore(settings.store, read_only=read_only)
    if settings.data == MEMORY:
        return MemoryStore()
    return SqliteStore(Path(settings.data) / DATABASE, read_only=read_only)
