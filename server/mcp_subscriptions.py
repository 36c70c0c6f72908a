"""Subscriptions at the MCP door: whoever asked for it hears when a resource changed.

Clients of 2025-11-25 subscribe to one address after the other and hear on their connection; clients of 2026-07-28
open a stream with all that they want to hear. Both listen to the same feed, within the same bounds.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple

import mcp.types as types
from mcp import MCPError
from mcp.server import Server
from mcp.server.connection import Connection
from mcp.server.subscriptions import SUBSCRIPTION_ID_META_KEY

from flowmaster.runtime.feed import Feed
from flowmaster.server.callers import caller_of
from flowmaster.server.mcp_news import LISTS, Mailbox, Watch
from flowmaster.server.mcp_resources import Context, call_of, protocol_error
from flowmaster.tools.answer import Answer
from flowmaster.tools.app import App
from flowmaster.tools.process_tools import process_tools
from flowmaster.tools.registry import Caller
from flowmaster.tools.resources import found_at

WATCHED_MAX: Final = 500
"""Addresses that one caller may watch at a time, over all connections."""

STREAMS_MAX: Final = 32
"""Streams that one caller may hold open at a time."""

_STATE: Final = "flowmaster.subscriptions"
"""Where a connection keeps its subscriptions."""


class Honoured(NamedTuple):
    """What of a wish is granted, by the names of the filter, and how to stop telling it."""

    filter: Mapping[str, Any]
    stop: Callable[[], None]


Source = Callable[[Context, types.SubscriptionFilter, Mailbox], Awaitable[Honoured]]
"""Somebody who has news for streams: grants what it can of a wish, and puts its news into the mailbox."""


class Subscriptions:
    """Serves the subscriptions of both eras."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._watched: Counter[tuple[str, str]] = Counter()
        self._streams: Counter[tuple[str, str]] = Counter()
        self._streams_of: Counter[str] = Counter()
        self.sources: list[Source] = [self._resources]
        """Who has news for the streams of 2026-07-28."""

    async def subscribe(self, ctx: Context, params: types.SubscribeRequestParams) -> types.EmptyResult:
        """Watch an address for a connection of 2025-11-25."""
        connection = _connection_of(ctx)
        if not connection.has_standalone_channel:
            raise MCPError(
                types.INVALID_REQUEST,
                "There is no connection to tell changes on: greet with `initialize` and keep its session.",
            )
        found = await found_at(call_of(self._app, ctx), params.uri)
        if isinstance(found, Answer):
            raise protocol_error(ctx, found, params.uri)
        watch = self._held(ctx).watch
        if params.uri not in watch.addresses:
            self._take(_owner(caller_of(ctx)), 1)
            watch.addresses[params.uri] = found.scope
        return types.EmptyResult()

    async def greeted(self, ctx: Context, params: types.NotificationParams) -> None:
        """Let a connection of 2025-11-25 hear of tools that come and go; a stream asks for it in `listen`."""
        if _connection_of(ctx).has_standalone_channel:
            self._held(ctx).watch.follow(["tools_list_changed"])

    def _held(self, ctx: Context) -> "_Held":
        """Return what is told on the connection of a request."""
        connection = _connection_of(ctx)
        held: _Held | None = connection.state.get(_STATE)
        if held is not None:
            return held
        owner, feed = _owner(caller_of(ctx)), self._app.runtime.feed
        made = connection.state[_STATE] = _Held(connection, feed, owner[0], self._tools(ctx))
        connection.exit_stack.push_async_callback(made.close)
        connection.exit_stack.callback(lambda: self._release(owner, len(made.watch.addresses)))
        return made

    def _tools(self, ctx: Context) -> Callable[[], object]:
        call = call_of(self._app, ctx)
        return lambda: process_tools(call)

    async def unsubscribe(self, ctx: Context, params: types.UnsubscribeRequestParams) -> types.EmptyResult:
        """Watch an address no more."""
        held = _connection_of(ctx).state.get(_STATE)
        if held is not None and held.watch.addresses.pop(params.uri, None) is not None:
            self._release(_owner(caller_of(ctx)), 1)
        return types.EmptyResult()

    async def listen(
        self, ctx: Context, params: types.SubscriptionsListenRequestParams
    ) -> types.SubscriptionsListenResult:
        """Keep a stream of 2026-07-28 open and tell on it what was asked for."""
        owner, mailbox = _owner(caller_of(ctx)), Mailbox()
        self._check_streams(owner)
        meta: dict[str, Any] = {SUBSCRIPTION_ID_META_KEY: ctx.request_id}
        honoured: list[Honoured] = []
        self._streams[owner] += 1
        self._streams_of[owner[0]] += 1
        try:
            for source in self.sources:
                honoured.append(await source(ctx, params.notifications, mailbox))
            granted = {name: value for one in honoured for name, value in one.filter.items()}
            await ctx.session.send_notification(_acknowledged(granted, meta), ctx.request_id)
            while (news := await mailbox.take()) is not None:
                await ctx.session.send_notification(news(meta), ctx.request_id)
        finally:
            for one in honoured:
                one.stop()
            self._streams[owner] -= 1
            self._streams_of[owner[0]] -= 1
            self._streams, self._streams_of = +self._streams, +self._streams_of
        return types.SubscriptionsListenResult(_meta=meta)

    async def _resources(self, ctx: Context, wanted: types.SubscriptionFilter, mailbox: Mailbox) -> Honoured:
        """Grant the addresses that the caller can read, and the lists."""
        caller, feed = caller_of(ctx), self._app.runtime.feed
        addresses = list(dict.fromkeys(wanted.resource_subscriptions or ()))
        self._take(_owner(caller), len(addresses))
        lists = [name for name in LISTS if getattr(wanted, name)]
        watch = Watch(caller.tenant, mailbox, self._tools(ctx), lists)

        def stop() -> None:
            feed.remove(watch)
            self._release(_owner(caller), len(addresses))

        try:
            feed.add(watch)
            for address in addresses:
                found = await found_at(call_of(self._app, ctx), address)
                if not isinstance(found, Answer):
                    watch.addresses[address] = found.scope
                elif found.status == 429 or found.status >= 500:
                    raise protocol_error(ctx, found, address)
        except BaseException:
            stop()
            raise
        granted: dict[str, Any] = dict.fromkeys(lists, True)
        return Honoured({**granted, "resource_subscriptions": list(watch.addresses) or None}, stop)

    def _check_streams(self, owner: tuple[str, str]) -> None:
        """Refuse a further stream of a caller if it, its tenant or all have enough open."""
        bounds = self._app.runtime.bounds
        for count, most, whose in (
            (self._streams[owner], STREAMS_MAX, "yours"),
            (self._streams_of[owner[0]], bounds.tenant_streams, "your tenant"),
            (self._streams_of.total(), bounds.streams, "all callers"),
        ):
            if count >= most:
                reached = f"{most} streams are open" + ("" if whose == "yours" else f" for {whose}")
                raise _too_many(reached, "Close one, or ask for more on one of them.")

    def _take(self, owner: tuple[str, str], addresses: int) -> None:
        if self._watched[owner] + addresses > WATCHED_MAX:
            raise _too_many(f"{WATCHED_MAX} addresses are watched at most", "Watch fewer.")
        self._watched[owner] += addresses

    def _release(self, owner: tuple[str, str], addresses: int) -> None:
        self._watched[owner] -= addresses
        if not self._watched[owner]:
            del self._watched[owner]


