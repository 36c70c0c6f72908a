"""What holds for every operation: keys act once, tenants are strangers, changes are on record."""

import asyncio
import base64
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from flowmaster.server.wiring import DATABASE
from flowmaster.tools.catalog import catalog
from tests.acceptance.agent import Agent, Body, body_of, played, waits, whole_state
from tests.acceptance.clocks import timed
from tests.acceptance.town import LEAVE, LETTER, LEVELS, settled

NOTE = base64.b64encode(b"1. The clerk reads this note.").decode()

WRITES: dict[str, tuple[Body, Body]] = {
    "process_create": ({"outline": LEAVE}, {"outline": LETTER}),
    "process_edit": (
        {"process": "leave", "edits": [{"rename": "check", "to": "look"}]},
        {"process": "leave", "edits": [{"rename": "check", "to": "see"}]},
    ),
    "process_test": ({"process": "leave"}, {"process": "letter"}),
    "process_publish": ({"process": "leave"}, {"process": "letter"}),
    "process_import": ({"text": "1. The clerk checks it."}, {"text": "1. The boss signs it."}),
    "process_restore": ({"process": "leave", "version": 1}, {"process": "letter", "version": 1}),
    "process_branch": ({"process": "leave", "branch": "other"}, {"process": "letter", "branch": "other"}),
    "process_merge": ({"process": "leave@dual"}, {"process": "letter@dual"}),
    "process_policy": ({"process": "letter", "approvals": 1}, {"process": "letter", "approvals": 2}),
    "process_approve": (
        {"process": "guarded", "as_user": "ann"},
        {"process": "guarded", "as_user": "bob"},
    ),
    "process_tag": (
        {"process": "leave", "tag": "stable", "version": 1},
        {"process": "letter", "tag": "stable", "version": 1},
    ),
    "process_route": (
        {"process": "leave", "action": "hold"},
        {"process": "letter", "action": "hold"},
    ),
    "instance_start": (
        {"process": "letter", "variables": {"number": "1"}},
        {"process": "letter", "variables": {"number": "2"}},
    ),
    "instance_control": (
        {"instance": "letter:1", "action": "pause"},
        {"instance": "letter:1", "action": "resume"},
    ),
    "instance_batch": (
        {"process": "letter", "action": "pause"},
        {"process": "leave", "action": "pause"},
    ),
    "timer_control": (
        {"process": "nightly", "action": "pause"},
        {"process": "nightly", "action": "trigger"},
    ),
    "graph_rebuild": ({}, {"reason": "somebody wrote to it"}),
    "event_send": (
        {"kind": "message", "name": "nobody waits", "ttl": "P1Y"},
        {"kind": "message", "name": "nobody waits"},
    ),
    "clock_advance": ({"by": "PT1H"}, {"by": "PT2H"}),
    "task_act": (
        {"task": "leave:1/check.4", "action": "comment", "comment": "hello"},
        {"task": "leave:1/check.4", "action": "comment", "comment": "goodbye"},
    ),
    "work_take": ({"types": ["hr.book"]}, {"types": ["archive"]}),
    "work_finish": ({"job": "<job>", "variables": {}}, {"job": "<job>", "failure": "down"}),
    "rule_save": ({"table": LEVELS}, {"table": {**LEVELS, "hit": "FIRST"}}),
    "rule_test": (
        {"decision": "level", "tests": [{"inputs": {"amount": 1}, "expect": "low"}], "save": True},
        {"decision": "level", "tests": [], "save": True},
    ),
    "document_add": (
        {"content_base64": NOTE, "filename": "a.txt"},
        {"content_base64": NOTE, "filename": "b.txt"},
    ),
    "data_erase": ({"values": ["4711"], "running": True}, {"values": ["4712"], "running": True}),
    "data_scrub": ({"reason": "monthly"}, {"reason": "asked for"}),
    "data_hold": ({"instances": ["leave:1"]}, {"instances": ["leave:2"]}),
    "retention_save": ({"process": "leave", "after": "P1Y"}, {"process": "leave", "after": "P2Y"}),
    "process_archive": ({"process": "leave"}, {"process": "letter"}),
    "process_delete": ({"process": "guarded"}, {"process": "letter"}),
}
"""A call of every write, and the same with other arguments."""


