"""Where new starts of a process go: to a version that is tried on some of them, to one that is held, or to the newest."""

from typing import Any, Final, Literal

from pydantic import Field

from flowmaster.engine.bpmn.problem import HINT, Problem
from flowmaster.engine.errors import FlowMasterError, Hint
from flowmaster.engine.feel.said import said
from flowmaster.engine.model import Process
from flowmaster.engine.values import Json
from flowmaster.runtime.desk import unpublished
from flowmaster.runtime.models import Models, compile_start_condition
from flowmaster.runtime.routes import Route, base_of, begins_alike, read_route
from flowmaster.stores.protocol import Reader, Transaction
from flowmaster.stores.releases import Routed
from flowmaster.stores.rows import StartSubscription
from flowmaster.tools.drafts import KIND, read_file, version_of
from flowmaster.tools.inputs import missing_inputs
from flowmaster.tools.models import NextCall, Result, WriteArguments, follow_up
from flowmaster.tools.process_tools import TOOL, refuse_taken
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.requests import journal_process, store_once
from flowmaster.tools.route_words import RouteView, told_of, view_of
from flowmaster.tools.start_events import starts_of
from flowmaster.tools.timer_changes import TimerChange, journal_data, put_starts
from flowmaster.tools.versions import VersionName, number_of

WHEN_MAX: Final = 2_000
"""Characters of the condition of a route."""


class ProcessRoute(WriteArguments):
    """Which process, and where its new starts are to go."""

    process: str = Field(max_length=200, description="Process id.", examples=["invoice-approval"])
    action: Literal["set", "hold", "promote", "clear"] = Field(
        description="`set`: some go to `version`. `hold`: all stay with it. `promote`: all go to it. `clear`: newest.",
        examples=["hold"],
    )
    version: VersionName | None = Field(
        default=None, description="By number or tag; for set: the newest; for hold: where starts go now."
    )
    percent: int | None = Field(default=None, ge=0, le=100, description="For set: so many of a hundred.")
    when: str = Field(
        default="",
        max_length=WHEN_MAX,
        description="For set, instead: a FEEL condition over start values and `business_key`.",
        examples=["amount < 1000"],
    )
    otherwise: VersionName | None = Field(
        default=None, description="For set: where the others go; default: where they go now."
    )


class ProcessRouted(Result):
    """Where new starts go now."""

    process: str = Field(description="Its id.")
    route: RouteView | None = Field(description="The route; null: none, all go to the newest version.")
    told: str = Field(description="Where new starts go.")
    was: str = Field(description="Where they went.")
    notes: list[str] = Field(default=[], description="What differs between the two versions for who starts.")
    timers: list[TimerChange] = Field(default=[], description="Start timers whose times changed.")


@operation(right="process.publish")
async def process_route(call: Call, arguments: ProcessRoute) -> ProcessRouted:
    """Route new starts without a version: some to a version that is tried, all to one that is held, or to the newest.

    A held version stays in force while others are published. The same business key (without one: each instance by
    itself) always goes to the same version; raising the percentage leaves those there that are there. Instances under
    way stay where they are. `process_routes` compares how the versions do.
    """
    runtime, tenant, process = call.app.runtime, call.caller.tenant, arguments.process
    _refuse_other_arguments(arguments)

    def work(transaction: Transaction) -> tuple[Routed, Route | None, int, list[TimerChange]]:
        transaction.releases(tenant, KIND, process, "policy")  # Keeps other servers from changing releases.
        routed = transaction.routed(tenant, KIND, process)
        if routed.newest is None:
            raise unpublished(transaction, tenant, process)
        at, old = runtime.clock.now(transaction), read_route(routed.route)
        made = _made(transaction, tenant, arguments, routed, runtime.models)
        store_once(transaction, call, subject=process)
        if made is not None:
            made = made._replace(since=at, by=call.caller.person)
        if _same(made, old):
            return routed, old, routed.newest, []
        transaction.put_route(tenant, KIND, process, made.text() if made else "")
        timers = register_starts(call, transaction, process, base_of(routed), made, routed.newest, at)
        told: dict[str, Json] = {
            "was": told_of(old, routed.newest),
            "now": told_of(made, routed.newest),
            **journal_data(timers),
        }
        journal_process(
            transaction, call, process, f"process_route.{arguments.action}", at, told, arguments.reason
        )
        return routed, made, routed.newest, timers

    routed, made, newest, timers = await runtime.write(work, dry_run=arguments.dry_run)
    runtime.changed.wake({"timers"})
    if not arguments.dry_run:
        call.app.published()
    return ProcessRouted(
        process=process,
        route=view_of(made),
        told=told_of(made, newest),
        was=told_of(read_route(routed.route), newest),
        notes=_notes(runtime.models, runtime.reader, tenant, process, made),
        timers=timers,
        next=_next(process, made),
    )


