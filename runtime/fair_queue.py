"""A queue that is fair between tenants: each has a line of its own, and lines take turns by what their pieces cost.

It is deficit round robin, with costs that are known only afterwards: the line whose turn it is goes on while it has
credit, each piece is charged with the time that it took, and a line without credit waits until its next turns have made
up for what it owes. Putting, taking and charging take the same short time however many wait.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final, Generic, TypeVar

QUANTUM_SECONDS: Final = 0.002
"""The time that one turn of a line gives it: a handful of steps."""

DEBT_SECONDS_MAX: Final = 0.5
"""What a line owes at most: one piece that took very long does not shut its tenant out."""

FINISHING_IN_A_ROW: Final = 4
"""Pieces that finish something which pass one other piece of their line; after so many that one goes."""

P = TypeVar("P")


class _Line(Generic[P]):
    """What waits for one tenant, in order of arrival; what finishes something passes the rest."""

    __slots__ = ("credit", "finishing", "others", "passed", "tenant")

    def __init__(self, tenant: str) -> None:
        self.tenant = tenant
        self.credit = 0.0
        self.finishing: deque[P] = deque()
        self.others: deque[P] = deque()
        self.passed = 0

    def __len__(self) -> int:
        return len(self.finishing) + len(self.others)

    def pop(self) -> P:
        if self.finishing and (not self.others or self.passed < FINISHING_IN_A_ROW):
            self.passed += bool(self.others)
            return self.finishing.popleft()
        self.passed = 0
        return self.others.popleft()


class FairQueue(Generic[P]):
    """Pieces that wait, by tenant. It is not safe for threads: whoever shares it holds a lock."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line[P]] = {}
        self._turns: deque[_Line[P]] = deque()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def tenants(self) -> int:
        """How many tenants have something waiting."""
        return len(self._turns)

    def waiting(self, tenant: str, *, finishing: bool = False) -> int:
        """Return how many pieces of a tenant wait, or those alone that finish something."""
        line = self._lines.get(tenant)
        if line is None:
            return 0
        return len(line.finishing) if finishing else len(line)

    def put(self, tenant: str, piece: P, *, finishing: bool = False) -> None:
        """Put a piece behind those of its kind and tenant."""
        line = self._line(tenant)
        (line.finishing if finishing else line.others).append(piece)
        self._length += 1

    def put_back(self, tenant: str, pieces: Iterable[P]) -> None:
        """Put pieces that were taken before all others of their tenant, in their order."""
        back = list(pieces)
        self._line(tenant).finishing.extendleft(reversed(back))
        self._length += len(back)

    def take(self) -> tuple[str, P]:
        """Take the piece whose turn it is, and return it with its tenant; there must be one."""
        turns = self._turns
        while (line := turns[0]).credit <= 0:
            turns.rotate(-1)
            self._begin_turn()
        piece = line.pop()
        self._length -= 1
        if not len(line):
            turns.popleft()
            del self._lines[line.tenant]
            self._begin_turn()
        return line.tenant, piece

    def charge(self, tenant: str, seconds: float) -> None:
        """Charge a tenant with what a piece took; who has nothing waiting any more owes nothing."""
        line = self._lines.get(tenant)
        if line is not None:
            line.credit = max(line.credit - seconds, -DEBT_SECONDS_MAX)

    def _begin_turn(self) -> None:
        """Give the line whose turn begins its credit; where it is alone it owes nothing."""
        if self._turns:
            line = self._turns[0]
            line.credit = QUANTUM_SECONDS + (line.credit if len(self._turns) > 1 else 0.0)

    def _line(self, tenant: str) -> _Line[P]:
        line = self._lines.get(tenant)
        if line is None:
            line = self._lines[tenant] = _Line(tenant)
            self._turns.append(line)
        return line
