"""A fork goes on where another instance stands or stood, with data of its own, and nothing of it leaves it."""

from dataclasses import replace
from typing import Any

import pytest

from flowmaster.engine.evolve import blank, fold
from flowmaster.engine.values import Json
from flowmaster.runtime import forks
from flowmaster.server import wiring
from flowmaster.stores.rows import InstanceFilter
from tests.acceptance.agent import Agent, Body, outcome, played, waits, whole_state
from tests.tools.recorder import Recorder

INNER: Json = {
    "process": "inner",
    "roles": ["clerk"],
    "data": {"seen": "boolean"},
    "steps": [
        {"look": {"ask": "clerk", "into": "seen"}},
        {"hear": {"wait": {"message": "news"}}},
        {"end": "heard"},
    ],
}
OUTER: Json = {
    "process": "outer",
    "roles": ["clerk", "boss"],
    "data": {"amount": "number", "fine": "boolean"},
    "start": {"needs": ["amount"]},
    "steps": [
        {"check": {"ask": "clerk", "into": "fine", "within": "P2D", "late": {"escalate": "boss"}}},
        {"if": "amount > 100", "then": [{"pay": {"call": "bank.pay"}}]},
        {"all": [[{"ask back": {"run": "inner"}}], [{"sign": {"ask": "boss", "not": "check"}}]]},
        {"tell": {"send": "told", "key": '"everybody"'}},
        {"end": "done"},
    ],
}
LISTENING: Json = {
    "process": "listening",
    "steps": [{"hear": {"wait": {"message": "told"}, "key": '"everybody"'}}, {"end": "heard"}],
}


async def begun(agent: Agent, **variables: Any) -> str:
    """Publish the processes and start one that waits at its first task."""
    await agent.published(INNER)
    await agent.published(OUTER)
    return str((await agent.started("outer", **({"amount": 50} | variables)))["instance"])


async def done(agent: Agent, instance: str, element: str, by: str = "ann", **variables: Any) -> Body:
    """Complete a task of an instance."""
    task = await agent.task(instance, f"/{element}.")
    return await agent.ask("task_act", task=task, action="complete", variables=variables, as_user=by)


async def forked(agent: Agent, instance: str, **more: Any) -> Body:
    """Fork an instance; the state of the fork must be what its history tells."""
    fork = await agent.ask("instance_control", instance=instance, action="fork", **more)
    told(agent, str(fork["instance"]))
    return fork


def told(agent: Agent, instance: str) -> None:
    """Check that the history of an instance gives its state."""
    reader, tenant = agent.app.runtime.reader, agent.caller.tenant
    stored = reader.load(tenant, instance)
    assert stored is not None
    events = [entry.event for entry in reader.history(tenant, instance, limit=1000)]
    assert fold(blank("", "", 0), events) == stored.state


def places(body: Body) -> list[str]:
    """Return the elements where an instance waits for something outside it."""
    return sorted(wait["element"] for wait in waits(body) if wait["kind"] != "join")


def children(body: Body) -> list[str]:
    """Return what an instance has called and not heard of yet."""
    return [str(wait["child"]) for wait in waits(body, "child")]


async def history_of(agent: Agent, instance: str) -> list[Body]:
    """Return the history of an instance."""
    return list((await agent.ask("instance_read", instance=instance, detail=["history"]))["history"])


def test_a_fork_goes_on_with_data_of_its_own_and_leaves_the_other_as_it_was() -> None:
    async def play(agent: Agent) -> None:
        instance = await begun(agent)
        before = await agent.ask("instance_read", instance=instance, detail=["history"])
        fork = await forked(agent, instance, variables={"amount": 500})
        assert (fork["instance"], fork["sandbox"]) == (f"{instance}-fork-1", True)
        assert fork["forked_from"] == {"instance": instance, "at": before["history"][-1]["seq"]}
        assert (fork["version"], fork["variables"], fork["status"]) == (1, {"amount": 500}, "active")
        assert places(fork) == places(before)
        after = await done(agent, fork["instance"], "check", fine=True)
        assert [wait["element"] for wait in after["waiting"]] == ["pay"]
        assert await agent.ask("instance_read", instance=instance, detail=["history"]) == before
        assert (await forked(agent, instance))["instance"] == f"{instance}-fork-2"
        assert (await forked(agent, fork["instance"]))["instance"] == f"{instance}-fork-1-fork-1"

    played(play)


