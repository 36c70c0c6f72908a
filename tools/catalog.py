"""The catalogue: all operations of the tools, in the order in which a reader needs them.

An operation's module lists what it offers in `OPERATIONS`; a module that is not listed here offers nothing.
"""

from collections.abc import Iterable

from flowmaster.tools import (
    approvals,
    audit,
    branches,
    calls,
    documents,
    drawings,
    erasure,
    events,
    graph,
    instance_batch,
    instance_chain,
    instance_compare,
    instance_control,
    instance_timeline,
    instances,
    links,
    load,
    operations,
    policies,
    process_archive,
    process_compare,
    process_import,
    process_merge,
    process_restore,
    processes,
    publishing,
    retention,
    route_figures,
    routes,
    rule_compare,
    rule_tests,
    rule_views,
    rules,
    server,
    simulation,
    start_timers,
    tags,
    tasks,
    timer_control,
    work,
)
from flowmaster.tools.registry import AnyOperation, Registry

MODULES: tuple[tuple[AnyOperation, ...], ...] = (
    processes.OPERATIONS,
    publishing.OPERATIONS,
    policies.OPERATIONS,
    approvals.OPERATIONS,
    process_compare.OPERATIONS,
    process_import.OPERATIONS,
    process_restore.OPERATIONS,
    process_archive.OPERATIONS,
    branches.OPERATIONS,
    process_merge.OPERATIONS,
    tags.OPERATIONS,
    routes.OPERATIONS,
    route_figures.OPERATIONS,
    simulation.OPERATIONS,
    links.OPERATIONS,
    graph.OPERATIONS,
    start_timers.OPERATIONS,
    timer_control.OPERATIONS,
    instances.OPERATIONS,
    instance_chain.OPERATIONS,
    instance_compare.OPERATIONS,
    events.OPERATIONS,
    instance_control.OPERATIONS,
    instance_batch.OPERATIONS,
    tasks.OPERATIONS,
    work.OPERATIONS,
    drawings.OPERATIONS,
    instance_timeline.OPERATIONS,
    rules.OPERATIONS,
    rule_views.OPERATIONS,
    rule_tests.OPERATIONS,
    rule_compare.OPERATIONS,
    documents.OPERATIONS,
    operations.OPERATIONS,
    audit.OPERATIONS,
    erasure.OPERATIONS,
    retention.OPERATIONS,
    calls.OPERATIONS,
    server.OPERATIONS,
    load.OPERATIONS,
)
"""What each module offers, first things first."""


def catalog(further: Iterable[AnyOperation] = ()) -> Registry:
    """Return the registry of all operations of the tools, and of those that floors above add."""
    return Registry([*(each for module in MODULES for each in module), *further])