class _Held:
    """The subscriptions of one connection of 2025-11-25, and the task that tells on it."""

    def __init__(self, connection: Connection, feed: Feed, tenant: str, tools: Callable[[], object]) -> None:
        self._connection = connection
        self._feed = feed
        self._mailbox = Mailbox()
        self.watch = Watch(tenant, self._mailbox, tools)
        feed.add(self.watch)
        self._task = asyncio.create_task(self._tell(), name="flowmaster-subscriptions")

    async def close(self) -> None:
        """Tell nothing more."""
        self._feed.remove(self.watch)
        self._mailbox.end()
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _tell(self) -> None:
        while (news := await self._mailbox.take()) is not None:
            told = news({}).model_dump(by_alias=True, mode="json", exclude_none=True)
            await self._connection.notify(told["method"], told["params"])


def add_subscriptions(server: Server[Any], app: App) -> Subscriptions:
    """Let a server take subscriptions; other sources of news may be added to what is returned."""
    subscriptions = Subscriptions(app)
    server.add_request_handler("resources/subscribe", types.SubscribeRequestParams, subscriptions.subscribe)
    server.add_request_handler(
        "resources/unsubscribe", types.UnsubscribeRequestParams, subscriptions.unsubscribe
    )
    server.add_notification_handler(
        "notifications/initialized", types.NotificationParams, subscriptions.greeted
    )
    server.add_request_handler(
        "subscriptions/listen", types.SubscriptionsListenRequestParams, subscriptions.listen
    )
    return subscriptions


def _connection_of(ctx: Context) -> Connection:
    """Return the connection that a request came on; the library shows it to handlers in no public way."""
    return ctx.session._connection


def _owner(caller: Caller) -> tuple[str, str]:
    return caller.tenant, caller.actor


def _acknowledged(
    granted: Mapping[str, Any], meta: dict[str, Any]
) -> types.SubscriptionsAcknowledgedNotification:
    return types.SubscriptionsAcknowledgedNotification(
        params=types.SubscriptionsAcknowledgedNotificationParams(
            notifications=types.SubscriptionFilter(**granted), _meta=meta
        )
    )


def _too_many(reached: str, fix: str) -> MCPError:
    return MCPError(types.INVALID_REQUEST, f"No more subscriptions: {reached}.", {"fix": fix})
