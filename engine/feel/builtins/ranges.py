"""Built-in functions on ranges and points (DMN 1.5, 10.3.4.9; Allen's interval algebra), and `range()`."""

from typing import Any

from flowmaster.engine.feel import syntax as s
from flowmaster.engine.feel.arithmetic import negate
from flowmaster.engine.feel.builtins.registry import BUILTINS, builtin, call
from flowmaster.engine.feel.comparing import compare
from flowmaster.engine.feel.evaluation import Evaluation, Fault
from flowmaster.engine.feel.lexer import FeelSyntaxError
from flowmaster.engine.feel.names import NameSet
from flowmaster.engine.feel.numbers import is_number
from flowmaster.engine.feel.parser import parse_range
from flowmaster.engine.feel.values import Range


def _order(left: object, right: object) -> int:
    order = compare(left, right)
    if order is None:
        raise Fault("the values have no order among each other")
    return order


def _low_low(a: Range, b: Range) -> int:
    """Compare where two ranges begin: -1 when the first begins earlier."""
    if a.low is None or b.low is None:
        return (a.low is not None) - (b.low is not None)
    return _order(a.low, b.low) or (b.low_closed - a.low_closed)


def _high_high(a: Range, b: Range) -> int:
    """Compare where two ranges end: -1 when the first ends earlier."""
    if a.high is None or b.high is None:
        return (b.high is not None) - (a.high is not None)
    return _order(a.high, b.high) or (a.high_closed - b.high_closed)


def _low_high(a: Range, b: Range) -> int:
    """Compare the beginning of one range with the end of another: 1 when there is no common point."""
    if a.low is None or b.high is None:
        return -1
    return _order(a.low, b.high) or (0 if a.low_closed and b.high_closed else 1)


def _has(within: Range, point: object) -> bool:
    if within.low is not None:
        order = _order(within.low, point)
        if order > 0 or (order == 0 and not within.low_closed):
            return False
    if within.high is not None:
        order = _order(within.high, point)
        if order < 0 or (order == 0 and not within.high_closed):
            return False
    return True


@builtin("before(range1: range, range2: range)")
@builtin("before(range: range, point: any)")
@builtin("before(point: any, range: range)")
@builtin("before(point1: any, point2: any)")
def before(run: Evaluation, a: Any, b: Any) -> object:
    """Tells whether a point or range lies wholly before another.

    Example: before(1, 10) = true
    Example: before([1..5), [5..10]) = true
    """
    if isinstance(a, Range) and isinstance(b, Range):
        return _low_high(b, a) > 0
    if isinstance(a, Range):
        return a.high is not None and (
            _order(a.high, b) < 0 or (_order(a.high, b) == 0 and not a.high_closed)
        )
    if isinstance(b, Range):
        return b.low is not None and (_order(a, b.low) < 0 or (_order(a, b.low) == 0 and not b.low_closed))
    return _order(a, b) < 0


@builtin("after(range1: range, range2: range)")
@builtin("after(range: range, point: any)")
@builtin("after(point: any, range: range)")
@builtin("after(point1: any, point2: any)")
def after(run: Evaluation, a: Any, b: Any) -> object:
    """Tells whether a point or range lies wholly after another.

    Example: after([5..10], [1..5)) = true
    """
    return before(run, b, a)


@builtin("meets(range1: range, range2: range)")
def meets(run: Evaluation, a: Range, b: Range) -> object:
    """Tells whether a range ends exactly where another begins.

    Example: meets([1..5], [5..10]) = true
    """
    if a.high is None or b.low is None:
        return False
    return a.high_closed and b.low_closed and _order(a.high, b.low) == 0


@builtin("met by(range1: range, range2: range)")
def met_by(run: Evaluation, a: Range, b: Range) -> object:
    """Tells whether a range begins exactly where another ends.

    Example: met by([5..10], [1..5]) = true
    """
    return meets(run, b, a)


@builtin("overlaps(range1: range, range2: range)")
def overlaps(run: Evaluation, a: Range, b: Range) -> object:
    """Tells whether two ranges have a point in common.

    Example: overlaps([1..5], [3..8]) = true
    """
    return _low_high(a, b) <= 0 and _low_high(b, a) <= 0


@builtin("overlaps before(range1: range, range2: range)")
def overlaps_before(run: Evaluation, a: Range, b: Range) -> object:
    """Tells whether a range begins before another and ends within it.

    Example: overlaps before([1..5], [3..8]) = true
    """
    return _low_low(a, b) < 0 and _low_high(b, a) <= 0 and _high_high(a, b) <= 0


@builtin("overlaps after(range1: range, range2: range)")
def overlaps_after(run: Evaluation, a: Range, b: Range) -> object:
    """Tells whether a range begins within another and ends after it.

    Example: overlaps after([3..8], [1..5]) = true
    """
    return _low_low(b, a) < 0 and _low_high(a, b) <= 0 and _high_high(b, a) <= 0


