"""FEEL values as JSON, as text and as literals."""

from collections.abc import Mapping
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.feel.convert import literal, show
from flowmaster.engine.feel.declared import Read, reader_of
from flowmaster.engine.feel.expression import compile_expression, from_json, to_json
from flowmaster.engine.feel.temporal import Date, DayTimeDuration, YearMonthDuration
from flowmaster.engine.feel.values import kind_of
from flowmaster.engine.values import Json

NUMBERS = st.one_of(
    st.integers(-(10**33), 10**33),
    st.decimals(allow_nan=False, allow_infinity=False, places=5, min_value=-(10**20), max_value=10**20),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.text(st.characters(codec="utf-8"), max_size=10)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=6), inner, max_size=4),
    ),
    max_leaves=12,
)


@given(VALUES)
def test_every_value_is_read_back_from_its_literal(value: object) -> None:
    assert compile_expression(literal(value)).value({}) == value


@given(VALUES)
def test_json_values_stay_as_they_are(value: object) -> None:
    assert to_json(value) == value


def value(text: str) -> object:
    return compile_expression(text).value({})


def test_temporal_values_become_iso_texts_and_ranges_their_text() -> None:
    assert to_json(value('@"2020-01-01T10:00:00+01:00"')) == "2020-01-01T10:00:00+01:00"
    assert to_json(value('{a: [@"P1D"], b: @"P1Y"}')) == {"a": ["P1D"], "b": "P1Y"}
    assert to_json(value("[1..2)")) == "[1..2)"
    assert to_json(value("(< 2)")) == "(< 2)"
    assert to_json(value("(>= 2)")) == "(>= 2)"
    assert to_json(value('range("[1..)")')) == "(>= 1)"
    assert to_json(2**63) == Decimal(2**63)
    assert isinstance(to_json(2**63), Decimal)
    assert isinstance(to_json(2**63 - 1), int)


def test_a_function_is_no_json_value() -> None:
    with pytest.raises(FlowMasterError) as caught:
        to_json([value("function(a) a")])
    assert caught.value.code == "feel.not_a_value"


def test_a_value_nested_too_deeply_is_refused() -> None:
    deep: list[object] = []
    for _ in range(200):
        deep = [deep]
    with pytest.raises(FlowMasterError):
        to_json(deep)
    assert "..." in show(deep)


@pytest.mark.parametrize(
    ("given_value", "type_name", "expected"),
    [
        ("2020-01-01", "date", Date(2020, 1, 1)),
        ("2020-01-01", None, "2020-01-01"),
        ("2020-01-01", "string", "2020-01-01"),
        ("nothing", "date", "nothing"),
        ("P1D", "days and time duration", DayTimeDuration(86_400 * 10**9)),
        ("P1Y", "days and time duration", "P1Y"),
        ("P1Y", "years and months duration", YearMonthDuration(12)),
        ("P1D", "years and months duration", "P1D"),
        ("P1Y", "duration", YearMonthDuration(12)),
        (["2020-01-01"], "list<date>", [Date(2020, 1, 1)]),
        (5, "date", 5),
        (None, "date", None),
    ],
)
def test_iso_texts_are_read_where_a_type_is_declared(
    given_value: object, type_name: str | None, expected: object
) -> None:
    assert from_json(given_value, type_name) == expected  # type: ignore[arg-type]  # JSON values, all of them.


def test_texts_are_read_wherever_their_schema_says_what_they_are() -> None:
    day: dict[str, Json] = {"type": "string", "format": "date"}
    lines: dict[str, Json] = {
        "type": "array",
        "items": {"type": "object", "properties": {"due": day, "n": {"type": "number"}}},
    }
    read = reader_of(lines)
    assert read is not None
    given = [{"due": "2020-01-01", "n": 1}, {"n": 2}, "odd"]
    wanted = [{"due": Date(2020, 1, 1), "n": 1}, {"n": 2}, "odd"]
    assert read(given) == read(tuple(given)) == wanted
    assert read("no list") == "no list"
    days = compile_expression("[due[1] < due[2], n[1] < n[2]]", declared={"due": reader_of_days(day)})
    assert days.value({"due": ["2020-01-01", "2020-01-02"], "n": [1, 2]}) == [True, True]
    assert reader_of({"type": "array", "items": {"type": "number"}}) is None


@pytest.mark.parametrize("text", ["period * 2", "2 * period", "period + period", "total.period * 2"])
def test_a_declared_duration_is_multiplied_on_both_sides(text: str) -> None:
    schema: dict[str, Json] = {"type": "string", "format": "duration"}
    period, total = reader_of(schema), reader_of({"type": "object", "properties": {"period": schema}})
    assert period is not None
    assert total is not None
    found = compile_expression(text, declared={"period": period, "total": total})
    seen = found.evaluate({"period": "PT1H", "total": {"period": "PT1H"}}).value
    assert to_json(seen) == "PT2H"


def reader_of_days(day: Json) -> Read:
    found = reader_of({"type": "array", "items": day})
    assert found is not None
    return found


@pytest.mark.parametrize(("depth", "is_read"), [(5, True), (25, False)])
def test_texts_are_read_down_to_a_depth(depth: int, is_read: bool) -> None:
    schema: Mapping[str, Json] = {"type": "string", "format": "date"}
    for _ in range(depth):
        schema = {"type": "array", "items": schema}
    assert (reader_of(schema) is not None) == is_read


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("string(1.50)", "1.5"),
        ("string(100)", "100"),
        ("string(1e40)", "10000000000000000000000000000000000000000"),
        ("string(1e50)", "1E+50"),
        ("string(0.000)", "0"),
        ("string(-0.5)", "-0.5"),
        (
            'string({a: "x", "b c": [1, null, true], "1": 2, "": 3})',
            '{a: "x", b c: [1, null, true], "1": 2, "": 3}',
        ),
        ('string(["a\\"b\\n"])', '["a\\"b\\n"]'),
        ("string(function(a, b) a)", "function(a, b)"),
        ('string([@"P1D"])', "[P1D]"),
        ("string([1..2])", "[1..2]"),
        ("string((> 1))", "(> 1)"),
        ("string(false)", "false"),
        ("literal", None),
    ],
)
def test_texts_of_values_are_those_of_the_standard(text: str, shown: str | None) -> None:
    assert value(text) == shown


def test_the_kind_of_every_value_is_named() -> None:
    class Odd(dict[str, object]):
        pass

    kinds = ["1", "1.5", '"a"', "true", "null", "[]", "{}", '@"P1D"', "[1..2]", "function() 1"]
    assert [kind_of(value(text)) for text in kinds] == [
        "number",
        "number",
        "string",
        "boolean",
        "null",
        "list",
        "context",
        "days and time duration",
        "range",
        "function",
    ]
    assert kind_of(Odd()) == "context"
    assert kind_of(object()) == "unknown"
    assert literal(value("[1..2)")) == "[1..2)"


def test_a_text_of_too_many_values_ends_in_dots() -> None:
    levels = ", ".join(f"l{number + 1}: [l{number}, l{number}]" for number in range(40))
    nested = value(f"{{l0: [1, 1], {levels}}}.l40")
    assert show(nested).endswith("]")
    assert "..." in show(nested)
    assert len(show(nested)) < 1_000_000
