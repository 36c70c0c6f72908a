"""Conditions worked backwards: the changes that are found make them true, false, or equal to a value."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import pytest

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.feel import syntax as s
from flowmaster.engine.feel.compiler import Compiler
from flowmaster.engine.feel.evaluation import Evaluation
from flowmaster.engine.feel.expression import BUILTIN_NAMES, compile_expression, to_json
from flowmaster.engine.feel.numbers import read_number
from flowmaster.engine.feel.scope import NOTHING
from flowmaster.engine.feel.types import simple_type
from flowmaster.engine.proof.changes import Change, changed
from flowmaster.engine.proof.solving import Fuel, Solver
from flowmaster.engine.proof.views import ItemView
from flowmaster.engine.values import Json

VARIABLES: dict[str, Json] = {
    "a": 5,
    "b": 7,
    "text": "abc",
    "flag": True,
    "none": None,
    "order": {"total": 100, "lines": [{"sku": "x", "price": 10}, {"sku": "y", "price": 20}], "notes": []},
    "numbers": [1, 2, 3],
    "flags": [True, True],
    "day": "2026-01-15",
    "word": "low",
}
CHOICES: dict[str, tuple[Json, ...]] = {"word": ("low", "middle", "high"), "none": (1, 100), "notes": ("n",)}


class Table:
    """Variables without a history: each is changed where it stands."""

    def __init__(self, variables: Mapping[str, Json]) -> None:
        self.variables = variables

    def value(self, node: s.Node, more: Mapping[str, object] = NOTHING) -> object:
        """Evaluate over the variables."""
        seen: dict[str, object] = {**self.variables, **more}
        try:
            return Compiler(BUILTIN_NAMES.given, simple_type).compile(node)(seen, Evaluation())
        except FlowMasterError:
            return None

    def reach(self, name: str, path: tuple[str, ...], value: object) -> Iterator[Change]:
        """Put a value where a variable stands."""
        if name in self.variables:
            yield {(name, *path): to_json(value)}

    def choices(self, name: str, path: tuple[str, ...]) -> Iterable[object]:
        """Give some values."""
        return CHOICES.get((name, *path)[-1], ())

    def under(self, change: Change) -> "Table":
        """Return the variables after a change."""
        return Table(after(self.variables, change))


def after(variables: Mapping[str, Json], change: Change) -> Mapping[str, Json]:
    """Return variables with a change made."""
    found = changed(dict(variables), change)
    assert isinstance(found, Mapping)
    return found


def outcomes(text: str, changes: Iterable[Change]) -> list[object]:
    """Return what an expression gives after each change."""
    expression = compile_expression(text)
    return [expression.value(after(VARIABLES, change)) for change in islice(changes, 100)]


CONDITIONS = [
    "a > 10",
    "a < b - 10",
    "10 <= a",
    "a = 7",
    "a != 5",
    "none > 50",
    "none != null and none >= 500",
    "a > 10 and a < 12",
    "a > b and order.total = 42",
    "a > 100 or flag = false",
    "not(flag)",
    "not(a < 10)",
    "a between 10 and 20",
    "a between 1 and 20",
    "a * sum(numbers) = 15",
    "sum(order.lines.price) + a < 1",
    'contains(text, "b")',
    "list contains(numbers, none)",
    "a > none",
    "none > a",
    "count(order.lines.price) > 3",
    "is empty(numbers)",
    "any(flags) and a > 6",
    "not(any(flags))",
    "a in (1, 9)",
    "a in [10..20)",
    "a in > 10",
    "a in ([1..3], 9)",
    "a in numbers",
    'word in ("middle", "high")',
    'word != "low"',
    "if flag then a > 6 else b > 6",
    "if a > 6 then flag else not(flag)",
    'text = "xyz"',
    'contains(text, "q")',
    'starts with(text, "zz")',
    'ends with(text, "zz")',
    "string length(text) > 5",
    "string length(text) = 2",
    'lower case(text) = "low"',
    "a + 3 > 20",
    "20 < 3 + a",
    "a - b > 3",
    "b - a > 30",
    "a * 2 = 16",
    "2 * a > 30",
    "a / 2 > 30",
    "100 / a < 5",
    "-a > 3",
    "abs(a - b) > 10",
    "floor(a) = 12",
    "count(order.lines) > 4",
    "count(order.lines) = 0",
    'count(order.lines[sku = "z"]) > 0',
    "count(order.lines[item.price > 50]) = 2",
    "count(order.lines[price > 5]) = 0",
    "count(numbers[item > 10]) > 0",
    "count(for line in order.lines return line.price) = 3",
    "sum(order.lines.price) > 1000",
    "max(numbers) > 50",
    "max(a, b) > 50",
    "some line in order.lines satisfies line.price > 500",
    "every line in order.lines satisfies line.price = decimal(line.price, 2)",
    "a = floor(a) and a > 100",
    "decimal(a, 1) != a",
    "sum(for line in order.lines return line.price * 2 + a) = 65",
    "order.total = 900 and sum(for line in order.lines return line.price) = order.total",
    "every line in order.lines satisfies line.price < 10",
    "some line in order.lines satisfies line.price > a and line.price < 9",
    "some n in numbers satisfies n > 10",
    "list contains(numbers, 9)",
    "list contains(numbers, a)",
    "not(list contains(numbers, 2))",
    "is empty(order.lines)",
    "not(is empty(order.notes))",
    "is defined(none)",
    "not(all(flags))",
    "all(flags) and a > 6",
    'date(day) > date("2026-03-01")',
    "number(text) = 12",
    "{total: a + 10}.total > 50",
    "(if flag then a else b) > 50",
    "order.total > 1000 and order.total < 1001",
    "count(order.lines) > 0 and every line in order.lines satisfies line.price < 5",
    'starts with(text, "Ann") and string length(text) > 12',
]
"""Conditions that can come out true; those that are true already must be made false."""


@pytest.mark.parametrize("text", CONDITIONS)
def test_a_condition_is_made_to_hold_and_to_fail(text: str) -> None:
    expression = compile_expression(text)
    now = expression.value(VARIABLES)
    solver = Solver(Table(VARIABLES))
    for wanted in (True, False):
        found = outcomes(text, solver.holds(expression.node, wanted))
        assert wanted in found, (now, found)


@pytest.mark.parametrize("text", ["a > 100 and order.total > 1000", "a + b = 100"])
def test_with_fewer_goals_less_is_found_and_in_the_end_nothing(text: str) -> None:
    node = compile_expression(text).node
    found = [len(list(Solver(Table(VARIABLES), fuel=Fuel(goals)).holds(node, True))) for goals in range(40)]
    assert found == sorted(found)
    assert (found[0], found[-1] > 0) == (0, True)
    assert list(Solver(Table(VARIABLES), fuel=Fuel(0)).becomes(node, False)) == []


VALUES: list[tuple[str, Any]] = [
    ("a", 9),
    ("order.total", 1),
    ("a + b", 100),
    ("[a, b]", None),
    ("if flag then a else b", 33),
    ("if a > 6 then 1 else 2", 1),
    ("{x: a, y: b}", {"x": 1, "y": 2}),
    ("{x: a}.x", 12),
    ("order.lines.price", [3]),
    ("count(numbers)", 2),
    ("for n in numbers return n * 2 + 1", [9, 11]),
    ("for line in order.lines return {sum: line.price}", [{"sum": 9}]),
    ("abs(a)", 3),
    ("flag and a > 6", True),
    ("-a", 4),
    ("string(a)", 4),
]


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_an_expression_is_brought_to_a_value(text: str, value: Any) -> None:
    expression = compile_expression(text)
    found = outcomes(text, Solver(Table(VARIABLES)).becomes(expression.node, value))
    if value is None:
        assert found == []
    elif text == "string(a)":
        assert "4" in found
    else:
        assert value in found


HOPELESS = [
    "a > a + 1 and b > b",
    'today() > today() + duration("P1D")',
    "unknown > 3",
    "some x in numbers, y in numbers satisfies x > y + 100",
    "list contains(numbers)",
    "contains(text)",
    'matches(text, "[0-9]+") and false',
    "a instance of string",
    "count(unknown) > 9",
    "count(unknown) = 2",
    "contains(text, none)",
    "a + unknown > 3",
    "unknown + a > 3",
    "numbers.x = 3",
    "order.notes.x = 3",
    "unknown ** 2 > 3",
    "string length(text) = 1000000",
    "count(a) = 1.5",
    "function(x) x",
]


@pytest.mark.parametrize("text", HOPELESS)
def test_what_cannot_be_worked_backwards_ends_without_an_answer_or_with_a_guess(text: str) -> None:
    node = compile_expression(text).node
    assert True not in outcomes(text, Solver(Table(VARIABLES)).holds(node, True))


@pytest.mark.parametrize("text", ["not(" * 40 + "not(flag)" + ")" * 40, "-" * 41 + "a > 9"])
def test_what_is_nested_too_deep_is_given_up(text: str) -> None:
    assert list(Solver(Table(VARIABLES)).holds(compile_expression(text).node, True)) == []


def test_values_at_the_limit_come_first() -> None:
    first = next(iter(Solver(Table(VARIABLES)).holds(compile_expression("a > 10").node, True)))
    assert first == {("a",): read_number("10.01")}
    equal = next(iter(Solver(Table(VARIABLES)).holds(compile_expression("a >= 10").node, True)))
    assert equal == {("a",): 10}


def test_a_view_from_inside_of_a_list_changes_the_item_or_what_lies_outside() -> None:
    view = ItemView(Table(VARIABLES), "", {"sku": "x"}, 0)
    inside = next(view.reach("item", ("sku",), "z"))
    own = next(view.reach("sku", (), "y"))
    outside = next(view.reach("a", (), 1))
    assert view.made(inside) == {"sku": "z"}
    assert view.made(own) == {"sku": "y"}
    assert view.outside(outside) == outside == {("a",): 1}
    assert view.outside(own) == {}
    assert view.under(own).value(compile_expression("sku").node) == "y"
    assert list(view.choices("sku", ())) == []
    assert list(view.choices("word", ())) == ["low", "middle", "high"]
