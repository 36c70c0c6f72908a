"""The overview of health names the broken part, and since when."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import httpx
import pytest

from flowmaster.engine.errors import FlowMasterError
from flowmaster.runtime.clock import MachineClock
from flowmaster.runtime.observation import health
from flowmaster.runtime.runtime import Runtime
from flowmaster.stores.memory.store import MemoryStore, MemoryTransaction
from flowmaster.tools.app import App
from tests.doors.sample import sample_app
from tests.doors.test_http import with_client


class Away:
    """A store that is away, until it comes back."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self.is_there = False

    def reader(self) -> Any:
        """Return what reads, or nothing of it."""
        return self.store.reader() if self.is_there else self

    def setting(self, tenant: str, name: str) -> Any:
        """Refuse."""
        raise FlowMasterError(
            "store.unreachable", "The database at db.internal is away.", fix="Wait.", status=503
        )


@pytest.fixture
def app() -> App:
    """Return an app whose store may go away."""
    return sample_app()


def test_the_overview_names_a_store_that_is_away_since_when_and_forgets_it_when_it_is_back(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = Away(app.runtime.store)
    app.runtime.store = cast("Any", away)
    clock = iter([1_770_000_000_000, 1_770_000_060_000])
    monkeypatch.setattr(health, "real_now", lambda: next(clock))

    async def use(client: httpx.AsyncClient) -> list[tuple[int, Any]]:
        told = []
        for is_there in (False, False, True):
            away.is_there = is_there
            answer = await client.get("/health")
            told.append((answer.status_code, answer.json()))
        return told

    first, second, third = with_client(use, app)
    broken = [{"part": "store", "since": "2026-02-02T02:40:00Z", "code": "store.unreachable"}]
    assert first == (503, {"status": "failing", "version": first[1]["version"], "broken": broken})
    assert second == first
    assert third == (200, {"status": "ok", "version": first[1]["version"]})


def test_a_part_that_no_call_needs_leaves_the_server_degraded_and_its_message_untold(app: App) -> None:
    app.runtime.observed.health.broken(health.TIMERS, "store.busy", "The secret insides.")
    answer = with_client(lambda client: client.get("/health"), app)
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert [each["part"] for each in answer.json()["broken"]] == ["timers"]
    assert "secret" not in answer.text


def test_a_commit_that_fails_breaks_the_writer_until_one_succeeds() -> None:
    class Full(MemoryStore):
        """A store on a disk that is full at first."""

        is_full = True

        @contextmanager
        def transaction(self, *, at_once: bool = False) -> Iterator[MemoryTransaction]:
            if self.is_full:
                raise FlowMasterError("store.full", "The disk is full.", fix="Make room.", status=507)
            with super().transaction(at_once=at_once) as transaction:
                yield transaction

    store = Full()
    runtime = Runtime(store, MachineClock())
    with pytest.raises(FlowMasterError, match="disk is full"):
        runtime.writer.do_now(lambda _: None)
    assert runtime.observed.health.troubles["writer"].code == "store.full"
    assert runtime.observed.health.status == "failing"
    store.is_full = False
    runtime.writer.do_now(lambda _: None)
    assert runtime.observed.health.status == "ok"
    runtime.writer.close()
