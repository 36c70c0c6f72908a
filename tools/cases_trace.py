"""Where the values of a played case came from: at each turn, which part of the case set which variable.

The history is folded again. Beside the variables stands the origin of each: a place in the case, an expression over
earlier variables, or a decision. A view of one moment answers the solver's questions by following origins back.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple, Protocol, TypeAlias

from flowmaster.engine import events as ev
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.evolve import blank, evolve
from flowmaster.engine.feel import syntax as s
from flowmaster.engine.feel.compiler import Code, Compiler
from flowmaster.engine.feel.declared import Read, reader_of
from flowmaster.engine.feel.evaluation import NOWHERE, Evaluation
from flowmaster.engine.feel.expression import BUILTIN_NAMES, to_json
from flowmaster.engine.feel.numbers import tidy
from flowmaster.engine.feel.scope import NOTHING
from flowmaster.engine.feel.types import simple_type
from flowmaster.engine.model import Element, IoMapping, Process, Script, Value
from flowmaster.engine.proof import schemas
from flowmaster.engine.proof.changes import Change, Place, changed, found_at, renewed
from flowmaster.engine.proof.schemas import Schema
from flowmaster.engine.proof.solving import Solver
from flowmaster.engine.proof.views import path_of
from flowmaster.engine.state import ROOT, EventWait, JobWait, State, TaskWait
from flowmaster.engine.values import Json
from flowmaster.stores.rows import HistoryEntry
from flowmaster.tools import forms
from flowmaster.tools.forms import schema_of

UNTYPED: tuple[Json, ...] = (True, False, 1, 100, "x", [])
"""What is tried for a value that nothing declares."""


@dataclass(frozen=True, slots=True)
class Outside:
    """The case itself gives the value, at a place."""

    place: Place


@dataclass(frozen=True, slots=True)
class Computed:
    """An expression over the variables of a moment gives the value."""

    node: s.Node
    view: "Moment"


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision over the variables of a moment gives the value."""

    decision: str
    version: int
    view: "Moment"


@dataclass(frozen=True, slots=True)
class Merged:
    """A part of the value comes from one origin, the rest from another."""

    path: tuple[str, ...]
    part: "Origin"
    rest: "Origin | None"


Origin: TypeAlias = Outside | Computed | Decided | Merged


class Rules(Protocol):
    """Works decisions backwards."""

    def reach(self, origin: Decided, path: tuple[str, ...], value: object) -> Iterator[Change]:
        """Give changes after which a decision answers a value, or has it in a part of its answer."""
        ...

    def choices(self, origin: Decided, path: tuple[str, ...]) -> Iterable[object]:
        """Give values that a decision may answer."""
        ...

    def answer(self, origin: Decided, view: "Moment") -> Json:
        """Return what a decision answers over other variables."""
        ...


class World:
    """What is the same at all moments of all cases: the process, its rules, and how its variables are read."""

    def __init__(self, process: Process, rules: Rules) -> None:
        self.process = process
        self.rules = rules
        known = {item.name: item.schema for item in process.data}
        for key in process.elements:
            entries = form_of(process, key).get("properties")
            for name, schema in entries.items() if isinstance(entries, Mapping) else ():
                if isinstance(schema, Mapping):
                    known.setdefault(name, schema)
        read = {name: reader_of(schema) for name, schema in known.items()}
        self.declared: dict[str, Read] = {name: found for name, found in read.items() if found is not None}
        self._codes: dict[int, tuple[s.Node, Code]] = {}

    def code(self, node: s.Node) -> Code:
        """Return an expression compiled; the node is kept, so that no other one takes its identity."""
        found = self._codes.get(id(node))
        if found is None:
            compiler = Compiler(BUILTIN_NAMES.given, simple_type, declared=self.declared)
            found = self._codes[id(node)] = node, compiler.compile(node)
        return found[1]

    def schema(self, place: Place) -> Schema | None:
        """Return what a place of a case may hold; None where nothing may stand."""
        match place:
            case ("given", str(name), *rest):
                item = next((item for item in self.process.data if item.name == name), None)
                if item is None or not item.input:
                    return None if self.process.data else {}
                return schemas.inside(item.schema, rest)
            case ("answers", str(element), int(), *rest):
                return schemas.inside(form_of(self.process, element), rest)
            case ("services", str(element), int(), str(name), *rest) if self._is_variable(element, name):
                item = next((item for item in self.process.data if item.name == name), None)
                return {} if item is None else schemas.inside(item.schema, rest)
            case _:
                return {}

    def _is_variable(self, element: str, name: str) -> bool:
        """Tell whether what a service answers under a name becomes the variable of that name."""
        found = self.process.elements.get(element)
        outputs = found.outputs if found is not None else ()
        return not outputs or any(
            mapping.target == (name,) and mapping.source.text.strip("= ") == name for mapping in outputs
        )


def form_of(process: Process, element: str) -> Schema:
    """Return the schema of what a person enters at a task: entries of any kind where nothing says so."""
    known = process.elements.get(element)
    found = None if known is None else schema_of(forms.form_of(process, known))
    return {"type": "object"} | (found or {})


class Level(NamedTuple):
    """One scope in sight: its variables, their origins, and where else in the case a value could be put."""

    variables: Mapping[str, Json]
    origins: Mapping[str, Origin]
    outside: Place | None


