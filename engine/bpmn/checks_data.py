"""Variables: what expressions read must be declared, or set by some step of the process."""

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass

from flowmaster.engine.bpmn import fixes
from flowmaster.engine.bpmn.findings import Findings, named
from flowmaster.engine.feel.expression import Expression
from flowmaster.engine.forms import fields_of
from flowmaster.engine.model import (
    AdHoc,
    Constant,
    Element,
    MultiInstance,
    Process,
    Rule,
    Script,
    Value,
)

ENGINE_NAMES = frozenset(
    {
        "activationCount",
        "loopCounter",
        "numberOfActiveInstances",
        "numberOfCompletedInstances",
        "numberOfInstances",
        "waitingForStart",
    }
)
"""The variables that the engine itself gives."""


def check_data(process: Process, findings: Findings) -> None:
    """Name each variable that is read although nothing gives it a value, once."""
    known = ENGINE_NAMES | set(_given(process))
    missing: dict[str, list[tuple[str, int]]] = {}
    for element, line, value in values_read(process):
        for name in sorted(value.names - known):
            missing.setdefault(name, []).append((element, line))
    for name, places in missing.items():
        element, line = places[0]
        more = f" and {len(places) - 1} more places" if len(places) > 1 else ""
        how = "is not declared" if process.data else "is set by no step; it has to come in from outside"
        findings.add(
            "variable.unknown",
            element,
            f"The variable {name!r}, read at {element!r}{more}, {how}.{findings.near(name, sorted(known))}",
            line=line,
            fix_edit=_renamed(process, places, name, fixes.nearest(name, sorted(known))),
        )


def check_hidden(process: Process, findings: Findings) -> None:
    """Name inputs that read a declared variable which an input before them hides: they are made one after another."""
    declared = {item.name for item in process.data}
    for element in process.elements.values():
        hidden: dict[str, str] = {}
        for mapping in element.inputs:
            names = mapping.source.names if isinstance(mapping.source, Expression) else frozenset()
            for name in sorted(names & set(hidden)):
                findings.add(
                    "variable.hidden",
                    element.id,
                    f"The input {mapping.target[0]!r} of {named(element)} reads {name!r} behind the input of that name: "
                    f"it gets what `{hidden[name]}` gave, and not the variable of the process.",
                    line=element.line,
                )
            if len(mapping.target) == 1 and mapping.target[0] in declared:
                hidden[mapping.target[0]] = getattr(mapping.source, "text", "")


def _renamed(
    process: Process, places: Sequence[tuple[str, int]], wrong: str, meant: str
) -> fixes.Edit | None:
    """Return the edit that names the variable that is meant, where it is read by one condition alone."""
    flows = {flow.id: flow for element in process.elements.values() for flow in element.outgoing}
    flow = flows.get(places[0][0])
    if not meant or len(places) > 1 or flow is None or flow.condition is None:
        return None
    return fixes.set_condition(flow.id, fixes.with_name(flow.condition.text, wrong, meant))


def _given(process: Process) -> Iterator[str]:
    """Yield the names that something in the process gives a value to."""
    for item in process.data:
        yield item.name
    for form in process.forms.values():
        yield from fields_of(form)
    for element in process.elements.values():
        for mapping in element.inputs + element.outputs:
            yield mapping.target[0]
        match element.details:
            case Script(result=result) | Rule(result=result):
                yield result
            case AdHoc(output_collection=collection):
                yield collection
            case _:
                pass
        if isinstance(element.loop, MultiInstance):
            yield element.loop.item
            yield element.loop.output_collection


def values_read(process: Process) -> Iterator[tuple[str, int, Value]]:
    """Yield every expression that reads variables, with the element and line where it stands."""
    for check in process.checks:
        yield process.id, process.root.line, check.condition
    for element in process.elements.values():
        for value in _values_of(element):
            yield element.id, element.line, value
        for flow in element.outgoing:
            if flow.condition is not None:
                yield flow.id, flow.line, flow.condition


def _values_of(element: Element) -> Iterator[Value]:
    yield from _values_in(element.details)
    yield from _values_in(element.inputs)
    if not _takes_from_outside(element):
        yield from _values_in(element.outputs)
        yield from _values_in(element.loop)
    elif isinstance(element.loop, MultiInstance):
        yield from _values_in((element.loop.cardinality, element.loop.collection))


def _takes_from_outside(element: Element) -> bool:
    """Return whether a person, worker, message or called process gives the element values of any name."""
    return element.kind not in ("scriptTask", "businessRuleTask", "task", "manualTask") or not isinstance(
        element.details, Script | Rule | None
    )


def _values_in(thing: object) -> Iterator[Value]:
    if isinstance(thing, tuple):
        for one in thing:
            yield from _values_in(one)
    elif isinstance(thing, Expression):
        yield thing
    elif is_dataclass(thing) and not isinstance(thing, Constant):
        for one in fields(thing):
            yield from _values_in(getattr(thing, one.name))
