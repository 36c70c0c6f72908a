"""Kills loaded servers again and again and looks for anything that was lost, doubled or left stuck.

    python -m tests.soak.crash [--kills 100] [--seed 1] [--store ADDRESS --servers 3] [--command "python -m flowmaster"]

Clients start instances, complete tasks and do jobs over REST, each call with an idempotency key and at any of the
servers. What was answered is written down; what was cut off is repeated with its key, at whichever server answers. In
the end every instance must have completed with each of its steps done exactly once, and every audit chain must hold.
"""

import argparse
import contextlib
import http.client
import json
import random
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

CLIENTS = 4
AWAY = ("store.unreachable", "store.in_doubt", "store.busy", "server.closing")
"""What a server says whose database is away: the call is to be repeated."""

START_SECONDS_MAX = 300
"""How long a server may take to start: long runs give way to everything else on the machine."""
SETTLE_SECONDS_MAX = 120

MODEL = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="d" targetNamespace="urn:soak">
  <process id="crash" isExecutable="true">
    <startEvent id="s"/>
    <userTask id="check" name="Check"/>
    <serviceTask id="work" name="Work">
      <extensionElements><zeebe:taskDefinition type="soak.work" retries="5"/></extensionElements>
    </serviceTask>
    <intermediateCatchEvent id="rest">
      <timerEventDefinition><timeDuration>PT0.05S</timeDuration></timerEventDefinition>
    </intermediateCatchEvent>
    <scriptTask id="count" name="Count">
      <extensionElements><zeebe:script expression="=answer + result" resultVariable="total"/></extensionElements>
    </scriptTask>
    <endEvent id="e"/>
    <sequenceFlow id="f1" sourceRef="s" targetRef="check"/>
    <sequenceFlow id="f2" sourceRef="check" targetRef="work"/>
    <sequenceFlow id="f3" sourceRef="work" targetRef="rest"/>
    <sequenceFlow id="f4" sourceRef="rest" targetRef="count"/>
    <sequenceFlow id="f5" sourceRef="count" targetRef="e"/>
  </process>
</definitions>"""


class Gone(Exception):
    """The server did not answer: it was killed, or is not up yet."""


class Refused(Exception):
    """The server refused a call."""

    def __init__(self, operation: str, body: dict[str, Any]) -> None:
        super().__init__(f"{operation}: {body}")
        self.body = body
        self.code = body.get("code", "")


class Server:
    """A FlowMaster server as a child process that can be killed."""

    def __init__(self, command: list[str], data: Path, store: str = "", options: Sequence[str] = ()) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._command = [*command, "serve", "--data", str(data), "--port", str(self.port)]
        self._command += [*options, *(["--store", store] if store else [])]
        self._log = data.parent / f"{data.name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.away: tuple[str, ...] = AWAY
        self.refusals: Counter[tuple[int, str]] = Counter()

    def start(self) -> None:
        """Start, and wait until the server answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        until = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < until:
            if self._process.poll() is not None:
                raise RuntimeError(f"the server ended at once; see {self._log}")
            with contextlib.suppress(Gone):
                self.call("server_info")
                return
            time.sleep(0.05)
        raise RuntimeError("the server did not come up")

    @property
    def is_up(self) -> bool:
        """Whether the process that was started last still runs."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """Kill without a word, as a power cut of the process would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """Call an operation over REST."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/v1/{operation}",
            data=json.dumps(arguments).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                body: dict[str, Any] = json.load(answer)
                return body
        except urllib.error.HTTPError as error:
            body = json.load(error)
            self.refusals[error.code, body.get("code", "")] += 1
            if body.get("code") in self.away:
                raise Gone(str(body)) from None
            raise Refused(operation, body) from None
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise Gone(str(error)) from error


@dataclass
class Ledger:
    """What the server acknowledged."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    started: dict[str, str] = field(default_factory=dict)
    checked: set[str] = field(default_factory=set)
    worked: Counter[str] = field(default_factory=Counter)
    cut_off: int = 0
    calls: int = 0


