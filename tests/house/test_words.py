"""Code says what is, in the words of the domain: no promises, no banners, no drawers for everything."""

import ast
import re
from collections.abc import Mapping

import pytest

from tests.house.tree import product, python_files, rooms

PROMISES = re.compile(r"\b(TODO|FIXME|XXX|HACK|raise NotImplementedError)\b")
BANNER = re.compile(r"^\s*#\s*([-=*#~_])\1{3,}", re.MULTILINE)
DRAWERS = re.compile(r"^(utils?|helpers?|common|misc|managers?|\w+_(utils?|helpers?|manager)|base\d+)$")
THIS_FILE = "tests/house/test_words.py"


def promises(sources: Mapping[str, str]) -> list[str]:
    """Return the places that promise something later, or shout a heading."""
    return [
        f"{path}: {match[0].strip()!r}; what is missing stands in docs/status.md"
        for path, text in sources.items()
        for pattern in (PROMISES, BANNER)
        for match in pattern.finditer(text)
    ]


def drawers(paths: list[str]) -> list[str]:
    """Return the modules and folders that are named after nothing."""
    return [
        path for path in paths if any(DRAWERS.match(part) for part in path.removesuffix(".py").split("/"))
    ]


def crowded_doors(sources: Mapping[str, str]) -> list[str]:
    """Return the `__init__.py` that hold more than one docstring."""
    return [
        path
        for path, text in sources.items()
        if path.endswith("/__init__.py") and [type(node) for node in ast.parse(text).body] != [ast.Expr]
    ]


def test_nothing_is_promised_and_no_heading_is_shouted() -> None:
    sources = python_files()
    del sources[THIS_FILE]
    assert promises(sources) == []


@pytest.mark.parametrize(
    "line",
    [
        "# TODO: later",
        "    raise NotImplementedError",
        "# ------ reading ------",
        "#######",
        "x = 1  # FIXME",
    ],
)
def test_a_promise_and_a_banner_are_found(line: str) -> None:
    assert len(promises({"engine/a.py": f"a = 1\n{line}\n"})) == 1


def test_every_module_is_named_after_what_it_is_about() -> None:
    assert drawers(list(python_files())) == []


def test_a_drawer_is_found() -> None:
    assert drawers(["engine/utils.py", "tools/process_helpers.py", "engine/commons.py", "common/x.py"]) == [
        "engine/utils.py",
        "tools/process_helpers.py",
        "common/x.py",
    ]


def test_the_door_of_a_room_holds_its_sentence_and_nothing_else() -> None:
    doors = {f"{room}/__init__.py" for room in rooms()}
    assert crowded_doors({path: text for path, text in product().items() if path in doors}) == []


def test_a_door_with_furniture_is_found() -> None:
    assert crowded_doors({"engine/__init__.py": '"""The core."""\n\nfrom x import y\n'}) == [
        "engine/__init__.py"
    ]
