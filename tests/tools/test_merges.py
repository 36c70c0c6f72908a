"""Branches are merged by elements, into their process and into each other; conflicts are told and resolved."""

import asyncio
from dataclasses import replace
from pathlib import Path

from flowmaster.stores.rows import DRAFTS_KEPT
from tests.acceptance.agent import Agent, Body, body_of, played, whole_state
from tests.acceptance.town import LEAVE
from tests.tools.branching import LOOK, REVIEW, SLOW, TELL, branched, edit, listed, steps


def test_conflicts_are_told_in_words_and_nothing_is_saved_until_they_are_resolved() -> None:
    async def play(agent: Agent) -> None:
        await branched(agent)
        await edit(agent, "leave@dual", [*LOOK, *TELL])
        await edit(agent, "leave", REVIEW)
        before = whole_state(agent.app)
        refusal = await agent.refusal("process_merge", process="leave@dual")
        assert refusal["code"] == "merge.conflicts"
        assert refusal["expected"] == [
            {
                "conflict": "check",
                "text": 'The user task "review" is changed in both: name.',
                "base": 'name: "check"',
                "ours": 'name: "review"',
                "theirs": 'name: "look"',
            }
        ]
        assert whole_state(agent.app) == before
        answer = await agent.answer("process_merge", {"process": "leave@dual", "dry_run": True})
        assert (answer.status, body_of(answer)["code"]) == (409, "merge.conflicts")
        (hint,) = refusal["next"]
        tried = await agent.ask(hint["operation"], **{**hint["arguments"], "dry_run": True})
        assert tried["resolved"] == ["check"]
        wrong = await agent.refusal("process_merge", process="leave@dual", resolve={"chek": "ours"})
        assert (wrong["code"], wrong["expected"]) == ("merge.resolve_unknown", ["check"])
        assert "Did you mean 'check'?" in wrong["message"]
        assert whole_state(agent.app) == before
        merged = await agent.ask("process_merge", process="leave@dual", resolve={"check": "theirs"})
        assert merged["resolved"] == ["check"]
        assert (await steps(agent, "leave"))["check"] == "look"

    played(play)


def test_a_merge_can_be_undone_and_made_again_whatever_was_edited_since() -> None:
    async def play(agent: Agent) -> None:
        await branched(agent)
        await edit(agent, "leave@dual", TELL)
        await agent.ask("process_merge", process="leave@dual")
        await edit(agent, "leave", [{"undo": True}])
        assert "tell" not in await steps(agent, "leave")
        await edit(agent, "leave", SLOW)
        merged = await agent.ask("process_merge", process="leave@dual")
        assert (merged["draft"], merged["summary"]) == (5, "1 change: 1 added.")
        assert "tell" in await steps(agent, "leave")

    played(play)


def test_the_process_is_merged_into_a_branch_and_a_branch_into_another() -> None:
    async def play(agent: Agent) -> None:
        await branched(agent, "dual", "slow")
        await edit(agent, "leave", SLOW)
        await edit(agent, "leave@dual", TELL)
        fresh = await agent.ask("process_merge", process="leave", into="@dual")
        assert (fresh["process"], fresh["draft"]) == ("leave@dual", 3)
        assert fresh["changes"] == ['"sign": due is "now() + duration(\\"PT48H\\")" (before: none).']
        assert (await listed(agent))["leave@dual"]["behind"] == 0
        await edit(agent, "leave@slow", LOOK)
        for into in ("@slow", "leave@slow"):
            merged = await agent.ask("process_merge", process="leave@dual", into=into)
            assert (merged["process"], merged["draft"]) == ("leave@slow", 3)
        await edit(agent, "leave@slow", [{"rename": "tell", "to": "write"}])
        await edit(agent, "leave@dual", [{"set": "tell", "call": "post"}])
        merged = await agent.ask("process_merge", process="leave@dual", into="@slow")
        assert len(merged["changes"]) == 1
        merged = await agent.ask("process_merge", process="leave@slow")
        assert (await steps(agent, "leave"))["tell"] == "write"
        assert (await agent.ask("process_merge", process="leave@dual"))["changes"] == []

    played(play)


def test_a_merge_made_for_an_older_draft_is_stale() -> None:
    async def play(agent: Agent) -> None:
        await branched(agent)
        await edit(agent, "leave@dual", TELL)
        await edit(agent, "leave", SLOW)
        refusal = await agent.refusal("process_merge", process="leave@dual", base_draft=1)
        assert (refusal["code"], refusal["expected"]) == ("draft.stale", 2)
        assert (await agent.ask("process_merge", process="leave@dual", base_draft=2))["draft"] == 3

    played(play)


def test_all_processes_of_a_file_are_on_the_branch_and_merged_together() -> None:
    async def play(agent: Agent) -> None:
        await branched(agent)
        await edit(agent, "leave@dual", [{"extract": "book", "to": "booking"}])
        await edit(agent, "booking@dual", [{"rename": "book", "to": "enter"}])
        assert (await steps(agent, "booking@dual"))["book"] == "enter"
        assert (await agent.refusal("process_read", process="booking"))["code"] == "process.unknown"
        (one,) = (await listed(agent)).values()
        assert (one["process"], one["draft"]) == ("leave@dual", 3)
        merged = await agent.ask("process_merge", process="booking@dual")
        assert (merged["process"], merged["draft"]) == ("leave", 2)
        assert (await steps(agent, "booking"))["book"] == "enter"
        assert (await listed(agent, "booking"))["booking@dual"]["of"] == "leave@dual"
        gone = await agent.ask("process_branch", process="booking", branch="dual", action="delete")
        assert (gone["process"], gone["processes"]) == ("leave@dual", ["leave@dual", "booking@dual"])
        assert await listed(agent, "booking") == {}

    played(play)


