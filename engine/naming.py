"""The ids of another version of a process, wherever a state of an instance holds ids of its model."""

from collections.abc import Mapping
from typing import NamedTuple

from flowmaster.engine.state import Done, Incident, JobWait, Node, Wait
from flowmaster.engine.values import Json


class Names(NamedTuple):
    """The new ids of the elements and flows that have another one; all others keep theirs."""

    elements: Mapping[str, str]
    flows: Mapping[str, str]

    def element(self, key: str) -> str:
        """Return the new id of an element."""
        return self.elements.get(key, key)

    def flow(self, key: str) -> str:
        """Return the new id of a flow."""
        return self.flows.get(key, key)

    def rename(self, node: Node) -> None:
        """Give a private node the new ids."""
        node.element = self.element(node.element)
        if node.arrivals is not None:
            node.arrivals = {
                self.element(join): {self.flow(flow): count for flow, count in counts.items()}
                for join, counts in node.arrivals.items()
            }
        if node.started is not None:
            node.started = {
                self.element(join): tuple(map(self.flow, flows)) for join, flows in node.started.items()
            }
        if node.turns is not None and node.turns.total == -1:  # Activities of an ad-hoc sub-process.
            node.turns = node.turns._replace(items=tuple(map(self._item, node.turns.items)))
        node.done = tuple(map(self._done, node.done))
        node.undo = None if node.undo is None else tuple(map(self._done, node.undo))

    def wait(self, wait: Wait) -> Wait:
        """Return a wait with the new ids; that of a listener at the start of a process names its start event."""
        renamed = wait.but(element=self.element(wait.element))
        if isinstance(renamed, JobWait) and renamed.purpose.count(":") > 1:
            when, number, begun = renamed.purpose.split(":", 2)
            return renamed.but(purpose=f"{when}:{number}:{self._stage(begun)}")
        return renamed

    def incident(self, incident: Incident) -> Incident:
        """Return an incident with the new ids, also in the stage at which it is tried again."""
        return incident._replace(element=self.element(incident.element), stage=self._stage(incident.stage))

    def _stage(self, stage: str) -> str:
        """Return a stage with the new id of the flow or element behind its last stroke."""
        before, stroke, key = stage.rpartition("/")
        return before + stroke + self.flows.get(key, self.element(key)) if stroke else stage

    def _item(self, item: Json) -> Json:
        return self.element(item) if isinstance(item, str) else item

    def _done(self, done: Done) -> Done:
        return done._replace(element=self.element(done.element), inside=tuple(map(self._done, done.inside)))
