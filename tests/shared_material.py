"""Test material that lies outside the repository: suites, corpora and document sets too large for it."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def shared(name: str) -> Path:
    """Return a file or folder of the material; without it the test is skipped, and fails where CI runs."""
    folder = Path(os.environ.get("FLOWMASTER_SHARED") or ROOT.parent / "shared")
    path = folder / name
    if not path.exists():
        missing = f"no {name} in {folder}; set FLOWMASTER_SHARED to the folder that holds it"
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return path
