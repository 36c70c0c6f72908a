"""New starts are routed: to a version that is tried on some of them, to one that is held, or to the newest."""

from pathlib import Path
from typing import Any

import pytest

from flowmaster.engine.values import Json
from tests.acceptance.agent import Agent, Body, outcome, played, whole_state
from tests.acceptance.clocks import KINDS, Town
from tests.bpmn_reader.models import bpmn, flow
from tests.tools.test_migration import APPROVAL, SECOND, published
from tests.tools.test_process_starts import END, MESSAGE, ROOT, SIGNAL
from tests.tools.test_reported_facts import when

THIRD: dict[str, Json] = {**APPROVAL, "name": "Third"}
CALLER: dict[str, Json] = {
    "process": "caller",
    "steps": [{"approve it": {"run": "approval", "with": {"amount": 5}}}, {"end": "done"}],
}
EVERY = "<timerEventDefinition><timeCycle>R/P1D</timeCycle></timerEventDefinition>"


async def begun(agent: Agent, key: str = "", **variables: Any) -> int:
    values = {"amount": 7, **variables}
    started = await agent.ask("instance_start", process="approval", variables=values, business_key=key)
    return int(started["version"])


async def route(agent: Agent, action: str = "set", **given: Any) -> Body:
    return await agent.ask("process_route", **{"process": "approval", "action": action, **given})


async def version_of(agent: Agent, instance: str) -> int:
    return int((await agent.ask("instance_read", instance=instance))["version"])


def triggered(definition: str, name: str = "P", *, element: str = "s") -> str:
    body = f'<startEvent id="{element}">{definition}</startEvent>' + flow(element, "a") + END
    return bpmn(body, ROOT).replace('<process id="p"', f'<process name="{name}" id="p"')


async def put(agent: Agent, *files: str) -> None:
    for file in files:
        await agent.published(None, bpmn=file)


def test_a_held_version_stays_in_force_while_others_are_published() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, APPROVAL)
        held = await route(agent, "hold")
        assert held["told"] == "New starts stay with version 1, whatever is published."
        assert held["was"] == "New starts go to the newest version, now 1."
        await agent.ask("process_create", outline=SECOND)
        told = await agent.ask("process_publish", process="approval")
        (problem,) = [one for one in told["problems"] if one["code"] == "route.holds"]
        assert "stay with version 1" in problem["message"]
        assert [hint["operation"] for hint in told["next"]] == ["process_route", "process_route"]
        assert await begun(agent) == 1
        explicit = await agent.ask("instance_start", process="approval", version=2, variables={"amount": 7})
        assert explicit["version"] == 2
        for hint in told["next"]:
            await agent.ask(hint["operation"], **hint["arguments"])
        assert await begun(agent) == 2
        assert (await route(agent, "hold", version=1))["route"]["version"] == 1
        assert await begun(agent) == 1

    played(play)


def test_so_many_of_a_hundred_go_to_the_version_that_is_tried_and_the_same_key_to_the_same() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, APPROVAL)
        await route(agent, "hold")
        await published(agent, SECOND)
        set_to = await route(agent, percent=25)
        assert set_to["told"] == "25 % of new starts go to version 2, the others to version 1."
        first = {key: await begun(agent, key) for key in map(str, range(80))}
        assert 8 <= sum(version == 2 for version in first.values()) <= 32
        assert {key: await begun(agent, key) for key in first} == first
        more = await route(agent, percent=60)
        assert more["route"]["otherwise"] == 1
        second = {key: await begun(agent, key) for key in first}
        assert all(second[key] == 2 for key, version in first.items() if version == 2)
        assert sum(version == 2 for version in second.values()) > sum(one == 2 for one in first.values())
        await route(agent, percent=0)
        assert await begun(agent, next(key for key in first if first[key] == 2)) == 1
        await route(agent, percent=100)
        assert {await begun(agent, key) for key in list(first)[:9]} == {2}

    played(play)


