"""Movable tags: names of published versions that stand beside the one in a version's file, and go before it."""

import re
from typing import Final, Literal

from pydantic import Field

from flowmaster.engine.bpmn.problem import WARNING, Problem
from flowmaster.engine.errors import FlowMasterError, Hint, did_you_mean
from flowmaster.engine.feel.said import said
from flowmaster.engine.links.model import PROCESS, Node
from flowmaster.engine.values import Json
from flowmaster.runtime.models import unknown_process
from flowmaster.stores.protocol import Reader, Transaction
from flowmaster.stores.releases import ReleaseRow
from flowmaster.tools.drafts import KIND
from flowmaster.tools.models import NextCall, Result, WriteArguments, follow_up
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.requests import journal_process, store_once
from flowmaster.tools.versions import TAG, VersionName, number_of

TAGS_MAX: Final = 100
"""Movable tags of one process."""

CALLERS_SHOWN: Final = 20
"""Callers by a tag that an answer names."""

_UNUSABLE = re.compile(r"[0-9]+|draft|.*[\x00-\x1f\x7f].*|\s.*|.*\s", re.DOTALL)
"""Names that would be read as something else: a number is a version, `draft` the draft."""


class ProcessTag(WriteArguments):
    """Which tag of which process, and which version it is to name."""

    process: str = Field(max_length=200, description="Process id.", examples=["invoice-approval"])
    tag: str = Field(min_length=1, max_length=100, description="The tag.", examples=["stable"])
    version: VersionName | None = Field(
        default=None, description="The version to name, by number or another tag; default: the newest."
    )
    action: Literal["set", "remove"] = Field(default="set", description="Set or move the tag, or remove it.")


class ProcessTagged(Result):
    """What the tag names now."""

    process: str = Field(description="Its id.")
    tag: str = Field(description="The tag.")
    version: int | None = Field(description="The version it names now; null: none.")
    was: int | None = Field(description="The version it named before; null: none.")
    told: str = Field(description="What has changed.")
    callers: list[str] = Field(default=[], description="Published processes that call by this tag.")
    warning: str = Field(default="", description="What they meet now.")


@operation(right="process.publish")
async def process_tag(call: Call, arguments: ProcessTag) -> ProcessTagged:
    """Let a tag name a published version, move it to another one, or remove it; calls by the tag follow it."""
    runtime, tenant = call.app.runtime, call.caller.tenant
    process, tag = arguments.process, arguments.tag
    _refuse_unusable(tag)

    def work(transaction: Transaction) -> tuple[int | None, int | None]:
        if transaction.find_definition(tenant, KIND, process) is None:
            raise unknown_process(transaction, tenant, process)
        was = transaction.version_number(tenant, KIND, process, tag=tag)
        moved = {row.name: row.version for row in transaction.releases(tenant, KIND, process, TAG)}
        if arguments.action == "remove":
            _refuse_not_set(arguments, moved, was)
            transaction.drop_releases(tenant, KIND, process, TAG, [tag])
        else:
            wanted = number_of(transaction, tenant, process, arguments.version, "version")
            if moved.get(tag) == wanted:
                store_once(transaction, call, subject=process)
                return was, wanted
            _refuse_too_many(process, tag, moved)
            at = runtime.clock.now(transaction)
            row = ReleaseRow(TAG, tag, call.caller.person, at, wanted)
            transaction.put_release(tenant, KIND, process, row)
        now = transaction.version_number(tenant, KIND, process, tag=tag)
        at, told = runtime.clock.now(transaction), {"tag": tag, "was": was, "version": now}
        journal_process(transaction, call, process, "process_tag", at, dict(told), arguments.reason)
        store_once(transaction, call, subject=process)
        return was, now

    was, now = await runtime.write(work, dry_run=arguments.dry_run)
    callers = callers_by(runtime.reader, tenant, process, tag)
    return ProcessTagged(
        process=process,
        tag=tag,
        version=now,
        was=was,
        told=_told(arguments, was, now),
        callers=callers[:CALLERS_SHOWN],
        warning=_warning(tag, was, now) if callers and was != now else "",
        next=_next(process, was, now),
        left_out={"callers": len(callers) - CALLERS_SHOWN} if len(callers) > CALLERS_SHOWN else {},
    )


