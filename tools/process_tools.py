"""Published processes as tools of their own: a process that declares a `tool` is called by its name and start values.

A call of such a tool is `instance_start` in other clothes: it answers the result of the instance, or what it waits for.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from flowmaster.engine.bpmn.problem import ERROR, Problem
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.model import Process
from flowmaster.engine.values import Json
from flowmaster.stores.protocol import Reader
from flowmaster.tools.answer import Answer
from flowmaster.tools.inputs import signature
from flowmaster.tools.invoke import invoke, is_offered
from flowmaster.tools.json_text import write_json
from flowmaster.tools.registry import Call, Registry

TOOL = "tool"
"""The kind under which a published process is registered as a tool, beside the messages and signals that start it."""
START = "instance_start"
"""The operation that a tool calls."""
WAIT_SECONDS = 5
"""How long a call waits for workers and called processes, so that what runs through by itself answers its result."""
BESIDE = ("business_key", "dry_run", "idempotency_key", "reason")
"""What a tool takes beside the start values, unless a start value has that name."""
_KEY: Mapping[str, Json] = {"type": "string", "description": "The key of the business."}


class ProcessTool(NamedTuple):
    """A published process as a tool: its name, and the tool as MCP shows it."""

    name: str
    process: str
    shown: dict[str, Any]


def process_tools(call: Call) -> list[ProcessTool]:
    """Return the tools that published processes are, by their names; none to a caller who may not start any."""
    start = call.app.registry.find(START)
    if start is None or not is_offered(start, call):
        return []
    reader = call.app.runtime.reader
    found = reader.start_subscriptions(call.caller.tenant, kind=TOOL)
    return sorted(_tool(call, one.process, one.version) for one in found)


def process_tool(call: Call, name: str) -> ProcessTool | None:
    """Return the tool of that name, if a published process is one."""
    found = call.app.runtime.reader.start_subscriptions(call.caller.tenant, kind=TOOL, name=name)
    return _tool(call, found[0].process, found[0].version) if found else None


async def run_tool(call: Call, tool: ProcessTool, arguments: Mapping[str, Any]) -> Answer:
    """Start an instance of the process with these values, and answer its result or what it waits for."""
    inputs = tool.shown["inputSchema"]["properties"]
    beside = {name: arguments[name] for name in BESIDE if name in arguments and not _is_input(inputs, name)}
    variables = {name: value for name, value in arguments.items() if name not in beside}
    asked = {"process": tool.process, "variables": variables, "wait_seconds": WAIT_SECONDS, **beside}
    answer = await invoke(call.app.registry, call, START, asked)
    return _as_of_tool(answer) if answer.refused else answer


def refuse_taken(registry: Registry, reader: Reader, tenant: str, process: Process) -> None:
    """Refuse a process whose tool has the name of an operation or of another process's tool."""
    for problem in taken_name(registry, reader, tenant, process):
        raise FlowMasterError(problem.code, problem.message, path="process", fix=problem.fix, status=409)


def taken_name(registry: Registry, reader: Reader, tenant: str, process: Process) -> tuple[Problem, ...]:
    """Return what is wrong with the name of a process's tool: something else has it, an operation or a process."""
    if process.tool is None:
        return ()
    name = process.tool.name
    others = [one.process for one in reader.start_subscriptions(tenant, kind=TOOL, name=name)]
    if registry.find(name) is not None:
        taken = "an operation"
    elif others and others[0] != process.id:
        taken = f"the process {others[0]!r}"
    else:
        return ()
    fix = "Give the tool another name: `process_edit` with `{set_process: {tool: {name: ..., about: ...}}}`."
    return (
        Problem("tool.name_taken", process.id, ERROR, f"The tool name {name!r} is taken by {taken}.", fix),
    )


def _tool(call: Call, key: str, version: int) -> ProcessTool:
    runtime = call.app.runtime
    process = runtime.models.process(runtime.reader, call.caller.tenant, key, version)
    assert process.tool is not None, "a process is registered as a tool when it declares one"
    schema = signature(process)
    properties = {item.name: _described(item.name, item.schema) for item in process.data if item.input}
    properties.setdefault("business_key", dict(_KEY))
    about = process.tool.about or process.name
    shown = {
        "name": process.tool.name,
        "title": process.name,
        "description": f"Starts the process {process.id!r} and answers its result, or what it waits for. What it is "
        f"for, in the words of its author: {write_json(about).decode()}",
        "inputSchema": {**schema, "properties": properties},
        "outputSchema": call.app.registry.get(START).output_schema,
        "annotations": {
            "readOnlyHint": False,
            "destructiveHint": False,
            "idempotentHint": False,
            "openWorldHint": True,
        },
    }
    return ProcessTool(process.tool.name, process.id, json.loads(write_json(shown)))


def _described(name: str, schema: Mapping[str, Json]) -> dict[str, Json]:
    """Return the schema of an input with words for it."""
    return (
        dict(schema) if schema.get("description") else {**schema, "description": f"{name.replace('_', ' ')}."}
    )


def _is_input(inputs: Mapping[str, Any], name: str) -> bool:
    return name in inputs and inputs[name] != _KEY


def _as_of_tool(refusal: Answer) -> Answer:
    """Return a refusal with the place of what is wrong as the tool's own argument."""
    body = refusal.data()
    if isinstance(body, Mapping) and isinstance(path := body.get("path"), str):
        body = {**body, "path": path.removeprefix("variables").removeprefix(".")}
    return Answer(write_json(body), refusal.status)
