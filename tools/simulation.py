"""The operation that lets many cases run through a process in virtual time, and tells what comes of them."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.errors import FlowMasterError, Hint
from flowmaster.engine.model import Process
from flowmaster.engine.timers import iso
from flowmaster.runtime.lines import Line, line_at
from flowmaster.runtime.simulation.run import Simulation
from flowmaster.runtime.simulation.world import StoredWorld
from flowmaster.tools import simulation_view as view
from flowmaster.tools.bounds import leading, left_out
from flowmaster.tools.drafts import KIND, draft_of, known_line, one_of_two
from flowmaster.tools.json_text import write_json
from flowmaster.tools.models import follow_up
from flowmaster.tools.naming import instant_of
from flowmaster.tools.pages import page_of
from flowmaster.tools.raster import png_url
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.scenarios import collect
from flowmaster.tools.simulation_arguments import Around, ProcessSimulate
from flowmaster.tools.simulation_plan import Planned, Planner, merged
from flowmaster.tools.simulation_view import Run, Simulated
from flowmaster.tools.steps import Steps, in_steps
from flowmaster.tools.versions import named_version

TOLD_MAX: Final = 100
"""How often a simulation tells how far it is."""

LIST_BYTES: Final = 1_200
"""How long each list of an answer may be."""

HINT_BYTES: Final = 800
"""How long a proposed call may be."""

_DAY_MS: Final = 86_400_000
_LAST: Final = 7_258_118_400_000
"""The year 2200: later times are no simulation's."""


class _Source(NamedTuple):
    """The model of a simulation."""

    bpmn: str
    version: int | None
    draft: int | None
    process: Process
    beside: Mapping[str, Process]
    called: Mapping[str, Process]


class _Ready(NamedTuple):
    """A simulation that can be run."""

    source: _Source
    planned: Planned


@operation(right="process.read", read_only=True, lasting="may")
async def process_simulate(call: Call, arguments: ProcessSimulate) -> Simulated:
    """Run many cases through a process in virtual time: times, queues, costs, bottlenecks, stuck cases.

    The engine decides on conditions, rules and timers; nothing is stored. A variant in `with` meets the same cases.
    """
    reader, tenant = call.app.runtime.reader, call.caller.tenant
    known_line(reader, tenant, arguments.process)
    begins = _begins(arguments.begins, call.app.runtime.now())

    arounds: list[tuple[Around, str]] = [(arguments, "")]
    if arguments.other is not None:
        arounds.append((merged(arguments, arguments.other), "with."))

    def work(steps: Steps) -> tuple[_Source, list[Run]]:
        sources = [_source(call, arguments, around, place) for around, place in arounds]
        models = [[source.process, *source.called.values()] for source in sources]
        sides = [
            _ready(call, arguments, source, around, begins, place, models[-1 - number])
            for number, (source, (around, place)) in enumerate(zip(sources, arounds, strict=True))
        ]
        return sources[0], [_run(call, side, steps, number, len(sides)) for number, side in enumerate(sides)]

    source, runs = await in_steps(call, work)
    told = _told(arguments, source, runs)
    if arguments.view == "numbers":
        return told
    if arguments.view == "png":
        return told.model_copy(update={"content": await png_url(view.picture_of(runs[0]))})
    content = view.table_of(runs[0]) if arguments.view == "table" else view.picture_of(runs[0])
    part, following = page_of(content, arguments.cursor)
    return told.model_copy(update={"content": part, "next_cursor": following})


