"""Who hands work to whom: the steps that come next, over gateways and events, and whose hands they are in."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from flowmaster.engine.model import Element, Error, Link, Process
from flowmaster.engine.views.people import steps_of


class HandOff(NamedTuple):
    """Work that goes from one who did a step to others who do the next one, over a last flow or border event."""

    source: str
    target: str
    by: str
    to: str
    last: str
    """The flow that enters the next step."""


def after(process: Process, key: str) -> list[tuple[str, str]]:
    """Return the steps that may come next behind one, each with the id of the flow that enters it."""
    wanted = {one.id for one in steps_of(process)}
    found: dict[str, str] = {}
    seen: set[str] = set()
    waiting = [*_leaving(process, process.elements[key])]
    while waiting:
        here, flow = waiting.pop(0)
        if here in wanted:
            found.setdefault(here, flow)
            continue
        if here in seen:
            continue
        seen.add(here)
        element = process.elements[here]
        if element.starts:
            waiting += [(start, flow) for start in element.starts]
        else:
            waiting += _leaving(process, element)
    return list(found.items())


def _leaving(process: Process, element: Element) -> Iterator[tuple[str, str]]:
    """Yield where tokens go from an element, and the flow they take."""
    for flow in element.outgoing:
        yield flow.target, flow.id
    for event in element.boundaries:
        yield event.id, ""
    if isinstance(element.details, Link) and element.details.target:
        yield element.details.target, ""
    if element.kind == "endEvent" and element.scope != process.id:
        scope = process.elements[element.scope]
        if element.details is None:
            yield from ((flow.target, flow.id) for flow in scope.outgoing)
        elif isinstance(element.details, Error):
            yield from ((event, "") for event in _catching(process, scope, element.details))


def _catching(process: Process, scope: Element, thrown: Error) -> list[str]:
    """Return the events on the border of a scope, or of one around it, that catch an error."""
    code = None if thrown.code is None else thrown.code.text
    while scope.id != process.id:
        events = [(event, event.details) for event in scope.boundaries]
        found = [
            event.id
            for event, caught in events
            if isinstance(caught, Error) and (caught.code is None or caught.code.text == code)
        ]
        if found:
            return found
        scope = process.elements[scope.scope]
    return []


def hand_offs(process: Process, hands: Mapping[str, str]) -> list[HandOff]:
    """Return the hand-offs of a process; `hands` tells in whose hands each step is."""
    return [
        HandOff(one.id, target, hands[one.id], hands[target], flow)
        for one in steps_of(process)
        for target, flow in after(process, one.id)
        if hands[one.id] != hands[target]
    ]
