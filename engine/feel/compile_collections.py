"""Lists, contexts, ranges, paths, filters and loops as closures."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from flowmaster.engine.feel import syntax as s
from flowmaster.engine.feel.comparing import order_keys
from flowmaster.engine.feel.evaluation import Evaluation, Place
from flowmaster.engine.feel.numbers import counted, is_number
from flowmaster.engine.feel.properties import property_of
from flowmaster.engine.feel.scope import Scope
from flowmaster.engine.feel.temporal import Date, date_from_days
from flowmaster.engine.feel.values import Range, kind_of

if TYPE_CHECKING:
    from flowmaster.engine.feel.compiler import Code, Compiler

Variables = Mapping[str, object]


def compile_list(compiler: "Compiler", node: Any) -> "Code":
    """Compile `[a, b]`; a list may hold another one twice, so work on it is not bounded by the text."""
    compiler.bounded = False
    items = tuple(map(compiler.compile, node.items))

    def run(variables: Variables, evaluation: Evaluation) -> object:
        return [item(variables, evaluation) for item in items]

    return compiler.fold(run, *items)


def compile_context(compiler: "Compiler", node: Any) -> "Code":
    """Compile `{a: 1, b: a + 1}`; each entry sees those before it."""
    compiler.bounded = False
    codes: list[tuple[str, Code]] = []
    for name, value in node.entries:
        codes.append((name, compiler.compile(value)))

    def run(variables: Variables, evaluation: Evaluation) -> object:
        scope = Scope({}, variables)
        for name, code in codes:
            scope[name] = code(scope, evaluation)
        return dict(scope)

    return compiler.fold(run, *(code for _, code in codes))


def compile_range(compiler: "Compiler", node: Any) -> "Code":
    """Compile `[low..high)` as a value."""
    low, high, place = compiler.compile(node.low), compiler.compile(node.high), node.place
    low_closed, high_closed = node.low_closed, node.high_closed

    def run(variables: Variables, evaluation: Evaluation) -> object:
        first, last = low(variables, evaluation), high(variables, evaluation)
        if order_keys(first, last) is None:
            evaluation.warn(f"There is no range from {kind_of(first)} to {kind_of(last)}", place)
            return None
        return Range(first, last, low_closed, high_closed)

    return compiler.fold(run, low, high)


def compile_path(compiler: "Compiler", node: Any) -> "Code":
    """Compile `source.name`."""
    source, name, place = compiler.compile(node.source), node.name, node.place

    def run(variables: Variables, evaluation: Evaluation) -> object:
        value = source(variables, evaluation)
        if value.__class__ is dict and name in value:
            return value[name]
        return member(value, name, evaluation, place)

    return compiler.fold(run, source)


def member(value: object, name: str, evaluation: Evaluation, place: Place) -> object:
    """Return an entry of a context, a property of a value, or those of each item of a list."""
    if isinstance(value, dict):
        if name in value:
            return value[name]
        evaluation.warn(f"The context has no entry {name!r}", place)
        return None
    if isinstance(value, (list, tuple)):
        evaluation.spend(len(value))
        return [
            item[name] if item.__class__ is dict and name in item else member(item, name, evaluation, place)
            for item in value
        ]
    found, result = property_of(value, name)
    if not found:
        if isinstance(value, Mapping) and name in value:
            return value[name]
        evaluation.warn(f"A value of kind {kind_of(value)} has no property {name!r}", place)
    return result


def compile_filter(compiler: "Compiler", node: Any) -> "Code":
    """Compile `source[condition]`."""
    source, place = compiler.compile(node.source), node.place
    outer = compiler.filters
    compiler.filters = outer + 1
    condition = compiler.compile(node.condition)
    compiler.filters = outer
    if condition in compiler.constants:
        index = compiler.constants[condition]
        if index.__class__ is int:

            def pick(variables: Variables, evaluation: Evaluation) -> object:
                return _item(_as_list(source(variables, evaluation)), index, evaluation, place)

            return compiler.fold(pick, source)
    compiler.bounded = False
    return filter_code(source, condition, place)


def filter_code(source: "Code", condition: "Code", place: Place) -> "Code":
    """Return the code of a filter whose condition is not constant."""

    def run(variables: Variables, evaluation: Evaluation) -> object:
        value = source(variables, evaluation)
        items = _as_list(value)
        if items is None:
            return None
        kept: list[object] = []
        for position, item in enumerate(items):
            evaluation.spend()
            outcome = condition(_item_scope(item, variables), evaluation)
            if outcome is True:
                kept.append(item)
            elif position == 0 and is_number(outcome):
                return _item(items, outcome, evaluation, place)
            elif outcome is not False and outcome is not None:
                evaluation.warn(f"A filter needs a boolean or a number, not {kind_of(outcome)}", place)
                return None
        if not items:
            known = len(evaluation.warnings)
            outcome = condition(Scope({"item": None}, variables), evaluation)
            del evaluation.warnings[known:]
            return None if is_number(outcome) else kept
        return kept

    return run


def _as_list(value: object) -> list[object] | tuple[object, ...] | None:
    if value is None or isinstance(value, (list, tuple)):
        return value
    return [value]


def _item_scope(item: object, variables: Variables) -> Scope:
    if isinstance(item, dict):
        scope = Scope(item, variables)
        if "item" not in item:
            scope["item"] = item
        return scope
    return Scope({"item": item}, variables)


def _item(items: Any, index: object, evaluation: Evaluation, place: Place) -> object:
    if items is None:
        return None
    if isinstance(index, Decimal):
        whole = counted(index)
        if index != whole:
            evaluation.warn("An index must be a whole number in reach", place)
            return None
        index = whole
    assert isinstance(index, int)
    if 1 <= index <= len(items):
        return items[index - 1]
    if -len(items) <= index <= -1:
        return items[index]
    evaluation.warn(f"The list of {len(items)} items has none at index {index}", place)
    return None


def compile_for(compiler: "Compiler", node: Any) -> "Code":
    """Compile `for a in x return body`."""
    compiler.bounded = False
    iterators = _iterators(compiler, node.iterators)
    return for_code(iterators, compiler.compile(node.body), s.mentions(node.body, "partial"), node.place)


def for_code(iterators: "tuple[Source, ...]", body: "Code", wants_partial: bool, place: Place) -> "Code":
    """Return the code of a loop over iterators."""
    if len(iterators) == 1 and not wants_partial:
        return _simple_loop(iterators[0], body, place)

    def run(variables: Variables, evaluation: Evaluation) -> object:
        results: list[object] = []
        for scope in _scopes(iterators, 0, variables, evaluation, place):
            if scope is None:
                return None
            if wants_partial:
                evaluation.spend(len(results) // 16)
                scope["partial"] = results.copy()
            results.append(body(scope, evaluation))
            evaluation.hold(len(results) if len(results) > evaluation.limits.items else 1)
        return results

    return run


def _simple_loop(iterator: "Source", body: "Code", place: Place) -> "Code":
    """The code of a loop over one iterator that does not look back at its results."""
    name = iterator[0]

    def run(variables: Variables, evaluation: Evaluation) -> object:
        items = _items_of(iterator, variables, evaluation, place)
        if items is None:
            return None
        results: list[object] = []
        most = evaluation.limits.items
        for item in items:
            evaluation.spend()
            if len(results) >= most:
                evaluation.hold(most + 1)
            results.append(body(Scope({name: item}, variables), evaluation))
        return results

    return run


def compile_quantified(compiler: "Compiler", node: Any) -> "Code":
    """Compile `some a in x satisfies condition`, and `every`."""
    compiler.bounded = False
    iterators = _iterators(compiler, node.iterators)
    return quantified_code(node.kind, iterators, compiler.compile(node.condition), node.place)


def quantified_code(kind: str, iterators: "tuple[Source, ...]", condition: "Code", place: Place) -> "Code":
    """Return the code of `some` and `every`."""
    decisive = kind == "some"

    def run(variables: Variables, evaluation: Evaluation) -> object:
        result: bool | None = not decisive
        for scope in _scopes(iterators, 0, variables, evaluation, place):
            if scope is None:
                return None
            outcome = condition(scope, evaluation)
            if outcome is decisive:
                return decisive
            if outcome is None:
                result = None
            elif outcome.__class__ is not bool:
                evaluation.warn(f"`{kind}` needs booleans, not {kind_of(outcome)}", place)
                return None
        return result

    return run


Source = tuple[str, "Code", "tuple[Code, Code] | None"]


def _iterators(compiler: "Compiler", iterators: Iterable[tuple[str, s.Node]]) -> tuple[Source, ...]:
    sources: list[Source] = []
    for name, node in iterators:
        if isinstance(node, s.RangeOf) and node.bare:
            low, high = compiler.compile(node.low), compiler.compile(node.high)
            sources.append((name, low, (low, high)))
        else:
            sources.append((name, compiler.compile(node), None))
    return tuple(sources)


def _scopes(
    iterators: tuple[Source, ...], index: int, variables: Variables, evaluation: Evaluation, place: Place
) -> Iterator[Scope | None]:
    """Give one scope for each combination of the iterators; None when one of them cannot be iterated."""
    name = iterators[index][0]
    items = _items_of(iterators[index], variables, evaluation, place)
    if items is None:
        yield None
    for item in items or ():
        evaluation.spend()
        scope = Scope({name: item}, variables)
        if index + 1 < len(iterators):
            yield from _scopes(iterators, index + 1, scope, evaluation, place)
        else:
            yield scope


def _items_of(
    iterator: Source, variables: Variables, evaluation: Evaluation, place: Place
) -> Iterable[object] | None:
    name, code, ends = iterator
    if ends is not None:
        items = count(ends[0](variables, evaluation), ends[1](variables, evaluation))
    else:
        items = iterate(code(variables, evaluation))
    if items is None:
        evaluation.warn(f"{name!r} has nothing to iterate over", place)
    return items


def iterate(value: object) -> Iterable[object] | None:
    """Return the items of a list, of a range of integers or dates in its direction, or the single value itself."""
    if value is None:
        return None
    if isinstance(value, (list, tuple)):
        return value
    if isinstance(value, Range):
        if value.test or not (is_number(value.low) or isinstance(value.low, Date)):
            return None
        items = count(value.low, value.high)
        return None if items is None else _open(items, value)
    return [value]


def _open(items: Iterable[object], within: Range) -> Iterator[object]:
    for item in items:
        if (within.low_closed or item != within.low) and (within.high_closed or item != within.high):
            yield item


def count(low: object, high: object) -> Iterable[object] | None:
    """Return the integers or dates from one end to the other, up or down; None for other ends."""
    if isinstance(low, Date) and isinstance(high, Date):
        return map(date_from_days, _steps(low.days, high.days))
    if not (is_number(low) and is_number(high)):
        return None
    first, last = int(low), int(high)  # type: ignore[call-overload]  # Numbers, as just tested.
    return _steps(first, last) if first == low and last == high else None


def _steps(first: int, last: int) -> range:
    return range(first, last - 1, -1) if last < first else range(first, last + 1)
