"""The test kit of the DMN community: every test of levels 2 and 3 that is at hand passes."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.shared_material import shared

ADAPTER = Path(__file__).parents[2] / "benchmarks" / "tck_adapter.py"


@pytest.mark.shared
def test_every_test_of_levels_2_and_3_passes() -> None:
    kit = shared("tck")
    command = [
        sys.executable,
        str(kit / "tck_runner.py"),
        "--tck",
        str(kit),
        "--level",
        "2,3",
        "--fails",
        "20",
    ]
    done = subprocess.run(
        [*command, "--", sys.executable, str(ADAPTER)], capture_output=True, text=True, timeout=300
    )
    assert done.stdout.splitlines()[-1].endswith(" passed, 0 failed"), (
        done.stdout[-3000:] + done.stderr[-2000:]
    )