def test_without_a_key_each_instance_is_drawn_by_its_own_id() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, APPROVAL, SECOND)
        await route(agent, percent=50)
        tried = await agent.ask("instance_start", process="approval", variables={"amount": 7}, dry_run=True)
        real = await agent.ask("instance_start", process="approval", variables={"amount": 7})
        assert outcome(tried) == outcome(real)
        versions = [await begun(agent) for _ in range(30)]
        assert set(versions) == {1, 2}
        numbers = [int(item["instance"].split(":")[1]) for item in await items(agent)]
        assert sorted(numbers) == list(range(1, 32)), "no id is lost"

    played(play)


async def items(agent: Agent) -> list[Body]:
    found: list[Body] = (await agent.ask("instance_find", process="approval", limit=100))["items"]
    return found


def test_a_condition_over_start_values_and_the_business_key_draws() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, APPROVAL, SECOND)
        told = await route(agent, when='= amount > 100 or starts with(business_key, "try-")')
        assert told["told"].startswith("New starts go to version 2 where `amount > 100 or starts with")
        assert [await begun(agent, amount=amount) for amount in (100, 101)] == [1, 2]
        assert await begun(agent, "try-1") == 2
        await route(agent, when="date(amount) > 5")
        assert await begun(agent) == 1, "what cannot be told is no reason to refuse a start"

    played(play)


def test_promoting_gives_all_to_the_tried_version_and_clearing_to_the_newest() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, APPROVAL, SECOND)
        await route(agent, percent=0)
        promoted = await route(agent, "promote")
        assert (promoted["route"], promoted["told"]) == (None, "New starts go to the newest version, now 2.")
        assert await begun(agent) == 2
        await published(agent, THIRD)
        assert await begun(agent) == 3, "the promoted version was the newest, so that nothing is held"
        await route(agent, version=2, otherwise=1, percent=0)
        promoted = await route(agent, "promote")
        assert promoted["told"] == "New starts stay with version 2, whatever is published."
        assert await begun(agent) == 2
        cleared = await route(agent, "clear")
        assert cleared["told"] == "New starts go to the newest version, now 3."
        assert await begun(agent) == 3
        before = whole_state(agent.app)
        assert (await route(agent, "clear"))["told"] == cleared["told"]
        assert whole_state(agent.app) == before
        entries = (await agent.ask("audit_find", scope="process:approval"))["items"]
        (entry, *_) = [one for one in entries if one["operation"] == "process_route.clear"]
        assert entry["data"]["was"] == promoted["told"]

    played(play)


def test_publishing_changes_nothing_of_where_starts_go_while_a_version_is_tried() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, APPROVAL, SECOND)
        await route(agent, percent=100)
        await published(agent, THIRD)
        assert await begun(agent) == 2
        await route(agent, version=3, percent=0)
        assert await begun(agent) == 1, "the others go where starts went by default"

    played(play)


@pytest.mark.parametrize(
    ("definition", "event"),
    [
        (MESSAGE.format("m1"), {"kind": "message", "name": "order", "correlation_key": "k"}),
        (SIGNAL, {"kind": "signal", "name": "all hands"}),
        (when("x &gt; 1"), {"kind": "condition", "variables": {"x": 2}}),
        (EVERY, {}),
    ],
)
def test_whatever_begins_a_process_follows_its_route(definition: str, event: Body) -> None:
    async def begin(agent: Agent) -> int:
        if event:
            (instance,) = (await agent.ask("event_send", **event))["delivered"]
            return await version_of(agent, instance)
        before = (await agent.ask("instance_find", process="p"))["total"]
        await agent.advance("P1D")
        found = await agent.ask("instance_find", process="p")
        assert found["total"] == before + 1, "one instance for one time"
        return int(found["items"][0]["version"])

    async def play(agent: Agent) -> None:
        await put(agent, triggered(definition))
        assert await begin(agent) == 1
        await agent.ask("process_route", process="p", action="hold")
        await put(agent, triggered(definition, "Second"))
        assert await begin(agent) == 1
        set_to = await agent.ask("process_route", process="p", action="set", percent=100)
        assert set_to.get("notes", []) == []
        assert await begin(agent) == 2
        await agent.ask("process_route", process="p", action="set", percent=0)
        assert await begin(agent) == 1
        await agent.ask("process_route", process="p", action="promote")
        assert await begin(agent) == 2
        await put(agent, triggered(definition, "Third"))
        assert await begin(agent) == 3

    played(play)


