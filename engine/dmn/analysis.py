"""What is wrong with a model, found without evaluating it: faulty FEEL, gaps, overlaps, covered and dead rules.

What is found is certain: a cell that depends on other variables counts as one that matches whatever comes, and its
rule takes no part in what is said of rules that match.
"""

from collections.abc import Iterator, Mapping, Sequence

from flowmaster.engine.dmn import model as m
from flowmaster.engine.dmn.coverage import bits
from flowmaster.engine.dmn.domain import Piece, allowed_cell, kind_of_type, pieces_of
from flowmaster.engine.dmn.facts import SEVERAL, Facts, facts_of
from flowmaster.engine.dmn.outputs import answers_differ, output_problems
from flowmaster.engine.dmn.problem import Problem
from flowmaster.engine.dmn.reader import DmnModel
from flowmaster.engine.dmn.table import CompiledTable
from flowmaster.engine.dmn.types import TypeBook
from flowmaster.engine.feel.convert import literal
from flowmaster.engine.feel.values import kind_of

FINDINGS_MAX = 5
"""How many gaps, overlaps and covered rules of a table are listed; of more, the last one listed tells the number."""

_ORDER = ("error", "warning", "hint")


def problems(model: DmnModel, imports: Sequence[DmnModel] = ()) -> list[Problem]:
    """Return what is wrong with a model, errors first."""
    compiled = model.compile(imports)
    types = compiled.types
    found = [
        Problem(error.code, error.message, error.path.removeprefix("element:"), "error", fix=error.fix)
        for error in compiled.errors
    ]
    for decision in model.definitions.decisions:
        table = compiled.table(decision.id or decision.name)
        if isinstance(decision.logic, m.DecisionTable) and table is not None and decision.logic.rules:
            found += _Sheet(decision, table, model.definitions.types, types).problems()
    return sorted(found, key=lambda problem: _ORDER.index(problem.severity))


