"""Instances are erased by name, by age and by rule; holds and running work keep them; what is gone is answered for."""

import json
import subprocess
import sys
import time
from pathlib import Path

import apsw
import pytest

from flowmaster.engine.timers import instant, later
from flowmaster.engine.values import Json
from flowmaster.runtime.clock import real_now
from flowmaster.runtime.retention import OPERATION, ended_by
from flowmaster.server.cli import run
from flowmaster.server.settings import Settings
from flowmaster.stores.erasure_list import read
from tests.acceptance.agent import Agent, Body, played, settings, whole_state
from tests.acceptance.town import LEVELS
from tests.postgres import cluster
from tests.tools.planting import MARKER, PERSON, TEXTS, bytes_with, left_behind, lived, published

SHORT: dict[str, Json] = {
    "process": "short",
    "roles": ["clerk"],
    "data": {"name": "text", "amount": "number", "level": "text", "fine": "boolean"},
    "steps": [
        {"rate": {"rule": "level", "into": "level"}},
        {
            "if": "amount > 10",
            "then": [{"check": {"ask": "clerk", "form": {"fine": "boolean"}, "into": "fine"}}],
        },
        {"end": "done"},
    ],
}


async def several(agent: Agent, count: int, amount: int = 5) -> list[str]:
    """Let short cases run; those over 10 wait for a person."""
    if not (await agent.ask("process_find"))["items"]:
        await agent.ask("rule_save", table=LEVELS)
        await agent.published(SHORT)
    made = [await agent.started("short", name=f"Ann {number}", amount=amount) for number in range(count)]
    return [str(each["instance"]) for each in made]


async def reads(agent: Agent, instance: str) -> Body:
    return await agent.ask("instance_read", instance=instance, detail=["history", "variables"])


def test_values_of_named_instances_go_and_what_happened_when_stays() -> None:
    async def play(agent: Agent) -> None:
        first, second = await several(agent, 2)
        before = await reads(agent, first)
        erased = await agent.ask("data_erase", instances=[first], reason="request 3")
        assert (erased["instances"], erased.get("stays")) == (1, None)
        after = await reads(agent, first)
        assert after["variables"] == dict.fromkeys(before["variables"])
        assert after["erased"]["erasure"] == erased["erasure"]
        times = [(entry["seq"], entry["at"], entry["event"]) for entry in before["history"]]
        assert [(entry["seq"], entry["at"], entry["event"]) for entry in after["history"]] == times
        assert after["history"][0]["erased"]
        assert (await agent.ask("audit_verify", scope=first))["erased"] == 1
        assert (await reads(agent, second))["variables"]["name"] == "Ann 1"
        assert (await agent.ask("instance_read", instance=first, detail=["why"]))["why"]

    played(play)


def test_a_dry_run_changes_nothing_and_tells_what_would_go() -> None:
    async def play(agent: Agent) -> None:
        instances = await several(agent, 3)
        state = whole_state(agent.app)
        for given in (
            {"instances": instances},
            {"values": ["Ann 1"]},
            {"instances": instances, "what": "everything"},
        ):
            dry = await agent.ask("data_erase", dry_run=True, **given)
            assert dry["instances"] == (3 if "instances" in given else 0)
            assert whole_state(agent.app) == state
        done = await agent.ask("data_erase", instances=instances, what="everything")
        assert done["entries"] == dry["entries"]

    played(play)


def test_only_what_stands_under_some_names_goes() -> None:
    async def play(agent: Agent) -> None:
        (instance,) = await several(agent, 1)
        await agent.ask("data_erase", instances=[instance], names=["name"])
        assert (await reads(agent, instance))["variables"] == {"name": None, "amount": 5, "level": "low"}
        await agent.ask("data_erase", process="short", ended_before="2999-01-01T00:00:00Z", names=["level"])
        assert (await reads(agent, instance))["variables"] == {"name": None, "amount": 5, "level": None}
        assert (await agent.ask("audit_verify", scope=instance))["whole"]

    played(play)


