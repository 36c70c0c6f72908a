"""How a call of a tool is answered: with its answer, with a question, or with a task to come back for."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from flowmaster.server.callers import caller_of
from flowmaster.server.mcp_client import Context, McpClient
from flowmaster.server.mcp_rounds import Asked, Seal
from flowmaster.server.mcp_task_wire import lasting_of
from flowmaster.server.mcp_tasks import McpTasks
from flowmaster.tools.answer import Answer
from flowmaster.tools.app import App
from flowmaster.tools.asking import InputNeeded
from flowmaster.tools.registry import Call

Done = Callable[[Call], Awaitable[Answer]]
"""Does what a call asks for."""


class AskingCalls:
    """Does calls whose caller may be asked, told and kept waiting."""

    def __init__(self, app: App, seal: Seal) -> None:
        self._app = app
        self._seal = seal

    async def asking(
        self,
        ctx: Context,
        target: str,
        arguments: Mapping[str, Any],
        answered: Callable[[Call], Awaitable[Any]],
    ) -> Any:
        """Return what a call comes to, or the answer that asks what it needs to know."""
        call, client = self.call_of(ctx, target, arguments)
        try:
            return await answered(call)
        except InputNeeded as needed:
            return client.ask_by_answer(needed)

    def call_of(self, ctx: Context, target: str, arguments: Mapping[str, Any]) -> tuple[Call, McpClient]:
        """Return a request as a call of whoever sent it, and the client that it asks."""
        caller = caller_of(ctx)
        client = McpClient(ctx, self._seal, Asked(caller, target, arguments))
        return Call(app=self._app, caller=caller, client=client), client


class ToolCalls:
    """Does calls of tools."""

    def __init__(self, app: App, seal: Seal, tasks: McpTasks) -> None:
        self._app = app
        self._asking = AskingCalls(app, seal)
        self._tasks = tasks

    async def answer(
        self, ctx: Context, name: str, arguments: Mapping[str, Any], done: Done
    ) -> Answer | dict[str, Any]:
        """Return the answer of a call, or the result that asks or names a task."""
        call, client = self._asking.call_of(ctx, name, arguments)
        lasting = lasting_of(self._app, name, arguments)
        try:
            return await self._tasks.run(ctx, client, name, lasting, lambda: done(call))
        except InputNeeded as needed:
            return client.ask_by_answer(needed)
