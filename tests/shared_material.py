"""What tests need and not everyone has: suites and corpora outside the repository, and engines to compare with."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).parents[1]


def shared(name: str) -> Path:
    """Return a file or folder of the material; without it the test is skipped, and fails where CI runs."""
    folder = Path(os.environ.get("FLOWMASTER_SHARED") or ROOT.parent / "shared")
    path = folder / name
    if not path.exists():
        go_without(f"no {name} in {folder}; set FLOWMASTER_SHARED to the folder that holds it")
    return path


def need_peer(package: str) -> None:
    """Go on with an engine to compare with; without it the test is skipped, and fails where CI runs."""
    if find_spec(package) is None:
        go_without(f"{package} is not installed; `make install` does it")


def go_without(missing: str) -> NoReturn:
    """Skip a test for want of something, and fail it where CI runs."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(missing)
    pytest.skip(missing)
