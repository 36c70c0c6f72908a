"""What is counted for whoever watches a server."""

from collections.abc import Sequence
from typing import NamedTuple


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
