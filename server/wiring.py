"""The one place that builds a running FlowMaster out of its parts."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from flowmaster.connectors.connector import Connector
from flowmaster.connectors.http import HttpConnector
from flowmaster.engine.errors import FlowMasterError
from flowmaster.runtime.clock import Clock, MachineClock, VirtualClock
from flowmaster.runtime.runtime import Runtime
from flowmaster.runtime.workers import Workers
from flowmaster.server.answers import StoredAnswers
from flowmaster.server.options import MEMORY
from flowmaster.server.settings import Settings
from flowmaster.server.tool_file import write_tool_file
from flowmaster.stores.memory.store import MemoryStore
from flowmaster.stores.protocol import Store
from flowmaster.stores.sqlite.store import SqliteStore
from flowmaster.tools.app import App
from flowmaster.tools.catalog import catalog

ALLOWED_HOSTS = "FLOWMASTER_ALLOWED_HOSTS"
"""The environment variable with private hosts that connectors may call, separated by commas."""

DATABASE = "flowmaster.db"
"""The file of the SQLite store inside the data folder."""


@asynccontextmanager
async def open_app(settings: Settings) -> AsyncIterator[App]:
    """Open everything that operations work with, and close it again at the end."""
    store = open_store(settings)
    clock: Clock = VirtualClock() if settings.clock == "virtual" else MachineClock()
    runtime = Runtime(store, clock)
    workers = Workers(runtime, connectors())
    try:
        await runtime.open()
        workers.open()
        app = App(
            settings=settings,
            registry=catalog(),
            answers=StoredAnswers(runtime),
            runtime=runtime,
            published=lambda: write_tool_file(app),
        )
        write_tool_file(app)
        yield app
    finally:
        await workers.close()
        await runtime.close()
        store.close()


def connectors() -> dict[str, Connector]:
    """Return the built-in connectors by the job type that they do."""
    allowed = [host for host in os.environ.get(ALLOWED_HOSTS, "").split(",") if host]
    built_in: list[Connector] = [HttpConnector(allowed)]
    return {connector.type: connector for connector in built_in}


def open_store(settings: Settings) -> Store:
    """Open the store that the settings name: SQLite in the data folder, or memory."""
    if settings.store:
        raise FlowMasterError(
            "store.unsupported",
            f"No store can be opened at {settings.store!r}.",
            path="--store",
            expected="no `--store`: SQLite in the data folder",
            fix="Leave `--store` out.",
        )
    if settings.data == MEMORY:
        return MemoryStore()
    return SqliteStore(Path(settings.data) / DATABASE)
