"""Random decision tables, and what they answer by the plainest reading of the standard: every rule, one by one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

from hypothesis import strategies as st

from flowmaster.engine.feel.convert import literal
from flowmaster.engine.feel.temporal import Date
from tests.dmn.models import data, decision

POLICIES = ("UNIQUE", "FIRST", "ANY", "PRIORITY", "COLLECT", "RULE ORDER", "OUTPUT ORDER")
AGGREGATIONS = ("", "SUM", "MIN", "MAX", "COUNT")
NAMES = ("first", "second", "third")
KINDS: dict[str, list[object]] = {
    "number": [-1, 0, 1, 2, 3, Decimal("1.5"), Decimal("2.0"), 10**40],
    "string": ["", "a", "b", "ab", "b c", 'q"', "\u00e9"],
    "boolean": [True, False],
    "date": [Date(2020, 2, 28), Date(2020, 2, 29), Date(2020, 3, 1), Date(-1, 1, 1)],
}
OUTPUTS: list[object] = [1, 2, 3, 4]


@dataclass(frozen=True)
class Cell:
    """A test as it is written, and as a function of the value: true, false or null."""

    text: str
    passes: Callable[[object], bool | None]


@dataclass(frozen=True)
class Table:
    """A table and its rules: cells and outputs."""

    kinds: tuple[str, ...]
    rules: tuple[tuple[tuple[Cell, ...], tuple[object, ...]], ...]
    policy: str
    aggregation: str
    default: tuple[object, ...] | None
    order: tuple[object, ...] = field(default=tuple(OUTPUTS))
    typed: bool = False
    """Whether the input data has the types of the columns, so that values of other kinds are null."""

    def xml(self) -> str:
        """Return the decision of the table with its input data."""
        inputs = "".join(
            f'<input><inputExpression typeRef="{kind}"><text>{name}</text></inputExpression></input>'
            for name, kind in zip(NAMES, self.kinds, strict=False)
        )
        outputs = ""
        count = len(self.rules[0][1])
        for index in range(count):
            values = f"<outputValues><text>{', '.join(map(str, self.order))}</text></outputValues>"
            default = (
                f"<defaultOutputEntry><text>{self.default[index]}</text></defaultOutputEntry>"
                if self.default
                else ""
            )
            outputs += (
                f'<output name="o{index}">{values}{default}</output>'
                if count > 1
                else f"<output>{values}{default}</output>"
            )
        rules = ""
        for cells, answers in self.rules:
            entries = "".join(f"<inputEntry><text>{escape(cell.text)}</text></inputEntry>" for cell in cells)
            entries += "".join(f"<outputEntry><text>{answer}</text></outputEntry>" for answer in answers)
            rules += f"<rule>{entries}</rule>"
        aggregation = f' aggregation="{self.aggregation}"' if self.aggregation else ""
        body = (
            f'<decisionTable hitPolicy="{self.policy}"{aggregation}>{inputs}{outputs}{rules}</decisionTable>'
        )
        sources = "".join(
            data(name, kind if self.typed else "") for name, kind in zip(NAMES, self.kinds, strict=False)
        )
        return sources + decision("table", body, inputs=" ".join(NAMES[: len(self.kinds)]))

    def hits(self, values: Sequence[object]) -> list[int]:
        """Return the numbers of the rules that match."""
        if self.typed:
            values = [
                value if kind_of(value) == kind else None
                for value, kind in zip(values, self.kinds, strict=True)
            ]
        return [
            number
            for number, (cells, _) in enumerate(self.rules, 1)
            if all(cell.passes(value) is True for cell, value in zip(cells, values, strict=True))
        ]

    def answer(self, values: Sequence[object]) -> object:
        """Return what the table answers."""
        outcomes = [self.rules[number - 1][1] for number in self.hits(values)]
        if not outcomes:
            return self._without_hit()
        if self.policy == "UNIQUE":
            return _shaped(outcomes[0]) if len(outcomes) == 1 else None
        if self.policy == "ANY":
            return _shaped(outcomes[0]) if len(set(outcomes)) == 1 else None
        if self.policy == "FIRST":
            return _shaped(outcomes[0])
        ranked = sorted(outcomes, key=lambda outcome: [self.order.index(value) for value in outcome])
        if self.policy == "PRIORITY":
            return _shaped(ranked[0])
        if self.policy == "OUTPUT ORDER":
            return [_shaped(outcome) for outcome in ranked]
        if not self.aggregation:
            return [_shaped(outcome) for outcome in outcomes]
        numbers = [outcome[0] for outcome in outcomes]
        aggregate: dict[str, Callable[..., object]] = {"SUM": sum, "MIN": min, "MAX": max, "COUNT": len}
        return aggregate[self.aggregation](numbers)

    def _without_hit(self) -> object:
        if self.default is not None:
            return _shaped(self.default)
        if self.policy == "COLLECT" and self.aggregation in ("", "COUNT"):
            return 0 if self.aggregation else []
        return None


def _shaped(outputs: Sequence[object]) -> object:
    if len(outputs) == 1:
        return outputs[0]
    return {f"o{index}": value for index, value in enumerate(outputs)}


def kind_of(value: object) -> str:
    """Return the kind of a value of `KINDS`."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, Decimal)):
        return "number"
    return "string" if isinstance(value, str) else "date" if isinstance(value, Date) else "null"


