"""The figures that are read off when somebody asks: what waits, and what there is in the store."""

from collections.abc import Mapping

from flowmaster.runtime.observation.figures import INSTANCES, OUTBOX, QUEUE, SPANS_LOST, Labels, Measure
from flowmaster.runtime.runtime import Runtime

STATUSES = ("active", "paused", "completed", "cancelled", "failed")


def gauges(runtime: Runtime) -> Mapping[Measure, Mapping[Labels, int]]:
    """Return what can be read off now, of all tenants together; blocks the thread while the store is looked at."""
    counts = dict.fromkeys(STATUSES, 0)
    now = runtime.now()
    for tenant in runtime.reader.tenants():
        for each in runtime.census.of(tenant, now).statuses:
            counts[each.status] = counts.get(each.status, 0) + each.instances
    return {
        QUEUE: {(): runtime.writer.depth},
        OUTBOX: {(): runtime.reader.outbox_depth()},
        INSTANCES: {(status,): count for status, count in counts.items()},
        SPANS_LOST: {(): runtime.observed.figures.spans_lost},
    }
