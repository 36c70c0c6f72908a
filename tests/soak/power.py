"""A server under load whose power fails again and again, on a disk that forgets what was not flushed.

    python -m tests.soak.power [--losses 300] [--seed 1] [--synchronous FULL]

One run of the load shows at many moments what a power failure would leave on the disk. From each of these the store is
opened anew: whatever was answered before must be there, nothing may be half done, every chain and every page must hold,
and what was under way is repeated with its key and brought to its end, with each step done exactly once.
"""

import argparse
import asyncio
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from flowmaster.server.settings import Settings
from flowmaster.server.wiring import DATABASE, open_app
from flowmaster.stores.sqlite.health import damages
from flowmaster.stores.sqlite.store import SqliteStore
from flowmaster.tools.registry import Caller
from tests.acceptance.agent import Agent
from tests.soak.crash import MODEL
from tests.soak.disk import Contents, Disk, FileSystem

CLIENTS = 6
STEPS = ("check", "work", "rest", "count")
GAP = 50
"""How many writes lie between two power failures at most."""

LEASE = 1
"""Seconds for which a job is taken; those taken when the power fails come back after them."""

LOG_PAGES = 60
"""How many pages the write-ahead log gathers: few, so that moving them into the file is under way at many moments."""


@dataclass
class Ledger:
    """The calls that were made, oldest first, and those that were answered."""

    made: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    answered: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


@dataclass(frozen=True)
class Loss:
    """A power failure: what it left on the disk, and how much had been asked and answered by then."""

    moment: int
    left: Contents
    made: int
    answered: int


@dataclass(frozen=True)
class Report:
    """What the run found; `lost` counts failures that took something answered with them."""

    losses: int
    instances: int
    answered: int
    flushes: int
    lost: int
    faults: list[str]


def run(losses: int, seed: int, synchronous: str = "FULL") -> Report:
    """Run the load, let the power fail at so many moments, and examine what each of them left."""
    ledger, found = Ledger(), list[Loss]()

    def failing(moment: int, left: Contents) -> None:
        found.append(Loss(moment, left, len(ledger.made), len(ledger.answered)))

    disk = Disk(seed, failing)
    chance = random.Random(seed)
    disk.fail_at(frozenset(_moments(losses, chance)))
    with tempfile.TemporaryDirectory(prefix="flowmaster-power-") as folder, FileSystem(disk):
        asyncio.run(_load(Path(folder), ledger, lambda: len(found) >= losses, synchronous))
    faults, lost = list[str](), 0
    for number, loss in enumerate(found, 1):
        told = _examine(loss, ledger)
        faults += [f"power failed after {loss.moment} writes: {fault}" for fault in told]
        lost += bool(told)
        _say(f"power failure {number}/{len(found)} examined, {len(faults)} faults")
    print(file=sys.stderr, flush=True)
    starts = sum(1 for _, operation, _ in ledger.made if operation == "instance_start")
    return Report(len(found), starts, len(ledger.answered), disk.flushes, lost, faults)


