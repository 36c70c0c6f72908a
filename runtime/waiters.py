"""Calls that wait for something to happen: only so many of a tenant at once, so that waiting does not become the load."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Waiters:
    """Counts the calls of each tenant that wait."""

    def __init__(self, most: int) -> None:
        """Take how many of one tenant may wait."""
        self._most = most
        self._waiting: Counter[str] = Counter()

    @contextmanager
    def place(self, tenant: str) -> Iterator[bool]:
        """Tell whether a call may wait, and count it while it does; one that may not is answered at once."""
        may = self._waiting[tenant] < self._most
        self._waiting[tenant] += 1
        try:
            yield may
        finally:
            self._waiting[tenant] -= 1
            if not self._waiting[tenant]:
                del self._waiting[tenant]
