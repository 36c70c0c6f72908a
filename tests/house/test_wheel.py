"""The wheel holds every file of every room: a data file of an unlisted kind, or a lost room, is found here."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.house.tree import PACKAGE, ROOT, files, rooms

DEMO = "server/demo/material"
"""The papers of the demo, which are those of an example."""


def tree(target: Path) -> Path:
    """Copy what the repository holds, links as links, so that building leaves no trace in it."""
    for name in files():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target / name)
    for room in rooms():
        (target / "src" / "flowmaster" / room).symlink_to(f"../../{room}")
    (target / DEMO).symlink_to(os.readlink(ROOT / DEMO))
    return target


def wheel(source: Path, target: Path) -> Path:
    """Build the wheel with what is installed, without any network."""
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(target)]
    command = [sys.executable, "-m", "pip", "wheel", *options, str(source)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return next(target.glob("flowmaster-*.whl"))


def shipped(archive: Path) -> set[str]:
    """Return the files of the package in a wheel."""
    return {name for name in zipfile.ZipFile(archive).namelist() if name.startswith("flowmaster/")}


def expected() -> set[str]:
    """Return the files that a wheel must hold: the front door and whatever lies in a room."""
    inside = {
        f"flowmaster/{name}" for name in files() if name.startswith(tuple(f"{room}/" for room in rooms()))
    }
    papers = (ROOT / DEMO).resolve().relative_to(ROOT).as_posix()
    inside |= {
        f"flowmaster/{DEMO}{name.removeprefix(papers)}" for name in files() if name.startswith(f"{papers}/")
    }
    return inside | {f"flowmaster/{entry.name}" for entry in PACKAGE.iterdir() if entry.is_file()}


def test_the_wheel_holds_every_file_of_every_room_and_runs(tmp_path: Path) -> None:
    archive = wheel(tree(tmp_path / "source"), tmp_path)
    assert shipped(archive) == expected()
    ran = subprocess.run(
        [sys.executable, "-c", "import flowmaster.engine.errors as e; print(e.__file__)"],
        env={"PYTHONPATH": str(archive)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(archive) in ran.stdout


def test_a_data_file_of_an_unlisted_kind_is_found(tmp_path: Path) -> None:
    source = tree(tmp_path / "source")
    (source / "engine" / "BPMN20.xsd").write_text("")
    assert "flowmaster/engine/BPMN20.xsd" not in shipped(wheel(source, tmp_path))
