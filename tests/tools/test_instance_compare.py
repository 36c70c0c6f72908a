"""Two states of an instance, or of a case and its fork, are told apart."""

from tests.acceptance.agent import Agent, Body, played

CLAIM: Body = {
    "process": "claim",
    "roles": ["clerk", "chief"],
    "data": {"amount": "number", "fair": "boolean"},
    "start": {"needs": ["amount"]},
    "steps": [
        {"check": {"ask": "clerk", "form": {"fair?": "boolean"}}},
        {"if": "amount > 100", "then": [{"approve": {"ask": "chief", "form": {"note?": "text"}}}]},
        {"pay": {"call": "bank.pay"}},
        {"end": "paid"},
    ],
}


async def _begun(agent: Agent, amount: int) -> str:
    started = await agent.started(await agent.published(CLAIM), amount=amount)
    await agent.advance("PT1H")
    await agent.ask(
        "task_act", task=await agent.task(started["instance"]), action="complete", variables={"fair": True}
    )
    return str(started["instance"])


def _values(told: Body) -> list[tuple[object, ...]]:
    return [(one["name"], one["what"], one.get("was"), one.get("now")) for one in told["variables"]]


def test_two_moments_of_an_instance_differ_by_what_happened_between() -> None:
    async def story(agent: Agent) -> None:
        claim = await _begun(agent, 500)
        waited = next(
            entry["seq"]
            for entry in (await agent.ask("instance_read", instance=claim, detail=["history"]))["history"]
            if entry["event"] == "waiting"
        )
        told = await agent.ask("instance_compare", instance=claim, at=waited)
        assert _values(told) == [("fair", "added", None, True)]
        assert [(one["name"], one["what"], one["kind"]) for one in told["places"]] == [
            ("check", "waits no more", "user_task"),
            ("approve", "waits", "user_task"),
        ]
        assert [step.split(" ", 1)[1] for step in told["steps"]][0] == "check"
        assert not told["same"]
        back = await agent.ask("instance_compare", instance=claim, other_at=waited)
        assert _values(back) == [("fair", "removed", True, None)]
        assert back["steps"] == told["steps"]

    played(story)


def test_a_fork_with_other_data_differs_in_them_and_in_its_way() -> None:
    async def story(agent: Agent) -> None:
        claim = await _begun(agent, 50)
        fork = await agent.ask(
            "instance_control", instance=claim, action="fork", at=6, variables={"amount": 500}
        )
        same = await agent.ask("instance_compare", instance=claim, other=fork["instance"], at=6)
        assert _values(same) == [("amount", "changed", 50, 500)]
        assert not same.get("parted")
        task = await agent.task(fork["instance"])
        await agent.ask("task_act", task=task, action="complete", variables={"fair": False})
        told = await agent.ask("instance_compare", instance=claim, other=fork["instance"])
        assert ("fair", "changed", True, False) in _values(told)
        assert [(one["name"], one["what"]) for one in told["places"]] == [
            ("pay", "waits no more"),
            ("approve", "waits"),
        ]
        assert not told.get("steps")

    played(story)


def test_ways_part_at_the_first_step_that_differs() -> None:
    async def story(agent: Agent) -> None:
        small, large = await _begun(agent, 50), await _begun(agent, 500)
        await agent.ask("task_act", task=await agent.task(large), action="complete", variables={})
        told = await agent.ask("instance_compare", instance=small, other=large)
        assert "only claim-2 went on" in told["parted"] or "'approve'" in told["parted"], told["parted"]
        alike = await _begun(agent, 50)
        assert (await agent.ask("instance_compare", instance=small, other=alike))["same"]

    played(story)


def test_the_same_state_twice_unknown_events_and_instances_are_refused() -> None:
    async def story(agent: Agent) -> None:
        claim = await _begun(agent, 50)
        assert (await agent.refusal("instance_compare", instance=claim))["code"] == "arguments.invalid"
        late = await agent.refusal("instance_compare", instance=claim, other_at=900)
        assert (late["code"], late["path"]) == ("history.no_event", "other_at")
        nobody = await agent.refusal("instance_compare", instance=claim, other="claim-77")
        assert (nobody["code"], nobody["path"]) == ("instance.unknown", "other")

    played(story)
