"""Nothing in the repository names a package index, a place on somebody's machine, or a lock with addresses."""

import re
from collections.abc import Mapping

import pytest

from tests.house.tree import files, texts

# Put together from parts, so that the names stand nowhere in the repository, here included.
HOSTS = ["pypi" + r"\.org", "python" + r"hosted\.org", "npm" + r"js\.(org|com)", "deb" + r"\.debian\.org"]
PLACES = [
    "/wo" + r"rk/(main|shared|\.library)",
    "/ro" + r"ot/",
    "/ho" + r"me/(?!ann/)\w+/",
    "/op" + r"t/(pypi|wheels)",
]
INDEX_OPTIONS = ["--(extra-)?index" + "-url", "--find" + "-links", "UV_" + r"INDEX\w*", "PIP_INDEX" + r"_URL"]
FORBIDDEN = re.compile("|".join(HOSTS + PLACES + INDEX_OPTIONS))
LOCKS = ("uv" + ".lock", "poetry" + ".lock", "Pip" + "file.lock")


def addresses(sources: Mapping[str, str]) -> list[str]:
    """Return the places that name an index or a machine."""
    return [f"{path}: {match[0]!r}" for path, text in sources.items() for match in FORBIDDEN.finditer(text)]


def test_no_file_names_an_index_or_a_machine() -> None:
    assert addresses(texts()) == []


@pytest.mark.parametrize(
    "line",
    [
        "https://pypi" + ".org/simple",
        "/ro" + "ot/.cache",
        "pip install --index" + "-url x",
        "see /wo" + "rk/main/a",
    ],
)
def test_an_address_is_found(line: str) -> None:
    assert len(addresses({"README.md": line})) == 1


def test_no_lock_file_with_addresses_lies_here() -> None:
    assert [name for name in files() if name.endswith(LOCKS)] == []


def test_constraints_pin_versions_and_nothing_else() -> None:
    lines = texts()["constraints.txt"].splitlines()
    pinned = re.compile(r"[a-z0-9-]+==[\w.+!]+")
    assert [line for line in lines if not line.startswith("#") and not pinned.fullmatch(line)] == []
