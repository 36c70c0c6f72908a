"""A sandbox: the same engine and desk on a store in memory and a clock of its own; nothing leaves it."""

from collections.abc import Callable
from typing import TypeVar

from flowmaster.runtime.clock import CLOCK_SETTING, VirtualClock
from flowmaster.runtime.desk import Desk
from flowmaster.runtime.effects import FOLLOW
from flowmaster.runtime.models import Models
from flowmaster.runtime.timers import fire_due, fire_starts
from flowmaster.stores.memory.store import MemoryStore
from flowmaster.stores.protocol import Reader, Transaction

FIRINGS_MAX = 10_000
"""Timers that one advance of a sandbox's clock fires."""

TENANT = "sandbox"

T = TypeVar("T")


class Sandbox:
    """Runs instances synchronously, in the calling thread, apart from everything else."""

    def __init__(self, models: Models, at: int) -> None:
        self.store = MemoryStore()
        self.models = models
        self.clock = VirtualClock(at)

    @property
    def reader(self) -> Reader:
        """Return what shows the sandbox's own instances."""
        return self.store.reader()

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Change what the sandbox knows."""
        with self.store.transaction() as transaction:
            return work(transaction)

    def do(self, work: Callable[[Desk], T]) -> T:
        """Run work on instances with all that follows from it."""
        with self.store.transaction() as transaction:
            desk = self._desk(transaction)
            result = work(desk)
            while not desk.follow_up():
                desk.take_outbox(FIRINGS_MAX)
            return result

    def now(self) -> int:
        """Return the sandbox's time."""
        return self.clock.now(self.reader)

    def advance(self, to: int) -> None:
        """Let time pass until an instant, firing everything on the way in order."""
        for _ in range(FIRINGS_MAX):
            if not self.do(lambda desk: self._advance_once(desk, to)):
                return

    def _advance_once(self, desk: Desk, to: int) -> int:
        due = desk.transaction.next_due()
        desk.now = max(desk.now, to if due is None else min(due, to))
        desk.transaction.put_setting("", CLOCK_SETTING, desk.now)
        fired = fire_due(desk, 100) + fire_starts(desk, 100)
        if not fired:
            desk.transaction.put_setting("", CLOCK_SETTING, to)
        return fired

    def _desk(self, transaction: Transaction) -> Desk:
        return Desk(transaction, self.models, self.clock, FOLLOW)
