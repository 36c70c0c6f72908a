"""The work of reading one document: what it may take, and the step at which it ends when its time is up.

Every loop over lines, rows, labels or pages takes steps; what happens between two of them is bounded by the words
of one line.
"""

from collections.abc import Callable, Iterable, Iterator
from time import monotonic
from typing import TypeVar

from flowmaster.knowledge.documents.limits import LIMITS, Limits, too_slow

T = TypeVar("T")


class CalledOff(Exception):
    """Nobody waits for the reading any more."""


class Work:
    """One reading, from the bytes to the fields: all its parts share one limit of time."""

    def __init__(self, limits: Limits = LIMITS, is_called_off: Callable[[], bool] = lambda: False) -> None:
        self.limits = limits
        self._is_called_off = is_called_off
        self._until = monotonic() + limits.seconds_max

    def step(self) -> None:
        """Go on, or end: with `document.too_slow` when the time is up, or because the work was called off."""
        if self._is_called_off():
            raise CalledOff
        if monotonic() >= self._until:
            raise too_slow(self.limits.seconds_max)

    def is_over(self) -> bool:
        """Tell whether the next step would end the work."""
        return self._is_called_off() or monotonic() >= self._until

    def each(self, things: Iterable[T]) -> Iterator[T]:
        """Yield the things, with a step before each."""
        for thing in things:
            self.step()
            yield thing
