"""Publishing: the newest draft becomes a version, if its checks, scenarios and laws let it."""

from dataclasses import replace
from typing import Any, NamedTuple

from pydantic import Field

from flowmaster.engine.elements.scopes import may_start
from flowmaster.engine.errors import FlowMasterError, Hint
from flowmaster.engine.model import Conditional, Element, Message, Process, Signal, Timer, Triggers
from flowmaster.engine.timers import start_schedule
from flowmaster.engine.values import Json
from flowmaster.engine.watching import CONDITION
from flowmaster.runtime.lines import not_merged
from flowmaster.runtime.models import Models
from flowmaster.stores.protocol import Reader, Transaction
from flowmaster.stores.rows import StartSubscription
from flowmaster.tools.draft_problems import refuse_errors, refuse_failures, shown_problems
from flowmaster.tools.drafts import KIND, ProcessFile, draft_of, known_line, read_file
from flowmaster.tools.inputs import missing_inputs
from flowmaster.tools.link_breaks import broken_callers
from flowmaster.tools.linking import link_version
from flowmaster.tools.models import Result, WriteArguments, follow_up
from flowmaster.tools.process_tools import TOOL, refuse_taken
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.requests import journal_process, store_once
from flowmaster.tools.scenarios import run_scenarios, summary_of
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
    line = known_line(runtime.reader, tenant, arguments.process)
    if line.branch:
        raise not_merged(line)
    draft = draft_of(runtime.reader, tenant, arguments.process)
    file = read_file(draft.content, call.app.registry, runtime.reader, tenant)
    refuse_errors(file, arguments.process)
    tested = await run_scenarios(call, draft.content, arguments.process, None)
    refuse_failures(arguments.process, tested)
    broken = broken_callers(runtime.reader, tenant, file.reads)

    def work(transaction: Transaction) -> Published:
        newest = draft_of(transaction, tenant, arguments.process)
        if newest.number != draft.number:
            raise FlowMasterError(
                "draft.stale",
                f"Draft {newest.number} of {arguments.process!r} was saved while draft {draft.number} was tested.",
                path="process",
                fix="Publish again; the newest draft is tested then.",
                next=[Hint("process_publish", {"process": arguments.process}, "Publish the newest draft.")],
                status=409,
            )
        at = runtime.clock.now(transaction)
        if unchanged := _published_already(transaction, tenant, file):
            store_once(transaction, call, subject=arguments.process)
            return Published(unchanged, {})
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
    runtime.changed.wake({"timers"})
    if not arguments.dry_run:
        call.app.published()
    return ProcessPublished(
        process=arguments.process,
        version=versions[arguments.process],
        problems=shown_problems((*broken, *file.problems[arguments.process])),
        scenarios=summary_of(tested),
        processes=versions if len(versions) > 1 else {},
        timers=[change for changes in timers.values() for change in changes],
        next=[follow_up(start) for start in first_calls(file.process(arguments.process))],
    )


def _published_already(reader: Reader, tenant: str, file: ProcessFile) -> dict[str, int]:
    """Return the versions of the processes of a file if all are its newest drafts already, else nothing."""
    found = {key: reader.find_definition(tenant, KIND, key) for key in file.reads}
    if any(row is None or row.changed or not row.version for row in found.values()):
        return {}
    return {key: row.version for key, row in found.items() if row is not None}


def publish(
    transaction: Transaction, tenant: str, file: ProcessFile, models: Models, *, by: str, at: int, note: str
) -> Published:
    """Publish every process of a file, with its start subscriptions; pauses of its timers go on."""
    xml = file.document.to_xml()
    done = Published({}, {})
    for key, read in file.reads.items():
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
        link_version(transaction, tenant, read.process, version)
        starts = starts_of(read.process, tenant, version, at)
        done.timers[key] = put_starts(transaction, models, read.process, starts, tenant)
    return done


def starts_of(process: Process, tenant: str, version: int, at: int) -> list[StartSubscription]:
    """Return what starts a published version: its start events by message, signal, condition and time, and its tool."""
    found: list[StartSubscription] = []
    if process.tool is not None:
        found.append(StartSubscription(tenant, process.id, version, process.id, TOOL, process.tool.name))
    for element in process.elements.values():
        if not may_start(process, element):
            continue
        details = element.details
        each = [one.details for one in details.all] if isinstance(details, Triggers) else [details]
        for number, one in enumerate(each):
            start = _start_of(process, replace(element, details=one), tenant, version, at)
            if start is not None:
                found.append(start._replace(number=number))
    return found


def first_calls(process: Process) -> list[Hint]:
    """Return the call that begins a first instance of a published process, with a null for each input it needs."""
    starts = starts_of(process, "", 1, 0) if not process.root.starts else []
    for start in starts:
        if start.kind in ("message", "signal"):
            begin = Hint("event_send", {"kind": start.kind, "name": start.name}, "Start an instance.")
            return [] if process.data else [begin]
        if start.kind == CONDITION:
            told: dict[str, Json] = {"kind": start.kind, "name": process.id, "variables": {}}
            why = f"Report facts; where `{start.name}` holds, an instance starts."
            return [] if process.data else [Hint("event_send", told, why)]
    needed: dict[str, Json] = dict.fromkeys(missing_inputs(process, {}))
    why = "Start an instance, with a value for each null." if needed else "Start an instance."
    return [Hint("instance_start", {"process": process.id, "variables": needed}, why)]


def _start_of(
    process: Process, element: Element, tenant: str, version: int, at: int
) -> StartSubscription | None:
    details = element.details
    if isinstance(details, Message | Signal):
        kind = "message" if isinstance(details, Message) else "signal"
        return StartSubscription(
            tenant, process.id, version, element.id, kind, str(details.name.value({}, at))
        )
    if isinstance(details, Conditional):
        text = details.condition.text
        return StartSubscription(tenant, process.id, version, element.id, CONDITION, text)
    if isinstance(details, Timer):
        first = start_schedule(details.kind, str(details.expression.value({}, at)), at, process.calendars)
        return StartSubscription(
            tenant,
            process.id,
            version,
            element.id,
            "timer",
            due=first.due,
            every=first.every,
            left=first.left,
        )
    return None


OPERATIONS = (process_publish,)
