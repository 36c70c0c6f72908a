"""Branches: named lines of drafts beside the main one of a process, made, listed and deleted."""

import re
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from flowmaster.engine.errors import FlowMasterError, Hint
from flowmaster.engine.timers import iso
from flowmaster.engine.values import Json
from flowmaster.runtime.lines import BRANCH, BRANCHES_READ, MARK, Line, branches_of, line_at
from flowmaster.stores.protocol import Reader, Transaction
from flowmaster.stores.rows import DefinitionFilter, DefinitionRow
from flowmaster.tools.authors import authors_of
from flowmaster.tools.bounds import leading, left_out
from flowmaster.tools.branch_bases import base_of, put_base
from flowmaster.tools.drafts import (
    KIND,
    draft_of,
    drafts_of,
    file_of_branch,
    known_line,
    read_file,
    save_draft,
    version_of,
)
from flowmaster.tools.models import Arguments, Result, Shape, WriteArguments, follow_up
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.requests import journal_process, store_once
from flowmaster.tools.versions import number_of

ADDRESS_MAX = 250
BRANCHES_MAX = 100
"""Branches that a process may have at one time."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_NAMED = "1 to 40 letters, digits, dots, hyphens and underscores, for example dual-control"
DRAFT = "draft"


class ProcessBranch(WriteArguments):
    """Which branch, and what to do with it."""

    process: str = Field(
        max_length=ADDRESS_MAX, description="Process id, or the branch to begin from.", examples=["leave"]
    )
    branch: str = Field(max_length=ADDRESS_MAX, description="Name of the branch.", examples=["dual-control"])
    action: Literal["create", "delete"] = Field(default="create", description="What to do.")
    from_version: Annotated[int, Field(ge=1)] | str | None = Field(
        default=None,
        alias="from",
        description="Where it begins: a version by number or tag; default: the newest draft.",
    )


class BranchChanged(Result):
    """The branch that was made, or what went with it."""

    process: str = Field(description="Its address, `process@branch`: give it as `process` to work on it.")
    action: str = Field(description="What was done.")
    draft: int = Field(default=0, description="Number of its first draft.")
    base: str = Field(default="", description="What it was cut from.")
    drafts: int = Field(default=0, description="Drafts that are deleted.")
    unmerged: int = Field(default=0, description="Those of them saved since it was cut or merged.")
    processes: list[str] = Field(default=[], description="All processes of its file, each on the branch.")


def _losses(call: Call, arguments: ProcessBranch, tried: BranchChanged) -> str:
    """Return what deleting a branch takes away."""
    if tried.action != "delete":
        return ""
    return (
        f"Delete {tried.process!r}? {tried.drafts} drafts go, {tried.unmerged} of them not merged; no undo."
    )


@operation(right="process.write", destructive=True, destroys=_losses)
async def process_branch(call: Call, arguments: ProcessBranch) -> BranchChanged:
    """Make a branch, a line of drafts that is worked on as `process@branch`, or delete one."""
    runtime = call.app.runtime
    if arguments.action == "delete":
        if arguments.from_version is not None:
            raise FlowMasterError(
                "arguments.invalid",
                "`from` says where a new branch begins.",
                path="from",
                expected="action: create",
                fix="Leave `from` out.",
            )
        return await runtime.write(lambda each: _delete(call, each, arguments), dry_run=arguments.dry_run)
    return await runtime.write(lambda each: _create(call, each, arguments), dry_run=arguments.dry_run)


class _Start(NamedTuple):
    """Where a branch begins: the file, what it is called, and the draft of the main line that it goes with."""

    content: str
    told: str
    draft: int


def _create(call: Call, transaction: Transaction, arguments: ProcessBranch) -> BranchChanged:
    tenant = call.caller.tenant
    origin = known_line(transaction, tenant, arguments.process)
    line = Line(origin.process, checked_name(arguments.branch, origin.process))
    _refuse_more(transaction, tenant, line)
    start = _start(transaction, tenant, origin, arguments.from_version)
    at = call.app.runtime.clock.now(transaction)
    file = read_file(start.content, call.app.registry, transaction, tenant, at=at)
    main = Line(origin.process)
    with_main = base_of(transaction, tenant, origin, main) if origin.branch else None
    note = arguments.reason or f"from {start.told}"
    authors = authors_of(transaction, tenant, origin.kind, origin.address)
    who = call.caller.person
    save_draft(transaction, tenant, file, by=who, at=at, note=note, main=line.address, authors=authors)
    draft = draft_of(transaction, tenant, line.address)
    if origin.branch and arguments.from_version is None:
        for one, other, there in ((line, origin, start.draft), (origin, line, draft.number)):
            newest = draft_of(transaction, tenant, one.address)
            put_base(
                transaction, tenant, one, other, start.content, draft=newest, there=there, told=start.told
            )
    if with_main is not None and arguments.from_version is None:
        put_base(
            transaction, tenant, line, main, with_main.content, draft=draft, there=with_main.there, told=with_main.told
        )  # fmt: skip
    else:
        put_base(
            transaction, tenant, line, main, start.content, draft=draft, there=start.draft, told=start.told
        )
    told: Json = {"branch": line.address, "from": start.told}
    journal_process(transaction, call, line.process, "process_branch", at, told, arguments.reason)
    store_once(transaction, call, subject=line.process)
    return BranchChanged(
        process=line.address,
        action="create",
        draft=draft.number,
        base=start.told,
        processes=[line.sibling(each).address for each in file.processes] if len(file.processes) > 1 else [],
        next=[
            follow_up(Hint("process_read", {"process": line.address}, "Read it; edit it in the same way."))
        ],
    )


def _start(reader: Reader, tenant: str, origin: Line, wanted: int | str | None) -> _Start:
    if wanted is None or wanted == DRAFT:
        draft = draft_of(reader, tenant, origin.address)
        told = f"draft {draft.number}" + (f" of {origin.address}" if origin.branch else "")
        return _Start(draft.content, told, draft.number)
    process = origin.process
    number = number_of(reader, tenant, process, wanted, "from")
    version = version_of(reader, tenant, process, number)
    alike = [each.number for each in drafts_of(reader, tenant, process) if each.content == version.content]
    return _Start(version.content, f"version {version.version}", max(alike, default=0))


def checked_name(branch: str, process: str) -> str:
    """Return the name of a branch, its process left out; refuse what cannot be a name."""
    name = branch.removeprefix(process).removeprefix(MARK) if MARK in branch else branch
    if _NAME.fullmatch(name):
        return name
    raise FlowMasterError(
        "branch.name_wrong",
        f"{branch[:80]!r} cannot be the name of a branch.",
        path="branch",
        expected=_NAMED,
        fix="Give it a short name of letters, digits, dots, hyphens and underscores.",
        status=422,
    )


def _refuse_more(reader: Reader, tenant: str, line: Line) -> None:
    """Refuse a branch that is there, or that would be one too many."""
    if reader.find_definition(tenant, BRANCH, line.address) is not None:
        raise FlowMasterError(
            "branch.exists",
            f"{line.process!r} has a branch {line.branch!r} already.",
            path="branch",
            expected="a name that no branch of the process has",
            fix="Work on that branch, or take another name.",
            next=[Hint("process_branches", {"process": line.process}, "List its branches.")],
            status=409,
        )
    if len(branches_of(reader, tenant, line.process)) >= BRANCHES_MAX:
        raise FlowMasterError(
            "branch.too_many",
            f"{line.process!r} has {BRANCHES_MAX} branches; more would not be kept apart by anybody.",
            path="branch",
            expected=f"at most {BRANCHES_MAX} branches",
            fix="Merge or delete some.",
            next=[Hint("process_branches", {"process": line.process}, "List its branches.")],
            status=409,
        )


def _delete(call: Call, transaction: Transaction, arguments: ProcessBranch) -> BranchChanged:
    tenant = call.caller.tenant
    process = known_line(transaction, tenant, arguments.process).process
    named = Line(process, checked_name(arguments.branch, process))
    line = file_of_branch(transaction, tenant, known_line(transaction, tenant, named.address, "branch"))
    base = base_of(transaction, tenant, line, Line(line.process))
    drafts = drafts_of(transaction, tenant, line.address)
    held = branches_on(transaction, tenant, line)
    for each in held:
        transaction.delete_definition(tenant, each.kind, each.address)
    unmerged = [each for each in drafts if base is None or each.number > base.here]
    at = call.app.runtime.clock.now(transaction)
    told: Json = {"branch": line.address, "drafts": len(drafts), "unmerged": len(unmerged)}
    journal_process(transaction, call, line.process, "process_branch", at, told, arguments.reason)
    store_once(transaction, call, subject=line.process)
    return BranchChanged(
        process=line.address,
        action="delete",
        drafts=len(drafts),
        unmerged=len(unmerged),
        processes=[each.address for each in held] if len(held) > 1 else [],
    )


def branches_on(reader: Reader, tenant: str, line: Line) -> list[Line]:
    """Return a branch with those of other processes that its file has brought along."""
    which = DefinitionFilter(kind=BRANCH, query=f"{MARK}{line.branch}", limit=BRANCHES_READ)
    found = [line_at(row.key) for row in reader.find_definitions(tenant, which).items]
    others = [each for each in found if each.branch == line.branch and each != line]
    return [line, *(each for each in others if file_of_branch(reader, tenant, each) == line)]


class ProcessBranches(Arguments):
    """Of which process."""

    process: str = Field(
        max_length=ADDRESS_MAX, description="Process id, or one of its branches.", examples=["leave"]
    )


class BranchItem(Shape):
    """A branch in a list."""

    process: str = Field(description="Its address, `process@branch`.")
    draft: int = Field(description="Its newest draft.")
    base: str = Field(description="What it was cut from, or last merged with its process at.")
    ahead: int = Field(description="Its drafts since then.")
    behind: int = Field(description="Drafts of its process since then.")
    by: str = Field(description="Who changed it last.")
    updated: str = Field(description="When.")
    of: str = Field(default="", description="The branch whose file it is in, and with which it is merged.")


class BranchesListed(Result):
    """The branches of a process, the newest first."""

    process: str = Field(description="The process.")
    draft: int = Field(description="Its newest draft; 0 if only branches have it.")
    branches: list[BranchItem] = Field(description="Its branches.")


@operation(right="process.read", read_only=True)
async def process_branches(call: Call, arguments: ProcessBranches) -> BranchesListed:
    """List the branches of a process, and how far each has gone from it."""
    reader, tenant = call.app.runtime.reader, call.caller.tenant
    process = known_line(reader, tenant, arguments.process).process
    main = reader.draft(tenant, KIND, process)
    newest = main.number if main is not None else 0
    items = [_item(reader, tenant, row, newest) for row in branches_of(reader, tenant, process)]
    shown = leading(items)
    return BranchesListed(
        process=process,
        draft=newest,
        branches=shown,
        next=[
            follow_up(
                Hint("process_compare", {"process": item.process}, "See what differs from its process.")
            )
            for item in [one for one in shown if not one.of][:1]
        ],
        left_out=left_out({"branches": (len(items), len(shown))}),
    )


def _item(reader: Reader, tenant: str, row: DefinitionRow, newest: int) -> BranchItem:
    line = line_at(row.key)
    file = file_of_branch(reader, tenant, line)
    base = base_of(reader, tenant, file, Line(file.process))
    return BranchItem(
        process=row.key,
        draft=row.draft,
        base=base.told if base is not None else "",
        ahead=row.draft - (base.here if base is not None else 0),
        behind=max(0, newest - base.there) if base is not None else 0,
        by=row.updated_by,
        updated=iso(row.updated),
        of=file.address if file != line else "",
    )


OPERATIONS = (process_branch, process_branches)
