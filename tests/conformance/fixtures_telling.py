"""Fixtures that answer with contents of all kinds, tell something on the way, or fail."""

import warnings
from typing import Any

import anyio
from mcp.shared.exceptions import MCPDeprecationWarning
from pydantic import Field

from flowmaster.engine.errors import FlowMasterError
from flowmaster.server.mcp_client import McpClient
from flowmaster.tools.answer import Answer
from flowmaster.tools.models import Arguments
from flowmaster.tools.registry import AnyOperation, Call
from tests.conformance.fixture import PIXEL, SILENCE, Nothing, fixture, said, shown

PAUSE_SECONDS = 0.05


@fixture("Say something.")
async def test_simple_text(call: Call, arguments: Nothing) -> Answer:
    return said("This is a simple text response for testing.")


@fixture("Show a picture.")
async def test_image_content(call: Call, arguments: Nothing) -> Answer:
    return shown({"type": "image", "data": PIXEL, "mimeType": "image/png"})


@fixture("Play a sound.")
async def test_audio_content(call: Call, arguments: Nothing) -> Answer:
    return shown({"type": "audio", "data": SILENCE, "mimeType": "audio/wav"})


@fixture("Show a resource.")
async def test_embedded_resource(call: Call, arguments: Nothing) -> Answer:
    return shown(_embedded("test://embedded-resource", "text/plain", "This is an embedded resource content."))


@fixture("Show contents of several kinds.")
async def test_multiple_content_types(call: Call, arguments: Nothing) -> Answer:
    return shown(
        {"type": "text", "text": "Multiple content types test:"},
        {"type": "image", "data": PIXEL, "mimeType": "image/png"},
        _embedded("test://mixed-content-resource", "application/json", '{"test":"data","value":123}'),
    )


@fixture("Write to the client's log.")
async def test_tool_with_logging(call: Call, arguments: Nothing) -> Answer:
    for line in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await _log(call, line)
        await anyio.sleep(PAUSE_SECONDS)
    return said("Tool with logging executed successfully")


@fixture("Fail.")
async def test_error_handling(call: Call, arguments: Nothing) -> Answer:
    raise FlowMasterError("fixture.failed", "This tool intentionally returns an error for testing")


@fixture("Tell how far it is.")
async def test_tool_with_progress(call: Call, arguments: Nothing) -> Answer:
    for done in (0, 50, 100):
        await call.client.tell_progress(done, 100, "")
        await anyio.sleep(PAUSE_SECONDS)
    return said("Tool with progress executed successfully")


@fixture("Answer after a while.")
async def test_reconnection(call: Call, arguments: Nothing) -> Answer:
    await anyio.sleep(PAUSE_SECONDS)
    return said("Reconnection test completed")


@fixture("Work only for clients whose model can be asked.")
async def test_missing_capability(call: Call, arguments: Nothing) -> Answer:
    return said("The client's model can be asked.")


@fixture("Write to the log of a client that wants to hear it.")
async def test_logging_tool(call: Call, arguments: Nothing) -> Answer:
    await _log(call, "Logged")
    return said("Logged")


@fixture("Change the list of tools.")
async def test_trigger_tool_change(call: Call, arguments: Nothing) -> Answer:
    runtime, caller = call.app.runtime, call.caller
    await runtime.write(
        lambda transaction: transaction.journal(
            caller.tenant,
            "process:fixture",
            at=runtime.now(),
            by=caller.actor,
            operation="fixture",
            data=None,
        )
    )
    return said("Changed")


_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}


@fixture("Take arguments with a schema of many words.", schema=_SCHEMA)
async def json_schema_2020_12_tool(call: Call, arguments: Nothing) -> Answer:
    return said("JSON Schema 2020-12 tool called")


class Routed(Arguments):
    """Arguments of which one is repeated in a header."""

    region: str = Field(description="Where.")
    query: str = Field(default="", description="What.")


_ROUTED: dict[str, Any] = {
    "type": "object",
    "properties": {
        "region": {"type": "string", "x-mcp-header": "Region"},
        "query": {"type": "string"},
    },
    "required": ["region"],
}


@fixture("Take an argument that a header repeats.", asked=Routed, schema=_ROUTED)
async def test_x_mcp_header(call: Call, arguments: Routed) -> Answer:
    return said(f"region={arguments.region}")


def _embedded(address: str, media_type: str, text: str) -> dict[str, Any]:
    return {"type": "resource", "resource": {"uri": address, "mimeType": media_type, "text": text}}


async def _log(call: Call, line: str) -> None:
    assert isinstance(call.client, McpClient)
    ctx = call.client.ctx
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MCPDeprecationWarning)
        await ctx.session.send_log_message("info", line, related_request_id=ctx.request_id)


OPERATIONS: tuple[AnyOperation, ...] = (
    test_simple_text,
    test_image_content,
    test_audio_content,
    test_embedded_resource,
    test_multiple_content_types,
    test_tool_with_logging,
    test_error_handling,
    test_tool_with_progress,
    test_reconnection,
    test_missing_capability,
    test_logging_tool,
    test_trigger_tool_change,
    json_schema_2020_12_tool,
    test_x_mcp_header,
)
