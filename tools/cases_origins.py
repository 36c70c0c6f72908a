"""Where values of a played case come from, and how a change of the case changes them.

The origin of a value is a place in the case, an expression over earlier variables, or a decision. A view of one moment
answers the solver's questions by following origins back.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple, Protocol, TypeAlias

from flowmaster.engine.elements.adhoc import tools_of
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.feel import syntax as s
from flowmaster.engine.feel.compiler import Code, Compiler
from flowmaster.engine.feel.declared import Read, reader_of
from flowmaster.engine.feel.evaluation import NOWHERE, Evaluation
from flowmaster.engine.feel.expression import BUILTIN_NAMES, to_json
from flowmaster.engine.feel.numbers import tidy
from flowmaster.engine.feel.scope import NOTHING
from flowmaster.engine.feel.types import simple_type
from flowmaster.engine.model import AdHoc, Process
from flowmaster.engine.proof import schemas
from flowmaster.engine.proof.changes import Change, Place, changed, found_at, renewed
from flowmaster.engine.proof.schemas import Schema
from flowmaster.engine.proof.solving import Solver
from flowmaster.engine.proof.views import path_of
from flowmaster.engine.values import Json
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
    element: str = ""
    """The step that asked."""


@dataclass(frozen=True, slots=True)
class Merged:
    """A part of the value comes from one origin, the rest from another."""

    path: tuple[str, ...]
    part: "Origin"
    rest: "Origin | None"


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list gives the value: the list as an expression over the variables of a moment, and which item from 0."""

    node: s.Node
    view: "Moment"
    number: int


Origin: TypeAlias = Outside | Computed | Decided | Merged | Item


DEPTH_MAX = 60
"""How far back a value is followed from one expression to the next; a case may repeat its steps hundreds of times."""


def depth_of(origin: Origin) -> int:
    """Return over how many moments an origin reaches back."""
    match origin:
        case Computed(view=view) | Decided(view=view) | Item(view=view):
            return view.depth
        case Merged(part=part, rest=rest):
            return 1 + max(depth_of(part), 0 if rest is None else depth_of(rest))
        case _:
            return 0


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

    def results(self, element: str) -> list[Json]:
        """Return plain results of a job, visit by visit: a value for all that it has to hold, each tool of a box once."""
        found = self.process.elements[element]
        if isinstance(found.details, AdHoc) and found.details.job is not None:
            tools: list[Json] = [one.id for one in tools_of(self.process.elements, found)]
            return [{"activate": tools}, {"done": True}] if tools else [{"done": True}]
        result = self._result(element)
        return [result] if result else []

    def _result(self, element: str) -> dict[str, Json]:
        known = {item.name: item.schema for item in self.process.data}
        values: Change = {}
        for mapping in self.process.elements[element].outputs:
            path = tuple(part.strip() for part in mapping.source.text.removeprefix("=").split("."))
            if mapping.required and all(part.isidentifier() for part in path):
                schema = schemas.inside(known.get(mapping.target[0], {}), mapping.target[1:])
                values = {**values, path: schemas.example(schema, path[-1])}
        found = changed({}, values)
        assert isinstance(found, Mapping)
        return dict(found)

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
        self.depth = 1 + max((depth_of(one) for level in levels for one in level.origins.values()), default=0)
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
                level._replace(
                    variables={**level.variables, **self._renewed(level, change, known)},
                    origins={name: origin_under(each, change, known) for name, each in level.origins.items()},
                )
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


def origin_under(origin: Origin, change: Change, known: Renewed) -> Origin:
    """Return an origin as it would be after a change."""
    match origin:
        case Computed(view=view) | Decided(view=view) | Item(view=view):
            return replace(origin, view=view.under(change, known))
        case Merged(part=part, rest=rest):
            after = None if rest is None else origin_under(rest, change, known)
            return replace(origin, part=origin_under(part, change, known), rest=after)
        case _:
            return origin


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
        case Item(node=node, view=view, number=number):
            try:
                return found_at(to_json(view.under(change, known).value(node)), (number,))
            except FlowMasterError:
                return None
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
        case Item():
            if (found := place_of(origin)) is not None:
                yield from _put(world, (*found, *path), value)
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
        case Item():
            found = place_of(origin)
            return () if found is None else choices(world, Outside(found), path)
        case Merged(path=start, part=part, rest=rest):
            if path[: len(start)] == start:
                return choices(world, part, path[len(start) :])
            return () if rest is None else choices(world, rest, path)


def place_of(origin: Origin | None) -> Place | None:
    """Return where a case itself gives a value that is handed on unchanged, None where it is made of others."""
    match origin:
        case Outside(place=place):
            return place
        case Computed(node=node, view=view):
            return _named_place(node, view)
        case Item(node=node, view=view, number=number):
            found = _named_place(node, view)
            return None if found is None else (*found, number)
        case _:
            return None


def _named_place(node: s.Node, view: "Moment") -> Place | None:
    named = path_of(node)
    place = None if named is None else place_of(view.origin(named[0]))
    return None if named is None or place is None else (*place, *named[1])


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