def _moments(losses: int, chance: random.Random) -> Iterator[int]:
    """Return the moments: some while the file is made, the others throughout the load."""
    moment = 0
    for number in range(losses):
        moment += chance.randint(1, 4 if number < losses // 10 else GAP)
        yield moment


async def _load(folder: Path, ledger: Ledger, is_over: Any, synchronous: str) -> None:
    async with open_app(_settings(folder)) as app:
        store = app.runtime.store
        assert isinstance(store, SqliteStore)
        store._db.value(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
        store._db.value(f"PRAGMA synchronous = {synchronous}")
        agent = Agent(app, Caller(door="test"))
        await _call(agent, ledger, "process_create", "create", bpmn=MODEL)
        await _call(agent, ledger, "process_publish", "publish", process="crash")
        numbers = count(1)
        await asyncio.gather(*(_client(agent, ledger, numbers, is_over) for _ in range(CLIENTS)))


async def _client(agent: Agent, ledger: Ledger, numbers: Iterator[int], is_over: Any) -> None:
    while not is_over():
        number = next(numbers)
        begun = await _call(
            agent, ledger, "instance_start", f"start-{number}", process="crash", business_key=str(number)
        )
        task = begun["waiting"][0]["task"]
        done = {"task": task, "action": "complete", "variables": {"answer": number}}
        await _call(agent, ledger, "task_act", f"check-{number}", **done)
        jobs = (await agent.ask("work_take", types=["soak.work"], limit=2, lease_seconds=LEASE))["items"]
        for job in jobs:
            finished = {"job": job["job"], "variables": {"result": 1}}
            await _call(agent, ledger, "work_finish", f"work-{job['instance']}", **finished)
        await agent.ask("clock_advance", by="PT0.1S")


async def _call(agent: Agent, ledger: Ledger, operation: str, key: str, **arguments: Any) -> dict[str, Any]:
    if operation != "process_publish":
        arguments["idempotency_key"] = key
    ledger.made.append((key, operation, arguments))
    answer = await agent.ask(operation, **arguments)
    ledger.answered.append((key, answer))
    return answer


def _examine(loss: Loss, ledger: Ledger) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="flowmaster-power-") as name:
        folder = Path(name)
        for file, data in loss.left.items():
            (folder / file).write_bytes(data)
        answered = dict(ledger.answered[: loss.answered])
        under_way = [each for each in ledger.made[: loss.made] if each[0] not in answered]
        try:
            return asyncio.run(_go_on(folder, answered, under_way))
        except Exception as error:  # noqa: BLE001 - whatever a broken file leads to is what was looked for
            return [f"it does not go on: {type(error).__name__}: {error}"]


async def _go_on(
    folder: Path, answered: dict[str, dict[str, Any]], under_way: list[tuple[str, str, dict[str, Any]]]
) -> list[str]:
    async with open_app(_settings(folder)) as app:
        agent = Agent(app, Caller(door="test"))
        faults = await _missing(agent, answered)
        if faults:
            return faults
        for key, operation, arguments in under_way:
            faults += await _repeated(agent, key, operation, arguments)
        if "publish" not in answered:
            return faults
        await _finish(agent)
        faults += await _not_once(agent)
    return faults + damages(folder / DATABASE)


async def _repeated(agent: Agent, key: str, operation: str, arguments: dict[str, Any]) -> list[str]:
    """Repeat a call that was not answered, and return what is wrong with what comes of it.

    It may have taken effect without its answer being kept, and a job that was done is no longer open.
    """
    answer = await agent.answer(operation, arguments)
    if not answer.refused or answer.data()["code"] == "idempotency.answer_lost":  # type: ignore[index,call-overload]  # a refusal is an object
        return []
    return [f"{key} cannot be repeated: {answer.text}"]


async def _missing(agent: Agent, answered: dict[str, dict[str, Any]]) -> list[str]:
    """Return what was answered and is not there."""
    faults: list[str] = []
    for key, answer in answered.items():
        kind, _, which = key.partition("-")
        if kind in ("start", "check", "work"):
            instance = which if kind == "work" else answer["instance"]
            read = await agent.answer("instance_read", {"instance": instance, "detail": ["history"]})
            if read.refused:
                faults.append(f"{key} was answered and {instance} is not there")
            elif kind != "start":
                faults += [] if _completed(read.data())[kind] else [f"{key} was answered and is not done"]
        elif (await agent.answer("process_read", {"process": "crash"})).refused:
            faults.append(f"{key} was answered and the process is not there")
    return faults


def _completed(read: Any) -> Counter[str]:
    return Counter(entry["element"] for entry in read["history"] if entry["event"] == "completed")


async def _finish(agent: Agent) -> None:
    """Do all that is open, until every instance is over."""
    for _ in range(20 * LEASE):
        for task in (await agent.ask("task_find", limit=1000))["items"]:
            await agent.ask("task_act", task=task["task"], action="complete", variables={"answer": 0})
        await agent.ask("clock_advance", by="PT5M")
        for job in (await agent.ask("work_take", limit=1000))["items"]:
            await agent.ask("work_finish", job=job["job"], variables={"result": 1})
        if not (await agent.ask("instance_find", status="active", limit=1))["total"]:
            return
        await asyncio.sleep(0.1)


async def _not_once(agent: Agent) -> list[str]:
    """Return the instances that are there twice, are not over, or have steps that were not done just once."""
    items = (await agent.ask("instance_find", process="crash", limit=1000))["items"]
    keys = Counter(item["business_key"] for item in items)
    faults = [f"{key} was begun {times} times" for key, times in keys.items() if times != 1]
    for item in items:
        read = await agent.ask("instance_read", instance=item["instance"], detail=["history"], limit=1000)
        done, numbers = _completed(read), [entry["seq"] for entry in read["history"]]
        if read["status"] != "completed" or any(done[step] != 1 for step in STEPS):
            faults.append(f"{item['instance']} is {read['status']} with {dict(done)}")
        if numbers != list(range(1, len(numbers) + 1)):
            faults.append(f"{item['instance']} has gaps in its history")
    return faults


def _settings(folder: Path) -> Settings:
    return Settings(data=str(folder), clock="virtual", tools=("all",))


def _say(text: str) -> None:
    print(f"\r{text}", end="", file=sys.stderr, flush=True)


def main() -> int:
    """Run from the command line and say what was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--losses", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--synchronous", choices=("FULL", "NORMAL", "OFF"), default="FULL")
    options = parser.parse_args()
    report = run(options.losses, options.seed, options.synchronous)
    print(
        f"{report.losses} power failures, {report.instances} instances, {report.answered} calls answered, "
        f"{report.flushes} flushes, {report.lost} failures with loss, {len(report.faults)} faults"
    )
    for fault in report.faults[:20]:
        print(f"  {fault}")
    return 1 if report.faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
