"""MCP Apps (SEP-1865): views of a process or instance, of a task and of open work, shown by the client beside an answer.

A view is one HTML page without anything outside of it. Its sources lie in `views/` as modules and are put together
here. It reaches nothing but its host, and by it our tools: the page's own policy allows just the one script and the
one style that are in it, by their digests, and nothing else.
"""

import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Template
from typing import Any, Final, NamedTuple

import mcp.types as types
from mcp import MCPError
from mcp.server import Server, ServerRequestContext

Context = ServerRequestContext[Any, Any]

EXTENSION: Final = "io.modelcontextprotocol/ui"
MIME_TYPE: Final = "text/html;profile=mcp-app"
SCHEME: Final = "ui://"

SETTINGS: Final[dict[str, Any]] = {"mimeTypes": [MIME_TYPE]}
"""What the server tells of the extension among its capabilities."""

META: Final[dict[str, Any]] = {
    "ui": {
        "csp": {"connectDomains": [], "resourceDomains": [], "frameDomains": [], "baseUriDomains": []},
        "prefersBorder": True,
    }
}
"""What a host has to know of a page: that it reaches nothing outside of itself, and looks well in a frame."""

FRESH_MS: Final = 300_000
"""How long a page may be kept; it is the same for everybody until the server is updated."""

_FOLDER = Path(__file__).with_name("views")
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=async function|function|class|const|let)", re.MULTILINE)


class View(NamedTuple):
    """One view: what it is called and for, and the tools whose answers it shows."""

    name: str
    title: str
    text: str
    waits_for: str
    tools: tuple[str, ...]

    @property
    def uri(self) -> str:
        """The address of its page."""
        return f"{SCHEME}flowmaster/{self.name}.html"


VIEWS: Final = (
    View(
        "diagram",
        "Diagram",
        "The picture of a process or instance: where it stands, the path taken, where time went.",
        "the diagram",
        ("process_read", "instance_read"),
    ),
    View(
        "task", "Task", "One task with its form, to be filled in and completed.", "the task", ("task_read",)
    ),
    View(
        "work", "Open work", "The open tasks, to be filtered, sorted and opened.", "the tasks", ("task_find",)
    ),
)


def add_views(server: Server[Any]) -> None:
    """Let a server tell of the views, list their pages before its other resources, and give them."""
    others = server.get_request_handler("resources/list")
    read_other = server.get_request_handler("resources/read")

    async def list_resources(ctx: Context, params: types.PaginatedRequestParams) -> types.ListResourcesResult:
        found = types.ListResourcesResult(resources=[])
        if others is not None:
            answer = await others.handler(ctx, params)
            assert isinstance(answer, types.ListResourcesResult), "a list of resources is answered as one"
            found = answer
        shown = [] if params.cursor is not None else [_resource(view) for view in VIEWS]
        return found.model_copy(update={"resources": [*shown, *found.resources]})

    async def read(ctx: Context, params: types.ReadResourceRequestParams) -> Any:
        view = next((view for view in VIEWS if view.uri == params.uri), None)
        if view is not None:
            return _page(view)
        if read_other is not None:
            return await read_other.handler(ctx, params)
        raise MCPError(
            types.INVALID_PARAMS, f"There is no resource {params.uri[:200]!r}.", {"uri": params.uri}
        )

    server.extensions[EXTENSION] = SETTINGS
    server.add_request_handler("resources/list", types.PaginatedRequestParams, list_resources)
    server.add_request_handler("resources/read", types.ReadResourceRequestParams, read)


def tool_meta(tool: str) -> dict[str, Any] | None:
    """Return the `_meta` of a tool whose answers a view shows; nothing for all others."""
    view = next((view for view in VIEWS if tool in view.tools), None)
    return None if view is None else {"ui": {"resourceUri": view.uri}}


def _resource(view: View) -> types.Resource:
    return types.Resource(
        uri=view.uri,
        name=view.name,
        title=view.title,
        description=view.text,
        mime_type=MIME_TYPE,
        _meta=META,
    )


def _page(view: View) -> types.ReadResourceResult:
    return types.ReadResourceResult(
        contents=[
            types.TextResourceContents(uri=view.uri, mime_type=MIME_TYPE, text=page_of(view), _meta=META)
        ],
        ttl_ms=FRESH_MS,
        cache_scope="public",
    )


@cache
def page_of(view: View) -> str:
    """Return the page of a view, put together from its sources."""
    style = "\n" + (_FOLDER / "style.css").read_text(encoding="utf-8")
    script = "\n" + script_of(view.name, sources())
    policy = {
        "default-src": "'none'",
        "script-src": _digest(script),
        "style-src": _digest(style),
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return Template((_FOLDER / "page.html").read_text(encoding="utf-8")).substitute(
        policy="; ".join(f"{name} {value}" for name, value in policy.items()),
        title=view.title,
        what=view.waits_for,
        style=style,
        script=script,
    )


def sources() -> dict[str, str]:
    """Return the modules of all views by their names."""
    return {file.stem: file.read_text(encoding="utf-8") for file in sorted(_FOLDER.glob("*.js"))}


def script_of(name: str, modules: Mapping[str, str]) -> str:
    """Return a module and all that it imports as one, each behind what it needs itself."""
    order: list[str] = []

    def add(module: str) -> None:
        if module in order:
            return
        for needed in _IMPORT.findall(modules[module]):
            add(needed)
        order.append(module)

    add(name)
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", modules[module])) for module in order)


def _digest(content: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
