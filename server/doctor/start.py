"""Starts `flowmaster mcp` as a client would, and measures how long its first answers take."""

import json
import os
import queue
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any, Final, NamedTuple

from flowmaster import __version__
from flowmaster.server.clients.launch import Launch
from flowmaster.server.doctor.finding import Finding
from flowmaster.server.options import MEMORY

ANSWER_SECONDS_MAX: Final = 30.0
SLOW_MS: Final = 1_000
"""Some clients leave a server's tools out, without a word, when it takes longer than this."""

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


def start(launch: Launch) -> Finding:
    """Start the server on data of its own, greet it, ask for its tools and call one."""
    try:
        times = measured(launch, {name: os.environ[name] for name in HANDED_ON if name in os.environ})
    except Failed as error:
        return Finding(
            "start over MCP",
            "fault",
            f"`{' '.join(launch.words())}` {error}",
            "Run that command by hand to see what it says; then install FlowMaster anew.",
        )
    says = (
        f"initialize answered in {times.greeted:.0f} ms, tools/list with {times.tools} tools in"
        f" {times.listed:.0f} ms, a first call in {times.worked:.0f} ms"
    )
    if times.version != __version__:
        fix = "Install FlowMaster anew, so that its command and its package are of one version."
        return Finding("start over MCP", "fault", f"{says}; it says it is {times.version}", fix)
    if max(times.greeted, times.listed) > SLOW_MS:
        return Finding(
            "start over MCP",
            "warning",
            f"{says}; some clients leave a server out after {SLOW_MS} ms",
            "Try again: a first start after an installation is slow. In Codex, set"
            " `startup_timeout_sec` higher and `required = true`.",
        )
    return Finding("start over MCP", "ok", says)


def measured(launch: Launch, environment: Mapping[str, str]) -> Times:
    """Play the beginning of a session with a new process and return how long its answers took.

    Raises:
        Failed: it does not answer, or says something else than frames.
    """
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
        threading.Thread(target=self._read, daemon=True).start()

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
            raise Failed(f"cannot be started ({error.strerror})") from None
        try:
            yield _Session(process, errors)
        finally:
            process.kill()
            process.communicate()
