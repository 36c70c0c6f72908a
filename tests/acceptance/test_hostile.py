"""Hostile arguments: one refusal that names the field, in bounded work, and nothing has changed."""

import io
import json
import time

import pytest

from flowmaster.server.command import call as command_call
from flowmaster.server.http import http_app
from flowmaster.server.options import MEMORY
from flowmaster.tools.registry import AnyOperation
from tests.acceptance.agent import Agent, Body, body_of, played, whole_state
from tests.acceptance.town import LEAVE, settled
from tests.doors.doors import Told, posted, rest_client

REFUSAL_LENGTH_MAX = 6_000
WORK_SECONDS_MAX = 1.0

HOSTILE: dict[str, str] = {
    "variables.long": '"variables":{"long":"' + "x" * 10_000_000 + '"}',
    "variables.nul": '"variables":{"nul":"a\\u0000b"}',
    "variables.half": '"variables":{"half":"\\ud800"}',
    "variables.deep[0][0]": '"variables":{"deep":' + "[" * 200 + "]" * 200 + "}",
    "variables.nan": '"variables":{"nan":NaN}',
    "variables.infinity[1]": '"variables":{"infinity":[1,-Infinity]}',
    "variables.twice": '"variables":{"twice":1,"twice":2}',
    "variables.large": '"variables":{"large":1e99999999999}',
    "variable": '"variable":{}',
    "variables": '"variables":[]',
    "version": '"version":[1]',
    "business_key": '"business_key":7',
}
"""What a text of JSON can hold and no argument may, by the path that the refusal must name."""

TEXTS: dict[str, str] = {
    "long": "x" * 200_000,
    "digits": "9" * 5_000,
    "duration": "P" + "9" * 5_000 + "D",
    "repetition": "R" + "9" * 5_000 + "/PT1S",
    "spaces": "PT1H" + " " * 20_000,
    "braces": "{" * 100_000,
    "dashes": "-" * 5_000,
    "tags": "<a>" * 20_000,
    "quote": "'",
    "superscript": "\u00b2",
    "id": "leave:" + "9" * 5_000,
    "task": "leave:1/check." + "9" * 5_000,
    "lease": "leave:1/check.4~" + "z" * 5_000,
    "arabic": "\u0661\u0662",
}
"""Texts that are sound JSON and nothing that any argument could mean."""

GOOD: dict[str, Body] = {
    "process_create": {"outline": LEAVE},
    "process_edit": {"process": "leave", "edits": [{"rename": "check", "to": "look"}]},
    "process_read": {"process": "leave"},
    "process_test": {"process": "leave"},
    "process_publish": {"process": "leave"},
    "instance_start": {"process": "reminded"},
    "instance_read": {"instance": "leave:1"},
    "instance_control": {"instance": "leave:1", "action": "skip", "element": "check"},
    "instance_batch": {"instances": ["leave:1"], "action": "pause"},
    "event_send": {"kind": "message", "name": "a"},
    "task_read": {"task": "leave:1/check.4"},
    "task_act": {"task": "leave:1/check.4", "action": "comment", "comment": "a"},
    "work_finish": {"job": "leave:1/check.4~x"},
    "document_read": {"document": "x:1"},
    "operation_find": {"query": "x"},
    "operation_query": {"operation": "process_find", "arguments": {}},
    "operation_call": {"operation": "event_send", "arguments": {}},
    "audit_verify": {"scope": "leave:1"},
}
"""What each operation needs beside the argument under test."""


def takes_text(node: Body) -> bool:
    """Return whether an argument may be a string."""
    kinds = [node, *node.get("anyOf", [])]
    return any(kind.get("type") == "string" for kind in kinds) or not node.get("type")


def tried(operation: AnyOperation, name: str, text: str) -> Body:
    """Return a call with a text in one argument, as a dry run where there is one."""
    dry = {"dry_run": True} if "dry_run" in operation.input_schema["properties"] else {}
    return {**GOOD.get(operation.name, {}), **dry, name: text}


def test_no_text_in_any_argument_breaks_an_operation_or_comes_back_whole() -> None:
    async def play(agent: Agent) -> None:
        await settled(agent)
        await agent.started("leave", days=1, who="ann")
        before = whole_state(agent.app)
        for operation in agent.app.registry:
            for name, node in operation.input_schema.get("properties", {}).items():
                for kind, text in TEXTS.items() if takes_text(node) else ():
                    await check(agent, operation, name, text, (operation.name, name, kind))
        assert whole_state(agent.app) == before

    played(play)


async def check(agent: Agent, operation: AnyOperation, name: str, text: str, call: object) -> None:
    """Check that a call with this text is answered or refused in few words and little work."""
    began = time.process_time()
    answer = await agent.answer(operation.name, tried(operation, name, text))
    worked = time.process_time() - began
    body = body_of(answer)
    assert body.get("code") != "server.fault", call
    assert worked < WORK_SECONDS_MAX, (call, worked)
    if answer.refused:
        assert body["path"], (call, body)
        assert len(answer.text) < REFUSAL_LENGTH_MAX, call


def hostile_call(path: str) -> str:
    """Return the text of a call whose argument at the path is no argument."""
    return f'{{"process":"leave",{HOSTILE[path]}}}'


def test_hostile_arguments_are_refused_over_rest_and_nothing_starts() -> None:
    async def play(agent: Agent) -> None:
        await settled(agent)
        before = whole_state(agent.app)
        async with rest_client(http_app(agent.app)) as client:
            for path in HOSTILE:
                assert_refused(await posted(client, "instance_start", hostile_call(path)), path)
        assert whole_state(agent.app) == before

    played(play)


def test_hostile_arguments_are_refused_on_the_command_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in HOSTILE:
        monkeypatch.setattr("sys.stdin", io.StringIO(hostile_call(path)))
        code = command_call("instance_start", ["-"], {"data": MEMORY, "clock": "virtual", "json": "yes"})
        assert_refused(Told(code == 1, json.loads(capsys.readouterr().err)), path)


def assert_refused(told: Told, path: str) -> None:
    assert told.refused
    assert told.body["code"] == "arguments.invalid", told.body
    assert told.body["path"].startswith(path), told.body
    assert told.body.get("fix") or told.body.get("expected")
    assert len(json.dumps(told.body)) < REFUSAL_LENGTH_MAX
