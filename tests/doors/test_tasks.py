"""The tasks extension: a call that lasts is come back for, an instance is waited for, by its caller alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from pydantic import Field

from flowmaster.engine.values import Json
from flowmaster.runtime.clock import real_now
from flowmaster.server import long_calls, mcp_tasks
from flowmaster.server.call_records import INSTANCE_TTL_MS
from flowmaster.server.mcp_task_wire import EXTENSION
from flowmaster.server.running_calls import HELD_MS
from flowmaster.server.settings import Settings
from flowmaster.server.wiring import open_app
from flowmaster.tools.app import App
from flowmaster.tools.asking import form
from flowmaster.tools.catalog import catalog
from flowmaster.tools.models import Number, Result, Variables
from flowmaster.tools.registry import Call, operation
from tests.doors.agents_door import stage
from tests.doors.modern import ASKS, TASKS, Modern, body_of, modern
from tests.doors.sample import EXACT, Gate, Nothing

BOTH = {**ASKS, **TASKS}


class Told(Result):
    """What came of it."""

    number: Number = Field(description="A number.")
    variables: Variables = Field(default={}, description="What was replied.")


@operation(right="sample.read", core=True, read_only=True, lasting="may")
async def sample_last(call: Call, arguments: Nothing) -> Told:
    """Last until the gate opens."""
    Gate.waiting.set()
    await Gate.opened.wait()
    return Told(number=EXACT)


@operation(right="sample.read", core=True, read_only=True, lasting="always")
async def sample_tell(call: Call, arguments: Nothing) -> Told:
    """Tell half of it."""
    await call.client.tell_progress(1, 2, "halves")
    await Gate.opened.wait()
    return Told(number=1)


@operation(right="sample.read", core=True, read_only=True, lasting="may")
async def sample_ask(call: Call, arguments: Nothing) -> Told:
    """Ask once the gate is open."""
    Gate.waiting.set()
    await Gate.opened.wait()
    schema: dict[str, Json] = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    reply = await call.ask(form("n", "Which number?", schema))
    return Told(number=0, variables=dict(reply.content) if reply else {})


@operation(right="sample.read", core=True, read_only=True, lasting="only")
async def sample_late(call: Call, arguments: Nothing) -> Told:
    """Answer only those who come back."""
    return Told(number=1)


@operation(right="sample.read", core=True, read_only=True, lasting="may")
async def sample_crash(call: Call, arguments: Nothing) -> Told:
    """Break once the gate is open."""
    Gate.waiting.set()
    await Gate.opened.wait()
    raise RuntimeError("the secret insides")


REGISTRY = catalog((sample_last, sample_tell, sample_ask, sample_late, sample_crash))


@pytest.fixture(autouse=True)
def little_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_tasks, "GRACE_SECONDS", 0.05)
    Gate.close()


@asynccontextmanager
async def opened(folder: Path | str = ":memory:") -> AsyncIterator[App]:
    """Open a FlowMaster with operations that last."""
    async with open_app(Settings(data=str(folder), clock="virtual")) as app:
        yield replace(app, registry=REGISTRY)


async def settled(client: Modern, task: str, *statuses: str) -> dict[str, Any]:
    """Return a task once it has a status."""
    with anyio.fail_after(5):
        while True:
            told = await client.result("tasks/get", taskId=task)
            if told["status"] in (statuses or ("completed", "failed", "cancelled")):
                return told
            await anyio.sleep(0.01)


def test_a_call_that_lasts_becomes_a_task_whose_result_is_the_answer() -> None:
    async def play() -> None:
        async with opened() as app, modern(app, TASKS) as client:
            made = await client.call("sample_last")
            assert (made["resultType"], made["status"]) == ("task", "working")
            assert not {"result", "error", "inputRequests", "requestState", "content"} & set(made)
            assert len(made["taskId"]) >= 128 / 6
            assert made["ttlMs"] == long_calls.TTL_MS
            Gate.opened.set()
            done = await settled(client, made["taskId"])
            assert done["resultType"] == "complete"
            assert done["result"]["content"][0]["text"] == f'{{"number":{EXACT}}}'
            assert done["result"]["isError"] is False

    anyio.run(play)


def test_numbers_of_a_task_stay_exact_over_http() -> None:
    async def play() -> str:
        async with opened() as app, modern(app, TASKS) as client:
            task = (await client.call("sample_last"))["taskId"]
            Gate.opened.set()
            await settled(client, task)
            return str(await client.result("tasks/get", taskId=task))

    assert str(EXACT) in anyio.run(play)


def test_a_call_that_is_through_within_the_grace_is_answered_at_once() -> None:
    async def play() -> None:
        async with opened() as app, modern(app, TASKS) as client:
            Gate.opened.set()
            assert (await client.call("sample_last"))["resultType"] == "complete"

    anyio.run(play)


def test_a_client_that_cannot_come_back_is_answered_when_the_call_is_through() -> None:
    async def play() -> None:
        async with opened() as app, modern(app, {}) as client, anyio.create_task_group() as group:
            group.start_soon(_open_when_waiting)
            result = await client.call("sample_last")
            assert (result["resultType"], result["isError"]) == ("complete", False)
            for method in ("tasks/get", "tasks/cancel", "tasks/update"):
                error = await client.error(method, taskId="x", inputResponses={})
                assert error["code"] == -32021
                assert error["data"]["requiredCapabilities"]["extensions"] == {EXTENSION: {}}
            assert (await client.error("tools/call", name="sample_late", arguments={}))["code"] == -32021

    anyio.run(play)


async def _open_when_waiting() -> None:
    await Gate.waiting.wait()
    await anyio.sleep(0.2)
    Gate.opened.set()


def test_what_only_answers_those_who_come_back_is_a_task_at_once() -> None:
    async def play() -> None:
        async with opened() as app, modern(app, TASKS) as client:
            made = await client.call("sample_late")
            assert made["resultType"] == "task"
            assert body_of((await settled(client, made["taskId"]))["result"]) == {"number": 1}

    anyio.run(play)


def test_an_operation_behind_another_one_lasts_as_itself() -> None:
    async def play() -> None:
        async with opened() as app, modern(app, TASKS) as client:
            asked = {"operation": "sample_last", "arguments": {}}
            assert (await client.call("operation_query", asked))["resultType"] == "task"

    anyio.run(play)


def test_a_task_tells_how_far_it_is() -> None:
    async def play() -> None:
        async with opened() as app, modern(app, TASKS) as client:
            task = (await client.call("sample_tell"))["taskId"]
            with anyio.fail_after(5):
                while (told := await client.result("tasks/get", taskId=task)).get("statusMessage") is None:
                    await anyio.sleep(0.05)
            assert told["statusMessage"] == "halves (1 of 2)"

    anyio.run(play)


def test_nobody_else_knows_a_task() -> None:
    async def play() -> None:
        async with opened() as app, modern(app, TASKS) as client:
            anna, bob = client.as_one_who(TASKS, "anna"), client.as_one_who(TASKS, "bob")
            task = (await anna.call("sample_last"))["taskId"]
            for method in ("tasks/get", "tasks/cancel", "tasks/update"):
                others = await bob.error(method, taskId=task, inputResponses={})
                never = await bob.error(method, taskId="never-was", inputResponses={})
                assert others == never
                assert others["code"] == -32602
            assert (await anna.result("tasks/get", taskId=task))["status"] == "working"

    anyio.run(play)


def test_the_header_names_the_task_of_the_body() -> None:
    async def play() -> None:
        async with opened() as app, modern(app, TASKS) as client:
            task = (await client.call("sample_last"))["taskId"]
            assert (await client.error("tasks/get", taskId=task, named="other"))["code"] == -32020

    anyio.run(play)


def test_a_cancelled_task_stops_and_stays_cancelled() -> None:
    async def play() -> None:
        async with opened() as app, modern(app, TASKS) as client:
            task = (await client.call("sample_last"))["taskId"]
            assert set(await client.result("tasks/cancel", taskId=task)) == {"resultType", "_meta"}
            assert (await settled(client, task))["status"] == "cancelled"
            Gate.opened.set()
            await client.result("tasks/cancel", taskId=task)
            assert (await settled(client, task))["status"] == "cancelled"

    anyio.run(play)


def test_a_fault_in_a_task_is_a_failure_that_shows_no_insides() -> None:
    async def play() -> None:
        async with opened() as app, modern(app, TASKS) as client:
            task = (await client.call("sample_crash"))["taskId"]
            Gate.opened.set()
            failed = await settled(client, task)
            assert (failed["status"], failed["error"]["code"]) == ("failed", -32603)
            assert "secret" not in str(failed)
            assert "result" not in failed

    anyio.run(play)


def test_a_task_asks_and_goes_on_with_the_reply() -> None:
    async def play() -> None:
        async with opened() as app, modern(app, BOTH) as client:
            task = (await client.call("sample_ask"))["taskId"]
            Gate.opened.set()
            asking = await settled(client, task, "input_required")
            ((key, question),) = asking["inputRequests"].items()
            assert question["method"] == "elicitation/create"
            wrong = {"action": "accept", "content": {"n": "seven"}}
            await client.result("tasks/update", taskId=task, inputResponses={key: wrong, "other": {}})
            with anyio.fail_after(5):
                while (again := await settled(client, task, "input_required"))["inputRequests"].keys() == {
                    key
                }:
                    await anyio.sleep(0.01)
            (fresh,) = again["inputRequests"]
            assert fresh != key, "a key stands for one question"
            right = {"action": "accept", "content": {"n": 7}}
            await client.result("tasks/update", taskId=task, inputResponses={fresh: right})
            done = await settled(client, task)
            assert body_of(done["result"])["variables"] == {"n": 7}

    anyio.run(play)


def test_a_caller_with_too_many_tasks_is_answered_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_calls, "OPEN_MAX", 1)

    async def play() -> None:
        async with opened() as app, modern(app, TASKS) as client:
            task = (await client.call("sample_last"))["taskId"]
            assert (await client.as_one_who(TASKS, "bob").call("sample_last"))["resultType"] == "task"
            async with anyio.create_task_group() as group:
                group.start_soon(_open_when_waiting)
                assert (await client.call("sample_last"))["resultType"] == "complete"
            await settled(client, task)

    anyio.run(play)


def test_a_task_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    async def play() -> None:
        async with opened() as app, modern(app, TASKS) as client:
            task = (await client.call("sample_last"))["taskId"]
            later = real_now() + long_calls.TTL_MS
            monkeypatch.setattr(long_calls, "real_now", lambda: later)
            assert (await client.error("tasks/get", taskId=task))["code"] == -32602

    anyio.run(play)


def test_a_task_outlives_the_server_that_stopped_and_says_so(tmp_path: Path) -> None:
    async def play() -> None:
        async with opened(tmp_path) as app, modern(app, TASKS) as client:
            task = (await client.call("sample_last"))["taskId"]
        async with opened(tmp_path) as app, modern(app, TASKS) as client:
            told = await client.result("tasks/get", taskId=task)
            assert (told["status"], told["result"]["isError"]) == ("completed", True)
            assert body_of(told["result"])["code"] == "call.interrupted"

    anyio.run(play)


def test_a_task_whose_server_fell_silent_ends_as_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    async def play() -> None:
        async with opened() as app, modern(app, TASKS) as client:
            task = (await client.call("sample_last"))["taskId"]
            later = real_now() + HELD_MS + 1
            monkeypatch.setattr(long_calls, "real_now", lambda: later)
            told = await client.result("tasks/get", taskId=task)
            assert body_of(told["result"])["code"] == "call.interrupted"

    anyio.run(play)


def test_every_server_on_a_folder_answers_for_a_task(tmp_path: Path) -> None:
    async def play() -> None:
        async with (
            opened(tmp_path) as one,
            opened(tmp_path) as two,
            modern(one, BOTH) as first,
            modern(two, BOTH) as second,
        ):
            with anyio.fail_after(20):
                task = (await first.call("sample_ask"))["taskId"]
                Gate.opened.set()
                asking = await settled(second, task, "input_required")
                (key,) = asking["inputRequests"]
                reply = {"action": "accept", "content": {"n": 3}}
                await second.result("tasks/update", taskId=task, inputResponses={key: reply})
                assert body_of((await settled(second, task))["result"])["variables"] == {"n": 3}
                Gate.close()
                task = (await first.call("sample_last"))["taskId"]
                await second.result("tasks/cancel", taskId=task)
                assert (await settled(first, task))["status"] == "cancelled"

    anyio.run(play)


async def waiting(client: Modern, days: int = 9) -> dict[str, Any]:
    """Start a process, and wait for its end."""
    arguments = {"process": "leave", "variables": {"days": days}, "wait_seconds": 5}
    return await client.call("instance_start", arguments)


def test_an_instance_that_waits_is_a_task_until_it_has_ended() -> None:
    async def play() -> None:
        async with stage() as held, modern(held.app, BOTH) as client:
            made = await waiting(client)
            assert (made["resultType"], made["ttlMs"]) == ("task", INSTANCE_TTL_MS)
            told = await client.result("tasks/get", taskId=made["taskId"])
            assert told["status"] == "input_required"
            assert told["statusMessage"] == "leave:2 is active. It waits for 'approve' (user_task)."
            ((key, question),) = told["inputRequests"].items()
            assert question["params"]["requestedSchema"]["properties"] == {"approved": {"type": "boolean"}}
            reply = {key: {"action": "accept", "content": {"approved": True}}}
            await client.result("tasks/update", taskId=made["taskId"], inputResponses=reply)
            told = await client.result("tasks/get", taskId=made["taskId"])
            assert told["status"] == "working", "the job of a worker is no input of the client"
            job = (await held.does("work_take"))["items"][0]["job"]
            await held.does("work_finish", job=job, variables={})
            told = await client.result("tasks/get", taskId=made["taskId"])
            assert told["status"] == "completed"
            assert body_of(told["result"])["status"] == "completed"
            assert told["result"]["structuredContent"]["variables"] == {"days": 9, "approved": True}

    anyio.run(play)


def test_an_instance_is_followed_by_other_servers_and_after_a_restart(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(str(tmp_path)) as held, modern(held.app, TASKS) as client:
            task = (await waiting(client))["taskId"]
        async with opened(tmp_path) as app, modern(app, TASKS) as client:
            told = await client.result("tasks/get", taskId=task)
            assert told["status"] == "input_required"
            assert told["inputRequests"] == {}, "this client cannot show forms"

    anyio.run(play)


def test_an_instance_that_ends_at_once_is_no_task() -> None:
    async def play() -> None:
        async with stage() as held, modern(held.app, TASKS) as client:
            arguments = {"process": "leave", "variables": {"days": 9}}
            assert (await client.call("instance_start", arguments))["resultType"] == "complete"

    anyio.run(play)


def test_cancelling_the_wait_leaves_the_instance_alone() -> None:
    async def play() -> None:
        async with stage() as held, modern(held.app, TASKS) as client:
            task = (await waiting(client))["taskId"]
            await client.result("tasks/cancel", taskId=task)
            assert (await client.result("tasks/get", taskId=task))["status"] == "cancelled"
            assert (await held.does("instance_read", instance="leave:2"))["status"] == "active"

    anyio.run(play)


@pytest.mark.parametrize("action", ["decline", "cancel"])
def test_a_task_that_is_declined_is_not_offered_again(action: str) -> None:
    async def play() -> None:
        async with stage() as held, modern(held.app, BOTH) as client:
            task = (await waiting(client))["taskId"]
            (key,) = (await client.result("tasks/get", taskId=task))["inputRequests"]
            await client.result("tasks/update", taskId=task, inputResponses={key: {"action": action}})
            told = await client.result("tasks/get", taskId=task)
            assert (told["status"], told["inputRequests"]) == ("input_required", {})

    anyio.run(play)


def test_a_reply_that_the_task_refuses_is_asked_for_under_another_key() -> None:
    async def play() -> None:
        async with stage() as held, modern(held.app, BOTH) as client:
            task = (await waiting(client))["taskId"]
            (key,) = (await client.result("tasks/get", taskId=task))["inputRequests"]
            reply = {key: {"action": "accept", "content": {"approved": "perhaps"}}}
            await client.result("tasks/update", taskId=task, inputResponses=reply)
            told = await client.result("tasks/get", taskId=task)
            (fresh,) = told["inputRequests"]
            assert fresh != key
            assert "not of the form" in told["statusMessage"]

    anyio.run(play)


def test_a_task_of_somebody_else_is_not_offered() -> None:
    async def play() -> None:
        async with stage() as held, modern(held.app, BOTH) as client:
            made = await waiting(client)
            (key,) = (await client.result("tasks/get", taskId=made["taskId"]))["inputRequests"]
            await held.does("task_act", task=key.partition("#")[0], action="assign", to="carla")
            told = await client.result("tasks/get", taskId=made["taskId"])
            assert (told["status"], told["inputRequests"]) == ("input_required", {})

    anyio.run(play)


def test_a_stream_tells_how_tasks_go_on() -> None:
    heard: list[dict[str, Any]] = []

    async def play() -> None:
        async with opened() as app, modern(app, TASKS) as client, anyio.create_task_group() as group:
            task = (await client.call("sample_last"))["taskId"]

            async def listen() -> None:
                wanted = {"taskIds": [task, "never-was"]}
                heard.extend(await client.frames("subscriptions/listen", notifications=wanted))

            group.start_soon(listen)
            await anyio.sleep(0.2)
            Gate.opened.set()
            await settled(client, task)
            await anyio.sleep(0.2)
            app.runtime.feed.end()

    anyio.run(play)
    assert heard[0]["params"]["notifications"]["taskIds"]
    told = [frame["params"] for frame in heard if frame.get("method") == "notifications/tasks"]
    assert [each["status"] for each in told] == ["working", "completed"]
    assert told[-1]["result"]["structuredContent"]["number"]


def test_a_client_without_the_extension_hears_of_no_task() -> None:
    async def play() -> int:
        async with opened() as app, modern(app, {}) as client:
            wanted = {"taskIds": ["any"]}
            error = (await client.frames("subscriptions/listen", notifications=wanted))[-1]["error"]
            return int(error["code"])

    assert anyio.run(play) == -32021
