"""Prompts at the MCP door: the list, and one filled with arguments, with what it is about embedded beside it."""

from collections.abc import Mapping
from typing import Any, Final

import mcp.types as types
from mcp import MCPError
from mcp.server import Server

from flowmaster.engine.errors import did_you_mean
from flowmaster.prompts.catalog import PROMPTS, TEXT_LENGTH_MAX, WORD_LENGTH_MAX, Prompt
from flowmaster.prompts.rendering import filled
from flowmaster.server.mcp_resources import Context, call_of, contents_of, protocol_error
from flowmaster.tools.answer import Answer
from flowmaster.tools.app import App
from flowmaster.tools.invoke import is_offered
from flowmaster.tools.resources import Contents, address_of, read_resource

EMBEDDED_LENGTH_MAX: Final = 40_000
"""Characters of what is embedded; of what is longer stands the address."""

VERSION: Final = "dev.flowmaster/version"
"""Under which key of `_meta` the version of a prompt stands."""

PROMPTS_MS: Final = 300_000
"""How long the list may be kept; it depends on what the caller may do."""


def add_prompts(server: Server[Any], app: App) -> None:
    """Let a server list and fill prompts."""

    async def beside_prompt(
        ctx: Context, form: str, arguments: Mapping[str, str]
    ) -> types.EmbeddedResource | types.ResourceLink:
        address = address_of(form, **arguments)
        found = await read_resource(call_of(app, ctx), address)
        if isinstance(found, Answer):
            raise protocol_error(ctx, found, address)
        return _embedded(address, found)

    async def list_prompts(ctx: Context, params: types.PaginatedRequestParams) -> types.ListPromptsResult:
        call = call_of(app, ctx)
        useful = [each for each in PROMPTS if is_offered(app.registry.get(each.needs), call)]
        return types.ListPromptsResult(
            prompts=[_shown(each) for each in useful], ttl_ms=PROMPTS_MS, cache_scope="private"
        )

    async def get(ctx: Context, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        prompt, arguments = _named(params.name), params.arguments or {}
        _check(prompt, arguments)
        beside = [await beside_prompt(ctx, form, arguments) for form in prompt.reads]
        text = types.TextContent(text=filled(prompt, arguments))
        return types.GetPromptResult(
            description=prompt.about,
            messages=[types.PromptMessage(role="user", content=each) for each in (text, *beside)],
            _meta={VERSION: prompt.version},
        )

    server.add_request_handler("prompts/list", types.PaginatedRequestParams, list_prompts)
    server.add_request_handler("prompts/get", types.GetPromptRequestParams, get)


def _embedded(address: str, found: Contents) -> types.EmbeddedResource | types.ResourceLink:
    """Return what is shown beside a prompt, or where it is read if it is long."""
    resource = found.place.resource
    if len(found.text) > EMBEDDED_LENGTH_MAX:
        return types.ResourceLink(
            uri=address,
            name=resource.name,
            title=resource.title,
            description=resource.about,
            mime_type=resource.media_type,
        )
    return types.EmbeddedResource(resource=contents_of(address, found))


def _named(name: str) -> Prompt:
    for prompt in PROMPTS:
        if prompt.name == name:
            return prompt
    near = did_you_mean(name[:WORD_LENGTH_MAX], [each.name for each in PROMPTS])
    raise MCPError(types.INVALID_PARAMS, f"There is no prompt {name[:WORD_LENGTH_MAX]!r}.{near}")


def _check(prompt: Prompt, arguments: Mapping[str, str]) -> None:
    """Refuse arguments that are unknown, missing or too long."""
    names = [each.name for each in prompt.arguments]
    for name in arguments:
        if name not in names:
            near = did_you_mean(name[:WORD_LENGTH_MAX], names)
            raise MCPError(
                types.INVALID_PARAMS, f"`{prompt.name}` takes no {name[:WORD_LENGTH_MAX]!r}.{near}"
            )
    for each in prompt.arguments:
        given = arguments.get(each.name, "")
        if each.required and not given.strip():
            raise MCPError(types.INVALID_PARAMS, f"`{prompt.name}` needs `{each.name}`: {each.about}")
        most = TEXT_LENGTH_MAX if each.is_text else WORD_LENGTH_MAX
        if len(given) > most:
            raise MCPError(types.INVALID_PARAMS, f"`{each.name}` has more than {most} characters.")


def _shown(prompt: Prompt) -> types.Prompt:
    return types.Prompt(
        name=prompt.name,
        title=prompt.title,
        description=prompt.about,
        arguments=[
            types.PromptArgument(name=each.name, description=each.about, required=each.required)
            for each in prompt.arguments
        ],
        _meta={VERSION: prompt.version},
    )
