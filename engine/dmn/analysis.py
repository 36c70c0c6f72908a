"""What is wrong with a model, found without evaluating it: faulty FEEL, gaps, overlaps and dead rules of tables.

Only constant cells are analysed. A column is cut into the pieces between the values that its cells name; combining
the pieces of all columns gives every kind of input there is, each with the set of rules it matches.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flowmaster.engine.dmn import model as m
from flowmaster.engine.dmn.compiled import CompiledModel
from flowmaster.engine.dmn.reader import DmnModel
from flowmaster.engine.dmn.table import CompiledTable, bits
from flowmaster.engine.dmn.types import allows
from flowmaster.engine.feel.convert import literal
from flowmaster.engine.feel.values import kind_of

STATES_MAX = 50_000
"""How many different sets of rules may be kept while columns are combined; beyond, a table is not analysed."""
FINDINGS_MAX = 5
_KINDS = {"number": "number", "string": "string", "boolean": "boolean", "date": "date"}


@dataclass(frozen=True, slots=True)
class Problem:
    """A finding: `severity` is error, warning or info, `example` an input that shows it, as FEEL texts."""

    code: str
    message: str
    decision: str
    severity: str = "warning"
    rules: tuple[int, ...] = ()
    example: Mapping[str, str] = field(default_factory=dict)


def problems(model: DmnModel, imports: Sequence[DmnModel] = ()) -> list[Problem]:
    """Return what is wrong with a model, errors first."""
    compiled = model.compile(imports)
    found = [
        Problem(error.code, error.message, error.path.removeprefix("element:"), "error")
        for error in compiled.errors
    ]
    for decision in model.definitions.decisions:
        if isinstance(decision.logic, m.DecisionTable):
            found += _table_problems(compiled, decision, decision.logic)
    return sorted(found, key=lambda problem: ("error", "warning", "info").index(problem.severity))


def _table_problems(compiled: CompiledModel, decision: m.Decision, node: m.DecisionTable) -> list[Problem]:
    table = compiled.table(decision.id)
    if table is None or not node.rules:
        return []
    found = _type_problems(decision, table) + _output_problems(decision, table)
    if table.dynamic:
        return [*found, _left_alone(decision, "cells of it depend on other variables")]
    combined = _combine(table)
    if combined is None:
        return [*found, _left_alone(decision, "it has too many combinations of inputs")]
    found += _gaps(decision, table, combined)
    found += _overlaps(decision, table, combined)
    return found + _dead_rules(decision, table, combined)


def _left_alone(decision: m.Decision, why: str) -> Problem:
    message = f"Gaps, overlaps and dead rules were not looked for, since {why}"
    return Problem("rule.not_analysed", message, decision.id, "info")


Example = tuple[object, ...]


def _combine(table: CompiledTable) -> dict[int, Example] | None:
    """Return the sets of rules that some input matches, each with such an input; None when there are too many."""
    states: dict[int, Example] = {table.all_rows: ()}
    for index, column, allowed in zip(table.indexes, table.node.inputs, table.allowed, strict=True):
        kind = _KINDS.get(column.expression.type_ref, "")
        pieces = index.pieces(kind, allowed)
        following: dict[int, Example] = {}
        for rows, example in states.items():
            for piece, value in pieces.items():
                following.setdefault(rows & piece, (*example, value))
            if len(following) > STATES_MAX:
                return None
        states = following
    return states


def _example(table: CompiledTable, values: Example) -> dict[str, str]:
    return {label: literal(value) for label, value in zip(table.labels, values, strict=True)}


def _words(example: Mapping[str, str]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in example.items())


def _gaps(decision: m.Decision, table: CompiledTable, combined: Mapping[int, Example]) -> list[Problem]:
    if table.default is not None or 0 not in combined:
        return []
    example = _example(table, combined[0])
    return [
        Problem(
            "rule.gap", f"No rule matches, for example when {_words(example)}", decision.id, example=example
        )
    ]


def _overlaps(decision: m.Decision, table: CompiledTable, combined: Mapping[int, Example]) -> list[Problem]:
    policy = table.node.hit_policy
    if policy not in (m.HitPolicy.UNIQUE, m.HitPolicy.ANY):
        return []
    seen: set[tuple[int, int]] = set()
    found: list[Problem] = []
    for rows, values in combined.items():
        numbers = list(bits(rows))
        pair = next(
            (
                (a, b)
                for place, a in enumerate(numbers)
                for b in numbers[place + 1 :]
                if policy is m.HitPolicy.UNIQUE or table.outputs[a] != table.outputs[b]
            ),
            None,
        )
        if pair is None or pair in seen:
            continue
        seen.add(pair)
        example = _example(table, values)
        first, second = pair[0] + 1, pair[1] + 1
        message = f"Rules {first} and {second} both match, for example when {_words(example)}"
        found.append(Problem("rule.overlap", message, decision.id, "error", (first, second), example))
        if len(found) == FINDINGS_MAX:
            break
    return found


def _dead_rules(decision: m.Decision, table: CompiledTable, combined: Mapping[int, Example]) -> list[Problem]:
    matched = chosen = 0
    for rows in combined:
        matched |= rows
        chosen |= rows & -rows
    found: list[Problem] = []
    for row in bits(table.all_rows & ~matched):
        found.append(
            Problem("rule.never_matches", f"Rule {row + 1} never matches", decision.id, rules=(row + 1,))
        )
    if table.node.hit_policy is m.HitPolicy.FIRST:
        for row in bits(matched & ~chosen):
            message = f"Rule {row + 1} is never reached, since rules above it match first"
            found.append(Problem("rule.unreachable", message, decision.id, rules=(row + 1,)))
    return found


def _output_problems(decision: m.Decision, table: CompiledTable) -> list[Problem]:
    """Find constant outputs that are not among the output values."""
    found: list[Problem] = []
    for position, output in enumerate(table.node.outputs):
        allowed = allows(output.values)
        if allowed is None:
            continue
        for row, outputs in enumerate(table.outputs):
            constant, value = outputs[position]
            if constant and value is not None and not allowed(value):
                message = f"Rule {row + 1} answers {literal(value)}, which is not among {output.values}"
                found.append(Problem("rule.output_not_allowed", message, decision.id, "error", (row + 1,)))
    return found


def _type_problems(decision: m.Decision, table: CompiledTable) -> list[Problem]:
    found: list[Problem] = []
    for position, column in enumerate(table.node.inputs):
        kind = _KINDS.get(column.expression.type_ref)
        if kind is None:
            continue
        for row, constants in table.indexes[position].constants():
            wrong = [value for value in constants if value is not None and kind_of(value) != kind]
            if wrong:
                message = (
                    f"Rule {row + 1} tests {table.labels[position]}, a {kind}, against {literal(wrong[0])}"
                )
                found.append(Problem("rule.type_mismatch", message, decision.id, "error", (row + 1,)))
    return found