def test_running_instances_and_held_ones_stay_and_say_why() -> None:
    async def play(agent: Agent) -> None:
        (ended,) = await several(agent, 1)
        (running,) = await several(agent, 1, amount=50)
        await agent.ask("data_hold", instances=[ended], reason="court 7 O 12")
        erased = await agent.ask("data_erase", instances=[ended, running, "short:99"])
        assert erased["instances"] == 0
        assert {(stay["named"][0], stay["why"]) for stay in erased["stays"]} == {
            (ended, "A legal hold forbids it."),
            (running, "It is active and needs its data."),
            ("short:99", "There is no such instance."),
        }
        by_text = await agent.ask("data_erase", values=["Ann 0"])
        assert {stay["why"] for stay in by_text["stays"]} == {
            "a legal hold forbids it",
            "the instance is active and needs its data",
        }
        assert (await reads(agent, ended))["variables"]["name"] == "Ann 0"
        await agent.ask("data_hold", instances=[ended], hold=False, reason="judged")
        erased = await agent.ask("data_erase", instances=[ended, running], running=True)
        assert erased["instances"] == 2
        task = await agent.task(running)
        done = await agent.ask(
            "task_act", task=task, action="complete", variables={"fine": True}, as_user="bo"
        )
        assert done["state"] == "completed"
        assert (await reads(agent, running))["variables"] == {
            "name": None, "amount": None, "level": None, "fine": True,
        }  # fmt: skip
        assert (await agent.ask("audit_verify", scope=running))["whole"]

    played(play)


def test_what_is_gone_altogether_is_answered_for_and_no_longer_found() -> None:
    async def play(agent: Agent) -> None:
        first, second = await several(agent, 2)
        erased = await agent.ask("data_erase", instances=[first], what="everything", reason="request 4")
        found = await agent.ask("instance_find")
        assert [each["instance"] for each in found["items"]] == [second]
        for operation, given in (
            ("instance_read", {"instance": first}),
            ("audit_verify", {"scope": first}),
            ("instance_control", {"instance": first, "action": "fork"}),
        ):
            refusal = await agent.refusal(operation, **given)
            assert (refusal["code"], erased["erasure"] in refusal["message"]) == ("instance.erased", True)
        receipt = await agent.ask("erasure_read", erasure=erased["erasure"])
        assert (receipt["instances"], receipt["whole"], receipt["reason"]) == (1, True, "request 4")
        compared = await agent.ask("rule_compare", decision="level", table=LEVELS)
        assert compared["cases"] == 1 if "cases" in compared else compared

    played(play)


def test_a_fork_of_what_lost_values_is_refused() -> None:
    async def play(agent: Agent) -> None:
        (instance,) = await several(agent, 1, amount=50)
        await agent.ask("data_erase", instances=[instance], running=True)
        for at in ({}, {"at": 1}):
            refusal = await agent.refusal("instance_control", instance=instance, action="fork", **at)
            assert refusal["code"] == "instance.values_erased"

    played(play)


def test_a_receipt_tells_whom_it_is_about_only_to_who_knows() -> None:
    async def play(agent: Agent) -> None:
        await several(agent, 2)
        erased = await agent.ask("data_erase", values=["Ann 1"], reason="request 5")
        receipt = await agent.ask("erasure_read", erasure=erased["erasure"], value="ann 1")
        assert (receipt["about_value"], receipt["places"]["journal"], receipt["by"]) == (True, 1, "local")
        assert "Ann" not in repr(receipt)
        other = await agent.ask("erasure_read", erasure=erased["erasure"], value="Ann 0")
        assert other["about_value"] is False
        assert (await agent.refusal("erasure_read", erasure="erasure:9"))["code"] == "erasure.unknown"

    played(play)


def test_a_call_that_would_put_on_record_what_it_erases_is_refused() -> None:
    async def play(agent: Agent) -> None:
        for given in ({"reason": "for Ann@x.example"}, {"idempotency_key": "ann@x.example"}):
            refusal = await agent.refusal("data_erase", values=["ann@x.example"], **given)
            assert refusal["code"] == "erasure.would_record"
        named: Body = {"instances": ["a:1"], "what": "everything", "names": ["n"]}
        for unclear in ({}, {"process": "short"}, named):
            assert (await agent.refusal("data_erase", **unclear))["code"] == "arguments.invalid"

    played(play)


@pytest.mark.parametrize("kind", ["memory", "sqlite", "postgres"])
def test_another_tenant_loses_nothing(kind: str, tmp_path: Path) -> None:
    where = settings(tmp_path if kind == "sqlite" else None)
    if kind == "postgres":
        where = Settings(data=str(tmp_path), store=cluster().fresh(), clock="virtual", tools=("all",))

    async def play(agent: Agent) -> None:
        other = agent.of("other")
        for each in (agent, other):
            await published(each)
            await lived(each)
        before = await reads(other, "case:1")
        erased = await agent.ask("data_erase", values=TEXTS)
        assert await reads(other, "case:1") == before
        shared = [stay for stay in erased["stays"] if stay["what"] == "word"]
        assert shared, "names of people are words that tenants share"
        assert MARKER not in repr(await reads(agent, "case:1"))

    played(play, where=where)


