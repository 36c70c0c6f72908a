"""What age and number cost: old instances, wide instances, many that wait.

    python -m benchmarks.ageing [--events N] [--waiting N] [--timers N] [--idle SECONDS]

1. A step (a person's task in a loop) of an instance with 100,000 events behind it, beside one of a fresh instance: the
   same work in turns, CPU of the whole process, median of the ratios.
2. A parallel multi-instance of 1,000 and of 10,000 children, from its start to its end, with 32 callers: CPU for each
   child.
3. Starting a server on a store with 100,000 waiting instances, 10,000 of them with a timer: the time until it answers
   over HTTP, and the CPU that it takes while nothing happens. All on SQLite with `synchronous=FULL`.
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from benchmarks.processes import CLIENTS, FOOT, HEAD, _ask, _flow, _publish, p3
from flowmaster.server.collector import settle_collector
from flowmaster.server.settings import Settings
from flowmaster.server.wiring import open_app
from flowmaster.stores.identifiers import task_id
from flowmaster.tools.app import App
from flowmaster.tools.registry import Call, Caller

ROUNDS = 9
STEPS = 200


def main() -> int:
    """Measure all three and print them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=100_000, help="events of the old instance")
    parser.add_argument("--waiting", type=int, default=100_000, help="waiting instances")
    parser.add_argument("--timers", type=int, default=10_000, help="how many of them wait for a timer")
    parser.add_argument("--idle", type=float, default=60, help="seconds of doing nothing")
    options = parser.parse_args()
    settle_collector()
    with tempfile.TemporaryDirectory(prefix="flowmaster-bench-") as folder:
        scratch = Path(folder)
        asyncio.run(_old(scratch / "old", options.events))
        asyncio.run(_wide(scratch / "wide"))
        asyncio.run(_fill(scratch / "many", options.waiting, options.timers))
        _start_and_idle(scratch / "many", options.idle)
    return 0


# An old instance.


async def _old(folder: Path, events: int) -> None:
    async with open_app(Settings(data=str(folder))) as app:
        call = Call(app=app, caller=Caller())
        await _publish(call, _turning(), "turning")
        old = (await _ask(call, "instance_start", process="turning"))["instance"]
        while (seq := _revision(app, call, old)) < events:
            _bar("events", seq, events)
            await _turns(app, call, old, 500)
        ratios = []
        for _ in range(ROUNDS):
            fresh = (await _ask(call, "instance_start", process="turning"))["instance"]
            aged, new = [await _turns(app, call, instance, STEPS) for instance in (old, fresh)]
            ratios.append(aged / new)
        seq = _revision(app, call, old)
    each = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    print(
        f"a step after {seq:,} events beside one of a fresh instance: {statistics.median(ratios):.2f} ({each})"
    )


def _turning() -> str:
    """A person's task, again and again."""
    body = '<startEvent id="s"/><exclusiveGateway id="m"/><userTask id="u" name="Again"/>'
    return (
        HEAD.format(id="turning")
        + body
        + _flow("a", "s", "m")
        + _flow("b", "m", "u")
        + _flow("c", "u", "m")
        + FOOT
    )


def _revision(app: App, call: Call, instance: str) -> int:
    stored = app.runtime.reader.load(call.caller.tenant, instance)
    assert stored is not None
    return stored.row.revision


async def _turns(app: App, call: Call, instance: str, steps: int) -> float:
    """Complete the open task of an instance so many times, and return the CPU seconds."""
    stored = app.runtime.reader.load(call.caller.tenant, instance)
    assert stored is not None
    (wait,) = stored.state.waits.values()
    task = task_id(instance, wait.element, wait.id)
    cpu = time.process_time()
    for _ in range(steps):
        told = await _ask(call, "task_act", task=task, action="complete")
        task = told["waiting"][0]["task"]
    return time.process_time() - cpu


# A wide instance.


