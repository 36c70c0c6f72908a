"""How a client starts this installation: the absolute path of its command, and what the server is told."""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from flowmaster.server.options import MEMORY, SERVER_FLAGS, SERVER_OPTIONS
from flowmaster.server.settings import settings_from

OVER_HTTP = ("host", "port", "public-host", "auth-issuer", "auth-resource")
"""The options of a server that say something to `flowmaster serve` alone."""

WRITTEN_OPTIONS = tuple(name for name in SERVER_OPTIONS if name not in OVER_HTTP)
"""The options that go into a client's file with the command."""

_PASSING = ("archive-v0", "builds-v0", "pipx-run")
"""Folders in which `uvx` and its like keep what they may delete at any time."""


@dataclass(frozen=True, slots=True)
class Launch:
    """A program and its arguments, as a client writes them down."""

    program: str
    arguments: tuple[str, ...]

    def words(self) -> list[str]:
        """Return the whole command line."""
        return [self.program, *self.arguments]

    def is_passing(self) -> bool:
        """Return whether the program lies in a cache, from where it may vanish."""
        return any(part in _PASSING for part in Path(self.program).parts)


def launch(options: Mapping[str, str]) -> Launch:
    """Return how a client starts the server with these options of the command line.

    The data folder is written out where the environment moves it: clients hand few variables on to a server, so
    that it would work on another folder than the command line.
    """
    told = dict(options)
    if told.get("data") != MEMORY and (told.get("data") or os.environ.get("XDG_DATA_HOME")):
        told["data"] = settings_from(options).data
    given = [word for name in WRITTEN_OPTIONS if told.get(name) for word in (f"--{name}", told[name])]
    given += [f"--{name}" for name in SERVER_FLAGS if told.get(name)]
    program = executable()
    if program is None:
        return Launch(sys.executable, ("-m", "flowmaster", "mcp", *given))
    return Launch(str(program), ("mcp", *given))


def executable() -> Path | None:
    """Return the command of this very installation: beside its Python, as it was called, or found on the PATH."""
    return next((place.absolute() for place in _places() if place.is_file()), None)


def _places() -> Iterator[Path]:
    beside = Path(sys.executable)
    called = Path(sys.argv[0])
    yield beside.with_name("flowmaster")
    yield beside.with_name("flowmaster.exe")
    yield beside.parent / "Scripts" / "flowmaster.exe"
    if called.stem == "flowmaster":
        yield called
        yield called.with_suffix(".exe")
    found = shutil.which("flowmaster")
    if found:
        yield Path(found)
