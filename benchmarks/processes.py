"""Processes per second, CPU and bytes of FlowMaster beside SpiffWorkflow, in one run on one disk.

    python benchmarks/processes.py [--peers DIR] [--quick] [--json FILE]

P1 is ten script tasks in a row, P2 four branches of two, P3 start + user task + gateway + script + end, P4 what
one waiting instance costs on disk. SpiffWorkflow runs its own script from the folder of peers. `32 clients` are
32 concurrent callers of the operation layer; durable means `synchronous=FULL`, answered after the commit. Rates
hang on the disk, so a probe of its flushes stands beside them; CPU per instance is the figure to trust.
"""

import argparse
import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from flowmaster.engine import commands as cmd
from flowmaster.engine.decide import decide
from flowmaster.engine.model import Executable
from flowmaster.runtime.models import compile_process
from flowmaster.server.collector import settle_collector
from flowmaster.server.settings import Settings
from flowmaster.server.wiring import DATABASE, open_app
from flowmaster.tools.app import App
from flowmaster.tools.invoke import invoke
from flowmaster.tools.registry import Call, Caller

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="urn:bench">'
    '<process id="{id}" isExecutable="true">'
)
FOOT = "</process></definitions>"
CLIENTS = 32


def main() -> int:
    """Run the peers and FlowMaster in turn and print rates and ratios."""
    options = _options()
    with tempfile.TemporaryDirectory(prefix="flowmaster-bench-") as folder:
        scratch = Path(folder)
        figures = {"SpiffWorkflow": _spiff(options.peers, scratch, quick=options.quick)}
        figures["FlowMaster"] = asyncio.run(_flowmaster(scratch, quick=options.quick))
    rows = _table(figures["FlowMaster"], figures["SpiffWorkflow"])
    width = max(len(row[0]) for row in rows)
    for name, ours, theirs, ratio in rows:
        print(f"{name:{width}}  {ours:>22}  {theirs:>22}  {ratio:>8}")
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=1), encoding="utf-8")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    shared = Path(os.environ.get("FLOWMASTER_SHARED", Path(__file__).parents[2] / "shared"))
    parser.add_argument("--peers", type=Path, default=shared / "peers", help="folder of the peers' scripts")
    parser.add_argument("--quick", action="store_true", help="fewer instances, for a look")
    parser.add_argument("--json", help="write all figures here")
    return parser.parse_args()


# The peer.


def _spiff(peers: Path, scratch: Path, *, quick: bool) -> dict[str, Any]:
    """Run SpiffWorkflow's own script in a folder that may be written."""
    if not (peers / "spiff_bench.py").is_file():
        print(f"No peers at {peers}: only FlowMaster is measured.", file=sys.stderr)
        return {}
    home = scratch / "peers"
    shutil.copytree(peers, home)
    os.chmod(home, 0o755)
    for file in home.iterdir():
        os.chmod(file, 0o755)
    subprocess.run([sys.executable, str(home / "gen.py")], check=True)
    environment = {**os.environ, "REP": "3" if quick else "5", "M": "2000" if quick else "10000"}
    before = fsyncs_per_second(scratch)
    done = subprocess.run(
        [sys.executable, str(home / "spiff_bench.py"), str(scratch / "spiff"), "p1", "p2", "p3", "p4"],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    )
    found: dict[str, Any] = {"fsync": [before, fsyncs_per_second(scratch)]}
    for line in done.stdout.splitlines():
        entry = json.loads(line)
        key = "-".join(str(entry[part]) for part in ("bench", "mode", "what", "sync") if part in entry)
        found[key] = entry
    return found


# FlowMaster.


async def _flowmaster(scratch: Path, *, quick: bool) -> dict[str, Any]:
    settle_collector()
    found: dict[str, Any] = {"fsync": [fsyncs_per_second(scratch)]}
    for name, model in (("p1", p1()), ("p2", p2())):
        found[f"{name}-mem"] = _in_memory(model, name, 300 if quick else 1000)
    number = 640 if quick else 2560
    found["p1-durable"] = await _durable(scratch / "p1", p1(), "p1", _start_only, number)
    found["p3-durable"] = await _durable(scratch / "p3", p3(), "p3", _round_trip, number)
    found["p4"] = await _bytes_waiting(scratch / "p4", 2000 if quick else 10_000)
    found["fsync"].append(fsyncs_per_second(scratch))
    return found


class _NoLibrary:
    def decision(self, decision: str, version: str) -> None:
        return None


