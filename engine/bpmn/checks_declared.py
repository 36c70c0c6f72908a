"""What is declared and not used: roles, data; and forms whose fields are of other types than their variables."""

from collections.abc import Iterator, Mapping

from flowmaster.engine.bpmn.checks_data import ENGINE_NAMES, values_read
from flowmaster.engine.bpmn.condition_values import Schema
from flowmaster.engine.bpmn.expression_types import type_of_schema
from flowmaster.engine.bpmn.findings import Findings, named
from flowmaster.engine.bpmn.known import Known, form_schema_of
from flowmaster.engine.bpmn.signatures import Library
from flowmaster.engine.forms import fields_of
from flowmaster.engine.model import AdHoc, Call, Constant, Element, Job, Process, Rule, UserTask, Value
from flowmaster.engine.values import Json


def check_declared(process: Process, known: Known, findings: Findings, library: Library) -> None:
    """Check what a process declares against what it uses."""
    _check_roles(process, findings)
    _check_variables(process, known, findings, library)
    for element in process.elements.values():
        if isinstance(element.details, UserTask):
            _check_form(process, element, element.details, findings)


def _check_roles(process: Process, findings: Findings) -> None:
    tasks = [one.details for one in process.elements.values() if isinstance(one.details, UserTask)]
    used: set[str] = set()
    for task in tasks:
        for value in (task.roles, task.users, task.assignee, *(deadline.to for deadline in task.deadlines)):
            if value is not None and not isinstance(value, Constant):
                return  # An expression may name any role.
            used.update(_texts(value.content if value is not None else None))
        if not used or task.assignee is None and task.roles is None and task.users is None:
            return  # Who does this task is not said yet.
    if not used <= {*process.roles, *process.roles.values()}:
        return  # What is not known may be a declared role that is misspelt.
    lanes = {one.lane for one in process.elements.values()}
    scenarios = set(_texts(list(process.scenarios)))
    for role, name in process.roles.items():
        if not {role, name} & (used | lanes | scenarios):
            findings.add(
                "role.unused",
                process.id,
                f"The role {role!r} is declared and has nothing to do.",
                line=process.root.line,
                fix_edit={"set_roles": {role: None}},
            )


def _check_variables(process: Process, known: Known, findings: Findings, library: Library) -> None:
    """Name declared variables that nothing reads, writes or shows, where no step sees all variables."""
    inputs = _asked_by_rules(process, library)
    if inputs is None or any(map(_sees_all, process.elements.values())) or known.anything:
        return
    read = frozenset().union(*(value.names for _, _, value in values_read(process)), inputs)
    asked = {name for form in process.forms.values() for name in fields_of(form)}
    for element in process.elements.values():
        read |= _names_of_outputs(element)
    if read - ENGINE_NAMES - known.writers.keys() - {item.name for item in process.data} - known.local:
        return  # What is not known may be a declared name that is misspelt.
    for item in process.data:
        if item.name not in read | asked | known.writers.keys():
            findings.add(
                "data.unused",
                process.id,
                f"The variable {item.name!r} is declared, and nothing reads or sets it.",
                line=process.root.line,
                fix_edit={"set_data": {item.name: None}},
            )


def _names_of_outputs(element: Element) -> frozenset[str]:
    return frozenset().union(*(mapping.source.names for mapping in element.outputs))


def _sees_all(element: Element) -> bool:
    """Return whether an element hands all variables on, to a worker or another process."""
    match element.details:
        case Job() | AdHoc():
            return not element.inputs
        case Call(pass_all=pass_all):
            return pass_all
        case _:
            return False


def _asked_by_rules(process: Process, library: Library) -> frozenset[str] | None:
    """Return the variables that the decisions of a process ask for, None where that is not known."""
    found: set[str] = set()
    for element in process.elements.values():
        if not isinstance(element.details, Rule):
            continue
        decision = element.details.decision
        signature = library.decision(decision.text) if isinstance(decision, Constant) else None
        if signature is None:
            return None
        found.update(signature.inputs)
    return frozenset(found)


def _check_form(process: Process, element: Element, task: UserTask, findings: Findings) -> None:
    """Name fields of a form that go into a variable of another type."""
    declared = {item.name: item.schema for item in process.data}
    fields = form_schema_of(process.forms.get(task.form))
    into: list[tuple[str, str]] = [(name, name) for name in fields] if not element.outputs else []
    into += [
        (_name(mapping.source), mapping.target[0]) for mapping in element.outputs if len(mapping.target) == 1
    ]
    for field, target in into:
        if field not in fields or target not in declared:
            continue
        asked, wanted = type_of_schema(fields[field]), type_of_schema(declared[target])
        if asked.kinds and wanted.kinds and not set(asked.kinds) & set(wanted.kinds):
            findings.add(
                "task.form_type_wrong",
                element.id,
                f"The form of {named(element)} asks for {field!r} as a {asked.words}; it goes into {target!r}, which is "
                f"declared as a {wanted.words}.",
                line=element.line,
                fix_edit=_form_with(process, task.form, field, declared[target]),
            )


def _form_with(process: Process, form: str, field: str, schema: Schema) -> Mapping[str, Json]:
    """Return the edit that lets a form ask for a field in the type of its variable."""
    asked = process.forms[form]
    assert isinstance(asked, Mapping)
    properties = {**form_schema_of(asked), field: schema}
    return {"set_forms": {form: {**asked, "properties": properties}}}


def _name(value: Value) -> str:
    return value.text.removeprefix("=").strip()


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for entry in value.values():
            yield from _texts(entry)
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from _texts(entry)
