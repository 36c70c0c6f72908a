"""A piece of the machine with a network of its own, joined to the rest by one line that can be cut in two ways."""

import contextlib
import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final

from tests.soak.crash import Server

_CLONE_NEWNET: Final = 0x40000000
_NOBODY: Final = "02:00:00:00:00:01"
"""An address of the line at which nobody is: what is sent there is dropped, and nobody is told."""
_NUMBERS: Final = count()


class NoNamespaces(Exception):
    """This user or machine may not make a network of its own."""


class Apart:
    """A network of its own; `near` is this machine's address on the line, `far` the other end's."""

    def __init__(self) -> None:
        place = (os.getpid() * 8 + next(_NUMBERS)) % 16_384
        self.network = f"10.231.{place // 64}.{place % 64 * 4}/30"
        self.near, self.far = (f"10.231.{place // 64}.{place % 64 * 4 + end}" for end in (1, 2))
        self._name = f"flowmaster{place}"
        self._here, self._there = f"fmh{place}", f"fmt{place}"

    def make(self) -> None:
        """Make the network and the line."""
        _ip("netns", "add", self._name)
        _ip("link", "add", self._here, "type", "veth", "peer", "name", self._there)
        _ip("link", "set", self._there, "netns", self._name)
        _ip("address", "add", f"{self.near}/30", "dev", self._here)
        _ip("link", "set", self._here, "up")
        self._inside("address", "add", f"{self.far}/30", "dev", self._there)
        self._inside("link", "set", "lo", "up")
        self._inside("link", "set", self._there, "up")

    def remove(self) -> None:
        """Take both away."""
        with contextlib.suppress(NoNamespaces):
            _ip("link", "del", self._here)
        with contextlib.suppress(NoNamespaces):
            _ip("netns", "del", self._name)

    def command(self, command: list[str]) -> list[str]:
        """Return the command that runs another in there."""
        return ["ip", "netns", "exec", self._name, *command]

    def pull(self) -> None:
        """Pull the line: whoever sends is told that the network is away."""
        self._inside("link", "set", self._there, "down")

    def drop(self) -> None:
        """Drop all that goes in there or out of there, and tell nobody."""
        self._inside("neigh", "replace", self.near, "lladdr", _NOBODY, "nud", "permanent", "dev", self._there)
        _ip("neigh", "replace", self.far, "lladdr", _NOBODY, "nud", "permanent", "dev", self._here)

    def mend(self) -> None:
        """Let everything through again."""
        self._inside("link", "set", self._there, "up")
        with contextlib.suppress(NoNamespaces):
            self._inside("neigh", "del", self.near, "dev", self._there)
        with contextlib.suppress(NoNamespaces):
            _ip("neigh", "del", self.far, "dev", self._here)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Let this thread be in there: the sockets that it makes meanwhile are of that network."""
        with (
            Path("/proc/thread-self/ns/net").open(encoding="utf-8") as home,
            Path(f"/run/netns/{self._name}").open(encoding="utf-8") as there,
        ):
            _enter(there.fileno())
            try:
                yield
            finally:
                _enter(home.fileno())

    def _inside(self, *words: str) -> None:
        _ip("-n", self._name, *words)


class ServerApart(Server):
    """A server in there, which is asked in there."""

    def __init__(self, apart: Apart, command: list[str], data: Path, store: str) -> None:
        super().__init__(apart.command(command), data, store)
        self._apart = apart

    def call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """Call an operation over REST."""
        with self._apart.entered():
            return super().call(operation, **arguments)


@contextmanager
def apart() -> Iterator[Apart]:
    """Make a network of its own, and take it away again."""
    made = Apart()
    try:
        made.make()
        yield made
    finally:
        made.remove()


def _ip(*words: str) -> None:
    try:
        done = subprocess.run(["ip", *words], stderr=subprocess.PIPE, text=True)
    except FileNotFoundError as error:
        raise NoNamespaces("there is no command `ip` (Debian: iproute2)") from error
    if done.returncode != 0:
        raise NoNamespaces(f"ip {' '.join(words)}: {done.stderr.strip()}")


def _enter(network: int) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if library.setns(network, _CLONE_NEWNET) != 0:
        raise NoNamespaces(os.strerror(ctypes.get_errno()))
