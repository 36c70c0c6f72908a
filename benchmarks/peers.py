"""The peers that FlowMaster is measured beside, each run by its own script from the folder of peers.

SpiffWorkflow comes with the developer's tools; bpmn-engine (needs npm) and DBOS are installed on first use into
`.peers/`, DBOS on PostgreSQL also needs a PostgreSQL 15 that may be started as another user. A peer that cannot be
had is left out, and the report says so.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / ".peers"
PYTHON_PACKAGES = ("dbos==3.4.*", "psycopg[binary]==3.3.*", "psutil", "SQLAlchemy==2.1.*")
NODE_PACKAGES = (
    "bpmn-engine@25",
    "bpmn-elements@17",
    "bpmn-moddle@9",
    "moddle-context-serializer@4",
    "better-sqlite3@12",
)
POSTGRES = "postgresql://postgres@127.0.0.1:55432/bench"

Figures = dict[str, dict[str, Any]]
"""What a peer printed, by `bench-mode-sync` and the like."""


class Peers:
    """The scripts of the peers in a folder that may be written, and what they need."""

    def __init__(self, shared: Path) -> None:
        self._home = FOLDER / "peers"
        self.present = (shared / "spiff_bench.py").is_file()
        if not self.present:
            print(f"No peers at {shared}: only FlowMaster is measured.", file=sys.stderr)
            return
        shutil.rmtree(self._home, ignore_errors=True)
        shutil.copytree(shared, self._home)
        for name in ("data", "log"):
            (FOLDER / name).mkdir(exist_ok=True)
        for path in (self._home, *self._home.iterdir()):
            path.chmod(0o755)
        subprocess.run([sys.executable, str(self._home / "gen.py")], check=True)

    def spiff(self, *benches: str, number: int, repeats: int = 1) -> Figures:
        """Run SpiffWorkflow on some of p1, p2, p3, p4."""
        if not self.present:
            return {}
        script = [
            sys.executable,
            str(self._home / "spiff_bench.py"),
            str(FOLDER / "data" / "spiff"),
            *benches,
        ]
        return _run(script, N=str(number), M=str(number), REP=str(repeats))

    def bpmn_engine(self, *benches: str, number: int, repeats: int = 1) -> Figures:
        """Run bpmn-engine on some of p1, p2, p3, p4."""
        base = FOLDER / "node"
        if not self.present or not _node_packages(base):
            return {}
        script = [
            "node",
            "--expose-gc",
            str(self._home / "bpmnengine_bench.mjs"),
            str(FOLDER / "data" / "be"),
        ]
        return _run([*script, *benches], N=str(number), M=str(number), REP=str(repeats), NODE_BASE=str(base))

    def dbos(self, kind: str, *, number: int, waiting: int, repeats: int = 1) -> Figures:
        """Run DBOS on `sqlite-wal` or `pg`."""
        python = FOLDER / "venv" / "bin" / "python"
        if not self.present or not _python_packages(python):
            return {}
        script = [str(python), str(self._home / "dbos_bench.py"), kind, str(FOLDER / "data" / "dbos")]
        return _run(script, N=str(number), M=str(waiting), REP=str(repeats))

    def postgres(self, *, start: bool) -> bool:
        """Start or stop the database that both sides are measured on, and say whether it is there."""
        if not self.present:
            return False
        _let_pass(FOLDER)
        done = subprocess.run(
            ["bash", str(self._home / "pg.sh"), "start" if start else "stop"],
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            print(f"No PostgreSQL for the comparison: {done.stderr.strip()[:200]}", file=sys.stderr)
        return done.returncode == 0


def _run(script: list[str], **settings: str) -> Figures:
    done = subprocess.run(script, check=False, capture_output=True, text=True, env={**os.environ, **settings})
    if done.returncode:
        print(f"{script[1]} failed:\n{done.stderr[-2000:]}", file=sys.stderr)
        return {}
    found: Figures = {}
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            entry = json.loads(line)
            parts = ("bench", "mode", "what", "save", "sync", "conc")
            kept = [str(entry[part]) for part in parts if part in entry and entry[part] != "full"]
            found["-".join(kept)] = entry
    return found


def _python_packages(python: Path) -> bool:
    if not python.exists():
        print("Installing DBOS into .peers ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(python.parents[1])], check=True)
        done = subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PYTHON_PACKAGES], check=False)
        if done.returncode:
            shutil.rmtree(python.parents[1])
    return python.exists()


def _node_packages(base: Path) -> bool:
    if not (base / "node_modules" / "bpmn-engine").is_dir() and shutil.which("npm"):
        print("Installing bpmn-engine into .peers ...", file=sys.stderr)
        base.mkdir(exist_ok=True)
        subprocess.run(
            ["npm", "install", "--silent", "--no-fund", "--no-audit", *NODE_PACKAGES], cwd=base, check=False
        )
    return (base / "node_modules" / "bpmn-engine").is_dir()


def _let_pass(folder: Path) -> None:
    """Let the user that PostgreSQL runs as reach a folder of ours, as far as it is ours."""
    (folder / "data").chmod(0o777)
    (folder / "log").chmod(0o777)
