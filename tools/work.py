"""Operations for workers: take jobs under a lease, and give back what came of them."""

import time

from pydantic import Field

from flowmaster.engine import commands as cmd
from flowmaster.engine.elements.adhoc import tools_of
from flowmaster.engine.elements.task_listeners import CORRECTED
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.jobs import TASK_EVENTS
from flowmaster.engine.lookup import seen_by_job
from flowmaster.engine.model import AdHoc
from flowmaster.engine.timers import iso, later
from flowmaster.runtime.clock import real_now
from flowmaster.runtime.desk import Desk
from flowmaster.runtime.handover import headers_of
from flowmaster.runtime.results import check_result
from flowmaster.runtime.workers import new_nonce, next_try
from flowmaster.stores.rows import JobRow
from flowmaster.tools.instance_view import InstanceView, after, load
from flowmaster.tools.models import NextCall, Result, Shape, Variables, WriteArguments
from flowmaster.tools.naming import duration_of
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.requests import request_of, store_once

WAIT_SECONDS_MAX = 9
LOOK_SECONDS = 0.2
"""How often a waiting worker looks for jobs that another process opened."""


FEW = 10
"""Jobs that are taken as quickly as a step is done."""


class WorkTake(WriteArguments):
    """Which jobs, for how long."""

    types: list[str] = Field(default=[], max_length=100, description="Job types; none means any.")
    instance: str = Field(default="", description="Only of it and its children.")
    limit: int = Field(default=1, ge=1, le=1000, description="How many at most.")
    lease_seconds: int = Field(default=300, ge=1, le=86_400, description="How long they are yours.")
    worker: str = Field(default="", max_length=200, description="Who works.")
    wait_seconds: int = Field(default=0, ge=0, le=WAIT_SECONDS_MAX, description="Wait so long for a job.")


class JobView(Shape):
    """A job to do."""

    job: str = Field(description="Id for `work_finish`, good for this lease.")
    type: str = Field(description="What kind of work.")
    element: str = Field(description="BPMN id of the element.")
    name: str = Field(description="What people call it.")
    instance: str = Field(description="Its instance.")
    business_key: str = Field(default="", description="The key that the business knows the instance by.")
    variables: Variables = Field(description="What the job can see.")
    headers: dict[str, str] = Field(default={}, description="Fixed settings from the model.")
    retries: int = Field(description="Tries left, this one included.")
    lease_until: str = Field(description="Until when it is yours.")


class WorkTaken(Result):
    """The jobs taken."""

    items: list[JobView] = Field(description="Oldest first.")


@operation(right="work.take", core=True, lasting="may")
async def work_take(call: Call, arguments: WorkTake) -> WorkTaken:
    """Take jobs of service, send and agent steps to do them."""
    runtime = call.app.runtime
    if not arguments.wait_seconds:
        return await _take(call, arguments, last=True)
    with runtime.waiters.place(call.caller.tenant) as may_wait:
        until = time.monotonic() + arguments.wait_seconds
        while True:
            last = not may_wait or time.monotonic() >= until
            taken = await _take(call, arguments, last=last)
            if taken.items or last:
                return taken
            await runtime.changed.wait("jobs", LOOK_SECONDS)


async def _take(call: Call, arguments: WorkTake, *, last: bool) -> WorkTaken:
    """Lease what is open; the try that the call answers with keeps its idempotency key."""
    runtime, tenant = call.app.runtime, call.caller.tenant

    def work(desk: Desk) -> WorkTaken:
        instances: list[str] | None = None
        if arguments.instance:
            load(desk.transaction, tenant, arguments.instance)
            below = desk.transaction.descendants(tenant, arguments.instance)
            instances = [arguments.instance, *(row.instance for row in below)]
        now = real_now()
        rows = desk.transaction.take_jobs(
            tenant,
            types=arguments.types or None,
            instances=instances,
            limit=arguments.limit,
            now=now,
            engine_now=desk.now,
            lease_until=now + arguments.lease_seconds * 1000,
            worker=arguments.worker or call.caller.actor,
            nonce=new_nonce,
        )
        if rows or last:
            store_once(desk.transaction, call, subject="the leases")
        return WorkTaken(
            items=[_shown(desk, tenant, row) for row in rows],
            next=[hint for row in rows if (hint := _choice(desk, tenant, row)) is not None][:1],
        )

    lasting = arguments.limit > FEW or bool(
        arguments.instance
    )  # With an instance, all that it called is looked through.
    return (await runtime.do(work, dry_run=arguments.dry_run, lasting=lasting)).result


