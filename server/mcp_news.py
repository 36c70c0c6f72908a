"""News for a client of the MCP door: what changed, waiting to be told.

News hold nothing but what to read again, and news that are not told yet are kept once, so a slow client costs no
more than what it asked for.
"""

from collections.abc import Callable, Collection, Hashable, Mapping, Set
from functools import partial
from typing import Any, Final

import anyio
import mcp.types as types
from mcp.server.subscriptions import (
    PromptsListChanged,
    ResourcesListChanged,
    ResourceUpdated,
    ServerEvent,
    ToolsListChanged,
)
from mcp.shared.subscriptions import event_to_notification

LISTS: Final[Mapping[str, tuple[str, ServerEvent]]] = {
    "tools_list_changed": ("process:", ToolsListChanged()),
    "resources_list_changed": ("process:", ResourcesListChanged()),
    "prompts_list_changed": ("", PromptsListChanged()),
}
"""The lists that a client can ask about: the scopes whose change is theirs, and what tells it.

Prompts are the same until the server is updated.
"""

News = Callable[[dict[str, Any]], types.ServerNotification]
"""Makes a notification that carries this `_meta`."""


class Mailbox:
    """News on their way to one client: each once, however often it was told."""

    def __init__(self) -> None:
        self._news: dict[Hashable, News] = {}
        self._arrived = anyio.Event()
        self._over = False

    def put(self, key: Hashable, news: News) -> None:
        """Take up news, unless the same are still on their way."""
        self._news.setdefault(key, news)
        self._arrived.set()

    def end(self) -> None:
        """Let nothing more come."""
        self._over = True
        self._arrived.set()

    async def take(self) -> News | None:
        """Return the oldest news, waiting for some; nothing when no more will come."""
        while not self._news:
            if self._over:
                return None
            self._arrived = anyio.Event()
            await self._arrived.wait()
        return self._news.pop(next(iter(self._news)))


class Watch:
    """A listener of the feed that puts changes of resources and of lists into a mailbox.

    `tools` returns the tools that may come and go: a process is often changed without that one of them is.
    """

    def __init__(
        self, tenant: str, mailbox: Mailbox, tools: Callable[[], object], lists: Collection[str] = ()
    ) -> None:
        self.tenant = tenant
        self._mailbox = mailbox
        self._tools = tools
        self._shown: object = None
        self._lists: list[tuple[str, ServerEvent]] = []
        self.follow(lists)
        self.addresses: dict[str, str] = {}
        """Watched addresses, each with the scope whose change is its own."""

    def follow(self, lists: Collection[str]) -> None:
        """Tell of these lists from now on."""
        self._lists = [LISTS[name] for name in lists if LISTS[name][0]]
        if "tools_list_changed" in lists:
            self._shown = self._tools()

    def changed(self, scopes: Set[str]) -> None:
        """Tell of each resource and list that changed."""
        for address, scope in self.addresses.items():
            if scope in scopes:
                self._tell(ResourceUpdated(address))
        for beginning, event in self._lists:
            touched = any(scope.startswith(beginning) for scope in scopes)
            if touched and (not isinstance(event, ToolsListChanged) or self._is_new()):
                self._tell(event)

    def _is_new(self) -> bool:
        before, self._shown = self._shown, self._tools()
        return before != self._shown

    def ended(self) -> None:
        """Tell that the server closes."""
        self._mailbox.end()

    def _tell(self, event: ServerEvent) -> None:
        self._mailbox.put(event, partial(event_to_notification, event))
