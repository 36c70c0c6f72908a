"""Writes the page on what an MCP client finds beside the tools: resources, subscriptions, completion, prompts."""

from flowmaster.prompts.catalog import PROMPTS
from flowmaster.server.mcp_subscriptions import STREAMS_MAX, WATCHED_MAX
from flowmaster.tools.completions import VALUES_MAX
from flowmaster.tools.resource_list import INSTANCES_SHOWN
from flowmaster.tools.resource_table import RESOURCES, Resource

TEXT = """\
# Resources and prompts
{generated}

What an MCP client finds beside the tools, in both eras of the protocol, over standard streams and HTTP.

## Resources
A resource is read through the read-only operation that stands beside it, so rights, tenants, limits and the log of calls are those of the operation. What is not there, what another tenant has and what is no sound address give the same error, -32602 with `data.uri`. An address holds ids as they are; characters beyond ASCII, `:` and blanks may be percent-encoded, nothing else may.

| address | what is there | kind | read by |
|---|---|---|---|
{resources}

`resources/list` shows the guides, the published processes page by page, and the {instances} newest open instances. What never changes (versions, guides) may be kept by the client for a while, as `ttlMs` says; all else is stale at once.

## Completion
`completion/complete` offers ids for the values of the addresses and for arguments of prompts: those that begin with what is typed first, then those that hold it, then those found by name; {values} at most, with how many there are in all. Versions and tasks are offered for the process, rule or instance that the context names.

## Subscriptions
A client of 2025-11-25 subscribes to addresses with `resources/subscribe`; one of 2026-07-28 opens a stream with `subscriptions/listen`, also for `toolsListChanged`, `promptsListChanged` and `resourcesListChanged`. Both are told when the instance, process, rule or document changed, whichever server process on the data folder changed it, and read again what they need. What is not granted is missing in the acknowledgement of the stream. A caller watches {watched} addresses and holds {streams} streams open at most.

## Prompts
A prompt leads through the operations by their names. What it is filled with is marked as data in it; what it is about is embedded beside it. Its version stands in `_meta` under `dev.flowmaster/version`.

| prompt | what for | arguments | read beside it |
|---|---|---|---|
{prompts}
"""


def resources_page(generated: str) -> str:
    """Return the page."""
    return TEXT.format(
        generated=generated,
        resources="\n".join(map(_resource, RESOURCES)),
        instances=INSTANCES_SHOWN,
        values=VALUES_MAX,
        watched=WATCHED_MAX,
        streams=STREAMS_MAX,
        prompts="\n".join(
            f"| `{prompt.name}` | {prompt.about} |"
            f" {', '.join(f'`{each.name}`' + ('' if each.required else '?') for each in prompt.arguments)} |"
            f" {', '.join(f'`{form}`' for form in prompt.reads)} |"
            for prompt in PROMPTS
        ),
    )


def _resource(resource: Resource) -> str:
    operation = f"[`{resource.operation}`](operations.md#{resource.operation})"
    return f"| `{resource.form}` | {resource.about} | `{resource.media_type}` | {operation} |"
