"""An agent at the highest door below the wire: it calls operations by name on an app that a test opens for it."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

from flowmaster.engine.values import Json
from flowmaster.server.options import MEMORY
from flowmaster.server.settings import Settings
from flowmaster.server.wiring import open_app
from flowmaster.tools.answer import Answer
from flowmaster.tools.app import App
from flowmaster.tools.invoke import invoke
from flowmaster.tools.registry import Call, Caller

Body = dict[str, Any]


class Agent:
    """Calls operations as one caller of one app."""

    def __init__(self, app: App, caller: Caller) -> None:
        self.app = app
        self.caller = caller

    def of(self, tenant: str) -> "Agent":
        """Return an agent of another tenant."""
        return Agent(self.app, replace(self.caller, tenant=tenant))

    async def answer(self, operation: str, arguments: object) -> Answer:
        """Return the answer of a call, whatever it is."""
        call = Call(app=self.app, caller=self.caller)
        return await invoke(self.app.registry, call, operation, arguments)

    async def ask(self, operation: str, **arguments: Any) -> Body:
        """Return the body of a call that must succeed."""
        answer = await self.answer(operation, spelt(arguments))
        assert not answer.refused, (operation, answer.text)
        return body_of(answer)

    async def refusal(self, operation: str, **arguments: Any) -> Body:
        """Return the body of a call that must be refused, in the form that every refusal has."""
        answer = await self.answer(operation, spelt(arguments))
        assert answer.refused, (operation, answer.text)
        body = body_of(answer)
        assert set(body) <= {"code", "message", "path", "expected", "fix", "retry_after", "next"}
        assert body["code"] != "server.fault", body
        assert body["message"]
        assert body.get("fix") or body.get("expected") is not None or body.get("next"), body
        return body

    async def published(self, outline: Json, *, bpmn: str = "") -> str:
        """Create a process from an outline or BPMN, publish it, and return its id."""
        given = {"bpmn": bpmn} if bpmn else {"outline": outline}
        created = await self.ask("process_create", **given)
        await self.ask("process_publish", process=created["process"])
        return str(created["process"])

    async def started(self, process: str, **variables: Any) -> Body:
        """Start an instance and return it."""
        return await self.ask("instance_start", process=process, variables=variables)

    async def task(self, instance: str, element: str = "") -> str:
        """Return the id of an open task of an instance."""
        items = (await self.ask("task_find", instance=instance))["items"]
        return next(str(item["task"]) for item in items if element in str(item["task"]))

    async def advance(self, by: str) -> Body:
        """Let time pass."""
        return await self.ask("clock_advance", by=by)


Play = Callable[[Agent], Coroutine[Any, Any, None]]


def played(play: Play, folder: Path | None = None, *, where: Settings | None = None) -> None:
    """Open an app with a virtual clock, in memory, in a folder or elsewhere, and play a test with its agent."""

    async def whole() -> None:
        async with open_app(where or settings(folder)) as app:
            await play(Agent(app, Caller(door="test")))

    asyncio.run(whole())


def settings(folder: Path | None = None) -> Settings:
    """Return the settings of an app whose time is the test's."""
    return Settings(data=MEMORY if folder is None else str(folder), clock="virtual", tools=("all",))


def spelt(arguments: Body) -> Body:
    """Return the arguments under the names that callers use; Python keeps `from` to itself."""
    return {name.removesuffix("_"): value for name, value in arguments.items()}


def body_of(answer: Answer) -> Body:
    """Return the body of an answer, which is an object."""
    body = answer.data()
    assert isinstance(body, dict)
    return body


def whole_state(app: App) -> Body:
    """Return a copy of all that the store in memory holds: two of them are equal if nothing changed."""
    tables = {
        name: table
        for name, table in vars(vars(app.runtime.store)["_data"]).items()
        if isinstance(table, dict)
    }
    return {
        name: {key: dict(row) if isinstance(row, dict) else row for key, row in table.items()}
        for name, table in tables.items()
    }


def waits(body: Body, kind: str = "") -> list[Body]:
    """Return what an instance waits for, of one kind or all."""
    return [wait for wait in body["waiting"] if kind in ("", wait["kind"])]


def outcome(body: Body) -> Body:
    """Return what a call or its dry run comes to: without the mark of a dry run, and what may be called next."""
    return {name: value for name, value in body.items() if name not in ("dry_run", "next")}


def history_of(body: Body, event: str) -> list[str]:
    """Return the elements of one kind of event in a history, in order."""
    return [str(entry.get("element", "")) for entry in body["history"] if entry["event"] == event]


def put_back(app: App, state: Body) -> None:
    """Let the store in memory hold what `whole_state` copied, and nothing else."""
    data = vars(vars(app.runtime.store)["_data"])
    for name, table in state.items():
        data[name].clear()
        data[name].update({key: dict(row) if isinstance(row, dict) else row for key, row in table.items()})
