"""The REST door: `POST /api/v1/<operation>` with the arguments as JSON, and the OpenAPI document that says so."""

import json
from collections.abc import Iterable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from flowmaster import __version__
from flowmaster.engine.errors import FlowMasterError
from flowmaster.server.arrivals import over_rest
from flowmaster.server.callers import GONE, caller_in, tell_denied
from flowmaster.server.http_body import json_body, response_of
from flowmaster.tools.app import App
from flowmaster.tools.invoke import invoke, refused
from flowmaster.tools.json_text import read_json
from flowmaster.tools.limits import limit_headers
from flowmaster.tools.registry import AnyOperation, Call
from flowmaster.tools.watching import arrived, watched

ROOT = "/api/v1"


class RestDoor:
    """Answers calls of operations that come as HTTP requests."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def call(self, request: Request) -> Response:
        """Call the operation that the path names."""
        try:
            arguments = _arguments(await json_body(request.scope, request.receive))
        except FlowMasterError as error:
            return response_of(refused(error))
        call, name = (
            Call(app=self._app, caller=caller_in(request.scope, "rest"), gone=request.scope.get(GONE)),
            request.path_params["operation"],
        )
        with arrived(over_rest(self._app, request.scope, name)):
            answer = await watched(
                call, name, arguments, lambda: invoke(self._app.registry, call, name, arguments)
            )
        tell_denied(request.scope, answer)
        response = response_of(answer)
        if self._app.gate is not None:
            response.headers.update(limit_headers(self._app.gate.standing(call.caller)))
        return response


def _arguments(text: str) -> Any:
    try:
        return read_json(text)
    except ValueError as error:
        raise FlowMasterError(
            "request.not_json",
            f"The request is not JSON: {error}.",
            expected="a JSON object",
            fix='Send the arguments as an object, for example {"name": "value"}.',
        ) from None


def openapi(operations: Iterable[AnyOperation]) -> dict[str, Any]:
    """Return the OpenAPI document of operations; the same registry gives the same document."""
    registry = tuple(operations)
    schemas: dict[str, Any] = {"Problem": _PROBLEM}
    paths = {f"{ROOT}/{each.name}": {"post": _path(each, schemas)} for each in registry}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "FlowMaster",
            "version": __version__,
            "description": "Design, test, publish, run and explain business processes. Every operation is also an "
            "MCP tool and a command, with the same arguments, answers and errors.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": noun} for noun in dict.fromkeys(each.name.split("_")[0] for each in registry)],
        "paths": {
            **paths,
            "/health": {"get": _HEALTH},
            "/health/ready": {"get": _READY},
            "/metrics": {"get": _METRICS},
        },
        "components": {"schemas": schemas, "securitySchemes": {"bearer": _BEARER}},
        "security": [{}, {"bearer": []}],
    }


def openapi_text(registry: Iterable[AnyOperation]) -> str:
    """Return the OpenAPI document as the text that is committed, so that a change of contract shows."""
    return json.dumps(openapi(registry), indent=1, ensure_ascii=False) + "\n"


def _path(operation: AnyOperation, schemas: dict[str, Any]) -> dict[str, Any]:
    asked = _placed(operation.input_schema, f"{operation.name}.", schemas)
    for name, field in operation.asked.model_fields.items():
        if field.default is None:
            known = asked["properties"]
            known[field.alias or name] = _or_null(known[field.alias or name])
    told = _placed(operation.output_schema, f"{operation.name}.", schemas)
    return {
        "operationId": operation.name,
        "tags": [operation.name.split("_")[0]],
        "summary": operation.summary,
        "description": f"{operation.text}\n\nNeeds the right `{operation.right}`."
        + (f" Needs the part `{operation.extra}` of the installation." if operation.extra else ""),
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": asked}},
        },
        "responses": {
            "200": {"description": "The answer.", "content": {"application/json": {"schema": told}}},
            "default": {
                "description": "A refusal that says how to repair the call; nothing has changed.",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            },
        },
    }


def _or_null(node: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an argument that may be null, which means the same as leaving it out."""
    kinds = node.get("type")
    if kinds is None and not {"enum", "anyOf", "$ref"} & node.keys():
        return node
    if kinds is not None and "enum" not in node:
        return node | {"type": [*(kinds if isinstance(kinds, list) else [kinds]), "null"]}
    rest = {key: value for key, value in node.items() if key != "description"}
    return {"anyOf": [rest, {"type": "null"}], "description": node.get("description", "")}