def _in_memory(model: str, name: str, number: int) -> dict[str, float]:
    executable = Executable(compile_process(model, name), 1, _NoLibrary())
    command = cmd.StartInstance(1, "bench", f"{name}:1")
    rates, cpus = [], []
    for _ in range(5):
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(number):
            decided = decide(executable, None, command)
        rates.append(number / (time.perf_counter() - wall))
        cpus.append((time.process_time() - cpu) / number * 1000)
        assert decided.state.status == "completed"
    return {"per_s": statistics.median(rates), "cpu_ms": statistics.median(cpus)}


Work = Callable[[App, Call, str], Awaitable[None]]


async def _durable(folder: Path, model: str, name: str, work: Work, number: int) -> dict[str, float]:
    rates, cpus, saves = [], [], []
    async with open_app(Settings(data=str(folder))) as app:
        call = Call(app=app, caller=Caller())
        await _publish(call, model, name)
        for _ in range(3):
            with _commits(app) as commits:
                wall, cpu = time.perf_counter(), time.process_time()

                async def client() -> None:
                    for _ in range(number // CLIENTS):
                        await work(app, call, name)

                await asyncio.gather(*(client() for _ in range(CLIENTS)))
                rates.append(number / (time.perf_counter() - wall))
                cpus.append((time.process_time() - cpu) / number * 1000)
            saves.append(number / max(1, commits[0]))
    return {
        "per_s": statistics.median(rates),
        "cpu_ms": statistics.median(cpus),
        "instances_per_commit": statistics.median(saves),
    }


@contextmanager
def _commits(app: App) -> Any:
    """Count the transactions of the writer."""
    count = [0]
    store = app.runtime.store
    original = store.transaction

    def counted() -> Any:
        count[0] += 1
        return original()

    store.transaction = counted  # type: ignore[method-assign]
    try:
        yield count
    finally:
        store.transaction = original  # type: ignore[method-assign]


async def _ask(call: Call, operation: str, **arguments: Any) -> Any:
    answer = await invoke(call.app.registry, call, operation, arguments)
    assert not answer.refused, answer.text
    return answer.data()


async def _publish(call: Call, model: str, name: str) -> None:
    await _ask(call, "process_create", bpmn=model)
    await _ask(call, "process_publish", process=name)


async def _start_only(app: App, call: Call, name: str) -> None:
    done = await _ask(call, "instance_start", process=name)
    assert done["status"] == "completed"


async def _round_trip(app: App, call: Call, name: str) -> None:
    begun = await _ask(call, "instance_start", process=name)
    task = begun["waiting"][0]["task"]
    done = await _ask(call, "task_act", task=task, action="complete", variables={"approved": True})
    assert done["status"] == "completed"


async def _bytes_waiting(folder: Path, number: int) -> dict[str, float]:
    async with open_app(Settings(data=str(folder))) as app:
        call = Call(app=app, caller=Caller())
        await _publish(call, p3(), "p3")
        before = sizes(folder / DATABASE)

        async def client() -> None:
            for _ in range(number // CLIENTS):
                await _ask(call, "instance_start", process="p3")

        wall = time.perf_counter()
        await asyncio.gather(*(client() for _ in range(CLIENTS)))
        rate = number / (time.perf_counter() - wall)
    after = sizes(folder / DATABASE)
    made = number // CLIENTS * CLIENTS
    grown = {name: (size - before.get(name, 0)) / made for name, size in after.items()}
    hot = sum(size for name, size in grown.items() if name.startswith(("instance", "wait")))
    history = sum(size for name, size in grown.items() if name.startswith(("journal", "step", "history")))
    return {
        "bytes_waiting": hot,
        "bytes_history": history,
        "bytes_all": sum(grown.values()),
        "create_per_s": rate,
    }


def sizes(database: Path) -> dict[str, int]:
    """Return the bytes that each table and index of a database takes."""
    connection = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)
    found = connection.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name")
    grown = {str(name): int(size) for name, size in found}
    tables = {
        str(name): str(table)
        for name, table in connection.execute("SELECT name, tbl_name FROM sqlite_schema")
    }
    connection.close()
    return {f"{tables.get(name, name)}/{name}": size for name, size in grown.items()}


def fsyncs_per_second(folder: Path) -> float:
    """Return how many 4 KiB writes the disk makes durable in a second."""
    block, count = os.urandom(4096), 0
    with (folder / "fsync.probe").open("wb") as file:
        until = time.perf_counter() + 0.5
        while time.perf_counter() < until:
            file.write(block)
            file.flush()
            os.fsync(file.fileno())
            count += 1
    return count / 0.5


# The models.


def p1() -> str:
    """Ten script tasks in a row."""
    names = ["s", *(f"t{number}" for number in range(10)), "e"]
    body = "".join(_script(f"t{number}", str(number + 1), f"v{number}") for number in range(10))
    flows = "".join(_flow(f"f{n}", a, b) for n, (a, b) in enumerate(zip(names, names[1:], strict=False)))
    return HEAD.format(id="p1") + '<startEvent id="s"/>' + body + '<endEvent id="e"/>' + flows + FOOT


def p2() -> str:
    """Four parallel branches of two script tasks."""
    body = "".join(_script(f"t{number}", str(number + 1), f"v{number}") for number in range(8))
    flows = _flow("a", "s", "g1") + _flow("z", "g2", "e")
    for branch in range(4):
        first, second = f"t{2 * branch}", f"t{2 * branch + 1}"
        flows += _flow(f"x{branch}", "g1", first) + _flow(f"y{branch}", first, second)
        flows += _flow(f"w{branch}", second, "g2")
    gates = '<parallelGateway id="g1"/><parallelGateway id="g2"/>'
    return HEAD.format(id="p2") + '<startEvent id="s"/>' + gates + body + '<endEvent id="e"/>' + flows + FOOT


def p3() -> str:
    """A user task, a gateway, a script task."""
    body = '<startEvent id="s"/><userTask id="u" name="Approve"/><exclusiveGateway id="g" default="no"/>'
    body += _script("t0", "1", "result") + '<endEvent id="e"/><endEvent id="e2"/>'
    condition = "<conditionExpression>=approved</conditionExpression>"
    flows = _flow("a", "s", "u") + _flow("b", "u", "g") + _flow("no", "g", "e2") + _flow("c", "t0", "e")
    flows += f'<sequenceFlow id="yes" sourceRef="g" targetRef="t0">{condition}</sequenceFlow>'
    return HEAD.format(id="p3") + body + flows + FOOT


def _script(key: str, expression: str, result: str) -> str:
    script = f'<zeebe:script expression="={expression}" resultVariable="{result}"/>'
    return f'<scriptTask id="{key}" name="{key}"><extensionElements>{script}</extensionElements></scriptTask>'


def _flow(key: str, source: str, target: str) -> str:
    return f'<sequenceFlow id="{key}" sourceRef="{source}" targetRef="{target}"/>'


# The report.


def _table(ours: dict[str, Any], theirs: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    rows = [("", "FlowMaster", "SpiffWorkflow 3.2", "ratio")]
    rows.append(("disk flushes/s before, after", *(_probe(side.get("fsync")) for side in (ours, theirs)), ""))
    pairs = (
        ("P1 in memory, CPU ms", "p1-mem", "p1-mem", "cpu_ms"),
        ("P2 in memory, CPU ms", "p2-mem", "p2-mem", "cpu_ms"),
        ("P1 durable (FULL), 32 clients, /s", "p1-durable", "p1-end-FULL", "per_s"),
        ("P1 durable (FULL), CPU ms", "p1-durable", "p1-end-FULL", "cpu_ms"),
        ("P3 durable (FULL), 32 clients, /s", "p3-durable", "p3-FULL", "per_s"),
        ("P3 durable (FULL), CPU ms", "p3-durable", "p3-FULL", "cpu_ms"),
    )
    for name, mine, other, figure in pairs:
        left, right = ours[mine][figure], theirs.get(other, {}).get(figure)
        better = None if not right else (left / right if figure == "per_s" else right / left)
        rows.append((name, f"{left:,.3f}", "" if right is None else f"{right:,.3f}", _times(better)))
    for name in ("p1-durable", "p3-durable"):
        rows.append((f"{name}: instances per commit", f"{ours[name]['instances_per_commit']:.1f}", "1", ""))
    waiting = ours["p4"]
    peer = theirs.get("p4-stored", {}).get("db_bytes_per_instance")
    rows.append(
        (
            "P4 bytes per waiting instance",
            f"{waiting['bytes_waiting']:.0f}",
            "" if peer is None else str(peer),
            _times(None if peer is None else peer / waiting["bytes_waiting"]),
        )
    )
    rows.append(("P4 bytes of history and audit", f"{waiting['bytes_history']:.0f}", "", ""))
    return rows


def _probe(flushes: list[float] | None) -> str:
    return "" if not flushes else ", ".join(f"{each:,.0f}" for each in flushes)


def _times(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.1f}x"


if __name__ == "__main__":
    raise SystemExit(main())
