"""Links are told from the models that are saved and published, up and down, with what a change affects."""

import random
from pathlib import Path
from typing import Any

from flowmaster.engine.links.model import REVISION, Node
from flowmaster.stores.graph import DRAFT, Unlinked
from flowmaster.tools.linking import derived
from tests.acceptance.agent import Agent, played
from tests.acceptance.town import LEVELS

ORDER: dict[str, Any] = {
    "process": "order",
    "roles": ["clerk"],
    "data": {"amount": "number", "level": "text"},
    "start": {"needs": ["amount"]},
    "steps": [
        {"rate": {"rule": "level", "into": "level"}},
        {"look": {"ask": "clerk", "form": {"seen?": "boolean"}}},
        {"ship it": {"run": "shipping"}},
        {"tell": {"send": "order shipped", "key": "amount"}},
        {"end": "done"},
    ],
}
SHIPPING: dict[str, Any] = {
    "process": "shipping",
    "data": {"amount": "number"},
    "steps": [{"pack": {"call": "box"}}, {"end": "sent"}],
}
BILLING: dict[str, Any] = {
    "process": "billing",
    "roles": ["clerk"],
    "data": {"amount": "number"},
    "start": {"message": "order shipped"},
    "steps": [{"check": {"ask": "clerk", "form": {"fine?": "boolean"}}}, {"end": "billed"}],
}


async def _town(agent: Agent) -> None:
    await agent.ask("rule_save", table=LEVELS)
    for outline in (SHIPPING, ORDER, BILLING):
        await agent.published(outline)


def _texts(told: dict[str, Any]) -> list[str]:
    return [f"{edge['source']} {edge['kind']} {edge['target']}" for edge in told["edges"]]


def test_a_process_is_linked_to_what_it_calls_asks_sends_and_starts() -> None:
    async def story(agent: Agent) -> None:
        await _town(agent)
        told = await agent.ask("process_links", process="order", direction="down")
        assert {
            "process:order decides_by decision:level",
            "process:order calls process:shipping",
            "process:order sends message:order shipped",
            "message:order shipped starts process:billing",
            "process:order done_by role:clerk",
            "process:order shares_data data:amount",
        } <= set(_texts(told))
        (call,) = (edge for edge in told["edges"] if edge["kind"] == "calls")
        assert (call["version"], call["element"], bool(call["enters"])) == (1, "ship_it", True), call
        assert any("order (tell) precedes billing" in each for each in told["precedes"])
        assert "data 'amount': billing, shipping" in told["shares"]
        assert told["mermaid"].startswith("flowchart LR")
        assert "circle" not in told

    played(story)


def test_what_a_change_affects_is_told_with_running_instances() -> None:
    async def story(agent: Agent) -> None:
        await _town(agent)
        await agent.started("order", amount=5)
        rule = await agent.ask("process_links", decision="level")
        assert [(each["what"], each["instances"]) for each in rule["impact"]] == [("process:order", 1)]
        called = await agent.ask("process_links", process="shipping", direction="up")
        assert _texts(called) == ["process:order calls process:shipping"]
        sender = await agent.ask("process_links", process="order")
        assert "process:billing" in [each["what"] for each in sender["impact"]]
        message = await agent.ask("process_links", node="message:order shipped")
        assert {each["what"] for each in message["impact"]} == {"process:order", "process:billing"}
        await agent.published({**ORDER, "steps": [ORDER["steps"][1], {"end": "done"}]})
        left = await agent.ask("process_links", process="shipping", direction="up")
        assert left["edges"] == []
        assert [(each["version"], each["instances"]) for each in left["impact"]] == [(1, 1)]

    played(story)


def test_depth_kinds_and_views_narrow_what_is_told() -> None:
    async def story(agent: Agent) -> None:
        await _town(agent)
        near = await agent.ask(
            "process_links", process="order", direction="down", depth=1, kinds=["sends", "starts"]
        )
        assert _texts(near) == ["process:order sends message:order shipped"]
        await agent.ask("process_edit", process="order", edits=[{"delete": "tell"}])
        draft = await agent.ask("process_links", process="order", kinds=["sends"], view="draft")
        assert draft["edges"] == []
        still = await agent.ask("process_links", process="order", kinds=["sends"])
        assert _texts(still) == ["process:order sends message:order shipped"]
        shown = await agent.ask("process_read", process="order", view="links")
        assert any("calls process 'shipping'" in each for each in shown["content"])

    played(story)


def _calling(name: str, other: str, *before: dict[str, Any]) -> dict[str, Any]:
    again = {"again": {"run": other, "when": "n > 1"}}
    return {
        "process": name,
        "data": {"n": "number"},
        "start": {"needs": ["n"]},
        "steps": [*before, again, {"end": "done"}],
    }


def test_calls_that_come_back_without_a_wait_are_named() -> None:
    async def story(agent: Agent) -> None:
        for name, other in (("ping", "pong"), ("pong", "ping")):
            await agent.ask("process_create", outline=_calling(name, other))
        told = await agent.ask("process_links", process="ping")
        assert told["circle"] == "ping calls pong at again, pong calls ping at again"
        await agent.ask("process_create", outline=_calling("pong", "ping", {"rest": {"wait": "P1D"}}))
        assert "circle" not in await agent.ask("process_links", process="ping")

    played(story)


