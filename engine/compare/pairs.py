"""Which element of a new version is which of the old one, whatever has become of its id, name and place."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Final, NamedTuple

from flowmaster.engine.bpmn.vocabulary import ACTIVITY_KINDS
from flowmaster.engine.compare.aspects import aspects
from flowmaster.engine.compare.ways import behind, ways
from flowmaster.engine.model import Element, Process

SAME_ID: Final = "same id"
SAME_NAME: Final = "alone has this kind and name"
SAME_WORK: Final = "alone does the same"
SAME_PLACE: Final = "alone stands between the same neighbours"


class Pair(NamedTuple):
    """The id that an element has in the other version, and by what it was recognised."""

    id: str
    reason: str


def pair(old: Process, new: Process) -> dict[str, str]:
    """Return the ids of the elements of the old process that are in the new one, each with its id there."""
    return {key: found.id for key, found in paired(old, new).items()}


def paired(old: Process, new: Process) -> dict[str, Pair]:
    """Return for each element of the old process that is in the new one its id there, and by what it was recognised.

    An element is the same that has the same id and nature; of those left, one that alone has its kind and name, one that
    alone does the same, and at last one that alone stands between the same neighbours.
    """
    pairs: dict[str, str] = {}
    reasons: dict[str, str] = {}
    taken: set[str] = set()

    def meet(found: Iterable[tuple[str, str]], reason: str) -> None:
        for ours, theirs in found:
            if ours not in pairs and theirs not in taken:
                pairs[ours], reasons[ours] = theirs, reason
                taken.add(theirs)

    meet(((key, key) for key in steps(old) if key in steps(new) and _alike(old, new, key, key)), SAME_ID)
    for trait, reason in ((_named, SAME_NAME), (_doing, SAME_WORK)):
        meet(_alone(old, new, pairs, trait), reason)
    while found := _between(old, new, pairs):
        meet(found, SAME_PLACE)
    return {key: Pair(theirs, reasons[key]) for key, theirs in pairs.items()}


def steps(process: Process) -> list[str]:
    """Return the ids of the flow nodes of a process, which itself stands among its elements."""
    return [key for key in process.elements if key != process.id]


def _alike(old: Process, new: Process, ours: str, theirs: str) -> bool:
    return nature(old.elements[ours]) == nature(new.elements[theirs])


def nature(element: Element) -> str:
    """Return what an element stays through all changes: an activity, or its kind of gateway or event."""
    return "activity" if element.kind in ACTIVITY_KINDS else element.kind


def _named(element: Element) -> Hashable:
    return (nature(element), element.name) if element.name else None


def _doing(element: Element) -> Hashable:
    content = {name: each for name, each in aspects(element).items() if each not in (None, "", [], {})}
    return (element.family, element.name, repr(sorted(content.items()))) if content else None


def _alone(
    old: Process, new: Process, pairs: Mapping[str, str], trait: Callable[[Element], Hashable]
) -> list[tuple[str, str]]:
    """Return those without a counterpart whose trait nobody else without a counterpart has, on either side."""
    taken = set(pairs.values())
    ours = {key: trait(old.elements[key]) for key in steps(old) if key not in pairs}
    theirs = {key: trait(new.elements[key]) for key in steps(new) if key not in taken}
    counts, others = Counter(ours.values()), Counter(theirs.values())
    by_trait = {each: key for key, each in theirs.items()}
    return [
        (key, by_trait[each])
        for key, each in ours.items()
        if each is not None and counts[each] == others[each] == 1
    ]


def _between(old: Process, new: Process, pairs: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return those without a counterpart that alone stand between the same neighbours among those that have one."""
    taken = set(pairs.values())
    ours = _places(old, [key for key in steps(old) if key not in pairs], pairs)
    theirs = _places(new, [key for key in steps(new) if key not in taken], {each: each for each in taken})
    counts, others = Counter(ours.values()), Counter(theirs.values())
    by_place = {place: key for key, place in theirs.items()}
    return [(key, by_place[place]) for key, place in ours.items() if counts[place] == others[place] == 1]


def _places(process: Process, keys: list[str], names: Mapping[str, str]) -> dict[str, Hashable]:
    """Return the nature of elements and what comes next before and behind them of what both versions have."""
    found: dict[str, Hashable] = {}
    out = ways(process)
    for key in keys:
        here = {*names, key}
        before = frozenset(names[one] for one in names if key in behind(out, one, here))
        after = frozenset(names[one] for one in behind(out, key, names))
        if before or after:
            element = process.elements[key]
            found[key] = (nature(element), before, after, names.get(element.host, element.host))
    return found
