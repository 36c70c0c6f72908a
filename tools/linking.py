"""Links go with the models: they are put with each draft, version and decision, and made up for where they are missing."""

from collections.abc import Mapping

from flowmaster.engine.bpmn.document import parse_bpmn
from flowmaster.engine.bpmn.reader import read_processes
from flowmaster.engine.dmn.reader import DmnModel, read_dmn
from flowmaster.engine.elements.table import RUNNABLE
from flowmaster.engine.errors import FlowMasterError
from flowmaster.engine.links.deriving import decision_links, process_links
from flowmaster.engine.links.model import DECISION, PROCESS, REVISION, Link, Node
from flowmaster.engine.model import Process
from flowmaster.stores.graph import DRAFT, Unlinked
from flowmaster.stores.protocol import Reader, Transaction

UNLINKED_AT_ONCE = 50
"""Versions whose links one transaction makes up for."""


def link_drafts(
    transaction: Transaction, tenant: str, processes: Mapping[str, Process], drafts: Mapping[str, int]
) -> None:
    """Put the links of the newest drafts of processes."""
    for key, number in drafts.items():
        links = process_links(processes[key])
        transaction.put_links(tenant, Node(PROCESS, key), DRAFT, links, draft=number, revision=REVISION)


def link_version(transaction: Transaction, tenant: str, process: Process, version: int) -> None:
    """Put the links of a published version of a process."""
    owner = Node(PROCESS, process.id)
    transaction.put_links(tenant, owner, version, process_links(process), draft=0, revision=REVISION)


def link_decision(transaction: Transaction, tenant: str, model: DmnModel, key: str, version: int) -> None:
    """Put the links of a version of a decision."""
    links = decision_links(model.definitions, key)
    transaction.put_links(tenant, Node(DECISION, key), version, links, draft=0, revision=REVISION)


def make_up(transaction: Transaction, tenant: str) -> bool:
    """Derive the links of what was stored without them, so many at once, and say whether that was all."""
    missing = transaction.unlinked(tenant, revision=REVISION, limit=UNLINKED_AT_ONCE)
    for one in missing:
        links = derived(transaction, tenant, one)
        transaction.put_links(tenant, one.owner, one.version, links, draft=one.draft, revision=REVISION)
    return len(missing) < UNLINKED_AT_ONCE


def derived(reader: Reader, tenant: str, one: Unlinked) -> tuple[Link, ...]:
    """Return the links of a version or draft from its model; a model that cannot be read any more has none."""
    kind, key = one.owner
    found = (
        reader.draft(tenant, kind, key, one.draft)
        if one.version == DRAFT
        else reader.version(tenant, kind, key, one.version)
    )
    if found is None:
        return ()
    try:
        if kind == DECISION:
            return decision_links(read_dmn(found.content).definitions, key)
        for read in read_processes(parse_bpmn(found.content), RUNNABLE):
            if read.process.id == key:
                return process_links(read.process)
    except FlowMasterError:
        pass
    return ()
