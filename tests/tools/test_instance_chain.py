"""A chain of instances is told from end to end, from whichever of them one asks."""

from pathlib import Path
from typing import Any

from tests.acceptance.agent import Agent, Body, played

ORDER: Body = {
    "process": "order",
    "roles": ["clerk"],
    "data": {"number": "text"},
    "start": {"needs": ["number"]},
    "steps": [
        {"pack": {"run": "packing"}},
        {"hand over": {"send": "order packed", "key": "number"}},
        {"wait for delivery": {"wait": {"message": "delivered", "key": "number"}}},
        {"end": "closed"},
    ],
}
PACKING: Body = {
    "process": "packing",
    "data": {"number": "text"},
    "roles": ["packer"],
    "steps": [{"box it": {"ask": "packer", "form": {"weight": "number"}}}, {"end": "packed"}],
}
DELIVERY: Body = {
    "process": "delivery",
    "roles": ["driver"],
    "data": {"number": "text"},
    "start": {"message": "order packed"},
    "steps": [
        {"drive": {"ask": "driver", "form": {"receipt": "text"}}},
        {"report": {"send": "delivered", "key": "number"}},
        {"announce": {"throw": {"signal": "goods left the house"}}},
        {"end": "delivered"},
    ],
}
INVOICE: Body = {
    "process": "invoicing",
    "start": {"signal": "goods left the house"},
    "roles": ["clerk"],
    "steps": [{"write invoice": {"ask": "clerk", "form": {"total": "number"}}}, {"end": "invoiced"}],
}


async def _told(agent: Agent) -> tuple[Body, dict[str, str]]:
    """Play an order to its invoice, an hour between the steps."""
    for outline in (PACKING, ORDER, DELIVERY, INVOICE):
        await agent.published(outline)
    order = (await agent.ask("instance_start", process="order", variables={"number": "A7"}))["instance"]
    await agent.advance("PT1H")
    await _do(agent, "packing", {"weight": 3})
    await agent.advance("PT1H")
    await _do(agent, "delivery", {"receipt": "ann"})
    await agent.advance("PT1H")
    names = {}
    for process in ("order", "packing", "delivery", "invoicing"):
        items = (await agent.ask("instance_find", process=process))["items"]
        assert len(items) == 1, process
        names[items[0]["instance"]] = process
    return await agent.ask("instance_chain", instance=order), names


async def _do(agent: Agent, process: str, variables: Body) -> None:
    found = (await agent.ask("task_find", process=process))["items"]
    await agent.ask("task_act", task=found[0]["task"], action="complete", variables=variables)


def _links(told: Body, names: dict[str, str]) -> set[tuple[str, str, str, str]]:
    return {
        (names[one["source"]], one["how"], one.get("name", ""), names[one["target"]]) for one in told["links"]
    }


def test_an_order_is_followed_over_calls_messages_and_signals_with_its_time() -> None:
    async def story(agent: Agent) -> None:
        told, names = await _told(agent)
        assert [names[one["instance"]] for one in told["instances"]] == [
            "order",
            "packing",
            "delivery",
            "invoicing",
        ]
        assert _links(told, names) == {
            ("order", "calls", "", "packing"),
            ("order", "message", "order packed", "delivery"),
            ("delivery", "message", "delivered", "order"),
            ("delivery", "signal", "goods left the house", "invoicing"),
        }
        lasted = {names[one["instance"]]: one["lasted"] for one in told["instances"]}
        assert lasted == {"order": "PT2H", "packing": "PT1H", "delivery": "PT1H", "invoicing": "PT1H"}
        assert (told["lasted"], told["open"], told.get("ended")) == ("PT3H", 1, None)
        assert "4 instances of order, packing, delivery, invoicing; 1 not over; PT3H" in told["summary"]
        assert told["mermaid"].count("-->") == 4
        await _do(agent, "invoicing", {"total": 90})
        await agent.advance("PT5H")
        over = await agent.ask("instance_chain", instance=told["instances"][-1]["instance"])
        assert (over["lasted"], over["open"]) == ("PT3H", 0)
        assert over["ended"]
        assert {one["instance"] for one in over["instances"]} == set(names)

    played(story)


def test_a_chain_can_be_narrowed_to_what_is_followed_and_in_length() -> None:
    async def story(agent: Agent) -> None:
        told, names = await _told(agent)
        order = told["instances"][0]["instance"]
        calls = await agent.ask("instance_chain", instance=order, follow=["calls"])
        assert _links(calls, names) == {("order", "calls", "", "packing")}
        short = await agent.ask("instance_chain", instance=order, limit=2)
        assert len(short["instances"]) == 2
        assert short["left_out"]["instances"] >= 1

    played(story)


def test_instances_with_the_same_key_belong_together_and_forks_do_not() -> None:
    async def story(agent: Agent) -> None:
        await agent.published(PACKING)
        both = [
            (await agent.ask("instance_start", process="packing", business_key="A7"))["instance"]
            for _ in "12"
        ]
        await agent.ask("instance_start", process="packing", business_key="A8")
        await agent.ask("instance_control", instance=both[0], action="fork")
        told = await agent.ask("instance_chain", instance=both[1])
        assert [one["instance"] for one in told["instances"]] == both
        assert [(one["how"], one["name"]) for one in told["links"]] == [("key", "A7")]

    played(story)


def test_unknown_instances_and_ways_are_refused_and_tenants_stay_apart() -> None:
    async def story(agent: Agent) -> None:
        told, _ = await _told(agent)
        order = told["instances"][0]["instance"]
        assert (await agent.refusal("instance_chain", instance="order-99"))["code"] == "instance.unknown"
        assert (await agent.refusal("instance_chain", instance=order, follow=["mail"]))["path"].startswith(
            "follow"
        )
        assert (await agent.refusal("instance_chain", instance=order, follow=[]))["path"].startswith("follow")
        assert (await agent.of("other").refusal("instance_chain", instance=order))[
            "code"
        ] == "instance.unknown"

    played(story)


def test_a_chain_is_still_there_when_the_server_comes_back(tmp_path: Path) -> None:
    kept: dict[str, Any] = {}

    async def first(agent: Agent) -> None:
        kept["told"], _ = await _told(agent)

    async def second(agent: Agent) -> None:
        again = await agent.ask("instance_chain", instance=kept["told"]["instances"][0]["instance"])
        assert again["links"] == kept["told"]["links"]

    played(first, tmp_path)
    played(second, tmp_path)
