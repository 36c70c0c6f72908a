"""Servers on one store whose time is the test's, and a process there that begins by the clock."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

from flowmaster.server.settings import Settings
from flowmaster.server.wiring import open_app
from flowmaster.tools.registry import Caller
from tests.acceptance.agent import Agent, Body
from tests.postgres import cluster

OFFICE: Final = {"office": {"zone": "Europe/Berlin", "hours": {"mon-fri": "09:00-17:00"}}}
KINDS: Final = ("sqlite", "postgres")
BEGIN: Final = "2027-03-01T00:00:00Z"


class Town:
    """Servers on one store, whose time is the test's; each may be shut and opened again."""

    def __init__(self, kind: str, folder: Path) -> None:
        self._store = cluster().fresh() if kind == "postgres" else ""
        self._folder = folder

    def settings(self, number: int) -> Settings:
        """Return the settings of a server."""
        folder = self._folder / str(number if self._store else 0)
        return Settings(data=str(folder), store=self._store, clock="virtual", tools=("all",))

    def play(self, play: Callable[..., Coroutine[Any, Any, None]], servers: int = 1) -> None:
        """Open servers, play with an agent at each, and shut them."""

        async def whole() -> None:
            async with AsyncExitStack() as stack:
                apps = [
                    await stack.enter_async_context(open_app(self.settings(number)))
                    for number in range(servers)
                ]
                await play(*(Agent(app, Caller(door="test")) for app in apps))

        asyncio.run(whole())


async def begun(agent: Agent, process: str = "timed") -> int:
    """Return how many instances there are."""
    return int((await agent.ask("instance_find", process=process))["total"])


async def the_timer(agent: Agent, **asked: Any) -> Body:
    """Return the only timer."""
    (timer,) = (await agent.ask("timer_find", process="timed", **asked))["items"]
    assert isinstance(timer, dict)
    return timer


async def control(agent: Agent, action: str, **asked: Any) -> Body:
    """Operate the timer of the process."""
    return await agent.ask("timer_control", process="timed", action=action, **asked)


async def journal(agent: Agent, process: str = "timed") -> list[Body]:
    """Return what the journal of a process has, newest first."""
    items = (await agent.ask("audit_find", scope=f"process:{process}", detail=["data"], limit=100))["items"]
    return [item for item in items if isinstance(item, dict)]


def timed(when: str, *, word: str = "every", missed: str = "", process: str = "timed") -> Body:
    """Return a process that begins by the clock."""
    start = {word: when, **({"missed": missed} if missed else {})}
    return {"process": process, "calendars": OFFICE, "start": start, "steps": [{"end": "done"}]}


async def hourly(agent: Agent, when: str = "R/2027-03-01T01:00:00Z/PT1H", missed: str = "") -> None:
    """Publish a process that begins at every hour."""
    await agent.ask("clock_advance", to=BEGIN)
    await agent.published(timed(when, missed=missed))
