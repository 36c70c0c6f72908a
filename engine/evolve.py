"""How an event changes the state: the only place where a state is written.

Rule 1: `evolve` never raises and never decides; whatever was recorded applies.
Rule 2: nothing outside this file assigns to a state, its nodes, waits or incidents.
Rule 3: whoever writes to a node, opens, changes, holds or drops a wait, notes that in `state.changed`.
"""

from collections.abc import Callable, Iterable
from typing import Any

from flowmaster.engine import events as ev
from flowmaster.engine.naming import Names
from flowmaster.engine.state import ROOT, Done, Incident, Node, State, Turns, Wait
from flowmaster.engine.values import Json


def evolve(state: State, event: ev.Event) -> None:
    """Apply one event to a private state."""
    state.seq += 1
    _APPLIERS[type(event)](state, event)


def fold(state: State, events: Iterable[ev.Event]) -> State:
    """Return the state after `events`, leaving the given one as it is."""
    after = state.copy()
    for event in events:
        evolve(after, event)
    return after


def blank(instance: str, process: str, version: int) -> State:
    """Return the state before the first event."""
    return State(instance, process, version)


def _instance_started(state: State, event: ev.InstanceStarted) -> None:
    state.instance, state.process, state.version = event.instance, event.process, event.version
    state.business_key, state.started, state.parent = event.business_key, event.at, event.parent
    state.keys, state.sandbox = ROOT, event.sandbox
    state.nodes[ROOT] = Node(ROOT, event.process, 0, variables=dict(event.variables))
    state.changed.nodes.add(ROOT)


def _instance_forked(state: State, event: ev.InstanceForked) -> None:
    state.instance, state.process, state.version = event.instance, event.process, event.version
    state.business_key, state.started, state.parent = event.business_key, event.at, event.parent
    state.status, state.keys, state.sandbox, state.origin = event.status, event.keys, True, event.origin
    state.nodes = {node.key: node.copy() for node in event.nodes}
    state.changed.nodes.update(state.nodes)
    state.waits = {wait.id: wait for wait in event.waits}
    state.changed.opened.update(state.waits)
    state.incidents = {incident.id: incident for incident in event.incidents}
    state.performers = dict(event.performers)


def _element_entered(state: State, event: ev.ElementEntered) -> None:
    key, element, scope_key, via = event.key, event.element, event.scope, event.via
    if key > state.keys:
        state.keys = key
    state.nodes[key] = Node(key, element, scope_key)
    changed = state.changed.nodes
    changed.add(key)
    changed.add(scope_key)
    scope = state.nodes.get(scope_key)
    if scope is None:
        return
    scope.open += 1 - len(via)
    if scope.undo:
        _undo_next(state.nodes[key], scope, scope.undo)
    turns = scope.turns
    if turns is not None:
        scope.turns = _one_more(turns, element, scope.element == element)
    arrivals = scope.arrivals
    if arrivals is not None and element in arrivals:
        _take_arrivals(scope, arrivals, element, via)


def _one_more(turns: Turns, element: str, turn: bool) -> Turns:
    """Count a turn that begins; an ad-hoc sub-process takes an activity from those that have yet to begin."""
    if turn or element in turns.items[:1]:
        return turns._replace(begun=turns.begun + 1, items=turns.items[1:])
    return turns


def _undo_next(node: Node, holder: Node, undo: tuple[Done, ...]) -> None:
    """Take the next of what a node compensates; a scope is entered as it was when it completed."""
    holder.undo = undo[:-1]
    last = undo[-1]
    if last.element == node.element:
        node.variables = None if last.variables is None else dict(last.variables)
        node.done, node.undo = last.inside, ()


def _take_arrivals(
    scope: Node, arrivals: dict[str, dict[str, int]], element: str, via: tuple[str, ...]
) -> None:
    counts = arrivals[element]
    for flow in via:
        if counts.get(flow, 0) > 1:
            counts[flow] -= 1
        else:
            counts.pop(flow, None)
    if not counts:
        del arrivals[element]
    if not arrivals:
        scope.arrivals = None


def _element_left(
    state: State, event: ev.ElementCompleted | ev.ElementCancelled | ev.ElementCompensated
) -> None:
    node = state.nodes.pop(event.key, None)
    if node is None:
        return
    changed = state.changed
    changed.nodes.add(event.key)
    changed.nodes.add(node.scope)
    if node.turns is not None and node.turns.results is not None:
        changed.dropped.add(event.key)
    for key in node.waits:
        _forget_wait(state, key)
    scope = state.nodes.get(node.scope)
    if scope is None:
        return
    scope.open -= 1
    turns = scope.turns
    if turns is not None:
        over = type(event) is ev.ElementCompleted
        scope.turns = turns._replace(
            completed=turns.completed + over, terminated=turns.terminated + (not over)
        )


