"""The ids and lanes that follow from an outline, unless it says otherwise: readable, and always the same."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import assert_never

from flowmaster.engine.bpmn.identifiers import id_from_name
from flowmaster.engine.outline.nodes import (
    Decision,
    End,
    Handler,
    Node,
    Outline,
    Parallel,
    Step,
    Trigger,
    in_scope,
)
from flowmaster.engine.outline.scopes import name_key

CONDITION_LENGTH_MAX = 40
_NOT_WORD = re.compile(r"[^\w]+")


def id_of_condition(condition: str) -> str:
    """Return the id of a decision that has no name: `if_not_match_ok`."""
    words = _NOT_WORD.sub("_", condition).strip("_")[:CONDITION_LENGTH_MAX].strip("_")
    return f"if_{words}"


def wish_of(node: Decision | Parallel | End | Handler, host: str = "") -> str:
    """Return the name that a node's id is made from when the outline gives none."""
    match node:
        case Decision():
            first = next((case.condition for case in node.cases if case.condition), "")
            return node.name or id_of_condition(first)
        case Parallel():
            return node.name or ("together" if node.kind == "all" else "first_of")
        case End():
            return node.name or _said(node.trigger) or "end"
        case Handler():
            return f"{host} {'late' if node.trigger.kind == 'after' else _said(node.trigger)}"
        case _:
            assert_never(node)


def _said(trigger: Trigger) -> str:
    return trigger.kind if trigger.kind == "bpmn" else trigger.value.removeprefix("=") or trigger.kind


def assign_ids(outline: Outline, used: Iterable[str] = ()) -> dict[str, str]:
    """Return the id of everything in an outline by its place (`at`): named steps first, then what stands round them.

    Ids in `used` are not given again.
    """
    ids: dict[str, str] = {}
    taken = {outline.process, *used}
    placed = list(_places(outline.steps, ""))
    for handler in outline.events:
        placed += [(handler, "on"), *_places(handler.steps, "")]
    for start in outline.starts:
        if start.id:
            ids[start.at] = start.id
            taken.add(start.id)
    for node, _ in placed:
        if node.id:
            ids[node.at] = node.id
            taken.add(node.id)
    for node, _ in placed:
        if isinstance(node, Step) and node.at not in ids:
            _take(ids, taken, node.at, node.name)
    for start in outline.starts:
        if start.at not in ids:
            _take(
                ids, taken, start.at, start.name or f"start {start.trigger.value.removeprefix('=')}".strip()
            )
    for node, host in placed:
        if not isinstance(node, Step) and node.at not in ids:
            _take(ids, taken, node.at, wish_of(node, ids.get(host, host)))
    return ids


def _take(ids: dict[str, str], taken: set[str], at: str, wish: str) -> None:
    found = id_from_name(wish, taken)
    ids[at] = found
    taken.add(found)


def _places(
    steps: tuple[Node, ...], host: str
) -> Iterator[tuple[Step | Decision | Parallel | End | Handler, str]]:
    for node in steps:
        if isinstance(node, Step | Decision | Parallel | End):
            yield node, host
        match node:
            case Step():
                yield from _beside(node)
            case Decision():
                for case in node.cases:
                    yield from _places(case.steps, host)
            case Parallel():
                for branch in node.branches:
                    yield from _places(branch, host)
            case _:
                pass


def _beside(step: Step) -> Iterator[tuple[Step | Decision | Parallel | End | Handler, str]]:
    if step.undo is not None:
        yield from _places((step.undo,), "")
    for handler in step.handlers:
        yield handler, step.at
        yield from _places(handler.steps, "")
    yield from _places(step.steps, "")
    for handler in step.events:
        yield handler, step.at
        yield from _places(handler.steps, "")


def assign_lanes(outline: Outline) -> dict[str, str]:
    """Return the role in whose lane each node of the process stands, by its place.

    A person's step stands in the lane of its role, everything else where the way came from.
    """
    lanes: dict[str, str] = {}
    if not outline.lanes or not outline.roles:
        return lanes
    used = {_own_lane(node, outline.roles) for node in in_scope(outline.steps)}
    first = next((role for role in outline.roles if role in used), "")
    if not first:
        return lanes
    for start in outline.starts:
        lanes[start.at] = first
    _follow(outline.steps, first, lanes, outline.roles)
    for handler in outline.events:
        lanes[handler.at] = first
    return lanes


def follow_lanes(steps: tuple[Node, ...], lane: str, roles: Mapping[str, str]) -> dict[str, str]:
    """Return the lanes of steps that are added where the way comes from `lane`."""
    lanes: dict[str, str] = {}
    _follow(steps, lane, lanes, roles)
    return lanes


def _follow(steps: tuple[Node, ...], lane: str, lanes: dict[str, str], roles: Mapping[str, str]) -> None:
    for node in steps:
        match node:
            case Step():
                lane = _own_lane(node, roles) or lane
                lanes[node.at] = lane
                if node.undo is not None:
                    lanes[node.undo.at] = _own_lane(node.undo, roles) or lane
                for handler in node.all_handlers:
                    _follow(handler.steps, lane, lanes, roles)
            case Decision():
                lanes[node.at] = lane
                for case in node.cases:
                    _follow(case.steps, lane, lanes, roles)
            case Parallel():
                lanes[node.at] = lane
                for branch in node.branches:
                    _follow(branch, lane, lanes, roles)
            case End():
                lanes[node.at] = lane
            case _:
                pass


def _own_lane(node: Node, roles: Mapping[str, str]) -> str:
    if not isinstance(node, Step):
        return ""
    if node.words.get("lane"):
        return str(node.words["lane"])
    if node.kind == "ask" and isinstance(node.main, Mapping):
        given = node.main.get("roles")
        if isinstance(given, list) and given and str(given[0]) in roles:
            return str(given[0])
    return ""


def names_of(steps: tuple[Node, ...], ids: Mapping[str, str]) -> dict[str, str]:
    """Return the ids of the named steps at any depth, by name."""
    found: dict[str, str] = {}
    for node in in_scope(steps):
        if isinstance(node, Step):
            found.setdefault(name_key(node.name), ids[node.at])
            if node.undo is not None:
                found.setdefault(name_key(node.undo.name), ids[node.undo.at])
            for name, identifier in names_of(node.steps, ids).items():
                found.setdefault(name, identifier)
            for handler in node.events:
                found.update(names_of(handler.steps, ids))
    return found
