"""A PostgreSQL of the tests' own: a private cluster on a free port of this machine, and a schema for each store.

The cluster lies in a temporary folder and belongs to an unprivileged user, since PostgreSQL refuses to run as root.
"""

import atexit
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from functools import cache
from itertools import count
from pathlib import Path
from typing import Final

from tests.shared_material import go_without

BINARIES: Final = ("/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/bin", "/usr/local/bin")
_SCHEMAS = count(1)


class Cluster:
    """A running cluster."""

    def __init__(self, binaries: Path, *, also_at: str = "", network: str = "") -> None:
        """Start a cluster on this machine alone, or also at an address of a network that may use it."""
        self._binaries = binaries
        self._addresses = ",".join(filter(None, ("127.0.0.1", also_at)))
        self.folder = Path(tempfile.mkdtemp(prefix="flowmaster-postgres-"))
        self._user = _unprivileged()
        if self._user is not None:
            shutil.chown(self.folder, self._user)
        self.data = self.folder / "data"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._run(
            "initdb", "-D", self.data, "-U", "flowmaster", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"
        )
        if network:
            with (self.data / "pg_hba.conf").open("a") as rules:
                rules.write(f"host all all {network} trust\n")
        self.start()

    @property
    def url(self) -> str:
        """The address of the cluster's database."""
        return f"postgresql://flowmaster@127.0.0.1:{self.port}/postgres"

    def fresh(self) -> str:
        """Return the address of a schema that is not there yet."""
        return f"{self.url}?schema=test_{os.getpid()}_{next(_SCHEMAS)}"

    def start(self) -> None:
        """Start the server and wait for it."""
        options = (
            f"-p {self.port} -c listen_addresses={self._addresses} -c unix_socket_directories={self.folder}"
        )
        self._run(
            "pg_ctl",
            "-D",
            self.data,
            "-w",
            "-l",
            self.folder / "log",
            "-o",
            f"{options} -c max_connections=200",
            "start",
        )

    def stop(self, how: str = "fast") -> None:
        """Stop the server: `fast`, or `immediate` as a crash does."""
        self._run("pg_ctl", "-D", self.data, "-w", "-m", how, "stop")

    def remove(self) -> None:
        """Stop it for good."""
        self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, command: str, *words: object) -> None:
        done = subprocess.run(
            [str(self._binaries / command), *map(str, words)],
            cwd=self.folder,
            user=self._user,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE if command == "initdb" else subprocess.DEVNULL,
            timeout=120,
        )
        assert done.returncode == 0, (command, done.stderr)


@cache
def cluster() -> Cluster:
    """Return the cluster of this process, started when it is first asked for."""
    made = Cluster(binaries())
    atexit.register(made.remove)
    return made


def binaries() -> Path:
    """Return the folder of PostgreSQL's programs."""
    found = sorted(each.parent for pattern in BINARIES for each in Path("/").glob(f"{pattern[1:]}/initdb"))
    if not found:
        go_without("there is no PostgreSQL; install one (Debian: postgresql) to test the store on it")
    return found[-1]


def _unprivileged() -> str | None:
    """Return the user to run as; nobody else than the present one unless that is root."""
    if os.getuid() != 0:
        return None
    names = {each.pw_name for each in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)