def test_a_start_that_the_other_version_has_not_begins_the_one_that_has_it() -> None:
    async def play(agent: Agent) -> None:
        await put(agent, triggered(MESSAGE.format("m1")), triggered(MESSAGE.format("m2"), element="t"))
        told = await agent.ask("process_route", process="p", action="set", percent=100)
        assert told["notes"] == [
            'The message "order" at "s" always begins version 1: version 2 has no such start.',
            'The message "wish" at "t" of version 2 begins nothing until it is promoted.',
        ]
        (instance,) = (await agent.ask("event_send", kind="message", name="order"))["delivered"]
        assert await version_of(agent, instance) == 1
        assert (await agent.ask("event_send", kind="message", name="wish"))["delivered"] == []
        await agent.ask("process_route", process="p", action="promote")
        assert (await agent.ask("event_send", kind="message", name="order"))["delivered"] == []
        (instance,) = (await agent.ask("event_send", kind="message", name="wish"))["delivered"]
        assert await version_of(agent, instance) == 2

    played(play)


def test_a_process_that_is_called_in_its_latest_version_follows_its_route() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, APPROVAL, SECOND, CALLER)
        for given, expected in (({"action": "hold", "version": 1}, 1), ({"action": "clear"}, 2)):
            await route(agent, **given)
            await agent.ask("instance_start", process="caller")
            assert (await items(agent))[0]["version"] == expected
        await route(agent, percent=50)
        for _ in range(20):
            await agent.ask("instance_start", process="caller")
        assert {item["version"] for item in (await items(agent))[:20]} == {1, 2}

    played(play)


def test_what_the_tried_version_needs_more_is_told_and_asked_for() -> None:
    async def play(agent: Agent) -> None:
        needs_more = {**SECOND, "start": {"needs": ["amount", "fine"]}}
        await published(agent, APPROVAL, needs_more)
        told = await route(agent, percent=100)
        assert told["notes"] == ['Version 2 needs "fine" too: starts that go there without are refused.']
        before = whole_state(agent.app)
        given = {"process": "approval", "variables": {"amount": 7}}
        assert (await agent.refusal("instance_start", **given))["code"] == "instance.inputs_invalid"
        assert whole_state(agent.app) == before
        assert await begun(agent, fine=True) == 2

    played(play)


def test_a_timer_keeps_its_time_and_pause_where_the_base_stays() -> None:
    async def play(agent: Agent) -> None:
        await put(agent, triggered(EVERY), triggered(EVERY, "Second"))
        await agent.advance("PT5H")
        before = (await agent.ask("timer_find", process="p"))["items"][0]["times"]
        held = await agent.ask("process_route", process="p", action="hold", version=2)
        assert held.get("timers", []) == []
        assert (await agent.ask("timer_find", process="p"))["items"][0]["times"] == before
        await agent.ask("timer_control", process="p", action="pause")
        back = await agent.ask("process_route", process="p", action="hold", version=1)
        assert back["timers"][0]["paused"] is True
        (timer,) = (await agent.ask("timer_find", process="p"))["items"]
        assert (timer["version"], timer["times"]) == (1, [])
        triggered_by_hand = await agent.ask("timer_control", process="p", action="trigger")
        assert await version_of(agent, triggered_by_hand["instance"]) == 1

    played(play)


