"""The journal: histories of instances and audit rows of everything else, in one hash-chained table.

A scope is meant by a number: that of its instance, or for other scopes the negative of its row in `scope`.
"""

from collections.abc import Collection, Iterator
from typing import Any

from flowmaster.engine.events import DecisionMade
from flowmaster.engine.values import Json
from flowmaster.stores import chain, codec, refusals, rows
from flowmaster.stores.erasing import Eraser, eraser_of
from flowmaster.stores.paging import checked_limit, cursor_numbers, numbers_cursor
from flowmaster.stores.sql.part import Part, Where


class JournalReader(Part):
    """The reads of histories and the audit journal."""

    def history(
        self, tenant: str, instance: str, *, after: int = 0, limit: int = rows.HISTORY_ENTRIES
    ) -> list[rows.HistoryEntry]:
        """Return the events after number `after`, oldest first."""
        entries: list[rows.HistoryEntry] = []
        text = self._words.text
        with self._db.snapshot():
            scope = self._instance_number(tenant, instance)
            if scope is None:
                return []
            start = self._db.value(
                "SELECT max(first) FROM journal WHERE scope = ? AND first <= ?", (scope, after + 1)
            )
            for first, at, by, operation, reason, events, erased in self._db.each(
                "SELECT first, at, by, operation, reason, events, erased IS NOT NULL FROM journal"
                " WHERE scope = ? AND first >= ? ORDER BY first",
                (scope, start or 1),
            ):
                step = (at, text(by), text(operation), reason or "")
                for seq, event in enumerate(codec.decode_events(events), first):
                    if seq > after:
                        entries.append(rows.HistoryEntry(seq, *step, event, bool(erased)))
                if len(entries) >= limit:
                    break
        return entries[:limit]

    def evaluations(self, tenant: str, decision: str, *, limit: int) -> list[rows.Evaluation]:
        """Return the newest evaluations of a decision inside instances, newest first."""
        found: list[rows.Evaluation] = []
        for instance, first, seq, at, events in self._db.all(
            "SELECT i.id, e.first, e.seq, j.at, j.events FROM evaluation e JOIN instance i ON i.num = e.instance"
            " JOIN journal j ON j.scope = e.instance AND j.first = e.first"
            " WHERE e.tenant = ? AND e.decision = ? AND j.erased IS NULL ORDER BY e.id DESC LIMIT ?",
            (self._words.find(tenant), self._words.find(decision), limit),
        ):
            event = codec.decode_events(events)[seq - first]
            assert isinstance(event, DecisionMade)
            found.append(rows.Evaluation(instance, seq, at, event))
        return found

    def audit(self, tenant: str, which: rows.AuditFilter) -> rows.Page[rows.AuditEntry]:
        """Return a page of the journal, newest first."""
        limit = checked_limit(which.limit)
        with self._db.snapshot():
            where = self._audit_conditions(tenant, which)
            total = self._db.value(f"SELECT count(*) FROM journal WHERE {where}", where.values)
            if which.cursor is not None:
                where.add("id < ?", *cursor_numbers(which.cursor, 1))
            found = self._db.all(
                "SELECT id, scope, first, last, at, by, operation, reason, agent, erased IS NOT NULL,"
                f" CASE WHEN scope < 0 THEN events END FROM journal WHERE {where} ORDER BY id DESC LIMIT ?",
                (*where.values, limit + 1),
            )
            items = [self._audit_entry(row) for row in found[:limit]]
        return rows.Page(items, total, numbers_cursor(found[limit - 1][:1]) if len(found) > limit else None)

    def last_change(self) -> int:
        """Return the id of the newest journal row of all tenants, 0 without any."""
        last: int | None = self._db.value("SELECT max(id) FROM journal")
        return last or 0

    def changes(self, after: int, *, limit: int) -> list[rows.Change]:
        """Return what changed behind a journal row, of all tenants and whichever process wrote it, oldest first."""
        found = self._db.all(
            "SELECT j.id, j.tenant, coalesce(i.id, s.name) FROM journal j"
            " LEFT JOIN instance i ON i.num = j.scope LEFT JOIN scope s ON s.num = -j.scope"
            " WHERE j.id > ? ORDER BY j.id LIMIT ?",
            (after, limit),
        )
        text = self._words.text
        return [rows.Change(number, text(tenant), scope) for number, tenant, scope in found]

    def verify(self, tenant: str, scope: str) -> rows.Verification:
        """Recompute the chain of an instance or other scope and name the first row that does not fit."""
        with self._db.snapshot():
            number = self._scope_number(tenant, scope)
            last, head, origin = self._db.all(
                "SELECT revision, hash, NULL FROM instance WHERE num = ?"
                " UNION ALL SELECT last, hash, genesis FROM scope WHERE num = ?",
                (number, None if number is None else -number),
            )[0]
            return chain.verify(tenant, scope, self._links(number), last=last, head=head, origin=origin)

    def _links(self, scope: int | None, since: int = 1) -> Iterator[chain.Link]:
        text = self._words.text
        for first, last, at, by, operation, reason, events, erased, sealed, agent in self._db.each(
            "SELECT first, last, at, by, operation, reason, events, erased, hash, agent FROM journal"
            " WHERE scope = ? AND first >= ? ORDER BY first",
            (scope, since),
        ):
            told = (first, last, at, text(by), text(operation), reason or "", events, erased, sealed)
            yield chain.Link(*told, text(agent) if agent else "")

    def _audit_conditions(self, tenant: str, which: rows.AuditFilter) -> Where:
        where = Where("tenant = ?", values=[self._words.find(tenant)])
        if which.scope:
            where.add("scope = ?", self._scope_number(tenant, which.scope, refuse=False))
        if which.by:
            who = self._words.find(which.by)
            where.add("(by = ? OR agent = ?)", who, who)
        if which.operation:
            where.add("operation = ?", self._words.find(which.operation))
        if which.since is not None:
            where.add("at >= ?", which.since)
        if which.until is not None:
            where.add("at < ?", which.until)
        return where

    def _audit_entry(self, row: tuple[Any, ...]) -> rows.AuditEntry:
        number, scope, first, last, at, by, operation, reason, agent, erased, events = row
        name = self._db.value(
            "SELECT id FROM instance WHERE num = ?" if scope > 0 else "SELECT name FROM scope WHERE num = ?",
            (abs(scope),),
        )
        text = self._words.text
        return rows.AuditEntry(
            number,
            name,
            first,
            last,
            at,
            text(by),
            text(operation),
            reason or "",
            codec.load(events) if events else None,
            text(agent) if agent else "",
            bool(erased),
        )

    def _scope_number(self, tenant: str, scope: str, *, refuse: bool = True) -> int | None:
        number = self._instance_number(tenant, scope)
        if number is None:
            found = self._db.value(
                "SELECT num FROM scope WHERE tenant = ? AND name = ?", (self._words.find(tenant), scope)
            )
            number = -found if found is not None else None
        if number is None and refuse:
            raise refusals.scope_unknown(scope)
        return number

    def _instance_number(self, tenant: str, instance: str) -> int | None:
        number: int | None = self._db.value(
            "SELECT num FROM instance WHERE tenant = ? AND id = ?", (self._words.find(tenant), instance)
        )
        return number


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
        owner = self._words.number(tenant)
        found = self._db.one(
            "SELECT num, last, hash FROM scope WHERE tenant = ? AND name = ?" + self._locked(), (owner, scope)
        )
        number, last, head = found or (None, 0, chain.genesis(tenant, scope))
        link = chain.forge(
            head,
            first=last + 1,
            last=last + 1,
            at=at,
            by=by,
            operation=operation,
            reason=reason,
            events=codec.dump(data).decode(),
            agent=agent,
        )
        if number is None:
            number = self._db.insert(
                "INSERT INTO scope (tenant, name, last, hash) VALUES (?, ?, ?, ?)",
                (owner, scope, link.last, link.hash),
            )
        else:
            self._db.run("UPDATE scope SET last = ?, hash = ? WHERE num = ?", (link.last, link.hash, number))
        self._put_link(owner, -number, link)
        return link.last

    def erase(self, tenant: str, scope: str, *, names: Collection[str] | None = None) -> int:
        """Blank values in a journal, keeping its chain: those under `names`, or all; return the rows changed."""
        number = self._scope_number(tenant, scope)
        assert number is not None
        return self._erase_journal(tenant, scope, number, eraser_of(names))

    def _erase_journal(self, tenant: str, scope: str, number: int, eraser: Eraser) -> int:
        origin = self._db.value("SELECT genesis FROM scope WHERE num = ?", (-number,))
        previous = origin or chain.genesis(tenant, scope)
        changed = 0
        ids = [
            row for (row,) in self._db.all("SELECT id FROM journal WHERE scope = ? ORDER BY first", (number,))
        ]
        for row, link in zip(ids, list(self._links(number)), strict=True):
            changed += self._erase_link(row, previous, link, eraser, of_instance=number > 0)
            previous = link.hash
        return changed

    def _erase_link(
        self, row: int, previous: bytes, link: chain.Link, eraser: Eraser, *, of_instance: bool
    ) -> bool:
        """Blank a journal row; return whether anything of it changed."""
        left = chain.erased(previous, link, eraser, of_instance=of_instance)
        if left != link:
            self._db.run(
                "UPDATE journal SET events = ?, reason = ?, erased = ? WHERE id = ?",
                (left.events, left.reason or None, left.erased, row),
            )
        return left != link

    def _put_link(self, tenant: int, scope: int, link: chain.Link) -> None:
        """Write a journal row; the head of its chain is written by the caller."""
        word = self._words.number
        first, last, at, by, operation, reason, events, _, sealed, agent = link
        who = (word(by), word(agent) if agent else None)
        self._db.write(
            scope,
            "INSERT INTO journal (tenant, scope, first, last, at, by, agent, operation, reason, hash, events)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (tenant, scope, first, last, at, *who, word(operation), reason or None, sealed, events),
        )
