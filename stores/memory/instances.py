"""Instances and the journal in memory."""

from collections.abc import Collection
from itertools import takewhile

from flowmaster.engine.events import DecisionMade
from flowmaster.engine.state import State
from flowmaster.engine.values import Json
from flowmaster.stores import chain, codec, refusals, rows
from flowmaster.stores.erasing import Eraser, eraser_of
from flowmaster.stores.memory.data import (
    ChainEnd,
    InstanceRecord,
    JournalRecord,
    Part,
    evaluation_counter,
    locked,
)
from flowmaster.stores.paging import checked_limit, cursor_numbers, numbers_cursor


@locked
class InstanceReader(Part):
    """The reads of instances."""

    def load(self, tenant: str, instance: str) -> rows.StoredInstance | None:
        """Return an instance with a state of the caller's own, or None."""
        found = self._data.instances.get((tenant, instance))
        if found is None:
            return None
        row = found.row
        state = State(
            row.instance, row.process, row.version, row.status, row.business_key, row.started, row.revision
        )
        state.parent, state.sandbox = row.parent, row.sandbox
        codec.decode_body(found.body, state)
        for kind, key in sorted(found.waits, key=lambda wait: wait[1]):
            state.waits[key] = codec.decode_wait(self._data.waits[kind][found.number, key].body)
        return rows.StoredInstance(row, state)

    def find_instances(self, tenant: str, which: rows.InstanceFilter) -> rows.Page[rows.InstanceRow]:
        """Return a page of instances, newest first."""
        limit = checked_limit(which.limit)
        found = [
            record
            for (owner, _), record in self._data.instances.items()
            if owner == tenant and self._fits(record, which)
        ]
        found.sort(key=lambda record: -record.number)
        total = len(found)
        if which.cursor is not None:
            (behind,) = cursor_numbers(which.cursor, 1)
            found = [record for record in found if record.number < behind]
        items = [record.row for record in found[:limit]]
        more = numbers_cursor((found[limit - 1].number,)) if len(found) > limit else None
        return rows.Page(items, total, more)

    def count_instances(self, tenant: str, process: str = "") -> list[rows.StatusCount]:
        """Return how many instances each process has in each status, without sandboxes."""
        counts: dict[tuple[str, str], int] = {}
        for (owner, _), record in self._data.instances.items():
            row = record.row
            if owner == tenant and not row.sandbox and process in ("", row.process):
                counts[row.process, row.status] = counts.get((row.process, row.status), 0) + 1
        return [rows.StatusCount(*key, count) for key, count in sorted(counts.items())]

    def descendants(self, tenant: str, instance: str) -> list[rows.InstanceRow]:
        """Return all instances called by this one, directly or not, callers before called."""
        found: list[rows.InstanceRow] = []
        callers = [instance]
        while callers:
            children = [
                record
                for caller in callers
                for record in sorted(
                    self._data.instances[tenant, child]
                    for child in self._data.children.get((tenant, caller), ())
                )
            ]
            found += [child.row for child in children]
            callers = [child.row.instance for child in children]
            if len(found) > rows.DESCENDANTS_MAX:
                raise refusals.too_many_descendants(instance)
        return found

    def _fits(self, record: InstanceRecord, which: rows.InstanceFilter) -> bool:
        row = record.row
        return (
            (which.include_sandbox or not row.sandbox)
            and which.process in ("", row.process)
            and which.version in (None, row.version)
            and (not which.statuses or row.status in which.statuses)
            and which.business_key in ("", row.business_key)
            and (not which.parent or (row.parent is not None and row.parent.instance == which.parent))
            and which.has_incident in (None, row.incidents > 0)
            and (
                not which.query
                or holds(
                    which.query,
                    row.instance,
                    row.business_key,
                    row.process,
                    process_name(self, record.tenant, row.process),
                )
            )
        )


