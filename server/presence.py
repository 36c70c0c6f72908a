"""Which servers work on a data folder: each holds a file of its own there, locked for as long as it lives.

The lock goes with the process, however it ends; so a file that nobody holds is left by one that is gone, and is
cleared away by whoever comes by. Nothing is written while servers live.
"""

import fcntl
import json
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from flowmaster import __version__
from flowmaster.tools.app import Neighbour

FOLDER: Final = "servers"
BYTES_MAX: Final = 4_096


class Presence:
    """The file by which others know of one server."""

    def __init__(self, folder: Path, door: str) -> None:
        self._folder = folder / FOLDER
        self._path = self._folder / f"{os.getpid()}-{secrets.token_hex(4)}.json"
        self._door = door
        self._file: int | None = None

    def announce(self) -> None:
        """Let others know; a folder that cannot be written leaves them in the dark."""
        told = {
            "process": os.getpid(),
            "door": self._door,
            "version": __version__,
            "since": int(time.time() * 1000),
        }
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # It gets its name once it is locked, so that nobody takes it for one that was left.
            begun = self._path.with_suffix(".new")
            self._file = os.open(begun, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX)
            os.write(self._file, json.dumps(told).encode())
            begun.replace(self._path)

    def leave(self) -> None:
        """Let others know that it is gone."""
        if self._file is not None:
            with suppress(OSError):
                self._path.unlink()
            os.close(self._file)
            self._file = None


def neighbours(folder: Path) -> list[Neighbour]:
    """Return the servers that live on a data folder, the oldest first."""
    found: list[Neighbour] = []
    for path in sorted((folder / FOLDER).glob("*.json")):
        with suppress(OSError, ValueError, TypeError, KeyError):
            if _is_held(path):
                told = json.loads(path.read_bytes()[:BYTES_MAX])
                name = str(int(told["process"]))
                found.append(Neighbour(name, str(told["door"]), str(told["version"]), int(told["since"])))
    return sorted(found, key=lambda each: each.since)


def _is_held(path: Path) -> bool:
    """Whether the server of a file lives; the file of another one is cleared away."""
    file = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    with suppress(OSError):
        path.unlink()
    return False
