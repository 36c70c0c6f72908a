"""Checks what an instance is started with against what its process declares."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from flowmaster.engine.errors import FlowMasterError, Hint, did_you_mean
from flowmaster.engine.model import Element, Process
from flowmaster.engine.values import Json


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


def check_result(process: Process, element: Element, result: Mapping[str, Json]) -> None:
    """Refuse the result of a job whose variables are not of the types that the process declares."""
    mapped = {
        mapping.target for mapping in element.outputs if mapping.source.text.strip("= ") == mapping.target[0]
    }
    for item in process.data:
        value = result.get(item.name)
        if value is None or (element.outputs and (item.name,) not in mapped):
            continue
        wrong = first_error(item.schema, value)
        if wrong is not None:
            path = ".".join([item.name, *place_of(wrong)])
            raise FlowMasterError(
                "job.result_invalid",
                f"The result {path!r} of {element.label!r} is wrong: {wrong.message}.",
                path=f"variables.{path}",
                expected=dict(item.schema),
                fix="Give what the process declares, or finish with `error_code` or `failure`.",
                status=422,
            )


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


def first_error(schema: Mapping[str, Json], value: Json) -> ValidationError | None:
    """Return the deepest, most telling fault of a value against a JSON Schema."""
    errors: Iterable[ValidationError] = Draft202012Validator(schema).iter_errors(value)
    return min(errors, key=lambda error: (-len(error.absolute_path), str(error.absolute_path)), default=None)


def place_of(wrong: ValidationError) -> list[str]:
    """Return the steps to what is wrong; a missing property stands where it should be."""
    steps = [str(part) for part in wrong.absolute_path]
    needed, given = wrong.validator_value, wrong.instance
    if wrong.validator == "required" and isinstance(needed, Sequence) and isinstance(given, Mapping):
        steps += [str(name) for name in needed if name not in given][:1]
    return steps


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
