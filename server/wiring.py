"""The one place that builds a running FlowMaster out of its parts."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from flowmaster.connectors.connector import Connector
from flowmaster.connectors.http import HttpConnector
from flowmaster.runtime.bounds import bounds_from
from flowmaster.runtime.clock import Clock, MachineClock, VirtualClock, follow
from flowmaster.runtime.runtime import Runtime
from flowmaster.runtime.workers import Workers
from flowmaster.server.answers import StoredAnswers
from flowmaster.server.options import MEMORY
from flowmaster.server.settings import Settings
from flowmaster.server.tool_file import write_tool_file
from flowmaster.stores.call_log import CallLog
from flowmaster.stores.erasure_list import ErasureList
from flowmaster.stores.memory.store import MemoryStore
from flowmaster.stores.protocol import Store
from flowmaster.stores.sqlite.store import SqliteStore
from flowmaster.tools.app import App
from flowmaster.tools.catalog import catalog
from flowmaster.tools.limits import NO_LIMITS, Gate, limits_from

ALLOWED_HOSTS = "FLOWMASTER_ALLOWED_HOSTS"
"""The environment variable with private hosts that connectors may call, separated by commas."""

DATABASE = "flowmaster.db"
"""The file of the SQLite store inside the data folder."""


@asynccontextmanager
async def open_app(settings: Settings) -> AsyncIterator[App]:
    """Open everything that operations work with, and close it again at the end."""
    bounds = bounds_from(settings.bounds)
    store = open_store(settings)
    follow(store.ahead)
    clock: Clock = VirtualClock() if settings.clock == "virtual" else MachineClock()
    runtime = Runtime(store, clock, bounds)
    workers = Workers(runtime, connectors())
    if settings.store and settings.data != MEMORY:
        Path(settings.data).mkdir(mode=0o700, parents=True, exist_ok=True)
    calls = None if settings.data == MEMORY else CallLog(Path(settings.data))
    try:
        app = App(
            settings=settings,
            registry=catalog(),
            answers=StoredAnswers(runtime),
            runtime=runtime,
            published=lambda: write_tool_file(app),
            gate=gate(settings),
            calls=calls,
        )
        if settings.data != MEMORY and not settings.read_only:
            runtime.erasures = ErasureList(Path(settings.data))
        if not settings.read_only:
            await runtime.open()
            workers.open()
            write_tool_file(app)
        yield app
    finally:
        await workers.close()
        await runtime.close()
        if calls is not None:
            calls.close()
        store.close()


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


def open_store(settings: Settings) -> Store:
    """Open the store that the settings name: PostgreSQL at its address, SQLite in the data folder, or memory."""
    if settings.store:
        # The driver takes its time to load, and most servers never need it.
        from flowmaster.stores.postgres.store import PostgresStore

        return PostgresStore(settings.store, read_only=settings.read_only)
    if settings.data == MEMORY:
        return MemoryStore()
    return SqliteStore(Path(settings.data) / DATABASE, read_only=settings.read_only)
