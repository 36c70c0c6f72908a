"""Checks what a job gave against what its element wants of it and what its process declares."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from flowmaster.engine.elements.adhoc import choice_of
from flowmaster.engine.elements.task_listeners import verdict_of
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.feel.temporal_text import read_date, read_date_time, read_duration, read_time
from flowmaster.engine.lookup import open_task
from flowmaster.engine.model import AdHoc, Element, IoMapping, Process
from flowmaster.engine.state import JobWait, State
from flowmaster.engine.values import Json

_FORMATS = FormatChecker(formats=())
"""The formats of texts that are checked: those that FEEL computes with, as FEEL reads them, and addresses of mail."""
_READERS: Mapping[str, Callable[[str], object]] = {
    "date": read_date,
    "time": read_time,
    "date-time": read_date_time,
    "duration": read_duration,
    "email": re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)*").fullmatch,
}
for _format, _read in _READERS.items():
    _FORMATS.checks(_format)(lambda value, read=_read: not isinstance(value, str) or read(value) is not None)


def check_result(process: Process, state: State, wait: JobWait, result: Mapping[str, Json]) -> None:
    """Refuse the result of a job that lacks what it has to hold, or is not of the types that the process declares."""
    element = process.elements[wait.element]
    if wait.purpose:
        task = open_task(state, state.nodes[wait.node])
        if task is not None and task.asked is not None:
            verdict_of(task, result)
        return
    if isinstance(element.details, AdHoc):
        choice_of(process.elements, element, result, running=state.nodes[wait.node].open > 0)
        return
    lacking = [one for one in element.outputs if one.required and _lacks(result, one)]
    if lacking:
        raise _incomplete(element, lacking)
    if (fault := _mistyped(process, result, element)) is not None:
        raise FlowMasterError(
            "job.result_invalid",
            f"The result {fault.path!r} of {element.label!r} is wrong: {fault.message}.",
            path=f"variables.{fault.path}",
            expected=fault.schema,
            fix="Give what the process declares, or finish with `error_code` or `failure`.",
            status=422,
        )


def check_types(process: Process, variables: Mapping[str, Json], element: Element | None = None) -> None:
    """Refuse values that an operator gives to variables, or as what an element gave, of types other than declared."""
    if (fault := _mistyped(process, variables, element)) is not None:
        raise FlowMasterError(
            "variables.invalid",
            f"The variable {fault.path!r} cannot have this value: {fault.message}.",
            path=f"variables.{fault.path}",
            expected=fault.schema,
            fix="Give what the process declares.",
            status=422,
        )


class _Fault(NamedTuple):
    """Where a value is not of the declared type, and how."""

    path: str
    message: str
    schema: dict[str, Json]


def _mistyped(process: Process, values: Mapping[str, Json], element: Element | None) -> _Fault | None:
    """Return the first value that does not fit the variable it goes into; what an element maps elsewhere does not count."""
    outputs = element.outputs if element is not None else ()
    mapped = {one.target for one in outputs if one.source.text.strip("= ") == one.target[0]}
    for item in process.data:
        value = values.get(item.name)
        if value is None or (outputs and (item.name,) not in mapped):
            continue
        wrong = first_error(item.schema, value)
        if wrong is not None:
            return _Fault(".".join([item.name, *place_of(wrong)]), wrong.message, dict(item.schema))
    return None


def _lacks(result: Mapping[str, Json], mapping: IoMapping) -> bool:
    """Return whether a result has no value for a name or a path of names; what is computed is not judged."""
    is_path = all(part.strip().isidentifier() for part in mapping.source.text.removeprefix("=").split("."))
    return is_path and mapping.source.value(result) is None


def _incomplete(element: Element, lacking: Sequence[IoMapping]) -> FlowMasterError:
    names = [one.source.text.removeprefix("=").strip() for one in lacking]
    told = " and ".join(repr(name) for name in names)
    return FlowMasterError(
        "job.result_incomplete",
        f"The result of {element.label!r} lacks {told}.",
        path=f"variables.{names[0]}",
        expected=[one.source.text.removeprefix("=").strip() for one in element.outputs if one.required],
        fix=f"Give {told}, or finish with `error_code` or `failure`; if it may be missing, say so in the process: "
        f"`into: {'.'.join(lacking[0].target)}?`.",
        status=422,
    )


def first_error(schema: Mapping[str, Json], value: Json) -> ValidationError | None:
    """Return the deepest, most telling fault of a value against a JSON Schema."""
    validator = Draft202012Validator(schema, format_checker=_FORMATS)
    errors: Iterable[ValidationError] = validator.iter_errors(value)
    return min(errors, key=lambda error: (-len(error.absolute_path), str(error.absolute_path)), default=None)


def place_of(wrong: ValidationError) -> list[str]:
    """Return the steps to what is wrong; a missing property stands where it should be."""
    steps = [str(part) for part in wrong.absolute_path]
    needed, given = wrong.validator_value, wrong.instance
    if wrong.validator == "required" and isinstance(needed, Sequence) and isinstance(given, Mapping):
        steps += [str(name) for name in needed if name not in given][:1]
    return steps
