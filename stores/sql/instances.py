"""Reading instances: one with its state, and lists of them."""

from operator import attrgetter
from typing import Any

from flowmaster.engine.state import Parent, State
from flowmaster.stores import refusals, rows
from flowmaster.stores.codec import decode_body, decode_wait, has_nodes_apart
from flowmaster.stores.paging import checked_limit, cursor_numbers, numbers_cursor
from flowmaster.stores.sql.database import Reads
from flowmaster.stores.sql.part import Where
from flowmaster.stores.sql.parts import PartReader
from flowmaster.stores.sql.seen import Head

COLUMNS = (
    "num, id, process, version, status, business_key, revision, started, updated, parent, parent_wait, "
    "incidents, sandbox, parent_depth"
)
_LOAD = f"SELECT {COLUMNS}, hash, waits, body FROM instance WHERE tenant = ? AND id = ?"
_WAITS = "SELECT body FROM wait WHERE instance = ?"
STATUSES = ("active", "paused", "completed", "cancelled", "failed")


class InstanceReader(PartReader):
    """The reads of instances."""

    def load(self, tenant: str, instance: str) -> rows.StoredInstance | None:
        """Return an instance with a state of the caller's own, or None."""
        tenant_number = self._words.find(tenant)
        with self._db.snapshot():
            db = self._of(tenant, instance)
            found = db.one(_LOAD + self._locked("NOWAIT"), (tenant_number, instance))
            if found is None:
                return None
            row, wide = self._instance_row(found), has_nodes_apart(found[-1])
            head = Head(found[0], found[6], found[-2], found[12], found[-3], wide)
            state = self._at_hand(tenant, instance, head) or self._read_state(db, row, head, found[-1])
        return rows.StoredInstance(row, state)

    def _of(self, tenant: str, instance: str) -> Reads:
        """Return where the rows of an instance are read."""
        return self._db

    def _at_hand(self, tenant: str, instance: str, head: Head) -> State | None:
        """Take notice of an instance's row, and return its state if it need not be read."""
        return None

    def _read_state(self, db: Reads, row: rows.InstanceRow, head: Head, body: str) -> State:
        state = State(
            row.instance, row.process, row.version, row.status, row.business_key, row.started, row.revision
        )
        state.parent, state.sandbox = row.parent, row.sandbox
        decode_body(body, state)
        if head.wide:
            self._read_parts(db, head.number, state)
        if head.waits:
            found = [decode_wait(text) for (text,) in db.all(_WAITS, (head.number,))]
            for wait in sorted(found, key=attrgetter("id")):
                state.waits[wait.id] = wait
        return state

    def find_instances(self, tenant: str, which: rows.InstanceFilter) -> rows.Page[rows.InstanceRow]:
        """Return a page of instances, newest first."""
        limit = checked_limit(which.limit)
        with self._db.snapshot():
            where = self._instance_conditions(tenant, which)
            total = self._db.value(f"SELECT count(*) FROM instance WHERE {where}", where.values)
            if which.cursor is not None:
                where.add("num < ?", *cursor_numbers(which.cursor, 1))
            found = self._db.all(
                f"SELECT {COLUMNS} FROM instance {_path(which)} WHERE {where} ORDER BY num DESC LIMIT ?",
                (*where.values, limit + 1),
            )
        items = [self._instance_row(row) for row in found[:limit]]
        return rows.Page(items, total, numbers_cursor(found[limit - 1][:1]) if len(found) > limit else None)

    def count_instances(self, tenant: str, process: str = "") -> list[rows.StatusCount]:
        """Return how many instances each process has in each status, without sandboxes."""
        where = Where("tenant = ? AND sandbox = 0", values=[self._words.find(tenant)])
        if process:
            where.add("process = ?", self._words.find(process))
        found = self._db.all(
            f"SELECT process, status, count(*) FROM instance WHERE {where} GROUP BY status, process",
            where.values,
        )
        text = self._words.text
        return sorted(
            rows.StatusCount(text(process), text(status), count) for process, status, count in found
        )

    def descendants(self, tenant: str, instance: str) -> list[rows.InstanceRow]:
        """Return all instances called by this one, directly or not, callers before called."""
        found: list[rows.InstanceRow] = []
        number = self._words.find(tenant)
        callers = [instance]
        with self._db.snapshot():
            while callers:
                children = [
                    self._instance_row(row)
                    for caller in callers
                    for row in self._db.all(
                        f"SELECT {COLUMNS} FROM instance WHERE tenant = ? AND parent = ? ORDER BY num",
                        (number, caller),
                    )
                ]
                found += children
                callers = [child.instance for child in children]
                if len(found) > rows.DESCENDANTS_MAX:
                    raise refusals.too_many_descendants(instance)
        return found

    def _instance_conditions(self, tenant: str, which: rows.InstanceFilter) -> Where:
        find = self._words.find
        where = Where("tenant = ?", values=[find(tenant)])
        narrow = which.business_key or which.parent
        where.add_in("+sandbox" if narrow else "sandbox", [0, 1] if which.include_sandbox else [0])
        if which.statuses or (which.process and not narrow):
            where.add_in("status", self._words.numbers(which.statuses or STATUSES))
        if which.process:
            where.add("process = ?", find(which.process))
        if which.version is not None:
            where.add("version = ?", which.version)
        if which.business_key:
            where.add("business_key = ?", which.business_key)
        if which.parent:
            where.add("parent = ?", which.parent)
        if which.has_incident is not None:
            where.add("incidents > 0" if which.has_incident else "incidents = 0")
        if which.query:
            where.add_text(
                which.query,
                "id",
                "business_key",
                words={"process": self._processes_named(tenant, which.query)},
            )
        return where

    def _instance_row(self, row: tuple[Any, ...]) -> rows.InstanceRow:
        text = self._words.text
        return rows.InstanceRow(
            row[1],
            text(row[2]),
            row[3],
            text(row[4]),
            row[5] or "",
            row[6],
            row[7],
            row[8],
            None if row[9] is None else Parent(row[9], row[10], row[13]),
            row[11],
            bool(row[12]),
        )


def _path(which: rows.InstanceFilter) -> str:
    """Return how to look for a page: without a selective filter newest first beats every index."""
    selective = which.process or which.statuses or which.business_key or which.parent or which.has_incident
    return "" if selective else "NOT INDEXED"
