"""JSON text in and out, exactly: numbers as `int` and `Decimal`, and nothing dropped in silence.

Reading never fails on a flaw inside a value: it puts a `Flaw` in its place, so that the refusal can name the
argument where it stands. What is not JSON at all is a `ValueError`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

DIGITS_MAX = 1_000
"""Digits of one number; far beyond the 34 that FEEL computes with."""
EXPONENT_MAX = 6_144
"""The exponent range of decimal128."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """A place in a JSON text that holds no JSON value; `what` completes "must not be"."""

    what: str


TOO_MANY_DIGITS = Flaw(f"a number of more than {DIGITS_MAX} digits")
OUT_OF_RANGE = Flaw("a number beyond the range of decimals")


def read_json(text: str | bytes | bytearray) -> Any:
    """Parse a JSON text; `Flaw` stands where a number or a key is not sound.

    Raises:
        ValueError: the text is not JSON, or is nested beyond every limit.
    """
    try:
        return json.loads(
            text,
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_constant,
            object_pairs_hook=_object,
        )
    except RecursionError:
        raise ValueError("the JSON text is nested too deeply") from None


def write_json(value: object) -> bytes:
    """Return the compact JSON text of a value; decimals are written as the numbers they are."""
    return _ENCODER.encode(value)


def write_sorted(value: object) -> bytes:
    """Return the compact JSON text of a value, its keys in order: the same text for the same value."""
    return _SORTED.encode(value)


def read_own(text: bytes) -> Any:
    """Parse a JSON text that `write_json` wrote, and so need not be examined."""
    return _DECODER.decode(text)


_ENCODER = msgspec.json.Encoder(decimal_format="number")
_SORTED = msgspec.json.Encoder(decimal_format="number", order="sorted")
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


def _integer(digits: str) -> int | Flaw:
    return int(digits) if len(digits) <= DIGITS_MAX else TOO_MANY_DIGITS


def _decimal(digits: str) -> Decimal | Flaw:
    if len(digits) > DIGITS_MAX:
        return TOO_MANY_DIGITS
    try:
        number = Decimal(digits)
    except InvalidOperation:
        return OUT_OF_RANGE
    return number if abs(number.adjusted()) <= EXPONENT_MAX else OUT_OF_RANGE


def _constant(name: str) -> Flaw:
    return Flaw(f"{name}, which JSON does not know")


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                made[key] = Flaw("given twice")
            seen.add(key)
    return made
