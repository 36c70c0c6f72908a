"""The log of calls: one JSON line for every call of an operation, beside the store and never in it.

It says who called what when, with which outcome and in what time; of the arguments it holds a digest and no value.
Lines are gathered and written by a thread of their own, a second later at most, so that a call waits for no disk.
Several processes append to one file; whoever finds it full puts it aside.
"""

import errno
import fcntl
import json
import logging
import os
import threading
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from flowmaster.stores.erasing import Holding

logger = logging.getLogger(__name__)

FILE: Final = "calls.jsonl"
BYTES_MAX: Final = 16_000_000
"""How long the file grows before it is put aside."""
FILES_KEPT: Final = 4
"""How many files that were put aside are kept."""
WAITING_MAX: Final = 100_000
"""Lines that may wait for the disk; more are counted and left out."""

_PAUSE_SECONDS: Final = 1.0
_ENCODER: Final = msgspec.json.Encoder()


NOTHING_CHANGED: Final[Mapping[str, int]] = {}


class CallLine(NamedTuple):
    """What is noted of one call; `at` is epoch seconds, `digest` that of the arguments.

    `changed` has the instances that it changed, each with its revision after: what stands in its history up to there.
    """

    at: float
    operation: str
    caller: str
    tenant: str
    door: str
    digest: str
    outcome: str
    ms: float
    request: str = ""
    through: str = ""
    on_behalf_of: str = ""
    trace: str = ""
    changed: Mapping[str, int] = NOTHING_CHANGED

    def text(self) -> bytes:
        """Return the line as it is written."""
        told = {
            name: value
            for name, value in zip(self._fields, self, strict=True)
            if value not in ("", NOTHING_CHANGED)
        }
        told["at"] = datetime.fromtimestamp(self.at, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
        told["ms"] = round(self.ms, 3)
        return _ENCODER.encode(told)


class CallLog:
    """Appends lines to the log of a data folder."""

    def __init__(self, folder: Path, *, bytes_max: int = BYTES_MAX) -> None:
        self._path = folder / FILE
        self._bytes_max = bytes_max
        self._waiting: deque[CallLine] = deque()
        self._left_out = 0
        self._ready = threading.Event()
        self._writing = threading.Lock()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def note(self, line: CallLine) -> None:
        """Take a line; it is written soon."""
        if len(self._waiting) >= WAITING_MAX:
            self._left_out += 1
            return
        self._waiting.append(line)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="flowmaster-calls", daemon=True)
            self._thread.start()
        self._ready.set()

    def flush(self) -> None:
        """Write what waits."""
        with self._writing:
            lines = [self._waiting.popleft().text() for _ in range(len(self._waiting))]
            left_out = self._left_out
            told = [_ENCODER.encode({"left_out": left_out})] if left_out else []
            if lines or told:
                is_written = self._append(b"".join(line + b"\n" for line in (*lines, *told)))
                self._left_out += -left_out if is_written else len(lines)

    def close(self) -> None:
        """Write what waits, and stop."""
        self._closed.set()
        self._ready.set()
        if self._thread is not None:
            self._thread.join()
        self.flush()

    def newest(self, lines_max: int) -> Iterator[dict[str, object]]:
        """Yield the newest lines of all processes on the folder, newest first; at most so many are looked at."""
        self.flush()
        for path in (self._path, *(self._aside(number) for number in range(1, FILES_KEPT + 1))):
            lines = path.read_bytes().splitlines() if path.exists() else []
            for line in reversed(lines):
                if lines_max <= 0:
                    return
                lines_max -= 1
                with suppress(ValueError):
                    yield json.loads(line)

    def erase(self, texts: Collection[str], *, only_look: bool = False) -> int:
        """Blank whoever's name holds one of the texts, in all lines there are; return how many lines that are."""
        self.flush()
        eraser, changed = Holding(texts), 0
        for path in (self._path, *(self._aside(number) for number in range(1, FILES_KEPT + 1))):
            if not path.exists():
                continue
            with path.open("r+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                lines = file.read().splitlines()
                left = [_erased_line(line, eraser) for line in lines]
                count = sum(one != other for one, other in zip(lines, left, strict=True))
                if count and not only_look:
                    file.seek(0)
                    file.truncate()
                    file.write(b"".join(line + b"\n" for line in left))
                changed += count
        return changed

    def _run(self) -> None:
        while not self._closed.is_set():
            self._ready.wait()
            self._ready.clear()
            self._closed.wait(_PAUSE_SECONDS)
            self.flush()

    def _append(self, data: bytes) -> bool:
        """Append in one piece, so that the lines of several processes stay whole; return whether there was room."""
        try:
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                begin = os.lseek(file, 0, os.SEEK_END)
                if os.write(file, data) < len(data):
                    os.ftruncate(file, begin)
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                if os.fstat(file).st_size >= self._bytes_max and self._is_current(file):
                    self._put_aside()
            finally:
                os.close(file)
        except OSError as error:
            logger.warning("Calls cannot be logged to %s: %s", self._path, error.strerror)
            return False
        return True

    def _is_current(self, file: int) -> bool:
        """Whether the open file is still the one under the name, and not put aside by another process."""
        return os.path.samestat(os.fstat(file), os.stat(self._path))

    def _put_aside(self) -> None:
        for number in range(FILES_KEPT, 1, -1):
            if self._aside(number - 1).exists():
                self._aside(number - 1).replace(self._aside(number))
        self._path.replace(self._aside(1))

    def _aside(self, number: int) -> Path:
        return self._path.with_name(f"{FILE}.{number}")


def _erased_line(line: bytes, eraser: Holding) -> bytes:
    try:
        told = json.loads(line)
    except ValueError:
        return line
    texts = {name: eraser.text(value) for name, value in told.items() if isinstance(value, str)}
    return line if texts.items() <= told.items() else _ENCODER.encode({**told, **texts})