def test_forks_are_in_no_find_and_no_figure_but_their_own_tasks_are_shown() -> None:
    async def play(agent: Agent) -> None:
        instance = await begun(agent)
        finds: list[tuple[str, Body]] = [
            ("instance_find", {}),
            ("instance_find", {"query": "fork"}),
            ("task_find", {}),
            ("process_find", {}),
            ("task_find", {"process": "outer"}),
        ]
        before = [await agent.ask(name, **given) for name, given in finds]
        fork = await forked(agent, instance)
        assert [await agent.ask(name, **given) for name, given in finds] == before
        assert (await agent.ask("task_find", instance=fork["instance"]))["total"] == 1
        assert agent.app.runtime.reader.count_instances("default")[0].instances == 1

    played(play)


def test_no_connector_and_no_worker_gets_the_job_of_a_fork_and_a_skip_stands_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recorder = Recorder("bank.pay")
    monkeypatch.setattr(wiring, "connectors", lambda: {recorder.type: recorder})

    async def play(agent: Agent) -> None:
        instance = await begun(agent)
        fork = await forked(agent, instance, variables={"amount": 500})
        after = await done(agent, fork["instance"], "check", fine=True)
        assert (await agent.ask("work_take", types=["bank.pay"], wait_seconds=1))["items"] == []
        assert (await agent.ask("work_take", instance=fork["instance"]))["items"] == []
        assert recorder.asked == []
        (hint,) = after["next"]
        went_on = await agent.ask(hint["operation"], **hint["arguments"])
        assert places(went_on) == ["ask_back", "sign"]
        assert recorder.asked == []

    played(play)


def test_messages_of_a_fork_stay_in_it_and_those_of_others_pass_it_by() -> None:
    async def play(agent: Agent) -> None:
        instance = await begun(agent)
        listening = await agent.started(await agent.published(LISTENING))
        fork = str((await forked(agent, instance))["instance"])
        await agent.ask("event_send", kind="message", name="news", ttl="P9D")
        await done(agent, fork, "check", fine=True)
        (child,) = children(await agent.ask("instance_read", instance=fork))
        assert child == "inner:sandbox-1"
        after = await done(agent, child, "look", seen=True)
        assert [wait["element"] for wait in after["waiting"]] == ["hear"]
        assert (await agent.ask("event_send", kind="message", name="news"))["delivered"] == []
        (hint,) = (await agent.ask("instance_read", instance=child))["next"]
        assert (await agent.ask(hint["operation"], **hint["arguments"]))["delivered"] == [child]
        over = await done(agent, fork, "sign", by="bob")
        assert over["status"] == "completed"
        assert places(await agent.ask("instance_read", instance=listening["instance"])) == ["hear"]
        told(agent, child)
        told(agent, fork)

    played(play)


def test_messages_and_signals_inside_a_fork_reach_what_belongs_to_it() -> None:
    async def play(agent: Agent) -> None:
        await agent.published(
            {
                "process": "caught",
                "steps": [
                    {
                        "all": [
                            [{"hear": {"wait": {"message": "told"}}}],
                            [{"see": {"wait": {"signal": "lit"}}}],
                        ]
                    },
                    {"end": "caught"},
                ],
            }
        )
        await agent.published({
            "process": "calling",
            "roles": ["clerk"],
            "steps": [
                {"all": [
                    [{"run it": {"run": "caught"}}],
                    [{"go": {"ask": "clerk"}}, {"tell": {"send": "told"}}, {"light": {"throw": {"signal": "lit"}}}],
                ]},
                {"end": "done"},
            ],
        })  # fmt: skip
        instance = str((await agent.started("calling"))["instance"])
        fork = str((await forked(agent, instance))["instance"])
        assert (await done(agent, fork, "go"))["status"] == "completed"
        (child,) = children(await agent.ask("instance_read", instance=instance))
        assert places(await agent.ask("instance_read", instance=child)) == ["hear", "see"]

    played(play)


