"""Built-in functions on numbers."""

from collections.abc import Callable
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
)

from flowmaster.engine.feel.builtins.registry import builtin
from flowmaster.engine.feel.evaluation import Evaluation, Fault
from flowmaster.engine.feel.numbers import DECIMAL, EXACT, as_decimal, counted, fit, tidy
from flowmaster.engine.feel.temporal import DayTimeDuration, YearMonthDuration
from flowmaster.engine.values import Number

SCALE_MIN, SCALE_MAX = -6111, 6176


def _round(value: Number, scale: Number, rounding: str) -> Number:
    """Round to a scale; digits that the number does not have are not added."""
    places = counted(scale)
    if not SCALE_MIN <= places <= SCALE_MAX:
        raise Fault(f"the scale must lie between {SCALE_MIN} and {SCALE_MAX}")
    if isinstance(value, int) and places >= 0:
        return value
    exact = as_decimal(value)
    exponent = exact.as_tuple().exponent
    if not isinstance(exponent, int) or -exponent <= places:
        return value
    context = Context(prec=EXACT.prec, rounding=rounding, Emin=EXACT.Emin, Emax=EXACT.Emax, traps=[])
    result = tidy(exact.quantize(Decimal(1).scaleb(-places, EXACT), context=context))
    assert result is not None, "a number with fewer digits is not too large"
    return result


@builtin("decimal(n: number, scale: number)")
def decimal(run: Evaluation, n: Number, scale: Number) -> object:
    """Rounds to a scale, halves to the even neighbour.

    Example: decimal(1/3, 2) = 0.33
    Example: decimal(2.5, 0) = 2
    """
    return _round(n, scale, ROUND_HALF_EVEN)


@builtin("floor(n: number, [scale: number])")
def floor(run: Evaluation, n: Number, scale: Number = 0) -> object:
    """Rounds down.

    Example: floor(-1.5) = -2
    Example: floor(1.56, 1) = 1.5
    """
    return _round(n, _given(scale), ROUND_FLOOR)


@builtin("ceiling(n: number, [scale: number])")
def ceiling(run: Evaluation, n: Number, scale: Number = 0) -> object:
    """Rounds up.

    Example: ceiling(1.5) = 2
    Example: ceiling(-1.56, 1) = -1.5
    """
    return _round(n, _given(scale), ROUND_CEILING)


def _given(scale: Number | None) -> Number:
    return 0 if scale is None else scale


@builtin("round up(n: number, scale: number)")
def round_up(run: Evaluation, n: Number, scale: Number) -> object:
    """Rounds away from zero.

    Example: round up(-1.126, 2) = -1.13
    """
    return _round(n, scale, ROUND_UP)


@builtin("round down(n: number, scale: number)")
def round_down(run: Evaluation, n: Number, scale: Number) -> object:
    """Rounds towards zero.

    Example: round down(5.5, 0) = 5
    """
    return _round(n, scale, ROUND_DOWN)


@builtin("round half up(n: number, scale: number)")
def round_half_up(run: Evaluation, n: Number, scale: Number) -> object:
    """Rounds to the nearest, halves away from zero.

    Example: round half up(-5.5, 0) = -6
    """
    return _round(n, scale, ROUND_HALF_UP)


@builtin("round half down(n: number, scale: number)")
def round_half_down(run: Evaluation, n: Number, scale: Number) -> object:
    """Rounds to the nearest, halves towards zero.

    Example: round half down(5.5, 0) = 5
    """
    return _round(n, scale, ROUND_HALF_DOWN)


@builtin("abs(n: number)")
def absolute(run: Evaluation, n: Number) -> object:
    """Returns a number or a duration without its sign.

    Example: abs(-10) = 10
    Example: abs(@"-P7Y") = @"P7Y"
    """
    return n.copy_abs() if isinstance(n, Decimal) else abs(n)


@builtin("abs(n: days and time duration)")
def absolute_days(run: Evaluation, n: DayTimeDuration) -> object:
    """Returns a duration without its sign."""
    return DayTimeDuration(abs(n.nanos))


@builtin("abs(n: years and months duration)")
def absolute_months(run: Evaluation, n: YearMonthDuration) -> object:
    """Returns a duration without its sign."""
    return YearMonthDuration(abs(n.months))


@builtin("modulo(dividend: number, divisor: number)")
def modulo(run: Evaluation, dividend: Number, divisor: Number) -> object:
    """Returns the rest of a division, with the sign of the divisor.

    Example: modulo(-12, 5) = 3
    Example: modulo(10.1, -4.5) = -3.4
    """
    if not divisor:
        raise Fault("the divisor is zero")
    if isinstance(dividend, int) and isinstance(divisor, int):
        return dividend % divisor
    quotient = EXACT.divide_int(dividend, divisor)
    rest = EXACT.subtract(dividend, EXACT.multiply(quotient, divisor))
    if rest and (rest < 0) != (divisor < 0):
        rest = EXACT.add(rest, divisor)
    return _finite(DECIMAL.plus(rest))


@builtin("sqrt(number: number)")
def square_root(run: Evaluation, number: Number) -> object:
    """Returns the square root.

    Example: sqrt(16) = 4
    """
    if number < 0:
        raise Fault("a negative number has no square root")
    return _finite(DECIMAL.sqrt(as_decimal(number)))


@builtin("log(number: number)")
def logarithm(run: Evaluation, number: Number) -> object:
    """Returns the natural logarithm.

    Example: decimal(log(10), 8) = 2.30258509
    """
    if number <= 0:
        raise Fault("only positive numbers have a logarithm")
    return _finite(DECIMAL.ln(as_decimal(number)))


@builtin("exp(number: number)")
def exponential(run: Evaluation, number: Number) -> object:
    """Returns e to the power of a number.

    Example: decimal(exp(5), 8) = 148.41315910
    """
    return _finite(DECIMAL.exp(as_decimal(number)))


@builtin("odd(number: number)")
def odd(run: Evaluation, number: Number) -> object:
    """Tells whether a number is odd.

    Example: odd(5) = true
    """
    return number == int(number) and int(number) % 2 == 1


@builtin("even(number: number)")
def even(run: Evaluation, number: Number) -> object:
    """Tells whether a number is even.

    Example: even(5) = false
    """
    return number == int(number) and int(number) % 2 == 0


def _finite(value: Decimal) -> Number:
    result = tidy(value)
    if result is None:
        raise Fault("there is no finite result")
    return result


def total(values: list[Number]) -> Number:
    """Add numbers up."""
    if all(value.__class__ is int for value in values):
        return fit(sum(values))  # type: ignore[arg-type]  # All of them are integers.
    result = Decimal(0)
    for value in values:
        result = DECIMAL.add(result, as_decimal(value))
    return _finite(result)


def fold(values: list[Number], step: Callable[[Decimal, Decimal], Decimal]) -> Number:
    """Combine numbers one after the other in 34 digits."""
    result = as_decimal(values[0])
    for value in values[1:]:
        result = step(result, as_decimal(value))
    return _finite(result)
