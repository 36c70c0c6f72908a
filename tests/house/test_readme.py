"""What the documents show of a terminal is what a terminal shows: every console block is run, in order."""

import contextlib
import doctest
import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest

from flowmaster.server.cli import run
from tests.house.tree import ROOT, texts

BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"^```\w+ title=(\S+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SECONDS_MAX = 60


def steps(page: str) -> list[tuple[str, str]]:
    """Return each command of a page with the output that the page shows for it."""
    found: list[tuple[str, str]] = []
    for block in BLOCK.findall(page):
        for line in block.splitlines(keepends=True):
            if line.startswith("$ "):
                found.append((line[2:].rstrip("\n"), ""))
            elif found and found[-1][0].endswith("\\") and line.startswith("> "):
                found[-1] = (found[-1][0][:-1] + line[2:].rstrip("\n"), "")
            else:
                found[-1] = (found[-1][0], found[-1][1] + line)
    return found


def differences(page: str, folder: Path, *, quick: bool = False) -> list[str]:
    """Write the files that a page shows, run its commands there, and return where the terminal disagrees.

    `quick` starts a process for the first command alone; the others are called in this one.
    """
    for name, text in FILE.findall(page):
        (folder / name).write_text(text, encoding="utf-8")
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder / "data"),
        "COLUMNS": "110",
    }
    wrong = []
    for number, (command, shown) in enumerate(steps(page)):
        words = shlex.split(command)
        at_once = quick and number > 0 and words[0] == "flowmaster"
        said = called(words[1:], folder, environment) if at_once else typed(command, folder, environment)
        if not doctest.OutputChecker().check_output(
            shown, said, doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        ):
            wrong.append(f"$ {command}\nshown:\n{shown}\nsaid:\n{said}")
    return wrong


def typed(command: str, folder: Path, environment: dict[str, str]) -> str:
    """Return what a shell says to a command."""
    ran = subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    return ran.stdout + ran.stderr


def called(words: list[str], folder: Path, environment: dict[str, str]) -> str:
    """Return what the command says to its words, called in this process."""
    said = io.StringIO()
    with (
        mock.patch.dict(os.environ, environment),
        contextlib.chdir(folder),
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(said),
    ):
        run(words)
    return said.getvalue()


@pytest.mark.parametrize(
    "page", [name for name, text in texts().items() if name.endswith(".md") and BLOCK.search(text)]
)
def test_the_terminal_says_what_the_page_shows(page: str, tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    assert "\n".join(differences(texts()[page], tmp_path, quick=page != "README.md")) == ""


def test_a_page_that_shows_something_else_is_found(tmp_path: Path) -> None:
    page = "```text title=a.txt\nhello world\n```\n```console\n$ cat a.txt\nhello ...\n$ cat a.txt\ngoodbye\n```\n"
    assert differences(page, tmp_path) == ["$ cat a.txt\nshown:\ngoodbye\n\nsaid:\nhello world\n"]
