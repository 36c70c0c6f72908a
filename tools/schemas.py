"""The JSON schemas of operations without noise: no titles, no null twins, short definitions in place.

The same model gives the same bytes on every machine, since the tool list is read by caches.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from flowmaster.tools.models import WriteArguments

INLINE_LENGTH_MAX = 400
"""A definition used several times is written out in place up to this many characters."""

_WRITE_FIELDS = tuple(WriteArguments.model_fields)


def input_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of an arguments model, its write arguments last."""
    schema = _compact(model.model_json_schema(schema_generator=_Generator, mode="validation"))
    properties = schema.setdefault("properties", {})
    for name in _WRITE_FIELDS:
        if name in properties and issubclass(model, WriteArguments):
            properties[name] = properties.pop(name)
    return schema


def output_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of a result model; a field with a default may be absent from the answer."""
    schema = _compact(model.model_json_schema(schema_generator=_Generator, mode="validation"))
    bare: dict[str, Any] = _without(schema, "default", "examples")
    return bare


def shown_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the input schema as the tool list shows it.

    Every write takes `dry_run`, `idempotency_key` and `reason`: the server's instructions say so once, and the
    tool list shows only the first, in two words. Examples and bounds stand in errors and in `operation_find`, which shows
    the whole schema. Unknown arguments are refused whether or not the schema says it, so it does not.
    """
    shown: dict[str, Any] = _joined(_without(schema, *_UNSHOWN))
    properties = shown.get("properties", {})
    if all(name in properties for name in _WRITE_FIELDS):
        properties["dry_run"] = {"type": "boolean", "description": "Check only."}
        del properties["idempotency_key"], properties["reason"]
    return shown


_UNSHOWN = (
    "examples",
    "additionalProperties",
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    *("minLength", "maxLength", "minItems", "maxItems"),
)


def _joined(node: Any) -> Any:
    """Return the schema with "this or that simple type" as one list of types, which is shorter."""
    if isinstance(node, list):
        return [_joined(each) for each in node]
    if not isinstance(node, dict):
        return node
    node = {
        key: value if key in ("enum", "const", "required") else _joined(value) for key, value in node.items()
    }
    choices = node.get("anyOf")
    if not isinstance(choices, list) or not all(
        list(each) == ["type"] and each["type"] in _SIMPLE for each in choices
    ):
        return node
    rest = {key: value for key, value in node.items() if key != "anyOf"}
    return {"type": [each["type"] for each in choices], **rest}


_SIMPLE = ("integer", "number", "string", "boolean")


def undescribed(model: type[BaseModel], path: str = "", seen: frozenset[type] = frozenset()) -> list[str]:
    """Return the fields of a model, at any depth, that have no description."""
    bare: list[str] = []
    for name, field in model.model_fields.items():
        here = f"{path}{name}"
        if not field.description:
            bare.append(here)
        for inner in _models_in(field.annotation):
            if inner not in seen:
                bare += undescribed(inner, f"{here}.", seen | {model, inner})
    return bare


def canonical(schema: Mapping[str, Any]) -> str:
    """Return the compact JSON text of a schema."""
    return json.dumps(schema, separators=(",", ":"), ensure_ascii=False)


class _Generator(GenerateJsonSchema):
    """Pydantic's schemas without titles."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _compact(schema: dict[str, Any]) -> dict[str, Any]:
    schema = _without(schema, "discriminator")
    definitions: dict[str, Any] = schema.pop("$defs", {})
    used = canonical(schema) + canonical(definitions)
    inlined = {
        name: body
        for name, body in definitions.items()
        if f"#/$defs/{name}" not in canonical(body)
        and (used.count(f'"#/$defs/{name}"') == 1 or len(canonical(body)) <= INLINE_LENGTH_MAX)
    }
    compact: dict[str, Any] = _tidy(schema, inlined)
    compact.pop("description", None)
    kept = {name: _tidy(body, inlined) for name, body in definitions.items() if name not in inlined}
    if kept:
        compact["$defs"] = kept
    return compact


def _tidy(node: Any, inlined: Mapping[str, Any]) -> Any:
    """Return the node with definitions in place, without titles and without "or null"."""
    if isinstance(node, list):
        return [_tidy(each, inlined) for each in node]
    if not isinstance(node, dict):
        return node
    if "default" in node and node["default"] is None:
        node = _one_of_two({key: value for key, value in node.items() if key != "default"})
    name = str(node.get("$ref", "")).removeprefix("#/$defs/")
    if name in inlined:
        body = {key: value for key, value in inlined[name].items() if key != "description"}
        node = {**body, **{key: value for key, value in node.items() if key != "$ref"}}
    node = {key: value for key, value in node.items() if not isinstance(value, _NOISE.get(key, _Never))}
    if node.get("const") is not None:
        node = {key: value for key, value in node.items() if key != "type"}
    return {
        key: (
            {name: _tidy(each, inlined) for name, each in value.items()}
            if key == "properties"
            else _tidy(value, inlined)
        )
        for key, value in node.items()
        if not (key == "default" and (value is False or value in ([], {}, "")))
    }


class _Never:
    """The type of nothing."""


_NOISE: dict[str, type] = {"title": str, "discriminator": dict}


def _one_of_two(node: dict[str, Any]) -> dict[str, Any]:
    """Return `X` for the schema "X or null" of an argument that may be left out."""
    choices = [each for each in node.get("anyOf", ()) if each != {"type": "null"}]
    if not choices:
        return node
    rest = {key: value for key, value in node.items() if key != "anyOf"}
    return {**choices[0], **rest} if len(choices) == 1 else {"anyOf": choices, **rest}


def _without(node: Any, *words: str) -> Any:
    """Return the schema without those keywords; a property may still be called like one."""
    if isinstance(node, list):
        return [_without(each, *words) for each in node]
    if not isinstance(node, dict):
        return node
    return {
        key: (
            {name: _without(each, *words) for name, each in value.items()}
            if key in ("properties", "$defs")
            else value
            if key in ("enum", "const", "required")
            else _without(value, *words)
        )
        for key, value in node.items()
        if key not in words or (key == "additionalProperties" and isinstance(value, dict))
    }


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)
