"""Refusals of MCP requests by what stands before the door: told in the words of the protocol, since clients read no others."""

import json
from typing import Any, Final

from starlette.responses import Response
from starlette.types import Receive, Scope

from flowmaster.engine.errors import FlowMasterError
from flowmaster.server.http_body import whole_body
from flowmaster.tools.json_text import write_json

PATH: Final = "/mcp"

_INTERNAL_ERROR: Final = -32603


async def told_in_mcp(scope: Scope, receive: Receive, error: FlowMasterError) -> Response | None:
    """Return the answer to a request that the server cannot take up, None for one that is no request of MCP.

    A call of a tool fails with the refusal as its result, as calls do that were taken up; anything else with an error of
    the protocol (JSON-RPC 2.0, 5.1).
    """
    if (
        scope["type"] != "http"
        or scope["path"].rstrip("/") != PATH
        or scope["method"] != "POST"
        or error.status < 500
    ):
        return None
    try:
        asked = json.loads(await whole_body(scope, receive))
    except (FlowMasterError, ValueError, RecursionError):
        return None
    if not isinstance(asked, dict) or not isinstance(asked.get("id"), str | int):
        return None
    told: dict[str, Any] = {"jsonrpc": "2.0", "id": asked["id"]}
    body = error.body()
    if asked.get("method") == "tools/call":
        text = write_json(body).decode()
        told["result"] = {"content": [{"type": "text", "text": text}], "isError": True}
    else:
        message = " ".join(filter(None, (error.message, error.fix)))
        told["error"] = {"code": _INTERNAL_ERROR, "message": message, "data": body}
    return Response(write_json(told), media_type="application/json")
