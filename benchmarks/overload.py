"""What a server does under more load than it can bear, beside what it does at its best.

    python benchmarks/overload.py [--seconds 6] [--times 3] [--json FILE]

The server is opened in this process on SQLite in a folder of its own, and asked through the one path of all calls.
First 500 instances a second are offered. Then as many clients as keep it busy tell its best: instances a second that are started and whose task is completed.
Then the tenant `flood` offers so many times as much by the clock, whether it is answered or not; whatever was started
is completed, and a refused call is not repeated. A client of the tenant `other` makes one call after the other all the
while. Shown are what was completed (goodput), what was refused, and the median and 99th percentile in milliseconds.
"""

import argparse
import asyncio
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, NamedTuple

from flowmaster.server.collector import settle_collector
from flowmaster.server.settings import Settings
from flowmaster.server.wiring import open_app
from flowmaster.tools.app import App
from flowmaster.tools.invoke import invoke
from flowmaster.tools.registry import Call, Caller

CLIENTS = 64
"""Clients that keep the server busy when its best is measured."""

STEADY = 500
"""Instances a second that are offered when the server is neither idle nor busy."""

TICK_SECONDS = 0.005
"""How often the flood offers what is due."""

OUTLINE = {
    "process": "order",
    "roles": ["clerk"],
    "data": {"amount": "integer 1..1000", "ok": "boolean"},
    "start": {"needs": ["amount"]},
    "steps": [{"check": {"ask": "clerk", "into": "ok"}}, {"end": "done"}],
}


class Seen(NamedTuple):
    """What came of calls: instances completed, starts and completions refused, and how long each call took."""

    completed: list[float]
    starts_refused: list[bytes]
    completions_refused: list[int]
    starts: list[float]
    completions: list[float]

    @classmethod
    def nothing(cls) -> "Seen":
        """Return what was seen before anything was."""
        return cls([], [], [], [], [])


class Tenant:
    """Somebody who starts instances and completes their tasks."""

    def __init__(self, app: App, name: str) -> None:
        self._call = Call(app=app, caller=Caller(actor=f"{name}-bot", tenant=name))
        self._app = app

    async def ask(self, operation: str, **arguments: Any) -> tuple[bool, Any]:
        """Call an operation; return whether it was let in, and its answer."""
        answer = await invoke(self._app.registry, self._call, operation, arguments)
        return not answer.refused, json.loads(answer.body)

    async def publish(self) -> None:
        """Publish the process."""
        for operation, arguments in (
            ("process_create", {"outline": OUTLINE}),
            ("process_publish", {"process": "order"}),
        ):
            let_in, told = await self.ask(operation, **arguments)
            assert let_in, told

    async def one(self, seen: Seen) -> None:
        """Start one instance and complete its task."""
        begun = time.perf_counter()
        asked_for = {"process": "order", "variables": {"amount": 7}}
        answer = await invoke(self._app.registry, self._call, "instance_start", asked_for)
        if answer.refused:
            seen.starts_refused.append(answer.body)
            return
        told = json.loads(answer.body)
        asked = time.perf_counter()
        seen.starts.append(asked - begun)
        task = told["waiting"][0]["task"]
        let_in, told = await self.ask("task_act", task=task, action="complete", variables={"ok": True})
        done = time.perf_counter()
        if not let_in:
            assert told["code"] == "server.overloaded", told
            seen.completions_refused.append(told["retry_after"])
            return
        seen.completions.append(done - asked)
        seen.completed.append(done)


async def busy(tenant: Tenant, seconds: float) -> Seen:
    """Keep the server as busy as it likes."""
    seen, until = Seen.nothing(), time.perf_counter() + seconds

    async def client() -> None:
        while time.perf_counter() < until:
            await tenant.one(seen)

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return seen


async def one_by_one(tenant: Tenant, seconds: float) -> Seen:
    """Make one call after the other."""
    seen, until = Seen.nothing(), time.perf_counter() + seconds
    while time.perf_counter() < until:
        await tenant.one(seen)
        await asyncio.sleep(0.01)
    return seen


