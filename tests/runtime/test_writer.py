"""The writer: many pieces of work share a commit, and none takes another with it."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from flowmaster.engine.errors import FlowMasterError
from flowmaster.runtime.pieces import Undone
from flowmaster.runtime.writer import Writer
from flowmaster.stores.memory.store import MemoryStore
from flowmaster.stores.protocol import Store, Transaction
from flowmaster.stores.sqlite.store import SqliteStore

TENANT = "acme"


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "flowmaster.db")


def done_together(store: Store, *works: Callable[[Transaction], object]) -> list[object]:
    """Have pieces of work done in one batch, and return their results or refusals."""
    writer = Writer(store)

    async def all_at_once() -> list[object]:
        return await asyncio.gather(*(writer.do(work) for work in works), return_exceptions=True)

    found = asyncio.run(all_at_once())
    writer.close()
    return found


def setting(name: str, *, refused: bool = False) -> Callable[[Transaction], int]:
    """Return work that sets a setting, and may then be refused."""

    def work(transaction: Transaction) -> int:
        transaction.put_setting(TENANT, name, True)
        number = transaction.next_number(TENANT, "order")
        if refused:
            raise FlowMasterError("test.refused", "No.", fix="Ask otherwise.")
        return number

    return work


def only_refused(transaction: Transaction) -> None:
    raise FlowMasterError("test.refused", "No.", fix="Ask otherwise.")


def names(store: Store) -> list[str]:
    reader = store.reader()
    return [name for name in ("a", "b", "c", "d") if reader.setting(TENANT, name)]


def test_a_refused_piece_that_has_changed_something_takes_nothing_of_the_others_with_it(store: Store) -> None:
    found = done_together(
        store, setting("a"), setting("b", refused=True), setting("c"), only_refused, setting("d")
    )
    assert [one for one in found if isinstance(one, int)] == [1, 2, 3]
    assert [one.code for one in found if isinstance(one, FlowMasterError)] == ["test.refused"] * 2
    assert names(store) == ["a", "c", "d"]
    store.close()


def test_many_refused_pieces_in_a_row_leave_the_rest_alone(store: Store) -> None:
    writer = Writer(store)

    async def play() -> None:
        for turn in range(100):
            refused = writer.do(setting("b", refused=True))
            kept = writer.do(setting("a"))
            answers = await asyncio.gather(refused, kept, writer.do(only_refused), return_exceptions=True)
            assert isinstance(answers[0], FlowMasterError)
            assert answers[1] == turn + 1
            assert isinstance(answers[2], FlowMasterError)

    asyncio.run(play())
    writer.close()
    assert names(store) == ["a"]
    store.close()


def test_a_dry_run_among_others_is_undone_alone(store: Store) -> None:
    def tried(transaction: Transaction) -> None:
        setting("b")(transaction)
        raise Undone("as it would be")

    writer = Writer(store)

    async def play() -> list[object]:
        first = writer.do(setting("a"))
        return [*await asyncio.gather(first, writer.do(tried, apart=True), writer.do(setting("c")))]

    assert asyncio.run(play()) == [1, "as it would be", 2]
    writer.close()
    assert names(store) == ["a", "c"]
    store.close()


def test_a_single_piece_that_is_refused_changes_nothing(store: Store) -> None:
    (refusal,) = done_together(store, setting("a", refused=True))
    assert isinstance(refusal, FlowMasterError)
    assert not names(store)
    assert done_together(store, setting("c")) == [1]
    store.close()
