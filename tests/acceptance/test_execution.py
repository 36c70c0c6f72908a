"""Instances that are started wrongly, stopped, repaired and moved on, and messages that nobody waits for."""

import time
from pathlib import Path
from typing import Any

import pytest

from flowmaster.engine.limits import STEPS_MAX
from tests.acceptance.agent import Agent, Body, history_of, played, waits, whole_state
from tests.acceptance.town import LETTER, bpmn, settled
from tests.engine.cases import E, S, flows, job, script, timer, user

STARTS: dict[str, tuple[Body, list[str]]] = {
    "missing": ({"who": "ann"}, ["days"]),
    "all missing": ({}, ["days", "who"]),
    "null": ({"days": None, "who": "ann"}, ["days"]),
    "unknown": ({"days": 1, "who": "ann", "dais": 2}, ["dais"]),
    "of the wrong type": ({"days": "three", "who": "ann"}, ["days"]),
    "outside its range": ({"days": 0, "who": "ann"}, ["days"]),
    "wrong in several ways": ({"days": "three", "whom": "ann"}, ["whom", "days", "who"]),
}
"""Start values, and the inputs that the refusal must name, the first by its path."""


@pytest.mark.parametrize("how", list(STARTS))
def test_wrong_inputs_are_refused_with_all_their_names_and_the_schema(how: str) -> None:
    async def play(agent: Agent) -> None:
        await settled(agent)
        before = whole_state(agent.app)
        variables, names = STARTS[how]
        refusal = await agent.refusal("instance_start", process="leave", variables=variables)
        assert (refusal["code"], refusal["path"]) == ("instance.inputs_invalid", f"variables.{names[0]}")
        assert all(f"'{name}'" in refusal["message"] for name in names)
        assert set(refusal["expected"]["properties"]) == {"days", "who"}
        assert whole_state(agent.app) == before

    played(play)


def test_a_start_of_what_cannot_be_started_is_refused() -> None:
    async def play(agent: Agent) -> None:
        await settled(agent)
        await agent.ask("process_create", outline={**LETTER, "process": "fresh"})
        before = whole_state(agent.app)
        for arguments, code, path in (
            ({"process": "fresh"}, "process.not_published", "process"),
            ({"process": "leaves"}, "process.unknown", "process"),
            ({"process": "letter", "version": 9}, "process.version_unknown", "version"),
        ):
            refusal = await agent.refusal("instance_start", **arguments)
            assert (refusal["code"], refusal["path"]) == (code, path)
            assert refusal["next"]
        assert whole_state(agent.app) == before

    played(play)


def test_a_message_without_a_waiting_place_is_held_for_its_time_then_gone_and_reported() -> None:
    async def play(agent: Agent) -> None:
        await settled(agent)
        message = {"kind": "message", "name": "answer", "variables": {"yes": True}}
        dropped = await agent.ask("event_send", **message, correlation_key="0")
        assert dropped == {"delivered": [], "buffered": False}
        for key in ("1", "2"):
            held = await agent.ask("event_send", **message, correlation_key=key, ttl="PT1H")
            assert held["buffered"]
        await agent.advance("PT59M")
        taken = await agent.started("letter", number="1")
        assert [wait["kind"] for wait in taken["waiting"]] == ["job"]
        await agent.advance("PT1M")
        assert waits(await agent.started("letter", number="2"), "message")
        told = [
            (entry["operation"], entry["data"]["key"])
            for entry in (await agent.ask("audit_find", scope="message:answer"))["items"]
        ]
        assert told == [("message_expired", "2"), ("event_send", "2"), ("event_send", "1")]

    played(play)


def test_a_message_with_another_key_reaches_nobody() -> None:
    async def play(agent: Agent) -> None:
        await settled(agent)
        await agent.started("letter", number="4711")
        before = whole_state(agent.app)
        for arguments in (
            {"name": "answer", "correlation_key": "4712"},
            {"name": "answer"},
            {"name": "anwser"},
        ):
            assert (await agent.ask("event_send", kind="message", **arguments))["delivered"] == []
        assert whole_state(agent.app) == before
        sent = await agent.ask("event_send", kind="message", name="answer", correlation_key="4711")
        assert sent["delivered"] == ["letter:1"]

    played(play)


@pytest.mark.parametrize("field", ["correlation_key", "ttl"])
def test_a_signal_with_what_only_a_message_has_is_refused(field: str) -> None:
    async def play(agent: Agent) -> None:
        refusal = await agent.refusal("event_send", kind="signal", name="all", **{field: "PT1H"})
        assert (refusal["code"], refusal["path"]) == ("arguments.invalid", field)

    played(play)


