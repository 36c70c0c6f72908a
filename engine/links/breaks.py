"""What a change of a called process or decision breaks in a process that calls it."""

from flowmaster.engine.bpmn.checks_data import values_read
from flowmaster.engine.bpmn.checks_signatures import check_signatures
from flowmaster.engine.bpmn.checks_types import check_types, types_of
from flowmaster.engine.bpmn.findings import Findings
from flowmaster.engine.bpmn.known import known_of
from flowmaster.engine.bpmn.problem import Problem
from flowmaster.engine.bpmn.reader import ReadProcess
from flowmaster.engine.bpmn.signatures import Library


def broken_in(caller: ReadProcess, before: Library, after: Library) -> list[Problem]:
    """Return what is wrong with the calls of a process after a change and was not before."""
    old = {(one.code, one.element, one.message) for one in _checked(caller, before)}
    return [one for one in _checked(caller, after) if (one.code, one.element, one.message) not in old]


def _checked(caller: ReadProcess, library: Library) -> tuple[Problem, ...]:
    process = caller.process
    findings = Findings(strict=caller.declares, documentary=False)
    known = known_of(process, frozenset().union(*(value.names for _, _, value in values_read(process))))
    types = types_of(process, known, library)
    check_types(process, types, findings, library)
    check_signatures(process, known, types, findings, library)
    return findings.all()
