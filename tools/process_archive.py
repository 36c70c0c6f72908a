"""Taking processes out of use, bringing them back, and deleting what nothing needs any more."""

from typing import Final, Literal

from pydantic import Field

from flowmaster.engine.errors import FlowMasterError, Hint
from flowmaster.engine.links.model import PROCESS, Node
from flowmaster.runtime.lines import branches_of
from flowmaster.runtime.models import unknown_process
from flowmaster.runtime.routes import read_route
from flowmaster.stores.protocol import Reader, Transaction
from flowmaster.stores.rows import DefinitionRow, InstanceFilter
from flowmaster.tools.bounds import left_out
from flowmaster.tools.drafts import KIND
from flowmaster.tools.link_losses import left_alone
from flowmaster.tools.models import NextCall, Result, WriteArguments, follow_up
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.requests import journal_process, store_once
from flowmaster.tools.routes import register_starts
from flowmaster.tools.versions import VersionName, number_of

ADDRESS_MAX: Final = 200
CALLERS_SHOWN: Final = 10
AFFECTED_SHOWN: Final = 10
OPEN: Final = ("active", "paused")


class ProcessArchive(WriteArguments):
    """Which process, and whether it is taken out of use or brought back."""

    process: str = Field(max_length=ADDRESS_MAX, description="Process id.", examples=["invoice-approval"])
    action: Literal["archive", "bring_back"] = Field(
        default="archive", description="`archive`: no instance begins any more. `bring_back`: as before."
    )


class ProcessArchived(Result):
    """How the process stands now."""

    process: str = Field(description="Its id.")
    state: str = Field(description="archived, published or draft.")
    running: int = Field(description="Instances under way; they go on.")
    starts: int = Field(description="Start events by message, signal, time or fact that are registered now.")
    affects: list[str] = Field(
        default=[], description="Other processes whose messages or signals lose their other end by it."
    )


@operation(right="process.publish")
async def process_archive(call: Call, arguments: ProcessArchive) -> ProcessArchived:
    """Take a process out of use, or bring it back; refused while published processes call it.

    No instance begins any more, by call, message, signal, time or fact; those under way go on. Publishing brings it back, too.
    """
    runtime, tenant, process = call.app.runtime, call.caller.tenant, arguments.process

    def work(transaction: Transaction) -> ProcessArchived:
        transaction.releases(tenant, KIND, process, "policy")  # Keeps other servers from changing releases.
        row = _known(transaction, tenant, process)
        store_once(transaction, call, subject=process)
        out = arguments.action == "archive"
        affects = [one.message for one in left_alone(transaction, tenant, [process], {})] if out else []
        if out != (row.state == "archived"):
            at = runtime.clock.now(transaction)
            if out:
                _refuse_called(transaction, tenant, process, None)
                transaction.put_starts(tenant, process, [])
            transaction.archive_definition(tenant, KIND, process, out)
            if not out and row.version:
                routed = transaction.routed(tenant, KIND, process)
                register_starts(call, transaction, process, None, read_route(routed.route), row.version, at)
            told = {"running": _count(transaction, tenant, process, None, open_only=True)}
            journal_process(
                transaction,
                call,
                process,
                f"process_archive.{arguments.action}",
                at,
                {**told},
                arguments.reason,
            )
        after = _known(transaction, tenant, process)
        return ProcessArchived(
            process=process,
            state=after.state,
            running=_count(transaction, tenant, process, None, open_only=True),
            starts=len(transaction.process_starts(tenant, process)),
            affects=affects[:AFFECTED_SHOWN],
            left_out=left_out({"affects": (len(affects), min(len(affects), AFFECTED_SHOWN))}),
            next=_next(process, after),
        )

    done = await runtime.write(work, dry_run=arguments.dry_run)
    runtime.changed.wake({"timers"})
    if not arguments.dry_run:
        call.app.published()
    return done


class ProcessDelete(WriteArguments):
    """Which process, or which version of it."""

    process: str = Field(max_length=ADDRESS_MAX, description="Process id.", examples=["invoice-approval"])
    version: VersionName | None = Field(
        default=None, description="Only this version, by number or tag; default: the whole process."
    )


class ProcessDeleted(Result):
    """What is gone."""

    process: str = Field(description="Its id.")
    version: int | None = Field(
        default=None, description="The version that is gone; null: the whole process."
    )
    versions: int = Field(description="Versions that are gone.")
    drafts: int = Field(description="Drafts that are gone.")
    branches: list[str] = Field(default=[], description="Branches that are gone.")


def _losses(call: Call, arguments: ProcessDelete, tried: ProcessDeleted) -> str:
    """Return what deleting takes away."""
    what = f"version {tried.version} of {tried.process!r}" if tried.version else repr(tried.process)
    branches = f" and the branches {', '.join(tried.branches)}" if tried.branches else ""
    return f"Delete {what}? {tried.versions} versions and {tried.drafts} drafts go{branches}; no undo."


@operation(right="process.publish", destructive=True, destroys=_losses)
async def process_delete(call: Call, arguments: ProcessDelete) -> ProcessDeleted:
    """Delete a process, or one old version, for good; refused while any instance, call, tag or route needs it.

    A published process is taken out of use by `process_archive` first. Its audit log stays.
    """
    runtime, tenant, process = call.app.runtime, call.caller.tenant, arguments.process

    def work(transaction: Transaction) -> ProcessDeleted:
        transaction.releases(tenant, KIND, process, "policy")  # Keeps other servers from changing releases.
        row = _known(transaction, tenant, process)
        store_once(transaction, call, subject=process)
        if arguments.version is not None:
            done = _delete_version(transaction, tenant, row, arguments.version)
        else:
            done = _delete_process(transaction, tenant, row)
        told = done.model_dump(exclude_defaults=True, exclude={"process"})
        at = runtime.clock.now(transaction)
        journal_process(transaction, call, process, "process_delete", at, told, arguments.reason)
        return done

    done = await runtime.write(work, dry_run=arguments.dry_run)
    if not arguments.dry_run:
        call.app.published()
    return done


