"""How far the links in memory have changed."""

from secrets import randbits

from flowmaster.engine.links.model import DECISION, PROCESS, Node
from flowmaster.stores.graph import ChangedDefinition, ChangedLinks, GraphChanges, GraphState
from flowmaster.stores.memory.data import Part, locked

_SPACE_BITS = 52


@locked
class GraphChangeReader(Part):
    """The reads of what has changed."""

    def graph_states(self) -> dict[str, GraphState]:
        """Return how far the links of each tenant that ever had any have changed."""
        return {tenant: GraphState(*state) for tenant, state in self._data.graph.items()}

    def graph_state(self, tenant: str) -> GraphState | None:
        """Return how far the links of a tenant have changed, None if there never were any; `former` is left out."""
        found = self._data.graph.get(tenant)
        return None if found is None else GraphState(*found[:2])

    def graph_changes(self, tenant: str, after: int, *, limit: int) -> GraphChanges:
        """Return what changed behind a number, about so many changes at most, as it stands at one moment."""
        state = self.graph_state(tenant)
        if state is None:
            return GraphChanges(0)
        changed = {
            place: number
            for place, number in self._data.graph_numbers.items()
            if place[0] == tenant and number > after
        }
        first = sorted(set(changed.values()))[:limit]
        upto = first[-1] if len(first) == limit else state.number
        definitions: list[ChangedDefinition] = []
        links: list[ChangedLinks] = []
        for (_, kind, key, version), number in sorted(changed.items(), key=lambda each: each[1]):
            owner = Node(kind, key)
            if number > upto:
                break
            if version is None:
                head = self._data.definitions[tenant, kind, key]
                row = head.row
                definitions.append(
                    ChangedDefinition(owner, number, head.number, head.archived, row.version, row.draft)
                )
            else:
                links.append(
                    ChangedLinks(owner, version, number, self._data.links[tenant, kind, key, version][2])
                )
        return GraphChanges(upto, definitions, links)


@locked
class GraphChangeWriter(Part):
    """The writes of what has changed."""

    def renew_graph(self, tenant: str) -> None:
        """Give the links of a tenant a new space, so that whoever keeps a copy of them makes it anew."""
        space, number, former = self._data.graph.get(tenant, (0, 0, ()))
        left = (*former, space) if space else ()
        self._data.put(self._data.graph, tenant, (randbits(_SPACE_BITS), number + 1, left))

    def forget_space(self, tenant: str, space: int) -> None:
        """Forget a former space, of which nothing is left anywhere."""
        found = self._data.graph.get(tenant)
        if found is not None:
            left = tuple(each for each in found[2] if each != space)
            self._data.put(self._data.graph, tenant, (*found[:2], left))

    def _graph_changed(self, tenant: str, kind: str, key: str, *versions: int) -> None:
        """Give what a definition has of the graph, and the links of versions of it, the next number."""
        if kind not in (PROCESS, DECISION):
            return
        space, number, former = self._data.graph.get(tenant, (randbits(_SPACE_BITS), 0, ()))
        self._data.put(self._data.graph, tenant, (space, number + 1, former))
        for version in (None, *versions):
            self._data.put(self._data.graph_numbers, (tenant, kind, key, version), number + 1)
