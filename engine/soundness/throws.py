"""Who may catch what is thrown inside a process, found without running it.

A code that is computed may be any code; so may the errors and escalations of work that others do.
"""

from collections.abc import Iterator
from typing import NamedTuple

from flowmaster.engine.model import Call, Constant, Element, Error, Escalation, Job, Process, Value


class Caught(NamedTuple):
    """The events that may catch something, and whether it may also be caught by none of them."""

    events: tuple[Element, ...]
    escapes: bool


class Thrown(NamedTuple):
    """Something that an element may throw: an `error` or `escalation` of a code, None for any code."""

    element: Element
    definition: str
    code: str | None

    @property
    def is_modelled(self) -> bool:
        """Return whether the element itself throws, and not who does its work."""
        return self.element.kind in ("endEvent", "intermediateThrowEvent")


def thrown_by(element: Element) -> Iterator[Thrown]:
    """Yield what an element may throw beyond its own border."""
    kind, _, definition = element.family.partition("/")
    details = element.details
    if definition in ("error", "escalation") and kind in ("endEvent", "intermediateThrowEvent"):
        code = details.code if isinstance(details, Error | Escalation) else None
        yield Thrown(element, definition, _constant(code))
    elif isinstance(details, Job | Call) or kind == "adHocSubProcess" or element.loop is not None:
        yield from _outside(element, "error")
        yield from _outside(element, "escalation")


def catchers(process: Process, thrown: Thrown) -> Caught:
    """Return who may catch it, looking from the innermost scope outwards as the engine does."""
    found: list[Element] = []
    for events in _outwards(process, thrown):
        open_ended: Element | None = None
        for event in events:
            wanted = _wanted(event)
            if wanted == "":
                open_ended = open_ended or event
            elif thrown.code is None or wanted is None:
                found.append(event)
            elif wanted == thrown.code:
                return Caught((*found, event), escapes=False)
        if open_ended is not None:
            return Caught((*found, open_ended), escapes=False)
    return Caught(tuple(found), escapes=True)


def _outside(element: Element, definition: str) -> Iterator[Thrown]:
    """Yield what others may throw while they do the work of an element, unless it catches all of it itself."""
    family = f"boundaryEvent/{definition}"
    if not any(one.family == family and _wanted(one) == "" for one in element.boundaries):
        yield Thrown(element, definition, None)


def _outwards(process: Process, thrown: Thrown) -> Iterator[list[Element]]:
    inside, at = "", process.elements[thrown.element.scope]
    while True:
        handlers = [process.elements[name] for name in process.handlers.get(at.id, ())]
        if not any(event.scope == inside and event.interrupting for event in handlers):
            family = f"startEvent/{thrown.definition}"
            yield [event for event in handlers if event.scope != inside and event.family == family]
        if at.id == process.id:
            return
        yield [one for one in at.boundaries if one.family == f"boundaryEvent/{thrown.definition}"]
        inside, at = at.id, process.elements[at.scope]


def _wanted(event: Element) -> str | None:
    """Return the code that an event catches: empty for every code, None where it is computed."""
    details = event.details
    if not isinstance(details, Error | Escalation) or details.code is None:
        return ""
    return _constant(details.code)


def _constant(code: Value | None) -> str | None:
    return code.text if isinstance(code, Constant) else None
