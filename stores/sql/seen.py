"""What the writer knows of rows: within a transaction nobody else changes them, and wide states outlast it.

The state of a wide instance (thousands of tokens) is dear to read, so that the writer keeps those it met last; the
revision in the instance's row tells whether another server has moved it on since.
"""

from typing import Final, NamedTuple

from flowmaster.engine.state import State

NODES_KEPT_MAX: Final = 100_000
"""Nodes of the wide states that are kept in memory at most; those met longest ago go first."""

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
    """What one writing connection has read and written."""

    __slots__ = ("_kept", "heads", "newest", "wide")

    def __init__(self) -> None:
        self.heads: dict[Key, Head] = {}
        self.newest: dict[tuple[str, str, str], int | None] = {}
        self.wide: dict[Key, State] = {}
        self._kept: dict[Key, State] = {}

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
        self.wide.clear()

    def forget_all(self) -> None:
        """Drop what outlasts transactions too, since rows are changed beside the steps of their instances."""
        self._kept.clear()
        self.forget()

    def settle(self) -> None:
        """Keep the wide states as they are stored now, since the transaction is committed, and drop the rest."""
        for key, state in self.wide.items():
            head = self.heads.get(key)
            if head is not None and head.wide and head.revision == state.seq:
                self._kept[key] = state
        if self.wide:
            self._make_room()
        self.forget()

    def _make_room(self) -> None:
        nodes = sum(len(state.nodes) for state in self._kept.values())
        while nodes > NODES_KEPT_MAX:
            nodes -= len(self._kept.pop(next(iter(self._kept))).nodes)
