"""The tree of the repository, as the guards of the house read it."""

import ast
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from docs.syntax import statements

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "flowmaster"


def git(*arguments: str) -> str:
    """Return what git prints, also in a clone that belongs to somebody else."""
    command = ["git", "-c", "safe.directory=*", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


@cache
def files() -> tuple[str, ...]:
    """Return every file that is, or is about to be, part of the repository; links to rooms are no files."""
    names = git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    return tuple(sorted({name for name in names if name and (ROOT / name).is_file()}))


@cache
def texts() -> dict[str, str]:
    """Return the text of every file that is text."""
    found = {}
    for name in files():
        content = (ROOT / name).read_bytes()
        if b"\0" not in content[:8192]:
            found[name] = content.decode("utf-8", errors="replace")
    return found


@cache
def rooms() -> tuple[str, ...]:
    """Return the rooms: the folders at the top that hold a package."""
    return tuple(sorted(name.split("/")[0] for name in files() if _is_room_door(name)))


def _is_room_door(name: str) -> bool:
    return (
        name.count("/") == 1
        and name.endswith("/__init__.py")
        and not name.startswith(("tests/", "benchmarks/"))
    )


def python_files(*folders: str) -> dict[str, str]:
    """Return the text of every Python file, or of those below some folders."""
    chosen = tuple(f"{folder}/" for folder in folders)
    return {
        name: text
        for name, text in texts().items()
        if name.endswith(".py") and (not chosen or name.startswith(chosen))
    }


def product() -> dict[str, str]:
    """Return the text of every Python file that ships: the rooms and the front door."""
    return python_files(*rooms(), "src")


def functions(text: str) -> Iterator[tuple[str, int]]:
    """Yield every function of a file with its number of lines, decorators left out."""
    for node in statements(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


@cache
def pyproject() -> dict[str, Any]:
    """Return `pyproject.toml`."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