def test_the_figures_of_each_version_tell_how_it_does() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, APPROVAL, SECOND)
        await begun(agent)
        await agent.advance("PT1H")
        await route(agent, when="amount > 100")
        for amount in (1, 2, 500):
            await begun(agent, amount=amount)
        one, two, three = (item["instance"] for item in (await items(agent))[:3][::-1])
        await agent.advance("PT10S")
        await agent.ask("task_act", task=await agent.task(one), action="complete", variables={"fine": True})
        await agent.ask("instance_control", instance=two, action="cancel")
        told = await agent.ask("process_routes", process="approval")
        assert told["route"]["when"] == "amount > 100"
        assert told["versions"] == [
            {**FIGURES, "version": 2, "started": 1, "active": 1},
            {**FIGURES, "version": 1, "started": 2, "completed": 1, "cancelled": 1, "median_seconds": 10},
        ]
        assert [hint["arguments"]["action"] for hint in told["next"]] == ["hold", "promote"]
        everything = await agent.ask("process_routes", process="approval", since="2020-01-01T00:00:00Z")
        assert [one["started"] for one in everything["versions"]] == [2, 2]
        assert await version_of(agent, three) == 2
        promoted = await route(agent, "promote")
        assert promoted["route"] is None
        after = await agent.ask("process_routes", process="approval")
        assert [(one["version"], one["started"]) for one in after["versions"]] == [(2, 0), (1, 0)]
        (back,) = after["next"]
        assert back["arguments"] == {"process": "approval", "action": "hold", "version": 1}

    played(play)


FIGURES = {
    "started": 0,
    "active": 0,
    "completed": 0,
    "failed": 0,
    "cancelled": 0,
    "incidents": 0,
    "median_seconds": None,
}


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"percent": 10, "process": "aproval"}, "process.unknown", "process"),
        ({}, "arguments.invalid", "percent"),
        ({"percent": 10, "when": "true"}, "arguments.invalid", "percent"),
        ({"percent": 101}, "arguments.invalid", "percent"),
        ({"percent": -1}, "arguments.invalid", "percent"),
        ({"percent": 10, "version": 9}, "process.version_unknown", "version"),
        ({"percent": 10, "version": "gold"}, "process.version_unknown", "version"),
        ({"percent": 10, "otherwise": 9}, "process.version_unknown", "otherwise"),
        ({"percent": 10, "otherwise": 2}, "route.no_other_version", "otherwise"),
        ({"percent": 10, "version": 1, "otherwise": 1}, "route.no_other_version", "otherwise"),
        ({"when": "amount >"}, "feel.syntax", "when"),
        ({"when": "amuont > 5"}, "route.value_unknown", "when"),
        ({"when": " "}, "arguments.invalid", "percent"),
        ({"action": "hold", "percent": 5}, "arguments.invalid", "percent"),
        ({"action": "hold", "version": 7}, "process.version_unknown", "version"),
        ({"action": "clear", "version": 1}, "arguments.invalid", "version"),
        ({"action": "promote", "otherwise": 1}, "arguments.invalid", "otherwise"),
        ({"action": "promote"}, "route.nothing_tried", "action"),
        ({"action": "stop"}, "arguments.invalid", "action"),
    ],
)
def test_what_is_no_route_is_refused(given: Body, code: str, path: str) -> None:
    async def play(agent: Agent) -> None:
        await published(agent, APPROVAL, SECOND)
        before = whole_state(agent.app)
        refusal = await agent.refusal("process_route", **{"process": "approval", "action": "set", **given})
        assert (refusal["code"], refusal["path"]) == (code, path)
        assert whole_state(agent.app) == before

    played(play)


def test_a_process_without_a_second_version_or_any_has_nothing_to_route() -> None:
    async def play(agent: Agent) -> None:
        await agent.ask("process_create", outline=APPROVAL)
        for operation, more in (("process_route", {"action": "hold"}), ("process_routes", {})):
            refusal = await agent.refusal(operation, process="approval", **more)
            assert refusal["code"] == "process.not_published"
        await agent.ask("process_publish", process="approval")
        refusal = await agent.refusal("process_route", process="approval", action="set", percent=5)
        assert (refusal["code"], refusal["fix"]) == (
            "route.no_other_version",
            "Publish a second version first.",
        )
        await route(agent, "hold")
        assert (await agent.refusal("process_route", process="approval", action="promote"))["fix"].startswith(
            "Let all go"
        )

    played(play)


