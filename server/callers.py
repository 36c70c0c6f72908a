"""Who calls: the one place that says which caller a request comes from.

Over HTTP the sign-in puts the caller into the scope of the request; where nobody has to sign in, and over
standard streams, it is the single local user with all rights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from flowmaster.tools.answer import Answer
from flowmaster.tools.registry import Caller

if TYPE_CHECKING:
    from mcp.server import ServerRequestContext

SIGNED_IN: Final = "flowmaster.caller"
"""The key of the scope under which the sign-in puts the caller."""
REQUEST: Final = "flowmaster.request"
"""The key of the scope with the id of the request."""
GONE: Final = "flowmaster.gone"
"""The key of the scope under which the web server puts what tells whether the caller has hung up."""
NEEDED: Final = "flowmaster.needed"
"""The key of the scope with the rights that were found missing while it was answered."""

_LOCAL: Final = {door: Caller(door=door) for door in ("mcp", "mcp-http", "rest")}


def caller_of(ctx: ServerRequestContext[Any, Any]) -> Caller:
    """Return who sent an MCP request, over any transport."""
    request = ctx.request
    return _LOCAL["mcp"] if request is None else caller_in(request.scope, "mcp-http")


def caller_in(scope: Mapping[str, Any], door: str) -> Caller:
    """Return who sent an HTTP request, for calls through that door."""
    signed_in: Caller | None = scope.get(SIGNED_IN)
    return _LOCAL[door] if signed_in is None else replace(signed_in, door=door)


def request_of(ctx: ServerRequestContext[Any, Any]) -> str:
    """Return the id under which an MCP request is found in logs."""
    request = ctx.request
    return str(ctx.request_id) if request is None else str(request.scope.get(REQUEST, ""))


def tell_denied(scope: Mapping[str, Any], answer: Answer) -> None:
    """Let the sign-in know when an answer says that a right is missing: a token with more scopes helps."""
    if answer.status == 403 and NEEDED in scope:
        body = answer.data()
        if isinstance(body, dict) and body.get("code") == "access.denied":
            scope[NEEDED].append(str(body.get("expected")))
