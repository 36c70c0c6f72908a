"""Wide instances: stored in parts, of which a step writes those that it touched."""

from contextlib import suppress
from pathlib import Path
from random import Random

import apsw
import pytest

from flowmaster.engine import commands as cmd
from flowmaster.engine import events as ev
from flowmaster.engine.decide import decide_in_place
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.evolve import blank, evolve
from flowmaster.stores import rows
from flowmaster.stores.protocol import Store, Transaction
from flowmaster.stores.sql import parts
from flowmaster.stores.sqlite.store import SqliteStore
from tests.engine.random_play import Player
from tests.stores.given import TENANT, Undone, first_step, go_on, load, put

RUNS = 40
RUNS_LONG = 3_000


class StoredPlayer(Player):
    """Plays the same commands on an instance in a store, now and then undone at first, and reads it back each time."""

    def __init__(self, seed: int, store: Store) -> None:
        super().__init__(seed)
        self.store = store
        self.fate = Random(seed)
        self.instance = ""

    def _do(self, command: cmd.Command) -> None:
        seq = self.state.seq
        super()._do(command)
        if self.state.seq == seq:
            self._refuse(command)
            return
        self.instance = self.state.instance
        with self.store.transaction() as transaction:
            if self.fate.random() < 0.2:
                with suppress(Undone), transaction.savepoint():
                    self._step(transaction, command)
                    raise Undone
            self._step(transaction, command)
        assert load(self.store.reader(), self.instance).state == self.state

    def _refuse(self, command: cmd.Command) -> None:
        """What is refused leaves the store as it is, whatever became of the state that was handed out."""
        if self.instance:
            with self.store.transaction() as transaction, suppress(FlowMasterError):
                decide_in_place(self.model, load(transaction, self.instance).state, command)
            assert load(self.store.reader(), self.instance).state == self.state

    def _step(self, transaction: Transaction, command: cmd.Command) -> None:
        stored = transaction.load(TENANT, self.instance) if self.instance else None
        state = blank("", "", 0) if stored is None else stored.state
        expected = state.seq
        events, after = decide_in_place(self.model, state, command)
        assert after == self.state
        transaction.append(rows.Step(TENANT, expected, after, events, self.now, "ann", "test"))


def play(folder: Path, first: int, runs: int) -> None:
    """Play instances, each in a new store, of which none leaves a part behind."""
    for seed in range(first, first + runs):
        path = folder / f"{seed}.db"
        store = SqliteStore(path)
        StoredPlayer(seed, store).play()
        store.close()
        peer = apsw.Connection(str(path))
        assert peer.execute("SELECT count(*) FROM part").fetchall() == [(0,)]
        peer.close()
        path.unlink()


@pytest.fixture
def narrow_is_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "WIDE_NODES", 2)
    monkeypatch.setattr(parts, "NARROW_NODES", 2)


@pytest.mark.usefixtures("narrow_is_wide")
def test_random_runs_in_parts_are_read_back_as_they_are(tmp_path: Path) -> None:
    play(tmp_path, 0, RUNS)


@pytest.mark.soak
@pytest.mark.usefixtures("narrow_is_wide")
@pytest.mark.parametrize("first", range(0, RUNS_LONG, 300))
def test_many_random_runs_in_parts_are_read_back_as_they_are(tmp_path: Path, first: int) -> None:
    play(tmp_path, first, 300)


def widened(store: Store, children: int) -> None:
    """Store an instance with a multi-instance body (node 2) and so many turns, from node 3 on."""
    put(store, first_step("order:1"))
    begun: list[ev.Event] = [ev.ElementEntered(2, "each", 1, ()), ev.LoopBegan(2, "each", children, (), True)]
    for key in range(3, 3 + children):
        begun += [
            ev.ElementEntered(key, "each", 2, ()),
            ev.VariablesSet(key, "each", {"loopCounter": key - 2}),
        ]
    go_on(store, "order:1", *begun)


def ended(key: int) -> list[ev.Event]:
    """Return the end of one turn."""
    return [ev.TurnCollected(2, "each", key - 3, {"n": key}), ev.ElementCompleted(key, "each")]


def moved(stored: rows.StoredInstance, *events: ev.Event) -> rows.Step:
    """Return a step that moves the very state that was loaded."""
    for event in events:
        evolve(stored.state, event)
    return rows.Step(TENANT, stored.row.revision, stored.state, events, 5, "ann", "test")


def test_a_wide_instance_is_narrow_again_when_its_turns_are_over(store: Store) -> None:
    widened(store, 200)
    assert len(load(store.reader(), "order:1").state.nodes) == 202
    for key in range(3, 203):
        go_on(store, "order:1", *ended(key))
        state = load(store.reader(), "order:1").state
        turns = state.nodes[2].turns
        assert turns is not None
        assert turns.results is not None
        assert turns.completed == key - 2
        assert [value for value in turns.results if value] == [{"n": each} for each in range(3, key + 1)]
    go_on(store, "order:1", ev.ElementCompleted(2, "each"))
    assert list(load(store.reader(), "order:1").state.nodes) == [1]


def test_a_step_of_a_wide_instance_that_is_undone_is_forgotten(store: Store) -> None:
    widened(store, 100)
    before = load(store.reader(), "order:1")
    for way in ("savepoint", "transaction"):
        with suppress(Undone), store.transaction() as transaction:
            with suppress(*([Undone] if way == "savepoint" else [])), transaction.savepoint():
                found = load(transaction, "order:1")
                assert found == before
                transaction.append(moved(found, *ended(50)))
                raise Undone
            assert load(transaction, "order:1").state == before.state
    assert load(store.reader(), "order:1") == before
    go_on(store, "order:1", *ended(50))
    with store.transaction() as transaction:
        assert 50 not in load(transaction, "order:1").state.nodes


def test_another_process_moves_a_kept_instance_on(tmp_path: Path) -> None:
    one, other = SqliteStore(tmp_path / "a.db"), SqliteStore(tmp_path / "a.db")
    widened(one, 100)
    for key in range(3, 60):
        go_on(one if key % 3 else other, "order:1", *ended(key))
    assert len(load(one.reader(), "order:1").state.nodes) == 102 - 57
    one.close()
    other.close()


def test_a_step_writes_only_the_parts_that_it_touched(tmp_path: Path) -> None:
    sizes = []
    for children in (100, 2_000):
        store = SqliteStore(tmp_path / f"{children}.db")
        widened(store, children)
        with store.transaction() as transaction:
            before = transaction.touched()
            transaction.append(moved(load(transaction, "order:1"), *ended(50)))
            sizes.append(transaction.touched() - before)
        store.close()
    assert sizes[0] == sizes[1] <= 8
