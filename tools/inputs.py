"""Checks what an instance is started with against what its process declares."""

from collections.abc import Iterator, Mapping, Sequence

from flowmaster.engine.errors import FlowMasterError, Hint, did_you_mean
from flowmaster.engine.model import Process
from flowmaster.engine.values import Json
from flowmaster.runtime.results import first_error, place_of


def check_inputs(process: Process, variables: Mapping[str, Json], *, at: int) -> None:
    """Refuse missing, unknown and wrong inputs, all at once, and combinations that a check of the process forbids.

    Only a process that declares data is strict; one that declares none takes any variables.
    """
    faults = list(_faults(process, variables))
    if faults:
        raise _refused(process, faults)
    for check in process.checks:
        found = check.condition.value(variables, at)
        if found is not True:
            message = f"{check.message} (`{check.condition.text}` gave {found!r}.)"
            raise _refused(process, [(check.path, message)])


def check_given(process: Process, variables: Mapping[str, Json]) -> None:
    """Refuse unknown and wrong inputs, whatever is missing beside them."""
    missing = missing_inputs(process, variables)
    faults = [(path, message) for path, message in _faults(process, variables) if path not in missing]
    if faults:
        raise _refused(process, faults)


def missing_inputs(process: Process, variables: Mapping[str, Json]) -> list[str]:
    """Return the required inputs that are not given."""
    return [
        item.name
        for item in process.data
        if item.input and item.required and variables.get(item.name) is None
    ]


def _faults(process: Process, variables: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """Yield where an input is wrong, and how."""
    known = [item.name for item in process.data]
    for name in variables if known else ():
        if name not in known:
            yield name, f"There is no input {name!r}.{did_you_mean(name, known)}"
    for item in process.data:
        if not item.input:
            continue
        if variables.get(item.name) is None:
            if item.required:
                yield item.name, f"The input {item.name!r} is missing."
            continue
        wrong = first_error(item.schema, variables[item.name])
        if wrong is not None:
            path = ".".join([item.name, *place_of(wrong)])
            yield path, f"The input {path!r} is wrong: {wrong.message}."


def signature(process: Process) -> dict[str, Json]:
    """Return the JSON Schema of the start variables."""
    inputs = [item for item in process.data if item.input]
    return {
        "type": "object",
        "properties": {item.name: dict(item.schema) for item in inputs},
        "required": [item.name for item in inputs if item.required],
    }


def _refused(process: Process, faults: Sequence[tuple[str, str]]) -> FlowMasterError:
    path, first = faults[0]
    further = [message for _, message in faults[1:]]
    return FlowMasterError(
        "instance.inputs_invalid",
        f"{first} Also: {' '.join(further)}" if further else first,
        path=f"variables.{path}" if path else "variables",
        expected=signature(process),
        fix="Give the inputs as `expected` describes them.",
        next=[Hint("process_read", {"process": process.id}, "Read what the process needs.")],
        status=422,
    )