def _shown(desk: Desk, tenant: str, row: JobRow) -> JobView:
    state = load(desk.transaction, tenant, row.instance)
    process = desk.models.process(desk.transaction, tenant, row.process, row.version)
    return JobView(
        job=row.job,
        type=row.wait.type,
        element=row.wait.element,
        name=process.elements[row.wait.element].label,
        instance=row.instance,
        business_key=row.business_key,
        variables=seen_by_job(state, row.wait),
        headers=headers_of(process, state, row.wait),
        retries=row.wait.retries,
        lease_until=iso(row.lease_until),
    )


def _choice(desk: Desk, tenant: str, row: JobRow) -> NextCall | None:
    """Return how to finish a job that chooses what is done next, or decides on what somebody asks for."""
    elements = desk.models.process(desk.transaction, tenant, row.process, row.version).elements
    element = elements[row.wait.element]
    if row.wait.purpose.partition(":")[0] in TASK_EVENTS:
        return NextCall(
            operation="work_finish",
            arguments={"job": row.job, "variables": {}},
            why="Agree to what is asked for. Else give `denied: true` with a `deniedReason`, or `corrections` of "
            f"{', '.join(CORRECTED)}.",
        )
    if not isinstance(element.details, AdHoc) or row.wait.purpose:
        return None
    names = [one.id for one in tools_of(elements, element)]
    if names:
        why = f"Choose what is done next ({', '.join(names)}), with values as {{element, variables}}; or say done: true."
    else:
        why = "Nothing inside can be chosen: say that it is done."
    return NextCall(
        operation="work_finish",
        arguments={"job": row.job, "variables": {"activate": names[:1]} if names else {"done": True}},
        why=why,
    )


class WorkFinish(WriteArguments):
    """Which job, and what came of it."""

    job: str = Field(description="Id from `work_take`.")
    variables: Variables = Field(default={}, description="The result.")
    error_code: str = Field(default="", max_length=200, description="A modelled error.")
    message: str = Field(default="", max_length=10_000, description="More about the error.")
    failure: str = Field(default="", max_length=10_000, description="A failure, to be retried.")
    retries: int | None = Field(default=None, ge=0, le=1000, description="Tries left after a failure.")
    backoff: str = Field(default="", description="Wait before the next try.", examples=["PT5M"])


@operation(right="work.finish", core=True)
async def work_finish(call: Call, arguments: WorkFinish) -> InstanceView:
    """Finish a job: with its result, a business error, or a failure."""
    runtime, tenant = call.app.runtime, call.caller.tenant
    if arguments.error_code and arguments.failure:
        raise FlowMasterError(
            "arguments.invalid",
            "A job ends in a business error or a technical failure, not in both.",
            path="failure",
            fix="Give `error_code` or `failure`.",
        )
    duration_of(arguments.backoff, "backoff")
    request = request_of(call, "work_finish", arguments.reason)

    def work(desk: Desk) -> str:
        row = desk.transaction.find_job(tenant, arguments.job)
        by = row.worker or request.by
        command = command_of(desk, tenant, row, arguments, by)
        desk.step(request._replace(by=by), row.instance, lambda state, now: command)
        return row.instance

    outcome = await runtime.do(work, dry_run=arguments.dry_run)
    return after(call, outcome, outcome.result)


def command_of(desk: Desk, tenant: str, row: JobRow, arguments: WorkFinish, by: str) -> cmd.Command:
    """Return the command that a finished job amounts to."""
    wait = row.wait.id
    if arguments.error_code:
        return cmd.ThrowJobError(
            desk.now, by, wait, arguments.error_code, arguments.message, arguments.variables
        )
    if not arguments.failure:
        process = desk.models.process(desk.transaction, tenant, row.process, row.version)
        check_result(process, desk.load(tenant, row.instance), row.wait, arguments.variables)
        return cmd.CompleteJob(desk.now, by, wait, arguments.variables)
    retries = row.wait.retries - 1 if arguments.retries is None else arguments.retries
    due = None
    if retries > 0:
        due = later(desk.now, arguments.backoff) if arguments.backoff else next_try(desk, tenant, row)
    return cmd.FailJob(desk.now, by, wait, arguments.failure, retries, due)


OPERATIONS = (work_take, work_finish)
