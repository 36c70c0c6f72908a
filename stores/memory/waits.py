"""Waits in memory: tasks, jobs, timers and subscriptions."""

from collections.abc import Callable, Collection, Iterator

from flowmaster.engine import state as st
from flowmaster.stores import refusals, rows
from flowmaster.stores.codec import decode_wait, encode_wait
from flowmaster.stores.identifiers import job_id, parse_wait_id, task_id
from flowmaster.stores.memory.data import InstanceRecord, Part, WaitRecord, locked
from flowmaster.stores.memory.instances import holds, process_name
from flowmaster.stores.paging import checked_limit, cursor_numbers, numbers_cursor
from flowmaster.stores.projection import (
    ANYBODY,
    EVENT,
    JOB,
    PAUSED,
    SANDBOX,
    SPENT,
    TASK,
    TIMER,
    candidates,
    topic,
    wait_keys,
    wanted_kinds,
)


@locked
class WaitReader(Part):
    """The reads of waits."""

    def find_task(self, tenant: str, task: str) -> rows.TaskRow | None:
        """Return an open task by its id, or None."""
        parts = parse_wait_id(task)
        if parts is None or parts.nonce:
            return None
        record = self._record(TASK, tenant, parts.instance, parts.wait)
        row = self._task_row(record) if record else None
        return row if row is not None and row.task == task else None

    def find_tasks(self, tenant: str, which: rows.TaskFilter) -> rows.Page[rows.TaskRow]:
        """Return a page of open tasks."""
        limit = checked_limit(which.limit)
        found = [record for record in self._of(TASK, tenant) if self._fits_task(record, which)]
        found.sort(key=lambda record: (-record.keys.priority, record.place))
        total = len(found)
        if which.cursor is not None:
            priority, *place = cursor_numbers(which.cursor, 3)
            behind = (-priority, tuple(place))
            found = [record for record in found if (-record.keys.priority, record.place) > behind]
        more = None
        if len(found) > limit:
            last = found[limit - 1]
            more = numbers_cursor((last.keys.priority, *last.place))
        return rows.Page([self._task_row(record) for record in found[:limit]], total, more)

    def find_job(self, tenant: str, job: str) -> rows.JobRow:
        """Return the job leased under this id; refuse an unknown (`job.unknown`) or lost lease (`job.lease_lost`)."""
        return self._job_row(self._leased(tenant, job))

    def job_types(self, tenant: str, *, now: int) -> list[rows.JobTypeCount]:
        """Return the types of open jobs; `now` (real time) decides which leases still hold."""
        counts: dict[str, list[int]] = {}
        for record in self._of(JOB, tenant):
            if not record.keys.held:
                count = counts.setdefault(record.keys.topic, [0, 0])
                count[0] += 1
                count[1] += record.lease_until > now
        return [rows.JobTypeCount(type, *count) for type, count in sorted(counts.items())]

    def due_tenants(self, now: int) -> list[str]:
        """Return the tenants that have timers or start timers due at `now` (engine time)."""
        starts = [start.tenant for start in self._data.starts.values() if start.due and start.due <= now]
        return sorted({*starts, *(record.tenant for _, record in self._due(now))})

    def due_timers(self, now: int, *, limit: int, tenant: str | None = None) -> list[rows.DueTimer]:
        """Return the timers due at `now` (engine time), earliest first, without paused instances; of all tenants, or one."""
        found = [(due, record) for due, record in self._due(now) if tenant in (None, record.tenant)]
        found.sort(key=lambda timer: (timer[0], timer[1].place))
        return [
            rows.DueTimer(record.tenant, record.instance, record.id, due) for due, record in found[:limit]
        ]

    def _due(self, now: int) -> list[tuple[int, WaitRecord]]:
        return [
            (record.keys.due, record)
            for record in self._data.waits[TIMER].values()
            if record.keys.due is not None and record.keys.due <= now and not record.keys.held & PAUSED
        ]

    def next_due(self) -> int | None:
        """Return when the next timer or start timer of any tenant is due (engine time)."""
        timers = [
            record.keys.due
            for record in self._data.waits[TIMER].values()
            if record.keys.due is not None and not record.keys.held & PAUSED
        ]
        starts = [start.due for start in self._data.starts.values() if start.due is not None]
        return min(timers + starts, default=None)

    def next_job(self) -> int | None:
        """Return until when the next held back job of any tenant is held back (engine time)."""
        return min(
            (
                record.keys.due
                for record in self._data.waits[JOB].values()
                if record.keys.due is not None and not record.keys.held
            ),
            default=None,
        )

    def subscriptions(
        self, tenant: str, *, kind: str, name: str, key: str = "", limit: int
    ) -> list[rows.Subscription]:
        """Return who waits for this message or signal, oldest first, without sandboxes.

        A message with a key meets subscriptions to that key, and keyless ones of the instances whose business
        key, else id, is that key. A message without one, and any signal, meets all keyless ones.
        """
        wanted = topic(kind, name)
        key = "" if kind == "signal" else key
        found: list[WaitRecord] = []
        for record in self._of(EVENT, tenant):
            if record.keys.topic != wanted or record.keys.held & SANDBOX:
                continue
            row = self._data.instances[tenant, record.instance].row
            own = record.keys.key or (key and (row.business_key or row.instance))
            if own == key:
                found.append(record)
        found.sort(key=lambda record: record.place)
        return [self._subscription_row(record) for record in found[:limit]]

    def instance_subscriptions(self, tenant: str, instance: str) -> list[rows.Subscription]:
        """Return what one instance subscribes to, sandbox or not."""
        found = self._data.instances.get((tenant, instance))
        if found is None:
            return []
        return [
            self._subscription_row(self._data.waits[kind][found.number, key])
            for kind, key in sorted(found.waits, key=lambda wait: wait[1])
            if kind == EVENT
        ]

    def _of(self, kind: int, tenant: str) -> Iterator[WaitRecord]:
        return (record for record in self._data.waits[kind].values() if record.tenant == tenant)

    def _record(self, kind: int, tenant: str, instance: str, wait: int) -> WaitRecord | None:
        found = self._data.instances.get((tenant, instance))
        return self._data.waits[kind].get((found.number, wait)) if found else None

    def _leased(self, tenant: str, job: str) -> WaitRecord:
        parts = parse_wait_id(job)
        record = self._record(JOB, tenant, parts.instance, parts.wait) if parts else None
        if parts is None or record is None or not parts.nonce:
            raise refusals.job_unknown(job)
        row = self._job_row(record)
        if row.wait.element != parts.element:
            raise refusals.job_unknown(job)
        if row.job != job:
            raise refusals.lease_lost(job)
        return record

    def _task_row(self, record: WaitRecord) -> rows.TaskRow:
        row = self._data.instances[record.tenant, record.instance].row
        wait = decode_wait(record.body)
        assert isinstance(wait, st.TaskWait)
        task = task_id(row.instance, wait.element, wait.id)
        return rows.TaskRow(
            task, row.instance, row.process, row.version, row.business_key, record.label, wait
        )

    def _job_row(self, record: WaitRecord) -> rows.JobRow:
        row = self._data.instances[record.tenant, record.instance].row
        wait = decode_wait(record.body)
        assert isinstance(wait, st.JobWait)
        return rows.JobRow(
            job_id(row.instance, wait.element, wait.id, record.nonce),
            record.tenant,
            row.instance,
            row.process,
            row.version,
            row.business_key,
            record.label,
            wait,
            record.worker,
            record.lease_until,
        )

    def _subscription_row(self, record: WaitRecord) -> rows.Subscription:
        row = self._data.instances[record.tenant, record.instance].row
        wait = decode_wait(record.body)
        assert isinstance(wait, st.EventWait)
        paused = bool(record.keys.held & PAUSED)
        return rows.Subscription(row.instance, row.process, row.business_key, paused, wait)

    def _fits_task(self, record: WaitRecord, which: rows.TaskFilter) -> bool:
        keys = record.keys
        offered = {f"role:{role}" for role in which.roles}
        if which.candidate:
            offered |= {f"user:{which.candidate}", ANYBODY}
        row = self._data.instances[record.tenant, record.instance].row
        return (
            (which.include_sandbox or not keys.held & SANDBOX)
            and which.instance in ("", record.instance)
            and which.process in ("", row.process)
            and which.assignee in ("", keys.person)
            and (not which.states or keys.state in which.states)
            and (not offered or bool(offered & record.candidates))
            and (not which.candidate or f"not:{which.candidate}" not in record.candidates)
            and (not which.kind or _is_of_kind(record.candidates, which.kind))
            and (not which.query or self._holds_task(record, row, which.query))
        )

    def _holds_task(self, record: WaitRecord, row: rows.InstanceRow, query: str) -> bool:
        name = process_name(self, record.tenant, row.process)
        return holds(query, row.instance, row.business_key, record.label, row.process, name)


