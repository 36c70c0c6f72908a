"""Built-in functions on truth and null."""

from flowmaster.engine.feel.builtins.registry import builtin
from flowmaster.engine.feel.comparing import same
from flowmaster.engine.feel.evaluation import Evaluation, Fault


@builtin("not(negand: boolean?)")
def negation(run: Evaluation, negand: bool | None) -> object:
    """Negates a boolean; anything else becomes null.

    Example: not(true) = false
    """
    return None if negand is None else not negand


@builtin("is([value1: any?], [value2: any?])")
def is_same(run: Evaluation, first: object = None, second: object = None) -> object:
    """Tells whether two values are the same element of the same type, zones and all.

    Example: is(date("2012-12-25"), time("23:00:50")) = false
    Example: is(time("23:00:50Z"), time("23:00:50")) = false
    """
    return same(first, second, run)


@builtin("is defined(value: any?)")
def is_defined(run: Evaluation, value: object) -> object:
    """Tells whether a value is there, that is, not null.

    Example: is defined(1) = true
    Example: is defined(null) = false
    """
    return value is not None


@builtin("get or else(value: any?, default: any?)")
def get_or_else(run: Evaluation, value: object, default: object) -> object:
    """Returns the value, or the default when the value is null.

    Example: get or else(null, "none") = "none"
    """
    return default if value is None else value


@builtin("assert(value: any?, condition: any?)")
def assert_plain(run: Evaluation, value: object, condition: object) -> object:
    """Returns the value if the condition is true, null with a warning otherwise.

    Example: assert(5, 5 > 3) = 5
    """
    return assert_caused(run, value, condition, "the condition is not met")


@builtin("assert(value: any?, condition: any?, cause: string)")
def assert_caused(run: Evaluation, value: object, condition: object, cause: str) -> object:
    """Returns the value if the condition is true, null with the cause as warning otherwise."""
    if condition is not True:
        raise Fault(cause)
    return value
