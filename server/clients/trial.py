"""Starts `flowmaster mcp` as a client would, plays the beginning of a session, and measures the answers."""

import json
import os
import queue
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import IO, Any, Final, NamedTuple

from flowmaster import __version__
from flowmaster.server.clients.launch import Launch
from flowmaster.server.options import MEMORY

ANSWER_SECONDS_MAX: Final = 60.0
"""How long an answer is waited for; no client waits longer."""

HANDED_ON: Final = (
    *("HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER"),
    *("APPDATA", "HOMEDRIVE", "HOMEPATH", "LOCALAPPDATA", "PATHEXT", "PROCESSOR_ARCHITECTURE", "SYSTEMDRIVE"),
    *("SYSTEMROOT", "TEMP", "USERNAME", "USERPROFILE"),
)
"""The environment variables that a careful client hands on to a server."""

_GREETING: Final = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "flowmaster doctor", "version": __version__},
}


class Times(NamedTuple):
    """Milliseconds from the start of the process to each answer, and what was told."""

    greeted: float
    listed: float
    worked: float
    version: str
    tools: int


class Failed(Exception):
    """A server that did not answer as it must; the text tells how."""


def measured(launch: Launch) -> Times:
    """Play the beginning of a session with a new process on data of its own, and return how long its answers took.

    Raises:
        Failed: it does not answer, or says something else than frames.
    """
    environment = {name: os.environ[name] for name in HANDED_ON if name in os.environ}
    begun = time.perf_counter()

    def passed() -> float:
        return (time.perf_counter() - begun) * 1000

    with _session(launch, environment) as session:
        told = session.asked(1, "initialize", _GREETING)
        greeted = passed()
        session.tell({"jsonrpc": "2.0", "method": "notifications/initialized"})
        tools = session.asked(2, "tools/list", {}).get("tools", [])
        listed = passed()
        question = {"operation": "server_info", "arguments": {}}
        answer = session.asked(3, "tools/call", {"name": "operation_query", "arguments": question})
        if answer.get("isError"):
            raise Failed("refuses its first call")
        return Times(greeted, listed, passed(), str(told.get("serverInfo", {}).get("version")), len(tools))


class _Session:
    """A server's process and the frames that it writes."""

    def __init__(self, process: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
        self._process = process
        self._errors = errors
        self._lines: queue.Queue[bytes] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def tell(self, message: Mapping[str, Any]) -> None:
        """Send a frame."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            raise Failed(self._ended()) from None

    def asked(self, identity: int, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request and return its result."""
        self.tell({"jsonrpc": "2.0", "id": identity, "method": method, "params": params})
        while True:
            try:
                line = self._lines.get(timeout=ANSWER_SECONDS_MAX)
            except queue.Empty:
                raise Failed(f"does not answer `{method}` in {ANSWER_SECONDS_MAX:.0f} s") from None
            if not line:
                raise Failed(self._ended())
            try:
                message = json.loads(line)
            except ValueError:
                raise Failed(f"writes something that is no frame: {line[:80]!r}") from None
            if isinstance(message, dict) and message.get("id") == identity:
                result = message.get("result")
                if not isinstance(result, dict):
                    raise Failed(f"answers `{method}` with {str(message.get('error'))[:200]}")
                return result

    def end(self) -> None:
        """End the process and let go of its streams."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.kill()
        with suppress(OSError):
            self._process.stdin.close()
        self._process.wait()
        self._reader.join()
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(b"")

    def _ended(self) -> str:
        code = self._process.wait()
        self._errors.seek(0)
        last = self._errors.read()[-2_000:].decode(errors="replace").strip().splitlines()[-1:]
        return f"ended with code {code}" + (f": {last[0][:300]}" if last else "")


@contextmanager
def _session(launch: Launch, environment: Mapping[str, str]) -> Iterator[_Session]:
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                [*launch.words(), "--data", MEMORY],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=folder,
                env=dict(environment),
            )
        except OSError as error:
            raise Failed(f"`{launch.program}` cannot be started ({error.strerror})") from None
        session = _Session(process, errors)
        try:
            yield session
        except Failed as error:
            raise Failed(f"`{' '.join(launch.words())}` {error}") from None
        finally:
            session.end()
