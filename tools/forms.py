"""Forms of tasks: form-js schemas and plain JSON Schemas, as one JSON Schema to fill in and check against."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from flowmaster.engine.errors import FlowMasterError, Hint, did_you_mean
from flowmaster.engine.model import Element, Process, UserTask
from flowmaster.engine.values import Json
from flowmaster.runtime.results import complaint, first_error, place_of

_TYPES: Mapping[str, dict[str, Json]] = {
    "textfield": {"type": "string"},
    "textarea": {"type": "string", "contentMediaType": "text/plain"},
    "number": {"type": "number"},
    "checkbox": {"type": "boolean"},
    "datetime": {"type": "string"},
    "filepicker": {"type": "string"},
    "taglist": {"type": "array", "items": {"type": "string"}},
    "checklist": {"type": "array", "items": {"type": "string"}},
    "radio": {},
    "select": {},
}
"""What the input components of form-js give; others only show something."""

_MOMENTS: Mapping[str, str] = {"date": "date", "time": "time", "datetime": "date-time"}
"""What a component for dates and times asks for, by its subtype."""

FIELDS_TOLD = 8
CHOICES_TOLD = 6
"""How many fields, and choices of a field, are told where a form is only mentioned."""

_OFFERING = ("radio", "select", "checklist", "taglist")
"""Components that offer values to choose from."""


def form_of(process: Process, element: Element) -> Json:
    """Return the form of a user task: by its id, else its own."""
    details = element.details
    if not isinstance(details, UserTask) or not details.form:
        return None
    return process.forms.get(details.form)


def schema_of(form: Json) -> dict[str, Json] | None:
    """Return the JSON Schema of a form's answer, or None if it is no form that we know."""
    if not isinstance(form, Mapping):
        return None
    components = form.get("components")
    if isinstance(components, Sequence) and not isinstance(components, str):
        return _form_js(components)
    return dict(form) if "properties" in form or form.get("type") == "object" else None


def check_answer(form: Json, answer: Mapping[str, Json], task: str) -> None:
    """Refuse an answer that the form does not allow; what the form does not know may come along."""
    schema = schema_of(form)
    if schema is None:
        return
    wrong = first_error(schema, answer)
    if wrong is None:
        return
    path = ".".join(place_of(wrong))
    raise FlowMasterError(
        "task.answer_invalid",
        f"The answer does not fit the form of task {task!r}: {complaint(wrong)}",
        path=f"variables.{path}" if path else "variables",
        expected=schema,
        fix=f"{_misspelt(schema, answer)}Give the variables as `expected` describes them.",
        next=[Hint("task_read", {"task": task}, "See what the task asks.")],
        status=422,
    )


def _misspelt(schema: Mapping[str, Json], answer: Mapping[str, Json]) -> str:
    """Return which of the given names may be meant for a field that is missing."""
    missing = [name for name in _required(schema) if name not in answer]
    known = schema.get("properties")
    strange = [name for name in answer if not isinstance(known, Mapping) or name not in known]
    guesses = ((name, did_you_mean(name, missing)) for name in strange)
    return "".join(f"The form has no field {name[:80]!r}.{guess} " for name, guess in guesses if guess)


def names_of(form: Json) -> list[str]:
    """Return the fields that a form asks for."""
    schema = schema_of(form)
    properties = schema.get("properties") if schema else None
    return list(properties) if isinstance(properties, Mapping) else []


def asked(form: Json) -> str:
    """Return in a few words what the first fields of a form take; `?` stands behind what may be left out."""
    if form is None:
        return ""
    schema = schema_of(form) or {}
    properties, needed = schema.get("properties"), _required(schema)
    if not isinstance(properties, Mapping):
        return ""
    told = [
        f"{name if name in needed else name + '?'}: {_kind(field)}"
        for name, field in islice(properties.items(), FIELDS_TOLD)
    ]
    return ", ".join([*told, "..."] if len(properties) > FIELDS_TOLD else told)


def _kind(field: Json) -> str:
    if not isinstance(field, Mapping):
        return "any"
    choices = field.get("enum")
    if isinstance(choices, Sequence) and len(choices) <= CHOICES_TOLD:
        return "|".join(map(str, choices))
    return str(field.get("format") or field.get("type") or "any")


def required_of(form: Json) -> list[str]:
    """Return the fields that a form must have an answer to."""
    return _required(schema_of(form) or {})


def _required(schema: Mapping[str, Json]) -> list[str]:
    required = schema.get("required")
    return [str(name) for name in required] if isinstance(required, Sequence) else []


def _form_js(components: Sequence[Json]) -> dict[str, Json]:
    properties: dict[str, Json] = {}
    required: list[Json] = []
    for component in _inputs(components):
        key = str(component["key"])
        field: dict[str, Json] = dict(_TYPES[str(component["type"])])
        for name, word in (("label", "title"), ("dateLabel", "title"), ("description", "description")):
            text = component.get(name)
            if isinstance(text, str) and text:
                field[word] = text
        if component["type"] == "datetime":
            field["format"] = _MOMENTS.get(str(component.get("subtype")), "date")
        rules = component.get("validate")
        if isinstance(rules, Mapping):
            _constrain(field, rules)
            if rules.get("required") is True:
                required.append(key)
        _offer(field, component)
        properties[key] = field
    return {"type": "object", "properties": properties, "required": required}


def _constrain(field: dict[str, Json], rules: Mapping[str, Json]) -> None:
    names = {
        "min": "minimum",
        "max": "maximum",
        "minLength": "minLength",
        "maxLength": "maxLength",
        "pattern": "pattern",
    }
    for name, word in names.items():
        if rules.get(name) is not None:
            field[word] = rules[name]


def _offer(field: dict[str, Json], component: Mapping[str, Json]) -> None:
    """Write down the values that are offered, and how they are called where that is something else."""
    values = component.get("values")
    if component["type"] not in _OFFERING or not isinstance(values, Sequence):
        return
    offered = [value for value in values if isinstance(value, Mapping)]
    told: dict[str, Json] = {"enum": [value.get("value") for value in offered]}
    labels = [value.get("label") for value in offered]
    if all(isinstance(label, str) for label in labels) and labels != told["enum"]:
        told["enumNames"] = labels
    if field.get("type") == "array":
        field["items"] = told
    else:
        field.update(told)


def _inputs(components: Sequence[Json]) -> Iterable[Mapping[str, Json]]:
    for component in components:
        if not isinstance(component, Mapping):
            continue
        if component.get("type") in _TYPES and isinstance(component.get("key"), str):
            yield component
        inner = component.get("components")
        if isinstance(inner, Sequence) and not isinstance(inner, str):
            yield from _inputs(inner)
