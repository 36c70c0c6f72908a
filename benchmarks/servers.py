"""What two servers on one PostgreSQL do beside one: instances for a second of processor time, and lost races.

    python -m benchmarks.servers [--instances N] [--rounds N]

Each server has 32 concurrent callers of the operation layer, who start an instance with a person's task and complete
it (P3: two commits an instance). Processor time is that of the servers and of the whole database, read from /proc.
The database is a private one, started and removed by this script.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.processes import CLIENTS, _ask, _publish, _round_trip, p3
from flowmaster.server.collector import settle_collector
from flowmaster.server.settings import Settings
from flowmaster.server.wiring import open_app
from flowmaster.tools.registry import Call, Caller
from tests.postgres import Cluster, cluster

TICKS = os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Measure one server and two in turn, and print the ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--instances", type=int, default=2_560, help="instances a server runs in a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        print(json.dumps(asyncio.run(_serve(options.serve, options.instances))), flush=True)
        return 0
    place = cluster()
    ratios: dict[str, list[float]] = {"all": [], "servers": []}
    for number in range(1, options.rounds + 1):
        one, two = (_measured(place, servers, options.instances) for servers in (1, 2))
        for name, found in ratios.items():
            found.append(two[name] / one[name])
        print(f"round {number}: one server {_said(one)}; two servers {_said(two)}")
    for name, found in ratios.items():
        each = ", ".join(f"{ratio:.2f}" for ratio in found)
        whose = "servers and database" if name == "all" else "servers alone"
        print(
            f"two servers beside one, instances per CPU second, {whose}: {statistics.median(found):.2f} ({each})"
        )
    return 0


def _said(found: dict[str, float]) -> str:
    return f"{found['rate']:.0f}/s, {found['all']:.0f} per CPU second ({found['servers']:.0f} of the servers)"


def _measured(place: Cluster, servers: int, instances: int) -> dict[str, float]:
    """Let servers work side by side on a new schema, and check that nothing is lost or doubled."""
    url = place.fresh()
    asyncio.run(_prepare(url))
    words = [sys.executable, "-m", "benchmarks.servers", "--serve", url, "--instances", str(instances)]
    running = [
        subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(servers)
    ]
    for server in running:
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
    before, began = _database_cpu(place), time.perf_counter()
    for server in running:
        assert server.stdin is not None
        server.stdin.write("go\n")
        server.stdin.flush()
    told: list[dict[str, float]] = [json.loads(server.communicate()[0]) for server in running]
    wall = time.perf_counter() - began
    database, own = _database_cpu(place) - before, sum(one["cpu"] for one in told)
    done = asyncio.run(_completed(url))
    assert done == servers * instances, f"{done} of {servers * instances} instances are completed"
    return {"rate": done / wall, "all": done / (database + own), "servers": done / own}


async def _prepare(url: str) -> None:
    async with open_app(Settings(data=":memory:", store=url)) as app:
        await _publish(Call(app=app, caller=Caller()), p3(), "p3")


async def _completed(url: str) -> int:
    async with open_app(Settings(data=":memory:", store=url)) as app:
        found = await _ask(Call(app=app, caller=Caller()), "instance_find", status="completed", limit=1)
    return int(found["total"])


async def _serve(url: str, instances: int) -> dict[str, float]:
    settle_collector()
    async with open_app(Settings(data=":memory:", store=url)) as app:
        call: Any = Call(app=app, caller=Caller())
        await _round(app, call, CLIENTS)
        print("ready", flush=True)
        sys.stdin.readline()
        cpu = time.process_time()
        await _round(app, call, instances - CLIENTS)
        return {"cpu": time.process_time() - cpu}


async def _round(app: Any, call: Call, instances: int) -> None:
    async def client() -> None:
        for _ in range(instances // CLIENTS):
            await _round_trip(app, call, "p3")

    await asyncio.gather(*(client() for _ in range(CLIENTS)))


def _database_cpu(place: Cluster) -> float:
    """Return the processor seconds of the database so far, those of ended connections included."""
    master = (place.data / "postmaster.pid").read_text().splitlines()[0]
    ticks = 0
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if folder.name == master:
                ticks += sum(map(int, fields[11:15]))
            elif fields[1] == master:
                ticks += sum(map(int, fields[11:13]))
    return ticks / TICKS


if __name__ == "__main__":
    raise SystemExit(main())
