"""States at rest stay at hand for the next step, and are forgotten whenever they may not be what is stored."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from flowmaster.engine import events as ev
from flowmaster.engine.state import State
from flowmaster.stores.sql import seen
from flowmaster.stores.sqlite.store import SqliteStore, SqliteTransaction
from tests.stores.given import ENDED, TENANT, Undone, first_step, put, state_of, step_of, task

ORDER = "order:1"


class Counting(SqliteStore):
    """A store that counts the states that were read from the file."""

    read = 0

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        original = self._transaction.load

        def load(tenant: str, instance: str) -> object:
            self.read += 1
            return original(tenant, instance)

        self._transaction.load = load  # type: ignore[method-assign,assignment]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Counting]:
    store = Counting(tmp_path / "flowmaster.db")
    put(store, first_step(ORDER, task(4, 2), variables={"count": 0}))
    yield store
    store.close()


def count_on(transaction: SqliteTransaction) -> None:
    """Raise a counter in the order."""
    state = state_of(transaction, ORDER)
    count = state.variables["count"]
    assert isinstance(count, int)
    transaction.append(step_of(state, ev.VariablesSet(1, "", {"count": count + 1})))


def counted(store: SqliteStore) -> object:
    with store.transaction() as transaction:
        return state_of(transaction, ORDER).variables["count"]


def test_a_step_finds_the_state_that_the_step_before_left(store: Counting) -> None:
    for _ in range(3):
        with store.transaction() as transaction:
            count_on(transaction)
            count_on(transaction)
    assert (counted(store), store.read) == (6, 0)
    stored = store.reader().load(TENANT, ORDER)
    assert stored is not None
    assert (stored.row.revision, stored.state.variables["count"]) == (stored.state.seq, 6)


def test_what_is_at_hand_is_not_changed_by_who_takes_it(store: Counting) -> None:
    with store.transaction() as transaction:
        count_on(transaction)
        shown = state_of(transaction, ORDER)
        shown.nodes.clear()
    with store.transaction() as transaction:
        taken = state_of(transaction, ORDER)
        taken.waits.clear()
        taken.nodes[1].variables = {"count": 99}
    assert (counted(store), store.read) == (1, 0)


def test_another_writer_on_the_file_makes_it_read_anew(store: Counting, tmp_path: Path) -> None:
    other = SqliteStore(tmp_path / "flowmaster.db")
    for number in range(1, 4):
        with other.transaction() as transaction:
            count_on(transaction)
        with store.transaction() as transaction:
            count_on(transaction)
        assert counted(other) == number * 2
    assert store.read == 3
    other.close()


@pytest.mark.parametrize("whole", [True, False])
def test_what_is_taken_back_is_forgotten(store: Counting, whole: bool) -> None:
    with suppress(Undone), store.transaction() as transaction:
        count_on(transaction)
        with suppress(Undone), transaction.savepoint():
            count_on(transaction)
            raise Undone
        if whole:
            raise Undone
        count_on(transaction)
    assert counted(store) == (0 if whole else 2)


def test_an_erasure_is_not_undone_by_what_was_at_hand(store: Counting) -> None:
    with store.transaction() as transaction:
        transaction.append(step_of(state_of(transaction, ORDER), ev.VariablesSet(1, "", {"name": "Ada"})))
    with store.transaction() as transaction:
        transaction.erase_instances(TENANT, [ORDER], names=["name"], at=1, erasure="erasure:1")
    with store.transaction() as transaction:
        count_on(transaction)
    stored = store.reader().load(TENANT, ORDER)
    assert stored is not None
    assert "Ada" not in str(stored.state.variables)


def test_only_so_many_are_kept_and_no_large_or_ended_ones(
    store: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seen, "RESTING_MAX", 3)
    orders = [f"order:{number}" for number in range(2, 6)]
    put(store, *(first_step(each, task(4, 2)) for each in orders))
    large = first_step("order:9", task(4, 2), variables={"text": "x" * seen.RESTING_BYTES_MAX})
    drafted = first_step("order:8", task(4, 2).but(draft={"text": "x"}))
    put(store, large, drafted)
    with store.transaction() as transaction:
        transaction.append(step_of(state_of(transaction, "order:5"), ENDED))
    found: dict[str, tuple[State, bool]] = {}
    with store.transaction() as transaction:
        for each in (*orders, "order:8", "order:9"):
            before = store.read
            found[each] = (state_of(transaction, each), store.read > before)
    assert [each for each, (_, read) in found.items() if read] == ["order:2", "order:5", "order:8", "order:9"]
    assert found["order:5"][0].status == "completed"
