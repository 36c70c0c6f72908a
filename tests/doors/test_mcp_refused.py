"""A server that cannot reach its database tells clients of MCP so in the words of their protocol."""

import json
from typing import Any

import httpx
import pytest

from flowmaster.engine.errors import FlowMasterError
from flowmaster.server.grounds import Grounds
from tests.doors.test_http import response

AWAY = FlowMasterError("store.unreachable", "The database is away.", fix="Repeat the call later.", status=503)


def away(grounds: Grounds) -> bool:
    raise AWAY


def asked(method: str, **params: Any) -> httpx.Response:
    body = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
    return response("POST", "/mcp", json=body, headers={"accept": "application/json, text/event-stream"})


def test_a_call_of_a_tool_fails_with_the_refusal_as_its_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Grounds, "needed", away)
    answer = asked("tools/call", name="process_find", arguments={})
    told = answer.json()
    assert (answer.status_code, told["id"], told["result"]["isError"]) == (200, 7, True)
    refusal = json.loads(told["result"]["content"][0]["text"])
    assert (refusal["code"], refusal["fix"]) == ("store.unreachable", "Repeat the call later.")


def test_anything_else_fails_with_an_error_of_the_protocol(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Grounds, "needed", away)
    told = asked("tools/list").json()
    assert told["error"]["data"]["code"] == "store.unreachable"
    assert "Repeat the call later." in told["error"]["message"]


@pytest.mark.parametrize(
    "body", [b"", b"nonsense", b"[]", b'{"jsonrpc": "2.0", "method": "notifications/x"}']
)
def test_what_is_no_request_is_refused_as_everywhere(monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    monkeypatch.setattr(Grounds, "needed", away)
    answer = response("POST", "/mcp", content=body)
    assert (answer.status_code, answer.json()["code"]) == (503, "store.unreachable")
