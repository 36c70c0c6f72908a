"""Branches: drafts beside the main line of a process, worked on as `process@branch`."""

from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.agent import Agent, Body, played, whole_state
from tests.acceptance.town import LEAVE, settled
from tests.tools.branching import LOOK, SLOW, TELL, branched, edit, listed, steps


def test_a_branch_is_worked_on_beside_its_process_and_merged() -> None:
    async def play(agent: Agent) -> None:
        await settled(agent)
        made = await agent.ask("process_branch", process="leave", branch="dual")
        assert (made["process"], made["draft"], made["base"]) == ("leave@dual", 1, "draft 1")
        assert await edit(agent, "leave@dual", [*LOOK, *TELL]) == 2
        assert await edit(agent, "leave", SLOW) == 2
        assert (await steps(agent, "leave"))["check"] == "check"
        assert (await steps(agent, "leave@dual"))["tell"] == "tell"
        (one,) = (await listed(agent)).values()
        assert (one["draft"], one["ahead"], one["behind"], one["base"]) == (2, 1, 1, "draft 1")
        tested = await agent.ask("process_test", process="leave@dual")
        assert (tested["passed"], tested["failed"]) == (1, 0)
        tried = await agent.ask("process_merge", process="leave@dual", dry_run=True)
        merged = await agent.ask("process_merge", process="leave@dual")
        assert {**tried, "dry_run": None, "next": None} == {**merged, "dry_run": None, "next": None}
        assert (merged["process"], merged["draft"], merged["problems"]) == ("leave", 3, [])
        assert 'The service task "tell" is new, after "book".' in merged["changes"]
        assert merged["scenarios"].startswith("1 scenario passed")
        names = await steps(agent, "leave")
        assert (names["check"], names["tell"]) == ("look", "tell")
        (one,) = (await listed(agent)).values()
        assert (one["ahead"], one["behind"], one["base"]) == (0, 0, "merged at draft 3")
        again = await agent.ask("process_merge", process="leave@dual")
        assert (again["draft"], again["changes"]) == (3, [])
        assert again["summary"] == "'leave@dual' has not changed since (merged at draft 3)."
        assert (await agent.ask("process_publish", process="leave"))["version"] == 2
        entries = (await agent.ask("audit_find", scope="process:leave"))["items"]
        assert {"process_branch", "process_merge"} <= {entry["operation"] for entry in entries}

    played(play)


def test_a_branch_begins_from_a_version_or_from_another_branch() -> None:
    async def play(agent: Agent) -> None:
        await settled(agent)
        await edit(agent, "leave", LOOK)
        old = await agent.ask("process_branch", process="leave", branch="fix", from_=1)
        assert old["base"] == "version 1"
        assert (await steps(agent, "leave@fix"))["check"] == "check"
        assert (await listed(agent))["leave@fix"]["behind"] == 1
        await edit(agent, "leave@fix", TELL)
        inner = await agent.ask("process_branch", process="leave@fix", branch="more")
        assert inner["base"] == "draft 2 of leave@fix"
        await edit(agent, "leave@more", SLOW)
        merged = await agent.ask("process_merge", process="leave@more", into="leave@fix")
        assert len(merged["changes"]) == 1
        merged = await agent.ask("process_merge", process="leave@more")
        assert {change.split(" is ")[0] for change in merged["changes"]} == {
            'The service task "tell"',
            '"sign": due',
        }
        assert (await steps(agent, "leave"))["check"] == "look"

    played(play)


