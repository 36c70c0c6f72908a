"""The decisions that instances made are found by decision, newest first, without a look at anything else."""

from contextlib import suppress
from pathlib import Path

import apsw

from flowmaster.engine import events as ev
from flowmaster.engine.values import Json
from flowmaster.stores.protocol import Reader, Store
from flowmaster.stores.sqlite.store import SqliteStore
from tests.stores.given import AT, TENANT, Undone, first_step, go_on, load, next_step, put


def made(amount: Json, decision: str = "level", output: Json = "one") -> ev.DecisionMade:
    return ev.DecisionMade(1, "rate", decision, 1, {"amount": amount}, ({"rule": 1},), output)


def amounts(reader: Reader, decision: str = "level", *, limit: int = 9, tenant: str = TENANT) -> list[Json]:
    return [found.event.inputs["amount"] for found in reader.evaluations(tenant, decision, limit=limit)]


def test_evaluations_are_found_newest_first(store: Store) -> None:
    put(store, first_step("order:1"), first_step("order:2"))
    go_on(store, "order:1", made(1), made(2, "other"), made(3))
    go_on(store, "order:2", ev.VariablesSet(1, "", {"a": 1}), made(4))
    found = store.reader().evaluations(TENANT, "level", limit=9)
    assert [(each.instance, each.seq, each.at, each.event) for each in found] == [
        ("order:2", 3, AT + 10, made(4)),
        ("order:1", 4, AT + 10, made(3)),
        ("order:1", 2, AT + 10, made(1)),
    ]
    assert amounts(store.reader(), limit=2) == [4, 3]
    assert amounts(store.reader(), "other") == [2]
    assert amounts(store.reader(), "unheard") == amounts(store.reader(), tenant="other") == []


def test_an_evaluation_is_there_with_its_step_or_not_at_all(store: Store) -> None:
    put(store, first_step("order:1"))
    with store.transaction() as transaction:
        with suppress(Undone), transaction.savepoint():
            transaction.append(next_step(load(transaction, "order:1"), made(1)))
            assert amounts(transaction) == [1]
            raise Undone
        transaction.append(next_step(load(transaction, "order:1"), made(2)))
    assert amounts(store.reader()) == [2]


def test_sandboxes_are_left_out(store: Store) -> None:
    put(store, first_step("order:1", sandbox=True))
    go_on(store, "order:1", made(1))
    assert amounts(store.reader()) == []


def test_erased_evaluations_are_skipped_and_others_take_their_place(store: Store) -> None:
    put(store, first_step("order:1"), first_step("order:2"))
    for instance, amount in (("order:1", 1), ("order:2", 2), ("order:1", 3)):
        go_on(store, instance, made(amount))
    with store.transaction() as transaction:
        transaction.erase(TENANT, "order:1", names=["amount"])
    assert amounts(store.reader(), limit=1) == [2]


def test_a_file_from_before_gets_the_index_of_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "flowmaster.db"
    store = SqliteStore(path)
    put(store, first_step("order:1"), first_step("order:2"), first_step("order:3", sandbox=True))
    for instance, amount in (("order:1", 1), ("order:2", 2), ("order:3", 3)):
        go_on(store, instance, ev.VariablesSet(1, "", {"x": '["dm",'}), made(amount))
    with store.transaction() as transaction:
        transaction.put_version(TENANT, "decision", "level", name="l", content="<d/>", by="anna", at=5)
    store.close()
    _back_to_the_first_version(path)
    again = SqliteStore(path)
    assert amounts(again.reader()) == [2, 1]
    assert again.reader().version_number(TENANT, "decision", "level", at=5) == 1
    assert again.reader().version_number(TENANT, "decision", "level", at=4) is None
    again.close()


def _back_to_the_first_version(path: Path) -> None:
    peer = apsw.Connection(str(path))
    peer.execute(
        "DROP TABLE evaluation; DROP INDEX version_valid; ALTER TABLE version DROP COLUMN valid_from;"
        " DROP TABLE long_call; ALTER TABLE journal DROP COLUMN agent; DROP TABLE part; DROP INDEX wait_timer;"
        " DROP TABLE erasure; ALTER TABLE scope DROP COLUMN genesis; DROP TABLE link; DROP TABLE linked; DROP TABLE sent;"
        " DROP TABLE release; ALTER TABLE definition DROP COLUMN route; ALTER TABLE start DROP COLUMN routed;"
        " DROP INDEX definition_graph; DROP TABLE graph; DROP TABLE graph_former; ALTER TABLE definition DROP COLUMN graph"
    )
    peer.pragma("user_version", 1)
    peer.close()
