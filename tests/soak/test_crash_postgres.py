"""Servers that share a database: any of them may be killed, and the database, and nothing is lost or done twice."""

import sys
import time

import pytest

from tests.postgres import cluster
from tests.soak.crash import Report, run


def killed(kills: int, seed: int, *, database_every: int) -> Report:
    """Kill servers, and now and then the database, which is down for a moment."""

    def trouble(done: int) -> None:
        if done % database_every == database_every - 1:
            cluster().stop("immediate")
            time.sleep(0.3)
            cluster().start()

    command = [sys.executable, "-m", "flowmaster"]
    return run(kills, seed, command, store=cluster().fresh(), servers=3, trouble=trouble)


def test_three_servers_and_their_database_killed_under_load_lose_and_double_nothing() -> None:
    report = killed(5, 7, database_every=3)
    assert report.faults == []
    assert report.instances > 0


@pytest.mark.soak
def test_three_servers_and_their_database_killed_many_times_lose_and_double_nothing() -> None:
    report = killed(300, 1, database_every=10)
    assert report.faults == []
