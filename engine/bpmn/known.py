"""What is known of the variables of a process: their types, who writes them, and whose values nothing else decides."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flowmaster.engine.bpmn.condition_values import Schema
from flowmaster.engine.bpmn.vocabulary import SCOPE_KINDS, SENDING_KINDS
from flowmaster.engine.forms import fields_of
from flowmaster.engine.model import (
    AdHoc,
    Call,
    Element,
    Error,
    Escalation,
    Job,
    Message,
    MultiInstance,
    Process,
    Rule,
    Script,
    Signal,
    Triggers,
    UserTask,
)
from flowmaster.engine.values import Json

OUTSIDE = (UserTask, Job, Call, Message, Signal, Error, Escalation)
"""What brings values from outside: a person, a worker, another process, a message, a fault that is caught."""


@dataclass(frozen=True, slots=True)
class Known:
    """What checks know of variables.

    `schemas` are the types that are declared or that forms ask for; `writers` the elements that write a variable by
    its name; `anything` the elements that may write any; `free` the variables that are never computed here.
    """

    schemas: Mapping[str, Schema]
    writers: Mapping[str, frozenset[str]]
    anything: frozenset[str]
    free: frozenset[str]
    local: frozenset[str]
    """Names that mean something of their own inside a group or loop."""
    fields: Mapping[str, frozenset[str]]
    """The fields of each variable that steps write one by one."""
    concurrent: bool
    """Whether several tokens of the process may be under way at once."""

    def writes(self, element: Element, name: str) -> bool:
        """Return whether an element may write a variable."""
        return element.id in self.anything or element.id in self.writers.get(name, ())


def known_of(process: Process, names: frozenset[str] = frozenset()) -> Known:
    """Return what is known of the variables of a process; `names` are all that its expressions read."""
    writers: dict[str, set[str]] = {}
    computed: set[str] = set()
    anything: set[str] = set()
    schemas: dict[str, Schema] = {}
    unclear: set[str] = set()
    local: set[str] = set()
    for element in process.elements.values():
        for name in written_by(process, element):
            writers.setdefault(name, set()).add(element.id)
            if not isinstance(element.details, OUTSIDE):
                computed.add(name)
        local.update(_local_to(element))
        if may_write_anything(process, element):
            anything.add(element.id)
        for name, schema in _asked_by(process, element):
            if schemas.setdefault(name, schema) != schema:
                unclear.add(name)
    sure = {
        name: schema
        for name, schema in schemas.items()
        if name not in unclear | computed and _asks(process, writers.get(name, set()), name)
    }
    declared = {item.name: item.schema for item in process.data if item.schema}
    types = {name: schema for name, schema in (sure | declared).items() if name not in local}
    return Known(
        types,
        {name: frozenset(found) for name, found in writers.items()},
        frozenset(anything),
        (names | frozenset(declared) | frozenset(writers)) - computed - local,
        frozenset(local),
        _fields_written(process),
        any(map(_adds_tokens, process.elements.values())),
    )


def written_by(process: Process, element: Element) -> Iterator[str]:
    """Yield the variables of the process that an element writes by their names."""
    for mapping in element.outputs:
        yield mapping.target[0]
    match element.details:
        case Script(result=result) | Rule(result=result) if not element.outputs:
            yield result
        case UserTask(form=form) if form and not element.outputs:
            yield from fields_of(process.forms.get(form))
        case AdHoc(output_collection=collection) if collection:
            yield collection
        case _:
            pass
    if isinstance(element.loop, MultiInstance) and element.loop.output_collection:
        yield element.loop.output_collection


def _adds_tokens(element: Element) -> bool:
    """Return whether an element lets more than one token go on at once."""
    return (
        (
            element.kind != "exclusiveGateway"
            and element.kind != "eventBasedGateway"
            and len(element.outgoing) > 1
        )
        or element.triggered_by_event
        or element.loop is not None
        or any(not event.interrupting for event in element.boundaries)
    )


def _fields_written(process: Process) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for element in process.elements.values():
        for mapping in element.outputs:
            if len(mapping.target) > 1:
                found.setdefault(mapping.target[0], set()).add(mapping.target[1])
    return {name: frozenset(fields) for name, fields in found.items()}


def _local_to(element: Element) -> Iterator[str]:
    """Yield the names that mean something of its own inside a group or loop."""
    if element.kind in SCOPE_KINDS or element.loop is not None:
        for mapping in element.inputs:
            yield mapping.target[0]
    if isinstance(element.loop, MultiInstance) and element.loop.item:
        yield element.loop.item


def may_write_anything(process: Process, element: Element) -> bool:
    """Return whether values of names that nobody declares come back from an element."""
    match element.details:
        case Call(return_all=return_all):
            return return_all and not element.outputs
        case UserTask(form=form):
            return not element.outputs and not form_schema_of(process.forms.get(form))
        case Job():
            return not element.outputs
        case Message() | Signal():
            return not element.outputs and element.kind not in SENDING_KINDS
        case Triggers(all=several):
            brings = any(isinstance(one.details, Message | Signal) for one in several)
            return brings and not element.outputs and element.kind not in SENDING_KINDS
        case AdHoc():
            return True
        case _:
            return False


def form_schema_of(form: Json) -> Mapping[str, Schema]:
    """Return the schemas of the fields of a form that is a JSON Schema."""
    properties = form.get("properties") if isinstance(form, Mapping) else None
    if not isinstance(properties, Mapping):
        return {}
    return {name: schema for name, schema in properties.items() if isinstance(schema, Mapping)}


def _asked_by(process: Process, element: Element) -> Iterator[tuple[str, Schema]]:
    """Yield the variables that a form fills, with the schemas of its fields."""
    if not isinstance(element.details, UserTask):
        return
    fields = form_schema_of(process.forms.get(element.details.form))
    if not element.outputs:
        yield from fields.items()
    for mapping in element.outputs:
        schema = fields.get(mapping.source.text.removeprefix("=").strip())
        if schema is not None and len(mapping.target) == 1:
            yield mapping.target[0], schema


def _asks(process: Process, writers: set[str], name: str) -> bool:
    """Return whether every writer of a variable is a form that asks for it."""
    return all(name in dict(_asked_by(process, process.elements[one])) for one in writers)
