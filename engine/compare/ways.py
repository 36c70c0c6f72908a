"""Where tokens can go from each element: over flows, and from an activity to what stands on its border."""

from collections.abc import Collection
from functools import lru_cache

from flowmaster.engine.model import Process

PROCESSES_KEPT = 8


def ways(process: Process) -> dict[str, list[str]]:
    """Return the ids of the elements behind each flow node, in the order of its flows."""
    return _ways(_Same(process))


def over(process: Process, kept: Collection[str]) -> dict[str, list[str]]:
    """Return which of the elements that are kept come next behind each of them, over those that are not."""
    out = ways(process)
    found: dict[str, list[str]] = {}
    for key in kept:
        found[key] = []
        seen, waiting = {key}, list(out[key])
        while waiting:
            one = waiting.pop(0)
            if one in seen:
                if one == key and one not in found[key]:
                    found[key].append(one)
                continue
            seen.add(one)
            if one in kept:
                found[key].append(one)
            else:
                waiting = out[one] + waiting
    return found


class _Same:
    """A process as itself: two are the same only if they are one object."""

    __slots__ = ("process",)

    def __init__(self, process: Process) -> None:
        self.process = process

    def __hash__(self) -> int:
        return id(self.process)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.process is self.process


@lru_cache(maxsize=PROCESSES_KEPT)
def _ways(same: _Same) -> dict[str, list[str]]:
    process = same.process
    found = {
        key: [flow.target for flow in element.outgoing]
        for key, element in process.elements.items()
        if key != process.id
    }
    for key, element in process.elements.items():
        if element.host in found:
            found[element.host].append(key)
    return found
