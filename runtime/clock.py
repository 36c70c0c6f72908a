"""The clock of a server: the machine's, or a virtual one that stands still until it is advanced.

Engine time is what processes see (due dates, history). Leases of jobs always use real time.
"""

import time
from collections.abc import Callable
from typing import Final, Protocol

from flowmaster.stores.protocol import Reader

CLOCK_SETTING = "clock.now"
"""The setting of the installation that keeps a virtual clock's instant across restarts and processes."""


class Clock(Protocol):
    """Tells engine time."""

    @property
    def virtual(self) -> bool:
        """Return whether the clock moves only when it is told to."""
        ...

    def now(self, reader: Reader) -> int:
        """Return the instant in epoch milliseconds, as of a transaction or a read."""
        ...


SET_BACK_MS: Final = 60_000
"""How far a clock that is kept by NTP may go back; one that goes back further was set, and is followed."""


class MachineClock:
    """The time of the machine; within one process it goes back only when the machine's clock was set back for good."""

    virtual = False

    def __init__(self) -> None:
        self._last = 0

    def now(self, reader: Reader) -> int:
        """Return the machine's time, or the last told instant if the machine's clock went back a little."""
        now = real_now()
        self._last = now if self._last - now > SET_BACK_MS else max(self._last, now)
        return self._last


class VirtualClock:
    """A clock that stands still; it lives in the store, so that all processes on it agree."""

    virtual = True

    def __init__(self, start: int | None = None) -> None:
        self._start = real_now() // 1000 * 1000 if start is None else start

    def now(self, reader: Reader) -> int:
        """Return the instant that the store keeps, or the start if it keeps none yet."""
        kept = reader.setting("", CLOCK_SETTING)
        return kept if isinstance(kept, int) else self._start


def real_now() -> int:
    """Return the time in epoch milliseconds: the machine's, or that of the database where servers share one."""
    return time.time_ns() // 1_000_000 + _ahead()


def follow(ahead: Callable[[], int]) -> None:
    """Go by the clock that is so many milliseconds ahead of the machine's."""
    global _ahead
    _ahead = ahead


_ahead: Callable[[], int] = int