def _flow_taken(state: State, event: ev.FlowTaken) -> None:
    scope = state.nodes.get(event.scope)
    if scope is not None:
        scope.open += 1
        state.changed.nodes.add(event.scope)


def _token_joined(state: State, event: ev.TokenJoined) -> None:
    scope = state.nodes.get(event.scope)
    if scope is None:
        return
    state.changed.nodes.add(event.scope)
    if scope.arrivals is None:
        scope.arrivals = {}
    counts = scope.arrivals.setdefault(event.element, {})
    counts[event.flow] = counts.get(event.flow, 0) + 1


def _tokens_dropped(state: State, event: ev.TokensDropped) -> None:
    scope = state.nodes.get(event.scope)
    if scope is not None:
        state.changed.nodes.add(event.scope)
        scope.arrivals = scope.started = None
        scope.open = sum(1 for node in state.nodes.values() if node.scope == scope.key)


def _variables_set(state: State, event: ev.VariablesSet) -> None:
    node = state.nodes.get(event.scope)
    if node is None:
        return
    state.changed.nodes.add(event.scope)
    if node.variables is None:
        node.variables = dict(event.values)
    else:
        node.variables.update(event.values)


def _wait_opened(state: State, event: ev.WaitOpened) -> None:
    wait = event.wait
    if wait.id > state.keys:
        state.keys = wait.id
    state.waits[wait.id] = wait
    state.changed.opened.add(wait.id)
    node = state.nodes.get(wait.node)
    if node is not None:
        node.waits = (*node.waits, wait.id)
        state.changed.nodes.add(wait.node)


def _wait_closed(state: State, event: ev.WaitClosed) -> None:
    _drop_wait(state, event.wait)


def _drop_wait(state: State, key: int) -> None:
    wait = _forget_wait(state, key)
    node = state.nodes.get(wait.node) if wait else None
    if wait is not None and node is not None:
        node.waits = tuple(other for other in node.waits if other != key)
        state.changed.nodes.add(wait.node)


def _forget_wait(state: State, key: int) -> Wait | None:
    """Take a wait out of the state, noting how it was."""
    wait = state.waits.pop(key, None)
    if wait is not None:
        state.changed.waits.setdefault(key, wait)
    return wait


def _wait_changed(
    state: State,
    event: ev.TaskChanged
    | ev.JobFailed
    | ev.JobRetried
    | ev.ChildStarted
    | ev.ConditionSeen
    | ev.WaitRevised,
) -> None:
    before = state.waits.get(event.wait.id)
    if before is not None:
        state.changed.waits.setdefault(before.id, before)
        state.waits[before.id] = event.wait


def _task_performed(state: State, event: ev.TaskPerformed) -> None:
    before = state.performers.get(event.element, ())
    if event.performer not in before:
        state.performers[event.element] = (*before, event.performer)


def _incident_raised(state: State, event: ev.IncidentRaised) -> None:
    state.keys = max(state.keys, event.id)
    state.incidents[event.id] = Incident(
        event.id,
        event.node,
        event.element,
        event.stage,
        event.code,
        event.message,
        event.at,
        event.attempts,
    )


def _incident_resolved(state: State, event: ev.IncidentResolved) -> None:
    state.incidents.pop(event.id, None)


def _instance_paused(state: State, event: ev.InstancePaused) -> None:
    state.status = "paused"
    state.changed.held = True


def _instance_resumed(state: State, event: ev.InstanceResumed) -> None:
    state.status = "active"
    state.changed.held = True


def _loop_began(state: State, event: ev.LoopBegan) -> None:
    node = state.nodes.get(event.key)
    if node is not None:
        results: list[Json] | None = [None] * max(event.total, 0) if event.collects else None
        node.turns = Turns(event.total, items=event.items, results=results)
        state.changed.nodes.add(event.key)


def _loop_stopped(state: State, event: ev.LoopStopped) -> None:
    node = state.nodes.get(event.key)
    if node is not None and node.turns is not None:
        node.turns = node.turns._replace(items=(), over=True)
        state.changed.nodes.add(event.key)


def _turn_collected(state: State, event: ev.TurnCollected) -> None:
    node = state.nodes.get(event.key)
    turns = node.turns if node is not None else None
    if node is None or turns is None or turns.results is None:
        return
    place = event.place
    if place == -1:
        place = len(turns.results)
        turns.results.append(event.value)
        state.changed.nodes.add(event.key)
    elif 0 <= place < len(turns.results):
        turns.results[place] = event.value
    else:
        return
    state.changed.results.add((event.key, place))


