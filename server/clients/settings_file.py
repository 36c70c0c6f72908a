"""Reads and changes a client's file: whole or not at all, through links, with a copy of what it was."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flowmaster.engine.errors import FlowMasterError

BYTES_MAX: Final = 64_000_000
"""A longer file is no file of settings."""

BACKUP: Final = ".before-flowmaster"
"""What the name of the copy ends with."""

_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A file as it was found; `kept` is nothing where there is none yet."""

    path: Path
    kept: bytes | None
    text: str

    def changed_to(self, text: str) -> Path | None:
        """Write the file anew and return the copy of what it was, if it was there.

        Raises:
            FlowMasterError: it cannot be written, or somebody else changed it meanwhile; nothing has changed.
        """
        target = self.path.resolve()
        backup = None
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if _bytes_of(self.path) != self.kept:
                raise FlowMasterError(
                    "client.file_changed",
                    f"{str(self.path)!r} was changed by another program just now; it was left as it is.",
                    fix="Run the command again.",
                )
            if self.kept is not None:
                backup = target.with_name(target.name + BACKUP)
                _place(backup, self.kept, like=target)
            _place(target, _mark_of(self.kept) + text.encode(), like=target)
        except OSError as error:
            raise FlowMasterError(
                "client.file_unwritable",
                f"{str(self.path)!r} cannot be written ({error.strerror or error}); nothing was changed.",
                fix="Give this user the right to write the file and its folder, or paste the entry yourself.",
            ) from error
        return backup


def settings_file(path: Path) -> SettingsFile:
    """Read a file.

    Raises:
        FlowMasterError: it is there and cannot be read.
    """
    try:
        kept = _bytes_of(path)
        return SettingsFile(path, kept, (kept or b"").decode().removeprefix(_MARK))
    except OSError as error:
        raise FlowMasterError(
            "client.file_unreadable",
            f"{str(path)!r} cannot be read ({error.strerror or error}); nothing was changed.",
            fix="Give this user the right to read the file, or move aside what stands in its place.",
        ) from error
    except UnicodeDecodeError as error:
        raise FlowMasterError(
            "client.file_broken",
            f"{str(path)!r} is not text in UTF-8 (byte {error.start}); nothing was changed.",
            fix="Save the file as UTF-8, then run the command again.",
        ) from error


def _bytes_of(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            data = file.read(BYTES_MAX + 1)
    except FileNotFoundError:
        return None
    if len(data) > BYTES_MAX:
        raise OSError(f"it is longer than {BYTES_MAX} bytes")
    return data


def _mark_of(kept: bytes | None) -> bytes:
    mark = _MARK.encode()
    return mark if kept is not None and kept.startswith(mark) else b""


def _place(path: Path, data: bytes, *, like: Path) -> None:
    """Put a file in its place, whole, readable to the same people as another one from its first byte on."""
    mode = like.stat().st_mode & 0o777 if like.exists() else None
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        opened = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else mode)
        with os.fdopen(opened, "wb") as file:
            if mode is not None:
                fresh.chmod(mode)
            file.write(data)
            file.flush()
            os.fsync(opened)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
