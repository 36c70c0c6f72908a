"""What the rules of a table answer: whether two answers differ, which comes first, and answers that cannot be meant."""

from collections.abc import Iterator, Sequence

from flowmaster.engine.dmn import model as m
from flowmaster.engine.dmn.problem import Problem
from flowmaster.engine.dmn.table import CompiledTable
from flowmaster.engine.dmn.types import TypeBook, allows
from flowmaster.engine.feel.comparing import equal
from flowmaster.engine.feel.convert import literal
from flowmaster.engine.feel.evaluation import QUIET
from flowmaster.engine.feel.expression import compile_expression
from flowmaster.engine.feel.lexer import FeelSyntaxError
from flowmaster.engine.feel.numbers import is_number
from flowmaster.engine.feel.types import ANY, coerce


def answers_differ(table: CompiledTable, first: int, second: int) -> bool | None:
    """Return whether two rules answer differently; None when that depends on the input."""
    unsure = False
    rules = table.node.rules
    for place, (one, other) in enumerate(zip(table.outputs[first], table.outputs[second], strict=True)):
        if one[0] and other[0]:
            if equal(one[1], other[1], QUIET) is not True:
                return True
        elif rules[first].outputs[place].text != rules[second].outputs[place].text:
            unsure = True
    return None if unsure else False


def answer_order(table: CompiledTable) -> list[list[int]] | None:
    """Return the rank of each rule's answer by the order of the output values; None when answers are not constant."""
    ranks: list[list[int]] = []
    for outputs in table.outputs:
        if not all(constant for constant, _ in outputs):
            return None
        ranks.append([_rank(value, order) for (_, value), order in zip(outputs, table.ranks, strict=True)])
    return ranks


def _rank(value: object, order: Sequence[object]) -> int:
    return next(
        (place for place, known in enumerate(order) if equal(value, known, QUIET) is True), len(order)
    )


def output_problems(decision: str, table: CompiledTable, types: TypeBook) -> Iterator[Problem]:
    """Find constant answers that do not fit their column, and columns that lack what their hit policy needs."""
    node = table.node
    if node.hit_policy in (m.HitPolicy.PRIORITY, m.HitPolicy.OUTPUT_ORDER) and not any(table.ranks):
        yield Problem(
            "rule.order_missing",
            f"The hit policy {node.hit_policy.value} needs the output values in their order; no output has any.",
            decision,
            "warning",
            fix="Give an output its `values`, the most important one first.",
        )
    for place, output in enumerate(node.outputs):
        rows: list[tuple[str, tuple[int, ...], tuple[bool, object]]] = [
            (f"Rule {row + 1}", (row + 1,), found[place]) for row, found in enumerate(table.outputs)
        ]
        if table.default is not None:
            rows.append(("The default output", (), table.default[place]))
        for who, rules, (constant, value) in rows:
            if constant and value is not None:
                yield from _misfit(decision, node, output, who, rules, value)
            elif not constant:
                yield from _untyped(decision, table, types, place, who, rules)


def _misfit(
    decision: str,
    node: m.DecisionTable,
    output: m.TableOutput,
    who: str,
    rules: tuple[int, ...],
    value: object,
) -> Iterator[Problem]:
    allowed = allows(output.values)
    if allowed is not None and not allowed(value):
        message = f"{who} answers {literal(value)}, which is not among {output.values}."
        fix = "Answer one of the output values, or add this one to them."
        yield Problem("rule.output_not_allowed", message, decision, "error", rules, fix=fix)
    if node.aggregation == "SUM" and not is_number(value):
        message = f"{who} answers {literal(value)}, which cannot be summed up."
        fix = "Answer a number, or choose another hit policy."
        yield Problem("rule.output_type", message, decision, "error", rules, fix=fix)


def _untyped(
    decision: str, table: CompiledTable, types: TypeBook, place: int, who: str, rules: tuple[int, ...]
) -> Iterator[Problem]:
    """Find an answer that is constant as written, but was left to the evaluation since it does not fit the type."""
    output = table.node.outputs[place]
    wanted = types.of(output.type_ref)
    cell = table.node.rules[rules[0] - 1].outputs[place] if rules else output.default
    if wanted is None or wanted is ANY or cell is None:
        return
    value = _constant(cell.text)
    if value is not None and not coerce(value, wanted)[1]:
        message = f"{who} answers {literal(value)}, but {output.name or 'the output'} is a {wanted}."
        fix = f"Answer a {wanted}, or correct the type of the column."
        yield Problem("rule.output_type", message, decision, "error", rules, fix=fix)


def _constant(text: str) -> object:
    """Return the value of a text that is a constant, else null."""
    try:
        expression = compile_expression(text or "null")
    except FeelSyntaxError:
        return None
    return expression.constant if expression.is_constant else None