def _compensation_kept(state: State, event: ev.CompensationKept) -> None:
    node = state.nodes.get(event.key)
    scope = state.nodes.get(node.scope) if node is not None else None
    if node is None or scope is None:
        return
    kept = dict(node.variables) if node.variables and not event.bare else None
    scope.done = (*scope.done, Done(node.element, kept, node.done))
    state.changed.nodes.add(node.scope)


def _compensation_began(state: State, event: ev.CompensationBegan) -> None:
    node, scope = state.nodes.get(event.key), state.nodes.get(event.scope)
    if node is None or scope is None:
        return
    chosen = tuple(one for one in scope.done if event.activity in ("", one.element))
    scope.done = tuple(one for one in scope.done if event.activity not in ("", one.element))
    node.undo = (*(node.undo or ()), *chosen)
    state.changed.nodes.update((event.key, event.scope))


def _gateway_started(state: State, event: ev.GatewayStarted) -> None:
    scope = state.nodes.get(event.scope)
    if scope is not None:
        scope.started = {**(scope.started or {}), event.element: event.flows}
        state.changed.nodes.add(event.scope)


def _gateway_reset(state: State, event: ev.GatewayReset) -> None:
    scope = state.nodes.get(event.scope)
    if scope is not None:
        left = {name: flows for name, flows in (scope.started or {}).items() if name != event.element}
        scope.started = left or None
        state.changed.nodes.add(event.scope)


def _instance_migrated(state: State, event: ev.InstanceMigrated) -> None:
    state.version = event.version
    state.changed.nodes.update(state.nodes)
    names = Names(dict(event.elements), dict(event.flows))
    for node in state.nodes.values():
        names.rename(node)
    for wait in event.waits:
        before = state.waits.get(wait.id)
        if before is not None:
            state.changed.waits.setdefault(wait.id, before)
            state.waits[wait.id] = wait
    state.incidents = {key: names.incident(one) for key, one in state.incidents.items()}
    performers: dict[str, tuple[str, ...]] = {}
    for element, people in state.performers.items():
        found = performers.get(names.element(element), ())
        performers[names.element(element)] = tuple(dict.fromkeys((*found, *people)))
    state.performers = performers


def _instance_ended(state: State, event: ev.InstanceEnded) -> None:
    state.status = event.status
    root = state.nodes.get(ROOT)
    state.changed.nodes.update(state.nodes)
    for key in list(state.waits):
        _forget_wait(state, key)
    state.nodes.clear()
    state.incidents.clear()
    if root is not None:
        root.open, root.arrivals, root.waits = 0, None, ()
        root.done, root.undo, root.started = (), None, None
        state.nodes[ROOT] = root


def _nothing(state: State, event: ev.Event) -> None:
    """Apply an event that is history only."""


_APPLIERS: dict[type, Callable[[State, Any], None]] = {
    ev.InstanceStarted: _instance_started,
    ev.ElementEntered: _element_entered,
    ev.ElementCompleted: _element_left,
    ev.ElementCancelled: _element_left,
    ev.FlowTaken: _flow_taken,
    ev.TokenJoined: _token_joined,
    ev.VariablesSet: _variables_set,
    ev.WaitOpened: _wait_opened,
    ev.WaitClosed: _wait_closed,
    ev.TaskChanged: _wait_changed,
    ev.TaskPerformed: _task_performed,
    ev.JobFailed: _wait_changed,
    ev.JobRetried: _wait_changed,
    ev.TokensDropped: _tokens_dropped,
    ev.ChildStarted: _wait_changed,
    ev.DecisionMade: _nothing,
    ev.MessageSent: _nothing,
    ev.SignalSent: _nothing,
    ev.EscalationThrown: _nothing,
    ev.ErrorThrown: _nothing,
    ev.ChildRequested: _nothing,
    ev.ChildCancelRequested: _nothing,
    ev.IncidentRaised: _incident_raised,
    ev.IncidentResolved: _incident_resolved,
    ev.InstancePaused: _instance_paused,
    ev.InstanceResumed: _instance_resumed,
    ev.InstanceEnded: _instance_ended,
    ev.LoopBegan: _loop_began,
    ev.LoopStopped: _loop_stopped,
    ev.TurnCollected: _turn_collected,
    ev.CompensationKept: _compensation_kept,
    ev.CompensationBegan: _compensation_began,
    ev.ElementCompensated: _element_left,
    ev.GatewayStarted: _gateway_started,
    ev.GatewayReset: _gateway_reset,
    ev.ConditionSeen: _wait_changed,
    ev.InstanceForked: _instance_forked,
    ev.InstanceMigrated: _instance_migrated,
    ev.WaitRevised: _wait_changed,
}
