"""Versions of processes as callers name them: by number, or by a tag that names one."""

from typing import Annotated, Final

from pydantic import Field

from flowmaster.engine.errors import FlowMasterError, Hint, did_you_mean
from flowmaster.engine.values import Json
from flowmaster.runtime.lines import MARK
from flowmaster.stores.protocol import Reader
from flowmaster.stores.rows import Version
from flowmaster.tools.drafts import KIND, version_of

TAG: Final = "tag"

VersionName = Annotated[int, Field(ge=1)] | Annotated[str, Field(min_length=1, max_length=200)]
"""How a caller names a version: its number, or a tag."""


def named_version(
    reader: Reader, tenant: str, process: str, wanted: int | str | None, path: str = "version"
) -> Version:
    """Return a published version that is named by number or tag, or is the newest; refuse others."""
    tag = wanted if isinstance(wanted, str) else ""
    number = reader.version_number(tenant, KIND, process, tag=tag) if tag else wanted
    if tag.isascii() and tag.isdigit() and len(tag) < 10:
        number = int(tag)
    if number is None and tag and reader.find_definition(tenant, KIND, process) is not None:
        raise no_tag(reader, tenant, process, tag, path)
    assert not isinstance(number, str)
    try:
        return version_of(reader, tenant, process, number)
    except FlowMasterError as error:
        if error.path == "version":
            error.path = path
        raise


def number_of(
    reader: Reader, tenant: str, process: str, wanted: int | str | None, path: str = "version"
) -> int:
    """Return the number of a published version that is named by number or tag, or is the newest; refuse others."""
    return named_version(reader, tenant, process, wanted, path).version


def tags_of(reader: Reader, tenant: str, process: str) -> dict[str, int]:
    """Return the tags of a process with the versions they name: movable ones, and those of files."""
    found: dict[str, int] = {}
    for version in reader.versions(tenant, KIND, process):
        if version.tag:
            found.setdefault(version.tag, version.version)
    return {**found, **{row.name: row.version for row in reader.releases(tenant, KIND, process, TAG)}}


def no_tag(
    reader: Reader, tenant: str, process: str, wanted: str, path: str, *, further: tuple[str, ...] = ()
) -> FlowMasterError:
    """Return the refusal of a tag that no version has; `further` words are possible there too."""
    numbers = [each.version for each in reader.versions(tenant, KIND, process)]
    names = [*further, *tags_of(reader, tenant, process)]
    known: list[Json] = [*names, *numbers]
    or_else = f", or {', '.join(map(repr, further))}" if further else ""
    fix = f"Give the number or tag of a version{or_else}."
    if wanted.startswith(MARK):
        fix = "A branch is no version: `process_compare` and `process_merge` take it. " + fix
    return FlowMasterError(
        "process.version_unknown",
        f"{process!r} has no version {wanted[:80]!r}.{did_you_mean(wanted[:80], names)}",
        path=path,
        expected=known,
        fix=fix,
        next=[Hint("process_read", {"process": process, "view": "versions"}, "List its versions.")],
        status=404,
    )
