"""Numbers on their way through the protocol library, which knows binary floats alone."""

from decimal import Decimal
from typing import Any


def with_floats(value: Any) -> Any:
    """Return a JSON value with its decimals as floats."""
    if isinstance(value, dict):
        return {key: with_floats(each) for key, each in value.items()}
    if isinstance(value, list):
        return [with_floats(each) for each in value]
    return value if isinstance(value, str | int | None) else float(value)


def with_decimals(value: Any) -> Any:
    """Return a JSON value with its floats as the decimals that they were most likely written as."""
    if isinstance(value, dict):
        return {key: with_decimals(each) for key, each in value.items()}
    if isinstance(value, list):
        return [with_decimals(each) for each in value]
    return Decimal(str(value)) if isinstance(value, float) else value
