"""Errors that are thrown and not caught, or caught where nothing throws them, as far as that can be known."""

from collections.abc import Iterator

from flowmaster.engine.bpmn import fixes
from flowmaster.engine.bpmn.findings import Findings, named
from flowmaster.engine.bpmn.vocabulary import SCOPE_KINDS
from flowmaster.engine.errors import did_you_mean
from flowmaster.engine.model import AdHoc, Call, Constant, Element, Error, Job, Process


def check_faults(process: Process, findings: Findings) -> None:
    """Check every error that is thrown or caught by a code of its own."""
    for element in process.elements.values():
        if not isinstance(element.details, Error) or element.details.code is None:
            continue
        code = _code(element.details)
        if not code:
            continue
        if element.kind == "endEvent" and not _is_caught(process, element, code):
            _report_uncaught(process, element, code, findings)
        elif element.kind == "boundaryEvent":
            _check_catch(process, element, code, findings)


def _report_uncaught(process: Process, element: Element, code: str, findings: Findings) -> None:
    known = [found for one in process.elements.values() if _catches(one) and (found := _code(one.details))]
    findings.add(
        "error.uncaught",
        element.id,
        f"{named(element)} throws the error {code!r}, which nothing around it catches: unless a calling process does, the "
        f"instance fails.{did_you_mean(code, known)}",
        line=element.line,
    )


def _check_catch(process: Process, event: Element, code: str, findings: Findings) -> None:
    host = process.elements.get(event.host)
    if host is None or host.unsupported:
        return
    inside = list(_inside(process, host))
    if any(isinstance(one.details, Job | Call | AdHoc) or one.unsupported or one.details is None and one.kind in _OPEN
           for one in inside):  # fmt: skip
        return  # A worker or a called process may throw any code.
    thrown = {
        _code(one.details) for one in inside if isinstance(one.details, Error) and one.kind == "endEvent"
    }
    if code in thrown or "" in thrown:
        return
    findings.add(
        "error.never_thrown",
        event.id,
        f"{named(event)} catches the error {code!r}, which nothing in {named(host)} throws."
        + did_you_mean(code, sorted(thrown)),
        line=event.line,
        fix_edit=None if fixes.nearest(code, sorted(thrown)) else fixes.remove(event.id),
    )


_OPEN = frozenset({"serviceTask", "sendTask", "scriptTask", "businessRuleTask", "callActivity"})


def _inside(process: Process, host: Element) -> Iterator[Element]:
    yield host
    if host.kind in SCOPE_KINDS:
        for one in process.elements.values():
            if one.scope == host.id:
                yield from _inside(process, one)


def _is_caught(process: Process, element: Element, code: str) -> bool:
    """Return whether a scope around an element catches an error, on its border or by a handler in it."""
    at = element
    while at.scope:
        scope = process.elements[at.scope]
        if any(_catches(event) and _fits(event, code) for event in scope.boundaries):
            return True
        handlers = [
            one for one in process.elements.values() if one.scope == scope.id and one.triggered_by_event
        ]
        starts = [
            process.elements[start] for handler in handlers if handler is not at for start in handler.starts
        ]
        if any(_catches(start) and _fits(start, code) for start in starts):
            return True
        at = scope
    return False


def _catches(element: Element) -> bool:
    return isinstance(element.details, Error) and element.kind in ("boundaryEvent", "startEvent")


def _fits(element: Element, code: str) -> bool:
    return isinstance(element.details, Error) and (
        element.details.code is None or _code(element.details) in ("", code)
    )


def _code(details: object) -> str:
    """Return the constant code of an error, empty where it is computed."""
    code = details.code if isinstance(details, Error) else None
    return str(code.content) if isinstance(code, Constant) and code.content is not None else ""
