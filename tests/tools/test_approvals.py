"""Four eyes: drafts are published once enough people who did not work on them have approved exactly these drafts."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flowmaster.engine.values import Json
from flowmaster.tools.roles import rights_of
from tests.acceptance.agent import Agent, Body, body_of, outcome, played, whole_state
from tests.acceptance.clocks import KINDS, Town
from tests.bpmn_reader.models import flow
from tests.tools.test_migration import APPROVAL, OTHER, SECOND

P = {"process": "approval"}


def person(agent: Agent, name: str, *rights: str) -> Agent:
    """Return an agent of somebody who signs in with a key."""
    held = rights_of(rights or ("designer",))
    return Agent(agent.app, replace(agent.caller, actor=name, rights=held))


async def policy(agent: Agent, approvals: int | None = 1, *by: str, **more: Any) -> Body:
    return await agent.ask("process_policy", **{**P, "approvals": approvals, "by": list(by), **more})


async def approved(agent: Agent, name: str, **more: Any) -> Body:
    return await agent.ask("process_approve", **P, as_user=name, **more)


async def refused(agent: Agent, **more: Any) -> Body:
    refusal = await agent.refusal("process_publish", **{**P, **more})
    assert refusal["code"] == "publish.not_approved", refusal
    return refusal


async def guarded(agent: Agent, approvals: int = 1, *by: str) -> None:
    """Have a draft of a process that asks for approvals."""
    await agent.ask("process_create", outline=APPROVAL)
    await policy(agent, approvals, *by)


def test_a_draft_is_published_once_enough_others_have_approved_it() -> None:
    async def play(agent: Agent) -> None:
        await guarded(agent, 2)
        refusal = await refused(agent)
        assert refusal["expected"] == {
            "missing": 2,
            "by": [],
            "not_by": ["local"],
            "approved": [],
            "rejected": [],
        }
        assert "process_approve" in refusal["fix"]
        assert "2 more" in refusal["fix"]
        assert (await agent.refusal("process_publish", **P, dry_run=True))["code"] == "publish.not_approved"
        one = await approved(agent, "ann", comment="looks right")
        assert (one["missing"], one["publishable"]) == (1, False)
        assert (await approved(agent, "ann", comment="looks right"))["missing"] == 1
        assert (await refused(agent))["expected"]["approved"] == ["ann"]
        two = await approved(agent, "bob")
        assert (two["missing"], two["told"]) == (0, "Draft 1 is approved.")
        (hint,) = two["next"]
        assert (await agent.ask(hint["operation"], **hint["arguments"]))["version"] == 1
        (version,) = [view for view in await versions(agent) if "version" in view]
        assert version["approved_by"] == ["ann", "bob"]
        entries = (await agent.ask("audit_find", scope="process:approval"))["items"]
        told = [(entry["by"], entry["data"]) for entry in entries if "approve" in entry["operation"]]
        assert told == [
            ("bob", {"draft": 1, "comment": ""}),
            ("ann", {"draft": 1, "comment": "looks right"}),
        ]

    played(play)


async def versions(agent: Agent) -> list[Body]:
    found: list[Body] = (await agent.ask("process_read", **P, view="versions"))["content"]
    return found


def test_whoever_saved_a_draft_since_the_last_version_cannot_approve() -> None:
    async def play(agent: Agent) -> None:
        ann, bob, carl = (person(agent, name) for name in ("ann", "bob", "carl"))
        await ann.ask("process_create", outline=APPROVAL)
        await policy(agent)
        await bob.ask("process_edit", **P, edits=[{"rename": "check_it", "to": "look at it"}])
        for author in (ann, bob):
            refusal = await author.refusal("process_approve", **P)
            assert (refusal["code"], refusal["expected"]) == ("approval.own_work", {"not_by": ["ann", "bob"]})
        assert (await carl.ask("process_approve", **P))["publishable"]
        await carl.ask("process_publish", **P)
        await bob.ask("process_edit", **P, edits=[{"rename": "look at it", "to": "check"}])
        assert (await ann.ask("process_approve", **P))["approved"][0]["by"] == "ann", "published work is over"

    played(play)


def test_many_drafts_do_not_make_an_author_forgotten() -> None:
    async def play(agent: Agent) -> None:
        await person(agent, "ann").ask("process_create", outline=APPROVAL)
        await policy(agent)
        for number in range(55):
            await agent.ask("process_edit", **P, edits=[{"set_process": {"name": f"n{number}"}}])
        refusal = await person(agent, "ann").refusal("process_approve", **P)
        assert refusal["code"] == "approval.own_work"

    played(play)


def test_the_single_user_says_for_whom_it_speaks() -> None:
    async def play(agent: Agent) -> None:
        await guarded(agent)
        refusal = await agent.refusal("process_approve", **P)
        assert (refusal["code"], refusal["path"]) == ("approval.own_work", "as_user")
        assert "as_user" in refusal["fix"]
        refusal = await agent.refusal("process_approve", **P, as_user="local")
        assert refusal["code"] == "approval.own_work"
        assert (await approved(agent, "dora"))["publishable"]

    played(play)


def test_a_new_draft_makes_approvals_void_even_if_it_says_the_same() -> None:
    async def play(agent: Agent) -> None:
        await guarded(agent)
        await approved(agent, "ann")
        await agent.ask("process_create", outline=SECOND)
        assert (await refused(agent))["expected"]["missing"] == 1
        await agent.ask("process_create", outline=APPROVAL)
        assert (await refused(agent))["expected"]["missing"] == 1, "the draft of before, saved again"
        stale = await agent.refusal("process_approve", **P, draft=1, as_user="ann")
        assert (stale["code"], stale["expected"]) == ("draft.stale", 3)
        assert (await approved(agent, "ann", draft=3))["publishable"]

    played(play)


def test_a_rejection_blocks_until_it_is_withdrawn_or_the_draft_is_another() -> None:
    async def play(agent: Agent) -> None:
        await guarded(agent)
        await approved(agent, "ann")
        told = await approved(agent, "bob", decision="reject", comment="the limit is wrong")
        assert (told["publishable"], told["told"]) == (False, "Draft 1 was rejected by 'bob'.")
        refusal = await refused(agent)
        assert "the limit is wrong" in refusal["message"]
        assert "withdraw" in refusal["fix"]
        none = await agent.refusal("process_approve", **P, decision="withdraw", as_user="carl")
        assert (none["code"], none["expected"]) == ("approval.none", ["ann", "bob"])
        assert (await approved(agent, "bob", decision="withdraw"))["publishable"]
        await approved(agent, "bob", decision="reject")
        assert (await approved(agent, "bob"))["approved"][1]["by"] == "bob", "it was thought over"
        await approved(agent, "bob", decision="reject")
        await agent.ask("process_create", outline=SECOND)
        assert (await refused(agent))["expected"]["rejected"] == []
        await approved(agent, "ann")
        await agent.ask("process_publish", **P)

    played(play)


def test_only_the_roles_and_people_of_the_policy_decide() -> None:
    async def play(agent: Agent) -> None:
        await guarded(agent, 2, "operator", "user:ann")
        for name, rights in (("carl", "designer"), ("bert", "process.approve")):
            refusal = await person(agent, name, rights).refusal("process_approve", **P)
            assert (refusal["code"], refusal["expected"]) == ("approval.not_asked", ["operator", "user:ann"])
        assert (await person(agent, "ann").ask("process_approve", **P))["missing"] == 1
        assert (await person(agent, "olga", "operator").ask("process_approve", **P))["missing"] == 0
        await policy(agent, 2, "user:ann", "user:bob", as_user="dora")
        assert (await agent.ask("process_approvals", **P))["missing"] == 1, "olga is not asked any more"
        refusal = await person(agent, "rita", "reader").refusal("process_approve", **P)
        assert refusal["code"] == "access.denied"

    played(play)


def test_one_caller_who_speaks_for_many_counts_once() -> None:
    async def play(agent: Agent) -> None:
        await person(agent, "otto", "designer", "task.as_other").ask("process_create", outline=APPROVAL)
        await policy(agent, 2)
        otto = person(agent, "otto", "operator")
        refusal = await otto.refusal("process_approve", **P, as_user="ann")
        assert refusal["code"] == "approval.own_work", "its author speaks for another"
        olga = person(agent, "olga", "operator")
        assert (await olga.ask("process_approve", **P, as_user="ann"))["missing"] == 1
        assert (await olga.ask("process_approve", **P, as_user="bob"))["missing"] == 1
        assert (await olga.ask("process_approve", **P))["missing"] == 1
        denied = await person(agent, "carl").refusal("process_approve", **P, as_user="bob")
        assert denied["code"] == "access.denied"
        assert (await person(agent, "carl").ask("process_approve", **P))["missing"] == 0

    played(play)


def test_restoring_importing_and_renaming_do_not_go_around_it() -> None:
    async def play(agent: Agent) -> None:
        await agent.published(APPROVAL)
        await agent.published(SECOND)
        await policy(agent)
        restored = await agent.ask("process_restore", **P, version=1)
        assert [hint["operation"] for hint in restored["next"]] == ["process_approvals"]
        await refused(agent)
        bpmn = (await agent.ask("process_read", **P, view="bpmn"))["content"]
        await agent.ask("process_create", bpmn=bpmn, name="By another name")
        await refused(agent)
        await approved(agent, "ann")
        await agent.ask("process_publish", **P)

    played(play)


def test_a_file_with_a_guarded_process_in_it_is_published_with_its_approval_alone() -> None:
    async def play(agent: Agent) -> None:
        await guarded(agent)
        mine = (await agent.ask("process_read", **P, view="bpmn"))["content"]
        beside = f'<process id="beside" isExecutable="true"><startEvent id="x"/><endEvent id="y"/>{flow("x", "y")}</process>'
        both = mine.replace(
            "<bpmn:process ",
            beside.replace("<", "<bpmn:").replace("<bpmn:/", "</bpmn:") + "<bpmn:process ",
            1,
        )
        await agent.ask("process_create", bpmn=both, process="beside")
        await refused(agent, process="beside")
        await approved(agent, "ann")
        await agent.ask("process_create", outline=SECOND)
        await approved(agent, "ann")
        refusal = await refused(agent, process="beside")
        assert "alone can be approved" in refusal["message"]
        await agent.ask("process_create", bpmn=both)
        await approved(agent, "ann")
        told = await agent.ask("process_publish", process="beside")
        assert set(told["processes"]) == {"approval", "beside"}

    played(play)


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


@pytest.mark.parametrize(
    ("operation", "given", "code", "path"),
    [
        ("process_approve", {"process": "aproval"}, "process.unknown", "process"),
        ("process_approve", {"draft": 9, "as_user": "ann"}, "draft.unknown", "draft"),
        ("process_approve", {"draft": 0}, "arguments.invalid", "draft"),
        ("process_approve", {"decision": "maybe"}, "arguments.invalid", "decision"),
        ("process_approve", {"decision": "withdraw", "as_user": "ann"}, "approval.none", "as_user"),
        ("process_approvals", {"process": "aproval"}, "process.unknown", "process"),
        ("process_policy", {"process": "aproval", "approvals": 1}, "process.unknown", "process"),
        ("process_policy", {"approvals": 6}, "arguments.invalid", "approvals"),
        ("process_policy", {"approvals": -1}, "arguments.invalid", "approvals"),
        ("process_policy", {"by": ["admin"]}, "arguments.invalid", "by"),
        ("process_policy", {"approvals": 1, "by": [""]}, "arguments.invalid", "by"),
        ("process_policy", {"approvals": 1, "by": ["user:"]}, "arguments.invalid", "by"),
        ("process_policy", {"approvals": 2, "by": ["user:ann"]}, "policy.unreachable", "by"),
        ("process_policy", {"approvals": 2, "by": ["user:ann", "user:ann"]}, "policy.unreachable", "by"),
    ],
)
def test_what_cannot_be_decided_is_refused(operation: str, given: Body, code: str, path: str) -> None:
    async def play(agent: Agent) -> None:
        await guarded(agent)
        before = whole_state(agent.app)
        refusal = await agent.refusal(operation, **{**P, **given})
        assert (refusal["code"], refusal["path"]) == (code, path)
        assert whole_state(agent.app) == before

    played(play)


def test_nothing_is_to_be_decided_without_a_policy_or_a_draft() -> None:
    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=APPROVAL)
        refusal = await agent.refusal("process_approve", **P, as_user="ann")
        assert (refusal["code"], "needs no approval" in refusal["message"]) == ("approval.not_needed", True)
        assert (await agent.ask("process_approvals", **P))["publishable"]
        await agent.ask("process_publish", **P)
        await policy(agent)
        refusal = await agent.refusal("process_approve", **P, as_user="ann")
        assert "is published already" in refusal["message"]
        stands = await agent.ask("process_approvals", **P)
        assert (stands["draft"], stands["publishable"]) == (None, False)
        assert (await agent.ask("process_publish", **P))["version"] == 1, (
            "publishing it again changes nothing"
        )

    played(play)


def test_dry_runs_decide_nothing() -> None:
    async def play(agent: Agent) -> None:
        await guarded(agent)
        calls: list[tuple[str, Body]] = [
            ("process_approve", {"as_user": "ann", "comment": "fine"}),
            ("process_approve", {"as_user": "bob", "decision": "reject"}),
            ("process_approve", {"as_user": "bob", "decision": "withdraw"}),
            ("process_policy", {"approvals": 3}),
            ("process_policy", {"approvals": 0, "as_user": "zoe"}),
        ]
        for operation, given in calls:
            before = whole_state(agent.app)
            tried = await agent.ask(operation, **P, **given, dry_run=True)
            assert whole_state(agent.app) == before
            real = await agent.ask(operation, **P, **given)
            assert timeless(outcome(tried)) == timeless(outcome(real))
            assert whole_state(agent.app) != before

    played(play)


def timeless(body: Json) -> Json:
    """Return a body without its instants."""
    if isinstance(body, dict):
        return {name: timeless(value) for name, value in body.items() if name != "at"}
    return [timeless(each) for each in body] if isinstance(body, list) else body


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
