"""Execution listeners are work like any other: taken, finished, answered by their type in scenarios."""

from tests.acceptance.agent import Agent, played
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