def _placed(schema: dict[str, Any], prefix: str, schemas: dict[str, Any]) -> dict[str, Any]:
    """Return the schema with its definitions moved to the components of the document."""
    for name, body in schema.get("$defs", {}).items():
        schemas[prefix + name] = _referring(body, prefix)
    placed: dict[str, Any] = _referring(
        {key: value for key, value in schema.items() if key != "$defs"}, prefix
    )
    return placed


def _referring(node: Any, prefix: str) -> Any:
    if isinstance(node, list):
        return [_referring(each, prefix) for each in node]
    if not isinstance(node, dict):
        return node
    return {
        key: value.replace("#/$defs/", f"#/components/schemas/{prefix}")
        if key == "$ref" and isinstance(value, str)
        else _referring(value, prefix)
        for key, value in node.items()
    }


_BEARER = {
    "type": "http",
    "scheme": "bearer",
    "description": "An API key or an access token; needed as soon as the server's keeper has set up either.",
}
_TEXT = {"type": "string"}
_PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "Why a call was refused, and how to repair it.",
    "properties": {
        "code": {
            "type": "string",
            "description": "Stable, `noun.what_is_wrong`.",
            "examples": ["arguments.invalid"],
        },
        "message": {"type": "string", "description": "What is wrong, in a sentence."},
        "path": {"type": "string", "description": "The argument or element that is wrong."},
        "expected": {"description": "What may stand there."},
        "fix": {"type": "string", "description": "The next move in words."},
        "retry_after": {"type": "integer", "description": "In how many seconds the same call may succeed."},
        "next": {
            "type": "array",
            "description": "Calls that repair it.",
            "items": {
                "type": "object",
                "properties": {"operation": _TEXT, "arguments": {"type": "object"}, "why": _TEXT},
                "required": ["operation", "arguments", "why"],
            },
        },
    },
    "required": ["code", "message"],
}
_OVERVIEW: dict[str, Any] = {
    "type": "object",
    "properties": {
        "status": {"enum": ["ok", "degraded", "failing"]},
        "version": _TEXT,
        "broken": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"part": _TEXT, "since": _TEXT, "code": _TEXT},
                "required": ["part", "since", "code"],
            },
        },
    },
    "required": ["status", "version"],
}
_READY: dict[str, Any] = {
    "operationId": "health_ready",
    "summary": "Tell whether calls can be answered now: the store is there.",
    "responses": {
        "200": {"$ref": "#/paths/~1health/get/responses/200"},
        "503": {
            "description": "Not now.",
            "content": {"application/problem+json": {"schema": {"type": "object"}}},
        },
    },
}
_HEALTH: dict[str, Any] = {
    "operationId": "health",
    "summary": "Tell that the server is up, and which parts of it are broken since when.",
    "responses": {
        "200": {
            "description": "It is, and calls can be answered.",
            "content": {"application/json": {"schema": _OVERVIEW}},
        },
        "503": {
            "description": "It is, but calls cannot be answered.",
            "content": {"application/json": {"schema": _OVERVIEW}},
        },
    },
}
_METRICS: dict[str, Any] = {
    "operationId": "metrics",
    "summary": "Tell the figures of the server as Prometheus reads them; needs the right `server.watch`.",
    "responses": {
        "200": {"description": "The figures.", "content": {"text/plain": {"schema": _TEXT}}},
        "default": {
            "description": "A refusal.",
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        },
    },
}