async def _wide(folder: Path) -> None:
    costs = {}
    for children in (1_000, 10_000):
        async with open_app(Settings(data=str(folder / str(children)))) as app:
            call = Call(app=app, caller=Caller())
            await _publish(call, _many(children), "many")
            cpu = time.process_time()
            begun = await _ask(call, "instance_start", process="many")
            stored = app.runtime.reader.load(call.caller.tenant, begun["instance"])
            assert stored is not None
            tasks = iter(
                [task_id(begun["instance"], wait.element, wait.id) for wait in stored.state.waits.values()]
            )

            async def client(call: Call = call, tasks: object = tasks) -> None:
                for task in tasks:  # type: ignore[attr-defined]  # the callers share one iterator
                    await _ask(call, "task_act", task=task, action="complete")

            await asyncio.gather(*(client() for _ in range(CLIENTS)))
            costs[children] = (time.process_time() - cpu) / children * 1000
            done = await _ask(call, "instance_read", instance=begun["instance"])
            assert done["status"] == "completed"
    few, many = costs.values()
    print(
        f"parallel multi-instance, CPU for each child: {few:.3f} ms of 1,000, {many:.3f} ms of 10,000;"
        f" ratio {many / few:.2f}"
    )


def _many(children: int) -> str:
    """A person's task for each of many, whose results are collected."""
    loop = (
        "<multiInstanceLoopCharacteristics><extensionElements><zeebe:loopCharacteristics"
        f' inputCollection="=for i in 1..{children} return i" inputElement="one" outputCollection="all"'
        ' outputElement="=one"/></extensionElements></multiInstanceLoopCharacteristics>'
    )
    body = f'<startEvent id="s"/><userTask id="u" name="Each">{loop}</userTask><endEvent id="e"/>'
    return HEAD.format(id="many") + body + _flow("a", "s", "u") + _flow("b", "u", "e") + FOOT


# Many that wait.


async def _fill(folder: Path, waiting: int, timers: int) -> None:
    async with open_app(Settings(data=str(folder))) as app:
        call = Call(app=app, caller=Caller())
        await _publish(call, p3(), "p3")
        await _publish(call, _sleeping(), "sleeping")
        left = iter(range(waiting))

        async def client() -> None:
            for number in left:
                await _ask(call, "instance_start", process="sleeping" if number < timers else "p3")
                if number % 1_000 == 0:
                    _bar("waiting instances", number, waiting)

        await asyncio.gather(*(client() for _ in range(CLIENTS)))
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(
        f"{waiting:,} waiting instances, {timers:,} with a timer: {size / 1e6:.0f} MB on disk, history included"
    )


def _sleeping() -> str:
    """A timer of thirty days."""
    duration = "<timerEventDefinition><timeDuration>P30D</timeDuration></timerEventDefinition>"
    body = f'<startEvent id="s"/><intermediateCatchEvent id="t">{duration}</intermediateCatchEvent>'
    return (
        HEAD.format(id="sleeping")
        + body
        + '<endEvent id="e"/>'
        + _flow("a", "s", "t")
        + _flow("b", "t", "e")
        + FOOT
    )


def _start_and_idle(folder: Path, seconds: float) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = ["-m", "flowmaster", "serve", "--data", str(folder), "--port", str(port)]
    began = time.perf_counter()
    server = subprocess.Popen([sys.executable, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not _answers(port):
            time.sleep(0.02)
        started = time.perf_counter() - began
        found = _call(port, "instance_find", {"status": "active", "limit": 1})
        answered = time.perf_counter() - began
        time.sleep(5)
        before = _cpu(server.pid)
        time.sleep(seconds)
        idle = (_cpu(server.pid) - before) / seconds
        resident = int(Path(f"/proc/{server.pid}/statm").read_text(encoding="utf-8").split()[1]) * os.sysconf(
            "SC_PAGE_SIZE"
        )
    finally:
        server.terminate()
        server.wait()
    print(
        f"start with {found['total']:,} waiting: ready after {started:.2f} s, first list after {answered:.2f} s;"
        f" {idle * 100:.3f} % of a core over {seconds:.0f} s of doing nothing; {resident / 1e6:.0f} MB resident"
    )


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _call(port: int, operation: str, arguments: dict[str, object]) -> dict[str, int]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/{operation}",
        json.dumps(arguments).encode(),
        {"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        found: dict[str, int] = json.load(answer)
    return found


def _cpu(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def _bar(what: str, done: int, of: int) -> None:
    print(f"\r{what}: {done:,} of {of:,} ", end="\n" if done >= of else "", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
