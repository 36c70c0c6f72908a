"""What was answered survives a power failure, since every commit is flushed; without that it would not."""

import pytest

from tests.hints import FAILED
from tests.soak.power import run


def test_a_power_failure_at_any_moment_loses_and_halves_nothing() -> None:
    report = run(losses=40, seed=11)
    assert report.faults == []
    assert report.losses == 40
    assert report.answered > 20


@pytest.mark.parametrize("synchronous", ["NORMAL", "OFF"])
def test_the_same_failures_lose_answered_work_where_commits_are_not_flushed(synchronous: str) -> None:
    assert run(losses=40, seed=11, synchronous=synchronous).lost > 0
    FAILED.clear()  # On a broken file no proposed call needs to succeed.


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1, 5))
def test_power_failures_by_the_hundred_lose_and_halve_nothing(seed: int) -> None:
    report = run(losses=250, seed=seed)
    print(report)
    assert report.faults == []
    assert report.instances > 50