async def flood(tenant: Tenant, seconds: float, rate: float) -> Seen:
    """Offer so many instances a second by the clock, and wait for whatever was let in."""
    seen, begun = Seen.nothing(), time.perf_counter()
    offered, under_way = 0, set[asyncio.Task[None]]()
    while (passed := time.perf_counter() - begun) < seconds:
        while offered < passed * rate:
            offered += 1
            task = asyncio.ensure_future(tenant.one(seen))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        _progress("flood", passed / seconds)
        await asyncio.sleep(TICK_SECONDS)
    await asyncio.gather(*under_way)
    return seen


def _progress(name: str, part: float) -> None:
    if sys.stderr.isatty():
        bar = "#" * int(part * 30)
        print(f"\r{name:8} [{bar:30}] {part:4.0%}", end="", file=sys.stderr, flush=True)


async def figured(seconds: float, calls: Coroutine[Any, Any, Seen]) -> tuple[Seen, float, float]:
    """Return what was seen, and the instances completed for each second and for each second of this process's work."""
    begun, worked = time.perf_counter(), time.process_time()
    seen = await calls
    within = sum(begun <= at < begun + seconds for at in seen.completed)
    return seen, within / seconds, len(seen.completed) / (time.process_time() - worked)


def late(times: list[float]) -> tuple[float, float]:
    """Return the median and the 99th percentile of times, in milliseconds."""
    if len(times) < 2:
        return 0.0, 0.0
    return statistics.median(times) * 1000, statistics.quantiles(times, n=100)[98] * 1000


async def measure(folder: Path, seconds: float, times: float) -> dict[str, Any]:
    """Return all figures of one run."""
    async with open_app(Settings(data=str(folder))) as app:
        crowd, other = Tenant(app, "flood"), Tenant(app, "other")
        await crowd.publish()
        await other.publish()
        settle_collector()
        idle = await one_by_one(other, seconds / 3)
        await busy(crowd, 1.0)
        steady = await flood(crowd, seconds, STEADY)
        at_best, best, best_cpu = await figured(seconds, busy(crowd, seconds))
        beside_flood = asyncio.create_task(one_by_one(other, seconds))
        over, under_load, cpu = await figured(seconds, flood(crowd, seconds, best * times))
        beside = await beside_flood
        _, again, again_cpu = await figured(seconds, busy(crowd, seconds))
    refusals = [json.loads(body) for body in over.starts_refused]
    assert {each["code"] for each in refusals} <= {"server.overloaded"}
    refused = [each["retry_after"] for each in refusals]
    return {
        "best": (best + again) / 2,
        "goodput": under_load,
        "part": 2 * under_load / (best + again),
        "part_of_cpu": 2 * cpu / (best_cpu + again_cpu),
        "offered": best * times,
        "starts_refused": len(refused),
        "completions_refused": len(over.completions_refused),
        "retry_after": statistics.median(refused) if refused else 0,
        "steady_completion": late(steady.completions),
        "busy_completion": late(at_best.completions),
        "flood_start": late(over.starts),
        "flood_completion": late(over.completions),
        "other_idle": late(idle.starts + idle.completions),
        "other_beside": late(beside.starts + beside.completions),
        "other_refused": len(beside.starts_refused) + len(beside.completions_refused),
    }


def shown(found: dict[str, Any]) -> str:
    """Return the figures as a table."""
    pairs = (
        (f"completing a task, {STEADY} a second", found["steady_completion"]),
        ("completing a task, server busy", found["busy_completion"]),
        ("completing a task, flood", found["flood_completion"]),
        ("starting, flood, those let in", found["flood_start"]),
        ("a call of another tenant, idle", found["other_idle"]),
        ("a call of another tenant, beside the flood", found["other_beside"]),
    )
    lines = [
        f"best {found['best']:.0f}/s; offered {found['offered']:.0f}/s, goodput {found['goodput']:.0f}/s: "
        f"{found['part']:.2f} of the best by the clock, {found['part_of_cpu']:.2f} by the work of the processor",
        f"refused: {found['starts_refused']} starts (median retry_after {found['retry_after']:.0f} s), "
        f"{found['completions_refused']} completions, {found['other_refused']} of the other tenant",
        f"{'':44}{'median':>10}{'p99':>10}  ms",
        *(f"{name:44}{median:10.1f}{last:10.1f}" for name, (median, last) in pairs),
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--times", type=float, default=3.0)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(dir=os.environ.get("TMPDIR")))
    try:
        found = asyncio.run(measure(folder, given.seconds, given.times))
    finally:
        shutil.rmtree(folder)
    print(shown(found))
    if given.json:
        given.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
