"""Row 27 of what a demanding user tests: one model in many views, for a reader who knows no BPMN."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.agent import Agent, Body, played

EXAMPLES = sorted(path.parent for path in (Path(__file__).parents[2] / "examples").glob("*/process.yaml"))

CLAIM: Body = {
    "process": "claim",
    "roles": {"clerk": "Clerks", "boss": "Bosses"},
    "data": {"sum": "number > 0", "who": "person", "fine": "boolean", "agreed": "boolean", "paid": "text"},
    "start": {"needs": ["sum", "who"]},
    "steps": [
        {"check": {"ask": "clerk", "not": "who", "form": {"fine": "boolean"}, "into": "fine", "within": "P2D"}},
        {"if": "not(fine)", "then": [{"end": "refused"}]},
        {"grant": {"ask": "boss", "when": "sum > 500", "not": ["who", "check"], "into": "agreed"}},
        {"pay": {"call": "bank.pay", "with": {"sum": "sum"}, "into": "paid"}},
        {"end": "paid out"},
    ],
}  # fmt: skip
STEPS = {"check", "grant", "pay"}


async def shown(agent: Agent, view: str, process: str = "claim", **more: Any) -> Any:
    """Return all pages of a view."""
    body = await agent.ask("process_read", process=process, view=view, **more)
    content = body["content"]
    while cursor := body.get("next_cursor"):
        body = await agent.ask("process_read", process=process, view=view, cursor=cursor, **more)
        content += body["content"]
    return content


def elements(rows: list[Body]) -> set[str]:
    return {str(row["element"]) for row in rows if "element" in row}


def test_all_views_are_of_one_model_and_tell_of_the_same_steps() -> None:
    async def story(agent: Agent) -> None:
        await agent.published(CLAIM)
        words, chart = await shown(agent, "words"), await shown(agent, "mermaid")
        for view in ("svg", "swimlanes"):
            drawn = set(re.findall(r'data-element="([^"]+)"', await shown(agent, view)))
            assert drawn >= STEPS
        for step in STEPS:
            assert f'"{step}":' in words
            assert f'"{step}"' in chart
        assert elements(await shown(agent, "table")) >= STEPS
        assert elements(await shown(agent, "raci")) == STEPS
        assert elements(await shown(agent, "timeline")) >= {"check", "grant"}
        named = {row["name"] for row in await shown(agent, "data") if "name" in row}
        assert named >= {"sum", "who", "fine", "agreed", "paid"}
        heat = await agent.ask("process_draw", process="claim", colours="time")
        assert {one["element"] for one in heat["elements"]} >= STEPS
        links = await agent.ask("process_links", process="claim")
        assert "role:Clerks" in {one["id"] for one in links["nodes"]}

    played(story)


def test_a_reader_who_mends_a_number_in_the_words_has_mended_the_process() -> None:
    async def story(agent: Agent) -> None:
        await agent.published(CLAIM)
        words = await shown(agent, "words")
        assert "the sum is over 500" in words
        assert "BPMN" not in words
        same = await agent.ask("process_create", outline=words)
        assert same["problems"] == []
        compared = await agent.ask("process_compare", process="claim")
        assert (compared["same_behaviour"], compared["changes"]) == (True, [])
        await agent.ask("process_create", outline=words.replace("over 500", "over 900"))
        compared = await agent.ask("process_compare", process="claim")
        assert all("900" in one["text"] for one in compared["changes"])
        assert compared["same_behaviour"] is False
        broken = words.replace("clerk does it", "clerk perhaps does it")
        refused = await agent.refusal("process_create", outline=broken)
        assert "perhaps" in f"{refused['message']}"
        assert (await agent.ask("process_read", process="claim"))["draft"] == 3

    played(story)


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_the_words_of_an_example_make_an_equivalent_process_beside_it(folder: Path) -> None:
    async def story(agent: Agent) -> None:
        outline = (folder / "process.yaml").read_text(encoding="utf-8")
        process = (await agent.ask("process_create", outline=outline))["process"]
        await agent.ask("process_branch", process=process, branch="words")
        words = await shown(agent, "words", process)
        told = await agent.ask("process_create", process=f"{process}@words", outline=words)
        assert told["process"] == f"{process}@words"
        compared = await agent.ask("process_compare", process=f"{process}@words")
        assert (compared["same_behaviour"], compared["changes"]) == (True, [])
        assert await shown(agent, "words", f"{process}@words") == words

    played(story)


def test_a_role_sees_its_steps_and_an_instance_what_is_done_open_and_may_come_with_times() -> None:
    async def story(agent: Agent) -> None:
        await agent.published(CLAIM)
        (row,) = await shown(agent, "table", performer="Bosses")
        assert row["element"] == "grant"
        assert {one["element"] for one in row["comes_from"]} == {"check"}
        assert {one["element"] for one in row["goes_to"]} == {"pay"}
        claim = (await agent.started("claim", sum=900, who="ann"))["instance"]
        await agent.advance("PT3H")
        task = await agent.task(claim)
        await agent.ask("task_act", task=task, action="complete", as_user="bob", variables={"fine": True})
        await agent.advance("PT1H")
        told = await agent.ask("instance_timeline", instance=claim)
        (done,) = [one for one in told["done"] if one["element"] == "check"]
        assert done["took"] == "PT3H"
        (active,) = told["active"]
        assert (active["element"], active["open_for"]) == ("grant", "PT1H")
        (possible,) = told["possible"]
        assert (possible["element"], possible["after"]) == ("pay", "grant")

    played(story)


def test_whatever_cannot_be_shown_is_refused_with_what_can_and_what_is_wrong_is_drawn_with_its_mark() -> None:
    async def story(agent: Agent) -> None:
        await agent.published(CLAIM)
        refused = await agent.refusal("process_read", process="claim", view="heatmap")
        assert set(refused["expected"]) >= {"words", "raci", "swimlanes", "timeline", "data", "links"}
        for given, code in (
            ({"view": "raci", "version": 9}, "process.version_unknown"),
            ({"view": "raci", "version": "stable"}, "process.version_unknown"),
            ({"view": "raci", "draft": 9}, "draft.unknown"),
            ({"view": "table", "performer": "clerx"}, "process.performer_unknown"),
            ({"view": "words", "version": 1, "draft": 1}, "arguments.invalid"),
        ):
            assert (await agent.refusal("process_read", process="claim", **given))["code"] == code
        stuck: Body = {
            "process": "stuck",
            "roles": ["clerk"],
            "steps": [
                {"all": [[{"a": {"call": "x"}}, {"end": "over", "terminate": True}], [{"b": {"call": "ghost"}}]]},
                {"c": {"run": "nowhere"}},
                {"end": "done"},
            ],
        }  # fmt: skip
        created = await agent.ask("process_create", outline=stuck)
        assert created["problems"]
        drawn = await shown(agent, "svg", "stuck")
        assert "nowhere" in drawn, "the problem stands on the picture"
        for view in ("words", "table", "raci", "data", "timeline", "mermaid", "swimlanes"):
            assert await shown(agent, view, "stuck") is not None

    played(story)
