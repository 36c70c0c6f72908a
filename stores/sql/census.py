"""Counts for whoever watches a server; each is answered from indexes as far as it can be."""

from typing import Any

from flowmaster.stores import rows
from flowmaster.stores.counts import Steps, WaitCounts
from flowmaster.stores.sql.instances import COLUMNS, InstanceReader

OVERDUE_MAX = 1_000
"""Overdue timers that are counted; more are told as so many."""

_TASKS = "SELECT count(*) FROM wait WHERE kind = 1 AND tenant = ? AND held = 0"
_CLAIMED = "SELECT count(*) FROM wait WHERE tenant = ? AND person IS NOT NULL AND held = 0"
_JOBS = (
    "SELECT count(CASE WHEN held & 7 = 0 THEN 1 END), count(CASE WHEN held & 7 = 0 AND lease_until > ? THEN 1 END),"
    " count(CASE WHEN held & 6 = 4 THEN 1 END) FROM wait WHERE kind = 2 AND tenant = ?"
)
_TIMERS = (
    "SELECT count(*), min(due) FROM wait WHERE kind = 3 AND due IS NOT NULL AND held & 5 = 0"
    " AND held & 2 = 0 AND tenant = ?"
)
_OVERDUE = (
    "SELECT count(*) FROM (SELECT 1 FROM wait WHERE kind = 3 AND due <= ? AND held & 5 = 0 AND held & 2 = 0"
    f" AND tenant = ? LIMIT {OVERDUE_MAX}) AS late"
)
_STEPS = (
    "SELECT i.process, count(*) FROM journal j JOIN instance i ON i.num = j.scope"
    " WHERE j.id > ? AND j.at >= ? AND j.tenant = ? AND i.sandbox = 0 GROUP BY i.process"
)


class CensusReader(InstanceReader):
    """The counts of what there is in the store."""

    def wait_counts(self, tenant: str, *, now: int, engine_now: int) -> WaitCounts:
        """Return what is waited for; `now` (real time) decides on leases, `engine_now` which timers are overdue."""
        owner = self._words.find(tenant)
        with self._db.snapshot():
            tasks = self._db.value(_TASKS, (owner,))
            claimed = self._db.value(_CLAIMED, (owner,))
            jobs, leased, spent = self._row(_JOBS, (now, owner))
            timers, next_due = self._row(_TIMERS, (owner,))
            overdue = self._db.value(_OVERDUE, (engine_now, owner))
        return WaitCounts(tasks, claimed, jobs, leased, spent, timers, overdue, next_due)

    def stopped(self, tenant: str, *, limit: int) -> rows.Page[rows.InstanceRow]:
        """Return the instances with incidents that changed last, newest change first, and how many there are."""
        where = "tenant = ? AND incidents > 0 AND +sandbox = 0"
        owner = self._words.find(tenant)
        with self._db.snapshot():
            total = self._db.value(f"SELECT count(*) FROM instance WHERE {where}", (owner,))
            found = self._db.all(
                f"SELECT {COLUMNS} FROM instance WHERE {where} ORDER BY updated DESC, num DESC LIMIT ?",
                (owner, limit),
            )
        return rows.Page([self._instance_row(row) for row in found], total, None)

    def steps(self, tenant: str, *, since: int, limit: int) -> Steps:
        """Return the steps since an instant (engine time), of at most so many newest rows of the journal."""
        owner = self._words.find(tenant)
        with self._db.snapshot():
            last = self._db.value("SELECT max(id) FROM journal") or 0
            before = self._db.value(
                "SELECT at FROM journal WHERE id <= ? ORDER BY id DESC LIMIT 1", (last - limit,)
            )
            found = self._db.all(_STEPS, (last - limit, since, owner))
        counted = sorted(((self._words.text(process), count) for process, count in found), key=_most_first)
        return Steps(counted, max(since, before or since))

    def _row(self, statement: str, values: tuple[Any, ...]) -> tuple[Any, ...]:
        found = self._db.one(statement, values)
        assert found is not None, "counts have a row"
        return found


def _most_first(counted: tuple[str, int]) -> tuple[int, str]:
    return (-counted[1], counted[0])
