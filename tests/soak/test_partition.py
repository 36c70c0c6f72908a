"""A server that the network cuts off from its database refuses clearly, comes back by itself, and nothing is lost.

Where no network can be made, the line of `tests/soak/cut.py` stands for it in `test_crash_postgres.py`.
"""

import os
import sys

import pytest

from tests.shared_material import go_without
from tests.soak.apart import NoNamespaces
from tests.soak.partition import cut_apart

COMMAND = [sys.executable, "-m", "flowmaster"]


@pytest.mark.skipif(os.getuid() != 0, reason="a network of its own is made, which root alone may do")
@pytest.mark.parametrize(("cuts", "seconds_max"), [(2, 1.0), pytest.param(40, 12.0, marks=pytest.mark.soak)])
def test_a_server_apart_refuses_clearly_comes_back_and_loses_nothing(cuts: int, seconds_max: float) -> None:
    try:
        report = cut_apart(cuts, 4, COMMAND, seconds_max=seconds_max)
    except NoNamespaces as error:
        go_without(f"no network can be made here: {error}")
    print(report.line())
    assert report.faults == []
    assert report.instances > 0
