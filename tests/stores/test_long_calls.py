"""A call whose answer is come back for is kept under its handle, for its tenant and for its time."""

from pathlib import Path

from flowmaster.stores import rows
from flowmaster.stores.protocol import Store
from flowmaster.stores.sqlite.store import SqliteStore
from tests.stores.given import TENANT

CALL = rows.LongCall("h1", "anna", "process_test", "working", at=100, changed=100, expires=1_000)


def put(store: Store, *calls: rows.LongCall) -> None:
    with store.transaction() as transaction:
        for call in calls:
            transaction.put_long_call(TENANT, call)


def test_a_long_call_is_read_back_as_it_was_put(store: Store) -> None:
    asked = CALL._replace(
        status="input_required", asked={"name": {"method": "x"}}, answered={"name": {"a": 1}}
    )
    put(store, CALL, asked)
    assert store.reader().find_long_call(TENANT, "h1") == asked
    done = asked._replace(status="completed", asked={}, answered={}, answer={"status": 200, "body": "{}"})
    put(store, done)
    assert store.reader().find_long_call(TENANT, "h1") == done


def test_a_long_call_of_another_tenant_is_unknown(store: Store) -> None:
    put(store, CALL)
    assert store.reader().find_long_call("other", "h1") is None
    assert store.reader().find_long_call(TENANT, "h2") is None
    assert store.reader().count_long_calls("other", "anna", now=200) == 0


def test_only_calls_under_way_of_the_caller_count(store: Store) -> None:
    put(
        store,
        CALL,
        CALL._replace(handle="h2", status="input_required"),
        CALL._replace(handle="h3", status="completed"),
        CALL._replace(handle="h4", owner="bert"),
        CALL._replace(handle="h5", expires=200),
    )
    assert store.reader().count_long_calls(TENANT, "anna", now=200) == 2


def test_expired_calls_of_all_and_the_oldest_ended_ones_of_the_caller_are_dropped(store: Store) -> None:
    ended = [CALL._replace(handle=f"e{at}", status="failed", at=at) for at in (1, 2, 3)]
    put(store, CALL, *ended, CALL._replace(handle="old", owner="bert", expires=200))
    put(store, CALL._replace(handle="bert", owner="bert", status="cancelled"))
    with store.transaction() as transaction:
        assert transaction.drop_long_calls(TENANT, "anna", now=200, keep=1) == 3
    handles = ("h1", "e1", "e2", "e3", "old", "bert")
    left = [each for each in handles if store.reader().find_long_call(TENANT, each) is not None]
    assert left == ["h1", "e3", "bert"]


def test_a_long_call_outlives_the_process_and_is_seen_by_others(tmp_path: Path) -> None:
    path = tmp_path / "flowmaster.db"
    first, second = SqliteStore(path), SqliteStore(path)
    put(first, CALL)
    assert second.reader().find_long_call(TENANT, "h1") == CALL
    put(second, CALL._replace(status="cancelled"))
    second.close()
    found = first.reader().find_long_call(TENANT, "h1")
    assert found is not None
    assert found.ended
    first.close()
