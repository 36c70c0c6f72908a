"""What answers propose to call next can be called: nothing that is refused, and a null for what is to be filled in."""

from typing import Any

import pytest

from tests.acceptance.agent import Agent, Body, body_of, played, whole_state
from tests.acceptance.fuzzing import peopled
from tests.acceptance.town import LEAVE, LEVELS, settled


def proposed(body: Body) -> list[tuple[str, Body]]:
    return [(each["operation"], each["arguments"]) for each in body.get("next", [])]


def test_where_an_instance_is_paused_nothing_is_proposed_but_to_resume_it() -> None:
    async def play(agent: Agent) -> None:
        await peopled(agent)
        await agent.ask("instance_control", instance="leave:4", action="pause")
        resume = ("instance_control", {"instance": "leave:4", "action": "resume"})
        paused = await agent.ask("instance_read", instance="leave:4", detail=["incidents"])
        assert proposed(paused) == [resume]
        assert [proposed({"next": each["fixes"]}) for each in paused["incidents"]] == [[resume]]
        await agent.ask("instance_control", instance="leave:1", action="pause")
        task = await agent.ask("task_read", task="leave:1/check.4")
        assert proposed(task) == [("instance_control", {"instance": "leave:1", "action": "resume"})]

    played(play)


def test_what_is_to_be_filled_in_stands_as_null_in_a_proposed_call() -> None:
    async def play(agent: Agent) -> None:
        await agent.ask("rule_save", table=LEVELS)
        await agent.ask("process_create", outline=LEAVE)
        published = await agent.ask("process_publish", process="leave")
        start = {"process": "leave", "variables": {"days": None, "who": None}}
        assert proposed(published) == [("instance_start", start)]
        leave = await agent.started("leave", days=1, who="ann")
        task = await agent.ask("task_read", task=await agent.task(leave["instance"]))
        assert task["next"][0]["arguments"]["variables"] == {"ok": None}

    played(play)


def test_a_version_of_a_process_that_nobody_knows_is_refused_as_that() -> None:
    async def play(agent: Agent) -> None:
        refusal = await agent.refusal("instance_start", process="nobody", version=1)
        assert (refusal["code"], proposed(refusal)) == ("process.unknown", [("process_find", {})])

    played(play)


def test_a_draft_whose_tool_has_a_taken_name_is_not_proposed_to_be_published() -> None:
    async def play(agent: Agent) -> None:
        tool = {"name": "task_act", "about": "Do it."}
        steps: list[Any] = [{"a": {"call": "work"}}, {"end": "done"}]
        outline: Any = {"process": "taken", "tool": tool, "steps": steps}
        told = await agent.ask("process_create", outline=outline)
        assert proposed(told) == [("process_read", {"process": "taken", "view": "problems"})]
        assert [each["code"] for each in told["problems"]] == ["tool.name_taken"]
        free = {**outline, "tool": {**tool, "name": "do_it"}}
        assert proposed(await agent.ask("process_create", outline=free)) == [
            ("process_publish", {"process": "taken"})
        ]

    played(play)


@pytest.mark.parametrize(
    ("operation", "arguments", "fix"),
    [
        (
            "process_edit",
            {"process": "leave", "edits": []},
            'For example: "edits": [{"rename":"place","to":"order it"}].',
        ),
        (
            "process_edit",
            {"process": "leave", "edits": [1]},
            'For example: {"rename":"place","to":"order it"}.',
        ),
        ("audit_find", {"detail": ["all"]}, 'For example: "data".'),
        ("instance_control", {"instance": "leave:1", "action": "stop"}, 'For example: "action": "pause".'),
    ],
)
def test_the_example_of_a_refusal_fits(operation: str, arguments: Body, fix: str) -> None:
    async def play(agent: Agent) -> None:
        assert (await agent.refusal(operation, **arguments))["fix"] == fix

    played(play)


def test_a_call_that_would_not_succeed_is_not_proposed() -> None:
    async def play(agent: Agent) -> None:
        await settled(agent)
        assert proposed(await agent.refusal("process_read", procesz=1)) == []
        assert proposed(await agent.refusal("process_read", procesz="x")) == []
        assert proposed(await agent.refusal("process_read", procesz="leave")) != []
        assert proposed(await agent.refusal("instance_start", process="leave", variabels={})) == []
        unfit = await agent.answer("operation_query", {"operation": "event_send", "arguments": {}})
        assert (unfit.status, proposed(body_of(unfit))) == (409, [])
        read = {
            "operation": "process_create",
            "arguments": {"outline": {"process": "q", "steps": [{"end": "e"}]}},
        }
        fit = body_of(await agent.answer("operation_query", read))
        assert proposed(fit) == [("operation_call", read)]
        await agent.started("leave", days=1, who="ann")
        await agent.ask("instance_control", instance="leave:1", action="skip", element="check")
        await agent.ask("instance_control", instance="leave:1", action="skip", element="sign")
        before = whole_state(agent.app)
        misspelt = body_of(await agent.answer("operation_call", {"operatoin": "work_take"}))
        assert proposed(misspelt) == [("operation_call", {"operation": "work_take"})]
        assert whole_state(agent.app) == before, "it was tried, not done"

    played(play)


def test_a_table_that_is_none_is_refused_with_the_way_to_its_language() -> None:
    async def play(agent: Agent) -> None:
        assert "rule table" in (await agent.refusal("rule_save", table={}))["fix"]

    played(play)


def test_publishing_what_is_published_already_answers_the_version_that_it_is() -> None:
    async def play(agent: Agent) -> None:
        await settled(agent)
        before = whole_state(agent.app)
        again = await agent.ask("process_publish", process="leave")
        assert again["version"] == 1
        assert whole_state(agent.app) == before
        await agent.ask("process_edit", process="leave", edits=[{"rename": "check", "to": "look at it"}])
        assert (await agent.ask("process_publish", process="leave"))["version"] == 2

    played(play)


def test_a_very_long_list_that_an_evaluation_gives_is_shown_from_its_beginning() -> None:
    async def play(agent: Agent) -> None:
        told = await agent.ask("rule_evaluate", expression="for i in 1..20000 return i")
        assert told["result"][:3] == [1, 2, 3]
        assert len(told["result"]) + told["left_out"]["result"] == 20_000
        assert (await agent.ask("rule_evaluate", expression="[1, 2]"))["result"] == [1, 2]

    played(play)
