"""Which published callers a new version breaks, and which messages no longer fit: warnings for whoever publishes."""

from collections.abc import Mapping

from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.problem import WARNING, Problem
from flowmaster.engine.bpmn.reader import ReadProcess, read_processes
from flowmaster.engine.bpmn.signatures import DecisionSignature, Library, ProcessSignature
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.links.breaks import broken_in
from flowmaster.engine.links.messages import askings, sendings, unmet
from flowmaster.engine.links.model import DECISION, PROCESS, Node
from flowmaster.engine.model import Process
from flowmaster.stores.graph import KeptLink
from flowmaster.stores.protocol import Reader
from flowmaster.tools.signatures import decision_signature, library_of

CALLERS_MAX = 50
"""Callers that are looked at for one new version."""


def broken_callers(reader: Reader, tenant: str, reads: Mapping[str, ReadProcess]) -> list[Problem]:
    """Return which published processes outside a file call its processes in a way that no longer fits."""
    before = library_of(reader, tenant, {})

    def process(key: str) -> ProcessSignature | None:
        return ProcessSignature(reads[key].process.data) if key in reads else before.process(key)

    after = Library(before.decision, process)
    found: list[Problem] = []
    for key in reads:
        for one in _callers(reader, tenant, Node(PROCESS, key), "calls"):
            if one.owner.key not in reads:
                found += _broken(reader, tenant, one, before, after, key)
    return list(dict.fromkeys(found))


def broken_users(reader: Reader, tenant: str, dmn: str, decisions: list[str]) -> list[Problem]:
    """Return which published processes ask decisions of a file in a way that no longer fits."""
    before = library_of(reader, tenant, {})

    def decision(key: str) -> DecisionSignature | None:
        return decision_signature(dmn, key) if key in decisions else before.decision(key)

    after = Library(decision, before.process)
    found: list[Problem] = []
    for key in decisions:
        for one in _callers(reader, tenant, Node(DECISION, key), "decides_by"):
            found += _broken(reader, tenant, one, before, after, key)
    return list(dict.fromkeys(found))


def unmet_messages(reader: Reader, tenant: str, reads: Mapping[str, ReadProcess]) -> list[Problem]:
    """Return where the messages and signals of a file and of published processes do not fit each other."""
    library = library_of(reader, tenant, reads)
    found: list[Problem] = []
    for read in reads.values():
        for heard, sending in sendings(read.process, library):
            for other in _at_the_other_end(reader, tenant, reads, heard, up=False):
                for name, asking in askings(other, library):
                    found += unmet(heard, sending, asking) if name == heard else ()
        for heard, asking in askings(read.process, library):
            for other in _at_the_other_end(reader, tenant, reads, heard, up=True):
                for name, sending in sendings(other, library):
                    found += unmet(heard, sending, asking) if name == heard else ()
    return list(dict.fromkeys(found))


def _at_the_other_end(
    reader: Reader, tenant: str, reads: Mapping[str, ReadProcess], heard: Node, *, up: bool
) -> list[Process]:
    """Return the processes of a file and the published ones that send a message or signal (`up`) or receive it."""
    kinds = ("sends",) if up else ("starts", "receives")
    kept = reader.walk(tenant, heard, up=up, depth=1, kinds=kinds, view="published")
    owners = list(dict.fromkeys((one.owner.key, one.version) for one in kept if one.version))[:CALLERS_MAX]
    others = [_process(reader, tenant, *owner) for owner in owners if owner[0] not in reads]
    return [*(read.process for read in reads.values()), *(one for one in others if one is not None)]


def _process(reader: Reader, tenant: str, key: str, version: int) -> Process | None:
    read = _read(reader, tenant, key, version)
    return None if read is None else read.process


def _callers(reader: Reader, tenant: str, called: Node, kind: str) -> list[KeptLink]:
    """Return the published callers that ask for the newest version."""
    kept = reader.walk(tenant, called, up=True, depth=1, kinds=(kind,), view="published")
    return [one for one in kept if one.version and not one.link.pinned][:CALLERS_MAX]


def _broken(
    reader: Reader, tenant: str, one: KeptLink, before: Library, after: Library, called: str
) -> list[Problem]:
    caller = _read(reader, tenant, one.owner.key, one.version)
    if caller is None:
        return []
    return [
        Problem(
            "caller.breaks",
            called,
            WARNING,
            f"{one.owner.key!r} (version {one.version}) no longer fits: {problem.message}",
            f"Mend {one.owner.key!r} at {problem.element!r} and publish it, or keep what it relies on.",
        )
        for problem in broken_in(caller, before, after)
    ]


def _read(reader: Reader, tenant: str, key: str, number: int) -> ReadProcess | None:
    """Return a published process, None where it cannot be read any more."""
    version = reader.version(tenant, PROCESS, key, number)
    if version is None:
        return None
    try:
        reads = read_processes(parse_bpmn(version.content), RUNNABLE)
    except FlowMasterError:
        return None
    return next((read for read in reads if read.process.id == key), None)
