"""Three servers on one database, of which one is cut off from it by the network itself, under load.

    python -m tests.soak.partition [--cuts 30] [--seed 1]

The line is pulled, so that the server is told that the network is away, or all packets are dropped, so that nobody is
told anything. While it lasts the server must refuse with the reason, and behind it must go on by itself.
"""

import argparse
import random
import sys
import time
from urllib.parse import urlsplit, urlunsplit

from tests.postgres import Cluster, binaries
from tests.soak.apart import Apart, ServerApart, apart
from tests.soak.crash import Gone, Refused, Report, Server, run

REFUSE_SECONDS_MAX = 12
"""How long the server may take to refuse the first call: one statement, and what others of its calls wait for."""

AGAIN_SECONDS_MAX = 2
"""How long the server may take to refuse another call of a database that is known to be silent."""

BACK_SECONDS_MAX = 20
"""How long the server may take to answer a call when the line is mended."""


def cut_apart(cuts: int, seed: int, command: list[str], *, seconds_max: float) -> Report:
    """Cut one of three servers off from the database so many times, and kill one of the three behind each."""
    chance = random.Random(seed)
    with apart() as place:
        cluster = Cluster(binaries(), also_at=place.near, network=place.network)
        try:
            store = cluster.fresh()
            parts = urlsplit(store)
            far = urlunsplit(parts._replace(netloc=f"flowmaster@{place.near}:{parts.port}"))

            def trouble(number: int, server: Server) -> list[str]:
                return _cut(place, server, number, chance.uniform(0.2, seconds_max))

            return run(
                cuts,
                seed,
                command,
                store=store,
                servers=3,
                first=lambda data: ServerApart(place, command, data, far),
                trouble=trouble,
            )
        finally:
            cluster.remove()


def _cut(place: Apart, server: Server, number: int, seconds: float) -> list[str]:
    """Cut the line in one of its ways, look whether the server says so, and mend it."""
    how = place.pull if number % 2 else place.drop
    how()
    try:
        began = time.monotonic()
        faults = _refuses(server)
        if time.monotonic() - began > REFUSE_SECONDS_MAX:
            faults.append(f"the server took {time.monotonic() - began:.0f} s to refuse a call")
        again = time.monotonic()
        faults += _refuses(server)
        if how == place.drop and time.monotonic() - again > AGAIN_SECONDS_MAX:
            faults.append("the server waits for a silent database again and again")
        time.sleep(max(0.0, seconds - (time.monotonic() - began)))
    finally:
        place.mend()
    until = time.monotonic() + BACK_SECONDS_MAX
    while time.monotonic() < until:
        try:
            server.call("instance_find", limit=1)
        except Gone:
            time.sleep(0.1)
        else:
            return faults
    return [*faults, f"the server did not come back within {BACK_SECONDS_MAX} s of the line"]


def _refuses(server: Server) -> list[str]:
    try:
        server.call("instance_find", limit=1)
    except Gone as gone:
        return [] if "store.unreachable" in str(gone) or "store.busy" in str(gone) else [f"it says {gone}"]
    except Refused as refused:
        return [f"a server that is cut off says {refused}"]
    return ["a server that is cut off answers"]


def main() -> int:
    """Run from the command line and say what was found."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cuts", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    report = cut_apart(options.cuts, options.seed, [sys.executable, "-m", "flowmaster"], seconds_max=12.0)
    print(report.line())
    for fault in report.faults[:50]:
        print(f"  {fault}")
    return 1 if report.faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