def _begins(text: str, now: int) -> int:
    given = instant_of(text, "begins")
    if given is None:
        return (now // _DAY_MS + 1) * _DAY_MS
    if not 0 <= given <= _LAST:
        raise FlowMasterError(
            "simulation.begins_wrong",
            f"A simulation does not begin on {iso(given)}.",
            path="begins",
            expected=f"a time from {iso(0)} to {iso(_LAST)}",
            fix="Give another date.",
            status=422,
        )
    return given


def _source(call: Call, arguments: ProcessSimulate, around: Around, place: str) -> _Source:
    reader, tenant, line = call.app.runtime.reader, call.caller.tenant, line_at(arguments.process)
    key = line.process
    one_of_two(around.version, around.draft)
    version = draft = None
    if around.version is not None:
        address = Line(key, around.branch).address
        published = named_version(reader, tenant, address, around.version, f"{place}version")
        bpmn, version = published.content, published.version
    else:
        if around.branch:
            line = known_line(reader, tenant, Line(key, around.branch).address, f"{place}branch")
        saved = draft_of(reader, tenant, line.address, around.draft)
        bpmn, draft = saved.content, saved.number
    reads = {read.process.id: read.process for read in read_processes(parse_bpmn(bpmn), RUNNABLE)}
    called = {name: each for name, each in reads.items() if name != key}
    for found in collect(reader, tenant, {key: reads[key]}):
        if found.kind == KIND and found.key not in reads:
            called[found.key] = call.app.runtime.models.process(reader, tenant, found.key, found.version)
    return _Source(bpmn, version, draft, reads[key], reads, called)


def _ready(
    call: Call,
    arguments: ProcessSimulate,
    source: _Source,
    around: Around,
    begins: int,
    place: str,
    beside: list[Process],
) -> _Ready:
    planner = Planner(
        call.app.runtime.reader,
        call.caller.tenant,
        source.process,
        tuple(source.called.values()),
        beside=beside,
        begins=begins,
        place=place,
        may_read=call.caller.may("instance.read"),
    )
    return _Ready(source, planner.plan(around, arguments.cases, arguments.seed))


def _run(call: Call, ready: _Ready, steps: Steps, number: int, sides: int) -> Run:
    """Run one side, and tell how far it is."""
    runtime, plan = call.app.runtime, ready.planned.plan
    world = StoredWorld(
        runtime.reader, runtime.models, call.caller.tenant, ready.source.process, ready.source.beside
    )
    every = max(1, plan.cases // TOLD_MAX)
    told = -1

    def between(ended: int) -> None:
        nonlocal told
        if ended // every == told:
            steps.check()
            return
        told = ended // every
        steps.tell(number * plan.cases + ended, sides * plan.cases, "cases simulated")

    figures = Simulation(world, plan).run(between)
    source = ready.source
    return Run(
        source.process,
        source.called,
        source.bpmn,
        plan,
        ready.planned.durations,
        ready.planned.assumed,
        figures,
    )


def _told(arguments: ProcessSimulate, source: _Source, runs: list[Run]) -> Simulated:
    run = runs[0]
    begins, until = view.moments_of(run)
    head = Simulated(
        process=arguments.process,
        version=source.version,
        draft=source.draft,
        summary=view.summary_of(run),
        seed=arguments.seed,
        begins=begins,
        until=until,
    )
    if arguments.view != "numbers":
        return head
    stuck, steps, roles = view.stuck_of(run), view.steps_of(run), view.roles_of(run)
    ended, timers = view.ended_of(run), view.timers_of(run)
    compared = view.compared_of(run, runs[1]) if len(runs) > 1 else []
    room = LIST_BYTES if compared else 2 * LIST_BYTES
    shown = {
        "ended": dict(leading(list(ended.items()), LIST_BYTES // 2)),
        "stuck": leading(stuck, LIST_BYTES),
        "steps": leading(steps, room),
        "roles": leading(roles, LIST_BYTES),
        "timers": dict(leading(list(timers.items()), LIST_BYTES // 3)),
        "compared": leading(compared, 2 * LIST_BYTES),
    }
    whole = {
        "ended": len(ended),
        "stuck": len(stuck),
        "steps": len(steps),
        "roles": len(roles),
        "timers": len(timers),
        "compared": len(compared),
    }
    return head.model_copy(
        update={
            **shown,
            "cycle": view.cycle_of(run),
            "per_day": view.per_day(run),
            "cost": view.cost_of(run),
            "bottlenecks": view.bottlenecks_of(run),
            "assumed": list(run.assumed),
            "left_out": left_out({name: (whole[name], len(part)) for name, part in shown.items()}),
            "next": [
                follow_up(hint) for hint in _hints(arguments, left=whole["steps"] > len(shown["steps"]))
            ],
        }
    )


def _hints(arguments: ProcessSimulate, *, left: bool) -> list[Hint]:
    """Return the same simulation in another view, unless it is asked with a lot."""
    asked = arguments.model_dump(exclude_unset=True, by_alias=True, exclude={"view", "cursor"})
    if len(write_json(asked)) > HINT_BYTES:
        return []
    kind, why = ("table", "See all steps and roles.") if left else ("png", "See where the time goes.")
    return [Hint("process_simulate", {**asked, "view": kind}, why)]


OPERATIONS = (process_simulate,)
