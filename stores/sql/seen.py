"""What the writer knows of rows: within a transaction nobody else changes them, and some states outlast it.

The state of a wide instance (thousands of tokens) is dear to read, so that the writer keeps those it met last; the
revision in the instance's row tells whether another server has moved it on since. Other states are kept where the
store learns whether anybody else has written at all: most instances go on soon after they have come to rest.
"""

from typing import Final, NamedTuple

from flowmaster.engine.state import State, TaskWait, Wait
from flowmaster.stores.releases import Routed

NODES_KEPT_MAX: Final = 100_000
"""Nodes of the wide states that are kept in memory at most; those met longest ago go first."""

RESTING_MAX: Final = 4_096
"""States of other instances that are kept at most, each of at most `RESTING_BYTES_MAX`."""

RESTING_BYTES_MAX: Final = 2_048
"""The stored text of a state that is kept, at most. As objects it may take twenty times as much."""

Key = tuple[str, str]
"""A tenant and an instance."""


class Head(NamedTuple):
    """What a further step of an instance needs to know of its row; `waits` counts its rows, `wide` says how it is stored."""

    number: int
    revision: int
    waits: int
    sandbox: bool
    hash: bytes
    wide: bool = False


class Seen:
    """What one writing connection has read and written; `lasting` if it is told when others have written (`forget_resting`)."""

    __slots__ = ("_kept", "_lasting", "_resting", "heads", "newest", "stepped", "wide")

    def __init__(self, *, lasting: bool) -> None:
        self.heads: dict[Key, Head] = {}
        self.newest: dict[tuple[str, str, str], Routed] = {}
        self.stepped: dict[Key, State] = {}
        self.wide: dict[Key, State] = {}
        self._kept: dict[Key, State] = {}
        self._resting: dict[Key, tuple[Head, State]] = {}
        self._lasting = lasting

    def narrow(self, key: Key) -> State | None:
        """Return the state of an instance that is not wide, if it is at hand: a copy, since others are shown it."""
        state = self.stepped.get(key)
        if state is None:
            found = self._resting.get(key)
            if found is None:
                return None
            self.heads[key], state = found
        return state.copy()

    def step(self, key: Key, state: State, head: Head, size: int) -> None:
        """Take notice of what an instance has come to; unless it is wide, nobody changes that state any more."""
        self.heads[key] = head
        self._resting.pop(key, None)
        if head.wide:
            self.wide[key] = state
        elif size <= RESTING_BYTES_MAX and not any(map(_carries_values, state.waits.values())):
            self.stepped[key] = state
            return
        self.stepped.pop(key, None)

    def state(self, key: Key, revision: int) -> State | None:
        """Return the wide state that stands at a revision, if it is at hand; it is then the caller's to change."""
        state = self.wide.get(key) or self._kept.pop(key, None)
        if state is None or state.seq != revision:
            return None
        self.wide[key] = state
        return state

    def forget(self) -> None:
        """Drop everything of this transaction, since some of it is undone."""
        self.heads.clear()
        self.newest.clear()
        self.stepped.clear()
        self.wide.clear()

    def forget_all(self) -> None:
        """Drop what outlasts transactions too, since rows are changed beside the steps of their instances."""
        self._kept.clear()
        self._resting.clear()
        self.forget()

    def forget_resting(self) -> None:
        """Drop the states at rest, since somebody else has written; a wide one tells by its revision whether it holds."""
        self._resting.clear()

    def settle(self) -> None:
        """Keep states as they are stored now, since the transaction is committed, and drop the rest."""
        for key, state in self.wide.items():
            head = self.heads.get(key)
            if head is not None and head.wide and head.revision == state.seq:
                self._kept[key] = state
        if self._lasting:
            for key, state in self.stepped.items():
                if state.status in _GOING_ON:
                    self._resting[key] = (self.heads[key], state)
        self._make_room()
        self.forget()

    def _make_room(self) -> None:
        while len(self._resting) > RESTING_MAX:
            del self._resting[next(iter(self._resting))]
        if self.wide:
            nodes = sum(len(state.nodes) for state in self._kept.values())
            while nodes > NODES_KEPT_MAX:
                nodes -= len(self._kept.pop(next(iter(self._kept))).nodes)


_GOING_ON: Final = ("active", "paused")


def _carries_values(wait: Wait) -> bool:
    """Whether a wait holds values of its own, whose size nobody counts."""
    return isinstance(wait, TaskWait) and (wait.draft is not None or wait.asked is not None)
