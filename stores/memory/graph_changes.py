"""How far the links in memory have changed."""

from secrets import randbits

from flowmaster.engine.links.model import DECISION, PROCESS, Node
from flowmaster.stores.graph import ChangedLinks, GraphChange, GraphChanges, GraphState
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
        """Return what changed behind a number, of so many definitions at most, as it stands at one moment."""
        state = self.graph_state(tenant)
        if state is None:
            return GraphChanges(0, ())
        numbers = {
            (kind, key): number
            for (owner, kind, key, version), number in self._data.graph_numbers.items()
            if owner == tenant and version is None and number > after
        }
        first = sorted(numbers, key=numbers.__getitem__)[:limit]
        changes = [self._graph_change(tenant, Node(*place), after) for place in first]
        return GraphChanges(changes[-1].number if len(changes) == limit else state.number, changes)

    def _graph_change(self, tenant: str, owner: Node, after: int) -> GraphChange:
        numbers, head = self._data.graph_numbers, self._data.definitions[tenant, *owner]
        parts = [
            ChangedLinks(
                version, numbers[tenant, *owner, version], self._data.links[tenant, *owner, version][2]
            )
            for version in range(head.row.version + 1)
            if numbers.get((tenant, *owner, version), 0) > after
        ]
        number, row = numbers[tenant, *owner, None], head.row
        return GraphChange(owner, number, head.number, head.archived, row.version, row.draft, parts)


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
