"""Resources: what can be read at an address, and the read-only operation that gives it.

An address such as `instance://order:7` is a form with values. Whoever reads it calls that operation, so that rights,
tenants, bounds and the audit log are those of the operation, and nothing is computed in a second way. The table at
the end is all there is; a door shows it and needs to know nothing more.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple
from urllib.parse import quote, unquote_to_bytes

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.values import Json
from flowmaster.tools.answer import Answer
from flowmaster.tools.invoke import invoke, refused
from flowmaster.tools.raster import PREFIX
from flowmaster.tools.registry import Call
from flowmaster.tools.watching import watched

ADDRESS_LENGTH_MAX: Final = 1_000
"""Characters of an address."""

PAGES_MAX: Final = 40
"""Pages of a long view that are put together; a longer one is read page by page through its operation."""

FOREVER_MS: Final = 3_600_000
"""How long what never changes may be kept, until a newer server might show it otherwise."""

GUIDE_MS: Final = 300_000

YAML: Final = "application/yaml"
JSON: Final = "application/json"
XML: Final = "application/xml"
SVG: Final = "image/svg+xml"
PNG: Final = "image/png"


@dataclass(frozen=True)
class Resource:
    """What can be read at addresses of one form.

    Args:
        form: the address, its values in braces.
        name: a short name of the form.
        title: what people call it.
        about: what is read there.
        media_type: of what is read.
        operation: the read-only operation that gives it.
        asked: the arguments of the operation; values of the address stand in braces.
        field: the field of the answer that is read; without one it is the whole answer.
        scope: what has changed when this changed, as the journal names it; without one it never changes.
        fresh_ms: how long what was read may be kept.
        public: whether everybody reads the same.
    """

    form: str
    name: str
    title: str
    about: str
    media_type: str
    operation: str
    asked: Mapping[str, Json]
    field: str = ""
    scope: str = ""
    fresh_ms: int = 0
    public: bool = False

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """The names of the values in the form."""
        return tuple(_VARIABLE.findall(self.form))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What an address of this form looks like."""
        parts = _VARIABLE.split(self.form)
        fixed = [re.escape(part) for part in parts[::2]]
        values = [f"(?P<{name}>{_VERSION if name == 'version' else _VALUE})" for name in parts[1::2]]
        return re.compile("".join(part for pair in zip(fixed, [*values, ""], strict=True) for part in pair))


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
        if part.startswith(PREFIX):
            return Contents(place, base64=part.removeprefix(PREFIX))
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
        f"There is nothing to read at {address[:200]!r}.",
        path="uri",
        fix="List the resources and their templates; the operations that find things give the ids.",
        status=404,
    )


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


_VARIABLE = re.compile(r"\{(\w+)\}")
_VALUE = r"[^/]+"
_VERSION = r"[1-9][0-9]{0,8}"
_NEEDLESS = re.compile(r"%(?![0-9A-Fa-f]{2})|%(2[DdEe]|3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa]|5[Ff]|7[Ee])")
"""Matches what is no percent-encoding, and the encoding of a character that every address may hold as it is."""
_ELSEWHERE = re.compile(r"[/\\%?#@{}]")
"""Matches what no id holds and what would mean something else in a path."""

_PROCESS: Final = "process_read"
_RULE: Final = "rule_read"
_DRAFT: Final = "process:{process}"
_DECISION: Final = "decision:{decision}"


def _process(
    view: str, name: str, title: str, about: str, media_type: str, field: str = "content", path: str = ""
) -> tuple[Resource, Resource]:
    """Return a view of the newest draft of a process, and the same of a version."""
    asked: dict[str, Json] = {"process": "{process}", "view": view}
    return (
        Resource(
            f"process://{{process}}{path}",
            name,
            title,
            f"{about}, of the newest draft.",
            media_type,
            _PROCESS,
            asked,
            field,
            _DRAFT,
        ),
        Resource(
            f"process://{{process}}/{{version}}{path}",
            f"{name}-of-version",
            f"{title} of a version",
            f"{about}, of a published version.",
            media_type,
            _PROCESS,
            {**asked, "version": "{version}"},
            field,
            fresh_ms=FOREVER_MS,
        ),
    )