class Client(threading.Thread):
    """One caller: starts instances, does tasks and jobs, and repeats what was cut off with the same key."""

    def __init__(self, number: int, servers: Sequence[Server], ledger: Ledger, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._number, self._servers, self._ledger, self._stop_asked = number, servers, ledger, stop
        self._chance = random.Random(number)
        self._count = 0
        self.fault: BaseException | None = None

    def run(self) -> None:
        """Work until told to stop."""
        try:
            while not self._stop_asked.is_set():
                self._round()
        except BaseException as fault:  # noqa: BLE001 - the main thread reports it
            self.fault = fault

    def _round(self) -> None:
        self._count += 1
        key = f"c{self._number}-{self._count}"
        begun = self._persist(
            "instance_start", process="crash", business_key=key, idempotency_key=f"{key}-start"
        )
        if begun is None:
            return
        with self._ledger.lock:
            self._ledger.started[begun["instance"]] = key
        task = begun["waiting"][0]["task"]
        done = self._persist(
            "task_act",
            task=task,
            action="complete",
            variables={"answer": self._count},
            as_user=f"user{self._number}",
            idempotency_key=f"{key}-check",
        )
        if done is None:
            return
        with self._ledger.lock:
            self._ledger.checked.add(begun["instance"])
        self._work()

    def _work(self) -> None:
        with contextlib.suppress(Gone, Refused):
            taken = self._any().call("work_take", types=["soak.work"], limit=3, lease_seconds=2)
            for job in taken["items"]:
                self._any().call("work_finish", job=job["job"], variables={"result": 1})
                with self._ledger.lock:
                    self._ledger.worked[job["instance"]] += 1
                    self._ledger.calls += 1

    def _any(self) -> Server:
        return self._chance.choice(self._servers)

    def _persist(self, operation: str, **arguments: Any) -> dict[str, Any] | None:
        """Call until the server has answered; None if it is time to stop."""
        while not self._stop_asked.is_set():
            try:
                answer = self._any().call(operation, **arguments)
                with self._ledger.lock:
                    self._ledger.calls += 1
                return answer
            except Gone:
                with self._ledger.lock:
                    self._ledger.cut_off += 1
                time.sleep(0.02)
        return None


@dataclass(frozen=True)
class Report:
    """What the run found; `faults` is empty when all is well."""

    kills: int
    instances: int
    calls: int
    cut_off: int
    seconds: float
    faults: list[str]

    def line(self) -> str:
        """Return the figures on one line."""
        return (
            f"{self.kills} kills, {self.instances} instances, {self.calls} calls answered, "
            f"{self.cut_off} cut off, {len(self.faults)} faults, {self.seconds:.0f} s"
        )


def run(
    kills: int,
    seed: int,
    command: list[str],
    *,
    store: str = "",
    servers: int = 1,
    first: Callable[[Path], Server] | None = None,
    trouble: Callable[[int, Server], list[str]] | None = None,
) -> Report:
    """Run the load, kill a server `kills` times at random moments, and examine what is left.

    `trouble` is called before each kill with its number and the first server, to make some more of it, and returns what it
    finds wrong; `first` makes the first server in another way than the others.
    """
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="flowmaster-soak-") as folder:
        places = [Path(folder) / f"data{number}" for number in range(servers)]
        fleet = [Server(command, place, store) for place in places]
        fleet[0] = fleet[0] if first is None else first(places[0])
        try:
            found = _loaded(fleet, kills, random.Random(seed), trouble)
        finally:
            for each in fleet:
                each.kill()
    return replace(found, seconds=time.monotonic() - began)


