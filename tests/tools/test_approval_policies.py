"""Policies of approval: who may make them weaker, whom they hold, and what outlasts servers, branches and erasure."""

import asyncio
from pathlib import Path

import pytest

from tests.acceptance.agent import Agent, body_of, played, whole_state
from tests.acceptance.clocks import KINDS, Town
from tests.tools.test_approvals import P, approved, guarded, person, policy, refused, versions
from tests.tools.test_migration import APPROVAL, OTHER, SECOND


def test_a_policy_for_all_holds_for_processes_that_are_to_come() -> None:
    async def play(agent: Agent) -> None:
        told = await agent.ask("process_policy", process="*", approvals=1)
        assert (told["approvals"], told["was"]) == (1, {"approvals": 0, "by": []})
        created = await agent.ask("process_create", outline=APPROVAL)
        assert "process_publish" not in [hint["operation"] for hint in created["next"]]
        await refused(agent)
        refusal = await agent.refusal("instance_start", **P)
        assert [hint["operation"] for hint in refusal["next"]] == ["process_approvals"]
        own = await policy(agent, 2)
        assert own["was"]["approvals"] == 1
        back = await policy(agent, None, as_user="dora")
        assert (back["approvals"], back["inherited"]) == (1, True)
        await approved(agent, "ann")
        await agent.ask("process_publish", **P)

    played(play)


def test_asking_for_less_needs_the_right_and_somebody_who_did_not_work_on_it() -> None:
    async def play(agent: Agent) -> None:
        ann = person(agent, "ann")
        await ann.ask("process_create", outline=APPROVAL)
        await policy(ann, 1, "operator", "admin")
        await policy(ann, 2, "operator", "admin")
        await policy(ann, 2, "operator")
        before = whole_state(agent.app)
        for given in (
            {"approvals": 1, "by": ["operator"]},
            {"approvals": 3, "by": ["operator", "designer"]},
            {"approvals": 2, "by": []},
            {"approvals": 0},
            {},
        ):
            refusal = await ann.refusal("process_policy", **P, **given)
            assert (refusal["code"], refusal["expected"]) == ("policy.weaker", "process.govern")
        both = person(agent, "ann", "admin")
        refusal = await both.refusal("process_policy", **P, approvals=0)
        assert refusal["code"] == "policy.own_work"
        refusal = await both.refusal("process_policy", **P, approvals=0, as_user="zoe")
        assert refusal["code"] == "policy.own_work"
        assert whole_state(agent.app) == before
        zoe = person(agent, "zoe", "process.publish", "process.govern")
        told = await policy(zoe, 0)
        assert (told["approvals"], told["was"]) == (0, {"approvals": 2, "by": ["operator"]})
        (entry, *_) = (await agent.ask("audit_find", scope="process:approval"))["items"]
        assert (entry["by"], entry["data"]["was"]["approvals"]) == ("zoe", 2)
        await ann.ask("process_publish", **P)

    played(play)


def test_the_policy_for_all_is_not_made_weaker_by_authors_of_drafts_under_it() -> None:
    async def play(agent: Agent) -> None:
        await agent.ask("process_policy", process="*", approvals=1)
        await agent.ask("process_create", outline=APPROVAL)
        refusal = await agent.refusal("process_policy", process="*", approvals=0)
        assert (refusal["code"], refusal["path"]) == ("policy.own_work", "as_user")
        await agent.ask("process_policy", process="*", approvals=0, as_user="zoe")
        await agent.ask("process_publish", **P)

    played(play)


def test_tenants_ask_and_decide_for_themselves() -> None:
    async def play(agent: Agent) -> None:
        other = agent.of("other")
        await guarded(agent)
        await agent.ask("process_policy", process="*", approvals=2)
        await other.published(APPROVAL)
        await other.ask("process_create", outline=OTHER)
        assert (await other.refusal("process_approve", **P, as_user="ann"))["code"] == "approval.not_needed"
        assert (await agent.ask("process_approvals", **P))["missing"] == 1

    played(play)


def test_drafts_from_before_authors_were_kept_have_them_still() -> None:
    async def play(agent: Agent) -> None:
        await person(agent, "ann").ask("process_create", outline=APPROVAL)
        await agent.advance("PT1M")
        await person(agent, "ann").ask("process_publish", **P)
        await agent.advance("PT1M")
        await person(agent, "bob").ask("process_create", outline=SECOND)
        await person(agent, "carl").ask("process_create", outline=OTHER)
        data = vars(agent.app.runtime.store)["_data"]
        for key in [key for key in data.releases if key[3] == "author"]:
            del data.releases[key]
        await policy(agent)
        assert (await agent.ask("process_approvals", **P))["authors"] == ["bob", "carl"]
        await person(agent, "dora").ask("process_create", outline=SECOND)
        assert (await agent.ask("process_approvals", **P))["authors"] == ["bob", "carl", "dora"]

    played(play)


