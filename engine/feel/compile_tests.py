"""Tests of a value: the cells of decision tables and what stands behind `in` (DMN 1.5, 10.3.2.8)."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from flowmaster.engine.feel import syntax as s
from flowmaster.engine.feel.comparing import compare, equal, in_range, pay_for
from flowmaster.engine.feel.evaluation import Evaluation, Place
from flowmaster.engine.feel.scope import Scope
from flowmaster.engine.feel.syntax import mentions
from flowmaster.engine.feel.values import Range, kind_of

if TYPE_CHECKING:
    from flowmaster.engine.feel.compiler import Code, Compiler

Test = Callable[[Any, Mapping[str, object], Evaluation], bool | None]
"""A compiled test: value, variables and evaluation in; true, false or null out."""

_SIGNS: dict[str, Callable[[int], bool]] = {
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
}


def compile_in(compiler: "Compiler", node: Any) -> "Code":
    """Compile `value in tests`."""
    value = compiler.compile(node.value)
    test = _any_of(compiler, node.tests)
    place = node.place

    def run(variables: Mapping[str, object], evaluation: Evaluation) -> object:
        operand = value(variables, evaluation)
        result = test(operand, variables, evaluation)
        if result is None:
            evaluation.warn(f"`in` cannot test {kind_of(operand)} that way", place)
        return result

    simple = all(isinstance(item, s.Literal) for item in node.tests)
    return compiler.fold(run, value) if simple else run


def compile_tests(compiler: "Compiler", node: Any) -> "Code":
    """Compile a whole cell that finds its value in the variable `?`."""
    test = tests_of(compiler, node)

    def run(variables: Mapping[str, object], evaluation: Evaluation) -> object:
        try:
            value = variables["?"]
        except KeyError:
            value = None
        return test(value, variables, evaluation) is True

    compiler.free.discard("?")
    return run


def tests_of(compiler: "Compiler", node: s.Tests) -> Test:
    """Compile a whole cell as a test."""
    if not node.tests:
        return lambda value, variables, evaluation: True
    test = _any_of(compiler, node.tests)
    if not node.negated:
        return test

    def negated(value: Any, variables: Mapping[str, object], evaluation: Evaluation) -> bool | None:
        result = test(value, variables, evaluation)
        return None if result is None else not result

    return negated


def _any_of(compiler: "Compiler", nodes: tuple[s.Node, ...]) -> Test:
    tests = tuple(compile_test(compiler, node) for node in nodes)
    if len(tests) == 1:
        return tests[0]
    if all(isinstance(node, s.Literal) and node.value.__class__ in (str, int) for node in nodes):
        return _member_of(nodes, tests)

    def run(value: Any, variables: Mapping[str, object], evaluation: Evaluation) -> bool | None:
        result: bool | None = False
        for test in tests:
            outcome = test(value, variables, evaluation)
            if outcome is True:
                return True
            if outcome is None:
                result = None
        return result

    return run


def _member_of(nodes: tuple[s.Node, ...], tests: tuple[Test, ...]) -> Test:
    """A test against several strings or integers: one look-up."""
    values = frozenset(node.value for node in nodes if isinstance(node, s.Literal))
    kinds = {value.__class__ for value in values}
    kind = kinds.pop() if len(kinds) == 1 else None

    def run(value: Any, variables: Mapping[str, object], evaluation: Evaluation) -> bool | None:
        if value.__class__ is kind:
            return value in values
        result: bool | None = False
        for test in tests:
            outcome = test(value, variables, evaluation)
            if outcome is True:
                return True
            if outcome is None:
                result = None
        return result

    return run


def compile_test(compiler: "Compiler", node: s.Node) -> Test:
    """Compile one test."""
    if isinstance(node, s.UnaryTest):
        return _sign_test(compiler, node)
    code = compiler.compile(node)
    if code in compiler.constants:
        return _constant_test(compiler.constants[code])
    if mentions(node, "?"):
        return _question(code)
    if isinstance(node, s.RangeOf):
        return _range_test(code)
    may_decide = not isinstance(node, (s.Name, s.Literal))

    def run(value: Any, variables: Mapping[str, object], evaluation: Evaluation) -> bool | None:
        result = code(variables, evaluation)
        if result is True and may_decide and value.__class__ is not bool:
            return True
        return matches(value, result, evaluation)

    return run


def _range_test(code: "Code") -> Test:
    """A test against a range whose ends are computed; no range is no answer."""

    def run(value: Any, variables: Mapping[str, object], evaluation: Evaluation) -> bool | None:
        within = code(variables, evaluation)
        return _in_range_value(value, within, evaluation) if isinstance(within, Range) else None

    return run


def _sign_test(compiler: "Compiler", node: s.UnaryTest) -> Test:
    code, sign = compiler.compile(node.value), node.operator
    if sign in ("=", "!="):

        def run_equal(value: Any, variables: Mapping[str, object], evaluation: Evaluation) -> bool | None:
            result = equal(value, code(variables, evaluation), evaluation)
            return None if result is None else result is (sign == "=")

        return run_equal
    decide = _SIGNS[sign]

    def run(value: Any, variables: Mapping[str, object], evaluation: Evaluation) -> bool | None:
        pay_for(value, evaluation)
        order = compare(value, code(variables, evaluation))
        return None if order is None else decide(order)

    return run


def _constant_test(constant: Any) -> Test:
    kind = constant.__class__
    if kind is int or kind is str:

        def run_simple(value: Any, variables: Mapping[str, object], evaluation: Evaluation) -> bool | None:
            if value.__class__ is kind:
                return bool(value == constant)
            return equal(value, constant, evaluation)

        return run_simple
    if kind is Range:
        return lambda value, variables, evaluation: _in_range_value(value, constant, evaluation)
    return lambda value, variables, evaluation: matches(value, constant, evaluation)


def _question(code: "Code") -> Test:
    """A test that mentions its value as `?` is a condition."""

    def run(value: Any, variables: Mapping[str, object], evaluation: Evaluation) -> bool | None:
        result = code(Scope({"?": value}, variables), evaluation)
        return result if result is None or result.__class__ is bool else matches(value, result, evaluation)

    return run


def matches(value: object, wanted: object, evaluation: Evaluation) -> bool | None:
    """Tell whether a value passes a test given as a value: equal to it, in its range, or in its list."""
    if isinstance(wanted, Range):
        return _in_range_value(value, wanted, evaluation)
    if isinstance(wanted, (list, tuple)):
        if isinstance(value, (list, tuple)) and equal(value, wanted, evaluation) is True:
            return True
        evaluation.spend(len(wanted))
        return any(
            equal(value, item, evaluation) is True
            or (isinstance(item, Range) and in_range(value, item) is True)
            for item in wanted
        )
    return equal(value, wanted, evaluation)


def _in_range_value(value: object, wanted: Range, evaluation: Evaluation) -> bool | None:
    if isinstance(value, Range):
        return equal(value, wanted, evaluation)
    pay_for(value, evaluation)
    return in_range(value, wanted)


def compile_unary(compiler: "Compiler", node: Any) -> "Code":
    """Compile `(< 10)` as a value: a range that is open on one side."""
    code, sign, place = compiler.compile(node.value), node.operator, node.place

    def run(variables: Mapping[str, object], evaluation: Evaluation) -> object:
        return _range_of(sign, code(variables, evaluation), evaluation, place)

    return compiler.fold(run, code)


def _range_of(sign: str, end: object, evaluation: Evaluation, place: Place) -> Range | None:
    if sign in ("=", "!="):
        return Range(end, end, True, True, sign)
    if compare(end, end) is None:
        evaluation.warn(f"{kind_of(end)} cannot be the end of a range", place)
        return None
    if sign[0] == "<":
        return Range(None, end, False, sign == "<=", sign)
    return Range(end, None, sign == ">=", False, sign)
