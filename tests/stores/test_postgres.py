"""What is particular to PostgreSQL: addresses, tables made by whoever comes first, locks, news, lost connections."""

import asyncio
import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest

from flowmaster.engine import events as ev
from flowmaster.engine.errors import FlowMasterError
from flowmaster.runtime.writer import Writer
from flowmaster.stores import rows
from flowmaster.stores.postgres.address import address_of
from flowmaster.stores.postgres.connection import Connection
from flowmaster.stores.postgres.health import look
from flowmaster.stores.postgres.loops import OwnLoop
from flowmaster.stores.postgres.marks import Marks
from flowmaster.stores.postgres.store import PostgresStore
from flowmaster.stores.protocol import Transaction
from tests.postgres import Cluster, binaries, cluster
from tests.stores.given import TENANT, Undone, first_step, load, next_step, put, subscription

CUT = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = 'flowmaster'"


def asked(place: str, statement: str) -> Any:
    """Ask the database something beside all stores."""
    loop = OwnLoop()
    line = Connection(address_of(place), loop)
    try:
        return line.value(statement)
    finally:
        line.close()
        loop.close()


@pytest.mark.parametrize(
    ("text", "dsn", "schema", "shown"),
    [
        ("postgresql://ann@db/flow", "postgresql://ann@db/flow", "flowmaster", "postgresql://ann@db/flow"),
        ("postgres://ann:pw@db:5433/flow", "postgres://ann:pw@db:5433/flow", "flowmaster", "postgres://ann@db:5433/flow"),
        ("postgresql://db/flow?schema=a&ssl=require", "postgresql://db/flow?ssl=require", "a", "postgresql://db/flow"),
        ("postgresql://db/flow?password=pw", "postgresql://db/flow?password=pw", "flowmaster", "postgresql://db/flow"),
    ],
)  # fmt: skip
def test_an_address_is_shown_without_its_password(text: str, dsn: str, schema: str, shown: str) -> None:
    assert address_of(text) == (dsn, schema, shown)


@pytest.mark.parametrize(
    "text", ["mysql://db/x", "flow.db", "postgresql://db:port/x", "postgresql://ann:pw@db:0x/y"]
)
def test_what_is_no_address_is_refused_without_its_password(text: str) -> None:
    with pytest.raises(FlowMasterError) as caught:
        address_of(text)
    assert caught.value.code == "store.unsupported"
    assert "pw" not in caught.value.message


def test_a_database_that_does_not_answer_is_told_without_its_password() -> None:
    with pytest.raises(FlowMasterError) as caught:
        PostgresStore("postgresql://ann:secret@127.0.0.1:1/flow")
    assert (caught.value.code, caught.value.status) == ("store.unreachable", 503)
    assert "secret" not in caught.value.message


def test_servers_that_start_together_make_the_tables_once() -> None:
    place = cluster().fresh()
    assert look(place).version == 0
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(lambda _: PostgresStore(place), range(4)))
    for number, store in enumerate(stores):
        put(store, first_step(f"order:{number}"))
    assert stores[0].reader().find_instances(TENANT, rows.InstanceFilter()).total == 4
    assert look(place).version == look(place).newest
    for store in stores:
        store.close()


def test_tables_of_a_newer_program_are_left_alone() -> None:
    place = cluster().fresh()
    PostgresStore(place).close()
    asked(place, "INSERT INTO migration (version) VALUES (999) RETURNING version")
    with pytest.raises(FlowMasterError) as caught:
        PostgresStore(place)
    assert caught.value.code == "store.newer"


def test_who_only_reads_makes_and_changes_nothing() -> None:
    place = cluster().fresh()
    with pytest.raises(FlowMasterError) as caught:
        PostgresStore(place, read_only=True)
    assert caught.value.code == "store.older"
    assert look(place).version == 0
    PostgresStore(place).close()
    store = PostgresStore(place, read_only=True)
    with pytest.raises(FlowMasterError) as refused, store.transaction():
        pass
    assert refused.value.code == "store.read_only"
    store.close()


@pytest.fixture
def pair() -> Any:
    """Two stores on one database, as two servers have them."""
    place = cluster().fresh()
    stores = PostgresStore(place), PostgresStore(place)
    yield stores
    for store in stores:
        store.close()


Pair = tuple[PostgresStore, PostgresStore]