def _delete_version(
    transaction: Transaction, tenant: str, row: DefinitionRow, wanted: int | str
) -> ProcessDeleted:
    process = row.key
    version = number_of(transaction, tenant, process, wanted)
    if version == row.version:
        raise _refusal(
            process,
            version,
            "is the newest one",
            "Publish another one first, or delete the whole process.",
        )
    _refuse_instances(transaction, tenant, process, version)
    _refuse_called(transaction, tenant, process, version)
    tags = [one.name for one in transaction.releases(tenant, KIND, process, "tag") if one.version == version]
    if tags:
        raise _refusal(process, version, f"has the tag {tags[0]!r}", "Move the tag with `process_tag` first.")
    route = read_route(transaction.routed(tenant, KIND, process).route)
    if route is not None and version in (route.version, route.otherwise):
        raise _refusal(
            process, version, "is where a route leads", "Change the route with `process_route` first."
        )
    transaction.delete_version(tenant, KIND, process, version)
    return ProcessDeleted(process=process, version=version, versions=1, drafts=0)


def _delete_process(transaction: Transaction, tenant: str, row: DefinitionRow) -> ProcessDeleted:
    process = row.key
    _refuse_instances(transaction, tenant, process, None)
    _refuse_called(transaction, tenant, process, None)
    if row.state == "published":
        raise FlowMasterError(
            "process.in_use",
            f"{process!r} is in use: instances of it may begin at any moment.",
            path="process",
            fix="Take it out of use first.",
            next=[Hint("process_archive", {"process": process}, "Take it out of use.")],
            status=409,
        )
    lines = branches_of(transaction, tenant, process)
    versions, drafts = transaction.versions(tenant, KIND, process), transaction.drafts(tenant, KIND, process)
    for line in lines:
        transaction.delete_definition(tenant, line.kind, line.key)
    transaction.delete_definition(tenant, KIND, process)
    return ProcessDeleted(
        process=process,
        versions=len(versions),
        drafts=len(drafts) + sum(line.draft for line in lines),
        branches=[line.key for line in lines],
    )


def _known(reader: Reader, tenant: str, process: str) -> DefinitionRow:
    row = reader.find_definition(tenant, KIND, process)
    if row is None:
        raise unknown_process(reader, tenant, process)
    return row


def _refuse_instances(reader: Reader, tenant: str, process: str, version: int | None) -> None:
    """Refuse to delete what instances, also those that are over, are read by."""
    every = _count(reader, tenant, process, version)
    if not every:
        return
    open_ = _count(reader, tenant, process, version, open_only=True)
    what = f"Version {version} of {process!r}" if version else f"{process!r}"
    raise FlowMasterError(
        "process.has_instances",
        f"{what} has {every} instances, {open_} of them under way: they could not be read any more.",
        path="version" if version else "process",
        expected="a version or process without instances",
        fix="Keep it; move those under way to another version, and let rules of retention remove those that are over.",
        next=[Hint("instance_find", {"process": process}, "See the instances.")],
        status=409,
    )


def _refuse_called(reader: Reader, tenant: str, process: str, version: int | None) -> None:
    """Refuse to take away what published processes call: all of it, or the version that they ask for."""
    kept = reader.walk(tenant, Node(PROCESS, process), up=True, depth=1, kinds=("calls",), view="published")
    callers = sorted(
        {
            one.owner.key
            for one in kept
            if one.version
            and one.owner.key != process
            and (version is None or one.link.pinned == str(version))
        }
    )
    if not callers:
        return
    named = ", ".join(map(repr, callers[:CALLERS_SHOWN]))
    more = f" and {len(callers) - CALLERS_SHOWN} more" if len(callers) > CALLERS_SHOWN else ""
    raise FlowMasterError(
        "process.in_use",
        f"{process!r} is called by {named}{more}: their instances would stop there with an incident.",
        path="process",
        expected="a process that no published one calls",
        fix="Let them call another process first.",
        next=[Hint("process_links", {"process": process, "direction": "up"}, "See who calls it, and where.")],
        status=409,
    )


def _refusal(process: str, version: int, why: str, fix: str) -> FlowMasterError:
    return FlowMasterError(
        "process.in_use",
        f"Version {version} of {process!r} {why}.",
        path="version",
        expected="an old version that nothing needs",
        fix=fix,
        next=[Hint("process_read", {"process": process, "view": "versions"}, "See versions and tags.")],
        status=409,
    )


def _count(reader: Reader, tenant: str, process: str, version: int | None, *, open_only: bool = False) -> int:
    which = InstanceFilter(
        process=process,
        version=version,
        statuses=OPEN if open_only else (),
        include_sandbox=not open_only,
        limit=1,
    )
    return reader.find_instances(tenant, which).total


def _next(process: str, row: DefinitionRow) -> list[NextCall]:
    if row.state == "archived":
        back = Hint(
            "process_archive", {"process": process, "action": "bring_back"}, "Bring it back into use."
        )
        return [follow_up(back)]
    return []


OPERATIONS = (process_archive, process_delete)
