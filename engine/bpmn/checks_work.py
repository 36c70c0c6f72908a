"""What cannot run: elements without a behaviour or without work, and calls of what does not exist."""

from collections.abc import Callable

from flowmaster.engine.bpmn import fixes
from flowmaster.engine.bpmn.findings import Findings, named
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.model import AdHoc, Call, Constant, Element, Job, Process, Rule, Value
from flowmaster.engine.timers import later

_NOTHING_TO_RUN = {
    "serviceTask": "job.type_missing",
    "sendTask": "job.type_missing",
    "scriptTask": "script.missing",
    "businessRuleTask": "rule.decision_missing",
}

Lookup = Callable[[str], bool]
Versions = Callable[[str, str], bool]
"""Tells whether a process has a version of this number or tag."""


def check_work(
    process: Process,
    findings: Findings,
    processes: Lookup | None,
    decisions: Lookup | None,
    versions: Versions | None,
) -> None:
    """Check that every element has something to run, and that what it calls exists."""
    for element in process.elements.values():
        code = _NOTHING_TO_RUN.get(element.kind) if element.details is None else None
        if code is not None:
            findings.add(
                code,
                element.id,
                f"{named(element)} is a `{element.kind}` without work to do.",
                line=element.line,
            )
        elif element.unsupported and (element.kind != "callActivity" or element.details is not None):
            findings.add(
                "element.not_executable",
                element.id,
                f"{named(element)} cannot run yet: {element.unsupported}",
                line=element.line,
            )
        _check_calls(process, element, findings, processes, decisions)
        _check_version(element, findings, processes, versions)
        _check_backoff(element, findings)


def _check_calls(
    process: Process,
    element: Element,
    findings: Findings,
    processes: Lookup | None,
    decisions: Lookup | None,
) -> None:
    details = element.details
    if isinstance(details, Call) and processes is not None:
        called = _literal(details.process)
        if called and called != process.id and not processes(called):
            findings.add(
                "call.process_unknown",
                element.id,
                f"{named(element)} calls the process {called!r}, which does not exist.",
                line=element.line,
            )
    elif isinstance(details, Rule) and decisions is not None:
        decision = _literal(details.decision)
        if decision and not decisions(decision):
            findings.add(
                "rule.decision_unknown",
                element.id,
                f"{named(element)} asks the decision {decision!r}, which does not exist.",
                line=element.line,
            )


def _check_version(
    element: Element, findings: Findings, processes: Lookup | None, versions: Versions | None
) -> None:
    """Check that a version that a call asks for is there, if the process is."""
    details = element.details
    if not isinstance(details, Call) or not details.version or processes is None or versions is None:
        return
    called = _literal(details.process)
    if called and processes(called) and not versions(called, details.version):
        findings.add(
            "call.version_unknown",
            element.id,
            f"{named(element)} calls the version {details.version!r} of {called!r}, which is not published.",
            line=element.line,
        )


def _check_backoff(element: Element, findings: Findings) -> None:
    job = element.details.job if isinstance(element.details, AdHoc) else element.details
    wait = _literal(job.backoff) if isinstance(job, Job) else ""
    if not wait:
        return
    try:
        later(0, wait)
    except FlowMasterError as error:
        findings.add(
            "job.wait_malformed",
            element.id,
            f"The wait of {named(element)}: {error.message}",
            line=element.line,
            fix_edit=_in_iso(element, job, wait),
        )


def _in_iso(element: Element, job: object, wait: str) -> fixes.Edit | None:
    """Return the edit that writes a wait in ISO 8601 which stands there in words."""
    found = fixes.duration_of_words(wait)
    if not found or not isinstance(job, Job) or not isinstance(job.retries, Constant):
        return None
    return fixes.set_word(element.id, "retry", {"times": job.retries.content, "wait": found})


def _literal(value: Value | None) -> str:
    return value.content if isinstance(value, Constant) and isinstance(value.content, str) else ""
