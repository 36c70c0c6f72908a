"""A disk that forgets what was not flushed, as a real one does when its power fails.

It is a file system of SQLite (a VFS) that stands in front of the real one. All reads and writes go through; beside that it
keeps what a power failure would leave: what was flushed is kept for certain, and of what came later any part, in any
order, torn at sectors.
"""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import apsw

NAME: Final = "forgetful"
SECTOR: Final = 512
"""What a disk writes whole or not at all."""

Contents = dict[str, bytes]
"""The files that are found after a power failure, by name."""


@dataclass
class Kept:
    """What a disk has of one file: the flushed bytes, and the changes that wait in its memory, oldest first."""

    flushed: bytearray | None = None
    waiting: list[tuple[int, bytes | None]] = field(default_factory=list)
    """A place with the bytes written there; with None, the length that the file was cut to."""

    is_removed: bool = False
    """Whether it was removed while the folder was not flushed since: it may come back."""

    def flush(self) -> None:
        """Put all that waits where no power failure reaches it."""
        self.flushed = self.flushed if self.flushed is not None else bytearray()
        for place, data in self.waiting:
            _apply(self.flushed, place, data)
        self.waiting.clear()

    def left(self, chance: random.Random) -> bytes | None:
        """Return what a power failure leaves; None for a file that is not there then."""
        how = chance.choice(("nothing", "beginning", "some", "torn", "all"))
        if self.is_removed and chance.random() < 0.5:
            return None
        if self.flushed is None and (not self.waiting or how == "nothing"):
            return None
        found = bytearray(self.flushed or b"")
        end = chance.randint(0, len(self.waiting)) if how == "beginning" else len(self.waiting)
        for place, data in self.waiting[:end] if how != "nothing" else ():
            if how in ("some", "torn") and chance.random() < 0.5:
                continue
            if how == "torn" and data is not None:
                _apply_torn(found, place, data, chance)
            else:
                _apply(found, place, data)
        return bytes(found)


class Disk:
    """The disk: counts what it is told, and shows at chosen moments what a power failure would leave."""

    def __init__(self, seed: int, failing: Callable[[int, Contents], None]) -> None:
        self._chance = random.Random(seed)
        self._failing = failing
        self._files: dict[str, Kept] = {}
        self._lock = threading.RLock()
        self._moments: frozenset[int] = frozenset()
        self.count = 0
        self.flushes = 0

    def fail_at(self, moments: frozenset[int]) -> None:
        """Choose the moments: behind so many writes, cuts, removals and flushes."""
        self._moments = moments

    def opened(self, path: str) -> None:
        """Hear of a file; what another program made and flushed is there already."""
        with self._lock:
            if path not in self._files or self._files[path].is_removed:
                made = Path(path).exists()
                self._files[path] = Kept(bytearray(Path(path).read_bytes()) if made else None)

    def changed(self, path: str, place: int, data: bytes | None) -> None:
        """Hear of bytes that were written, or of a length that a file was cut to."""
        with self._lock:
            self._files[path].waiting.append((place, data))
            self._count()

    def flush(self, path: str) -> None:
        """Keep a file for certain; with a new file its folder is flushed."""
        with self._lock:
            if self._files[path].flushed is None:
                self._files = {name: kept for name, kept in self._files.items() if not kept.is_removed}
            self._files[path].flush()
            self.flushes += 1
            self._count()

    def removed(self, path: str) -> None:
        """Hear that a file was removed."""
        with self._lock:
            if path in self._files:
                self._files[path].is_removed = True
            self._count()

    def _count(self) -> None:
        self.count += 1
        if self.count in self._moments:
            left = {path: kept.left(self._chance) for path, kept in self._files.items()}
            self._failing(
                self.count, {Path(path).name: data for path, data in left.items() if data is not None}
            )


class FileSystem(apsw.VFS):
    """The file system; while one is in use, every connection that is opened stands on its disk."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        super().__init__(NAME, base="unix")

    def __enter__(self) -> "FileSystem":
        apsw.set_default_vfs(NAME)
        return self

    def __exit__(self, *_: object) -> None:
        apsw.set_default_vfs("unix")
        self.unregister()

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        """Open a file; those without a name are SQLite's own business."""
        if name is None:
            return apsw.VFSFile("unix", name, flags)
        path = name if isinstance(name, str) else name.filename()
        self._disk.opened(path)
        return _File(self._disk, path, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        """Remove a file."""
        super().xDelete(filename, syncdir)
        self._disk.removed(filename)


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk, path: str, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self._disk, self._path = disk, path
        super().__init__("unix", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        super().xWrite(data, offset)
        self._disk.changed(self._path, offset, bytes(data))

    def xTruncate(self, newsize: int) -> None:
        super().xTruncate(newsize)
        self._disk.changed(self._path, newsize, None)

    def xSync(self, flags: int) -> None:
        self._disk.flush(self._path)


def _apply(found: bytearray, place: int, data: bytes | None) -> None:
    if data is None:
        del found[place:]
        return
    if len(found) < place:
        found.extend(bytes(place - len(found)))
    found[place : place + len(data)] = data


def _apply_torn(found: bytearray, place: int, data: bytes, chance: random.Random) -> None:
    """Write the sectors of one write that the disk came to."""
    for start in range(0, len(data), SECTOR):
        if chance.random() < 0.5:
            _apply(found, place + start, data[start : start + SECTOR])