def test_an_instance_that_another_server_is_at_is_not_waited_for(pair: Pair) -> None:
    first, second = pair
    put(first, first_step("order:1"))
    with first.transaction() as transaction:
        load(transaction, "order:1")
        with second.transaction() as other:
            for look_at in (
                lambda: load(other, "order:1"),
                lambda: other.find_task(TENANT, "order:1/approve.3"),
                lambda: other.instance_subscriptions(TENANT, "order:1"),
            ):
                with pytest.raises(rows.Contended), other.savepoint():
                    look_at()
            assert other.load(TENANT, "order:2") is None


def test_a_piece_of_work_is_done_again_until_the_other_server_is_through(pair: Pair) -> None:
    first, second = pair
    put(first, first_step("order:1"))
    writer, taken, free = Writer(second), threading.Event(), threading.Event()

    def hold() -> None:
        with first.transaction() as transaction:
            transaction.append(next_step(load(transaction, "order:1"), ev.VariablesSet(1, "", {"a": 1})))
            taken.set()
            free.wait(10)

    def work(transaction: Transaction) -> int:
        stored = load(transaction, "order:1")
        transaction.append(next_step(stored, ev.VariablesSet(1, "", {"b": 1})))
        return stored.state.seq

    async def play() -> int:
        doing = asyncio.create_task(writer.do(work))
        other = await writer.do(lambda transaction: transaction.next_number(TENANT, "order"))
        assert other == 1, "other work goes on"
        await asyncio.sleep(0.1)
        assert not doing.done()
        free.set()
        return await doing

    holder = threading.Thread(target=hold)
    holder.start()
    taken.wait(10)
    before = load(second.reader(), "order:1").state.seq
    assert asyncio.run(play()) > before
    holder.join()
    writer.close()


def test_a_number_that_was_taken_back_is_given_again_unless_another_server_went_on(pair: Pair) -> None:
    first, second = pair
    with suppress(Undone), first.transaction() as transaction:
        assert transaction.next_number(TENANT, "order") == 1
        raise Undone
    with first.transaction() as transaction:
        with suppress(Undone), transaction.savepoint():
            assert [transaction.next_number(TENANT, "order") for _ in range(2)] == [1, 2]
            raise Undone
        assert transaction.next_number(TENANT, "order") == 1
    with suppress(Undone), first.transaction() as transaction:
        assert transaction.next_number(TENANT, "order") == 2
        with second.transaction() as other:
            assert other.next_number(TENANT, "order") == 3
        raise Undone
    with second.transaction() as other:
        assert other.next_number(TENANT, "order") == 4


def test_numbers_are_taken_in_portions_of_which_nothing_is_lost_but_to_another_server(pair: Pair) -> None:
    first, second = pair
    with first.transaction() as transaction:
        assert [transaction.next_number(TENANT, "order") for _ in range(100)] == [*range(1, 101)]
    with first.transaction() as transaction:
        assert [transaction.next_number(TENANT, "order") for _ in range(4)] == [101, 102, 103, 104]
        with second.transaction() as other:
            theirs = [other.next_number(TENANT, "order") for _ in range(3)]
        ours = [transaction.next_number(TENANT, "order") for _ in range(20)]
    assert len({*ours, *theirs}) == 23
    assert min(ours) == 105
    with second.transaction() as other:
        assert other.next_number(TENANT, "order") > max(*ours, *theirs)


def test_a_message_and_who_begins_to_wait_for_it_do_not_pass_each_other(pair: Pair) -> None:
    first, second = pair
    sent = threading.Event()
    found: list[int] = []

    def send() -> None:
        with second.transaction() as transaction:
            sent.set()
            found.append(
                len(transaction.subscriptions(TENANT, kind="message", name="paid", key="7", limit=9))
            )

    with first.transaction() as transaction:
        transaction.append(first_step("order:1", subscription(7, 3, key="7")))
        sender = threading.Thread(target=send)
        sender.start()
        sent.wait(10)
        sender.join(0.2)
        assert sender.is_alive(), "it waits for what may come of the other"
    sender.join(10)
    assert found == [1]


def test_changes_are_told_in_the_order_of_commits(pair: Pair) -> None:
    first, second = pair
    with first.transaction() as early:
        early.append(first_step("order:1"))
        put(second, first_step("order:2"))
        assert second.reader().changes(0, limit=9) == [], "what is under way may still come before"
    told = second.reader().changes(0, limit=9)
    assert [one.scope for one in told] == ["order:1", "order:2"]
    assert told[-1].id == second.reader().last_change()


