"""Messages and signals without end: what a process sends begins it again, directly or through others, without a wait."""

from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from flowmaster.engine.bpmn.checks_calls import is_avoided
from flowmaster.engine.bpmn.findings import Findings, named
from flowmaster.engine.bpmn.vocabulary import SENDING_KINDS, WAITING_KINDS
from flowmaster.engine.limits import CALL_DEPTH_MAX
from flowmaster.engine.model import (
    Call,
    Constant,
    Element,
    EventGateway,
    Message,
    Process,
    Signal,
    UserTask,
    Value,
)


class Start(NamedTuple):
    """Where an instance begins: the process, and its start event."""

    process: str
    element: str


class Landscape(NamedTuple):
    """What is published beside a process, and what else its file holds."""

    model: Callable[[str], Process | None]
    """Return a process, None where there is none in use."""

    begun_by: Callable[[str, str], Collection[Start]]
    """Return what surely begins by a `message` or `signal` of a name."""


class _Step(NamedTuple):
    """One thing that an instance surely sets off: the element, in words, and what begins by it."""

    element: str
    words: str
    begun: Start


def check_endless_events(process: Process, findings: Findings, landscape: Landscape | None) -> None:
    """Name what a process sends on every way from a start, without a wait, and what begins that very start again."""
    for words, element in endless_events(process, landscape).items():
        one = process.elements[element]
        findings.add(
            "event.endless",
            element,
            f"No way to an end avoids {named(one)}, and nothing on the way waits: {words}, without end.",
            line=one.line,
        )


def endless_events(process: Process, landscape: Landscape | None) -> dict[str, str]:
    """Return the circles that begin a process again, in words, each with the element that it leaves the process by."""
    found: dict[str, str] = {}
    starts = [one.id for one in process.elements.values() if _is_start(process, one)] if landscape else []
    for start in starts:
        way = _way_back(process, Start(process.id, start), landscape) if landscape else []
        if any(step.words.startswith(("message", "signal")) for step in way):
            found[", ".join(step.words for step in way)] = way[0].element
    return found


def _way_back(process: Process, start: Start, landscape: Landscape) -> list[_Step]:
    """Return what leads from a start to the same start again, empty if nothing does."""
    ways = [[step] for step in _set_off(process, start, landscape)]
    seen: set[Start] = set()
    while ways and len(seen) < CALL_DEPTH_MAX:
        way = ways.pop(0)
        at = way[-1].begun
        if at == start:
            return way
        if at in seen:
            continue
        seen.add(at)
        other = process if at.process == process.id else landscape.model(at.process)
        if other is not None:
            ways += [[*way, step] for step in _set_off(other, at, landscape)]
    return []


def _set_off(process: Process, start: Start, landscape: Landscape) -> Iterator[_Step]:
    """Give what an instance that begins there surely calls or sends before anything waits."""
    if process.checks or any(
        one.triggered_by_event and one.scope == process.id for one in process.elements.values()
    ):
        return  # It may be refused, or what an event starts may end it.
    for element in process.elements.values():
        if element.scope != process.id or element.unsupported or element.loop is not None:
            continue
        called, sent = _called(element), _sent(element)
        if not (called or sent) or is_avoided(process, [start.element], element.id, _waits):
            continue
        if called:
            other = process if called == process.id else landscape.model(called)
            for begun in other.root.starts if other is not None else ():
                yield _Step(element.id, f"{process.id} calls {called}", Start(called, begun))
        if sent:
            kind, name = sent
            for start_of in landscape.begun_by(kind, name):
                words = f"{kind} {name!r} of {process.id} begins {start_of.process}"
                yield _Step(element.id, words, start_of)


def _called(element: Element) -> str:
    """Return the process that a call names, in its newest version."""
    details = element.details
    if isinstance(details, Call) and not details.version and isinstance(details.process, Constant):
        return str(details.process.content)
    return ""


def _sent(element: Element) -> tuple[str, str] | None:
    details = element.details
    if element.kind not in SENDING_KINDS or not isinstance(details, Message | Signal):
        return None
    name: Value = details.name
    kind = "message" if isinstance(details, Message) else "signal"
    return (kind, str(name.content)) if isinstance(name, Constant) else None


def _is_start(process: Process, element: Element) -> bool:
    return element.scope == process.id and (element.kind == "startEvent" or element.id in process.root.starts)


def _waits(element: Element) -> bool:
    """Return whether an element may hold up who comes there: a person, an event, a called process, steps of its own."""
    return (
        element.kind in WAITING_KINDS
        or isinstance(element.details, UserTask | EventGateway | Call)
        or bool(element.starts)
    )
