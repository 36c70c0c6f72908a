"""Built-in functions on lists."""

from collections.abc import Callable
from decimal import Decimal
from functools import cmp_to_key

from flowmaster.engine.feel.builtins.numeric import fold, total
from flowmaster.engine.feel.builtins.registry import builtin
from flowmaster.engine.feel.calling import call_function
from flowmaster.engine.feel.comparing import compare, equal
from flowmaster.engine.feel.evaluation import NOWHERE, Evaluation, Fault
from flowmaster.engine.feel.numbers import DECIMAL, as_decimal, counted, divide
from flowmaster.engine.feel.values import Function
from flowmaster.engine.values import Number

List = list[object]


def items_of(values: tuple[object, ...]) -> List:
    """Return the items of `f(list)` or of `f(a, b, c)`."""
    if len(values) == 1:
        only = values[0]
        if only is None:
            raise Fault("the list is null")
        if isinstance(only, (list, tuple)):
            return list(only)
    if not values:
        raise Fault("needs a list or items")
    return list(values)


def numbers_of(values: tuple[object, ...]) -> list[Number]:
    """Return the items, all of which must be numbers."""
    items = items_of(values)
    if not all(item.__class__ is int or item.__class__ is Decimal for item in items):
        raise Fault("all items must be numbers")
    return items  # type: ignore[return-value]  # All of them are numbers, as just tested.


def aggregate(name: str) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """Register a function that takes either a list or the items themselves."""

    def register(call: Callable[..., object]) -> Callable[..., object]:
        builtin(f"{name}(list: any)")(call)
        return builtin(f"{name}(items...: any?)")(call)

    return register


@builtin("list contains(list: list, element: any?)")
def list_contains(run: Evaluation, items: List, element: object) -> object:
    """Tells whether a list has an element.

    Example: list contains([1, 2, 3], 2) = true
    """
    run.spend(len(items))
    return any(equal(item, element, run) is True for item in items)


@builtin("count(list: list)")
def count(run: Evaluation, items: List) -> object:
    """Returns the number of items.

    Example: count([1, 2, 3]) = 3
    """
    return len(items)


@aggregate("min")
def minimum(run: Evaluation, *values: object) -> object:
    """Returns the least item.

    Example: min([1, 2, 3]) = 1
    Example: min(2, 1) = 1
    """
    return _extreme(run, items_of(values), -1)


@aggregate("max")
def maximum(run: Evaluation, *values: object) -> object:
    """Returns the greatest item.

    Example: max(1, 2, 3) = 3
    """
    return _extreme(run, items_of(values), 1)


def _extreme(run: Evaluation, items: List, wanted: int) -> object:
    run.spend(len(items))
    best: object = None
    for index, item in enumerate(items):
        order = compare(item, item if index == 0 else best)
        if order is None:
            raise Fault("the items have no order among each other")
        if index == 0 or order == wanted:
            best = item
    return best


@aggregate("sum")
def summation(run: Evaluation, *values: object) -> object:
    """Adds the items up; an empty list gives null.

    Example: sum([1, 2, 3]) = 6
    """
    numbers = numbers_of(values)
    run.spend(len(numbers))
    return total(numbers) if numbers else None


@aggregate("product")
def product(run: Evaluation, *values: object) -> object:
    """Multiplies the items.

    Example: product(2, 3, 4) = 24
    """
    numbers = numbers_of(values)
    run.spend(len(numbers))
    return fold(numbers, DECIMAL.multiply) if numbers else None


@aggregate("mean")
def mean(run: Evaluation, *values: object) -> object:
    """Returns the arithmetic mean.

    Example: mean([1, 2, 3]) = 2
    """
    numbers = numbers_of(values)
    run.spend(len(numbers))
    return divide(total(numbers), len(numbers)) if numbers else None


@aggregate("median")
def median(run: Evaluation, *values: object) -> object:
    """Returns the middle item of the sorted list, or the mean of the two middle ones.

    Example: median(8, 2, 5, 3, 4) = 4
    Example: median([6, 1, 2, 3]) = 2.5
    """
    numbers = sorted(numbers_of(values))
    run.spend(len(numbers))
    if not numbers:
        return None
    middle = len(numbers) // 2
    if len(numbers) % 2:
        return numbers[middle]
    return divide(total(numbers[middle - 1 : middle + 1]), 2)


@aggregate("stddev")
def standard_deviation(run: Evaluation, *values: object) -> object:
    """Returns the standard deviation of a sample.

    Example: decimal(stddev(2, 4, 7, 5), 8) = 2.08166600
    """
    numbers = numbers_of(values)
    run.spend(len(numbers))
    if len(numbers) < 2:
        raise Fault("needs at least two numbers")
    average = divide(total(numbers), len(numbers))
    assert average is not None
    squares: list[Number] = []
    for number in numbers:
        distance = DECIMAL.subtract(as_decimal(number), as_decimal(average))
        squares.append(DECIMAL.multiply(distance, distance))
    variance = divide(total(squares), len(numbers) - 1)
    return None if variance is None else DECIMAL.sqrt(as_decimal(variance))