@pytest.mark.parametrize("kind", ["memory", "sqlite", "postgres"])
def test_rules_are_carried_out_by_the_clock_and_everything_else_is_kept(kind: str, tmp_path: Path) -> None:
    where = settings(tmp_path if kind == "sqlite" else None)
    if kind == "postgres":
        where = Settings(data=str(tmp_path), store=cluster().fresh(), clock="virtual", tools=("all",))

    async def play(agent: Agent) -> None:
        ended = await several(agent, 120)
        (running,) = await several(agent, 1, amount=50)
        await agent.ask("data_hold", instances=[ended[3]], reason="court")
        saved = await agent.ask("retention_save", process="short", after="P2Y", reason="policy 1")
        assert saved["due"] == 0
        await agent.advance("P1Y")
        assert (await reads(agent, ended[0]))["variables"]["name"] == "Ann 0"
        held = await agent.ask("retention_save", process="short", after="P2Y", hold=True, reason="audit")
        assert held["hold"] == "audit"
        await agent.advance("P1Y")
        assert (await reads(agent, ended[0]))["variables"]["name"] == "Ann 0"
        await agent.ask("retention_save", process="short", after="P2Y")
        assert (await agent.ask("retention_find"))["items"][0]["due"] == 120
        await agent.advance("PT1S")
        names = [(await reads(agent, each))["variables"]["name"] for each in (*ended, running)]
        assert names == [None] * 3 + ["Ann 3"] + [None] * 116 + ["Ann 0"]
        counts = (await agent.ask("instance_find", status="completed"))["total"]
        assert counts == 120
        (first, *_) = (await agent.ask("audit_find", operation_="retention", limit=100))["items"][::-1]
        receipt = await agent.ask("erasure_read", erasure=first["scope"])
        assert (receipt["instances"], receipt["by"], receipt["whole"]) == (119, "system", True)
        await agent.ask("retention_save", process="short", after="P3Y", what="everything")
        await agent.advance("P1Y")
        left = [each["instance"] for each in (await agent.ask("instance_find"))["items"]]
        assert left == [running, ended[3]]
        assert (await agent.refusal("instance_read", instance=ended[0]))["code"] == "instance.erased"

    played(play, where=where)


def test_one_server_at_a_time_carries_out_the_rules() -> None:
    async def play(agent: Agent) -> None:
        await several(agent, 2)
        await agent.ask("retention_save", process="short", after="P1Y")
        runtime, now = agent.app.runtime, real_now()
        await runtime.write(lambda tx: tx.lease(OPERATION, "another server", now=now, until=now + 60_000))
        await agent.advance("P2Y")
        assert (await agent.ask("retention_find"))["items"][0]["due"] == 2
        await runtime.write(lambda tx: tx.lease(OPERATION, "another server", now=now, until=now - 1))
        assert await runtime.sweep() == 2
        assert await runtime.sweep() == 0
        assert (await agent.ask("retention_find"))["items"][0]["due"] == 0

    played(play)


def test_a_key_acts_once_for_thirty_days(monkeypatch: pytest.MonkeyPatch) -> None:
    async def play(agent: Agent) -> None:
        await several(agent, 1)
        key = {"process": "short", "variables": {"name": "Ann"}, "idempotency_key": "k-1"}
        first = (await agent.ask("instance_start", **key))["instance"]
        await agent.advance("P31D")
        assert (await agent.ask("instance_start", **key))["instance"] == first, (
            "the machine's clock has not moved"
        )
        later = real_now() + 31 * 24 * 3_600_000
        monkeypatch.setattr("flowmaster.runtime.retention.real_now", lambda: later)
        await agent.app.runtime.sweep()
        assert (await agent.ask("instance_start", **key))["instance"] != first

    played(play)


@pytest.mark.parametrize(
    ("now", "after", "until"),
    [
        ("2026-03-31T12:00:00Z", "P1M", "2026-02-28T12:00:00Z"),
        ("2028-02-29T00:00:00Z", "P1Y", "2027-02-28T23:59:59.999Z"),
        ("2026-11-28T01:00:00Z", "P10Y", "2016-11-28T01:00:00Z"),
        ("2026-11-28T01:00:00Z", "PT1S", "2026-11-28T00:59:59Z"),
    ],
)
def test_what_is_due_ended_a_duration_ago_by_the_calendar(now: str, after: str, until: str) -> None:
    found = ended_by(instant(now), after)
    assert later(found, after) <= instant(now) < later(found + 1, after)
    if until.endswith("59.999Z"):
        return
    assert found >= instant(until)


def test_no_duration_is_so_long_that_something_were_due_early() -> None:
    assert ended_by(instant("2026-01-01T00:00:00Z"), "P9000Y") == -1


