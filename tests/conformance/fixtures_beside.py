"""Fixtures beside the tools: resources, prompts, completion of their arguments, and the level of the client's log.

Resources are read through operations, as all are. Prompts that show more
than text, or ask, are answered before the product's own are looked at.
"""

from collections.abc import Callable, Mapping
from typing import Any

import mcp.types as types
from mcp import MCPError
from mcp.server import Server
from mcp.server.context import CallNext, HandlerResult
from mcp.types import MISSING_REQUIRED_CLIENT_CAPABILITY
from pydantic import Field

from flowmaster.server.mcp_calls import AskingCalls
from flowmaster.server.mcp_client import Context
from flowmaster.server.mcp_rounds import Seal
from flowmaster.tools.app import App
from flowmaster.tools.asking import form
from flowmaster.tools.data_urls import PNG
from flowmaster.tools.models import Arguments, Result
from flowmaster.tools.registry import AnyOperation, Call, operation
from tests.conformance.fixture import PIXEL, Nothing
from tests.conformance.fixtures_asking import asked, content_of, fields_of
from tests.conformance.fixtures_telling import test_missing_capability as _needy


class Read(Result):
    """What a resource holds."""

    content: str = Field(description="Its content.")


class Numbered(Arguments):
    """Which one."""

    id: str = Field(description="Its id.")


@operation(right="fixture.read", read_only=True)
async def fixture_text(call: Call, arguments: Nothing) -> Read:
    """Give a text."""
    return Read(content="This is the content of the static text resource.")


@operation(right="fixture.read", read_only=True)
async def fixture_picture(call: Call, arguments: Nothing) -> Read:
    """Give a picture."""
    return Read(content=f"{PNG}{PIXEL}")


@operation(right="fixture.read", read_only=True)
async def fixture_template(call: Call, arguments: Numbered) -> Read:
    """Give what an id stands for."""
    return Read(content=f'{{"id":"{arguments.id}","templateTest":true,"data":"Data for ID: {arguments.id}"}}')


OPERATIONS: tuple[AnyOperation, ...] = (fixture_text, fixture_picture, fixture_template)


NEEDY = _needy.name
"""The tool that works only for clients whose model can be asked."""


def extend(server: Server[Any], app: App) -> None:
    """Let a server answer what the fixtures beside the tools are asked."""
    asking = AskingCalls(app, Seal(app.settings.data, app.runtime, shared=bool(app.settings.store)))
    listed, got = _handler(server, "prompts/list"), _handler(server, "prompts/get")
    completed = _handler(server, "completion/complete")

    async def list_prompts(ctx: Context, params: types.PaginatedRequestParams) -> types.ListPromptsResult:
        own: types.ListPromptsResult = await listed(ctx, params)
        return own.model_copy(update={"prompts": [*own.prompts, *PROMPTS]})

    async def get(ctx: Context, params: types.GetPromptRequestParams) -> Any:
        given = params.arguments or {}
        if params.name == _ASKING.name:
            return await asking.asking(ctx, f"prompt {params.name}", given, _asked)
        make = _MADE.get(params.name)
        return await got(ctx, params) if make is None else _result(*make(given))

    async def complete(ctx: Context, params: types.CompleteRequestParams) -> Any:
        if getattr(params.ref, "name", "") not in _MADE:
            return await completed(ctx, params)
        words = ("paris", "park", "party")
        values = [word for word in words if word.startswith(params.argument.value)]
        return types.CompleteResult(completion=types.Completion(values=values, total=len(values)))

    async def set_level(ctx: Context, params: types.SetLevelRequestParams) -> types.EmptyResult:
        return types.EmptyResult()

    async def require_sampling(ctx: Context, call_next: CallNext) -> HandlerResult:
        told = ctx.session.client_capabilities
        named = (ctx.params or {}).get("name") == NEEDY
        if ctx.method == "tools/call" and named and (told is None or told.sampling is None):
            data: dict[str, Any] = {"requiredCapabilities": {"sampling": {}}}
            raise MCPError(MISSING_REQUIRED_CLIENT_CAPABILITY, "Missing required client capability", data)
        return await call_next(ctx)

    server.middleware.insert(1, require_sampling)
    server.add_request_handler("prompts/list", types.PaginatedRequestParams, list_prompts)
    server.add_request_handler("prompts/get", types.GetPromptRequestParams, get)
    server.add_request_handler("completion/complete", types.CompleteRequestParams, complete)
    server.add_request_handler("logging/setLevel", types.SetLevelRequestParams, set_level)


def _handler(server: Server[Any], method: str) -> Callable[[Context, Any], Any]:
    entry = server.get_request_handler(method)
    assert entry is not None, f"the server does not answer {method}"
    return entry.handler


def _prompt(name: str, *arguments: str) -> types.Prompt:
    return types.Prompt(
        name=name,
        description=f"A fixture: {name}.",
        arguments=[
            types.PromptArgument(name=each, description="Any text.", required=True) for each in arguments
        ],
    )


_ASKING = _prompt("test_input_required_result_prompt")
PROMPTS = [
    _prompt("test_simple_prompt"),
    _prompt("test_prompt_with_arguments", "arg1", "arg2"),
    _prompt("test_prompt_with_embedded_resource", "resourceUri"),
    _prompt("test_prompt_with_image"),
    _ASKING,
]


async def _asked(call: Call) -> types.GetPromptResult:
    schema = fields_of({"context": {"type": "string"}}, "context")
    (reply,) = await asked(call, form("user_context", "What context should the prompt use?", schema))
    return _result(types.TextContent(text=f"Context: {content_of(reply).get('context')}"))


def _simple(given: Mapping[str, str]) -> list[types.ContentBlock]:
    return [types.TextContent(text="This is a simple prompt for testing.")]


def _with_arguments(given: Mapping[str, str]) -> list[types.ContentBlock]:
    text = f"Prompt with arguments: arg1='{given.get('arg1')}', arg2='{given.get('arg2')}'"
    return [types.TextContent(text=text)]


def _with_resource(given: Mapping[str, str]) -> list[types.ContentBlock]:
    held = types.TextResourceContents(
        uri=given.get("resourceUri", ""),
        mime_type="text/plain",
        text="Embedded resource content for testing.",
    )
    return [
        types.EmbeddedResource(resource=held),
        types.TextContent(text="Please process the resource above."),
    ]


def _with_image(given: Mapping[str, str]) -> list[types.ContentBlock]:
    image = types.ImageContent(data=PIXEL, mime_type="image/png")
    return [image, types.TextContent(text="Please analyze the image above.")]


_MADE: dict[str, Callable[[Mapping[str, str]], list[types.ContentBlock]]] = {
    "test_simple_prompt": _simple,
    "test_prompt_with_arguments": _with_arguments,
    "test_prompt_with_embedded_resource": _with_resource,
    "test_prompt_with_image": _with_image,
}


def _result(*contents: types.ContentBlock) -> types.GetPromptResult:
    return types.GetPromptResult(
        messages=[types.PromptMessage(role="user", content=each) for each in contents]
    )