@aggregate("mode")
def mode(run: Evaluation, *values: object) -> object:
    """Returns the most frequent numbers, sorted.

    Example: mode(6, 3, 9, 6, 6) = [6]
    Example: mode([6, 1, 9, 6, 1]) = [1, 6]
    """
    numbers = numbers_of(values)
    run.spend(len(numbers))
    counts: dict[Number, int] = {}
    for number in numbers:
        counts[number] = counts.get(number, 0) + 1
    most = max(counts.values(), default=0)
    return sorted(number for number, times in counts.items() if times == most)


@aggregate("all")
def every(run: Evaluation, *values: object) -> object:
    """Tells whether all items are true; null when that is not known.

    Example: all([true, false]) = false
    Example: all([]) = true
    """
    return _ternary(items_of(values), False)


@aggregate("any")
def some(run: Evaluation, *values: object) -> object:
    """Tells whether an item is true; null when that is not known.

    Example: any([true, false]) = true
    """
    return _ternary(items_of(values), True)


def _ternary(items: List, decisive: bool) -> bool | None:
    if any(item is decisive for item in items):
        return decisive
    return None if any(item.__class__ is not bool for item in items) else not decisive


@builtin("sublist(list: list, start position: number, [length: number])")
def sublist(run: Evaluation, items: List, start: Number, length: Number | None = None) -> object:
    """Returns the items from a position on, counted from 1 or, when negative, from the end.

    Example: sublist([4, 5, 6], 1, 2) = [4, 5]
    Example: sublist([4, 5, 6], -1) = [6]
    """
    first = _position(start, len(items))
    run.hold(len(items) - first)
    rest = items[first:]
    if length is None:
        return rest
    if not 1 <= length <= len(rest):
        raise Fault(f"there are {len(rest)} items from there on, so the length cannot be {length}")
    return rest[: counted(length)]


def _position(position: Number, size: int) -> int:
    index = counted(position)
    if index == 0 or abs(index) > size:
        raise Fault(f"there is no position {index} in {size} items")
    return index - 1 if index > 0 else size + index


@builtin("append(list: list, item...: any?)")
def append(run: Evaluation, items: List, *more: object) -> object:
    """Returns the list with items added.

    Example: append([1], 2, 3) = [1, 2, 3]
    """
    run.hold(len(items) + len(more))
    return [*items, *more]


@builtin("concatenate(list...: list)")
def concatenate(run: Evaluation, *lists: List) -> object:
    """Returns the items of all lists in one.

    Example: concatenate([1, 2], [3]) = [1, 2, 3]
    """
    if not lists or any(items is None for items in lists):
        raise Fault("needs lists")
    run.hold(sum(map(len, lists)))
    return [item for items in lists for item in items]


@builtin("insert before(list: list, position: number, newItem: any?)")
def insert_before(run: Evaluation, items: List, position: Number, item: object) -> object:
    """Returns the list with an item put in at a position.

    Example: insert before([1, 3], 1, 2) = [2, 1, 3]
    """
    index = _position(position, len(items))
    run.hold(len(items) + 1)
    return [*items[:index], item, *items[index:]]


@builtin("remove(list: list, position: number)")
def remove(run: Evaluation, items: List, position: Number) -> object:
    """Returns the list without the item at a position.

    Example: remove([1, 2, 3], 2) = [1, 3]
    """
    index = _position(position, len(items))
    run.hold(len(items))
    return [*items[:index], *items[index + 1 :]]


@builtin("list replace(list: list, position: number, newItem: any?)")
def list_replace(run: Evaluation, items: List, position: Number, item: object) -> object:
    """Returns the list with the item at a position replaced.

    Example: list replace([2, 4, 7], 3, 6) = [2, 4, 6]
    """
    index = _position(position, len(items))
    run.hold(len(items))
    return [*items[:index], item, *items[index + 1 :]]


@builtin("list replace(list: list, match: function, newItem: any?)")
def list_replace_matching(run: Evaluation, items: List, match: Function, item: object) -> object:
    """Returns the list with each item replaced that a function finds.

    Example: list replace([2, 4, 7], function(item, newItem) item < newItem, 5) = [5, 5, 7]
    """
    if len(match.parameters) != 2:
        raise Fault("the function must take the item and the new item")
    run.hold(len(items))
    result: List = []
    for old in items:
        found = call_function(match, [old, item], run, NOWHERE)
        if found.__class__ is not bool:
            raise Fault("the function must answer true or false")
        result.append(item if found else old)
    return result


@builtin("reverse(list: list)")
def reverse(run: Evaluation, items: List) -> object:
    """Returns the items in the opposite order.

    Example: reverse([1, 2, 3]) = [3, 2, 1]
    """
    run.hold(len(items))
    return items[::-1]


@builtin("index of(list: list, match: any?)")
def index_of(run: Evaluation, items: List, match: object) -> object:
    """Returns the positions of an element.

    Example: index of([1, 2, 3, 2], 2) = [2, 4]
    """
    run.hold(len(items))
    return [index for index, item in enumerate(items, 1) if equal(item, match, run) is True]


