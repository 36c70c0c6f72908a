"""Row 28 of what a demanding user tests: a process in use is branched, merged, approved, tried, migrated and taken back."""

from copy import deepcopy
from typing import Any

from tests.acceptance.agent import Agent, Body, played, whole_state

EXPENSE: Body = {
    "process": "expense",
    "roles": ["clerk", "boss"],
    "data": {"amount": "number", "who": "person", "ok": "boolean", "paid": "text"},
    "start": {"needs": ["amount", "who"]},
    "steps": [
        {"check": {"ask": "clerk", "not": "who", "form": {"ok": "boolean"}, "into": "ok", "within": "P3D"}},
        {"name": "fine?", "if": "not(ok)", "then": [{"end": "refused"}]},
        {
            "name": "large?",
            "if": "amount > 1000",
            "then": [{"approve": {"ask": "boss", "not": ["who", "check"], "form": {"agreed": "boolean"}}}],
        },
        {"pay": {"call": "bank.pay", "into": "paid"}},
        {"end": "paid out"},
    ],
    "scenarios": [
        {
            "name": "small",
            "given": {"amount": 10, "who": "ann"},
            "answers": {"check": {"ok": True, "by": "bob"}},
            "services": {"pay": {"paid": "P-1"}},
            "expect": {"end": "paid out"},
        }
    ],
}
TELL: Body = {"inform": {"send": "money comes", "via": "mail", "with": {"to": "who"}}}


def limited(limit: int, *more: Body) -> Body:
    """Return the process with another limit, and with more steps before it pays."""
    outline = deepcopy(EXPENSE)
    outline["steps"][2]["if"] = f"amount > {limit}"
    outline["steps"][3:3] = more
    return outline


async def in_use(agent: Agent, *amounts: int) -> list[str]:
    """Publish the first version and start an instance for each amount."""
    await agent.published(EXPENSE)
    return [(await agent.started("expense", amount=amount, who="ann"))["instance"] for amount in amounts]


async def checked(agent: Agent, instance: str) -> Body:
    task = await agent.task(instance, "check")
    return await agent.ask("task_act", task=task, action="complete", as_user="bob", variables={"ok": True})


async def places(agent: Agent, instance: str) -> set[str]:
    body = await agent.ask("instance_read", instance=instance)
    return {wait["element"] for wait in body["waiting"]}


def test_both_sides_of_a_branch_are_kept_or_their_conflict_is_named_and_a_stale_base_is_no_harm() -> None:
    async def story(agent: Agent) -> None:
        await in_use(agent)
        await agent.ask("process_branch", process="expense", branch="strict")
        await agent.ask("process_create", process="expense@strict", outline=limited(400))
        await agent.ask("process_create", outline=limited(1500, TELL))
        before = whole_state(agent.app)
        refused = await agent.refusal("process_merge", process="expense@strict")
        assert refused["code"] == "merge.conflicts"
        (conflict,) = refused["expected"]
        assert "1500" in conflict["ours"]
        assert "400" in conflict["theirs"]
        assert whole_state(agent.app) == before
        await agent.ask("process_merge", process="expense@strict", resolve={conflict["conflict"]: "theirs"})
        merged = (await agent.ask("process_read", process="expense"))["content"]
        assert "amount > 400" in merged
        assert "money comes" in merged

    played(story)


def test_what_cases_do_otherwise_is_told_with_the_condition_and_the_smallest_case() -> None:
    async def story(agent: Agent) -> None:
        await in_use(agent)
        await agent.ask("process_create", outline=limited(400))
        told = await agent.ask("process_compare", process="expense", what="behaviour")
        (difference,) = told["behaviour"]["differences"]
        assert "amount > 400" in difference["cause"]["text"]
        assert difference["cause"]["values"] == difference["example"]["case"]["given"]
        (hint,) = told["next"]
        played_again = await agent.ask(hint["operation"], **hint["arguments"])
        assert played_again["passed"] == 1

    played(story)


def test_a_drawing_that_is_moved_changes_nothing_of_what_instances_do() -> None:
    async def story(agent: Agent) -> None:
        await in_use(agent)
        drawn = (await agent.ask("process_read", process="expense", view="bpmn"))["content"]
        await agent.ask("process_create", bpmn=drawn.replace('x="', 'x="1'))
        compared = await agent.ask("process_compare", process="expense", from_=1)
        assert compared["same_behaviour"] is True
        assert compared["changes"] == []
        assert "No change" in compared["summary"]

    played(story)