def test_a_branch_is_read_compared_drawn_undone_and_created_like_a_process() -> None:
    async def play(agent: Agent) -> None:
        await branched(agent)
        await edit(agent, "leave@dual", TELL)
        for view in ("outline", "bpmn", "svg", "words", "table", "mermaid", "problems", "versions", "links"):
            assert (await agent.ask("process_read", process="leave@dual", view=view))["draft"] == 2
        assert (await agent.ask("process_draw", process="leave@dual"))["draft"] == 2
        compared = await agent.ask("process_compare", process="leave@dual")
        assert compared["compared"] == "draft 1 with draft 2 of leave@dual"
        for given in ({"to": "@dual"}, {"to": "@dual", "from_": "draft"}):
            found = await agent.ask("process_compare", process="leave", **given)
            assert [one["text"] for one in found["changes"]] == [
                'The service task "tell" is new, after "book".'
            ]
        back = await agent.ask("process_compare", process="leave", from_="@dual", to="draft")
        assert [one["kind"] for one in back["changes"]] == ["removed"]
        plan = await agent.ask("process_compare", process="leave@dual", from_=1, what="migration")
        assert plan["migration"]["open"] == 0
        assert await edit(agent, "leave@dual", [{"undo": True}]) == 3
        assert "tell" not in await steps(agent, "leave@dual")
        created = await agent.ask("process_create", outline=LEAVE, process="leave@dual")
        assert (created["process"], created["draft"]) == ("leave@dual", 4)
        saved = await agent.ask(
            "process_test",
            process="leave@dual",
            scenarios=[{"name": "new", "given": {"days": 1, "who": "ann"}, "expect": {"waits_at": "check"}}],
            save=True,
        )
        assert saved["draft"] == 5
        versions = await agent.ask("process_read", process="leave", view="versions")
        assert versions["content"][0]["branch"] == "leave@dual"
        assert (await agent.ask("process_read", process="leave"))["draft"] == 1

    played(play)


def test_branches_are_no_processes_of_their_own() -> None:
    async def play(agent: Agent) -> None:
        await branched(agent)
        before = await agent.ask("process_links", process="leave")
        await edit(agent, "leave@dual", TELL)
        found = await agent.ask("process_find")
        assert [one["process"] for one in found["items"]] == ["reminded", "letter", "leave"]
        assert (await agent.ask("process_find", query="dual"))["total"] == 0
        assert await agent.ask("process_links", process="leave") == before
        assert (await agent.ask("process_find", query="leave"))["items"][0]["draft"] == 1

    played(play)


NOT_MERGED: list[tuple[str, Body]] = [
    ("process_publish", {"process": "leave@dual"}),
    ("instance_start", {"process": "leave@dual", "variables": {"days": 1, "who": "ann"}}),
    ("process_links", {"process": "leave@dual"}),
    ("timer_find", {"process": "leave@dual"}),
    ("instance_find", {"process": "leave@dual"}),
    ("task_find", {"process": "leave@dual"}),
    ("instance_batch", {"process": "leave@dual", "action": "cancel"}),
    ("retention_save", {"process": "leave@dual", "after": "P1Y"}),
]


def test_what_a_branch_would_come_to_for_instances_under_way_is_planned_from_the_newest_version() -> None:
    async def play(agent: Agent) -> None:
        await branched(agent)
        await agent.ask("process_publish", process="leave")
        await agent.started("leave", days=3, who="ann")
        await edit(agent, "leave@dual", TELL)
        planned = await agent.ask("process_compare", process="leave@dual", what="migration")
        assert planned["process"] == "leave@dual"
        assert planned["compared"] == "version 1 with draft 2 of leave@dual"
        assert (planned["migration"]["open"], planned["migration"]["migratable"]) == (1, 1)
        drawn = await agent.ask("process_draw", process="leave@dual")
        assert drawn["process"] == "leave@dual"
        same = await agent.ask("process_compare", process="leave", from_="draft")
        assert same["summary"].startswith("Both sides are draft 1: name another version")

    played(play)


@pytest.mark.parametrize(("operation", "given"), NOT_MERGED, ids=[each[0] for each in NOT_MERGED])
def test_what_is_done_with_a_process_alone_asks_to_merge_first(operation: str, given: Body) -> None:
    async def play(agent: Agent) -> None:
        await branched(agent)
        refusal = await agent.refusal(operation, **given)
        assert refusal["code"] == "branch.not_merged"
        (hint,) = refusal["next"]
        assert (await agent.ask(hint["operation"], **hint["arguments"]))["process"] == "leave@dual"

    played(play)


