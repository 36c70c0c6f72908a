"""Four eyes hold for everybody who ever did the other step, not for the last one alone."""

import json
from typing import Any

from tests.acceptance.agent import Agent, played

LETTER: dict[str, Any] = {
    "process": "letter",
    "data": {"good": "boolean", "ok": "boolean", "board": ["person"]},
    "start": {"needs": ["board"]},
    "steps": [
        {"write": {"ask": "writer", "form": {}}},
        {"read": {"ask": "writer", "not": "write", "into": "good"}},
        {"if": "not(good)", "then": [{"goto": "write"}]},
        {"vote": {"ask": "m", "into": "ok", "each": {"item": "m", "in": "board"}}},
        {"sign": {"ask": "writer", "not": "vote", "form": {}}},
        {"end": "sent"},
    ],
}


def test_everybody_who_did_a_step_in_earlier_rounds_or_turns_is_excluded() -> None:
    async def play(agent: Agent) -> None:
        process = await agent.published(LETTER)
        instance = (await agent.started(process, board=["ann", "bob"]))["instance"]

        async def done(element: str, by: str, **variables: Any) -> str:
            """Try to complete a task, and return the code of the refusal or nothing."""
            task = await agent.task(instance, element)
            asked = {"task": task, "action": "complete", "as_user": by, "variables": variables}
            answer = await agent.answer("task_act", asked)
            return str(json.loads(answer.text)["code"]) if answer.refused else ""

        assert await done("write", "ann") == ""
        assert await done("read", "ann", good=True) == "task.person_excluded"
        assert await done("read", "bob", good=False) == ""
        assert await done("write", "cid") == ""
        assert await done("read", "ann", good=True) == "task.person_excluded"
        assert await done("read", "cid", good=True) == "task.person_excluded"
        assert await done("read", "dan", good=True) == ""
        for voter in ("ann", "bob"):
            mine = (await agent.ask("task_find", instance=instance, assignee=voter))["items"]
            task = next(each["task"] for each in mine if "vote" in each["task"])
            await agent.ask("task_act", task=task, action="complete", as_user=voter, variables={"ok": True})
        assert await done("sign", "ann") == "task.person_excluded"
        assert await done("sign", "bob") == "task.person_excluded"
        assert await done("sign", "cid") == ""
        assert (await agent.ask("instance_read", instance=instance))["status"] == "completed"

    played(play)
