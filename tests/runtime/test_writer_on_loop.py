"""The writer does brief work on the callers' loop, and what may take long, or has to wait, on its thread."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from flowmaster.engine.errors import FlowMasterError
from flowmaster.runtime import writer as writing
from flowmaster.runtime.writer import Writer
from flowmaster.stores.protocol import Transaction
from flowmaster.stores.sqlite import connection
from flowmaster.stores.sqlite.store import SqliteStore

TENANT = "acme"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path / "flowmaster.db")
    yield opened
    opened.close()


@pytest.fixture
def writer(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[Writer]:
    monkeypatch.setattr(writing, "FLUSH_SECONDS", 10.0)  # However slow the disk of the tests is.
    opened = Writer(store)
    yield opened
    opened.close()


def where(transaction: Transaction) -> int:
    """Take a number, and return on which thread that was."""
    transaction.next_number(TENANT, "order")
    return threading.get_ident()


def slow(transaction: Transaction) -> int:
    """Take longer than a step does."""
    time.sleep(2 * writing.LONG_SECONDS)
    return where(transaction)


def taken(store: SqliteStore) -> int:
    return store.reader().counter(TENANT, "order")


def played(play: Callable[[], "asyncio.Future[object] | object"]) -> None:
    """Play a test, for a minute at most."""

    async def whole() -> None:
        async with asyncio.timeout(60):
            found = play()
            if asyncio.iscoroutine(found):
                await found

    asyncio.run(whole())


def test_brief_work_is_done_where_its_caller_is_and_other_work_is_not(
    store: SqliteStore, writer: Writer
) -> None:
    async def play() -> None:
        here = threading.get_ident()
        assert await asyncio.gather(*(writer.do(where) for _ in range(5))) == [here] * 5
        assert await writer.do(where, lasting=True) != here
        together = await asyncio.gather(writer.do(where), writer.do(where, lasting=True), writer.do(where))
        assert here not in together, "what shares a commit with lasting work is done with it"
        assert await writer.do(where) == here
        assert taken(store) == 10

    played(play)


def test_work_that_took_long_keeps_all_work_from_the_loop_for_a_while(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "LONG_SHARE", 5)

    async def play() -> None:
        here = threading.get_ident()
        begun = time.monotonic()
        assert await writer.do(slow) == here
        assert await writer.do(where) != here
        while await writer.do(where) != here:
            await asyncio.sleep(0.01)
        assert time.monotonic() - begun >= 5 * 2 * writing.LONG_SECONDS

    played(play)


def test_a_slow_disk_is_left_to_the_thread(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "FLUSH_SECONDS", 0.0)
    monkeypatch.setattr(writing, "LONG_SHARE", 1_000_000)

    async def play() -> None:
        here = threading.get_ident()
        assert [await writer.do(where) == here for _ in range(4)] == [True, False, False, False]

    played(play)


def test_while_another_process_writes_the_loop_goes_on(
    store: SqliteStore, writer: Writer, tmp_path: Path
) -> None:
    async def play() -> None:
        other = apsw.Connection(str(tmp_path / "flowmaster.db"))
        other.execute("BEGIN IMMEDIATE")
        calls = [asyncio.ensure_future(writer.do(where)) for _ in range(3)]
        longest, last = 0.0, time.monotonic()
        for _ in range(30):
            await asyncio.sleep(0.005)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
        assert longest < 1.0
        assert not any(call.done() for call in calls)
        other.execute("COMMIT")
        other.close()
        here = threading.get_ident()
        assert here not in await asyncio.gather(*calls)
        assert taken(store) == 3

    played(play)


def test_a_thread_that_waits_for_the_writer_on_the_loop_is_served(store: SqliteStore, writer: Writer) -> None:
    async def play() -> None:
        call = asyncio.ensure_future(writer.do(where))
        await asyncio.sleep(0)  # The loop is asked, and busy from now on.
        assert writer.do_now(where) != threading.get_ident()
        await call
        assert taken(store) == 2

    played(play)


def test_what_a_loop_left_when_it_was_closed_is_done_by_the_thread(
    store: SqliteStore, writer: Writer
) -> None:
    loop = asyncio.new_event_loop()
    left = loop.create_task(writer.do(where))
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.set_exception_handler(lambda *_: None)  # The call is left behind on purpose.
    loop.close()
    assert writer.do_now(where) != threading.get_ident()
    assert taken(store) == 2
    del left


def test_closing_stores_what_a_loop_was_asked_for(store: SqliteStore, writer: Writer) -> None:
    async def play() -> None:
        calls = [asyncio.ensure_future(writer.do(where)) for _ in range(3)]
        await asyncio.sleep(0)
        await asyncio.to_thread(writer.close)
        await asyncio.gather(*calls)
        with pytest.raises(FlowMasterError, match="shutting down"):
            await writer.do(where)

    played(play)
    assert taken(store) == 3


def test_a_full_log_is_moved_into_the_file_by_the_thread(
    store: SqliteStore, writer: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LOG_PAGES", 8)
    log = tmp_path / "flowmaster.db-wal"

    async def play() -> None:
        here = threading.get_ident()
        places = [await writer.do(where) == here for _ in range(200)]
        assert 10 < places.count(False) < 100, "now and then the thread has moved the log"
        assert taken(store) == 200

    played(play)
    assert log.stat().st_size < 64 * 5_000


def test_a_writer_that_is_closed_while_a_loop_works_comes_to_its_end(writer: Writer) -> None:
    closing: list[threading.Thread] = []

    def close_meanwhile(transaction: Transaction) -> int:
        closing.append(threading.Thread(target=writer.close))
        closing[0].start()
        time.sleep(0.1)
        return where(transaction)

    async def play() -> None:
        assert await writer.do(close_meanwhile) == threading.get_ident()
        await asyncio.to_thread(closing[0].join, 10)
        assert not closing[0].is_alive()

    played(play)


def test_whatever_a_piece_ends_in_is_told_and_holds_up_nobody(store: SqliteStore, writer: Writer) -> None:
    def stop(transaction: Transaction) -> int:
        transaction.next_number(TENANT, "order")
        return next(iter(()))

    async def play() -> None:
        here = threading.get_ident()
        with pytest.raises(RuntimeError, match="StopIteration"):
            await writer.do(stop)
        assert await writer.do(where) == here
        assert taken(store) == 1

    played(play)


def test_an_interrupt_at_work_takes_back_what_was_done_and_passes_the_turn_on(
    store: SqliteStore, writer: Writer
) -> None:
    def interrupted(transaction: Transaction) -> int:
        transaction.next_number(TENANT, "order")
        raise KeyboardInterrupt

    async def call(work: Callable[[Transaction], int]) -> int:
        return await writer.do(work)

    loop = asyncio.new_event_loop()
    first = loop.create_task(call(interrupted))
    with pytest.raises(KeyboardInterrupt):
        loop.run_until_complete(first)
    with pytest.raises(RuntimeError, match="stopped at a commit"):
        loop.run_until_complete(first)
    assert loop.run_until_complete(call(where)) == threading.get_ident()
    assert taken(store) == 1
    loop.close()


def test_a_loop_that_was_stopped_keeps_no_other_waiting(store: SqliteStore, writer: Writer) -> None:
    stopped = asyncio.new_event_loop()
    left = stopped.create_task(writer.do(where))
    stopped.call_soon(stopped.stop)
    stopped.run_forever()

    async def play() -> None:
        assert await writer.do(where)

    played(play)
    assert taken(store) == 2
    stopped.run_until_complete(left)
    stopped.close()


def test_threads_that_have_read_leave_nothing_open(store: SqliteStore) -> None:
    def read() -> None:
        store.reader().counter(TENANT, "order")

    for _ in range(20):
        thread = threading.Thread(target=read)
        thread.start()
        thread.join()
    assert len(store.reader()._open) <= 1
