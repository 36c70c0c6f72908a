"""What is made ahead of a commit is told only when the commit has come to its end."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from flowmaster.engine.errors import FlowMasterError
from flowmaster.runtime.desk import Desk, Pending
from flowmaster.runtime.effects import FOLLOW
from flowmaster.runtime.runtime import Outcome
from flowmaster.runtime.writer import Writer
from flowmaster.stores.protocol import Transaction
from flowmaster.stores.rows import Contended
from flowmaster.stores.sql.database import Values
from flowmaster.stores.sqlite.store import SqliteStore, SqliteTransaction
from flowmaster.tools import instances
from flowmaster.tools.instance_view import InstanceView, after
from flowmaster.tools.registry import Call
from tests.runtime.held import agent_of, count, held_app, queued, run, start, store_of

TENANT = "acme"
PIECES = 6


class LateStore(SqliteStore):
    """SQLite whose commits fail at their end, so many times."""

    failing: int = 0
    error: Exception = FlowMasterError("store.full", "The disk is full.", fix="Free space.", status=507)

    @contextmanager
    def transaction(self, *, at_once: bool = False) -> Iterator[SqliteTransaction]:
        with super().transaction(at_once=at_once) as transaction:
            yield transaction
            if self.failing:
                self.failing -= 1
                raise self.error


def number(transaction: Transaction) -> list[int]:
    """Take a number, in a list that is told apart from other lists."""
    return [transaction.next_number(TENANT, "order")]


def done(store: SqliteStore) -> tuple[list[object], list[list[int]]]:
    """Have pieces done in one commit; return what came of them, and what was seen ahead."""
    writer = Writer(store)
    ahead: list[list[int]] = []

    async def all_at_once() -> list[object]:
        calls = (writer.do(number, lasting=True, ahead=ahead.append) for _ in range(PIECES))
        return [*await asyncio.gather(*calls, return_exceptions=True)]

    found = asyncio.run(all_at_once())
    writer.close()
    return found, ahead


def test_results_are_seen_ahead_of_the_commit_that_stores_them(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "flowmaster.db")
    found, ahead = done(store)
    assert found == [[one] for one in range(1, PIECES + 1)]
    assert [id(one) for one in ahead] == [id(one) for one in found][-len(ahead) :]
    assert len(ahead) >= PIECES - 1, "at most the first piece has gone alone"


@pytest.mark.parametrize("contended", [True, False])
def test_a_commit_that_fails_behind_them_answers_with_its_failure(tmp_path: Path, contended: bool) -> None:
    store = LateStore(tmp_path / "flowmaster.db")
    store.failing = 2
    if contended:
        store.error = Contended()
    found, ahead = done(store)
    if contended:  # Each was done again, and what it gave then is what was told.
        assert sorted(map(str, found)) == [f"[{one}]" for one in range(1, PIECES + 1)]
        assert len(ahead) > PIECES
    else:
        refused = [one for one in found if isinstance(one, FlowMasterError)]
        assert [one.code for one in refused] == ["store.full"] * len(refused)
        assert len(refused) >= PIECES - 1
        assert store.reader().counter(TENANT, "order") == PIECES - len(refused)


def test_who_fails_ahead_is_answered_all_the_same(tmp_path: Path) -> None:
    writer = Writer(SqliteStore(tmp_path / "flowmaster.db"))

    def fail(found: list[int]) -> None:
        raise ValueError(found)

    async def play() -> None:
        found = await asyncio.gather(*(writer.do(number, lasting=True, ahead=fail) for _ in range(PIECES)))
        assert sorted(found) == [[one] for one in range(1, PIECES + 1)]

    asyncio.run(play())
    writer.close()


def test_nothing_is_answered_before_it_is_stored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made: list[str] = []
    show = after

    def noted(call: Call, outcome: Outcome[str], instance: str) -> InstanceView:
        made.append(instance)
        return show(call, outcome, instance)

    monkeypatch.setattr(instances, "after", noted)

    async def play() -> None:
        async with held_app(monkeypatch, tmp_path) as app:
            store, loop = store_of(app), asyncio.get_running_loop()
            made.clear()  # Publishing has played a scenario.
            store.free.clear()
            calls = [asyncio.ensure_future(start(app, "a")) for _ in range(PIECES)]
            commit, answered = store._db.run, list[list[bool]]()

            async def all_made() -> list[bool]:
                while len(made) < PIECES:
                    await asyncio.sleep(0.001)
                return [call.done() for call in calls]

            def watched(statement: str, values: Values = ()) -> None:
                if statement == "COMMIT" and not answered:
                    answered.append(asyncio.run_coroutine_threadsafe(all_made(), loop).result(10))
                commit(statement, values)

            monkeypatch.setattr(store._db, "run", watched)
            await asyncio.sleep(0.05)
            store.free.set()
            views = [answer.data() for answer in await asyncio.gather(*calls)]
            assert answered == [[False] * PIECES]
            assert [view["instance"] for view in views] == made, "each was made once"
            assert count(app, "a") == PIECES

    run(play)


TELLING: dict[str, Any] = {
    "process": "tell",
    "roles": ["clerk"],
    "data": {"ok": "boolean"},
    "start": {},
    "steps": [
        {"check": {"ask": "clerk", "into": "ok"}},
        {"tell": {"send": "told", "key": "string(1)"}},
        {"again": {"ask": "clerk", "into": "ok"}},
        {"end": "done"},
    ],
}


def test_where_an_effect_had_to_be_taken_back_the_answer_waits_for_the_commit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(desk: Desk, pending: Pending) -> bool:
        raise FlowMasterError("test.broken", "An effect that fails.", fix="None.")

    async def play() -> None:
        async with held_app(monkeypatch, tmp_path) as app:
            agent = agent_of(app, "a")
            await agent.published(TELLING)
            begun = [await agent.ask("instance_start", process="tell") for _ in range(PIECES)]
            tasks = [one["waiting"][0]["task"] for one in begun]
            monkeypatch.setitem(FOLLOW, "message", broken)
            store_of(app).free.clear()
            asked = {"action": "complete", "variables": {"ok": True}, "as_user": "ann"}
            calls = await queued(app, *(agent.answer("task_act", {"task": one, **asked}) for one in tasks))
            store_of(app).free.set()
            told = [answer.data() for answer in await asyncio.gather(*calls)]
            assert {one["state"] for one in told} == {"completed"}
            assert {one["waiting"][0]["element"] for one in told} == {"again"}

    run(play)
