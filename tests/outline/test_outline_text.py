"""The text of an outline reads back as the same value, whatever stands in it, and long parts get lines of their own."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from flowmaster.engine.outline.json_text import json_text, json_value
from flowmaster.engine.outline.text import WIDTH, outline_text
from flowmaster.engine.values import Json
from flowmaster.tools.outline_text import read_outline_text

LONG = "word " * 40 + "end"
TEXTS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["yes", "null", "1.5", "a: b", "- x", "#", "it's", "a, b", "P1D", "=x", "\n", "~", " x "]
    ),
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**9), 10**9),
    st.decimals(min_value=-1000, max_value=1000, places=2).filter(
        lambda one: one.normalize().as_tuple().exponent != 0
    ),
    TEXTS,
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.text("abcdef_ ?", min_size=1, max_size=5), inner, max_size=4),
    ),
    max_leaves=12,
)


@seed(11)
@settings(max_examples=120, deadline=None)
@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=5), VALUES, max_size=4))
def test_any_value_reads_back(value: dict[str, Any]) -> None:
    assert read_outline_text(outline_text(value)).value == value


@pytest.mark.parametrize(
    "value",
    [
        {"a": LONG},
        {"a": [LONG, "b"]},
        {"a": [[LONG, "b"], {}]},
        {"a": [[["deep", LONG], "b"]]},
        {"a": {"b": {"c": LONG}}},
        {"a": [{"b": LONG, "c": 1}, {"d": [{"e": 1}, {"f": 2}]}]},
        {"a": [None, True, Decimal("1.50"), 5]},
        {"a": {}, "b": []},
        {},
    ],
)
def test_long_parts_stand_in_lines_of_their_own_and_read_back(value: dict[str, Json]) -> None:
    text = outline_text(value)
    assert read_outline_text(text).value == value
    assert all(len(line) <= WIDTH or LONG in line for line in text.splitlines())


def test_a_value_that_is_no_mapping_is_written_too() -> None:
    assert outline_text([1, None, Decimal("2")]) == "[1, null, 2.0]\n"


def test_json_in_a_model_keeps_its_numbers_and_anything_else_is_nothing() -> None:
    value: Json = {"a": [Decimal("1.50"), True, None, "ä"], "b": Decimal("1E+3")}
    assert json_text(value) == '{"a":[1.50,true,null,"ä"],"b":1000}'
    assert json_value('{"a": 1.50}') == {"a": Decimal("1.50")}
    assert json_value("{") is None
    assert json_value("[" * 100_000) is None
    assert json_text(Decimal("NaN")) == "null"
