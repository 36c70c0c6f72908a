"""Tasks as the protocol carries them, and what a client has to say to get any."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import mcp.types as types
from mcp import MCPError
from mcp.shared.inbound import MCP_NAME_HEADER, decode_header_value
from mcp.types import HEADER_MISMATCH, MISSING_REQUIRED_CLIENT_CAPABILITY
from mcp.types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import Field

from flowmaster.engine.timers import iso
from flowmaster.server.mcp_client import Context
from flowmaster.server.numbers import with_floats
from flowmaster.stores.rows import LongCall
from flowmaster.tools.answer import Answer
from flowmaster.tools.app import App
from flowmaster.tools.registry import Lasting

EXTENSION: Final = "io.modelcontextprotocol/tasks"

POLL_MS: Final = 500
INSTANCE_POLL_MS: Final = 5_000
"""How often a client had best look, at work of ours and at an instance that waits."""

Frame = Callable[[Context, Answer], dict[str, Any]]
"""Turns an answer into the result of a tool call."""


class GetTask(types.RequestParams):
    """Which task to read."""

    task_id: str = Field(max_length=200)


class UpdateTask(GetTask):
    """Replies to what a task asked."""

    input_responses: dict[str, Any]


def plain(_: Context, answer: Answer) -> dict[str, Any]:
    """Return an answer as the result that a notification carries, which no transport completes."""
    told: dict[str, Any] = {"content": contents_of(answer), "isError": answer.refused}
    return told if answer.refused else {**told, "structuredContent": with_floats(answer.data())}


def contents_of(answer: Answer) -> list[dict[str, Any]]:
    """Return what a tool result shows: the text of the answer, unless it has more to show."""
    return [dict(each) for each in answer.shown] or [{"type": "text", "text": answer.text}]


ENDED: Final = ("completed", "failed", "cancelled")


def declares_extension(ctx: Context) -> bool:
    """Whether the client says in this request that it can come back for an answer."""
    told = ctx.session.client_capabilities
    known = ctx.protocol_version in MODERN_PROTOCOL_VERSIONS and told is not None and told.extensions
    return bool(known) and EXTENSION in (known or {})


def require_extension(ctx: Context) -> None:
    """Refuse a request of a client that cannot come back for an answer."""
    if not declares_extension(ctx):
        raise MCPError(
            MISSING_REQUIRED_CLIENT_CAPABILITY,
            "Missing required client capability",
            {"requiredCapabilities": {"extensions": {EXTENSION: {}}}},
        )


def lasting_of(app: App, name: str, arguments: Mapping[str, Any]) -> Lasting:
    """Return whether a call lasts: as its operation says, also behind one that leads to others; processes may."""
    operation = app.registry.find(name)
    if operation is not None and operation.told is Answer and isinstance(arguments.get("operation"), str):
        operation = app.registry.find(arguments["operation"])
    return "may" if operation is None else operation.lasting


def check_name(ctx: Context, handle: str) -> None:
    """Refuse a request whose header names another task than its body, which intermediaries may have looked at."""
    headers = getattr(ctx.request, "headers", None)
    named = None if headers is None else headers.get(MCP_NAME_HEADER)
    if named is not None and decode_header_value(named.strip()) != handle:
        raise MCPError(HEADER_MISMATCH, "The Mcp-Name header does not match params.taskId.")


def summary_of(record: LongCall) -> dict[str, Any]:
    """Return what is told of every task, whatever its status."""
    told: dict[str, Any] = {
        "taskId": record.handle,
        "status": record.status,
        "createdAt": iso(record.at),
        "lastUpdatedAt": iso(record.changed),
        "ttlMs": record.expires - record.at,
        "pollIntervalMs": INSTANCE_POLL_MS if record.instance else POLL_MS,
    }
    if record.note:
        told["statusMessage"] = record.note
    return told


class _TaskNotification(types.Notification[dict[str, Any], str]):
    """How a task stands."""

    method: str = "notifications/tasks"


def notification(told: dict[str, Any], meta: dict[str, Any]) -> Any:
    """Return the notification that tells how a task stands."""
    return _TaskNotification(params={**told, "_meta": meta})
