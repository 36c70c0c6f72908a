"""The slots of connectors: how many jobs run at once, of one tenant, and over one connection.

Whatever hangs holds the slots of its own connection and no more, and no tenant holds all of them.
"""

from collections import Counter, deque
from collections.abc import Sequence
from typing import Generic, TypeAlias, TypeVar

from flowmaster.runtime.bounds import Bounds

Connection: TypeAlias = tuple[str, str, str]
"""A tenant, a type of jobs, and what its connector talks to."""

WAITING = 2
"""Jobs that wait here for their connection, for each that it may do at once; further ones are put off."""

PUT_OFF_MS = 1_000
PUT_OFF_MS_MAX = 30_000
"""For how long jobs are put off whose connection has enough to do: the more there are, the longer."""

J = TypeVar("J")


class Slots(Generic[J]):
    """Who works on what at the moment, and which jobs wait for their connection."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._running = 0
        self._by_tenant: Counter[str] = Counter()
        self._by_connection: Counter[Connection] = Counter()
        self._waiting: dict[Connection, deque[J]] = {}
        self._put_off: dict[Connection, int] = {}

    def rooms(self, tenants: Sequence[str]) -> dict[str, int]:
        """Return how many more jobs may begin for each of the tenants that want some; those with the fewest go first."""
        bounds = self._bounds
        share = min(bounds.tenant_jobs, max(1, bounds.jobs // max(1, len(tenants))))
        free = bounds.jobs - self._running
        rooms: dict[str, int] = {}
        for tenant in sorted(tenants, key=self._by_tenant.__getitem__):
            rooms[tenant] = max(0, min(free, share - self._by_tenant[tenant]))
            free -= rooms[tenant]
        return rooms

    def begin(self, connection: Connection) -> bool:
        """Take a slot of a connection, if one is free."""
        if self._by_connection[connection] >= self._bounds.connection_jobs:
            return False
        self._running += 1
        self._by_tenant[connection[0]] += 1
        self._by_connection[connection] += 1
        return True

    def wait(self, connection: Connection, job: J) -> bool:
        """Let a job wait for its connection, if not too many do."""
        waiting = self._waiting.setdefault(connection, deque())
        if len(waiting) >= WAITING * self._bounds.connection_jobs:
            return False
        waiting.append(job)
        return True

    def put_off_until(self, connection: Connection, now: int) -> int:
        """Return until when a further job of a connection that has enough to do is put off."""
        last = max(self._put_off.get(connection, 0), now + PUT_OFF_MS)
        until = min(last + PUT_OFF_MS // self._bounds.connection_jobs, now + PUT_OFF_MS_MAX)
        self._put_off[connection] = until
        return until

    def end(self, connection: Connection) -> J | None:
        """Give a slot back; return the job that waited for it, which has it now."""
        waiting = self._waiting.get(connection)
        if waiting:
            return waiting.popleft()
        self._running -= 1
        self._by_tenant[connection[0]] -= 1
        self._by_connection[connection] -= 1
        if not self._by_tenant[connection[0]]:
            del self._by_tenant[connection[0]]
        if not self._by_connection[connection]:
            del self._by_connection[connection]
            self._waiting.pop(connection, None)
            self._put_off.pop(connection, None)
        return None
