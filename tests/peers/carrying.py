"""What values tokens would carry if each had data of its own, as in SpiffWorkflow, read off what happened."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from flowmaster.engine import events as ev
from flowmaster.engine.model import MultiInstance
from flowmaster.engine.state import ROOT
from tests.peers.ours import Graph, Log

Values = dict[str, set[Any]]
"""What a variable may be for one token: more than one value where tokens with different ones were joined."""
Key = tuple[str, int]
"""An instance, and the key of a node in it."""
_THROWN = (ev.SignalSent, ev.MessageSent, ev.EscalationThrown, ev.ErrorThrown)
_LAST = ("endEvent/terminate", "endEvent/error")
_CAUGHT = ("signal", "message", "escalation", "error")
"""The events that take over the data of what is thrown; SpiffWorkflow lets those of several definitions take none."""


def plain(value: Any) -> Any:
    """Return a value that can be a member of a set; the order of a list, in which turns ended, does not count."""
    return tuple(sorted(value)) if isinstance(value, list | tuple) else value


def carried(graph: Graph, steps: Sequence[Log], beside: Collection[str]) -> Values:
    """Return what each variable may be at the end if every token had data of its own and took them along.

    A value whose tokens were all interrupted or terminated is not there. What is thrown brings along the data of its
    token. Variables `beside` are no data of tokens.
    """
    tokens = _Carried(graph, beside)
    for step in steps:
        tokens.thrown = {}
        for instance, event in step:
            tokens.see(instance, event)
    return tokens.ended[steps[0][0][0], ROOT]


class _Carried:
    """The values at each visit of an element, on each flow, and of the tokens that ended in each scope."""

    def __init__(self, graph: Graph, beside: Collection[str]) -> None:
        self._graph = graph
        self._elements = graph.elements
        self._beside = beside
        self._sources = {flow.id: one.id for one in graph.elements.values() for flow in one.outgoing}
        self._at: dict[Key, Values] = {}
        self._scopes: dict[Key, int] = {}
        self._names: dict[Key, str] = {}
        self._visits: dict[tuple[Key, str], Key] = {}
        self._standing: dict[tuple[str, str], list[Key]] = defaultdict(list)
        self._left: set[Key] = set()
        self._on_flows: dict[tuple[Key, str], list[Values]] = defaultdict(list)
        self._written: dict[str, dict[str, set[Any]]] = defaultdict(dict)
        self._calls: dict[tuple[str, int], Key] = {}
        self.thrown: Values = {}
        self.ended: dict[Key, Values] = defaultdict(dict)

    def see(self, instance: str, event: ev.Event) -> None:
        """Follow the tokens through one event."""
        match event:
            case ev.InstanceStarted(parent=parent) if parent is not None:
                self._at[instance, ROOT] = dict(self._at[self._calls[parent.instance, parent.wait]])
            case ev.WaitOpened(wait=wait):
                self._calls[instance, wait.id] = instance, wait.node
            case ev.WaitClosed(wait=wait, data={"child": str(child)}):
                self._at[self._calls[instance, wait]] |= self.ended[child, ROOT]
            case ev.ElementEntered(key, element, scope, via):
                self._enter((instance, key), element, scope, via)
            case ev.VariablesSet() if event.element in self._graph.processes:
                values: Mapping[str, Any] = event.values
                kept = {name: {plain(value)} for name, value in values.items() if name not in self._beside}
                self._written[instance] |= kept
            case ev.ElementCompleted(key, element):
                self._complete((instance, key), element)
            case ev.ElementCancelled(key):
                self._left.add((instance, key))
            case ev.FlowTaken(flow, scope):
                source = self._visits[(instance, scope), self._sources[flow]]
                self._on_flows[(instance, scope), flow].append(self._at[source])
            case _ if isinstance(event, _THROWN) and self._elements[event.element].kind != "callActivity":
                self.thrown = self._carried_by(self._standing[instance, event.element])
            case _:
                pass

    def _enter(self, key: Key, element: str, scope: int, via: Sequence[str]) -> None:
        around = (key[0], scope)
        came = [self._on_flows[around, flow].pop(0) for flow in via]
        before = self._visits.get((around, self._elements[element].host), around)
        self._at[key] = _joined(came or [self._at.get(before, {})])
        self._scopes[key] = scope
        self._names[key] = element
        self._visits[around, element] = key
        visits = self._standing[key[0], element]
        visits[:] = [*(one for one in visits if one not in self._left), key]

    def _carried_by(self, visits: Sequence[Key]) -> Values:
        """Return what the token may carry that stands at one of several visits of an element."""
        names = set.intersection(*(set(self._at[one]) for one in visits))
        return {name: set().union(*(self._at[one][name] for one in visits)) for name in names}

    def _complete(self, key: Key, element: str) -> None:
        around = (key[0], self._scopes[key])
        self._left.add(key)
        self._at[key] |= self.ended[key]
        is_call = self._elements[element].kind == "callActivity"
        if not is_call and self._elements[element].family != "boundaryEvent/error":
            # What a called process returns is what has ended in there.
            self._at[key] |= self._written[key[0]]
        self._written[key[0]] = {}
        if self._elements[element].family.partition("/")[2] in _CAUGHT:
            self._at[key] |= self.thrown
        self._visits[around, element] = key
        is_turn = self._names.get(around) == element
        loop = self._elements[element].loop
        is_collected = is_turn and isinstance(loop, MultiInstance) and bool(loop.output_collection)
        if is_collected or self._elements[element].triggered_by_event:
            return
        if not self._elements[element].outgoing or is_turn:
            is_last = self._elements[element].family in _LAST
            self.ended[around] = _joined([self._at[key]] if is_last else [self.ended[around], self._at[key]])


def _joined(tokens: Sequence[Values]) -> Values:
    found: Values = defaultdict(set)
    for token in tokens:
        for name, values in token.items():
            found[name] |= values
    return found
