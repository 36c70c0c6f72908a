"""What was erased and what is due to be, and the search for texts through all tables."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from flowmaster.engine.values import Json
from flowmaster.stores import traces
from flowmaster.stores.erasing import spellings
from flowmaster.stores.sql.part import Part, Where, among
from flowmaster.stores.sql.tables import TABLES, Table

ROWS_AT_ONCE: Final = 20_000
"""Numbered rows that one statement of a search looks through, so that it never takes long."""

BLOBS_AT_ONCE: Final = 20
"""Documents whose bytes are looked through together."""

ENDED: Final = ("completed", "cancelled", "failed")


class TraceReader(Part):
    """The reads of erasures and traces."""

    def erased(self, tenant: str, instance: str) -> traces.Erased | None:
        """Return that an instance was erased, None if it was not."""
        found = self._db.one(
            "SELECT instance, at, erasure, what FROM erasure WHERE tenant = ? AND instance = ?",
            (self._words.find(tenant), instance),
        )
        return None if found is None else traces.Erased(*found)

    def erased_entries(self, tenant: str, instance: str, *, until: int) -> int:
        """Return how many journal rows of an instance that begin up to an event have lost values."""
        return int(
            self._db.value(
                "SELECT count(*) FROM journal WHERE erased IS NOT NULL AND first <= ? AND scope ="
                " (SELECT num FROM instance WHERE tenant = ? AND id = ?)",
                (until, self._words.find(tenant), instance),
            )
        )

    def due_instances(
        self, tenant: str, process: str, *, before: int, what: str, limit: int, after: str = ""
    ) -> list[str]:
        """Return ended instances of a process that last moved up to an instant and are still to be erased."""
        find = self._words.find
        where = Where(
            "i.tenant = ? AND i.sandbox = 0 AND i.process = ?", values=[find(tenant), find(process)]
        )
        where.add_in("i.status", self._words.numbers(ENDED))
        where.add("i.updated <= ?", before)
        if after:
            where.add("i.num > (SELECT num FROM instance WHERE tenant = ? AND id = ?)", find(tenant), after)
        if what == traces.VALUES:
            where.add("NOT EXISTS (SELECT 1 FROM erasure e WHERE e.tenant = i.tenant AND e.instance = i.id)")
        found = self._db.all(
            f"SELECT i.id FROM instance i WHERE {where} ORDER BY i.num LIMIT ?", (*where.values, limit)
        )
        return [instance for (instance,) in found]

    def counter(self, tenant: str, name: str) -> int:
        """Return the last number of a counter, 0 if it was never used."""
        value = self._db.value(
            "SELECT value FROM counter WHERE tenant = ? AND name = ?", (self._words.find(tenant), name)
        )
        return int(value or 0)

    def find_traces(
        self, tenant: str, texts: Sequence[str], kind: str, *, after: tuple[Json, ...] | None = None
    ) -> traces.Traces:
        """Return places of a kind whose rows hold one of the texts, ignoring case."""
        if kind == "blob":
            return self._blob_traces(tenant, texts, after)
        items: list[traces.Trace] = []
        for keys, shown in self._matches(kind, tenant, spellings(texts), after):
            items.append(traces.Trace(kind, traces.shown(shown or "", texts), keys))
            if len(items) == traces.TRACES_AT_ONCE:
                return traces.Traces(items, keys)
        return traces.Traces(items, None)

    def _matches(
        self, kind: str, tenant: str, texts: Sequence[str], after: tuple[Json, ...] | None
    ) -> Iterator[tuple[tuple[Json, ...], str]]:
        """Yield the keys of the rows that hold a text; of numbered tables part by part."""
        table = TABLES[kind]
        if not table.numbered:
            yield from self._part(table, tenant, texts, after, None)
            return
        top = self._db.value(f"SELECT max({table.key[0]}) FROM {kind} t") or 0
        low = after[0] if after else 0
        assert isinstance(low, int)
        while low < top:
            yield from self._part(table, tenant, texts, (low,), low + ROWS_AT_ONCE)
            low += ROWS_AT_ONCE

    def _part(
        self,
        table: Table,
        tenant: str,
        texts: Sequence[str],
        after: tuple[Json, ...] | None,
        until: int | None,
    ) -> Iterator[tuple[tuple[Json, ...], str]]:
        where = Where()
        if table.tenant:
            where.add_in(table.tenant, self._words.numbers((tenant, "")))
        keys = ", ".join(table.key)
        if after is not None:
            where.add(f"({keys}) > ({', '.join('?' * len(table.key))})", *after)
        if until is not None:
            where.add(f"{table.key[0]} <= ?", until)
        holding = [Where() for _ in texts]
        for each, text in zip(holding, texts, strict=True):
            each.add_text(text, *table.texts)
        where.add(
            f"({' OR '.join(map(str, holding))})", *(value for each in holding for value in each.values)
        )
        found = self._db.all(
            f"SELECT {table.shown}, {keys} FROM {table.source} WHERE {where} ORDER BY {keys} LIMIT ?",
            (*where.values, traces.TRACES_AT_ONCE),
        )
        for shown, *key in found:
            yield tuple(key), shown

    def _blob_traces(
        self, tenant: str, texts: Sequence[str], after: tuple[Json, ...] | None
    ) -> traces.Traces:
        owner, last = self._words.find(tenant), str(after[0]) if after else ""
        found: list[tuple[Any, ...]] = self._db.all(
            "SELECT sha256, data FROM blob WHERE tenant = ? AND sha256 > ? ORDER BY sha256 LIMIT ?",
            (owner, last, BLOBS_AT_ONCE),
        )
        items = [
            traces.Trace("blob", "", (sha256,))
            for sha256, data in found
            if traces.in_bytes(bytes(data), spellings(texts))
        ]
        return traces.Traces(items, (found[-1][0],) if len(found) == BLOBS_AT_ONCE else None)

    def _instance_numbers(self, tenant: str, instances: Sequence[str]) -> list[tuple[int, str]]:
        """Return the numbers of instances that are there, kept from other writers."""
        return [
            (number, instance)
            for number, instance in self._db.all(
                f"SELECT num, id FROM instance WHERE tenant = ? AND id {among(instances)} ORDER BY num"
                + self._locked("NOWAIT"),
                (self._words.find(tenant), *instances),
            )
        ]
