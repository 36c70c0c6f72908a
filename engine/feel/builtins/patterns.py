"""Built-in functions on texts by regular expressions (XPath 2.0, with the flags s, m, i and x)."""

from flowmaster.engine.feel import pattern_match
from flowmaster.engine.feel.builtins.registry import builtin
from flowmaster.engine.feel.evaluation import Evaluation, Fault
from flowmaster.engine.feel.pattern import PatternError, Program, compile_pattern


def _compile(pattern: str, flags: str | None) -> Program:
    try:
        return compile_pattern(pattern, flags or "")
    except PatternError as error:
        raise Fault(f"{pattern[:60]!r}: {error}") from None


@builtin("matches(input: string, pattern: string, [flags: string?])")
def matches(run: Evaluation, text: str, pattern: str, flags: str | None = None) -> object:
    """Tells whether a text matches a pattern anywhere.

    Example: matches("foobar", "^fo*b") = true
    Example: matches("ABC", "b", "i") = true
    """
    return pattern_match.matches(_compile(pattern, flags), text, run)


@builtin("replace(input: string, pattern: string, replacement: string, [flags: string?])")
def replace(run: Evaluation, text: str, pattern: str, replacement: str, flags: str | None = None) -> object:
    """Replaces what matches a pattern; `$1` in the replacement is the first group.

    Example: replace("abcd", "(ab)|(a)", "[1=$1][2=$2]") = "[1=ab][2=]cd"
    """
    try:
        result = pattern_match.replace(_compile(pattern, flags), text, replacement, run)
    except PatternError as error:
        raise Fault(str(error)) from None
    run.write(len(result))
    return result


@builtin("split(string: string, delimiter: string)")
def split(run: Evaluation, text: str, delimiter: str) -> object:
    r"""Splits a text at what matches a pattern.

    Example: split("John Doe", "\s") = ["John", "Doe"]
    """
    try:
        result = pattern_match.split(_compile(delimiter, ""), text, run)
    except PatternError as error:
        raise Fault(str(error)) from None
    run.hold(len(result))
    return result


@builtin("extract(string: string, pattern: string)")
def extract(run: Evaluation, text: str, pattern: str) -> object:
    """Returns all parts of a text that match a pattern.

    Example: extract("references are 1234, 1256, 1378", "12[0-9]*") = ["1234", "1256"]
    """
    program = _compile(pattern, "")
    found = [text[spans[0] : spans[1]] for spans in pattern_match.find(program, text, run)]
    result = [part for part in found if part]
    run.hold(len(result))
    return result
