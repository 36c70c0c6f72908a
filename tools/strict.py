"""The examination of raw arguments: what no JSON value may hold is refused with the place where it stands."""

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NoReturn

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.values import Json
from flowmaster.tools.json_text import DIGITS_MAX, EXPONENT_MAX, OUT_OF_RANGE, TOO_MANY_DIGITS, Flaw
from flowmaster.tools.schema_places import Schema, below

DEPTH_MAX = 100
"""Objects and lists inside each other, in the arguments of one call."""
STRING_LENGTH_MAX = 8_000_000
"""Characters of one string; a field may allow less."""

_INTEGER_END = 10**DIGITS_MAX


def examined(arguments: object) -> dict[str, Json]:
    """Return the arguments as sound JSON with exact numbers, or refuse with the place of the first flaw."""
    if not isinstance(arguments, dict):
        raise refusal("", "must be a JSON object", expected="object", fix='Give {"name": value, ...}.')
    sound: dict[str, Json] = _object(arguments, "", 1)
    return sound


def with_integers(arguments: dict[str, Json], schema: Schema) -> dict[str, Json]:
    """Return the arguments with `2` for `2.0` wherever the schema wants an integer: JSON Schema tells them not apart."""
    if not _has_decimal(arguments):
        return arguments
    whole: dict[str, Json] = _with_integers(arguments, schema, [schema])
    return whole


def _has_decimal(value: Any) -> bool:
    for each in value.values() if type(value) is dict else value:
        kind = type(each)
        if kind is Decimal or ((kind is dict or kind is list) and _has_decimal(each)):
            return True
    return False


def _with_integers(value: Any, root: Schema, nodes: Sequence[Schema]) -> Any:
    if isinstance(value, Decimal):
        kinds = {each.get("type") for each in nodes}
        wanted = "integer" in kinds and "number" not in kinds
        return (
            int(value)
            if wanted and value.adjusted() < DIGITS_MAX and value == value.to_integral_value()
            else value
        )
    if isinstance(value, dict) and nodes:
        return {key: _with_integers(each, root, below(root, nodes, key)) for key, each in value.items()}
    if isinstance(value, list) and nodes:
        return [_with_integers(each, root, below(root, nodes, index)) for index, each in enumerate(value)]
    return value


def refusal(path: str, complaint: str, *, expected: Json = None, fix: str = "") -> FlowMasterError:
    """Return the refusal of an argument."""
    return FlowMasterError(
        "arguments.invalid",
        f"`{path}` {complaint}." if path else f"The arguments {complaint}.",
        path=path,
        expected=expected,
        fix=fix,
        status=422,
    )


def _value(value: Any, path: str, depth: int) -> Any:
    kind = type(value)
    if kind is str:
        return _string(value, path)
    if kind is bool or value is None:
        return value
    if kind is int or kind is Decimal:
        return _number(value, path)
    if depth >= DEPTH_MAX and kind in (dict, list, tuple):
        raise refusal(shown_path(path), f"is nested more than {DEPTH_MAX} deep", fix="Flatten the value.")
    if kind is dict:
        return _object(value, path, depth + 1)
    if kind is list or kind is tuple:
        return [_value(each, f"{path}[{index}]", depth + 1) for index, each in enumerate(value)]
    if kind is float:
        return Decimal(repr(value)) if math.isfinite(value) else _refuse_number(value, path)
    if kind is Flaw:
        _refuse_flaw(value, path)
    raise refusal(shown_path(path), f"must not be a {kind.__name__}", expected="a JSON value")


def _object(value: dict[Any, Any], path: str, depth: int) -> dict[str, Any]:
    prefix = f"{path}." if path else ""
    sound: dict[str, Any] = {}
    for key, each in value.items():
        here = f"{prefix}{key}"
        if not isinstance(key, str):
            raise refusal(
                shown_path(here),
                "must have a string as its key",
                fix='Write the key in quotes: {"name": value}.',
            )
        _string(key, here)
        sound[key] = _value(each, here, depth)
    return sound


def _string(value: str, path: str) -> str:
    if len(value) > STRING_LENGTH_MAX:
        raise refusal(
            shown_path(path),
            f"has {len(value)} characters",
            expected=f"at most {STRING_LENGTH_MAX} characters",
        )
    if "\x00" in value:
        raise refusal(shown_path(path), "must not hold a NUL character", fix="Remove the \\u0000.")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise refusal(
                shown_path(path), "must not hold half a surrogate pair", fix="Send whole characters."
            ) from None
    return value


def _number(value: int | Decimal, path: str) -> int | Decimal:
    if isinstance(value, int):
        sound = -_INTEGER_END < value < _INTEGER_END
        return value if sound else _refuse_flaw(TOO_MANY_DIGITS, path)
    if not value.is_finite():
        return _refuse_number(value, path)
    return value if abs(value.adjusted()) <= EXPONENT_MAX else _refuse_flaw(OUT_OF_RANGE, path)


def _refuse_number(value: Decimal | float, path: str) -> NoReturn:
    said = str(value).lower()
    name = "NaN" if "nan" in said else "-Infinity" if said.startswith("-") else "Infinity"
    _refuse_flaw(Flaw(f"{name}, which JSON does not know"), path)


def _refuse_flaw(flaw: Flaw, path: str) -> NoReturn:
    raise refusal(shown_path(path), f"must not be {flaw.what}", fix="Send one sound JSON value there.")


def shown_path(path: str) -> str:
    """Return a path that may itself be hostile as text fit to be shown."""
    shown = path if len(path) <= 120 else f"{path[:80]}...{path[-30:]}"
    return shown.encode("utf-8", "replace").decode().replace("\x00", "\\u0000")
