"""What forms ask for: JSON Schemas, and forms of form-js."""

from collections.abc import Iterator, Mapping

from flowmaster.engine.values import Json


def fields_of(form: Json) -> Iterator[str]:
    """Yield what a form asks for: the properties of a JSON Schema, the keys of form-js components."""
    if not isinstance(form, Mapping):
        return
    properties = form.get("properties")
    if isinstance(properties, Mapping):
        yield from properties
    components = form.get("components")
    for component in components if isinstance(components, list) else ():
        key = component.get("key") or component.get("path") if isinstance(component, Mapping) else None
        if isinstance(key, str):
            yield key.partition(".")[0]
        yield from fields_of(
            {"components": component.get("components")} if isinstance(component, Mapping) else None
        )


def required_of(form: Json) -> Iterator[str]:
    """Yield the fields that a form does not let be left out."""
    if not isinstance(form, Mapping):
        return
    required = form.get("required")
    yield from (name for name in required if isinstance(name, str)) if isinstance(required, list) else ()
    components = form.get("components")
    for component in components if isinstance(components, list) else ():
        if not isinstance(component, Mapping):
            continue
        rules = component.get("validate")
        if isinstance(rules, Mapping) and rules.get("required") is True:
            yield from fields_of({"components": [component]})
        yield from required_of({"components": component.get("components")})
