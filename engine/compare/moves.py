"""Which elements stand elsewhere in the flow, so that the others need not be said to have changed.

Steps that came or went are looked through: a step put between two others leaves the way from one to the other as it was.
Of what is left, an element has moved if the ways of all others are alike once it is looked through too.
"""

from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from flowmaster.engine.compare.pairs import nature
from flowmaster.engine.compare.ways import behind, ways
from flowmaster.engine.model import Element, Process

MOVES_MAX: Final = 20
"""Elements that are looked for among those that have moved; what is left is told as ways that came and went."""

Way = tuple[str, str]


class Moves(NamedTuple):
    """Elements that stand elsewhere and ways that came or went, by new ids, and the old ids of all.

    `before` and `after` tell what came next before each of those elements then, by old ids, and now.
    """

    elements: tuple[str, ...]
    before: Mapping[str, tuple[str, ...]]
    after: Mapping[str, tuple[str, ...]]
    gone: tuple[Way, ...]
    come: tuple[Way, ...]
    ids: Mapping[str, str]


def moves(old: Process, new: Process, pairs: Mapping[str, str]) -> Moves:
    """Return what stands elsewhere."""
    ids = {theirs: ours for ours, theirs in pairs.items()}
    kept = list(ids)
    moved: list[str] = []
    gone, come = _differences(old, new, ids, kept)
    while (gone or come) and len(moved) < MOVES_MAX:
        touched = {one for way in (*gone, *come) for one in way}
        tried = {
            one: _differences(old, new, ids, [key for key in kept if key != one])
            for one in kept
            if one in touched
        }
        best = min(tried, key=lambda one: (sum(map(len, tried[one])), _reluctance(new.elements[one])))
        left = tried[best]
        if sum(map(len, left)) > len(gone) + len(come) - 2:
            break
        moved.append(best)
        kept.remove(best)
        gone, come = left
    was, now = _sources(old, list(pairs)), _sources(new, list(ids))
    return Moves(
        tuple(moved),
        {one: tuple(was[ids[one]]) for one in moved},
        {one: tuple(now[one]) for one in moved},
        tuple(gone),
        tuple(come),
        ids,
    )


def _reluctance(element: Element) -> int:
    """Return how unlikely it is that people have moved an element, rather than others around it."""
    if nature(element) == "activity":
        return 0
    return 1 if "Gateway" in element.kind else 2


def _differences(
    old: Process, new: Process, ids: Mapping[str, str], kept: Collection[str]
) -> tuple[list[Way], list[Way]]:
    """Return the ways that only the old version has, and those that only the new one has, by new ids."""
    names = {ids[key]: key for key in kept}
    before, after, now_kept = ways(old), ways(new), set(kept)
    was = {(names[a], names[b]) for a in names for b in behind(before, a, names)}
    now = {(a, b) for a in now_kept for b in behind(after, a, now_kept)}
    return sorted(was - now), sorted(now - was)


def _sources(process: Process, kept: Collection[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {key: [] for key in kept}
    out, all_kept = ways(process), set(kept)
    for key in kept:
        for target in behind(out, key, all_kept):
            found[target].append(key)
    return found