def test_a_merge_does_not_bring_a_process_that_is_there_in_a_file_of_its_own() -> None:
    async def play(agent: Agent) -> None:
        await branched(agent)
        await edit(agent, "leave@dual", [{"extract": "book", "to": "booking"}])
        await agent.ask("process_create", outline={**LEAVE, "process": "booking"})
        refusal = await agent.refusal("process_merge", process="leave@dual")
        assert (refusal["code"], refusal["path"]) == ("edit.process_exists", "process")
        exists = await agent.refusal("process_branch", process="booking", branch="dual")
        assert exists["code"] == "branch.exists"

    played(play)


def test_the_base_of_a_branch_outlives_the_drafts_that_are_kept(tmp_path: Path) -> None:
    async def play(agent: Agent) -> None:
        await branched(agent)
        for number in range(DRAFTS_KEPT + 2):
            await edit(agent, "leave", [{"rename": "book", "to": f"book {number}"}])
            await edit(agent, "leave@dual", [{"rename": "check", "to": f"check {number}"}])

    async def after(agent: Agent) -> None:
        merged = await agent.ask("process_merge", process="leave@dual")
        assert len(merged["changes"]) == 1
        names = await steps(agent, "leave")
        assert (names["book"], names["check"]) == (f"book {DRAFTS_KEPT + 1}", f"check {DRAFTS_KEPT + 1}")

    played(play, tmp_path)
    played(after, tmp_path)


def test_edits_and_merges_at_once_lose_nothing() -> None:
    async def play(agent: Agent) -> None:
        await branched(agent, "one", "two")
        for branch, step in (("one", "book"), ("two", "check")):
            await edit(
                agent, f"leave@{branch}", [{"add_after": step, "step": {f"more {branch}": {"call": "x"}}}]
            )
        calls: list[tuple[str, Body]] = [
            ("process_merge", {"process": "leave@one"}),
            ("process_edit", {"process": "leave", "edits": SLOW}),
            ("process_merge", {"process": "leave@two"}),
            ("process_edit", {"process": "leave", "edits": LOOK}),
            ("process_merge", {"process": "leave@one"}),
        ]
        answers = await asyncio.gather(*(agent.answer(*call) for call in calls))
        for answer in answers:
            assert not answer.refused, answer.text
        names = await steps(agent, "leave")
        assert (names["check"], names["more_one"], names["more_two"]) == ("look", "more one", "more two")
        assert all(one["ahead"] == 0 for one in (await listed(agent)).values())

    played(play)


def test_many_conflicts_are_told_within_bounds_and_resolved_for_all() -> None:
    async def play(agent: Agent) -> None:
        names = [f"a step with a rather long name {number}" for number in range(60)]
        await agent.ask(
            "process_create", outline={"process": "long", "steps": [{name: {"call": "x"}} for name in names]}
        )
        await agent.ask("process_branch", process="long", branch="b")
        for process, word in (("long", "ours"), ("long@b", "theirs")):
            edits: list[Body] = [{"rename": name.replace(" ", "_"), "to": f"{name} {word}"} for name in names]
            await edit(agent, process, edits)
        answer = await agent.answer("process_merge", {"process": "long@b"})
        assert len(answer.text) < 8_000
        refusal = body_of(answer)
        assert "more. Nothing was saved." in refusal["message"]
        (hint,) = refusal["next"]
        assert hint["arguments"]["resolve"]["*"] == "ours"
        done = await agent.ask("process_merge", **hint["arguments"])
        assert done["draft"] == 2
        assert done["summary"] == "All of it was there already."

    played(play)


def test_a_repeated_key_merges_once() -> None:
    async def play(agent: Agent) -> None:
        await branched(agent)
        await edit(agent, "leave@dual", TELL)
        given = {"process": "leave@dual", "idempotency_key": "m"}
        first = await agent.answer("process_merge", given)
        await edit(agent, "leave@dual", LOOK)
        assert await agent.answer("process_merge", given) == first
        assert (await steps(agent, "leave"))["check"] == "check"

    played(play)


def test_who_worked_on_a_branch_is_an_author_of_what_it_is_merged_into() -> None:
    async def play(agent: Agent) -> None:
        await branched(agent)
        await agent.ask("process_policy", process="leave", approvals=1)
        ann = Agent(agent.app, replace(agent.caller, actor="ann"))
        await edit(ann, "leave@dual", TELL)
        await agent.ask("process_branch", process="leave@dual", branch="inner")
        await agent.ask("process_merge", process="leave@inner")
        stands = await agent.ask("process_approvals", process="leave")
        assert stands["authors"] == ["ann", "local"]
        refusal = await agent.refusal("process_approvals", process="leave@dual")
        assert refusal["code"] == "branch.not_merged"
        assert (await agent.refusal("process_approve", process="leave@dual"))["code"] == "branch.not_merged"

    played(play)


def test_a_deleted_branch_leaves_no_authors_to_its_namesake() -> None:
    async def play(agent: Agent) -> None:
        await branched(agent)
        ann = Agent(agent.app, replace(agent.caller, actor="ann"))
        await edit(ann, "leave@dual", TELL)
        await agent.ask("process_branch", process="leave", branch="dual", action="delete")
        await agent.ask("process_branch", process="leave", branch="dual")
        assert not [key for key in whole_state(agent.app)["releases"] if "ann" in key]

    played(play)
