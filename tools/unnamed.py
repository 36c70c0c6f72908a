"""Tells an element without a name of its own in words of the named steps beside it: `the end behind 'pay'`."""

from collections.abc import Callable, Iterable

from flowmaster.engine.model import Element, Process

BESIDE_SHOWN = 2
"""How many named steps the words for an element name."""


def place_of(process: Process, key: str) -> str:
    """Return where an end or a gateway without a name stands; empty for all else, and where nothing is named beside it."""
    element = process.elements.get(key)
    if element is None or element.name or not _is_bare(element):
        return ""
    if element.kind != "endEvent" and len(element.outgoing) == 1:
        what, beside = "the merge before", _named(process, element, _after)
    else:
        what = "the end behind" if element.kind == "endEvent" else "the split behind"
        beside = _named(process, element, _before)
    shown = " or ".join(beside[:BESIDE_SHOWN]) + (" or others" if len(beside) > BESIDE_SHOWN else "")
    return f"{what} {shown}" if beside else ""


def _is_bare(element: Element) -> bool:
    """Return whether an element may well have no name: an end, or a gateway."""
    return element.kind == "endEvent" or element.kind.endswith("Gateway")


def _named(process: Process, element: Element, beside: Callable[[Element], Iterable[str]]) -> list[str]:
    """Return the nearest elements on one side that have a name, over those that have none."""
    found: dict[str, None] = {}
    seen = {element.id}
    waiting = list(beside(element))
    while waiting:
        near = process.elements[waiting.pop(0)]
        if near.id in seen:
            continue
        seen.add(near.id)
        if near.name or near.host:
            found[_told(process, near)] = None
        elif _is_bare(near):
            waiting += beside(near)
    return list(found)


def _told(process: Process, element: Element) -> str:
    """Return the name of an element, that of an event at the edge of a step with the name of the step."""
    if not element.host:
        return repr(element.label)
    host = repr(process.elements[element.host].label)
    return f"{host} ({element.name})" if element.name else host


def _before(element: Element) -> list[str]:
    return [flow.source for flow in element.incoming]


def _after(element: Element) -> list[str]:
    return [flow.target for flow in element.outgoing]