@locked
class JournalReader(Part):
    """The reads of histories and the audit journal."""

    def history(
        self, tenant: str, instance: str, *, after: int = 0, limit: int = rows.HISTORY_ENTRIES
    ) -> list[rows.HistoryEntry]:
        """Return the events after number `after`, oldest first."""
        entries: list[rows.HistoryEntry] = []
        if (tenant, instance) not in self._data.instances:
            return []
        for link in self._links(tenant, instance):
            if link.last <= after:
                continue
            for seq, event in enumerate(codec.decode_events(link.events), link.first):
                if seq > after:
                    step = (link.at, link.by, link.operation, link.reason)
                    entries.append(rows.HistoryEntry(seq, *step, event, link.erased is not None))
            if len(entries) >= limit:
                break
        return entries[:limit]

    def evaluations(self, tenant: str, decision: str, *, limit: int) -> list[rows.Evaluation]:
        """Return the newest evaluations of a decision inside instances, newest first."""
        found: list[rows.Evaluation] = []
        for number in range(self._data.numbers.get((tenant, evaluation_counter(decision)), 0), 0, -1):
            place = self._data.evaluations.get((tenant, decision, number))
            link = None if place is None else self._data.journal[tenant, place.instance, place.row].link
            if place is None or link is None or link.erased is not None:
                continue
            if len(found) == limit:
                break
            event = codec.decode_events(link.events)[place.seq - link.first]
            assert isinstance(event, DecisionMade)
            found.append(rows.Evaluation(place.instance, place.seq, link.at, event))
        return found

    def audit(self, tenant: str, which: rows.AuditFilter) -> rows.Page[rows.AuditEntry]:
        """Return a page of the journal, newest first."""
        limit = checked_limit(which.limit)
        found = [
            record
            for record in self._data.journal.values()
            if record.tenant == tenant and self._fits_audit(record, which)
        ]
        found.sort(key=lambda record: -record.id)
        total = len(found)
        if which.cursor is not None:
            (behind,) = cursor_numbers(which.cursor, 1)
            found = [record for record in found if record.id < behind]
        items = [
            rows.AuditEntry(
                record.id,
                record.scope,
                record.link.first,
                record.link.last,
                record.link.at,
                record.link.by,
                record.link.operation,
                record.link.reason,
                None if record.of_instance else codec.load(record.link.events),
                record.link.agent,
                record.link.erased is not None,
            )
            for record in found[:limit]
        ]
        more = numbers_cursor((found[limit - 1].id,)) if len(found) > limit else None
        return rows.Page(items, total, more)

    def last_change(self) -> int:
        """Return the id of the newest journal row of all tenants, 0 without any."""
        return next((record.id for record in reversed(self._data.journal.values())), 0)

    def changes(self, after: int, *, limit: int) -> list[rows.Change]:
        """Return what changed behind a journal row, of all tenants and whichever process wrote it, oldest first."""
        newest_first = takewhile(lambda record: record.id > after, reversed(self._data.journal.values()))
        found = [rows.Change(record.id, record.tenant, record.scope) for record in newest_first]
        return found[::-1][:limit]

    def verify(self, tenant: str, scope: str) -> rows.Verification:
        """Recompute the chain of an instance or other scope and name the first row that does not fit."""
        end = self._data.chains.get((tenant, scope))
        if end is None:
            raise refusals.scope_unknown(scope)
        links, origin = self._links(tenant, scope), self._data.origins.get((tenant, scope))
        return chain.verify(tenant, scope, links, last=end.link.last, head=end.link.hash, origin=origin)

    def _links(self, tenant: str, scope: str) -> list[chain.Link]:
        end = self._data.chains.get((tenant, scope))
        return [self._data.journal[tenant, scope, row].link for row in range(end.rows if end else 0)]

    def _fits_audit(self, record: JournalRecord, which: rows.AuditFilter) -> bool:
        link = record.link
        return (
            which.scope in ("", record.scope)
            and which.by in ("", link.by, link.agent)
            and which.operation in ("", link.operation)
            and (which.since is None or link.at >= which.since)
            and (which.until is None or link.at < which.until)
        )


@locked
class JournalWriter(JournalReader):
    """The writes of the journal."""

    def journal(
        self,
        tenant: str,
        scope: str,
        *,
        at: int,
        by: str,
        operation: str,
        reason: str = "",
        data: Json,
        agent: str = "",
    ) -> int:
        """Add an audit row to a scope that is no instance (`process:x`) and return its number there."""
        end = self._data.chains.get((tenant, scope))
        last = end.link.last if end else 0
        link = chain.forge(
            end.link.hash if end else chain.genesis(tenant, scope),
            first=last + 1,
            last=last + 1,
            at=at,
            by=by,
            operation=operation,
            reason=reason,
            events=codec.dump(data).decode(),
            agent=agent,
        )
        self._put_link(tenant, scope, link, of_instance=False)
        return link.last

    def erase(self, tenant: str, scope: str, *, names: Collection[str] | None = None) -> int:
        """Blank values in a journal, keeping its chain: those under `names`, or all; return the rows changed."""
        if (tenant, scope) not in self._data.chains:
            raise refusals.scope_unknown(scope)
        return self._erase_journal(tenant, scope, eraser_of(names))

    def _erase_journal(self, tenant: str, scope: str, eraser: Eraser) -> int:
        previous = self._data.origins.get((tenant, scope)) or chain.genesis(tenant, scope)
        changed = 0
        for row in range(self._data.chains[tenant, scope].rows):
            record = self._data.journal[tenant, scope, row]
            left = chain.erased(previous, record.link, eraser, of_instance=record.of_instance)
            previous = record.link.hash
            if left != record.link:
                self._put_record(tenant, scope, row, record._replace(link=left))
                changed += 1
        return changed

    def _put_record(self, tenant: str, scope: str, row: int, record: JournalRecord) -> None:
        """Replace a row, also where it is the end of its chain."""
        self._data.put(self._data.journal, (tenant, scope, row), record)
        end = self._data.chains[tenant, scope]
        if row == end.rows - 1:
            self._data.put(self._data.chains, (tenant, scope), end._replace(link=record.link))

    def _put_link(self, tenant: str, scope: str, link: chain.Link, *, of_instance: bool) -> None:
        """Add a row at the end of a chain."""
        end = self._data.chains.get((tenant, scope))
        row = end.rows if end else 0
        record = JournalRecord(self._data.number("", "journal"), tenant, scope, of_instance, link)
        self._data.put(self._data.journal, (tenant, scope, row), record)
        self._data.put(self._data.chains, (tenant, scope), ChainEnd(row + 1, link))


def holds(part: str, *texts: str) -> bool:
    """Say whether one of the texts holds a part, ignoring case in any script."""
    folded = part.casefold()
    return any(folded in text.casefold() for text in texts)


def process_name(part: Part, tenant: str, process: str) -> str:
    """Return the name of a process, empty if it has no definition."""
    head = part._data.definitions.get((tenant, "process", process))
    return head.row.name if head else ""