@pytest.mark.parametrize("kind", KINDS)
def test_two_approvals_at_once_on_two_servers_both_count(kind: str, tmp_path: Path) -> None:
    async def play(one: Agent, other: Agent) -> None:
        await guarded(one, 2)
        await asyncio.gather(approved(one, "ann"), approved(other, "bob"), approved(one, "ann"))
        stands = await other.ask("process_approvals", **P)
        assert [each["by"] for each in stands["approved"]] == ["ann", "bob"]
        rejected, told = await asyncio.gather(
            other.answer("process_approve", {**P, "as_user": "carl", "decision": "reject"}),
            one.answer("process_publish", dict(P)),
        )
        assert told.refused != rejected.refused or (told.refused and not rejected.refused)

    Town(kind, tmp_path).play(play, servers=2)


@pytest.mark.parametrize("kind", KINDS)
def test_a_draft_saved_while_its_forerunner_is_published_is_not_published_with_it(
    kind: str, tmp_path: Path
) -> None:
    async def play(one: Agent, other: Agent) -> None:
        await guarded(one)
        await approved(one, "ann")
        saved, told = await asyncio.gather(
            other.answer("process_create", {"outline": SECOND}), one.answer("process_publish", dict(P))
        )
        assert not saved.refused
        if told.refused:
            assert body_of(told)["code"] in ("publish.not_approved", "draft.stale"), told.text
        stands = await one.ask("process_approvals", **P)
        assert (stands["draft"], stands["missing"], stands["authors"]) == (2, 1, ["local"])
        assert (await one.refusal("process_publish", **P))["code"] == "publish.not_approved"

    Town(kind, tmp_path).play(play, servers=2)


def test_approvals_outlast_the_server_and_are_found_and_erased_as_personal_data(tmp_path: Path) -> None:
    async def first(agent: Agent) -> None:
        await guarded(agent, 2)
        await approved(agent, "annemarie", comment="annemarie was here")
        await approved(agent, "bob")

    async def second(agent: Agent) -> None:
        await agent.ask("process_publish", **P)
        (version,) = [view for view in await versions(agent) if "version" in view]
        assert version["approved_by"] == ["annemarie", "bob"]
        await agent.ask("data_erase", values=["annemarie"], running=True)
        (version,) = [view for view in await versions(agent) if "version" in view]
        assert version["approved_by"][1] == "bob" or version["approved_by"][0] == "bob"
        assert "annemarie" not in str(version)
        found = await agent.ask("data_find", values=["annemarie"])
        assert "release" not in str(found)

    played(first, tmp_path)
    played(second, tmp_path)


def test_whoever_worked_on_a_branch_is_an_author_of_what_is_merged() -> None:
    async def play(agent: Agent) -> None:
        ann, bob, carl = (person(agent, name) for name in ("ann", "bob", "carl"))
        await agent.published(APPROVAL)
        await policy(agent)
        await ann.ask("process_branch", **P, branch="new")
        await ann.ask("process_edit", process="approval@new", edits=[{"rename": "check it", "to": "look"}])
        await bob.ask("process_merge", process="approval@new")
        for author in (ann, bob):
            assert (await author.refusal("process_approve", **P))["code"] == "approval.own_work"
        for operation in ("process_approve", "process_approvals"):
            refusal = await carl.refusal(operation, process="approval@new")
            assert refusal["code"] == "branch.not_merged"
        await carl.ask("process_approve", **P)
        await carl.ask("process_publish", **P)

    played(play)


def test_a_branch_cut_from_a_draft_keeps_the_authors_of_that() -> None:
    async def play(agent: Agent) -> None:
        ann, bob, carl = (person(agent, name) for name in ("ann", "bob", "carl"))
        await agent.published(APPROVAL)
        await ann.ask("process_create", outline=SECOND)
        await bob.ask("process_branch", **P, branch="later")
        await carl.ask("process_restore", **P, version=1)
        await carl.ask("process_edit", **P, edits=[{"set_process": {"name": "Other"}}])
        await carl.ask("process_publish", **P)
        await policy(agent)
        await bob.ask(
            "process_edit", process="approval@later", edits=[{"set_process": {"about": "what ann made"}}]
        )
        await bob.ask("process_merge", process="approval@later", resolve={"*": "theirs"})
        assert "ann" in (await agent.ask("process_approvals", **P))["authors"]

    played(play)
