"""The graph of links in two tables: `link` holds them, `linked` says of which versions they were derived."""

from collections.abc import Sequence
from typing import Final

from flowmaster.engine.links.model import Link, Node
from flowmaster.stores.graph import LINKS_MAX, KeptLink, Unlinked, View
from flowmaster.stores.sql.graph_changes import LINK_COLUMNS, LINKED, GraphChangeReader, GraphChangeWriter
from flowmaster.stores.sql.part import among

_OF: Final[dict[View, str]] = {
    "published": "l.version = d.version",
    "draft": "l.version = CASE WHEN d.draft > 0 THEN 0 ELSE d.version END",
    "all": "TRUE",
}
_WALK: Final = (
    "WITH RECURSIVE walk (kind, name, depth) AS (SELECT CAST(? AS BIGINT), CAST(? AS BIGINT), 0 UNION"
    " SELECT l.{behind}_kind, l.{behind}, w.depth + 1 FROM walk w"
    " JOIN link l ON l.tenant = ? AND l.{here} = w.name AND l.{here}_kind = w.kind"
    " JOIN definition d ON d.num = l.definition AND d.archived = 0 AND {of}"
    " WHERE w.depth < ? AND l.kind {kinds}),"
    " near AS (SELECT kind, name, min(depth) AS depth FROM walk GROUP BY kind, name)"
    f" SELECT {LINK_COLUMNS}, d.kind, d.key, l.version FROM near n"
    " JOIN link l ON l.tenant = ? AND l.{here} = n.name AND l.{here}_kind = n.kind"
    " JOIN definition d ON d.num = l.definition AND d.archived = 0 AND {of}"
    " WHERE n.depth < ? AND l.kind {kinds}"
    " ORDER BY n.depth, l.definition, l.version, l.number LIMIT ?"
)
_UNLINKED: Final = (
    "SELECT d.kind, d.key, x.version, 0 FROM definition d JOIN version x ON x.definition = d.num"
    " WHERE d.tenant = ? AND d.kind {kinds} AND NOT EXISTS (SELECT 1 FROM linked k WHERE k.definition = d.num"
    " AND k.version = x.version AND k.revision = ?) UNION ALL"
    " SELECT d.kind, d.key, 0, d.draft FROM definition d"
    " WHERE d.tenant = ? AND d.kind {kinds} AND d.draft > 0 AND NOT EXISTS (SELECT 1 FROM linked k"
    " WHERE k.definition = d.num AND k.version = 0 AND k.draft = d.draft AND k.revision = ?) LIMIT ?"
)
_OWNER: Final = "SELECT num FROM definition WHERE tenant = ? AND kind = ? AND key = ?"


class LinkReader(GraphChangeReader):
    """The reads of links."""

    def links_of(self, tenant: str, owner: Node, version: int) -> list[Link]:
        """Return the links that a version of a definition has, in the order of its model."""
        return list(self._links_of(self._owner(tenant, owner), version))

    def walk(
        self, tenant: str, start: Node, *, up: bool, depth: int, kinds: Sequence[str], view: View
    ) -> list[KeptLink]:
        """Return the links within so many steps from a node, nearest first, at most `LINKS_MAX`."""
        owner, kind, name = (self._words.find(text) for text in (tenant, *start))
        numbers = self._words.numbers(kinds)
        if owner is None or kind is None or name is None or not numbers:
            return []
        here, behind = ("target", "source") if up else ("source", "target")
        statement = _WALK.format(here=here, behind=behind, of=_OF[view], kinds=among(numbers))
        near = (owner, depth, *numbers)
        text = self._words.text
        return [
            KeptLink(self._link(row[:8]), Node(text(row[8]), row[9]), row[10])
            for row in self._db.all(statement, (kind, name, *near, *near, LINKS_MAX))
        ]

    def link_counts(self, tenant: str) -> dict[str, int]:
        """Return how many links of each kind the newest versions have."""
        found = self._db.all(
            "SELECT l.kind, count(*) FROM link l JOIN definition d ON d.num = l.definition AND d.archived = 0"
            f" AND {_OF['published']} WHERE l.tenant = ? GROUP BY l.kind",
            (self._words.find(tenant),),
        )
        return dict(sorted((self._words.text(kind), count) for kind, count in found))

    def unlinked(self, tenant: str, *, revision: int, limit: int) -> list[Unlinked]:
        """Return versions and newest drafts without links of this revision of what is derived."""
        numbers = self._words.numbers(LINKED)
        part = (self._words.find(tenant), *numbers, revision)
        found = self._db.all(_UNLINKED.format(kinds=among(numbers)), (*part, *part, limit))
        return [
            Unlinked(Node(self._words.text(kind), key), version, draft) for kind, key, version, draft in found
        ]

    def _owner(self, tenant: str, owner: Node) -> int | None:
        number: int | None = self._db.value(
            _OWNER, (self._words.find(tenant), self._words.find(owner.kind), owner.key)
        )
        return number


class LinkWriter(LinkReader, GraphChangeWriter):
    """The writes of links."""

    def put_links(
        self, tenant: str, owner: Node, version: int, links: Sequence[Link], *, draft: int, revision: int
    ) -> None:
        """Replace all links of a version of a definition; for `DRAFT`, `draft` is the number of the draft."""
        definition = self._owner(tenant, owner)
        assert definition is not None, "links go with a definition that is there"
        self._db.run("DELETE FROM link WHERE definition = ? AND version = ?", (definition, version))
        number, optional = self._words.number, self._words.optional
        for place, link in enumerate(links):
            self._db.run(
                "INSERT INTO link (definition, version, number, tenant, kind, source_kind, source, target_kind, target,"
                " element, pinned, free) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    definition,
                    version,
                    place,
                    number(tenant),
                    number(link.kind),
                    *map(number, link.source),
                    *map(number, link.target),
                    optional(link.element),
                    optional(link.pinned),
                    int(link.free),
                ),
            )
        self._db.run(
            "INSERT INTO linked (definition, version, draft, revision, graph) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (definition, version) DO UPDATE SET draft = excluded.draft, revision = excluded.revision,"
            " graph = excluded.graph",
            (definition, version, draft, revision, self._graph_changed(number(tenant), definition)),
        )

    def drop_links(self, tenant: str, owner: Node) -> None:
        """Forget all links that the versions and drafts of a definition have."""
        definition = self._owner(tenant, owner)
        if definition is None:
            return
        self._db.run("DELETE FROM link WHERE definition = ?", (definition,))
        self._db.run(
            "UPDATE linked SET revision = 0, graph = ? WHERE definition = ?",
            (self._graph_changed(self._words.number(tenant), definition), definition),
        )
