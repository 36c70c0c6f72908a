"""Questions about values: limits that touch from both sides, and values that no way of a decision takes."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from flowmaster.engine.bpmn.conditions import Conditions, path_of
from flowmaster.engine.feel import syntax as s
from flowmaster.engine.feel.expression import BUILTIN_NAMES
from flowmaster.engine.feel.numbers import is_number, write_number
from flowmaster.engine.feel.parser import parse_expression
from flowmaster.engine.feel.samples import OTHER_TEXT
from flowmaster.engine.outline.nodes import Case, Decision, Node, Outline, Step
from flowmaster.engine.values import Json

_ABOVE = {">": False, ">=": True, "<": True, "<=": False}
"""Whether a comparison with a limit counts the limit itself to the greater values."""
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}


class Limit(NamedTuple):
    """A comparison of something with a number: where it stands, and on which side it puts the number itself."""

    subject: str
    number: object
    is_above: bool
    text: str
    place: str
    step: str


def limit_questions(nodes: list[Node]) -> Iterator[str]:
    """Yield a question for each number that two places put on different sides."""
    found: dict[tuple[str, object], list[Limit]] = {}
    for node in nodes:
        for limit in _limits_of(node):
            found.setdefault((limit.subject, limit.number), []).append(limit)
    for (subject, number), limits in found.items():
        above = next((one for one in limits if one.is_above), None)
        below = next((one for one in limits if not one.is_above and above and one.place != above.place), None)
        if above is None or below is None:
            continue
        yield (
            f"Exactly {_shown(number)} of `{subject}`: {below.step} (`{below.text}`) treats it like less, "
            f"{above.step} (`{above.text}`) like more. Which is meant?"
        )


def gap_questions(nodes: list[Node], outline: Outline, free: frozenset[str]) -> Iterator[str]:
    """Yield a question for each decision without `else` that leaves values of one kind out."""
    schemas = {item.name: item.schema for item in outline.data}
    for node in nodes:
        if isinstance(node, Decision) and node.kind == "choose":
            example = _left_out([case for case in node.cases if case.condition], node, schemas, free)
            if example:
                tested = " nor ".join(f"`{case.condition}`" for case in node.cases if case.condition)
                yield f"What happens when {example}? Neither {tested} holds then, so that none of these ways is taken."


def _left_out(
    cases: list[Case], node: Decision, schemas: Mapping[str, Mapping[str, Json]], free: frozenset[str]
) -> str:
    """Return values in words for which no way is said, empty if there are none."""
    if len(cases) < 2 or any(not case.condition and case.steps for case in node.cases):
        return ""
    reader = Conditions(schemas, free)
    formulas = [reader.read(parsed(case.condition)) for case in cases]
    if len(reader.subjects) != 1:
        return ""
    space = reader.space()
    if space is None:
        return ""
    left = space.usual
    for formula in formulas:
        left &= ~space.truth(formula).true
    combination = space.certain(left)
    example = "" if combination is None else space.example(combination)
    return "" if OTHER_TEXT in example else example


@lru_cache(maxsize=1_000)
def parsed(text: str) -> s.Node:
    """Return the tree of an expression of an outline, which was found to be FEEL when the outline was read."""
    return parse_expression(text.removeprefix("="), BUILTIN_NAMES)


def conditions_of(node: Node) -> Iterator[tuple[str, str]]:
    """Yield the conditions that a node decides by, each with the words for what depends on it."""
    match node:
        case Step() if node.when:
            yield node.when, f"{node.label!r}"
        case Decision(cases=cases, name=name):
            for case in cases:
                if case.condition:
                    first = next((one for one in case.steps if hasattr(one, "label")), None)
                    said = name or case.title
                    yield (
                        case.condition,
                        f"{first.label!r}" if isinstance(first, Step) else said or "a decision",
                    )
        case _:
            pass


def _limits_of(node: Node) -> Iterator[Limit]:
    for text, step in conditions_of(node):
        for limit in _limits_in(parsed(text)):
            yield Limit(*limit, text, node.at, step)


def _limits_in(node: s.Node) -> Iterator[tuple[str, object, bool]]:
    match node:
        case s.Logic(_, parts):
            for part in parts:
                yield from _limits_in(part)
        case s.Call(s.Name("not"), (inner,)):
            yield from _limits_in(inner)
        case s.Comparison(sign, left, s.Literal(number)) if (
            sign in _ABOVE and is_number(number) and path_of(left)
        ):
            yield ".".join(path_of(left)), number, _ABOVE[sign]
        case s.Comparison(sign, s.Literal(number), right) if (
            sign in _ABOVE and is_number(number) and path_of(right)
        ):
            yield ".".join(path_of(right)), number, _ABOVE[_MIRRORED[sign]]
        case _:
            return


def _shown(number: object) -> str:
    assert isinstance(number, int | Decimal)
    return f"{number:,}" if isinstance(number, int) else write_number(number)
