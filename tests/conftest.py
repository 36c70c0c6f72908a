"""How properties are tried: by chance at home, so that new cases are found; the same cases each time in CI."""

import gc
import os
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import settings

from tests.hints import FAILED, watch_calls

settings.register_profile("ci", derandomize=True)
if os.environ.get("CI") == "true":
    settings.load_profile("ci")

# Thousands of modules, models and cases stay in memory; looking through them for circles is a tenth of the time.
gc.set_threshold(50_000, 20, 100)

watch_calls()


@pytest.fixture(autouse=True)
def proposed_calls_succeed() -> Iterator[None]:
    """Fail a test in which an answer proposed a call that is refused."""
    FAILED.clear()
    yield
    assert not FAILED, "\n".join(FAILED)


@pytest.fixture
def jump(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Return what sets the clock of this machine ahead or back by so many milliseconds."""
    ahead = [0]

    def by(milliseconds: int) -> None:
        ahead[0] += milliseconds

    real = time.time_ns
    monkeypatch.setattr("flowmaster.runtime.clock.time.time_ns", lambda: real() + ahead[0] * 1_000_000)
    return by