def test_what_nobody_hears_or_is_not_there_is_noted() -> None:
    async def story(agent: Agent) -> None:
        await agent.ask("process_create", outline=BILLING)
        told = await agent.ask("process_links", process="billing")
        assert any("No process sends the message 'order shipped'" in each for each in told["notes"])
        await agent.ask("process_create", outline=ORDER)
        told = await agent.ask("process_links", process="order")
        assert {"There is no process 'shipping'.", "There is no decision 'level'."} <= set(told["notes"])

    played(story)


def test_other_tenants_see_nothing_and_bad_input_is_refused() -> None:
    async def story(agent: Agent) -> None:
        await _town(agent)
        other = agent.of("elsewhere")
        assert (await other.refusal("process_links", process="order"))["code"] == "process.unknown"
        assert (await other.refusal("process_links", node="message:order shipped"))["code"] == "node.unknown"
        assert (await agent.refusal("process_links", decision="levl"))["code"] == "rule.unknown"
        for wrong in ({}, {"process": "order", "decision": "level"}):
            assert (await agent.refusal("process_links", **wrong))["code"] == "arguments.invalid"
        for node in ("message", "mesage:x", "form:"):
            assert (await agent.refusal("process_links", node=node))["code"] == "node.invalid"
        for depth in (0, 6):
            assert (await agent.refusal("process_links", process="order", depth=depth))["path"] == "depth"
        await agent.ask("process_create", outline={**SHIPPING, "process": "dry"}, dry_run=True)
        assert (await agent.refusal("process_links", process="dry"))["code"] == "process.unknown"

    played(story)


def test_links_of_what_an_older_server_stored_are_made_up_at_the_first_question(tmp_path: Path) -> None:
    async def story(agent: Agent) -> None:
        await _town(agent)
        before = await agent.ask("process_links", process="order")

        def forget(transaction: Any) -> None:
            for key in ("order", "shipping", "billing"):
                transaction.drop_links("default", Node("process", key))
            transaction.drop_links("default", Node("decision", "level"))

        await agent.app.runtime.write(forget)
        assert (await agent.ask("process_links", process="order")) == before

    played(story, tmp_path)


def test_links_are_those_of_the_models_after_any_row_of_changes() -> None:
    async def story(agent: Agent) -> None:
        choose = random.Random(11)
        await agent.ask("rule_save", table=LEVELS)
        outlines = [SHIPPING, ORDER, BILLING]
        for _ in range(40):
            outline = dict(choose.choice(outlines))
            steps = [step for step in outline["steps"][:-1] if choose.random() < 0.7]
            outline["steps"] = [*steps, {"end": "done"}]
            dry = choose.random() < 0.2
            await agent.answer("process_create", {"outline": outline, "dry_run": dry})
            if choose.random() < 0.5:
                await agent.answer("process_publish", {"process": outline["process"], "dry_run": dry})
            if choose.random() < 0.2:
                await agent.answer("rule_save", {"table": LEVELS})
        reader = agent.app.runtime.reader
        assert reader.unlinked("default", revision=REVISION, limit=9) == []
        compared = 0
        for kind, key in [*(("process", each["process"]) for each in outlines), ("decision", "level")]:
            row = reader.find_definition("default", kind, key)
            assert row is not None
            places = [Unlinked(Node(kind, key), number, 0) for number in range(1, row.version + 1)]
            places += [Unlinked(Node(kind, key), DRAFT, row.draft)] if row.draft else []
            for one in places:
                assert tuple(reader.links_of("default", one.owner, one.version)) == derived(
                    reader, "default", one
                )
                compared += 1
        assert compared > 12

    played(story)


def test_publishing_what_others_call_tells_whom_it_breaks() -> None:
    async def story(agent: Agent) -> None:
        await _town(agent)
        assert "caller.breaks" not in str(await agent.ask("process_publish", process="shipping"))
        wanting = {**SHIPPING, "data": {"street": "text"}, "start": {"needs": ["street"]}}
        await agent.ask("process_create", outline=wanting)
        for dry in (True, False):
            told = await agent.ask("process_publish", process="shipping", dry_run=dry)
            (problem,) = (each for each in told["problems"] if each["code"] == "caller.breaks")
            assert problem["severity"] == "warning"
            assert "'order' (version 1)" in problem["message"]
            assert "'street'" in problem["message"]
        again = await agent.ask("process_publish", process="shipping")
        assert "caller.breaks" not in str(again), "what is broken already is not told as new"

    played(story)


def test_a_rule_that_asks_for_another_type_tells_which_process_it_breaks() -> None:
    async def story(agent: Agent) -> None:
        await _town(agent)
        assert "caller.breaks" not in str(await agent.ask("rule_save", table=LEVELS))
        other = [{"name": "amount", "type": "boolean"}]
        more = {**LEVELS, "inputs": other, "rules": [["true", '"low"'], ["false", '"high"']]}
        told = await agent.ask("rule_save", table=more, dry_run=True)
        (problem,) = (each for each in told["problems"] if each["code"] == "caller.breaks")
        assert problem["element"] == "level"
        assert "'order' (version 1)" in problem["message"]
        assert "'amount'" in problem["message"]

    played(story)
