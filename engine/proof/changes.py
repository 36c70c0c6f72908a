"""Changes to a case: which values to put at which places, and how two of them go together.

A case is the plain object of a scenario (`given`, `answers`, `services`, `messages`); a place is the path to a value.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeAlias

from flowmaster.engine.values import Json

Place: TypeAlias = tuple[str | int, ...]
Change: TypeAlias = Mapping[Place, Json]

NO_CHANGE: Change = {}
SOLUTIONS_MAX = 40
"""How many ways to meet one goal are looked at."""


def together(first: Change, second: Change) -> Change | None:
    """Return both changes as one, or None where they contradict each other."""
    for place, value in second.items():
        for other, before in first.items():
            if place == other:
                if value != before or type(value) is not type(before):
                    return None
            elif place[: len(other)] == other or other[: len(place)] == place:
                return None
    return {**first, **second}


def over(first: Change, second: Change) -> Change:
    """Return both changes as one; where they are about the same, the second counts."""
    kept = {
        place: value
        for place, value in first.items()
        if not any(place[: len(other)] == other for other in second)
    }
    return {**kept, **second}


def renewed(value: Json, place: Place, change: Change) -> Json:
    """Return what stands at a place after a change, from what stood there before."""
    for other, new in change.items():
        if other[: len(place)] == place:
            value = _put(value, other[len(place) :], new)
        elif place[: len(other)] == other:
            value = found_at(new, place[len(other) :])
    return value


def pairs(first: Iterable[Change], second: Iterable[Change]) -> Iterator[Change]:
    """Give each change of the first goal with each of the second, as far as they agree."""
    others = list(islice(second, SOLUTIONS_MAX))
    for one in islice(first, SOLUTIONS_MAX):
        for other in others:
            both = together(one, other)
            if both is not None:
                yield both


def in_turn(sources: Sequence[Iterator[Change]]) -> Iterator[Change]:
    """Give one change of each source after the other, so that the many of one do not keep back those of the others."""
    waiting = list(sources)
    while waiting:
        for source in list(waiting):
            found = next(source, None)
            if found is None:
                waiting.remove(source)
            else:
                yield found


def changed(case: Json, change: Change) -> Json:
    """Return a case with values put at their places; what lies between is made."""
    for place, value in change.items():
        case = _put(case, place, value)
    return case


def _put(whole: Json, place: Sequence[str | int], value: Json) -> Json:
    if not place:
        return value
    step, rest = place[0], place[1:]
    if isinstance(step, int):
        listed = list(whole) if isinstance(whole, Sequence) and not isinstance(whole, str) else []
        while len(listed) <= step:
            listed.append(listed[-1] if listed else {})
        listed[step] = _put(listed[step], rest, value)
        return listed
    inner = dict(whole) if isinstance(whole, Mapping) else {}
    inner[step] = _put(inner.get(step), rest, value)
    return inner


def found_at(case: Json, place: Sequence[str | int]) -> Json:
    """Return what stands at a place, null where nothing does."""
    for step in place:
        if isinstance(step, int):
            listed = case if isinstance(case, Sequence) and not isinstance(case, str) else ()
            case = listed[step] if step < len(listed) else None
        else:
            case = case.get(step) if isinstance(case, Mapping) else None
    return case
