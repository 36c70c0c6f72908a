"""Calls of decisions and processes against what these ask for: inputs that are missing or of another type."""

from collections.abc import Mapping

from flowmaster.engine.bpmn.expression_types import ANY, Type, Typing, stored, type_of_schema
from flowmaster.engine.bpmn.findings import Findings, named
from flowmaster.engine.bpmn.known import Known
from flowmaster.engine.bpmn.signatures import DecisionSignature, Library, ProcessSignature
from flowmaster.engine.feel.expression import Expression
from flowmaster.engine.model import Call, Constant, Element, Process, Rule, Value


def check_signatures(
    process: Process, known: Known, types: Mapping[str, Type], findings: Findings, library: Library
) -> None:
    """Check every call of a decision or process that is known."""
    for element in process.elements.values():
        details = element.details
        if isinstance(details, Rule) and (key := _constant(details.decision)):
            decision = library.decision(key)
            if decision is not None:
                _check_decision(process, known, types, element, key, decision, findings)
        elif isinstance(details, Call) and (key := _constant(details.process)):
            called = library.process(key)
            if called is not None:
                _check_call(known, process, types, element, key, called, findings)


def _check_decision(
    process: Process,
    known: Known,
    types: Mapping[str, Type],
    element: Element,
    key: str,
    decision: DecisionSignature,
    findings: Findings,
) -> None:
    given = _given(element, types)
    for name, wanted in decision.inputs.items():
        if name not in given and not _is_there(process, known, element, name):
            findings.add(
                "rule.input_missing",
                element.id,
                f"The decision {key!r} of {named(element)} asks for {name!r}, which the process neither declares nor sets."
                + findings.near(name, sorted({*known.writers, *(item.name for item in process.data)})),
                line=element.line,
            )
        found = given.get(name, types.get(name, ANY))
        _check_type("rule.input_type_wrong", element, f"the decision {key!r}", name, found, wanted, findings)


def _check_call(
    known: Known,
    process: Process,
    types: Mapping[str, Type],
    element: Element,
    key: str,
    called: ProcessSignature,
    findings: Findings,
) -> None:
    details = element.details
    assert isinstance(details, Call)
    given = _given(element, types)
    for item in called.data:
        if not item.input:
            continue
        passed = item.name in given or (details.pass_all and _is_there(process, known, element, item.name))
        if item.required and not passed:
            findings.add(
                "call.input_missing",
                element.id,
                f"The process {key!r}, called by {named(element)}, needs {item.name!r}, which is not handed to it."
                + findings.near(item.name, sorted(given)),
                line=element.line,
            )
        found = given.get(item.name, types.get(item.name, ANY) if details.pass_all else ANY)
        wanted = type_of_schema(item.schema)
        _check_type(
            "call.input_type_wrong", element, f"the process {key!r}", item.name, found, wanted, findings
        )


def _check_type(
    code: str, element: Element, what: str, name: str, given: Type, wanted: Type, findings: Findings
) -> None:
    found, asked = stored(given), stored(wanted)
    if found.kinds and asked.kinds and not set(found.kinds) & set(asked.kinds) and found.kinds != ("null",):
        findings.add(
            code,
            element.id,
            f"{named(element)} hands {what} a {given.words} as {name!r}, which is a {wanted.words} there.",
            line=element.line,
        )


def _given(element: Element, types: Mapping[str, Type]) -> dict[str, Type]:
    """Return the inputs that mappings give, with their types."""
    found: dict[str, Type] = {}
    for mapping in element.inputs:
        source, is_whole = mapping.source, len(mapping.target) == 1
        found[mapping.target[0]] = (
            Typing(types).of(source.node) if is_whole and isinstance(source, Expression) else ANY
        )
    return found


def _is_there(process: Process, known: Known, element: Element, name: str) -> bool:
    """Return whether the process has a variable, or may have one since nothing says what comes back from a step."""
    return (
        bool(known.anything - {element.id})
        or name in known.writers
        or name in known.local
        or any(item.name == name for item in process.data)
        or not process.data
    )


def _constant(value: Value) -> str:
    return str(value.content) if isinstance(value, Constant) and value.content else ""
