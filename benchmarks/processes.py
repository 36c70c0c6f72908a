"""Processes per second, CPU and bytes of FlowMaster beside SpiffWorkflow, bpmn-engine and DBOS, in one run on one disk.

    python -m benchmarks.processes [--peers DIR] [--quick] [--alone] [--json FILE]

P1 is ten script tasks in a row, P2 four branches of two, P3 start + user task + gateway + script + end, P4 what
one waiting instance costs on disk. Each peer runs its own script from the folder of peers. `32 clients` are 32
concurrent callers of the operation layer; durable means `synchronous=FULL`, answered after the commit. FlowMaster and
SpiffWorkflow take turns, with a probe of the disk's flushes between: a round counts when its probes lie less than a
factor of two apart, and the medians of the rounds that count are reported. CPU per instance is the figure that hangs
least on the disk.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from benchmarks.peers import POSTGRES, Peers
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
    """Run FlowMaster and the peers in turn and print rates and ratios."""
    options = _options()
    settle_collector()
    with tempfile.TemporaryDirectory(prefix="flowmaster-bench-") as folder:
        bench = Bench(Path(folder), Peers(options.peers), quick=options.quick)
        figures = {"rounds": bench.rounds(), "once": bench.once()}
        if not options.alone:
            figures |= {"others": bench.others(), "postgres": bench.postgres()}
    print("\n".join(report(figures)))
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=1), encoding="utf-8")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    shared = Path(os.environ.get("FLOWMASTER_SHARED", Path(__file__).parents[2] / "shared"))
    parser.add_argument("--peers", type=Path, default=shared / "peers", help="folder of the peers' scripts")
    parser.add_argument("--quick", action="store_true", help="fewer instances and rounds, for a look")
    parser.add_argument("--alone", action="store_true", help="beside SpiffWorkflow alone")
    parser.add_argument("--json", help="write all figures here")
    return parser.parse_args()


class Bench:
    """One run of everything, on one disk."""

    def __init__(self, scratch: Path, peers: Peers, *, quick: bool) -> None:
        self._scratch = scratch
        self._peers = peers
        self._rounds = 2 if quick else 7
        self._number = 640 if quick else 2560
        self._waiting = 2_000 if quick else 10_000

    def rounds(self) -> list[dict[str, Any]]:
        """Let FlowMaster and SpiffWorkflow take turns."""
        found = []
        for number in range(1, self._rounds + 1):
            print(f"\rround {number} of {self._rounds}", end="", file=sys.stderr, flush=True)
            before = fsyncs_per_second(self._scratch)
            theirs = self._peers.spiff("p1", "p2", "p3", number=60)
            between = fsyncs_per_second(self._scratch)
            ours = asyncio.run(self._ours(self._scratch / f"round{number}"))
            after = fsyncs_per_second(self._scratch)
            found.append({"ours": ours, "theirs": theirs, "probes": [before, between, after]})
        print(file=sys.stderr)
        return found

    async def _ours(self, folder: Path) -> dict[str, dict[str, float]]:
        models = {"p1": p1(), "p2": p2(), "p3": p3()}
        found = {f"{name}-mem": _in_memory(models[name], name, 400) for name in ("p1", "p2")}
        for name, work in WORK.items():
            settings = Settings(data=str(folder / name))
            found[f"{name}-durable"] = await _durable(settings, models[name], name, work, self._number)
        return found

    def once(self) -> dict[str, Any]:
        """Measure what hangs neither on the disk nor on the moment: bytes of waiting instances."""
        theirs = self._peers.spiff("p4", number=self._waiting)
        return {
            "ours": asyncio.run(_bytes_waiting(self._scratch / "p4", self._waiting)),
            "theirs": theirs.get("p4-stored", {}).get("db_bytes_per_instance"),
        }

    def others(self) -> dict[str, Any]:
        """Run the slower peers, with probes of the disk beside them."""
        found: dict[str, Any] = {"flushes/s": [fsyncs_per_second(self._scratch)]}
        for name in ("bpmn-engine", "DBOS"):
            print(f"{name} ...", file=sys.stderr)
            if name == "DBOS":
                found[name] = self._peers.dbos("sqlite-wal", number=30, waiting=200, repeats=3)
            else:
                found[name] = self._peers.bpmn_engine("p1", "p2", "p3", "p4", number=30, repeats=3)
            found["flushes/s"].append(fsyncs_per_second(self._scratch))
        return found

    def postgres(self) -> dict[str, Any]:
        """Measure FlowMaster and DBOS on one PostgreSQL."""
        if not self._peers.postgres(start=True):
            return {}
        try:
            print("PostgreSQL ...", file=sys.stderr)
            found: dict[str, Any] = {"DBOS": self._peers.dbos("pg", number=30, waiting=200, repeats=3)}
            for name, work in WORK.items():
                settings = Settings(
                    data=str(self._scratch / "pg"), store=f"{POSTGRES}?schema={name}_{os.getpid()}"
                )
                model = p1() if name == "p1" else p3()
                found[name] = asyncio.run(_durable(settings, model, name, work, self._number // 2))
            return found
        finally:
            self._peers.postgres(start=False)


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


async def _durable(settings: Settings, model: str, name: str, work: Work, number: int) -> dict[str, float]:
    rates, cpus, saves = [], [], []
    async with open_app(settings) as app:
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

    def counted(**how: Any) -> Any:
        count[0] += 1
        return original(**how)

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


WORK: dict[str, Work] = {"p1": _start_only, "p3": _round_trip}


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

PAIRS = (
    ("P1 in memory, CPU ms", "p1-mem", "p1-mem", "cpu_ms"),
    ("P2 in memory, CPU ms", "p2-mem", "p2-mem", "cpu_ms"),
    ("P1 durable (FULL), 32 clients, /s", "p1-durable", "p1-end-FULL", "per_s"),
    ("P1 durable (FULL), CPU ms", "p1-durable", "p1-end-FULL", "cpu_ms"),
    ("P3 durable (FULL), 32 clients, /s", "p3-durable", "p3-FULL", "per_s"),
    ("P3 durable (FULL), CPU ms", "p3-durable", "p3-FULL", "cpu_ms"),
)


def report(figures: dict[str, Any]) -> list[str]:
    """Return the lines of the report: medians of the rounds that count, then the rest."""
    rounds = figures["rounds"]
    counted = [one for one in rounds if one["theirs"] and max(one["probes"]) < 2 * min(one["probes"])]
    shown = counted or rounds
    probes = [round(probe) for one in rounds for probe in one["probes"]]
    disk = f"flushes/s of the disk: {min(probes):,} to {max(probes):,}"
    rows = [("", "FlowMaster", "SpiffWorkflow 3.2", "ratio (of each round)")]
    for name, mine, other, figure in PAIRS:
        rows.append((name, *_pair(shown, mine, other, figure)))
    for name in ("p1-durable", "p3-durable"):
        saves = statistics.median(one["ours"][name]["instances_per_commit"] for one in shown)
        rows.append((f"{name}: instances per commit", f"{saves:.1f}", "1", ""))
    waiting, theirs = figures["once"]["ours"], figures["once"]["theirs"]
    times = _times(theirs and theirs / waiting["bytes_waiting"])
    rows.append(
        ("P4 bytes per waiting instance", f"{waiting['bytes_waiting']:.0f}", str(theirs or ""), times)
    )
    rows.append(("P4 bytes of history and audit", f"{waiting['bytes_history']:.0f}", "", ""))
    lines = [f"{disk}; {len(counted)} of {len(rounds)} rounds count", *_aligned(rows)]
    for name, found in (("", figures.get("others", {})), ("PostgreSQL: ", figures.get("postgres", {}))):
        lines += [f"{name}{key}: {json.dumps(value)}" for key, value in _flat(found)]
    return lines


def _pair(rounds: list[dict[str, Any]], mine: str, other: str, figure: str) -> tuple[str, str, str]:
    ours = [one["ours"][mine][figure] for one in rounds]
    theirs = [one["theirs"].get(other, {}).get(figure) for one in rounds]
    left = f"{statistics.median(ours):,.3f}"
    if None in theirs:
        return left, "", ""
    ratios = [a / b if figure == "per_s" else b / a for a, b in zip(ours, theirs, strict=True)]
    each = ", ".join(f"{ratio:.1f}" for ratio in ratios)
    return left, f"{statistics.median(theirs):,.3f}", f"{_times(statistics.median(ratios))} ({each})"


def _flat(found: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return what the other peers said, one line each."""
    lines: list[tuple[str, Any]] = []
    for name, value in found.items():
        if isinstance(value, dict) and all(isinstance(one, dict) for one in value.values()):
            for key, one in value.items():
                lines.append((f"{name} {key}", {k: v for k, v in one.items() if k not in ("peer", "runs")}))
        else:
            lines.append((name, value))
    return lines


def _aligned(rows: list[tuple[str, str, str, str]]) -> list[str]:
    width = max(len(row[0]) for row in rows)
    return [f"{name:{width}}  {ours:>12}  {theirs:>18}  {ratio}" for name, ours, theirs, ratio in rows]


def _times(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.1f}x"


if __name__ == "__main__":
    raise SystemExit(main())
