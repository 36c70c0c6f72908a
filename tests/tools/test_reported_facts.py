"""Facts that somebody reports begin the processes whose conditional start holds over them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.acceptance.agent import Agent, played, whole_state
from tests.bpmn_reader.models import bpmn, flow
from tests.tools.test_process_starts import END, ROOT, catch, waiting

MESSAGE = '<messageEventDefinition messageRef="{}"/>'
FRIDGE: dict[str, Any] = {
    "process": "fridge",
    "roles": ["nurse"],
    "data": {"temperature": "number", "ward": "text"},
    "start": {"condition": "temperature > 8"},
    "steps": [{"look": {"ask": "nurse"}}, {"end": "looked after"}],
}


def when(condition: str) -> str:
    return f"<conditionalEventDefinition><condition>={condition}</condition></conditionalEventDefinition>"


async def told(agent: Agent, facts: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return await agent.ask("event_send", kind="condition", variables=facts, **more)


async def made(agent: Agent, condition: str, process: str = "p") -> None:
    start = f'<startEvent id="s">{when(condition)}</startEvent>' + flow("s", "a") + END
    text = bpmn(start).replace('<process id="p"', f'<process id="{process}"')
    await agent.published(None, bpmn=text)


def test_a_condition_that_holds_over_the_facts_begins_an_instance_with_them() -> None:
    async def play(agent: Agent) -> None:
        await agent.published(FRIDGE)
        answer = await told(agent, {"temperature": 9, "ward": "B"})
        assert answer == {"delivered": ["fridge:1"], "buffered": False}
        read = await agent.ask("instance_read", instance="fridge:1", detail=["history"])
        assert read["variables"] == {"temperature": 9, "ward": "B"}
        assert [one["element"] for one in read["waiting"]] == ["look"]
        assert "start_temperature_8" in [
            one["element"] for one in read["history"] if one["event"] == "completed"
        ]

    played(play)


def test_facts_over_which_nothing_holds_say_so() -> None:
    async def play(agent: Agent) -> None:
        assert (await told(agent, {}))["note"] == "No process has a conditional start."
        await agent.published(FRIDGE)
        answer = await told(agent, {"temperature": 3})
        assert answer == {
            "delivered": [],
            "buffered": False,
            "note": "Conditions asked: 1; none holds over these facts.",
        }
        for number in (1, 2, 3):
            await made(agent, f"x{number} &gt; 1", f"p{number}")
        missing = await told(agent, {"ward": "B"})
        assert missing["delivered"] == []
        assert missing["note"] == (
            "Conditions asked: 4; none holds over these facts. `temperature > 8` of 'fridge' reads temperature."
            " `x1 > 1` of 'p1' reads x1. `x2 > 1` of 'p2' reads x2. 1 more are null."
        )
        await agent.published({**FRIDGE, "process": "plain", "start": None})
        assert (await told(agent, {}, name="plain"))["note"] == "'plain' has no conditional start."

    played(play)


def test_every_process_whose_condition_holds_begins_and_a_name_asks_one_alone() -> None:
    async def play(agent: Agent) -> None:
        for process, condition in (("p1", "x &gt; 1"), ("p2", "x &gt; 1 and y"), ("p3", "x &gt; 5")):
            await made(agent, condition, process)
        assert (await told(agent, {"x": 2, "y": True}))["delivered"] == ["p1:1", "p2:1"]
        assert (await told(agent, {"x": 9, "y": True}, name="p3"))["delivered"] == ["p3:1"]
        unknown = await agent.refusal("event_send", kind="condition", name="p4", variables={"x": 9})
        assert (unknown["code"], unknown["path"]) == ("process.unknown", "name")

    played(play)


def test_a_condition_that_fails_or_is_not_true_or_false_leaves_the_others_alone() -> None:
    async def play(agent: Agent) -> None:
        for process, condition in (
            ("p1", "x"),
            ("p2", "x &gt; 1"),
            ("p3", "count(for i in 1..x return i) &gt; 1"),
        ):
            await made(agent, condition, process)
        answer = await told(agent, {"x": 10**9})
        assert answer["delivered"] == ["p2:1"]
        assert "note" not in answer
        first, second = answer["failed"]
        assert first == {
            "process": "p1",
            "element": "s",
            "reason": "The condition `x` gave 1000000000 instead of true or false.",
        }
        assert (second["process"], second["element"]) == ("p3", "s")

    played(play)


def test_today_and_now_are_the_server_s() -> None:
    async def play(agent: Agent) -> None:
        await made(agent, "date(due) &lt; today()")
        due = {"due": (await agent.ask("server_info"))["now"][:10]}
        assert (await told(agent, due))["delivered"] == []
        await agent.advance("P1D")
        assert (await told(agent, due))["delivered"] == ["p:1"]

    played(play)


def test_only_the_newest_version_is_asked_also_after_the_server_was_stopped(tmp_path: Path) -> None:
    async def publish(agent: Agent) -> None:
        await agent.published(FRIDGE)
        await agent.published({**FRIDGE, "start": {"condition": "temperature > 20"}})

    async def ask(agent: Agent) -> None:
        assert (await told(agent, {"temperature": 9}))["delivered"] == []
        assert (await told(agent, {"temperature": 21}))["delivered"] == ["fridge:1"]
        assert (await agent.ask("instance_read", instance="fridge:1"))["version"] == 2
        await agent.published({**FRIDGE, "start": None})
        assert (await told(agent, {"temperature": 21}))["delivered"] == []

    played(publish, tmp_path)
    played(ask, tmp_path)


def test_reported_facts_are_a_write_like_any_other() -> None:
    async def play(agent: Agent) -> None:
        await agent.published(FRIDGE)
        before = whole_state(agent.app)
        tried = await told(agent, {"temperature": 9}, dry_run=True)
        assert (tried["delivered"], whole_state(agent.app)) == (["fridge:1"], before)
        given = {"idempotency_key": "k1", "reason": "the sensor rang"}
        once, again = [await told(agent, {"temperature": 9}, **given) for _ in range(2)]
        assert once == again
        assert (await agent.ask("instance_find", process="fridge"))["total"] == 1
        (entry,) = (await agent.ask("audit_find", scope="fridge:1"))["items"]
        assert (entry["operation"], entry["reason"]) == ("event_send", "the sensor rang")
        nothing = [await told(agent, {"temperature": 3}, idempotency_key="k2") for _ in range(2)]
        assert nothing[0] == nothing[1]
        other = await agent.refusal(
            "event_send", kind="condition", variables={"temperature": 9}, idempotency_key="k2"
        )
        assert other["code"] == "idempotency.conflict"

    played(play)


def test_what_only_messages_have_is_refused_and_their_name_is_still_wanted() -> None:
    async def play(agent: Agent) -> None:
        for word, value in (("ttl", "PT1H"), ("correlation_key", "k")):
            refused = await agent.refusal("event_send", kind="condition", **{word: value})
            assert (refused["code"], refused["path"]) == ("arguments.invalid", word)
        for kind in ("message", "signal"):
            refused = await agent.refusal("event_send", kind=kind)
            assert (refused["code"], refused["path"]) == ("arguments.invalid", "name")

    played(play)


def test_data_of_the_wrong_kind_begin_an_instance_as_a_message_would() -> None:
    async def play(agent: Agent) -> None:
        await agent.published({**FRIDGE, "start": {"condition": "ward != null", "needs": ["temperature"]}})
        assert (await told(agent, {"ward": 7, "more": 1}))["delivered"] == ["fridge:1"]

    played(play)


def test_a_start_that_any_trigger_begins_counts_once_for_each_report() -> None:
    async def play(agent: Agent) -> None:
        both = when("x &gt; 1") + when("x &gt; 2") + MESSAGE.format("m1")
        await agent.published(
            None, bpmn=bpmn(f'<startEvent id="s">{both}</startEvent>' + flow("s", "a") + END, ROOT)
        )
        assert (await told(agent, {"x": 3}))["delivered"] == ["p:1"]
        await agent.ask("event_send", kind="message", name="order")
        assert await waiting(agent) == [["a"], ["a"]]

    played(play)


def test_facts_complete_a_start_that_waits_for_them_and_begin_no_further_one() -> None:
    async def play(agent: Agent) -> None:
        both = MESSAGE.format("m1") + when("stock &gt;= wanted")
        start = f'<startEvent id="s" parallelMultiple="true">{both}</startEvent>'
        await agent.published(None, bpmn=bpmn(start + flow("s", "a") + END, ROOT))
        for wanted in (3, 9):
            await agent.ask("event_send", kind="message", name="order", variables={"wanted": wanted})
        assert (await told(agent, {"stock": 5}))["delivered"] == ["p:1"]
        assert await waiting(agent) == [["a"], ["s"]]
        assert (await told(agent, {"stock": 5, "wanted": 4}))["delivered"] == ["p:2"]
        read = await agent.ask("instance_read", instance="p:2")
        assert read["variables"] == {"stock": 5, "wanted": 4}

    played(play)


def test_facts_may_come_first_where_a_start_needs_a_message_beside_them() -> None:
    async def play(agent: Agent) -> None:
        both = MESSAGE.format("m1") + when("stock &gt; 1")
        start = f'<startEvent id="s" parallelMultiple="true">{both}</startEvent>'
        await agent.published(None, bpmn=bpmn(start + flow("s", "a") + END, ROOT))
        assert (await told(agent, {"stock": 5}))["delivered"] == ["p:1"]
        (found,) = (await agent.ask("instance_read", instance="p:1"))["waiting"]
        assert (found["kind"], found["element"], found["message"]) == ("message", "s", "order")
        await agent.ask("event_send", kind="message", name="order")
        assert await waiting(agent) == [["a"]]

    played(play)


def test_conditions_behind_a_gateway_begin_one_instance_for_each_report() -> None:
    async def play(agent: Agent) -> None:
        for kind, process in (("Exclusive", "p"), ("Parallel", "q")):
            body = f'<eventBasedGateway id="g" instantiate="true" eventGatewayType="{kind}"/>'
            body += catch("x", when("n &gt; 1")) + catch("y", when("n &gt; 2"))
            flows = flow("g", "x") + flow("g", "y") + flow("x", "a") + flow("y", "a")
            text = bpmn(body + flows + END).replace('<process id="p"', f'<process id="{process}"')
            await agent.published(None, bpmn=text)
        assert (await told(agent, {"n": 3}))["delivered"] == ["p:1", "q:1"]
        assert (await told(agent, {"n": 2}, name="q"))["delivered"] == ["q:2"]
        assert [
            wait["element"] for wait in (await agent.ask("instance_read", instance="q:2"))["waiting"]
        ] == [
            "y",
            "a",
        ]
        assert (await told(agent, {"n": 3}, name="q"))["delivered"] == ["q:3", "q:2"]

    played(play)


def test_an_instance_that_is_paused_takes_no_facts() -> None:
    async def play(agent: Agent) -> None:
        both = MESSAGE.format("m1") + when("stock &gt; 1")
        start = f'<startEvent id="s" parallelMultiple="true">{both}</startEvent>'
        await agent.published(None, bpmn=bpmn(start + flow("s", "a") + END, ROOT))
        await agent.ask("event_send", kind="message", name="order")
        await agent.ask("instance_control", instance="p:1", action="pause")
        assert (await told(agent, {"stock": 5}))["delivered"] == ["p:2"]

    played(play)


def test_a_condition_that_fails_over_the_data_of_one_instance_completes_the_others() -> None:
    async def play(agent: Agent) -> None:
        both = MESSAGE.format("m1") + when("go and count(for i in 1..n return i) &gt; 0")
        start = f'<startEvent id="s" parallelMultiple="true">{both}</startEvent>'
        await agent.published(None, bpmn=bpmn(start + flow("s", "a") + END, ROOT))
        for n in (10**9, 10**8, 2):
            await agent.ask("event_send", kind="message", name="order", variables={"n": n, "go": False})
        answer = await told(agent, {"go": True})
        assert (answer["delivered"], len(answer["failed"])) == (["p:3"], 1)

    played(play)
