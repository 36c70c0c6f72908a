"""What a job answers has to hold what the process says it gives, whoever does the job."""

import asyncio
from typing import Any

import pytest

from flowmaster.connectors.connector import Work
from flowmaster.engine.values import Json
from flowmaster.server import wiring
from tests.acceptance.agent import Agent, Body, played

SEATS: dict[str, Any] = {
    "process": "seats",
    "data": {"free": "integer", "price": "number"},
    "steps": [
        {"check": {"call": "seats.check", "into": {"free": "free", "price": "offer.price", "note?": "note"}}},
        {"if": "price > 100", "then": [{"end": "dear"}]},
        {"end": "cheap"},
    ],
    "scenarios": [
        {"name": "all", "services": {"check": {"free": 1, "offer": {"price": 9}}}, "expect": {"end": "cheap"}}
    ],
}


async def job_of(agent: Agent) -> str:
    """Return the job of an instance that was just started."""
    await agent.started(await agent.published(SEATS))
    taken = await agent.ask("work_take", types=["seats.check"], worker="w")
    return str(taken["items"][0]["job"])


@pytest.mark.parametrize(
    ("given", "lacking"),
    [
        ({}, "'free' and 'offer.price'"),
        ({"free": 2}, "'offer.price'"),
        ({"free": None, "offer": {"price": 1}}, "'free'"),
        ({"free": 2, "offer": {"cost": 1}}, "'offer.price'"),
    ],
)
def test_a_result_that_lacks_something_is_refused_and_the_job_stays_open(given: Body, lacking: str) -> None:
    async def play(agent: Agent) -> None:
        job = await job_of(agent)
        refusal = await agent.refusal("work_finish", job=job, variables=given)
        assert (refusal["code"], refusal["message"]) == (
            "job.result_incomplete",
            f"The result of 'check' lacks {lacking}.",
        )
        assert refusal["expected"] == ["free", "offer.price"]
        done = await agent.ask("work_finish", job=job, variables={"free": 2, "offer": {"price": 101}})
        assert done["status"] == "completed"

    played(play)


def test_a_job_may_fail_or_raise_an_error_without_a_result() -> None:
    async def play(agent: Agent) -> None:
        job = await job_of(agent)
        failed = await agent.ask("work_finish", job=job, failure="no line", retries=0)
        assert failed["incidents"][0]["code"] == "job.failed"

    played(play)


def test_a_scenario_tells_what_a_service_should_have_answered() -> None:
    async def play(agent: Agent) -> None:
        scenarios = [
            {"name": "nothing said", "expect": {"end": "cheap"}},
            {"name": "half", "services": {"check": {"free": 1}}, "expect": {"end": "cheap"}},
            {"name": "half is meant", "like": "half", "expect": {"refused": ["check"]}},
        ]
        await agent.ask("process_create", outline={**SEATS, "scenarios": scenarios})
        body = await agent.ask("process_test", process="seats")
        nothing, half, meant = body["scenarios"]
        assert nothing["refused"] == {
            "check": "The result of 'check' lacks 'free' and 'offer.price'. Say what it answers under `services`."
        }
        assert half["refused"] == {"check": "The result of 'check' lacks 'offer.price'."}
        assert "fix_edit" not in nothing
        assert "fix_edit" not in half
        assert meant["passed"]

    played(play)


def test_what_may_be_missing_is_marked_in_an_edit_too() -> None:
    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=SEATS)
        edit = {"set": "check", "into": ["free?", "price"]}
        await agent.ask("process_edit", process="seats", edits=[edit])
        shown = await agent.ask("process_read", process="seats", view="outline")
        assert "into: ['free?', price]" in shown["content"]

    played(play)


class Half:
    """A connector that does not give all that is wanted."""

    type = "seats.check"
    about = "Answers half."

    def connection(self, work: Work) -> str:
        """Talk to one place."""
        return "here"

    async def run(self, work: Work) -> dict[str, Json]:
        """Answer half."""
        return {"free": 3}


def test_a_connector_whose_result_lacks_something_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "connectors", lambda: {Half.type: Half()})

    async def play(agent: Agent) -> None:
        instance = (await agent.started(await agent.published(SEATS)))["instance"]
        body = await agent.ask("instance_read", instance=instance)
        for _ in range(100):
            if body.get("incidents"):
                break
            await asyncio.sleep(0.05)
            body = await agent.ask("instance_read", instance=instance)
        assert "lacks 'offer.price'" in body["incidents"][0]["message"]

    played(play)


def test_generated_cases_answer_what_a_job_has_to_hold() -> None:
    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline={**SEATS, "scenarios": []})
        body = await agent.ask("process_test", process="seats", generate=True)
        ends = {each["scenario"]["expect"].get("end") for each in body["suggested"]}
        assert ends == {"cheap", "dear"}

    played(play)
