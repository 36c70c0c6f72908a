"""What there is in the store, counted now and then: looking again costs little while nothing has changed.

Counting looks at many rows. So a count is kept for as long as it took a hundred times over, five seconds at least
where something changed and a minute where nothing did; at most a hundredth of one core goes into it.
"""

import threading
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Final, NamedTuple

from flowmaster.engine.state import Incident
from flowmaster.runtime.clock import real_now
from flowmaster.stores.counts import Steps, WaitCounts
from flowmaster.stores.protocol import Reader
from flowmaster.stores.rows import StatusCount

KEPT_SECONDS: Final = 5.0
QUIET_SECONDS: Final = 60.0
COST_SHARE: Final = 0.01
"""How much of one core counting may take."""

INCIDENTS: Final = 10
"""Instances of which is told what stopped them."""

STEPS_MS: Final = 60_000
STEPS_ROWS: Final = 2_000
"""Rows of the journal that are looked at to see which processes are busy."""


class Stop(NamedTuple):
    """An incident, and whose it is."""

    instance: str
    process: str
    incident: Incident


class Counted(NamedTuple):
    """What there was of one tenant at a moment (real time)."""

    at: int
    statuses: Sequence[StatusCount]
    waits: WaitCounts
    stopped: int
    stops: Sequence[Stop]
    steps: Steps
    outbox: int


class _Kept(NamedTuple):
    counted: Counted
    change: int
    until: float
    quiet_until: float


class Census:
    """The counts of each tenant that somebody asked for."""

    def __init__(self, reader: Callable[[], Reader]) -> None:
        self._reader = reader
        self._kept: dict[str, _Kept] = {}
        self._counting = threading.Lock()

    def of(self, tenant: str, engine_now: int) -> Counted:
        """Return what there is; blocks the thread while it is counted."""
        with self._counting:
            known, reader, begun = self._kept.get(tenant), self._reader(), monotonic()
            if known is not None and begun < known.until:
                return known.counted
            change = reader.last_change()
            if known is not None and change == known.change and begun < known.quiet_until:
                return known.counted
            counted = _counted(reader, tenant, engine_now)
            ended = monotonic()
            until = ended + max(KEPT_SECONDS, (ended - begun) / COST_SHARE)
            self._kept[tenant] = _Kept(counted, change, until, max(until, ended + QUIET_SECONDS))
            return counted


def _counted(reader: Reader, tenant: str, engine_now: int) -> Counted:
    stopped = reader.stopped(tenant, limit=INCIDENTS)
    stops: list[Stop] = []
    for row in stopped.items:
        found = reader.load(tenant, row.instance)
        if found is not None:
            stops += [Stop(row.instance, row.process, each) for each in found.state.incidents.values()]
    stops.sort(key=lambda stop: -stop.incident.since)
    return Counted(
        real_now(),
        reader.count_instances(tenant),
        reader.wait_counts(tenant, now=real_now(), engine_now=engine_now),
        stopped.total,
        stops[:INCIDENTS],
        reader.steps(tenant, since=engine_now - STEPS_MS, limit=STEPS_ROWS),
        reader.outbox_depth(),
    )
