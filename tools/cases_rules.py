"""Decisions worked backwards: which inputs lead to an answer, row by row of their tables."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from flowmaster.engine.dmn import model as m
from flowmaster.engine.dmn.compiled import CompiledModel
from flowmaster.engine.dmn.reader import DmnModel, read_dmn
from flowmaster.engine.dmn.table import CompiledTable
from flowmaster.engine.dmn.table_index import Cell
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.feel import syntax as s
from flowmaster.engine.feel.evaluation import NOWHERE
from flowmaster.engine.feel.expression import BUILTIN_NAMES, from_json, to_json
from flowmaster.engine.feel.names import NameSet
from flowmaster.engine.feel.parser import parse_expression
from flowmaster.engine.feel.scope import NOTHING
from flowmaster.engine.proof.changes import Change, in_turn, pairs
from flowmaster.engine.proof.limits import around, unlike
from flowmaster.engine.proof.solving import Solver
from flowmaster.engine.proof.views import View, path_of
from flowmaster.engine.values import Json
from flowmaster.stores.rows import Version
from flowmaster.tools.cases_origins import Decided, Moment

CANDIDATES_MAX = 60
"""How many values of one column are looked at."""


class RuleBook:
    """The decisions that a process calls, by id and version."""

    def __init__(self, definitions: Sequence[Version]) -> None:
        numbers: dict[str, int] = {}
        self.models: dict[tuple[str, int], RuleModel] = {}
        for version in definitions:
            if version.kind == "decision":
                numbers[version.key] = numbers.get(version.key, 0) + 1
                self.models[version.key, numbers[version.key]] = RuleModel(version.content)
        self.newest = numbers

    def reach(self, origin: Decided, path: tuple[str, ...], value: object) -> Iterator[Change]:
        """Give changes after which a decision answers a value, or has it in a part of its answer."""
        model = self.models.get((origin.decision, origin.version))
        if model is not None:
            yield from RuleView(model, origin.view).answers(origin.decision, path, value)

    def choices(self, origin: Decided, path: tuple[str, ...]) -> Iterable[object]:
        """Give the constant answers of a decision."""
        model = self.models.get((origin.decision, origin.version))
        return () if model is None else model.answers(origin.decision, path)

    def answer(self, origin: Decided, view: Moment) -> Json:
        """Return what a decision answers over other variables, null where it answers nothing."""
        model = self.models.get((origin.decision, origin.version))
        if model is None or origin.decision not in model.decisions:
            return None
        given = {name: view.variables[name] for name in view.variables if name not in model.decisions}
        try:
            found = model.compiled.decision(origin.decision).evaluate(given, view.at, surroundings=given)
            return to_json(found.value)
        except FlowMasterError:
            return None


class RuleModel:
    """One file of decisions, read when it is first asked."""

    def __init__(self, content: str) -> None:
        self._content = content

    @cached_property
    def read(self) -> DmnModel:
        """Return the model as it is written."""
        return read_dmn(self._content)

    @cached_property
    def compiled(self) -> CompiledModel:
        """Return the model, compiled."""
        return self.read.compile()

    @cached_property
    def decisions(self) -> Mapping[str, m.Decision]:
        """Return the decisions by id and by name."""
        found = self.read.definitions.decisions
        return {each.name: each for each in found} | {each.id: each for each in found if each.id}

    @cached_property
    def names(self) -> NameSet:
        """Return the names that expressions of the model may use."""
        inputs = [each.name for each in self.read.definitions.inputs]
        return NameSet([*self.decisions, *inputs], BUILTIN_NAMES)

    @cached_property
    def types(self) -> Mapping[str, str]:
        """Return the declared type of each input."""
        return {each.name: each.type_ref for each in self.read.definitions.inputs if each.type_ref}

    def table(self, decision: str) -> CompiledTable | None:
        """Return the table of a decision that is one."""
        found = self.decisions.get(decision)
        if found is None or not isinstance(found.logic, m.DecisionTable):
            return None
        return self.compiled.table(found.id or found.name)

    def reached(self, decision: str) -> list[str]:
        """Return a decision and those that it requires, directly or not, by id."""
        found: dict[str, None] = {}
        waiting = [decision]
        while waiting:
            each = self.decisions.get(waiting.pop().rpartition("#")[2])
            if each is not None and (each.id or each.name) not in found:
                found[each.id or each.name] = None
                waiting += each.requires
        return list(found)

    def parsed(self, text: str) -> s.Node | None:
        """Return an expression of the model as a tree, None where it is none."""
        try:
            return parse_expression(text, self.names)
        except FlowMasterError:
            return None

    def answers(self, decision: str, path: tuple[str, ...]) -> list[object]:
        """Return the constant answers that the table of a decision gives."""
        table = self.table(decision)
        if table is None:
            return []
        found = [output_of(table, row, path) for row in range(len(table.node.rules))]
        return [value for value in found if value is not None]


def output_of(table: CompiledTable, row: int, path: tuple[str, ...]) -> object:
    """Return the constant that a row of a table answers in one part, null where it computes it."""
    answer = table.answers[row]
    if answer is None:
        return None
    if len(table.names) == 1:
        found: object = answer[table.names[0]]
        rest = path
    else:
        if not path:
            return answer
        found, rest = answer.get(path[0]), path[1:]
    for name in rest:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


class RuleView:
    """The variables of a moment as a decision sees them: inputs of their types, and the answers of other decisions."""

    def __init__(self, model: RuleModel, outer: View) -> None:
        self._model = model
        self._outer = outer
        self._more: dict[str, object] | None = None

    def value(self, node: s.Node, more: Mapping[str, object] = NOTHING) -> object:
        """Evaluate an expression of a decision."""
        if self._more is None:
            self._more = self._read()
        return self._outer.value(node, {**self._more, **more})

    def _read(self) -> dict[str, object]:
        """Return inputs read by their types, and what the other decisions answer."""
        found: dict[str, object] = {}
        for name, kind in self._model.types.items():
            given = self._outer.value(s.Name(name, False, NOWHERE))
            if isinstance(given, str):
                found[name] = from_json(given, kind)
        variables = getattr(self._outer, "variables", {})
        given_all = {name: variables[name] for name in variables if name not in self._model.decisions}
        for each in self._model.compiled.decisions:
            try:
                found[each.name] = each.evaluate(given_all, surroundings=given_all).value
            except FlowMasterError:
                continue
        return found

    def reach(self, name: str, path: tuple[str, ...], value: object) -> Iterator[Change]:
        """Give changes after which an input, or another decision, has a value."""
        if name in self._model.decisions:
            yield from self.answers(name, path, value)
        else:
            yield from self._outer.reach(name, path, value)

    def under(self, change: Change) -> View:
        """Return the view after a change."""
        return RuleView(self._model, self._outer.under(change))

    def choices(self, name: str, path: tuple[str, ...]) -> Iterable[object]:
        """Give values that an input, or another decision, may have."""
        if name in self._model.decisions:
            return self._model.answers(name, path)
        return self._outer.choices(name, path)

    def answers(self, decision: str, path: tuple[str, ...], value: object) -> Iterator[Change]:
        """Give changes after which a decision answers a value."""
        found = self._model.decisions[decision]
        table = self._model.table(decision)
        if table is not None:
            yield from in_turn(list(self._by_rows(table, path, value)))
        elif isinstance(found.logic, m.Literal):
            node = self._model.parsed(found.logic.text)
            if node is not None:
                for name in path:
                    node = s.Path(node, name, NOWHERE)
                yield from Solver(self).becomes(node, value)

    def _by_rows(
        self, table: CompiledTable, path: tuple[str, ...], value: object
    ) -> Iterator[Iterator[Change]]:
        """Give for each row that answers a value, or may compute it, the changes after which it does."""
        for row in range(len(table.node.rules)):
            answer = output_of(table, row, path)
            if answer == value and type(answer) is type(value):
                yield self.row(table, row)
            elif (node := self._computed(table, row, path)) is not None:
                ways = Solver(self).becomes(node, value)
                yield ways if self._decides(table, row) else pairs(self.row(table, row), ways)

    def _computed(self, table: CompiledTable, row: int, path: tuple[str, ...]) -> s.Node | None:
        """Return the expression by which a row computes a part of its answer, None where it is constant."""
        names = [*table.names]
        is_alone = len(names) == 1
        if not is_alone and (not path or path[0] not in names):
            return None
        place = 0 if is_alone else names.index(path[0])
        node = self._model.parsed(table.node.rules[row].outputs[place].text)
        if table.outputs[row][place][0] or node is None:
            return None
        for name in path if is_alone else path[1:]:
            node = s.Path(node, name, NOWHERE)
        return node

    def _decides(self, table: CompiledTable, row: int) -> bool:
        """Tell whether the columns let a row match now."""
        nodes = [self._model.parsed(column.expression.text) for column in table.node.inputs]
        return all(
            node is None or index.cells[row].passes(self.value(node))
            for node, index in zip(nodes, table.indexes, strict=True)
        )

    def row(self, table: CompiledTable, row: int) -> Iterator[Change]:
        """Give changes after which a row of a table decides, perhaps: of the columns that keep it, then of any one."""
        columns = [self._model.parsed(column.expression.text) for column in table.node.inputs]
        wanted = [
            list(self.values(table, place, row, node)) if node is not None else []
            for place, node in enumerate(columns)
        ]
        solver = Solver(self)
        found: Iterator[Change] = iter(({},))
        for place, (node, values) in enumerate(zip(columns, wanted, strict=True)):
            if node is None or table.indexes[place].cells[row].passes(self.value(node)):
                continue
            ways = [change for value in values for change in solver.becomes(node, value)]
            found = pairs(found, ways)
        yield from (change for change in found if change)
        yield from in_turn(
            [
                _to_values(solver, node, values)
                for node, values in zip(columns, wanted, strict=True)
                if node is not None
            ]
        )

    def values(self, table: CompiledTable, place: int, row: int, node: s.Node) -> list[object]:
        """Return values of a column that a row matches, those first that the fewest rows before it match too."""
        index = table.indexes[place]
        cells = (index.cells[row], *index.cells)
        named = [value for cell in cells for value in cell.named or ()]
        found: list[object] = []
        for value in [*_nearby(named), *self._listed(node)]:
            if (
                value not in found
                and _passes(index.cells[row], value)
                and _passes(table.allowed[place], value)
            ):
                found.append(value)
        earlier = (1 << row) - 1
        found.sort(key=lambda value: (index.rules(value) & earlier).bit_count())
        return found[:CANDIDATES_MAX]

    def _listed(self, node: s.Node) -> Iterable[object]:
        named = path_of(node)
        return () if named is None else self.choices(*named)


def _to_values(solver: Solver, node: s.Node, values: Sequence[object]) -> Iterator[Change]:
    for value in values:
        yield from (change for change in solver.becomes(node, value) if change)


def _nearby(named: Sequence[object]) -> Iterator[object]:
    for value in named[:CANDIDATES_MAX]:
        yield from around(value)
        yield from unlike(value)
    if any(isinstance(value, bool) for value in named):
        yield from (True, False)


def _passes(cell: Cell, value: object) -> bool:
    return cell.constants is None or cell.passes(value)
