"""Views as clients find them: their pages, what they are bound to, and that they reach nothing outside."""

import base64
import hashlib
import re
from typing import Any, Literal

import anyio
import pytest
from mcp import Client, MCPError
from mcp.types import TextContent, TextResourceContents

from flowmaster.server.mcp_apps import EXTENSION, MIME_TYPE, VIEWS, View, page_of, script_of, sources
from flowmaster.server.mcp_door import mcp_server
from flowmaster.server.options import MEMORY
from flowmaster.server.settings import Settings
from flowmaster.server.wiring import open_app

PAGE_LENGTH_MAX = 100_000
"""Bytes of a page; hosts take up to a mebibyte, and read it before they show anything."""

BOUND = {
    "process_read": "ui://flowmaster/diagram.html",
    "instance_read": "ui://flowmaster/diagram.html",
    "task_read": "ui://flowmaster/task.html",
    "task_find": "ui://flowmaster/work.html",
}

Era = Literal["auto", "legacy"]


@pytest.fixture(params=["auto", "legacy"])
def era(request: pytest.FixtureRequest) -> Era:
    chosen: Era = request.param
    return chosen


@pytest.fixture(params=VIEWS, ids=lambda view: view.name)
def view(request: pytest.FixtureRequest) -> View:
    chosen: View = request.param
    return chosen


async def asked(client: Client) -> dict[str, Any]:
    """Return all that a client learns of the views."""
    tools = (await client.list_tools()).tools
    listed = (await client.list_resources()).resources
    pages = [(await client.read_resource(view.uri)).contents for view in VIEWS]
    return {"tools": tools, "listed": listed, "pages": pages}


def learned(era: Era) -> dict[str, Any]:
    async def play() -> dict[str, Any]:
        async with open_app(Settings(data=MEMORY)) as app, Client(mcp_server(app), mode=era) as client:
            return await asked(client)

    return anyio.run(play)


def test_the_tools_name_the_views_of_their_answers(era: Era) -> None:
    told = {tool.name: (tool.meta or {}).get("ui") for tool in learned(era)["tools"]}
    assert {name: ui["resourceUri"] for name, ui in told.items() if ui} == BOUND


def test_a_view_is_listed_and_read_with_a_policy_that_allows_nothing(era: Era) -> None:
    told = learned(era)
    listed = {each.uri: each for each in told["listed"]}
    for view, (page,) in zip(VIEWS, told["pages"], strict=True):
        assert isinstance(page, TextResourceContents)
        assert page.mime_type == listed[view.uri].mime_type == MIME_TYPE
        assert page.text.startswith("<!doctype html>")
        for ui in (page.meta or {})["ui"], (listed[view.uri].meta or {})["ui"]:
            assert not any(ui["csp"].values())
            assert ui["prefersBorder"] is True


def test_the_extension_is_told_where_the_era_knows_extensions() -> None:
    async def play(mode: Era) -> Any:
        async with open_app(Settings(data=MEMORY)) as app, Client(mcp_server(app), mode=mode) as client:
            return client.server_capabilities

    modern, legacy = (anyio.run(play, mode) for mode in ("auto", "legacy"))
    assert modern.extensions[EXTENSION] == {"mimeTypes": [MIME_TYPE]}
    assert not legacy.extensions


def test_a_view_that_is_not_there_is_refused_like_any_resource(era: Era) -> None:
    async def play() -> int:
        async with open_app(Settings(data=MEMORY)) as app, Client(mcp_server(app), mode=era) as client:
            try:
                await client.read_resource("ui://flowmaster/other.html")
            except MCPError as error:
                return error.error.code
        return 0

    assert anyio.run(play) == -32602


def test_an_answer_with_a_view_says_the_same_as_text(era: Era) -> None:
    async def play() -> Any:
        async with open_app(Settings(data=MEMORY)) as app, Client(mcp_server(app), mode=era) as client:
            return await client.call_tool("task_find", {})

    answer = anyio.run(play)
    (content,) = answer.content
    assert isinstance(content, TextContent)
    assert '"items":[]' in content.text
    assert answer.structured_content["items"] == []


def test_a_page_holds_all_it_needs_and_allows_just_that(view: View) -> None:
    page = page_of(view)
    assert len(page.encode()) < PAGE_LENGTH_MAX
    assert page.count("<script") == page.count("</script>") == page.count("<style>") == 1
    assert not re.search(r"(?:https?:)?//[a-z]+\.[a-z]|\burl\(|@import|\bsrc=|\bhref=", outside_words(page))
    policy = dict(
        rule.split(" ", 1) for rule in re.findall(r'Security-Policy" content="([^"]+)"', page)[0].split("; ")
    )
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == "'none'"
    for name, tag in (("script-src", 'script type="module"'), ("style-src", "style")):
        held = re.findall(f"<{tag}>(.*?)</", page, re.DOTALL)[0]
        digest = base64.b64encode(hashlib.sha256(held.encode()).digest()).decode()
        assert policy[name] == f"'sha256-{digest}'"


def outside_words(page: str) -> str:
    """Return a page without the name space of SVG and without comments, which load nothing."""
    return re.sub(r"^\s*(//|/\*).*$", "", page.replace("http://www.w3.org/2000/svg", ""), flags=re.MULTILINE)


def test_no_source_makes_markup_of_text_or_reaches_out() -> None:
    forbidden = r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function|fetch\(|XMLHttp|WebSocket|EventSource|import\(|localStorage|\balert\(|\bconfirm\("
    for name, text in sources().items():
        assert not re.search(forbidden, text), name


def test_modules_are_put_together_once_each_behind_what_they_need() -> None:
    modules = {
        "a": 'import { b } from "./b.js";\nimport { c } from "./c.js";\nb(c);\n',
        "b": 'import { c } from "./c.js";\nexport function b() {\n  c();\n}\n',
        "c": "export const c = 1;\n",
    }
    assert script_of("a", modules) == "const c = 1;\n\nfunction b() {\n  c();\n}\n\nb(c);\n"


def test_what_modules_import_is_there_and_no_name_stands_twice(view: View) -> None:
    modules = sources()
    for text in modules.values():
        for names, module in re.findall(r'^import \{ ([^}]+) \} from "\./(\w+)\.js";$', text, re.MULTILINE):
            for name in names.split(", "):
                assert re.search(rf"^export (async )?(function|class|const) {name}\b", modules[module], re.M)
    script = script_of(view.name, modules)
    assert not re.search(r"^(import|export)\b", script, re.MULTILINE)
    declared = re.findall(r"^(?:async )?(?:function|class|const|let) (\w+)", script, re.MULTILINE)
    assert len(declared) == len(set(declared))