def test_what_an_instance_called_is_forked_with_it_and_returns_to_the_fork() -> None:
    async def play(agent: Agent) -> None:
        instance = await begun(agent)
        await done(agent, instance, "check", fine=True)
        (child,) = children(await agent.ask("instance_read", instance=instance))
        fork = await forked(agent, instance)
        (copy,) = children(fork)
        assert copy == f"{child}-fork-1"
        told(agent, copy)
        await done(agent, copy, "look", seen=True)
        await agent.ask("event_send", kind="message", name="news", correlation_key=copy)
        assert places(await agent.ask("instance_read", instance=fork["instance"])) == ["sign"]
        assert children(await agent.ask("instance_read", instance=instance)) == [child]
        await agent.ask("instance_control", instance=fork["instance"], action="cancel")
        assert (await agent.ask("instance_read", instance=child))["status"] == "active"

    played(play)


def test_the_fork_of_a_called_instance_tells_nobody_that_it_ended() -> None:
    async def play(agent: Agent) -> None:
        instance = await begun(agent)
        await done(agent, instance, "check", fine=True)
        (child,) = children(await agent.ask("instance_read", instance=instance))
        before = await history_of(agent, instance)
        alone = str((await forked(agent, child))["instance"])
        ended = await agent.ask("instance_control", instance=alone, action="cancel")
        assert ended["status"] == "cancelled"
        assert await history_of(agent, instance) == before

    played(play)


def test_a_fork_of_a_past_moment_has_its_tasks_open_and_its_times_as_far_ahead_as_then() -> None:
    async def play(agent: Agent) -> None:
        instance = await begun(agent)
        await agent.advance("P1D")
        opened = next(entry for entry in await history_of(agent, instance) if entry["event"] == "waiting")
        await done(agent, instance, "check", fine=True)
        await agent.advance("P30D")
        fork = str((await forked(agent, instance, at=opened["seq"]))["instance"])
        await agent.advance("P1D")
        task = await agent.ask("task_read", task=await agent.task(fork), detail=["history"])
        assert task["roles"] == ["clerk"]
        await agent.advance("P1D")
        task = await agent.ask("task_read", task=await agent.task(fork), detail=["history"])
        assert "boss" in task["roles"]

    played(play)


def test_an_instance_can_be_forked_after_each_of_its_events_but_the_last() -> None:
    async def play(agent: Agent) -> None:
        instance = await begun(agent, amount=500)
        await done(agent, instance, "check", fine=True)
        (job,) = (await agent.ask("work_take", types=["bank.pay"]))["items"]
        await agent.ask("work_finish", job=job["job"])
        (child,) = children(await agent.ask("instance_read", instance=instance))
        await done(agent, child, "look", seen=True)
        await agent.ask("event_send", kind="message", name="news")
        ended = await done(agent, instance, "sign", by="bob")
        assert ended["status"] == "completed"
        history = await history_of(agent, instance)
        seen = set()
        for entry in history:
            if entry["seq"] > await rest_before_the_end(agent, instance):
                refused = await agent.refusal(
                    "instance_control", instance=instance, action="fork", at=entry["seq"]
                )
                assert (refused["code"], refused["path"]) == ("instance.fork_impossible", "at")
                continue
            fork = await forked(agent, instance, at=entry["seq"])
            assert fork["forked_from"]["at"] >= entry["seq"]
            then = await agent.ask("instance_read", instance=instance, at=fork["forked_from"]["at"])
            assert places(then) == places(fork)
            seen.add(tuple(places(fork)))
            await finish(agent, str(fork["instance"]))
        assert {("pay",), ("ask_back", "sign"), ("sign",)} <= seen

    played(play)


async def rest_before_the_end(agent: Agent, instance: str) -> int:
    """Return the last event after which an instance that has ended came to rest and was still open."""
    newest, *_ = (await agent.ask("audit_find", scope=instance))["items"]
    return int(newest["first"]) - 1


async def finish(agent: Agent, fork: str) -> None:
    """Do whatever a fork waits for until it has ended."""
    for _ in range(10):
        body = await agent.ask("instance_read", instance=fork)
        if body["status"] == "completed":
            told(agent, fork)
            return
        assert body["incidents"] == []
        for child in children(body):
            if "look" in places(await agent.ask("instance_read", instance=child)):
                await done(agent, child, "look", seen=True)
            await agent.ask("event_send", kind="message", name="news", correlation_key=child)
        for wait in waits(await agent.ask("instance_read", instance=fork)):
            if wait["kind"] == "user_task":
                who = "bob" if wait["element"] == "sign" else "ann"
                answer = {"fine": True} if wait["element"] == "check" else {}
                await done(agent, fork, wait["element"], by=who, **answer)
            elif wait["kind"] == "job":
                await agent.ask("instance_control", instance=fork, action="skip", element=wait["element"])
    raise AssertionError(f"{fork} does not end")


