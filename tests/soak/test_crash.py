"""Whatever the server acknowledged survives its death, and nothing is done twice."""

import sys

import pytest

from tests.soak.crash import run


def test_a_server_killed_under_load_loses_and_doubles_nothing() -> None:
    report = run(kills=3, seed=7, command=[sys.executable, "-m", "flowmaster"])
    assert report.faults == []
    assert report.instances > 0


@pytest.mark.soak
def test_a_server_killed_a_thousand_times_loses_and_doubles_nothing() -> None:
    report = run(kills=1_000, seed=1, command=[sys.executable, "-m", "flowmaster"])
    print(report.line())
    assert report.faults == []
