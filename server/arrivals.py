"""How calls come: the id of their request and their place in the caller's trace, from whichever door.

The place is what W3C Trace Context says over HTTP, and what stands under the same names in `_meta` of an MCP request.
Where both come, that of the MCP request counts and the other one is linked (OpenTelemetry's conventions for MCP).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from flowmaster.runtime.observation.errands import Place
from flowmaster.runtime.observation.traces import Told, place_in
from flowmaster.server.callers import REQUEST, request_of
from flowmaster.server.request_ids import request_id
from flowmaster.tools.app import App
from flowmaster.tools.watching import Arrival

if TYPE_CHECKING:
    from mcp.server import ServerRequestContext

_PARENT: Final = "traceparent"
_STATE: Final = "tracestate"


def over_rest(app: App, scope: Mapping[str, Any], operation: str) -> Arrival:
    """Return how a REST call came."""
    request, parent = scope.get(REQUEST, ""), _place_of(scope)
    if app.runtime.observed.traces is None:
        return Arrival(request, parent)
    route = f"/api/v1/{operation if app.registry.find(operation) else '{operation}'}"
    told: dict[str, Told] = {
        "http.request.method": "POST",
        "http.route": route,
        "url.scheme": scope.get("scheme", "http"),
        "network.protocol.version": scope.get("http_version", "1.1"),
    }
    return Arrival(request, parent, span=f"POST {route.replace('{', '{{').replace('}', '}}')}", told=told)


def over_mcp(app: App, ctx: ServerRequestContext[Any, Any]) -> Arrival:
    """Return how an MCP request came, over any transport."""
    meta: Mapping[str, Any] = ctx.meta or {}
    own = place_in(meta.get(_PARENT), meta.get(_STATE))
    around = None if ctx.request is None else _place_of(ctx.request.scope)
    request = request_of(ctx)
    if app.runtime.observed.traces is None:
        return Arrival(request, own or around)
    told: dict[str, Told] = {
        "mcp.method.name": ctx.method,
        "network.transport": "pipe" if ctx.request is None else "tcp",
    }
    if ctx.protocol_version:
        told["mcp.protocol.version"] = ctx.protocol_version
    if ctx.request_id is not None:
        told["jsonrpc.request.id"] = str(ctx.request_id)[:80]
    span: str = ctx.method
    if ctx.method == "tools/call":
        tool = str((ctx.params or {}).get("name", ""))
        known = tool if app.registry.find(tool) is not None else ""
        told |= {"gen_ai.operation.name": "execute_tool"} | ({"gen_ai.tool.name": known} if known else {})
        span = f"{ctx.method} {known or '{}'}"
    return Arrival(request, own or around, around if own is not None else None, span, told)


def over_command_line() -> Arrival:
    """Return how a call of the command line came; a script hands its place on in the variable `TRACEPARENT`."""
    return Arrival(request_id(), place_in(os.environ.get("TRACEPARENT"), os.environ.get("TRACESTATE")))


def _place_of(scope: Mapping[str, Any]) -> Place | None:
    """Return the place that the headers of a request name."""
    parent = state = b""
    for name, value in scope["headers"]:
        if name == b"traceparent":
            parent = value
        elif name == b"tracestate":
            state = value
    return place_in(parent.decode("latin-1"), state.decode("latin-1")) if parent else None
