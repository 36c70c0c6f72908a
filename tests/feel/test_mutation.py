"""Expressions of the community's test kit, broken in all ways: a value or a named error, never more work than allowed."""

import random
import re
import time
from functools import cache

import pytest
from lxml import etree

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.feel.expression import Limits, compile_expression, compile_unary_tests, to_json
from tests.feel.test_random import LEAVES, expression
from tests.shared_material import shared

LIMITS = Limits(steps=20_000, depth=40, characters=10_000, items=1_000)
SOAK_SECONDS = 600
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\w+|\.\.|\*\*|[<>!]=|\s+|.', re.DOTALL)
GLUE = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    "..",
    "-",
    "not(",
    "in",
    "?",
    "@",
    ":",
    "**",
    "\u0000",
    "\U0001f40e",
    "//",
    "\n",
]
VARIABLES: dict[str, object] = {"a": [1, {"b": 2}], "b": "x", "c": {"a": 3}, "?": 2}


@cache
def kit() -> list[list[str]]:
    """Return the expressions of the kit, split into tokens."""
    found: set[str] = set()
    for path in sorted((shared("tck") / "TestCases").glob("*/*/*.dmn")):
        for node in etree.parse(path).iter("{*}text"):
            found.add("".join(map(str, node.itertext())).strip())
    return [TOKEN.findall(text) for text in sorted(found) if 0 < len(text) < 400]


def mutated(dice: random.Random, sources: list[list[str]]) -> str:
    """Return an expression of the kit with some tokens dropped, doubled, swapped or taken from elsewhere."""
    tokens = list(dice.choice(sources))
    for _ in range(dice.randrange(1, 4)):
        place = dice.randrange(len(tokens) + 1)
        other = dice.choice(sources)
        match dice.randrange(6):
            case 0:
                del tokens[place : place + dice.randrange(1, 3)]
            case 1:
                tokens[place:place] = tokens[place : place + 4]
            case 2:
                begin = dice.randrange(len(other))
                tokens[place : place + 1] = other[begin : begin + dice.randrange(1, 6)]
            case 3:
                tokens[place : place + 1] = [dice.choice(GLUE)]
            case 4:
                tokens[place : place + 1] = [" ", dice.choice(LEAVES), " "]
            case _:
                tokens[place : place + 1] = ["(", *other, ")"]
    return "".join(tokens)


def survives(text: str) -> None:
    """Compile and evaluate a text in every way; only named errors may come out."""
    for compile_text in (compile_expression, compile_unary_tests):
        try:
            compiled = compile_text(text)
            value = compiled.evaluate(VARIABLES, limits=LIMITS).value
            assert repr(compiled.evaluate(VARIABLES, limits=LIMITS).value)[:50] == repr(value)[
                :50
            ] or "0x" in repr(value)
            to_json(value)
        except FlowMasterError as error:
            assert error.code.startswith("feel."), text  # noqa: PT017  # The text is what a failure must show.


@pytest.mark.shared
@pytest.mark.parametrize("seed", range(6))
def test_broken_expressions_of_the_kit_give_values_or_named_errors(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(250):
        survives(mutated(dice, kit()))


@pytest.mark.shared
@pytest.mark.soak
def test_ten_minutes_of_random_and_broken_expressions_give_values_or_named_errors() -> None:
    seed = random.randrange(2**32)
    dice = random.Random(seed)
    slowest, slow_text = 0.0, ""
    end = time.monotonic() + SOAK_SECONDS
    while time.monotonic() < end:
        text = mutated(dice, kit()) if dice.randrange(2) else expression(dice, dice.randrange(1, 6))
        begun = time.process_time()
        try:
            survives(text)
        except BaseException as error:
            error.add_note(f"seed {seed}: {text!r}")
            raise
        spent = time.process_time() - begun
        slowest, slow_text = max((slowest, slow_text), (spent, text))
    assert slowest < 10, slow_text
