"""Built-in functions of FEEL worked backwards: how conditions that are calls are met, and how calls come to a value."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from flowmaster.engine.feel import syntax as s
from flowmaster.engine.feel.arithmetic import negate
from flowmaster.engine.feel.expression import to_json
from flowmaster.engine.feel.numbers import is_number
from flowmaster.engine.proof.changes import Change
from flowmaster.engine.proof.limits import OTHER_TEXT, unlike

if TYPE_CHECKING:
    from flowmaster.engine.proof.solving import Solver

Arguments = tuple[s.Node, ...]


def _not(solver: "Solver", given: Arguments, wanted: bool) -> Iterator[Change]:
    for node in given[:1]:
        yield from solver.holds(node, not wanted)


def _text_test(make: Callable[[str, str], str]) -> "Condition":
    """Return how a test of a text for a part is met: by the text with the part added, or by the part alone."""

    def solve(solver: "Solver", given: Arguments, wanted: bool) -> Iterator[Change]:
        if len(given) == 2:
            part = solver.view.value(given[1])
            now = solver.view.value(given[0])
            if isinstance(part, str) and wanted:
                for text in (make(part, now), part) if isinstance(now, str) else (part,):
                    yield from solver.becomes(given[0], text)
            elif isinstance(part, str):
                yield from solver.becomes(given[0], OTHER_TEXT)

    return solve


def _list_contains(solver: "Solver", given: Arguments, wanted: bool) -> Iterator[Change]:
    if len(given) != 2:
        return
    listed, item = (solver.view.value(node) for node in given)
    items = listed if isinstance(listed, list) else []
    if wanted:
        for each in items:
            yield from solver.becomes(given[1], each)
        if item is not None:
            yield from solver.becomes(given[0], [*items, item])
        return
    for each in unlike(item):
        yield from solver.becomes(given[1], each)
    yield from solver.becomes(given[0], [each for each in items if each != item])


def _empty(solver: "Solver", given: Arguments, wanted: bool) -> Iterator[Change]:
    for node in given[:1]:
        yield from solver.lengths(node, 0 if wanted else 1)


def _is_defined(solver: "Solver", given: Arguments, wanted: bool) -> Iterator[Change]:
    for node in given[:1]:
        for value in solver.choices(node) if wanted else (None,):
            yield from solver.becomes(node, value)


def _all_of(decisive: bool) -> "Condition":
    """Return how `all` and `any` are met: by a list with one item that decides."""

    def solve(solver: "Solver", given: Arguments, wanted: bool) -> Iterator[Change]:
        for node in given[:1]:
            yield from solver.becomes(node, [wanted])
            if wanted is not decisive:
                yield from solver.becomes(node, [])

    return solve


Condition = Callable[["Solver", Arguments, bool], Iterator[Change]]
CONDITIONS: dict[str, Condition] = {
    "not": _not,
    "contains": _text_test(lambda part, text: f"{text} {part}"),
    "starts with": _text_test(lambda part, text: f"{part} {text}"),
    "ends with": _text_test(lambda part, text: f"{text} {part}"),
    "list contains": _list_contains,
    "is empty": _empty,
    "empty": _empty,
    "is defined": _is_defined,
    "all": _all_of(False),
    "any": _all_of(True),
}
"""How conditions that are built-in functions are met."""


def _same(solver: "Solver", given: Arguments, value: object) -> Iterator[Change]:
    for node in given[:1]:
        yield from solver.becomes(node, value)


def _abs(solver: "Solver", given: Arguments, value: object) -> Iterator[Change]:
    for node in given[:1]:
        yield from solver.becomes(node, value)
        yield from solver.becomes(node, negate(value))


def _as_text(solver: "Solver", given: Arguments, value: object) -> Iterator[Change]:
    for node in given[:1]:
        yield from solver.becomes(node, to_text(value))


def _count(solver: "Solver", given: Arguments, value: object) -> Iterator[Change]:
    for node in given[:1]:
        if isinstance(value, int):
            yield from solver.lengths(node, value)


def _one_item(solver: "Solver", given: Arguments, value: object) -> Iterator[Change]:
    """Give a list of one item, of which sum, mean, minimum and maximum are that item."""
    if len(given) == 1:
        yield from solver.becomes(given[0], [value])
        return
    for node in given:
        yield from solver.becomes(node, value)


def _length(solver: "Solver", given: Arguments, value: object) -> Iterator[Change]:
    for node in given[:1]:
        if isinstance(value, int) and 0 <= value <= LENGTH_MAX:
            now = solver.view.value(node)
            yield from solver.becomes(node, (now if isinstance(now, str) else "").ljust(value, "x")[:value])


LENGTH_MAX = 1_000
"""How long a text is made so that its length is right."""

VALUES: dict[str, Callable[["Solver", Arguments, object], Iterator[Change]]] = {
    **dict.fromkeys(("abs", "abs value"), _abs),
    **dict.fromkeys(("number", "date", "time", "date and time", "duration"), _as_text),
    **dict.fromkeys(
        ("floor", "ceiling", "round", "decimal", "round half up", "round up", "round down"), _same
    ),
    **dict.fromkeys(("lower case", "upper case", "string", "trim"), _same),
    **dict.fromkeys(("sum", "min", "max", "mean", "median"), _one_item),
    "count": _count,
    "string length": _length,
}
"""How built-in functions come to a value."""


def to_text(value: object) -> object:
    """Return a value as the text that its conversion reads; a text stays as it is."""
    return to_json(value) if not is_number(value) else str(value)
