"""Why an element cannot run yet: one table, which shrinks as the engine grows.

A family without a behaviour cannot run; the table names the markers that stop an element whose family could. An
instance that reaches such an element stops there with an incident, so that nothing ever ends silently wrong.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from flowmaster.engine.bpmn.element import Element as XmlElement
from flowmaster.engine.bpmn.vocabulary import (
    ZEEBE_EXECUTION_LISTENER,
    ZEEBE_EXECUTION_LISTENERS,
    ZEEBE_TASK_LISTENER,
    ZEEBE_TASK_LISTENERS,
)
from flowmaster.engine.jobs import END, START, TASK_EVENTS
from flowmaster.engine.model import Element


class Marker(NamedTuple):
    """Something on an element that the engine cannot do yet, and the words for it."""

    applies: Callable[[Element, XmlElement], bool]
    reason: str


def _heard(element: Element) -> tuple[str, ...]:
    """Return the listeners that an element has: what begins because something happened has begun before they could."""
    began = element.family.startswith(("boundaryEvent", "startEvent/")) or element.triggered_by_event
    return (END,) if began else (START, END)


MARKERS: tuple[Marker, ...] = (
    Marker(
        lambda element, xml: any(
            element.kind != "userTask" or one.get("eventType") not in TASK_EVENTS
            for holder in xml.extensions(ZEEBE_TASK_LISTENERS)
            for one in holder.children(ZEEBE_TASK_LISTENER)
        ),
        f"Task listeners run at user tasks and decide on these: {', '.join(TASK_EVENTS)}.",
    ),
    Marker(
        lambda element, xml: any(
            one.get("eventType") not in _heard(element)
            for holder in xml.extensions(ZEEBE_EXECUTION_LISTENERS)
            for one in holder.children(ZEEBE_EXECUTION_LISTENER)
        ),
        "Listeners run at the start and the end of an element, at the end alone where a trigger begins it.",
    ),
)

_NOTHING_TO_RUN = {
    "serviceTask": "The service task names no job type, so there is nothing to run.",
    "sendTask": "The send task names no message and no job type, so there is nothing to run.",
    "scriptTask": "The script task has no FEEL script and no job type, so there is nothing to run.",
    "businessRuleTask": "The business rule task names no decision and no job type, so there is nothing to run.",
    "callActivity": "The call activity names no process that can run.",
}
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")


LISTENED_RACE = "Listeners at the start of an event behind an event-based gateway cannot run."


def reason(element: Element, xml: XmlElement, runnable: frozenset[str]) -> str:
    """Return why an element cannot run, empty where it can."""
    if element.family not in runnable:
        return f"{_in_words(element.family)} cannot run yet."
    for marker in MARKERS:
        if marker.applies(element, xml):
            return marker.reason
    return _NOTHING_TO_RUN.get(element.kind, "") if element.details is None else ""


def of_boundary(boundary: Element) -> str:
    """Return why the host of a boundary event that cannot run must not run either."""
    return f"Its boundary event {boundary.label!r} cannot run yet: {boundary.unsupported}"


def of_event_subprocess(event_subprocess: Element) -> str:
    """Return why the scope of an event sub-process must not run."""
    return f"It holds the event sub-process {event_subprocess.label!r}: {event_subprocess.unsupported}"


def _in_words(family: str) -> str:
    kind, _, definition = family.partition("/")
    words = [_WORDS.sub(" ", part).lower() for part in (definition, kind) if part]
    text = " ".join(words).replace("sub process", "sub-process").replace("ad hoc", "ad-hoc")
    return f"{'An' if text[0] in 'aeiou' else 'A'} {text}"
