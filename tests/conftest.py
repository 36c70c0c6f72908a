"""How properties are tried: by chance at home, so that new cases are found; the same cases each time in CI."""

import gc
import os
from collections.abc import Iterator

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