def test_four_eyes_a_canary_a_migration_of_who_is_under_way_and_back_again() -> None:
    async def story(agent: Agent) -> None:
        small, large = await in_use(agent, 500, 2_000)
        await checked(agent, large)
        await agent.ask("process_policy", process="expense", approvals=1)
        await agent.ask("process_create", outline=limited(400, TELL))
        refused = await agent.refusal("process_publish", process="expense")
        assert (refused["code"], refused["expected"]["missing"]) == ("publish.not_approved", 1)
        await agent.ask("process_approve", process="expense", as_user="cy", comment="as agreed")
        await agent.ask("process_route", process="expense", action="hold")
        await agent.ask("process_publish", process="expense")
        await agent.ask("process_route", process="expense", action="set", version=2, when="amount < 100")
        drawn = [
            (await agent.started("expense", amount=amount, who="ann"))["version"] for amount in (50, 500)
        ]
        assert drawn == [2, 1]
        routed = (await agent.ask("process_routes", process="expense"))["versions"]
        assert {each["version"]: each["started"] for each in routed}[2] == 1
        planned = await agent.ask("process_compare", process="expense", from_=1, to=2, what="migration")
        assert (planned["migration"]["open"], planned["migration"]["blocked"]) == (3, [])
        (hint,) = planned["next"]
        dry = await agent.ask(hint["operation"], **hint["arguments"])
        assert {one["version"] for one in await running(agent, small, large)} == {1}
        await agent.ask(
            "instance_batch", **{**hint["arguments"], "dry_run": False, "selection": dry["selection"]}
        )
        assert {one["version"] for one in await running(agent, small, large)} == {2}
        await checked(agent, small)
        assert await places(agent, small) == {"approve"}
        assert await places(agent, large) == {"approve"}
        await agent.ask("process_route", process="expense", action="hold", version=1)
        assert (await agent.started("expense", amount=50, who="ann"))["version"] == 1

    played(story)


async def running(agent: Agent, *instances: str) -> list[Body]:
    return [await agent.ask("instance_read", instance=instance) for instance in instances]


def test_what_is_not_there_or_still_needed_is_refused_with_counts_and_changes_nothing() -> None:
    async def story(agent: Agent) -> None:
        await in_use(agent, 10, 20)
        await agent.ask("process_create", outline=limited(400))
        await agent.ask("process_publish", process="expense")
        before = whole_state(agent.app)
        asked: list[tuple[str, dict[str, Any], str, str]] = [
            (
                "process_delete",
                {"version": 1},
                "process.has_instances",
                "has 2 instances, 2 of them under way",
            ),
            ("process_delete", {}, "process.has_instances", "has 2 instances"),
            ("process_restore", {"version": 9}, "process.version_unknown", "no published version 9"),
            ("process_compare", {"from_": "stable"}, "process.version_unknown", "'stable'"),
            ("process_tag", {"tag": "stable", "version": 9}, "process.version_unknown", "9"),
            ("process_route", {"action": "set", "version": 9, "percent": 5}, "process.version_unknown", "9"),
            ("process_branch", {"branch": "x", "from_": 9}, "process.version_unknown", "9"),
        ]
        for operation, given, code, words in asked:
            refused = await agent.refusal(operation, process="expense", **given)
            assert refused["code"] == code, refused
            assert words in refused["message"]
        unknown = await agent.refusal("process_merge", process="expense@strict")
        assert unknown["code"] == "branch.unknown"
        assert whole_state(agent.app) == before

    played(story)


def test_each_kind_of_change_is_told_in_words_in_a_list_and_on_the_diagram() -> None:
    async def story(agent: Agent) -> None:
        await in_use(agent)
        newer = deepcopy(EXPENSE)
        check, _, large, pay, _ = newer["steps"]
        check["check"] |= {"ask": "boss", "within": "P5D", "form": {"ok": "boolean", "why?": "text"}}
        large["if"] = "amount > 400"
        newer["steps"][3:4] = [TELL, {"transfer": {**pay["pay"], "id": "pay"}}]
        newer["data"] |= {"why": "text"}
        newer["scenarios"] = []
        await agent.ask("process_create", outline=newer)
        compared = await agent.ask("process_compare", process="expense", from_=1)
        assert compared["same_behaviour"] is False
        texts = {one["text"] for one in compared["changes"]}
        for words in (
            '"large?": condition to "approve" is "amount > 400" (before: "amount > 1000").',
            'The form of "check" asks for "why" too: text, if there is one.',
            '"check": roles: "boss" is new; roles: "clerk" is gone.',
            "The process: data why is new.",
        ):
            assert words in texts
        kinds = {(one["kind"], one.get("element", "")) for one in compared["changes"]}
        assert kinds >= {("added", "inform"), ("renamed", "pay"), ("moved", "check")}
        assert ("removed", "pay") not in kinds
        assert any('has the name "transfer" now (before: "pay")' in text for text in texts)
        assert any("P5D" in text for text in texts)
        drawn = await agent.ask("process_compare", process="expense", from_=1, view="svg")
        for told in ("new", "changed", "renamed"):
            assert told in drawn["picture"]
        flow_chart = await agent.ask("process_compare", process="expense", from_=1, view="mermaid")
        assert flow_chart["picture"].startswith("flowchart")

    played(story)
