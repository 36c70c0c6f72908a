"""Drafts of processes: what a saved file holds, what is wrong with it, and what publishing makes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from flowmaster.engine.bpmn.checks import check_process
from flowmaster.engine.bpmn.checks_calls import certain_calls
from flowmaster.engine.bpmn.document import BpmnDocument, parse_bpmn
from flowmaster.engine.bpmn.problem import Problem
from flowmaster.engine.bpmn.reader import ReadProcess, read_processes
from flowmaster.engine.elements.scopes import may_start
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.errors import FlowMasterError, Hint, did_you_mean
from flowmaster.engine.model import Conditional, Element, Message, Process, Signal, Timer, Triggers
from flowmaster.engine.timers import schedule
from flowmaster.engine.values import Json
from flowmaster.engine.watching import CONDITION
from flowmaster.stores.protocol import Reader, Transaction
from flowmaster.stores.rows import DefinitionFilter, Draft, StartSubscription, Version
from flowmaster.tools.signatures import library_of

KIND = "process"
KNOWN_MAX = 1_000
"""How many names a did-you-mean looks at."""


@dataclass(frozen=True, slots=True)
class ProcessFile:
    """A BPMN file, read: its processes and what is wrong with each."""

    document: BpmnDocument
    reads: Mapping[str, ReadProcess]
    problems: Mapping[str, tuple[Problem, ...]]

    @property
    def processes(self) -> list[str]:
        """Return the ids of the processes in it."""
        return list(self.reads)

    def process(self, key: str) -> Process:
        """Return one process, compiled."""
        return self.reads[key].process

    def main(self, wanted: str = "") -> str:
        """Return the process asked for, else the first executable one, else the first."""
        if wanted:
            if wanted in self.reads:
                return wanted
            raise FlowMasterError(
                "process.not_in_file",
                f"The file has no process {wanted!r}.{did_you_mean(wanted, self.processes)}",
                path="process",
                expected=list(self.processes),
                fix="Name one of the processes of the file, or none.",
            )
        for key, read in self.reads.items():
            if read.process.executable:
                return key
        return self.processes[0]


def read_file(
    source: str | BpmnDocument, reader: Reader, tenant: str, *, at: int | None = None
) -> ProcessFile:
    """Read a BPMN file and check everything in it; `at` is the moment that constant dates are compared with."""
    document = parse_bpmn(source) if isinstance(source, str) else source
    reads = {read.process.id: read for read in read_processes(document, RUNNABLE)}

    def knows_process(key: str) -> bool:
        return key in reads or reader.find_definition(tenant, KIND, key) is not None

    def knows_decision(key: str) -> bool:
        return reader.find_definition(tenant, "decision", key) is not None

    @cache
    def calls(key: str) -> tuple[str, ...]:
        version = None if key in reads else reader.version(tenant, KIND, key)
        inside = read_processes(parse_bpmn(version.content), RUNNABLE) if version else reads.values()
        return tuple(
            called
            for read in inside
            if read.process.id == key
            for called in certain_calls(read.process).values()
        )

    library = library_of(reader, tenant, reads)
    problems = {
        key: check_process(
            read, has_process=knows_process, has_decision=knows_decision, calls=calls, library=library, at=at
        )
        for key, read in reads.items()
    }
    return ProcessFile(document, reads, problems)


def errors_of(problems: Sequence[Problem]) -> list[Problem]:
    """Return what refuses publishing."""
    return [problem for problem in problems if problem.severity == "error"]


def save_draft(
    transaction: Transaction, tenant: str, file: ProcessFile, *, by: str, at: int, note: str, base: int | None = None,
    main: str = "",
) -> dict[str, int]:  # fmt: skip
    """Save the file as the next draft of each process in it, and return the numbers of the drafts."""
    xml = file.document.to_xml()
    numbers: dict[str, int] = {}
    for key, read in file.reads.items():
        numbers[key] = transaction.put_draft(
            tenant,
            KIND,
            key,
            name=read.process.name or key,
            content=xml,
            by=by,
            at=at,
            note=note,
            meta={"processes": file.processes},
            base=base if key == main else None,
        )
    return numbers


def publish(
    transaction: Transaction, tenant: str, file: ProcessFile, *, by: str, at: int, note: str
) -> dict[str, int]:
    """Publish every process of a file, with its start subscriptions, and return the new versions."""
    xml = file.document.to_xml()
    versions: dict[str, int] = {}
    for key, read in file.reads.items():
        versions[key] = transaction.put_version(
            tenant,
            KIND,
            key,
            name=read.process.name or key,
            content=xml,
            by=by,
            at=at,
            tag=read.process.version_tag,
            note=note,
            meta={"processes": file.processes},
        )
        transaction.put_starts(tenant, key, starts_of(read.process, tenant, versions[key], at))
    return versions


def starts_of(process: Process, tenant: str, version: int, at: int) -> list[StartSubscription]:
    """Return what starts a published version: its message, signal, conditional and timer start events."""
    found: list[StartSubscription] = []
    for element in process.elements.values():
        if not may_start(process, element):
            continue
        details = element.details
        each = [one.details for one in details.all] if isinstance(details, Triggers) else [details]
        for number, one in enumerate(each):
            start = _start_of(process, replace(element, details=one), tenant, version, at)
            if start is not None:
                found.append(start._replace(number=number))
    return found


def first_call(process: Process) -> Hint:
    """Return the call that begins a first instance of a published process without data."""
    starts = starts_of(process, "", 1, 0) if not process.root.starts else []
    for start in starts:
        if start.kind in ("message", "signal"):
            return Hint("event_send", {"kind": start.kind, "name": start.name}, "Start an instance.")
        if start.kind == CONDITION:
            told: dict[str, Json] = {"kind": start.kind, "name": process.id, "variables": {}}
            return Hint("event_send", told, f"Report facts; where `{start.name}` holds, an instance starts.")
    return Hint("instance_start", {"process": process.id, "variables": {}}, "Start an instance.")


def _start_of(
    process: Process, element: Element, tenant: str, version: int, at: int
) -> StartSubscription | None:
    details = element.details
    if isinstance(details, Message | Signal):
        kind = "message" if isinstance(details, Message) else "signal"
        return StartSubscription(
            tenant, process.id, version, element.id, kind, str(details.name.value({}, at))
        )
    if isinstance(details, Conditional):
        text = details.condition.text
        return StartSubscription(tenant, process.id, version, element.id, CONDITION, text)
    if isinstance(details, Timer):
        first = schedule(details.kind, str(details.expression.value({}, at)), at, process.calendars)
        return StartSubscription(
            tenant,
            process.id,
            version,
            element.id,
            "timer",
            due=first.due,
            every=first.every,
            left=first.left,
        )
    return None


def draft_of(reader: Reader, tenant: str, process: str, number: int | None = None) -> Draft:
    """Return a draft of a process, or refuse what does not exist."""
    draft = reader.draft(tenant, KIND, process, number)
    if draft is not None:
        return draft
    if number is not None and reader.find_definition(tenant, KIND, process) is not None:
        kept: list[Json] = [each.number for each in reader.drafts(tenant, KIND, process)]
        raise FlowMasterError(
            "draft.unknown",
            f"{process!r} has no draft {number}.",
            path="draft",
            expected=kept,
            fix="Use one of the listed drafts, or none for the newest.",
            status=404,
        )
    raise unknown_process(reader, tenant, process)


def version_of(reader: Reader, tenant: str, process: str, number: int | None) -> Version:
    """Return a published version of a process, or refuse what does not exist."""
    version = reader.version(tenant, KIND, process, number)
    if version is not None:
        return version
    if reader.find_definition(tenant, KIND, process) is None:
        raise unknown_process(reader, tenant, process)
    known: list[Json] = [each.version for each in reader.versions(tenant, KIND, process)]
    raise FlowMasterError(
        "process.version_unknown",
        f"{process!r} has no published version {number}." if number else f"{process!r} is not published yet.",
        path="version",
        expected=known,
        fix="Use one of the listed versions, or read the draft.",
        next=[Hint("process_read", {"process": process, "view": "versions"}, "List its versions.")],
        status=404,
    )


def unknown_process(reader: Reader, tenant: str, process: str) -> FlowMasterError:
    """Return the refusal of a process that nobody knows, with the names that are near."""
    page = reader.find_definitions(tenant, DefinitionFilter(kind=KIND, limit=KNOWN_MAX))
    known = [row.key for row in page.items]
    return FlowMasterError(
        "process.unknown",
        f"There is no process {process[:120]!r}.{did_you_mean(process[:120], known)}",
        path="process",
        fix="Call `process_find` to see the processes.",
        next=[Hint("process_find", {}, "List the processes.")],
        status=404,
    )