def _instance(
    path: str, name: str, title: str, about: str, media_type: str, detail: list[Json], field: str = ""
) -> Resource:
    asked: dict[str, Json] = {"instance": "{instance}", "detail": detail}
    if "history" in detail:
        asked["limit"] = 1_000
    form = f"instance://{{instance}}{path}"
    return Resource(form, name, title, about, media_type, "instance_read", asked, field, scope="{instance}")


def _guide(address: str, title: str, about: str, query: str) -> Resource:
    name = address.partition("://")[2]
    asked: dict[str, Json] = {"query": query}
    return Resource(
        address,
        name,
        title,
        about,
        YAML,
        "operation_find",
        asked,
        field="guide",
        fresh_ms=GUIDE_MS,
        public=True,
    )


RESOURCES: Final[tuple[Resource, ...]] = (
    _guide(
        "guide://outline-language",
        "Outline language",
        "The whole language of process outlines on one page, by example.",
        "outline language",
    ),
    _guide(
        "guide://rule-table",
        "Rule table",
        "The whole language of decision tables on one page, by example.",
        "rule table",
    ),
    *_process(
        "outline", "process", "Process", "The process as an outline: steps, roles, data, scenarios", YAML
    ),
    *_process("bpmn", "process-bpmn", "Process as BPMN", "The BPMN 2.0 XML", XML, path="/bpmn"),
    *_process("svg", "process-svg", "Process as SVG", "The diagram as SVG", SVG, path="/diagram.svg"),
    *_process("png", "process-png", "Process as PNG", "The diagram as PNG", PNG, path="/diagram.png"),
    *_process(
        "problems",
        "process-problems",
        "Problems of a process",
        "What is wrong, with ready edits where there are any",
        JSON,
        field="",
        path="/problems",
    ),
    _instance("", "instance", "Instance", "Where an instance stands and what it waits for.", JSON, []),
    _instance(
        "/diagram.svg",
        "instance-svg",
        "Instance as SVG",
        "The diagram with the path taken and where the instance stands, as SVG.",
        SVG,
        ["diagram"],
        field="diagram",
    ),
    _instance(
        "/diagram.png",
        "instance-png",
        "Instance as PNG",
        "The diagram with the path taken and where the instance stands, as PNG.",
        PNG,
        ["picture"],
        field="picture",
    ),
    _instance(
        "/history",
        "instance-history",
        "History of an instance",
        "What happened, oldest first, and why it went that way; the first 1,000 entries.",
        JSON,
        ["history", "why"],
    ),
    Resource(
        "task://{instance}/{step}",
        "task",
        "Task",
        "An open task with its form, prefilled values and briefing. The address is task:// and the id of the task.",
        JSON,
        "task_read",
        {"task": "{instance}/{step}", "detail": ["briefing", "comments"]},
        scope="{instance}",
    ),
    Resource(
        "document://{document}",
        "document",
        "Document",
        "A kept document: its fields with confidence and place, or its text.",
        JSON,
        "document_read",
        {"document": "{document}"},
        scope="document:{document}",
    ),
    Resource(
        "rule://{decision}",
        "rule",
        "Rule",
        "A decision as a compact table, of the version in force.",
        JSON,
        _RULE,
        {"decision": "{decision}", "view": "table"},
        scope=_DECISION,
    ),
    Resource(
        "rule://{decision}/{version}",
        "rule-of-version",
        "Rule of a version",
        "A decision as a compact table, of one version.",
        JSON,
        _RULE,
        {"decision": "{decision}", "view": "table", "version": "{version}"},
        fresh_ms=FOREVER_MS,
    ),
    Resource(
        "rule://{decision}/dmn",
        "rule-dmn",
        "Rule as DMN",
        "The DMN XML with its diagram, of the version in force.",
        XML,
        _RULE,
        {"decision": "{decision}", "view": "dmn"},
        "content",
        _DECISION,
    ),
    Resource(
        "rule://{decision}/diagram.svg",
        "rule-svg",
        "Requirements of a rule as SVG",
        "The decision and what it is made of, as SVG.",
        SVG,
        _RULE,
        {"decision": "{decision}", "view": "drd"},
        "content",
        _DECISION,
    ),
)
"""All resources; where two forms fit an address, the first one is meant."""
