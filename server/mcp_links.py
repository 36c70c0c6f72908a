"""Links in tool results: what is long is also a resource, which a client can keep without showing it to its model.

Resource links are content blocks of tool results (Model Context Protocol, Server Features, Tools).
"""

from collections.abc import Mapping
from typing import Any, Final

from flowmaster.engine.values import Json
from flowmaster.tools.answer import Answer
from flowmaster.tools.resource_table import RESOURCES, Resource
from flowmaster.tools.resources import address_of

LONG_BYTES: Final = 8_000
"""From which length on an answer is long."""


def with_link(answer: Answer, operation: str, arguments: Mapping[str, Any]) -> Answer:
    """Return a long answer with a link to what it shows, where that is a resource."""
    if answer.refused or len(answer.body) < LONG_BYTES:
        return answer
    for resource in RESOURCES:
        values = _values(resource, operation, arguments)
        if values is not None:
            shown = answer.shown or ({"type": "text", "text": answer.text},)
            return answer._replace(shown=(*shown, _link(resource, values)))
    return answer


def _values(resource: Resource, operation: str, arguments: Mapping[str, Any]) -> dict[str, str] | None:
    """Return what of the arguments stands in the address of a resource, if it is what they ask for."""
    if resource.operation != operation or not resource.field or not resource.variables:
        return None
    values: dict[str, str] = {}
    for name, asked in resource.asked.items():
        given = arguments.get(name)
        if asked == f"{{{name}}}":
            if given is None:
                return None
            values[name] = str(given)
        elif name != "limit" and not _asks(given, asked):
            return None
    pinned = any(name in arguments and name not in resource.asked for name in ("version", "draft"))
    return None if pinned else values


def _asks(given: Any, asked: Json) -> bool:
    if isinstance(asked, list):
        return isinstance(given, list) and set(map(str, asked)) <= set(map(str, given))
    return bool(given == asked)


def _link(resource: Resource, values: Mapping[str, str]) -> dict[str, Json]:
    return {
        "type": "resource_link",
        "uri": address_of(resource.form, **values),
        "name": resource.name,
        "title": resource.title,
        "description": resource.about,
        "mimeType": resource.media_type,
    }
