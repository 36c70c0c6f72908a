"""Bringing an earlier version of a process back as its next draft, or as that of a branch."""

from pydantic import Field

from flowmaster.engine.compare.changes import compare
from flowmaster.engine.compare.words import summary
from flowmaster.engine.errors import Hint
from flowmaster.runtime.lines import Line
from flowmaster.runtime.models import compile_process
from flowmaster.stores.protocol import Transaction
from flowmaster.tools.approvals import possible
from flowmaster.tools.drafts import draft_of, known_line, read_file, save_draft
from flowmaster.tools.models import Result, WriteArguments, follow_up
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.requests import journal_process, store_once
from flowmaster.tools.versions import VersionName, named_version


class ProcessRestore(WriteArguments):
    """Which process, and which version of it."""

    process: str = Field(
        max_length=200, description="Process id, or `process@branch`.", examples=["invoice-approval"]
    )
    version: VersionName = Field(description="The version to bring back, by number or tag.", examples=[2])


class ProcessRestored(Result):
    """The draft that was made."""

    process: str = Field(description="Its id.")
    draft: int = Field(description="Number of the draft, which is as that version was.")
    version: int = Field(description="The version that was brought back.")
    summary: str = Field(description="How it differs from the draft before.")


@operation(right="process.write")
async def process_restore(call: Call, arguments: ProcessRestore) -> ProcessRestored:
    """Bring a published version back as the next draft; it is in force again once that is published."""
    runtime, tenant, reader = call.app.runtime, call.caller.tenant, call.app.runtime.reader
    line = known_line(reader, tenant, arguments.process)
    process, address = line.process, line.address
    version = named_version(reader, tenant, process, arguments.version)
    number = version.version
    file = read_file(version.content, call.app.registry, reader, tenant, at=runtime.now())

    def work(transaction: Transaction) -> tuple[int, str]:
        at = runtime.clock.now(transaction)
        before = draft_of(transaction, tenant, address)
        if before.content == version.content:
            store_once(transaction, call, subject=address)
            return before.number, f"Draft {before.number} is as version {number} was already."
        note = arguments.reason or f"version {number} again"
        numbers = save_draft(
            transaction,
            tenant,
            file,
            by=call.caller.person,
            at=at,
            note=note,
            base=before.number,
            main=address,
        )
        told = {"draft": numbers[process], "version": number}
        journal_process(transaction, call, address, "process_restore", at, told, arguments.reason)
        store_once(transaction, call, subject=address)
        models = [compile_process(content, process) for content in (before.content, version.content)]
        return numbers[process], summary(compare(*models))

    draft, told = await runtime.write(work, dry_run=arguments.dry_run)
    return ProcessRestored(
        process=address,
        draft=draft,
        version=number,
        summary=told,
        next=[follow_up(hint) for hint in possible(call, [_next(line)])],
    )


def _next(line: Line) -> Hint:
    """Return what puts a draft in force again: of a branch, once it is merged."""
    if line.branch:
        return Hint("process_branches", {"process": line.address}, "See how far it is; merge it to go on.")
    return Hint("process_publish", {"process": line.process}, "Put it in force again.")


OPERATIONS = (process_restore,)
