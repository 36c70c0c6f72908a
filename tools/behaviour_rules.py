"""Where two versions of a decision part: the rows that differ, and inputs at which both answer otherwise.

Inputs are sought over the variables that a played case had when it asked: column by column a changed row is aimed at, and
each step is kept only if both versions, asked at once, come nearer to answering otherwise. Only what parts is played.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property, partial
from itertools import islice
from typing import Final, NamedTuple

from flowmaster.engine.compare.aspects import plain
from flowmaster.engine.dmn import model as m
from flowmaster.engine.dmn.table import CompiledTable
from flowmaster.engine.dmn.table_index import Cell
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.feel import syntax as s
from flowmaster.engine.feel.expression import to_json
from flowmaster.engine.proof.changes import Change, Place, over
from flowmaster.engine.proof.limits import around, unlike
from flowmaster.engine.proof.solving import Solver
from flowmaster.engine.values import Json
from flowmaster.tools.behaviour_alike import alike
from flowmaster.tools.cases_origins import Decided, Moment
from flowmaster.tools.cases_rules import RuleModel, RuleView
from flowmaster.tools.json_text import write_json

VALUES_MAX: Final = 8
"""How many values of one column are tried."""

WAYS_MAX: Final = 40
"""How many ways to one value are looked at."""

ALIKE_MAX: Final = 2
"""How many of them are tried that change the same inputs."""

KEPT_MAX: Final = 6
"""How many of the nearest changes are gone on from."""

STEPS_MAX: Final = 5
"""How many changes are put over each other."""

ASKED_MAX: Final = 600
"""How often both versions are asked for one row, from one case."""


class Spot(NamedTuple):
    """A row that one version has otherwise than the other, or alone: its decision, its place, the same row there, columns.

    Row -1 stands for a decision that is no table, or whose table is asked in another way.
    """

    decision: str
    row: int
    other: int = -1
    columns: tuple[int, ...] = ()


@dataclass(frozen=True)
class Ruled:
    """A decision that the two sides ask in different versions: the models, older one first, and the numbers of the versions."""

    decision: str
    models: tuple[RuleModel, RuleModel]
    versions: tuple[int, int]

    @cached_property
    def spots(self) -> tuple[list[Spot], list[Spot]]:
        """Return the rows of each version that the other has otherwise, or not at all."""
        old, new = self.models
        return _spots(old, new, self.decision), _spots(new, old, self.decision)

    @cached_property
    def alike(self) -> bool:
        """Whether it is proved that both versions answer alike, whatever they are asked."""
        old, new = self.models
        differing = {spot.decision for side in self.spots for spot in side}
        tables = [(old.table(each), new.table(each)) for each in differing]
        is_asked_alike = all(spot.row >= 0 for side in self.spots for spot in side)
        return is_asked_alike and all(one and other and alike(one, other) for one, other in tables)

    def part(self, view: Moment) -> bool:
        """Tell whether both versions answer otherwise over the variables of a moment."""
        old, new = self.models
        return _answer(old, self.decision, view) != _answer(new, self.decision, view)


def _spots(own: RuleModel, other: RuleModel, decision: str) -> list[Spot]:
    """Return where a version of a decision, or of one that it requires, differs from another version."""
    found: list[Spot] = []
    for each in own.reached(decision):
        ours, theirs = own.decisions[each], other.decisions.get(each)
        one, two = own.table(each), other.table(each)
        if one is not None and two is not None and _asks(one.node) == _asks(two.node):
            found += _rows(each, one.node, two.node)
        elif theirs is None or plain(ours.logic, {}) != plain(theirs.logic, {}):
            found.append(Spot(each, -1))
    return found


def _asks(table: m.DecisionTable) -> tuple[object, ...]:
    """Return how a table is asked: hit policy, columns and outputs."""
    inputs = tuple((each.expression.text, each.values) for each in table.inputs)
    outputs = tuple((each.name, plain(each.default, {})) for each in table.outputs)
    return table.hit_policy, table.aggregation, inputs, outputs


def _rows(decision: str, own: m.DecisionTable, other: m.DecisionTable) -> Iterator[Spot]:
    one, two = _cells(own), _cells(other)
    for tag, first, last, start, end in SequenceMatcher(None, one, two, autojunk=False).get_opcodes():
        for row in range(first, last) if tag != "equal" else ():
            there = start + row - first
            if there >= end:
                yield Spot(decision, row)
                continue
            columns = [place for place in range(len(own.inputs)) if one[row][place] != two[there][place]]
            yield Spot(decision, row, there, tuple(columns))


def _cells(table: m.DecisionTable) -> list[tuple[str, ...]]:
    return [tuple(each.text for each in (*rule.inputs, *rule.outputs)) for rule in table.rules]


def _answer(model: RuleModel, decision: str, view: Moment) -> object:
    """Return what a version of a decision answers over the variables of a moment, or by which error it does not."""
    given = {name: view.variables[name] for name in view.variables if name not in model.decisions}
    try:
        found = model.compiled.decision(decision).evaluate(given, view.at, surroundings=given)
        return write_json(to_json(found.value))
    except FlowMasterError as error:
        return error.code


class _Column(NamedTuple):
    """A column of a row that is aimed at: its expression, values that it may have, and whether it has one of those."""

    node: s.Node
    values: Sequence[object]
    fits: Callable[[object], bool]


class RowAim:
    """Seeks changes of a case after which both versions of a decision answer otherwise where it asked, for one row.

    `between` is called on the way; it may stop the search.
    """

    def __init__(self, ruled: Ruled, side: int, spot: Spot, between: Callable[[], None]) -> None:
        self._ruled = ruled
        self._own, self._other = ruled.models[side], ruled.models[1 - side]
        self._spot = spot
        self._between = between
        self._left = 0

    @property
    def has_asked(self) -> bool:
        """Whether the last search found anything to change: where values are fixed there is nothing."""
        return self._left < ASKED_MAX

    def distance(self, asked: Decided) -> int:
        """Return how many columns keep the row from matching where a case asked."""
        table = self._own.table(self._spot.decision)
        if table is None or self._spot.row < 0:
            return 0
        self._between()
        rules = RuleView(self._own, asked.view)
        return len(_unmet(rules, [each for each in self._fitting(table, rules) if each is not None]))

    def parting(self, asked: Decided, steps: int = STEPS_MAX) -> Iterator[Change]:
        """Give changes, of so many steps at most, after which the versions part."""
        table = self._own.table(self._spot.decision)
        if table is None or self._spot.row < 0:
            return
        self._left = ASKED_MAX
        for columns in self._targets(table, asked.view):
            yield from self._nearer(columns, asked.view, steps)

    def _fitting(self, table: CompiledTable, rules: RuleView) -> list[_Column | None]:
        """Return for each column of the row what fits, as far as its cell is constant."""
        found: list[_Column | None] = []
        for place, column in enumerate(table.node.inputs):
            node, cell = self._own.parsed(column.expression.text), table.indexes[place].cells[self._spot.row]
            if node is None or cell.constants is None:
                found.append(None)
            else:
                fits = partial(_passes_both, cell, table.allowed[place])
                found.append(_Column(node, rules.values(table, place, self._spot.row, node), fits))
        return found

    def _targets(self, table: CompiledTable, view: Moment) -> Iterator[list[_Column]]:
        """Give what the columns may hold: in one that differs a value at which the cells part, in the others what fits."""
        theirs = self._other.table(self._spot.decision)
        fitting = self._fitting(table, RuleView(self._own, view))
        for place in self._spot.columns if theirs is not None else ():
            node = self._own.parsed(table.node.inputs[place].expression.text)
            assert theirs is not None
            for value in _apart(table, theirs, self._spot, place) if node is not None else ():
                assert node is not None
                at = [*fitting]
                at[place] = _Column(node, [value], partial(_equal, value))
                yield [each for each in at if each is not None]
        yield [each for each in fitting if each is not None]

    def _nearer(self, columns: Sequence[_Column], view: Moment, steps: int) -> Iterator[Change]:
        """Give changes after which the versions part, sought step by step from those that meet the most columns."""
        kept: list[Change] = [{}]
        known: set[str] = set()
        for number in range(steps):
            found: list[tuple[int, Change]] = []
            for before in kept:
                for change in self._steps(columns, view, before, anywhere=not number):
                    key = repr(sorted(change.items(), key=repr))
                    if key in known or self._left <= 0:
                        continue
                    known.add(key)
                    self._left -= 1
                    after = view.under(change)
                    if self._ruled.part(after):
                        yield change
                    else:
                        found.append((len(_unmet(RuleView(self._own, after), columns)), change))
            found.sort(key=lambda each: each[0])
            kept = [change for _, change in found[:KEPT_MAX]]

    def _steps(
        self, columns: Sequence[_Column], view: Moment, before: Change, *, anywhere: bool
    ) -> Iterator[Change]:
        """Give a change with one more put over it, towards a column that is not met; where all are, `anywhere`."""
        rules = RuleView(self._own, view.under(before) if before else view)
        for column in _unmet(rules, columns) or (columns if anywhere else ()):
            for value in column.values[:VALUES_MAX]:
                self._between()
                for change in _unlike(islice(Solver(rules).becomes(column.node, value), WAYS_MAX)):
                    yield over(before, change)


def _passes_both(cell: Cell, allowed: Cell, value: object) -> bool:
    """Tell whether a value fits a cell, and may stand in its column at all."""
    return cell.passes(value) and (allowed.constants is None or allowed.passes(value))


def _apart(table: CompiledTable, theirs: CompiledTable, spot: Spot, column: int) -> list[object]:
    """Return values that a cell of a row lets pass and the same cell of the other version does not, or the other way round."""
    cells = (table.indexes[column].cells[spot.row], theirs.indexes[column].cells[spot.other])
    if any(cell.constants is None for cell in cells):
        return []
    named = [value for cell in cells for value in cell.named or ()]
    near = [each for value in named for each in (*around(value), *unlike(value))]
    return [value for value in near if cells[0].passes(value) != cells[1].passes(value)][:VALUES_MAX]


def _equal(value: object, now: object) -> bool:
    return now == value and isinstance(now, bool) is isinstance(value, bool)


def _unlike(changes: Iterable[Change]) -> Iterator[Change]:
    """Give of changes that are about the same inputs only a few."""
    counts: Counter[frozenset[Place]] = Counter()
    for change in changes:
        inputs = frozenset(change)
        counts[inputs] += 1
        if change and counts[inputs] <= ALIKE_MAX:
            yield change


def _unmet(rules: RuleView, columns: Sequence[_Column]) -> list[_Column]:
    return [column for column in columns if not column.fits(rules.value(column.node))]


class Blamed(NamedTuple):
    """The rows of a decision to which it goes back that both versions answer otherwise, counted from 0 on each side.

    A row that stands on both sides is named on both, also where it matches on one alone. `asked` is what the columns hold.
    """

    decision: str
    old: tuple[int, ...]
    new: tuple[int, ...]
    asked: Mapping[str, Json]


def blamed(ruled: Ruled, was: Sequence[Json], now: Sequence[Json]) -> Blamed | None:
    """Return the rows that differ and match on one side alone, or on both with another answer, from what matched then and now.

    Of decisions that require each other, the first one asked is told.
    """
    old_model, new_model = ruled.models
    matched, matches = _matched(was), _matched(now)
    for decision in reversed(old_model.reached(ruled.decision)):
        old, new = matched.get(decision, {}), matches.get(decision, {})
        own, other = ([each for each in side if each.decision == decision] for side in ruled.spots)
        asked = next(iter((*old.values(), *new.values())), {})
        here = [each for each in own if each.row in old or _passes(old_model, each, asked)]
        there = [each for each in other if each.row in new or _passes(new_model, each, asked)]
        rows = {each.row for each in here} | {each.other for each in there}
        others = {each.row for each in there} | {each.other for each in here}
        if rows or others:
            return Blamed(decision, tuple(sorted(rows - {-1})), tuple(sorted(others - {-1})), asked)
        if any(each.row < 0 for each in (*own, *other)):
            return Blamed(decision, (-1,), (-1,), asked)
    return None


Asked = Mapping[str, Json]


def _matched(rules: Sequence[Json]) -> dict[str, dict[int, Asked]]:
    """Return the rows of each decision that matched, with what their columns were asked."""
    found: dict[str, dict[int, Asked]] = {}
    for each in rules:
        if isinstance(each, Mapping) and isinstance(row := each.get("rule"), int):
            asked = each.get("inputs")
            found.setdefault(str(each.get("decision")), {})[row - 1] = (
                asked if isinstance(asked, Mapping) else {}
            )
    return found


def _passes(model: RuleModel, spot: Spot, asked: Asked) -> bool:
    """Tell whether a row matches what its columns are asked."""
    table = model.table(spot.decision)
    if table is None or spot.row < 0 or not asked:
        return False
    cells = [index.cells[spot.row] for index in table.indexes]
    return all(
        cell.constants is not None and cell.passes(asked.get(label))
        for label, cell in zip(table.labels, cells, strict=True)
        if not cell.is_open
    )


def rows_in_words(model: RuleModel, decision: str, rows: Sequence[int]) -> str:
    """Return rows of a decision in words: what each asks, and what it answers."""
    return "; ".join(filter(None, (row_text(model, decision, row) for row in rows)))


def row_text(model: RuleModel, decision: str, row: int) -> str:
    """Return a row of a table in words, or the expression of a decision that is no table."""
    table, known = model.table(decision), model.decisions.get(decision)
    if table is None or not 0 <= row < len(table.node.rules):
        return known.logic.text if known is not None and isinstance(known.logic, m.Literal) else ""
    rule = table.node.rules[row]
    cells = zip(table.labels, rule.inputs, strict=False)
    asks = ", ".join(f"{label} {cell.text}" for label, cell in cells if cell.text.strip() not in ("", "-"))
    return f"row {row + 1} ({asks or 'else'}: {', '.join(cell.text for cell in rule.outputs)})"
