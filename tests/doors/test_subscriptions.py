"""Subscriptions of both eras: whoever asked hears of a change, nobody else does, and within bounds."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import mcp.types as types
import pytest
from mcp import Client, MCPError
from mcp.client.subscriptions import ResourcesListChanged, ResourceUpdated, Subscription, ToolsListChanged

from flowmaster.server import mcp_resources, mcp_subscriptions
from flowmaster.server.http import http_app
from flowmaster.server.mcp_door import mcp_server
from flowmaster.server.mcp_news import Mailbox, Watch
from flowmaster.server.settings import Settings
from flowmaster.server.wiring import open_app
from flowmaster.tools.registry import Caller
from tests.doors.agents_door import LEAVE, Heard, Stage, in_era, stage
from tests.doors.doors import rest_client

pytestmark = pytest.mark.filterwarnings("ignore::mcp.MCPDeprecationWarning")


async def next_of(stream: Subscription) -> Any:
    with anyio.fail_after(5):
        return await anext(aiter(stream))


def with_ear(use: Callable[[Client, Stage, Heard], Awaitable[None]]) -> None:
    """Let a client of 2025-11-25 subscribe."""

    async def play() -> None:
        heard = Heard()
        with anyio.fail_after(30):
            async with (
                stage() as set_up,
                Client(mcp_server(set_up.app), mode="legacy", message_handler=heard) as client,
            ):
                await use(client, set_up, heard)

    anyio.run(play)


async def moved(stage: Stage) -> None:
    """Move the instance by a step."""
    await stage.does("task_act", task=stage.task, action="comment", comment="Hm.")


def test_a_subscriber_of_2025_hears_when_its_instance_moves() -> None:
    async def use(client: Client, stage: Stage, heard: Heard) -> None:
        for address in ("instance://leave:1", "instance://leave:1/diagram.svg", f"task://{stage.task}"):
            await client.subscribe_resource(address)
        await client.subscribe_resource("instance://leave:1")
        await moved(stage)
        told = [await heard.next() for _ in range(3)]
        assert sorted(told) == [
            "instance://leave:1",
            "instance://leave:1/diagram.svg",
            f"task://{stage.task}",
        ]
        for address in told:
            await client.unsubscribe_resource(address)
        await client.subscribe_resource("process://leave")
        await moved(stage)
        await stage.does("process_create", outline=LEAVE)
        assert await heard.next() == "process://leave"
        assert heard.addresses == []

    with_ear(use)


def test_a_listener_of_2026_hears_what_it_asked_for_and_nothing_else() -> None:
    async def use(client: Client, stage: Stage) -> None:
        other = await stage.does("instance_start", process="leave", variables={"days": 9})
        addresses = ["instance://leave:1", "rule://level", f"document://{stage.document}"]
        async with client.listen(resource_subscriptions=addresses) as stream:
            assert stream.honored.resource_subscriptions == addresses
            await stage.does("instance_control", instance=other["instance"], action="pause")
            await moved(stage)
            assert await next_of(stream) == ResourceUpdated("instance://leave:1")
            await stage.does("rule_save", table="days;=> level\n-;low\n", decision="level")
            assert await next_of(stream) == ResourceUpdated("rule://level")

    in_era("auto", use)


async def published_as_tool(stage: Stage) -> None:
    """Let one more process be a tool."""
    outline = {"process": "greet", "tool": "run_greet", "steps": [{"end": "greeted"}]}
    await stage.does("process_create", outline=outline)
    await stage.does("process_publish", process="greet")


def test_a_client_of_2025_hears_of_a_new_tool_and_of_nothing_that_shows_none() -> None:
    async def use(client: Client, stage: Stage, heard: Heard) -> None:
        assert client.server_capabilities.tools == types.ToolsCapability(list_changed=True)
        await stage.does("process_create", outline=LEAVE)
        await stage.does("process_publish", process="leave")
        await published_as_tool(stage)
        assert await heard.next() == "tools"
        assert "run_greet" in {tool.name for tool in (await client.list_tools()).tools}
        await anyio.sleep(0.2)
        assert heard.addresses == []

    with_ear(use)


def test_lists_that_changed_are_told_to_who_asked() -> None:
    async def use(client: Client, stage: Stage) -> None:
        asked: dict[str, Any] = {"tools_list_changed": True, "prompts_list_changed": True}
        async with (
            client.listen(resources_list_changed=True) as resources,
            client.listen(**asked) as tools,
            client.listen() as nothing,
        ):
            assert resources.honored.resources_list_changed
            assert tools.honored.prompts_list_changed
            assert nothing.honored == types.SubscriptionFilter()
            await stage.does("process_create", outline=LEAVE)
            assert await next_of(resources) == ResourcesListChanged()
            await published_as_tool(stage)
            assert await next_of(tools) == ToolsListChanged()

    in_era("auto", use)


def test_what_cannot_be_read_is_not_granted_and_says_not_why() -> None:
    async def use(client: Client, stage: Stage) -> None:
        addresses = ["instance://leave:99", "instance://leave:1", "file:///etc/passwd", "process://%2e%2e"]
        async with client.listen(resource_subscriptions=addresses) as stream:
            assert stream.honored.resource_subscriptions == ["instance://leave:1"]

    in_era("auto", use)


def test_a_subscription_to_what_is_not_there_is_refused_like_reading_it() -> None:
    async def use(client: Client, stage: Stage, heard: Heard) -> None:
        for address in ("instance://leave:99", "nonsense", "process://leave/../x"):
            with pytest.raises(MCPError) as refused:
                await client.subscribe_resource(address)
            assert (refused.value.code, refused.value.data) == (types.INVALID_PARAMS, {"uri": address})
        await client.unsubscribe_resource("instance://leave:99")

    with_ear(use)


def test_another_tenant_is_granted_nothing_and_hears_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def use(client: Client, stage: Stage) -> None:
        for module in (mcp_resources, mcp_subscriptions):
            monkeypatch.setattr(module, "caller_of", lambda ctx: Caller(tenant="other"))
        asked: dict[str, Any] = {"resources_list_changed": True}
        async with client.listen(resource_subscriptions=["instance://leave:1"], **asked) as stream:
            assert stream.honored.resource_subscriptions is None
            await stage.does("process_create", outline=LEAVE)
            await moved(stage)
            stranger = Caller(tenant="other", door="test")
            await stage.does("process_create", stranger, outline=LEAVE)
            assert await next_of(stream) == ResourcesListChanged()
            with anyio.move_on_after(0.2) as silence:
                await anext(aiter(stream))
            assert silence.cancelled_caught

    in_era("auto", use)


def test_a_caller_watches_and_listens_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_subscriptions, "WATCHED_MAX", 3)
    monkeypatch.setattr(mcp_subscriptions, "STREAMS_MAX", 2)
    views = [f"process://leave{path}" for path in ("", "/bpmn", "/diagram.svg", "/problems")]

    async def use(client: Client, stage: Stage) -> None:
        with pytest.raises(MCPError, match="3 addresses"):
            await client.listen(resource_subscriptions=views).__aenter__()
        async with client.listen(resource_subscriptions=views[:3]), client.listen():
            with pytest.raises(MCPError, match="2 streams"):
                await client.listen().__aenter__()
        async with client.listen(resource_subscriptions=views[1:]) as stream:
            assert stream.honored.resource_subscriptions == views[1:], "what was let go counts no more"

    async def subscribe(client: Client, stage: Stage, heard: Heard) -> None:
        for view in views[:3]:
            await client.subscribe_resource(view)
        with pytest.raises(MCPError, match="3 addresses"):
            await client.subscribe_resource(views[3])
        await client.unsubscribe_resource(views[0])
        await client.subscribe_resource(views[3])

    in_era("auto", use)
    with_ear(subscribe)


@pytest.mark.parametrize(("bound", "whose"), [("tenant_streams", "your tenant"), ("streams", "all callers")])
def test_a_tenant_and_all_callers_listen_within_bounds(bound: str, whose: str) -> None:
    async def use(client: Client, stage: Stage) -> None:
        runtime = stage.app.runtime
        runtime.bounds = runtime.bounds._replace(**{bound: 2})
        async with client.listen(), client.listen():
            with pytest.raises(MCPError, match=f"2 streams are open for {whose}"):
                await client.listen().__aenter__()
        async with client.listen():
            pass

    in_era("auto", use)


def test_nobody_is_listened_for_when_the_client_has_gone() -> None:
    async def play() -> None:
        async with stage() as set_up:
            feed, server = set_up.app.runtime.feed, mcp_server(set_up.app)
            async with Client(server, mode="legacy") as old:
                await old.subscribe_resource("instance://leave:1")
                async with Client(server) as new, new.listen(resource_subscriptions=["process://leave"]):
                    assert len(feed._listeners) == 2
            with anyio.fail_after(5):
                while feed._listeners:
                    await anyio.sleep(0.01)

    anyio.run(play)


def test_a_stream_ends_in_order_when_the_server_closes() -> None:
    async def play() -> list[Any]:
        async with (
            stage() as set_up,
            Client(mcp_server(set_up.app)) as client,
            client.listen(resource_subscriptions=["instance://leave:1"]) as stream,
        ):
            set_up.app.runtime.feed.end()
            with anyio.fail_after(5):
                return [event async for event in stream]

    assert anyio.run(play) == []


def test_a_change_by_another_process_on_the_same_folder_is_heard(tmp_path: Path) -> None:
    async def play() -> None:
        async with (
            stage(str(tmp_path)) as set_up,
            open_app(Settings(data=str(tmp_path), clock="virtual")) as here,
            Client(mcp_server(here)) as client,
            client.listen(resource_subscriptions=["instance://leave:1"]) as stream,
        ):
            await moved(set_up)
            assert await next_of(stream) == ResourceUpdated("instance://leave:1")

    anyio.run(play)


def test_news_that_nobody_takes_are_kept_once() -> None:
    async def play() -> list[Any]:
        mailbox = Mailbox()
        watch = Watch("default", mailbox, list, ["resources_list_changed"])
        watch.addresses.update({"instance://a:1": "a:1", "process://a/1": ""})
        for _ in range(1_000):
            watch.changed({"a:1", "b:1", "process:a"})
        watch.ended()
        told = []
        while (news := await mailbox.take()) is not None:
            told.append(news({}).method)
        return told

    assert anyio.run(play) == [
        "notifications/resources/updated",
        "notifications/resources/list_changed",
    ]


def test_without_a_connection_to_tell_on_a_subscription_is_refused() -> None:
    async def play() -> Any:
        asked = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "resources/subscribe",
            "params": {"uri": "instance://leave:1"},
        }
        headers = {"accept": "application/json, text/event-stream", "mcp-protocol-version": "2025-11-25"}
        async with stage() as set_up:
            web = http_app(set_up.app)
            async with web.router.lifespan_context(web), rest_client(web) as client:
                return (await client.post("/mcp", json=asked, headers=headers)).json()

    assert "initialize" in anyio.run(play)["error"]["message"]