@builtin("finishes(range1: range, range2: range)")
@builtin("finishes(point: any, range: range)")
def finishes(run: Evaluation, a: Any, b: Range) -> object:
    """Tells whether a point or range ends where a range ends.

    Example: finishes(5, [1..5]) = true
    Example: finishes([3..5], [1..5]) = true
    """
    if isinstance(a, Range):
        return _high_high(a, b) == 0 and _low_low(b, a) <= 0
    return b.high is not None and b.high_closed and _order(a, b.high) == 0


@builtin("finished by(range1: range, range2: range)")
@builtin("finished by(range: range, point: any)")
def finished_by(run: Evaluation, a: Range, b: Any) -> object:
    """Tells whether a range ends where a point or range ends.

    Example: finished by([1..5], 5) = true
    """
    return finishes(run, b, a)


@builtin("includes(range1: range, range2: range)")
@builtin("includes(range: range, point: any)")
def includes(run: Evaluation, a: Range, b: Any) -> object:
    """Tells whether a range holds a point or a range.

    Example: includes([1..10], 5) = true
    Example: includes([1..10], [4..6]) = true
    """
    if isinstance(b, Range):
        return _low_low(a, b) <= 0 and _high_high(b, a) <= 0
    return _has(a, b)


@builtin("during(range1: range, range2: range)")
@builtin("during(point: any, range: range)")
def during(run: Evaluation, a: Any, b: Range) -> object:
    """Tells whether a point or range lies within a range.

    Example: during(5, [1..10]) = true
    """
    return includes(run, b, a)


@builtin("starts(range1: range, range2: range)")
@builtin("starts(point: any, range: range)")
def starts(run: Evaluation, a: Any, b: Range) -> object:
    """Tells whether a point or range begins where a range begins.

    Example: starts(1, [1..5]) = true
    Example: starts([1..3], [1..5]) = true
    """
    if isinstance(a, Range):
        return _low_low(a, b) == 0 and _high_high(a, b) <= 0
    return b.low is not None and b.low_closed and _order(a, b.low) == 0


@builtin("started by(range1: range, range2: range)")
@builtin("started by(range: range, point: any)")
def started_by(run: Evaluation, a: Range, b: Any) -> object:
    """Tells whether a range begins where a point or range begins.

    Example: started by([1..5], 1) = true
    """
    return starts(run, b, a)


@builtin("coincides(range1: range, range2: range)")
@builtin("coincides(point1: any, point2: any)")
def coincides(run: Evaluation, a: Any, b: Any) -> object:
    """Tells whether two points or two ranges are equal.

    Example: coincides([1..5], [1..5]) = true
    """
    if isinstance(a, Range) and isinstance(b, Range):
        return _low_low(a, b) == 0 and _high_high(a, b) == 0
    if isinstance(a, Range) or isinstance(b, Range):
        raise Fault("needs two points or two ranges")
    return _order(a, b) == 0


@builtin("range(from: string)")
def range_of(run: Evaluation, text: str) -> object:
    """Makes a range of a text; an end that is left out is open to infinity.

    Example: range("[18..21)") = [18..21)
    Example: range("[2..)") = (>=2)
    Example: includes(range("[18..)"), 40) = true
    """
    run.spend(1 + len(text) // 8)
    try:
        literal = parse_range(text, _NAMES)
    except FeelSyntaxError:
        raise Fault(f"{text[:60]!r} is no range") from None
    low, high = (None if end is None else _end(end, run) for end in (literal.low, literal.high))
    if low is None:
        return Range(None, high, False, literal.high_closed, "<=" if literal.high_closed else "<")
    if high is None:
        return Range(low, None, literal.low_closed, False, ">=" if literal.low_closed else ">")
    if _order(low, high) > 0:
        raise Fault("the range ends before it begins")
    return Range(low, high, literal.low_closed, literal.high_closed)


_TEMPORAL = ("date", "time", "date and time", "duration")
_NAMES = NameSet(_TEMPORAL, builtin=True)


def _end(node: s.Node, run: Evaluation) -> object:
    """Return the end of a range, which must be a literal (DMN 1.5, 10.3.1.2, rule 67)."""
    value = _constant(node)
    if isinstance(node, s.Call) and isinstance(node.function, s.Name) and node.function.name in _TEMPORAL:
        function = BUILTINS[node.function.name]
        values = [_constant(argument) for argument in node.arguments]
        value = call(function, function.taking(len(values)), values, run, node.place)
    if value is None or isinstance(value, bool):
        raise Fault("the ends of a range in a text must be literals")
    return value


def _constant(node: s.Node) -> object:
    """Return the value of a literal or of a negative number, None for anything else."""
    if isinstance(node, s.Negation) and isinstance(node.value, s.Literal) and is_number(node.value.value):
        return negate(node.value.value)
    return node.value if isinstance(node, s.Literal) else None