WRONG: list[tuple[str, Body, str, str]] = [
    ("process_read", {"process": "leave@dul"}, "branch.unknown", "Did you mean 'leave@dual'?"),
    ("process_edit", {"process": "leave@dul", "edits": LOOK}, "branch.unknown", "no branch 'dul'"),
    ("process_edit", {"process": "laeve@dual", "edits": LOOK}, "process.unknown", "Did you mean 'leave'?"),
    ("process_create", {"outline": LEAVE, "process": "leave@none"}, "branch.unknown", "no branch 'none'"),
    ("process_create", {"outline": LEAVE, "process": "letter@none"}, "branch.unknown", "no branch 'none'"),
    ("process_test", {"process": "leave@dual", "version": 1}, "arguments.invalid", "are those of 'leave'"),
    ("process_read", {"process": "leave@dual", "version": 1}, "arguments.invalid", "are those of 'leave'"),
    ("process_read", {"process": "leave@dual", "draft": 9}, "draft.unknown", "no draft 9"),
    ("process_read", {"process": "leave@"}, "process.unknown", "'leave@'"),
    ("process_compare", {"process": "leave", "to": "@dul"}, "branch.unknown", "no branch 'dul'"),
    ("process_compare", {"process": "leave", "to": "@"}, "process.unknown", "'leave@'"),
    ("process_branches", {"process": "laeve"}, "process.unknown", "Did you mean 'leave'?"),
    ("process_branch", {"process": "leave", "branch": "dual"}, "branch.exists", "already"),
    ("process_branch", {"process": "leave", "branch": ""}, "branch.name_wrong", "''"),
    ("process_branch", {"process": "leave", "branch": "a b"}, "branch.name_wrong", "'a b'"),
    ("process_branch", {"process": "leave", "branch": "a@b"}, "branch.name_wrong", "'a@b'"),
    ("process_branch", {"process": "leave", "branch": "-a"}, "branch.name_wrong", "'-a'"),
    ("process_branch", {"process": "leave", "branch": "x" * 41}, "branch.name_wrong", "xxx"),
    ("process_branch", {"process": "leave", "branch": "../x"}, "branch.name_wrong", "'../x'"),
    ("process_branch", {"process": "laeve", "branch": "x"}, "process.unknown", "Did you mean 'leave'?"),
    (
        "process_branch",
        {"process": "leave", "branch": "x", "from": 9},
        "process.version_unknown",
        "version 9",
    ),
    (
        "process_branch",
        {"process": "leave", "branch": "x", "from": "gold"},
        "process.version_unknown",
        "'gold'",
    ),
    ("process_branch", {"process": "leave", "branch": "x", "action": "delete"}, "branch.unknown", "'x'"),
    (
        "process_branch",
        {"process": "leave", "branch": "dual", "action": "delete", "from": 1},
        "arguments.invalid",
        "begins",
    ),
    ("process_merge", {"process": "leave"}, "merge.target_wrong", "into 'leave'"),
    ("process_merge", {"process": "leave@dual", "into": "@dual"}, "merge.target_wrong", "into 'leave@dual'"),
    ("process_merge", {"process": "leave@dual", "into": "letter"}, "merge.target_wrong", "into 'letter'"),
    ("process_merge", {"process": "leave@dual", "into": "@dul"}, "branch.unknown", "no branch 'dul'"),
    ("process_merge", {"process": "leave@dul"}, "branch.unknown", "no branch 'dul'"),
    ("process_merge", {"process": "leave@dual", "base_draft": 7}, "draft.stale", "made from draft 7"),
    ("process_merge", {"process": "leave@dual", "resolve": {"x": "ours"}}, "merge.resolve_unknown", "'x'"),
    ("process_merge", {"process": "leave@dual", "resolve": {"x": "mine"}}, "arguments.invalid", ""),
]


@pytest.mark.parametrize(("operation", "given", "code", "told"), WRONG)
def test_what_cannot_be_is_refused_with_what_is_meant(
    operation: str, given: Body, code: str, told: str
) -> None:
    async def play(agent: Agent) -> None:
        await branched(agent)
        before = whole_state(agent.app)
        refusal = await agent.refusal(operation, **given)
        assert refusal["code"] == code
        assert told in refusal["message"]
        assert whole_state(agent.app) == before

    played(play)


def test_a_deleted_branch_is_gone_with_what_is_told_and_may_be_made_anew() -> None:
    async def play(agent: Agent) -> None:
        await branched(agent)
        await edit(agent, "leave@dual", TELL)
        await edit(agent, "leave@dual", LOOK)
        before = whole_state(agent.app)
        given = {"process": "leave", "branch": "dual", "action": "delete"}
        tried = await agent.ask("process_branch", **given, dry_run=True)
        assert (tried["drafts"], tried["unmerged"]) == (3, 2)
        assert whole_state(agent.app) == before
        gone = await agent.ask("process_branch", **given)
        assert (gone["process"], gone["drafts"], gone["unmerged"]) == ("leave@dual", 3, 2)
        assert await listed(agent) == {}
        assert (await agent.refusal("process_read", process="leave@dual"))["code"] == "branch.unknown"
        assert not [key for key in whole_state(agent.app)["drafts"] if "leave@dual" in key]
        assert (await agent.ask("process_branch", process="leave", branch="dual"))["draft"] == 1
        assert "tell" not in await steps(agent, "leave@dual")

    played(play)


