"""The circuit breaker: work for a connection that keeps failing is held back until it has had time to recover.

After `FAILURES` failures in a row a circuit opens. Once its pause is over, one job tries the connection; its success
closes the circuit, its failure opens it for twice as long. Held back jobs lose none of their tries.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

FAILURES = 5
"""So many failures in a row open a circuit."""

PAUSE = 30_000
"""How many milliseconds a circuit stays open at first; it doubles with each try that fails."""

PAUSE_MAX = 600_000

CIRCUITS_MAX = 10_000
"""Connections with failures that are kept in mind; the oldest is forgotten."""

Key: TypeAlias = tuple[str, str, str]
"""A tenant, a type of jobs, and what its connector talks to."""


@dataclass(slots=True)
class _Circuit:
    failures: int = 0
    opens: int = 0
    """Until when it is open, in milliseconds of real time."""


class Failing(NamedTuple):
    """A connection that failed last time: how often in a row, and until when its work is held back (0: it is not)."""

    connector: str
    connection: str
    failures: int
    held_until: int


class Breaker:
    """The circuits of one server; what another server of the same store meets, it learns for itself."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._circuits: dict[Key, _Circuit] = {}

    def held_until(self, key: Key, trial: int) -> int | None:
        """Return until when work is held back; None lets it go, and holds back all else while it tries (`trial` ms)."""
        circuit, now = self._circuits.get(key), self._now()
        if circuit is None or circuit.failures < FAILURES:
            return None
        if now < circuit.opens:
            return circuit.opens
        circuit.opens = now + trial
        return None

    def failing(self, tenant: str) -> list[Failing]:
        """Return the connections of a tenant that failed last time, those that failed most often first."""
        found = [
            Failing(connector, connection, each.failures, each.opens)
            for (owner, connector, connection), each in list(self._circuits.items())
            if owner == tenant
        ]
        return sorted(found, key=lambda each: -each.failures)

    def succeeded(self, key: Key) -> None:
        """Close a circuit."""
        self._circuits.pop(key, None)

    def failed(self, key: Key) -> bool:
        """Count a failure; return whether the circuit is open now."""
        circuit = self._circuits.pop(key, None) or _Circuit()
        self._circuits[key] = circuit
        if len(self._circuits) > CIRCUITS_MAX:
            del self._circuits[next(iter(self._circuits))]
        circuit.failures += 1
        if circuit.failures < FAILURES:
            return False
        circuit.opens = self._now() + min(PAUSE_MAX, PAUSE * 2 ** min(circuit.failures - FAILURES, 10))
        return True
