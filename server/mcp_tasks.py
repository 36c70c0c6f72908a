"""The tasks extension of MCP: a call that lasts is answered with a handle, under which its answer is come back for.

Only a client that declares the extension in a request is answered so. What the protocol calls a task is a long call
here, since tasks are what people do; its record lies in the store, bound to its caller.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, Final

import mcp.types as types
from mcp import MCPError
from mcp.server import Server

from flowmaster.server.call_records import TOPIC, answer_of, ended, touched
from flowmaster.server.callers import caller_of
from flowmaster.server.long_calls import LongCalls
from flowmaster.server.mcp_client import Context, McpClient, replies_in, request_of
from flowmaster.server.mcp_news import Mailbox
from flowmaster.server.mcp_rounds import Asked, Seal
from flowmaster.server.mcp_subscriptions import Honoured, Subscriptions
from flowmaster.server.mcp_task_wire import (
    ENDED,
    EXTENSION,
    Frame,
    GetTask,
    UpdateTask,
    check_name,
    declares_extension,
    notification,
    plain,
    require_extension,
    summary_of,
)
from flowmaster.server.numbers import with_floats
from flowmaster.server.waiting_instances import standing, taken_up
from flowmaster.stores.rows import LongCall
from flowmaster.tools.answer import Answer
from flowmaster.tools.app import App
from flowmaster.tools.registry import Call, Lasting

GRACE_SECONDS: Final = 2.0
"""How long a call that may last is waited for before it becomes a task."""

WATCHED_MAX: Final = 50
"""Tasks that one stream tells about."""

LOOK_SECONDS: Final = 1.0
"""How often a stream looks for what another process or an instance changed."""


class McpTasks:
    """Makes tasks of calls, and answers what is asked about them."""

    def __init__(self, app: App, seal: Seal, frame: Frame) -> None:
        self._app = app
        self._seal = seal
        self._frame = frame
        self._calls = LongCalls(app.runtime)
        self._open = 0

    def add_to(self, server: Server[Any], subscriptions: Subscriptions) -> None:
        """Let a server speak the extension."""
        server.extensions[EXTENSION] = {}
        server.add_request_handler("tasks/get", GetTask, self.get)
        server.add_request_handler("tasks/update", UpdateTask, self.update)
        server.add_request_handler("tasks/cancel", GetTask, self.cancel)
        subscriptions.sources.append(self.news)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[dict[str, Any]]:
        """Let calls go on while a context is open; when the last one closes, what is at work is stopped."""
        self._open += 1
        try:
            yield {}
        finally:
            self._open -= 1
            if not self._open:
                await self._calls.close()

    async def run(
        self,
        ctx: Context,
        client: McpClient,
        operation: str,
        lasting: Lasting,
        work: Callable[[], Awaitable[Answer]],
    ) -> Answer | dict[str, Any]:
        """Return the answer of a call, or the task that it has become."""
        if lasting == "only":
            require_extension(ctx)
        if not declares_extension(ctx) or self._app.settings.read_only:
            return await work()
        answer = (
            await self._lasting(ctx, client, operation, work, lasting) if lasting != "no" else await work()
        )
        if isinstance(answer, Answer) and answer.goes_on and not answer.refused:
            record = await self._calls.begin(caller_of(ctx), operation, instance=answer.goes_on)
            return answer if record is None else self._made(record)
        return answer

    async def get(self, ctx: Context, params: GetTask) -> dict[str, Any]:
        """Answer `tasks/get`."""
        return await self._detailed(ctx, self._found(ctx, params), self._frame)

    async def update(self, ctx: Context, params: UpdateTask) -> dict[str, Any]:
        """Answer `tasks/update`: bring replies to what a task asked."""
        caller, record = caller_of(ctx), self._found(ctx, params)
        replies = replies_in(params.input_responses)
        if record.instance and not record.ended:
            tried, told = await taken_up(self._call(ctx), record, replies)
            change = partial(touched, answered=tried, note=told)
            await self._calls.change(caller.tenant, record.handle, change)
        else:
            await self._calls.answer(caller, record, replies)
        return {}

    async def cancel(self, ctx: Context, params: GetTask) -> dict[str, Any]:
        """Answer `tasks/cancel`: stop the work; an instance is only waited for no longer."""
        await self._calls.cancel(caller_of(ctx), self._found(ctx, params))
        return {}

    async def news(self, ctx: Context, wanted: types.SubscriptionFilter, mailbox: Mailbox) -> Honoured:
        """Tell a stream of 2026-07-28 how the tasks go on that it names."""
        named = (wanted.model_extra or {}).get("taskIds")
        if not isinstance(named, list) or not named:
            return Honoured({}, lambda: None)
        require_extension(ctx)
        caller = caller_of(ctx)
        handles = [each for each in dict.fromkeys(named) if isinstance(each, str)][:WATCHED_MAX]
        known = [handle for handle in handles if self._calls.find(caller, handle) is not None]
        telling = asyncio.create_task(self._tell(ctx, known, mailbox), name="flowmaster-task-news")

        def stop() -> None:
            telling.cancel()

        return Honoured({"taskIds": known}, stop)

    async def _lasting(
        self,
        ctx: Context,
        client: McpClient,
        operation: str,
        work: Callable[[], Awaitable[Answer]],
        lasting: Lasting,
    ) -> Answer | dict[str, Any]:
        """Return the answer if it comes within the grace, else go on with the call as a task."""
        caller = caller_of(ctx)
        if lasting in ("always", "only"):
            record = await self._calls.begin(caller, operation)
            if record is not None:
                client.sink = self._calls.running(caller.tenant, record, work)
                return self._made(record)
            return await work()
        working = asyncio.ensure_future(work())
        try:
            await asyncio.wait({working}, timeout=GRACE_SECONDS)
            record = None if working.done() else await self._calls.begin(caller, operation)
            if record is not None and working.done():
                await self._calls.change(caller.tenant, record.handle, partial(ended, status="cancelled"))
                record = None
            if record is None:
                return await working
        except asyncio.CancelledError:
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working
            raise
        client.sink = self._calls.running(caller.tenant, record, lambda: working)
        return self._made(record)

    def _found(self, ctx: Context, params: GetTask) -> LongCall:
        require_extension(ctx)
        check_name(ctx, params.task_id)
        found = self._calls.find(caller_of(ctx), params.task_id)
        if found is None:
            raise MCPError(types.INVALID_PARAMS, "There is no such task, or it has expired.")
        return found

    def _call(self, ctx: Context) -> Call:
        caller = caller_of(ctx)
        client = McpClient(ctx, self._seal, Asked(caller, ctx.method, {}))
        return Call(app=self._app, caller=caller, client=client)

    def _made(self, record: LongCall) -> dict[str, Any]:
        return {"resultType": "task", **summary_of(record)}

    async def _detailed(self, ctx: Context, record: LongCall, frame: Frame) -> dict[str, Any]:
        caller = caller_of(ctx)
        if record.instance and record.status != "cancelled":
            return await self._of_instance(ctx, record, frame)
        record = await self._calls.looked_after(caller, record)
        told = summary_of(record)
        if record.status == "input_required":
            told["inputRequests"] = with_floats(dict(record.asked))
        elif record.status == "completed":
            told["result"] = frame(ctx, answer_of(record.answer))
        elif record.status == "failed":
            body = answer_of(record.answer).data()
            assert isinstance(body, Mapping), "a refusal is an object"
            told["statusMessage"] = body["message"]
            told["error"] = {"code": types.INTERNAL_ERROR, "message": body["message"], "data": dict(body)}
        return told

    async def _of_instance(self, ctx: Context, record: LongCall, frame: Frame) -> dict[str, Any]:
        now = await standing(self._call(ctx), record)
        note = f"{now.note} {record.note}".strip()
        told = summary_of(record._replace(status=now.status, note=note))
        if now.answer is not None:
            if not record.ended:
                await self._calls.change(caller_of(ctx).tenant, record.handle, ended)
            told["result"] = frame(ctx, now.answer)
        elif now.status == "input_required":
            told["inputRequests"] = {key: request_of(each) for key, each in now.asked.items()}
        return told

    async def _tell(self, ctx: Context, handles: list[str], mailbox: Mailbox) -> None:
        seen: dict[str, dict[str, Any]] = {}
        while handles:
            for handle in handles:
                record = self._calls.find(caller_of(ctx), handle)
                told = None if record is None else await self._detailed(ctx, record, plain)
                if told is None or told == seen.get(handle):
                    continue
                seen[handle] = told
                mailbox.put((handle, told["lastUpdatedAt"], told["status"]), partial(notification, told))
            handles = [each for each in handles if seen.get(each, {}).get("status") not in ENDED]
            await self._app.runtime.changed.wait(TOPIC, LOOK_SECONDS)
