"""The syntax tree to Python closures: each node becomes one function of the variables and the evaluation.

What is constant is computed here, once. Closures are specialised for what stands in conditions most often: small
integers, strings, names and constants. Everything else takes the general road through the tables of operators.
"""

import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from flowmaster.engine.feel import syntax as s
from flowmaster.engine.feel.arithmetic import calculate, negate
from flowmaster.engine.feel.builtins.registry import BUILTINS
from flowmaster.engine.feel.comparing import compare, equal, pay_for
from flowmaster.engine.feel.compile_calls import compile_call, compile_function
from flowmaster.engine.feel.compile_collections import (
    compile_context,
    compile_filter,
    compile_for,
    compile_list,
    compile_path,
    compile_quantified,
    compile_range,
)
from flowmaster.engine.feel.compile_tests import compile_in, compile_tests, compile_unary
from flowmaster.engine.feel.declared import Read
from flowmaster.engine.feel.evaluation import Evaluation, FeelLimitExceeded, Limits, Place
from flowmaster.engine.feel.external import External
from flowmaster.engine.feel.numbers import INTEGER_MAX
from flowmaster.engine.feel.scope import NOTHING
from flowmaster.engine.feel.types import Resolver, is_instance, resolve, simple_type
from flowmaster.engine.feel.values import kind_of

Code = Callable[[Mapping[str, object], Evaluation], Any]
"""A compiled node: variables and evaluation in, a FEEL value out."""

_FOLDING = Limits(steps=1_000, depth=10, characters=10_000, items=1_000)
_LOW, _HIGH = -INTEGER_MAX, INTEGER_MAX
_RELATIONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
NONE_DECLARED: Mapping[str, Read] = {}
_NUMBERS = frozenset((int, Decimal))
_EXACT: dict[str, Callable[[Any, Any], int]] = {"+": operator.add, "-": operator.sub, "*": operator.mul}


class Compiler:
    """Compiles one tree and notes what it reads and whether its work is bounded by its text."""

    def __init__(
        self,
        known: frozenset[str] = frozenset(),
        types: Resolver = simple_type,
        external: External | None = None,
        declared: Mapping[str, Read] = NONE_DECLARED,
    ) -> None:
        self.known = known
        self.declared = declared
        self.types = types
        self.external = external
        self.constants: dict[Code, object] = {}
        self.free: set[str] = set()
        self.perhaps: set[str] = set()
        self.filters = 0
        self.bounded = True

    def compile(self, node: s.Node) -> Code:
        """Compile any node."""
        return _COMPILERS[node.__class__](self, node)

    def constant(self, value: object) -> Code:
        """Return code that answers one value."""

        def run(variables: Mapping[str, object], evaluation: Evaluation) -> object:
            return value

        self.constants[run] = value
        return run

    def fold(self, code: Code, *parts: Code) -> Code:
        """Compute code whose parts are all constant, unless it warns: then it shall warn each time."""
        if not all(part in self.constants for part in parts):
            return code
        trial = Evaluation(limits=_FOLDING)
        try:
            value = code(NOTHING, trial)
        except FeelLimitExceeded:
            return code
        return code if trial.warnings else self.constant(value)

    def reads(self, name: str) -> None:
        """Note that a variable from outside is read, perhaps only, since a filter's item may have it."""
        (self.perhaps if self.filters else self.free).add(name)


def _literal(compiler: Compiler, node: Any) -> Code:
    return compiler.constant(node.value)


def _name(compiler: Compiler, node: Any) -> Code:
    name, place = node.name, node.place
    builtin = BUILTINS.get(name)
    read = None
    if not node.bound:
        compiler.reads(name)
        read = compiler.declared.get(name)

    def run(variables: Mapping[str, object], evaluation: Evaluation) -> object:
        try:
            return variables[name]
        except KeyError:
            if builtin is not None:
                return builtin.as_function(place)
            evaluation.warn(f"There is no variable {name!r}", place)
            return None

    return run if read is None else _declared(run, read)


def _declared(code: Code, read: Read) -> Code:
    """Code for a variable that is kept as a text and declared as a date, a time or a duration."""

    def run(variables: Mapping[str, object], evaluation: Evaluation) -> object:
        return read(code(variables, evaluation))

    return run


def _negation(compiler: Compiler, node: Any) -> Code:
    value, place = compiler.compile(node.value), node.place

    def run(variables: Mapping[str, object], evaluation: Evaluation) -> object:
        operand = value(variables, evaluation)
        result = negate(operand)
        if result is None:
            evaluation.warn(f"Cannot negate {kind_of(operand)}", place)
        return result

    return compiler.fold(run, value)


