"""The result of a process: the variable that each of its ends writes its own name into.

Ends of what happens beside a step that goes on write nothing, since the case does not end there.
`result: outcome` makes `end: paid` set `outcome` to "paid". Every end says so itself in its output mappings, as BPMN
and zeebe have it; `fm:result` on the process remembers the variable, so that ends which are added later do the same.
"""

from collections.abc import Iterator
from dataclasses import replace

from flowmaster.engine.bpmn.element import Element
from flowmaster.engine.bpmn.vocabulary import fm
from flowmaster.engine.outline.nodes import (
    Decision,
    End,
    Handler,
    Node,
    Outline,
    Parallel,
    Step,
    everywhere,
    on_the_way,
)
from flowmaster.engine.outline.values import literal

RESULT = fm("result")
_OUTCOMES = ("", "terminate", "message", "signal")
"""Ends of these kinds complete the process; errors, escalations and the like hand on to somebody else."""


def declared_result(process: Element) -> str:
    """Return the variable that a process keeps its result in, empty if it has none."""
    holder = process.extension(RESULT)
    return holder.get("variable") if holder is not None else ""


def result_in(scope: Element) -> str:
    """Return the variable that an end in this scope writes its name into, empty if it does not end the process."""
    if scope.kind == "process":
        return declared_result(scope)
    parent = scope.parent
    if parent is None or parent.kind != "process" or not scope.is_true("triggeredByEvent"):
        return ""
    starts = scope.children("startEvent")
    interrupts = any(start.is_true("isInterrupting", True) for start in starts)
    return declared_result(parent) if interrupts else ""


def with_result(end: End, variable: str) -> End:
    """Return an end that also writes its name into the variable, unless it sets that itself."""
    given = end.words.get("set")
    assigned = dict(given) if isinstance(given, dict) else {}
    if not variable or not end.name or end.trigger.kind not in _OUTCOMES or variable in assigned:
        return end
    return replace(end, words={**end.words, "set": {variable: literal(end.name), **assigned}})


def without_result(outline: Outline, variable: str) -> Outline:
    """Return an outline that says `result` once, if each end that could writes its name; else as it is."""
    if not variable or any(_left_out(end, variable) for end in _ends(outline)):
        return outline
    return replace(
        outline,
        result=variable,
        steps=_all(outline.steps, variable),
        events=tuple(
            one if one.keep else replace(one, steps=_all(one.steps, variable)) for one in outline.events
        ),
    )


def ends_of_groups(outline: Outline) -> list[str]:
    """Return what is to know of named ends inside of groups: they are not those of the process."""
    told = []
    for group in everywhere(outline.steps):
        if not isinstance(group, Step) or not group.steps:
            continue
        ends = [node for node in on_the_way(group.steps) if isinstance(node, End)]
        names = [f"'{end.name}'" for end in ends if end.name and end.trigger.kind in _OUTCOMES]
        if names:
            told.append(
                f"{', '.join(names)} in {group.name!r} ends that group alone, and the process goes on behind it; "
                "`{end: {error: CODE}}` inside with `on: {CODE: [...]}` at the group leads elsewhere."
            )
    return told


def _ends(outline: Outline) -> Iterator[End]:
    lists = [outline.steps, *(handler.steps for handler in outline.events if not handler.keep)]
    for steps in lists:
        yield from (node for node in on_the_way(steps) if isinstance(node, End))


def _left_out(end: End, variable: str) -> bool:
    """Return whether `result` would make this end set what it does not set now."""
    given = end.words.get("set")
    return with_result(end, variable) is not end and not (isinstance(given, dict) and variable in given)


def _all(steps: tuple[Node, ...], variable: str) -> tuple[Node, ...]:
    return tuple(_one(node, variable) for node in steps)


def _one(node: Node, variable: str) -> Node:
    match node:
        case End():
            return _plain(node, variable)
        case Step():
            undo = _one(node.undo, variable) if node.undo is not None else None
            return replace(
                node,
                handlers=tuple(_handler(one, variable) for one in node.handlers),
                undo=undo if isinstance(undo, Step) else None,
            )
        case Decision():
            cases = tuple(replace(case, steps=_all(case.steps, variable)) for case in node.cases)
            return replace(node, cases=cases)
        case Parallel():
            return replace(node, branches=tuple(_all(branch, variable) for branch in node.branches))
        case _:
            return node


def _handler(handler: Handler, variable: str) -> Handler:
    return handler if handler.keep else replace(handler, steps=_all(handler.steps, variable))


def _plain(end: End, variable: str) -> End:
    given = end.words.get("set")
    if not isinstance(given, dict) or given.get(variable) != literal(end.name):
        return end
    if end.trigger.kind not in _OUTCOMES or not end.name:
        return end
    kept = {key: value for key, value in given.items() if key != variable}
    words = {key: value for key, value in end.words.items() if key != "set"}
    return replace(end, words=words | {"set": kept} if kept else words)
