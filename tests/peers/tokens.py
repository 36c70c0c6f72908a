"""Where tokens are, and what values they would carry, read off the events of an instance.

Both know the graph and the clauses of BPMN 2.0.2 on joins, and neither knows how an engine decides.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flowmaster.engine import events as ev
from flowmaster.engine.evolve import blank, fold
from flowmaster.engine.model import Flow, Process


class Marking:
    """Where tokens are after some events: on flows, which were taken and not yet used up, and at elements."""

    def __init__(self, process: Process, events: Sequence[ev.Event]) -> None:
        self._elements = process.elements
        self._nodes = fold(blank("", "", 0), events).nodes
        self._targets = {flow.id: flow.target for one in process.elements.values() for flow in one.outgoing}
        on_flows: Counter[tuple[int, str]] = Counter()
        for event in events:
            if isinstance(event, ev.FlowTaken):
                on_flows[event.scope, event.flow] += 1
            elif isinstance(event, ev.ElementEntered):
                on_flows.subtract((event.scope, flow) for flow in event.via)
        self._on_flows: dict[int, set[str]] = defaultdict(set)
        for (scope, flow), count in on_flows.items():
            if count > 0 and scope in self._nodes:
                self._on_flows[scope].add(flow)

    def joins(self) -> set[str]:
        """Return the elements into which a flow with a token leads."""
        return {self._targets[flow] for flows in self._on_flows.values() for flow in flows}

    def waits(self, join: str) -> list[bool]:
        """Return, for each scope with a token at a parallel or inclusive join, whether the join has to wait there."""
        incoming = {flow.id for flow in self._elements[join].incoming}
        arrived = [(scope, flows & incoming) for scope, flows in self._on_flows.items() if flows & incoming]
        if self._elements[join].kind == "parallelGateway":
            return [flows < incoming for _, flows in arrived]
        return [self._is_expected(join, scope, incoming - flows, flows) for scope, flows in arrived]

    def _is_expected(self, join: str, scope: int, empty: set[str], filled: set[str]) -> bool:
        """Return whether a token can come to an empty flow of an inclusive join, and not to one that has a token."""
        places = [node.element for node in self._nodes.values() if node.scope == scope]
        places += [self._targets[flow] for flow in self._on_flows[scope] if self._targets[flow] != join]
        reached = [self._reached(place, join) for place in places]
        return any(flows & empty and not flows & filled for flows in reached)

    def _reached(self, place: str, join: str) -> set[str]:
        """Return the flows that a token at an element can come to without passing a join."""
        found: set[str] = set()
        waiting = deque([place])
        while waiting:
            for flow in _leaving(self._elements, waiting.popleft()):
                if flow.id not in found:
                    found.add(flow.id)
                    if flow.target != join:
                        waiting.append(flow.target)
        return found


def behind(process: Process, element: str) -> set[str]:
    """Return the elements that may differ when an element was passed or not: all that come after it."""
    elements = process.elements
    found = {element}
    waiting = deque([element])
    while waiting:
        here = elements[waiting.popleft()]
        after = {flow.target for flow in _leaving(elements, here.id)} | {one.id for one in here.boundaries}
        after |= set(elements[here.id].starts)
        if here.scope and here.scope != process.id:  # The end of a scope goes on behind it.
            scope = elements[here.scope]
            after |= {flow.target for flow in _leaving(elements, scope.id)}
            found |= {scope.id, *(one.id for one in scope.boundaries)}
            if scope.scope != process.id:
                after.add(scope.id)
        waiting += after - found
        found |= after
    return found


def _leaving(elements: Mapping[str, Any], key: str) -> Iterator[Flow]:
    yield from elements[key].outgoing
    for border in elements[key].boundaries:
        yield from border.outgoing


Values = dict[str, set[Any]]
"""What a variable may be for one token: more than one value where tokens with different ones were joined."""


def carried(process: Process, events: Sequence[ev.Event]) -> Values:
    """Return what each variable may be at the end if every token had data of its own and took them along.

    A value whose tokens were all interrupted or terminated is not there.
    """
    tokens = _Carried(process)
    for event in events:
        tokens.see(event)
    return tokens.ended[1]


class _Carried:
    """The values at each visit of an element, on each flow, and of the tokens that ended in each scope."""

    def __init__(self, process: Process) -> None:
        self._elements = process.elements
        self._sources = {flow.id: one.id for one in process.elements.values() for flow in one.outgoing}
        self._at: dict[int, Values] = {}
        self._scopes: dict[int, int] = {}
        self._names: dict[int, str] = {}
        self._visits: dict[tuple[int, str], int] = {}
        self._on_flows: dict[tuple[int, str], list[Values]] = defaultdict(list)
        self._written: dict[str, set[Any]] = {}
        self.ended: dict[int, Values] = defaultdict(dict)

    def see(self, event: ev.Event) -> None:
        match event:
            case ev.ElementEntered(key, element, scope, via):
                came = [self._on_flows[scope, flow].pop(0) for flow in via]
                before = self._visits.get((scope, self._elements[element].host), scope)
                self._at[key] = _joined(came or [self._at.get(before, {})])
                if self._elements[element].family == "boundaryEvent/error":
                    self._at[key] |= self.ended[before]
                self._scopes[key] = scope
                self._names[key] = element
                self._visits[scope, element] = key
            case ev.VariablesSet(element="p"):
                values: Mapping[str, Any] = event.values
                self._written |= {name: {value} for name, value in values.items()}
            case ev.ElementCompleted(key, element):
                self._complete(key, element, self._scopes[key])
            case ev.FlowTaken(flow, scope):
                self._on_flows[scope, flow].append(self._at[self._visits[scope, self._sources[flow]]])
            case _:
                pass

    def _complete(self, key: int, element: str, scope: int) -> None:
        self._at[key] |= self.ended[key] | self._written
        self._written = {}
        self._visits[scope, element] = key
        if not self._elements[element].outgoing or self._names.get(scope) == element:
            is_last = self._elements[element].family in ("endEvent/terminate", "endEvent/error")
            self.ended[scope] = _joined([self._at[key]] if is_last else [self.ended[scope], self._at[key]])


def _joined(tokens: Sequence[Values]) -> Values:
    found: Values = defaultdict(set)
    for token in tokens:
        for name, values in token.items():
            found[name] |= values
    return found
