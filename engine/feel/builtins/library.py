"""All built-in functions in one place: importing this file registers them."""

from flowmaster.engine.feel.builtins import (
    contexts,
    conversion,
    lists,
    logic,
    numeric,
    patterns,
    ranges,
    strings,
    temporal,
)
from flowmaster.engine.feel.builtins.registry import BUILTINS, Builtin

__all__ = ["BUILTINS", "Builtin"]

TOPICS = tuple(
    module.__name__.rpartition(".")[2]
    for module in (conversion, logic, strings, patterns, numeric, lists, contexts, temporal, ranges)
)
"""The topics in the order of the reference."""
