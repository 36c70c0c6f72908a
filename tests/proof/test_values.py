"""Values at limits, values that schemas allow, and changes of cases."""

from decimal import Decimal
from typing import Any

import pytest

from flowmaster.engine.feel.expression import compile_expression
from flowmaster.engine.proof import schemas
from flowmaster.engine.proof.changes import changed, found_at, over, pairs, renewed, together
from flowmaster.engine.proof.limits import around, beside, meeting, stands, unlike
from flowmaster.engine.values import Json

AROUND: dict[str, list[str]] = {
    "10": ["10", "9.99", "9", "10.01", "11"],
    'date("2026-01-15")': ["2026-01-15", "2026-01-14", "2026-01-16"],
    'duration("PT2H")': ["PT2H", "PT1H59M59S", "-PT22H", "PT2H1S", "P1DT2H"],
    'duration("P1M")': ["P1M", "P0M", "P2M"],
    'time("10:00:00")': ["10:00:00", "09:59:59", "10:00:01"],
    'date and time("2026-01-15T00:00:00")': [
        "2026-01-15T00:00:00",
        "2026-01-14T23:59:59",
        "2026-01-15T00:00:01",
    ],
    '"text"': ["text"],
}


@pytest.mark.parametrize("text", list(AROUND))
def test_values_beside_a_limit_are_the_nearest_of_their_kind(text: str) -> None:
    assert [str(value) for value in around(compile_expression(text).value({}))] == AROUND[text]


def test_values_that_meet_a_relation_stand_in_it() -> None:
    for operator in ("<", "<=", ">", ">=", "=", "!="):
        found = list(meeting(operator, 10))
        assert found
        assert all(stands(operator, value, 10) for value in found)
    assert not stands("<", "text", 5)
    assert list(beside(10**33, 1)) != []


def test_values_unlike_another_are_of_its_kind() -> None:
    assert list(unlike(True)) == [False]
    assert list(unlike("a")) == ["another"]
    assert list(unlike("another")) == ["another one"]
    assert list(unlike(4)) == [5]
    assert list(unlike(None)) == []


SCHEMAS: list[tuple[dict[str, Any], Json]] = [
    ({"type": "string"}, "name"),
    ({"type": "string", "minLength": 6, "maxLength": 8}, "namexx"),
    ({"type": "string", "maxLength": 2}, "na"),
    ({"type": "string", "format": "date"}, "2026-01-15"),
    ({"type": "number"}, 100),
    ({"type": "number", "exclusiveMinimum": 0}, 100),
    ({"type": "integer", "minimum": 3, "maximum": 5}, 3),
    ({"type": "number", "exclusiveMinimum": 2000, "exclusiveMaximum": 3000}, Decimal("2000.01")),
    ({"type": "integer", "exclusiveMinimum": 2000}, 2001),
    ({"type": "boolean"}, True),
    ({"type": "null"}, None),
    ({"type": ["null", "string"]}, None),
    ({"enum": ["low", "high"]}, "low"),
    ({"const": 7}, 7),
    ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [100, 100]),
    ({"type": "array"}, ["name"]),
    ({"type": "object"}, {}),
    ({"type": "object", "properties": {"a": {"type": "boolean"}, "b": True}}, {"a": True, "b": "b"}),
    ({}, "name"),
]


@pytest.mark.parametrize(("schema", "expected"), SCHEMAS)
def test_an_example_is_of_its_schema(schema: dict[str, Any], expected: Json) -> None:
    found = schemas.example(schema, "name")
    assert found == expected
    assert schemas.allows(schema, found)


REFUSED: list[tuple[dict[str, Any], Json]] = [
    ({"type": "string"}, 5),
    ({"type": "number"}, True),
    ({"type": "boolean"}, 1),
    ({"type": "integer"}, Decimal("1.5")),
    ({"type": "number", "minimum": 3}, 2),
    ({"type": "number", "maximum": 3}, 4),
    ({"type": "number", "exclusiveMinimum": 3}, 3),
    ({"type": "number", "exclusiveMaximum": 3}, 3),
    ({"type": "string", "minLength": 3}, "ab"),
    ({"type": "string", "maxLength": 1}, "ab"),
    ({"enum": ["a"]}, "b"),
    ({"type": "array", "minItems": 1}, []),
    ({"type": "array", "items": {"type": "string"}}, [1]),
    ({"type": "object", "required": ["a"]}, {}),
    ({"type": "object", "properties": {"a": {"type": "string"}}}, {"a": 1}),
]


