"""Operations on running instances: start, find, read."""

import time
from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.state import JobWait, State, TaskWait
from flowmaster.engine.timers import iso
from flowmaster.engine.values import Json
from flowmaster.runtime.desk import Desk, Start
from flowmaster.runtime.past import state_at
from flowmaster.runtime.routes import base_of
from flowmaster.stores.rows import HISTORY_ENTRIES, InstanceFilter, InstanceRow
from flowmaster.tools.asking import FORM, flat_schema, form
from flowmaster.tools.drafts import refuse_branch
from flowmaster.tools.inputs import check_given, check_inputs, missing_inputs, signature
from flowmaster.tools.instance_view import Detail, InstanceView, after, load, view
from flowmaster.tools.models import Arguments, ResultList, Shape, Variables, WriteArguments
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.requests import request_of
from flowmaster.tools.versions import VersionName, number_of
from flowmaster.tools.why import explain

WAIT_SECONDS_MAX = 9
"""How long a call may wait for an instance; no call blocks for 10 seconds."""


class InstanceStart(WriteArguments):
    """What to start, with what."""

    process: str = Field(description="Published process.", examples=["invoice-approval"])
    version: VersionName | None = Field(default=None, description="Or tag; else newest.")
    variables: Variables = Field(
        default_factory=dict, description="Start values.", examples=[{"amount": 400}]
    )
    business_key: str = Field(default="", max_length=200, description="The key of the business.")
    wait_seconds: int = Field(
        default=0, ge=0, le=WAIT_SECONDS_MAX, description="Wait so long for workers and children."
    )


async def _started_again(call: Call, arguments: InstanceStart, subject: str) -> InstanceView:
    runtime, tenant = call.app.runtime, call.caller.tenant
    return view(runtime, runtime.reader, tenant, load(runtime.reader, tenant, subject))


def _still_waits(arguments: InstanceStart, view: InstanceView) -> str:
    """Return the instance whose end the caller waits for."""
    waits = arguments.wait_seconds > 0 and not arguments.dry_run and view.status in ("active", "paused")
    return view.instance if waits else ""


@operation(
    right="instance.start",
    core=True,
    recover=_started_again,
    lasting="may",
    goes_on=_still_waits,
)
async def instance_start(call: Call, arguments: InstanceStart) -> InstanceView:
    """Start a published process and run it to its next wait states."""
    runtime, tenant = call.app.runtime, call.caller.tenant
    request = request_of(call, "instance_start", arguments.reason)
    variables = {**arguments.variables, **await _asked_for(call, arguments)}

    def work(desk: Desk) -> str:
        version = 0
        if arguments.version is not None:
            desk.newest(tenant, arguments.process)  # Refuses one that is out of use.
            version = number_of(desk.transaction, tenant, arguments.process, arguments.version)
        wish = Start(arguments.process, version, variables, arguments.business_key)
        start = desk.routed(tenant, wish)
        process = runtime.models.process(desk.transaction, tenant, arguments.process, start.version)
        check_inputs(process, variables, at=desk.now)
        return desk.start(request, start)

    if arguments.wait_seconds and not arguments.dry_run:
        outcome = await runtime.do(work)
        await _wait_for(call, outcome.result, arguments.wait_seconds)
        outcome.states.clear()
        return after(call, outcome, outcome.result)
    return await runtime.answer(
        work, lambda outcome: after(call, outcome, outcome.result), dry_run=arguments.dry_run
    )


async def _asked_for(call: Call, arguments: InstanceStart) -> Mapping[str, Json]:
    """Return the required inputs that are missing and that somebody gave who was asked; nothing where nobody can be."""
    runtime, tenant = call.app.runtime, call.caller.tenant
    if arguments.dry_run or not call.client.can_answer(FORM):
        return {}
    if arguments.version is not None:
        version = number_of(runtime.reader, tenant, arguments.process, arguments.version)
    elif (base := base_of(runtime.reader.routed(tenant, "process", arguments.process))) is not None:
        version = base
    else:
        return {}
    process = runtime.models.process(runtime.reader, tenant, arguments.process, version)
    check_given(process, arguments.variables)
    missing = missing_inputs(process, arguments.variables)
    schema = flat_schema(signature(process), missing)
    if not missing or schema is None:
        return {}
    reply = await call.ask(form("inputs", f"What {process.name or process.id!r} needs to start:", schema))
    given = reply.content if reply is not None and reply.action == "accept" else {}
    return {name: given[name] for name in missing if name in given}


