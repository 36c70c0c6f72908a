"""Cases at limits: values just at, below and above what conditions and rules compare with, times just before and after.

Each is made from a played case that came to the comparison, so the rest of its way stays as it was.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

from flowmaster.engine import events as ev
from flowmaster.engine.feel import syntax as s
from flowmaster.engine.feel.convert import literal
from flowmaster.engine.feel.numbers import is_number
from flowmaster.engine.feel.temporal import Date, DateTime, DayTimeDuration, Time, YearMonthDuration
from flowmaster.engine.model import Timer, UserTask
from flowmaster.engine.proof import schemas
from flowmaster.engine.proof.changes import Place, found_at
from flowmaster.engine.proof.limits import beside
from flowmaster.engine.proof.solving import Solver
from flowmaster.engine.proof.views import View, path_of
from flowmaster.engine.state import TimerWait
from flowmaster.engine.values import Json
from flowmaster.tools.cases_rules import RuleView
from flowmaster.tools.cases_search import MINUTE, Case, Search, Tried, case_with, lasting
from flowmaster.tools.cases_trace import node_of

ORDERED = (int, Decimal, Date, DateTime, Time, DayTimeDuration, YearMonthDuration)

TRIES = 4
"""How many ways to one limit are tried."""


class Limit(NamedTuple):
    """Cases at a limit, and what it is about; at the element or decision, `side` is to have a value."""

    what: str
    element: str
    side: s.Node | None
    value: object
    cases: Iterator[Case]

    def is_met(self, tried: Tried) -> bool:
        """Tell whether a played case stood at the limit."""
        if self.side is None:
            return False
        asked = (origin.view for origin in tried.trace.decided if origin.decision == self.element)
        seen = (turn.view for turn in tried.trace.turns if turn.element.id == self.element)
        return any(view.value(self.side) == self.value for view in (*asked, *seen))


def limits_of(search: Search, tried: Tried) -> Iterator[Limit]:
    """Give the limits that a played case came to, each with cases that stand there."""
    for turn in tried.trace.turns:
        for flow in turn.element.outgoing:
            node = node_of(flow.condition) if flow.condition is not None else None
            if node is not None:
                yield from _compared(turn.view, tried, node, turn.element.id)
    yield from _ruled(search, tried)
    yield from _timed(search, tried)
    yield from _declared(search, tried)


def _compared(view: View, tried: Tried, node: s.Node, element: str) -> Iterator[Limit]:
    for left, right in comparisons(node):
        for side, other in ((left, right), (right, left)):
            limit = view.value(other)
            if constant(other) and isinstance(limit, ORDERED) and not isinstance(limit, bool):
                yield from _at_limit(view, tried, side, limit, element, worded(side))


def _at_limit(
    view: View, tried: Tried, side: s.Node, limit: object, element: str, words: str
) -> Iterator[Limit]:
    for value in (limit, *islice(beside(limit, -1), 1), *islice(beside(limit, 1), 1)):
        what = f"{words} = {shown(value)}"
        yield Limit(what, element, side, value, _becoming(view, tried, side, value))


def _becoming(view: View, tried: Tried, side: s.Node, value: object) -> Iterator[Case]:
    for change in islice(Solver(view).becomes(side, value), TRIES):
        yield case_with(tried.case, change)


def comparisons(node: object) -> Iterator[tuple[s.Node, s.Node]]:
    """Give both sides of each comparison with an order that an expression makes, the outer ones first."""
    for part in _parts(node):
        yield from comparisons(part)
    match node:
        case s.Comparison(left=left, right=right):
            yield left, right
        case s.Between(value=value, low=low, high=high):
            yield value, low
            yield value, high
        case s.In(value=value, tests=tests):
            for test in tests:
                if isinstance(test, s.RangeOf):
                    yield value, test.low
                    yield value, test.high
                elif isinstance(test, s.UnaryTest):
                    yield value, test.value
        case _:
            return


def _parts(node: object) -> tuple[s.Node, ...]:
    """Return the conditions that a condition is made of."""
    match node:
        case s.Logic(parts=parts):
            return parts
        case s.Call(function=s.Name(name="not"), arguments=arguments):
            return arguments
        case s.If(condition=condition, yes=yes, no=no):
            return (condition, yes, no)
        case _:
            return ()


def constant(node: s.Node) -> bool:
    """Tell whether an expression hangs on no variable."""
    match node:
        case s.Literal():
            return True
        case s.Call(function=s.Name(), arguments=arguments):
            return all(map(constant, arguments))
        case s.Negation(value=value):
            return constant(value)
        case s.Arithmetic(left=left, right=right):
            return constant(left) and constant(right)
        case _:
            return False


def worded(node: s.Node) -> str:
    """Return what an expression is about, in a few words."""
    named = path_of(node)
    if named is not None:
        return ".".join((named[0], *named[1]))
    match node:
        case s.Call(function=s.Name(name=name), arguments=arguments):
            return f"{name}({', '.join(map(worded, arguments))})"
        case s.Arithmetic(operator=operator, left=left, right=right):
            return f"{worded(left)} {operator} {worded(right)}"
        case s.Literal(value=value):
            return shown(value)
        case s.Filter(source=source):
            return f"{worded(source)}[...]"
        case _:
            return "a value"


def shown(value: object) -> str:
    """Return a value as a reader writes it."""
    return (
        literal(value) if value is None or is_number(value) or isinstance(value, str | bool) else str(value)
    )


def _ruled(search: Search, tried: Tried) -> Iterator[Limit]:
    """Give the limits that the cells of the rules name which a case asked."""
    for origin in tried.trace.decided:
        model = search.rules.models.get((origin.decision, origin.version))
        table = model.table(origin.decision) if model is not None else None
        if model is None or table is None:
            continue
        view = RuleView(model, origin.view)
        for index, column, words in zip(table.indexes, table.node.inputs, table.labels, strict=True):
            node = model.parsed(column.expression.text)
            named = [value for cell in index.cells for value in cell.named or ()]
            for value in dict.fromkeys(value for value in named if isinstance(value, ORDERED)):
                if node is not None and not isinstance(value, bool):
                    yield from _at_limit(view, tried, node, value, origin.decision, words)


def _timed(search: Search, tried: Tried) -> Iterator[Limit]:
    """Give answers just before and just after each reminder, deadline and timer of a task that a case came to."""
    seen: set[tuple[str, str]] = set()
    for entry in tried.played.history:
        match entry.event:
            case ev.WaitOpened(wait=TimerWait(element=element, purpose=purpose, due=due, since=since)):
                pass
            case _:
                continue
        event = search.world.process.elements[element]
        host = event.host or element
        task = search.world.process.elements[host]
        if not isinstance(task.details, UserTask) or (element, purpose) in seen:
            continue
        seen.add((element, purpose))
        kind = purpose.partition(":")[0] or ("deadline" if isinstance(event.details, Timer) else "timer")
        for word, shift in (("before", -MINUTE), ("after", MINUTE)):
            what = f"{task.label} answered just {word} {_TIMES.get(kind, 'its time is over')}"
            place = ("answers", host, 0)
            yield Limit(what, host, None, None, _late(tried, place, due - since + shift))


_TIMES = {"remind": "the reminder", "escalate": "the escalation"}


def _late(tried: Tried, place: Place, after: int) -> Iterator[Case]:
    known = found_at(tried.case, place)
    if after > 0 and isinstance(known, Mapping):
        yield case_with(tried.case, {place: {**known, "after": lasting(after)}})


def _declared(search: Search, tried: Tried) -> Iterator[Limit]:
    """Give inputs at the limits of their declared types, and without what may be left out."""
    for item in search.world.process.data:
        if not item.input:
            continue
        for field in schemas.fields(item.schema, ("given", item.name), not item.required):
            name = ".".join(map(str, field.place[1:]))
            listed = field.schema.get("enum")
            whole = listed if isinstance(listed, Sequence) and not isinstance(listed, str) else ()
            for value in (*schemas.limits(field.schema), *whole):
                yield Limit(
                    f"{name} = {value}", "", None, value, iter((case_with(tried.case, {field.place: value}),))
                )
            if field.optional and found_at(tried.case, field.place) is not None:
                what = f"{name} left out"
                yield Limit(what, "", None, None, iter((_without(tried.case, field.place),)))


def _without(case: Case, place: Place) -> Case:
    """Return a case without an optional entry."""

    def cut(whole: Json, steps: Place) -> Json:
        if isinstance(whole, Mapping):
            if len(steps) == 1:
                return {name: value for name, value in whole.items() if name != steps[0]}
            return {
                name: cut(value, steps[1:]) if name == steps[0] else value for name, value in whole.items()
            }
        if isinstance(whole, Sequence) and not isinstance(whole, str):
            return [cut(value, steps[1:]) for value in whole]
        return whole

    found = cut(case, place)
    assert isinstance(found, Mapping)
    return found
