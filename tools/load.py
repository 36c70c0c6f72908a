"""The operation that tells how a server is doing: what it does, what waits, what is stuck, who else is there."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from time import monotonic
from typing import Final

from anyio import to_thread
from pydantic import Field

from flowmaster import __version__
from flowmaster.engine.timers import iso
from flowmaster.runtime.clock import real_now
from flowmaster.runtime.observation.census import Counted
from flowmaster.runtime.observation.figures import PIECES, Histogram, Labels, Window, together
from flowmaster.tools.app import App
from flowmaster.tools.models import Arguments, Number, Result, Shape
from flowmaster.tools.registry import Call, operation

WATCH: Final = "server.watch"
"""The right to see what a server does, whoever it does it for."""

SECONDS: Final = 60
OPERATIONS_SHOWN: Final = 8
PROCESSES_SHOWN: Final = 8
INCIDENTS_SHOWN: Final = 5
CONNECTORS_SHOWN: Final = 5
NEIGHBOURS_SHOWN: Final = 10
MESSAGE_LENGTH: Final = 120


class ServerLoadRead(Arguments):
    """Over which time."""

    seconds: int = Field(default=SECONDS, ge=5, le=60, description="Rates are those of so many last seconds.")


class Pace(Shape):
    """How often something was done, and how long it took."""

    per_second: Number = Field(description="How often in a second.")
    refused_per_second: Number = Field(default=0, description="How many of them were refused or failed.")
    p50_ms: Number = Field(default=0, description="Half of them took no longer, in milliseconds.")
    p99_ms: Number = Field(default=0, description="99 of a hundred took no longer.")


class OperationPace(Pace):
    """How often one operation was called."""

    operation: str = Field(description="The operation.")


class CommitPace(Pace):
    """How the store keeps up."""

    pieces: Number = Field(default=0, description="Changes that shared one commit, on average.")
    waiting: int = Field(description="Changes that wait to be stored now.")
    effects: int = Field(description="Effects between instances that are still to be done.")


class InstanceCount(Shape):
    """Instances of one status."""

    status: str = Field(description="The status.")
    instances: int = Field(description="How many.")


class Waiting(Shape):
    """What instances wait for."""

    tasks: int = Field(description="Open tasks of people.")
    tasks_claimed: int = Field(description="Those somebody has taken.")
    jobs: int = Field(description="Open jobs.")
    jobs_taken: int = Field(description="Those a worker has taken.")
    jobs_spent: int = Field(description="Jobs without tries left; an incident stands for each.")
    timers: int = Field(description="Timers that will fire.")
    timers_overdue: int = Field(description="Timers that should have fired; counted up to 1,000.")
    next_timer: str = Field(default="", description="When the next one is due.")
    timers_fired_per_second: Number = Field(default=0, description="Timers that this server fires.")
    timer_lag_p99_ms: Number = Field(default=0, description="99 of a hundred fired no later than this.")
    job_lag_p99_ms: Number = Field(
        default=0, description="99 of a hundred jobs waited no longer for a connector."
    )


class BusyProcess(Shape):
    """A process at work."""

    process: str = Field(description="The process.")
    steps_per_second: Number = Field(description="Steps of its instances in the last minute, by all servers.")
    active: int = Field(default=0, description="Its active instances.")


class StuckInstance(Shape):
    """An incident."""

    instance: str = Field(description="Whose it is.")
    element: str = Field(description="Where.")
    code: str = Field(description="What it is.")
    message: str = Field(description="What went wrong.")
    since: str = Field(description="Since when.")


class FailingConnector(Shape):
    """A connection that fails."""

    connector: str = Field(description="The connector.")
    connection: str = Field(description="What it talks to.")
    failures: int = Field(description="Failures in a row.")
    held_until: str = Field(default="", description="Until when its jobs are held back.")


class OtherServer(Shape):
    """A server on the same data."""

    server: str = Field(description="Its process, on which machine where that is known.")
    door: str = Field(default="", description="How it is reached.")
    version: str = Field(default="", description="Its version.")
    since: str = Field(default="", description="Since when it runs.")


class BrokenPart(Shape):
    """A part that does not work."""

    part: str = Field(description="The part.")
    since: str = Field(description="Since when.")
    says: str = Field(description="What is wrong.")


class ServerLoad(Result):
    """How a server is doing."""

    at: str = Field(description="When this was, by the clock of the machine.")
    version: str = Field(description="The version of FlowMaster.")
    up_seconds: int = Field(description="How long the answering server runs.")
    seconds: Number = Field(description="How far back the rates reach.")
    broken: list[BrokenPart] = Field(default=[], description="Parts that do not work.")
    calls: Pace = Field(description="Calls of operations, over all doors of the answering server.")
    operations: list[OperationPace] = Field(description="Those that took most of the time, first.")
    commits: CommitPace = Field(description="How the answering server stores changes.")
    instances: list[InstanceCount] = Field(description="Instances by status.")
    waiting: Waiting = Field(description="What they wait for.")
    processes: list[BusyProcess] = Field(description="The busiest ones, first.")
    incidents: int = Field(description="Instances that are stuck.")
    newest_incidents: list[StuckInstance] = Field(description="What stopped them, newest first.")
    connectors: list[FailingConnector] = Field(
        default=[], description="Connections that fail for the answering server."
    )
    servers: list[OtherServer] = Field(default=[], description="Servers on the same data, this one included.")
    counted_at: str = Field(description="When instances and what they wait for were counted.")


@operation(right=WATCH, read_only=True)
async def server_load(call: Call, arguments: ServerLoadRead) -> ServerLoad:
    """Tell what the server does: rates and times of calls and commits, what waits, what is stuck, who else is there."""
    app, tenant = call.app, call.caller.tenant
    runtime, observed = app.runtime, app.runtime.observed
    counted = await to_thread.run_sync(runtime.census.of, tenant, runtime.now())
    others = await to_thread.run_sync(app.neighbours)
    window = observed.figures.window(arguments.seconds)
    calls = window.of(observed.figures.operations)
    incidents = [
        StuckInstance(
            instance=stop.instance,
            element=stop.incident.element,
            code=stop.incident.code,
            message=stop.incident.message[:MESSAGE_LENGTH],
            since=iso(stop.incident.since),
        )
        for stop in counted.stops[:INCIDENTS_SHOWN]
    ]
    return ServerLoad(
        at=iso(real_now()),
        version=__version__,
        up_seconds=int(monotonic() - observed.figures.began),
        seconds=_number(window.seconds, 1),
        broken=[
            BrokenPart(part=part, since=iso(trouble.since), says=trouble.says)
            for part, trouble in observed.health.troubles.items()
        ],
        calls=Pace(**_pace(calls, window)),
        operations=_operations(calls, window),
        commits=_commits(app, counted, window),
        instances=_instances(counted),
        waiting=_waiting(counted, window),
        processes=_processes(counted, runtime.now()),
        incidents=counted.stopped,
        newest_incidents=incidents,
        connectors=_connectors(app, tenant),
        servers=[
            OtherServer(
                server=each.name,
                door=each.door,
                version=each.version,
                since=iso(each.since) if each.since else "",
            )
            for each in others[:NEIGHBOURS_SHOWN]
        ],
        counted_at=iso(counted.at),
    )


def _pace(parts: Mapping[Labels, Histogram], window: Window) -> dict[str, Number]:
    """Return the pace of what stands under some labels, of which the last says how it came out."""
    whole = together(parts)
    bad = sum(each.count for labels, each in parts.items() if labels[-1] not in ("ok", "contended"))
    return {
        "per_second": _number(whole.count / window.seconds, 2),
        "refused_per_second": _number(bad / window.seconds, 2),
        "p50_ms": _number(whole.quantile(0.5) * 1000, 2),
        "p99_ms": _number(whole.quantile(0.99) * 1000, 2),
    }


def _operations(calls: Mapping[Labels, Histogram], window: Window) -> list[OperationPace]:
    apart: dict[str, dict[Labels, Histogram]] = {}
    for labels, each in calls.items():
        apart.setdefault(labels[0], {})[labels] = each
    longest = sorted(apart, key=lambda name: -sum(each.sum for each in apart[name].values()))
    return [
        OperationPace(operation=name, **_pace(apart[name], window)) for name in longest[:OPERATIONS_SHOWN]
    ]


def _commits(app: App, counted: Counted, window: Window) -> CommitPace:
    figures = window.figures
    pieces = together(window.of(figures.pieces), PIECES)
    return CommitPace(
        **_pace(window.of(figures.commits), window),
        pieces=_number(pieces.sum / pieces.count if pieces.count else 0, 1),
        waiting=app.runtime.writer.depth,
        effects=counted.outbox,
    )


def _instances(counted: Counted) -> list[InstanceCount]:
    sums: dict[str, int] = {}
    for each in counted.statuses:
        sums[each.status] = sums.get(each.status, 0) + each.instances
    return [InstanceCount(status=status, instances=count) for status, count in sums.items()]


def _waiting(counted: Counted, window: Window) -> Waiting:
    waits, figures = counted.waits, window.figures
    fired, taken = together(window.of(figures.timers)), together(window.of(figures.jobs))
    return Waiting(
        tasks=waits.tasks,
        tasks_claimed=waits.claimed,
        jobs=waits.jobs,
        jobs_taken=waits.leased,
        jobs_spent=waits.spent,
        timers=waits.timers,
        timers_overdue=waits.overdue,
        next_timer="" if waits.next_due is None else iso(waits.next_due),
        timers_fired_per_second=_number(fired.count / window.seconds, 2),
        timer_lag_p99_ms=_number(fired.quantile(0.99) * 1000, 1),
        job_lag_p99_ms=_number(taken.quantile(0.99) * 1000, 1),
    )


def _processes(counted: Counted, engine_now: int) -> list[BusyProcess]:
    active = {each.process: each.instances for each in counted.statuses if each.status == "active"}
    seconds = max(1.0, (engine_now - counted.steps.since) / 1000)
    busy = [
        BusyProcess(
            process=process,
            steps_per_second=_number(count / seconds, 2),
            active=active.pop(process, 0),
        )
        for process, count in counted.steps.by_process[:PROCESSES_SHOWN]
    ]
    quiet: Sequence[str] = sorted(active, key=lambda process: -active[process])
    further = [BusyProcess(process=each, steps_per_second=0, active=active[each]) for each in quiet]
    return [*busy, *further][:PROCESSES_SHOWN]


def _connectors(app: App, tenant: str) -> list[FailingConnector]:
    breaker = app.runtime.observed.breaker
    failing = [] if breaker is None else breaker.failing(tenant)
    return [
        FailingConnector(
            connector=each.connector,
            connection=each.connection,
            failures=each.failures,
            held_until=iso(each.held_until) if each.held_until else "",
        )
        for each in failing[:CONNECTORS_SHOWN]
    ]


def _number(value: float, places: int) -> Number:
    """Return a number with so many places, as short as it can be written."""
    rounded = Decimal(f"{value:.{places}f}")
    return int(rounded) if rounded == rounded.to_integral_value() else rounded.normalize()


OPERATIONS = (server_load,)