def _key(value: object) -> object:
    return (value.year, value.month, value.day) if isinstance(value, Date) else value


def _equal(value: object, other: object) -> bool | None:
    if value is None or other is None:
        return value is other
    return _key(value) == _key(other) if kind_of(value) == kind_of(other) else None


def _order(value: object, sign: str, other: object) -> bool | None:
    if kind_of(value) != kind_of(other) or kind_of(value) in ("boolean", "null"):
        return None
    a: Any = _key(value)
    b: Any = _key(other)
    return bool({"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[sign])


def _both(first: bool | None, second: bool | None) -> bool | None:
    if first is False or second is False:
        return False
    return None if first is None or second is None else True


def _any(outcomes: Sequence[bool | None]) -> bool | None:
    return True if True in outcomes else None if None in outcomes else False


def equal_to(value: object) -> Cell:
    """Return the cell that a value itself is."""
    return Cell(literal(value), lambda given: _equal(given, value))


def compared(sign: str, value: object) -> Cell:
    """Return a cell such as `< 5`."""
    if sign in ("=", "!="):
        wanted = sign == "="

        def passes(given: object) -> bool | None:
            result = _equal(given, value)
            return None if result is None else result is wanted

        return Cell(f"{sign} {literal(value)}", passes)
    return Cell(f"{sign} {literal(value)}", lambda given: _order(given, sign, value))


def within(low: object, high: object, low_in: bool, high_in: bool) -> Cell:
    """Return a cell that is a range."""
    text = f"{'[' if low_in else '('}{literal(low)}..{literal(high)}{']' if high_in else ')'}"
    return Cell(
        text,
        lambda given: _both(
            _order(given, ">=" if low_in else ">", low), _order(given, "<=" if high_in else "<", high)
        ),
    )


def any_of(cells: Sequence[Cell]) -> Cell:
    """Return a cell of several tests."""
    return Cell(
        ", ".join(cell.text for cell in cells), lambda given: _any([cell.passes(given) for cell in cells])
    )


def none_of(cells: Sequence[Cell]) -> Cell:
    """Return a cell of negated tests."""
    inner = any_of(cells)

    def passes(given: object) -> bool | None:
        result = inner.passes(given)
        return None if result is None else not result

    return Cell(f"not({inner.text})", passes)


ANY = Cell("-", lambda given: True)


def cells_of(kind: str) -> st.SearchStrategy[Cell]:
    """Return cells for a column of a kind, some of which name a value of another kind or null."""
    values = st.sampled_from(KINDS[kind])
    strange = st.sampled_from([None, *KINDS["number"][:1], *KINDS["string"][1:2], True])
    simple = st.builds(equal_to, values | values | values | strange)
    if kind != "boolean":
        simple |= st.builds(compared, st.sampled_from(["<", "<=", ">", ">=", "=", "!="]), values)
        pairs = st.tuples(values, values).map(lambda pair: sorted(pair, key=_key))  # type: ignore[arg-type]
        simple |= st.builds(
            lambda pair, low_in, high_in: within(pair[0], pair[1], low_in, high_in),
            pairs,
            st.booleans(),
            st.booleans(),
        )
    several = st.lists(simple, min_size=1, max_size=3)
    return st.just(ANY) | simple | simple | several.map(any_of) | several.map(none_of)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Return a table of any hit policy."""
    kinds = tuple(draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=3)))
    policy = draw(st.sampled_from(POLICIES))
    aggregation = draw(st.sampled_from(AGGREGATIONS)) if policy == "COLLECT" else ""
    width = 1 if aggregation else draw(st.integers(1, 2))
    answers = st.tuples(*[st.sampled_from(OUTPUTS)] * width)
    rule = st.tuples(st.tuples(*map(cells_of, kinds)), answers)
    rules = tuple(draw(st.lists(rule, min_size=1, max_size=8)))
    order = tuple(draw(st.permutations(OUTPUTS)))
    return Table(kinds, rules, policy, aggregation, draw(st.none() | answers), order, draw(st.booleans()))


def inputs_of(table: Table) -> st.SearchStrategy[tuple[object, ...]]:
    """Return values for the columns of a table: mostly of their kinds, sometimes null or of another kind."""
    strange = st.sampled_from([None, 7, "strange", True, Date(2020, 2, 29)])
    return st.tuples(
        *[st.sampled_from(KINDS[kind]) | st.sampled_from(KINDS[kind]) | strange for kind in table.kinds]
    )
