"""Where tokens are, read off what happened to an instance and those that it called.

This knows the graph and the clauses of BPMN 2.0.2 on joins, and not how an engine decides.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator

from flowmaster.engine import events as ev
from flowmaster.engine.evolve import blank, fold
from flowmaster.engine.model import Flow
from flowmaster.engine.state import Node
from tests.peers.ours import Graph, Log

Scope = tuple[str, int]
"""An instance, and the key of a node in it."""


class Marking:
    """Where tokens are: on flows, which were taken and not yet used up, and at elements."""

    def __init__(self, graph: Graph, log: Log) -> None:
        self._graph = graph
        self._nodes: dict[Scope, Node] = {}
        for instance in dict.fromkeys(one for one, _ in log):
            state = fold(blank("", "", 0), [event for one, event in log if one == instance])
            self._nodes |= {(instance, key): node for key, node in state.nodes.items()}
        self._targets = {flow.id: flow.target for one in graph.elements.values() for flow in one.outgoing}
        on_flows: Counter[tuple[Scope, str]] = Counter()
        for instance, event in log:
            if isinstance(event, ev.FlowTaken):
                on_flows[(instance, event.scope), event.flow] += 1
            elif isinstance(event, ev.ElementEntered):
                on_flows.subtract(((instance, event.scope), flow) for flow in event.via)
        self._on_flows: dict[Scope, set[str]] = defaultdict(set)
        for (scope, flow), count in on_flows.items():
            if count > 0 and scope in self._nodes:
                self._on_flows[scope].add(flow)

    def visits(self, element: str) -> int:
        """Return how many tokens stand at an element; the turns of one count apart."""
        return sum(node.element == element for node in self._nodes.values())

    def joins(self) -> set[str]:
        """Return the elements into which a flow with a token leads."""
        return {self._targets[flow] for flows in self._on_flows.values() for flow in flows}

    def waits(self, join: str) -> list[bool]:
        """Return, for each scope with a token at a parallel or inclusive join, whether the join has to wait there."""
        element = self._graph.elements[join]
        incoming = {flow.id for flow in element.incoming}
        arrived = [(scope, flows & incoming) for scope, flows in self._on_flows.items() if flows & incoming]
        if element.kind == "parallelGateway":
            return [flows < incoming for _, flows in arrived]
        return [self._is_expected(join, scope, incoming - flows, flows) for scope, flows in arrived]

    def _is_expected(self, join: str, scope: Scope, empty: set[str], filled: set[str]) -> bool:
        """Return whether a token can come to an empty flow of an inclusive join, and not to one that has a token."""
        inside = (node for (instance, _), node in self._nodes.items() if instance == scope[0])
        places = [node.element for node in inside if node.scope == scope[1]]
        places += [self._targets[flow] for flow in self._on_flows[scope] if self._targets[flow] != join]
        reached = [self._reached(place, join) for place in places]
        return any(flows & empty and not flows & filled for flows in reached)

    def _reached(self, place: str, join: str) -> set[str]:
        """Return the flows that a token at an element can come to without passing a join."""
        found: set[str] = set()
        waiting = deque([place])
        while waiting:
            for flow in _leaving(self._graph, waiting.popleft()):
                if flow.id not in found:
                    found.add(flow.id)
                    if flow.target != join:
                        waiting.append(flow.target)
        return found


def behind(graph: Graph, *places: str) -> set[str]:
    """Return the elements that may differ when these were passed or not: all that come after them."""
    found: set[str] = set()
    waiting = [(place, True) for place in places]
    while waiting:
        key, is_entered = waiting.pop()
        here = graph.elements[key]
        found.add(key)
        after = {flow.target for flow in _leaving(graph, key)} | {one.id for one in here.boundaries}
        if is_entered or here.loop is not None:
            after |= {*here.starts, *([graph.called(here)] if graph.called(here) else [])}
        waiting += [(one, True) for one in after - found]
        waiting += [
            (one, False) for one in {*graph.around(key)} - found
        ]  # The end of a scope goes on behind it.
    return found - {"p"}


def behind_scope(graph: Graph, *places: str) -> set[str]:
    """Return the elements that may differ when the scopes around these have ended or not."""
    around = {one for place in places for one in graph.around(place)} - {"p"}
    after = {flow.target for one in around for flow in _leaving(graph, one)}
    return around | behind(graph, *after) | (behind_scope(graph, *around) if around else set())


def inside(graph: Graph, hosts: Iterable[str]) -> set[str]:
    """Return activities with all that stands in them, also in the processes that they call."""
    found: set[str] = set()
    waiting = deque(hosts)
    while waiting:
        here = waiting.popleft()
        if here not in found:
            found.add(here)
            called = graph.called(graph.elements[here])
            waiting += [key for key, one in graph.elements.items() if one.scope in (here, called or here)]
    return found


def _leaving(graph: Graph, key: str) -> Iterator[Flow]:
    yield from graph.elements[key].outgoing
    for border in graph.elements[key].boundaries:
        yield from border.outgoing
