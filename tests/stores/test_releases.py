"""Releases: every store keeps tags, approvals, policies and routes, undoes them, and keeps tenants apart."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import apsw
import pytest

from flowmaster.stores.postgres import schema as postgres
from flowmaster.stores.postgres import transfer
from flowmaster.stores.postgres.address import address_of
from flowmaster.stores.postgres.connection import Connection, quoted
from flowmaster.stores.postgres.loops import OwnLoop
from flowmaster.stores.postgres.store import PostgresStore
from flowmaster.stores.protocol import Store, Transaction
from flowmaster.stores.releases import ReleaseRow, Routed, Run
from flowmaster.stores.rows import StartSubscription
from flowmaster.stores.sqlite import schema as sqlite
from flowmaster.stores.sqlite.store import SqliteStore
from tests.postgres import cluster
from tests.stores.given import AT, TENANT, Undone, first_step

ORDER = (TENANT, "process", "order")


def _version(transaction: Transaction, *, tag: str = "", tenant: str = TENANT) -> int:
    return transaction.put_version(
        tenant, "process", "order", name="order", content="x", by="bert", at=AT, tag=tag
    )


def _tag(name: str, version: int, at: int = AT) -> ReleaseRow:
    return ReleaseRow("tag", name, "anna", at, version)


def test_rows_of_releases_come_back_by_aspect_and_name(store: Store) -> None:
    approval = ReleaseRow("approval", "carl", "carl", AT, 4, {"decision": "approve", "digest": "d"})
    with store.transaction() as transaction:
        _version(transaction)
        for row in (_tag("stable", 1), _tag("beta", 1), approval, ReleaseRow("policy", "", "anna", AT)):
            transaction.put_release(*ORDER, row)
        assert transaction.releases(*ORDER, "approval") == [approval]
    reader = store.reader()
    assert reader.releases(*ORDER, "tag") == [_tag("beta", 1), _tag("stable", 1)]
    assert reader.releases(*ORDER, "policy") == [ReleaseRow("policy", "", "anna", AT)]
    assert reader.releases("other", "process", "order", "tag") == []
    assert reader.releases(TENANT, "decision", "order", "tag") == []


def test_a_row_is_replaced_and_dropped_by_its_name(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.put_release(*ORDER, _tag("stable", 1))
        transaction.put_release(*ORDER, _tag("stable", 2, AT + 1))
        transaction.put_release(*ORDER, _tag("beta", 3))
    assert store.reader().releases(*ORDER, "tag") == [_tag("beta", 3), _tag("stable", 2, AT + 1)]
    with store.transaction() as transaction:
        assert transaction.drop_releases(*ORDER, "tag", ["stable", "gone"]) == 1
        assert transaction.drop_releases(*ORDER, "approval", ["beta"]) == 0
        assert transaction.drop_releases(*ORDER, "tag", []) == 0
    assert store.reader().releases(*ORDER, "tag") == [_tag("beta", 3)]


def test_a_tag_that_was_moved_goes_before_the_one_in_the_file(store: Store) -> None:
    with store.transaction() as transaction:
        for tag in ("stable", "", "stable"):
            _version(transaction, tag=tag)
        _version(transaction, tenant="other")
        transaction.put_release(*ORDER, _tag("tried", 2))
    reader = store.reader()
    assert reader.version_number(*ORDER, tag="stable") == 3
    assert reader.version_number(*ORDER, tag="tried") == 2
    assert reader.version_number("other", "process", "order", tag="tried") is None
    with store.transaction() as transaction:
        transaction.put_release(*ORDER, _tag("stable", 1))
        assert transaction.version_number(*ORDER, tag="stable") == 1
    found = reader.version(*ORDER, tag="stable")
    assert found is not None
    assert found.version == 1


def test_a_route_stands_beside_the_newest_version(store: Store) -> None:
    reader = store.reader()
    assert reader.routed(*ORDER) == Routed(None, "")
    with store.transaction() as transaction:
        assert transaction.routed(*ORDER) == Routed(None, "")
        _version(transaction)
        assert transaction.routed(*ORDER) == Routed(1, "")
        transaction.put_route(*ORDER, '{"version":1}')
        assert transaction.routed(*ORDER) == Routed(1, '{"version":1}')
    with store.transaction() as transaction:
        _version(transaction)
        assert transaction.version_number(*ORDER) == 2
    assert reader.routed(*ORDER) == Routed(2, '{"version":1}')
    assert reader.routed("other", "process", "order") == Routed(None, "")
    with store.transaction() as transaction:
        transaction.put_route(*ORDER, "")
        transaction.put_route(TENANT, "process", "nobody", "x")
    assert reader.routed(*ORDER) == Routed(2, "")
    assert reader.routed(TENANT, "process", "nobody") == Routed(None, "")


def test_what_was_undone_is_not_there(store: Store) -> None:
    with store.transaction() as transaction:
        _version(transaction)
        with suppress(Undone), transaction.savepoint():
            transaction.put_release(*ORDER, _tag("stable", 1))
            transaction.put_route(*ORDER, "x")
            raise Undone
        assert transaction.routed(*ORDER) == Routed(1, "")
    assert store.reader().releases(*ORDER, "tag") == []


def test_a_start_remembers_that_it_is_routed(store: Store) -> None:
    start = StartSubscription(TENANT, "order", 1, "begin", "message", "ordered")
    with store.transaction() as transaction:
        transaction.put_starts(TENANT, "order", [start])
        assert transaction.process_starts(TENANT, "order") == [start]
        transaction.put_starts(TENANT, "order", [start._replace(routed=True)])
    (found,) = store.reader().start_subscriptions(TENANT, kind="message", name="ordered")
    assert found.routed is True
    assert found == start._replace(routed=True)


def test_runs_are_the_newest_instances_since_an_instant(store: Store) -> None:
    assert store.reader().runs(TENANT, "order", since=0, limit=5) == []
    with store.transaction() as transaction:
        for number, (version, at, sandbox) in enumerate(
            [(1, AT, False), (1, AT + 10, False), (2, AT + 20, False), (2, AT + 30, True)], 1
        ):
            transaction.append(first_step(f"order:{number}", version=version, at=at, sandbox=sandbox))
    reader = store.reader()
    second, third = Run(1, "active", 0, AT + 10, AT + 10), Run(2, "active", 0, AT + 20, AT + 20)
    assert reader.runs(TENANT, "order", since=AT + 5, limit=5) == [third, second]
    assert reader.runs(TENANT, "order", since=0, limit=1) == [third]
    assert reader.runs(TENANT, "other", since=0, limit=5) == []
    assert reader.runs("other", "order", since=0, limit=5) == []


@contextmanager
def _line(place: str) -> Iterator[Connection]:
    loop = OwnLoop()
    line = Connection(address_of(place), loop)
    yield line
    line.close()
    loop.close()


def _use(store: Store) -> None:
    with store.transaction() as transaction:
        _version(transaction)
        transaction.put_release(*ORDER, _tag("stable", 1))
        transaction.put_route(*ORDER, "x")
    assert store.reader().routed(*ORDER) == Routed(1, "x")
    assert store.reader().releases(*ORDER, "tag") == [_tag("stable", 1)]
    store.close()


@pytest.mark.parametrize("version", range(1, len(sqlite.MIGRATIONS)))
def test_files_of_every_schema_before_are_brought_here(version: int, tmp_path: Path) -> None:
    path = tmp_path / "flowmaster.db"
    file = apsw.Connection(str(path))
    for script in sqlite.MIGRATIONS[:version]:
        file.execute(script)
    file.pragma("application_id", sqlite.APPLICATION_ID)
    file.pragma("user_version", version)
    if version == len(sqlite.MIGRATIONS) - 1:
        file.execute(
            "INSERT INTO word VALUES (1, 'acme'), (2, 'process'), (3, 'anna');"
            "INSERT INTO definition VALUES (1, 1, 2, 'old', 'Old', 0, 3, 4, 4, 5, 3);"
            "INSERT INTO start VALUES (1, 2, 'begin', 0, 3, 'message', 'm', NULL, '', 0)"
        )
    file.close()
    store = SqliteStore(path)
    if version == len(sqlite.MIGRATIONS) - 1:
        assert store.reader().routed(TENANT, "process", "old") == Routed(3, "")
        assert [one.routed for one in store.reader().start_subscriptions(TENANT, kind="message")] == [False]
    _use(store)


@pytest.mark.parametrize("version", range(1, len(postgres.MIGRATIONS)))
def test_databases_of_every_schema_before_are_brought_here(version: int) -> None:
    place = cluster().fresh()
    with _line(place) as line:
        line.script(f"CREATE SCHEMA {quoted(line.address.schema)}")
        line.script(postgres.CATALOG)
        for number, script in enumerate(postgres.MIGRATIONS[:version], 1):
            line.script(script)
            line.run("INSERT INTO migration (version) VALUES (?)", (number,))
    _use(PostgresStore(place))


def test_releases_go_from_a_file_to_a_database_and_back(tmp_path: Path) -> None:
    first, second, place = tmp_path / "one.db", tmp_path / "two.db", cluster().fresh()
    store = SqliteStore(first)
    approval = ReleaseRow("approval", "carl", "carl", AT, 4, {"decision": "approve"})
    start = StartSubscription(TENANT, "order", 1, "begin", "message", "ordered", routed=True)
    with store.transaction() as transaction:
        _version(transaction)
        transaction.put_release(*ORDER, approval)
        transaction.put_route(*ORDER, "x")
        transaction.put_starts(TENANT, "order", [start])
    store.close()
    transfer.load(first, place, lambda done, of: None)
    transfer.export(place, second, lambda done, of: None)
    for opened in (PostgresStore(place), SqliteStore(second)):
        reader = opened.reader()
        assert reader.releases(*ORDER, "approval") == [approval]
        assert reader.routed(*ORDER) == Routed(1, "x")
        assert reader.process_starts(TENANT, "order") == [start]
        opened.close()