def test_a_called_process_that_ended_before_its_paused_caller_knew_returns_to_the_fork() -> None:
    async def play(agent: Agent) -> None:
        instance = await begun(agent)
        await done(agent, instance, "check", fine=True)
        (child,) = children(await agent.ask("instance_read", instance=instance))
        await agent.ask("instance_control", instance=instance, action="pause")
        await done(agent, child, "look", seen=True)
        await agent.ask("event_send", kind="message", name="news")
        fork = await forked(agent, instance)
        assert (fork["status"], places(fork)) == ("paused", ["ask_back", "sign"])
        resumed = await agent.ask("instance_control", instance=fork["instance"], action="resume")
        assert places(resumed) == ["sign"]
        assert places(await agent.ask("instance_read", instance=instance)) == ["ask_back", "sign"]

    played(play)


def test_who_did_a_step_before_the_fork_stays_excluded_after_it() -> None:
    async def play(agent: Agent) -> None:
        instance = await begun(agent)
        await done(agent, instance, "check", fine=True)
        fork = await forked(agent, instance)
        task = await agent.task(fork["instance"], "/sign.")
        refused = await agent.refusal("task_act", task=task, action="complete", as_user="ann")
        assert refused["code"] == "task.person_excluded"

    played(play)


def test_a_condition_that_edited_data_make_true_is_met_at_once() -> None:
    async def play(agent: Agent) -> None:
        await agent.published({
            "process": "watching",
            "roles": ["clerk"],
            "data": {"stock": "number"},
            "start": {"needs": ["stock"]},
            "steps": [{"low": {"wait": {"condition": "stock < 5"}}}, {"order": {"ask": "clerk"}}, {"end": "done"}],
        })  # fmt: skip
        instance = (await agent.started("watching", stock=10))["instance"]
        assert places(await forked(agent, instance)) == ["low"]
        assert places(await forked(agent, instance, variables={"stock": 1})) == ["order"]

    played(play)


def test_a_dry_run_of_a_fork_tells_what_would_come_and_makes_nothing() -> None:
    async def play(agent: Agent) -> None:
        instance = await begun(agent)
        before = whole_state(agent.app)
        tried = await agent.ask("instance_control", instance=instance, action="fork", dry_run=True)
        assert whole_state(agent.app) == before
        assert tried["dry_run"]
        assert outcome(await forked(agent, instance)) == outcome(tried)

    played(play)


def test_the_same_key_forks_once() -> None:
    async def play(agent: Agent) -> None:
        instance = await begun(agent)
        given = {"instance": instance, "action": "fork", "idempotency_key": "k"}
        first = await agent.ask("instance_control", **given)
        assert await agent.ask("instance_control", **given) == first
        assert (
            agent.app.runtime.reader.find_instances("default", InstanceFilter(include_sandbox=True)).total
            == 2
        )

    played(play)


def test_what_cannot_be_forked_is_refused_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def play(agent: Agent) -> None:
        instance = await begun(agent)
        await done(agent, instance, "check", fine=True)
        before = whole_state(agent.app)

        async def refused(by: Agent = agent, **given: Any) -> tuple[str, str]:
            body = await by.refusal("instance_control", **({"instance": instance, "action": "fork"} | given))
            assert whole_state(agent.app) == before
            return str(body["code"]), str(body.get("path", ""))

        assert await refused(instance="outer:99") == ("instance.unknown", "instance")
        assert await refused(agent.of("other")) == ("instance.unknown", "instance")
        assert await refused(reader_only(agent)) == ("access.denied", "")
        for wrong in (0, -1, 999):
            assert await refused(at=wrong) == ("history.no_event", "at")
        assert await refused(action="pause", at=3) == ("arguments.invalid", "at")
        monkeypatch.setattr(forks, "FORKED_MAX", 1)
        assert await refused() == ("instance.fork_too_large", "instance")
        await agent.ask("instance_control", instance=instance, action="cancel")
        before = whole_state(agent.app)
        assert await refused() == ("instance.fork_impossible", "at")

    played(play)


def reader_only(agent: Agent) -> Agent:
    """Return an agent that may only read."""
    return Agent(agent.app, replace(agent.caller, rights=frozenset({"instance.read"})))
