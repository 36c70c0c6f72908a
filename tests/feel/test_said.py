"""Values in the words of a message: as FEEL and JSON write them, and never long."""

from decimal import Decimal
from typing import Any

import pytest

from flowmaster.engine.feel.said import SAID_LENGTH, named, quoted, said
from flowmaster.engine.feel.temporal import Date


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "null"),
        (True, "true"),
        (Decimal("1.50"), "1.5"),
        (Decimal("1E+34"), "1" + "0" * 34),
        ('a "b"\n\x07ä', '"a \\"b\\"\\n\\u0007ä"'),
        (Date(2026, 1, 31), '@"2026-01-31"'),
        ((), "[]"),
        ([1, [True, None]], "[1, [true, null]]"),
        ({}, "{}"),
        ({"a": True, "b c": {"d": "e"}}, '{"a": true, "b c": {"d": "e"}}'),
    ],
)
def test_a_value_reads_as_feel_and_json(value: object, words: str) -> None:
    assert said(value) == words


def test_a_long_wide_or_deep_value_is_cut() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    wide: Any = [[]] * 1_000
    for _ in range(100):
        wide = [wide] * 1_000
    for value in ("x" * 1_000_000, deep, wide, dict.fromkeys(range(100_000))):
        text = said(value)
        assert len(text) == SAID_LENGTH + 3
        assert text.endswith("...")
    assert said("x" * 60, 10) == '"xxxxxxxxx...'


def test_names_stand_in_single_quotes_and_what_is_none_as_its_value() -> None:
    assert [quoted("a"), quoted(True), quoted(None)] == ["'a'", "true", "null"]
    assert named({"a": 1, "b": None}) == "a = 1, b = null"
