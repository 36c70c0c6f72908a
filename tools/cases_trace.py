"""Folds the history of a played case: its turns, and which part of the case set which variable by then."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from flowmaster.engine import events as ev
from flowmaster.engine.evolve import blank, evolve
from flowmaster.engine.execution import COUNTER
from flowmaster.engine.feel import syntax as s
from flowmaster.engine.model import Element, IoMapping, MultiInstance, Script, Value
from flowmaster.engine.proof.changes import Place
from flowmaster.engine.state import ROOT, EventWait, JobWait, State, TaskWait
from flowmaster.engine.values import Json
from flowmaster.stores.rows import HistoryEntry
from flowmaster.tools.cases_origins import (
    DEPTH_MAX,
    Computed,
    Decided,
    Item,
    Level,
    Merged,
    Moment,
    Origin,
    Outside,
    World,
    depth_of,
)


class Turn(NamedTuple):
    """A moment at which a token could go several ways: the element, what it saw, and the flows it took."""

    element: Element
    view: Moment
    taken: set[str]
    number: int


@dataclass(slots=True)
class Trace:
    """What a played case shows: its turns, the hosts it stayed at, and how often each step was answered."""

    turns: list[Turn] = field(default_factory=list)
    entered: dict[str, int] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=dict)
    timers: dict[str, int] = field(default_factory=dict)
    """How many milliseconds each timer event had to run when it was first armed."""
    awaited: dict[str, tuple[str, str]] = field(default_factory=dict)
    """The message and the key that each event waited for."""
    decided: list[Decided] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    """How many turns there were before each decision."""
    last: Moment | None = None
    """What the process holds at the end of the history."""
    visits: dict[str, int] = field(default_factory=dict)
    """For each event that was armed, the visit of its host by then."""


class Tracer:
    """Folds one history."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.trace = Trace()
        self._state: State = blank("", "", 0)
        self._origins: dict[int, dict[str, Origin]] = {ROOT: {}}
        self._outside: dict[int, Place] = {}
        self._spare: list[Place] = []
        self._decided: dict[int, Decided] = {}
        self._mapped: set[int] = set()
        self._acting = ROOT
        self._messages = 0

    def run(self, history: Iterable[HistoryEntry]) -> Trace:
        """Fold the whole history."""
        at = 0
        for entry in history:
            self._note(entry.event, entry.at)
            evolve(self._state, entry.event)
            at = entry.at
        self.trace.last = self.moment(ROOT, at)
        return self.trace

    def _note(self, event: ev.Event, at: int) -> None:
        match event:
            case ev.InstanceStarted(variables=variables):
                self._origins[ROOT] = {name: Outside(("given", name)) for name in variables}
                self._spare.append(("given",))
            case ev.ElementEntered(key=key, element=element):
                self._enter(key, element)
            case ev.DecisionMade(key=key, decision=decision, version=version):
                self._acting = key
                self._decided[key] = Decided(
                    decision, version, self.moment(key, at), self._state.nodes[key].element
                )
                self.trace.decided.append(self._decided[key])
                self.trace.asked.append(len(self.trace.turns))
            case ev.VariablesSet(scope=scope, values=values):
                self._set(scope, values, at)
            case ev.ElementCompleted(key=key, element=element):
                self._turn(key, element, at)
            case ev.IncidentRaised(node=node, element=element, stage="leaving"):
                self._turn(node, element, at)
            case ev.FlowTaken(flow=flow):
                self._take(flow)
            case _:
                self._wait(event)

    def _wait(self, event: ev.Event) -> None:
        match event:
            case ev.WaitOpened(wait=wait):
                self._opened(wait.element, wait.node, wait)
            case ev.WaitClosed(wait=number, how="completed" | "received"):
                self._closed(number)
            case ev.JobFailed(wait=wait):
                self._count(wait.element)
            case ev.ErrorThrown(element=element, caught_by=catcher):
                if catcher and self._state.waits:
                    self._outside[self._state.keys + 1] = ("services", element, self._count(element))
            case _:
                pass

    def _enter(self, key: int, element: str) -> None:
        self._acting = key
        self._origins[key] = {}
        self.trace.entered[element] = self.trace.entered.get(element, 0) + 1

    def _opened(self, element: str, node: int, wait: object) -> None:
        host = self._state.nodes[node].element
        self.trace.visits.setdefault(element, self.trace.used.get(host, 0))
        if isinstance(wait, EventWait) and wait.kind == "message":
            self.trace.awaited[element] = (wait.name, wait.key)
        due = getattr(wait, "every", None) is not None and not getattr(wait, "purpose", "")
        if due:
            self.trace.timers.setdefault(element, getattr(wait, "due", 0) - getattr(wait, "since", 0))

    def _closed(self, number: int) -> None:
        wait = self._state.waits.get(number)
        if wait is None:
            return
        self._acting = wait.node
        if isinstance(wait, TaskWait):
            self._outside[wait.node] = ("answers", wait.element, self._count(wait.element))
        elif isinstance(wait, JobWait) and not wait.purpose:
            place: Place = ("services", wait.element, self._count(wait.element))
            self._outside[wait.node] = place
            if not self.world.process.elements[wait.element].outputs:
                self._spare.insert(0, place)
        elif isinstance(wait, EventWait) and wait.kind == "message":
            self._outside[wait.node] = ("messages", self._messages, "variables")
            self._messages += 1

    def _count(self, element: str) -> int:
        before = self.trace.used.get(element, 0)
        self.trace.used[element] = before + 1
        return before

    def moment(self, key: int, at: int) -> Moment:
        """Return what a node sees now."""
        levels: list[Level] = []
        while key and key in self._state.nodes:
            node = self._state.nodes[key]
            variables = dict(node.variables or {})
            if variables or key in self._outside:
                levels.append(Level(variables, dict(self._origins.get(key, {})), self._outside.get(key)))
            key = node.scope
        return Moment(self.world, levels, tuple(self._spare), at)

    def _set(self, scope: int, values: Mapping[str, Json], at: int) -> None:
        acting = self._acting if self._acting in self._state.nodes else scope
        element = self.world.process.elements.get(self._state.nodes[acting].element)
        origins = self._origins.setdefault(scope, {})
        own = scope == acting
        if own and element is not None and COUNTER in values:
            origins.update(self._turn_of(acting, element, values, at))
            return
        for name in values:
            found = self._origin(acting, element, own, name, at, origins.get(name)) if element else None
            if found is None or depth_of(found) > DEPTH_MAX:
                origins.pop(name, None)
            else:
                origins[name] = found
        if own:
            self._mapped.add(acting)

    def _turn_of(
        self, acting: int, element: Element, values: Mapping[str, Json], at: int
    ) -> Iterator[tuple[str, Origin]]:
        """Give where the item of a turn of a multi-instance activity comes from."""
        loop, number = element.loop, values[COUNTER]
        node = node_of(loop.collection) if isinstance(loop, MultiInstance) and loop.collection else None
        if node is not None and isinstance(loop, MultiInstance) and isinstance(number, int):
            yield loop.item, Item(node, self.moment(self._state.nodes[acting].scope, at), number - 1)

    def _origin(
        self, acting: int, element: Element, own: bool, name: str, at: int, before: Origin | None
    ) -> Origin | None:
        if own and element.inputs and acting not in self._mapped:
            return self._by_mapping(element.inputs, acting, name, at, None)
        if not own and element.outputs:
            return self._by_mapping(element.outputs, acting, name, at, before)
        node = node_of(element.details.expression) if isinstance(element.details, Script) else None
        if node is not None:
            return Computed(node, self.moment(acting, at))
        if acting in self._decided:
            return self._decided[acting]
        place = self._outside.get(acting)
        return None if place is None else Outside((*place, name))

    def _by_mapping(
        self, mappings: Sequence[IoMapping], acting: int, name: str, at: int, before: Origin | None
    ) -> Origin | None:
        found = before
        for mapping in mappings:
            node = node_of(mapping.source)
            if mapping.target[0] == name and node is not None:
                computed = Computed(node, self.moment(acting, at))
                rest = mapping.target[1:]
                found = Merged(rest, computed, found) if rest else computed
        return found

    def _turn(self, key: int, element: str, at: int) -> None:
        found = self.world.process.elements.get(element)
        if found is not None and len(found.outgoing) > 1 and key in self._state.nodes:
            view = self.moment(self._state.nodes[key].scope, at)
            self.trace.turns.append(Turn(found, view, set(), len(self.trace.turns)))

    def _take(self, flow: str) -> None:
        for turn in reversed(self.trace.turns):
            if any(each.id == flow for each in turn.element.outgoing):
                turn.taken.add(flow)
                return


def node_of(value: Value) -> s.Node | None:
    """Return the syntax tree of an expression of the model; None of a constant."""
    found: s.Node | None = getattr(value, "node", None)
    return found
