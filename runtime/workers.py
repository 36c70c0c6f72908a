"""The workers inside the server: they take the jobs that connectors can do, and store what came of them.

A connector works outside any transaction; its result is a step of its own. A job that a crash interrupted is
taken again when its lease is over, with the same idempotency key. Tenants and connections have shares of the slots
(`runtime/slots.py`), so that what hangs keeps nobody else waiting.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Mapping
from typing import NamedTuple

from flowmaster.connectors.connector import UNREACHABLE, BusinessError, Connector, Work
from flowmaster.engine import commands as cmd
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.lookup import seen_by_job, tried_again
from flowmaster.runtime.behalf import Urgency, own_work
from flowmaster.runtime.breaker import Breaker
from flowmaster.runtime.clock import real_now
from flowmaster.runtime.desk import Desk, Request
from flowmaster.runtime.handover import headers_of
from flowmaster.runtime.observation.errands import ERRAND, Errand
from flowmaster.runtime.observation.health import CONNECTORS
from flowmaster.runtime.observation.observed import Stopwatch
from flowmaster.runtime.observation.traces import Told, headers_for
from flowmaster.runtime.results import check_result
from flowmaster.runtime.runtime import Runtime
from flowmaster.runtime.slots import Connection, Slots
from flowmaster.stores.identifiers import task_id
from flowmaster.stores.rows import JobRow

logger = logging.getLogger(__name__)

LEASE_SECONDS = 120
"""How long a job is ours; no connector works longer than `WORK_SECONDS_MAX`."""

WORK_SECONDS_MAX = 100
"""How long a connector may work on one job."""

LOOK_SECONDS = 1.0
"""How often workers look for jobs that another process opened."""

GAP_SECONDS = 0.02
"""How long is waited at least between two looks while there are jobs."""


class _Job(NamedTuple):
    """A job that was taken, what it is about, what it talks to, and how long it has been due."""

    row: JobRow
    work: Work
    connection: Connection
    lag_ms: int


class Workers:
    """Runs connectors on the jobs of all tenants."""

    def __init__(self, runtime: Runtime, connectors: Mapping[str, Connector]) -> None:
        self._runtime = runtime
        self._connectors = connectors
        self._observed = runtime.observed
        self._breaker = self._observed.breaker = Breaker(real_now)
        self._slots: Slots[_Job] = Slots(runtime.bounds)
        self._freed = asyncio.Event()
        self._busy: set[asyncio.Task[None]] = set()
        self._watch: asyncio.Task[None] | None = None
        self._closing = False

    def open(self) -> None:
        """Begin to look for jobs."""
        if self._connectors:
            self._watch = asyncio.create_task(self._look(), name="flowmaster-workers")

    async def close(self) -> None:
        """Stop; jobs under way come back when their lease is over."""
        self._closing = True
        for task in [*self._busy, *([self._watch] if self._watch else [])]:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _look(self) -> None:
        while True:
            wanting = True
            try:
                wanting = await self._take_round()
                self._observed.health.works(CONNECTORS)
            except FlowMasterError as error:
                logger.warning("Jobs wait: %s", error.message)
                self._observed.health.broken(CONNECTORS, error.code, error.message)
            except Exception:
                logger.exception("The workers stumbled")
                self._observed.health.broken(CONNECTORS, "server.fault", "They stumbled; the log tells why.")
            if wanting:
                await asyncio.sleep(GAP_SECONDS)
            await self._until_news()

    async def _until_news(self) -> None:
        """Wait until jobs were opened, a slot is free while jobs wait for one, or it is time to look."""
        opened = asyncio.ensure_future(self._runtime.changed.wait("jobs", LOOK_SECONDS))
        freed = asyncio.ensure_future(self._freed.wait())
        try:
            await asyncio.wait((opened, freed), return_when=asyncio.FIRST_COMPLETED)
        finally:
            opened.cancel()
            freed.cancel()
            self._freed.clear()

    async def _take_round(self) -> bool:
        """Take jobs for all tenants that have some, each as many as its share of the slots allows; say if there were any."""
        reader, now = self._runtime.reader, real_now()
        wanting: dict[str, set[str]] = {}
        for tenant in reader.job_tenants():
            counts = reader.job_types(tenant, now=now)
            types = {row.type for row in counts if row.type in self._connectors and row.open > row.leased}
            if types:
                wanting[tenant] = types
        rooms = self._slots.rooms(list(wanting))
        await asyncio.gather(*(self._take(tenant, wanting[tenant], rooms[tenant]) for tenant in rooms))
        return bool(wanting)

    async def _take(self, tenant: str, types: set[str], room: int) -> None:
        if not room:
            return

        def take(desk: Desk) -> list[_Job]:
            now = real_now()
            rows = desk.transaction.take_jobs(
                tenant,
                types=types,
                limit=room,
                now=now,
                engine_now=desk.now,
                lease_until=now + LEASE_SECONDS * 1000,
                worker="connector",
                nonce=new_nonce,
            )
            return [self._job(desk, tenant, row) for row in rows]

        for job in (await self._runtime.do(take, behalf=own_work(tenant))).result:
            self._observed.figures.jobs.record((job.row.wait.type,), job.lag_ms / 1000)
            if self._slots.begin(job.connection):
                self._begin(job)
            elif not self._slots.wait(job.connection, job):
                await self._hold(tenant, job.row, self._slots.put_off_until(job.connection, real_now()))

    def _job(self, desk: Desk, tenant: str, row: JobRow) -> _Job:
        work, type = _work(desk, tenant, row), row.wait.type
        lag_ms = max(0, desk.now - max(row.wait.since, row.wait.due or 0))
        return _Job(row, work, (tenant, type, self._connectors[type].connection(work)), lag_ms)

    def _begin(self, job: _Job) -> None:
        task = asyncio.create_task(self._work(job))
        self._busy.add(task)
        task.add_done_callback(lambda _: self._ended(task, job))

    def _ended(self, task: asyncio.Task[None], job: _Job) -> None:
        """Let the job begin that waited for the slot of one that has ended, or whatever is taken next."""
        self._busy.discard(task)
        after = self._slots.end(job.connection)
        if after is not None and not self._closing:
            self._begin(after)
        else:
            self._freed.set()

    async def _work(self, job: _Job) -> None:
        row, circuit = job.row, job.connection
        tenant = circuit[0]
        if row.lease_until - real_now() < WORK_SECONDS_MAX * 1000:
            await self._hold(tenant, row, real_now())
            return
        held = self._breaker.held_until(circuit, WORK_SECONDS_MAX * 1000)
        if held is not None:
            await self._hold(tenant, row, held)
            return
        with self._observed.errand(
            self._errand(tenant, row), f"job {row.wait.type}", told=_told(tenant, row)
        ):
            command, is_answered = await self._call(row, job.work)
            if is_answered:
                self._breaker.succeeded(circuit)
            elif self._breaker.failed(circuit):
                logger.warning(
                    "%s of %s keeps failing; its jobs wait for it to recover.", circuit[2], circuit[1]
                )
            await self._store(tenant, row, command)

    def _errand(self, tenant: str, row: JobRow) -> Errand:
        """Return a job as an errand, in the trace of the call that led to it where this server made that call."""
        traces, caller = self._observed.traces, f"connector:{row.wait.type}"
        origin = None if traces is None else traces.origin(tenant, row.instance)
        return Errand("job", caller=caller, tenant=tenant, place=origin, origin=origin)

    async def _call(self, row: JobRow, work: Work) -> tuple[cmd.Command, bool]:
        """Run a connector, measured and traced."""
        watch, kind, errand = Stopwatch(), row.wait.type, ERRAND.get()
        with self._observed.span(kind, None if errand is None else errand.place, kind="client") as span:
            if span is not None:
                work = work._replace(carried=headers_for(span.place), tell=span.tell)
            command, is_answered = await self._answer(row, work)
            outcome = _outcome(command, is_answered=is_answered)
            if span is not None:
                span.name = str(span.told.get("http.request.method", kind))
                if outcome != "ok":
                    span.tell("error.type", str(span.told.get("http.response.status_code", outcome)))
        self._observed.figures.connectors.record((kind, outcome), watch.seconds)
        return command, is_answered

    async def _answer(self, row: JobRow, work: Work) -> tuple[cmd.Command, bool]:
        """Run a connector; return what came of the job, and whether what the connector talks to answered."""
        by, wait = f"connector:{row.wait.type}", row.wait.id
        try:
            async with asyncio.timeout(WORK_SECONDS_MAX):
                return cmd.CompleteJob(0, by, wait, await self._connectors[row.wait.type].run(work)), True
        except BusinessError as error:
            if row.wait.purpose:  # A listener has no business error that a process could catch.
                return cmd.FailJob(0, by, wait, f"{error.code}: {error.message}", 0), True
            return cmd.ThrowJobError(0, by, wait, error.code, error.message, error.variables), True
        except TimeoutError:
            return cmd.FailJob(0, by, wait, f"No answer within {WORK_SECONDS_MAX} s.", 0), False
        except FlowMasterError as error:
            return cmd.FailJob(0, by, wait, error.message, 0), error.status != UNREACHABLE
        except Exception as error:  # noqa: BLE001 - whatever a connector meets is a failure of its job
            return cmd.FailJob(0, by, wait, f"{type(error).__name__}: {error}", 0), False

    async def _hold(self, tenant: str, row: JobRow, until: int) -> None:
        """Keep a job to ourselves until its connection may be tried again; that costs it no try."""
        with contextlib.suppress(FlowMasterError):  # The process has left the job.
            await self._runtime.do(
                lambda desk: desk.transaction.extend_job(tenant, row.job, lease_until=until),
                behalf=own_work(tenant),
            )

    async def _store(self, tenant: str, row: JobRow, command: cmd.Command) -> None:
        def finish(desk: Desk) -> None:
            held = desk.transaction.find_job(tenant, row.job)
            made = command._replace(at=desk.now)
            if isinstance(made, cmd.CompleteJob):
                made = _checked(desk, held, made)
            if isinstance(made, cmd.FailJob):
                left = held.wait.retries - 1
                made = made._replace(retries=left, due=next_try(desk, tenant, held) if left > 0 else None)
            desk.step(Request(tenant, command.by, "connector"), row.instance, lambda state, now: made)

        try:
            await self._runtime.do(finish, behalf=own_work(tenant, Urgency.FINISHING))
        except FlowMasterError as error:
            logger.info("The result of %s came too late: %s", row.job, error.message)


def _told(tenant: str, row: JobRow) -> dict[str, Told]:
    return {
        "flowmaster.tenant": tenant,
        "flowmaster.connector": row.wait.type,
        "flowmaster.instance": row.instance,
        "flowmaster.process": row.process,
        "flowmaster.element": row.wait.element,
        "flowmaster.retries_left": row.wait.retries,
    }


def _outcome(command: cmd.Command, *, is_answered: bool) -> str:
    """Return how a try at a job went: well, with an error of the business, or not at all."""
    match command:
        case cmd.CompleteJob():
            return "ok"
        case cmd.ThrowJobError():
            return "error"
    return "failed" if is_answered else "unreachable"


def _checked(desk: Desk, row: JobRow, done: cmd.CompleteJob) -> cmd.CompleteJob | cmd.FailJob:
    """Return what a result amounts to: one that lacks something or is of the wrong type is a failure."""
    process = desk.models.process(desk.transaction, row.tenant, row.process, row.version)
    try:
        check_result(process, desk.load(row.tenant, row.instance), row.wait, done.variables)
    except FlowMasterError as error:
        return cmd.FailJob(done.at, done.by, done.wait, error.message, 0)
    return done


def _work(desk: Desk, tenant: str, row: JobRow) -> Work:
    state = desk.load(tenant, row.instance)
    process = desk.models.process(desk.transaction, tenant, row.process, row.version)
    key = task_id(row.instance, row.wait.element, row.wait.id)
    return Work(key, row.wait.type, seen_by_job(state, row.wait), headers_of(process, state, row.wait))


def next_try(desk: Desk, tenant: str, row: JobRow) -> int | None:
    """Return when the model wants a failed job tried again."""
    process = desk.models.process(desk.transaction, tenant, row.process, row.version)
    return tried_again(process, desk.load(tenant, row.instance), row.wait, desk.now)


def new_nonce() -> str:
    """Return the unguessable part of a lease's id."""
    return secrets.token_hex(16)
