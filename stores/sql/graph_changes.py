"""How far the links have changed: a number for each change, so that a copy elsewhere can be kept up.

The row of a tenant in `graph` is locked from a change until its commit, so that numbers appear in their order.
"""

from collections.abc import Sequence
from secrets import randbits
from typing import Any, Final

from flowmaster.engine.links.model import DECISION, PROCESS, Link, Node
from flowmaster.stores.graph import ChangedDefinition, ChangedLinks, GraphChanges, GraphState
from flowmaster.stores.sql.part import Part

SPACE_BITS: Final = 52
"""How much chance is in the name of a space; a number that JSON readers keep whole."""

LINKED: Final = (PROCESS, DECISION)
"""The kinds of definitions that have links."""

LINK_COLUMNS: Final = "l.kind, l.source_kind, l.source, l.target_kind, l.target, l.element, l.pinned, l.free"

_NEXT: Final = (
    "INSERT INTO graph (tenant, number, space) VALUES (?, 1, ?)"
    " ON CONFLICT (tenant) DO UPDATE SET number = graph.number + 1 RETURNING number"
)
_NUMBERS: Final = (
    "SELECT d.graph FROM definition d WHERE d.tenant = ? AND d.graph > ?"
    " UNION SELECT k.graph FROM definition d JOIN linked k ON k.definition = d.num"
    " WHERE d.tenant = ? AND d.graph > ? AND k.graph > ? ORDER BY 1 LIMIT ?"
)
_DEFINITIONS: Final = (
    "SELECT d.kind, d.key, d.graph, d.num, d.archived, d.version, d.draft FROM definition d"
    " WHERE d.tenant = ? AND d.graph > ? AND d.graph <= ? ORDER BY d.graph"
)
_LINKS: Final = (
    "SELECT d.kind, d.key, k.version, k.graph, d.num FROM definition d JOIN linked k ON k.definition = d.num"
    " WHERE d.tenant = ? AND d.graph > ? AND k.graph > ? AND k.graph <= ? ORDER BY k.graph, d.num, k.version"
)
"""The links of a version never change later than its definition."""


class GraphChangeReader(Part):
    """The reads of what has changed."""

    def graph_states(self) -> dict[str, GraphState]:
        """Return how far the links of each tenant that ever had any have changed."""
        with self._db.snapshot():
            former: dict[int, list[int]] = {}
            for tenant, space in self._db.all("SELECT tenant, space FROM graph_former ORDER BY space"):
                former.setdefault(tenant, []).append(space)
            found = self._db.all("SELECT tenant, space, number FROM graph")
        return {
            self._words.text(tenant): GraphState(space, number, tuple(former.get(tenant, ())))
            for tenant, space, number in found
        }

    def graph_state(self, tenant: str) -> GraphState | None:
        """Return how far the links of a tenant have changed, None if there never were any; `former` is left out."""
        found = self._db.one("SELECT space, number FROM graph WHERE tenant = ?", (self._words.find(tenant),))
        return None if found is None else GraphState(*found)

    def graph_changes(self, tenant: str, after: int, *, limit: int) -> GraphChanges:
        """Return what changed behind a number, about so many changes at most, as it stands at one moment."""
        with self._db.snapshot():
            state = self.graph_state(tenant)
            if state is None:
                return GraphChanges(0)
            where = (self._words.find(tenant), after)
            numbers = self._db.all(_NUMBERS, (*where, *where, after, limit))
            upto = numbers[-1][0] if len(numbers) == limit else state.number
            definitions = self._db.all(_DEFINITIONS, (*where, upto))
            links = self._db.all(_LINKS, (*where, after, upto))
            text = self._words.text
            return GraphChanges(
                upto,
                [
                    ChangedDefinition(Node(text(kind), key), number, age, bool(archived), version, draft)
                    for kind, key, number, age, archived, version, draft in definitions
                ],
                [
                    ChangedLinks(Node(text(kind), key), version, number, self._links_of(definition, version))
                    for kind, key, version, number, definition in links
                ],
            )

    def _links_of(self, definition: int | None, version: int) -> Sequence[Link]:
        found = self._db.all(
            f"SELECT {LINK_COLUMNS} FROM link l WHERE l.definition = ? AND l.version = ? ORDER BY l.number",
            (definition, version),
        )
        return [self._link(row) for row in found]

    def _link(self, row: tuple[Any, ...]) -> Link:
        kind, source_kind, source, target_kind, target, element, pinned, free = row
        text, optional = self._words.text, self._words.optional_text
        return Link(
            text(kind),
            Node(text(source_kind), text(source)),
            Node(text(target_kind), text(target)),
            optional(element),
            optional(pinned),
            bool(free),
        )


class GraphChangeWriter(Part):
    """The writes of what has changed."""

    def renew_graph(self, tenant: str) -> None:
        """Give the links of a tenant a new space, so that whoever keeps a copy of them makes it anew."""
        owner = self._words.find(tenant)
        if owner is not None:
            self._renew_graph(owner)

    def forget_space(self, tenant: str, space: int) -> None:
        """Forget a former space, of which nothing is left anywhere."""
        self._db.run(
            "DELETE FROM graph_former WHERE tenant = ? AND space = ?", (self._words.find(tenant), space)
        )

    def _graph_changed(self, tenant: int, definition: int) -> int:
        """Give what a definition has of the graph the next number, and return it."""
        number = int(self._db.value(_NEXT, (tenant, randbits(SPACE_BITS))))
        self._db.run("UPDATE definition SET graph = ? WHERE num = ?", (number, definition))
        return number

    def _renew_graph(self, tenant: int) -> None:
        self._db.value(_NEXT, (tenant, randbits(SPACE_BITS)))
        self._db.run(
            "INSERT INTO graph_former (tenant, space) SELECT tenant, space FROM graph WHERE tenant = ?",
            (tenant,),
        )
        self._db.run("UPDATE graph SET space = ? WHERE tenant = ?", (randbits(SPACE_BITS), tenant))

    def _renew_graphs_with(self, word: int) -> None:
        """Renew the graphs of all tenants whose links have a word that is about to be replaced."""
        found = self._db.all(
            "SELECT DISTINCT tenant FROM link WHERE source = ? OR target = ? OR element = ? OR pinned = ?",
            (word,) * 4,
        )
        for (tenant,) in found:
            self._renew_graph(tenant)
