"""Servers that share a database: any of them may be killed, and the database, and nothing is lost or done twice."""

import random
import sys
import time
from pathlib import Path

import pytest

from tests.postgres import cluster
from tests.soak.crash import Report, Server, run
from tests.soak.cut import Line

COMMAND = [sys.executable, "-m", "flowmaster"]


def troubled(
    kills: int, seed: int, *, database_every: int = 0, cut_every: int = 0, cut_seconds_max: float = 0.0
) -> Report:
    """Kill servers; now and then also the database, or cut the line between one server and the database."""
    place, chance = cluster().fresh(), random.Random(seed)
    line = Line(place)

    def trouble(done: int, _: Server) -> list[str]:
        if database_every and done % database_every == database_every - 1:
            cluster().stop("immediate")
            time.sleep(0.3)
            cluster().start()
        if cut_every and done % cut_every == cut_every - 1:
            line.cut()
            time.sleep(chance.uniform(0.1, cut_seconds_max))
            line.mend()
        return []

    def first(data: Path) -> Server:
        return Server(COMMAND, data, line.url)

    try:
        report = run(kills, seed, COMMAND, store=place, first=first, servers=3, trouble=trouble)
    finally:
        line.close()
    print(report.line())
    return report


def test_three_servers_and_their_database_killed_under_load_lose_and_double_nothing() -> None:
    report = troubled(5, 7, database_every=3)
    assert report.faults == []
    assert report.instances > 0


def test_a_server_that_is_cut_off_from_its_database_loses_and_doubles_nothing() -> None:
    report = troubled(3, 5, cut_every=1, cut_seconds_max=2.0)
    assert report.faults == []
    assert report.instances > 0


@pytest.mark.soak
def test_three_servers_killed_and_cut_off_and_their_database_killed_lose_and_double_nothing() -> None:
    report = troubled(300, 1, database_every=10, cut_every=7, cut_seconds_max=8.0)
    assert report.faults == []


@pytest.mark.soak
def test_a_server_that_is_cut_off_again_and_again_loses_and_doubles_nothing() -> None:
    report = troubled(60, 2, cut_every=1, cut_seconds_max=12.0)
    assert report.faults == []
