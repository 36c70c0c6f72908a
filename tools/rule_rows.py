"""Which rows of a process's rules fired over its scenarios, and which never did."""

from collections.abc import Iterable, Mapping, Sequence

from flowmaster.engine import events as ev
from flowmaster.engine.dmn.coverage import Coverage, SearchExceeded
from flowmaster.engine.dmn.domain import kind_of_type, pieces_of
from flowmaster.engine.dmn.facts import earlier_rules
from flowmaster.engine.dmn.table import CompiledTable
from flowmaster.engine.feel.convert import literal
from flowmaster.engine.model import Constant, Process, Rule
from flowmaster.engine.values import Json
from flowmaster.stores.rows import HistoryEntry
from flowmaster.tools.cases_rules import RuleBook, RuleModel

MISSED_SHOWN = 12
"""How many rows without a case are listed for one rule."""

RULES_SHOWN = 12
"""How many rules an answer tells of."""

Histories = Sequence[Sequence[HistoryEntry]]


def rows_of(process: Process, rules: RuleBook, histories: Histories) -> dict[str, Json]:
    """Return `{decision: {rows, covered, missed, example}}` for each table that the process asks, directly or not."""
    fired = fired_in(histories)
    found: dict[str, Json] = {}
    for decision, table in tables_of(process, rules, histories).items():
        count = len(table.node.rules)
        missed = [row for row in range(1, count + 1) if row not in fired.get(decision, set())]
        told: dict[str, Json] = {"rows": count, "covered": count - len(missed)}
        if missed:
            told["missed"] = list(missed[:MISSED_SHOWN])
            told["example"] = {f"row {missed[0]}": example_of(table, missed[0] - 1)}
        if len(found) < RULES_SHOWN:
            found[decision] = told
    return found


def missed_in(rules: RuleBook, histories: Histories) -> dict[str, list[int]]:
    """Return the rows that never fired of each decision that was asked."""
    fired = fired_in(histories)
    asked = {decision: _model(rules, decision) for decision in fired}
    found: dict[str, list[int]] = {}
    for decision, model in asked.items():
        table = model.table(decision) if model is not None else None
        if table is not None:
            found[decision] = [
                row for row in range(1, len(table.node.rules) + 1) if row not in fired[decision]
            ]
    return found


def fired_in(histories: Histories) -> dict[str, set[int]]:
    """Return the rows that fired of each decision."""
    fired: dict[str, set[int]] = {}
    for event in _made(histories):
        fired.setdefault(event.decision, set())
        for rule in event.matched:
            if isinstance(rule, Mapping) and isinstance(row := rule.get("rule"), int):
                fired.setdefault(str(rule.get("decision")), set()).add(row)
    return fired


def _made(histories: Histories) -> Iterable[ev.DecisionMade]:
    for history in histories:
        for entry in history:
            if isinstance(entry.event, ev.DecisionMade):
                yield entry.event


def tables_of(process: Process, rules: RuleBook, histories: Histories) -> dict[str, CompiledTable]:
    """Return the tables that a process asks: of the decisions that it names and asked, and of those they require."""
    named = {
        str(element.details.decision.content): None
        for element in process.elements.values()
        if isinstance(element.details, Rule) and isinstance(element.details.decision, Constant)
    }
    found: dict[str, CompiledTable] = {}
    for decision in (*named, *fired_in(histories)):
        model = _model(rules, decision)
        for each in model.reached(decision) if model is not None else ():
            table = model.table(each) if model is not None else None
            if table is not None:
                found[each] = table
    return found


def _model(rules: RuleBook, decision: str) -> RuleModel | None:
    number = rules.newest.get(decision)
    if number is not None:
        return rules.models[decision, number]
    holding = (model for model in rules.models.values() if decision in model.decisions)
    return next(holding, None)


def example_of(table: CompiledTable, row: int) -> Json:
    """Return what the columns must be for a row to decide, by their labels; null where no input does that."""
    columns = [
        pieces_of(index, kind_of_type(column.expression.type_ref), [allowed])
        for index, column, allowed in zip(table.indexes, table.node.inputs, table.allowed, strict=True)
    ]
    coverage = Coverage([[piece.rules for piece in column] for column in columns], len(table.node.rules))
    if coverage.never_matches(row):
        return None
    earlier = earlier_rules(table)
    others = earlier[row] if earlier is not None else coverage.all_rules & ~(1 << row)
    try:
        places = coverage.uncovered(row, others & ~table.dynamic_rows)
    except SearchExceeded:
        places = None
    if places is None:
        places = coverage.choice(row) if earlier is None else None
    if places is None:
        return None
    chosen = [column[place].value for column, place in zip(columns, places, strict=True)]
    return {label: literal(value) for label, value in zip(table.labels, chosen, strict=True)}
