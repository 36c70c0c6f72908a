"""Moves tokens: everything that leads an instance from one wait state to the next lives here.

Rule 1: the state changes only through `emit`, so that folding the events gives the same state.
Rule 2: evaluate first, emit after; a fault in between leaves a node that can be retried at its stage.
Rule 3: no behaviour calls another; tokens go through the agenda, first in, first out.
"""

from collections import deque
from collections.abc import Mapping
from decimal import Decimal

from flowmaster.engine import events as ev
from flowmaster.engine.behaviour import Behaviour, Join, Receive
from flowmaster.engine.bpmn.vocabulary import SUB_PROCESS_KINDS
from flowmaster.engine.errors import FlowMasterError, shortened
from flowmaster.engine.evolve import evolve
from flowmaster.engine.feel.said import said
from flowmaster.engine.jobs import END, START, open_job
from flowmaster.engine.limits import ENDLESS, NODES_MAX, STEPS_MAX
from flowmaster.engine.lookup import MUTEX, as_json, by_scope, holder_of, mapped, mutex_wait, output_name
from flowmaster.engine.model import Element, Executable, Flow, Value
from flowmaster.engine.scope import owner_of, scope_of
from flowmaster.engine.state import ROOT, EventWait, Node, State, Wait
from flowmaster.engine.stops import ARRIVING, GOING_ON, INSIDE, Stops
from flowmaster.engine.values import Json
from flowmaster.engine.watching import look_at_conditions


class Fault(Exception):
    """A token cannot go on; becomes an incident at its node."""

    def __init__(self, code: str, message: str) -> None:
        message = shortened(message)
        super().__init__(message)
        self.code = code
        self.message = message


