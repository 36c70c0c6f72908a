"""Default answers stay short, however much there is: lists are pages, the rest is told on request."""

from typing import Any

from tests.acceptance.agent import Agent, played
from tests.acceptance.town import LEAVE, bpmn, settled
from tests.token_count import token_count

TOKENS_MAX = 2_000
MANY = 1_000

BRANCHES: dict[str, Any] = {
    "process": "branches",
    "roles": ["people"],
    "steps": [{"all": [[{f"Step number {number} of the many": {"ask": "people"}}] for number in range(60)]}],
    "scenarios": [
        {"name": f"scenario {number}", "given": {}, "expect": {"end": "end"}} for number in range(8)
    ],
}
"""Sixty tasks side by side, and eight scenarios with sixty steps each."""


async def cost(agent: Agent, operation: str, **arguments: Any) -> int:
    """Return the tokens of an answer or refusal, which must be no fault."""
    answer = await agent.answer(operation, arguments)
    assert answer.status != 500, answer.text
    return token_count(answer.text)


def test_lists_over_a_thousand_rows_are_short_pages_with_total_and_cursor() -> None:
    async def play(agent: Agent) -> None:
        await settled(agent)
        for number in range(MANY):
            await agent.ask(
                "instance_start",
                process="leave",
                variables={"days": number + 1, "who": "somebody.with.a.long.name"},
                business_key=f"Application 2026-{number} of Nordwind Maschinenbau GmbH",
            )
        for operation in ("instance_find", "task_find", "audit_find"):
            found = await agent.ask(operation)
            assert found["total"] >= MANY
            assert len(found["items"]) == 20
            assert (await agent.ask(operation, cursor=found["next_cursor"]))["items"] != found["items"]
            assert await cost(agent, operation) <= TOKENS_MAX, operation

    played(play)


def test_a_wide_process_is_created_edited_tested_refused_and_run_in_short_answers() -> None:
    async def play(agent: Agent) -> None:
        edits = [
            {"rename": f"Step number {number} of the many", "to": f"Step {number} of many"}
            for number in range(60)
        ]
        names = [scenario["name"] for scenario in BRANCHES["scenarios"]]
        calls: list[tuple[str, dict[str, Any]]] = [
            ("process_create", {"outline": BRANCHES}),
            ("process_edit", {"process": "branches", "edits": edits}),
            ("process_test", {"process": "branches"}),
            ("process_publish", {"process": "branches"}),
            ("process_edit", {"process": "branches", "edits": [{"remove_scenarios": names}]}),
            ("process_publish", {"process": "branches"}),
            ("instance_start", {"process": "branches"}),
            ("instance_read", {"instance": "branches:1"}),
            ("audit_find", {}),
            ("process_create", {"outline": {**BRANCHES, "roles": ["nobody"]}}),
        ]
        for operation, arguments in calls:
            assert await cost(agent, operation, **arguments) <= TOKENS_MAX, operation
        shown = await agent.ask("instance_read", instance="branches:1")
        assert len(shown["waiting"]) + shown["left_out"]["waiting"] == 60

    played(play)


def test_a_file_full_of_problems_is_told_in_short_and_the_rest_by_its_view() -> None:
    services = "".join(f'<serviceTask id="service_number_{number}"/>' for number in range(150))

    async def play(agent: Agent) -> None:
        created = await agent.ask("process_create", bpmn=bpmn(services))
        left = created["left_out"]["problems"]
        assert await cost(agent, "process_create", bpmn=bpmn(services)) <= TOKENS_MAX
        listed, cursor = 0, None
        while True:
            page = await agent.ask("process_read", process="p", view="problems", cursor=cursor)
            listed += len(page["content"])
            cursor = page.get("next_cursor")
            if cursor is None:
                break
        assert listed == len(created["problems"]) + left

    played(play)