class InstanceFind(Arguments):
    """Which instances."""

    process: str = Field(default="", description="Of this process.")
    status: Literal["active", "completed", "cancelled", "failed", "paused"] | None = Field(
        default=None, description="In this status."
    )
    business_key: str = Field(default="", description="With this key.")
    query: str = Field(default="", max_length=200, description="Words in id, key or process.")
    limit: int = Field(default=20, ge=1, le=1000, description="Page size.")
    cursor: str | None = Field(default=None, description="Its next_cursor.")


class InstanceItem(Shape):
    """An instance in a list."""

    instance: str = Field(description="Readable id.")
    process: str = Field(description="Its process.")
    version: int = Field(description="The version it runs on.")
    business_key: str = Field(description="The key that the business knows it by.")
    status: str = Field(description="How it is.")
    incidents: int = Field(description="How many incidents it has.")
    started: str = Field(description="When it began.")
    updated: str = Field(description="When it last moved.")
    parent: str = Field(default="", description="The instance that called it.")


@operation(right="instance.read", core=True, read_only=True)
async def instance_find(call: Call, arguments: InstanceFind) -> ResultList[InstanceItem]:
    """List instances, newest first."""
    refuse_branch(call.app.runtime.reader, call.caller.tenant, arguments.process)
    page = call.app.runtime.reader.find_instances(
        call.caller.tenant,
        InstanceFilter(
            process=arguments.process,
            statuses=(arguments.status,) if arguments.status else (),
            business_key=arguments.business_key,
            query=arguments.query,
            limit=arguments.limit,
            cursor=arguments.cursor,
        ),
    )
    return ResultList[InstanceItem](
        items=[_item(row) for row in page.items], total=page.total, next_cursor=page.next_cursor
    )


def _item(row: InstanceRow) -> InstanceItem:
    return InstanceItem(
        instance=row.instance,
        process=row.process,
        version=row.version,
        business_key=row.business_key,
        status=row.status,
        incidents=row.incidents,
        started=iso(row.started),
        updated=iso(row.updated),
        parent=row.parent.instance if row.parent else "",
    )


class InstanceRead(Arguments):
    """Which instance, and what of it."""

    instance: str = Field(description="Instance id.", examples=["invoice-approval:7"])
    detail: list[Detail] = Field(
        default=[], description="More than the summary.", examples=[["history", "why"]]
    )
    at: int | None = Field(default=None, description="As it stood after this `seq`.")
    limit: int = Field(default=HISTORY_ENTRIES, ge=1, le=1000, description="History entries.")
    cursor: str | None = Field(default=None, description="From `history_next_cursor`.")


@operation(right="instance.read", core=True, read_only=True)
async def instance_read(call: Call, arguments: InstanceRead) -> InstanceView:
    """Read where an instance stands, and with `why` how it came there."""
    runtime, tenant = call.app.runtime, call.caller.tenant
    reader = runtime.reader
    state = load(reader, tenant, arguments.instance)
    if arguments.at is not None:
        state = state_at(reader, tenant, state, arguments.at)
    shown = view(
        runtime,
        reader,
        tenant,
        state,
        detail=arguments.detail,
        after_seq=_after(arguments.cursor),
        limit=arguments.limit,
    )
    if arguments.at is not None:
        # What could be done then cannot be done now.
        incidents = [each.model_copy(update={"fixes": []}) for each in shown.incidents]
        shown = shown.model_copy(update={"next": [], "incidents": incidents})
    return await explain(call, reader, state, shown, arguments.detail)


def _after(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdigit()) or len(cursor) > 15:
        raise FlowMasterError(
            "cursor.invalid",
            f"{cursor[:80]!r} is no cursor of a history.",
            path="cursor",
            fix="Take the cursor from `history_next_cursor` of the page before.",
        )
    return int(cursor)


async def _wait_for(call: Call, instance: str, seconds: int) -> None:
    """Wait until the instance has ended or only people can move it, `seconds` at most."""
    runtime = call.app.runtime
    with runtime.waiters.place(call.caller.tenant) as may_wait:
        until = time.monotonic() + seconds
        while may_wait and time.monotonic() < until:
            stored = runtime.reader.load(call.caller.tenant, instance)
            if stored is None or not _still_runs(stored.state):
                return
            await runtime.changed.wait("instances", 0.1)


def _still_runs(state: State) -> bool:
    if state.status != "active":
        return False
    people = [wait for wait in state.waits.values() if isinstance(wait, TaskWait)]
    busy = [wait for wait in state.waits.values() if isinstance(wait, JobWait)]
    return bool(busy) or not people


OPERATIONS = (instance_start, instance_find, instance_read)
