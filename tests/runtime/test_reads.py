"""Slow reads run beside the event loop, bounded, and tenants take turns at them; quick ones stay where they are."""

import asyncio
import threading
from collections.abc import Callable
from functools import partial

import pytest

from flowmaster.engine.errors import FlowMasterError
from flowmaster.runtime import reads as module
from flowmaster.runtime.bounds import Bounds
from flowmaster.runtime.reads import Reads
from tests.runtime.held import run


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Reads]:
    """Return what makes reads of which every kind has turned out slow."""
    monkeypatch.setattr(module, "SLOW_SECONDS", -1.0)

    def made(**bounds: int) -> Reads:
        return Reads(Bounds(**bounds))

    return made


def test_a_read_runs_on_the_loop_until_one_of_its_kind_was_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    async def play() -> None:
        reads, here = Reads(Bounds()), threading.get_ident()
        assert await reads.run("a", "quick", threading.get_ident) == here
        assert await reads.run("a", "quick", threading.get_ident) == here
        monkeypatch.setattr(module, "SLOW_SECONDS", -1.0)
        assert await reads.run("a", "slow", threading.get_ident) == here
        monkeypatch.setattr(module, "SLOW_SECONDS", 3600.0)
        assert await reads.run("a", "slow", threading.get_ident) != here
        assert await reads.run("b", "slow", threading.get_ident) == here
        assert await reads.run("a", "quick", threading.get_ident) == here
        monkeypatch.setattr(module, "time", _Later())
        assert await reads.run("a", "slow", threading.get_ident) == here

    run(play)


class _Later:
    """The clock an hour from now."""

    def monotonic(self) -> float:
        """Return the time."""
        import time

        return time.monotonic() + 3600


def test_tenants_take_turns_and_what_is_too_much_is_refused(reads: Callable[..., Reads]) -> None:
    async def play() -> None:
        found = reads(reads=3, tenant_reads=2, reads_waiting=4)
        for tenant in "ab":
            await found.run(tenant, "list", lambda: None)
        free, begun = threading.Event(), list[str]()

        def reading(tenant: str) -> Callable[[], str]:
            def read() -> str:
                begun.append(tenant)
                assert free.wait(10)
                return tenant

            return read

        many = [asyncio.ensure_future(found.run("a", "list", reading("a"))) for _ in range(6)]
        while len(begun) < 2:
            await asyncio.sleep(0.001)
        with pytest.raises(FlowMasterError, match="4 long reads") as refused:
            await found.run("a", "list", reading("a"))
        assert (refused.value.code, refused.value.status) == ("server.overloaded", 429)
        assert refused.value.retry_after >= 1
        one = asyncio.ensure_future(found.run("b", "list", reading("b")))
        while "b" not in begun:
            await asyncio.sleep(0.001)
        assert begun == ["a", "a", "b"]
        many[-1].cancel()
        free.set()
        assert await one == "b"
        assert await asyncio.gather(*many[:-1]) == ["a"] * 5
        assert (found._running.total(), found._waiting) == (0, {})

    run(play)


def test_a_tenant_that_waits_gets_the_next_turn_before_the_many_of_another(
    reads: Callable[..., Reads],
) -> None:
    async def play() -> None:
        found, order = reads(reads=1, tenant_reads=1), list[str]()
        for tenant in "abc":
            await found.run(tenant, "list", lambda: None)
        calls = [found.run(tenant, "list", partial(order.append, tenant)) for tenant in "aaaabc"]
        await asyncio.gather(*calls)
        assert order[:4] in (["a", "a", "b", "c"], ["a", "b", "c", "a"], ["a", "b", "a", "c"])

    run(play)
