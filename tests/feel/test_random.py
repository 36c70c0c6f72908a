"""Random expressions from the whole grammar: a value or a named error, never an exception of Python.

`FLOWMASTER_SOAK=200 pytest tests/feel/test_random.py` runs 200 times as many.
"""

import os
import random
from collections.abc import Callable

import pytest

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.feel.builtins.library import BUILTINS
from flowmaster.engine.feel.expression import Limits, compile_expression, compile_unary_tests, to_json

ROUNDS = int(os.environ.get("FLOWMASTER_SOAK", "1"))
LIMITS = Limits(steps=20_000, depth=40, characters=10_000, items=1_000)
LEAVES = [
    *[
        "0",
        "-1",
        "2.5",
        "1e30",
        "1e6000",
        "1e-6000",
        "-1e6144",
        "9999999999999999999999999999999999",
        "null",
        "true",
        "false",
        "a",
        "b",
        "c",
        "item",
        "?",
        "partial",
    ],
    *[
        '"a"',
        '""',
        '"abc"',
        '"\\\\"',
        '"("',
        '"[a"',
        '"$1"',
        '"a*"',
        "abs",
        "sum",
        "[]",
        "{}",
        "{a:1}",
        "{a:{b:[1]}}",
    ],
    *[
        '@"2020-01-01"',
        '@"10:00:00"',
        '@"10:00:00@Europe/Paris"',
        '@"2020-01-01T00:00:00Z"',
        '@"P1D"',
        '@"-P1Y"',
    ],
    *[
        '@"-999999999-01-01"',
        '@"999999999-12-31T23:59:59@Asia/Tokyo"',
        "[1..5]",
        "(1..null)",
        '["a".."c")',
        "(<5)",
    ],
    *["[1,2,3]", "[null]", "[[1],[2]]", "function(x) x", "function(x,y) x<y", '(>= "a")', 'range("(..5]")'],
]
TYPES = ["number", "list<number>", "Any", "context<a: number>", "function<Any> -> Any", "range<date>"]
MEMBERS = ["a", "start", "year", "time offset", "days", "x", "timezone"]
NAMES = sorted(BUILTINS)


def expression(dice: random.Random, depth: int) -> str:
    """Return a random expression."""
    if depth <= 0:
        return dice.choice(LEAVES)

    def part() -> str:
        return expression(dice, depth - 1 - dice.randrange(2))

    shapes: list[Callable[[], str]] = [
        lambda: f"{part()} {dice.choice(['+', '-', '*', '/', '**'])} {part()}",
        lambda: f"{part()} {dice.choice(['=', '!=', '<', '<=', '>', '>='])} {part()}",
        lambda: f"({part()}) {dice.choice(['and', 'or'])} ({part()})",
        lambda: f"({part()})[{part()}]",
        lambda: f"({part()}).{dice.choice(MEMBERS)}",
        lambda: f"if {part()} then {part()} else {part()}",
        lambda: f"for i in {part()} return {part()}",
        lambda: f"for i in {part()}..{part()}, j in {part()} return {part()}",
        lambda: f"{dice.choice(['some', 'every'])} item in {part()} satisfies {part()}",
        lambda: f"[{part()}, {part()}]",
        lambda: f"{{a: {part()}, b: {part()}}}",
        lambda: f"({part()}) in ({part()}, {dice.choice(['<', '>', '!=', ''])} {part()})",
        lambda: f"({part()}) instance of {dice.choice(TYPES)}",
        lambda: f"{part()} between {part()} and {part()}",
        lambda: f"-({part()})",
        lambda: f"(function(a, b) {part()})({part()}, {part()})",
        lambda: f"{dice.choice(NAMES)}({', '.join(part() for _ in range(dice.randrange(4)))})",
        lambda: f"{dice.choice(NAMES)}({', '.join(part() for _ in range(dice.randrange(4)))})",
    ]
    return dice.choice(shapes)()


@pytest.mark.parametrize("seed", range(20 * ROUNDS))
def test_random_expressions_give_values_or_named_errors(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(100):
        text = expression(dice, dice.randrange(1, 5))
        for compile_text in (compile_expression, compile_unary_tests):
            try:
                compiled = compile_text(text)
                variables: dict[str, object] = {"a": [1, {"b": 2}], "b": "x", "c": {"a": 3}, "?": 2}
                value = compiled.evaluate(variables, limits=LIMITS).value
                compiled.value(variables)
                to_json(value)
            except FlowMasterError as error:
                assert error.code.startswith("feel."), text  # noqa: PT017  # The text is what a failure must show.
