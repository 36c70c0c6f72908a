"""Checks the names that steps refer to each other by, and that every step can be reached."""

from collections.abc import Iterator, Mapping
from typing import assert_never

from flowmaster.engine.errors import did_you_mean
from flowmaster.engine.outline.nodes import (
    Decision,
    End,
    Jump,
    Node,
    Outline,
    Parallel,
    Step,
    everywhere,
    in_scope,
)
from flowmaster.engine.outline.reading import Reading


def name_key(name: str) -> str:
    """Return a name as names are compared: white space evened, case ignored."""
    return " ".join(name.split()).casefold()


def nodes_by_name(steps: tuple[Node, ...]) -> dict[str, Node]:
    """Return what can be jumped to in one scope, by name and by given id."""
    found: dict[str, Node] = {}
    for node in in_scope(steps):
        if isinstance(node, Step | Decision | Parallel):
            for name in (node.name, node.id):
                if name:
                    found.setdefault(name_key(name), node)
    return found


def check_scopes(reading: Reading, outline: Outline) -> None:
    """Note jumps that lead nowhere, exclusions of unknown steps, and steps that nothing reaches."""
    steps = list(every_step(outline))
    names = {name_key(node.name): node.name for node in steps}
    _scope(reading, outline.steps, names, [start.goto for start in outline.starts if start.goto])
    ends = {name_key(node.id) for node in in_scope(outline.steps) if isinstance(node, End) and node.id}
    for start in outline.starts:
        if start.goto and name_key(start.goto) not in {*nodes_by_name(outline.steps), *ends}:
            _unknown_target(reading, start.goto, f"{start.at}.goto", outline.steps, names)
    for handler in outline.events:
        _scope(reading, handler.steps, names, [])
    for node in steps:
        _exclusions(reading, node, names)
        if node.kind == "group":
            _scope(reading, node.steps, names, [])
        for handler in node.events:
            _scope(reading, handler.steps, names, [])


def every_step(outline: Outline) -> Iterator[Step]:
    """Yield all steps at any depth, those beside the main way and those that undo others, too."""
    for steps in (outline.steps, *(handler.steps for handler in outline.events)):
        yield from _steps_of(steps)


def _steps_of(steps: tuple[Node, ...]) -> Iterator[Step]:
    for node in everywhere(steps):
        if isinstance(node, Step):
            yield node
            if node.undo is not None:
                yield from _steps_of((node.undo,))


def _scope(reading: Reading, steps: tuple[Node, ...], names: Mapping[str, str], jumped: list[str]) -> None:
    known = nodes_by_name(steps)
    targets = {name_key(name) for name in jumped}
    for node in in_scope(steps):
        if isinstance(node, Jump):
            targets.add(name_key(node.to))
            if name_key(node.to) not in known:
                _unknown_target(reading, node.to, node.at, steps, names)
    _reach(reading, steps, targets)


def _unknown_target(
    reading: Reading, name: str, path: str, steps: tuple[Node, ...], names: Mapping[str, str]
) -> None:
    near = [
        node.name for node in in_scope(steps) if isinstance(node, Step | Decision | Parallel) and node.name
    ]
    elsewhere = name_key(name) in names
    message = (
        f"{name!r} stands in another group; a jump cannot enter or leave a group."
        if elsewhere
        else f"There is no step {name!r} to go to.{did_you_mean(name, near)}"
    )
    ends = any(isinstance(node, End) and name_key(node.name) == name_key(name) for node in in_scope(steps))
    reading.problems.add(
        "outline.step_unknown",
        path,
        message,
        expected=near,
        fix=f"An end is no target: write `{{end: {name}}}` there."
        if ends
        else "Name a step of the same scope.",
    )


def _exclusions(reading: Reading, step: Step, names: Mapping[str, str]) -> None:
    listed = step.words.get("not")
    if not isinstance(listed, list):
        return
    for number, entry in enumerate(listed):
        text = str(entry)
        if not text:
            continue
        if text.startswith("=") or name_key(text) not in names:
            path = f"{step.at}.not[{number}]" if len(listed) > 1 else f"{step.at}.not"
            listed[number] = f"={reading.feel(text, path)}"
        else:
            listed[number] = names[name_key(text)]


def _reach(reading: Reading, steps: tuple[Node, ...], targets: set[str]) -> bool:
    """Note steps behind an end that nothing jumps to; return whether the way goes on behind the last one."""
    alive = True
    for node in steps:
        if not alive and not _names_of(node) & targets:
            reading.problems.add(
                "outline.step_unreachable",
                node.at,
                "Nothing leads here: the way before it ends or jumps away.",
                fix="Move it before the `end` or `goto`, or into a branch, or let a `goto` name it.",
            )
            alive = True
        alive = _goes_on(reading, node, targets)
    return alive


def _names_of(node: Node) -> set[str]:
    """Return what a node can be reached by: its name and id, of an end the id alone; nothing leads to a jump."""
    name = node.name if isinstance(node, Step | Decision | Parallel) else ""
    identifier = "" if isinstance(node, Jump) else node.id
    return {name_key(one) for one in (name, identifier) if one}


def _goes_on(reading: Reading, node: Node, targets: set[str]) -> bool:
    match node:
        case Step():
            for handler in node.all_handlers:
                _reach(reading, handler.steps, targets)
            return True
        case Decision():
            return _any_goes_on(reading, [case.steps for case in node.cases], targets)
        case Parallel():
            return _any_goes_on(reading, list(node.branches), targets)
        case Jump() | End():
            return False
        case _:
            assert_never(node)


def _any_goes_on(reading: Reading, branches: list[tuple[Node, ...]], targets: set[str]) -> bool:
    """Look at every branch, also behind one that goes on."""
    alive = [_reach(reading, branch, targets) for branch in branches]
    return True in alive