def test_a_dry_run_of_a_route_tells_and_changes_nothing() -> None:
    async def play(agent: Agent) -> None:
        await put(agent, triggered(EVERY), triggered(EVERY, "Second"))
        for given in ({"action": "hold", "version": 1}, {"action": "set", "percent": 5}, {"action": "clear"}):
            before = whole_state(agent.app)
            tried = await agent.ask("process_route", process="p", dry_run=True, **given)
            assert whole_state(agent.app) == before
            real = await agent.ask("process_route", process="p", **given)
            for told in (tried, real):
                if told["route"] is not None:
                    told["route"].pop("since")
            assert outcome(tried) == outcome(real)

    played(play)


def test_a_process_that_was_out_of_use_comes_back_with_its_route() -> None:
    async def play(agent: Agent) -> None:
        await put(agent, triggered(MESSAGE.format("m1")), triggered(MESSAGE.format("m1"), "Second"))
        await agent.ask("process_route", process="p", action="hold", version=1)
        await agent.ask("process_archive", process="p")
        refusal = await agent.refusal("process_route", process="p", action="clear")
        assert refusal["code"] == "process.archived"
        await put(agent, triggered(MESSAGE.format("m1"), "Third"))
        (instance,) = (await agent.ask("event_send", kind="message", name="order"))["delivered"]
        assert await version_of(agent, instance) == 1

    played(play)


def test_the_others_go_to_the_version_before_that_is_still_there() -> None:
    async def play(agent: Agent) -> None:
        await published(agent, APPROVAL, SECOND, THIRD)
        await agent.ask("process_delete", process="approval", version=2)
        assert (await route(agent, percent=10))["route"]["otherwise"] == 1
        refusal = await agent.refusal("process_delete", process="approval", version=1)
        assert refusal["code"] == "process.in_use"

    played(play)


def test_tenants_route_their_own_starts() -> None:
    async def play(agent: Agent) -> None:
        other = agent.of("other")
        for one in (agent, other):
            await published(one, APPROVAL, SECOND)
        await route(agent, "hold", version=1)
        assert (await begun(agent), await begun(other)) == (1, 2)
        assert (await other.ask("process_routes", process="approval"))["route"] is None

    played(play)


def test_a_route_outlasts_the_server(tmp_path: Path) -> None:
    async def first(agent: Agent) -> None:
        await published(agent, APPROVAL, SECOND)
        await route(agent, percent=50)
        told.append([await begun(agent, str(key)) for key in range(10)])

    async def second(agent: Agent) -> None:
        told.append([await begun(agent, str(key)) for key in range(10)])

    told: list[list[int]] = []
    played(first, tmp_path)
    played(second, tmp_path)
    assert told[0] == told[1]
    assert set(told[0]) == {1, 2}


@pytest.mark.parametrize("kind", KINDS)
def test_every_server_on_a_store_routes_alike(kind: str, tmp_path: Path) -> None:
    async def play(one: Agent, other: Agent) -> None:
        await published(one, APPROVAL, SECOND)
        await put(one, triggered(MESSAGE.format("m1")), triggered(MESSAGE.format("m1"), "Second"))
        assert await begun(other) == 2
        await route(one, percent=50)
        for key in map(str, range(12)):
            assert await begun(one, key) == await begun(other, key)
        await one.ask("process_route", process="p", action="set", percent=0)
        (instance,) = (await other.ask("event_send", kind="message", name="order"))["delivered"]
        assert await version_of(other, instance) == 1
        await route(other, "clear")
        assert await begun(one) == 2

    Town(kind, tmp_path).play(play, servers=2)
