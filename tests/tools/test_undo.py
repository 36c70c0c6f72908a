"""Edits are undone: the next draft is equal to an earlier one, and nothing is lost on the way."""

from typing import Any

from tests.acceptance.agent import Agent, played

OUTLINE: dict[str, Any] = {
    "process": "p",
    "steps": [{"a": {"call": "a"}}, {"b": {"call": "b"}}],
}


async def content(agent: Agent, draft: int) -> str:
    """Return the outline of a draft."""
    return str((await agent.ask("process_read", process="p", draft=draft))["content"])


async def edit(agent: Agent, *edits: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Edit the process."""
    return dict(await agent.ask("process_edit", process="p", edits=list(edits), **more))


def test_undo_goes_back_edit_by_edit_and_to_any_draft() -> None:
    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=OUTLINE)
        await edit(agent, {"rename": "a", "to": "first"})
        await edit(agent, {"delete": "b"})
        texts = [await content(agent, number) for number in (1, 2, 3)]
        tried = await edit(agent, {"undo": True}, dry_run=True)
        back = await edit(agent, {"undo": True})
        assert tried["diff"] == back["diff"]
        assert back["draft"] == 4
        assert await content(agent, 4) == texts[1]
        await edit(agent, {"undo": True})
        assert await content(agent, 5) == texts[0]
        await edit(agent, {"undo": 3})
        assert await content(agent, 6) == texts[2]

    played(play)


def test_undo_stands_alone_and_ends_at_the_first_draft() -> None:
    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=OUTLINE)
        nothing = await agent.refusal("process_edit", process="p", edits=[{"undo": True}])
        assert nothing["code"] == "edit.nothing_to_undo"
        await edit(agent, {"delete": "b"})
        for edits in ([{"undo": True}, {"delete": "a"}], [{"undo": 2}], [{"undo": "a"}], [{"undo": False}]):
            refused = await agent.refusal("process_edit", process="p", edits=edits)
            assert refused["code"] == "edit.undo_wrong"
            assert refused["expected"] == [1]
        assert (await agent.refusal("process_edit", process="p", edits=[{"undo": 9}]))[
            "code"
        ] == "draft.unknown"

    played(play)


def test_a_process_is_not_extracted_over_another_one() -> None:
    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline={**OUTLINE, "process": "known"})
        await agent.ask("process_create", outline=OUTLINE)
        refused = await agent.refusal("process_edit", process="p", edits=[{"extract": "a", "to": "known"}])
        assert refused["code"] == "edit.process_exists"
        made = await edit(agent, {"extract": "a", "to": "apart"})
        assert made["draft"] == 2
        assert (await agent.ask("process_read", process="apart"))["draft"] == 1

    played(play)