class _Sheet:
    """One table under analysis."""

    def __init__(
        self,
        decision: m.Decision,
        table: CompiledTable,
        items: Sequence[m.ItemDefinition],
        types: TypeBook,
    ) -> None:
        self.id = decision.id or decision.name
        self.table = table
        self.policy = table.node.hit_policy
        self.items = {item.name: item for item in items}
        self.types = types
        self.kinds = [self._kind(column.expression.type_ref) for column in table.node.inputs]
        self.pieces = [self._pieces(place) for place in range(len(table.node.inputs))]
        self.vague = sum(
            1 << row
            for row in table.dynamic
            if any(index.cells[row].named is None for index in table.indexes)
        )
        """The rules with cells that depend on other variables."""

    def _kind(self, type_ref: str) -> str:
        item = self.items.get(type_ref)
        simple = item is not None and not item.components and not item.is_collection and not item.function
        return kind_of_type(item.type_ref if item is not None and simple else type_ref)

    def _pieces(self, place: int) -> list[Piece]:
        allowed = [self.table.allowed[place]]
        item = self.items.get(self.table.node.inputs[place].expression.type_ref)
        if item is not None and item.allowed_values:
            allowed.append(allowed_cell(item.allowed_values))
        return pieces_of(self.table.indexes[place], self.kinds[place], allowed)

    def problems(self) -> list[Problem]:
        """Return all findings on the table."""
        found = [*self._type_problems(), *output_problems(self.id, self.table, self.types)]
        facts = facts_of(
            self.table, [[piece.rules for piece in column] for column in self.pieces], self.vague
        )
        found += self._overlaps(facts)
        found += self._gaps(facts)
        found += self._dead(facts)
        found += self._covered(facts)
        if self.vague:
            rows = [row + 1 for row in bits(self.vague)]
            found.append(self._left_alone(f"{_rules(rows)} ask for other variables", rows))
        if facts.unfinished:
            what = " and ".join(facts.unfinished)
            found.append(self._left_alone(f"the table combines too many inputs to find all {what}", []))
        return found

    def _left_alone(self, why: str, rows: Sequence[int]) -> Problem:
        message = f"Gaps, overlaps and dead rules were looked for in part only, since {why}."
        fix = "Test these rules by cases (`rule_test`)." if rows else "Split the table into smaller ones."
        return Problem("rule.not_analysed", message, self.id, "hint", tuple(rows), fix=fix)

    def _example(self, places: Sequence[int]) -> dict[str, str]:
        chosen = [column[place].value for column, place in zip(self.pieces, places, strict=True)]
        return {label: literal(value) for label, value in zip(self.table.labels, chosen, strict=True)}

    def _example_of(self, rules: Sequence[int]) -> dict[str, str]:
        """Return an input that matches rules together, which some input does."""
        wanted = sum(1 << rule for rule in rules)
        return self._example(
            [
                next(place for place, piece in enumerate(column) if piece.rules & wanted == wanted)
                for column in self.pieces
            ]
        )

    def _gaps(self, facts: Facts) -> Iterator[Problem]:
        if self.table.default is not None:
            return
        severity = "hint" if self.policy is m.HitPolicy.COLLECT else "warning"
        fix = "Add a rule for it, or a `default` to the output."
        for places in facts.gaps:
            example = self._example(places)
            message = (
                f"No rule matches, for example when {_words(example)}." if example else "No rule matches."
            )
            yield Problem("rule.gap", message, self.id, severity, example=example, fix=fix)

    def _overlaps(self, facts: Facts) -> Iterator[Problem]:
        unique = self.policy is m.HitPolicy.UNIQUE
        fix = (
            "Narrow one of them, or choose hit policy F (the first counts)."
            if unique
            else "Let both answer the same, or narrow one of them."
        )
        for first, second, more in _listed(facts.overlaps):
            example = self._example_of((first, second))
            differ = answers_differ(self.table, first, second)
            end = "" if unique else " with other answers" if differ else " and may answer differently"
            message = f"Rules {first + 1} and {second + 1} both match{end}, for example when {_words(example)}.{more}"
            severity = "error" if unique or differ else "warning"
            rows = (first + 1, second + 1)
            yield Problem("rule.overlap", message, self.id, severity, rows, example, fix)

    def _covered(self, facts: Facts) -> Iterator[Problem]:
        conflicts = set(facts.overlaps)
        for outer, inner, more in _listed(facts.covered):
            pair = (min(outer, inner), max(outer, inner))
            severity = "error" if pair in conflicts else "hint"
            same = " and answers the same" if self.policy in SEVERAL else ""
            message = f"Rule {outer + 1} matches whatever rule {inner + 1} matches{same}.{more}"
            fix = f"Delete rule {inner + 1} if it is not meant, or narrow rule {outer + 1}."
            example = self._example_of((inner,))
            yield Problem("rule.subsumed", message, self.id, severity, (outer + 1, inner + 1), example, fix)

    def _dead(self, facts: Facts) -> Iterator[Problem]:
        for row in facts.never:
            column = next(
                (
                    label
                    for label, pieces in zip(self.table.labels, self.pieces, strict=True)
                    if not any(piece.rules >> row & 1 for piece in pieces)
                ),
                "",
            )
            message = f"Rule {row + 1} never matches: no allowed value of {column!r} passes its cell."
            fix = f"Correct that cell, or delete rule {row + 1}."
            yield Problem("rule.never_matches", message, self.id, "warning", (row + 1,), fix=fix)
        for row in facts.unreachable:
            first = self.policy is m.HitPolicy.FIRST
            message = f"Rule {row + 1} never decides, since rules {'above it' if first else 'of higher priority'} match first."
            fix = (
                f"Move rule {row + 1} up, narrow the rules before it, or delete it."
                if first
                else (
                    f"Change the order of the output values, narrow the other rules, or delete rule {row + 1}."
                )
            )
            example = self._example_of((row,))
            yield Problem("rule.unreachable", message, self.id, "warning", (row + 1,), example, fix)

    def _type_problems(self) -> Iterator[Problem]:
        """Find cells that test a column against values of another kind."""
        for place, (index, kind) in enumerate(zip(self.table.indexes, self.kinds, strict=True)):
            for row, cell in enumerate(index.cells):
                wrong = [value for value in cell.named or () if value is not None and kind_of(value) != kind]
                if kind and wrong:
                    label = self.table.labels[place]
                    message = f"Rule {row + 1} tests {label!r}, a {kind}, against {literal(wrong[0])}."
                    fix = f"Write a {kind} there, or correct the type of the column."
                    yield Problem("rule.type_mismatch", message, self.id, "error", (row + 1,), fix=fix)


def _listed(pairs: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, str]]:
    """Give the first pairs; the last one of them with the number of those left out."""
    for number, (first, second) in enumerate(pairs[:FINDINGS_MAX], 1):
        left = len(pairs) - number
        more = f" The same is true of {left} further pairs." if number == FINDINGS_MAX and left else ""
        yield first, second, more


def _words(example: Mapping[str, str]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in example.items())


def _rules(rows: Sequence[int]) -> str:
    return f"rule{'s' if len(rows) > 1 else ''} {', '.join(map(str, rows))}"
