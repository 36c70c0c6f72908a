"""All problems of a model that was read: structure, events, work, people and data.

    problems = check_process(read, has_decision=library.has)

Only errors refuse publishing. What each problem means stands in `rules.py`.
"""

from collections.abc import Callable

from flowmaster.engine.bpmn import fixes
from flowmaster.engine.bpmn.checks_calls import Calls, check_endless_calls
from flowmaster.engine.bpmn.checks_conditions import check_conditions, conditions_by_element
from flowmaster.engine.bpmn.checks_data import check_data, check_hidden, values_read
from flowmaster.engine.bpmn.checks_declared import check_declared
from flowmaster.engine.bpmn.checks_endless import Landscape, check_endless_events
from flowmaster.engine.bpmn.checks_events import check_events
from flowmaster.engine.bpmn.checks_faults import check_faults
from flowmaster.engine.bpmn.checks_flow import check_flow
from flowmaster.engine.bpmn.checks_gateways import check_gateways
from flowmaster.engine.bpmn.checks_names import check_names
from flowmaster.engine.bpmn.checks_order import check_order
from flowmaster.engine.bpmn.checks_people import check_people
from flowmaster.engine.bpmn.checks_signatures import check_signatures
from flowmaster.engine.bpmn.checks_soundness import check_soundness
from flowmaster.engine.bpmn.checks_times import check_times
from flowmaster.engine.bpmn.checks_types import check_types, types_of
from flowmaster.engine.bpmn.checks_work import Versions, check_work
from flowmaster.engine.bpmn.computed_times import check_computed_times
from flowmaster.engine.bpmn.findings import Findings
from flowmaster.engine.bpmn.known import known_of
from flowmaster.engine.bpmn.problem import Problem, in_order
from flowmaster.engine.bpmn.reader import ReadProcess
from flowmaster.engine.bpmn.scenario_names import check_scenario_names
from flowmaster.engine.bpmn.signatures import NO_LIBRARY, Library

Lookup = Callable[[str], bool]
"""Tells whether something of an id exists: a published process, a decision, a form."""


def check_process(
    read: ReadProcess,
    *,
    has_process: Lookup | None = None,
    has_decision: Lookup | None = None,
    has_version: Versions | None = None,
    has_form: Lookup | None = None,
    calls: Calls | None = None,
    landscape: Landscape | None = None,
    library: Library = NO_LIBRARY,
    at: int | None = None,
) -> tuple[Problem, ...]:
    """Return every problem of a process, the gravest first; a lookup that is left out is not asked.

    `at` is the moment that constant dates are compared with.
    """
    process = read.process
    findings = Findings(strict=read.declares, documentary=not process.executable)
    check_flow(process, findings)
    check_names(process, findings)
    known = known_of(process, frozenset().union(*(value.names for _, _, value in values_read(process))))
    ways = conditions_by_element(process, known) if process.executable else {}
    check_gateways(process, findings, ways)
    check_events(process, findings)
    if process.executable:
        for element, found in ways.items():
            check_conditions(process.elements[element], found, known, findings)
        check_work(process, findings, has_process, has_decision, has_version)
        check_endless_calls(process, findings, calls)
        check_endless_events(process, findings, landscape)
        check_people(process, findings, has_form)
        check_times(process, findings, at)
        check_faults(process, findings)
        check_data(process, findings)
        check_hidden(process, findings)
        check_order(process, known, findings)
        check_declared(process, known, findings, library)
        check_computed_times(process, known, findings)
        types = types_of(process, known, library)
        check_types(process, types, findings, library)
        check_signatures(process, known, types, findings, library)
        check_scenario_names(process, findings)
        check_soundness(process, findings, (*read.problems, *findings.all()))
    else:
        findings.add(
            "process.not_executable",
            process.id,
            f"The process {process.id!r} says that it is not executable.",
            line=process.root.line,
            fix_edit=fixes.set_attribute(process.id, "isExecutable", "true"),
        )
    return in_order([*read.problems, *findings.all()])
