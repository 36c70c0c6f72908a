"""Exact numbers: Python integers while they fit into 34 digits, decimals of 34 digits otherwise.

FEEL's numbers are IEEE 754-2008 decimal128 (DMN 1.5, 10.3.2.3.1). The decimal context is explicit: the one of
the running thread is never read.
"""

from decimal import ROUND_HALF_EVEN, Context, Decimal

from flowmaster.engine.values import Number

INTEGER_MAX = 10**34
"""Integers below this stay integers; larger ones are rounded to a decimal of 34 digits."""

COUNT_MAX = 10**15
"""Beyond the number of any items, characters or milliseconds."""

DECIMAL = Context(prec=34, rounding=ROUND_HALF_EVEN, Emin=-6143, Emax=6144, capitals=1, clamp=0, traps=[])
EXACT = Context(prec=13_000, rounding=ROUND_HALF_EVEN, Emin=-999_999, Emax=999_999, traps=[])
"""For rounding to a scale: wide enough for every decimal128 written out."""


def fit(value: int) -> Number:
    """Return an integer as it is, or as a decimal of 34 digits when it is longer."""
    return value if -INTEGER_MAX < value < INTEGER_MAX else DECIMAL.create_decimal(value)


def finite(value: Decimal) -> Decimal | None:
    """Return a decimal, or None where the operation had no finite result."""
    return value if value.is_finite() else None


def tidy(value: Decimal) -> Number | None:
    """Return an integer for an integral decimal of usual size, the decimal otherwise, None if not finite."""
    if not value.is_finite():
        return None
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and -40 < exponent < 34 and value == value.to_integral_value(context=EXACT):
        return fit(int(value))
    return value


def read_number(text: str) -> Number | None:
    """Read a number literal: digits, fraction, exponent; None when it is not one."""
    if text.isdecimal() and text.isascii():
        return fit(int(text)) if len(text) < 1000 else None
    value = DECIMAL.create_decimal(text)
    if not value.is_finite():
        return None
    return tidy(value) if "e" in text or "E" in text else value


def write_number(value: Number) -> str:
    """Write a number in plain digits where that is short, without trailing zeros."""
    if isinstance(value, int):
        return str(value)
    if value == 0:
        return "0"
    reduced = value.normalize(DECIMAL)
    exponent = reduced.as_tuple().exponent
    if isinstance(exponent, int) and -40 <= exponent <= 40:
        return format(reduced, "f")
    return str(reduced)


def is_number(value: object) -> bool:
    """Tell whether a FEEL value is a number; booleans are not."""
    return value.__class__ is int or value.__class__ is Decimal


def as_decimal(value: Number) -> Decimal:
    """Return a number as a decimal of at most 34 digits."""
    return value if isinstance(value, Decimal) else DECIMAL.create_decimal(value)


def counted(value: Number) -> int:
    """Return the whole part of a number that counts or places items; what is out of any reach is cut off."""
    return int(max(-COUNT_MAX, min(COUNT_MAX, value)))


def divide(left: Number, right: Number) -> Number | None:
    """Divide exactly when that is possible, to 34 digits otherwise; None for a zero divisor."""
    if not right:
        return None
    if isinstance(left, int) and isinstance(right, int):
        quotient, rest = divmod(left, right)
        if not rest:
            return quotient
    result = DECIMAL.divide(as_decimal(left), as_decimal(right))
    return result if result.is_finite() else None


def power(base: Number, exponent: Number) -> Number | None:
    """Raise to a power; None where there is no real, finite result."""
    if isinstance(base, int) and isinstance(exponent, int) and 0 <= exponent <= 64 and abs(base) < 10_000:
        return fit(base**exponent)
    if not base and not exponent:
        return 1
    return tidy(DECIMAL.power(as_decimal(base), as_decimal(exponent)))