def _arithmetic(compiler: Compiler, node: Any) -> Code:
    left, right = compiler.compile(node.left), compiler.compile(node.right)
    sign, place = node.operator, node.place
    exact = _EXACT.get(sign)
    if exact is None:

        def run(variables: Mapping[str, object], evaluation: Evaluation) -> object:
            return calculate(
                sign, left(variables, evaluation), right(variables, evaluation), evaluation, place
            )

        return compiler.fold(run, left, right)
    if compiler.constants.get(right).__class__ is int and left not in compiler.constants:
        constant = compiler.constants[right]
        if isinstance(node.left, s.Name) and node.left.name not in compiler.declared:
            return _name_with_integer(sign, exact, node.left.name, left, constant, place)
        return _with_integer(sign, exact, left, constant, place)

    def run_exact(variables: Mapping[str, object], evaluation: Evaluation) -> object:
        a, b = left(variables, evaluation), right(variables, evaluation)
        if a.__class__ is int and b.__class__ is int:
            result = exact(a, b)
            if _LOW < result < _HIGH:
                return result
        return calculate(sign, a, b, evaluation, place)

    return compiler.fold(run_exact, left, right)


def _with_integer(
    sign: str, exact: Callable[[Any, Any], int], left: Code, constant: Any, place: Place
) -> Code:
    """Code for `left + 1` and its like."""

    def run(variables: Mapping[str, object], evaluation: Evaluation) -> object:
        a = left(variables, evaluation)
        if a.__class__ is int:
            result = exact(a, constant)
            if _LOW < result < _HIGH:
                return result
        return calculate(sign, a, constant, evaluation, place)

    return run


def _name_with_integer(
    sign: str, exact: Callable[[Any, Any], int], name: str, left: Code, constant: Any, place: Place
) -> Code:
    """Code for `v + 1`: the same without the call for the variable."""

    def run(variables: Mapping[str, object], evaluation: Evaluation) -> object:
        try:
            a: Any = variables[name]
        except KeyError:
            a = left(variables, evaluation)
        if a.__class__ is int:
            result = exact(a, constant)
            if _LOW < result < _HIGH:
                return result
        return calculate(sign, a, constant, evaluation, place)

    return run


def _comparison(compiler: Compiler, node: Any) -> Code:
    left, right = compiler.compile(node.left), compiler.compile(node.right)
    sign, place = node.operator, node.place
    relation = _RELATIONS[sign]
    general = _equality if sign in ("=", "!=") else _order
    if right in compiler.constants and left not in compiler.constants:
        constant = compiler.constants[right]
        kind = constant.__class__
        if kind is int or kind is str:
            if isinstance(node.left, s.Name):
                return _name_compared(sign, relation, general, node.left.name, left, constant, place)

            def run_constant(variables: Mapping[str, object], evaluation: Evaluation) -> object:
                a = left(variables, evaluation)
                if a.__class__ is kind:
                    return relation(a, constant)
                return general(sign, a, constant, evaluation, place)

            return run_constant

    def run(variables: Mapping[str, object], evaluation: Evaluation) -> object:
        a, b = left(variables, evaluation), right(variables, evaluation)
        if a.__class__ is int and b.__class__ is int:
            return relation(a, b)
        return general(sign, a, b, evaluation, place)

    return compiler.fold(run, left, right)


def _name_compared(
    sign: str,
    relation: Callable[[Any, Any], bool],
    general: Callable[[str, object, object, Evaluation, Place], bool | None],
    name: str,
    left: Code,
    constant: Any,
    place: Place,
) -> Code:
    """Code for `amount > 1000`: the comparison of a variable with a constant."""
    kind = constant.__class__

    def run(variables: Mapping[str, object], evaluation: Evaluation) -> object:
        try:
            a: Any = variables[name]
        except KeyError:
            a = left(variables, evaluation)
        if a.__class__ is kind:
            return relation(a, constant)
        return general(sign, a, constant, evaluation, place)

    return run


def _equality(sign: str, left: object, right: object, evaluation: Evaluation, place: Place) -> bool | None:
    result = equal(left, right, evaluation)
    if result is None:
        evaluation.warn(f"Cannot compare {kind_of(left)} with {kind_of(right)}", place)
        return None
    return result if sign == "=" else not result


