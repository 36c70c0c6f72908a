"""Reading and writing waits: open tasks, timers and subscriptions of instances."""

from typing import Any

from flowmaster.engine import state as st
from flowmaster.stores import rows
from flowmaster.stores.codec import decode_wait, encode_wait
from flowmaster.stores.identifiers import parse_wait_id, task_id
from flowmaster.stores.paging import checked_limit, cursor_numbers, numbers_cursor
from flowmaster.stores.projection import (
    ANYBODY,
    EVENT,
    JOB,
    PAUSED,
    WaitChanges,
    WaitKeys,
    candidates,
    topic,
    wait_keys,
    wanted_kinds,
)
from flowmaster.stores.sql.part import Part, Where, among

_TASK_COLUMNS = "i.id, i.process, i.version, i.business_key, w.label, w.body"
_TASKS = "FROM wait w CROSS JOIN instance i ON i.num = w.instance"
_SUBSCRIPTIONS = (
    "SELECT i.id, i.process, i.business_key, w.held, w.body FROM wait w JOIN instance i ON i.num = w.instance"
)
_FOUND_BY = "SELECT c.instance, c.wait FROM candidate c WHERE c.tenant = ? AND c.who"
_PUT = (
    "INSERT INTO wait (instance, id, tenant, kind, held, label, state, person, priority, topic, key, due, body)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_CHANGE = (
    "UPDATE wait SET label = coalesce(?, label), held = ?, state = ?, person = ?, priority = ?, topic = ?, key = ?, due = ?,"
    " lease_until = 0, nonce = NULL, worker = NULL, body = ? WHERE instance = ? AND id = ? RETURNING 1"
)

_TIMERS = "FROM wait WHERE kind = 3 AND due IS NOT NULL AND held & 5 = 0"
_DUE_TENANTS = f"""
WITH RECURSIVE owner(tenant) AS (
    SELECT min(tenant) {_TIMERS}
    UNION ALL
    SELECT (SELECT min(tenant) {_TIMERS} AND tenant > owner.tenant) FROM owner WHERE tenant IS NOT NULL
)
SELECT tenant FROM owner WHERE (SELECT min(due) {_TIMERS} AND tenant = owner.tenant) <= ?
UNION SELECT tenant FROM start WHERE due <= ?
"""


