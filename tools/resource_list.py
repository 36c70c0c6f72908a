"""The list of resources: the guides, the published processes, and the newest open instances.

Names that people gave are shown as names, in quotation marks and cut short; no description holds any of their words.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from flowmaster.tools.answer import Answer
from flowmaster.tools.registry import Call
from flowmaster.tools.resource_table import JSON, RESOURCES, YAML
from flowmaster.tools.resources import address_of, looked_up

PROCESSES_AT_ONCE: Final = 50
"""Published processes that one page of the list holds."""

INSTANCES_SHOWN: Final = 20
"""Open instances that the last page holds; the others are found by `instance_find`."""

NAME_LENGTH_MAX: Final = 80
"""Characters of a name that are shown."""


class Listed(NamedTuple):
    """An entry of the list."""

    address: str
    name: str
    title: str
    about: str
    media_type: str


class Listing(NamedTuple):
    """A page of the list, and where the next one begins."""

    entries: list[Listed]
    cursor: str | None


async def listed(call: Call, cursor: str | None) -> Listing | Answer:
    """Return a page of the list, or the refusal of a cursor that is none."""
    asked: dict[str, Any] = {"state": "published", "limit": PROCESSES_AT_ONCE}
    found = await _found(call, "process_find", asked if cursor is None else {**asked, "cursor": cursor})
    if isinstance(found, Answer):
        return found
    entries = [] if cursor is not None else _guides()
    entries += [_process(item) for item in found["items"]]
    if found["next_cursor"] is None:
        newest = await _found(call, "instance_find", {"status": "active", "limit": INSTANCES_SHOWN})
        entries += [] if isinstance(newest, Answer) else [_instance(item) for item in newest["items"]]
    return Listing(entries, found["next_cursor"])


def shown_name(text: str) -> str:
    """Return a name that people gave so that it cannot be taken for anything but a name."""
    plain = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    plain = plain.replace("“", "'").replace("”", "'").replace('"', "'")
    return f"“{plain if len(plain) <= NAME_LENGTH_MAX else plain[: NAME_LENGTH_MAX - 1] + '…'}”"


async def _found(call: Call, operation: str, asked: dict[str, Any]) -> Mapping[str, Any] | Answer:
    """Return a page of what an operation finds: nothing for a caller who may not look."""
    answer = await looked_up(call, operation, asked)
    if answer.status == 403:
        return {"items": [], "next_cursor": None}
    if answer.refused:
        return answer
    body = answer.data()
    assert isinstance(body, Mapping), "answers are objects"
    return body


def _guides() -> list[Listed]:
    return [
        Listed(each.form, each.name, each.title, each.about, each.media_type)
        for each in RESOURCES
        if not each.variables
    ]


def _process(item: Mapping[str, Any]) -> Listed:
    process = item["process"]
    return Listed(
        address_of("process://{process}", process=process),
        process,
        f"Process {shown_name(item['name'] or process)}",
        f"A published process as an outline; its newest version is {item['version']}.",
        YAML,
    )


def _instance(item: Mapping[str, Any]) -> Listed:
    instance = item["instance"]
    stands = f"An open instance, last moved at {item['updated']}"
    return Listed(
        address_of("instance://{instance}", instance=instance),
        instance,
        f"Instance {shown_name(instance)}",
        f"{stands}; {item['incidents']} incidents." if item["incidents"] else f"{stands}.",
        JSON,
    )
