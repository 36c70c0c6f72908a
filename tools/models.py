"""The models that operations build on: arguments, write arguments, results, follow-ups and free JSON values.

A result field with a default is left out of an answer while it has that value; a field without one always
stands. So `next_cursor: str | None` (no default) shows as `null`, and `settling: bool = False` shows when true.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema

from flowmaster.engine.errors import Hint
from flowmaster.engine.values import Json

REASON_LENGTH_MAX = 1_000
KEY_LENGTH_MAX = 200

JSON_TYPES = ("object", "array", "string", "number", "boolean", "null")


class Arguments(BaseModel):
    """Arguments of an operation: strict types, and nothing that was not asked for."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class WriteArguments(Arguments):
    """Arguments of an operation that changes something."""

    dry_run: bool = Field(
        default=False, description="Check everything, change nothing; the answer is marked `dry_run`."
    )
    idempotency_key: str | None = Field(
        default=None,
        min_length=1,
        max_length=KEY_LENGTH_MAX,
        description="Repeat a call safely: the same key and arguments act once and answer the same.",
        examples=["order-4711-start"],
    )
    reason: str | None = Field(
        default=None,
        max_length=REASON_LENGTH_MAX,
        description="Why this is done; kept in the audit log.",
        examples=["asked for by the cost centre owner"],
    )


class Shape(BaseModel):
    """A part of a result: an entry of a list, an object inside an object."""

    model_config = ConfigDict(frozen=True)


class NextCall(Shape):
    """A concrete follow-up call that is valid in the state just reached."""

    operation: str = Field(description="The operation to call.")
    arguments: dict[str, Any] = Field(description="Its arguments, filled in.")
    why: str = Field(description="What the call brings.")


class Result(Shape):
    """What an operation answers; every result may carry up to three follow-up calls."""

    next: list[NextCall] = Field(default=[], max_length=3, description="Calls that make sense now.")
    left_out: dict[str, int] = Field(
        default={}, description="Entries of each list that would make it too long."
    )


def follow_up(hint: Hint) -> NextCall:
    """Turn the hint of a lower floor into the follow-up call of a result."""
    return NextCall(operation=hint.operation, arguments=dict(hint.arguments), why=hint.why)


Item = TypeVar("Item")


class ResultList(Result, Generic[Item]):
    """A page of a list."""

    items: list[Item] = Field(description="The entries of this page.")
    total: int = Field(description="How many entries there are in all.")
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page; null on the last.")


class _AsGiven:
    """Lets a JSON value through as it came: the door has examined it already."""

    def __init__(self, schema: dict[str, Any], kind: core_schema.CoreSchema) -> None:
        self._schema = schema
        self._kind = kind

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return self._kind

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return dict(self._schema)


def _exact(value: object) -> object:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return value
    raise ValueError("is not a number")


def _one_of(*types: str) -> dict[str, Any]:
    return {"anyOf": [{"type": each} for each in types]}


def _object(told: dict[str, Any]) -> _AsGiven:
    keyed = core_schema.dict_schema(core_schema.str_schema(), strict=True)
    return _AsGiven({"type": "object", **told}, keyed)


if TYPE_CHECKING:
    Value: TypeAlias = Json
    Written: TypeAlias = Json
    Variables: TypeAlias = dict[str, Json]
    Edit: TypeAlias = dict[str, Json]
    Number: TypeAlias = int | Decimal
else:
    Value = Annotated[
        Any,
        _AsGiven(_one_of("object", "array", "string", "number", "boolean", "null"), core_schema.any_schema()),
    ]
    """Any JSON value, numbers exact (`int` or `Decimal`)."""
    Written = Annotated[Any, _AsGiven(_one_of("object", "string"), core_schema.any_schema())]
    """What is written as an object or as its text; the reader of it says what is wrong with anything else."""
    Variables = Annotated[dict, _object({})]
    """A JSON object with free keys, such as process variables."""
    Edit = Annotated[dict, _object({"examples": [{"rename": "place", "to": "order it"}]})]
    """One change of a draft."""
    Number = Annotated[
        Any, _AsGiven({"type": "number"}, core_schema.no_info_plain_validator_function(_exact))
    ]
    """An exact number."""
