"""Where tokens are stopped: the stages of an incident, and the incidents of an instance by their node."""

from flowmaster.engine.state import Incident, State

INSIDE = "inside"
"""The stage of an incident of a node that cannot look at what is left inside it."""
GOING_ON = "going on"
"""The stage of an incident of a node that has passed too many steps and is to go on."""
ARRIVING = "arriving/"
"""The stage of an incident of a token that was stopped before an element, before the id of its flow."""
ARMING = "arming/"
"""The stage of an incident of a node that cannot wait for an event once more, before the id of the event."""
STARTING = "starting/"
"""The stage of an incident of a process that begins at a chosen start event, before the id of that event."""
TRIGGERED = "triggered/"
"""The stage of an incident where several triggers begin an instance, before the number of the one that came and the id
of the start event."""


class Stops:
    """Finds the incidents of one node among thousands without looking at them all again.

    What an execution raises must be entered with `add`; what is resolved drops out by itself.
    """

    __slots__ = ("_by_node", "_state")

    def __init__(self, state: State) -> None:
        self._state = state
        self._by_node: dict[int, list[int]] | None = None

    def add(self, node: int, incident: int) -> None:
        """Enter an incident that was just raised."""
        if self._by_node is not None:
            self._by_node.setdefault(node, []).append(incident)

    def of(self, node: int) -> list[Incident]:
        """Return the incidents that a node has now, the oldest first."""
        standing = self._state.incidents
        if not standing:
            return []
        if self._by_node is None:
            self._by_node = {}
            for incident in standing.values():
                self._by_node.setdefault(incident.node, []).append(incident.id)
        return [standing[key] for key in self._by_node.get(node, ()) if key in standing]
