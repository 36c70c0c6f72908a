"""Jobs: leasing them to workers, and refusing workers who come too late."""

from collections.abc import Callable, Collection
from typing import Any

from flowmaster.engine import state as st
from flowmaster.stores import refusals, rows
from flowmaster.stores.codec import decode_wait
from flowmaster.stores.identifiers import job_id, parse_wait_id
from flowmaster.stores.paging import checked_limit
from flowmaster.stores.sql.part import Part, Where

_JOB = (
    "SELECT i.tenant, i.id, i.process, i.version, i.business_key, w.label, w.body, w.worker, w.lease_until,"
    " w.nonce, w.instance, w.id FROM wait w JOIN instance i ON i.num = w.instance"
)
_TYPES = """
WITH RECURSIVE type(topic) AS (
    SELECT min(topic) FROM wait WHERE kind = 2 AND tenant = ?
    UNION ALL
    SELECT (SELECT min(topic) FROM wait WHERE kind = 2 AND tenant = ? AND topic > type.topic)
    FROM type WHERE topic IS NOT NULL
)
SELECT topic FROM type WHERE topic IS NOT NULL
"""


class JobReader(Part):
    """The reads of jobs."""

    def find_job(self, tenant: str, job: str) -> rows.JobRow:
        """Return the job leased under this id; refuse an unknown (`job.unknown`) or lost lease (`job.lease_lost`)."""
        return self._leased(tenant, job)[0]

    def job_types(self, tenant: str, *, now: int) -> list[rows.JobTypeCount]:
        """Return the types of open jobs; `now` (real time) decides which leases still hold."""
        found = self._db.all(
            "SELECT topic, count(*), count(CASE WHEN lease_until > ? THEN 1 END) FROM wait"
            " WHERE kind = 2 AND tenant = ? AND held = 0 GROUP BY topic",
            (now, self._words.find(tenant)),
        )
        return sorted(
            rows.JobTypeCount(self._words.optional_text(topic), open, leased) for topic, open, leased in found
        )

    def next_job(self) -> int | None:
        """Return until when the next held back job of any tenant is held back (engine time)."""
        found: int | None = self._db.value(
            "SELECT min(due) FROM wait WHERE kind = 2 AND due IS NOT NULL AND held & 5 = 0 AND held = 0"
        )
        return found

    def _leased(self, tenant: str, job: str) -> tuple[rows.JobRow, int, int]:
        """Return a leased job with the key of its row."""
        parts = parse_wait_id(job)
        found = parts and self._db.one(
            f"{_JOB} WHERE i.tenant = ? AND i.id = ? AND w.id = ? AND w.kind = 2",
            (self._words.find(tenant), parts.instance, parts.wait),
        )
        if not parts or not found or not parts.nonce:
            raise refusals.job_unknown(job)
        row = self._job_row(found)
        if row.wait.element != parts.element:
            raise refusals.job_unknown(job)
        if row.job != job:
            raise refusals.lease_lost(job)
        return row, found[-2], found[-1]

    def _job_row(self, row: tuple[Any, ...]) -> rows.JobRow:
        tenant, instance, process, version, business_key, label, body, worker, lease_until, nonce = row[:10]
        wait = decode_wait(body)
        assert isinstance(wait, st.JobWait)
        text = self._words.optional_text
        return rows.JobRow(
            job_id(instance, wait.element, wait.id, nonce or ""),
            text(tenant),
            instance,
            text(process),
            version,
            business_key or "",
            text(label),
            wait,
            text(worker),
            lease_until,
        )


class JobWriter(JobReader):
    """The writes of leases."""

    def take_jobs(
        self,
        tenant: str,
        *,
        types: Collection[str] | None,
        instances: Collection[str] | None = None,
        limit: int,
        now: int,
        engine_now: int,
        lease_until: int,
        worker: str,
        nonce: Callable[[], str],
    ) -> list[rows.JobRow]:
        """Lease open jobs, oldest first, and return them under new ids."""
        checked_limit(limit)
        where = Where("w.kind = 2 AND w.held = 0 AND w.lease_until <= ?", values=[now])
        where.add("(w.due IS NULL OR w.due <= ?)", engine_now)
        found = self._open_jobs(tenant, where, types=types, instances=instances, limit=limit)
        leased: list[rows.JobRow] = []
        holder = self._words.number(worker)
        for row in found:
            new = nonce()
            self._db.run(
                "UPDATE wait SET lease_until = ?, nonce = ?, worker = ? WHERE instance = ? AND id = ?",
                (lease_until, new, holder, row[-2], row[-1]),
            )
            leased.append(self._job_row((*row[:7], holder, lease_until, new)))
        return leased

    def _open_jobs(
        self,
        tenant: str,
        where: Where,
        *,
        types: Collection[str] | None,
        instances: Collection[str] | None,
        limit: int,
    ) -> list[tuple[Any, ...]]:
        """Return the oldest jobs that fit; type by type, since each type's jobs lie in order in their index."""
        owner = self._words.find(tenant)
        if instances is not None:
            where.add("i.tenant = ?", owner)
            where.add_in("i.id", list(instances))
        else:
            where.add("w.tenant = ?", owner)
        if types is not None:
            topics = self._words.numbers(set(types))
        else:
            topics = [topic for (topic,) in self._db.all(_TYPES, (owner, owner))]
        found: list[tuple[Any, ...]] = []
        for topic in topics:
            found += self._db.all(
                f"{_JOB} WHERE {where} AND w.topic = ? ORDER BY w.instance, w.id LIMIT ?"
                + self._locked("OF w SKIP LOCKED"),
                (*where.values, topic, limit),
            )
        return sorted(found, key=lambda row: row[-2:])[:limit]

    def extend_job(self, tenant: str, job: str, *, lease_until: int) -> rows.JobRow:
        """Give a lease more time; refuse as `find_job` does."""
        row, instance, wait = self._leased(tenant, job)
        self._db.run(
            "UPDATE wait SET lease_until = ? WHERE instance = ? AND id = ?", (lease_until, instance, wait)
        )
        return row._replace(lease_until=lease_until)

    def release_job(self, tenant: str, job: str) -> None:
        """End a lease so that others can take the job at once; refuse as `find_job` does."""
        _, instance, wait = self._leased(tenant, job)
        self._db.run(
            "UPDATE wait SET lease_until = 0, nonce = NULL, worker = NULL WHERE instance = ? AND id = ?",
            (instance, wait),
        )
