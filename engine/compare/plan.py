"""What becomes of the elements and flows of a version in another one: the plan by which instances move over."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flowmaster.engine.compare.pairs import SAME_PLACE, Pair, paired
from flowmaster.engine.compare.ways import Ways, ways
from flowmaster.engine.errors import FlowMasterError, did_you_mean
from flowmaster.engine.model import Element, Flow, Process
from flowmaster.engine.values import Json

GIVEN: Final = "given"
"""The reason of a pair that somebody has named."""


@dataclass(frozen=True)
class Plan:
    """Two versions of a process, and which element of the new one each element of the old one becomes, and why.

    `guesses` are those that only stand at the same place: work goes on there if somebody says so.
    """

    old: Process
    new: Process
    pairs: Mapping[str, Pair]
    guesses: Mapping[str, str]

    @property
    def ids(self) -> dict[str, str]:
        """Return the new ids of the old elements, the process itself included."""
        return {self.old.id: self.new.id, **{key: one.id for key, one in self.pairs.items()}}

    def after(self, element: str) -> Element | None:
        """Return what an old element becomes."""
        if element == self.old.id:
            return self.new.root
        found = self.pairs.get(element)
        return None if found is None else self.new.elements[found.id]

    def flow(self, flow: Flow) -> Flow | None:
        """Return the flow of the new version over which a token that came over an old one would have come.

        It is the one between the same elements; where steps were put in between, the one behind them.
        """
        target, source = self.after(flow.target), self.after(flow.source)
        if target is None:
            return None
        there = list(target.incoming)
        if len(there) == 1:
            return there[0]
        same = [one for one in there if source is not None and one.source == source.id]
        named = [one for one in same or there if one.id == flow.id]
        if named or len(same) == 1:
            return (named or same)[0]
        if source is None or same:
            return None
        kept = {one.id for one in self.pairs.values()} - {source.id}
        out = ways(self.new)
        behind = [one for one in there if one.source not in kept and _leads(out, source.id, one.source, kept)]
        return behind[0] if len(behind) == 1 else None


def plan(old: Process, new: Process, given: Mapping[str, str] | None = None) -> Plan:
    """Return the plan between two versions: what is recognised, and what somebody has `given` in its place."""
    pairs = paired(old, new)
    guesses = {
        key: found.id
        for key, found in pairs.items()
        if found.reason == SAME_PLACE and not old.elements[key].kind.endswith("Gateway")
    }
    for key in guesses:
        del pairs[key]
    for before, after in (given or {}).items():
        _check(old, new, before, after)
        pairs[before] = Pair(after, GIVEN)
    return Plan(old, new, pairs, guesses)


def _check(old: Process, new: Process, before: str, after: str) -> None:
    for process, key, place in ((old, before, "running"), (new, after, "new")):
        if key not in process.elements or key == process.id:
            known: list[Json] = [one for one in process.elements if one != process.id]
            raise FlowMasterError(
                "migration.element_unknown",
                f"The {place} version of {process.id!r} has no element {key[:80]!r}.{did_you_mean(key, list(process.elements))}",
                path="mapping",
                expected=known,
                fix='Give pairs of ids, the one of the running version first: {"old": "new"}.',
            )


def _leads(out: Ways, source: str, target: str, kept: set[str]) -> bool:
    """Return whether a way leads from one element to another over elements that only the new version has."""
    seen, waiting = set[str](), list(out.get(source, ()))
    while waiting:
        one = waiting.pop()
        if one == target:
            return True
        if one not in seen and one not in kept:
            seen.add(one)
            waiting += out.get(one, ())
    return False
