"""The changes between two versions of a process: steps, places, ways, conditions, data, roles, forms, times."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from flowmaster.engine.compare.aspects import aspects, plain
from flowmaster.engine.compare.moves import Moves, moves
from flowmaster.engine.compare.pairs import nature, pair, steps
from flowmaster.engine.compare.ways import behind, ways
from flowmaster.engine.model import Element, Flow, Process
from flowmaster.engine.values import Json

_KINDS: Final = ("removed", "added", "moved", "renamed", "changed")


class Change(NamedTuple):
    """One change: of an element (its id now, and before), or of the process as a whole where both are empty.

    `kind` is added, removed, moved, renamed or changed, `what` the aspect of it. One with `behaves` false changes nothing of
    what instances do.
    """

    kind: str
    what: str = ""
    element: str = ""
    before: str = ""
    was: Json = None
    now: Json = None
    behaves: bool = True


class Compared(NamedTuple):
    """Two versions side by side: the new id of each old element that is still there, and what has changed."""

    pairs: Mapping[str, str]
    changes: tuple[Change, ...]


def compare(old: Process, new: Process) -> Compared:
    """Return what differs between two versions of a process."""
    pairs = pair(old, new)
    moved = moves(old, new, pairs)
    found = [
        *_of_elements(old, new, pairs),
        *_of_places(old, new, pairs, moved),
        *_of_ways(old, new, pairs, moved),
        *_of_process(old, new),
    ]
    order = {key: place for place, key in enumerate(new.elements)}
    found.sort(
        key=lambda one: (one.element == one.before == "", _KINDS.index(one.kind), order.get(one.element, 0))
    )
    return Compared(pairs, tuple(found))


def _of_elements(old: Process, new: Process, pairs: Mapping[str, str]) -> Iterator[Change]:
    taken = set(pairs.values())
    for key in steps(old):
        if key not in pairs:
            yield Change("removed", before=key)
    for key in steps(new):
        if key not in taken:
            yield Change("added", element=key)
    for before, key in pairs.items():
        yield from _of_element(old.elements[before], new.elements[key], pairs)


def _of_element(old: Element, new: Element, pairs: Mapping[str, str]) -> Iterator[Change]:
    if old.name != new.name:
        yield Change("renamed", "name", new.id, old.id, was=old.name, now=new.name, behaves=False)
    if old.id != new.id:
        yield Change("renamed", "id", new.id, old.id, was=old.id, now=new.id, behaves=False)
    if old.family != new.family:
        yield Change("changed", "kind", new.id, old.id, was=old.family, now=new.family)
    if old.documentation != new.documentation:
        yield Change(
            "changed",
            "documentation",
            new.id,
            old.id,
            was=old.documentation,
            now=new.documentation,
            behaves=False,
        )
    was, now = aspects(old, pairs), aspects(new)
    for what in dict.fromkeys((*was, *now)):
        if was.get(what) != now.get(what):
            yield Change("changed", what, new.id, old.id, was=was.get(what), now=now.get(what))


def _of_places(old: Process, new: Process, pairs: Mapping[str, str], moved: Moves) -> Iterator[Change]:
    """Yield what stands elsewhere: in another sub-process, on another border, in another lane, or at another time."""
    roots = {old.id: new.id, **pairs}
    for before, key in pairs.items():
        was, now = old.elements[before], new.elements[key]
        if roots.get(was.scope) != now.scope and not _came_with(was.scope, now.scope, old, new, roots):
            yield Change("moved", "scope", key, before, was=was.scope, now=now.scope)
        if roots.get(was.host, "") != now.host and was.host in roots:
            yield Change("moved", "host", key, before, was=was.host, now=now.host)
        if was.lane != now.lane and nature(now) == "activity":
            yield Change("moved", "lane", key, before, was=was.lane, now=now.lane)
        if key in moved.elements:
            yield Change(
                "moved", "place", key, before, was=list(moved.before[key]), now=list(moved.after[key])
            )


def _came_with(was: str, now: str, old: Process, new: Process, roots: Mapping[str, str]) -> bool:
    """Return whether a scope itself is new or gone, so that its coming or going is told of it alone."""
    return was not in roots and now in roots.values() and roots.get(old.elements[was].scope) == now


def _of_ways(old: Process, new: Process, pairs: Mapping[str, str], moved: Moves) -> Iterator[Change]:
    """Yield ways between elements of both versions that came or went, and conditions on ways that are still there."""
    for source, target in moved.gone:
        before = moved.ids[source]
        yield Change("removed", "way", source, before, was=moved.ids[target])
    for source, target in moved.come:
        yield Change("added", "way", source, moved.ids[source], now=target)
    for before, key in pairs.items():
        was, now = _branches(old, before, pairs), _branches(new, key, {each: each for each in pairs.values()})
        for branch in was:
            if branch in now and was[branch] != now[branch]:
                what = "condition" if was[branch][0] != now[branch][0] else "default"
                place = 0 if what == "condition" else 1
                yield Change(
                    "changed", f"{what} to {branch[0]}", key, before, was[branch][place], now[branch][place]
                )


def _branches(
    process: Process, key: str, names: Mapping[str, str]
) -> dict[tuple[str, int], tuple[str, bool]]:
    """Return the condition of each way out of an element, and whether it is the default, by where it leads."""
    element, found = process.elements[key], dict[tuple[str, int], tuple[str, bool]]()
    for flow in element.outgoing:
        target = _leads_to(process, flow, names)
        number = sum(1 for one, _ in found if one == target)
        condition = "" if flow.condition is None else flow.condition.text
        found[target, number] = (condition, flow is element.default)
    return found


def _leads_to(process: Process, flow: Flow, names: Mapping[str, str]) -> str:
    """Return the first element behind a flow that both versions have, by its new id."""
    if flow.target in names:
        return names[flow.target]
    found = behind(ways(process), flow.target, names)
    return names[found[0]] if found else ""


_PARTS: Final[tuple[tuple[str, str, bool], ...]] = (
    ("name", "name", False),
    ("version tag", "version_tag", False),
    ("checks of the start", "checks", True),
    ("forms", "forms", True),
    ("roles", "roles", False),
    ("kinds of roles", "role_kinds", False),
    ("laws", "laws", False),
    ("calendars", "calendars", True),
    ("tool", "tool", False),
    ("scenarios", "scenarios", False),
)
"""The parts of a process beside its elements and data, and whether they tell in what instances do."""


def _of_process(old: Process, new: Process) -> Iterator[Change]:
    was, now = {one.name: one for one in old.data}, {one.name: one for one in new.data}
    for name in dict.fromkeys((*was, *now)):
        one, other = plain(was.get(name), {}), plain(now.get(name), {})
        if one != other:
            kind = "added" if one is None else "removed" if other is None else "changed"
            yield Change(kind, f"data {name}", was=one, now=other)
    for what, part, behaves in _PARTS:
        one, other = getattr(old, part), getattr(new, part)
        if isinstance(one, Mapping) and part != "calendars":
            for name in dict.fromkeys((*one, *other)):
                if one.get(name) != other.get(name):
                    kind = "added" if name not in one else "removed" if name not in other else "changed"
                    yield Change(
                        kind, f"{what}: {name}", was=one.get(name), now=other.get(name), behaves=behaves
                    )
        elif (before := plain(one, {})) != (after := plain(other, {})):
            yield Change("changed", what, was=before, now=after, behaves=behaves)
    root = _of_element(old.root, new.root, {})
    yield from (one._replace(element="", before="") for one in root if one.what not in ("name", "id"))
