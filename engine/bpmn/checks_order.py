"""Variables that are read where no step has set them yet: before they are set, or behind a way that leaves them out.

Such a variable is null. A way counts only if its conditions agree with each other and if the expression is null on it,
so that `approved and confirmed` may read what is set where `approved` holds alone.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from flowmaster.engine.bpmn.checks_conditions import Assumed, settled
from flowmaster.engine.bpmn.checks_data import ENGINE_NAMES, values_read
from flowmaster.engine.bpmn.conditions import Conditions
from flowmaster.engine.bpmn.findings import Findings, named
from flowmaster.engine.bpmn.known import Known
from flowmaster.engine.bpmn.vocabulary import SCOPE_KINDS
from flowmaster.engine.feel import syntax as s
from flowmaster.engine.feel.expression import Expression
from flowmaster.engine.forms import required_of
from flowmaster.engine.model import (
    Call,
    Element,
    Error,
    Escalation,
    Flow,
    Job,
    Link,
    MultiInstance,
    Process,
    Rule,
    Script,
    UserTask,
    Value,
)

STATES_MAX = 400
"""How many places with their conditions are looked at for one variable; beyond that nothing is said."""
FACTS_MAX = 6
"""How many conditions of a way are kept in mind."""
STEPS_SHOWN = 5
"""How many steps of a way a message tells."""

_JOINS = frozenset({"parallelGateway", "inclusiveGateway", "complexGateway"})
_GUARDS = ("null", "is defined", "get or else", "if ")


class Point(NamedTuple):
    """Before an element (`done` is false) or behind it."""

    element: str
    done: bool


@dataclass(frozen=True, slots=True)
class State:
    """A point with what is settled about conditions on the way to it."""

    point: Point
    facts: tuple[Assumed, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """Where a variable is read: `at` is the point, `place` the element or flow that the problem names."""

    at: Point
    place: str
    line: int
    value: Expression


def check_order(process: Process, known: Known, findings: Findings) -> None:
    """Name each variable once that may be read before it is set; models without declarations may get it from outside."""
    if not findings.strict:
        return
    given = {item.name for item in process.data if item.input} | ENGINE_NAMES | known.local
    watched = frozenset(known.writers) - given
    readings: dict[str, list[Reading]] = {}
    for reading in _readings(process):
        for name in sorted((reading.value.names & watched) - _answered(process, reading)):
            readings.setdefault(name, []).append(reading)
    graph = _Graph(process)
    for name, places in readings.items():
        _check_variable(graph, known, name, places, findings)


def _readings(process: Process) -> Iterator[Reading]:
    sources = {flow.id: flow.source for element in process.elements.values() for flow in element.outgoing}
    handlers = {one.id for one in process.elements.values() if one.triggered_by_event}
    for place, line, value in values_read(process):
        element = process.elements[sources.get(place, place)]
        if (
            not isinstance(value, Expression)
            or element.id == process.id
            or _is_inside(process, element, handlers)
        ):
            continue
        own = _is_output(element, value)
        if not own:
            yield Reading(Point(element.id, place in sources), place, line, value)


def _answered(process: Process, reading: Reading) -> frozenset[str]:
    """Return what a check of a person's answer reads from that answer itself: the fields that the form requires."""
    task = process.elements[reading.at.element].details
    if not isinstance(task, UserTask) or not any(reading.value is one.condition for one in task.checks):
        return frozenset()
    return frozenset(required_of(process.forms.get(task.form)))


def _is_output(element: Element, value: Value) -> bool:
    """Return whether an expression reads what the element itself has just found."""
    found = [mapping.source for mapping in element.outputs]
    if isinstance(element.loop, MultiInstance):
        found += [one for one in (element.loop.output_element, element.loop.completion) if one is not None]
    return isinstance(element.details, Script | Rule) and any(value is one for one in found)


def _is_inside(process: Process, element: Element, scopes: set[str]) -> bool:
    at = element
    while at.scope:
        if at.id in scopes or at.for_compensation:
            return True
        at = process.elements[at.scope]
    return False