def held_by(reader: Reader, tenant: str, process: str) -> Route | None:
    """Return the route that keeps new starts from the newest version, None if nothing does."""
    route = read_route(reader.routed(tenant, KIND, process).route)
    return route if route is not None and route.leads else None


def holding(process: str, route: Route | None) -> list[Problem]:
    """Return the hint that a route keeps new starts from a version that is published."""
    if route is None:
        return []
    message = f"The new version gets no new starts yet. {told_of(route, None)}"
    fix = "Try it on some starts with `process_route` and `action: set`, or let all go to it with `action: clear`."
    return [Problem("route.holds", process, HINT, message, fix)]


def try_calls(process: str) -> list[Hint]:
    """Return the calls that bring new starts to the newest version of a process whose starts are held."""
    some: dict[str, Json] = {"process": process, "action": "set", "percent": 10}
    return [
        Hint("process_route", some, "Try it on some of the new starts."),
        Hint("process_route", {"process": process, "action": "clear"}, "Let all new starts go to it."),
    ]


def _refuse_other_arguments(arguments: ProcessRoute) -> None:
    """Refuse what an action does not take, and a set without exactly one way to choose."""
    given = {
        "percent": arguments.percent is not None,
        "when": bool(arguments.when.strip()),
        "otherwise": arguments.otherwise is not None,
    }
    if arguments.action != "set":
        given["version"] = arguments.version is not None and arguments.action != "hold"
        for name in (name for name, is_given in given.items() if is_given):
            raise _wrong(name, f"`{arguments.action}` takes no `{name}`.", f"Leave `{name}` out.")
    elif given["percent"] == given["when"]:
        both = given["when"]
        raise _wrong(
            "percent",
            "A start is drawn by `percent` or by `when`, not by both."
            if both
            else "It is not said which starts go there.",
            "Give one of the two." if both else "Give `percent`, such as 10, or a condition as `when`.",
        )


def _wrong(path: str, message: str, fix: str) -> FlowMasterError:
    return FlowMasterError("arguments.invalid", message, path=path, fix=fix, status=422)


def _made(
    transaction: Transaction, tenant: str, arguments: ProcessRoute, routed: Routed, models: Models
) -> Route | None:
    """Return the route that a call makes, None where it takes it away."""
    process, old, base = arguments.process, read_route(routed.route), base_of(routed)
    match arguments.action:
        case "clear":
            return None
        case "promote":
            if old is None or old.mode != "canary":
                raise _nothing_tried(process, old, routed.newest or 0)
            return Route("newest" if old.version == routed.newest else "hold", old.version, old.otherwise)
        case "hold":
            wanted = arguments.version if arguments.version is not None else base
            return Route("hold", number_of(transaction, tenant, process, wanted, "version"))
    version = number_of(transaction, tenant, process, arguments.version, "version")
    otherwise = _otherwise(transaction, tenant, arguments, version, base)
    if arguments.percent is None:
        model = models.process(transaction, tenant, process, otherwise)
        _check_condition(model, arguments.when)
    when = arguments.when.strip().removeprefix("=").strip()
    return Route("canary", version, otherwise, arguments.percent, when)


def _otherwise(
    transaction: Transaction, tenant: str, arguments: ProcessRoute, version: int, base: int | None
) -> int:
    """Return where the starts go that are not drawn: as said, else where all go now, else to the version before."""
    process = arguments.process
    if arguments.otherwise is not None:
        other = number_of(transaction, tenant, process, arguments.otherwise, "otherwise")
    else:
        older = [
            each.version for each in transaction.versions(tenant, KIND, process) if each.version < version
        ]
        other = base if base is not None and base != version else max(older, default=0)
    if other == version or other < 1:
        known: list[Json] = [
            each.version for each in transaction.versions(tenant, KIND, process) if each.version != version
        ]
        raise FlowMasterError(
            "route.no_other_version",
            f"Version {version} of {process!r} is tried beside another one, and "
            + ("`otherwise` names it too." if other == version else "there is none before it."),
            path="otherwise",
            expected=known,
            fix="Name another version as `otherwise`." if known else "Publish a second version first.",
            status=409 if not known else 422,
        )
    return other