def _loaded(
    fleet: Sequence[Server],
    kills: int,
    chance: random.Random,
    trouble: Callable[[int, Server], list[str]] | None,
) -> Report:
    """Run the load and kill, and examine what is left."""
    server, ledger = fleet[0], Ledger()
    for each in fleet:
        each.start()
    server.call("process_create", bpmn=MODEL)
    server.call("process_publish", process="crash")
    stop = threading.Event()
    clients = [Client(number, fleet, ledger, stop) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    done, faults = 0, list[str]()
    while done < kills and not any(client.fault for client in clients):
        time.sleep(chance.uniform(0.02, 0.8))
        if trouble is not None:
            faults += trouble(done, server)
        victim = chance.choice(fleet)
        victim.kill()
        victim.start()
        done += 1
        print(
            f"\rkill {done}/{kills}, {ledger.calls} calls answered, {len(faults)} faults",
            end="",
            file=sys.stderr,
            flush=True,
        )
    time.sleep(0.3)
    stop.set()
    for client in clients:
        client.join(60)
    print(file=sys.stderr)
    faults += [f"a client failed: {client.fault!r}" for client in clients if client.fault]
    faults += finish(server) + examine(server, ledger)
    instances = server.call("instance_find", process="crash", limit=1)["total"]
    return Report(done, instances, ledger.calls, ledger.cut_off, 0.0, faults)


def finish(server: Server) -> list[str]:
    """Do all that is open, and return what cannot be brought to its end."""
    until = time.monotonic() + SETTLE_SECONDS_MAX
    while time.monotonic() < until:
        for task in server.call("task_find", limit=1000)["items"]:
            server.call("task_act", task=task["task"], action="complete", variables={"answer": 0})
        for job in server.call("work_take", limit=1000, lease_seconds=30)["items"]:
            server.call("work_finish", job=job["job"], variables={"result": 1})
        if not server.call("instance_find", process="crash", status="active", limit=1)["total"]:
            return []
        time.sleep(0.2)
    stuck = server.call("instance_find", process="crash", status="active", limit=20)["items"]
    return [f"stuck: {item['instance']}" for item in stuck]


def examine(server: Server, ledger: Ledger) -> list[str]:
    """Return what was lost, doubled or left stuck."""
    faults: list[str] = []
    keys: Counter[str] = Counter()
    cursor: dict[str, Any] = {}
    while True:
        page = server.call("instance_find", process="crash", limit=500, **cursor)
        for item in page["items"]:
            keys[item["business_key"]] += 1
            faults += _examine_one(server, ledger, item["instance"])
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    faults += [f"started {count} times: {key}" for key, count in keys.items() if count != 1]
    faults += [f"lost: {instance} ({key})" for instance, key in ledger.started.items() if key not in keys]
    return faults


def _examine_one(server: Server, ledger: Ledger, instance: str) -> list[str]:
    read = server.call("instance_read", instance=instance, detail=["history", "variables"], limit=1000)
    done = Counter(e["element"] for e in read["history"] if e["event"] == "completed" and "element" in e)
    faults = [
        f"{instance}: {step} completed {done[step]} times"
        for step in ("check", "work", "rest", "count")
        if done[step] != 1
    ]
    numbers = [entry["seq"] for entry in read["history"]]
    if numbers != list(range(1, len(numbers) + 1)):
        faults.append(f"{instance}: its history has gaps")
    if read["status"] != "completed":
        faults.append(f"{instance}: is {read['status']}")
    if instance in ledger.checked and read["variables"]["answer"] == 0:
        faults.append(f"{instance}: the acknowledged answer of its task is lost")
    return faults


def main() -> int:
    """Run from the command line and say what was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--store", default="", help="the address of a database that the servers share")
    parser.add_argument("--servers", type=int, default=1)
    parser.add_argument("--command", default=f"{sys.executable} -m flowmaster")
    options = parser.parse_args()
    report = run(
        options.kills,
        options.seed,
        shlex.split(options.command),
        store=options.store,
        servers=options.servers,
    )
    print(report.line())
    for fault in report.faults[:50]:
        print(f"  {fault}")
    return 1 if report.faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