@pytest.mark.parametrize(
    ("operation", "field", "more"),
    [
        ("event_send", "ttl", {"kind": "message", "name": "a"}),
        ("clock_advance", "by", {}),
        ("clock_advance", "to", {}),
        ("audit_find", "since", {}),
        ("audit_find", "until", {}),
        ("work_finish", "backoff", {"job": "letter:1/file.5~x", "failure": "down"}),
    ],
)
@pytest.mark.parametrize("time_text", ["soon", "-PT1H", "P" + "9" * 30 + "Y", "2026-02-30T00:00:00Z"])
def test_a_time_that_is_none_is_refused_by_its_field(
    operation: str, field: str, more: Body, time_text: str
) -> None:
    async def play(agent: Agent) -> None:
        before = whole_state(agent.app)
        refusal = await agent.refusal(operation, **more, **{field: time_text})
        assert refusal["path"] == field
        assert "ISO 8601" in refusal["expected"] or "year 10000" in refusal["expected"]
        assert whole_state(agent.app) == before

    played(play)


def test_the_clock_does_not_go_back() -> None:
    async def play(agent: Agent) -> None:
        refusal = await agent.refusal("clock_advance", to="2001-01-01T00:00:00Z")
        assert (refusal["code"], refusal["path"]) == ("clock.backwards", "to")
        assert (await agent.refusal("clock_advance"))["code"] == "arguments.invalid"
        assert (await agent.refusal("clock_advance", by="PT1H", to="2999-01-01T00:00:00Z"))["path"] == "by"

    played(play)


def test_a_loop_without_a_wait_is_stopped_with_an_incident_in_bounded_work() -> None:
    loop = S + '<exclusiveGateway id="g"/>' + script("a", "1", "x") + E + flows("s g", "g a", "a g")

    async def play(agent: Agent) -> None:
        await agent.published(None, bpmn=bpmn(loop))
        (incident,) = (stopped := await agent.started("p"))["incidents"]
        assert incident["code"] == "engine.too_many_steps"
        assert incident["incident"] < 1.01 * STEPS_MAX, "an incident is numbered by its event"
        assert incident["element"] in ("g", "a")
        assert stopped["status"] == "active"
        ended = await agent.ask("instance_control", instance="p:1", action="cancel")
        assert (ended["status"], ended["incidents"]) == ("cancelled", [])

    played(play)


def test_calls_without_end_stop_with_one_incident_and_are_cancelled_together() -> None:
    called = '<zeebe:calledElement processId="p"/>'
    body = (
        S
        + '<exclusiveGateway id="g" default="f2"/>'
        + f'<callActivity id="c"><extensionElements>{called}</extensionElements></callActivity>'
        + E
        + flows("s g", "g e", "g c: true", "c e")
    )

    async def play(agent: Agent) -> None:
        await agent.published(None, bpmn=bpmn(body))
        await agent.started("p")
        found = await agent.ask("instance_find", status="active", limit=100)
        assert found["total"] <= 60
        (deepest,) = [item for item in found["items"] if item["incidents"]]
        (incident,) = (await agent.ask("instance_read", instance=deepest["instance"]))["incidents"]
        assert incident["element"] == "c"
        assert "no end" in incident["message"]
        await agent.ask("instance_control", instance="p:1", action="cancel")
        assert (await agent.ask("instance_find", status="active"))["total"] == 0

    played(play)


CHOICE = (
    S
    + '<exclusiveGateway id="g"/><task id="a"/><task id="b"/>'
    + E
    + flows("s g", "g a: amount &gt; 100", "g b: amount &gt; 200", "a e", "b e")
)
"""Two conditions and no default."""


@pytest.mark.parametrize(
    ("amount", "code", "says"),
    [(1, "gateway.no_flow", "amount > 100"), ("many", "condition.not_boolean", "amount > 100")],
)
def test_an_incident_tells_its_cause_and_one_retry_goes_on_once_it_is_mended(
    amount: Any, code: str, says: str
) -> None:
    async def play(agent: Agent) -> None:
        await agent.published(None, bpmn=bpmn(CHOICE))
        stopped = await agent.started("p", amount=amount)
        (incident,) = stopped["incidents"]
        assert (incident["element"], incident["code"], incident["attempts"]) == ("g", code, 1)
        assert says in incident["message"]
        for fix in incident["fixes"]:
            assert fix["operation"] == "instance_control"
        retry = incident["fixes"][0]["arguments"]
        again = await agent.ask("instance_control", **retry)
        assert again["incidents"][0]["attempts"] == 2
        await agent.ask("instance_control", instance="p:1", action="set_variables", variables={"amount": 150})
        done = await agent.ask("instance_control", **retry, reason="the amount was wrong")
        assert (done["status"], done["incidents"]) == ("completed", [])
        read = await agent.ask("instance_read", instance="p:1", detail=["history"])
        assert history_of(read, "completed")[-2:] == ["a", "e"]

    played(play)


