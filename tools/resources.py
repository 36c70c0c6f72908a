"""Resources: what can be read at an address.

An address such as `instance://order:7` is a form with values. Whoever reads it calls the operation that the table
names, so that rights, tenants, bounds and the log are those of the operation, and nothing is computed in a second way.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import quote, unquote_to_bytes

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.values import Json
from flowmaster.tools.answer import Answer
from flowmaster.tools.data_urls import base64_of
from flowmaster.tools.invoke import invoke, refused
from flowmaster.tools.registry import Call
from flowmaster.tools.resource_table import RESOURCES, Resource
from flowmaster.tools.watching import watched

ADDRESS_LENGTH_MAX: Final = 1_000
"""Characters of an address."""

PAGES_MAX: Final = 40
"""Pages of a long view that are put together; a longer one is read page by page through its operation."""


class Place(NamedTuple):
    """A resource at one address, with the values of the address."""

    resource: Resource
    values: Mapping[str, str]

    @property
    def arguments(self) -> dict[str, Json]:
        """The arguments with which the operation gives the resource."""
        return {name: self._filled(value) for name, value in self.resource.asked.items()}

    @property
    def identity(self) -> dict[str, Json]:
        """The arguments that say which thing is meant, and nothing of how to show it."""
        named = [
            name for name, value in self.resource.asked.items() if isinstance(value, str) and "{" in value
        ]
        arguments = self.arguments
        return {name: arguments[name] for name in named} or arguments

    @property
    def scope(self) -> str:
        """What has changed when this resource changed; empty if it never does."""
        return self.resource.scope.format_map(self.values)

    def _filled(self, value: Json) -> Json:
        if value == "{version}":
            return int(self.values["version"])
        return value.format_map(self.values) if isinstance(value, str) else value


class Contents(NamedTuple):
    """What was read: a text, or bytes as base64."""

    place: Place
    text: str = ""
    base64: str = ""


async def read_resource(call: Call, address: str) -> Contents | Answer:
    """Read what is at an address, or return the refusal: the same for what is not there and for what others have."""
    place = place_at(address)
    if place is None:
        return refused(unknown_resource(address))
    arguments, parts = place.arguments, list[str]()
    for _ in range(PAGES_MAX):
        answer = await looked_up(call, place.resource.operation, arguments)
        if answer.refused:
            return refused(unknown_resource(address)) if answer.status == 404 else answer
        if not place.resource.field:
            return Contents(place, answer.text)
        body = answer.data()
        assert isinstance(body, Mapping), "answers are objects"
        part = body[place.resource.field]
        assert isinstance(part, str), "a field that is read alone is a text"
        if (held := base64_of(part)) is not None:
            return Contents(place, base64=held)
        parts.append(part)
        if not body.get("next_cursor"):
            return Contents(place, "".join(parts))
        arguments = {**arguments, "cursor": body["next_cursor"]}
    return refused(_too_long(place))


async def found_at(call: Call, address: str) -> Place | Answer:
    """Return what is at an address that the caller can read, without its contents, or the refusal."""
    place = place_at(address)
    if place is None:
        return refused(unknown_resource(address))
    answer = await looked_up(call, place.resource.operation, place.identity)
    if answer.refused:
        return refused(unknown_resource(address)) if answer.status == 404 else answer
    return place


async def looked_up(call: Call, operation: str, arguments: Mapping[str, Json]) -> Answer:
    """Call an operation that reads for somebody outside: within limits, and noted in the log of calls."""
    return await watched(
        call, operation, arguments, lambda: invoke(call.app.registry, call, operation, arguments)
    )


def place_at(address: str) -> Place | None:
    """Return the resource of an address and its values, if the address is a sound one."""
    if len(address) > ADDRESS_LENGTH_MAX:
        return None
    scheme, mark, rest = address.partition("://")  # letters of a scheme count alike (RFC 3986, 3.1)
    address = f"{scheme.lower()}{mark}{rest}"
    for resource in RESOURCES:
        found = resource.pattern.fullmatch(address)
        if found is not None:
            values = {name: _value(written) for name, written in found.groupdict().items()}
            told = {name: value for name, value in values.items() if value is not None}
            return Place(resource, told) if len(told) == len(values) else None
    return None


def address_of(form: str, **values: str) -> str:
    """Return the address of a form with these values."""
    return form.format_map({name: quote(value, safe=":") for name, value in values.items()})


def unknown_resource(address: str) -> FlowMasterError:
    """Return the refusal of an address at which nothing can be read."""
    return FlowMasterError(
        "resource.unknown",
        f"There is nothing to read at {address[:200]!r}.{_endings(address)}",
        path="uri",
        fix="List the resources and their templates; the operations that find things give the ids.",
        status=404,
    )


_VIEW_ASKED = re.compile(r"([a-z]+)://[A-Za-z0-9_][A-Za-z0-9_.:-]*(?:/[1-9][0-9]{0,8})?/[a-z][a-z_.-]{0,40}")


def _endings(address: str) -> str:
    """Return how addresses of a kind end, for one that is of no form; what is not there or of others says nothing."""
    asked = _VIEW_ASKED.fullmatch(address)
    if asked is None or place_at(address) is not None:
        return ""
    scheme = asked[1]
    forms = [one.form for one in RESOURCES if one.form.startswith(f"{scheme}://{{")]
    ends = sorted({form.rpartition("}")[2] for form in forms} - {""})
    return f" What is read of one {scheme} ends in {', '.join(ends)}." if ends else ""


def _value(written: str) -> str | None:
    """Return a value as it stands in an address, or None for one that no id can be.

    It is decoded once, and only what a template must encode may be encoded: neither a letter, a digit or a dot, nor
    anything that would lead elsewhere.
    """
    if _NEEDLESS.search(written):
        return None
    try:
        value = unquote_to_bytes(written).decode()
    except UnicodeDecodeError:
        return None
    sound = value.isprintable() and value == value.strip() and not _ELSEWHERE.search(value)
    return value if sound and value.strip(".") else None


def _too_long(place: Place) -> FlowMasterError:
    operation = place.resource.operation
    return FlowMasterError(
        "resource.too_long",
        f"What is there has more than {PAGES_MAX} pages.",
        path="uri",
        fix=f"Read it page by page with `{operation}` and `cursor`.",
        status=413,
    )


_NEEDLESS = re.compile(r"%(?![0-9A-Fa-f]{2})|%(2[DdEe]|3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa]|5[Ff]|7[Ee])")
"""Matches what is no percent-encoding, and the encoding of a character that every address may hold as it is."""
_ELSEWHERE = re.compile(r"[/\\%?#@{}]")
"""Matches what no id holds and what would mean something else in a path."""
