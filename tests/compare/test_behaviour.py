"""What two versions do otherwise is told by its cause, with the smallest case, through the operation that agents call."""

from typing import Any

import pytest

from tests.acceptance.agent import Agent, Body, played
from tests.compare.behaviours import LEVELS, TRIP, compared, published, trip


def only(body: Body) -> Body:
    """Return the one difference of an answer."""
    (difference,) = body["behaviour"]["differences"]
    found: Body = difference
    return found


CHANGES: list[tuple[str, str, tuple[tuple[str | int, ...], Any], str]] = [
    ("condition", "expensive?", (("steps", 3, "if"), "cost >= 500"), "cost >= 500"),
    ("condition", "expensive?", (("steps", 3, "if"), "not(cost > 500)"), "not(cost > 500)"),
    ("timer", "approve", (("steps", 1, "approve", "remind"), "P1D"), "P1D"),
    ("timer", "approve", (("steps", 1, "approve", "within"), "P4D"), "P4D"),
    ("timer", "approve", (("steps", 1, "approve", "late"), {"escalate": "boss"}), "boss"),
    ("task", "approve", (("steps", 1, "approve", "ask"), "clerk"), "clerk"),
    ("task", "approve", (("steps", 1, "approve", "not"), None), "traveller"),
    ("work", "book", (("steps", 4, "book", "call"), "rail.book"), "rail.book"),
    ("work", "book", (("steps", 4, "book", "retry"), {"times": 3, "wait": "PT9M"}), "PT9M"),
    ("step", "check cost", (("steps", 3, "then"), [{"log": {"set": {"booking": '"none"'}}}]), "check cost"),
    ("step", "book", (("steps", 4), {"take none": {"set": {"booking": '"none"'}}}), "book"),
    ("start", "", (("start", "checks"), {"Somebody travels.": 'traveller != "ann"'}), "ann"),
    ("start", "", (("data", "cost"), "number 0..99"), "cost"),
]


@pytest.mark.parametrize(("kind", "element", "change", "told"), CHANGES)
def test_a_change_is_told_as_the_cause_of_what_cases_do_otherwise(
    kind: str, element: str, change: tuple[tuple[str | int, ...], Any], told: str
) -> None:
    async def play(agent: Agent) -> None:
        await published(agent)
        body = await compared(agent, trip(change))
        assert body["same_behaviour"] is False
        causes = [each["cause"] for each in body["behaviour"]["differences"]]
        named = [cause for cause in causes if cause["kind"] == kind and told in str(cause)]
        assert named, causes
        if element:
            assert any(element.removesuffix("?") in cause["text"] for cause in named), named

    played(play)


def test_a_moved_limit_is_told_with_the_values_at_it_and_the_smallest_case_can_be_played() -> None:
    async def play(agent: Agent) -> None:
        await published(agent)
        body = await compared(agent, trip((("steps", 3, "if"), "cost >= 500")))
        found = only(body)
        assert found["cause"]["kind"] == "condition"
        assert found["cause"]["values"] == {"cost": 500}
        assert found["cause"]["was"] == {"'check cost'": "cost > 500", "the merge before 'book'": "else"}
        assert found["cause"]["now"] == {"'check cost'": "cost >= 500", "the merge before 'book'": "else"}
        assert found["parts"] == "After 'approve': then it comes to 'book'; now it comes to 'check cost'."
        assert found["example"]["case"] == {
            "like": "cheap",
            "given": {"cost": 500},
            "expect": {"waits_at": ["check cost"]},
        }
        assert found["example"]["then"] == "it ends completed at 'booked'"
        assert found["example"]["now"] == "it waits at 'check cost'"
        (hint,) = body["next"]
        for version, passed in ({}, 1), ({"version": 1}, 0):
            again = await agent.ask("process_test", **{**hint["arguments"], **version})
            assert again["passed"] == passed, again

    played(play)


