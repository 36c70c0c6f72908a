"""Numbers of counters, taken beside the transaction, so that no server waits for another's next number.

Numbers are taken in growing portions. What is left at the end of a transaction, and what it has undone, is given back
unless another server has taken one meanwhile; then they leave a gap.
"""

import logging
from typing import Final

from flowmaster.engine.errors import FlowMasterError
from flowmaster.stores.postgres.connection import Connection

logger = logging.getLogger(__name__)

PORTION_MAX: Final = 32
"""How many numbers of one counter are taken at once."""

_UP = (
    "INSERT INTO counter (tenant, name, value) VALUES (?, ?, ?)"
    " ON CONFLICT (tenant, name) DO UPDATE SET value = counter.value + excluded.value RETURNING value"
)
_DOWN = "UPDATE counter SET value = ? WHERE tenant = ? AND name = ? AND value = ?"

Counter = tuple[int, str]
"""A tenant's word and a name."""


class Numbers:
    """The numbers that one transaction has taken."""

    def __init__(self, aside: Connection) -> None:
        self._aside = aside
        self._used: list[tuple[Counter, int]] = []
        self._free: dict[Counter, list[int]] = {}
        self._portions: dict[Counter, int] = {}

    @property
    def mark(self) -> int:
        """How many numbers were used so far: a place to go back to."""
        return len(self._used)

    def next(self, counter: Counter) -> int:
        """Return the lowest number at hand, or else the counter's next."""
        free = self._free.setdefault(counter, [])
        if not free:
            portion = self._portions[counter] = min(2 * self._portions.get(counter, 0) or 1, PORTION_MAX)
            last = int(self._aside.value(_UP, (*counter, portion)))
            free += range(last - portion + 1, last + 1)
        number = free.pop(0)
        self._used.append((counter, number))
        return number

    def last(self, counter: Counter) -> int | None:
        """Return the number before the next one, None if none was taken here."""
        free = self._free.get(counter)
        if free:
            return free[0] - 1
        used = [number for of, number in self._used if of == counter]
        return max(used, default=None)

    def back_to(self, mark: int) -> None:
        """Take back the numbers used since `mark`; whoever asks next gets them."""
        while len(self._used) > mark:
            counter, number = self._used.pop()
            self._free[counter] = sorted([number, *self._free[counter]])

    def settle(self, *, give_back: bool) -> None:
        """Begin anew, and give back what is left, as far as nobody went beyond it.

        By now the transaction is over: a database that goes away meanwhile costs a gap, and must not look as if it had failed.
        """
        left, self._used, self._free, self._portions = self._free, [], {}, {}
        for counter, free in left.items():
            if free and give_back and self._aside.is_open:
                last = first = free[-1]
                for number in reversed(free):
                    first = number if number >= first - 1 else first
                try:
                    self._aside.run(_DOWN, (first - 1, *counter, last))
                except FlowMasterError as error:
                    logger.warning("Numbers were not given back: %s", error.message)
                    return
