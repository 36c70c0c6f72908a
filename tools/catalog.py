"""The catalogue: all operations of the tools, in the order in which a reader needs them.

An operation's module lists what it offers in `OPERATIONS`; a module that is not listed here offers nothing.
"""

from collections.abc import Iterable

from flowmaster.tools import (
    audit,
    calls,
    documents,
    drawings,
    erasure,
    events,
    graph,
    instance_batch,
    instance_control,
    instances,
    links,
    load,
    operations,
    process_compare,
    process_restore,
    processes,
    publishing,
    retention,
    rule_compare,
    rule_tests,
    rule_views,
    rules,
    server,
    start_timers,
    tasks,
    timer_control,
    work,
)
from flowmaster.tools.registry import AnyOperation, Registry

MODULES: tuple[tuple[AnyOperation, ...], ...] = (
    processes.OPERATIONS,
    publishing.OPERATIONS,
    process_compare.OPERATIONS,
    process_restore.OPERATIONS,
    links.OPERATIONS,
    graph.OPERATIONS,
    start_timers.OPERATIONS,
    timer_control.OPERATIONS,
    instances.OPERATIONS,
    events.OPERATIONS,
    instance_control.OPERATIONS,
    instance_batch.OPERATIONS,
    tasks.OPERATIONS,
    work.OPERATIONS,
    drawings.OPERATIONS,
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
