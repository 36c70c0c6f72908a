"""Releases in one small table; the route of new starts stands beside the newest version, so that one look finds both."""

from collections.abc import Sequence

from flowmaster.stores import codec
from flowmaster.stores.releases import Aspect, ReleaseRow, Routed, Run
from flowmaster.stores.sql.part import Part, among
from flowmaster.stores.sql.seen import Seen

_KEY = "tenant = ? AND kind = ? AND key = ?"
IN_FORCE = "CASE WHEN archived = 0 THEN nullif(version, 0) END"
"""The newest version, null where nothing is published or the definition is out of use."""

STATUSES = ("active", "paused", "completed", "cancelled", "failed")


class ReleaseReader(Part):
    """The reads of releases."""

    def releases(self, tenant: str, kind: str, key: str, aspect: Aspect) -> list[ReleaseRow]:
        """Return the rows of one aspect by their names; in a transaction no other server changes them meanwhile."""
        found = self._db.all(
            f"SELECT aspect, name, by, at, version, body FROM release WHERE {_KEY} AND aspect = ? ORDER BY name",
            (self._words.find(tenant), self._words.find(kind), key, aspect),
        )
        return [
            ReleaseRow(about, name, self._words.text(by), at, version, codec.load(body))
            for about, name, by, at, version, body in found
        ]

    def routed(self, tenant: str, kind: str, key: str) -> Routed:
        """Return the newest version of a definition with the route of new starts, in one look."""
        found = self._db.one(
            f"SELECT {IN_FORCE}, route FROM definition WHERE {_KEY}",
            (self._words.find(tenant), self._words.find(kind), key),
        )
        return Routed(None, "") if found is None else Routed(found[0], found[1])

    def runs(self, tenant: str, process: str, *, since: int, limit: int) -> list[Run]:
        """Return the newest instances of a process that began at or after an instant, without sandboxes."""
        owner, key = self._words.find(tenant), self._words.find(process)
        found: list[tuple[int, Run]] = []
        for status in STATUSES:
            # Each status is walked by its index from the newest row on.
            rows = self._db.all(
                "SELECT num, version, incidents, started, updated FROM instance"
                " WHERE tenant = ? AND sandbox = 0 AND status = ? AND process = ? AND started >= ?"
                " ORDER BY num DESC LIMIT ?",
                (owner, self._words.find(status), key, since, limit),
            )
            found += [(num, Run(version, status, *rest)) for num, version, *rest in rows]
        return [run for _, run in sorted(found, key=lambda each: -each[0])[:limit]]


class ReleaseWriter(ReleaseReader):
    """The writes of releases."""

    _seen: Seen

    def routed(self, tenant: str, kind: str, key: str) -> Routed:
        """Return the newest version with the route of new starts; both are looked for once a transaction."""
        newest, place = self._seen.newest, (tenant, kind, key)
        found = newest.get(place)
        if found is None:
            found = newest[place] = super().routed(tenant, kind, key)
        return found

    def put_release(self, tenant: str, kind: str, key: str, row: ReleaseRow) -> None:
        """Add a row, or replace the one of the same aspect and name."""
        number = self._words.number
        self._db.run(
            "INSERT INTO release (tenant, kind, key, aspect, name, by, at, version, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant, kind, key, aspect, name) DO UPDATE SET"
            " by = excluded.by, at = excluded.at, version = excluded.version, body = excluded.body",
            (
                number(tenant),
                number(kind),
                key,
                row.aspect,
                row.name,
                number(row.by),
                row.at,
                row.version,
                codec.dump(row.body).decode(),
            ),
        )

    def drop_releases(self, tenant: str, kind: str, key: str, aspect: Aspect, names: Sequence[str]) -> int:
        """Delete the rows of an aspect with these names and return how many there were."""
        return self._db.count(
            f"DELETE FROM release WHERE {_KEY} AND aspect = ? AND name {among(names)}",
            (self._words.find(tenant), self._words.find(kind), key, aspect, *names),
        )

    def put_route(self, tenant: str, kind: str, key: str, route: str) -> None:
        """Set the route that new starts of a definition take; an empty one takes it away."""
        self._seen.newest.clear()
        self._db.run(
            f"UPDATE definition SET route = ? WHERE {_KEY}",
            (route, self._words.find(tenant), self._words.find(kind), key),
        )