@locked
class WaitWriter(WaitReader):
    """The writes of waits and leases."""

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
        found = [
            record
            for record in self._of(JOB, tenant)
            if not record.keys.held
            and (types is None or record.keys.topic in types)
            and (instances is None or record.instance in instances)
            and record.lease_until <= now
            and (record.keys.due is None or record.keys.due <= engine_now)
        ]
        found.sort(key=lambda record: record.place)
        return [self._job_row(self._lease(record, lease_until, nonce(), worker)) for record in found[:limit]]

    def extend_job(self, tenant: str, job: str, *, lease_until: int) -> rows.JobRow:
        """Give a lease more time; refuse as `find_job` does."""
        record = self._leased(tenant, job)
        return self._job_row(self._lease(record, lease_until, record.nonce, record.worker))

    def release_job(self, tenant: str, job: str) -> None:
        """End a lease so that others can take the job at once; refuse as `find_job` does."""
        self._lease(self._leased(tenant, job), 0, "", "")

    def _lease(self, record: WaitRecord, until: int, nonce: str, worker: str) -> WaitRecord:
        leased = record._replace(lease_until=until, nonce=nonce, worker=worker)
        self._data.put(self._data.waits[JOB], record.place, leased)
        return leased

    def _write_waits(
        self, record: InstanceRecord, step: rows.Step, touched: Collection[int]
    ) -> InstanceRecord:
        """Bring an instance's waits to what its state says and return its record with them."""
        state, data = step.state, self._data
        stays = {(kind, key) for kind, key in record.waits if key in state.waits}
        for kind, key in record.waits - stays:
            data.delete(data.waits[kind], (record.number, key))
        held_only = {key for _, key in stays} - set(touched)
        waits: set[tuple[int, int]] = set()
        for wait in state.waits.values():
            keys = wait_keys(wait, paused=state.status == "paused", sandbox=record.row.sandbox)
            place = (record.number, wait.id)
            old = data.waits[keys.kind].get(place)
            waits.add((keys.kind, wait.id))
            if old is not None and wait.id in held_only:
                held = keys.held & (PAUSED | SANDBOX) | old.keys.held & SPENT
                if held != old.keys.held:
                    new = old._replace(keys=old.keys._replace(held=held))
                    data.put(data.waits[keys.kind], place, new)
                continue
            new = WaitRecord(
                record.tenant,
                state.instance,
                record.number,
                wait.id,
                step.labels.get(wait.element, "") or (old.label if old else ""),
                keys,
                candidates(wait) if isinstance(wait, st.TaskWait) else frozenset(),
                encode_wait(wait).decode(),
                0,
                "",
                "",
            )
            data.put(data.waits[keys.kind], place, new)
        return record._replace(waits=frozenset(waits))


def _is_of_kind(found_by: frozenset[str], kind: str) -> bool:
    wanted, others = wanted_kinds(kind)
    return wanted in found_by or (bool(others) and found_by.isdisjoint(others))
