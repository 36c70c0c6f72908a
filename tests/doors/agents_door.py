"""A FlowMaster with something to read in it, and clients of both eras in front of it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Literal, NamedTuple

import anyio
import mcp.types as types
from mcp import Client

from flowmaster.server.mcp_door import mcp_server
from flowmaster.server.settings import Settings
from flowmaster.server.wiring import open_app
from flowmaster.tools.app import App
from flowmaster.tools.invoke import invoke
from flowmaster.tools.registry import Call, Caller

Era = Literal["auto", "legacy"]

LEAVE = """\
process: leave
name: Leave request
roles: [boss]
data: {days: integer, approved: boolean}
start: {needs: [days]}
steps:
- if: days > 5
  then: [{approve: {ask: boss, into: approved}}]
- file: {call: leave.file}
scenarios:
- {name: short, given: {days: 2}, services: {file: {}}, expect: {path: [file]}}
- {name: long, given: {days: 9}, answers: {approve: {approved: true}}, services: {file: {}}, expect: {path: [approve]}}
"""
TABLE = "days;=> level\n<= 5;low\n> 5;high\n"


class Stage(NamedTuple):
    """An open FlowMaster and the ids of what is in it."""

    app: App
    instance: str
    task: str
    document: str

    async def does(self, operation: str, caller: Caller | None = None, **arguments: Any) -> Any:
        """Call an operation and return what it answers."""
        call = Call(app=self.app, caller=caller or Caller(door="test"))
        answer = await invoke(self.app.registry, call, operation, arguments)
        assert not answer.refused, answer.text
        return answer.data()


@asynccontextmanager
async def stage(data: str = ":memory:") -> AsyncIterator[Stage]:
    """Open a FlowMaster with a published process, an instance that waits for a task, a rule and a document."""
    async with open_app(Settings(data=data, clock="virtual")) as app:
        empty = Stage(app, "", "", "")
        await empty.does("process_create", outline=LEAVE)
        await empty.does("process_publish", process="leave")
        await empty.does("rule_save", table=TABLE, decision="level")
        added = await empty.does("document_add", content_base64="SGVsbG8=", filename="Hello.txt")
        began = await empty.does("instance_start", process="leave", variables={"days": 9}, business_key="K-1")
        yield Stage(app, began["instance"], began["waiting"][0]["task"], added["document"])


class Heard:
    """What a client of 2025-11-25 was told: addresses, and `tools` for a new list of them."""

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self._news = anyio.Event()

    async def __call__(self, message: Any) -> None:
        if isinstance(message, types.ResourceUpdatedNotification):
            self.addresses.append(message.params.uri)
            self._news.set()
        if isinstance(message, types.ToolListChangedNotification):
            self.addresses.append("tools")
            self._news.set()

    async def next(self) -> str:
        """Return what is told next."""
        with anyio.fail_after(5):
            while not self.addresses:
                self._news = anyio.Event()
                await self._news.wait()
        return self.addresses.pop(0)


def in_era(era: Era, use: Callable[[Client, Stage], Awaitable[None]]) -> None:
    """Let a client of one era use a FlowMaster with something in it."""

    async def play() -> None:
        with anyio.fail_after(30):
            async with stage() as set_up, Client(mcp_server(set_up.app), mode=era) as client:
                await use(client, set_up)

    anyio.run(play)
