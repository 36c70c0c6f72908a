"""The stage of a test: what a process needs is compiled once, and each scenario is played in a sandbox of its own."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from flowmaster.engine.model import Process
from flowmaster.engine.outline.scenarios import Scenario
from flowmaster.engine.timers import instant
from flowmaster.runtime.models import Models
from flowmaster.runtime.sandbox import TENANT, Sandbox
from flowmaster.stores.protocol import Transaction
from flowmaster.stores.rows import Version
from flowmaster.tools.scenario_play import ROUNDS_MAX, Played, play


class Kit(NamedTuple):
    """What a sandbox is furnished with: the file under test, and what it calls."""

    bpmn: str
    processes: Mapping[str, Process]
    definitions: list[Version]


def _nothing() -> None:
    """Go on."""


class Stage:
    """Plays scenarios of one process, each in a sandbox of its own that begins at one instant."""

    def __init__(self, kit: Kit, process: str, at: int, between: Callable[[], None] = _nothing) -> None:
        self.kit = kit
        self.process = process
        self.at = at
        self.between = between
        """Called before each play; it may stop the test."""
        self._models = Models()

    @property
    def model(self) -> Process:
        """Return the process under test."""
        return self.kit.processes[self.process]

    def play(self, scenario: Scenario, *, rounds: int = ROUNDS_MAX) -> Played:
        """Play one scenario to its end, or until so many acts are done."""
        self.between()
        begins = instant(scenario.at) if scenario.at else self.at
        sandbox = Sandbox(self._models, begins)
        sandbox.write(lambda transaction: furnish(transaction, self.kit, begins))
        for key, compiled in self.kit.processes.items():
            self._models.replace(TENANT, key, 1, compiled)
        return play(sandbox, self.process, scenario, rounds=rounds)


def furnish(transaction: Transaction, kit: Kit, at: int) -> None:
    """Publish in a sandbox what a test needs; the oldest version of a decision has always been in force there."""
    begun: set[str] = set()
    for key in kit.processes:
        transaction.put_version(TENANT, "process", key, name=key, content=kit.bpmn, by="test", at=at)
    for each in kit.definitions:
        transaction.put_version(
            TENANT,
            each.kind,
            each.key,
            name=each.name,
            content=each.content,
            by="test",
            at=at,
            tag=each.tag,
            valid_from=each.valid_from if each.key in begun else min(each.valid_from, at),
        )
        begun.add(each.key)
