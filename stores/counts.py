"""What is counted for whoever watches a server."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from flowmaster.stores import rows


class WaitCounts(NamedTuple):
    """What the instances of a tenant wait for, without sandboxes.

    `claimed` of the `tasks` have somebody at work on them; `leased` of the `jobs` have a worker, `spent` have no tries
    left. Of the `timers`, `overdue` should have fired (told up to a bound); `next_due` is when the next one is due.
    """

    tasks: int
    claimed: int
    jobs: int
    leased: int
    spent: int
    timers: int
    overdue: int
    next_due: int | None


class Steps(NamedTuple):
    """How many steps the instances of each process took, most first; `since` is from when on that is known."""

    by_process: Sequence[tuple[str, int]]
    since: int


class CensusReads(Protocol):
    """Counts for whoever watches a server; each looks at many rows and is asked for now and then only."""

    def wait_counts(self, tenant: str, *, now: int, engine_now: int) -> WaitCounts:
        """Return what is waited for; `now` (real time) decides on leases, `engine_now` which timers are overdue."""
        ...

    def stopped(self, tenant: str, *, limit: int) -> rows.Page[rows.InstanceRow]:
        """Return the instances with incidents that changed last, newest change first, and how many there are."""
        ...

    def steps(self, tenant: str, *, since: int, limit: int) -> Steps:
        """Return the steps since an instant (engine time), of at most so many newest rows of the journal."""
        ...
