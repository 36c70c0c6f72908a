"""Drafts of processes: what a saved file holds, and what is wrong with it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from flowmaster.engine.bpmn.checks import check_process
from flowmaster.engine.bpmn.checks_calls import certain_calls
from flowmaster.engine.bpmn.document import BpmnDocument, parse_bpmn
from flowmaster.engine.bpmn.identifiers import PROCESS_ID_LENGTH_MAX
from flowmaster.engine.bpmn.problem import Problem
from flowmaster.engine.bpmn.reader import ReadProcess, read_processes
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.errors import FlowMasterError, Hint, did_you_mean
from flowmaster.engine.model import Process
from flowmaster.engine.values import Json
from flowmaster.runtime.lines import BRANCH, MARK, Line, line_at, not_merged, unknown_branch
from flowmaster.runtime.models import unknown_process
from flowmaster.stores.protocol import Reader, Transaction
from flowmaster.stores.rows import Draft, Version
from flowmaster.tools.authors import put_authors
from flowmaster.tools.landscape import landscape_of
from flowmaster.tools.linking import link_drafts
from flowmaster.tools.process_tools import taken_name
from flowmaster.tools.registry import Registry
from flowmaster.tools.signatures import library_of

KIND = "process"

BACK_TO = "back_to"
"""In what is kept of a draft: the draft that it went back to."""


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
    source: str | BpmnDocument, registry: Registry, reader: Reader, tenant: str, *, at: int | None = None
) -> ProcessFile:
    """Read a BPMN file and check everything in it; `at` is the moment that constant dates are compared with."""
    document = parse_bpmn(source) if isinstance(source, str) else source
    reads = {read.process.id: read for read in read_processes(document, RUNNABLE)}

    def knows_process(key: str) -> bool:
        row = None if key in reads else reader.find_definition(tenant, KIND, key)
        return key in reads or (row is not None and row.state != "archived")

    def knows_decision(key: str) -> bool:
        return reader.find_definition(tenant, "decision", key) is not None

    def knows_version(key: str, version: str) -> bool:
        if key in reads and reads[key].process.version_tag == version:
            return True
        if version.isascii() and version.isdigit():
            return reader.version(tenant, KIND, key, int(version)) is not None
        return reader.version_number(tenant, KIND, key, tag=version) is not None

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

    library, landscape = library_of(reader, tenant, reads), landscape_of(reader, tenant, reads)
    problems: dict[str, tuple[Problem, ...]] = {}
    for key, read in reads.items():
        found = check_process(
            read,
            has_process=knows_process,
            has_decision=knows_decision,
            has_version=knows_version,
            calls=calls,
            landscape=landscape,
            library=library,
            at=at,
        )
        problems[key] = (*taken_name(registry, reader, tenant, read.process), *found)
    return ProcessFile(document, reads, problems)


def check_ids(file: ProcessFile) -> None:
    """Refuse a file with a process whose id is too long to be said in a call, or reads as a branch."""
    for key in file.processes:
        if len(key) > PROCESS_ID_LENGTH_MAX:
            raise FlowMasterError(
                "process.id_too_long",
                f"The id of the process {key[:60]!r}... has {len(key):,} characters.",
                path="bpmn",
                expected=f"at most {PROCESS_ID_LENGTH_MAX} characters",
                fix="Give the process a short `id` in the file; its full title is its `name`.",
                status=422,
            )
        if MARK in key:
            raise FlowMasterError(
                "bpmn.id_invalid",
                f"The id of the process {key[:60]!r} holds `{MARK}`, which marks a branch and stands in no XML name.",
                path="bpmn",
                expected="an XML name, for example invoice-approval",
                fix="Give the process an `id` without it.",
                status=422,
            )


def errors_of(problems: Sequence[Problem]) -> list[Problem]:
    """Return what refuses publishing."""
    return [problem for problem in problems if problem.severity == "error"]


def save_draft(
    transaction: Transaction, tenant: str, file: ProcessFile, *, by: str, at: int, note: str, base: int | None = None,
    main: str = "", back_to: int | None = None, authors: Collection[str] = (),
) -> dict[str, int]:  # fmt: skip
    """Save the file as the next draft of each process in it, and return the numbers of the drafts.

    `main` is the process, or branch, that `base` is the newest draft of; with a branch all are saved on it. `back_to` is
    the draft of `main` that the file goes back to, so that what came between is known to be undone. `authors` are those
    whose work it holds beside that of whoever saves it: of what is merged.
    """
    xml = file.document.to_xml()
    line = line_at(main)
    of = file_of_branch(transaction, tenant, line).process if line.branch else ""
    numbers: dict[str, int] = {}
    beside: dict[str, Json] = {"of": of} if of else {}
    back = back_to is not None
    for key, read in file.reads.items():
        place = line.sibling(key)
        if of and _owner(transaction, tenant, place) not in ("", of):
            raise _elsewhere(place)
        put_authors(transaction, tenant, place.kind, place.address, {by, *authors}, at=at)
        numbers[key] = transaction.put_draft(
            tenant,
            place.kind,
            place.address,
            name=read.process.name or key,
            content=xml,
            by=by,
            at=at,
            note=note,
            meta={"processes": file.processes}
            | beside
            | ({BACK_TO: back_to} if back and place == line else {}),
            base=base if place == line else None,
        )
    if not line.branch:
        link_drafts(transaction, tenant, {key: file.process(key) for key in numbers}, numbers)
    return numbers


def _owner(reader: Reader, tenant: str, line: Line) -> str:
    """Return the process that a branch was made of, whose file brought this one along; nothing for what is no branch."""
    draft = reader.draft(tenant, BRANCH, line.address) if line.branch else None
    meta = draft.meta if draft is not None else None
    return str(meta.get("of", line.process)) if isinstance(meta, Mapping) else ""


def _elsewhere(line: Line) -> FlowMasterError:
    return FlowMasterError(
        "branch.exists",
        f"{line.address!r} is a branch of its own, so no other file can bring {line.process!r} into it.",
        path="process",
        fix="Take the process out of the file, or use a branch of another name.",
        next=[Hint("process_branches", {"process": line.process}, "List the branches of that process.")],
        status=409,
    )


def known_line(reader: Reader, tenant: str, address: str, path: str = "process") -> Line:
    """Return the line of drafts of an address, or refuse a process or branch that does not exist."""
    line = line_at(address)
    if reader.find_definition(tenant, line.kind, line.address) is not None:
        return line
    if line.branch and reader.find_definition(tenant, KIND, line.process) is not None:
        raise unknown_branch(reader, tenant, line, path)
    raise unknown_process(reader, tenant, line.process)


def main_line(reader: Reader, tenant: str, address: str) -> Line:
    """Return the main line of a process; refuse a branch, which is merged before it is decided on or published."""
    line = known_line(reader, tenant, address)
    if line.branch:
        raise not_merged(line)
    return line


def refuse_branch(reader: Reader, tenant: str, address: str) -> None:
    """Refuse a branch where instances are meant: those are of its process, also if nobody knows that."""
    if line_at(address).branch:
        main_line(reader, tenant, address)


def file_of_branch(reader: Reader, tenant: str, line: Line) -> Line:
    """Return the branch whose file holds a branch: its own, or that of the process whose file brought it along."""
    return line.sibling(_owner(reader, tenant, line) or line.process)


def one_of_two(version: int | str | None, draft: int | None) -> None:
    """Refuse a call that names a version and a draft: each is a model of its own."""
    if version is not None and draft is not None:
        raise FlowMasterError(
            "arguments.invalid",
            "`version` names a published model and `draft` another one; a call shows one of them.",
            path="draft",
            fix="Give `version` or `draft`.",
            status=422,
        )


def draft_of(reader: Reader, tenant: str, process: str, number: int | None = None) -> Draft:
    """Return a draft of a process or branch, the newest one without a number, or refuse what does not exist."""
    line = known_line(reader, tenant, process)
    draft = reader.draft(tenant, line.kind, line.address, number)
    if draft is not None:
        return draft
    kept: list[Json] = [each.number for each in drafts_of(reader, tenant, process)]
    raise FlowMasterError(
        "draft.unknown",
        f"{process!r} has no draft {number}." if number is not None else f"{process!r} has no draft.",
        path="draft",
        expected=kept,
        fix="Use one of the listed drafts, or none for the newest.",
        status=404,
    )


def drafts_of(reader: Reader, tenant: str, process: str) -> list[Draft]:
    """Return the kept drafts of a process or branch, newest first."""
    line = line_at(process)
    return reader.drafts(tenant, line.kind, line.address)


def version_of(reader: Reader, tenant: str, process: str, number: int | None) -> Version:
    """Return a published version of a process, or refuse what does not exist."""
    line = line_at(process)
    if line.branch:
        known_line(reader, tenant, process)
        raise FlowMasterError(
            "arguments.invalid",
            f"{process!r} is a branch of drafts; the versions are those of {line.process!r}.",
            path="version",
            expected=line.process,
            fix=f"Leave `version` out, or name the process {line.process!r}.",
            status=422,
        )
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
