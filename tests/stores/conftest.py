"""Every test of the suite runs against every store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flowmaster.stores.memory.store import MemoryStore
from flowmaster.stores.postgres.store import PostgresStore
from flowmaster.stores.protocol import Store
from flowmaster.stores.sqlite.store import SqliteStore
from tests.postgres import cluster


def open_store(kind: str, folder: Path) -> Store:
    if kind == "postgres":
        return PostgresStore(cluster().fresh())
    return MemoryStore() if kind == "memory" else SqliteStore(folder / "flowmaster.db")


@pytest.fixture(params=["sqlite", "memory", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(request.param, tmp_path)
    yield opened
    opened.close()
