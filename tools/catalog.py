"""The catalogue: all operations of the tools, in the order in which a reader needs them.

An operation's module lists what it offers in `OPERATIONS`; a module that is not listed here offers nothing.
"""

from collections.abc import Iterable

from flowmaster.tools import operations, server
from flowmaster.tools.registry import AnyOperation, Registry

MODULES: tuple[tuple[AnyOperation, ...], ...] = (
    operations.OPERATIONS,
    server.OPERATIONS,
)
"""What each module offers, first things first."""


def catalog(further: Iterable[AnyOperation] = ()) -> Registry:
    """Return the registry of all operations of the tools, and of those that floors above add."""
    return Registry([*(each for module in MODULES for each in module), *further])
