"""Publishing: the newest draft becomes a version, if its checks, scenarios and laws let it."""

from typing import Any, NamedTuple

from pydantic import Field

from flowmaster.engine.errors import FlowMasterError, Hint
from flowmaster.engine.model import Process
from flowmaster.engine.values import Json
from flowmaster.runtime.models import Models
from flowmaster.runtime.routes import Route
from flowmaster.stores.protocol import Reader, Transaction
from flowmaster.tools.approvals import possible, refuse_unapproved, settle_approvals
from flowmaster.tools.draft_problems import refuse_errors, refuse_failures, shown_problems
from flowmaster.tools.drafts import KIND, ProcessFile, draft_of, main_line, read_file
from flowmaster.tools.link_breaks import broken_callers, unmet_messages
from flowmaster.tools.link_losses import left_alone
from flowmaster.tools.linking import link_version
from flowmaster.tools.models import Result, WriteArguments, follow_up
from flowmaster.tools.process_tools import refuse_taken
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.requests import journal_process, store_once
from flowmaster.tools.routes import held_by, holding, try_calls
from flowmaster.tools.scenarios import run_scenarios, summary_of
from flowmaster.tools.start_events import first_calls, starts_of
from flowmaster.tools.tags import hidden_tags
from flowmaster.tools.timer_changes import TimerChange, journal_data, put_starts


class ProcessPublish(WriteArguments):
    """Which process."""

    process: str = Field(description="Process id.")
    note: str = Field(default="", max_length=1000, description="What is new.")


class ProcessPublished(Result):
    """A published version."""

    process: str = Field(description="Its id.")
    version: int = Field(description="The new version.")
    problems: list[dict[str, Any]] = Field(description="Warnings and hints that stand.")
    scenarios: str = Field(description="How its scenarios went, and what none covers.")
    processes: dict[str, int] = Field(default={}, description="Versions of all processes of the file.")
    timers: list[TimerChange] = Field(
        default=[], description="Start timers whose times changed or that are paused."
    )


class Published(NamedTuple):
    """What publishing a file came to: the new versions, and the changed timers of each process."""

    versions: dict[str, int]
    timers: dict[str, list[TimerChange]]


@operation(right="process.publish", core=True)
async def process_publish(call: Call, arguments: ProcessPublish) -> ProcessPublished:
    """Publish the newest draft; refused while errors or failing scenarios stand."""
    runtime, tenant = call.app.runtime, call.caller.tenant
    main_line(runtime.reader, tenant, arguments.process)
    draft = draft_of(runtime.reader, tenant, arguments.process)
    file = read_file(draft.content, call.app.registry, runtime.reader, tenant)
    refuse_errors(file, arguments.process)
    if not _published_already(runtime.reader, tenant, file):
        refuse_unapproved(runtime.reader, tenant, file.processes, draft.content)
    tested = await run_scenarios(call, draft.content, arguments.process, None)
    refuse_failures(arguments.process, tested)
    broken = [
        *broken_callers(runtime.reader, tenant, file.reads),
        *unmet_messages(runtime.reader, tenant, file.reads),
        *left_alone(runtime.reader, tenant, file.processes, file.reads),
    ]
    tags = {key: read.process.version_tag for key, read in file.reads.items()}
    hidden = hidden_tags(runtime.reader, tenant, tags)

    def work(transaction: Transaction) -> Published:
        for key in sorted(file.reads):
            transaction.releases(
                tenant, KIND, key, "policy"
            )  # From here on no other server changes releases of it.
        newest = draft_of(transaction, tenant, arguments.process)
        if newest.number != draft.number:
            raise _stale(call, arguments.process, newest.number, draft.number)
        at = runtime.clock.now(transaction)
        if unchanged := _published_already(transaction, tenant, file):
            store_once(transaction, call, subject=arguments.process)
            return Published(unchanged, {})
        refuse_unapproved(transaction, tenant, file.processes, draft.content)
        for key in file.reads:
            refuse_taken(call.app.registry, transaction, tenant, file.process(key))
        who = call.caller.person
        done = publish(transaction, tenant, file, runtime.models, by=who, at=at, note=arguments.note)
        for key, version in done.versions.items():
            data: dict[str, Json] = {"version": version, **journal_data(done.timers[key])}
            if key == arguments.process:
                data["draft"] = draft.number
            if key == arguments.process or done.timers[key]:
                journal_process(transaction, call, key, "process_publish", at, data, arguments.reason)
        store_once(transaction, call, subject=arguments.process)
        return done

    versions, timers = await runtime.write(work, dry_run=arguments.dry_run)
    route = held_by(runtime.reader, tenant, arguments.process)
    runtime.changed.wake({"timers"})
    if not arguments.dry_run:
        call.app.published()
    return ProcessPublished(
        process=arguments.process,
        version=versions[arguments.process],
        problems=shown_problems(
            (*holding(arguments.process, route), *hidden, *broken, *file.problems[arguments.process])
        ),
        scenarios=summary_of(tested),
        processes=versions if len(versions) > 1 else {},
        timers=[change for changes in timers.values() for change in changes],
        next=[follow_up(hint) for hint in _next(file.process(arguments.process), route)],
    )


def _stale(call: Call, process: str, newest: int, tested: int) -> FlowMasterError:
    return FlowMasterError(
        "draft.stale",
        f"Draft {newest} of {process!r} was saved while draft {tested} was tested.",
        path="process",
        fix="Publish again; the newest draft is tested then.",
        next=possible(call, [Hint("process_publish", {"process": process}, "Publish the newest draft.")]),
        status=409,
    )


def _next(process: Process, route: Route | None) -> list[Hint]:
    """Return the calls that make sense once a process is published: of a held one, how starts come to it."""
    return first_calls(process) if route is None else try_calls(process.id)


def _published_already(reader: Reader, tenant: str, file: ProcessFile) -> dict[str, int]:
    """Return the versions of the processes of a file if all are its newest drafts already, else nothing."""
    found = {key: reader.find_definition(tenant, KIND, key) for key in file.reads}
    if any(row is None or row.changed or row.state != "published" for row in found.values()):
        return {}
    return {key: row.version for key, row in found.items() if row is not None}


def publish(
    transaction: Transaction, tenant: str, file: ProcessFile, models: Models, *, by: str, at: int, note: str
) -> Published:
    """Publish every process of a file, with its start subscriptions; pauses of its timers go on.

    Where a route holds new starts, what starts the version that they go to stays registered, or is again if the
    process was out of use.
    """
    xml = file.document.to_xml()
    done = Published({}, {})
    for key, read in file.reads.items():
        before = transaction.find_definition(tenant, KIND, key)
        version = done.versions[key] = transaction.put_version(
            tenant,
            KIND,
            key,
            name=read.process.name or key,
            content=xml,
            by=by,
            at=at,
            tag=read.process.version_tag,
            note=note,
            meta={"processes": file.processes},
        )
        settle_approvals(transaction, tenant, key, version)
        link_version(transaction, tenant, read.process, version)
        route = held_by(transaction, tenant, key)
        done.timers[key] = []
        if route is None or (before is not None and before.state == "archived"):
            begun = read.process if route is None else models.process(transaction, tenant, key, route.base)
            starts = starts_of(begun, tenant, version if route is None else route.base, at)
            is_tried = route is not None and route.mode == "canary"
            marked = [start._replace(routed=is_tried) for start in starts]
            done.timers[key] = put_starts(transaction, models, begun, marked, tenant)
    return done


OPERATIONS = (process_publish,)
