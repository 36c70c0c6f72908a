"""Counting what is in a store is rare: no oftener than it is cheap, and hardly ever while nothing changes."""

import pytest

from flowmaster.runtime.observation import census as module
from flowmaster.runtime.observation.census import COST_SHARE, KEPT_SECONDS, QUIET_SECONDS, Census
from flowmaster.stores.counts import WaitCounts
from flowmaster.stores.memory.store import MemoryReader, MemoryStore
from flowmaster.stores.protocol import Reader
from tests.stores.given import AT, TENANT, first_step, task


class Watched:
    """A store whose counting takes a while by the clock of the test, and is counted itself."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.cost, self.counted = 1_000.0, 0.0, 0
        self.store = MemoryStore()
        monkeypatch.setattr(module, "monotonic", lambda: self.now)
        counts = MemoryReader.wait_counts

        def slow(reader: MemoryReader, tenant: str, *, now: int, engine_now: int) -> WaitCounts:
            self.counted += 1
            self.now += self.cost
            return counts(reader, tenant, now=now, engine_now=engine_now)

        monkeypatch.setattr(MemoryReader, "wait_counts", slow)

    def reader(self) -> Reader:
        """Return what reads."""
        return self.store.reader()

    def change(self, instance: str) -> None:
        """Begin an instance."""
        with self.store.transaction() as transaction:
            transaction.append(first_step(instance, task(3)))


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    """Return a store that is watched."""
    return Watched(monkeypatch)


def tasks(census: Census, tenant: str = TENANT) -> int:
    """Return how many tasks are told."""
    return census.of(tenant, AT).waits.tasks


def test_a_change_is_told_once_a_count_is_some_seconds_old(watched: Watched) -> None:
    census = Census(watched.reader)
    assert tasks(census) == 0
    watched.change("p:1")
    watched.now += KEPT_SECONDS - 0.1
    assert (tasks(census), watched.counted) == (0, 1)
    watched.now += 0.2
    assert (tasks(census), watched.counted) == (1, 2)
    assert tasks(census, "other") == 0


def test_while_nothing_changes_it_is_counted_once_a_minute(watched: Watched) -> None:
    census = Census(watched.reader)
    for _ in range(int(QUIET_SECONDS) - 1):
        tasks(census)
        watched.now += 1
    assert watched.counted == 1
    watched.now += 2
    tasks(census)
    assert watched.counted == 2


def test_counting_takes_no_more_than_its_share_of_a_core_however_much_changes(watched: Watched) -> None:
    census, watched.cost = Census(watched.reader), 0.5
    begun = watched.now
    for number in range(300):
        watched.change(f"p:{number}")
        tasks(census)
        watched.now += 1
    assert 2 <= watched.counted <= (watched.now - begun) * COST_SHARE / watched.cost + 1
