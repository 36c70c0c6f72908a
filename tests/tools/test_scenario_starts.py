"""Scenarios of processes that begin by a message, a signal, facts, or several triggers together."""

from typing import Any

from tests.acceptance.agent import Agent, played
from tests.bpmn_reader.models import bpmn
from tests.tools.test_process_starts import MESSAGE, ROOT, SIGNAL, together
from tests.tools.test_reported_facts import FRIDGE, when


async def verdict(agent: Agent, process: str, *scenarios: dict[str, Any]) -> dict[str, Any]:
    named = [{"name": f"case {number}", **one} for number, one in enumerate(scenarios)]
    return await agent.ask("process_test", process=process, scenarios=named)


LATE: dict[str, Any] = {
    "process": "late",
    "roles": ["clerk"],
    "data": {"n": "number"},
    "start": {"message": "it is late", "needs": ["n"]},
    "steps": [{"look": {"ask": "clerk"}}, {"end": "seen"}],
}


def test_what_is_given_are_the_facts_that_a_conditional_start_is_asked_over() -> None:
    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=FRIDGE)
        seen = {"answers": {"look": {}}, "expect": {"end": "looked after", "path": ["look"]}}
        warm, cold = {"given": {"temperature": 9}}, {"given": {"temperature": 7}}
        told = await verdict(
            agent,
            "fridge",
            warm | seen,
            cold | {"expect": {"refused": ["start"]}},
            cold | seen,
            {"expect": {"end": "x"}},
        )
        assert (told["passed"], told["failed"]) == (2, 2)
        assert [one["refused"]["message"] for one in told["scenarios"][:2]] == [
            "Nothing begins: `temperature > 8` of 'temperature > 8' is false.",
            "Nothing begins: `temperature > 8` of 'temperature > 8' is null.",
        ]

    played(play)


def test_publishing_plays_the_scenarios_of_a_conditional_start() -> None:
    async def play(agent: Agent) -> None:
        case = {"name": "warm", "given": {"temperature": 9}, "answers": {"look": {}}}
        outline = FRIDGE | {"scenarios": [case | {"expect": {"end": "looked after"}}]}
        await agent.ask("process_create", outline=outline)
        assert "1 scenario passed" in (await agent.ask("process_publish", process="fridge"))["scenarios"]
        read = await agent.ask("process_read", process="fridge")
        assert "condition: temperature > 8" in str(read["content"])

    played(play)


def test_a_message_start_begins_with_what_the_message_brings_as_it_would_in_the_server() -> None:
    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=LATE)
        seen = {"answers": {"look": {}}, "expect": {"end": "seen"}}
        told = await verdict(agent, "late", {"given": {"n": 1}} | seen, {"given": {"n": "much"}} | seen)
        assert told["failed"] == 0, told

    played(play)


def test_a_scenario_chooses_among_the_starts_of_a_process() -> None:
    async def play(agent: Agent) -> None:
        several = [
            {"needs": ["n"]},
            {"message": "it is late", "name": "Told so", "goto": "hurry"},
            {"condition": "n > 5", "id": "much", "goto": "hurry"},
        ]
        steps = [{"look": {"ask": "clerk"}}, {"hurry": {"ask": "clerk"}}, {"end": "seen"}]
        await agent.ask("process_create", outline=LATE | {"start": several, "steps": steps})
        told = await verdict(
            agent,
            "late",
            {"given": {"n": 1}, "expect": {"waits_at": ["look"]}},
            {"expect": {"refused": ["n"]}},
            {"start": "Told so", "expect": {"waits_at": ["hurry"]}},
            {"start": "it is late", "expect": {"waits_at": ["hurry"], "skips": ["look"]}},
            {"start": "much", "given": {"n": 6}, "expect": {"waits_at": ["hurry"]}},
            {"start": "much", "given": {"n": 5}, "expect": {"refused": ["start"]}},
            {"start": "start", "given": {"n": 1}, "expect": {"waits_at": ["look"]}},
        )
        assert told["failed"] == 0, told
        refused = await agent.refusal(
            "process_test",
            process="late",
            scenarios=[{"name": "a", "start": "it is lat", "expect": {"end": "x"}}],
        )
        assert (refused["code"], refused["path"]) == ("scenario.step_unknown", "scenarios[0].start")
        assert "Did you mean 'it is late'" in refused["message"]

    played(play)


def test_the_other_triggers_of_a_start_come_as_messages_of_the_scenario() -> None:
    async def play(agent: Agent) -> None:
        body = together(MESSAGE.format("m1"), MESSAGE.format("m2"))
        await agent.ask("process_create", bpmn=bpmn(body, ROOT))
        wish, order = ({"messages": [{"name": name, "variables": {name: 1}}]} for name in ("wish", "order"))
        told = await verdict(
            agent,
            "p",
            {"expect": {"waits_at": ["s"]}},
            wish | {"expect": {"waits_at": ["a"], "variables": {"wish": 1}}},
            order | {"start": "wish", "expect": {"waits_at": ["a"], "variables": {"order": 1}}},
            order | {"start": "order", "expect": {"waits_at": ["s"]}},
        )
        assert told["failed"] == 0, told

    played(play)


def test_facts_and_a_signal_that_begin_together_are_tested() -> None:
    async def play(agent: Agent) -> None:
        body = together(SIGNAL, when("n &gt; 1"))
        await agent.ask("process_create", bpmn=bpmn(body, ROOT))
        told = await verdict(
            agent,
            "p",
            {"given": {"n": 2}, "expect": {"waits_at": ["a"]}},
            {"given": {"n": 1}, "start": "all hands", "expect": {"waits_at": ["s"]}},
        )
        assert told["failed"] == 0, told

    played(play)


def test_a_scenario_that_names_no_start_of_the_process_fails() -> None:
    async def play(agent: Agent) -> None:
        case = {"name": "wrong", "start": "it was late", "expect": {"end": "seen"}}
        made = await agent.ask("process_create", outline=LATE | {"scenarios": [case]})
        assert "scenario.step_unknown" in [one["code"] for one in made["problems"]]
        (told,) = (await agent.ask("process_test", process="late"))["scenarios"]
        assert (told["passed"], told["refused"]["code"]) == (False, "scenario.start_unknown")
        assert "Did you mean 'it is late'" in told["refused"]["message"]

    played(play)
