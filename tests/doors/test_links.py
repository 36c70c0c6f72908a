"""Long answers come with a link to the resource that they show."""

from typing import Any

import mcp.types as types
import pytest
from mcp import Client

from tests.doors.agents_door import Era, Stage, in_era

pytestmark = pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning")

LONG: dict[str, Any] = {
    "process": "long",
    "roles": ["clerk"],
    "steps": [*({f"step {number}": {"ask": "clerk", "form": {}}} for number in range(30)), {"end": "done"}],
}


async def links_of(client: Client, tool: str, **arguments: Any) -> list[types.ResourceLink]:
    """Return the links of an answer, behind its text."""
    first, *more = (await client.call_tool(tool, arguments)).content
    assert isinstance(first, types.TextContent)
    return [each for each in more if isinstance(each, types.ResourceLink)]


@pytest.mark.parametrize("era", ["auto", "legacy"])
def test_what_is_long_is_a_resource_too(era: Era) -> None:
    async def use(client: Client, stage: Stage) -> None:
        await stage.does("process_create", outline=LONG)
        for view, address in (("bpmn", "process://long/bpmn"), ("svg", "process://long/diagram.svg")):
            [link] = await links_of(client, "process_read", process="long", view=view)
            assert link.uri == address
            (whole,) = (await client.read_resource(link.uri)).contents
            assert isinstance(whole, types.TextResourceContents)
            assert whole.mime_type == link.mime_type
            assert whole.text.rstrip().endswith("</svg>" if view == "svg" else "definitions>")

    in_era(era, use)


def test_a_link_leads_to_just_what_was_asked_for() -> None:
    async def use(client: Client, stage: Stage) -> None:
        await stage.does("process_create", outline=LONG)
        await stage.does("process_publish", process="long")
        await stage.does("instance_start", process="long")
        [link] = await links_of(client, "process_read", process="long", view="svg", version=1)
        assert link.uri == "process://long/1/diagram.svg"
        [link] = await links_of(client, "instance_read", instance="long:1", detail=["diagram"])
        assert link.uri == "instance://long:1/diagram.svg"
        assert await links_of(client, "process_read", process="long", view="svg", draft=1) == []
        assert await links_of(client, "process_read", process="leave") == []

    in_era("auto", use)
