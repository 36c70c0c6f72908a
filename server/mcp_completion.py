"""Completion at the MCP door: values of resource templates and arguments of prompts while they are typed."""

from typing import Any

import mcp.types as types
from mcp import MCPError
from mcp.server import Server

from flowmaster.engine.errors import did_you_mean
from flowmaster.prompts.catalog import PROMPTS
from flowmaster.server.mcp_resources import Context, call_of
from flowmaster.tools.app import App
from flowmaster.tools.completions import completed
from flowmaster.tools.resource_table import RESOURCES


def add_completion(server: Server[Any], app: App) -> None:
    """Let a server complete what is typed."""

    async def complete(ctx: Context, params: types.CompleteRequestParams) -> types.CompleteResult:
        names, scheme = _asked(params.ref)
        name = params.argument.name
        if name not in names:
            raise MCPError(
                types.INVALID_PARAMS, f"There is nothing to complete at {name!r}.{did_you_mean(name, names)}"
            )
        given = (params.context.arguments if params.context else None) or {}
        found = await completed(call_of(app, ctx), name, params.argument.value, given, scheme=scheme)
        return types.CompleteResult(
            completion=types.Completion(
                values=found.values, total=found.total, has_more=found.total > len(found.values)
            )
        )

    server.add_request_handler("completion/complete", types.CompleteRequestParams, complete)


def _asked(ref: types.ResourceTemplateReference | types.PromptReference) -> tuple[tuple[str, ...], str]:
    """Return the names that a template or prompt has, and the scheme of the template."""
    if isinstance(ref, types.PromptReference):
        for prompt in PROMPTS:
            if prompt.name == ref.name:
                return tuple(argument.name for argument in prompt.arguments), ""
        known = [prompt.name for prompt in PROMPTS]
        raise MCPError(
            types.INVALID_PARAMS, f"There is no prompt {ref.name[:80]!r}.{did_you_mean(ref.name[:80], known)}"
        )
    for resource in RESOURCES:
        if resource.form == ref.uri:
            return resource.variables, ref.uri.partition("://")[0]
    raise MCPError(
        types.INVALID_PARAMS, f"There is no resource template {ref.uri[:200]!r}.", {"uri": ref.uri[:200]}
    )
