"""What an outline says once and every run keeps: results of ends, checks of answers, dates that are dates."""

from typing import Any

import pytest

from flowmaster.engine.outline.compile import compile_outline
from flowmaster.engine.outline.decompile import decompile
from tests.acceptance.agent import Agent, played, whole_state

TRIP: dict[str, Any] = {
    "process": "trip",
    "roles": ["boss"],
    "data": {"first": "date", "back": "date", "who": "person", "ok": "boolean", "reason": "text"},
    "start": {"needs": ["first", "back", "who"], "checks": {"back is not before first": "back >= first"}},
    "result": "outcome",
    "steps": [
        {
            "approve": {
                "ask": "boss",
                "form": {"ok": "boolean", "reason?": "text"},
                "checks": {"a no needs a reason": "ok or reason != null"},
                "into": ["ok", "reason"],
            }
        },
        {"if": "not(ok)", "then": [{"end": "refused"}]},
        {"if": 'back - first > duration("P7D")', "then": [{"end": "long trip", "set": {"booked": True}}]},
        {"end": "short trip"},
    ],
    "events": [{"message": "withdrawn", "key": "who", "then": [{"end": "withdrawn"}]}],
}
INPUTS = {"first": "2030-01-01", "back": "2030-01-05", "who": "ann"}


@pytest.mark.parametrize(
    ("back", "answer", "outcome"),
    [
        ("2030-01-05", {"ok": True}, "short trip"),
        ("2030-01-08", {"ok": True}, "short trip"),
        ("2030-01-09", {"ok": True}, "long trip"),
        ("2030-01-09", {"ok": False, "reason": "budget"}, "refused"),
    ],
)
def test_each_end_writes_its_name_and_dates_are_computed_with(
    back: str, answer: dict[str, Any], outcome: str
) -> None:
    async def play(agent: Agent) -> None:
        await agent.published(TRIP)
        begun = await agent.started("trip", **{**INPUTS, "back": back})
        await agent.ask(
            "task_act", task=await agent.task(begun["instance"]), action="complete", variables=answer
        )
        ended = await agent.ask("instance_read", instance=begun["instance"])
        assert ended["variables"]["outcome"] == outcome
        assert ended["variables"].get("booked", False) is (outcome == "long trip")

    played(play)


def test_an_end_that_interrupts_the_process_writes_its_name_too() -> None:
    async def play(agent: Agent) -> None:
        await agent.published(TRIP)
        begun = await agent.started("trip", **INPUTS)
        await agent.ask("event_send", kind="message", name="withdrawn", correlation_key="ann")
        ended = await agent.ask("instance_read", instance=begun["instance"])
        assert (ended["status"], ended["variables"]["outcome"]) == ("completed", "withdrawn")

    played(play)


def test_an_end_that_is_added_later_writes_its_name_too() -> None:
    async def play(agent: Agent) -> None:
        await agent.published(TRIP)
        edit = {"branch": "approve", "if": 'reason = "later"', "then": [{"end": "put off"}]}
        await agent.ask("process_edit", process="trip", edits=[edit])
        await agent.ask("process_publish", process="trip")
        begun = await agent.started("trip", **INPUTS)
        answer = {"ok": False, "reason": "later"}
        await agent.ask(
            "task_act", task=await agent.task(begun["instance"]), action="complete", variables=answer
        )
        ended = await agent.ask("instance_read", instance=begun["instance"])
        assert ended["variables"]["outcome"] == "put off"

    played(play)


def test_an_answer_that_a_check_forbids_is_refused_and_changes_nothing() -> None:
    async def play(agent: Agent) -> None:
        await agent.published(TRIP)
        begun = await agent.started("trip", **INPUTS)
        task = await agent.task(begun["instance"])
        before = whole_state(agent.app)
        refusal = await agent.refusal("task_act", task=task, action="complete", variables={"ok": False})
        assert refusal["code"] == "task.answer_forbidden"
        assert "a no needs a reason" in refusal["message"]
        assert refusal["expected"] == "ok or reason != null"
        assert whole_state(agent.app) == before

    played(play)


def test_a_start_whose_dates_are_the_wrong_way_round_is_refused() -> None:
    async def play(agent: Agent) -> None:
        await agent.published(TRIP)
        refusal = await agent.refusal(
            "instance_start", process="trip", variables={**INPUTS, "back": "2029-12-31"}
        )
        assert refusal["code"] == "instance.inputs_invalid"
        assert "back is not before first" in refusal["message"]

    played(play)


def test_the_outline_says_the_result_once_after_a_round_trip() -> None:
    shown: Any = decompile(compile_outline(TRIP).document)
    assert shown["result"] == "outcome"
    assert shown["steps"][1] == {"if": "not(ok)", "then": [{"end": "refused"}]}
    assert shown["steps"][2]["then"] == [{"end": "long trip", "set": {"booked": True}}]
    assert shown["steps"][0]["approve"]["checks"] == {"a no needs a reason": "ok or reason != null"}


def test_a_person_whom_a_variable_holds_is_asked_by_its_name() -> None:
    outline: dict[str, Any] = {
        "process": "plan",
        "roles": ["boss", "lead"],
        "data": {"manager": "person"},
        "start": {"needs": ["manager"]},
        "steps": [
            {"confirm": {"ask": "manager", "form": {"ok": "boolean"}, "into": "ok"}},
            {
                "again": {
                    "ask": {"person": "manager", "role": "boss"},
                    "form": {"fine": "boolean"},
                    "within": "P1D",
                    "late": {"escalate": ["boss", "lead"]},
                }
            },
        ],
    }

    async def play(agent: Agent) -> None:
        await agent.published(outline)
        begun = await agent.started("plan", manager="mia")
        first = await agent.ask("task_read", task=await agent.task(begun["instance"]))
        assert first["assignee"] == "mia"
        await agent.ask("task_act", task=first["task"], action="complete", variables={"ok": True})
        second = await agent.ask("task_read", task=await agent.task(begun["instance"]))
        assert second["assignee"] == "mia"
        await agent.advance("P2D")
        late = await agent.ask("task_read", task=second["task"])
        assert late["roles"] == ["boss", "lead"]

    played(play)


def test_branches_that_meet_before_a_parallel_block_start_it_once_each() -> None:
    outline: dict[str, Any] = {
        "process": "meet",
        "data": {"a": "boolean"},
        "start": {"needs": ["a"]},
        "steps": [
            {"if": "a", "then": [{"one": {"call": "one"}}]},
            {"all": [[{"two": {"call": "two"}}], [{"three": {"call": "three"}}]]},
            {"end": "done"},
        ],
    }

    async def play(agent: Agent) -> None:
        await agent.published(outline)
        begun = await agent.started("meet", a=False)
        assert {wait["element"] for wait in begun["waiting"]} == {"two", "three"}

    played(play)
