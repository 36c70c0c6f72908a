"""Loads an example: its rules with their test cases, then its processes, each published once its scenarios pass.

    python examples/load.py loan-origination

Everything goes through the operations that an agent uses, into the data folder that `flowmaster call` uses too; another
one is named by `--data DIR`. Loading twice makes the next versions.
"""

import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio

from flowmaster.server.options import UsageError, split
from flowmaster.server.readable import error_text
from flowmaster.server.settings import settings_from
from flowmaster.server.wiring import open_app
from flowmaster.tools.invoke import invoke
from flowmaster.tools.json_text import read_json
from flowmaster.tools.registry import Call, Caller

HERE = Path(__file__).parent
IN_FORCE_SINCE = "2026-01-01"
"""From when on the rules hold: the scenarios of an example begin at dates of their own."""

Told = dict[str, Any]
Ask = Callable[[str, Told], Awaitable[Told]]


class Refused(Exception):
    """An operation refused a call; the text says why and what helps."""


async def load(ask: Ask, folder: Path) -> Told:
    """Save the rules of an example, create and publish its processes; return what publishing the last one answers."""
    for file in rule_files(folder):
        saved = await ask("rule_save", rule_arguments(file))
        print(
            f"rule     {saved['decision']} version {saved['version']}, {saved.get('tests', 0)} tests passed"
        )
    published: Told = {}
    for outline in outlines(folder):
        created = await ask("process_create", {"outline": outline.read_text(encoding="utf-8")})
        print(f"process  {created['summary']}")
        published = await ask("process_publish", {"process": created["process"]})
        print(f"version  {published['version']}: {published['scenarios']}")
    return published


def outlines(folder: Path) -> list[Path]:
    """Return the outlines of an example: those of the processes that it calls, then its own."""
    return [*sorted((folder / "calls").glob("*.yaml")), folder / "process.yaml"]


def rule_files(folder: Path) -> list[Path]:
    """Return the files of an example that hold a decision each."""
    return sorted(file for file in (folder / "rules").iterdir() if file.is_file())


def rule_arguments(file: Path) -> Told:
    """Return the arguments of `rule_save` for a DMN file, a CSV matrix or a compact table, with its test cases."""
    text = file.read_text(encoding="utf-8")
    content = {"dmn": text} if file.suffix == ".dmn" else {"table": _table(file, text)}
    cases = file.parent / "tests" / f"{file.stem}.json"
    tests = {"tests": read_json(cases.read_text(encoding="utf-8"))} if cases.exists() else {}
    return {"decision": file.stem, "valid_from": IN_FORCE_SINCE, **content, **tests}


def _table(file: Path, text: str) -> Any:
    return text if file.suffix == ".csv" else read_json(text)


def examples() -> list[str]:
    """Return the names of the examples."""
    return sorted(file.parent.name for file in HERE.glob("*/process.yaml"))


def main(words: list[str]) -> int:
    """Load the example that the words name; return the exit code."""
    try:
        options, names = split(words, valued=("data", "store"))
    except UsageError as error:
        print(f"load.py: {error}", file=sys.stderr)
        return 2
    if len(names) != 1 or names[0] not in examples():
        print(f"usage: python examples/load.py {'|'.join(examples())} [--data DIR]", file=sys.stderr)
        return 2

    async def work() -> None:
        async with open_app(settings_from(options)) as app:

            async def ask(operation: str, arguments: Told) -> Told:
                call = Call(app=app, caller=Caller(door="cli"))
                answer = await invoke(app.registry, call, operation, arguments)
                if answer.refused:
                    raise Refused(error_text(answer.data()))
                told: Told = json.loads(answer.text)
                return told

            await load(ask, HERE / names[0])

    try:
        anyio.run(work)
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