class Moment:
    """The variables at one moment, as an element sees them, with what they hang on."""

    def __init__(self, world: World, levels: Sequence[Level], spare: Sequence[Place], at: int) -> None:
        self.world = world
        self.levels = levels
        self.spare = spare
        self.at = at
        self.variables: dict[str, object] = {}
        for level in reversed(levels):
            self.variables.update(level.variables)

    def value(self, node: s.Node, more: Mapping[str, object] = NOTHING) -> object:
        """Evaluate an expression at this moment."""
        seen = {**self.variables, **more} if more else self.variables
        try:
            return self.world.code(node)(seen, Evaluation(self.at))
        except FlowMasterError:
            return None

    def reach(self, name: str, path: tuple[str, ...], value: object) -> Iterator[Change]:
        """Give the changes of the case after which a variable, or a part of it, holds a value."""
        origin = self.origin(name)
        if origin is not None:
            yield from reach(self.world, origin, path, value)
        elif name not in self.variables:
            for place in self._spare():
                yield from _put(self.world, (*place, name, *path), value)

    def choices(self, name: str, path: tuple[str, ...]) -> Iterable[object]:
        """Give values that a variable, or a part of it, may hold."""
        origin = self.origin(name)
        if origin is not None:
            return choices(self.world, origin, path)
        found = (self.world.schema((*place, name, *path)) for place in self._spare())
        return next((_choices(schema, name) for schema in found if schema is not None), ())

    def under(self, change: Change, known: "Renewed | None" = None) -> "Moment":
        """Return the moment as it would be after a change of the case; `known` holds those before it that already are."""
        known = {} if known is None else known
        found = known.get(id(self))
        if found is None:
            levels = [
                level._replace(variables={**level.variables, **self._renewed(level, change, known)})
                for level in self.levels
            ]
            found = known[id(self)] = Moment(self.world, levels, self.spare, self.at)
        return found

    def _renewed(self, level: Level, change: Change, known: "Renewed") -> dict[str, Json]:
        found: dict[str, Json] = {}
        for name, value in level.variables.items():
            origin = level.origins.get(name)
            if origin is not None:
                found[name] = renewed_by(self.world, origin, value, change, known)
        for place in (*(() if level.outside is None else (level.outside,)), *self.spare):
            for other, value in change.items():
                size = len(place)
                if other[:size] == place and len(other) > size and other[size] not in self.variables:
                    found[str(other[size])] = renewed(
                        found.get(str(other[size])), other[: size + 1], {other: value}
                    )
        return found

    def origin(self, name: str) -> Origin | None:
        """Return where the value of a variable came from."""
        for level in self.levels:
            if name in level.variables:
                return level.origins.get(name)
        return None

    def _spare(self) -> Iterator[Place]:
        yield from (level.outside for level in self.levels if level.outside is not None)
        yield from self.spare


Renewed = dict[int, Moment]
"""The moments as they would be after a change, by the identity of those that they were before."""


def renewed_by(world: World, origin: Origin, value: Json, change: Change, known: Renewed) -> Json:
    """Return what an origin gives after a change, from what it gave before."""
    match origin:
        case Outside(place=place):
            return renewed(value, place, change)
        case Computed(node=node, view=view):
            try:
                return to_json(view.under(change, known).value(node))
            except FlowMasterError:
                return None
        case Decided():
            return world.rules.answer(origin, origin.view.under(change, known))
        case Merged(path=path, part=part, rest=rest):
            whole = value if rest is None else renewed_by(world, rest, value, change, known)
            inner = renewed_by(world, part, found_at(value, path), change, known)
            return changed(whole, {path: inner})


def reach(world: World, origin: Origin, path: tuple[str, ...], value: object) -> Iterator[Change]:
    """Give the changes after which what an origin gives, or a part of it, is a value."""
    match origin:
        case Outside(place=place):
            yield from _put(world, (*place, *path), value)
        case Computed(node=node, view=view):
            for name in path:
                node = s.Path(node, name, NOWHERE)
            yield from Solver(view).becomes(node, value)
        case Decided():
            yield from world.rules.reach(origin, path, value)
        case Merged(path=start, part=part, rest=rest):
            if path[: len(start)] == start:
                yield from reach(world, part, path[len(start) :], value)
            elif rest is not None:
                yield from reach(world, rest, path, value)


def choices(world: World, origin: Origin, path: tuple[str, ...]) -> Iterable[object]:
    """Give values that an origin, or a part of what it gives, may have."""
    match origin:
        case Outside(place=place):
            whole = (*place, *path)
            schema = world.schema(whole)
            return () if schema is None else _choices(schema, str(whole[-1]))
        case Computed(node=node, view=view):
            named = path_of(node)
            return () if named is None else view.choices(named[0], (*named[1], *path))
        case Decided():
            return world.rules.choices(origin, path)
        case Merged(path=start, part=part, rest=rest):
            if path[: len(start)] == start:
                return choices(world, part, path[len(start) :])
            return () if rest is None else choices(world, rest, path)


def _choices(schema: Schema, name: str) -> Iterable[object]:
    if schema.get("type") == "array":
        items = schema.get("items")
        schema, name = (items if isinstance(items, Mapping) else {}), ""
    return schemas.choices(schema, name) if schema else UNTYPED


def _put(world: World, place: Place, value: object) -> Iterator[Change]:
    try:
        plain = to_json(value)
    except FlowMasterError:
        return
    if isinstance(plain, Decimal):
        plain = tidy(plain)
    schema = world.schema(place)
    if schema is not None and plain is not None and schemas.allows(schema, plain):
        yield {place: plain}


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
                self._decided[key] = Decided(decision, version, self.moment(key, at))
                self.trace.decided.append(self._decided[key])
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
        elif isinstance(wait, JobWait):
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
        for name in values:
            found = self._origin(acting, element, own, name, at, origins.get(name)) if element else None
            if found is None:
                origins.pop(name, None)
            else:
                origins[name] = found
        if own:
            self._mapped.add(acting)

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