async def failing_job(agent: Agent) -> Body:
    """Have a job that has one try left."""
    await settled(agent)
    await agent.started("letter", number="1")
    await agent.ask("event_send", kind="message", name="answer", correlation_key="1")
    taken = await agent.ask("work_take", types=["archive"], worker="clerk 7")
    return dict(taken["items"][0])


def test_a_job_fails_waits_fails_for_good_and_goes_on_after_a_retry() -> None:
    async def play(agent: Agent) -> None:
        await agent.published(None, bpmn=bpmn(S + job("w", retries="2") + E + flows("s w", "w e")))
        await agent.started("p")
        take = {"types": ["work"]}
        (first,) = (await agent.ask("work_take", **take))["items"]
        waiting = await agent.ask(
            "work_finish", job=first["job"], failure="The press is down.", backoff="PT5M"
        )
        assert (waiting["incidents"], waits(waiting, "job")[0]["due"] is not None) == ([], True)
        assert (await agent.ask("work_take", **take))["items"] == []
        await agent.advance("PT5M")
        (second,) = (await agent.ask("work_take", **take))["items"]
        stopped = await agent.ask("work_finish", job=second["job"], failure="The press is still down.")
        (incident,) = stopped["incidents"]
        assert (incident["element"], incident["code"]) == ("w", "job.failed")
        assert incident["message"] == "The press is still down."
        assert (await agent.ask("work_take", **take))["items"] == []
        await agent.ask("instance_control", instance="p:1", action="retry", element="w")
        (third,) = (await agent.ask("work_take", **take))["items"]
        assert (await agent.ask("work_finish", job=third["job"]))["status"] == "completed"

    played(play)


def test_a_job_done_lost_or_never_given_is_refused() -> None:
    async def play(agent: Agent) -> None:
        item = await failing_job(agent)
        lost = item["job"].rpartition("~")[0] + "~0123456789abcdef"
        for wrong, code in (
            (lost, "job.lease_lost"),
            ("letter:1/file.99~x", "job.unknown"),
            ("x", "job.unknown"),
        ):
            refusal = await agent.refusal("work_finish", job=wrong)
            assert (refusal["code"], refusal["path"]) == (code, "job")
        both = await agent.refusal("work_finish", job=item["job"], error_code="GONE", failure="down")
        assert (both["code"], both["path"]) == ("arguments.invalid", "failure")
        await agent.ask("work_finish", job=item["job"])
        before = whole_state(agent.app)
        again = await agent.refusal("work_finish", job=item["job"])
        assert again["code"] == "job.unknown"
        assert again["next"][0]["operation"] == "work_take"
        assert whole_state(agent.app) == before

    played(play)


def test_an_error_that_nothing_catches_is_an_incident_that_names_it() -> None:
    async def play(agent: Agent) -> None:
        item = await failing_job(agent)
        stopped = await agent.ask("work_finish", job=item["job"], error_code="BURNT", message="It is gone.")
        (incident,) = stopped["incidents"]
        assert (incident["element"], incident["code"]) == ("file", "error.not_caught")
        assert "'BURNT'" in incident["message"]
        assert stopped["status"] == "active"
        skipped = await agent.ask("instance_control", instance="letter:1", action="skip", element="file")
        assert skipped["status"] == "completed"

    played(play)


CONTROL: dict[str, tuple[Body, str, str]] = {
    "retry without incident": ({"action": "retry"}, "incident.unknown", "element"),
    "retry of another element": ({"action": "retry", "element": "book"}, "incident.unknown", "element"),
    "retry of no incident": ({"action": "retry", "incident": 7}, "incident.unknown", "incident"),
    "skip of nothing": ({"action": "skip"}, "arguments.invalid", "element"),
    "skip where no token is": ({"action": "skip", "element": "book"}, "instance.not_there", "element"),
    "move from where no token is": (
        {"action": "move", "from_": "book", "to": "sign"},
        "instance.not_there",
        "from",
    ),
    "move to nowhere": ({"action": "move", "from_": "check", "to": "sing"}, "element.unknown", "to"),
    "move without aim": ({"action": "move", "from_": "check"}, "arguments.invalid", "to"),
    "variables of nothing": ({"action": "set_variables"}, "arguments.invalid", "variables"),
    "a variable of another type": (
        {"action": "set_variables", "variables": {"days": "many"}},
        "variables.invalid",
        "variables.days",
    ),
    "a skip with a value of another type": (
        {"action": "skip", "element": "check", "variables": {"ok": "maybe"}},
        "variables.invalid",
        "variables.ok",
    ),
    "a fork with a value of another type": (
        {"action": "fork", "variables": {"days": 0}},
        "variables.invalid",
        "variables.days",
    ),
    "variables where no token is": (
        {"action": "set_variables", "variables": {"ok": True}, "scope": "book"},
        "instance.scope_unknown",
        "scope",
    ),
    "resume of what runs": ({"action": "resume"}, "instance.not_paused", "action"),
}


