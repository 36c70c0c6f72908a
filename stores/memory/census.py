"""Counts for whoever watches a server, in memory."""

from flowmaster.stores import rows
from flowmaster.stores.counts import Steps, WaitCounts
from flowmaster.stores.memory.data import locked
from flowmaster.stores.memory.instances import InstanceReader
from flowmaster.stores.projection import JOB, PAUSED, SANDBOX, SPENT, TASK, TIMER


@locked
class CensusReader(InstanceReader):
    """The counts of what there is in the store."""

    def wait_counts(self, tenant: str, *, now: int, engine_now: int) -> WaitCounts:
        """Return what is waited for; `now` (real time) decides on leases, `engine_now` which timers are overdue."""
        of = {
            kind: [each for each in self._data.waits[kind].values() if each.tenant == tenant]
            for kind in (TASK, JOB, TIMER)
        }
        tasks = [each for each in of[TASK] if not each.keys.held]
        jobs = [each for each in of[JOB] if not each.keys.held]
        spent = [each for each in of[JOB] if each.keys.held & (SANDBOX | SPENT) == SPENT]
        due = [
            each.keys.due
            for each in of[TIMER]
            if each.keys.due is not None and not each.keys.held & (PAUSED | SANDBOX | SPENT)
        ]
        return WaitCounts(
            len(tasks),
            sum(1 for each in tasks if each.keys.person),
            len(jobs),
            sum(1 for each in jobs if each.lease_until > now),
            len(spent),
            len(due),
            sum(1 for each in due if each <= engine_now),
            min(due, default=None),
        )

    def stopped(self, tenant: str, *, limit: int) -> rows.Page[rows.InstanceRow]:
        """Return the instances with incidents that changed last, newest change first, and how many there are."""
        found = [
            record
            for (owner, _), record in self._data.instances.items()
            if owner == tenant and record.row.incidents and not record.row.sandbox
        ]
        found.sort(key=lambda record: (-record.row.updated, -record.number))
        return rows.Page([record.row for record in found[:limit]], len(found), None)

    def steps(self, tenant: str, *, since: int, limit: int) -> Steps:
        """Return the steps since an instant (engine time), of at most so many newest rows of the journal."""
        counts: dict[str, int] = {}
        looked_at, earliest = 0, since
        for record in reversed(self._data.journal.values()):
            if record.link.at < since or looked_at == limit:
                break
            if record.tenant != tenant or not record.of_instance:
                continue
            row = self._data.instances[tenant, record.scope].row
            if not row.sandbox:
                looked_at, earliest = looked_at + 1, record.link.at
                counts[row.process] = counts.get(row.process, 0) + 1
        ordered = sorted(counts.items(), key=lambda counted: (-counted[1], counted[0]))
        return Steps(ordered, earliest if looked_at == limit else since)
