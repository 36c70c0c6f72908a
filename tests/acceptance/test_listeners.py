"""Execution listeners are work like any other: taken, finished, answered by their type in scenarios."""

import asyncio

import pytest

from flowmaster.connectors.connector import BusinessError, Work
from flowmaster.engine.values import Json
from flowmaster.server import wiring
from tests.acceptance.agent import Agent, Body, played
from tests.acceptance.town import bpmn
from tests.engine.cases import E, S, flows, job

LISTENED = bpmn(
    S
    + job("a").replace(
        "<extensionElements>",
        '<extensionElements><zeebe:executionListeners><zeebe:executionListener eventType="start" type="watch"/>'
        '<zeebe:executionListener eventType="end" type="bill"/></zeebe:executionListeners>'
        '<zeebe:taskHeaders><zeebe:header key="tone" value="kind"/></zeebe:taskHeaders>',
    )
    + E
    + flows("s a", "a e")
)


def test_listeners_are_taken_and_finished_and_scenarios_answer_them_by_their_type() -> None:
    async def play(agent: Agent) -> None:
        process = (await agent.ask("process_create", bpmn=LISTENED))["process"]
        scenario = {
            "name": "billed",
            "services": {"watch": {"seen": True}, "a": {"sum": 5}, "bill": {"invoice": "I-1"}},
            "expect": {"end": "e", "variables": {"sum": 5, "invoice": "I-1"}},
        }
        tried = await agent.ask("process_test", process=process, scenarios=[scenario])
        assert tried["passed"] == 1, tried
        await agent.ask("process_publish", process=process)
        instance = (await agent.started(process))["instance"]
        last = {}
        for kind, result in (("watch", {"seen": True}), ("", {"sum": 5}), ("bill", {"invoice": "I-1"})):
            (found,) = (await agent.ask("work_take", instance=instance))["items"]
            assert found["element"] == "a"
            assert found["headers"] == {"tone": "kind"}
            assert found["type"] == kind if kind else found["variables"]["seen"] is True
            if kind == "bill":
                refusal = await agent.refusal("work_finish", job=found["job"], error_code="BAD")
                assert refusal["code"] == "job.listener_error"
            last = await agent.ask("work_finish", job=found["job"], variables=result)
        assert last["status"] == "completed"

    played(play)


class Watcher:
    """A connector that refuses what it is to watch, with a business error."""

    type = "watch"
    about = "Watches."

    def connection(self, work: Work) -> str:
        """Talk to nobody."""
        return ""

    async def run(self, work: Work) -> dict[str, Json]:
        """Refuse."""
        raise BusinessError("NOT_ALLOWED", "Nobody may watch.")


def test_a_business_error_of_a_connector_in_a_listener_is_a_failure_that_no_boundary_catches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wiring, "connectors", lambda: {"watch": Watcher()})
    caught = (
        '<boundaryEvent id="b" attachedToRef="a"><errorEventDefinition/></boundaryEvent><endEvent id="c"/>'
    )
    model = LISTENED.replace(E, E + caught + '<sequenceFlow id="f3" sourceRef="b" targetRef="c"/>')

    async def play(agent: Agent) -> None:
        process = await agent.published(None, bpmn=model)
        instance = (await agent.started(process))["instance"]
        read: Body = {}
        for _ in range(100):
            read = await agent.ask("instance_read", instance=instance, detail=["incidents"])
            if read.get("incidents"):
                break
            await asyncio.sleep(0.05)
        (incident,) = read["incidents"]
        assert (incident["element"], incident["code"]) == ("a", "job.failed")
        assert "NOT_ALLOWED: Nobody may watch." in incident["message"]
        assert read["status"] == "active"

    played(play)


DECIDED = bpmn(
    S + '<userTask id="a" name="approve"><extensionElements><zeebe:userTask/>'
    '<zeebe:assignmentDefinition candidateGroups="clerk"/><zeebe:taskListeners>'
    '<zeebe:taskListener eventType="completing" type="budget.check"/></zeebe:taskListeners>'
    '<zeebe:taskHeaders><zeebe:header key="tone" value="kind"/></zeebe:taskHeaders></extensionElements></userTask>'
    + E
    + flows("s a", "a e")
)


def test_a_listener_of_a_task_is_told_what_is_asked_and_by_whom_and_what_it_denies_stays_undone() -> None:
    async def play(agent: Agent) -> None:
        process = (await agent.ask("process_create", bpmn=DECIDED))["process"]
        answered = {"a": {"approved": True, "by": "ann"}}
        denied = {"name": "denied", "answers": answered, "services": {"budget.check": [{"denied": True}, {}]}}
        agreed = {
            "name": "agreed",
            "answers": answered,
            "expect": {"end": "e", "variables": {"approved": True}},
        }
        tried = await agent.ask(
            "process_test", process=process, scenarios=[agreed, denied | {"expect": {"waits_at": ["a"]}}]
        )
        assert tried["passed"] == 1, tried
        await agent.ask("process_publish", process=process)
        instance = (await agent.started(process))["instance"]
        (task,) = (await agent.ask("task_find", instance=instance))["items"]
        done = await agent.ask(
            "task_act", task=task["task"], action="complete", variables={"approved": True}, as_user="ann"
        )
        assert done["state"] == "completing"
        assert done["next"][-1]["operation"] == "work_take"
        taken = await agent.ask("work_take", types=["budget.check"])
        (found,) = taken["items"]
        assert "deniedReason" in taken["next"][0]["why"]
        assert found["variables"] == {"approved": True}
        asked = {"event": "completing", "action": "complete", "by": "ann", "task": task["task"]}
        assert found["headers"] == {"tone": "kind"} | asked
        refusal = await agent.refusal("work_finish", job=found["job"], variables={"approved": False})
        assert (refusal["code"], refusal["path"]) == ("job.verdict_wrong", "variables.approved")
        verdict = {"denied": True, "deniedReason": "no money left"}
        await agent.ask("work_finish", job=found["job"], variables=verdict)
        read = await agent.ask("task_read", task=task["task"], detail=["history"])
        assert read["state"] == "ready"
        assert any(
            entry["data"].get("reason") == "no money left" for entry in read["history"] if "data" in entry
        )
        refusal = await agent.refusal("work_finish", job=found["job"], variables={})
        assert refusal["code"] == "job.over" or refusal["code"].startswith(("job.", "wait."))
        await agent.ask("task_act", task=task["task"], action="complete", variables={"approved": True})
        (found,) = (await agent.ask("work_take", types=["budget.check"]))["items"]
        last = await agent.ask("work_finish", job=found["job"])
        assert last["status"] == "completed"

    played(play)