def test_servers_tell_each_other_what_changed_and_not_themselves(pair: Pair) -> None:
    first, second = pair
    heard: list[tuple[str, frozenset[str]]] = []
    news = threading.Event()

    def hears(name: str) -> Any:
        def told(topics: Any) -> None:
            heard.append((name, frozenset(topics)))
            news.set()

        return told

    first.hear(hears("first"))
    second.hear(hears("second"))
    for _ in range(50):
        first.tell({"jobs", "timers"})
        if news.wait(0.1):
            break
    assert {name for name, _ in heard} == {"second"}
    assert heard[0][1] == {"jobs", "timers"}


def test_a_lost_connection_costs_what_was_under_way_and_nothing_more(pair: Pair) -> None:
    first, _ = pair
    put(first, first_step("order:1"))

    def work() -> None:
        with first.transaction() as transaction:
            transaction.append(first_step("order:2"))
            asked(cluster().url, CUT)
            transaction.append(first_step("order:3"))

    with pytest.raises(FlowMasterError) as caught:
        work()
    assert caught.value.code == "store.unreachable"
    assert first.reader().find_instances(TENANT, rows.InstanceFilter()).total == 1
    put(first, first_step("order:4"))
    assert first.reader().find_instances(TENANT, rows.InstanceFilter()).total == 2


@pytest.mark.parametrize("committed", [True, False])
def test_a_commit_whose_answer_is_cut_off_is_asked_after(
    pair: Pair, committed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = pair
    run = Connection.script

    def cut_off(line: Connection, text: str) -> None:
        if text != "COMMIT":
            return run(line, text)
        monkeypatch.setattr(Connection, "script", run)
        if committed:
            run(line, text)
        line.raw.terminate()
        run(line, text)
        return None

    monkeypatch.setattr(Connection, "script", cut_off)
    if committed:
        put(first, first_step("order:1"))
    else:
        with pytest.raises(FlowMasterError) as caught:
            put(first, first_step("order:1"))
        assert caught.value.code == "store.unreachable"
    assert second.reader().find_instances(TENANT, rows.InstanceFilter()).total == int(committed)
    put(first, first_step("order:2"))


def test_a_database_that_goes_away_behind_a_commit_does_not_undo_its_answer(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = pair
    run = Connection.script

    def cut_behind(line: Connection, text: str) -> None:
        run(line, text)
        if text == "COMMIT":
            monkeypatch.setattr(Connection, "script", run)
            asked(cluster().url, CUT)

    monkeypatch.setattr(Connection, "script", cut_behind)
    with first.transaction() as transaction:
        numbers = [transaction.next_number(TENANT, "order") for _ in range(4)]
        transaction.append(first_step("order:1"))
    assert second.reader().load(TENANT, "order:1") is not None
    with first.transaction() as transaction:
        assert transaction.next_number(TENANT, "order") > numbers[-1]


def test_a_commit_that_a_crash_has_taken_is_not_held_for_another_that_got_its_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster = Cluster(binaries())
    place = cluster.fresh()
    first, second = PostgresStore(place), PostgresStore(place)
    put(second, first_step("order:1"))
    leave = Marks.leave

    def crash(marks: Marks, line: Connection) -> None:
        leave(marks, line)
        monkeypatch.setattr(Marks, "leave", leave)
        lost = str(line.value("SELECT pg_current_xact_id()::TEXT"))
        cluster.stop("immediate")
        cluster.start()
        with pytest.raises(FlowMasterError):
            put(second, first_step("order:2"))
        for number in range(3, 30):
            put(second, first_step(f"order:{number}"))
        assert asked(cluster.url, f"SELECT pg_xact_status('{lost}'::xid8)") == "committed", (
            "its number is another's"
        )

    monkeypatch.setattr(Marks, "leave", crash)
    try:
        with pytest.raises(FlowMasterError) as caught:
            put(first, first_step("order:99"))
        assert caught.value.code == "store.unreachable"
        assert second.reader().load(TENANT, "order:99") is None
        put(first, first_step("order:99"))
        assert second.reader().load(TENANT, "order:99") is not None
    finally:
        first.close()
        second.close()
        cluster.remove()


def test_the_time_is_that_of_the_database(pair: Pair) -> None:
    assert abs(pair[0].ahead()) < 1_000


def test_servers_on_one_database_know_of_each_other() -> None:
    store = PostgresStore(cluster().fresh())
    try:
        assert f"{socket.gethostname()[:40]}:{os.getpid()}" in store.servers()
    finally:
        store.close()