def test_many_and_long_variables_are_shortened_and_whole_on_request() -> None:
    task = (
        '<startEvent id="s"/><userTask id="u"/><endEvent id="e"/>'
        '<sequenceFlow id="a" sourceRef="s" targetRef="u"/><sequenceFlow id="b" sourceRef="u" targetRef="e"/>'
    )
    variables = {f"variable {number}": "word " * 180 for number in range(100)}

    async def play(agent: Agent) -> None:
        await agent.published(None, bpmn=bpmn(task))
        assert await cost(agent, "instance_start", process="p", variables=variables) <= TOKENS_MAX
        shown = await agent.ask("instance_read", instance="p:1")
        assert len(shown["variables"]) + shown["left_out"]["variables"] == 100
        assert shown["variables_shortened"]
        whole = await agent.ask("instance_read", instance="p:1", detail=["variables"])
        assert whole["variables"] == variables
        assert await cost(agent, "task_read", task="p:1/u.4") <= TOKENS_MAX

    played(play)


def test_one_of_many_tasks_is_shown_as_it_stands_after_each_action() -> None:
    loop = (
        "<multiInstanceLoopCharacteristics><extensionElements><zeebe:loopCharacteristics"
        ' inputCollection="=for i in 1..300 return i" inputElement="one"/></extensionElements>'
        "</multiInstanceLoopCharacteristics>"
    )
    task = (
        f'<startEvent id="s"/><userTask id="u">{loop}</userTask><endEvent id="e"/>'
        '<sequenceFlow id="a" sourceRef="s" targetRef="u"/><sequenceFlow id="b" sourceRef="u" targetRef="e"/>'
    )

    async def play(agent: Agent) -> None:
        await agent.published(None, bpmn=bpmn(task))
        await agent.ask("instance_start", process="p")
        last = (await agent.ask("task_find", limit=1_000))["items"][-1]["task"]
        claimed = await agent.ask("task_act", task=last, action="claim", as_user="ann")
        assert (claimed["task"], claimed["state"], claimed["assignee"]) == (last, "reserved", "ann")
        done = await agent.ask("task_act", task=last, action="complete", as_user="ann")
        assert (done["task"], done["state"], done["status"]) == (last, "completed", "active")
        assert len(done["waiting"]) == len(claimed["waiting"]) > 0
        assert (await agent.ask("instance_read", instance="p:1"))["left_out"]["waiting"] > 270

    played(play)


def test_many_incidents_are_told_in_short_and_whole_on_request() -> None:
    scripts = "".join(
        f'<scriptTask id="script_{number}"><script>print("{"long " * 20}")</script></scriptTask>'
        f'<sequenceFlow id="f_{number}" sourceRef="g" targetRef="script_{number}"/>'
        for number in range(40)
    )
    fork = '<startEvent id="s"/><parallelGateway id="g"/><sequenceFlow id="a" sourceRef="s" targetRef="g"/>'

    async def play(agent: Agent) -> None:
        await agent.published(None, bpmn=bpmn(fork + scripts))
        assert await cost(agent, "instance_start", process="p") <= TOKENS_MAX
        shown = await agent.ask("instance_read", instance="p:1")
        assert len(shown["incidents"]) + shown["left_out"]["incidents"] == 40
        assert (
            len((await agent.ask("instance_read", instance="p:1", detail=["incidents"]))["incidents"]) == 40
        )

    played(play)


def test_what_an_agent_may_want_to_know_is_found_in_short_answers() -> None:
    async def play(agent: Agent) -> None:
        await settled(agent)
        for number in range(60):
            outline = {
                **LEAVE,
                "process": f"leave{number}",
                "name": f"Leave of absence in department {number}",
            }
            await agent.ask("process_create", outline=outline)
        assert await cost(agent, "process_find") <= TOKENS_MAX
        for query in ("process", "instance of a process", "task", "xylophone", "read the audit log"):
            assert await cost(agent, "operation_find", query=query) <= TOKENS_MAX, query
        assert await cost(agent, "process_read", process="leaves") <= TOKENS_MAX
        assert await cost(agent, "server_info") <= TOKENS_MAX

    played(play)