@pytest.mark.parametrize(("schema", "value"), REFUSED)
def test_a_value_that_a_schema_forbids_is_not_allowed(schema: dict[str, Any], value: Json) -> None:
    assert not schemas.allows(schema, value)


def test_an_array_may_be_empty_and_null_is_left_to_the_whole() -> None:
    assert list(schemas.choices({"type": "array"}, "x")) == [["x"], []]
    assert list(schemas.choices({"type": "array", "minItems": 1}, "x")) == [["x"]]
    assert list(schemas.choices({"enum": [1, 2]})) == [1, 2]
    assert list(schemas.choices({"const": 1})) == [1]
    assert schemas.allows({}, None)
    assert schemas.allows({"type": "object", "properties": {"a": {"type": "string"}}}, {"a": None})


def test_schemas_nest_no_deeper_than_their_limit() -> None:
    deep: dict[str, Any] = {}
    deep["properties"], deep["type"] = {"again": deep}, "object"
    row: dict[str, Any] = {"type": "array"}
    row["items"] = row
    assert str(schemas.example(deep)).count("again") == schemas.DEPTH_MAX
    assert schemas.example(row) is not None
    assert len(list(schemas.fields(deep))) == schemas.DEPTH_MAX + 1


def test_the_parts_of_a_schema_are_told_with_their_places() -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {
            "a": {"type": "string"},
            "b": {"type": "array", "items": {"type": "number"}},
            "c": True,
        },
        "required": ["a"],
    }
    found = {field.place: field.optional for field in schemas.fields(schema)}
    assert found == {(): False, ("a",): False, ("b",): True, ("b", 0): False}
    assert schemas.inside(schema, ("b", 0)) == {"type": "number"}
    assert schemas.inside(schema, ("d", "e")) == {}
    assert schemas.limits({"type": "number", "minimum": 1, "exclusiveMaximum": 9}) == [1, Decimal("8.99")]


def test_changes_go_together_unless_they_contradict_each_other() -> None:
    assert together({("a",): 1}, {("b",): 2}) == {("a",): 1, ("b",): 2}
    assert together({("a",): 1}, {("a",): 1}) == {("a",): 1}
    assert together({("a",): 1}, {("a",): True}) is None
    assert together({("a",): 1}, {("a", "b"): 2}) is None
    assert together({("a", "b"): 1}, {("a",): 2}) is None
    assert list(pairs([{("a",): 1}], [{("a",): 2}, {("b",): 2}])) == [{("a",): 1, ("b",): 2}]
    assert over({("a", "b"): 1, ("c",): 1}, {("a",): 2}) == {("a",): 2, ("c",): 1}


def test_changes_make_what_lies_between_and_leave_the_rest() -> None:
    case: Json = {"answers": {"check": [{"ok": True}]}}
    found = changed(case, {("answers", "check", 2, "ok"): False, ("given", "a"): 1})
    assert found == {"answers": {"check": [{"ok": True}, {"ok": True}, {"ok": False}]}, "given": {"a": 1}}
    assert changed(5, {("a", 0): 1}) == {"a": [1]}
    assert found_at(found, ("answers", "check", 2, "ok")) is False
    assert found_at(found, ("answers", "check", 9)) is None
    assert found_at(found, ("given", "a", "b")) is None
    assert found_at("text", (0,)) is None


def test_a_value_follows_a_change_of_it_of_a_part_or_of_the_whole() -> None:
    assert renewed({"a": 1}, ("x",), {("x", "a"): 2}) == {"a": 2}
    assert renewed(1, ("x", "a"), {("x",): {"a": 3}}) == 3
    assert renewed(1, ("x",), {("y",): 3}) == 1
