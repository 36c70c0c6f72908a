"""What a form asks otherwise than before, in words."""

from collections.abc import Iterator, Mapping

from flowmaster.engine.feel.said import said
from flowmaster.engine.model import Process, UserTask
from flowmaster.engine.outline.datatypes import type_of
from flowmaster.engine.values import Json

FORMS = "forms: "
"""How the change of a form begins to say what has changed."""

_FIELDS = ("properties", "required")


def form_sentence(name: str, was: Json, now: Json, new: Process) -> str:
    """Return what a form asks otherwise, as a sentence; empty where more than its fields has changed."""
    if not isinstance(was, Mapping) or not isinstance(now, Mapping):
        return ""
    rest = [{key: value for key, value in one.items() if key not in _FIELDS} for one in (was, now)]
    told = list(_fields(was, now)) if rest[0] == rest[1] else []
    steps = [
        one.label
        for one in new.elements.values()
        if isinstance(one.details, UserTask) and one.details.form == name
    ]
    whose = f"of {' and '.join(map(said, steps))}" if steps else said(name)
    return f"The form {whose} {'; '.join(told)}." if told else ""


def _fields(was: Mapping[str, Json], now: Mapping[str, Json]) -> Iterator[str]:
    before, after = _properties(was), _properties(now)
    musts = [_listed(one.get("required")) for one in (was, now)]
    for field in dict.fromkeys((*before, *after)):
        if field not in before:
            yield f"asks for {said(field)} too: {_type(after[field])}" + (
                "" if field in musts[1] else ", if there is one"
            )
        elif field not in after:
            yield f"asks for {said(field)} no more"
        elif before[field] != after[field]:
            yield f"takes {said(field)} as {_type(after[field])} (before: {_type(before[field])})"
        elif (field in musts[0]) != (field in musts[1]):
            yield f"{'needs' if field in musts[1] else 'does without'} {said(field)} now"


def _properties(schema: Mapping[str, Json]) -> Mapping[str, Json]:
    found = schema.get("properties")
    return found if isinstance(found, Mapping) else {}


def _listed(value: Json) -> list[Json]:
    return list(value) if isinstance(value, list | tuple) else []


def _type(schema: Json) -> str:
    """Return a type as outlines write it."""
    word = type_of(schema) if isinstance(schema, Mapping) else schema
    return word if isinstance(word, str) else said(word)