def test_deleting_needs_somebody_to_confirm_or_the_right_to_do_so() -> None:
    async def play(agent: Agent) -> None:
        await branched(agent)
        caller = agent.caller
        careful = Agent(
            agent.app, type(caller)(door="test", rights=frozenset({"process.write", "process.read"}))
        )
        reader = Agent(agent.app, type(caller)(door="test", rights=frozenset({"process.read"})))
        given = {"process": "leave", "branch": "dual"}
        refusal = await careful.refusal("process_branch", **given, action="delete")
        assert (refusal["code"], refusal["expected"]) == ("access.denied", "operation.destroy")
        assert (await careful.ask("process_branch", process="leave", branch="other"))["draft"] == 1
        assert len((await reader.ask("process_branches", process="leave"))["branches"]) == 2
        for operation, arguments in (
            ("process_branch", {"process": "leave", "branch": "more"}),
            ("process_merge", {"process": "leave@dual"}),
            ("process_edit", {"process": "leave@dual", "edits": LOOK}),
        ):
            assert (await reader.refusal(operation, **arguments))["code"] == "access.denied"

    played(play)


def test_a_file_does_not_bring_a_process_onto_a_branch_of_its_own() -> None:
    async def play(agent: Agent) -> None:
        await branched(agent)
        await agent.ask("process_branch", process="letter", branch="dual")
        both = (await agent.ask("process_read", process="letter", view="bpmn"))["content"]
        leave = (await agent.ask("process_read", process="leave", view="bpmn"))["content"]
        start, end = leave.index("<bpmn:process "), leave.index("</bpmn:process>")
        inside = leave[start:end].replace('id="start"', 'id="begin"').replace(">start<", ">begin<")
        inside = inside.replace('sourceRef="start"', 'sourceRef="begin"').replace("start_to_", "begin_to_")
        file = both.replace("</bpmn:process>", f"</bpmn:process>{inside}</bpmn:process>", 1)
        refusal = await agent.refusal("process_create", bpmn=file, process="letter@dual")
        assert (refusal["code"], refusal["path"]) == ("branch.exists", "process")

    played(play)


def test_erasing_reaches_the_drafts_and_bases_of_branches(tmp_path: Path) -> None:
    async def play(agent: Agent) -> None:
        await settled(agent)
        await edit(agent, "leave", [{"rename": "check", "to": "ask Erika Mustermann"}])
        await agent.ask("process_branch", process="leave", branch="dual")
        await edit(agent, "leave@dual", TELL)
        await edit(agent, "leave", [{"rename": "check", "to": "check"}])
        found = await agent.ask("data_find", values=["Erika Mustermann"])
        assert found["found"]
        given: dict[str, Any] = {
            "values": ["Erika Mustermann"],
            "models": True,
            "running": True,
            "whole": True,
        }
        dry = await agent.ask("data_erase", **given, dry_run=True)
        await agent.ask("data_erase", **given, **({"what": dry["what"]} if "what" in dry else {}))
        await agent.ask("data_scrub")
        assert not (await agent.ask("data_find", values=["Erika Mustermann"]))["found"]
        shown = await agent.ask("process_read", process="leave@dual", view="bpmn")
        assert "Erika" not in shown["content"]

    played(play, tmp_path)


def test_there_are_no_more_branches_than_anybody_keeps_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowmaster.tools.branches.BRANCHES_MAX", 2)

    async def play(agent: Agent) -> None:
        await branched(agent, "one", "two")
        refusal = await agent.refusal("process_branch", process="leave", branch="three")
        assert refusal["code"] == "branch.too_many"
        assert (await agent.ask("process_branch", process="letter", branch="three"))["draft"] == 1

    played(play)


def test_a_process_whose_id_reads_as_a_branch_is_refused() -> None:
    async def play(agent: Agent) -> None:
        await branched(agent)
        bpmn = (await agent.ask("process_read", process="letter", view="bpmn"))["content"]
        refusal = await agent.refusal("process_create", bpmn=bpmn.replace('"letter"', '"letter@x"'))
        assert refusal["code"] == "bpmn.id_invalid"

    played(play)