class WaitReader(Part):
    """The reads of tasks, timers and subscriptions."""

    def find_task(self, tenant: str, task: str) -> rows.TaskRow | None:
        """Return an open task by its id, or None."""
        parts = parse_wait_id(task)
        if parts is None or parts.nonce:
            return None
        found = self._db.one(
            f"SELECT {_TASK_COLUMNS} FROM instance i CROSS JOIN wait w ON w.instance = i.num"
            " WHERE i.tenant = ? AND i.id = ? AND w.id = ? AND w.kind = 1",
            (self._words.find(tenant), parts.instance, parts.wait),
        )
        row = self._task_row(found) if found else None
        return row if row is not None and row.task == task else None

    def find_tasks(self, tenant: str, which: rows.TaskFilter) -> rows.Page[rows.TaskRow]:
        """Return a page of open tasks."""
        limit = checked_limit(which.limit)
        with self._db.snapshot():
            where = self._task_conditions(tenant, which)
            tasks = _TASKS if which.process or which.query else "FROM wait w"
            total = self._db.value(f"SELECT count(*) {tasks} WHERE {where}", where.values)
            if which.cursor is not None:
                priority, instance, wait = cursor_numbers(which.cursor, 3)
                where.add("(-w.priority, w.instance, w.id) > (?, ?, ?)", -priority, instance, wait)
            found = self._db.all(
                f"SELECT {_TASK_COLUMNS}, w.priority, w.instance, w.id {_TASKS} WHERE {where}"
                " ORDER BY w.priority DESC, w.instance, w.id LIMIT ?",
                (*where.values, limit + 1),
            )
        items = [self._task_row(row) for row in found[:limit]]
        return rows.Page(items, total, numbers_cursor(found[limit - 1][-3:]) if len(found) > limit else None)

    def due_tenants(self, now: int) -> list[str]:
        """Return the tenants that have timers or start timers due at `now` (engine time)."""
        return sorted(self._words.text(tenant) for (tenant,) in self._db.all(_DUE_TENANTS, (now, now)))

    def due_timers(self, now: int, *, limit: int, tenant: str | None = None) -> list[rows.DueTimer]:
        """Return the timers due at `now` (engine time), earliest first, without paused instances; of all tenants, or one."""
        where = Where("w.kind = 3", "w.due <= ?", "w.held & 5 = 0", values=[now])
        if tenant is not None:
            where.add("w.tenant = ?", self._words.find(tenant))
        found = self._db.all(
            "SELECT w.tenant, i.id, w.id, w.due FROM wait w JOIN instance i ON i.num = w.instance"
            f" WHERE {where} ORDER BY w.due, w.instance, w.id LIMIT ?" + self._locked("OF i SKIP LOCKED"),
            (*where.values, limit),
        )
        return [
            rows.DueTimer(self._words.text(owner), instance, wait, due)
            for owner, instance, wait, due in found
        ]

    def next_due(self) -> int | None:
        """Return when the next timer or start timer of any tenant is due (engine time)."""
        found: int | None = self._db.value(
            "SELECT min(due) FROM (SELECT min(due) AS due FROM wait WHERE kind = 3 AND due IS NOT NULL"
            " AND held & 5 = 0 UNION ALL SELECT min(due) FROM start WHERE due IS NOT NULL) AS moment"
        )
        return found

    def subscriptions(
        self, tenant: str, *, kind: str, name: str, key: str = "", limit: int
    ) -> list[rows.Subscription]:
        """Return who waits for this message or signal, oldest first, without sandboxes.

        A message with a key meets subscriptions to that key, and keyless ones of the instances whose business
        key, else id, is that key. A message without one, and any signal, meets all keyless ones.
        """
        tenant_number = self._words.find(tenant)
        basis = "w.kind = 4 AND w.tenant = ? AND w.topic = ? AND w.held & 2 = 0"
        values: list[Any] = [tenant_number, self._words.find(topic(kind, name))]
        if not key or kind == "signal":
            statement = f"{_SUBSCRIPTIONS} WHERE {basis} AND w.key = '' ORDER BY w.instance, w.id LIMIT ?"
            return self._subscription_rows(statement, [*values, limit])
        columns = "i.id, i.process, i.business_key, w.held, w.body, w.instance AS a, w.id AS b"
        exact = (
            f"SELECT {columns} FROM wait w JOIN instance i ON i.num = w.instance WHERE {basis} AND w.key = ?"
        )
        keyless = (
            f"SELECT {columns} FROM instance i JOIN wait w ON w.instance = i.num WHERE {basis} AND w.key = ''"
            " AND i.num IN (SELECT num FROM instance WHERE tenant = ? AND business_key = ? UNION ALL"
            " SELECT num FROM instance WHERE tenant = ? AND id = ? AND business_key IS NULL)"
        )
        return self._subscription_rows(
            f"{exact} UNION ALL {keyless} ORDER BY a, b LIMIT ?",
            [*values, key, *values, tenant_number, key, tenant_number, key, limit],
        )

    def instance_subscriptions(self, tenant: str, instance: str) -> list[rows.Subscription]:
        """Return what one instance subscribes to, sandbox or not."""
        return self._subscription_rows(
            f"{_SUBSCRIPTIONS} WHERE w.kind = 4 AND i.tenant = ? AND i.id = ? ORDER BY w.id",
            [self._words.find(tenant), instance],
        )

    def _subscription_rows(self, statement: str, values: list[Any]) -> list[rows.Subscription]:
        found: list[rows.Subscription] = []
        for instance, process, business_key, held, body, *_ in self._db.all(statement, values):
            wait = decode_wait(body)
            assert isinstance(wait, st.EventWait)
            paused = bool(held & PAUSED)
            found.append(
                rows.Subscription(instance, self._words.text(process), business_key or "", paused, wait)
            )
        return found

    def _task_row(self, row: tuple[Any, ...]) -> rows.TaskRow:
        instance, process, version, business_key, label, body = row[:6]
        wait = decode_wait(body)
        assert isinstance(wait, st.TaskWait)
        return rows.TaskRow(
            task_id(instance, wait.element, wait.id),
            instance,
            self._words.text(process),
            version,
            business_key or "",
            self._words.optional_text(label),
            wait,
        )

    def _task_conditions(self, tenant: str, which: rows.TaskFilter) -> Where:
        find = self._words.find
        narrow = which.instance or which.assignee
        where = Where("w.kind = 1", "+w.tenant = ?" if narrow else "w.tenant = ?", values=[find(tenant)])
        if not which.include_sandbox:
            where.add("w.held & 2 = 0")
        if which.instance:
            number = "(SELECT num FROM instance WHERE tenant = ? AND id = ?)"
            where.add(f"w.instance = {number}", find(tenant), which.instance)
        if which.process:
            where.add("i.process = ?", find(which.process))
        if which.assignee:
            where.add("w.tenant = ? AND w.person = ?", find(tenant), find(which.assignee))
        if which.states:
            where.add_in("w.state", self._words.numbers(which.states))
        if which.query:
            where.add_text(
                which.query,
                "i.id",
                "i.business_key",
                words={"w.label": (), "i.process": self._processes_named(tenant, which.query)},
            )
        self._add_candidates(where, tenant, which)
        if which.kind:
            self._add_kind(where, tenant, which.kind)
        return where

    def _add_candidates(self, where: Where, tenant: str, which: rows.TaskFilter) -> None:
        offered = [f"role:{role}" for role in which.roles]
        if which.candidate:
            offered += [f"user:{which.candidate}", ANYBODY]
        if offered:
            numbers = self._words.numbers(offered)
            where.add(
                "(w.instance, w.id) IN (SELECT c.instance, c.wait FROM candidate c WHERE c.tenant = ?"
                f" AND c.who {among(numbers)})",
                self._words.find(tenant),
                *numbers,
            )
        if which.candidate:
            where.add(
                "NOT EXISTS (SELECT 1 FROM candidate c WHERE c.tenant = ? AND c.who = ?"
                " AND c.instance = w.instance AND c.wait = w.id)",
                self._words.find(tenant),
                self._words.find(f"not:{which.candidate}"),
            )

    def _add_kind(self, where: Where, tenant: str, kind: str) -> None:
        wanted, others = wanted_kinds(kind)
        number = self._words.find(tenant)
        has, values = f"(w.instance, w.id) IN ({_FOUND_BY} = ?)", [number, self._words.find(wanted)]
        if others:
            numbers = self._words.numbers(others)
            has += f" OR (w.instance, w.id) NOT IN ({_FOUND_BY} {among(numbers)})"
            values += [number, *numbers]
        where.add(f"({has})", *values)


