"""A process is read in words and made of words through the operations that agents call."""

from pathlib import Path
from typing import Any

from flowmaster.engine.outline.examples import OUTLINE_EXAMPLE
from flowmaster.tools.outline_text import read_outline_text
from tests.acceptance.agent import Agent, played

EXAMPLES = Path(__file__).parents[2] / "examples"


async def shown(agent: Agent, process: str) -> str:
    """Return all pages of a process in words."""
    answer = await agent.ask("process_read", process=process, view="words")
    text: str = answer["content"]
    while answer.get("next_cursor"):
        cursor = answer["next_cursor"]
        answer = await agent.ask("process_read", process=process, view="words", cursor=cursor)
        text += answer["content"]
    return text


def test_the_words_of_a_process_make_the_same_process() -> None:
    async def play(agent: Agent) -> None:
        outlines: list[Any] = [OUTLINE_EXAMPLE]
        outlines += [(EXAMPLES / name / "process.yaml").read_text() for name in ("employee-onboarding",)]
        for outline in outlines:
            made = await agent.ask("process_create", outline=outline)
            words = await shown(agent, made["process"])
            again = await agent.ask("process_create", outline=words)
            assert (again["process"], again["draft"]) == (made["process"], 2)
            assert again.get("scenarios") == made.get("scenarios")
            assert again["problems"] == made["problems"]
            before = await agent.ask("process_read", process=made["process"], view="outline", draft=1)
            after = await agent.ask("process_read", process=made["process"], view="outline", draft=2)
            assert after["content"] == before["content"]

    played(play)


def test_a_word_that_a_reader_changes_changes_the_process_and_a_dry_run_keeps_nothing() -> None:
    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=OUTLINE_EXAMPLE)
        words = await shown(agent, "purchase")
        await agent.ask("process_create", outline=words.replace("over 10,000", "over 20,000"), dry_run=True)
        assert await shown(agent, "purchase") == words
        await agent.ask("process_create", outline=words.replace("over 10,000", "over 20,000"))
        outline = (await agent.ask("process_read", process="purchase", view="outline"))["content"]
        steps: Any = read_outline_text(outline).value
        assert next(one["sign"] for one in steps["steps"] if "sign" in one)["when"] == "order.total > 20000"

    played(play)


def test_what_is_not_understood_is_refused_with_its_line() -> None:
    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=OUTLINE_EXAMPLE)
        words = await shown(agent, "purchase")
        lines = words.replace("buyer does it.", "buyer muses about it.").split("\n")
        body = await agent.refusal("process_create", outline="\n".join(lines))
        place = next(number for number, line in enumerate(lines, 1) if "muses" in line)
        assert (body["code"], body["path"]) == ("words.unclear", f"outline:line {place}")
        assert any("does it." in example for example in body["expected"])
        wrong = words.replace('Go to "rate".', 'Go to "nowhere".')
        place = next(number for number, line in enumerate(wrong.split("\n"), 1) if "nowhere" in line)
        assert f"line {place}" in (await agent.refusal("process_create", outline=wrong))["message"]

    played(play)
