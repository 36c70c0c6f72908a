"""How the versions of a process do that new starts go to, so that one can compare them and roll back."""

from collections.abc import Sequence
from decimal import Decimal
from statistics import median
from typing import Final

from pydantic import Field

from flowmaster.engine.errors import Hint
from flowmaster.engine.timers import iso
from flowmaster.engine.values import Json
from flowmaster.runtime.desk import unpublished
from flowmaster.runtime.routes import Route, read_route
from flowmaster.stores.releases import Run
from flowmaster.tools.drafts import KIND
from flowmaster.tools.models import Arguments, NextCall, Number, Result, Shape, follow_up
from flowmaster.tools.naming import instant_of
from flowmaster.tools.registry import Call, operation
from flowmaster.tools.route_words import RouteView, told_of, view_of

RUNS_MAX: Final = 20_000
"""Instances that one comparison counts, the newest ones."""

VERSIONS_SHOWN: Final = 20


class ProcessRoutes(Arguments):
    """Which process, and since when."""

    process: str = Field(max_length=200, description="Process id.", examples=["invoice-approval"])
    since: str = Field(
        default="",
        max_length=40,
        description="Count instances that began from this instant on; default: since the route was set.",
        examples=["2026-01-31T09:00:00Z"],
    )


class VersionFigures(Shape):
    """How the instances of one version do."""

    version: int = Field(description="The version.")
    started: int = Field(description="How many began.")
    active: int = Field(description="How many are under way, paused ones too.")
    completed: int = Field(description="How many completed.")
    failed: int = Field(description="How many failed.")
    cancelled: int = Field(description="How many were cancelled.")
    incidents: int = Field(description="How many stand with incidents now.")
    median_seconds: Number | None = Field(
        description="Half of the completed ones took no longer; null without any."
    )


class ProcessRoutesTold(Result):
    """Where new starts go, and how their versions do."""

    process: str = Field(description="Its id.")
    route: RouteView | None = Field(description="The route; null: none, all go to the newest version.")
    told: str = Field(description="Where new starts go.")
    since: str = Field(description="From when on instances are counted; empty: all.")
    versions: list[VersionFigures] = Field(description="The versions, the newest first.")
    note: str = Field(default="", description="What is not counted.")


@operation(right="process.read", read_only=True)
async def process_routes(call: Call, arguments: ProcessRoutes) -> ProcessRoutesTold:
    """Show where new starts of a process go, and per version how many began, ended, failed or stand, and how long it took."""
    reader, tenant, process = call.app.runtime.reader, call.caller.tenant, arguments.process
    routed = reader.routed(tenant, KIND, process)
    if routed.newest is None:
        raise unpublished(reader, tenant, process)
    route = read_route(routed.route)
    asked = instant_of(arguments.since, "since")
    since = asked if asked is not None else route.since if route else 0
    runs = reader.runs(tenant, process, since=since, limit=RUNS_MAX)
    figures = figures_of(runs, _named(route, routed.newest))
    return ProcessRoutesTold(
        process=process,
        route=view_of(route),
        told=told_of(route, routed.newest),
        since=iso(since) if since else "",
        versions=figures[:VERSIONS_SHOWN],
        note=f"Only the newest {RUNS_MAX:,} instances are counted." if len(runs) == RUNS_MAX else "",
        next=_next(process, route),
        left_out={"versions": len(figures) - VERSIONS_SHOWN} if len(figures) > VERSIONS_SHOWN else {},
    )


def figures_of(runs: Sequence[Run], versions: Sequence[int]) -> list[VersionFigures]:
    """Return the figures of each version that began instances or is named, the newest first."""
    by_version: dict[int, list[Run]] = {version: [] for version in versions}
    for run in runs:
        by_version.setdefault(run.version, []).append(run)
    return [_figures(version, by_version[version]) for version in sorted(by_version, reverse=True)]


def _figures(version: int, runs: Sequence[Run]) -> VersionFigures:
    counts = dict.fromkeys(("active", "paused", "completed", "failed", "cancelled"), 0)
    for run in runs:
        counts[run.status] += 1
    took = [run.updated - run.started for run in runs if run.status == "completed"]
    return VersionFigures(
        version=version,
        started=len(runs),
        active=counts["active"] + counts["paused"],
        completed=counts["completed"],
        failed=counts["failed"],
        cancelled=counts["cancelled"],
        incidents=sum(1 for run in runs if run.incidents),
        median_seconds=Decimal(int(median(took))) / 1000 if took else None,
    )


def _named(route: Route | None, newest: int) -> list[int]:
    if route is None:
        return [newest]
    return [version for version in (route.version, route.otherwise) if version]


def _next(process: str, route: Route | None) -> list[NextCall]:
    if route is None or not route.otherwise:
        return []
    back: dict[str, Json] = {"process": process, "action": "hold", "version": route.otherwise}
    hints = [Hint("process_route", back, f"Roll back: all to version {route.otherwise}.")]
    if route.mode == "canary":
        forth: dict[str, Json] = {"process": process, "action": "promote"}
        hints.append(Hint("process_route", forth, f"All to version {route.version}."))
    return [follow_up(hint) for hint in hints]


OPERATIONS = (process_routes,)