def _check_condition(process: Process, text: str) -> None:
    try:
        condition = compile_start_condition(process, text)
    except FlowMasterError as error:
        error.path = "when"
        raise
    declared = {item.name for item in process.data}
    unknown = sorted(condition.names - declared - {"business_key"})
    if declared and unknown:
        known: list[Json] = [*sorted(item.name for item in process.data if item.input), "business_key"]
        raise FlowMasterError(
            "route.value_unknown",
            f"The condition reads {', '.join(map(said, unknown))}, which no start of {process.id!r} has.",
            path="when",
            expected=known,
            fix="Use start values of the process.",
            status=422,
        )


def _nothing_tried(process: str, old: Route | None, newest: int) -> FlowMasterError:
    held = old is not None and old.mode == "hold"
    possible = [Hint("process_route", {"process": process, "action": "clear"}, "Let all go to the newest.")]
    if not held:
        told: dict[str, Json] = {"process": process, "action": "set", "percent": 10}
        possible = [Hint("process_route", told, "Try the newest on some starts.")] if newest > 1 else []
    return FlowMasterError(
        "route.nothing_tried",
        f"No version of {process!r} is tried on some starts" + (", one is held." if held else "."),
        path="action",
        expected=["set", "hold", "clear"],
        fix="Let all go to the newest with `clear`." if held else "Try a version with `set` first.",
        next=possible,
        status=409,
    )


def _same(made: Route | None, old: Route | None) -> bool:
    """Return whether a route says what the one before says already."""
    if made is None or old is None:
        return made is old
    return made._replace(since=0, by="") == old._replace(since=0, by="")


def register_starts(
    call: Call,
    transaction: Transaction,
    process: str,
    before: int | None,
    made: Route | None,
    newest: int,
    at: int,
) -> list[TimerChange]:
    """Register what starts the version that starts go to by default, and mark whether they have to look for a route."""
    tenant, models = call.caller.tenant, call.app.runtime.models
    base = (made.base if made else 0) or newest
    is_canary = made is not None and made.mode == "canary"
    if base == before:
        kept = transaction.process_starts(tenant, process)
        transaction.put_starts(tenant, process, [start._replace(routed=is_canary) for start in kept])
        return []
    version = version_of(transaction, tenant, process, base)
    model = read_file(version.content, call.app.registry, transaction, tenant).process(process)
    refuse_taken(call.app.registry, transaction, tenant, model)
    starts = [start._replace(routed=is_canary) for start in starts_of(model, tenant, base, at)]
    return put_starts(transaction, models, model, starts, tenant)


def _notes(models: Models, reader: Reader, tenant: str, process: str, made: Route | None) -> list[str]:
    """Tell what a version that is tried begins by, or needs, otherwise than the one that the others go to."""
    if made is None or made.mode != "canary":
        return []
    old, new = (models.process(reader, tenant, process, each) for each in (made.otherwise, made.version))
    own, base = (
        starts_of(one, tenant, number, 0) for one, number in ((new, made.version), (old, made.otherwise))
    )
    notes = [
        f"{_start_of(start)} always begins version {made.otherwise}: version {made.version} has no such start."
        for start in base
        if start.kind != TOOL and not begins_alike(new, start)
    ]
    notes += [
        f"{_start_of(start)} of version {made.version} begins nothing until it is promoted."
        for start in own
        if start.kind != TOOL and not begins_alike(old, start)
    ]
    needed = sorted(set(missing_inputs(new, {})) - set(missing_inputs(old, {})))
    if needed:
        names = ", ".join(map(said, needed))
        notes.append(f"Version {made.version} needs {names} too: starts that go there without are refused.")
    return notes


def _start_of(start: StartSubscription) -> str:
    name = f" {said(start.name)}" if start.name else ""
    return f"The {start.kind}{name} at {said(start.element)}"


def _next(process: str, made: Route | None) -> list[NextCall]:
    if made is None or made.mode == "newest":
        return []
    calls: list[tuple[str, dict[str, Any], str]] = [
        ("process_routes", {"process": process}, "Compare how the versions do."),
    ]
    if made.mode == "canary":
        back = {"process": process, "action": "hold", "version": made.otherwise}
        calls.append(("process_route", back, f"Roll back: all to version {made.otherwise}."))
        calls.append(
            ("process_route", {"process": process, "action": "promote"}, f"All to version {made.version}.")
        )
    else:
        calls.append(("process_route", {"process": process, "action": "clear"}, "All to the newest version."))
    return [follow_up(Hint(name, told, why)) for name, told, why in calls]


OPERATIONS = (process_route,)
