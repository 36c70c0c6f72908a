"""The file: opening, refusing what is not ours, staying whole when the world is against it."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from flowmaster.engine import events as ev
from flowmaster.engine.errors import FlowMasterError
from flowmaster.stores import rows
from flowmaster.stores.sqlite.schema import MIGRATIONS
from flowmaster.stores.sqlite.store import SqliteStore
from tests.stores.given import TENANT, first_step, go_on, load, put, task


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "flowmaster.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(path)
    yield opened
    opened.close()


def _refusal(path: Path) -> FlowMasterError:
    with pytest.raises(FlowMasterError) as caught:
        SqliteStore(path)
    return caught.value


def test_a_closed_store_opens_again_with_all_it_held(path: Path) -> None:
    store = SqliteStore(path)
    put(store, first_step("order:1", task(3, 2)))
    before = load(store.reader(), "order:1")
    store.close()
    again = SqliteStore(path)
    assert load(again.reader(), "order:1") == before
    again.close()


def test_commits_are_durable_and_the_log_is_write_ahead(store: SqliteStore, path: Path) -> None:
    peer = apsw.Connection(str(path))
    assert peer.pragma("journal_mode") == "wal"
    assert store._db.value("PRAGMA synchronous") == 2
    assert peer.pragma("user_version") == len(MIGRATIONS)
    assert peer.pragma("foreign_key_check") is None
    peer.close()


def test_folders_that_are_made_survive_a_power_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[Path] = []
    real = os.fsync

    def fsync(opened: int) -> None:
        flushed.append(Path(f"/proc/self/fd/{opened}").resolve())
        real(opened)

    monkeypatch.setattr("os.fsync", fsync)
    SqliteStore(tmp_path / "a" / "b" / "flowmaster.db").close()
    assert flushed == [tmp_path, tmp_path / "a"]
    SqliteStore(tmp_path / "a" / "b" / "flowmaster.db").close()
    assert len(flushed) == 2


def test_a_file_of_a_later_version_is_refused_and_left_alone(path: Path) -> None:
    SqliteStore(path).close()
    peer = apsw.Connection(str(path))
    peer.pragma("user_version", len(MIGRATIONS) + 1)
    peer.close()
    before = path.read_bytes()
    error = _refusal(path)
    assert error.code == "store.newer"
    assert "Update FlowMaster" in error.fix
    assert path.read_bytes() == before


def test_a_database_of_another_program_is_refused_and_left_alone(path: Path) -> None:
    path.parent.mkdir()
    peer = apsw.Connection(str(path))
    peer.execute("CREATE TABLE customer (name TEXT)")
    peer.close()
    before = path.read_bytes()
    assert _refusal(path).code == "store.foreign"
    assert path.read_bytes() == before
    peer = apsw.Connection(str(path))
    assert peer.execute("SELECT name FROM sqlite_schema").fetchall() == [("customer",)]
    peer.close()


@pytest.mark.parametrize("replaced", [True, False])
def test_a_file_that_is_taken_away_takes_no_more_changes(
    path: Path, replaced: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flowmaster.stores.sqlite.store.LOOK_SECONDS", 0.0)
    store = SqliteStore(path)
    put(store, first_step("order:1"))
    kept = path.rename(path.with_name("kept.db"))
    if replaced:
        path.write_bytes(b"")
    with pytest.raises(FlowMasterError) as caught:
        put(store, first_step("order:2"))
    assert (caught.value.code, caught.value.status) == ("store.gone", 500)
    kept.replace(path)
    put(store, first_step("order:2"))
    assert store.reader().load(TENANT, "order:2") is not None
    store.close()


def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"Dear diary, " * 1000)
    assert _refusal(path).code == "store.corrupt"
    assert path.read_bytes() == b"Dear diary, " * 1000


def test_damage_inside_the_file_is_told_as_such(path: Path) -> None:
    store = SqliteStore(path)
    put(store, *[first_step(f"order:{number}", task(3, 2)) for number in range(200)])
    store.close()
    data = bytearray(path.read_bytes())
    data[4096 * 2 :] = b"\xff" * (len(data) - 4096 * 2)
    path.write_bytes(data)
    with pytest.raises(FlowMasterError) as caught:
        _read_everything(path)
    assert caught.value.code == "store.corrupt"


def _read_everything(path: Path) -> None:
    store = SqliteStore(path)
    try:
        store.reader().find_instances(TENANT, rows.InstanceFilter(query="order"))
    finally:
        store.close()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert _refusal(tmp_path / "file" / "flowmaster.db").code == "store.unwritable"


def test_a_path_that_is_a_folder_is_told(tmp_path: Path) -> None:
    assert _refusal(tmp_path).code == "store.unwritable"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert _refusal(tmp_path / "flowmaster.db").code == "store.unwritable"


def test_a_full_disk_refuses_the_call_and_keeps_the_rest(store: SqliteStore) -> None:
    put(store, first_step("order:1"))
    pages = store._db.value("PRAGMA page_count")
    store._db.value(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(FlowMasterError) as caught:
        put(store, first_step("order:2", variables={"text": "x" * 100_000}))
    assert (caught.value.code, caught.value.status) == ("store.full", 507)
    store._db.value("PRAGMA max_page_count = 1000000")
    assert store.reader().load(TENANT, "order:2") is None
    put(store, first_step("order:2"))
    assert store._db.value("PRAGMA integrity_check") == "ok"
    assert store.reader().find_instances(TENANT, rows.InstanceFilter()).total == 2


def test_a_write_waits_for_others_only_so_long(path: Path) -> None:
    first, second = SqliteStore(path), SqliteStore(path, busy_ms_max=30)
    with first.transaction() as transaction:
        transaction.append(first_step("order:1"))
        with pytest.raises(FlowMasterError) as caught:
            put(second, first_step("order:2"))
    assert (caught.value.code, caught.value.status) == ("store.busy", 503)
    put(second, first_step("order:2"))
    assert first.reader().find_instances(TENANT, rows.InstanceFilter()).total == 2
    first.close()
    second.close()


def test_words_of_one_process_are_understood_by_another(path: Path) -> None:
    first, second = SqliteStore(path), SqliteStore(path)
    put(first, first_step("order:1", task(3, 2, roles=["clerk"]), labels={"approve": "Check"}))
    (row,) = second.reader().find_tasks(TENANT, rows.TaskFilter(roles=["clerk"])).items
    assert row.name == "Check"
    put(second, first_step("leave:1", task(3, 2, roles=["clerk", "boss"])))
    assert first.reader().find_tasks(TENANT, rows.TaskFilter(roles=["boss"])).items[0].process == "leave"
    first.close()
    second.close()


def test_each_thread_reads_while_another_writes(store: SqliteStore) -> None:
    put(store, first_step("order:0", variables={"n": 0}))
    stop = threading.Event()
    problems: list[str] = []

    def read() -> None:
        reader = store.reader()
        while not stop.is_set():
            page = reader.find_instances(TENANT, rows.InstanceFilter(limit=1_000))
            if page.total != len(page.items):
                problems.append(f"{page.total} is not {len(page.items)}")

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(1, 60):
        put(store, first_step(f"order:{number}", task(3, 2)))
    stop.set()
    for thread in threads:
        thread.join(5)
    assert problems == []


def _tamper(path: Path, statement: str) -> None:
    peer = apsw.Connection(str(path))
    peer.execute(statement)
    peer.close()


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE journal SET events = replace(events, '5000', '6000') WHERE first = 1", 1),
        ("UPDATE journal SET at = at + 1 WHERE first = 4", 4),
        ("UPDATE journal SET by = (SELECT max(id) FROM word) WHERE first = 4", 4),
        ("UPDATE journal SET reason = 'None at all.' WHERE first = 5", 5),
        ("UPDATE journal SET erased = randomblob(32) WHERE first = 4", 4),
        ("DELETE FROM journal WHERE first = 4", 4),
        ("DELETE FROM journal WHERE first = 1", 1),
        ("DELETE FROM journal WHERE first = 5", 5),
        ("UPDATE journal SET hash = randomblob(32) WHERE first = 4", 4),
    ],
)
def test_a_changed_journal_is_found_out(store: SqliteStore, path: Path, statement: str, broken: int) -> None:
    put(store, first_step("order:1", task(3, 2), variables={"total": 5000}))
    go_on(store, "order:1", ev.InstancePaused("a"))
    go_on(store, "order:1", ev.InstanceResumed("b"))
    _tamper(path, statement)
    assert store.reader().verify(TENANT, "order:1").broken == broken


def test_no_list_of_waits_or_instances_reads_a_whole_table(store: SqliteStore) -> None:
    plans = {
        "SELECT min(due) FROM wait WHERE kind = 3 AND due IS NOT NULL AND held & 5 = 0": "wait_due",
        "SELECT 1 FROM wait WHERE kind = 4 AND tenant = 1 AND topic = 2 AND key = 'k'": "wait_event",
        "SELECT 1 FROM wait WHERE kind = 2 AND held = 0 AND tenant = 1 AND topic IN (1, 2)": "wait_job",
        "SELECT 1 FROM instance WHERE tenant = 1 AND sandbox IN (0) AND status IN (1) AND process = 1": "instance_status",
        "SELECT 1 FROM instance WHERE tenant = 1 AND business_key = 'k'": "instance_business_key",
        "SELECT 1 FROM instance WHERE tenant = 1 AND parent = 'k'": "instance_parent",
        "SELECT hash FROM journal WHERE scope = 1 AND first < 5 ORDER BY first DESC LIMIT 1": "journal_scope",
    }
    for statement, index in plans.items():
        plan = " ".join(str(row[-1]) for row in store._db.all(f"EXPLAIN QUERY PLAN {statement}"))
        assert f"INDEX {index}" in plan, f"{statement}: {plan}"
