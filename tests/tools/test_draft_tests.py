"""What a saved draft tells of its scenarios, without being asked."""

from collections.abc import Awaitable, Callable
from typing import Any

from tests.acceptance.agent import Agent, played

OUTLINE = """
process: leave
roles: [boss]
data: {{days: number > 0}}
start: {{needs: [days]}}
steps:
- if: days > 5
  then:
  - approve: {{ask: boss, into: approved}}
  - if: not(approved)
    then: [{{end: refused}}]
- end: booked
{laws}
scenarios:
- {{name: short, given: {{days: 2}}, expect: {{end: booked}}}}
- {{name: long, given: {{days: 9}}, answers: {{approve: {{approved: true}}}}, expect: {{end: booked}}}}
{more}
"""
REFUSED = "- {name: no, given: {days: 9}, answers: {approve: {approved: false}}, expect: {end: ENDS}}"


def outline(ends: str = "refused", laws: str = "") -> str:
    return OUTLINE.format(more=REFUSED.replace("ENDS", ends), laws=laws)


def answered(use: Callable[[Agent], Awaitable[Any]]) -> Any:
    """Return what an agent gets."""
    got: list[Any] = []

    async def play(agent: Agent) -> None:
        got.append(await use(agent))

    played(play)
    return got[0]


def test_a_draft_whose_scenarios_cover_it_may_be_published() -> None:
    async def use(agent: Agent) -> Any:
        return await agent.ask("process_create", outline=outline())

    saved = answered(use)
    assert saved["scenarios"] == "3 of 3 scenarios passed; 4 of 4 branches covered."
    assert "failing" not in saved
    assert [each["operation"] for each in saved["next"]] == ["process_publish"]


def test_what_fails_is_told_at_once_and_again_after_the_edit_that_mends_it() -> None:
    async def use(agent: Agent) -> Any:
        saved = await agent.ask("process_create", outline=outline("booked"))
        [failing] = saved["failing"]
        mended = await agent.ask("process_edit", process="leave", edits=[failing["fix_edit"]])
        return saved, failing, mended

    saved, failing, mended = answered(use)
    assert saved["scenarios"] == "2 of 3 scenarios passed; 4 of 4 branches covered."
    assert failing["differences"] == [{"what": "end", "expected": "booked", "got": ["refused"]}]
    assert mended["scenarios"] == "3 of 3 scenarios passed; 4 of 4 branches covered."
    assert "failing" not in mended


def test_a_draft_that_is_not_covered_or_has_laws_is_to_be_tested() -> None:
    async def use(agent: Agent) -> Any:
        open_ways = await agent.ask("process_create", outline=OUTLINE.format(more="", laws=""))
        law = "always: {few days are booked: days > 5 or end = 'booked'}".replace("'", '"')
        lawful = await agent.ask("process_create", outline=outline(laws=law))
        return open_ways, lawful

    open_ways, lawful = answered(use)
    assert open_ways["scenarios"] == "2 of 2 scenarios passed; 3 of 4 branches covered."
    assert [each["operation"] for each in open_ways["next"]] == ["process_test"]
    assert [each["operation"] for each in lawful["next"]] == ["process_test"]


def test_very_many_scenarios_wait_until_they_are_asked_for() -> None:
    many = "\n".join(
        f"- {{name: s{number}, given: {{days: 2}}, expect: {{end: booked}}}}" for number in range(60)
    )

    async def use(agent: Agent) -> Any:
        return await agent.ask("process_create", outline=OUTLINE.format(more=many, laws=""))

    saved = answered(use)
    assert "scenarios" not in saved
    assert [each["operation"] for each in saved["next"]] == ["process_test"]


def test_a_draft_with_errors_plays_nothing() -> None:
    async def use(agent: Agent) -> Any:
        return await agent.ask(
            "process_create",
            outline=outline().replace("steps:\n", "steps:\n- rate: {rule: nowhere, into: x}\n"),
        )

    saved = answered(use)
    assert saved["problems"]
    assert "scenarios" not in saved


def test_where_a_task_is_waited_for_its_fields_are_told() -> None:
    async def use(agent: Agent) -> Any:
        await agent.ask("process_create", outline=outline())
        await agent.ask("process_publish", process="leave")
        return await agent.ask("instance_start", process="leave", variables={"days": 9})

    [waiting] = answered(use)["waiting"]
    assert waiting["asks"] == "approved: boolean"