async def busy(agent: Agent) -> None:
    """Have a task, a wait for a message and two jobs open."""
    await settled(agent)
    for process in ("leave", "letter"):
        await agent.ask("process_branch", process=process, branch="dual")
    await agent.published(timed("0 3 * * *", process="nightly"))
    await agent.ask("process_create", outline={**LETTER, "process": "guarded"})
    await agent.ask("process_policy", process="guarded", approvals=1)
    await agent.started("leave", days=1, who="ann")
    await agent.started("letter", number="4711")
    for number in (2, 3):
        await agent.started("leave", days=1, who="ann")
        for element in ("check", "sign"):
            instance = f"leave:{number}"
            await agent.ask("instance_control", instance=instance, action="skip", element=element)


async def with_job(agent: Agent, arguments: Body) -> Body:
    """Put a leased job into arguments that want one."""
    if arguments.get("job") != "<job>":
        return arguments
    taken = await agent.ask("work_take", types=["hr.book"])
    return {**arguments, "job": taken["items"][0]["job"]}


def test_every_write_has_a_call_here() -> None:
    assert set(WRITES) == {each.name for each in catalog() if not each.read_only} - {"operation_call"}


@pytest.mark.parametrize("operation", list(WRITES))
def test_a_key_acts_once_and_with_other_arguments_is_a_conflict(operation: str) -> None:
    async def play(agent: Agent) -> None:
        await busy(agent)
        one, other = WRITES[operation]
        one = {**await with_job(agent, one), "idempotency_key": "k"}
        first = await agent.answer(operation, one)
        assert not first.refused, first.text
        after = whole_state(agent.app)
        assert await agent.answer(operation, one) == first
        refusal = await agent.refusal(operation, **{**other, "idempotency_key": "k"})
        assert (refusal["code"], refusal["path"]) == ("idempotency.conflict", "idempotency_key")
        assert {**whole_state(agent.app), "once": None} == {**after, "once": None}

    played(play)


def test_a_key_used_for_one_operation_is_a_conflict_for_another() -> None:
    async def play(agent: Agent) -> None:
        await settled(agent)
        await agent.ask("event_send", kind="message", name="a", idempotency_key="k")
        refusal = await agent.refusal("clock_advance", by="PT1H", idempotency_key="k")
        assert refusal["code"] == "idempotency.conflict"
        assert "event_send" in refusal["message"]

    played(play)


def test_a_key_is_known_after_a_restart(tmp_path: Path) -> None:
    told: list[Any] = []

    async def play(agent: Agent) -> None:
        if not told:
            await settled(agent)
        told.append(
            await agent.answer(
                "instance_start", {"process": "letter", "variables": {"number": "1"}, "idempotency_key": "k"}
            )
        )
        assert (await agent.ask("instance_find"))["total"] == 1

    played(play, tmp_path)
    played(play, tmp_path)
    assert told[0] == told[1]