@builtin("union(list...: list)")
def union(run: Evaluation, *lists: List) -> object:
    """Returns the items of all lists without those that are there already.

    Example: union([1, 2], [2, 3]) = [1, 2, 3]
    """
    joined = concatenate(run, *lists)
    assert isinstance(joined, list)
    return distinct_values(run, joined)


@builtin("distinct values(list: list)")
def distinct_values(run: Evaluation, items: List) -> object:
    """Returns the list without repeated items.

    Example: distinct values([1, 2, 3, 2, 1]) = [1, 2, 3]
    """
    result: List = []
    seen: set[object] = set()
    for item in items:
        if item.__class__ in (str, int, bool):
            key = (item.__class__, item)
            if key in seen:
                continue
            seen.add(key)
            run.spend()
            if item.__class__ is not int:
                result.append(item)
                continue
        run.spend(1 + len(result))
        if not any(equal(item, known, run) is True for known in result):
            result.append(item)
    return result


@builtin("duplicate values(list: list)")
def duplicate_values(run: Evaluation, items: List) -> object:
    """Returns the items that stand in the list more than once, each of them once.

    Example: duplicate values([1, 2, 3, 2, 1]) = [1, 2]
    """
    run.spend(len(items) * len(items))
    result: List = []
    for item in items:
        times = sum(1 for other in items if equal(item, other, run) is True)
        if times > 1 and not any(equal(item, known, run) is True for known in result):
            result.append(item)
    return result


@builtin("flatten(list: list)")
def flatten(run: Evaluation, items: List) -> object:
    """Returns the items of all nested lists in one.

    Example: flatten([[1, 2], [[3]], 4]) = [1, 2, 3, 4]
    """
    result: List = []
    stack = [iter(items)]
    while stack:
        for item in stack[-1]:
            run.spend()
            if isinstance(item, (list, tuple)):
                if len(stack) > run.limits.depth:
                    raise Fault("the list is nested too deeply")
                stack.append(iter(item))
                break
            result.append(item)
            if len(result) > run.limits.items:
                run.hold(len(result))
        else:
            stack.pop()
    return result


@builtin("sort(list: list, precedes: function)")
def sort(run: Evaluation, items: List, precedes: Function) -> object:
    """Returns the items in the order that a function of two items decides; equal ones keep their order.

    Example: sort([3, 1, 2], function(x, y) x < y) = [1, 2, 3]
    """
    run.hold(len(items))

    def order(left: object, right: object) -> int:
        first = call_function(precedes, [left, right], run, NOWHERE)
        if first.__class__ is not bool:
            raise Fault("the function must answer true or false")
        if first:
            return -1
        return 1 if call_function(precedes, [right, left], run, NOWHERE) is True else 0

    return sorted(items, key=cmp_to_key(order))


@builtin("sort(list: list)")
def sort_plain(run: Evaluation, items: List) -> object:
    """Returns numbers, texts or temporal values in ascending order."""
    run.hold(len(items))

    def order(left: object, right: object) -> int:
        result = compare(left, right)
        if result is None:
            raise Fault("the items have no order among each other")
        return result

    return sorted(items, key=cmp_to_key(order))


@builtin("is empty(list: list)")
def is_empty(run: Evaluation, items: List) -> object:
    """Tells whether a list has no items.

    Example: is empty([]) = true
    """
    return not items


@builtin("partition(list: list, size: number)")
def partition(run: Evaluation, items: List, size: Number) -> object:
    """Returns the items in lists of a size; the last one may be shorter.

    Example: partition([1, 2, 3, 4, 5], 2) = [[1, 2], [3, 4], [5]]
    """
    step = counted(size)
    if step < 1:
        raise Fault("the size must be positive")
    run.hold(len(items))
    return [items[index : index + step] for index in range(0, len(items), step)]


@builtin("string join(list: list, [delimiter: string?])")
def string_join(run: Evaluation, items: List, delimiter: str | None = None) -> object:
    """Joins texts; nulls are left out.

    Example: string join(["a", "b", "c"], "_and_") = "a_and_b_and_c"
    """
    return _join(run, items, delimiter or "", "", "")


@builtin("string join(list: list, delimiter: string?, prefix: string, suffix: string)")
def string_join_between(
    run: Evaluation, items: List, delimiter: str | None, prefix: str, suffix: str
) -> object:
    """Joins texts between a beginning and an end.

    Example: string join(["a", "b"], ", ", "[", "]") = "[a, b]"
    """
    return _join(run, items, delimiter or "", prefix, suffix)


def _join(run: Evaluation, items: List, delimiter: str, prefix: str, suffix: str) -> str:
    texts = [item for item in items if isinstance(item, str)]
    if len(texts) + sum(1 for item in items if item is None) != len(items):
        raise Fault("all items must be texts")
    run.write(sum(map(len, texts)) + len(delimiter) * len(texts) + len(prefix) + len(suffix))
    return prefix + delimiter.join(texts) + suffix