class Execution:
    """One command's way through an instance: a private state, the events so far, and tokens under way."""

    def __init__(
        self,
        model: Executable,
        state: State,
        behaviours: Mapping[str, Behaviour],
        joins: Mapping[str, Join],
        *,
        receive: Receive,
        at: int,
        by: str,
    ) -> None:
        self.model = model
        self.elements = model.process.elements
        self.state = state
        self.behaviours = behaviours
        self.joins = joins
        self.receive = receive
        self.at = at
        self.by = by
        self.events: list[ev.Event] = []
        self.attempts: dict[int, int] = {}
        self.starting = ""
        """The stage of an incident at what begins the instance, while it does."""
        self._stops = Stops(state)
        self._agenda: deque[tuple[Flow | None, int]] = deque()
        self._steps = 0
        self._handlers = model.process.handlers
        self._watches = bool(model.process.conditions)
        self._touched = self._watches

    # What behaviours may ask for.

    def emit(self, event: ev.Event) -> None:
        """Make an event happen."""
        self.events.append(event)
        evolve(self.state, event)
        if type(event) is ev.VariablesSet:
            self._touched = self._watches

    def key(self) -> int:
        """Return a new key for a node, wait or incident."""
        return self.state.keys + 1

    def element(self, node: Node) -> Element:
        """Return the model of a node."""
        return self.elements[node.element]

    def behaviour(self, node: Node, element: Element) -> Behaviour:
        """Return what a node does; a family that cannot run yet can still be left and skipped like a plain task."""
        if node.undo is not None:
            return self.behaviours[COMPENSATING]
        if element.loop is not None and not self.is_turn(node):
            return self.behaviours[LOOP]
        found = self.behaviours.get(element.family)
        return self.behaviours["task"] if found is None else found

    def is_body(self, node: Node) -> bool:
        """Return whether a node is an activity that runs several times, as a whole."""
        return self.elements[node.element].loop is not None and not self.is_turn(node)

    def is_turn(self, node: Node) -> bool:
        """Return whether a node is one run of a loop: it stands inside a node of the same element."""
        around = self.state.nodes.get(node.scope)
        return around is not None and around.element == node.element

    def see(self, node: Node) -> Mapping[str, object]:
        """Return the variables that a node sees."""
        return scope_of(self.state, node.key)

    def value(self, node: Node, value: Value) -> Json:
        """Evaluate something of the model where the node stands, as a JSON value."""
        return as_json(value.value(scope_of(self.state, node.key), self.at))

    def text(self, node: Node, value: Value, what: str) -> str:
        """Evaluate something that must be a text or a number, and return it as text."""
        found = self.value(node, value)
        if isinstance(found, bool) or not isinstance(found, str | int | Decimal) or found == "":
            raise Fault("expression.not_text", f"{what} `{value.text}` gave {said(found)}, expected a text.")
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
        scope = self.state.nodes[node.scope]
        turn = element.loop is not None and self.is_turn(node)
        stage = "completing"
        try:
            if element.outputs and (element.loop is None or turn):
                if not mapped:
                    self.map_outputs(node, element, variables)
            elif variables:
                self.write(node, variables)
            if element.at_end and not mapped and (element.loop is None or turn):
                self.close_waits(node)
                open_job(self, node, element, element.at_end[0], f"{END}:0")
                return
            stage = "leaving"
            flows = () if turn else self.behaviour(node, element).route(self, node, element)
            if scope.open + element.completion_quantity * len(flows) > NODES_MAX:
                raise Fault("engine.too_many_nodes", f"More than {NODES_MAX} tokens in one instance.")
            if scope.turns is not None:
                around = self.elements[scope.element]
                self.behaviour(scope, around).before_inner_done(self, scope, around, node)
        except (Fault, FlowMasterError) as fault:
            self.raise_incident(node, stage, fault.code, fault.message)
            return
        self._leave(node, element, scope, flows, turn=turn)
        self.look_inside(scope)

    def _leave(
        self, node: Node, element: Element, scope: Node, flows: tuple[Flow, ...], *, turn: bool
    ) -> None:
        """Complete a node and send its tokens over flows."""
        if node.waits:
            self.close_waits(node)
        if node.done or element.compensated_by or element.id in self._handlers:
            self._keep(node, element, turn=turn)
        self.emit(ev.ElementCompleted(node.key, node.element))
        if element.completion_quantity > 1:
            flows = tuple(flow for flow in flows for _ in range(element.completion_quantity))
        for flow in flows:
            self.emit(ev.FlowTaken(flow.id, scope.key))
            self._agenda.append((flow, scope.key))
        if element.mutex and not turn:
            self._pass_on(element.mutex)

    def _queued(self, node: Node, mutex: str) -> bool:
        """Let a node wait its turn where another one has the mutex; return whether it waits."""
        if holder_of(self.state, self.elements, mutex, node.key) is None:
            return False
        self.wait(EventWait(self.key(), node.key, node.element, self.at, MUTEX, mutex, ""))
        return True

    def _pass_on(self, mutex: str) -> None:
        """Let the node go on that has waited longest for a mutex, once nobody has it."""
        if holder_of(self.state, self.elements, mutex, 0) is None:
            for wait in self.state.waits.values():
                if isinstance(wait, EventWait) and wait.kind == MUTEX and wait.name == mutex:
                    if (None, wait.node) not in self._agenda:
                        self._agenda.append((None, wait.node))
                    return

    def look_inside(self, scope: Node) -> None:
        """Let a scope see what is left in it, now that something inside is over."""
        element = self.elements[scope.element]
        try:
            self.behaviour(scope, element).inner_done(self, scope, element)
        except (Fault, FlowMasterError) as fault:
            self.resolve_incidents(scope, "replaced")
            self.raise_incident(scope, INSIDE, fault.code, fault.message)

    def _keep(self, node: Node, element: Element, *, turn: bool) -> None:
        """Remember an activity that can be compensated; the body of a loop by its turns. What undoes is not undone."""
        starts = self._handlers.get(element.id, ())
        handled = any(self.elements[one].family == "startEvent/compensate" for one in starts)
        once = (turn or element.loop is None) and (element.compensated_by or handled)
        if self.state.nodes[node.scope].undo is None and (node.done or once):
            bare = not turn and element.kind not in SUB_PROCESS_KINDS
            self.emit(ev.CompensationKept(node.key, node.element, bare))

    def watch(self) -> None:
        """Look at the conditions that something waits for before the next token moves."""
        self._touched = True

    def step(self) -> bool:
        """Count one more step of this command, and return whether it may still be taken."""
        self._steps += 1
        return self._steps <= STEPS_MAX

    def later(self, node: Node) -> None:
        """Let a node go on when the tokens before it have moved."""
        self._agenda.append((None, node.key))

    def withdraw(self, node: Node, inside: Mapping[int, list[Node]] | None = None) -> None:
        """Leave a node and everything inside it before it is complete; `inside` holds all nodes by scope."""
        if node.open:
            self.empty(node, inside=inside)
        element = self.elements[node.element]
        self.behaviour(node, element).withdraw(self, node, element)
        self.close_waits(node)
        self.resolve_incidents(node, "withdrawn")
        if node.key != ROOT:
            self.emit(ev.ElementCancelled(node.key, node.element))
            if element.mutex:
                self._pass_on(element.mutex)

    def empty(self, scope: Node, spare: int = 0, inside: Mapping[int, list[Node]] | None = None) -> None:
        """Withdraw everything inside a scope except the node `spare`, and drop the tokens under way there."""
        inside = by_scope(self.state) if inside is None else inside
        for node in inside.get(scope.key, ()):
            if node.key != spare:
                self.withdraw(node, inside)
        self._agenda = deque(token for token in self._agenda if token[1] != scope.key)
        if scope.open > (1 if spare else 0):
            self.emit(ev.TokensDropped(scope.key, scope.element))

    def enter(self, element: Element, scope: Node, via: tuple[str, ...] = ()) -> Node:
        """Put a token on an element and let it begin."""
        key = self.state.keys + 1
        self.emit(ev.ElementEntered(key, element.id, scope.key, via))
        node = self.state.nodes[key]
        self.begin(node, element)
        return node

    def begin(self, node: Node, element: Element, *, armed: bool = False) -> None:
        """Run the first stage of a node: input mappings, and listeners unless it is `armed`; then its own work."""
        if element.bare and len(self.state.nodes) <= NODES_MAX:
            self._work(node, element)
            return
        try:
            if element.unsupported:
                raise Fault("element.not_executable", element.unsupported)
            if len(self.state.nodes) > NODES_MAX:
                raise Fault("engine.too_many_nodes", f"More than {NODES_MAX} tokens in one instance.")
            turn = element.loop is not None and self.is_turn(node)
            if element.mutex and not turn and self._queued(node, element.mutex):
                return
            if (element.inputs or element.data) and (element.loop is None or turn):
                values = mapped(self.state, node.key, element.inputs, self.at, merge=False)
                self.emit(ev.VariablesSet(node.key, node.element, {**fresh_data(node, element), **values}))
            if element.at_start and not armed and (element.loop is None or turn):
                purpose = (
                    f"{START}:0" if element is self.elements[element.id] else f"{START}:0:{self.starting}"
                )
                open_job(self, node, element, element.at_start[0], purpose)
                return
        except (Fault, FlowMasterError) as fault:
            self._cannot_begin(node, element, "entering", fault)
        else:
            self.activate(node, element, armed=armed)

    def activate(self, node: Node, element: Element, *, armed: bool = False) -> None:
        """Wait for the events on the border of a node, unless it is `armed`, and let it do its own work."""
        turn = element.loop is not None and self.is_turn(node)
        try:
            for boundary in () if armed or turn else element.boundaries:
                self.behaviours[boundary.family].activate(self, node, boundary)
        except (Fault, FlowMasterError) as fault:
            self._cannot_begin(node, element, "entering", fault)
        else:
            self._work(node, element)

    def _work(self, node: Node, element: Element) -> None:
        """Let a node do its own work."""
        try:
            self.behaviour(node, element).activate(self, node, element)
        except (Fault, FlowMasterError) as fault:
            self._cannot_begin(node, element, "active", fault)

    def _cannot_begin(self, node: Node, element: Element, stage: str, fault: Fault | FlowMasterError) -> None:
        self.close_waits(node)
        if element is not self.elements[element.id]:
            stage = self.starting
        self.raise_incident(node, stage, fault.code, fault.message)

    def raise_incident(self, node: Node, stage: str, code: str, message: str) -> None:
        """Stop a node with an incident; whoever may come on one that stands there already resolves it first."""
        tries = self.attempts.get(node.key, 1)
        key = self.key()
        self.emit(ev.IncidentRaised(key, node.key, node.element, stage, code, message, self.at, tries))
        self._stops.add(node.key, key)

    def raise_beside(self, node: Node, stage: str, code: str, message: str) -> None:
        """Raise an incident of what goes on beside a node, unless one stands there already."""
        if not self._stops.of(node.key):
            self.raise_incident(node, stage, code, message)

    def end(self, status: str, error: str = "", message: str = "") -> None:
        """End the instance and everything in it."""
        root = self.state.nodes[ROOT]
        self._agenda.clear()
        self.withdraw(root)
        self.emit(ev.InstanceEnded(status, error, message))

    def settle(self) -> None:
        """Move every token until all wait."""
        while self._agenda or self._release_joins() or self._touched:
            if self._touched:
                self._touched = False
                look_at_conditions(self)
            if not self._agenda:
                continue
            flow, key = self._agenda.popleft()
            within = self.step()
            if flow is None:
                self._go_on(key)
            else:
                self._arrive(flow, key, within=within)

    # How a token moves.

    def _arrive(self, flow: Flow, scope_key: int, *, within: bool) -> None:
        """Let a token come to the end of its flow; one that is not `within` the steps of a command is stopped there."""
        scope = self.state.nodes[scope_key]
        element = self.elements[flow.target]
        join = None if element.alone else self._join_of(element)
        if join is not None:
            self.emit(ev.TokenJoined(element.id, flow.id, scope_key))
        if not within:
            self._stop_token(flow, scope, "engine.too_many_steps", ENDLESS)
        elif join is None:
            self.enter(element, scope, (flow.id,))
        else:
            self._join(scope, element, join, resting=False)

    def _join_of(self, element: Element) -> Join | None:
        """Return how tokens wait for each other at an element, None where each goes on by itself."""
        if element.unsupported:
            return None
        if element.start_quantity > 1:
            return self.joins[QUANTITY]
        return self.joins.get(element.family) if len(element.incoming) > 1 else None

    def _go_on(self, key: int) -> None:
        node = self.state.nodes.get(key)
        if node is None:
            return
        element = self.elements[node.element]
        turn_in_queue = mutex_wait(self.state, node)
        if turn_in_queue is not None:
            self.emit(ev.WaitClosed(turn_in_queue.id, element.id, "free", _NOTHING))
            self.begin(node, element)
            return
        if self._steps > STEPS_MAX:
            self.raise_incident(node, GOING_ON, "engine.too_many_steps", ENDLESS)
        else:
            self.behaviour(node, element).go_on(self, node, element)

    def _join(self, scope: Node, element: Element, join: Join, *, resting: bool) -> bool:
        try:
            via = join.ready(self, scope, element, resting=resting)
        except (Fault, FlowMasterError) as fault:
            last = list((scope.arrivals or {})[element.id])[-1]
            flow = next(each for each in element.incoming if each.id == last)
            self._stop_token(flow, scope, fault.code, fault.message)
            return True
        if via is None:
            return False
        join.take(self, scope, element, via)
        if via:
            self.enter(element, scope, via)
        return True

    def _release_joins(self) -> bool:
        """Let one join go on that has waited for all other tokens to rest."""
        if not self.model.process.patient_joins:
            return False
        for scope in [node for node in self.state.nodes.values() if node.arrivals or node.started]:
            for name in dict.fromkeys([*(scope.arrivals or ()), *(scope.started or ())]):
                element = self.elements[name]
                join = self._join_of(element)
                if join is not None and self._join(scope, element, join, resting=True):
                    return True
        return False

    def look_at_join(self, scope: Node, name: str) -> None:
        """Let tokens go on that wait at a join for others, where the model asks for no more."""
        element = self.elements[name]
        join = self._join_of(element)
        while scope.arrivals and name in scope.arrivals:
            if join is None:
                self.enter(element, scope, (next(iter(scope.arrivals[name])),))
            elif not self._join(scope, element, join, resting=False):
                return

    def leave_join(self, scope: Node, join: str) -> Node:
        """Take the tokens that wait at a join as one that stands there."""
        via = tuple((scope.arrivals or {})[join])
        waits = self._join_of(self.elements[join])
        assert waits is not None, "tokens wait at joins alone"
        waits.take(self, scope, self.elements[join], via)
        key = self.key()
        self.emit(ev.ElementEntered(key, join, scope.key, via))
        return self.state.nodes[key]

    def arrive_again(self, node: Node, flow: str) -> None:
        """Let a token that was stopped before an element come to it once more, at its join if it has one."""
        self.emit(ev.FlowTaken(flow, node.scope))
        self.emit(ev.ElementCancelled(node.key, node.element))
        incoming = next(each for each in self.elements[node.element].incoming if each.id == flow)
        self._agenda.append((incoming, node.scope))

    def _stop_token(self, flow: Flow, scope: Node, code: str, message: str) -> None:
        """Stop a token before the element that its flow leads to."""
        key = self.key()
        self.emit(ev.ElementEntered(key, flow.target, scope.key, (flow.id,)))
        self.raise_incident(self.state.nodes[key], f"{ARRIVING}{flow.id}", code, message)

    def close_waits(self, node: Node) -> None:
        """Wait no longer for anything at a node."""
        for key in node.waits:
            wait = self.state.waits[key]
            self.emit(ev.WaitClosed(key, wait.element, "withdrawn", _NOTHING))

    def resolve_incidents(self, node: Node, how: str) -> None:
        """Put a node's incidents out of the way."""
        for incident in self._stops.of(node.key):
            self.emit(ev.IncidentResolved(incident.id, incident.element, how))

    # How values move.

    def map_outputs(self, node: Node, element: Element, variables: Mapping[str, Json] | None) -> None:
        """Write what the output mappings of a node make of its values."""
        if variables:
            self.emit(ev.VariablesSet(node.key, node.element, variables))
        values = mapped(self.state, node.key, element.outputs, self.at, merge=True)
        own = output_name(element)
        if own in values:  # What a turn gives to the collection stays inside the turn.
            self.emit(ev.VariablesSet(node.key, node.element, {own: values.pop(own)}))
        self.write(self.state.nodes[node.scope], values)


def fresh_data(node: Node, element: Element) -> dict[str, Json]:
    """Return the data that begin and end with a visit of a sub-process, without a value yet (BPMN 2.0.2, 10.4.1)."""
    return {name: None for name in element.data if name not in (node.variables or _NOTHING)}


_NOTHING: Mapping[str, Json] = {}
QUANTITY = "startQuantity"
"""The join of every activity that wants several tokens before it begins."""
COMPENSATING = "compensating"
"""The behaviour of every node while it compensates."""
LOOP = "loop"
"""The behaviour of every activity that runs several times, around that of its family."""
COUNTER = "loopCounter"
"""The variable with the number of a turn, from 1."""
