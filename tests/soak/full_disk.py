"""A server under load whose disk is full again and again.

    python -m tests.soak.full_disk [--rounds 30] [--seed 1]

The disk is a real one in memory, with room for what a run of a hundred rounds writes. While it is full, changes are
refused with the reason, reads go on and the server stays up; when there is room again it goes on by itself. In the end
whatever was answered is there, and each step was done exactly once.
"""

import argparse
import contextlib
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flowmaster.server.wiring import DATABASE
from flowmaster.stores.sqlite.health import damages
from tests.soak.crash import CLIENTS, MODEL, Client, Gone, Ledger, Refused, Server, examine, finish

MEGABYTES = 96
FULL = (507, "store.full")
SECONDS_MAX = 30


class NoMount(Exception):
    """This user or machine may not mount a disk."""


class SmallDisk:
    """A mounted disk, small for a disk, and a file that takes what room there is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filling = folder / "filling"

    def fill(self, spare: int) -> None:
        """Leave so many bytes."""
        with self._filling.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while (room := self.room - spare) > 0:
                file.write(bytes(min(room, 65_536)))

    def free(self) -> None:
        """Make room again."""
        self._filling.unlink()

    @property
    def room(self) -> int:
        """How many bytes there is room for."""
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_bsize


@contextmanager
def small_disk(megabytes: int = MEGABYTES) -> Iterator[SmallDisk]:
    """Mount a disk in memory, and take it away again."""
    with tempfile.TemporaryDirectory(prefix="flowmaster-disk-") as name:
        folder = Path(name) / "disk"
        folder.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=700", "none", str(folder)]
        done = subprocess.run(mount, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise NoMount(done.stderr.strip())
        try:
            yield SmallDisk(folder)
        finally:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


@dataclass(frozen=True)
class Report:
    """What the run found; `refused` counts the calls that were refused for want of room."""

    rounds: int
    instances: int
    calls: int
    refused: int
    faults: list[str]


def run(rounds: int, seed: int, command: list[str], disk: SmallDisk) -> Report:
    """Run the load, fill the disk so many times, and examine what is left."""
    chance = random.Random(seed)
    server, ledger = Server(command, disk.folder), Ledger()
    server.start()
    server.away = (*server.away, FULL[1])
    stop = threading.Event()
    clients = [Client(number, [server], ledger, stop) for number in range(CLIENTS)]
    faults: list[str] = []
    try:
        server.call("process_create", bpmn=MODEL)
        server.call("process_publish", process="crash")
        for client in clients:
            client.start()
        for number in range(1, rounds + 1):
            faults += _fill(server, ledger, disk, chance)
            print(
                f"\rfull {number}/{rounds}, {ledger.calls} calls answered, {len(faults)} faults",
                end="",
                file=sys.stderr,
                flush=True,
            )
        stop.set()
        for client in clients:
            client.join(60)
        print(file=sys.stderr)
        faults += [f"a client failed: {client.fault!r}" for client in clients if client.fault]
        faults += finish(server) + examine(server, ledger)
        instances = server.call("instance_find", process="crash", limit=1)["total"]
    finally:
        stop.set()
        server.kill()
    faults += damages(disk.folder / DATABASE)
    return Report(rounds, instances, ledger.calls, server.refusals[FULL], faults)


def _fill(server: Server, ledger: Ledger, disk: SmallDisk, chance: random.Random) -> list[str]:
    """Fill the disk under load, look whether the server bears it, and make room again."""
    faults: list[str] = []
    time.sleep(chance.uniform(0.1, 0.5))
    disk.fill(chance.choice((0, chance.randrange(400_000))))
    before = server.refusals[FULL]
    if not _comes(lambda: server.refusals[FULL] > before):
        faults.append("nothing was refused although the disk is full")
    try:
        if server.call("instance_find", process="crash", limit=1)["total"] < len(ledger.started):
            faults.append("what was answered cannot be read while the disk is full")
        server.call("server_info")
        for _ in range(2 * MEGABYTES):  # Some may fit into what the log has taken already.
            server.call("instance_start", process="crash", variables={"filling": "x" * 1_000_000})
        faults.append("a change found room although the disk is full")
    except Refused as refused:
        if "full" not in refused.body["message"] or "Free space" not in refused.body.get("fix", ""):
            faults.append(f"the refusal does not help: {refused}")
    except Gone as gone:
        if "store.full" not in str(gone):
            faults.append(f"the server did not answer while the disk was full: {gone}")
    time.sleep(chance.uniform(0.1, 0.5))
    if not server.is_up:
        faults.append("the server ended")
    answered = ledger.calls
    disk.free()
    if not _comes(lambda: ledger.calls > answered + CLIENTS):
        faults.append("the server does not go on although there is room again")
    return faults


def _comes(true: Callable[[], bool]) -> bool:
    until = time.monotonic() + SECONDS_MAX
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def main() -> int:
    """Run from the command line and say what was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with small_disk() as disk:
        report = run(options.rounds, options.seed, [sys.executable, "-m", "flowmaster"], disk)
    print(
        f"full {report.rounds} times, {report.instances} instances, {report.calls} calls answered, "
        f"{report.refused} refused, {len(report.faults)} faults"
    )
    for fault in report.faults[:50]:
        print(f"  {fault}")
    return 1 if report.faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