def callers_by(reader: Reader, tenant: str, process: str, tag: str) -> list[str]:
    """Return the published processes that call a process by a tag."""
    kept = reader.walk(tenant, Node(PROCESS, process), up=True, depth=1, kinds=("calls",), view="published")
    return sorted({one.owner.key for one in kept if one.link.pinned == tag})


def hidden_tags(reader: Reader, tenant: str, tags: dict[str, str]) -> list[Problem]:
    """Return which tags in files name nothing, since a movable tag of that name goes before them."""
    found: list[Problem] = []
    for process, tag in tags.items():
        moved = next((r.version for r in reader.releases(tenant, KIND, process, TAG) if r.name == tag), None)
        if tag and moved is not None:
            message = f"The tag {said(tag)} of the file is a movable tag too, which names version {moved}."
            fix = f"Move it with `process_tag` to the new version, or remove it; until then {said(tag)} is version {moved}."
            found.append(Problem("tag.hidden", process, WARNING, message, fix))
    return found


def _refuse_unusable(tag: str) -> None:
    if _UNUSABLE.fullmatch(tag):
        raise FlowMasterError(
            "tag.name_unusable",
            f"{said(tag)} cannot be a tag.",
            path="tag",
            expected="a name that is no number and not `draft`, without spaces at its ends",
            fix="Choose a name such as `stable`; numbers are versions already.",
            status=422,
        )


def _refuse_not_set(arguments: ProcessTag, moved: dict[str, int], was: int | None) -> None:
    if arguments.version is not None:
        raise FlowMasterError(
            "arguments.invalid",
            "`version` is for `action: set`; a tag is removed by its name.",
            path="version",
            fix="Leave `version` out.",
            status=422,
        )
    if arguments.tag in moved:
        return
    known: list[Json] = list(moved)
    in_file = f" The tag in the file of version {was} stays with it." if was is not None else ""
    raise FlowMasterError(
        "tag.unknown",
        f"{arguments.process!r} has no movable tag {said(arguments.tag)}.{did_you_mean(arguments.tag, list(moved))}{in_file}",
        path="tag",
        expected=known,
        fix="Name one of the listed tags." if known else "There is nothing to remove.",
        next=[Hint("process_read", {"process": arguments.process, "view": "versions"}, "List its versions.")],
        status=404,
    )


def _refuse_too_many(process: str, tag: str, moved: dict[str, int]) -> None:
    if tag not in moved and len(moved) >= TAGS_MAX:
        raise FlowMasterError(
            "tag.too_many",
            f"{process!r} has {len(moved)} movable tags already.",
            path="tag",
            expected=f"at most {TAGS_MAX}",
            fix="Remove a tag that nobody uses with `action: remove`, or move one.",
            status=409,
        )


def _told(arguments: ProcessTag, was: int | None, now: int | None) -> str:
    tag = said(arguments.tag)
    if arguments.action == "remove":
        rest = f"; version {now} has it in its file still" if now is not None else ""
        return f"The tag {tag} was removed from version {was}{rest}."
    if was is None:
        return f"The tag {tag} names version {now}."
    if was == now:
        return f"The tag {tag} names version {now} as before."
    return f"The tag {tag} went from version {was} to version {now}."


def _warning(tag: str, was: int | None, now: int | None) -> str:
    if now is None:
        return f"Calls by {said(tag)} stop with an incident from now on."
    return f"Calls by {said(tag)} start version {now} from now on" + (f", not {was}." if was else ".")


def _next(process: str, was: int | None, now: int | None) -> list[NextCall]:
    if was is None or now is None or was == now:
        return []
    told: dict[str, Json] = {"process": process, "from": was, "to": now}
    return [follow_up(Hint("process_compare", told, "See what differs between the two."))]


OPERATIONS = (process_tag,)