def test_an_erasure_that_was_killed_is_finished_by_the_same_call_again(tmp_path: Path) -> None:
    async def fill(agent: Agent) -> None:
        await several(agent, 400)

    played(fill, tmp_path)
    call = {"process": "short", "ended_before": "2999-01-01T00:00:00Z", "idempotency_key": "k", "reason": "r"}
    command = [
        sys.executable,
        "-m",
        "flowmaster",
        "call",
        "data_erase",
        json.dumps(call),
        "--data",
        str(tmp_path),
    ]
    server = subprocess.Popen(
        [*command, "--clock", "virtual"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    file = apsw.Connection(str(tmp_path / "flowmaster.db"))
    until = time.monotonic() + 30
    while not (some := len(file.execute("SELECT 1 FROM erasure").fetchall())):
        assert time.monotonic() < until
        assert server.poll() is None
        time.sleep(0.002)
    server.kill()
    server.wait()
    file.close()
    assert 0 < some < 400

    async def again(agent: Agent) -> None:
        erased = await agent.ask("data_erase", **call)
        assert erased["erasure"] == "erasure:1"
        receipt = await agent.ask("erasure_read", erasure="erasure:1")
        assert (receipt["instances"], receipt["whole"]) == (400, True)
        assert not (await agent.ask("data_find", values=["Ann 1", "Ann 399"], files=False))["found"]
        for number in (1, 200, 400):
            assert (await agent.ask("audit_verify", scope=f"short:{number}"))["whole"]
        assert (await agent.ask("data_erase", **call))["erasure"] == "erasure:1"

    played(again, tmp_path)
    assert {entry.erasure for entry in read(tmp_path / "erasures.jsonl")} == {"erasure:1"}


def test_a_rule_is_a_time_by_the_calendar_for_a_process_that_is_there() -> None:
    async def play(agent: Agent) -> None:
        await several(agent, 1)
        for after in ("P0D", "-P1Y", "P2D@office", "soon"):
            assert (await agent.refusal("retention_save", process="short", after=after))["path"].startswith(
                "after"
            )
        assert (await agent.refusal("retention_save", process="x", after="P1Y"))["code"] == "process.unknown"
        await agent.ask("retention_save", process="short", after="P1Y")
        await agent.ask("retention_save", process="short")
        assert (await agent.ask("retention_find"))["items"] == []

    played(play)


@pytest.mark.parametrize("target", ["sqlite", "postgres"])
def test_what_was_erased_after_a_backup_does_not_come_back_with_it(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new, file = tmp_path / "old", tmp_path / "new", tmp_path / "monday.db"

    async def first(agent: Agent) -> None:
        await published(agent)
        await lived(agent)
        await left_behind(agent)
        await several_more(agent)

    async def several_more(agent: Agent) -> None:
        await agent.published({**SHORT, "steps": [{"end": "done"}]})
        for name in ("Bea", "Cid"):
            await agent.started("short", name=name)

    async def then(agent: Agent) -> None:
        await agent.ask("data_erase", values=TEXTS, whole=True, models=True)
        await agent.ask("data_erase", instances=["short:1"], what="everything")
        await agent.ask("data_erase", instances=["short:2"])

    played(first, old)
    assert run(["backup", str(file), "--data", str(old)]) == 0
    played(then, old)
    listed = read(old / "erasures.jsonl")
    assert {entry.erasure for entry in listed} == {"erasure:1", "erasure:2", "erasure:3"}
    assert PERSON not in (old / "erasures.jsonl").read_text()
    assert MARKER not in repr(listed)
    place = ["--data", str(new)] + (["--store", cluster().fresh()] if target == "postgres" else [])
    assert run(["restore", str(file), *place, "--erasures", str(tmp_path / "none")]) == 1
    assert run(["restore", str(file), *place, "--erasures", str(old / "erasures.jsonl")]) == 0
    assert "Erased again" in capsys.readouterr().out
    where = settings(new)
    if target == "postgres":
        where = Settings(data=str(new), store=place[-1], clock="virtual", tools=("all",))

    async def after(agent: Agent) -> None:
        found = await agent.ask("data_find", values=TEXTS)
        assert not found["found"], found
        assert (await agent.refusal("instance_read", instance="short:1"))["code"] == "instance.erased"
        assert (await reads(agent, "short:2"))["variables"] == {"name": None}
        for scope in {entry["scope"] for entry in (await agent.ask("audit_find", limit=1000))["items"]}:
            assert (await agent.ask("audit_verify", scope=scope))["whole"]

    played(after, where=where)
    assert bytes_with(new) == []


def test_a_restore_without_a_list_says_that_erased_data_are_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def nothing(agent: Agent) -> None:
        await agent.ask("server_info")

    played(nothing, tmp_path / "old")
    assert run(["backup", str(tmp_path / "b.db"), "--data", str(tmp_path / "old")]) == 0
    assert run(["restore", str(tmp_path / "b.db"), "--data", str(tmp_path / "new")]) == 0
    assert "is back" in capsys.readouterr().out
