"""Checks what an instance is started with against what its process declares."""

from collections.abc import Iterable, Mapping

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from flowmaster.engine.errors import FlowMasterError, Hint, did_you_mean
from flowmaster.engine.model import Process
from flowmaster.engine.values import Json


def check_inputs(process: Process, variables: Mapping[str, Json], *, at: int) -> None:
    """Refuse missing, unknown and wrong inputs, and combinations that a check of the process forbids.

    Only a process that declares data is strict; one that declares none takes any variables.
    """
    inputs = [item for item in process.data if item.input]
    known = [item.name for item in process.data]
    if known:
        for name in variables:
            if name not in known:
                raise _refused(process, name, f"There is no input {name!r}.{did_you_mean(name, known)}")
    for item in inputs:
        if item.name not in variables or variables[item.name] is None:
            if item.required:
                raise _refused(process, item.name, f"The input {item.name!r} is missing.")
            continue
        check_value(process, item.name, item.schema, variables[item.name])
    for check in process.checks:
        found = check.condition.value(variables, at)
        if found is not True:
            raise _refused(process, check.path, f"{check.message} (`{check.condition.text}` gave {found!r}.)")


def check_value(process: Process, name: str, schema: Mapping[str, Json], value: Json) -> None:
    """Refuse a value that its JSON Schema does not allow."""
    wrong = first_error(schema, value)
    if wrong is not None:
        path = ".".join([name, *(str(part) for part in wrong.absolute_path)])
        raise _refused(process, path, f"The input {path!r} is wrong: {wrong.message}.")


def first_error(schema: Mapping[str, Json], value: Json) -> ValidationError | None:
    """Return the deepest, most telling fault of a value against a JSON Schema."""
    errors: Iterable[ValidationError] = Draft202012Validator(schema).iter_errors(value)
    return min(errors, key=lambda error: (-len(error.absolute_path), str(error.absolute_path)), default=None)


def signature(process: Process) -> dict[str, Json]:
    """Return the JSON Schema of the start variables."""
    inputs = [item for item in process.data if item.input]
    return {
        "type": "object",
        "properties": {item.name: dict(item.schema) for item in inputs},
        "required": [item.name for item in inputs if item.required],
    }


def _refused(process: Process, path: str, message: str) -> FlowMasterError:
    return FlowMasterError(
        "instance.inputs_invalid",
        message,
        path=f"variables.{path}" if path else "variables",
        expected=signature(process),
        fix="Give the inputs as `expected` describes them.",
        next=[Hint("process_read", {"process": process.id}, "Read what the process needs.")],
        status=422,
    )
