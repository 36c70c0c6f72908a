"""Two versions side by side as they are played: what differs of their models, and where two runs of a case part first."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from flowmaster.engine.compare.changes import Change
from flowmaster.engine.dmn.cases import same
from flowmaster.engine.model import Process
from flowmaster.tools.behaviour_rules import Ruled
from flowmaster.tools.behaviour_seen import ASPECTS, Run, Seen, Side


@dataclass(frozen=True)
class Structure:
    """The two sides, what differs of their models, and the decisions that they ask in different versions."""

    old: Side
    new: Side
    changes: Sequence[Change]
    ruled: Sequence[Ruled]

    @cached_property
    def behaving(self) -> list[Change]:
        """Return the changes that touch what instances do."""
        return [one for one in self.changes if one.behaves]

    @cached_property
    def comes_or_goes(self) -> bool:
        """Tell whether some step came or went."""
        return any(one.what == "" and one.kind in ("added", "removed") for one in self.changes)

    @cached_property
    def _apart(self) -> dict[Side, dict[str, Change]]:
        """Return the elements that one side has alone."""
        alone = [one for one in self.behaving if one.what == "" and one.kind in ("added", "removed")]
        return {
            self.old: {one.before: one for one in alone if one.kind == "removed"},
            self.new: {one.element: one for one in alone if one.kind == "added"},
        }

    def alone(self, change: Change) -> tuple[Side, str]:
        """Return the side that alone has the element of a change, and the element; of any other change the newer side."""
        return (self.old, change.before) if not change.element else (self.new, change.element)

    def whole(self, side: Side, key: str) -> list[Change]:
        """Return the change by which an element came or went: of the outermost one that did so with it, then of all inside."""
        apart = self._apart[side]
        if key not in apart:
            return []
        outer = list(_outward(side.process, key))
        top = next(one for one in reversed(outer) if one in apart)
        inside = [one for one in apart if one != top and top in _outward(side.process, one)]
        return [apart[top], *map(apart.__getitem__, inside)]

    @property
    def reorders(self) -> bool:
        """Tell whether steps come in another order."""
        return any(one.what in ("way", "place", "scope", "host") for one in self.changes)


def _outward(process: Process, key: str) -> Iterator[str]:
    """Give an element, what it stands on the border of or in, and so on outward."""
    while key and key != process.id:
        yield key
        element = process.elements[key]
        key = element.host or element.scope


def is_rewritten(change: Change) -> bool:
    """Tell whether a condition is another one, and not only new or gone with a way."""
    return change.what.startswith("default") or (
        change.what.startswith("condition") and bool(change.was) and bool(change.now)
    )


def is_way(change: Change) -> bool:
    """Tell whether a change is one of where a step stands in the flow, or of the ways out of it."""
    return change.what in ("way", "place") or change.what.startswith(("condition to", "default to"))


class Parting(NamedTuple):
    """Where two runs part: what was to be seen then and what is now (None: nothing more), and after how much that is alike."""

    alike: int
    was: Seen | None
    now: Seen | None


def parting_of(structure: Structure, old: Run, new: Run) -> Parting | None:
    """Return where two runs part, None if nothing that is to be seen differs.

    What happens side by side may come in any order; only where the model itself orders steps otherwise, their order counts.
    Where a play was cut short, what is missing behind it tells nothing: moment by moment as much must be to be seen.
    """
    alike = next(
        (place for place, (one, other) in enumerate(zip(old.keys, new.keys, strict=False)) if one != other),
        min(len(old.keys), len(new.keys)),
    )
    if alike == len(old.keys) == len(new.keys):
        return None
    was, now = _unmatched(old, new, alike), _unmatched(new, old, alike)
    if was is None and now is None:
        if not structure.reorders or alike == min(len(old.keys), len(new.keys)):
            return None
        was, now = old.seen[alike], new.seen[alike]
    if (old.played.unfinished or new.played.unfinished) and (was is None or now is None):
        at = _apart_at(old, new)
        if at is None or alike == min(len(old.keys), len(new.keys)):
            return None
        was = _unmatched(old.until(at), new.until(at), alike) or old.seen[alike]
        now = _unmatched(new.until(at), old.until(at), alike) or new.seen[alike]
    return Parting(alike, was, now)


def _apart_at(old: Run, new: Run) -> int | None:
    """Return the first moment at which not the same is to be seen, before the first play was cut short."""
    cut = [run.times[-1] for run in (old, new) if run.played.unfinished and run.times]
    if not cut:
        return None
    was, now = (Counter(zip(run.times, run.keys, strict=True)) for run in (old, new))
    moments = [at for at, _ in (*(was - now), *(now - was)) if at < min(cut)]
    return min(moments, default=None)


def _unmatched(run: Run, other: Run, alike: int) -> Seen | None:
    """Return the first thing behind what is alike that the other run does not have."""
    left = Counter(other.keys[alike:])
    for key, seen in zip(run.keys[alike:], run.seen[alike:], strict=True):
        if not left[key]:
            return seen
        left[key] -= 1
    return None


def aspects_of(old: Run, new: Run) -> set[str]:
    """Return what of two runs differs: the end, the path, tasks, timers, messages, work, decisions, variables."""
    was, now = (
        Counter((key, ASPECTS[seen.kind]) for key, seen in zip(run.keys, run.seen, strict=True))
        for run in (old, new)
    )
    found = {aspect for _, aspect in ((was - now) + (now - was))}
    if not old.ends_as(new):
        found.add("end")
    if not same(dict(old.variables), dict(new.variables)):
        found.add("variables")
    return found
