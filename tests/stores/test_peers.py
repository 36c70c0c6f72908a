"""Several processes share a file or a database, and any of them may be killed at any moment."""

import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, cast

import pytest

from flowmaster.engine.evolve import blank, fold
from flowmaster.stores import rows
from flowmaster.stores.protocol import Store
from flowmaster.stores.sqlite.store import SqliteStore
from tests.postgres import cluster
from tests.stores.given import TENANT, first_step, load, put
from tests.stores.peer import SHARED, opened, shared

ROOT = Path(__file__).parents[2]
ROUNDS = 300


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A file, or the address of a schema, that nothing is in."""
    return cluster().fresh() if request.param == "postgres" else str(tmp_path / "flowmaster.db")


def _begin(place: str) -> None:
    store = opened(place)
    put(store, *[first_step(shared(number), variables={"count": 0}) for number in range(SHARED)])
    store.close()


def _peer(place: str, name: str, rounds: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.stores.peer", place, name, str(rounds)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _counts(store: Store) -> int:
    counts = [load(store.reader(), shared(number)).state.variables["count"] for number in range(SHARED)]
    assert all(isinstance(count, int) for count in counts)
    return sum(count for count in counts if isinstance(count, int))


def _check_whole(store: Store) -> list[rows.InstanceRow]:
    """Check that state, history, chain and lists agree for every instance, and return the instances."""
    reader, peeping = store.reader(), cast(Any, store.reader())
    if isinstance(store, SqliteStore):
        assert store._db.value("PRAGMA integrity_check") == "ok"
    page = reader.find_instances(TENANT, rows.InstanceFilter(limit=1_000))
    assert page.next_cursor is None
    waits: Counter[str] = Counter()
    for row in page.items:
        stored = load(reader, row.instance)
        events = [entry.event for entry in reader.history(TENANT, row.instance, limit=10_000)]
        assert fold(blank("", "", 0), events) == stored.state
        assert reader.verify(TENANT, row.instance).broken is None
        waits[row.instance] = len(stored.state.waits)
    listed = Counter(
        instance
        for (instance,) in peeping._db.all("SELECT i.id FROM wait w JOIN instance i ON i.num = w.instance")
    )
    assert listed == +waits
    return page.items


def test_three_processes_work_side_by_side_without_a_lost_or_doubled_step(place: str) -> None:
    _begin(place)
    peers = [_peer(place, f"peer{number}", ROUNDS) for number in range(3)]
    told: Counter[str] = Counter()
    for peer in peers:
        with peer:
            out, errors = peer.communicate(timeout=60)
        assert peer.returncode == 0, errors
        told.update(out.split("\n")[:-1])
    store = opened(place)
    instances = _check_whole(store)
    assert _counts(store) == sum(count for line, count in told.items() if line.startswith("counted"))
    started = [line.split(" ")[1] for line in told if line.startswith("started")]
    assert sorted(started) == sorted(row.instance for row in instances if row.process == "order")
    assert max(count for line, count in told.items() if line.startswith("started")) == 1
    ended = {line.split(" ")[1] for line in told if line.startswith("ended")}
    assert ended == {row.instance for row in instances if row.status == "completed"}
    store.close()


@pytest.mark.parametrize("seed", range(6))
def test_a_killed_process_loses_nothing_it_had_acknowledged(place: str, seed: int) -> None:
    _begin(place)
    with _peer(place, f"killed{seed}", 100_000) as peer:
        assert peer.stdout is not None
        lines = [peer.stdout.readline() for _ in range(random.Random(seed).randint(1, 150))]
        peer.kill()
        lines += peer.stdout.readlines()
    assert peer.returncode == -signal.SIGKILL
    told = Counter(line.strip() for line in lines if line.endswith("\n"))
    store = opened(place)
    statuses = {row.instance: row for row in _check_whole(store)}
    for line in told:
        verb, what = line.split(" ")
        if verb == "started":
            assert what in statuses
        elif verb == "worked":
            assert statuses[what].revision > 7
        elif verb == "ended":
            assert statuses[what].status == "completed"
    unacknowledged = 3
    counted = sum(count for line, count in told.items() if line.startswith("counted"))
    assert counted <= _counts(store) <= counted + unacknowledged
    put(store, first_step("order:999999"))
    store.close()
