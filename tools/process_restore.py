"""Bringing an earlier version of a process back as its next draft."""

from typing import Annotated

from pydantic import Field

from flowmaster.engine.compare.changes import compare
from flowmaster.engine.compare.words import summary
from flowmaster.engine.errors import Hint
from flowmaster.runtime.models import compile_process, unknown_process
from flowmaster.stores.protocol import Transaction
from flowmaster.tools.approvals import possible
from flowmaster.tools.drafts import KIND, draft_of, read_file, save_draft, version_of
from flowmaster.tools.models import Result, WriteArguments, follow_up
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.requests import journal_process, store_once
from flowmaster.tools.tags import number_of


class ProcessRestore(WriteArguments):
    """Which process, and which version of it."""

    process: str = Field(max_length=200, description="Process id.", examples=["invoice-approval"])
    version: Annotated[int, Field(ge=1)] | str = Field(
        description="The version to bring back, by number or tag.", examples=[2]
    )


class ProcessRestored(Result):
    """The draft that was made."""

    process: str = Field(description="Its id.")
    draft: int = Field(description="Number of the draft, which is as that version was.")
    version: int = Field(description="The version that was brought back.")
    summary: str = Field(description="How it differs from the draft before.")


@operation(right="process.write")
async def process_restore(call: Call, arguments: ProcessRestore) -> ProcessRestored:
    """Bring a published version back as the next draft; it is in force again once that is published."""
    runtime, tenant, process = call.app.runtime, call.caller.tenant, arguments.process
    reader = runtime.reader
    if reader.find_definition(tenant, KIND, process) is None:
        raise unknown_process(reader, tenant, process)
    number = number_of(reader, tenant, process, arguments.version, "version")
    version = version_of(reader, tenant, process, number)
    file = read_file(version.content, call.app.registry, reader, tenant, at=runtime.now())

    def work(transaction: Transaction) -> tuple[int, str]:
        at = runtime.clock.now(transaction)
        before = draft_of(transaction, tenant, process)
        if before.content == version.content:
            store_once(transaction, call, subject=process)
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
            main=process,
        )
        told = {"draft": numbers[process], "version": number}
        journal_process(transaction, call, process, "process_restore", at, told, arguments.reason)
        store_once(transaction, call, subject=process)
        models = [compile_process(content, process) for content in (before.content, version.content)]
        return numbers[process], summary(compare(*models))

    draft, told = await runtime.write(work, dry_run=arguments.dry_run)
    return ProcessRestored(
        process=process,
        draft=draft,
        version=number,
        summary=told,
        next=[
            follow_up(hint)
            for hint in possible(
                call, [Hint("process_publish", {"process": process}, "Put it in force again.")]
            )
        ],
    )


OPERATIONS = (process_restore,)