class _Graph:
    """Which points follow each other."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.elements = process.elements
        self.next: dict[Point, list[tuple[Point, Flow | None]]] = {}
        for element in process.elements.values():
            before, after = Point(element.id, done=False), Point(element.id, done=True)
            is_scope = element.kind in SCOPE_KINDS and bool(element.starts)
            self.next[before] = [(Point(start, done=False), None) for start in element.starts if is_scope]
            if not is_scope:
                self.next[before] = (
                    [] if isinstance(element.details, Error) and not element.host else [(after, None)]
                )
            self.next[after] = [(Point(flow.target, done=False), flow) for flow in element.outgoing]
            if isinstance(element.details, Link) and element.details.target:
                self.next[after].append((Point(element.details.target, done=False), None))
            elif not element.outgoing and element.scope and element.scope != process.id:
                self.next[after].append((Point(element.scope, done=True), None))
        for element in process.elements.values():
            for event in element.boundaries:
                for source in thrown_inside(process, element, event):
                    self.next[Point(source, done=False)].append((Point(event.id, done=False), None))
        self.joins = {
            Point(one.id, done=False): len(one.incoming)
            for one in process.elements.values()
            if one.kind in _JOINS and len(one.incoming) > 1
        }
        """How many ways each join waits for; each flow leads to it once."""
        self.begin = [
            Point(one.id, done=False)
            for one in process.elements.values()
            if one.scope == process.id and (one.id in process.root.starts or one.kind == "startEvent")
        ]

    def unset(self, known: Known, name: str) -> frozenset[Point]:
        """Return the points that may be reached while a variable is not set; a join waits for all its ways."""
        setting = known.anything | known.writers.get(name, frozenset())
        reached: set[Point] = set()
        arrived: dict[Point, int] = {}
        waiting = list(self.begin)
        while waiting:
            point = waiting.pop()
            if point in reached:
                continue
            if point in self.joins:
                arrived[point] = arrived.get(point, 0) + 1
                if arrived[point] < self.joins[point]:
                    continue
            reached.add(point)
            waiting += [
                target for target, _ in self.next[point] if not (target.done and target.element in setting)
            ]
        return frozenset(reached)


def thrown_inside(process: Process, host: Element, event: Element) -> list[str]:
    """Return where a token stands when a boundary event occurs: at its host, or at what throws inside of it."""
    details = event.details
    if host.kind not in SCOPE_KINDS or not isinstance(details, Error | Escalation):
        return [host.id]
    inside = [
        one for one in process.elements.values() if _is_inside(process, one, {host.id}) and one is not host
    ]
    throwing = [
        one.id
        for one in inside
        if isinstance(one.details, details.__class__)
        and not one.host
        and _code(one.details) == _code(details)
    ]
    if throwing:
        return throwing
    return [
        one.id for one in inside if isinstance(one.details, Job | Call | Error | Escalation) and not one.host
    ]


def _code(details: Error | Escalation) -> str:
    return details.code.text if details.code is not None else ""


def _check_variable(
    graph: _Graph, known: Known, name: str, places: list[Reading], findings: Findings
) -> None:
    unset = graph.unset(known, name)
    for reading in sorted(places, key=lambda one: not one.at.done):
        if reading.at not in unset or _is_guarded(reading.value):
            continue
        way = _Search(graph, known, name, unset, reading).way()
        if way is None:
            continue
        element = graph.elements[reading.at.element]
        stops = reading.at.done
        findings.add(
            "variable.unset" if stops else "variable.perhaps_null",
            reading.place,
            f"The variable {name!r}, read at {named(element)}, has no value if the way is {_in_words(graph, way)}; "
            f"`{reading.value.text.removeprefix('=').strip()}` is null then{', and the instance stops' if stops else ''}.",
            line=reading.line,
        )
        return


def _is_guarded(value: Expression) -> bool:
    return any(word in value.text for word in _GUARDS) or bool(value.names_perhaps)


class _Search:
    """Looks for a way to a reading on which its variable is not set."""

    def __init__(
        self, graph: _Graph, known: Known, name: str, unset: frozenset[Point], reading: Reading
    ) -> None:
        self.graph = graph
        self.known = known
        self.name = name
        self.unset = unset
        self.reading = reading
        self.names = reading.value.names | self._guards()

    def _guards(self) -> frozenset[str]:
        """Return the variables of conditions that decide whether the variable is set."""
        found: set[str] = set()
        elements = self.graph.elements
        for writer in self.known.writers.get(self.name, ()):
            at, seen = elements[writer], set[str]()
            while len(at.incoming) == 1 and at.id not in seen:
                seen.add(at.id)
                at = elements[at.incoming[0].source]
                for flow in at.outgoing if at.kind == "exclusiveGateway" else ():
                    found |= flow.condition.names if flow.condition is not None else frozenset()
        return frozenset(found)

    def way(self) -> list[Point] | None:
        """Return the shortest such way, None if there is none or the search grows too large."""
        begin = [State(point, ()) for point in self.graph.begin]
        before: dict[State, State | None] = dict.fromkeys(begin)
        waiting = deque(begin)
        while waiting:
            state = waiting.popleft()
            if state.point == self.reading.at and self._is_null(state.facts):
                return _back(before, state)
            for following in self._following(state):
                if following not in before:
                    if len(before) > STATES_MAX:
                        return None
                    before[following] = state
                    waiting.append(following)
        return None

    def _following(self, state: State) -> Iterator[State]:
        element = self.graph.elements[state.point.element]
        for target, flow in self.graph.next[state.point]:
            if target not in self.unset or self._sets(state.point, target):
                continue
            facts = state.facts
            if target.done and target.element == element.id:
                facts = tuple(
                    one
                    for one in facts
                    if not any(self.known.writes(element, name) for name in one.expression.names)
                )
            if flow is not None and element.kind == "exclusiveGateway":
                new = tuple(one for one in settled(element, flow, self.names) if one not in facts)
                facts = (*facts, *new)[-FACTS_MAX:]
                if new and not self._agree(facts):
                    continue
            yield State(target, facts)

    def _sets(self, point: Point, target: Point) -> bool:
        through = target.done and target.element == point.element
        return through and self.known.writes(self.graph.elements[point.element], self.name)

    def _agree(self, facts: tuple[Assumed, ...]) -> bool:
        reader = Conditions(self.known.schemas, self.known.free)
        held = [(reader.read(self._without(one.expression)), one.holds) for one in facts]
        space = reader.space(held)
        return space is None or space.all != 0

    def _is_null(self, facts: tuple[Assumed, ...]) -> bool:
        """Return whether the expression that reads the variable may be null on a way."""
        reader = Conditions(self.known.schemas, self.known.free)
        held = [(reader.read(self._without(one.expression)), one.holds) for one in facts]
        if not isinstance(self.reading.value.node, s.Logic | s.Comparison | s.Call | s.Name | s.Path):
            return True
        formula = reader.read(self._without(self.reading.value))
        space = reader.space(held)
        if space is None:
            return False
        truth = space.truth(formula)
        return bool(space.usual & ~truth.true & ~truth.false)

    def _without(self, expression: Expression) -> s.Node:
        """Return the tree of an expression with the variable as null."""
        return replaced(expression.node, self.name)


def replaced(node: s.Node, name: str) -> s.Node:
    """Return a tree in which a variable is null, as is all that is read from it."""
    null = s.Literal(None, node.place)
    match node:
        case s.Name(found, False) if found == name:
            return null
        case s.Path(source):
            inner = replaced(source, name)
            return null if isinstance(inner, s.Literal) and inner.value is None else node
        case s.Logic(operator, parts):
            return s.Logic(operator, tuple(replaced(part, name) for part in parts), node.place)
        case s.Comparison(operator, left, right):
            return s.Comparison(operator, replaced(left, name), replaced(right, name), node.place)
        case s.Call(function, arguments, names):
            return s.Call(function, tuple(replaced(one, name) for one in arguments), names, node.place)
        case _:
            return node


def _back(before: Mapping[State, State | None], state: State) -> list[Point]:
    way, at = [state.point], before[state]
    while at is not None:
        way.append(at.point)
        at = before[at]
    return way[::-1]


def _in_words(graph: _Graph, way: list[Point]) -> str:
    """Return a way by the labels of its steps and of the conditions taken."""
    words: list[str] = []
    for point, following in zip(way, [*way[1:], None], strict=True):
        element = graph.elements[point.element]
        if element.kind == "exclusiveGateway" and point.done and following is not None:
            flow = next((flow for flow in element.outgoing if flow.target == following.element), None)
            if flow is not None and len(element.outgoing) > 1:
                words.append(f"{element.label} {flow.name or 'other'}")
        elif not point.done and "Gateway" not in element.kind:
            words.append(element.label)
    words = list(dict.fromkeys(words))
    shown = [*words[:1], "...", *words[-STEPS_SHOWN + 1 :]] if len(words) > STEPS_SHOWN + 1 else words
    return " -> ".join(shown)
