"""A test plays apart: no connector, worker, message, timer, task or row outside of its sandbox is touched."""

from typing import Any

import pytest

from flowmaster.engine.values import Json
from flowmaster.server import wiring
from tests.acceptance.agent import Agent, played, waits, whole_state
from tests.tools.recorder import Recorder

LISTENING: Json = {
    "process": "listening",
    "steps": [{"hear": {"wait": {"message": "other news"}}}, {"end": "heard"}],
}
HEARING: Json = {
    "process": "hearing",
    "data": {"name": "text"},
    "start": {"needs": ["name"]},
    "steps": [{"hear": {"wait": {"message": "news"}, "key": "name"}}, {"end": "heard"}],
}
GIVEN: Json = {"url": "http://127.0.0.1:1/never", "name": "ann"}
REACHING: dict[str, Any] = {
    "process": "reaching",
    "roles": ["clerk"],
    "data": {"url": "text", "name": "text"},
    "start": {"needs": ["url", "name"]},
    "steps": [
        {"fetch": {"call": "http.request", "with": {"url": "url", "method": '"POST"'}}},
        {"ask around": {"agent": "Say whether it is fine", "into": "fine?"}},
        {"tell": {"send": "news", "key": "name"}},
        {"mail": {"send": "letter", "via": "mail.send"}},
        {"look": {"ask": "clerk", "within": "P1D", "late": [{"chase": {"call": "http.request"}}]}},
        {"child": {"run": "listening"}},
        {"end": "done"},
    ],
    "never": {"done without looking": "child.done and not(look.done)"},
    "scenarios": [
        {
            "name": "all of it",
            "given": GIVEN,
            "answers": {"look": {"after": "P2D"}},
            "messages": [{"name": "other news"}],
            "expect": {"end": "done", "path": ["fetch", "ask around", "tell", "mail", "chase", "child"]},
        }
    ],
}


def test_a_test_with_calls_messages_agents_timers_and_children_touches_nothing_outside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recorder = Recorder("http.request")
    monkeypatch.setattr(wiring, "connectors", lambda: {recorder.type: recorder})

    async def play(agent: Agent) -> None:
        await agent.published(LISTENING)
        waiting = await agent.started(await agent.published(HEARING), name="ann")
        await agent.ask("process_create", outline=REACHING)
        before = whole_state(agent.app)
        for more in ({}, {"generate": True}, {"scenarios": [{"name": "it", "like": "all of it"}]}):
            tested = await agent.ask("process_test", process="reaching", **more)
            assert tested["failed"] == 0, tested
            assert whole_state(agent.app) == before
        refusal = await agent.refusal("process_publish", process="reaching")
        assert refusal["code"] == "process.law_broken"
        assert whole_state(agent.app) == before
        assert recorder.asked == []
        shown = await agent.ask("instance_read", instance=waiting["instance"])
        assert [wait["element"] for wait in waits(shown)] == ["hear"]

    played(play)
