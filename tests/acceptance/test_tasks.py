"""Tasks of people: their life cycle, who may do them, forms, drafts, deadlines, and every refusal on the way."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from flowmaster.engine.elements.task_actions import TRANSITIONS
from flowmaster.tools.history import EVENT_NAMES
from tests.acceptance.agent import Agent, Body, history_of, played, waits, whole_state
from tests.acceptance.town import REMINDED, settled

STATES: dict[str, list[Body]] = {
    "ready": [],
    "reserved": [{"action": "claim", "as_user": "bob"}],
    "suspended": [{"action": "suspend", "as_user": "bob"}],
}
"""How a task comes into each state."""

ARGUMENTS: dict[str, Body] = {
    "complete": {"variables": {"ok": True}},
    "assign": {"to": "dora"},
    "delegate": {"to": "dora"},
    "comment": {"comment": "hello"},
    "escalate": {"to": "boss"},
}


async def leave_task(agent: Agent) -> str:
    """Have the first task of an application for leave by Ann."""
    await settled(agent)
    return await agent.task((await agent.started("leave", days=3, who="ann"))["instance"])


@pytest.mark.parametrize("state", list(STATES))
@pytest.mark.parametrize("action", list(TRANSITIONS))
def test_each_action_is_done_or_refused_with_what_is_allowed_instead(state: str, action: str) -> None:
    async def play(agent: Agent) -> None:
        task = await leave_task(agent)
        for step in STATES[state]:
            await agent.ask("task_act", task=task, **step)
        arguments = {"task": task, "action": action, "as_user": "bob", **ARGUMENTS.get(action, {})}
        if state in TRANSITIONS[action].allowed:
            await agent.ask("task_act", **arguments)
            return
        before = whole_state(agent.app)
        refusal = await agent.refusal("task_act", **arguments)
        assert (refusal["code"], refusal["path"]) == ("task.state_forbids", "action")
        assert state in refusal["message"]
        assert refusal["expected"] == [
            name for name, transition in TRANSITIONS.items() if state in transition.allowed
        ]
        assert whole_state(agent.app) == before

    played(play)


def test_a_task_knows_no_other_action() -> None:
    async def play(agent: Agent) -> None:
        task = await leave_task(agent)
        refusal = await agent.refusal("task_act", task=task, action="approve")
        assert (refusal["code"], refusal["path"]) == ("arguments.invalid", "action")
        assert set(refusal["expected"]) == set(TRANSITIONS)

    played(play)


@pytest.mark.parametrize("action", ["claim", "complete", "save_draft", "reject"])
def test_an_excluded_person_is_refused_whatever_way_it_tries(action: str) -> None:
    async def play(agent: Agent) -> None:
        task = await leave_task(agent)
        before = whole_state(agent.app)
        arguments = {"task": task, "action": action, "as_user": "ann", **ARGUMENTS.get(action, {})}
        refusal = await agent.refusal("task_act", **arguments)
        assert (refusal["code"], refusal["path"]) == ("task.person_excluded", "as_user")
        assert "ann" in refusal["message"]
        assert whole_state(agent.app) == before

    played(play)


@pytest.mark.parametrize("action", ["assign", "delegate"])
def test_a_task_is_not_given_to_an_excluded_person(action: str) -> None:
    async def play(agent: Agent) -> None:
        task = await leave_task(agent)
        refusal = await agent.refusal("task_act", task=task, action=action, to="ann", as_user="bob")
        assert (refusal["code"], refusal["path"]) == ("task.person_excluded", "to")
        missing = await agent.refusal("task_act", task=task, action=action, as_user="bob")
        assert (missing["code"], missing["path"]) == ("task.to_missing", "to")

    played(play)


def test_who_did_one_step_may_neither_claim_nor_complete_the_next() -> None:
    async def play(agent: Agent) -> None:
        first = await leave_task(agent)
        done = await agent.ask(
            "task_act", task=first, action="complete", as_user="bob", variables={"ok": True}
        )
        second = waits(done, "user_task")[0]["task"]
        for action in ("claim", "complete"):
            for person in ("ann", "bob"):
                refusal = await agent.refusal(
                    "task_act", task=second, action=action, as_user=person, variables={"signed": True}
                )
                assert refusal["code"] == "task.person_excluded"
                assert refusal["expected"] == "a person other than ann, bob"
        await agent.ask("task_act", task=second, action="complete", as_user="cid", variables={"signed": True})

    played(play)


@pytest.mark.parametrize("action", ["complete", "save_draft", "release", "delegate", "reject"])
def test_a_task_that_somebody_holds_is_not_touched_by_another(action: str) -> None:
    async def play(agent: Agent) -> None:
        task = await leave_task(agent)
        await agent.ask("task_act", task=task, action="claim", as_user="bob")
        before = whole_state(agent.app)
        arguments = {"task": task, "action": action, "as_user": "cid", **ARGUMENTS.get(action, {})}
        refusal = await agent.refusal("task_act", **arguments)
        assert (refusal["code"], refusal["path"]) == ("task.held_by_other", "as_user")
        assert refusal["expected"] == "bob"
        assert whole_state(agent.app) == before

    played(play)


def test_only_one_of_many_gets_a_task() -> None:
    async def play(agent: Agent) -> None:
        task = await leave_task(agent)
        people = [f"clerk {number}" for number in range(8)]
        calls = [{"task": task, "action": "claim", "as_user": person} for person in people]
        answers = await asyncio.gather(*(agent.answer("task_act", call) for call in calls))
        (winner,) = [person for person, answer in zip(people, answers, strict=True) if not answer.refused]
        assert (await agent.ask("task_read", task=task))["assignee"] == winner

    played(play)


def test_a_rejected_task_goes_back_with_its_comment() -> None:
    async def play(agent: Agent) -> None:
        task = await leave_task(agent)
        await agent.ask("task_act", task=task, action="claim", as_user="bob")
        back = await agent.ask("task_act", task=task, action="reject", as_user="bob", comment="not my town")
        assert (back["state"], back.get("assignee", "")) == ("ready", "")
        told = await agent.ask("task_read", task=task, detail=["comments"])
        assert [(entry["by"], entry["data"]["comment"]) for entry in told["comments"]] == [
            ("bob", "not my town")
        ]
        await agent.ask("task_act", task=task, action="claim", as_user="cid")

    played(play)


def test_a_draft_survives_release_and_restart_and_completes_with_the_answer(tmp_path: Path) -> None:
    async def draft(agent: Agent) -> None:
        task = await leave_task(agent)
        await agent.ask("task_act", task=task, action="claim", as_user="bob")
        saved = await agent.ask(
            "task_act", task=task, action="save_draft", as_user="bob", variables={"note": "half"}
        )
        assert saved["values"] == {"note": "half"}
        await agent.ask("task_act", task=task, action="release", as_user="bob")

    async def complete(agent: Agent) -> None:
        task = await agent.task("leave:1")
        assert (await agent.ask("task_read", task=task))["values"] == {"note": "half"}
        read = await agent.ask("instance_read", instance="leave:1")
        assert "note" not in read["variables"]
        await agent.ask("task_act", task=task, action="complete", as_user="cid", variables={"ok": False})
        assert (await agent.ask("instance_read", instance="leave:1"))["variables"]["ok"] is False

    played(draft, tmp_path)
    played(complete, tmp_path)


WRONG_ANSWERS: dict[str, tuple[Body, str]] = {
    "of the wrong type": ({"ok": "yes"}, "variables.ok"),
    "missing": ({}, "variables.ok"),
    "misspelt": ({"okay": True}, "variables.ok"),
    "null": ({"ok": None}, "variables.ok"),
    "of the wrong type beside": ({"ok": True, "note": 7}, "variables.note"),
}


@pytest.mark.parametrize("wrong", list(WRONG_ANSWERS))
def test_an_answer_that_fails_the_form_is_refused_with_the_form(wrong: str) -> None:
    async def play(agent: Agent) -> None:
        task = await leave_task(agent)
        before = whole_state(agent.app)
        variables, path = WRONG_ANSWERS[wrong]
        refusal = await agent.refusal(
            "task_act", task=task, action="complete", as_user="bob", variables=variables
        )
        assert (refusal["code"], refusal["path"]) == ("task.answer_invalid", path)
        assert refusal["expected"]["required"] == ["ok"]
        assert ("Did you mean 'ok'?" in refusal["fix"]) == (wrong == "misspelt")
        assert whole_state(agent.app) == before

    played(play)


def test_completing_twice_tells_who_did_it_and_when() -> None:
    async def play(agent: Agent) -> None:
        task = await leave_task(agent)
        complete: dict[str, Any] = {"task": task, "action": "complete", "variables": {"ok": True}}
        await agent.ask("task_act", **complete, as_user="bob")
        now = (await agent.ask("server_info"))["now"]
        before = whole_state(agent.app)
        for action in ("complete", "claim", "comment"):
            refusal = await agent.refusal("task_act", **{**complete, "action": action}, as_user="cid")
            assert (refusal["code"], refusal["path"]) == ("task.already_completed", "task")
            assert "'bob'" in refusal["message"]
            assert now in refusal["message"]
        assert (await agent.refusal("task_read", task=task))["code"] == "task.already_completed"
        assert whole_state(agent.app) == before

    played(play)


def test_two_answers_at_once_are_one_answer_and_one_refusal() -> None:
    async def play(agent: Agent) -> None:
        task = await leave_task(agent)
        calls = [
            {"task": task, "action": "complete", "as_user": person, "variables": {"ok": ok}}
            for person, ok in (("bob", True), ("cid", False))
        ]
        answers = await asyncio.gather(*(agent.answer("task_act", call) for call in calls))
        assert sorted(answer.refused for answer in answers) == [False, True]
        told = next(answer for answer in answers if answer.refused).text
        assert "task.already_completed" in told

    played(play)


@pytest.mark.parametrize(
    ("action", "status"), [("cancel", "cancelled"), ("skip", "active"), ("pause", "paused")]
)
def test_a_task_that_the_process_has_left_is_refused_with_how_it_stands(action: str, status: str) -> None:
    async def play(agent: Agent) -> None:
        task = await leave_task(agent)
        element = {"element": "check"} if action == "skip" else {}
        await agent.ask("instance_control", instance="leave:1", action=action, **element)
        before = whole_state(agent.app)
        refusal = await agent.refusal(
            "task_act", task=task, action="complete", as_user="bob", variables={"ok": True}
        )
        assert refusal["code"] == ("instance.paused" if action == "pause" else "task.not_open")
        assert status in refusal["message"]
        assert refusal["next"]
        assert whole_state(agent.app) == before

    played(play)


@pytest.mark.parametrize(
    "task", ["", "leave", "leave:1", "leave:1/check", "leave:1/check.99x", "leave:9/check.4"]
)
def test_what_is_no_task_is_unknown(task: str) -> None:
    async def play(agent: Agent) -> None:
        await leave_task(agent)
        for operation, more in (("task_read", {}), ("task_act", {"action": "claim"})):
            refusal = await agent.refusal(operation, task=task, **more)
            assert (refusal["code"], refusal["path"]) == ("task.unknown", "task")
            assert refusal["next"][0]["operation"] == "task_find"

    played(play)


def changes(history: Body) -> list[str]:
    """Return what was done to tasks in a history, in order."""
    name = next(name for kind, name in EVENT_NAMES.items() if kind.__name__ == "TaskChanged")
    return [entry["data"]["action"] for entry in history["history"] if entry["event"] == name]


def test_deadlines_fire_once_each_also_over_restarts(tmp_path: Path) -> None:
    async def begin(agent: Agent) -> None:
        await agent.published(REMINDED)
        await agent.started("reminded")
        assert (await agent.advance("PT24H"))["fired"] == 1

    async def remind(agent: Agent) -> None:
        assert (await agent.advance("PT0S"))["fired"] == 0
        read = await agent.ask("instance_read", instance="reminded:1", detail=["history"])
        assert changes(read) == ["remind"]
        assert (await agent.advance("P30D"))["fired"] == 1

    async def escalate(agent: Agent) -> None:
        assert (await agent.advance("P30D"))["fired"] == 0
        read = await agent.ask("instance_read", instance="reminded:1", detail=["history"])
        assert changes(read) == ["remind", "escalate"]
        task = await agent.ask("task_read", task=await agent.task("reminded:1"))
        assert (task["roles"], task["priority"]) == (["boss"], 75)
        ats = [entry["at"] for entry in read["history"] if entry["event"] == "task_changed"]
        assert ats[0] < ats[1] < (await agent.ask("server_info"))["now"]

    for play in (begin, remind, escalate):
        played(play, tmp_path)


def test_a_task_done_in_time_is_neither_reminded_nor_escalated() -> None:
    async def play(agent: Agent) -> None:
        await agent.published(REMINDED)
        await agent.started("reminded")
        task = await agent.task("reminded:1")
        await agent.ask("task_act", task=task, action="complete", as_user="bob", variables={"seen": True})
        assert (await agent.advance("P30D"))["fired"] == 0
        read = await agent.ask("instance_read", instance="reminded:1", detail=["history"])
        assert changes(read) == []
        assert history_of(read, "ended") == [""]

    played(play)


def test_every_change_of_a_task_is_in_its_history() -> None:
    async def play(agent: Agent) -> None:
        task = await leave_task(agent)
        actions = [
            ("claim", "bob", {}),
            ("comment", "bob", {"comment": "hm"}),
            ("delegate", "bob", {"to": "cid"}),
            ("suspend", "cid", {}),
            ("resume", "cid", {}),
            ("release", "cid", {}),
        ]
        for action, person, more in actions:
            await agent.ask(
                "task_act", task=task, action=action, as_user=person, **more, reason=f"to {action}"
            )
        told = await agent.ask("task_read", task=task, detail=["history"])
        found = [
            (entry["data"]["action"], entry["by"], entry["data"]["reason"])
            for entry in told["history"]
            if entry["event"] == "task_changed"
        ]
        assert found == [(action, person, f"to {action}") for action, person, _ in actions]

    played(play)
