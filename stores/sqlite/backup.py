"""Copies a store's file as it is at one moment, while servers go on writing to it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import apsw

from flowmaster.engine.errors import FlowMasterError
from flowmaster.stores.sqlite.connection import BUSY_MS_MAX, Connection

PAGES_AT_ONCE: Final = 2_000
"""Pages that are copied between two words on how far the work is."""

Progress = Callable[[int, int], None]
"""Hears how much is done, of how much."""


def copy_file(source: Path, target: Path, progress: Progress) -> None:
    """Copy a store into a file that is not there yet; what is written meanwhile is not in it.

    Raises:
        FlowMasterError: the source cannot be read, or the target not be written.
    """
    reading = Connection(source, busy_ms_max=BUSY_MS_MAX, read_only=True)
    try:
        reading.check(older=True)
        with reading.snapshot(), reading.errors():
            reading.value("SELECT count(*) FROM sqlite_schema")  # The moment begins with the first look.
            _copy(reading, target, progress)
    finally:
        reading.close()


def _copy(reading: Connection, target: Path, progress: Progress) -> None:
    with whole(target) as part:
        writing = apsw.Connection(str(part))
        try:
            with writing.backup("main", reading.raw, "main") as copying:
                while not copying.done:
                    copying.step(PAGES_AT_ONCE)
                    progress(copying.page_count - copying.remaining, copying.page_count)
            writing.pragma("journal_mode", "DELETE")  # A copy is one file.
        finally:
            writing.close()


def one_file(path: Path) -> None:
    """Leave a store that nobody has open as one file, without a write-ahead log beside it."""
    db = apsw.Connection(str(path))
    try:
        db.pragma("journal_mode", "DELETE")
    finally:
        db.close()


class whole:
    """A file that appears under its name when it is complete, on disk and readable by this user alone."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._part = target.with_name(f"{target.name}.part")

    def __enter__(self) -> Path:
        if self._target.exists():
            raise FlowMasterError(
                "file.exists",
                f"There is a file {str(self._target)!r} already.",
                path="file",
                fix="Choose another name, or move the file aside.",
                status=409,
            )
        try:
            self._part.unlink(missing_ok=True)
            os.close(os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except OSError as error:
            raise FlowMasterError(
                "file.unwritable",
                f"{str(self._target)!r} cannot be written ({error.strerror}).",
                path="file",
                fix="Choose a folder that this user may write.",
            ) from error
        return self._part

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._part.unlink(missing_ok=True)
            return
        with self._part.open("rb") as file:
            os.fsync(file.fileno())
        self._part.rename(self._target)
        folder = os.open(self._target.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
