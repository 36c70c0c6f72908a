"""Whoever calls is asked where it can be: to confirm what takes something away, and for facts that are missing."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import mcp.types as types
import pytest
from mcp import Client

from flowmaster.runtime.clock import real_now
from flowmaster.server import mcp_rounds
from flowmaster.server.mcp_door import mcp_server
from flowmaster.tools.asking import flat_schema
from flowmaster.tools.invoke import invoke
from flowmaster.tools.registry import Call, Caller
from tests.doors.agents_door import Era, Stage, stage
from tests.doors.modern import ASKS, Modern, body_of, modern

YES = {"confirm": {"action": "accept", "content": {"confirm": True}}}


@pytest.fixture(params=["auto", "legacy"])
def era(request: pytest.FixtureRequest) -> Era:
    chosen: Era = request.param
    return chosen


class Person:
    """Somebody who replies to every question in the same way."""

    def __init__(self, action: str, **content: Any) -> None:
        self._reply = {"action": action, **({"content": content} if action == "accept" else {})}
        self.asked: list[types.ElicitRequestFormParams] = []

    async def __call__(self, context: Any, params: types.ElicitRequestParams) -> types.ElicitResult:
        assert isinstance(params, types.ElicitRequestFormParams)
        self.asked.append(params)
        return types.ElicitResult.model_validate(self._reply)


async def called(stage: Stage, era: Era, person: Person | None, tool: str, **arguments: Any) -> Any:
    """Call a tool with a client of an era, a person in front of it or none."""
    async with Client(mcp_server(stage.app), mode=era, elicitation_callback=person) as client:
        return (await client.call_tool(tool, arguments)).model_dump(by_alias=True, exclude_none=True)


async def status_of(stage: Stage) -> str:
    return str((await stage.does("instance_read", instance=stage.instance))["status"])


def test_what_takes_something_away_is_done_when_it_is_confirmed(era: Era) -> None:
    person = Person("accept", confirm=True)

    async def play() -> str:
        async with stage() as opened:
            result = await called(
                opened, era, person, "instance_control", instance=opened.instance, action="cancel"
            )
            assert body_of(result)["status"] == "cancelled"
            return opened.instance

    instance = anyio.run(play)
    (asked,) = person.asked
    assert asked.message == (
        f"Cancel {instance} ('leave', K-1)? It ends for good, and 'approve' is given up."
    )


class Slow(Person):
    """Somebody during whose thinking the task is done that was to be given up."""

    def __init__(self, stage: Stage) -> None:
        super().__init__("accept", confirm=True)
        self._stage = stage

    async def __call__(self, context: Any, params: types.ElicitRequestParams) -> types.ElicitResult:
        if not self.asked:
            await self._stage.does(
                "task_act", task=self._stage.task, action="complete", variables={"approved": True}
            )
        return await super().__call__(context, params)


def test_a_yes_counts_only_for_what_stands_when_it_comes(era: Era) -> None:
    async def play() -> list[str]:
        async with stage() as opened:
            person = Slow(opened)
            await called(opened, era, person, "instance_control", instance=opened.instance, action="cancel")
            return [each.message for each in person.asked]

    first, *again = anyio.run(play)
    assert "'approve' is given up" in first
    assert all("'approve' is given up" not in each for each in again)


@pytest.mark.parametrize("person", [Person("decline"), Person("cancel"), Person("accept", confirm=False)])
def test_nothing_is_done_without_a_yes(era: Era, person: Person) -> None:
    async def play() -> str:
        async with stage() as opened:
            result = await called(
                opened, era, person, "instance_control", instance=opened.instance, action="cancel"
            )
            assert body_of(result)["code"] == "operation.not_confirmed"
            return await status_of(opened)

    assert anyio.run(play) == "active"


@pytest.mark.parametrize("action", ["pause", "retry"])
def test_what_takes_nothing_away_and_a_dry_run_are_not_asked_about(era: Era, action: str) -> None:
    person = Person("cancel")

    async def play() -> None:
        async with stage() as opened:
            control = {"instance": opened.instance, "action": action}
            await called(opened, era, person, "instance_control", **control)
            cancel = {"instance": opened.instance, "action": "cancel", "dry_run": True}
            result = await called(opened, era, person, "instance_control", **cancel)
            assert body_of(result)["status"] == "cancelled"
            assert await status_of(opened) in ("active", "paused")

    anyio.run(play)
    assert not person.asked


def test_a_local_client_that_cannot_be_asked_may_do_all(era: Era) -> None:
    async def play() -> str:
        async with stage() as opened:
            await called(opened, era, None, "instance_control", instance=opened.instance, action="cancel")
            return await status_of(opened)

    assert anyio.run(play) == "cancelled"


def test_who_cannot_be_asked_needs_the_right_to_destroy() -> None:
    async def play() -> None:
        async with stage() as opened:
            caller = Caller(actor="bob", rights=frozenset({"instance.control", "instance.read"}))
            call = Call(app=opened.app, caller=caller)
            cancel = {"instance": opened.instance, "action": "cancel"}
            refusal = await invoke(opened.app.registry, call, "instance_control", cancel)
            body: Any = refusal.data()
            assert (body["code"], body["expected"]) == ("access.denied", "operation.destroy")
            assert await status_of(opened) == "active"
            tried = await invoke(opened.app.registry, call, "instance_control", {**cancel, "dry_run": True})
            assert (tried.status, tried.data()) == (refusal.status, body)
            pause = {"instance": opened.instance, "action": "pause"}
            assert not (await invoke(opened.app.registry, call, "instance_control", pause)).refused

    anyio.run(play)


def test_a_batch_is_confirmed_with_how_many_it_means(era: Era) -> None:
    person = Person("accept", confirm=True)

    async def play() -> None:
        async with stage() as opened:
            await opened.does("instance_start", process="leave", variables={"days": 8})
            batch = {"action": "cancel", "process": "leave"}
            arguments = {"operation": "instance_batch", "arguments": batch}
            result = await called(opened, era, person, "operation_call", **arguments)
            assert body_of(result)["done"] == 2

    anyio.run(play)
    assert person.asked[0].message.startswith("Cancel 2 of 2 instances ('leave:")


def test_missing_inputs_are_asked_for(era: Era) -> None:
    person = Person("accept", days=9)

    async def play() -> None:
        async with stage() as opened:
            body = body_of(await called(opened, era, person, "instance_start", process="leave"))
            assert body["variables"] == {"days": 9}

    anyio.run(play)
    (asked,) = person.asked
    assert asked.requested_schema["properties"] == {"days": {"type": "integer"}}
    assert asked.requested_schema["required"] == ["days"]


def test_what_is_given_wrongly_is_refused_before_anybody_is_asked(era: Era) -> None:
    person = Person("accept", days=9)

    async def play() -> None:
        async with stage() as opened:
            given = {"process": "leave", "variables": {"dais": 3}}
            body = body_of(await called(opened, era, person, "instance_start", **given))
            assert (body["code"], body["path"]) == ("instance.inputs_invalid", "variables.dais")
            assert "Did you mean 'days'?" in body["message"]

    anyio.run(play)
    assert person.asked == []


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        ({"type": "integer", "exclusiveMinimum": 0}, {"type": "integer", "minimum": 1}),
        ({"type": "integer", "exclusiveMaximum": 9}, {"type": "integer", "maximum": 8}),
        (
            {"type": "number", "exclusiveMinimum": 0},
            {"type": "number", "description": "A number more than 0."},
        ),
        (
            {
                "type": "number",
                "exclusiveMinimum": 0,
                "exclusiveMaximum": Decimal("1.5"),
                "description": "Rate",
            },
            {"type": "number", "description": "Rate (more than 0 and less than 1.5)"},
        ),
    ],
)
def test_bounds_that_forms_have_no_word_for_are_shown_all_the_same(field: Any, shown: Any) -> None:
    asked = flat_schema({"properties": {"x": field}, "required": ["x"]})
    assert asked is not None
    assert asked["properties"] == {"x": shown}


def test_inputs_that_nobody_gives_are_refused_as_ever(era: Era) -> None:
    async def play() -> None:
        async with stage() as opened:
            for person in (None, Person("decline")):
                body = body_of(await called(opened, era, person, "instance_start", process="leave"))
                assert body["code"] == "instance.inputs_invalid"

    anyio.run(play)


async def asked_to_cancel(client: Modern, instance: str) -> tuple[dict[str, Any], str]:
    """Call what must be confirmed, and return the arguments and the state of the first round."""
    arguments = {"instance": instance, "action": "cancel"}
    result = await client.call("instance_control", arguments)
    assert result["resultType"] == "input_required"
    return arguments, result["requestState"]


def test_the_state_between_rounds_fits_only_the_same_caller_and_call() -> None:
    async def play() -> None:
        async with stage() as opened, modern(opened.app, ASKS) as client:
            arguments, state = await asked_to_cancel(client, opened.instance)
            call = {"name": "instance_control", "inputResponses": YES}
            for wrong in (f"{state[:-4]}AAAA", "v1.", "", 7, state[:40]):
                error = await client.error("tools/call", **call, arguments=arguments, requestState=wrong)
                assert (error["code"], error["data"]["reason"]) == (-32602, "invalid_request_state")
            other = {**arguments, "action": "skip", "element": "approve"}
            assert (await client.error("tools/call", **call, arguments=other, requestState=state))[
                "code"
            ] == -32602
            bob = client.as_one_who(ASKS, "bob")
            assert (await bob.error("tools/call", **call, arguments=arguments, requestState=state))[
                "code"
            ] == -32602
            assert await status_of(opened) == "active"

    anyio.run(play)


def test_a_confirmation_without_the_question_confirms_nothing() -> None:
    async def play() -> None:
        async with stage() as opened, modern(opened.app, ASKS) as client:
            arguments = {"instance": opened.instance, "action": "cancel"}
            result = await client.call("instance_control", arguments, inputResponses=YES)
            assert result["resultType"] == "input_required"
            assert await status_of(opened) == "active"

    anyio.run(play)


def test_a_confirmation_counts_once_and_only_for_what_was_shown() -> None:
    async def play() -> None:
        async with stage() as opened, modern(opened.app, ASKS) as client:
            arguments, state = await asked_to_cancel(client, opened.instance)
            await opened.does("task_act", task=opened.task, action="complete", variables={"approved": True})
            confirmed = {"inputResponses": YES, "requestState": state}
            result = await client.call("instance_control", arguments, **confirmed)
            assert result["resultType"] == "input_required", "what would be given up is something else by now"
            confirmed["requestState"] = result["requestState"]
            assert (
                body_of(await client.call("instance_control", arguments, **confirmed))["status"]
                == "cancelled"
            )
            again = body_of(await client.call("instance_control", arguments, **confirmed))
            assert again["code"] == "instance.ended"

    anyio.run(play)


def test_what_one_round_confirms_counts_once() -> None:
    async def play() -> list[bool]:
        async with stage() as opened:
            seals = [mcp_rounds.Seal(":memory:", opened.app.runtime) for _ in range(2)]
            first, second = mcp_rounds.Round(1, "chain"), mcp_rounds.Round(2, "chain")
            return [await seal.redeem(known) for known in (first, second) for seal in seals]

    assert anyio.run(play) == [True, False, True, False]


def test_the_state_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    async def play() -> None:
        async with stage() as opened, modern(opened.app, ASKS) as client:
            arguments, state = await asked_to_cancel(client, opened.instance)
            later = real_now() + mcp_rounds.ROUND_MS_MAX
            monkeypatch.setattr(mcp_rounds, "real_now", lambda: later)
            call = {"name": "instance_control", "inputResponses": YES, "requestState": state}
            assert (await client.error("tools/call", arguments=arguments, **call))["code"] == -32602

    anyio.run(play)


def test_servers_on_one_folder_go_on_with_each_others_rounds(tmp_path: Path) -> None:
    async def play() -> None:
        async with stage(str(tmp_path)) as opened:
            async with modern(opened.app, ASKS) as first:
                arguments, state = await asked_to_cancel(first, opened.instance)
            async with modern(opened.app, ASKS) as second:
                confirmed = {"inputResponses": YES, "requestState": state}
                result = await second.call("instance_control", arguments, **confirmed)
                assert body_of(result)["status"] == "cancelled"

    anyio.run(play)
    key = tmp_path / mcp_rounds.KEY_FILE
    assert key.stat().st_mode & 0o077 == 0
    assert not list(tmp_path.glob(f"{mcp_rounds.KEY_FILE}.*"))


@pytest.mark.parametrize("replies", [7, None, [], {"confirm": 7}, {"confirm": None}])
def test_replies_that_are_none_are_an_error_of_the_protocol(replies: Any) -> None:
    async def play() -> None:
        async with stage() as opened, modern(opened.app, ASKS) as client:
            call = {"name": "instance_start", "arguments": {"process": "leave"}, "inputResponses": replies}
            assert (await client.error("tools/call", **call))["code"] == -32602

    anyio.run(play)


@pytest.mark.parametrize(
    "reply", [{}, {"action": "yes"}, {"action": "accept"}, {"action": "accept", "content": {"days": "many"}}]
)
def test_replies_of_another_form_are_asked_for_again(reply: dict[str, Any]) -> None:
    async def play() -> None:
        async with stage() as opened, modern(opened.app, ASKS) as client:
            result = await client.call(
                "instance_start", {"process": "leave"}, inputResponses={"inputs": reply}
            )
            assert result["resultType"] == "input_required"
            assert list(result["inputRequests"]) == ["inputs"]
            if reply.get("content"):
                message = result["inputRequests"]["inputs"]["params"]["message"]
                assert "`days`: 'many' is not of type 'integer'" in message

    anyio.run(play)
