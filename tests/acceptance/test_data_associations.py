"""A model whose data move by associations is published, worked on and shown as an outline like any other."""

from tests.acceptance.agent import Agent, played
from tests.acceptance.town import bpmn
from tests.engine.cases import E, S, flows, job

ORDER = '<dataObjectReference id="ref" name="Purchase order" dataObjectRef="o"/><dataObject id="o"/>'
MOVES = (
    '<dataInputAssociation id="reads"><sourceRef>ref</sourceRef><targetRef>request</targetRef><assignment>'
    "<from>=ref.total * 2</from><to>=request.amount</to></assignment></dataInputAssociation>"
    '<dataOutputAssociation id="writes"><targetRef>ref</targetRef><assignment><from>${answer.price}</from>'
    "<to>${ref.price}</to></assignment></dataOutputAssociation>"
)
MODEL = bpmn(
    S + ORDER + job("a").replace("</serviceTask>", f"{MOVES}</serviceTask>") + E + flows("s a", "a e")
)


def test_a_worker_gets_and_gives_what_the_associations_say_before_and_after_an_outline() -> None:
    async def play(agent: Agent) -> None:
        process = (await agent.ask("process_create", bpmn=MODEL))["process"]
        for _ in range(2):
            assert (await agent.ask("process_publish", process=process))["version"]
            begun = await agent.started(process, **{"Purchase order": {"total": 5}})
            (found,) = (await agent.ask("work_take", instance=begun["instance"]))["items"]
            assert found["variables"]["request"] == {"amount": 10}
            done = await agent.ask("work_finish", job=found["job"], variables={"answer": {"price": 3}})
            assert done["status"] == "completed"
            assert done["variables"] == {"Purchase order": {"total": 5, "price": 3}}
            outline = (await agent.ask("process_read", process=process, view="outline"))["content"]
            await agent.ask("process_create", process=process, outline=outline)

    played(play)


def test_an_association_that_cannot_run_is_warned_of_and_stops_its_step_alone() -> None:
    async def play(agent: Agent) -> None:
        foreign = MODEL.replace("=ref.total * 2", "${order.getTotal()}")
        made = await agent.ask("process_create", bpmn=foreign)
        told = {problem["code"]: problem for problem in made["problems"]}
        assert "data association 'reads' cannot run" in told["element.not_executable"]["message"]
        assert told["expression.language_unknown"]["element"] == "a"
        await agent.ask("process_publish", process=made["process"])
        begun = await agent.started(made["process"])
        assert [incident["element"] for incident in begun["incidents"]] == ["a"]

    played(play)
