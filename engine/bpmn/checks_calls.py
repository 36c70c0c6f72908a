"""Calls without end: a process that cannot end without calling itself, directly or through others."""

from collections.abc import Callable, Collection, Iterable, Mapping

from flowmaster.engine.bpmn.findings import Findings, named
from flowmaster.engine.limits import CALL_DEPTH_MAX
from flowmaster.engine.model import Call, Constant, Element, Process

Calls = Callable[[str], Collection[str]]
"""Tells which processes another process calls on every way to its end."""


def check_endless_calls(process: Process, findings: Findings, calls: Calls | None) -> None:
    """Name each call that leads back to its own process, and that no way to an end avoids."""
    for element, called in certain_calls(process).items():
        chain = _way_back(process.id, called, calls)
        if chain:
            findings.add(
                "call.endless",
                element,
                f"No way to an end avoids {named(process.elements[element])}, which calls {' -> '.join(chain)} again.",
                line=process.elements[element].line,
            )


def certain_calls(process: Process) -> Mapping[str, str]:
    """Return the processes that are called on every way to an end, by the call activity that does so."""
    elements = process.elements
    if any(one.triggered_by_event and one.scope == process.id for one in elements.values()):
        return {}  # What an event starts may end the whole at any time.
    return {
        one.id: called
        for one in elements.values()
        if one.scope == process.id
        and (called := _called(one))
        and not is_avoided(process, _starts(process), one.id)
    }


def _called(element: Element) -> str:
    details = element.details
    if element.unsupported or not isinstance(details, Call) or not isinstance(details.process, Constant):
        return ""
    return str(details.process.content)


def _starts(process: Process) -> list[str]:
    events = [
        one.id for one in process.elements.values() if one.kind == "startEvent" and one.scope == process.id
    ]
    return [*process.root.starts, *events]


def is_avoided(
    process: Process,
    starts: Iterable[str],
    avoided: str,
    holds: Callable[[Element], bool] = lambda _: False,
) -> bool:
    """Return whether some way from a start ends, or comes to something that holds it up, past an element."""
    waiting, seen = [*starts], {avoided}
    while waiting:
        key = waiting.pop()
        if key in seen:
            continue
        seen.add(key)
        element = process.elements[key]
        if not element.outgoing or holds(element):
            return True
        waiting += [flow.target for flow in element.outgoing]
        waiting += [boundary.id for boundary in element.boundaries]
    return False


def _way_back(process: str, called: str, calls: Calls | None) -> list[str]:
    """Return the chain of calls that leads back to a process, empty if none does."""
    ways: list[list[str]] = [[called]]
    seen: set[str] = set()
    while ways and len(seen) < CALL_DEPTH_MAX:
        way = ways.pop()
        if way[-1] == process:
            return way
        if way[-1] not in seen:
            seen.add(way[-1])
            ways += [[*way, further] for further in (calls(way[-1]) if calls else ())]
    return []
