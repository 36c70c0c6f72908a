"""A route of new starts as answers show it and say it in words."""

from pydantic import Field

from flowmaster.engine.timers import iso
from flowmaster.runtime.routes import Route
from flowmaster.tools.models import Shape


class RouteView(Shape):
    """A route of new starts."""

    mode: str = Field(description="`canary` or `hold`.")
    version: int = Field(description="The version that is tried or held.")
    percent: int | None = Field(default=None, description="So many of a hundred starts go there.")
    when: str = Field(default="", description="Or those for which this holds.")
    otherwise: int = Field(default=0, description="The version that the others go to.")
    since: str = Field(description="Since when.")
    by: str = Field(description="By whom.")


def view_of(route: Route | None) -> RouteView | None:
    """Return a route as answers show it, None where it leads to the newest version."""
    if route is None or not route.leads:
        return None
    return RouteView(
        mode=route.mode,
        version=route.version,
        percent=route.percent,
        when=route.when,
        otherwise=route.otherwise,
        since=iso(route.since),
        by=route.by,
    )


def told_of(route: Route | None, newest: int | None) -> str:
    """Say where new starts go."""
    if route is None or not route.leads:
        return f"New starts go to the newest version, now {newest}."
    if route.mode == "hold":
        return f"New starts stay with version {route.version}, whatever is published."
    others = f"the others to version {route.otherwise}"
    if route.percent is not None:
        return f"{route.percent} % of new starts go to version {route.version}, {others}."
    return f"New starts go to version {route.version} where `{route.when}` holds, {others}."
