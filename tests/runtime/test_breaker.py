"""What fails again and again is left alone for a while, and then tried with one job."""

import asyncio
from typing import Any

import pytest

from flowmaster.connectors.connector import UNREACHABLE, Work
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.values import Json
from flowmaster.runtime import breaker
from flowmaster.runtime.breaker import CIRCUITS_MAX, FAILURES, PAUSE, PAUSE_MAX, Breaker
from flowmaster.server import wiring
from tests.acceptance.agent import Agent, played

KEY = ("t", "http.request", "https://bank")
TRIAL = 1000


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


def opened(clock: Clock, failures: int = FAILURES) -> Breaker:
    """Return a breaker whose circuit has failed so often."""
    found = Breaker(clock)
    for number in range(failures):
        assert found.failed(KEY) is (number + 1 >= FAILURES)
    return found


def test_a_circuit_opens_after_failures_in_a_row_and_lets_one_trial_go_after_its_pause() -> None:
    clock = Clock()
    found = opened(clock)
    assert found.held_until(KEY, TRIAL) == PAUSE
    assert found.held_until((*KEY[:2], "https://shop"), TRIAL) is None
    assert found.held_until(("other", *KEY[1:]), TRIAL) is None
    clock.now = PAUSE
    assert found.held_until(KEY, TRIAL) is None
    assert found.held_until(KEY, TRIAL) == PAUSE + TRIAL
    assert found.failed(KEY)
    assert found.held_until(KEY, TRIAL) == PAUSE + 2 * PAUSE
    clock.now = PAUSE_MAX
    assert found.held_until(KEY, TRIAL) is None
    found.succeeded(KEY)
    assert found.held_until(KEY, TRIAL) is None
    assert not found.failed(KEY)


def test_a_success_in_between_begins_the_count_anew_and_pauses_have_an_end() -> None:
    clock = Clock()
    found = opened(clock, FAILURES - 1)
    found.succeeded(KEY)
    assert not found.failed(KEY)
    assert opened(clock, 40).held_until(KEY, TRIAL) == PAUSE_MAX


def test_only_so_many_circuits_are_kept() -> None:
    found = opened(Clock())
    for number in range(CIRCUITS_MAX):
        found.failed(("t", "http.request", str(number)))
    assert found.held_until(KEY, TRIAL) is None


class Bank:
    """A connector whose bank is down until it is up again."""

    type = "bank"
    about = "Talks to a bank."

    def __init__(self, status: int) -> None:
        self.asked = 0
        self.is_up = False
        self.status = status

    def connection(self, work: Work) -> str:
        """Talk to one bank."""
        return "https://bank"

    async def run(self, work: Work) -> dict[str, Json]:
        """Answer, or fail."""
        self.asked += 1
        if self.is_up:
            return {}
        raise FlowMasterError("bank.down", "The bank is down.", status=self.status)


PAY: dict[str, Any] = {"process": "pay", "steps": [{"pay": {"call": "bank", "retry": 1}}, {"end": "paid"}]}


async def until(agent: Agent, status: str, count: int) -> None:
    """Wait until so many instances have a status."""
    found = -1
    for _ in range(200):
        found = len((await agent.ask("instance_find", process="pay", status=status))["items"])
        if found == count:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{found} instances are {status}")


@pytest.mark.parametrize("status", [UNREACHABLE, 422])
def test_jobs_of_a_connection_that_is_down_wait_and_lose_no_try(
    monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(breaker, "PAUSE", 1500)
    bank = Bank(status)
    monkeypatch.setattr(wiring, "connectors", lambda: {bank.type: bank})

    async def play(agent: Agent) -> None:
        await agent.published(PAY)
        for _ in range(FAILURES):
            await agent.started("pay")
        while bank.asked < FAILURES:
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.2)
        for _ in range(4):
            await agent.started("pay")
        await asyncio.sleep(0.5)
        if status != UNREACHABLE:
            assert bank.asked == FAILURES + 4
            return
        assert bank.asked == FAILURES
        bank.is_up = True
        await until(agent, "completed", 4)

    played(play)