def test_versions_that_do_the_same_show_no_difference() -> None:
    async def play(agent: Agent) -> None:
        await published(agent)
        same = await agent.ask("process_compare", process="trip", what="behaviour", to=1)
        assert (same["summary"], same["same_behaviour"]) == ("Both are the same file.", True)
        renamed = trip(
            (("name",), "Journey"),
            (("steps", 1), {"ask the boss": TRIP["steps"][1]["approve"]}),
            (("steps", 3, "name"), "does it cost much?"),
            (("steps", 5), {"end": "all booked"}),
            (
                ("scenarios",),
                [
                    {
                        **TRIP["scenarios"][0],
                        "answers": {"ask the boss": {"ok": True, "by": "bob"}},
                        "expect": {"end": "all booked"},
                    }
                ],
            ),
        )
        for outline in (TRIP, trip((("about",), "Other words.")), renamed):
            body = await compared(agent, outline)
            assert body["same_behaviour"] is True, body
            if body["summary"] != "Both are the same file.":
                assert body["behaviour"]["changed"] == body["behaviour"]["end_otherwise"] == 0
                assert body["behaviour"]["cases"] > 0
                assert body["behaviour"]["differences"] == []

    played(play)


def test_another_drawing_shows_no_difference() -> None:
    async def play(agent: Agent) -> None:
        await published(agent)
        bpmn = (await agent.ask("process_read", process="trip", version=1, view="bpmn"))["content"]
        moved = bpmn.replace('x="', 'x="1')
        assert moved != bpmn
        await agent.ask("process_create", bpmn=moved)
        body = await agent.ask("process_compare", process="trip", what="behaviour")
        assert body["same_behaviour"] is True
        assert body["summary"].startswith("All ")

    played(play)


def test_branches_side_by_side_may_come_in_any_order() -> None:
    steps = [
        {"all": [[{"one": {"call": "a"}}], [{"two": {"call": "b"}}]]},
        {"end": "done"},
    ]
    other = [{"all": [[{"two": {"call": "b"}}], [{"one": {"call": "a"}}]]}, {"end": "done"}]

    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline={"process": "trip", "steps": steps})
        await agent.ask("process_publish", process="trip")
        body = await compared(agent, {"process": "trip", "steps": other})
        assert body["behaviour"]["changed"] == 0, body

    played(play)


def test_sides_are_named_by_number_tag_or_draft() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, trip((("version_tag",), "first")))
        changed = trip((("steps", 3, "if"), "cost >= 500"), (("version_tag",), "second"))
        await agent.ask("process_create", outline=changed)
        ends = {}
        for old, new in (("first", "draft"), (1, "draft"), ("draft", 1)):
            body = await agent.ask("process_compare", process="trip", what="behaviour", from_=old, to=new)
            ends[old, new] = body["compared"], only(body)["example"]["then"], only(body)["example"]["now"]
        assert ends["first", "draft"] == ends[1, "draft"]
        assert ends[1, "draft"][0] == "version 1 with draft 2"
        assert ends["draft", 1][1:] == ends[1, "draft"][:0:-1]
        await agent.ask("process_publish", process="trip")
        body = await agent.ask(
            "process_compare", process="trip", what="behaviour", from_="first", to="second"
        )
        assert body["compared"] == "version 1 with version 2"
        (hint,) = body["next"]
        assert hint["arguments"]["version"] == 2
        unknown = await agent.refusal("process_compare", process="trip", what="behaviour", from_="frist")
        assert "Did you mean 'first'" in unknown["message"]

    played(play)


