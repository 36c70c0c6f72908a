"""Works FEEL backwards: which values of the variables make an expression true, false, or equal to a value.

One side of an expression is turned round while the others keep the values that they have. So what is found is a
guess where several variables hang together; whoever asks plays it and sees. The order of the guesses is fixed, and
values at a limit come before those behind it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import chain, islice, product

from flowmaster.engine.feel import syntax as s
from flowmaster.engine.feel.arithmetic import calculate, negate
from flowmaster.engine.feel.evaluation import NOWHERE, QUIET
from flowmaster.engine.feel.numbers import is_number
from flowmaster.engine.feel.values import Range
from flowmaster.engine.proof.changes import NO_CHANGE, SOLUTIONS_MAX, Change, in_turn, over, pairs
from flowmaster.engine.proof.functions import CONDITIONS, VALUES
from flowmaster.engine.proof.limits import meeting, stands, unlike
from flowmaster.engine.proof.views import ItemView, View, path_of
from flowmaster.engine.values import Json

DEPTH_MAX = 30
"""How deep expressions, and the values they hang on, are followed."""

ITEMS_MAX = 6
"""How many items a list is given at most."""

SOME_NUMBERS = (0, 1, 100)
"""What is tried for a part of a sum of which nothing is known."""

GOALS_MAX = 5_000
"""How many goals one question is taken apart into."""

WAYS_MAX = 12
"""How many ways to meet each of several conditions are looked at."""

DIGITS_MAX = 12
"""To how many digits rounding is looked at."""

ROUNDING = (
    "floor",
    "ceiling",
    "decimal",
    "round",
    "round up",
    "round down",
    "round half up",
    "round half down",
)

NEGATED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!=", "!=": "="}
TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
_INVERSE = {"+": "-", "-": "+", "*": "/", "/": "*"}


class Fuel:
    """Counts the goals that are looked at; when it is used up, nothing more is found."""

    def __init__(self, goals: int) -> None:
        self.left = goals

    def burn(self) -> bool:
        """Take one goal; return whether there was one left."""
        self.left -= 1
        return self.left >= 0


class Solver:
    """Works expressions backwards over one view."""

    def __init__(self, view: View, depth: int = 0, fuel: Fuel | None = None) -> None:
        self.view = view
        self.depth = depth
        self.fuel = fuel or Fuel(GOALS_MAX)

    def holds(self, node: s.Node, wanted: bool) -> Iterator[Change]:
        """Give changes after which a condition is true, or false."""
        if not self.fuel.burn():
            return
        if self.view.value(node) is wanted:
            yield NO_CHANGE
            return
        if self.depth < DEPTH_MAX:
            yield from islice(self._deeper()._holds(node, wanted), SOLUTIONS_MAX)

    def becomes(self, node: s.Node, value: object) -> Iterator[Change]:
        """Give changes after which an expression has a value."""
        if not self.fuel.burn():
            return
        now = self.view.value(node)
        if now == value and type(now) is type(value):
            yield NO_CHANGE
            return
        if isinstance(value, bool) and isinstance(node, _CONDITIONS):
            yield from self.holds(node, value)
        elif self.depth < DEPTH_MAX:
            yield from islice(self._deeper()._becomes(node, value), SOLUTIONS_MAX)

    def _deeper(self) -> "Solver":
        return Solver(self.view, self.depth + 1, self.fuel)

    def _holds(self, node: s.Node, wanted: bool) -> Iterator[Change]:
        match node:
            case s.Logic():
                yield from self._logic(node, wanted)
            case s.Comparison(operator=operator, left=left, right=right):
                yield from self._compared(operator if wanted else NEGATED[operator], left, right)
            case s.Between(value=value, low=low, high=high):
                yield from self._between(value, low, high, wanted)
            case s.In(value=value, tests=tests):
                yield from self._in(value, tests, wanted)
            case s.If(condition=condition, yes=yes, no=no):
                yield from pairs(self.holds(condition, True), self.holds(yes, wanted))
                yield from pairs(self.holds(condition, False), self.holds(no, wanted))
            case s.Quantified():
                yield from self._quantified(node, wanted)
            case s.Call(function=s.Name(name=name), arguments=arguments) if name in CONDITIONS:
                yield from CONDITIONS[name](self, arguments, wanted)
            case _:
                yield from self._becomes(node, wanted)

    def _logic(self, node: s.Logic, wanted: bool) -> Iterator[Change]:
        if (node.operator == "and") is wanted:
            yield from self.all_hold([(part, wanted) for part in node.parts])
        else:
            for part in node.parts:
                yield from self.holds(part, wanted)

    def all_hold(
        self, goals: Sequence[tuple[s.Node, bool]], met: int = 0, so_far: Change = NO_CHANGE
    ) -> Iterator[Change]:
        """Give changes after which several conditions are true, or false; each is met over the changes for those before.

        A later change may take the place of an earlier one, as long as the conditions before still come out right.
        """
        if met == len(goals):
            yield so_far
            return
        here = Solver(self.view.under(so_far) if so_far else self.view, self.depth + 1, self.fuel)
        for change in islice(here.holds(*goals[met]), WAYS_MAX):
            whole = over(so_far, change) if change else so_far
            if change and so_far:
                after = self.view.under(whole)
                if not all(after.value(node) is wanted for node, wanted in goals[:met]):
                    continue
            yield from self.all_hold(goals, met + 1, whole)

    def _compared(self, operator: str, left: s.Node, right: s.Node) -> Iterator[Change]:
        one, other = self.view.value(left), self.view.value(right)
        if operator in ("=", "!="):
            yield from self._rounded(left, right, operator == "=")
            yield from self._rounded(right, left, operator == "=")
        if other is not None or operator in ("=", "!="):
            for value in chain(meeting(operator, other), self._choices(left, operator, other)):
                yield from self.becomes(left, value)
        if one is not None:
            turned = TURNED[operator]
            for value in chain(meeting(turned, one), self._choices(right, turned, one)):
                yield from self.becomes(right, value)
        for value in self.choices(right) if other is None else ():
            for meets in meeting(operator, value):
                yield from pairs(self.becomes(right, value), self.becomes(left, meets))

    def _rounded(self, node: s.Node, rounding: s.Node, wanted: bool) -> Iterator[Change]:
        """Give values that rounding leaves as they are, or that have one digit more than it leaves."""
        match rounding:
            case s.Call(function=s.Name(name=name), arguments=(inner, *scale)) if name in ROUNDING:
                now, digits = self.view.value(inner), self.view.value(scale[0]) if scale else 0
            case _:
                return
        if path_of(inner) is None or path_of(inner) != path_of(node) or not isinstance(digits, int):
            return
        whole = self.view.value(rounding)
        if is_number(now) and whole is not None and abs(digits) <= DIGITS_MAX:
            more = 0 if wanted else Decimal(1).scaleb(-digits - 1)
            yield from self._known(node, calculate("+", whole, more, QUIET, NOWHERE))

    def _choices(self, node: s.Node, operator: str, limit: object) -> Iterator[object]:
        """Give the values that an expression may have and that stand in a relation to a limit."""
        for value in self.choices(node):
            different = operator == "!=" and value is not None and value != limit
            if different or (value is not None and limit is not None and stands(operator, value, limit)):
                yield value

    def choices(self, node: s.Node) -> Iterable[object]:
        """Give values that an expression may have, as far as it names a variable or counts."""
        named = path_of(node)
        if named is not None:
            return self.view.choices(*named)
        match node:
            case s.Call(function=s.Name(name="count" | "string length")):
                return range(ITEMS_MAX)
            case s.Arithmetic(operator="+" | "-" | "*" | "/") | s.Negation():
                return SOME_NUMBERS
            case s.Call(function=s.Name(name="sum" | "min" | "max" | "abs")):
                return SOME_NUMBERS
            case _:
                return ()

    def _between(self, value: s.Node, low: s.Node, high: s.Node, wanted: bool) -> Iterator[Change]:
        if not wanted:
            yield from self._compared("<", value, low)
            yield from self._compared(">", value, high)
            return
        for limit in (low, high):
            yield from self.becomes(value, self.view.value(limit))

    def _in(self, value: s.Node, tests: tuple[s.Node, ...], wanted: bool) -> Iterator[Change]:
        """Give values that pass one of the tests, or none of them."""
        named = [found for test in tests for found in self._named(test)]
        outside = [
            found for each in named for found in chain(unlike(each), meeting("<", each), meeting(">", each))
        ]
        for found in chain(named, outside, self.choices(value)):
            literal = s.Literal(found, NOWHERE)
            if self.view.value(s.In(literal, tests, NOWHERE)) is wanted:
                yield from self.becomes(value, found)

    def _named(self, test: s.Node) -> Iterator[object]:
        """Give the values that a test names, and what lies beside its ends."""
        if isinstance(test, s.UnaryTest):
            yield from meeting(test.operator, self.view.value(test.value))
            return
        found = self.view.value(test)
        if isinstance(found, Range):
            for end, sign in ((found.low, ">"), (found.high, "<")):
                yield end
                yield from meeting(sign, end)
        elif isinstance(found, list):
            yield from found
        else:
            yield found

    def _quantified(self, node: s.Quantified, wanted: bool) -> Iterator[Change]:
        (name, source), *more = node.iterators
        if more:
            return
        yield from self.filled(source, node.condition, name, wanted, 1)
        if (node.kind == "every") is wanted:
            yield from self.lengths(source, 0)

    def filled(
        self, source: s.Node, condition: s.Node, name: str, wanted: bool, count: int
    ) -> Iterator[Change]:
        """Give changes after which a list holds so many items, for each of which a condition is true or false."""
        now = self.view.value(source)
        items = now if isinstance(now, list) and now else self.choices(source)
        for item in islice(items, ITEMS_MAX):
            inner = ItemView(self.view, name, item, self.depth)
            for change in Solver(inner, self.depth + 1, self.fuel).holds(condition, wanted):
                made = inner.made(change)
                for listed in _lists_with(made, now if isinstance(now, list) else [], count):
                    yield from pairs((inner.outside(change),), self.becomes(source, listed))

    def lengths(self, node: s.Node, count: int) -> Iterator[Change]:
        """Give changes after which a list has so many items."""
        if not 0 <= count <= ITEMS_MAX:
            return
        match node:
            case s.Filter(source=source, condition=condition) if count:
                yield from self.filled(source, condition, "", True, count)
            case s.Filter(source=source, condition=condition):
                yield from self.filled(source, condition, "", False, 1)
                yield from self.lengths(source, 0)
            case s.For(iterators=((_, source),)):
                yield from self.lengths(source, count)
            case s.Path(source=source) if path_of(node) is None or not self._is_list(node):
                yield from self.lengths(source, count)
            case _:
                items = self.view.value(node)
                known = items if isinstance(items, list) and items else list(islice(self.choices(node), 1))
                if known or not count:
                    yield from self.becomes(node, [known[place % len(known)] for place in range(count)])

    def _is_list(self, node: s.Node) -> bool:
        """Tell whether a path leads to a list of its own, not through the items of one."""
        return not (isinstance(node, s.Path) and isinstance(self.view.value(node.source), list))

    def _becomes(self, node: s.Node, value: object) -> Iterator[Change]:
        named = path_of(node)
        if named is not None:
            if isinstance(node, s.Path) and not self._is_list(node):
                yield from self._projected(node, value)
            else:
                yield from self.view.reach(*named, value)
            return
        match node:
            case s.Arithmetic(operator=operator, left=left, right=right) if operator in _INVERSE:
                yield from self._calculated(operator, left, right, value)
            case s.Negation(value=inner):
                yield from self.becomes(inner, negate(value))
            case s.If(condition=condition, yes=yes, no=no):
                yield from pairs(self.holds(condition, True), self.becomes(yes, value))
                yield from pairs(self.holds(condition, False), self.becomes(no, value))
            case s.ContextOf(entries=entries) if isinstance(value, Mapping):
                found: Iterator[Change] = iter((NO_CHANGE,))
                for name, entry in entries:
                    found = pairs(found, self.becomes(entry, value.get(name)))
                yield from found
            case s.For() if isinstance(value, list):
                yield from self._collected(node, value)
            case s.Path(source=s.ContextOf(entries=entries), name=name):
                yield from chain.from_iterable(
                    self.becomes(entry, value) for key, entry in entries if key == name
                )
            case s.Call(function=s.Name(name=name), arguments=arguments) if name in VALUES:
                yield from VALUES[name](self, arguments, value)
            case _:
                return

    def _collected(self, node: s.For, wanted: Sequence[object]) -> Iterator[Change]:
        """Give lists from whose items these values are made."""
        (name, source), *more = node.iterators
        now = self.view.value(source)
        known = now if isinstance(now, list) and now else list(islice(self.choices(source), 1))
        if more or not known or len(wanted) > ITEMS_MAX:
            return
        ways: list[list[tuple[Json, Change]]] = []
        for place, value in enumerate(wanted):
            inner = ItemView(self.view, name, known[place % len(known)], self.depth)
            found = Solver(inner, self.depth + 1, self.fuel).becomes(node.body, value)
            ways.append([(inner.made(change), inner.outside(change)) for change in islice(found, ITEMS_MAX)])
        for chosen in islice(product(*ways), SOLUTIONS_MAX):
            outside: Iterable[Change] = (NO_CHANGE,)
            for _, change in chosen:
                outside = pairs(outside, (change,))
            yield from pairs(outside, self.becomes(source, [item for item, _ in chosen]))

    def _projected(self, node: s.Path, value: object) -> Iterator[Change]:
        """Give lists whose items have these values in one entry."""
        items = self.view.value(node.source)
        first = items[0] if isinstance(items, list) and items else {}
        if isinstance(value, list) and isinstance(first, Mapping):
            yield from self.becomes(node.source, [{**first, node.name: each} for each in value])

    def _calculated(self, operator: str, left: s.Node, right: s.Node, value: object) -> Iterator[Change]:
        one, other = self.view.value(left), self.view.value(right)
        sides: list[Iterator[Change]] = []
        if other is not None:
            sides.append(self._known(left, calculate(_INVERSE[operator], value, other, QUIET, NOWHERE)))
        if one is not None:
            first, second = (one, value) if operator in "-/" else (value, one)
            inverse = operator if operator in "-/" else _INVERSE[operator]
            sides.append(self._known(right, calculate(inverse, first, second, QUIET, NOWHERE)))
        yield from in_turn(sides)
        for part in self.choices(right):
            rest = calculate(_INVERSE[operator], value, part, QUIET, NOWHERE)
            if rest is not None:
                yield from pairs(self.becomes(right, part), self.becomes(left, rest))

    def _known(self, node: s.Node, value: object) -> Iterator[Change]:
        if value is not None:
            yield from self.becomes(node, value)


_CONDITIONS = (s.Logic, s.Comparison, s.Between, s.In, s.Quantified)


def _lists_with(item: Json, now: Sequence[object], count: int) -> Iterator[list[object]]:
    """Give lists with so many of an item: those now with some in their place, as many as now of it, and no others."""
    if len(now) >= count:
        yield [item] * count + list(now[count:])
        yield [item] * len(now)
    yield [item] * count
