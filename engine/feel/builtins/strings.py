"""Built-in functions on texts. Lengths and positions count characters, not code units."""

import base64
import binascii

from flowmaster.engine.feel.builtins.registry import builtin
from flowmaster.engine.feel.evaluation import Evaluation, Fault
from flowmaster.engine.feel.numbers import counted
from flowmaster.engine.values import Number


@builtin("substring(string: string, start position: number, [length: number])")
def substring(run: Evaluation, string: str, start: Number, length: Number | None = None) -> object:
    """Returns the characters from a position on, counted from 1 or, when negative, from the end.

    Example: substring("foobar", 3) = "obar"
    Example: substring("foobar", -2, 1) = "a"
    """
    position = counted(start)
    if position == 0:
        raise Fault("positions count from 1, or from -1 at the end")
    if abs(position) > len(string):
        raise Fault(f"there is no position {position} in {len(string)} characters")
    first = position - 1 if position > 0 else len(string) + position
    if length is None:
        return string[first:]
    if length < 1:
        raise Fault("the length must be positive")
    return string[first : first + counted(length)]


@builtin("string length(string: string)")
def string_length(run: Evaluation, string: str) -> object:
    """Returns the number of characters.

    Example: string length("foo") = 3
    """
    return len(string)


@builtin("upper case(string: string)")
def upper_case(run: Evaluation, string: str) -> object:
    """Returns the text in upper case.

    Example: upper case("aBc4") = "ABC4"
    """
    return string.upper()


@builtin("lower case(string: string)")
def lower_case(run: Evaluation, string: str) -> object:
    """Returns the text in lower case.

    Example: lower case("aBc4") = "abc4"
    """
    return string.lower()


@builtin("substring before(string: string, match: string)")
def substring_before(run: Evaluation, string: str, match: str) -> object:
    """Returns what stands before a text, nothing when it is not there.

    Example: substring before("foobar", "bar") = "foo"
    """
    return string.partition(match)[0] if match and match in string else ""


@builtin("substring after(string: string, match: string)")
def substring_after(run: Evaluation, string: str, match: str) -> object:
    """Returns what stands behind a text, nothing when it is not there.

    Example: substring after("foobar", "ob") = "ar"
    """
    if not match:
        return string
    return string.partition(match)[2]


@builtin("contains(string: string, match: string)")
def contains(run: Evaluation, string: str, match: str) -> object:
    """Tells whether a text holds another.

    Example: contains("foobar", "of") = false
    """
    return match in string


@builtin("starts with(string: string, match: string)")
def starts_with(run: Evaluation, string: str, match: str) -> object:
    """Tells whether a text begins with another.

    Example: starts with("foobar", "fo") = true
    """
    return string.startswith(match)


@builtin("ends with(string: string, match: string)")
def ends_with(run: Evaluation, string: str, match: str) -> object:
    """Tells whether a text ends with another.

    Example: ends with("foobar", "r") = true
    """
    return string.endswith(match)


@builtin("trim(string: string)")
def trim(run: Evaluation, string: str) -> object:
    """Returns the text without blanks at both ends.

    Example: trim("  hello ") = "hello"
    """
    return string.strip()


@builtin("is blank(string: string)")
def is_blank(run: Evaluation, string: str) -> object:
    """Tells whether a text has nothing but blanks.

    Example: is blank("  ") = true
    """
    return not string.strip()


@builtin("to base64(value: string)")
def to_base64(run: Evaluation, value: str) -> object:
    """Writes the UTF-8 bytes of a text in base 64.

    Example: to base64("FEEL") = "RkVFTA=="
    """
    run.write(len(value) * 2)
    return base64.b64encode(value.encode("utf-8", "replace")).decode("ascii")


@builtin("from base64(value: string)")
def from_base64(run: Evaluation, value: str) -> object:
    """Reads a text from base 64.

    Example: from base64("RkVFTA==") = "FEEL"
    """
    try:
        return base64.b64decode(value, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise Fault("the text is not in base 64") from None
