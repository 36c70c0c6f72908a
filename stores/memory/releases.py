"""Releases in memory."""

from collections.abc import Sequence

from flowmaster.stores import codec
from flowmaster.stores.memory.data import Part, locked
from flowmaster.stores.releases import Aspect, ReleaseRow, Routed, Run


@locked
class ReleaseReader(Part):
    """The reads of releases."""

    def releases(self, tenant: str, kind: str, key: str, aspect: Aspect) -> list[ReleaseRow]:
        """Return the rows of one aspect by their names; in a transaction no other server changes them meanwhile."""
        return [
            row._replace(body=codec.load(body))
            for place, (row, body) in sorted(self._data.releases.items())
            if place[:4] == (tenant, kind, key, aspect)
        ]

    def routed(self, tenant: str, kind: str, key: str) -> Routed:
        """Return the newest version of a definition with the route of new starts, in one look."""
        head = self._data.definitions.get((tenant, kind, key))
        if head is None:
            return Routed(None, "")
        return Routed(None if head.archived else head.row.version or None, head.route)

    def runs(self, tenant: str, process: str, *, since: int, limit: int) -> list[Run]:
        """Return the newest instances of a process that began at or after an instant, without sandboxes."""
        found = sorted(
            (
                record
                for (owner, _), record in self._data.instances.items()
                if (owner, record.row.process) == (tenant, process)
                and record.row.started >= since
                and not record.row.sandbox
            ),
            key=lambda record: -record.number,
        )
        rows = (record.row for record in found[:limit])
        return [Run(row.version, row.status, row.incidents, row.started, row.updated) for row in rows]


@locked
class ReleaseWriter(ReleaseReader):
    """The writes of releases."""

    def put_release(self, tenant: str, kind: str, key: str, row: ReleaseRow) -> None:
        """Add a row, or replace the one of the same aspect and name."""
        place = (tenant, kind, key, row.aspect, row.name)
        self._data.put(self._data.releases, place, (row._replace(body=None), codec.dump(row.body).decode()))

    def drop_releases(self, tenant: str, kind: str, key: str, aspect: Aspect, names: Sequence[str]) -> int:
        """Delete the rows of an aspect with these names and return how many there were."""
        return sum(
            self._data.delete(self._data.releases, (tenant, kind, key, aspect, name)) for name in names
        )

    def put_route(self, tenant: str, kind: str, key: str, route: str) -> None:
        """Set the route that new starts of a definition take; an empty one takes it away."""
        place = (tenant, kind, key)
        head = self._data.definitions.get(place)
        if head is not None:
            self._data.put(self._data.definitions, place, head._replace(route=route))
