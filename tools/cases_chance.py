"""Varies cases by a fixed seed: values at limits and beside them, other answers, errors, silence and waiting."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.feel import syntax as s
from flowmaster.engine.feel.expression import to_json
from flowmaster.engine.model import Error, Process, Rule, Script, UserTask
from flowmaster.engine.outline.scenarios import NEXT
from flowmaster.engine.proof import schemas
from flowmaster.engine.proof.changes import Place, changed, found_at
from flowmaster.engine.proof.limits import around
from flowmaster.engine.values import Json
from flowmaster.tools.cases_origins import UNTYPED, World
from flowmaster.tools.cases_trace import node_of

if TYPE_CHECKING:
    from flowmaster.tools.cases_search import Case, Tried

CHANGES_MAX = 4
"""How many values one variation changes at most."""

LATEST = 12
"""How many of the latest cases are varied more often than those before."""

DEPTH_MAX = 60

_FACTORS = (Decimal("0.5"), Decimal("0.99"), Decimal("1.01"), 2, 10, 100)


class Chance:
    """Draws variations; the same process draws the same ones."""

    def __init__(self, world: World, seed: str) -> None:
        self._world = world
        self._random = Random(seed)  # nothing secret hangs on it
        self._named = list(dict.fromkeys(_hashable(constants_of(world.process))))
        self._people = ["kim", "lee"]

    def varied(self, tried: Sequence["Tried"]) -> "Case":
        """Return a variation of one of these cases."""
        draw = self._random
        pool = tried[-LATEST:] if draw.random() < 0.7 else tried
        case: Json = draw.choice(pool).case
        for _ in range(draw.randint(1, CHANGES_MAX)):
            case = self._changed(case)
        assert isinstance(case, Mapping)
        return case

    def _changed(self, case: Json) -> Json:
        draw = self._random
        kind = draw.random()
        if kind < 0.75:
            places = list(leaves(case))
            if not places:
                return case
            place = draw.choice(places)
            return changed(case, {place: self._value(place, found_at(case, place))})
        steps = [
            key
            for key, each in self._world.process.elements.items()
            if each.kind.endswith("Task") and each.details and not isinstance(each.details, Rule | Script)
        ]
        if not steps:
            return case
        return self._step(case, draw.choice(steps), kind)

    def _step(self, case: Json, step: str, kind: float) -> Json:
        draw = self._random
        element = self._world.process.elements[step]
        if isinstance(element.details, UserTask):
            if kind < 0.85:
                return changed(
                    case, {("answers", step, draw.randint(0, 1), "by"): draw.choice(self._somebody(case))}
                )
            return changed(
                case, {("clock",): [NEXT] * draw.randint(1, 3), ("answers", step, 0, "after"): "P3D"}
            )
        errors = [
            str(each.details.code.value({}))
            for each in element.boundaries
            if isinstance(each.details, Error) and each.details.code is not None
        ]
        if errors and kind < 0.9:
            return changed(case, {("services", step, draw.randint(0, 1)): {"error": draw.choice(errors)}})
        return changed(case, {("services", step, 0, "after"): "P3D"})

    def _somebody(self, case: Json) -> list[str]:
        """Return whoever may have done something in a case, and two others."""
        given = [found_at(case, place) for place in leaves(case)]
        return [*self._people, *(text for text in given if isinstance(text, str))]

    def _value(self, place: Place, now: Json) -> Json:
        schema = self._world.schema(place)
        allowed = list(schemas.choices(schema, str(place[-1]))) if schema else list(UNTYPED)
        likely: list[Json] = [value for value in self._named if isinstance(value, type(now))]
        if isinstance(now, int | Decimal) and not isinstance(now, bool):
            likely += [_tidy(now * factor) for factor in _FACTORS]
        for value in list(likely)[:DEPTH_MAX]:
            likely += [to_json(each) for each in around(value)]
        fitting = [value for value in [*allowed, *likely] if not schema or schemas.allows(schema, value)]
        return self._random.choice(fitting) if fitting else now


def _tidy(value: int | Decimal) -> Json:
    return int(value) if value == int(value) else value


def _hashable(values: Iterator[Json]) -> Iterator[Json]:
    return (value for value in values if isinstance(value, str | int | Decimal))


def constants_of(process: Process) -> Iterator[Json]:
    """Give the constants that the conditions of a process name."""
    for element in process.elements.values():
        for flow in element.outgoing:
            node = node_of(flow.condition) if flow.condition is not None else None
            if node is not None:
                yield from literals(node)


def literals(node: object, depth: int = 0) -> Iterator[Json]:
    """Give the constants within an expression."""
    if isinstance(node, s.Literal):
        try:
            yield to_json(node.value)
        except FlowMasterError:
            return
    elif isinstance(node, tuple):
        for each in node if depth < DEPTH_MAX else ():
            yield from literals(each, depth + 1)
    elif is_dataclass(node) and depth < DEPTH_MAX:
        for part in fields(node):
            if part.name != "place":
                yield from literals(getattr(node, part.name), depth + 1)


def leaves(case: Json, place: Place = ()) -> Iterator[Place]:
    """Give the places of the single values of a case."""
    if len(place) > 12 or place in (("clock",), ("name",), ("expect",), ("business_key",)):
        return
    if isinstance(case, Mapping):
        for name, inner in case.items():
            yield from leaves(inner, (*place, name))
    elif isinstance(case, Sequence) and not isinstance(case, str):
        for number, inner in enumerate(case):
            yield from leaves(inner, (*place, number))
    elif len(place) > 1 and place[-1] not in ("name", "key", "error", "fail", "after", "by"):
        yield place
