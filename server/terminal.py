"""Whoever calls from a command line: nobody answers questions there, but somebody may watch long work."""

import sys
import time
from collections.abc import Sequence
from typing import Final

from flowmaster.tools.asking import Question, Replies

PAUSE_SECONDS: Final = 0.2
"""How often is told how far long work is."""


class Terminal:
    """Tells progress on the errors of a command, where a person looks on."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._told = False

    def can_answer(self, kind: str) -> bool:
        """Say that nobody answers."""
        return False

    async def answers(self, questions: Sequence[Question]) -> Replies | None:
        """Answer nothing."""
        return None

    async def tell_progress(self, done: float, total: float, message: str) -> None:
        """Say on one line how far the work is."""
        now = time.monotonic()
        if not sys.stderr.isatty() or now - self._last < PAUSE_SECONDS:
            return
        self._last, self._told = now, True
        sys.stderr.write(f"\r{message}: {done:,.0f}{f' of {total:,.0f}' if total else ''} ")
        sys.stderr.flush()

    def over(self) -> None:
        """Take the line away once the work is done."""
        if self._told:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
