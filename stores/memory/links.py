"""The graph of links in memory."""

from collections.abc import Iterator, Sequence

from flowmaster.engine.links.model import DECISION, PROCESS, Link, Node
from flowmaster.stores.graph import DRAFT, LINKS_MAX, KeptLink, Unlinked, View
from flowmaster.stores.memory.data import locked
from flowmaster.stores.memory.graph_changes import GraphChangeReader, GraphChangeWriter


@locked
class LinkReader(GraphChangeReader):
    """The reads of links."""

    def links_of(self, tenant: str, owner: Node, version: int) -> list[Link]:
        """Return the links that a version of a definition has, in the order of its model."""
        found = self._data.links.get((tenant, *owner, version))
        return list(found[2]) if found else []

    def walk(
        self, tenant: str, start: Node, *, up: bool, depth: int, kinds: Sequence[str], view: View
    ) -> list[KeptLink]:
        """Return the links within so many steps from a node, nearest first, at most `LINKS_MAX`."""
        counted = [kept for kept in self._counted(tenant, view) if kept.link.kind in kinds]
        found: list[KeptLink] = []
        seen, near = {start}, {start}
        for _ in range(depth):
            met = [kept for kept in counted if (kept.link.target if up else kept.link.source) in near]
            found += met
            near = {kept.link.source if up else kept.link.target for kept in met} - seen
            seen |= near
        return found[:LINKS_MAX]

    def link_counts(self, tenant: str) -> dict[str, int]:
        """Return how many links of each kind the newest versions have."""
        counts: dict[str, int] = {}
        for kept in self._counted(tenant, "published"):
            counts[kept.link.kind] = counts.get(kept.link.kind, 0) + 1
        return dict(sorted(counts.items()))

    def unlinked(self, tenant: str, *, revision: int, limit: int) -> list[Unlinked]:
        """Return versions and newest drafts without links of this revision of what is derived."""
        found: list[Unlinked] = []
        for (owner, kind, key), head in self._data.definitions.items():
            if owner != tenant or kind not in (PROCESS, DECISION):
                continue
            wanted = [Unlinked(Node(kind, key), version, 0) for version in range(1, head.row.version + 1)]
            if head.row.draft:
                wanted.append(Unlinked(Node(kind, key), DRAFT, head.row.draft))
            for one in wanted:
                known = self._data.links.get((tenant, kind, key, one.version))
                if known is None or known[:2] != (one.draft, revision):
                    found.append(one)
        return found[:limit]

    def _counted(self, tenant: str, view: View) -> Iterator[KeptLink]:
        """Yield the links that count in a view, by the age of their definitions."""
        for (owner, kind, key), head in self._data.definitions.items():
            if owner != tenant or head.archived:
                continue
            versions = {
                "published": [head.row.version],
                "draft": [DRAFT if head.row.draft else head.row.version],
                "all": range(head.row.version + 1),
            }[view]
            for version in versions:
                for link in self.links_of(tenant, Node(kind, key), version):
                    yield KeptLink(link, Node(kind, key), version)


@locked
class LinkWriter(LinkReader, GraphChangeWriter):
    """The writes of links."""

    def put_links(
        self, tenant: str, owner: Node, version: int, links: Sequence[Link], *, draft: int, revision: int
    ) -> None:
        """Replace all links of a version of a definition; for `DRAFT`, `draft` is the number of the draft."""
        self._data.put(self._data.links, (tenant, *owner, version), (draft, revision, tuple(links)))
        self._graph_changed(tenant, *owner, version)

    def drop_links(self, tenant: str, owner: Node) -> None:
        """Forget all links that the versions and drafts of a definition have."""
        places = [place for place in self._data.links if place[:3] == (tenant, *owner)]
        for place in places:
            self._data.put(self._data.links, place, (self._data.links[place][0], 0, ()))
        self._graph_changed(tenant, *owner, *(place[3] for place in places))