OF_OTHERS: dict[str, Body] = {
    "process_edit": {"process": "leave", "edits": [{"rename": "check", "to": "look"}]},
    "process_read": {"process": "leave"},
    "process_test": {"process": "leave"},
    "process_publish": {"process": "leave"},
    "process_import": {"document": "a-txt:1"},
    "process_restore": {"process": "leave", "version": 1},
    "process_archive": {"process": "leave"},
    "process_delete": {"process": "guarded"},
    "process_branch": {"process": "leave", "branch": "other"},
    "process_branches": {"process": "leave"},
    "process_merge": {"process": "leave@dual"},
    "process_policy": {"process": "leave", "approvals": 1},
    "process_approve": {"process": "guarded", "as_user": "ann"},
    "process_approvals": {"process": "guarded"},
    "process_tag": {"process": "leave", "tag": "stable"},
    "process_route": {"process": "leave", "action": "hold"},
    "process_routes": {"process": "leave"},
    "instance_start": {"process": "leave", "variables": {"days": 1, "who": "ann"}},
    "instance_read": {"instance": "leave:1", "detail": ["history", "why", "diagram"]},
    "instance_control": {"instance": "leave:1", "action": "fork"},
    "timer_control": {"process": "nightly", "action": "pause"},
    "timer_find": {"process": "nightly"},
    "task_read": {"task": "leave:1/check.4"},
    "task_act": {"task": "leave:1/check.4", "action": "complete", "variables": {"ok": True}},
    "work_take": {"instance": "leave:1"},
    "work_finish": {"job": "<job>", "variables": {}},
    "rule_evaluate": {"decision": "level", "inputs": {"amount": 1}},
    "document_read": {"document": "a-txt:1"},
    "audit_verify": {"scope": "leave:1"},
    "data_hold": {"instances": ["leave:1"]},
    "retention_save": {"process": "leave", "after": "P1Y"},
}
"""Calls that name something of another tenant."""


NOBODY = (
    ("leave", "laeve"),
    ("level", "levle"),
    ("a-txt", "b-txt"),
    ("nightly", "nihgtly"),
    ("guarded", "gaurded"),
)
"""Names, and some like them that nobody has."""


def unknown(arguments: Body) -> Body:
    """Return the arguments with ids of the same length that nobody has."""
    names = ("process", "instance", "task", "job", "decision", "document", "scope")
    hidden = dict(NOBODY)
    changed = dict(arguments)
    if "instances" in changed:
        changed["instances"] = [str(each).replace("leave", "laeve") for each in changed["instances"]]
    for name in names:
        for known, nobody in hidden.items():
            if name in changed:
                changed[name] = str(changed[name]).replace(known, nobody)
    return changed


@pytest.mark.parametrize("operation", list(OF_OTHERS))
def test_what_belongs_to_another_tenant_answers_as_what_nobody_has(operation: str) -> None:
    async def play(agent: Agent) -> None:
        await busy(agent)
        await agent.ask("document_add", content_base64=NOTE, filename="a.txt")
        arguments = await with_job(agent, OF_OTHERS[operation])
        mine = await agent.answer(
            operation, {**arguments, "dry_run": True} if operation in WRITES else arguments
        )
        assert not mine.refused, mine.text
        stranger = agent.of("strangers")
        before = whole_state(agent.app)
        theirs = await stranger.refusal(operation, **arguments)
        nobody = await stranger.refusal(operation, **unknown(arguments))
        for known, other in NOBODY:
            theirs = exchanged(theirs, known, other)
        assert theirs == nobody
        assert theirs["code"].endswith(".unknown")
        assert whole_state(agent.app) == before

    played(play)


def exchanged(value: Any, old: str, new: str) -> Any:
    """Return a body with one text replaced by another everywhere."""
    if isinstance(value, dict):
        return {key: exchanged(each, old, new) for key, each in value.items()}
    if isinstance(value, list):
        return [exchanged(each, old, new) for each in value]
    return value.replace(old, new) if isinstance(value, str) else value


def test_lists_messages_and_keys_of_another_tenant_are_not_seen() -> None:
    async def play(agent: Agent) -> None:
        await busy(agent)
        await agent.ask(
            "event_send",
            kind="message",
            name="answer",
            correlation_key="none",
            ttl="PT1H",
            idempotency_key="k",
        )
        stranger = agent.of("strangers")
        for operation in ("process_find", "instance_find", "task_find", "audit_find"):
            assert (await stranger.ask(operation))["total"] == 0, operation
        assert (await stranger.ask("work_take", limit=10))["items"] == []
        sent = await stranger.ask(
            "event_send", kind="message", name="answer", correlation_key="4711", idempotency_key="k"
        )
        assert sent["delivered"] == []
        assert len(waits(await agent.ask("instance_read", instance="letter:1"), "message")) == 1

    played(play)


