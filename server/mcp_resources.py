"""Resources at the MCP door: the list, the templates, and reading one."""

from collections.abc import Mapping
from typing import Any, Final

import mcp.types as types
from mcp import MCPError
from mcp.server import Server, ServerRequestContext

from flowmaster.server.callers import caller_of, tell_denied
from flowmaster.tools.answer import Answer
from flowmaster.tools.app import App
from flowmaster.tools.registry import Call
from flowmaster.tools.resource_list import Listed, listed
from flowmaster.tools.resource_table import RESOURCES, Resource
from flowmaster.tools.resources import Contents, read_resource

Context = ServerRequestContext[Any, Any]

TEMPLATES_MS: Final = 300_000
"""How long the templates may be kept; they are the same for everybody until the server is updated."""


def add_resources(server: Server[Any], app: App) -> None:
    """Let a server list, describe and read resources."""

    async def list_resources(ctx: Context, params: types.PaginatedRequestParams) -> types.ListResourcesResult:
        page = await listed(call_of(app, ctx), params.cursor)
        if isinstance(page, Answer):
            raise protocol_error(ctx, page)
        return types.ListResourcesResult(
            resources=[_shown(each) for each in page.entries], next_cursor=page.cursor
        )

    async def list_templates(
        ctx: Context, params: types.PaginatedRequestParams
    ) -> types.ListResourceTemplatesResult:
        return templates

    async def read(ctx: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        found = await read_resource(call_of(app, ctx), params.uri)
        if isinstance(found, Answer):
            raise protocol_error(ctx, found, params.uri)
        resource = found.place.resource
        return types.ReadResourceResult(
            contents=[contents_of(params.uri, found)],
            ttl_ms=resource.fresh_ms,
            cache_scope="public" if resource.public else "private",
        )

    templates = types.ListResourceTemplatesResult(
        resource_templates=[_template(each) for each in RESOURCES if each.variables],
        ttl_ms=TEMPLATES_MS,
        cache_scope="public",
    )
    server.add_request_handler("resources/list", types.PaginatedRequestParams, list_resources)
    server.add_request_handler("resources/templates/list", types.PaginatedRequestParams, list_templates)
    server.add_request_handler("resources/read", types.ReadResourceRequestParams, read)


def call_of(app: App, ctx: Context) -> Call:
    """Return a request as a call of whoever sent it."""
    return Call(app=app, caller=caller_of(ctx))


def contents_of(address: str, found: Contents) -> types.TextResourceContents | types.BlobResourceContents:
    """Return what was read as the protocol carries it."""
    media_type = found.place.resource.media_type
    if found.base64:
        return types.BlobResourceContents(uri=address, mime_type=media_type, blob=found.base64)
    return types.TextResourceContents(uri=address, mime_type=media_type, text=found.text)


def protocol_error(ctx: Context, refusal: Answer, address: str | None = None) -> MCPError:
    """Return a refusal as an error of the protocol; what is not there looks the same, whoever else may have it."""
    if ctx.request is not None:
        tell_denied(ctx.request.scope, refusal)
    body = refusal.data()
    assert isinstance(body, Mapping), "a refusal is an object"
    message = str(body["message"])
    about = {} if address is None else {"uri": address}
    if refusal.status == 404:
        return MCPError(types.INVALID_PARAMS, message, about or None)
    told = {name: body[name] for name in ("code", "path", "expected", "fix") if name in body}
    if refusal.status in (403, 429):
        return MCPError(types.INVALID_REQUEST, message, {**about, **told})
    code = types.INTERNAL_ERROR if refusal.status >= 500 else types.INVALID_PARAMS
    return MCPError(code, message, {**about, **told})


def _shown(entry: Listed) -> types.Resource:
    return types.Resource(
        uri=entry.address,
        name=entry.name,
        title=entry.title,
        description=entry.about,
        mime_type=entry.media_type,
    )


def _template(resource: Resource) -> types.ResourceTemplate:
    return types.ResourceTemplate(
        uri_template=resource.form,
        name=resource.name,
        title=resource.title,
        description=resource.about,
        mime_type=resource.media_type,
    )
