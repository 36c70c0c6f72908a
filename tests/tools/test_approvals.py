"""Four eyes: drafts are published once enough people who did not work on them have approved exactly these drafts."""

from dataclasses import replace
from typing import Any

import pytest

from flowmaster.engine.values import Json
from flowmaster.tools.roles import rights_of
from tests.acceptance.agent import Agent, Body, outcome, played, whole_state
from tests.bpmn_reader.models import flow
from tests.tools.test_migration import APPROVAL, SECOND

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