def test_versions_of_a_rule_are_compared_by_the_row_that_decides() -> None:
    async def play(agent: Agent) -> None:
        await published(agent)
        table = {**LEVELS, "rules": [["<= 201", '"low"'], ["> 201", '"high"']]}
        saved = await agent.ask("rule_save", decision="trip_level", table=table, valid_from="2099-01-01")
        rules = {"trip_level": {"from": 1, "to": saved["version"]}}
        body = await agent.ask(
            "process_compare", process="trip", what="behaviour", from_=1, to=1, rules=rules
        )
        first, *others = body["behaviour"]["differences"]
        assert (first["cause"]["kind"], first["cause"]["decision"], others) == ("rule", "trip_level", [])
        assert "<= 200" in first["cause"]["was"]
        assert "<= 201" in first["cause"]["now"]
        assert 200 < first["cause"]["values"]["cost"] <= 201
        assert first["example"]["case"]["given"]["cost"] == first["cause"]["values"]["cost"]
        same = await agent.ask(
            "process_compare",
            process="trip",
            what="behaviour",
            from_=1,
            to=1,
            rules={"trip_level": {"from": 1, "to": 1}},
        )
        assert (same["same_behaviour"], same["behaviour"]["changed"]) == (True, 0)
        default = await agent.ask(
            "process_compare",
            process="trip",
            what="behaviour",
            from_=1,
            to=1,
            rules={"trip_level": {"to": 2}},
        )
        assert default["behaviour"]["changed"] > 0

    played(play)


def test_what_does_not_fit_is_refused_with_its_place() -> None:
    async def play(agent: Agent) -> None:
        await published(agent)
        await agent.ask(
            "rule_save", decision="other", table={**LEVELS, "decision": "other"}, valid_from="2020-01-01"
        )
        asked: list[tuple[Body, str, str]] = [
            ({"rules": {"trip_level": {"to": 9}}}, "rule.version_unknown", "rules.trip_level.to"),
            ({"rules": {"trip_level": {"from": "x"}}}, "rule.version_unknown", "rules.trip_level.from"),
            ({"rules": {"trip_levl": {"to": 1}}}, "arguments.invalid", "rules.trip_levl"),
            ({"rules": {"other": {"to": 1}}}, "arguments.invalid", "rules.other"),
            ({"rules": {"trip_level": {"since": 1}}}, "arguments.invalid", "rules.trip_level.since"),
            ({"rules": [1]}, "arguments.invalid", "rules"),
            ({"mapping": {"a": "b"}}, "arguments.invalid", "mapping"),
            ({"to": 7}, "process.version_unknown", "to"),
            ({"process": "tripp"}, "process.unknown", "process"),
        ]
        for arguments, code, path in asked:
            refused = await agent.refusal(
                "process_compare", **{"process": "trip", "what": "behaviour", "to": 1, **arguments}
            )
            assert (refused["code"], refused.get("path")) == (code, path), refused
        other = await agent.refusal("process_compare", process="trip", to=1, rules={"trip_level": {"to": 1}})
        assert (other["code"], other["path"]) == ("arguments.invalid", "rules")

    played(play)


def test_several_changes_are_told_apart_though_every_case_meets_the_first_of_them() -> None:
    async def play(agent: Agent) -> None:
        await published(agent)
        body = await compared(
            agent,
            trip(
                (("steps", 1, "approve", "ask"), "clerk"),
                (("steps", 1, "approve", "remind"), "P1D"),
                (("steps", 3, "if"), "cost >= 500"),
                (("steps", 4, "book", "retry"), {"times": 3, "wait": "PT9M"}),
            ),
        )
        causes = {
            (each["cause"]["kind"], each["cause"]["element"]) for each in body["behaviour"]["differences"]
        }
        assert causes == {
            ("task", "approve"),
            ("timer", "approve"),
            ("condition", "expensive"),
            ("work", "book"),
        }
        assert "unseen" not in body["behaviour"]
        assert "not_reached" not in body["behaviour"]

    played(play)


def test_a_branch_is_compared_with_the_draft_it_began_from() -> None:
    async def play(agent: Agent) -> None:
        await published(agent)
        await agent.ask("process_branch", process="trip", branch="limit")
        await agent.ask(
            "process_create", process="trip@limit", outline=trip((("steps", 3, "if"), "cost >= 500"))
        )
        body = await agent.ask("process_compare", process="trip@limit", what="behaviour")
        assert only(body)["cause"]["values"] == {"cost": 500}
        (hint,) = body["next"]
        assert hint["arguments"]["process"] == "trip@limit"
        assert (await agent.ask("process_test", **hint["arguments"]))["passed"] == 1

    played(play)
