"""Moves tokens: everything that leads an instance from one wait state to the next lives here.

Rule 1: the state changes only through `emit`, so that folding the events gives the same state.
Rule 2: evaluate first, emit after; a fault in between leaves a node that can be retried at its stage.
Rule 3: no behaviour calls another; tokens go through the agenda, first in, first out.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Protocol

from flowmaster.engine import events as ev
from flowmaster.engine.errors import FlowMasterError, shortened
from flowmaster.engine.evolve import evolve
from flowmaster.engine.feel.expression import to_json
from flowmaster.engine.limits import NODES_MAX, STEPS_MAX
from flowmaster.engine.model import Element, Executable, Flow, IoMapping, Value
from flowmaster.engine.scope import Scope, owner_of, scope_of
from flowmaster.engine.state import ROOT, Node, State, Wait
from flowmaster.engine.values import Json


class Fault(Exception):
    """A token cannot go on; becomes an incident at its node."""

    def __init__(self, code: str, message: str) -> None:
        message = shortened(message)
        super().__init__(message)
        self.code = code
        self.message = message


class Behaviour(Protocol):
    """What one family of elements does at each stage of its life.

    The life cycle: a token *enters* (input mappings are made, boundary events are armed), the element is
    *activated* and either waits or is *finished*; finishing makes the output mappings, *completes* the node
    and leaves over the flows that `route` chooses. A node that is *withdrawn* is left before that.
    """

    def activate(self, run: "Execution", node: Node, element: Element) -> None:
        """Do the element's work, or begin to wait for it."""
        ...

    def route(self, run: "Execution", node: Node, element: Element) -> tuple[Flow, ...]:
        """Return the flows to leave over."""
        ...

    def withdraw(self, run: "Execution", node: Node, element: Element) -> None:
        """Undo what waits outside the instance, such as a called process."""
        ...


class Join(Protocol):
    """When the tokens that wait for each other at a family of elements go on."""

    @property
    def patient(self) -> bool:
        """Return whether a join looks at the tokens elsewhere, and so decides when all of them rest."""
        ...

    def ready(self, run: "Execution", scope: Node, element: Element) -> tuple[str, ...]:
        """Return the flows whose waiting tokens go on together now; none if they still wait."""
        ...


