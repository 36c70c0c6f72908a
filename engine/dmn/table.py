"""Decision tables to closures: columns become indexes, hit policies pick among the rules that match."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flowmaster.engine.dmn import model as m
from flowmaster.engine.dmn.run import MATCHES_MAX, DmnRun, RuleMatch
from flowmaster.engine.dmn.table_index import NAMED, Cell, ColumnIndex, constants_of
from flowmaster.engine.feel import syntax as s
from flowmaster.engine.feel.builtins.numeric import total
from flowmaster.engine.feel.comparing import compare, equal
from flowmaster.engine.feel.compile_tests import Test, tests_of
from flowmaster.engine.feel.compiler import Code, Compiler
from flowmaster.engine.feel.convert import show
from flowmaster.engine.feel.evaluation import NOWHERE, Evaluation, Place
from flowmaster.engine.feel.lexer import FeelSyntaxError
from flowmaster.engine.feel.names import NameSet
from flowmaster.engine.feel.numbers import is_number
from flowmaster.engine.feel.parser import parse_unary_tests
from flowmaster.engine.feel.scope import NOTHING
from flowmaster.engine.feel.types import ANY, coerce

if TYPE_CHECKING:
    from flowmaster.engine.dmn.boxed import BoxCompiler

Variables = Mapping[str, object]
Rows = Sequence[int]


class CompiledTable:
    """A decision table ready to be asked; `answer` is its code."""

    def __init__(self, box: "BoxCompiler", node: m.DecisionTable, names: NameSet) -> None:
        self.node = node
        self.labels = tuple(column.label or column.expression.text for column in node.inputs)
        self.names = tuple(output.name or output.label or box.where for output in node.outputs)
        self.inputs: tuple[Code, ...] = tuple(
            box.literal(column.expression, names).code for column in node.inputs
        )
        self.allowed = tuple(self._allowed(box, column, names) for column in node.inputs)
        self.checks_inputs = any(cell.test is not None for cell in self.allowed)
        cells = [_column(box, node.rules, index, names) for index in range(len(node.inputs))]
        self.indexes = tuple(map(ColumnIndex, cells))
        self.look_ups = tuple(index.rules for index in self.indexes)
        self.dynamic = _dynamic_tests(cells, len(node.rules))
        self.dynamic_rows = sum(1 << row for row in self.dynamic)
        self.all_rows = (1 << len(node.rules)) - 1
        self.outputs = [self._outputs(box, rule.outputs, names) for rule in node.rules]
        self.answers = [
            {name: value for name, (_, value) in zip(self.names, outputs, strict=True)}
            if all(constant for constant, _ in outputs)
            else None
            for outputs in self.outputs
        ]
        """The outputs of the rules that are constant."""
        self.default = self._default(box, names)
        self.ranks = [self._rank(box, output, names) for output in node.outputs]
        self.pick = _PICKS[node.hit_policy]

    def _allowed(self, box: "BoxCompiler", column: m.TableInput, names: NameSet) -> Cell:
        return _cell(box, m.Literal(column.values, line=column.expression.line), names, 0)

    def _outputs(
        self, box: "BoxCompiler", cells: Sequence[m.Literal], names: NameSet
    ) -> list[tuple[bool, Any]]:
        """Return each output of a rule as (is constant, value) or (False, code)."""
        found: list[tuple[bool, Any]] = []
        for output, cell in zip(self.node.outputs, cells, strict=True):
            expression = box.literal(m.Literal("null") if cell.text == "-" else cell, names)
            wanted = box.types.of(output.type_ref)
            if wanted is None or wanted is ANY:
                found.append(
                    (True, expression.constant) if expression.is_constant else (False, expression.code)
                )
            elif expression.is_constant and coerce(expression.constant, wanted)[1]:
                found.append((True, coerce(expression.constant, wanted)[0]))
            else:
                found.append((False, box.typed(expression.code, output.type_ref)))
        return found

    def _default(self, box: "BoxCompiler", names: NameSet) -> list[tuple[bool, Any]] | None:
        if all(output.default is None for output in self.node.outputs):
            return None
        cells = [output.default or m.Literal("null") for output in self.node.outputs]
        return self._outputs(box, cells, names)

    def _rank(self, box: "BoxCompiler", output: m.TableOutput, names: NameSet) -> list[object]:
        """Return the output values in the order of their priority, highest first."""
        if self.node.hit_policy not in (m.HitPolicy.PRIORITY, m.HitPolicy.OUTPUT_ORDER) or not output.values:
            return []
        found = box.literal(m.Literal(f"[{output.values}]"), names).constant
        return list(found) if isinstance(found, list) else []

    def answer(self, variables: Variables, run: Evaluation) -> object:
        """Ask the table."""
        values = [code(variables, run) for code in self.inputs]
        if self.checks_inputs and not self._inputs_allowed(values, variables, run):
            return None
        rows = self.all_rows
        for look_up, value in zip(self.look_ups, values):  # noqa: B905  # Both have one entry for each column.
            rows &= look_up(value)
        if rows & self.dynamic_rows:
            rows = self._checked(rows, values, variables, run)
        if not rows:
            return self._without_match(values, variables, run)
        return self.pick(self, rows, values, variables, run)

    @property
    def is_constant(self) -> bool:
        """Whether nothing but the values of the input columns decides what the table answers."""
        return not (
            self.checks_inputs
            or self.dynamic
            or any(answer is None for answer in self.answers)
            or (self.default is not None and not all(constant for constant, _ in self.default))
        )

    def choose(self, rows: int, values: Sequence[object], run: Evaluation) -> object:
        """Answer for rules found already, where the table is constant."""
        if rows:
            return self.pick(self, rows, values, NOTHING, run)
        return self._without_match(values, NOTHING, run)

    def _inputs_allowed(self, values: Sequence[object], variables: Variables, run: Evaluation) -> bool:
        for label, value, cell in zip(self.labels, values, self.allowed, strict=True):
            test = cell.test
            if test is not None and value is not None and test(value, variables, run) is not True:
                text = f"{label} = {show(value)} is not among the allowed input values"
                self.fail(run, "input_not_allowed", text, 0, values)
                return False
        return True

    def _checked(self, rows: int, values: Sequence[object], variables: Variables, run: Evaluation) -> int:
        """Take out the rules whose cells depend on variables and do not match."""
        run.spend(len(self.dynamic))
        for row in bits(rows & self.dynamic_rows):
            for column, test in self.dynamic[row]:
                if test(values[column], variables, run) is not True:
                    rows &= ~(1 << row)
                    break
        return rows

    def _without_match(self, values: Sequence[object], variables: Variables, run: Evaluation) -> object:
        if self.default is not None:
            return self.shaped(
                [value if constant else value(variables, run) for constant, value in self.default]
            )
        if self.node.hit_policy is m.HitPolicy.COLLECT and self.node.aggregation in ("", "COUNT"):
            return 0 if self.node.aggregation else []
        self.fail(run, "no_match", "No rule matches", 0, values)
        return None

    def fail(self, run: Evaluation, kind: str, text: str, rows: int, values: Sequence[object]) -> None:
        """Note why the table answers null, with the rules and the values that it is about."""
        if isinstance(run, DmnRun):
            asked = dict(zip(self.labels, values, strict=True))
            run.fail(kind, text, tuple(row + 1 for row in bits(rows)), asked)
        else:
            run.warn(text, NOWHERE)

    def outcome(
        self, row: int, values: Sequence[object], variables: Variables, run: Evaluation
    ) -> list[object]:
        """Return the outputs of a rule, and note that it matched."""
        named = self.answers[row]
        if named is None:
            outputs = [value if constant else value(variables, run) for constant, value in self.outputs[row]]
            named = dict(zip(self.names, outputs, strict=True))
        else:
            outputs = [value for _, value in self.outputs[row]]
        if run.__class__ is DmnRun and len(run.matched) < MATCHES_MAX:
            asked = dict(zip(self.labels, values))  # noqa: B905  # Both have one entry for each column.
            run.matched.append(RuleMatch(run.decision, row + 1, self.node.rules[row].id, asked, named))
        return outputs

    def shaped(self, outputs: Sequence[object]) -> object:
        """Return one output as it is, several as a context."""
        return outputs[0] if len(outputs) == 1 else dict(zip(self.names, outputs, strict=True))

    def by_priority(self, outcomes: Sequence[list[object]], run: Evaluation) -> list[list[object]]:
        """Sort outcomes by the order of the output values, the first output first."""

        def rank(outcome: list[object]) -> list[int]:
            ranks = []
            for value, order in zip(outcome, self.ranks, strict=True):
                places = [place for place, known in enumerate(order) if equal(value, known, run) is True]
                ranks.append(places[0] if places else len(order))
            return ranks

        return sorted(outcomes, key=rank)


def compile_table(box: "BoxCompiler", node: m.DecisionTable, names: NameSet) -> Code:
    """Compile a decision table."""
    table = CompiledTable(box, node, names)
    box.tables[node.id or str(node.line)] = table
    return table.answer


def bits(rows: int) -> Iterator[int]:
    """Give the rows of a set from the first to the last."""
    while rows:
        lowest = rows & -rows
        yield lowest.bit_length() - 1
        rows ^= lowest


def _column(box: "BoxCompiler", rules: Sequence[m.Rule], index: int, names: NameSet) -> list[Cell]:
    """Compile the cells of a column, equal ones once."""
    known: dict[str, Cell] = {}
    for rule in rules:
        cell = rule.inputs[index]
        if cell.text not in known:
            known[cell.text] = _cell(box, cell, names, rule.line)
    return [known[rule.inputs[index].text] for rule in rules]


def _cell(box: "BoxCompiler", cell: m.Literal, names: NameSet, line: int) -> Cell:
    text = cell.text or "-"
    if text == "-":
        return Cell(None, [])
    try:
        node = parse_unary_tests(text, names)
    except FeelSyntaxError as error:
        place = Place(
            error.place.offset, max(cell.line or line, 1) + error.place.line - 1, error.place.column
        )
        raise FeelSyntaxError(f"{box.where}: {error.message.rpartition(' (line')[0]}", place) from None
    compiler = Compiler(names.given, box.types.find)
    if s.mentions(node.tests, "?"):
        return Cell(tests_of(compiler, node), None)
    constants = constants_of(compiler, node)
    named = constants_of(compiler, node, NAMED) if constants is None else None
    return Cell(tests_of(compiler, node), constants, named)


def _dynamic_tests(cells: Sequence[Sequence[Cell]], rules: int) -> dict[int, list[tuple[int, Test]]]:
    """Return, for each rule with cells that depend on variables, those cells."""
    found: dict[int, list[tuple[int, Test]]] = {}
    for row in range(rules):
        for column, column_cells in enumerate(cells):
            cell = column_cells[row]
            if cell.constants is None and cell.test is not None:
                found.setdefault(row, []).append((column, cell.test))
    return found


Pick = Callable[[CompiledTable, int, Sequence[object], Variables, Evaluation], object]


def _first(
    table: CompiledTable, rows: int, values: Sequence[object], variables: Variables, run: Evaluation
) -> object:
    row = (rows & -rows).bit_length() - 1
    return table.shaped(table.outcome(row, values, variables, run))


def _unique(
    table: CompiledTable, rows: int, values: Sequence[object], variables: Variables, run: Evaluation
) -> object:
    if rows & (rows - 1):
        numbers = ", ".join(str(row + 1) for row in bits(rows))
        table.fail(run, "several_match", f"Only one rule may match, but rules {numbers} do", rows, values)
        return None
    return table.shaped(table.outcome(rows.bit_length() - 1, values, variables, run))


def _any(
    table: CompiledTable, rows: int, values: Sequence[object], variables: Variables, run: Evaluation
) -> object:
    outcomes = [table.outcome(row, values, variables, run) for row in bits(rows)]
    for other in outcomes[1:]:
        if equal(outcomes[0], other, run) is not True:
            numbers = ", ".join(str(row + 1) for row in bits(rows))
            text = f"Rules {numbers} match, but their outputs differ"
            table.fail(run, "answers_differ", text, rows, values)
            return None
    return table.shaped(outcomes[0])


def _priority(
    table: CompiledTable, rows: int, values: Sequence[object], variables: Variables, run: Evaluation
) -> object:
    outcomes = [table.outcome(row, values, variables, run) for row in bits(rows)]
    return table.shaped(table.by_priority(outcomes, run)[0])


def _output_order(
    table: CompiledTable, rows: int, values: Sequence[object], variables: Variables, run: Evaluation
) -> object:
    outcomes = [table.outcome(row, values, variables, run) for row in bits(rows)]
    return [table.shaped(outcome) for outcome in table.by_priority(outcomes, run)]


def _collect(
    table: CompiledTable, rows: int, values: Sequence[object], variables: Variables, run: Evaluation
) -> object:
    outcomes = [table.outcome(row, values, variables, run) for row in bits(rows)]
    aggregation = table.node.aggregation
    if not aggregation or table.node.hit_policy is m.HitPolicy.RULE_ORDER:
        return [table.shaped(outcome) for outcome in outcomes]
    columns = [list(column) for column in zip(*outcomes, strict=True)]
    return table.shaped([_aggregate(aggregation, column, run) for column in columns])


def _aggregate(aggregation: str, values: list[object], run: Evaluation) -> object:
    if aggregation == "COUNT":
        return len(values)
    numbers: list[Any] = [value for value in values if is_number(value)]
    if aggregation == "SUM":
        if len(numbers) == len(values):
            return total(numbers)
        run.warn("Only numbers can be summed up", NOWHERE)
        return None
    wanted = -1 if aggregation == "MIN" else 1
    best = values[0]
    for value in values[1:]:
        order = compare(value, best)
        if order is None:
            run.warn("The outputs have no order among each other", NOWHERE)
            return None
        if order == wanted:
            best = value
    return best


_PICKS: dict[m.HitPolicy, Pick] = {
    m.HitPolicy.UNIQUE: _unique,
    m.HitPolicy.FIRST: _first,
    m.HitPolicy.ANY: _any,
    m.HitPolicy.PRIORITY: _priority,
    m.HitPolicy.COLLECT: _collect,
    m.HitPolicy.RULE_ORDER: _collect,
    m.HitPolicy.OUTPUT_ORDER: _output_order,
}
