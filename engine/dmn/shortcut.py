"""The short way through a table whose cells are constant and whose columns are typed input data.

Such a table needs no scope, no fuel and no run of its own: one look-up for each column leads to the rules.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from flowmaster.engine.dmn import model as m
from flowmaster.engine.dmn.run import DecisionResult, RuleMatch
from flowmaster.engine.dmn.table import CompiledTable
from flowmaster.engine.feel.types import FeelType, classes_of

Inputs = Mapping[str, object]
Classes = frozenset[type]

Step = tuple[str, Classes, Callable[[Any], int]]
"""One column: the input, the classes its value may have, and the rules by value."""

Final = tuple[int, str, Mapping[str, object], object]
"""What a rule answers: its number, its id, its outputs by name, and the answer of the table."""

Direct = Callable[[Inputs], DecisionResult | None]
"""Answers where one rule decides; None where the long way has to be taken."""


class Source(Protocol):
    """Typed input data."""

    name: str
    type: FeelType | None
    classes: Classes


def steps_of(table: CompiledTable, sources: Mapping[str, Source]) -> tuple[Step, ...]:
    """Return how each column is asked; nothing where the table is not constant or asks more than input data."""
    if not table.is_constant:
        return ()
    steps: list[Step] = []
    for column, index in zip(table.node.inputs, table.indexes, strict=True):
        source = sources.get(column.expression.text)
        if source is None or not source.classes or source.type is None:
            return ()
        steps.append((source.name, source.classes, index.look_up_of(source.type.kind)))
    return tuple(steps)


def direct_of(
    decision: str, wanted: FeelType | None, table: CompiledTable, steps: Sequence[Step]
) -> Direct | None:
    """Return how to ask the decision at once, where one rule decides and every answer fits the wanted type."""
    finals = _finals(table, wanted) if steps else []
    if not finals:
        return None
    takes_first = table.node.hit_policy is m.HitPolicy.FIRST
    all_rows = table.all_rows
    columns = [(label, *step) for label, step in zip(table.labels, steps, strict=True)]
    new, nothing = tuple.__new__, ()  # A named tuple made by its class takes twice as long.

    def ask(inputs: Inputs) -> DecisionResult | None:
        rows = all_rows
        asked: dict[str, object] = {}
        for label, name, classes, look_up in columns:
            value = inputs.get(name)
            if value.__class__ not in classes:
                return None
            asked[label] = value
            rows &= look_up(value)
        if not rows or not (takes_first or not rows & (rows - 1)):
            return None
        number, rule, named, answer = finals[(rows & -rows).bit_length() - 1]
        match = new(RuleMatch, (decision, number, rule, asked, named))
        return new(DecisionResult, (answer, (match,), nothing, nothing))

    return ask


def _finals(table: CompiledTable, wanted: FeelType | None) -> list[Final]:
    if table.node.hit_policy not in (m.HitPolicy.FIRST, m.HitPolicy.UNIQUE):
        return []
    classes = classes_of(wanted)
    finals: list[Final] = []
    for row, (rule, named) in enumerate(zip(table.node.rules, table.answers, strict=True)):
        answer = table.shaped([value for _, value in table.outputs[row]])
        if named is None or (wanted is not None and answer.__class__ not in classes):
            return []
        finals.append((row + 1, rule.id, named, answer))
    return finals
