"""The terminal: a picture after the other in the same place, until somebody leaves; or line by line where there is none."""

import os
import select
import shutil
import signal
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

_ENTER: Final = "\x1b[?1049h\x1b[?25l"
_LEAVE: Final = "\x1b[?25h\x1b[?1049l"
_HOME: Final = "\x1b[H"
_REST_OF_LINE: Final = "\x1b[K"
_REST_OF_SCREEN: Final = "\x1b[J"

QUIT: Final = ("q", "Q", "\x03", "\x1b")


class Screen:
    """A terminal that shows one picture at a time."""

    def __init__(self) -> None:
        self._resized = False
        self._leaving = False

    @property
    def size(self) -> tuple[int, int]:
        """The columns and lines there are now."""
        found = os.get_terminal_size(sys.stdout.fileno())
        return max(20, found.columns), max(5, found.lines)

    def show(self, lines: list[str]) -> None:
        """Show a picture in the place of the one before."""
        text = "".join(f"{line}{_REST_OF_LINE}\n" for line in lines[:-1]) + (lines[-1] if lines else "")
        sys.stdout.write(f"{_HOME}{text}{_REST_OF_LINE}{_REST_OF_SCREEN}")
        sys.stdout.flush()

    def wait(self, seconds: float) -> bool:
        """Wait until the next picture is due, or the size has changed; return whether to go on."""
        until = monotonic() + seconds
        while (left := until - monotonic()) > 0:
            ready, _, _ = select.select([sys.stdin], [], [], min(left, 0.1))
            if ready:
                key = os.read(sys.stdin.fileno(), 32).decode("latin-1")
                if not key or key in QUIT:
                    return False
            if self._leaving:
                return False
            if self._resized:
                self._resized = False
                return True
        return True

    @contextmanager
    def taken(self) -> Iterator["Screen"]:
        """Take the terminal, and give it back as it was, however it ends."""
        before = termios.tcgetattr(sys.stdin.fileno())
        old = signal.signal(signal.SIGWINCH, self._note_size)
        ended = {each: signal.signal(each, self._note_end) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            tty.setcbreak(sys.stdin.fileno())
            sys.stdout.write(_ENTER)
            yield self
        finally:
            sys.stdout.write(_LEAVE)
            sys.stdout.flush()
            termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, before)
            signal.signal(signal.SIGWINCH, old)
            for each, handler in ended.items():
                signal.signal(each, handler)

    def _note_size(self, *_: object) -> None:
        self._resized = True

    def _note_end(self, *_: object) -> None:
        self._leaving = True


def is_terminal() -> bool:
    """Whether somebody sits before it."""
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def has_colours() -> bool:
    """Whether colours are welcome (see no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"


def plain_width() -> int:
    """Return how wide lines may be that go to no terminal, or once only."""
    return shutil.get_terminal_size((120, 24)).columns
