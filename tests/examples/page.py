"""Reads what the page of an example shows of a terminal, and plays it on a server in memory."""

import doctest
import re
import shlex
from pathlib import Path
from typing import Any

from examples.load import load
from flowmaster.server.command import arguments_of
from flowmaster.server.readable import answer_text
from tests.acceptance.agent import Agent

SHELL = re.compile(r"^```shell\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


def commands(page: str) -> list[tuple[list[str], str]]:
    """Return the words of each command of a page with the output that is shown for it."""
    return [
        (shlex.split(words), shown)
        for block in SHELL.findall(page)
        for words, shown in COMMAND.findall(block)
    ]


async def said(agent: Agent, words: list[str], folder: Path, capsys: Any) -> str:
    """Return what a command says: the loader, or the call of an operation."""
    if words[0] == "python":
        assert words[1:] == ["examples/load.py", folder.name]
        await load(lambda operation, arguments: agent.ask(operation, **arguments), folder)
        return str(capsys.readouterr().out)
    assert words[:2] == ["flowmaster", "call"]
    arguments = arguments_of(agent.app.registry, words[2], words[3:])
    return answer_text(await agent.ask(words[2], **arguments))


async def differences(agent: Agent, folder: Path, capsys: Any) -> list[str]:
    """Play the commands of a page and return where they say something else than it shows."""
    page = (folder / "README.md").read_text(encoding="utf-8")
    wrong = []
    for words, shown in commands(page):
        told = await said(agent, words, folder, capsys) + "\n"
        flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        if not doctest.OutputChecker().check_output(shown, told, flags):
            wrong.append(f"$ {shlex.join(words)}\nshown:\n{shown}\nsaid:\n{told}")
    return wrong
