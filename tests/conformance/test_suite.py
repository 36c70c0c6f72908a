"""The execution suite: what is built passes, and what is not built never ends silently wrong."""

import asyncio
import importlib.util
import json
import shlex
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.errors import FlowMasterError
from tests.postgres import cluster
from tests.shared_material import shared

PASSING_MIN = 200
"""Scenarios of each half that must pass at least."""

SCENARIO_SECONDS_MAX = 30

pytestmark = pytest.mark.shared


def runner() -> ModuleType:
    """Import the suite's own runner."""
    path = shared("suite/run_suite.py")
    spec = importlib.util.spec_from_file_location("run_suite", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["run_suite"] = module
    spec.loader.exec_module(module)
    return module


def scenarios(half: int) -> list[tuple[dict[str, Any], Path]]:
    """Return every second scenario with its folder, those that move the clock last, as the runner does."""
    found = [
        (json.loads(file.read_text()), file.parent)
        for file in sorted(shared("suite/scenarios").glob("*/*.json"))
    ]
    return sorted(found[half::2], key=lambda pair: (bool(pair[0].get("clock")), pair[0]["group"] == "limits"))


def unsupported(scenario: dict[str, Any], folder: Path) -> dict[str, str]:
    """Return, by process, why a scenario's models cannot run as a whole; nothing where they can."""
    found: dict[str, str] = {}
    for name in scenario["files"]:
        if not name.endswith(".bpmn"):
            continue
        try:
            reads = read_processes(parse_bpmn((folder / name).read_bytes()), RUNNABLE)
        except FlowMasterError:
            continue
        for read in reads:
            for element in read.process.elements.values():
                if element.unsupported:
                    found[read.process.id] = f"{element.id}: {element.unsupported}"
    return found


async def play_all(module: ModuleType, half: int, place: list[str]) -> tuple[list[str], list[str], int]:
    """Play half of the scenarios and return the built ones that fail, the others that end silently wrong, and how many pass."""
    words = [sys.executable, "-m", "flowmaster", "mcp", *place, "--clock", "virtual", "--tools", "all"]
    command = shlex.join(words)
    failing: list[str] = []
    silent: list[str] = []
    passed = 0
    async with module.Server(command) as server:
        for number, (scenario, folder) in enumerate(scenarios(half)):
            run = module.Run(server, scenario, folder, f"c{number}")
            why = unsupported(scenario, folder)
            try:
                await asyncio.wait_for(run.go(), SCENARIO_SECONDS_MAX)
                passed += 1
            except (module.Fail, module.Refused) as fault:
                if not why:
                    failing.append(f"{scenario['id']}: {str(fault)[:300]}")
                elif await ends_silently(run, why):
                    silent.append(f"{scenario['id']} ({why}): {str(fault)[:200]}")
            await run.clean()
    return failing, silent, passed


async def ends_silently(run: Any, why: dict[str, str]) -> bool:
    """Return whether an instance of a process that cannot run as a whole ended as if all had been well.

    A process that could not even start did not end; its publishing warned of the element.
    """
    if run.inst is None:
        return False
    read = await run.read()
    partial = any(read["process"].startswith(f"{process}-") for process in why)
    return partial and read["status"] == "completed" and not read["incidents"]


@pytest.mark.parametrize("store", ["memory", "sqlite", "postgres"])
@pytest.mark.parametrize("half", [0, 1])
def test_the_execution_suite_passes_on_every_store(half: int, store: str, tmp_path: Path) -> None:
    place = ["--data", ":memory:" if store == "memory" else str(tmp_path)]
    place += ["--store", cluster().fresh()] if store == "postgres" else []
    failing, silent, passed = asyncio.run(play_all(runner(), half, place))
    assert failing == []
    assert silent == []
    assert passed >= PASSING_MIN
