"""The registry refuses an operation that a stranger could not use."""

from typing import Any

import pytest
from pydantic import Field

from flowmaster.tools.models import Arguments, Result, WriteArguments
from flowmaster.tools.registry import Call, Registry, operation
from flowmaster.tools.schemas import canonical, input_schema, shown_schema
from tests.doors.sample import SampleAdd, SampleEcho, sample_echo


class Asked(Arguments):
    """Nothing."""


class Told(Result):
    """Nothing."""


class Inner(Arguments):
    """A part."""

    bare: int


class Outer(Arguments):
    """The whole."""

    inner: list[Inner] = Field(description="Parts.")


class Writes(WriteArguments):
    """Nothing."""


async def thing_do(call: Call, arguments: Asked) -> Told:
    """Do."""
    return Told()


async def do(call: Call, arguments: Asked) -> Told:
    """Do."""
    return Told()


async def thing_bare(call: Call, arguments: Asked) -> Told:
    return Told()


async def thing_nested(call: Call, arguments: Outer) -> Told:
    """Do."""
    return Told()


async def thing_write(call: Call, arguments: Writes) -> Told:
    """Do."""
    return Told()


async def thing_untyped(call: Call, arguments: Any) -> Told:
    """Do."""
    return Told()


def thing_sync(call: Call, arguments: Asked) -> Told:
    """Do."""
    return Told()


@pytest.mark.parametrize(
    ("function", "options", "says"),
    [
        (do, {"right": "a.b"}, "noun_verb"),
        (thing_bare, {"right": "a.b"}, "docstring"),
        (thing_do, {"right": ""}, "right"),
        (thing_do, {"right": "admin"}, "right"),
        (thing_nested, {"right": "a.b"}, "inner.bare"),
        (thing_do, {"right": "a.b", "read_only": False}, "WriteArguments"),
        (thing_write, {"right": "a.b", "read_only": True}, "WriteArguments"),
        (thing_do, {"right": "a.b", "destructive": True}, "destroy"),
        (thing_untyped, {"right": "a.b"}, "Arguments"),
        (thing_sync, {"right": "a.b"}, "async"),
        (thing_do, {"right": "a.b", "extra": "magic"}, "magic"),
    ],
)
def test_an_operation_is_refused_with_what_it_lacks(
    function: Any, options: dict[str, Any], says: str
) -> None:
    with pytest.raises(AssertionError, match=says):
        operation(**{"read_only": True, **options})(function)


def test_a_name_stands_for_one_operation() -> None:
    with pytest.raises(AssertionError, match="defined twice"):
        Registry([sample_echo, sample_echo])


def test_the_same_model_gives_the_same_bytes() -> None:
    assert canonical(input_schema(SampleEcho)) == canonical(input_schema(SampleEcho))


def test_a_schema_has_no_noise() -> None:
    text = canonical(input_schema(SampleEcho))
    assert '"title"' not in text
    assert '"null"' not in text
    assert '"default":null' not in text


def test_a_write_shows_its_own_arguments_first_and_of_the_common_ones_only_the_dry_run() -> None:
    schema = input_schema(SampleAdd)
    assert list(schema["properties"]) == ["amount", "dry_run", "idempotency_key", "reason"]
    assert shown_schema(schema)["properties"] == {
        "amount": {"type": "integer", "description": "How much to add."},
        "dry_run": {"type": "boolean", "description": "Check only."},
    }
