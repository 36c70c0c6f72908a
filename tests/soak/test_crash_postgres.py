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


def killed(kills: int, seed: int, *, database_every: int) -> Report:
    """Kill servers, and now and then the database, which is down for a moment."""

    def trouble(done: int, _: Server) -> list[str]:
        if done % database_every == database_every - 1:
            cluster().stop("immediate")
            time.sleep(0.3)
            cluster().start()
        return []

    return run(kills, seed, COMMAND, store=cluster().fresh(), servers=3, trouble=trouble)


def cut_off(cuts: int, seed: int, *, seconds_max: float) -> Report:
    """Cut the line between one server and the database again and again, and kill servers beside."""
    place, chance = cluster().fresh(), random.Random(seed)
    line = Line(place)

    def trouble(_: int, __: Server) -> list[str]:
        line.cut()
        time.sleep(chance.uniform(0.1, seconds_max))
        line.mend()
        return []

    def first(data: Path) -> Server:
        return Server(COMMAND, data, line.url)

    try:
        return run(cuts, seed, COMMAND, store=place, first=first, servers=3, trouble=trouble)
    finally:
        line.close()


def test_three_servers_and_their_database_killed_under_load_lose_and_double_nothing() -> None:
    report = killed(5, 7, database_every=3)
    assert report.faults == []
    assert report.instances > 0


@pytest.mark.soak
def test_three_servers_and_their_database_killed_many_times_lose_and_double_nothing() -> None:
    report = killed(300, 1, database_every=10)
    assert report.faults == []


def test_a_server_that_is_cut_off_from_its_database_loses_and_doubles_nothing() -> None:
    report = cut_off(3, 5, seconds_max=2.0)
    assert report.faults == []
    assert report.instances > 0


@pytest.mark.soak
def test_a_server_that_is_cut_off_again_and_again_loses_and_doubles_nothing() -> None:
    report = cut_off(60, 2, seconds_max=12.0)
    assert report.faults == []