@pytest.mark.parametrize("how", list(CONTROL))
def test_a_repair_that_cannot_be_is_refused_with_what_is_possible(how: str) -> None:
    async def play(agent: Agent) -> None:
        await settled(agent)
        await agent.started("leave", days=1, who="ann")
        before = whole_state(agent.app)
        arguments, code, path = CONTROL[how]
        refusal = await agent.refusal("instance_control", instance="leave:1", **arguments)
        assert (refusal["code"], refusal["path"]) == (code, path)
        assert whole_state(agent.app) == before

    played(play)


@pytest.mark.parametrize("action", ["pause", "resume", "cancel", "retry", "skip", "move", "set_variables"])
def test_nothing_is_done_to_an_instance_that_has_ended(action: str) -> None:
    async def play(agent: Agent) -> None:
        await settled(agent)
        await agent.started("leave", days=1, who="ann")
        await agent.ask("instance_control", instance="leave:1", action="cancel", reason="Ann is back.")
        more = {"element": "check", "from": "check", "to": "sign", "variables": {"days": 2}}
        before = whole_state(agent.app)
        refusal = await agent.refusal("instance_control", instance="leave:1", action=action, **more)
        assert refusal["code"] == "instance.ended"
        assert "cancelled" in refusal["message"]
        assert whole_state(agent.app) == before

    played(play)


def test_each_repair_is_in_the_history_with_who_and_why() -> None:
    async def play(agent: Agent) -> None:
        await settled(agent)
        await agent.started("leave", days=1, who="ann")
        steps: list[Body] = [
            {"action": "pause"},
            {"action": "resume"},
            {"action": "set_variables", "variables": {"days": 2}},
            {"action": "move", "from": "check", "to": "sign"},
            {"action": "skip", "element": "sign", "variables": {"signed": True}},
            {"action": "cancel"},
        ]
        for step in steps:
            await agent.ask("instance_control", instance="leave:1", **step, reason=f"I {step['action']} it")
        read = await agent.ask("instance_read", instance="leave:1", detail=["history"])
        for step in steps:
            found = [
                entry
                for entry in read["history"]
                if entry.get("data", {}).get("reason") == f"I {step['action']} it"
            ]
            assert found, step
            assert {entry["by"] for entry in found} == {"local"}
        assert [entry["seq"] for entry in read["history"]] == list(range(1, len(read["history"]) + 1))

    played(play)


def test_a_timer_that_was_due_while_the_server_was_down_fires_once_when_time_goes_on(tmp_path: Path) -> None:
    body = S + user("u") + timer("t", "u", "PT1H") + user("v") + E + flows("s u", "u e", "t v", "v e")

    async def begin(agent: Agent) -> None:
        await agent.published(None, bpmn=bpmn(body))
        await agent.started("p")

    async def later(agent: Agent) -> None:
        read = await agent.ask("instance_read", instance="p:1")
        assert [wait["element"] for wait in waits(read, "user_task")] == ["u"]
        assert (await agent.advance("P90D"))["fired"] == 1

    async def at_last(agent: Agent) -> None:
        assert (await agent.advance("P90D"))["fired"] == 0
        read = await agent.ask("instance_read", instance="p:1", detail=["history"])
        assert [wait["element"] for wait in waits(read, "user_task")] == ["v"]
        assert history_of(read, "cancelled") == ["u"]

    for play in (begin, later, at_last):
        played(play, tmp_path)


def test_ninety_days_of_reminders_pass_in_bounded_work() -> None:
    reminder = timer("t", "u", "R/P1D", interrupting=False, kind="timeCycle")
    body = (
        S
        + user("u")
        + reminder
        + script("n", "1", "x")
        + E
        + '<endEvent id="f"/>'
        + flows("s u", "u e", "t n", "n f")
    )

    async def play(agent: Agent) -> None:
        await agent.published(None, bpmn=bpmn(body))
        await agent.started("p")
        began = time.process_time()
        assert (await agent.advance("P90D"))["fired"] == 90
        assert time.process_time() - began < 1

    played(play)
