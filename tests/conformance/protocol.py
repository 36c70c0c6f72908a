"""Runs the protocol's conformance tests and the inspector's lint: `python -m tests.conformance.protocol`.

The tools are installed at pinned versions into a folder that git ignores, by whatever npm the machine has.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.conformance.judging import Verdict, judged, required, table

ROOT: Final = Path(__file__).parents[2]
CACHE: Final = ROOT / ".conformance"
PINNED: Final = (
    "node@22.23.3",
    "@modelcontextprotocol/conformance@0.2.0-alpha.12",
    "@modelcontextprotocol/inspector@2.12.0",
)
REVISIONS: Final = ("2025-11-25", "2026-07-28")
HARNESS: Final = CACHE / "node_modules" / "@modelcontextprotocol" / "conformance"

RUN_SECONDS_MAX: Final = 600
SERVE_SECONDS_MAX: Final = 60


def install() -> None:
    """Install the tools, unless just these versions are there."""
    stamp = CACHE / "installed"
    wanted = "\n".join(PINNED)
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    if shutil.which("npm") is None:
        sys.exit("The conformance tests need npm: install Node.js from your system's packages.")
    shutil.rmtree(CACHE, ignore_errors=True)
    CACHE.mkdir()
    (CACHE / "package.json").write_text('{"private": true}\n', encoding="utf-8")
    options = ["--force", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel", "error"]
    subprocess.run(["npm", "install", *options, *PINNED], cwd=CACHE, check=True, stdout=subprocess.DEVNULL)
    stamp.write_text(wanted, encoding="utf-8")


def run_requirements(url: str, revision: str) -> list[Verdict]:
    """Run all that a revision of the protocol names against a server."""
    return _run(url, revision, required(HARNESS, revision), "--requirements", revision)


def run_scenario(url: str, scenario: str) -> list[Verdict]:
    """Run one scenario against a server."""
    return _run(url, "extension", [scenario], "--scenario", scenario)


def task_scenarios() -> list[str]:
    """Return the scenarios of the tasks extension that the harness has."""
    listed = subprocess.run([*_harness(), "list"], capture_output=True, text=True, check=True).stdout
    words = [line.split()[1] for line in listed.splitlines() if line.strip().startswith("- tasks-")]
    assert words, "the harness lists no scenario of the tasks extension"
    return words


def run_lint(*options: str) -> Verdict:
    """Let the inspector look at a tool list for what some client would not take; a warning is a complaint."""
    server = [str(Path(sys.executable).with_name("flowmaster")), "mcp", "--data", ":memory:", *options]
    inspector = [_node(), str(CACHE / "node_modules" / ".bin" / "mcp-inspector"), "--cli", *server]
    with tempfile.TemporaryDirectory() as folder:
        told, complaints = Path(folder) / "told", Path(folder) / "complaints"
        # Its output is long and its exit cuts a pipe short, so files take it.
        with told.open("w", encoding="utf-8") as out, complaints.open("w", encoding="utf-8") as errors:
            command = [*inspector, "--method", "tools/list", "--strict"]
            ended = subprocess.run(command, stdout=out, stderr=errors, timeout=RUN_SECONDS_MAX, check=False)
        warned = complaints.read_text(encoding="utf-8").count("Warning: tool")
        listed = '"process_create"' in told.read_text(encoding="utf-8")
    code = ended.returncode
    clean = code == 0 and listed and not warned
    complaint = "" if clean else f"the inspector ended with {code} and {warned} warnings"
    scenario = " ".join(["tools/list --strict", *options])
    return Verdict("inspector", scenario, int(listed), int(not clean), warned, complaint)


@contextmanager
def served() -> Iterator[str]:
    """Serve FlowMaster with the fixtures, and give its address."""
    with tempfile.TemporaryDirectory() as folder:
        port, log = free_port(), Path(folder) / "server.log"
        command = [sys.executable, "-m", "tests.conformance.server", f"{folder}/data", str(port)]
        with log.open("w", encoding="utf-8") as errors:
            server = subprocess.Popen(command, cwd=ROOT, stdout=errors, stderr=errors)
        try:
            _wait_for(port, server, log)
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            server.terminate()
            server.wait(SERVE_SECONDS_MAX)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + SERVE_SECONDS_MAX
    while server.poll() is None and time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    sys.exit(f"The server did not start:\n{log.read_text(encoding='utf-8')}")


def _run(url: str, run: str, expected: list[str], *which: str) -> list[Verdict]:
    with tempfile.TemporaryDirectory() as folder:
        command = [*_harness(), "server", "--url", url, *which, "-o", folder]
        ended = subprocess.run(command, capture_output=True, timeout=RUN_SECONDS_MAX, check=False)
        return judged(run, Path(folder), expected, ended.returncode)


def _harness() -> list[str]:
    return [_node(), str(HARNESS / "dist" / "index.js")]


def _node() -> str:
    return str(CACHE / "node_modules" / ".bin" / "node")


def main() -> int:
    """Run everything, print a table and return the exit code."""
    install()
    verdicts: list[Verdict] = []
    with served() as url:
        for revision in REVISIONS:
            verdicts += run_requirements(url, revision)
        known = {verdict.scenario for verdict in verdicts}
        for scenario in task_scenarios():
            if scenario not in known:
                verdicts += run_scenario(url, scenario)
    verdicts += [run_lint(), run_lint("--tools", "all")]
    sys.stdout.write(table(verdicts) + os.linesep)
    return 0 if all(verdict.good for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
