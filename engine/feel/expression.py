"""FEEL for everyone else: compile an expression once, evaluate it often."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from flowmaster.engine.feel import convert
from flowmaster.engine.feel import syntax as s
from flowmaster.engine.feel.builtins import library
from flowmaster.engine.feel.compiler import NONE_DECLARED, Compiler
from flowmaster.engine.feel.declared import Read
from flowmaster.engine.feel.evaluation import (
    DEFAULT,
    QUIET,
    Evaluation,
    FeelLimitExceeded,
    Limits,
    Place,
    Warning,
)
from flowmaster.engine.feel.external import External
from flowmaster.engine.feel.lexer import FeelSyntaxError
from flowmaster.engine.feel.names import NameSet
from flowmaster.engine.feel.parser import PROPERTIES, parse_expression, parse_unary_tests
from flowmaster.engine.feel.types import Resolver, simple_type

__all__ = [
    "FeelLimitExceeded",
    "FeelSyntaxError",
    "Expression",
    "Limits",
    "Result",
    "Warning",
    "compile_expression",
    "compile_unary_tests",
    "from_json",
    "to_json",
]

to_json = convert.to_json
from_json = convert.from_json
BUILTIN_NAMES = NameSet(library.BUILTINS, PROPERTIES, builtin=True)
"""The names every expression knows; extend it with `NameSet(names, BUILTIN_NAMES)`."""


class Result(NamedTuple):
    """What an evaluation gives: the value, and why parts of it became null."""

    value: object
    warnings: tuple[Warning, ...]


class Expression:
    """A compiled expression: immutable, and shareable between threads."""

    __slots__ = ("_quiet", "code", "constant", "is_constant", "names", "names_perhaps", "node", "text")

    def __init__(self, text: str, node: s.Node, compiler: Compiler) -> None:
        self.text = text
        self.node = node
        self.code = compiler.compile(node)
        """The closure itself, for whoever carries an evaluation of its own."""
        self.is_constant = self.code in compiler.constants
        self.constant = compiler.constants.get(self.code)
        """The value of a constant expression."""
        self.names = frozenset(compiler.free)
        """The top-level variables that are read."""
        self.names_perhaps = frozenset(compiler.perhaps) - self.names
        """The names inside of filters: entries of the items, or variables when the items lack them."""
        self._quiet = compiler.bounded

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def evaluate(
        self,
        variables: Mapping[str, object],
        *,
        at: int = 0,
        zone: str = "UTC",
        limits: Limits = DEFAULT,
    ) -> Result:
        """Evaluate with warnings. `at` is what `now()` answers, in milliseconds since the epoch."""
        run = Evaluation(at, zone, limits)
        value = self.run(variables, run)
        return Result(value, tuple(run.warnings))

    def value(self, variables: Mapping[str, object], at: int = 0) -> object:
        """Evaluate to the bare value; faults are null, as always in FEEL."""
        try:
            return self.code(variables, QUIET if self._quiet else Evaluation(at))
        except RecursionError:
            raise FeelLimitExceeded("nested calls", DEFAULT.depth) from None

    def run(self, variables: Mapping[str, object], evaluation: Evaluation) -> object:
        """Evaluate as a part of a larger evaluation, sharing its fuel and warnings."""
        try:
            return self.code(variables, evaluation)
        except RecursionError:
            raise FeelLimitExceeded("nested calls", evaluation.limits.depth) from None


def compile_expression(
    text: str,
    *,
    names: Iterable[str] | NameSet = (),
    types: Resolver = simple_type,
    external: External | None = None,
    declared: Mapping[str, Read] = NONE_DECLARED,
) -> Expression:
    """Compile an expression.

    `names` are known variables, needed where a name has blanks or special characters; `declared` says how those are
    read that are kept in another form (`declared.py`). Raises `FeelSyntaxError` (code `feel.syntax`) with line and column.
    """
    known = names if isinstance(names, NameSet) else NameSet(names, BUILTIN_NAMES)
    try:
        return Expression(
            text, parse_expression(text, known), Compiler(known.given, types, external, declared)
        )
    except RecursionError:
        raise _too_deep() from None


def compile_unary_tests(
    text: str,
    *,
    names: Iterable[str] | NameSet = (),
    types: Resolver = simple_type,
) -> Expression:
    """Compile the unary tests of a table cell; the tested value is the variable `?`."""
    known = names if isinstance(names, NameSet) else NameSet(names, BUILTIN_NAMES)
    try:
        return Expression(text, parse_unary_tests(text, known), Compiler(known.given, types))
    except RecursionError:
        raise _too_deep() from None


def _too_deep() -> FeelSyntaxError:
    """Return the refusal of a nesting that is within the parser's limit but not within the caller's stack."""
    return FeelSyntaxError("the expression is nested too deep", Place(0, 1, 1), "Nest it less deep.")
