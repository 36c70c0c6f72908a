"""Three days of mixed load end with the figures that a model of the load forecasts."""

import sys

import pytest

from tests.postgres import cluster
from tests.soak.days import Report, run

COMMAND = [sys.executable, "-m", "flowmaster"]
KINDS = 27
"""Kinds of happenings that are forecast; with enough cases each of them happens."""


def played(cases: int, seed: int, store: str = "") -> Report:
    """Play three days and show their figures."""
    report = run(cases, seed, COMMAND, store)
    print(report.line())
    return report


def test_three_days_of_load_come_to_what_is_forecast() -> None:
    report = played(300, 1)
    assert report.differences == []
    assert len(report.expected) == KINDS


def test_three_days_of_load_on_a_database_come_to_what_is_forecast() -> None:
    assert played(40, 2, cluster().fresh()).differences == []


@pytest.mark.soak
def test_three_days_of_heavy_load_come_to_what_is_forecast() -> None:
    assert played(20_000, 3).differences == []


@pytest.mark.soak
def test_three_days_of_heavy_load_on_a_database_come_to_what_is_forecast() -> None:
    assert played(3_000, 4, cluster().fresh()).differences == []