class Execution:
    """One command's way through an instance: a private state, the events so far, and tokens under way."""

    def __init__(
        self,
        model: Executable,
        state: State,
        behaviours: Mapping[str, Behaviour],
        joins: Mapping[str, Join],
        *,
        at: int,
        by: str,
    ) -> None:
        self.model = model
        self.elements = model.process.elements
        self.state = state
        self.behaviours = behaviours
        self.joins = joins
        self.at = at
        self.by = by
        self.events: list[ev.Event] = []
        self.attempts: dict[int, int] = {}
        self._agenda: deque[tuple[Flow, int]] = deque()
        self._steps = 0

    # What behaviours may ask for.

    def emit(self, event: ev.Event) -> None:
        """Make an event happen."""
        self.events.append(event)
        evolve(self.state, event)

    def key(self) -> int:
        """Return a new key for a node, wait or incident."""
        return self.state.keys + 1

    def element(self, node: Node) -> Element:
        """Return the model of a node."""
        return self.elements[node.element]

    def behaviour(self, element: Element) -> Behaviour:
        """Return what a family does; one that cannot run yet can still be left and skipped like a plain task."""
        return self.behaviours.get(element.family) or self.behaviours["task"]

    def see(self, node: Node) -> Mapping[str, object]:
        """Return the variables that a node sees."""
        return scope_of(self.state, node.key)

    def value(self, node: Node, value: Value) -> Json:
        """Evaluate something of the model where the node stands, as a JSON value."""
        return _plain(value.value(scope_of(self.state, node.key), self.at))

    def text(self, node: Node, value: Value, what: str) -> str:
        """Evaluate something that must be a text or a number, and return it as text."""
        found = self.value(node, value)
        if isinstance(found, bool) or not isinstance(found, str | int | Decimal) or found == "":
            raise Fault("expression.not_text", f"{what} `{value.text}` gave {found!r}, expected a text.")
        return found if isinstance(found, str) else str(found)

    def wait(self, wait: Wait) -> None:
        """Begin to wait."""
        self.emit(ev.WaitOpened(wait))

    def write(self, node: Node, variables: Mapping[str, Json]) -> None:
        """Write variables where they live: the nearest scope that has the name, else the process."""
        if not variables:
            return
        by_scope: dict[int, dict[str, Json]] = {}
        for name, value in variables.items():
            by_scope.setdefault(owner_of(self.state, node.key, name), {})[name] = value
        for key, values in by_scope.items():
            self.emit(ev.VariablesSet(key, self.state.nodes[key].element, values))

    def finish(
        self, node: Node, variables: Mapping[str, Json] | None = None, *, mapped: bool = False
    ) -> None:
        """Complete a node with the values it gave, and send tokens on; `mapped` outputs are not made again."""
        element = self.elements[node.element]
        stage = "completing"
        try:
            if element.outputs:
                if not mapped:
                    self._map_outputs(node, element, variables)
            elif variables:
                self.write(node, variables)
            stage = "leaving"
            flows = self.behaviour(element).route(self, node, element)
        except (Fault, FlowMasterError) as fault:
            self.raise_incident(node, stage, fault.code, fault.message)
            return
        self.close_waits(node)
        scope = self.state.nodes[node.scope]
        self.emit(ev.ElementCompleted(node.key, node.element))
        for flow in flows:
            self.emit(ev.FlowTaken(flow.id, scope.key))
            self._agenda.append((flow, scope.key))
        if not scope.open:
            self._close_scope(scope)

    def withdraw(self, node: Node) -> None:
        """Leave a node and everything inside it before it is complete."""
        if node.open:
            self.empty(node)
        element = self.elements[node.element]
        self.behaviour(element).withdraw(self, node, element)
        self.close_waits(node)
        self.resolve_incidents(node, "withdrawn")
        if node.key != ROOT:
            self.emit(ev.ElementCancelled(node.key, node.element))

    def empty(self, scope: Node, spare: int = 0) -> None:
        """Withdraw everything inside a scope except the node `spare`, and drop the tokens under way there."""
        inside = [node for node in self.state.nodes.values() if node.scope == scope.key and node.key != spare]
        for node in inside:
            self.withdraw(node)
        self._agenda = deque(token for token in self._agenda if token[1] != scope.key)
        if scope.open > (1 if spare else 0):
            self.emit(ev.TokensDropped(scope.key, scope.element))

    def enter(self, element: Element, scope: Node, via: tuple[str, ...] = ()) -> Node:
        """Put a token on an element and let it begin."""
        key = self.key()
        self.emit(ev.ElementEntered(key, element.id, scope.key, via))
        node = self.state.nodes[key]
        self.begin(node, element)
        return node

    def begin(self, node: Node, element: Element, *, armed: bool = False) -> None:
        """Run the first stage of a node: input mappings, boundary events unless `armed`, and its own work."""
        stage = "entering"
        try:
            if element.unsupported:
                raise Fault("element.not_executable", element.unsupported)
            if len(self.state.nodes) > NODES_MAX:
                raise Fault("engine.too_many_nodes", f"More than {NODES_MAX} tokens in one instance.")
            if element.inputs:
                values = self._mapped(node, element.inputs, merge=False)
                self.emit(ev.VariablesSet(node.key, node.element, values))
            for boundary in () if armed else element.boundaries:
                self.behaviours[boundary.family].activate(self, node, boundary)
            stage = "active"
            self.behaviours[element.family].activate(self, node, element)
        except (Fault, FlowMasterError) as fault:
            self.close_waits(node)
            if element is not self.elements[element.id]:
                stage = STARTING + element.starts[0]
            self.raise_incident(node, stage, fault.code, fault.message)

    def raise_incident(self, node: Node, stage: str, code: str, message: str) -> None:
        """Stop a node with an incident; whoever may come on one that stands there already resolves it first."""
        tries = self.attempts.get(node.key, 1)
        self.emit(ev.IncidentRaised(self.key(), node.key, node.element, stage, code, message, self.at, tries))

    def end(self, status: str, error: str = "", message: str = "") -> None:
        """End the instance and everything in it."""
        root = self.state.nodes[ROOT]
        self._agenda.clear()
        self.withdraw(root)
        self.emit(ev.InstanceEnded(status, error, message))

    def settle(self) -> None:
        """Move every token until all wait."""
        while self._agenda or self._release_joins():
            if not self._agenda:
                continue
            flow, scope_key = self._agenda.popleft()
            self._steps += 1
            if self._steps > STEPS_MAX:
                self._stop_token(flow, scope_key)
                continue
            self._arrive(flow, scope_key)

    def tokens_in(self, scope: Node) -> Iterator[str]:
        """Return the elements at which tokens of a scope stand: inside nodes, and at joins."""
        for node in self.state.nodes.values():
            if node.scope == scope.key:
                yield node.element
        yield from scope.arrivals or ()

    # How a token moves.

    def _arrive(self, flow: Flow, scope_key: int) -> None:
        scope = self.state.nodes[scope_key]
        element = self.elements[flow.target]
        if len(element.incoming) < 2 or element.unsupported:
            self.enter(element, scope, (flow.id,))
            return
        join = self.joins.get(element.family)
        if join is None:
            self.enter(element, scope, (flow.id,))
            return
        self.emit(ev.TokenJoined(element.id, flow.id, scope_key))
        if not join.patient:
            self._join(scope, element, join)

    def _join(self, scope: Node, element: Element, join: Join) -> bool:
        via = join.ready(self, scope, element)
        if via:
            self.enter(element, scope, via)
        return bool(via)

    def _release_joins(self) -> bool:
        """Let one join go on that has waited for all other tokens to rest."""
        if not self.model.process.patient_joins:
            return False
        for scope in [node for node in self.state.nodes.values() if node.arrivals]:
            for name in list(scope.arrivals or ()):
                element = self.elements[name]
                join = self.joins[element.family]
                if join.patient and self._join(scope, element, join):
                    return True
        return False

    def leave_join(self, scope: Node, join: str) -> Node:
        """Take the tokens that wait at a join as one that stands there."""
        via = tuple((scope.arrivals or {})[join])
        key = self.key()
        self.emit(ev.ElementEntered(key, join, scope.key, via))
        return self.state.nodes[key]

    def arrive_again(self, node: Node, flow: str) -> None:
        """Let a token that was stopped before an element come to it once more, at its join if it has one."""
        self.emit(ev.FlowTaken(flow, node.scope))
        self.emit(ev.ElementCancelled(node.key, node.element))
        incoming = next(each for each in self.elements[node.element].incoming if each.id == flow)
        self._agenda.append((incoming, node.scope))

    def _stop_token(self, flow: Flow, scope_key: int) -> None:
        element = self.elements[flow.target]
        key = self.key()
        self.emit(ev.ElementEntered(key, element.id, scope_key, (flow.id,)))
        self.raise_incident(
            self.state.nodes[key],
            f"{ARRIVING}{flow.id}",
            "engine.too_many_steps",
            f"The instance passed {STEPS_MAX} elements without a wait; a loop has no exit.",
        )

    def _close_scope(self, scope: Node) -> None:
        self.resolve_incidents(scope, "went on")
        if scope.key == ROOT:
            self.close_waits(scope)
            self.emit(ev.InstanceEnded("completed", "", ""))
        else:
            self.finish(scope)

    def close_waits(self, node: Node) -> None:
        """Wait no longer for anything at a node."""
        for key in node.waits:
            wait = self.state.waits[key]
            self.emit(ev.WaitClosed(key, wait.element, "withdrawn", _NOTHING))

    def resolve_incidents(self, node: Node, how: str) -> None:
        """Put the incidents of a node out of the way."""
        for incident in [i for i in self.state.incidents.values() if i.node == node.key]:
            self.emit(ev.IncidentResolved(incident.id, incident.element, how))

    # How values move.

    def _mapped(self, node: Node, mappings: tuple[IoMapping, ...], *, merge: bool) -> dict[str, Json]:
        outer = scope_of(self.state, node.key)
        values: dict[str, Json] = {}
        seen = Scope((values, outer))
        for mapping in mappings:
            found = _plain(mapping.source.value(seen, self.at))
            _put(values, mapping.target, found, outer if merge else {})
        return values

    def _map_outputs(self, node: Node, element: Element, variables: Mapping[str, Json] | None) -> None:
        if variables:
            self.emit(ev.VariablesSet(node.key, node.element, variables))
        values = self._mapped(node, element.outputs, merge=True)
        self.write(self.state.nodes[node.scope], values)


_NOTHING: Mapping[str, Json] = {}
ARRIVING = "arriving/"
"""The stage of an incident of a token that was stopped before an element, before the id of its flow."""
STARTING = "starting/"
"""The stage of an incident of a process that begins at a chosen start event, before the id of that event."""


def _plain(found: object) -> Json:
    """Return a FEEL value as JSON; the most frequent ones are JSON already."""
    return found if found is None or isinstance(found, (int, str)) else to_json(found)


def _put(values: dict[str, Json], path: tuple[str, ...], value: Json, existing: Mapping[str, object]) -> None:
    """Set the value at a path such as `order.total`; other entries of an existing context stay."""
    if len(path) == 1:
        values[path[0]] = value
        return
    name = path[0]
    inner = values.get(name, existing.get(name))
    context = dict(inner) if isinstance(inner, Mapping) else {}
    _put(context, path[1:], value, {})
    values[name] = context