class WaitWriter(WaitReader):
    """The writes that follow from a step."""

    def _write_waits(self, instance: int, step: rows.Step, changes: WaitChanges, *, sandbox: bool) -> None:
        """Bring the rows of an instance's waits to what its state says."""
        state, was = step.state, step.state.changed.waits
        if changes.cleared:
            self._db.write(instance, "DELETE FROM wait WHERE instance = ?", (instance,))
        elif changes.held is not None:
            bits = "held | 1" if changes.held else "held & ~1"
            self._db.write(instance, f"UPDATE wait SET held = {bits} WHERE instance = ?", (instance,))
        for key, wait in was.items():
            if key in state.waits:
                continue
            if not changes.cleared:
                self._db.write(instance, "DELETE FROM wait WHERE instance = ? AND id = ?", (instance, key))
            if isinstance(wait, st.TaskWait):
                self._delete_candidates(instance, step.tenant, wait)
        for key, wait in changes.put.items():
            keys = wait_keys(wait, paused=state.status == "paused", sandbox=sandbox)
            if key in state.changed.opened or not self._change_wait(instance, step, was.get(key), wait, keys):
                self._insert_wait(instance, step, wait, keys)

    def _insert_wait(self, instance: int, step: rows.Step, wait: st.Wait, keys: WaitKeys) -> None:
        words = self._words
        tenant = words.number(step.tenant)
        self._db.write(
            instance,
            _PUT,
            (
                instance,
                wait.id,
                tenant,
                keys.kind,
                keys.held,
                words.optional(step.labels.get(wait.element, "")),
                words.optional(keys.state),
                words.optional(keys.person),
                keys.priority,
                words.number(keys.topic) if keys.kind in (JOB, EVENT) else None,
                keys.key if keys.kind == EVENT else None,
                keys.due,
                encode_wait(wait).decode(),
            ),
        )
        if isinstance(wait, st.TaskWait):
            for who in candidates(wait):
                self._db.write(
                    instance,
                    "INSERT INTO candidate (tenant, who, instance, wait) VALUES (?, ?, ?, ?)",
                    (tenant, words.number(who), instance, wait.id),
                )

    def _change_wait(
        self, instance: int, step: rows.Step, old: st.Wait | None, wait: st.Wait, keys: WaitKeys
    ) -> bool:
        """Rewrite a wait's row, ending any lease of it, and say whether it was there."""
        words = self._words
        if isinstance(old, st.TaskWait) and isinstance(wait, st.TaskWait):
            self._change_candidates(instance, step.tenant, old, wait)
        found = self._db.all(
            _CHANGE,
            (
                words.optional(step.labels.get(wait.element, "")),
                keys.held,
                words.optional(keys.state),
                words.optional(keys.person),
                keys.priority,
                words.number(keys.topic) if keys.kind in (JOB, EVENT) else None,
                keys.key if keys.kind == EVENT else None,
                keys.due,
                encode_wait(wait).decode(),
                instance,
                wait.id,
            ),
        )
        return bool(found)

    def _change_candidates(self, instance: int, tenant: str, old: st.TaskWait, wait: st.TaskWait) -> None:
        was, now = candidates(old), candidates(wait)
        if was != now:
            self._delete_candidates(instance, tenant, old)
            for who in now:
                self._db.write(
                    instance,
                    "INSERT INTO candidate (tenant, who, instance, wait) VALUES (?, ?, ?, ?)",
                    (self._words.number(tenant), self._words.number(who), instance, wait.id),
                )

    def _delete_candidates(self, instance: int, tenant: str, wait: st.TaskWait) -> None:
        for who in candidates(wait):
            self._db.write(
                instance,
                "DELETE FROM candidate WHERE tenant = ? AND who = ? AND instance = ? AND wait = ?",
                (self._words.find(tenant), self._words.find(who), instance, wait.id),
            )