def _order(sign: str, left: Any, right: Any, evaluation: Evaluation, place: Place) -> bool | None:
    if left.__class__ in _NUMBERS and right.__class__ in _NUMBERS:
        return _RELATIONS[sign](left, right)
    pay_for(left, evaluation)
    result = compare(left, right)
    if result is None:
        evaluation.warn(f"{kind_of(left)} and {kind_of(right)} have no order", place)
        return None
    return _RELATIONS[sign](result, 0)


def _logic(compiler: Compiler, node: Any) -> Code:
    parts = tuple(map(compiler.compile, node.parts))
    decisive = node.operator == "or"
    code = _logic_of_two(node, decisive, *parts) if len(parts) == 2 else _logic_of_many(node, decisive, parts)
    return compiler.fold(code, *parts)


def _logic_of_two(node: Any, decisive: bool, first: Code, second: Code) -> Code:
    neutral, word, place = not decisive, node.operator, node.place

    def run(variables: Mapping[str, object], evaluation: Evaluation) -> object:
        a = first(variables, evaluation)
        if a is decisive:
            return decisive
        b = second(variables, evaluation)
        if b is decisive:
            return decisive
        if a is neutral and b is neutral:
            return neutral
        for value in (a, b):
            if value is not None and value.__class__ is not bool:
                evaluation.warn(f"`{word}` needs booleans, not {kind_of(value)}", place)
        return None

    return run


def _logic_of_many(node: Any, decisive: bool, parts: tuple[Code, ...]) -> Code:
    word, place = node.operator, node.place

    def run(variables: Mapping[str, object], evaluation: Evaluation) -> object:
        result: bool | None = not decisive
        for part in parts:
            value = part(variables, evaluation)
            if value is decisive:
                return decisive
            if value.__class__ is not bool:
                result = None
                if value is not None:
                    evaluation.warn(f"`{word}` needs booleans, not {kind_of(value)}", place)
        return result

    return run


def _between(compiler: Compiler, node: Any) -> Code:
    value, low, high = compiler.compile(node.value), compiler.compile(node.low), compiler.compile(node.high)
    place = node.place

    def run(variables: Mapping[str, object], evaluation: Evaluation) -> object:
        operand = value(variables, evaluation)
        lower, upper = low(variables, evaluation), high(variables, evaluation)
        pay_for(operand, evaluation)
        from_low, to_high = compare(operand, lower), compare(operand, upper)
        if from_low is None or to_high is None:
            other = lower if from_low is None else upper
            evaluation.warn(f"{kind_of(operand)} and {kind_of(other)} have no order", place)
            return None
        return from_low >= 0 >= to_high

    return compiler.fold(run, value, low, high)


def _instance_of(compiler: Compiler, node: Any) -> Code:
    value, place = compiler.compile(node.value), node.place
    wanted = resolve(node.type, compiler.types)

    def run(variables: Mapping[str, object], evaluation: Evaluation) -> object:
        operand = value(variables, evaluation)
        if wanted is None:
            evaluation.warn("The type behind `instance of` is unknown", place)
            return None
        return is_instance(operand, wanted, evaluation)

    return compiler.fold(run, value)


def _if(compiler: Compiler, node: Any) -> Code:
    condition, yes, no = (
        compiler.compile(node.condition),
        compiler.compile(node.yes),
        compiler.compile(node.no),
    )
    place = node.place
    if condition in compiler.constants and compiler.constants[condition].__class__ in (bool, type(None)):
        return yes if compiler.constants[condition] is True else no

    def run(variables: Mapping[str, object], evaluation: Evaluation) -> object:
        value = condition(variables, evaluation)
        if value is True:
            return yes(variables, evaluation)
        if value is not False and value is not None:
            evaluation.warn(f"The condition of `if` is {kind_of(value)}, not a boolean", place)
            return None
        return no(variables, evaluation)

    return run


_COMPILERS: dict[type, Callable[[Compiler, Any], Code]] = {
    s.Literal: _literal,
    s.Name: _name,
    s.Path: compile_path,
    s.Filter: compile_filter,
    s.Negation: _negation,
    s.Arithmetic: _arithmetic,
    s.Comparison: _comparison,
    s.Logic: _logic,
    s.Between: _between,
    s.In: compile_in,
    s.InstanceOf: _instance_of,
    s.If: _if,
    s.For: compile_for,
    s.Quantified: compile_quantified,
    s.FunctionDefinition: compile_function,
    s.Call: compile_call,
    s.ListOf: compile_list,
    s.ContextOf: compile_context,
    s.RangeOf: compile_range,
    s.UnaryTest: compile_unary,
    s.Tests: compile_tests,
}
