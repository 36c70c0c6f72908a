"""Slows down whoever guesses keys: each refusal from one address comes later than the one before.

Only refusals wait. A good key is never locked out, so that nobody can shut others out by failing in their place.
"""

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Final

import anyio

FREE: Final = 5
"""Refusals within a minute that come at once."""
WAIT_SECONDS_MAX: Final = 5.0
WAITING_MAX: Final = 100
"""Refusals that wait at the same time; further ones are told to come again, without having been looked at twice."""
ADDRESSES_MAX: Final = 10_000

_FORGET_SECONDS: Final = 60.0
_FIRST_SECONDS: Final = 0.1


class Attempts:
    """Counts failed sign-ins by address."""

    def __init__(
        self, now: Callable[[], float] = monotonic, pause: Callable[[float], Awaitable[None]] = anyio.sleep
    ) -> None:
        self._now = now
        self._pause = pause
        self._failed: dict[str, tuple[int, float]] = {}
        self._waiting = 0

    async def failed(self, address: str) -> bool:
        """Wait as long as the failures of an address demand; False if too many wait already."""
        count, last = self._failed.pop(address, (0, 0.0))
        now = self._now()
        count = 1 if now - last > _FORGET_SECONDS else count + 1
        self._failed[address] = count, now
        if len(self._failed) > ADDRESSES_MAX:
            del self._failed[next(iter(self._failed))]
        if count <= FREE:
            return True
        if self._waiting >= WAITING_MAX:
            return False
        self._waiting += 1
        try:
            await self._pause(min(WAIT_SECONDS_MAX, _FIRST_SECONDS * 2.0 ** min(count - FREE - 1, 10)))
        finally:
            self._waiting -= 1
        return True
