"""Every room stands at the top and has its link, so that it imports as `flowmaster.<room>`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.house.tree import PACKAGE, ROOT, pyproject, rooms


def unlinked(package: Path, names: tuple[str, ...]) -> list[str]:
    """Return the rooms without a right link, and the links that lead to no room."""
    links = {entry.name: os.readlink(entry) for entry in package.iterdir() if entry.is_symlink()}
    wrong = [
        f"{name}: ln -s ../../{name} src/flowmaster/{name}"
        for name in names
        if links.get(name) != f"../../{name}"
    ]
    return wrong + [f"{name}: leads to no room" for name in links if name not in names]


def test_every_room_has_its_link_and_every_link_its_room() -> None:
    assert unlinked(PACKAGE, rooms()) == []


def test_an_unlinked_room_and_a_link_to_nowhere_are_found(tmp_path: Path) -> None:
    (tmp_path / "engine").symlink_to("../../engine")
    (tmp_path / "cellar").symlink_to("../../cellar")
    assert unlinked(tmp_path, ("engine", "attic")) == [
        "attic: ln -s ../../attic src/flowmaster/attic",
        "cellar: leads to no room",
    ]


def test_every_room_stands_on_a_floor() -> None:
    contract = pyproject()["tool"]["importlinter"]["contracts"][0]
    placed = {room.strip() for layer in contract["layers"] for room in layer.split("|")}
    assert placed == set(rooms())


def test_a_checkout_without_symbolic_links_imports_all_the_same(tmp_path: Path) -> None:
    front = tmp_path / "src" / "flowmaster"
    front.mkdir(parents=True)
    shutil.copy(PACKAGE / "__init__.py", front)
    shutil.copytree(ROOT / "engine", tmp_path / "engine", ignore=shutil.ignore_patterns("__pycache__"))
    program = "import flowmaster.engine.errors as e; print(e.__file__)"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(ran.stdout.strip()) == tmp_path / "engine" / "errors.py"
