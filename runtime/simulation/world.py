"""The models of a simulation: the process under test, what it calls, and the decisions in force at each instant."""

from collections.abc import Mapping

from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.feel.said import said
from flowmaster.engine.library import Decision, LinkedDecision
from flowmaster.engine.model import Executable, Process
from flowmaster.runtime.models import Models, unknown_process
from flowmaster.stores.protocol import Reader
from flowmaster.stores.rows import Version


class StoredWorld:
    """Takes from the store what a process calls, each once; the oldest version of a decision has always been in force."""

    def __init__(
        self, reader: Reader, models: Models, tenant: str, main: Process, beside: Mapping[str, Process]
    ) -> None:
        self._reader = reader
        self._models = models
        self._tenant = tenant
        self._beside = beside
        self._main = Executable(main, 1, self)
        self._called: dict[tuple[str, str], Executable] = {}
        self._versions: dict[str, list[Version]] = {}
        self._decisions: dict[tuple[str, int], Decision | None] = {}
        self.now = 0

    @property
    def main(self) -> Executable:
        """Return the process under test."""
        return self._main

    def called(self, process: str, version: str) -> Executable:
        """Return a process that is called: one of the same file, else a published version, the newest if none is named."""
        found = self._called.get((process, version))
        if found is None:
            found = self._called[process, version] = self._load(process, version)
        return found

    def decision(self, decision: str, version: str) -> LinkedDecision | None:
        """Return a decision by id: the given version, the newest with that tag, or the one in force."""
        number = self._number(decision, version)
        if number is None:
            return None
        if (decision, number) not in self._decisions:
            self._decisions[decision, number] = self._models.decision(
                self._reader, self._tenant, decision, number
            )
        compiled = self._decisions[decision, number]
        return None if compiled is None else LinkedDecision(decision, number, compiled)

    def _load(self, process: str, version: str) -> Executable:
        if process in self._beside and not version:
            return Executable(self._beside[process], 1, self)
        if version.isascii() and version.isdigit():
            number: int | None = int(version)
        else:
            number = self._reader.version_number(self._tenant, "process", process, tag=version)
        if number is None and version:
            raise FlowMasterError(
                "process.version_unknown",
                f"{process!r} has no version tagged {said(version)}.",
                fix="Publish a version with that tag, or call another.",
            )
        if number is None:
            raise unknown_process(self._reader, self._tenant, process)
        return Executable(self._models.process(self._reader, self._tenant, process, number), number, self)

    def _number(self, decision: str, version: str) -> int | None:
        if version.isascii() and version.isdigit() and len(version) < 16:
            return int(version)
        known = self._versions.get(decision)
        if known is None:
            known = self._versions[decision] = self._reader.versions(self._tenant, "decision", decision)
        if version:
            return next((each.version for each in known if each.tag == version), None)
        if len(known) <= 1:
            return known[0].version if known else None
        begun = [(each.valid_from, each.version) for each in known if each.valid_from <= self.now]
        return max(begun)[1] if begun else min((each.valid_from, each.version) for each in known)[1]
