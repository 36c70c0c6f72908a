"""Where tokens can go from each element: over flows, and from an activity to what stands on its border."""

from collections.abc import Collection, Mapping, Sequence

from flowmaster.engine.model import Process

Ways = Mapping[str, Sequence[str]]
"""The elements behind each flow node, by ids, in the order of its flows."""


def ways(process: Process) -> Ways:
    """Return where tokens can go in a process."""
    found = {
        key: [flow.target for flow in element.outgoing]
        for key, element in process.elements.items()
        if key != process.id
    }
    for key, element in process.elements.items():
        if element.host in found:
            found[element.host].append(key)
    return found


def behind(out: Ways, key: str, kept: Collection[str]) -> list[str]:
    """Return which of the elements that are kept come next behind one, over those that are not."""
    found: dict[str, None] = {}
    seen, waiting = set[str](), list(out[key])
    while waiting:
        one = waiting.pop(0)
        if one in kept:
            found[one] = None
        elif one not in seen:
            seen.add(one)
            waiting = [*out[one], *waiting]
    return list(found)