def test_every_change_leaves_one_record_of_who_when_and_why() -> None:
    async def play(agent: Agent) -> None:
        await busy(agent)
        for operation, (one, _) in WRITES.items():
            if operation in ("process_test", "work_take"):  # a sandbox and a lease are no changes of what is
                continue
            arguments = await with_job(agent, one)
            before = (await agent.ask("audit_find"))["total"]
            await agent.ask(operation, **{**arguments, "reason": f"because of {operation}"})
            found = await agent.ask("audit_find", limit=1)
            instances = (
                operation == "instance_batch"
            )  # one of its own, and one of the instance that it paused
            pieces = operation == "data_erase"  # one of what was asked, and one of each piece of work
            assert found["total"] - before == 1 + instances or (pieces and found["total"] > before), operation
            (entry,) = found["items"]
            assert entry["operation"].partition(".")[0] == operation
            assert entry["reason"] == f"because of {operation}"
            assert entry["at"] <= (await agent.ask("server_info"))["now"]
            assert entry["by"] == one.get("as_user", "local")
            assert (await agent.ask("audit_verify", scope=entry["scope"]))["whole"]

    played(play)


def test_a_person_acted_for_and_the_worker_are_on_record() -> None:
    async def play(agent: Agent) -> None:
        await busy(agent)
        await agent.ask("task_act", task="leave:1/check.4", action="claim", as_user="bob", reason="my turn")
        (entry,) = (await agent.ask("audit_find", limit=1))["items"]
        assert (entry["by"], entry["operation"], entry["reason"]) == ("bob", "task_act.claim", "my turn")
        taken = await agent.ask("work_take", types=["hr.book"], worker="press 7")
        await agent.ask("work_finish", job=taken["items"][0]["job"])
        (entry,) = (await agent.ask("audit_find", limit=1))["items"]
        assert entry["by"] == "press 7"

    played(play)


TAMPERED = {
    "an instance": ("leave:1", "UPDATE journal SET events = replace(events, 'ann', 'eve') WHERE scope > 0"),
    "a process": ("process:leave", "UPDATE journal SET reason = 'allowed' WHERE scope < 0"),
    "who did it": ("leave:1", "UPDATE journal SET by = by + 1 WHERE scope > 0"),
    "a row taken out": (
        "leave:1",
        "DELETE FROM journal WHERE id = (SELECT max(id) FROM journal WHERE scope > 0)",
    ),
}


@pytest.mark.parametrize("what", list(TAMPERED))
def test_a_tampered_row_is_detected(what: str, tmp_path: Path) -> None:
    scope, statement = TAMPERED[what]

    async def write(agent: Agent) -> None:
        await settled(agent)
        await agent.started("leave", days=1, who="ann")
        await agent.ask("task_act", task="leave:1/check.4", action="claim", as_user="bob")
        assert (await agent.ask("audit_verify", scope=scope))["whole"]

    async def verify(agent: Agent) -> None:
        found = await agent.ask("audit_verify", scope=scope)
        assert not found["whole"]
        assert found["broken"] >= 1
        assert found["problem"]

    played(write, tmp_path)
    connection = sqlite3.connect(tmp_path / DATABASE)
    assert connection.execute(statement).rowcount > 0
    connection.commit()
    connection.close()
    played(verify, tmp_path)


def test_simultaneous_calls_with_one_key_start_one_instance() -> None:
    async def play(agent: Agent) -> None:
        await settled(agent)
        call = {"process": "letter", "variables": {"number": "1"}, "idempotency_key": "k"}
        answers = await asyncio.gather(*(agent.answer("instance_start", call) for _ in range(8)))
        assert len({answer.text for answer in answers}) == 1
        assert body_of(answers[0])["instance"] == "letter:1"
        assert (await agent.ask("instance_find"))["total"] == 1

    played(play)
