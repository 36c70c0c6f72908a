"""Every test of the suite runs against every store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flowmaster.stores.memory.store import MemoryStore
from flowmaster.stores.protocol import Store
from flowmaster.stores.sqlite.store import SqliteStore


def _open(kind: str, folder: Path) -> Store:
    return MemoryStore() if kind == "memory" else SqliteStore(folder / "flowmaster.db")


@pytest.fixture(params=["sqlite", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = _open(request.param, tmp_path)
    yield opened
    opened.close()
